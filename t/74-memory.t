# A child's memory stays flat, whatever the requests are: reads, writes, PATCH,
# Bulk, filters, errors. SCIM_REQUESTS makes it longer (100000: the full
# length).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd qw(in_parallel total);
use Scim::Process qw(slurp);
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    BULK     => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
};
# A sanitizer keeps what was freed for a while.
my $GROWTH = $ENV{SCIM_ASAN_LIBRARY} ? 2 : 0.01;
my $CLIENTS = 4;
my $ROUNDS = 3;

my $requests = $ENV{SCIM_REQUESTS} // 20_000;
my $server = Scim::Server->new(httpd => { StartServers => 1,
    ThreadsPerChild => 10, MaxRequestWorkers => 10, MinSpareThreads => 1,
    MaxSpareThreads => 10 });
my $acme = $server->organization('acme');
my @users = map { $acme->post('/Users', user("kept$_"))->{json}{id} } 1 .. 50;
my $group = $acme->post('/Groups', { schemas => [GROUP],
    displayName => 'Kept', members => [map { { value => $_ } } @users] })
    ->{json}{id};
my ($child) = $server->children;

# Each thread has met each kind of request before it counts, and once more all
# of them at the same time: what a malloc keeps settles late on a busy machine.
# A leak does not: it is there in every round.
mix(6000, 'a');
my ($before, $after, $seen);
for my $round (1 .. $ROUNDS) {
    $before = rss();
    $seen = mix($requests, "b$round");
    $after = rss();
    diag sprintf '%d KiB, then %d KiB (%+.2f %%)', $before, $after,
        100 * ($after / $before - 1);
    last if $after <= $before * (1 + $GROWTH);
}
diag join ', ', map { "$_: $seen->{$_}" } sort keys %$seen;
is_deeply [grep { !/\A(?:200|201|204|400|404|409)\z/ } keys %$seen], [],
    'all answers are as they should be';
is join(' ', $server->children), $child, 'the child is the same one';
cmp_ok $after, '<=', $before * (1 + $GROWTH),
    "its memory is flat over $requests mixed requests";
$server->stop;
done_testing;

sub mix($count, $run) {
    return total(in_parallel($CLIENTS, sub ($n) {
        my ($own, %seen) = ($acme->another);
        my @made;
        for my $i (1 .. $count / $CLIENTS) {
            my $user = $users[$i % @users];
            my $reply = one_of($own, $i, $user, "$run.$n.$i", \@made);
            $seen{ $reply->{status} }++;
        }
        $own->delete("/Users/$_") for @made;
        return \%seen;
    }));
}

sub one_of($own, $i, $user, $name, $made) {
    my @kinds = (
        sub { $own->get("/Users/$user") },
        sub { $own->get('/Users', { filter => "userName eq \"kept$i\"" }) },
        sub { $own->get('/Users', { filter => "title co \"$i\" or not (active"
            . ' eq true)', count => 5, sortBy => 'displayName' }) },
        sub {
            my $reply = $own->post('/Users', user($name));
            push @$made, $reply->{json}{id};
            return $reply;
        },
        sub { $own->patch("/Users/$user", patch('replace', 'title', $name)) },
        sub { $own->put("/Users/$user", { %{ user("kept.$user") },
            title => $name }) },
        sub { $own->patch("/Groups/$group", patch($i % 2 ? 'remove' : 'add',
            'members', [{ value => $user }])) },
        sub { $own->get("/Groups/$group", { attributes => 'members.display' }) },
        sub { $own->get('/Users', { filter => "userName zz \"$i\"" }) },
        sub { $own->post('/Users', user('kept1')) },
        sub { $own->get("/Users/$name") },
        sub { $own->post('/Bulk', { schemas => [BULK], Operations => [map {
            { method => 'PATCH', path => "/Users/$user",
              data => patch('replace', 'nickName', "$name.$_") } } 1 .. 3] }) },
        sub { $own->get('/Schemas') },
        sub { $own->delete('/Users/' . (shift @$made // 'none')) },
    );
    return $kinds[$i % @kinds]->();
}

sub user($name) {
    return { schemas => [USER], userName => $name, displayName => "U $name",
        emails => [{ value => "$name\@x.example", type => 'work' }] };
}

sub patch($op, $path, $value) {
    return { schemas => [PATCH_OP],
        Operations => [{ op => $op, path => $path, value => $value }] };
}

sub rss() {
    return slurp("/proc/$child/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}
