package Scim::Relay;

# Stands between httpd and PostgreSQL, and counts trips: each ends with one
# Sync, and a statement on its own counts as well.
#
#     my $relay = Scim::Relay->new($postgres);
#     ... ScimDatabase => $relay->conninfo ...
#     $relay->trips; # since it was asked last

use v5.36;
use File::Temp qw(tempdir);
use IO::Select ();
use IO::Socket::UNIX ();
use POSIX ();
use Socket qw(SOCK_STREAM);

my $NAME = '.s.PGSQL.5432';
my $CHUNK = 65_536; # bytes
my $HEADER = 5; # of a message: its type, and the length of what follows

sub new($class, $postgres) {
    my $dir = tempdir('scim-relay-XXXXXX', TMPDIR => 1, CLEANUP => 1);
    my $listener = IO::Socket::UNIX->new(Type => SOCK_STREAM,
        Local => "$dir/$NAME", Listen => 16) or die "listen in $dir: $!";
    chmod 0755, $dir or die "chmod $dir: $!";
    chmod 0777, "$dir/$NAME" or die "chmod $dir/$NAME: $!";
    pipe my $counted, my $counter or die "pipe: $!";
    pipe my $end, my $life or die "pipe: $!"; # closed with this process
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        close $_ for $counted, $life;
        open STDIN, '<', '/dev/null' or POSIX::_exit(1);
        open STDOUT, '>', '/dev/null' or POSIX::_exit(1);
        relay($listener, $end, $postgres->socket_dir . "/$NAME", $counter);
        POSIX::_exit(0);
    }
    close $_ for $counter, $end;
    $counted->blocking(0);
    return bless { pid => $pid, maker => $$, counted => $counted, life => $life,
        dir => $dir,
        conninfo => $postgres->conninfo_httpd
            =~ s{host=\S+}{host=$dir}r }, $class;
}

sub conninfo($self) { return $self->{conninfo} }

# What was counted is here before PostgreSQL has it, and so before any answer.
sub trips($self) {
    my $trips = 0;
    while (my $read = sysread $self->{counted}, my $bytes, $CHUNK) {
        $trips += $read;
    }
    return $trips;
}

sub DESTROY($self) {
    return if $self->{maker} != $$; # a copy in a child
    kill TERM => $self->{pid};
    waitpid $self->{pid}, 0;
    return;
}

# ------------------------------------------------- in a process of its own

sub relay($listener, $end, $to, $counter) {
    local $SIG{TERM} = sub { POSIX::_exit(0) };
    local $SIG{PIPE} = 'IGNORE';
    my $readable = IO::Select->new($listener, $end);
    my (%other, %client);
    while (my @ready = $readable->can_read) {
        for my $from (@ready) {
            return if $from == $end;
            if ($from == $listener) {
                my $near = $listener->accept or next;
                my $far = IO::Socket::UNIX->new(Type => SOCK_STREAM,
                    Peer => $to) or next;
                @other{$near, $far} = ($far, $near);
                $client{$near} = { skip => 0, head => '', is_open => 0 };
                $readable->add($near, $far);
                next;
            }
            my $peer = $other{$from} or next; # it went with its other half
            if (sysread $from, my $bytes, $CHUNK) {
                count($client{$from}, $bytes, $counter) if $client{$from};
                send_all($peer, $bytes);
                next;
            }
            $readable->remove($from, $peer);
            delete @other{$from, $peer};
            delete @client{$from, $peer};
        }
    }
    return;
}

# Follows the messages of a client. The first has no type.
sub count($state, $bytes, $counter) {
    while (length $bytes) {
        my $skipped = substr $bytes, 0, $state->{skip}, '';
        $state->{skip} -= length $skipped;
        my $size = $state->{is_open} ? $HEADER : $HEADER - 1;
        $state->{head} .= substr $bytes, 0, $size - length $state->{head}, '';
        next if length $state->{head} < $size;
        syswrite $counter, '.' if $state->{is_open} && $state->{head} =~ /\A[SQ]/;
        @{$state}{qw(skip head is_open)}
            = (unpack('N', substr $state->{head}, -4) - 4, '', 1);
    }
    return;
}

sub send_all($to, $bytes) {
    while (length $bytes) {
        my $sent = syswrite $to, $bytes or return;
        substr $bytes, 0, $sent, '';
    }
    return;
}

1;
