# The admin API when the database is away, slow or locked: answers in time, for
# everybody else as always, and no child is lost. Under event and prefork.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd;
use Scim::Server;
use Test::More;
use Time::HiRes qw(sleep time);

my %SMALL = (StartServers => 1, ScimDatabasePool => 4,
    ScimDatabaseTimeout => 'connect=1 wait=1 request=2');
my %of = (
    event   => { %SMALL, ThreadsPerChild => 20, MaxRequestWorkers => 20,
        MinSpareThreads => 1, MaxSpareThreads => 20 },
    prefork => \%SMALL,
);

for my $mpm (qw(event prefork)) {
    subtest $mpm => sub { live($mpm) };
}
done_testing;

sub live($mpm) {
    my $server = Scim::Server->new(admin => 1, mpm => $mpm, httpd => $of{$mpm},
        postgres => { own => 1 });
    $server->tolerates(qr/SCIM0104: 503 answered/, qr/SCIM0201: /);
    $server->organization($_) for qw(acme globex);
    my %person = map { $_ => $server->admin($_, "owner\@$_.example") } qw(acme globex);
    my $stack = $person{acme}->made('/stacks', { name => 'Website' })->{id};
    is $person{globex}->get('/stacks')->{status}, 200, 'it answers';
    my @children = sort $server->children;

    locked($server, \%person, $stack) if $mpm eq 'event';
    slow($server, $person{acme}, $stack);
    away($server, $person{acme});

    is $person{acme}->patch("/stacks/$stack", { description => 'after' })->{status}, 200,
        'and then it works again';
    my %alive = map { $_ => 1 } $server->children;
    is scalar(grep { !$alive{$_} } @children), 0, 'no child was lost' if $mpm eq 'event';
    $server->stop;
    return;
}

# A transaction that goes on and on holds acme.
sub hold($server, $seconds) {
    my $holder = Scim::Crowd->new(1, sub ($n, $crowd) {
        $server->postgres->psql("begin; select from scim.organizations where slug = 'acme'
            for update; select pg_sleep($seconds); commit");
        return {};
    });
    sleep 0.5;
    return $holder;
}

sub locked($server, $person, $stack) {
    my $holder = hold($server, 4);
    my $writers = Scim::Crowd->new(8, sub ($n, $crowd) {
        my $start = time;
        my $reply = $person->{acme}->another->patch("/stacks/$stack", { description => "by $n" });
        return { status => $reply->{status}, took => time - $start };
    });
    sleep 0.5;
    my ($slowest, @bad) = (0);
    for (1 .. 20) {
        my $start = time;
        my $reply = $person->{globex}->get('/stacks');
        push @bad, $reply->{status} if $reply->{status} != 200;
        $slowest = time - $start if time - $start > $slowest;
    }
    is_deeply \@bad, [], 'another organization is served meanwhile';
    cmp_ok $slowest, '<', 0.5, '... without waiting';
    my @seen = $writers->end(patient => 1);
    is scalar(grep { $_->{status} != 503 } @seen), 0, 'who cannot be served gets 503';
    is scalar(grep { $_->{took} > 3 } @seen), 0, '... in time';
    $holder->end(patient => 1);
    return;
}

sub slow($server, $olga, $stack) {
    my $holder = hold($server, 4);
    my $start = time;
    my $reply = $olga->patch("/stacks/$stack", { description => 'late' });
    is $reply->{status}, 503, 'what does not end in its time is 503';
    is $reply->{json}{type}, 'urn:mod-scim:problem:unavailable', '... as a problem';
    ok $reply->{headers}{'retry-after'}, '... and says when to come back';
    cmp_ok time - $start, '<', 3, '... in time';
    $holder->end(patient => 1);
    is $olga->get("/stacks/$stack")->{json}{description} =~ /late/, '', '... and was not done';
    return;
}

sub away($server, $olga) {
    $server->postgres->stop;
    for my $method (qw(GET POST)) {
        my $reply = $olga->request($method, '/stacks', $method eq 'GET' ? undef : { name => 'x' });
        is $reply->{status}, 503, "$method without a database";
        is $reply->{json}{type}, 'urn:mod-scim:problem:unavailable', '... is a problem';
        ok $reply->{headers}{'retry-after'}, '... with Retry-After';
        unlike $reply->{body}, qr/host=|libpq|socket|SQLSTATE/, '... and no word of how it is made';
    }
    is $olga->another(url => $olga->url =~ s{/organizations/acme}{}r)->get('/openapi.json')
        ->{status}, 200, 'what needs no database is answered';
    is $olga->post('/stacks', { name => 'x' }, Origin => 'https://evil.example')->{status}, 403,
        '... and what is refused is refused';
    $server->postgres->start;
    Scim::Process::wait_for(10, sub { $olga->get('/stacks')->{status} == 200 });
    return;
}
