# Many operations in one request (RFC 7644, 3.7): each with an outcome of its
# own, references in any direction, limits, and all or nothing where asked.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Crowd qw(in_parallel);
use Scim::Process qw(wait_for slurp);
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    EXTENDED => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    REQUEST  => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
    RESPONSE => 'urn:ietf:params:scim:api:messages:2.0:BulkResponse',
    ERROR    => 'urn:ietf:params:scim:api:messages:2.0:Error',
    NOBODY   => '00000000-0000-7000-8000-000000000000',
};

# A sanitizer keeps what was freed, and more beside each allocation.
use constant GROWTH_KIB => $ENV{SCIM_ASAN_LIBRARY} ? 512 * 1024 : 32 * 1024;

my $server = Scim::Server->new(config => <<'END');
ScimDatabaseTimeout request=60
<Location /small>
    ScimService scim
    ScimBulkLimits 3 2K
</Location>
<Location /none>
    ScimService scim
    ScimBulkLimits 0
</Location>
END
my $acme = $server->organization('acme');
my $strict = $server->organization('strict', install => ['--strict']);

subtest 'each operation has an outcome of its own' => sub {
    my $old = create('user', 'old');
    my $reply = bulk(
        post('Users', 'a', user('a')),
        put("/Users/$old->{id}", user('old', title => 'Chief')),
        patch("/Users/$old->{id}", change('title', 'Boss')),
        post('Users', 'again', user('A')),
        remove("/Users/$old->{id}"),
        remove('/Users/' . NOBODY),
    );
    is $reply->{status}, 200, 'the request is answered 200'; # P-3.7-14
    is_deeply $reply->{json}{schemas}, [RESPONSE],
        '... as a BulkResponse';                             # P-3.7-03
    ok !exists $reply->{json}{failOnErrors},
        '... without failOnErrors';                          # P-3.7-04
    my @got = @{ $reply->{json}{Operations} };
    is_deeply [map { $_->{status} } @got], [qw(201 200 200 409 204 404)],
        'each status is the one of a single request, as a string'
        or diag $reply->{body};             # P-3.7.3-03 P-3.7.2-04 P-3.7-15
    is_deeply [map { $_->{method} } @got],
        [qw(POST PUT PATCH POST DELETE DELETE)],
        '... in the order of the request';                   # P-3.7.3-01
    is $got[0]{bulkId}, 'a', 'a new resource has its bulkId'; # P-3.7-17
    my $made = $acme->get(path_of($got[0]))->{json};
    is $made->{userName}, 'a', '... and its location';       # P-3.7-11
    is $got[0]{version}, $made->{meta}{version},
        '... and its version';                               # P-3.7.3-05
    like $got[$_]{location}, qr{/acme/Users/\Q$old->{id}\E\z},
        "operation $_ has its location" for 1, 2, 4;         # P-3.7.3-02
    ok !exists $got[3]{location}, 'a POST that failed has none';
    is_deeply [@{ $got[3]{response} }{qw(status scimType)}],
        [qw(409 uniqueness)], '... but an error';            # P-3.7-12
    # P-3.12-27 P-3.7.3-E7916
    like $reply->{body}, qr/"status":"201"/, 'P-3.7.2-05: status is a string';
    is_deeply $got[3]{response}{schemas}, [ERROR], '... in the usual form';
    like $got[3]{response}{detail}, qr/userName "A" is taken/,
        '... that says why';                                 # P-3.7.3-04
    ok !exists $got[0]{response}, 'a success says no more';  # P-3.7-13
    like $got[5]{location}, qr/@{[NOBODY]}\z/, 'a failed DELETE has a location';
    is $acme->get("/Users/$old->{id}")->{status}, 404, 'what was deleted is gone';
};

subtest 'versions are preconditions' => sub { # P-3.7-08 P-3.7.3-03
    my $user = create('user', 'versions');
    my $path = "/Users/$user->{id}";
    my @got = operations(
        { %{ put($path, user('versions', title => 'x')) }, version => 'W/"7"' },
        { %{ put($path, user('versions', title => 'y')) }, version => 'W/"1"' },
        { %{ patch($path, change('title', 'z')) }, version => 'W/"1"' },
        { %{ remove($path) }, version => 'W/"2"' });
    is_deeply [map { $_->{status} } @got], [qw(412 200 412 204)],
        'version works as If-Match does' or diag explain \@got;
    is $got[1]{version}, 'W/"2"', 'the new version is in the result';
};

subtest 'what is no operation' => sub {
    my $user = create('user', 'wrong');
    my %wrong = (
        'without a method' => { path => '/Users', bulkId => 'x',
            data => user('x') },                             # P-3.7-06
        'with GET' => { method => 'GET', path => "/Users/$user->{id}" },
        'POST without bulkId' => { method => 'POST', path => '/Users',
            data => user('x') },                             # P-3.7-07
        'POST without data' => { method => 'POST', path => '/Users',
            bulkId => 'x' },                                 # P-3.7-10
        'PATCH with a list as data' => { method => 'PATCH',
            path => "/Users/$user->{id}", data => [] },      # P-3.7.3-E5050
        'PATCH without schemas' => patch("/Users/$user->{id}",
            { Operations => [] }),
        'without a path' => { method => 'DELETE' },          # P-3.7-09
        'with a version that is no text' => { method => 'DELETE',
            path => "/Users/$user->{id}", version => 3 },
        'POST to a resource' => post("Users/$user->{id}", 'x', user('x')),
        'DELETE of a type' => remove('/Users'),
        'to another endpoint' => remove('/Schemas/' . USER),
        'POST to /Bulk' => post('Bulk', 'x', { schemas => [REQUEST],
            Operations => [] }),
        'DELETE of nothing known' => remove('/Planets/1'),
        'to .search' => post('Users/.search', 'x', {}),
        'with an attribute that is wrong' => post('Users', 'x',
            user('x', active => 'perhaps')),
    );
    for my $name (sort keys %wrong) {
        my @got = operations($wrong{$name}, post('Users', 'next',
            user("next-$name")));
        like $got[0]{status}, qr/\A4\d\d\z/, "an operation $name fails"
            or diag explain $got[0];
        is $got[0]{response}{status}, $got[0]{status}, '... with an error';
        is $got[1]{status}, 201, '... and the next one is done'; # P-3.7-15
    }
    my @got = operations(post('Users', 'twice', user('one')),
        post('Users', 'twice', user('two')), post('Users', 'once', user('1')));
    is_deeply [map { $_->{status} } @got], [400, 400, 201],
        'two operations with the same bulkId fail, both';
    is $acme->get("/Users/$user->{id}")->{json}{meta}{version}, 'W/"1"',
        'nothing was done to the user';
};

subtest 'what is no Bulk' => sub {
    my @wrong = (
        [{ Operations => [] }, 'no schemas'],                # P-3.7-02
        [{ schemas => [PATCH_OP], Operations => [] }, 'other schemas'],
        [{ schemas => [REQUEST] }, 'no Operations'],         # P-3.7-05
        [{ schemas => [REQUEST], Operations => {} }, 'Operations of no list'],
        [{ schemas => [REQUEST], Operations => [7] }, 'a number in them'],
        [{ schemas => [REQUEST], Operations => [], failOnErrors => 'x' },
            'failOnErrors of no number'],                    # P-3.7-04
        [{ schemas => [REQUEST], Operations => [], failOnErrors => -1 },
            'a negative one'],
        ['[]', 'a list'], ['', 'nothing'],
        ['{"schemas":["' . REQUEST . '"],"Operations":[{"method":"POST"]}',
            'broken JSON'],                                  # P-3.7-14
        ['{"schemas":["' . REQUEST . '"],"Operations":[]} x', 'more than JSON'],
        ['{"schemas":["' . REQUEST . '"],"Operations":[],"Operations":[]}',
            'a name twice'],
    );
    for my $wrong (@wrong) {
        my ($body, $name) = @$wrong;
        my $reply = $acme->post('/Bulk', $body);
        is $reply->{status}, 400, "$name is refused" or diag $reply->{body};
        like $reply->{json}{scimType}, qr/\Ainvalid(?:Syntax|Value)\z/,
            '... with a scimType';
    }
    is $acme->post('/Bulk', { schemas => [REQUEST], Operations => [] })
        ->{body}, '{"schemas":["' . RESPONSE . '"],"Operations":[]}',
        'no operations have no outcomes';
    is $acme->get('/Bulk')->{status}, 405, 'GET is not allowed';
    is $acme->post('/Bulk?atomic=perhaps', { schemas => [REQUEST],
        Operations => [] })->{status}, 400, 'atomic is true or false';
    is $acme->request('POST', '/Bulk', '{}', 'Content-Type' => 'text/plain')
        ->{status}, 415, 'another media type is refused';
    is $acme->another(token => undef)->post('/Bulk', 'x')->{status}, 401,
        'without a token nobody reads it';
    my $reader = $server->app('acme', app => 'R', token => ['--read-only']);
    is $reader->post('/Bulk', { schemas => [REQUEST], Operations => [] })
        ->{status}, 403, 'a token that may only read may not';
};

subtest 'failOnErrors' => sub {
    my @three = (remove('/Users/' . NOBODY), post('Users', 'f1', user('f1')),
        remove('/Users/' . NOBODY), post('Users', 'f2', user('f2')));
    my $reply = $acme->post('/Bulk', { schemas => [REQUEST],
        failOnErrors => 1, Operations => \@three });
    is $reply->{status}, 200, 'the answer is 200';           # P-3.7.3-06
    is_deeply [statuses($reply)], [404],
        'one error ends it, the rest is not done';           # P-3.7-16
    is found('userName eq "f1"'), 0, '... indeed';
    $reply = $acme->post('/Bulk', { schemas => [REQUEST], failOnErrors => 2,
        Operations => \@three });
    is_deeply [statuses($reply)], [404, 201, 404], 'two errors end it later';
    $reply = $acme->post('/Bulk', { schemas => [REQUEST], failOnErrors => 1,
        Operations => [map { post('Users', "g$_", user($_ == 3 ? 'f1' : "g$_")) }
            1 .. 6] });
    is_deeply [statuses($reply)], [201, 201, 409],
        'what follows an error in a row of new ones is not done either';
    is found('userName eq "g4"'), 0, '... indeed';
};

subtest 'references' => sub { # P-3.7.2-01 P-3.7.2-02 P-3.7.2-04
    my $group = create('group', 'There before');
    my @got = operations(
        post('Users', 'boss', user('boss')),
        post('Users', 'clerk', user('clerk', schemas => [USER, EXTENDED],
            EXTENDED, { manager => { value => 'bulkId:boss' } })),
        post('Groups', 'team', group('Team', 'bulkId:boss', 'bulkId:clerk')),
        patch("/Groups/$group->{id}", { schemas => [PATCH_OP], Operations => [
            { op => 'add', path => 'members',
                value => [{ value => 'bulkId:clerk' }] }] }),
        patch('/Users/bulkId:boss', change('title', 'Boss')),
        patch('/Groups/bulkId:team', { schemas => [PATCH_OP], Operations => [
            { op => 'remove', path => 'members[value eq "bulkId:boss"]' }] }));
    is_deeply [map { $_->{status} } @got], [qw(201 201 201 204 200 204)],
        'references are resolved' or diag explain \@got;
    my ($boss, $clerk, $team) = map { $acme->get(path_of($_))->{json} }
        @got[0 .. 2];
    is $clerk->{ +EXTENDED }{manager}{value}, $boss->{id}, '... in extensions';
    is $boss->{title}, 'Boss', '... in paths';
    is_deeply [members($team)], [$clerk->{id}],
        '... in members and in the filter of a path';
    like $team->{members}[0]{'$ref'}, qr{/Users/\Q$clerk->{id}\E\z},
        '... with a link';
    is_deeply [members($acme->get("/Groups/$group->{id}")->{json})],
        [$clerk->{id}], '... in a PATCH';
    is $got[5]{location}, $got[2]{location}, 'locations have the id';

    @got = operations(post('Groups', 'g', group('Early', 'bulkId:late')),
        patch('/Groups/bulkId:g', change('displayName', 'Earlier')),
        post('Users', 'late', user('late')));
    is_deeply [map { $_->{status} } @got], [qw(201 204 201)],
        'what is referred to may come later' or diag explain \@got; # P-3.7-18
    is_deeply [members($acme->get(path_of($got[0]))->{json})],
        [id_of($got[2])], '... and is a member';

    @got = operations(post('Groups', 'g', group('Nothing', 'bulkId:none')),
        post('Users', 'm', user('m', schemas => [USER, EXTENDED],
            EXTENDED, { manager => 'bulkId:none' })),
        remove('/Users/bulkId:none'));
    is_deeply [map { $_->{status} } @got], [400, 400, 400],
        'a bulkId that nothing has is refused' or diag explain \@got;
    like $got[0]{response}{detail}, qr/bulkId "none"/,
        '... and named';                                     # P-3.7.2-03

    @got = operations(post('Users', 'taken', user('boss')),
        post('Groups', 'g', group('Half', 'bulkId:taken', 'bulkId:new')),
        post('Users', 'new', user('new')),
        patch('/Users/bulkId:taken', change('title', 'x')));
    is_deeply [map { $_->{status} } @got], [409, 409, 201, 409],
        'what refers to a resource that was not made fails with it'
        or diag explain \@got;
    is found('displayName eq "Half"', 'Groups'), 0, '... and is not made';
};

subtest 'circles' => sub { # P-3.7.1-01
    my @got = operations(
        post('Groups', 'one', group('One', 'bulkId:two', 'bulkId:who')),
        post('Groups', 'two', group('Two', 'bulkId:one')),
        post('Users', 'who', user('who')));
    is_deeply [map { $_->{status} } @got], [201, 201, 201],
        'two groups that are members of one another are made'
        or diag explain \@got;
    my ($one, $two, $who) = map { $acme->get(path_of($_))->{json} } @got;
    is_deeply [members($one)], [sort $two->{id}, $who->{id}],
        '... with their members';
    is_deeply [members($two)], [$one->{id}], '... both of them';
    is_deeply [map { $_->{version} } @got],
        [map { $_->{meta}{version} } $one, $two, $who],
        '... and the versions are those of now';

    @got = operations(map { my ($own, $other) = @$_;
        post('Users', $own, user("c-$own", schemas => [USER, EXTENDED],
            EXTENDED, { manager => { value => "bulkId:$other" } })) }
        ['u1', 'u2'], ['u2', 'u1'], ['u3', 'u3']);
    is_deeply [map { $_->{status} } @got], [201, 201, 201],
        'users who manage each other, and one who manages himself';
    my @users = map { $acme->get(path_of($_))->{json} } @got;
    is_deeply [map { $_->{ +EXTENDED }{manager}{value} } @users],
        [map { $users[$_]{id} } 1, 0, 2], '... as they asked for';

    my $users = found();
    @got = operations(
        post('Groups', 'x', group('X', 'bulkId:y')),
        post('Groups', 'y', group('One', 'bulkId:x')),
        post('Groups', 'self', group('Self', 'bulkId:self')),
        post('Users', 'apart', user('apart')));
    is_deeply [map { $_->{status} } @got], [409, 409, 400, 201],
        'a circle that cannot be closed is not made'
        or diag explain \@got;                               # P-3.7.1-02
    is $got[1]{response}{scimType}, 'uniqueness', '... for the reason that is';
    like $got[0]{response}{detail}, qr/Operations\[1\], bulkId y/,
        '... which the others name';
    is found('displayName eq "X"', 'Groups'), 0, '... nor half of it';
    is found(), $users + 1, '... and what is apart from it is';
};

subtest 'the order' => sub { # P-3.7-19
    my $user = create('user', 'ordered');
    my @got = operations(
        patch("/Users/$user->{id}", change('title', 'First')),
        patch("/Users/\U$user->{id}", { schemas => [PATCH_OP], Operations => [
            { op => 'add', value => { EXTENDED() => { manager =>
                { value => 'bulkId:later' } } } }] }),
        patch("/Users/$user->{id}/", change('title', 'Last')),
        post('Users', 'later', user('later')));
    is_deeply [map { $_->{status} } @got], [200, 200, 200, 201],
        'operations on one resource' or diag explain \@got;
    my $now = $acme->get("/Users/$user->{id}")->{json};
    is $now->{title}, 'Last', '... keep their order';
    is $now->{ +EXTENDED }{manager}{value}, id_of($got[3]),
        '... when one of them waits';
    @got = operations(post('Users', 'same', user('Same name')),
        remove('/Users/bulkId:same'), post('Users', 'again', user('same name')));
    is_deeply [map { $_->{status} } @got], [201, 204, 201],
        'a name is free after its user has gone' or diag explain \@got;
};

subtest 'limits' => sub { # P-3.7-01 P-3.7.4-01 P-3.7.4-02
    is_deeply $acme->get('/ServiceProviderConfig')->{json}{bulk},
        { supported => JSON::PP::true(), maxOperations => 1000,
            maxPayloadSize => 16 * 1024 ** 2 }, 'the defaults are published';
    my ($small, $none) = map { $acme->another(
        url => $acme->url =~ s{/scim/v2/}{/$_/}r) } qw(small none);
    is_deeply $small->get('/ServiceProviderConfig')->{json}{bulk},
        { supported => JSON::PP::true(), maxOperations => 3,
            maxPayloadSize => 2048 }, '... and what a directive says';
    my @four = map { post('Users', "l$_", user("limit$_")) } 1 .. 4;
    my $reply = $small->post('/Bulk', { schemas => [REQUEST],
        Operations => \@four });
    is $reply->{status}, 413, 'one operation too many is refused'; # P-3.7.4-03
    like $reply->{json}{detail}, qr/maxOperations, which is 3\b/,
        '... with the limit';                                # P-3.7.4-04
    is found('userName sw "limit"'), 0, '... and nothing is done';
    is $server->postgres->psql(q{select count(*) from scim.journal
        where action = 'bulk' and status = 413}), 1,
        '... but for a row of the journal';
    is $small->post('/Bulk', { schemas => [REQUEST],
        Operations => [@four[0 .. 2]] })->{status}, 200, 'three are done';
    my $long = { schemas => [REQUEST], Operations => [post('Users', 'x',
        user('limit9', title => 'x' x 2048))] };
    for my $length ({}, { 'Content-Length' => undef,
            'Transfer-Encoding' => 'chunked' }) {
        my $body = JSON::PP->new->canonical->encode($long);
        $body = sprintf "%x\r\n%s\r\n0\r\n\r\n", length $body, $body if %$length;
        $reply = $small->post('/Bulk', $body, %$length);
        is $reply->{status}, 413, 'so are too many bytes';
        like $reply->{json}{detail}, qr/maxPayloadSize, which is 2048 bytes/,
            '... with the limit';
    }
    is $none->get('/ServiceProviderConfig')->{json}{bulk}{supported},
        JSON::PP::false(), 'Bulk can be switched off';
    is $none->post('/Bulk', { schemas => [REQUEST], Operations => [] })
        ->{status}, 501, '... then it is 501';               # P-3.7-01
};

subtest 'all or nothing' => sub {
    my $user = create('user', 'atomic');
    my $group = create('group', 'Atomic');
    my @work = (post('Users', 'n1', user('n1')),
        patch("/Users/$user->{id}", change('title', 'New')),
        post('Groups', 'ng', group('NG', 'bulkId:n2')),
        remove("/Groups/$group->{id}"), post('Users', 'n2', user('n2')));
    my $rows = journal();
    my $reply = $acme->post('/Bulk?atomic=true', { schemas => [REQUEST],
        Operations => [@work, post('Users', 'bad', user('atomic'))] });
    is $reply->{status}, 200, 'a failure is answered 200';
    is_deeply [statuses($reply)], [(424) x 5, 409],
        '... the one says what failed, the others that nothing was done'
        or diag $reply->{body};
    like $reply->{json}{Operations}[0]{response}{detail},
        qr/Nothing was changed, as Operations\[5\], bulkId bad failed/,
        '... and because of what';
    is found('userName sw "n" and userName ne "new" and userName ne "next"'
        . ' and not (userName sw "next-")'), 0, '... no new user';
    is $acme->get("/Users/$user->{id}")->{json}{meta}{version}, 'W/"1"',
        '... no change';
    is $acme->get("/Groups/$group->{id}")->{status}, 200, '... nothing deleted';
    is journal(), $rows + 1, '... and one row of the journal, of the failure';
    $reply = $acme->post('/Bulk?atomic=true', { schemas => [REQUEST],
        Operations => \@work });
    is_deeply [statuses($reply)], [201, 200, 201, 204, 201],
        'all of it goes through without' or diag $reply->{body};
    is journal(), $rows + 6, '... with a row for each';
    is_deeply [members($acme->get(path_of($reply->{json}{Operations}[2]))
        ->{json})], [id_of($reply->{json}{Operations}[4])],
        '... and the member';
    my $bad = $acme->post('/Bulk?atomic=true', { schemas => [REQUEST],
        Operations => [post('Users', 'n5', user('n5')), { method => 'GET' }] });
    is_deeply [statuses($bad)], [424, 400],
        'what is no operation takes the others with it';
    is $acme->post('/Bulk?atomic=false', { schemas => [REQUEST],
        Operations => [post('Users', 'n5', user('n5')), remove('/Users/x')] })
        ->{json}{Operations}[0]{status}, 201, 'atomic=false is the default';
};

# What is held at once is the request's text and what waits to be sent.
subtest 'memory' => sub {
    my @many = map { post('Users', "m$_", user("memory-$_", addresses =>
        [map { { type => 'other', streetAddress => 'x' x 60, locality => "$_" } }
            1 .. 100])) } 1 .. 1000;
    operations(@many[0 .. 9]);
    my %before = map { $_ => peak($_) } $server->children;
    is scalar(grep { $_->{status} eq '201' } operations(@many[10 .. 999])), 990,
        'twelve megabytes of users are made';
    for my $child ($server->children) {
        cmp_ok peak($child) - ($before{$child} // 0), '<', GROWTH_KIB,
            "... and child $child held no more than their text at once";
    }
};

subtest 'an app that is strict' => sub {
    my $reply = $strict->post('/Bulk', { schemas => [REQUEST], Operations => [
        post('Users', 'ok', user('ok')),
        post('Users', 'text', user('text', active => 'True')),
        post('Groups', 'g', group('G', NOBODY))] });
    is_deeply [statuses($reply)], [201, 400, 400],
        'is so in a Bulk' or diag $reply->{body};
};

subtest 'a thousand, and what is wrong among them' => sub {
    my %bad = map { $_ => 1 } 0, 17, 100, 101, 102, 555, 999;
    my @many = map { post('Users', "b$_", user($bad{$_} ? 'ATOMIC' : "bulk-$_",
        emails => [{ value => "b$_\@example.com", type => 'work' }])) }
        0 .. 999;
    my $rows = journal();
    my @got = operations(@many);
    is_deeply [grep { $got[$_]{status} ne '201' } 0 .. $#got],
        [sort { $a <=> $b } keys %bad], 'only those that are wrong fail';
    is_deeply [map { $_->{bulkId} } @got], [map { "b$_" } 0 .. 999],
        '... all in their order';
    is found('userName sw "bulk-"'), 993, 'the others are there';
    is found('emails.value eq "b500@example.com"'), 1, '... to be found';
    is journal(), $rows + 1000, '... and in the journal, each one';
    @got = operations(@many);
    is_deeply [grep { $_->{status} ne '409' } @got], [],
        'the same once more: each is a conflict';
    my @gone = operations(map { remove("/Users/$_->{id}") }
        @{ $acme->get('/Users', { filter => 'userName sw "bulk-1"',
            count => 200 })->{json}{Resources} });
    is scalar(grep { $_->{status} ne '204' } @gone), 0, 'many are deleted';
};

subtest 'the connection is lost on the way' => sub {
    my $user = create('user', 'cut off');
    my $holder = hold($server->postgres, $user->{id});
    my ($got) = in_parallel(2, sub ($client) {
        if ($client) {
            cut_off($server->postgres);
            let_go($server->postgres);
            return 1;
        }
        $acme = $acme->another;
        return [map { $_->{status} } operations(post('Users', 'c1', user('c1')),
            patch("/Users/$user->{id}", change('title', 'x')),
            post('Users', 'c2', user('c2')))];
    });
    waitpid $holder, 0;
    is_deeply $got, [201, 200, 201],
        'what was lost before it did anything is done again';
    is $acme->get("/Users/$user->{id}")->{json}{meta}{version}, 'W/"2"',
        '... once';
};

$server->stop;

subtest 'the time of the request' => sub {
    $server = Scim::Server->new(config => 'ScimDatabaseTimeout request=2');
    $acme = $server->organization('acme');
    my $user = create('user', 'locked');
    my $holder = hold($server->postgres, $user->{id});
    my @got = operations(post('Users', 't1', user('t1')),
        map { patch("/Users/$user->{id}", change('title', "t$_")) } 1 .. 60);
    let_go($server->postgres);
    waitpid $holder, 0;
    is $got[0]{status}, 201, 'what was in time is done';
    is_deeply [map { $_->{status} } @got[1 .. 60]], [(503) x 60],
        'what was not is 503, each';
    $server->logged(qr/SCIM0104: 503 answered/, '... the log says why');
    like $got[60]{response}{detail}, qr/was not carried out/, '... and says so';
    is $acme->get("/Users/$user->{id}")->{json}{meta}{version}, 'W/"1"',
        '... and nothing of it is half done';
    $server->stop;
};

done_testing;

# ---------------------------------------------------------------------------

sub user($name, %more) {
    return { schemas => [USER], userName => $name, %more };
}

sub group($name, @members) {
    return { schemas => [GROUP], displayName => $name,
        members => [map { { value => $_ } } @members] };
}

sub change($path, $value) {
    return { schemas => [PATCH_OP], Operations => [
        { op => 'replace', path => $path, value => $value }] };
}

sub post($type, $bulk_id, $data) {
    return { method => 'POST', path => "/$type", bulkId => $bulk_id,
        data => $data };
}

sub put($path, $data) {
    return { method => 'PUT', path => $path, data => $data };
}

sub patch($path, $data) {
    return { method => 'PATCH', path => $path, data => $data };
}

sub remove($path) { return { method => 'DELETE', path => $path } }

sub bulk(@operations) {
    return $acme->post('/Bulk',
        { schemas => [REQUEST], Operations => \@operations });
}

sub operations(@operations) {
    my $reply = bulk(@operations);
    $reply->{status} == 200 or diag "$reply->{status} $reply->{body}";
    return @{ $reply->{json}{Operations} // [] };
}

sub statuses($reply) {
    return map { $_->{status} } @{ $reply->{json}{Operations} // [] };
}

sub create($kind, $name) {
    my $reply = $kind eq 'user' ? $acme->post('/Users', user($name))
        : $acme->post('/Groups', group($name));
    is $reply->{status}, 201, "$name is there" or diag $reply->{body};
    return $reply->{json};
}

sub path_of($outcome) { return $outcome->{location} =~ s{.*/acme/}{/}r }
sub id_of($outcome) { return $outcome->{location} =~ s{.*/}{}r }
sub members($group) { return sort map { $_->{value} } @{ $group->{members} // [] } }

sub found($filter = undef, $type = 'Users') {
    return $acme->get("/$type", { count => 0,
        defined $filter ? (filter => $filter) : () })->{json}{totalResults};
}

# The most that a process ever had, in KiB.
sub peak($pid) {
    return slurp("/proc/$pid/status") =~ /^VmHWM:\s+(\d+)/m ? $1 : 0;
}

sub journal() {
    return $server->postgres->psql('select count(*) from scim.journal');
}

# A session that holds a user's row; gives its process.
sub hold($postgres, $id) {
    my $pid = fork // die "fork: $!";
    if (!$pid) {
        eval { $postgres->psql("begin; select 1 from scim.users where id = '$id'"
            . ' for update; select pg_sleep(60)') };
        require POSIX;
        POSIX::_exit(0);
    }
    wait_for(30, sub {
        return $postgres->psql(q{select count(*) from pg_stat_activity
            where datname = current_database() and query like '%pg_sleep(60)%'
            and wait_event = 'PgSleep'});
    });
    return $pid;
}

# Ends the session that waits for the row.
sub cut_off($postgres) {
    wait_for(30, sub {
        $postgres->psql(q{select count(pg_terminate_backend(pid))
            from pg_stat_activity where datname = current_database()
            and wait_event_type = 'Lock'}) });
    return 1;
}

sub let_go($postgres) {
    $postgres->psql(q{select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and wait_event = 'PgSleep'});
    return;
}
