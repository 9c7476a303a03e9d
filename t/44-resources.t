# What POST, GET, PUT and DELETE make of a resource, rule by rule: RFC 7644,
# 3.3 to 3.6, and the types and attributes of RFC 7643, 2 to 4.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Answer;
use Scim::Crowd qw(in_parallel);
use Scim::Server;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $NOBODY = '01890000-0000-7000-8000-000000000000';
my $server = Scim::Server->new;
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');
my $strict = $server->organization('strict', install => ['--strict']);
my $n = 0;

subtest 'POST' => \&creating;
subtest 'PUT' => \&replacing;
subtest 'DELETE' => \&deleting;
subtest 'GET' => \&retrieving;
subtest 'lists' => \&lists;
subtest 'values' => \&values_kept;
subtest 'names' => \&folded;
subtest 'wrong values' => \&values_refused;
subtest 'where an app is strict' => \&values_strict;
subtest 'unassigned' => \&unassigned;
subtest 'schemas' => \&schemas;
subtest 'id, externalId, meta' => \&common;
subtest 'users and groups' => \&groups;
subtest 'passwords' => \&passwords;
subtest 'examples of RFC 7643' => \&examples;

$server->stop;
done_testing;

# --------------------------------------------------------------- operations

sub creating() {
    my $body = user('Post.1', id => 'abc', displayName => 'P',
        meta => { created => '1999-01-01T00:00:00Z', resourceType => 'Group' },
        groups => [{ value => 'x' }],
        emails => [{ value => ' Spaced@EXAMPLE.com ', type => 'work' }]);
    my $reply = $acme->post('/Users', $body);
    my $json = $reply->{json};
    is_status($reply, 201, 'P-3.3-05: 201');
    isnt $json->{id}, 'abc', 'P-3.3-01, P-3.1-05: id is the service\'s';
    unlike $json->{meta}{created}, qr/1999/, '... and meta';
    is $json->{groups}, undef, '... and groups';
    is $json->{meta}{resourceType}, 'User', 'P-3.3.1-01: by the endpoint';
    is $acme->post('/Groups', { %{ group('Post') }, meta => {
        resourceType => 'User' } })->{json}{meta}{resourceType}, 'Group',
        'P-3.3.1-01: ... of groups';
    my $location = $reply->{headers}{location};
    is $location, $json->{meta}{location}, 'P-3.3-07: Location is meta.location';
    is $location, $acme->url . "/Users/$json->{id}", '... is absolute';
    my $read = $acme->get("/Users/$json->{id}");
    is_status($read, 200, '... and leads there');
    is_deeply $read->{json}, $json, 'P-3.3-06, P-3.1-05: as it is read';
    is $json->{emails}[0]{value}, ' Spaced@EXAMPLE.com ',
        'P-3.3-08: and as it was stored';
    is $json->{active}, $true, 'P-3.3-02: active is true by default';
    $reply = $acme->post('/Users',
        user('post.2', nickName => undef, emails => []));
    is_status($reply, 201, 'P-3.3-04: null and [] are no values');
    is_deeply [grep { exists $reply->{json}{$_} } qw(nickName emails)], [],
        '... and are not sent back';
    is_error($acme->post('/Users', user('POST.1')), 409, 'uniqueness',
        'P-3.3-09, P-3.12-12, S-4.1.1-02, S-4.1.1-03: a name that is taken',
        qr/userName/);
    is $acme->get('/Users', { filter => 'userName eq "post.1"' })->{json}
        {totalResults}, 1, '... stays with one user';
    is_error($acme->post('/Users', { schemas => [USER] }), 400, 'invalidValue',
        'P-3.3-10, P-3.12-24: no userName', qr/userName/);
    is_error($acme->post('/Groups', { schemas => [GROUP] }), 400,
        'invalidValue', 'P-3.3-10, S-4.2-01: no displayName', qr/displayName/);
    is_error($acme->post('/Users', $_), 400, 'invalidSyntax',
        "P-3.3-11, P-3.12-08: $_") for '{', '[]', '"x"', '', '{} {}';
    return;
}

sub replacing() {
    my $made = made(title => 'T', nickName => 'N', externalId => 'e',
        emails => [{ value => 'a' }, { value => 'b' }]);
    my $path = "/Users/$made->{id}";
    my $reply = $acme->put($path, $made);
    is_status($reply, 200, 'P-3.5.1-02, P-3.1-07: what was read');
    is_deeply $reply->{json}, $made, '... changes nothing';
    $reply = $acme->put($path, { %$made, title => 'U', emails => [{
        value => 'c' }], id => 'other', groups => [{ value => 'x' }],
        meta => { created => '1999-01-01T00:00:00Z' } });
    is_status($reply, 200, 'P-3.5.1-11, P-3.5-01: 200 and the resource');
    is_deeply $acme->get($path)->{json}, $reply->{json}, '... as it is read';
    is $reply->{headers}{etag}, $reply->{json}{meta}{version},
        '... with its version';
    is_deeply $reply->{json}{emails}, [{ value => 'c' }],
        'P-3.5.1-03, S-2-01: values are replaced';
    is $reply->{json}{id}, $made->{id},
        'P-3.5.1-09, S-2-01, S-3.1-07: id is not';
    is $reply->{json}{meta}{created}, $made->{meta}{created},
        'S-3.1-16, S-3.1-18: nor is meta';
    is $reply->{json}{groups}, undef, 'S-4.1.2-09: nor are groups';
    $reply = $acme->put($path, user($made->{userName}, emails => [],
        nickName => undef));
    is_deeply [grep { exists $reply->{json}{$_} } qw(title nickName emails)],
        [], 'P-3.5.1-04, P-3.5.1-06: what is left out, null or [] is cleared';
    my $again = $acme->put($path, user($made->{userName}));
    is_deeply $again->{json}, $reply->{json}, 'P-3.5.1-13: no change';
    is_error($acme->put($path, { schemas => [USER], title => 'x' }), 400,
        'invalidValue', 'P-3.5.1-10, S-7-E8281: no userName', qr/userName/);
    my $group = $acme->post('/Groups', group('Put'))->{json};
    is_error($acme->put("/Groups/$group->{id}", { schemas => [GROUP] }), 400,
        'invalidValue', 'P-3.5.1-10: no displayName', qr/displayName/);
    is_status($acme->put("/Groups/$group->{id}", group('Put 2')), 200,
        'P-3.5-01: a group');
    is_error($acme->put($path, user(uc made()->{userName})), 409, 'uniqueness',
        'P-3.5.1-12, P-3.12-19, S-7-19: a name that is taken');
    is_deeply $acme->get($path)->{json}, $reply->{json}, '... is not given';
    is_error($acme->put("/Users/$NOBODY", user('put.new')), 404, undef,
        'P-3.2-05, P-3.5.1-01: PUT creates nothing');
    is_error($acme->get("/Users/$NOBODY"), 404, undef, '... at all');
    return;
}

sub deleting() {
    my $made = made(externalId => 'gone');
    my $path = "/Users/$made->{id}";
    my $group = $acme->post('/Groups', group('Gone',
        members => [{ value => $made->{id} }]))->{json}{id};
    my $reply = $acme->delete($path);
    is_status($reply, 204, 'P-3.6-01: 204');
    is $reply->{body}, '', '... without a body';
    is_error($acme->get($path), 404, undef, 'P-3.6-02, P-3.6-07: GET',
        qr/$made->{id}/);
    is_error($acme->put($path, $made), 404, undef, 'P-3.6-02: PUT');
    is_error($acme->patch($path, patch({ op => 'add', path => 'title',
        value => 'x' })), 404, undef, 'P-3.6-02: PATCH');
    is_error($acme->delete($path), 404, undef, 'P-3.6-02: DELETE');
    is $acme->get('/Users', { filter => $_ })->{json}{totalResults}, 0,
        "P-3.6-03: $_" for qq(userName eq "$made->{userName}"),
        'externalId eq "gone"', qq(id eq "$made->{id}");
    is $acme->get("/Groups/$group")->{json}{members}, undef,
        'P-3.6-03, S-2.3.7-04: ... nor among members';
    $reply = $acme->post('/Users', user($made->{userName}));
    is_status($reply, 201, 'P-3.6-04, P-3.6-05: the name is free');
    isnt $reply->{json}{id}, $made->{id}, 'S-3.1-06: ... but not the id';
    return;
}

sub retrieving() {
    my $made = made(title => 'T');
    my $reply = $acme->get("/Users/$made->{id}");
    is_status($reply, 200, 'P-3.4.1-01: 200');
    is $reply->{json}{id}, $made->{id}, '... and the resource';
    is $reply->{headers}{location}, $made->{meta}{location},
        'P-3.4.1-03: Location';
    is $reply->{headers}{etag}, $made->{meta}{version}, '... and ETag';
    is_error($acme->get("/Users/$_"), 404, undef, "P-3.4.1-02: $_")
        for '00000000-0000-0000-0000-000000000000', 'not-a-uuid', '1', '*';
    is_error($acme->get("/Users/$made->{userName}"), 404, undef,
        'P-3.4.1-E8367: a userName is no id');
    my $found = $acme->get('/Users', { filter => qq(id eq "$made->{id}") });
    is_deeply $found->{json}{Resources}, [$reply->{json}],
        'P-3.4-01: by URL or by query, the same';
    return;
}

sub lists() {
    made(title => 'listed') for 1 .. 12;
    my @seen;
    for my $at (1 .. 12) {
        my $json = $acme->get('/Users', { filter => 'title eq "listed"',
            startIndex => $at, count => 1 })->{json};
        is_deeply [@$json{qw(totalResults startIndex itemsPerPage)}],
            [12, $at, 1], 'P-3.4.2-05, P-3.4.2-07, P-3.4.2.4-07,'
            . ' P-3.4.2.4-08: totalResults, startIndex, itemsPerPage';
        push @seen, $json->{Resources}[0]{id};
    }
    my %once = map { $_ => 1 } @seen;
    is scalar keys %once, 12, 'P-3.4.2.4-09: each of them once';
    my $page = $acme->get('/Users', { filter => 'title eq "listed"',
        count => 5 })->{json};
    is_deeply [map { $_->{id} } @{ $page->{Resources} }], [@seen[0 .. 4]],
        'P-3.4.2.4-02, P-3.4.2.4-09: as many as asked, in the same order';
    return;
}

# --------------------------------------------------------------- the values

# What counts as the same userName (RFC 7644, 5, as RFC 8265 has it).
sub folded() {
    my %same = (
        "caf\x{e9}" => "cafe\x{301}",             # composed, decomposed
        'STRASSE@x' => 'strasse@x',
        "\x{c5}sa" => "\x{212b}SA",               # the sign of the unit
        "\x{ff21}\x{ff22}" => 'ab',               # full width
    );
    for my $name (sort keys %same) {
        my $shown = join ' ', map { sprintf '%04x', ord } split //, $name;
        my $made = $acme->post('/Users', user($name));
        is_status($made, 201, "a name: $shown");
        is $made->{json}{userName}, $name, '... kept as it is';
        is_error($acme->post('/Users', user($same{$name})), 409, 'uniqueness',
            'P-5-01, P-5-02, P-7.8-01: ... is the same in another form');
        is found(qq(userName eq "$same{$name}")), 1,
            'P-5-01, P-7.8-01: ... and found by it';
    }
    is_status($acme->post('/Users', user("stra\x{df}e\@x")), 201,
        'P-5-02: but case alone makes no ss of a sharp s');
    return;
}

sub values_kept() {
    my %value = (
        displayName => "Zo\x{eb} \x{65e5}\x{672c} \x{1f600}",
        title => '', # S-2.3.1-01: a string may be empty
        preferredLanguage => 'en-US,en;q=0.7',
        locale => 'en_US',
        timezone => 'America/Los_Angeles',
        profileUrl => 'https://id.example/A?b=c#d',
        userType => "any\nText",
        emails => [{ value => 'a@EXAMPLE.com', type => 'work' },
            { value => 'a@EXAMPLE.com', type => 'home', display => 'A' },
            { value => 'b@example.com', type => 'custom', primary => $true }],
        phoneNumbers => [{ value => '555-555-8377', type => 'pager' },
            { value => 'tel:+1-201-555-0123', type => 'mobile' }],
        ims => [{ value => 'Some One', type => 'xmpp' }],
        photos => [{ value => 'https://id.example/p', type => 'photo' },
            { value => 'https://id.example/t', type => 'thumbnail' }],
        addresses => [{ type => 'home', formatted => "1 A St\nB, C",
            country => 'US', primary => $true }, { country => 'USA' }],
        entitlements => [{ value => 'anything' }],
        roles => [{ value => 'admin' }, { value => 'more', display => 'M' }],
        x509Certificates => [{ value => 'QUI=' }, { value => 'QUE' }],
        name => { formatted => 'F', familyName => 'Other' },
        +ENTERPRISE, { map { $_ => "any $_" } qw(employeeNumber costCenter
            organization division department) },
    );
    my $reply = $acme->post('/Users', user('Values', %value));
    is_status($reply, 201, 'a user with all of it');
    my $json = $acme->get("/Users/$reply->{json}{id}")->{json};
    my %why = (
        displayName => 'P-3.8-01, S-2.3.1-01, S-4.1.1-06: UTF-8',
        title => 'S-2.3.1-01, S-4.1.1-09: an empty text',
        userType => 'S-4.1.1-09, S-2.3.1-02: any text',
        preferredLanguage => 'S-4.1.1-10', locale => 'S-4.1.1-11',
        timezone => 'S-4.1.1-12', profileUrl => 'S-4.1.1-08, S-2.3.7-01',
        emails => 'S-2.4-02, S-2.4-08, S-2.4-10, S-2.3.1-03, S-7-07,'
            . ' S-4.1.2-01, S-4.1.2-02, S-8.7.1-E8358',
        phoneNumbers => 'S-4.1.2-03', ims => 'S-4.1.2-04',
        photos => 'S-4.1.2-05, S-4.1.2-06',
        addresses => 'S-4.1.2-07, S-4.1.2-08 (leniently), S-8.7.1-E6005',
        entitlements => 'S-4.1.2-12', roles => 'S-4.1.2-12',
        x509Certificates => 'S-2.3.6-01, S-2.3.6-03, S-4.1.2-13',
        name => 'S-4.1.1-04, S-4.1.1-05: none is made of the other',
        +ENTERPRISE, 'S-4.3-01',
    );
    is_deeply $json->{$_}, $value{$_}, "$_ comes back: $why{$_}"
        for sort keys %value;
    is found($_->[0]), 1, "$_->[1]: $_->[0]" for (
        ['emails.value eq "A@example.COM"', 'S-4.1.2-01: compared by the rule'],
        ['ims.value eq "SOME ONE"', 'S-4.1.2-04: compared by the rule'],
        [ENTERPRISE . ':costCenter eq "ANY costcenter"', 'S-4.3-01']);
    $json = made(emails => [{ value => 'x', type => 'work' },
        { type => 'work', value => 'x' }]);
    is scalar @{ $json->{emails} }, 1, 'S-2.4-09: an element is there once';
    my @bodies = map { sprintf '{"schemas":["%s"],%s}', USER, $_ }
        '"userName":"or1","name":{"givenName":"G","familyName":"F"}',
        '"name":{"familyName":"F","givenName":"G"},"userName":"or2"';
    my @made = map { $acme->post('/Users', $_)->{json} } @bodies;
    is_deeply $made[0]{name}, $made[1]{name}, 'S-2.3.8-01: in any order';
    is $acme->put("/Users/$made[0]{id}", $bodies[1] =~ s/or2/or1/r)->{json}
        {meta}{version}, $made[0]{meta}{version}, '... the same resource';
    $json = $acme->post('/Users', { schemas => [USER], USERNAME => 'x1',
        Emails => [{ VALUE => 'a@b' }] })->{json};
    is $json->{userName}, 'x1', 'S-2.1-01: names in any case';
    is_deeply $json->{emails}, [{ value => 'a@b' }], '... also within';
    is_status($acme->post('/Users', user("v$_", displayName => 'Same')), 201,
        'S-7-22: a displayName for all') for 1, 2;
    is $acme->post('/Users', user('One', emails => { value => 'a@b' }))
        ->{json}{emails}[0]{value}, 'a@b',
        'S-1.2-03, P-3.8-09: one value is taken for a list, and sent as one';
    return;
}

sub values_refused() {
    my @bad = (
        ['S-2.3-02: a number for an object', name => 5],
        ['S-2.3-02: an object for a text', title => { a => 1 }],
        ['S-2.3-02: true for a text', title => $true],
        ['S-2.3-02, S-2.3.2-01: a number for a boolean', active => 1],
        ['S-2.3.2-01, P-3.12-24: maybe', active => 'maybe'],
        ['S-2.3-02: an object for a binary',
            x509Certificates => [{ value => {} }]],
        ['S-2.3-02: a number for a reference', profileUrl => [5]],
        ['S-1.2-03: a list for a single value', displayName => ['a']],
        ['S-2.4-01, P-3.12-24: a text for a list of objects', emails => 'a@b'],
        ['S-2.3.8-02: no more depth', name => { givenName => { a => 1 } }],
        ['S-2.3.6-01: no base64', x509Certificates => [{ value => '!!' }]],
        ['S-2.3.6-02: base64url', x509Certificates => [{ value => 'a-_b' }]],
        ['S-2.4-03: two primaries', emails => [{ value => 'a',
            primary => $true }, { value => 'b', primary => $true }]],
        ['S-4.1.1-01: an empty name', userName => ''],
        ['S-4.1.1-01: a name of spaces', userName => '  '],
        ['P-3.12-08, S-2.3-02: a name that is true', userName => $true],
    );
    is_error($acme->post('/Users', user('bad', $_->[1] => $_->[2])), 400,
        'invalidValue', $_->[0], qr/"$_->[1]/) for @bad;
    is_error($acme->post('/Users', '{"schemas":["' . USER . '"],"userName":'
        . '"bad","title":"a\u0000b"}'), 400, $_->[0], $_->[1])
        for ['invalidValue', 'S-2.3.1-01: U+0000'];
    is_error($acme->post('/Users', "{\"schemas\":[\"" . USER
        . "\"],\"userName\":\"bad\xff\"}"), 400, 'invalidSyntax',
        'P-3.8-01: no UTF-8');
    is_error($acme->post('/Users', { schemas => [USER], userName => 'bad',
        USERNAME => 'worse' }), 400, 'invalidSyntax',
        'S-2.1-04: one name twice', qr/userName/);
    is found('userName sw "bad" or userName eq "worse"'), 0,
        'nothing of it is there';
    is_error($acme->post('/Groups', group('Nobody', members =>
        [{ value => $NOBODY }])), 400, 'invalidValue',
        'S-2.3.7-04: a member who is not there', qr/$NOBODY/);
    is_error($acme->post('/Groups', group('Nobody', members => [$_])), 400,
        'invalidValue', 'S-4.2-06: a member without a value')
        for {}, { display => 'x' };
    return;
}

sub values_strict() {
    my @bad = (
        ['S-2.3.2-01: a boolean as text', active => 'True'],
        ['S-2.3-02: a text as number', title => 5],
        ['S-2.3.7-01: no URI', profileUrl => 'not a uri %%'],
        ['S-2.4-01: one value as a list', emails => { value => 'a@b' }],
    );
    for my $case (@bad) {
        my ($name, %more) = @$case;
        is_error($strict->post('/Users', user('bad', %more)), 400,
            'invalidValue', $name, qr/"@{[keys %more]}"/);
        is_status($acme->post('/Users', user('lenient' . $n++, %more)), 201,
            '... and is understood elsewhere');
    }
    return;
}

sub unassigned() {
    my @made = (made(title => 'T', emails => [{ value => 'a' }]),
        made(), made(emails => []), made(title => undef));
    $made[0] = $acme->put("/Users/$made[0]{id}",
        { %{ $made[0] }, title => undef, emails => [] })->{json};
    for my $user (@made) {
        is_deeply [grep { exists $user->{$_} } qw(title emails)], [],
            'S-2.5-01: absent, null and [] are one state';
        is found(qq(id eq "$user->{id}" and (title pr or emails pr))), 0,
            '... for a filter as well';
    }
    my $reply = $acme->get('/Users');
    unlike $reply->{body}, qr/:(?:null|\[\]|\{\})[,}]/,
        'S-2.5-03: and are left out';
    return;
}

sub schemas() {
    my %enterprise = (+ENTERPRISE, { department => 'D' });
    my @bad = (
        ['S-3-01: none', undef], ['S-3-01: a text', USER], ['S-3-02: []', []],
        ['S-3-03: of nobody', [USER, 'urn:bogus']],
        ['S-3-03: of another type', [GROUP]],
        ['S-3.3-01: without the core', [ENTERPRISE]],
    );
    for my $case (@bad) {
        my ($name, $schemas) = @$case;
        my $body = { %enterprise, userName => 'schemas' . $n++,
            defined $schemas ? (schemas => $schemas) : () };
        is_error($strict->post('/Users', $body), 400, 'invalidSyntax', $name,
            qr/schemas/);
        my $reply = $acme->post('/Users', $body);
        is_status($reply, 201, '... and elsewhere it is corrected');
        is_deeply [sort @{ $reply->{json}{schemas} }],
            [sort { $a cmp $b } USER, ENTERPRISE], '... to what is meant';
    }
    my $reply = $acme->post('/Users', { schemas => [ENTERPRISE, USER, USER],
        userName => 'urns', %enterprise });
    is_deeply $reply->{json}{schemas}, [USER, ENTERPRISE],
        'S-3-04, S-3-05, S-3.3-02: each once, in any order';
    $reply = $acme->post('/Users', user('flat', employeeNumber => '7',
        +USER, { title => 'x' }));
    is_status($reply, 201, 'S-3-07, S-3-08, S-3.3-04: names elsewhere');
    is_deeply [grep { exists $reply->{json}{$_} } 'employeeNumber', USER,
        ENTERPRISE, 'title'], [], '... and ignored';
    is_deeply $reply->{json}{schemas}, [USER],
        'S-3-09: no URN without a value';
    is_deeply [$acme->post('/Users', user('bare'))->{json}]->[0]{schemas},
        [USER], 'S-2.1-02, P-3.1-02: there is always one';
    return;
}

sub common() {
    my @made = (made(), $acme->post('/Groups', group('Common'))->{json});
    for my $json (@made) {
        like $json->{id}, qr/\A[0-9a-f-]{36}\z/,
            'S-3.1-01, S-3-06, S-3.1-02, S-3.1-04: an id';
        like $json->{meta}{$_}, qr/\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z\z/,
            "S-2.3.5-03, S-3.1-18: meta.$_" for qw(created lastModified);
        is $json->{meta}{created}, $json->{meta}{lastModified},
            'S-3.1-19: equal in the beginning';
        like $json->{meta}{version}, qr{\AW/"[^"]+"\z}, 'S-3.1-22: W/';
        is $acme->get($json->{meta}{location} =~ s/.*(?=\/\w+\/)//r)
            ->{headers}{etag}, $json->{meta}{version},
            'S-3.1-20, S-3.1-21: at its location, with its version';
        is $json->{externalId}, undef, 'S-3.1-11: no externalId is made up';
        unlike $json->{id}, qr/bulkId/i, 'S-3.1-08: no bulkId';
    }
    is $made[0]{meta}{resourceType}, 'User', 'S-1.1-01, S-3.1-17: User';
    is $made[1]{meta}{resourceType}, 'Group', 'S-3.1-17: Group';
    is found('meta.resourceType eq "user"'), 0, 'S-3.1-17: ... exactly so';
    my %ids;
    $ids{ $_->{id} }++ for map { @{ $acme->get($_)->{json}{Resources} } }
        '/Users', '/Groups';
    is_deeply [grep { $ids{$_} > 1 } keys %ids], [], 'S-3.1-05: ids differ';
    my $path = "/Users/$made[0]{id}";
    select undef, undef, undef, 0.005;
    my $later = $acme->patch($path, patch({ op => 'add', path => 'title',
        value => 'x' }))->{json};
    is $later->{id}, $made[0]{id}, 'S-3.1-06: the id stays';
    is $later->{meta}{created}, $made[0]{meta}{created},
        'S-3.1-18: so does created';
    cmp_ok $later->{meta}{lastModified}, 'gt', $made[0]{meta}{lastModified},
        'S-3.1-19: lastModified does not';
    is_status($acme->get(uc($path) =~ s/USERS/Users/r), 200,
        'S-3.1-09: an id in upper case is understood');
    for my $client ($acme, $globex) {
        is_status($client->post('/Users', user('ext1', externalId => 'Ex')),
            201, 'S-3.1-10, P-6.2-02: an externalId and a name');
        is_status($client->post('/Users', user('ext2', externalId => 'Ex')),
            201, 'S-3.1-13: ... for two');
        my $list = $client->get('/Users', { filter => 'externalId eq "Ex"' });
        is $list->{json}{totalResults}, 2,
            'S-3.1-12, P-6.2-02, S-9.3-03: ... in each organization';
        push @made, $list->{json}{Resources}[0];
    }
    is found('externalId eq "EX"'), 0, 'S-3.1-14: case counts';
    isnt $made[-1]{id}, $made[-2]{id}, 'P-6.2-01, S-9.3-02: ids never do';
    return;
}

sub groups() {
    my $user = made(displayName => 'Somebody');
    my $inner = $acme->post('/Groups', group('Inner',
        members => [{ value => $user->{id} }]))->{json};
    my $outer = $acme->post('/Groups', group('Outer', members =>
        [{ value => $inner->{id} }, { value => $user->{id} }]))->{json};
    my %member = map { $_->{value} => $_ } @{ $outer->{members} };
    for my $part ($user, $inner) {
        my $member = $member{ $part->{id} };
        is $member->{'$ref'}, $part->{meta}{location},
            'S-4.2-03, S-2.3.7-06: $ref of a member';
        is $member->{type}, $part->{meta}{resourceType},
            'S-4.2-03, S-4.2-05: ... and its type';
        my $reply = $acme->get($member->{'$ref'} =~ s/.*(?=\/\w+\/)//r);
        is $reply->{json}{id}, $part->{id}, 'S-2.3.7-03: ... which is there';
    }
    my $groups = $acme->get("/Users/$user->{id}")->{json}{groups};
    my %group = map { $_->{value} => $_ } @$groups;
    is_deeply $group{ $inner->{id} }, { value => $inner->{id},
        type => 'direct', display => 'Inner',
        '$ref' => $inner->{meta}{location} }, 'S-4.1.2-10: groups of a user';
    my $nested = made();
    my $deep = $acme->post('/Groups', group('Deep',
        members => [{ value => $nested->{id} }]))->{json};
    $acme->post('/Groups', group('Above',
        members => [{ value => $deep->{id} }]));
    my %type = map { $_->{display} => $_->{type} }
        @{ $acme->get("/Users/$nested->{id}")->{json}{groups} };
    is_deeply \%type, { Deep => 'direct', Above => 'indirect' },
        'S-4.1.2-11: direct and indirect';
    is_status($acme->patch("/Groups/$inner->{id}", patch({ op => 'add',
        path => 'members', value => [{ value => $outer->{id} }] })), 204,
        'S-4.2-05: a circle');
    is_status($acme->get("/Users/$user->{id}"), 200, '... has an end');
    is_error($acme->post('/Groups', group('inner')), 409, 'uniqueness',
        'S-4.2-02: a displayName is taken once for each app');
    my $relative = $acme->post('/Groups', group('Relative', members => [{
        value => $user->{id}, '$ref' => "../Users/$user->{id}" }]))->{json};
    is $relative->{members}[0]{'$ref'}, $user->{meta}{location},
        'S-2.3.7-02: a relative reference becomes an absolute one';
    my %boss = (+ENTERPRISE, { manager => { value => $user->{id},
        displayName => 'X' } });
    my $reply = $acme->post('/Users', user('report', %boss));
    is_status($reply, 201, 'a manager');
    my $manager = $reply->{json}{ +ENTERPRISE }{manager};
    is $manager->{value}, $user->{id}, '... by id';
    is $manager->{displayName}, undef,
        'S-4.3-03: whose name the client does not say';
    for my $none ({}, { displayName => 'x' }) {
        $reply = $acme->post('/Users', user('none' . $n++, +ENTERPRISE,
            { manager => $none }));
        is_status($reply, 201, 'S-4.3-E6403: a manager without a value');
        is $reply->{json}{ +ENTERPRISE }, undef, '... is none';
    }
    my @twice = in_parallel(2, sub ($which) {
        [$acme->another->post('/Users', user('race'))->{status}] });
    is_deeply [sort map { @$_ } @twice], [201, 409],
        'S-4.1.1-02: two at once';
    is_status($acme->patch("/Users/$user->{id}", patch({ op => 'replace',
        path => 'active', value => $false })), 200, 'S-4.1.1-13: inactive');
    is scalar @{ $acme->get("/Groups/$outer->{id}")->{json}{members} }, 2,
        '... but still a member';
    return;
}

# S-4.1.1-14, S-4.1.1-15, S-9.2-01, S-7-14, P-3.4-02: nowhere to be seen
sub passwords() {
    my $secret = 'Pa55-of-nobody';
    my $reply = $acme->post('/Users', user('pw', password => $secret));
    is_status($reply, 201, 'a password is taken');
    my $path = "/Users/$reply->{json}{id}";
    my @replies = ($reply, $acme->get($path),
        $acme->get($path, { attributes => 'password' }),
        $acme->get('/Users', { attributes => 'password,userName' }),
        $acme->put($path, user('pw', password => $secret)),
        $acme->patch($path, patch({ op => 'replace', path => 'password',
            value => $secret })),
        $acme->patch("$path?attributes=password", patch({ op => 'add',
            value => { password => $secret, title => 'x' } })),
        $acme->patch($path, patch({ op => 'replace', path => 'password',
            value => { a => $secret } })),
        $acme->post('/Users', user('pw', password => $secret)));
    is_deeply [map { $_->{status} } @replies],
        [201, 200, 200, 200, 200, 200, 200, 400, 409], 'in many requests';
    unlike $_->{body}, qr/\Q$secret\E|"password":/,
        'S-4.1.1-14: ... and never comes back' for @replies;
    is_status($acme->patch($path, patch({ op => 'remove',
        path => 'password' })), 200, 'S-4.1.1-19: nor is there one to remove');
    return;
}

sub examples() {
    my @members = map { { value => made()->{id} } } 1, 2;
    my $json = $acme->post('/Users', user('bare.example'))->{json};
    is_deeply [sort keys %$json], [qw(active id meta schemas userName)],
        'S-8.1-01: a minimal user';
    my %full = (externalId => '701984', name => {
            formatted => 'Ms. Barbara J Jensen, III', familyName => 'Jensen',
            givenName => 'Barbara', middleName => 'Jane',
            honorificPrefix => 'Ms.', honorificSuffix => 'III' },
        displayName => 'Babs Jensen', nickName => 'Babs',
        profileUrl => 'https://login.example.com/bjensen',
        emails => [{ value => 'bjensen@example.com', type => 'work',
            primary => $true }, { value => 'babs@jensen.org', type => 'home' }],
        addresses => [{ streetAddress => '100 Universal City Plaza',
            locality => 'Hollywood', region => 'CA', postalCode => '91608',
            country => 'US', type => 'work', primary => $true,
            formatted => "100 Universal City Plaza\nHollywood, CA 91608 US" }],
        phoneNumbers => [{ value => '555-555-5555', type => 'work' }],
        ims => [{ value => 'someaimhandle', type => 'aim' }],
        photos => [{ value => 'https://photos.example.com/p/72930000000Ccne/F',
            type => 'photo' }],
        userType => 'Employee', title => 'Tour Guide',
        preferredLanguage => 'en-US', locale => 'en-US',
        timezone => 'America/Los_Angeles', active => $true,
        +ENTERPRISE, { employeeNumber => '701984', costCenter => '4130',
            organization => 'Universal Studios', division => 'Theme Park',
            department => 'Tour Operations', manager => {
                value => $members[0]{value}, '$ref' => '../Users/26118915' } });
    # S-8.2-E5990: country is "US"
    my $reply = $acme->post('/Users', user('bjensen@example.com', %full,
        password => 't1meMa$heen', groups => [{ value => 'e9e30dba' }]));
    is_status($reply, 201, 'S-8.2-01: the full enterprise user');
    is_deeply $reply->{json}{$_}, $full{$_}, "... with its $_"
        for sort keys %full;
    $reply = $acme->post('/Groups', group('Tour Guides', members => \@members));
    is_status($reply, 201, 'S-8.2-01: the group');
    is_deeply [sort map { $_->{value} } @{ $reply->{json}{members} }],
        [sort map { $_->{value} } @members], '... with its members';
    return;
}

# ---------------------------------------------------------------------------

sub made(%more) {
    my $reply = $acme->post('/Users', user('made' . $n++, %more));
    $reply->{status} == 201 or BAIL_OUT("POST: $reply->{body}");
    return $reply->{json};
}

sub found($filter) {
    return $acme->get('/Users', { filter => $filter })->{json}{totalResults};
}
