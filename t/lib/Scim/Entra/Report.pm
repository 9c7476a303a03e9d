package Scim::Entra::Report;

# What one run did: an entry for each object, remarks, numbers.

use v5.36;
use Time::HiRes qw(time);

# Which of two things that happened to one object in one run is told.
my %WEIGHT = (skipped => 0, updated => 1, restored => 2, disabled => 2,
    deleted => 3, created => 4, failed => 5);

sub new($class, $command, $connection) {
    return bless {
        command  => $command,
        objects  => [],
        remarks  => [],
        summary  => { map { $_ => 0 } keys %WEIGHT },
        requests => -$connection->requests,
        retries  => -$connection->retries,
        started  => time,
        entries  => {},
    }, $class;
}

sub name_of($type, $object) {
    return $type eq 'User' ? $object->{userPrincipalName} // $object->{objectId}
                           : $object->{displayName} // $object->{objectId};
}

# A later note about the same object joins the first: the weightier action
# counts, details are added.
sub note($self, $type, $object, $action, $detail) {
    my $id = $object->{objectId};
    my $entry = $self->{entries}{$id};
    if (!$entry) {
        $entry = $self->{entries}{$id} = { type => $type, objectId => $id,
            name => name_of($type, $object), action => $action, detail => undef };
        push @{ $self->{objects} }, $entry;
        $self->{summary}{$action}++;
    }
    elsif ($action eq 'skipped') {
        return;
    }
    elsif ($WEIGHT{$action} > $WEIGHT{ $entry->{action} }) {
        $self->{summary}{ $entry->{action} }--;
        $self->{summary}{$action}++;
        $entry->{detail} = undef if $entry->{action} eq 'skipped';
        $entry->{action} = $action;
    }
    my @details = grep { defined } $entry->{detail}, $detail;
    $entry->{detail} = @details ? join '; ', @details : undef;
    return;
}

sub remark($self, $text) {
    push @{ $self->{remarks} }, $text;
    return;
}

# The report as plain data: command, objects, remarks, summary, requests,
# retries, seconds, quarantine and watermark.
sub finished($self, $connection, $state) {
    return {
        (map { $_ => $self->{$_} } qw(command objects remarks summary)),
        requests   => $self->{requests} + $connection->requests,
        retries    => $self->{retries} + $connection->retries,
        seconds    => 0 + sprintf('%.3f', time - $self->{started}),
        quarantine => $state->{quarantine},
        watermark  => $state->{watermark},
    };
}

1;
