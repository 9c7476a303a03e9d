# No acknowledged write is lost when a backend, a child or the postmaster is
# killed under load: the clients' own journal against the database. SCIM_KILLS
# makes it longer (20: the full length).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd qw(in_parallel);
use Scim::Process qw(wait_for);
use Scim::Server;
use Test::More;
use Time::HiRes qw(sleep);

use constant {
    USER    => 'urn:ietf:params:scim:schemas:core:2.0:User',
    BULK    => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
    CLIENTS => 8,
};

my $kills = $ENV{SCIM_KILLS} // 6;

my $server = Scim::Server->new(
    postgres => { own => 1, settings => { fsync => 'on' } });
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
$server->tolerates(qr/SCIM0104: 503 answered/, qr/exit signal Killed/,
    qr/\[core:notice\].*Killed/);

my $crowd = Scim::Crowd->new(CLIENTS, sub ($n, $crowd) {
    return write_users($acme->another(timeout => 20), $n, $crowd);
});
my @ways = (sub { $postgres->kill9_backend },
    sub { kill 'KILL', ($server->children)[0] },
    sub { $postgres->kill9; $postgres->start });
for my $n (0 .. $kills - 1) {
    sleep 1;
    $ways[$n % @ways]->();
    ok wait_for(10, sub { $acme->another->get('/Users', { count => 1 })
        ->{status} == 200 }), 'serves again after kill ' . ($n + 1);
}
sleep 0.5;
my @journals = $crowd->end;
my @acknowledged = map { @{ $_->{created} } } @journals;
my %deleted = map { $_ => 1 } map { @{ $_->{deleted} } } @journals;
my %unsure = map { $_ => 1 } map { @{ $_->{unsure} } } @journals;
my %wrong = map { %{ $_->{wrong} } } @journals;

cmp_ok scalar @acknowledged, '>', 50, @acknowledged . ' acknowledged writes';
is_deeply \%wrong, {}, 'a write succeeds or is 503, or its child was killed';
my %there = map { $_ => 1 } split /\n/,
    $postgres->psql('select id from scim.users');
is_deeply [grep { !$there{$_} && !$deleted{$_} && !$unsure{$_} }
    @acknowledged], [], 'every acknowledged user is there';
is_deeply [grep { $there{$_} } keys %deleted], [],
    'every acknowledged DELETE has happened';
is $postgres->psql(q{select count(*) from scim.users u where not exists
    (select from scim.journal j where j.resource = u.id
        and j.action = 'create')}), 0, 'every user has its journal row';

# A Bulk whose connection is lost while its COMMIT waits: nobody knows what
# became of it, so it is 503 and not done once more.
for my $query ('', '?atomic=true') {
    my $before = $postgres->psql('select count(*) from scim.users');
    $acme->another->get('/Users');
    $postgres->psql(q{alter system set synchronous_standby_names = 'nobody'});
    $postgres->psql('select pg_reload_conf()');
    my ($ended, $reply) = in_parallel(2, sub ($n) { $n ? bulk($query) : wait_for(10,
        sub { $postgres->psql(q{select count(pg_terminate_backend(pid))
            from pg_stat_activity where wait_event = 'SyncRep'}) > 0 }) });
    $postgres->psql('alter system reset synchronous_standby_names');
    $postgres->psql('select pg_reload_conf()');
    ok $ended, "the COMMIT of Bulk$query is cut off";
    is_deeply $reply, [(503) x 3], '... its operations are 503';
    is $postgres->psql('select count(*) from scim.users') - $before, 3,
        '... and what was written is written once';
    $postgres->psql(q{delete from scim.user_folded f using scim.users u
        where u.id = f.user_id and u.user_name like 'bulk-%'});
    $postgres->psql(q{delete from scim.users where user_name like 'bulk-%'});
}

$server->stop;
done_testing;

sub bulk($query) {
    my $reply = $acme->another->post("/Bulk$query", { schemas => [BULK],
        Operations => [map { { method => 'POST', bulkId => "b$_",
            path => '/Users', data => { schemas => [USER],
                userName => "bulk-$_" } } } 1 .. 3] });
    return [map { 0 + $_->{status} }
        @{ $reply->{json}{Operations} // [($reply) x 3] }];
}

# Creates, and deletes every fourth; what got no answer may have happened.
sub write_users($client, $client_n, $crowd) {
    my ($n, %journal) = (0, created => [], deleted => [], unsure => [],
        wrong => {});
    while ($crowd->goes_on) {
        my $reply = $client->post('/Users', { schemas => [USER],
            userName => "c$client_n-" . ++$n });
        if ($reply->{status} != 201) {
            note_refusal(\%journal, 'POST', $reply);
            next;
        }
        my $id = $reply->{json}{id};
        push @{ $journal{created} }, $id;
        next if $n % 4;
        $reply = $client->delete("/Users/$id");
        push @{ $journal{ $reply->{status} == 204 ? 'deleted' : 'unsure' } },
            $id;
        note_refusal(\%journal, 'DELETE', $reply) if $reply->{status} != 204;
    }
    return \%journal;
}

sub note_refusal($journal, $method, $reply) {
    $journal->{wrong}{"$method $reply->{status} $reply->{body}"} = 1
        if $reply->{status} != 503 && $reply->{status} != 599;
    sleep 0.02;
    return;
}
