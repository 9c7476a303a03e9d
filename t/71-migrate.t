# Migration 14 under traffic: it meets no writer in a deadlock, and each write
# gets its answer.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd;
use Scim::Process qw(wait_for);
use Scim::Server;
use Test::More;

use constant USER => 'urn:ietf:params:scim:schemas:core:2.0:User';

my $ROUNDS = 6;
my $CLIENTS = 6;
my $CONNECTIONS = 3; # what an organization may have of five

# What it drops.
my @constraints = (
    [qw(journal journal_actor_kind_check),
        q{actor_kind in ('token', 'account', 'scimctl', 'system')}],
    [qw(user_values user_values_value_check), 'octet_length(value) <= 1024'],
    [qw(user_values user_values_kind_check), 'octet_length(kind) <= 256'],
);

# Fewer connections than clients: all are open before any version is undone, and
# none is made in between, which would look at it.
my $server = Scim::Server->new(httpd => { StartServers => 1,
    ThreadsPerChild => 20, MaxRequestWorkers => 20, MinSpareThreads => 1,
    MaxSpareThreads => 20, ScimDatabasePool => 5,
    ScimDatabaseTimeout => 'connect=2 wait=8 request=10' });
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $writers = Scim::Crowd->new($CLIENTS, sub ($n, $crowd) {
    my $own = $acme->another;
    my %seen;
    for (my $i = 1; $crowd->goes_on; $i++) {
        $seen{ $own->post('/Users', { schemas => [USER], userName => "w$n-$i",
            emails => [{ value => "w$n-$i\@x.example", type => 'work' }] })
            ->{status} }++;
    }
    return \%seen;
});
wait_for(30, sub { users() > 100 });
is $postgres->backends, $CONNECTIONS, 'as many connections as may be';

for my $round (1 .. $ROUNDS) {
    undo();
    my $ran = $postgres->scimctl(qw(database migrate));
    is $ran->{status}, 0, "it migrates ($round)" or diag $ran->{errors};
    my $users = users();
    ok wait_for(30, sub { users() > $users }), '... and writers go on';
}

my %statuses;
for my $seen ($writers->end) {
    $statuses{$_} += $seen->{$_} for keys %$seen;
}
is_deeply [keys %statuses], [201], 'every write was done';
is $postgres->psql(q{select deadlocks from pg_stat_database
    where datname = current_database()}), 0, 'nobody met in a deadlock';

# Who reads the journal and does not end keeps the migration waiting, and it
# keeps nobody else waiting for long.
undo();
my $reader = Scim::Crowd->new(1, sub ($n, $crowd) {
    $postgres->psql('begin; select count(*) from scim.journal;'
        . ' select pg_sleep(7); commit');
    return {};
});
wait_for(10, sub { $postgres->psql(q{select count(*) from pg_locks l
    join pg_class c on c.oid = l.relation where c.relname = 'journal'
    and l.pid <> pg_backend_pid()}) > 0 });
my $migration = Scim::Crowd->new(1, sub ($n, $crowd) {
    return $postgres->scimctl(qw(database migrate)) });
my @statuses = map { $acme->post('/Users', { schemas => [USER],
    userName => "reader-$_" })->{status} } 1 .. 20;
is_deeply [grep { $_ != 201 } @statuses], [],
    'writes go on while it waits for a reader';
my ($ran) = $migration->end(patient => 1);
is $ran->{status}, 0, '... which it does' or diag $ran->{errors};
$reader->end(patient => 1);

$server->stop;
done_testing;

sub undo() {
    for my $constraint (@constraints) {
        my ($table, $name, $check) = @$constraint;
        $postgres->psql("set role scim_owner; alter table scim.$table"
            . " add constraint $name check ($check)");
    }
    $postgres->psql('set role scim_owner; update scim.schema set version = 13');
    return;
}

sub users() { return $postgres->psql('select count(*) from scim.users') }
