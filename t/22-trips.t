# How often an operation goes to PostgreSQL (DESIGN 5.8). A trip more is what no
# other test sees, and what each request would pay for.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Postgres;
use Scim::Relay;
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    BULK     => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
};

my $postgres = Scim::Postgres->new;
my $relay = Scim::Relay->new($postgres);
my $server = Scim::Server->new(postgres => $postgres, httpd => {
    StartServers => 1, ThreadsPerChild => 4, MaxRequestWorkers => 4,
    MinSpareThreads => 1, MaxSpareThreads => 4,
    ScimDatabase => '"' . $relay->conninfo . '"' });
my $acme = $server->organization('acme');
my $strict = $server->organization('strict', install => ['--strict']);

my $next = 0;
my $ada = new_user($acme);
my $bob = new_user($acme); # stays as he is
my $eve = new_user($strict);
my $group = new_group();
my $etag = $acme->get("/Users/$bob")->{headers}{etag};

my @operations = (
    # what, trips, status, request
    ['GET of a user', 1, 200, sub { $acme->get("/Users/$ada") }],
    ['... that is not there', 1, 404,
        sub { $acme->get('/Users/019a0000-0000-7000-8000-000000000001') }],
    ['... that is as it was', 1, 304,
        sub { $acme->get("/Users/$bob", undef, 'If-None-Match' => $etag) }],
    ['GET of a group', 1, 200, sub { $acme->get("/Groups/$group") }],
    ['a list', 1, 200, sub { $acme->get('/Users') }],
    ['a filter by a key', 1, 200,
        sub { $acme->get('/Users', { filter => 'userName eq "x"' }) }],
    ['a filter without a key', 1, 200,
        sub { $acme->get('/Users', { filter => 'title co "x"' }) }],
    ['POST of a user', 1, 201, sub { post_user($acme) }],
    ['... beside the standard', 1, 201,
        sub { post_user($acme, active => 'True') }],
    ['POST of a group with a member', 2, 201,
        sub { $acme->post('/Groups', { schemas => [GROUP],
            displayName => 'Group ' . ++$next,
            members => [{ value => $ada }] }) }],
    ['PATCH of a user', 2, 200,
        sub { patch_user($acme, $ada, 'replace', 'title', 'T' . ++$next) }],
    ['... beside the standard', 2, 200,
        sub { patch_user($acme, $ada, 'Replace', 'active', 'False') }],
    ['... that changes nothing', 2, 200,
        sub { patch_user($acme, $bob, 'replace', 'active', \1) }],
    ['... of an address that has rows of its own', 2, 200,
        sub { patch_user($acme, $ada, 'add', 'emails',
            [{ value => 'a' . ++$next . '@x.example' }]) }],
    ['PATCH of a group', 2, 204,
        sub { patch($acme, "/Groups/$group", 'replace', 'displayName',
            'Team ' . ++$next) }],
    ['PATCH of members', 1, 204,
        sub { patch($acme, "/Groups/$group", 'add', 'members',
            [{ value => $ada }]) }],
    ['... beside the standard', 1, 204,
        sub { patch($acme, "/Groups/$group", 'Remove', 'members',
            [{ value => $ada }]) }],
    ['PUT of a user', 2, 200,
        sub { $acme->put("/Users/$ada", { schemas => [USER],
            userName => 'put' . ++$next }) }],
    # The journal tells what it was.
    ['DELETE of a user', 2, 204, sub { $acme->delete("/Users/$ada") }],
    ['DELETE of a group', 2, 204, sub { $acme->delete("/Groups/$group") }],
    ['a Bulk of 1,000 users', 11, 200, sub { bulk(1000) }],
    # What is refused is journalled afterwards.
    ['POST of a name that is taken', 2, 409,
        sub { $acme->post('/Users', { schemas => [USER],
            userName => 'user2' }) }],
    # Enter says no, the reason is asked for, and the transaction ended.
    ['what a strict app does not take', 4, 400,
        sub { patch_user($strict, $eve, 'Replace', 'active', 'False') }],
    ['a token with an error of typing', 0, 401,
        sub { $acme->another(token => $acme->token =~ s/.{4}\z/AAAA/r)
            ->get("/Users/$bob") }],
);

# Statements are prepared the first time, on the same trip.
for my $round ('at first', 'again') {
    for my $operation (@operations) {
        my ($what, $trips, $status, $code) = @$operation;
        $relay->trips;
        is $code->()->{status}, $status, "$what, $round";
        is $relay->trips, $trips, "... $trips trips";
    }
    $ada = new_user($acme);
    $group = new_group();
}

$server->stop;
done_testing;

sub post_user($client, %more) {
    return $client->post('/Users', { schemas => [USER],
        userName => 'user' . ++$next, active => \1, %more });
}

sub new_user($client) { return post_user($client)->{json}{id} }

sub new_group() {
    return $acme->post('/Groups', { schemas => [GROUP],
        displayName => 'Team ' . ++$next })->{json}{id};
}

sub patch($client, $path, $op, $attribute, $value) {
    return $client->patch($path, { schemas => [PATCH_OP], Operations => [
        { op => $op, path => $attribute, value => $value }] });
}

sub patch_user($client, $id, @change) {
    return patch($client, "/Users/$id", @change);
}

sub bulk($count) {
    return $acme->post('/Bulk', { schemas => [BULK], Operations => [map +{
        method => 'POST', path => '/Users', bulkId => "b$_",
        data => { schemas => [USER], userName => 'bulk' . ++$next } },
        1 .. $count] });
}
