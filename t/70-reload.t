# Graceful restarts under load, with each MPM: no request fails, no child
# crashes, nothing is left over. SCIM_RESTARTS and SCIM_SECONDS make it longer
# (30 and 60: the full length).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd qw(total);
use Scim::Process qw(slurp wait_for);
use Scim::Server;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    CLIENTS  => 16,
};

my $restarts = $ENV{SCIM_RESTARTS} // 10;
my $seconds = $ENV{SCIM_SECONDS} // 20;
# What the allocator needs until it has found its size
# A sanitizer keeps what was freed for a while.
use constant GROWTH_KIB => $ENV{SCIM_ASAN_LIBRARY} ? 64 * 1024 : 256;

restart_under_load('event', $restarts, $seconds);
restart_under_load('prefork', $restarts, $seconds);
restart_under_load('worker', 3, 4);
done_testing;

sub restart_under_load($mpm, $count, $time) {
    # Files are read at each restart: the parent must not grow by them.
    my $conf = ($ENV{SCIM_SOURCE} // "$FindBin::RealBin/..") . '/conf';
    my $server = Scim::Server->new(mpm => $mpm, section =>
        "ScimSchema $conf/employment.schema.json User\n"
        . "ScimSchema $conf/department.schema.json\n"
        . "ScimResourceType $conf/department.type.json\n");
    my $acme = $server->organization('acme');
    my @users = map { create_user($acme, "c$_") } 0 .. CLIENTS - 1;
    my $crowd = Scim::Crowd->new(CLIENTS, sub ($n, $crowd) {
        return work($acme->another, $users[$n], $crowd);
    });
    my $start = time;
    my ($before, $after);
    for my $n (1 .. $count) {
        my $left = $start + $n * $time / $count - time;
        sleep $left if $left > 0;
        $server->graceful;
        # The first ones fill the caches of the allocator
        $before = rss($server->pid) if $n == int($count / 3);
    }
    $after = rss($server->pid);
    my $seen = total($crowd->end);
    my $ok = delete $seen->{ok};
    diag("$mpm: $ok requests, parent $before to $after KiB");
    is_deeply $seen, {}, "$mpm: each request is answered through $count"
        . ' graceful restarts';
    cmp_ok $ok, '>', 5 * CLIENTS, '... and there were many';
    cmp_ok $after - $before, '<', GROWTH_KIB,
        "$mpm: the parent does not grow";
    is scalar($acme->get("/Users/$users[0]")->{status}), 200,
        "$mpm: serves afterwards";

    # The old children end on their own
    my $most = $mpm eq 'prefork' ? 40 : 2 * 8;
    ok wait_for(10, sub { $server->postgres->backends <= $most }),
        "$mpm: old children give their connections back";

    $crowd = Scim::Crowd->new(4, sub ($n, $crowd) {
        my $own = $acme->another(timeout => 2);
        $own->get("/Users/$users[$n]") while $crowd->goes_on;
        return {};
    });
    sleep 0.3;
    $server->stop;
    $crowd->end;
    ok wait_for(5, sub { $server->postgres->backends == 0 }),
        "$mpm: no connection to PostgreSQL outlives the stop";
    return;
}

sub create_user($client, $name) {
    my $reply = $client->post('/Users',
        { schemas => [USER], userName => $name });
    $reply->{status} == 201 or BAIL_OUT("user: $reply->{status} $reply->{body}");
    return $reply->{json}{id};
}

# Reads and writes by turns; counts what did not go well by what it was.
sub work($client, $id, $crowd) {
    my ($n, %seen) = (0);
    while ($crowd->goes_on) {
        my $reply = ++$n % 2 ? $client->get("/Users/$id")
            : write_title($client, $id, "T$n");
        $seen{ $reply->{status} == 200 ? 'ok'
            : ($n % 2 ? 'GET' : 'PATCH') . " $reply->{status} "
                . substr $reply->{body}, 0, 150 }++;
    }
    return \%seen;
}

# httpd may close an idle connection in the moment in which a request is on its
# way, and the next one, too. Nobody has read that request, and the client sends
# it once more; what was done and not answered is a failure.
sub write_title($client, $id, $title) {
    my $reply;
    for (1 .. 3) {
        my $was_open = $client->is_open;
        $reply = patch_title($client, $id, $title);
        last if $reply->{status} != 599 || !$was_open || $reply->{started}
            || ($client->get("/Users/$id")->{json}{title} // '') eq $title;
    }
    return $reply;
}

sub patch_title($client, $id, $title) {
    return $client->patch("/Users/$id", { schemas => [PATCH_OP],
        Operations => [{ op => 'replace', path => 'title',
            value => $title }] });
}

sub rss($pid) {
    return slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}
