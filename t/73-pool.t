# The pool of connections: one organization cannot starve another, waiting ends
# in time, a pool of one serves many threads, and a child neither grows nor
# loses descriptors. SCIM_REQUESTS makes it longer (20000: the full length).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd qw(in_parallel total);
use Scim::Process qw(slurp);
use Scim::Server;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};
# A sanitizer keeps what was freed for a while.
use constant GROWTH_KIB => $ENV{SCIM_ASAN_LIBRARY} ? 512 * 1024 : 2048;

my $requests = $ENV{SCIM_REQUESTS} // 6000;

my $server = Scim::Server->new(httpd => { StartServers => 1,
    ThreadsPerChild => 20, MaxRequestWorkers => 20, MinSpareThreads => 1,
    MaxSpareThreads => 20, ScimDatabasePool => 4,
    ScimDatabaseTimeout => 'connect=2 wait=1 request=4' });
$server->tolerates(qr/SCIM0104: 503 answered/);
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');
my $group = $acme->post('/Groups',
    { schemas => [GROUP], displayName => 'Hot' })->{json}{id};

# A transaction of an administrator holds the group: its writers hang.
my $blocker = Scim::Crowd->new(1, sub ($n, $crowd) {
    $server->postgres->psql("begin; select from scim.groups where id = '$group'
        for update; select pg_sleep(3); commit");
    return {};
});
sleep 0.5;
my $writers = Scim::Crowd->new(8, sub ($n, $crowd) {
    my $start = time;
    my $reply = rename_group($acme->another, "Hot $n");
    return { status => $reply->{status}, took => time - $start,
        retry => $reply->{headers}{'retry-after'} };
});
sleep 0.5;
my ($slowest, @bad) = (0);
for (1 .. 50) {
    my $start = time;
    my $status = $globex->get('/Users')->{status};
    push @bad, $status if $status != 200;
    $slowest = time - $start if time - $start > $slowest;
}
is_deeply \@bad, [], 'another organization is served meanwhile';
cmp_ok $slowest, '<', 0.5, '... without waiting';
is $server->postgres->psql(q{select count(*) from pg_stat_activity
    where usename = 'scim_httpd' and datname = current_database()
    and wait_event_type = 'Lock'}), 3, 'one organization leaves a quarter of the pool';
my @seen = $writers->end(patient => 1);
$blocker->end(patient => 1);
is_deeply [grep { $_->{status} != 200 && $_->{status} != 503 } @seen], [],
    'writers of the blocked group succeed or are 503';
is_deeply [grep { $_->{status} == 503 && !$_->{retry} } @seen], [],
    '... with Retry-After';
is_deeply [grep { $_->{took} > 4.5 } @seen], [], '... in time';
is rename_group($acme, 'Cool')->{status}, 200, 'it goes on afterwards';

# Errors within a transaction leave nothing behind on the connection.
my $name = $acme->post('/Users', { schemas => [USER], userName => 'taken' })
    ->{json}{id};
my $other = $acme->post('/Users', { schemas => [USER], userName => 'free' })
    ->{json}{id};
my @statuses = in_parallel(8, sub ($n) {
    my ($own, %seen) = ($acme->another);
    for (1 .. 25) {
        $seen{ 'rename ' . $own->patch("/Users/$other",
            { schemas => [PATCH_OP], Operations => [{ op => 'replace',
                path => 'userName', value => 'taken' }] })->{status} }++;
        $seen{ 'read ' . $own->get("/Users/$name")->{status} }++;
        $seen{ 'create ' . $own->post('/Users',
            { schemas => [USER], userName => 'TAKEN' })->{status} }++;
    }
    return \%seen;
});
is_deeply total(@statuses),
    { 'rename 409' => 200, 'read 200' => 200, 'create 409' => 200 },
    'a failed transaction is never handed on';
is $server->postgres->psql(q{select count(*) from pg_stat_activity
    where usename = 'scim_httpd' and datname = current_database()
    and state like 'idle in transaction%'}), 0, '... nor left open';

# Warm, then the same again: nothing grows.
my ($child) = $server->children;
read_much($requests / 3);
my ($memory, $files) = (rss($child), descriptors($child));
read_much($requests);
is join(' ', $server->children), $child, 'the child is the same one';
cmp_ok rss($child) - $memory, '<', GROWTH_KIB,
    "a child does not grow over $requests requests";
cmp_ok descriptors($child), '<=', $files + 4, '... nor loses descriptors';
cmp_ok $server->postgres->backends, '<=', 4,
    'no more connections than the pool holds';
$server->stop;

# All remember what has an index, and all are wrong at once: whoever writes is
# not given one after the other.
$server->configure(httpd => { %{ $server->{httpd} }, ScimDatabasePool => 12,
    ScimDatabaseTimeout => 'wait=10 request=20' });
$server->start;
my $readers = Scim::Crowd->new(16, sub ($n, $crowd) {
    my ($own, %seen) = (($n % 2 ? $acme : $globex)->another);
    $seen{ $own->get('/Users')->{status} }++ while $crowd->goes_on;
    return \%seen;
});
my %patched;
for my $round (1 .. 10) {
    $server->postgres->administer(qw(index add title));
    $patched{ $acme->patch("/Users/$other", { schemas => [PATCH_OP],
        Operations => [{ op => 'replace', path => 'nickName',
            value => "$round $_" }] })->{status} }++ for 1 .. 5;
    $server->postgres->administer(qw(index remove title));
}
is_deeply [keys %{ total($readers->end) }], [200], 'an index comes and goes';
is_deeply \%patched, { 200 => 50 }, '... and no write fails';
$server->stop;

# One connection for all.
$server->configure(httpd => { %{ $server->{httpd} }, ScimDatabasePool => 1,
    ScimDatabaseTimeout => 'wait=10 request=20' });
$server->start;
my $sum = total(in_parallel(16, sub ($n) {
    my ($own, %seen) = (($n % 2 ? $acme : $globex)->another);
    $seen{ $own->get('/Users')->{status} }++ for 1 .. 20;
    return \%seen;
}));
is_deeply $sum, { 200 => 320 }, 'a pool of one serves sixteen clients'
    or diag explain($sum), $server->error_log;
is $server->postgres->backends, 1, '... by one connection';
$server->stop;
done_testing;

sub rename_group($client, $name) {
    return $client->patch("/Groups/$group?attributes=displayName", {
        schemas => [PATCH_OP], Operations => [{ op => 'replace',
            path => 'displayName', value => $name }] });
}

sub read_much($count) {
    in_parallel(8, sub ($n) {
        my $own = $acme->another;
        for (1 .. $count / 8) {
            $_ % 3 ? $own->get("/Users/$name") : $own->get('/Users',
                { filter => "userName eq \"taken\" and title ne \"$_\"" });
        }
        return {};
    });
    return;
}

sub rss($pid) {
    return slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}

sub descriptors($pid) {
    return scalar(() = glob "/proc/$pid/fd/*");
}
