# What many clients do to one group at the same time: nothing is lost, nothing
# deadlocks. SCIM_CLIENTS and SCIM_CHANGES make it larger (16 and 1000: the
# full size).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};

my $clients = $ENV{SCIM_CLIENTS} // 16;
my $members = $ENV{SCIM_CHANGES} // 100;    # of each client

my $server = Scim::Server->new;
my $acme = $server->organization('acme');

my @users;
for my $client (0 .. $clients - 1) {
    push @users, [map { create_user("c$client-$_") } 1 .. $members];
}
my $group = create_group('Everyone');

# Each client adds its own users, one PATCH each.
my @failed = in_parallel($clients, sub ($client, $own) {
    my $bad = 0;
    for my $id (@{ $users[$client] }) {
        $bad++ if change($own, $group, 'add', $id) != 204;
    }
    return $bad;
});
is_deeply \@failed, [(0) x $clients], 'every PATCH of every client succeeded';
is_deeply [members($group)], [sort map { @$_ } @users],
    'the group holds exactly the users that were added';
is version($group), 1 + $clients * $members, '... and counted each change';

# Half of them go again, while others are deleted with their user, and groups
# that hold the same users come and go.
@failed = in_parallel($clients, sub ($client, $own) {
    my ($bad, $n) = (0, 0);
    for my $id (@{ $users[$client] }) {
        $n++;
        my $status = $n % 4 == 0 ? $own->delete("/Users/$id")->{status}
            : $n % 4 == 1 ? change($own, $group, 'remove', $id)
            : $n % 4 == 2 ? come_and_go($own, "G$client-$n", $id)
            : $own->patch("/Users/$id", {
                schemas => [PATCH_OP],
                Operations => [{ op => 'replace', path => 'title',
                    value => "T$n" }] })->{status};
        $bad++ if $status >= 300;
    }
    return $bad;
});
is_deeply \@failed, [(0) x $clients],
    'adding, removing and deleting at the same time never fails';
my @left = sort map { my $u = $_; map { $u->[$_] } grep { ($_ + 1) % 4 > 1 }
    0 .. $#$u } @users;
is_deeply [members($group)], \@left, 'the group holds exactly who is left';
is $server->postgres->psql(
    q{select deadlocks from pg_stat_database
        where datname = current_database()}), 0,
    'PostgreSQL saw no deadlock';

# Two POSTs of one userName at the same time: one wins.
my @created = in_parallel($clients, sub ($client, $own) {
    return $own->post('/Users', { schemas => [USER], userName => 'race' })
        ->{status} == 201 ? 1 : 0;
});
is eval { my $sum = 0; $sum += $_ for @created; $sum }, 1,
    'of many POSTs with one userName exactly one succeeds';

$server->stop;
done_testing;

sub create_user($name) {
    my $reply = $acme->post('/Users', { schemas => [USER], userName => $name });
    $reply->{status} == 201 or BAIL_OUT("user: $reply->{status} $reply->{body}");
    return $reply->{json}{id};
}

sub create_group($name) {
    my $reply = $acme->post('/Groups',
        { schemas => [GROUP], displayName => $name });
    $reply->{status} == 201 or BAIL_OUT("group: $reply->{status} $reply->{body}");
    return $reply->{json}{id};
}

sub change($client, $to, $op, $id) {
    return $client->patch("/Groups/$to", {
        schemas => [PATCH_OP],
        Operations => [{ op => $op, path => 'members',
            value => [{ value => $id }] }],
    })->{status};
}

sub come_and_go($client, $name, $id) {
    my $made = $client->post('/Groups', { schemas => [GROUP],
        displayName => $name, members => [{ value => $id }] });
    return $made->{status} if $made->{status} != 201;
    return $client->delete("/Groups/$made->{json}{id}")->{status};
}

sub members($id) {
    my $all = $acme->get("/Groups/$id")->{json}{members} // [];
    return sort map { $_->{value} } @$all;
}

sub version($id) {
    my ($n) = $acme->get("/Groups/$id")->{json}{meta}{version} =~ /"(\d+)"/;
    return $n;
}

# Runs the code in processes of their own, each with a connection of its own;
# gives the number that each returned.
sub in_parallel($count, $code) {
    my @pipes;
    for my $n (0 .. $count - 1) {
        my $pid = open my $pipe, '-|';
        defined $pid or die "fork: $!";
        if (!$pid) {
            my $result = eval { $code->($n, $acme->another) };
            print $result // "died: $@";
            require POSIX;
            close STDOUT;
            POSIX::_exit(0);
        }
        push @pipes, $pipe;
    }
    return map { my $pipe = $_; local $/; my $got = readline $pipe; close $pipe;
        $got } @pipes;
}
