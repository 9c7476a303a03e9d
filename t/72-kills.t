# No acknowledged write is lost when a backend, a child or the postmaster is
# killed under load: the clients' own journal against the database. SCIM_KILLS
# makes it longer (20: the full length).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd;
use Scim::Process qw(wait_for);
use Scim::Server;
use Test::More;
use Time::HiRes qw(sleep);

use constant {
    USER    => 'urn:ietf:params:scim:schemas:core:2.0:User',
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

$server->stop;
done_testing;

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
