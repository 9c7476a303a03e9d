# What an app takes that is strict, and what no app takes: lists that name
# nobody, preconditions that fail, too many values, tokens that nobody made.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};

my $server  = Scim::Server->new;
my $lenient = $server->organization('lenient');
my $strict  = $server->organization('strict', install => ['--strict']);

sub patch(@operations) {
    return { schemas => [PATCH_OP], Operations => \@operations };
}

sub replace($path, $value) {
    return patch({ op => 'replace', path => $path, value => $value });
}

subtest 'habits of identity providers' => sub {
    my %user = map { $_->organization => $_->post('/Users',
        { schemas => [USER], userName => 'ann' })->{json}{id} }
        $lenient, $strict;
    my %group = map { $_->organization => $_->post('/Groups',
        { schemas => [GROUP], displayName => 'All' })->{json}{id} }
        $lenient, $strict;
    my @habits = (
        ['POST without schemas', 'POST', 'Users', { userName => 'bob' }],
        ['POST with a boolean as text', 'POST', 'Users',
            { schemas => [USER], userName => 'cid', active => 'False' }],
        ['POST with a member without a value', 'POST', 'Groups',
            { schemas => [GROUP], displayName => 'Odd',
                members => [{ display => 'x' }, { value => 'ID' }] }],
        ['PUT without schemas', 'PUT', 'Users', { userName => 'ann' }],
        ['PATCH with a boolean as text', 'PATCH', 'Users',
            replace('active', 'True')],
        ['PATCH without operations', 'PATCH', 'Users', patch()],
        ['PATCH with members without values', 'PATCH', 'Groups',
            replace('members', [{ display => 'x' }, { value => 'ID' }])],
    );
    for my $habit (@habits) {
        my ($name, $method, $type, $body) = @$habit;
        for my $app ($lenient, $strict) {
            my $of   = $app->organization;
            my $id   = $type eq 'Users' ? $user{$of} : $group{$of};
            my $path = $method eq 'POST' ? "/$type" : "/$type/$id";
            my $reply = $app->request($method, $path,
                with_id($body, $user{$of}));
            like $reply->{status}, $of eq 'strict' ? qr/\A400/ : qr/\A20/,
                "$name: $of" or diag $reply->{body};
        }
    }
    is $strict->get("/Groups/$group{strict}")->{json}{members}, undef,
        'what was refused was not done';
};

# What the request has wrong in itself comes before what it is about.
subtest 'habits, and a resource that is not there' => sub {
    my $gone = '/Users/019a0000-0000-7000-8000-000000000001';
    my $here = '/Users/' . $strict->post('/Users',
        { schemas => [USER], userName => 'here' })->{json}{id};
    my @requests = (
        ['PATCH of nobody', 'PATCH', $gone, replace('active', 'True')],
        ['PATCH of what is no id', 'PATCH', '/Users/x', replace('active', 'True')],
        ['PUT of nobody', 'PUT', $gone, { userName => 'ann' }],
        ['PATCH of another version', 'PATCH', $here, replace('active', 'True'),
            'If-Match' => 'W/"7"'],
    );
    for my $request (@requests) {
        my ($name, @rest) = @$request;
        my $reply = $strict->request(@rest);
        is $reply->{status}, 400, $name;
        like $reply->{json}{detail}, qr/strict/, '... says that the app is strict';
    }
};

subtest 'lists that name nobody' => sub {
    my $id = $lenient->post('/Users',
        { schemas => [USER], userName => 'member' })->{json}{id};
    my $group = $lenient->post('/Groups', { schemas => [GROUP],
        displayName => 'Members', members => [{ value => $id }] })->{json}{id};
    my @none = ([{ display => 'x' }], [undef], {}, '', [{ value => '' }]);
    for my $value (@none) {
        for my $op (qw(replace add remove)) {
            my $reply = $lenient->patch("/Groups/$group",
                patch({ op => $op, path => 'members', value => $value }));
            is $reply->{status}, 400, "$op is refused" or diag $reply->{body};
            is $reply->{json}{scimType}, 'invalidValue', '... as a value';
        }
    }
    is $lenient->put("/Groups/$group", { schemas => [GROUP],
        displayName => 'Members', members => [{ display => 'x' }] })
        ->{status}, 400, 'so does a PUT';
    is_deeply [map { $_->{value} }
        @{ $lenient->get("/Groups/$group")->{json}{members} }], [$id],
        'the member is still there';
    is $lenient->patch("/Groups/$group", replace('members',
        [{ '$ref' => "https://id.example/Users/$id" }]))->{status}, 204,
        'a link names its last segment';
    is scalar @{ $lenient->get("/Groups/$group")->{json}{members} }, 1,
        '... who stays';
    is $lenient->patch("/Groups/$group", replace('members', []))->{status}, 204,
        'an empty list is meant';
    is $lenient->get("/Groups/$group")->{json}{members}, undef,
        '... and clears';
};

subtest 'If-None-Match of a write' => sub {
    my $made = $lenient->post('/Users',
        { schemas => [USER], userName => 'version' });
    my $path = "/Users/$made->{json}{id}";
    my $body = { schemas => [USER], userName => 'version', title => 'x' };
    for my $tag ('*', 'W/"1"', 'W/"7", W/"1"') {
        is $lenient->put($path, $body, 'If-None-Match' => $tag)->{status}, 412,
            "PUT, $tag";
        is $lenient->patch($path, replace('title', 'x'),
            'If-None-Match' => $tag)->{status}, 412, "PATCH, $tag";
        is $lenient->delete($path, 'If-None-Match' => $tag)->{status}, 412,
            "DELETE, $tag";
    }
    is $lenient->put($path, $body, 'If-None-Match' => 'W/"7"')->{status}, 200,
        'another version';
    my $group = $lenient->post('/Groups',
        { schemas => [GROUP], displayName => 'Version' })->{json}{id};
    my $add = replace('members', [{ value => $made->{json}{id} }]);
    is $lenient->patch("/Groups/$group", $add, 'If-None-Match' => '*')
        ->{status}, 412, 'a PATCH of members';
    is $lenient->patch("/Groups/$group", $add, 'If-None-Match' => 'W/"9"')
        ->{status}, 204, '... and with another version';
};

subtest 'limits and types' => sub {
    my @many = map { { value => "a$_\@example.com" } } 1 .. 1001;
    my $reply = $lenient->post('/Users',
        { schemas => [USER], userName => 'many', emails => \@many });
    is $reply->{status}, 400, 'more than 1,000 values' or diag $reply->{body};
    like $reply->{json}{detail}, qr/emails/, '... which are named';
    my $id = $lenient->post('/Users', { schemas => [USER], userName => 'many',
        emails => [@many[0 .. 999]] })->{json}{id};
    is $lenient->patch("/Users/$id", patch({ op => 'add', path => 'emails',
        value => [$many[1000]] }))->{status}, 400, 'one more by PATCH';
    is $lenient->request('POST', '/Users', { schemas => [USER],
        userName => 'x' }, 'Content-Type' =>
        'application/scim+json; Charset="utf-16"')->{status}, 415,
        'another charset';
    is $lenient->delete('/Users/%FF%FE')->{status}, 404, 'no UTF-8';
    like $server->postgres->psql(q{select detail from scim.journal
        where action = 'delete' and status = 404}), qr/User ".+" does not/,
        '... is in the journal';
};

subtest 'an app of the whole organization' => sub {
    my $whole = $server->app('lenient', app => 'All',
        install => ['--whole-organization']);
    my $user = $whole->post('/Users', { schemas => [USER], userName => 'w' });
    is $user->{status}, 201, 'makes a user';
    my $made = $whole->post('/Groups', { schemas => [GROUP],
        displayName => 'W', members => [{ value => $user->{json}{id} }] });
    is $made->{status}, 201, '... and a group' or diag $made->{body};
    is scalar @{ $made->{json}{members} // [] }, 1, '... with its member';
};

# P-7.7-02: guessing is slowed down, and said in the log
subtest 'a token that nobody made' => sub {
    my $gone = $server->app('lenient', app => 'Gone');
    $server->postgres->psql(
        'delete from scim.tokens where app_id = ' . $gone->app);
    is $gone->request('OPTIONS', '/Users')->{status}, 401, 'OPTIONS asks, too';
    my %count;
    $count{ $gone->request($_ % 2 ? 'OPTIONS' : 'GET', '/Users')->{status} }++
        for 1 .. 200;
    cmp_ok $count{429} // 0, '>', 0, '... and does not lift the limit';
    is $count{401} + $count{429}, 200, '... nor anything else';
    is $lenient->get('/Users', { count => 0 })->{status}, 200,
        'a good token is served meanwhile';
};
$server->logged(qr/SCIM0103/);

$server->stop;
done_testing;

# The body with ID in place of a member's value.
sub with_id($body, $id) {
    my $text = JSON::PP->new->canonical->encode($body);
    return JSON::PP->new->decode($text =~ s/"ID"/"$id"/r);
}
