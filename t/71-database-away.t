# PostgreSQL is stopped, frozen, restarted, unfit or not there at all: 503 with
# Retry-After in time, a reason in the log once in a while, nothing internal in
# the answer, and service as soon as it is back.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd qw(in_parallel);
use Scim::Process qw(wait_for write_file);
use Scim::Server;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
    USER    => 'urn:ietf:params:scim:schemas:core:2.0:User',
    REQUEST => 3,   # seconds: ScimDatabaseTimeout request=
    GRACE   => 0.5,
    BACK    => 3,   # seconds until it serves again
};

my $server = Scim::Server->new(postgres => { own => 1 },
    httpd => { ScimDatabaseTimeout => 'connect=2 wait=1 request=' . REQUEST,
        ThreadsPerChild => 60, MinSpareThreads => 60, MaxSpareThreads => 120,
        MaxRequestWorkers => 120 });
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
$server->tolerates(qr/SCIM0104: 503 answered/);
my $id = create('first')->{json}{id};

# A connection that ends while nobody uses it costs nobody an answer.
for my $n (1 .. 5) {
    $acme->get("/Users/$id") for 1 .. 3;
    $postgres->psql(q{select pg_terminate_backend(pid) from pg_stat_activity
        where usename = 'scim_httpd'});
    wait_for(5, sub { $postgres->backends == 0 });
    is $acme->get("/Users/$id")->{status}, 200,
        'an ended idle connection is replaced for a read' if $n % 2;
    is create("after-$n")->{status}, 201, '... and for a write' if !($n % 2);
}

# Stopped, and away for 100 requests.
$postgres->stop;
my ($bad, $slowest) = refusals(100);
is_deeply $bad, [], '100 requests to a stopped database are 503';
cmp_ok $slowest, '<', REQUEST + GRACE, "... in time ($slowest s)";
my @lines = $server->error_log =~ /SCIM0104/g;
cmp_ok scalar @lines, '<', 12, '... with few lines in the log';
$postgres->start;
is_back('a start');

# Frozen: sockets are open, and nobody answers.
$postgres->freeze;
my @late = grep { $_->{status} != 503 || $_->{took} > REQUEST + GRACE }
    in_parallel(100, sub ($n) {
        my $start = time;
        my $reply = $acme->another->get("/Users/$id");
        return { status => $reply->{status}, took => time - $start };
    });
is_deeply \@late, [], '100 requests to a frozen database are 503 in time';
($bad, $slowest) = refusals(5);
is_deeply $bad, [], '... and those that come after';
cmp_ok $slowest, '<', REQUEST + GRACE, "... in time ($slowest s)";
$postgres->thaw;
is_back('a thaw');

$postgres->restart;
is_back('a restart');
$server->logged(qr/SCIM0104: 503 answered: .*(?:PostgreSQL)/,
    'the log says that PostgreSQL was away');

# httpd starts while there is no database.
$server->stop;
$postgres->stop;
$server->start;
is $acme->get("/Users/$id")->{status}, 503, 'httpd starts without a database';
$postgres->start;
is_back('a start after that of httpd');

# Databases and roles that must not be served.
my $conninfo = $postgres->conninfo_httpd;
my $wrong = write_file($server->dir . '/wrong', "wrong\n", 0600);
is_unfit('a wrong password', qr/password authentication failed/,
    ScimDatabasePasswordFile => $wrong);
$postgres->psql('create role boss superuser login password \'b\'');
is_unfit('a superuser', qr/superuser or the owner/,
    ScimDatabase => '"' . $conninfo =~ s/scim_httpd/boss/r . '"',
    ScimDatabasePasswordFile => write_file($server->dir . '/b', "b\n", 0600));
$postgres->psql('grant scim_owner to scim_httpd');
is_unfit('a role of the owner', qr/superuser or the owner/);
$postgres->psql('revoke scim_owner from scim_httpd');
my $empty = $postgres->make_database(1);
is_unfit('a database without the schema', qr/schema scim cannot be read/,
    ScimDatabase => '"' . $postgres->conninfo_httpd($empty) . '"');
$postgres->psql('create table public.was as select * from scim.schema;
    update scim.schema set version = 99, compatible_from = 99');
is_unfit('a schema that is too new', qr/this module needs/);
$postgres->psql('update scim.schema s set version = w.version,
    compatible_from = w.compatible_from from public.was w');
is_back('the schema was put right');

$server->stop;
done_testing;

sub create($name) {
    return $acme->post('/Users', { schemas => [USER], userName => $name });
}

# What was not a proper 503, and the longest time.
sub refusals($count) {
    my ($longest, @bad) = (0);
    for (1 .. $count) {
        my $start = time;
        my $reply = $acme->get("/Users/$id");
        my $took = time - $start;
        $longest = $took if $took > $longest;
        push @bad, "$reply->{status} $reply->{body}"
            if !is_proper_503($reply);
    }
    return (\@bad, sprintf '%.2f', $longest);
}

# P-3.12-15: in the form of SCIM, with nothing of our own
sub is_proper_503($reply) {
    return $reply->{status} == 503
        && ($reply->{headers}{'retry-after'} // '') =~ /\A[1-9]\d*\z/
        && ($reply->{json}{status} // '') eq '503'
        && $reply->{body} !~ /postgres|socket|scim_httpd|SQLSTATE|role/i;
}

# The first 200 within the time, and none but 503 before.
sub is_back($after) {
    my @before;
    my $is_back = wait_for(BACK, sub {
        my $status = $acme->get("/Users/$id")->{status};
        push @before, $status if $status != 200 && $status != 503;
        return $status == 200;
    });
    ok $is_back && !@before, "after $after it serves again"
        or diag "@before";
    return;
}

# Served before, with these directives it is not.
sub is_unfit($what, $reason, %httpd) {
    my %before = %{ $server->{httpd} };
    $server->stop;
    write_file($server->dir . '/error.log', '');
    $server->{read_to} = 0;
    $server->configure(httpd => { %before, %httpd });
    $server->start;
    my ($found) = refusals(20);
    is_deeply $found, [], "$what: 503, and nothing internal in the answer";
    like $server->error_log, $reason, '... with the reason in the log';
    cmp_ok scalar(() = $server->error_log =~ /SCIM0104/g), '<', 10,
        '... once in a while';
    $server->stop;
    $server->configure(httpd => \%before);
    $server->start;
    return;
}
