# PATCH over HTTP, rule by rule of RFC 7644, 3.5.2: what becomes of a resource,
# what is refused by which keyword, and that a refusal changes nothing.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Answer;
use Scim::Server;
use Test::More;

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $NOBODY = '01890000-0000-7000-8000-000000000000';
my $server = Scim::Server->new;
my $acme = $server->organization('acme');
my $strict = $server->organization('strict', install => ['--strict']);
my $n = 0;

my %home = (value => 'h@m.example', type => 'home');
my %work = (value => 'w@m.example', type => 'work', primary => $true);
my @addresses = (
    { type => 'work', locality => 'Lund', streetAddress => 'A 1' },
    { type => 'work', locality => 'Umea', streetAddress => 'B 2' },
    { type => 'home', locality => 'Oslo', primary => $true });
my %base = (title => 'T', displayName => 'D', active => $true,
    name => { givenName => 'G', familyName => 'F' }, emails => [\%work, \%home],
    addresses => \@addresses, +ENTERPRISE, { department => 'Dep' });

# ------------------------------------------------- what becomes of a user
# name, operations, what is other than before (undef: is gone)

my @changes = (
    ['P-3.5.2-06: op in any case',
        [{ op => 'Replace', path => 'displayName', value => 'x' }],
        { displayName => 'x' }],
    ['P-3.5.2-06: names of members in any case',
        [{ OP => 'ADD', Path => 'displayName', VALUE => 'x' }],
        { displayName => 'x' }],
    ['P-3.5.2-07: no path',
        [{ op => 'add', value => { title => 'x' } }], { title => 'x' }],
    ['P-3.5.2-09, S-7-12: plain', [{ op => 'replace', path => 'title',
        value => 'x' }], { title => 'x' }],
    ['P-3.5.2-09: dotted', [{ op => 'replace', path => 'name.familyName',
        value => 'x' }], { name => { givenName => 'G', familyName => 'x' } }],
    ['P-3.5.2-09: value path', [{ op => 'remove',
        path => 'addresses[type eq "work"]' }],
        { addresses => [$addresses[2]] }],
    ['P-3.5.2-09: value path and sub-attribute', [{ op => 'replace',
        path => 'emails[type eq "home"].value', value => 'x@m.example' }],
        { emails => [\%work, { %home, value => 'x@m.example' }] }],
    ['P-3.5.2-14: path in any case', [{ op => 'replace',
        path => 'NAME.GIVENNAME', value => 'x' }],
        { name => { givenName => 'x', familyName => 'F' } }],
    ['P-3.5.2-14, P-3.10-01: URN', [{ op => 'replace',
        path => USER . ':name.givenName', value => 'x' }],
        { name => { givenName => 'x', familyName => 'F' } }],
    ['P-3.5.2-14: URN in any case', [{ op => 'replace',
        path => lc(ENTERPRISE) . ':DEPARTMENT', value => 'x' }],
        { +ENTERPRISE, { department => 'x' } }],
    ['P-3.10-03: an extension without its URN', [{ op => 'replace',
        path => 'department', value => 'x' }],
        { +ENTERPRISE, { department => 'x' } }],
    ['P-3.5.2-15: schemas first, then the extension', [
        { op => 'remove', path => ENTERPRISE },
        { op => 'add', path => 'schemas', value => [ENTERPRISE] },
        { op => 'replace', path => ENTERPRISE . ':costCenter', value => 'c' }],
        { +ENTERPRISE, { costCenter => 'c' } }],
    ['P-3.5.2-17: one after the other', [
        { op => 'replace', path => 'title', value => 'A' },
        { op => 'replace', path => 'title', value => 'B' }],
        { title => 'B' }],
    ['P-3.5.2-17: each on what came before', [
        { op => 'remove', path => 'emails' },
        { op => 'add', path => 'emails', value => [\%home] },
        { op => 'add', path => 'emails[type eq "home"].display',
            value => 'x' }],
        { emails => [{ %home, display => 'x' }] }],
    ['P-3.5.2-18: a new primary takes over', [{ op => 'add', path => 'emails',
        value => [{ value => 'n@m.example', primary => $true }] }],
        { emails => [{ %work, primary => $false }, \%home,
            { value => 'n@m.example', primary => $true }] }],
    ['P-3.5.2-18: ... by a path', [{ op => 'replace',
        path => 'emails[type eq "home"].primary', value => $true }],
        { emails => [{ %work, primary => $false },
            { %home, primary => $true }] }],
    # add
    ['P-3.5.2.1-02: no path, several attributes', [{ op => 'add', value => {
        nickName => 'B', emails => [{ value => 'b@m.example' }] } }],
        { nickName => 'B', emails => [\%work, \%home,
            { value => 'b@m.example' }] }],
    ['P-3.5.2.1-03: what was not there', [{ op => 'add', path => 'nickName',
        value => 'B' }], { nickName => 'B' }],
    ['P-3.5.2.1-04: a complex one is merged', [{ op => 'add', path => 'name',
        value => { middleName => 'J' } }], { name => { givenName => 'G',
            familyName => 'F', middleName => 'J' } }],
    ['P-3.5.2.1-05: a list grows', [{ op => 'add', path => 'emails',
        value => [{ value => 'b@m.example' }] }],
        { emails => [\%work, \%home, { value => 'b@m.example' }] }],
    ['P-3.5.2.1-05: ... by a bare object', [{ op => 'add', path => 'emails',
        value => { value => 'b@m.example' } }],
        { emails => [\%work, \%home, { value => 'b@m.example' }] }],
    ['P-3.5.2.1-06: a single value is replaced', [{ op => 'add',
        path => 'displayName', value => 'n' }], { displayName => 'n' }],
    ['P-3.5.2.1-08: a sub-attribute is replaced', [{ op => 'add',
        path => 'name.familyName', value => 'X' }],
        { name => { givenName => 'G', familyName => 'X' } }],
    ['P-3.5.2.1-E8096: the example as corrected', [{ op => 'add', value => {
        emails => [{ value => 'babs@m.example', type => 'home' }],
        nickname => 'Babs' } }],
        { nickName => 'Babs', emails => [\%work, \%home,
            { value => 'babs@m.example', type => 'home' }] }],
    ['P-3.5.2.1-E8097: the element that the path wants', [{ op => 'add',
        path => 'phoneNumbers[type eq "work"].value', value => '+1' }],
        { phoneNumbers => [{ type => 'work', value => '+1' }] }],
    # remove
    ['P-3.5.2.2-02: a single value', [{ op => 'remove', path => 'title' }],
        { title => undef }],
    ['P-3.5.2.2-03: a list', [{ op => 'remove', path => 'emails' }],
        { emails => undef }],
    ['P-3.5.2.2-05: the elements that fit', [{ op => 'remove', path =>
        'emails[type eq "work" and value ew "m.example"]' }],
        { emails => [\%home] }],
    ['P-3.5.2.2-04: the last one', [
        { op => 'remove', path => 'emails[value eq "w@m.example"]' },
        { op => 'remove', path => 'emails[value eq "h@m.example"]' }],
        { emails => undef }],
    ['P-3.5.2.2-06: a sub-attribute of them', [{ op => 'remove',
        path => 'addresses[type eq "work"].streetAddress' }],
        { addresses => [{ type => 'work', locality => 'Lund' },
            { type => 'work', locality => 'Umea' }, $addresses[2]] }],
    ['S-3-09: the last attribute of an extension', [{ op => 'remove',
        path => ENTERPRISE . ':department' }], { +ENTERPRISE, undef }],
    ['S-3-09: an extension as a whole', [{ op => 'remove',
        path => ENTERPRISE }], { +ENTERPRISE, undef }],
    # replace
    ['P-3.5.2.3-01: no path', [{ op => 'replace', value => { title => 'N',
        emails => [\%home] } }], { title => 'N', emails => [\%home] }],
    ['P-3.5.2.3-02: a single value', [{ op => 'replace', path => 'active',
        value => $false }], { active => $false }],
    ['P-3.5.2.3-03: a list', [{ op => 'replace', path => 'emails',
        value => [\%home] }], { emails => [\%home] }],
    ['P-3.5.2.3-04: what was not there', [{ op => 'replace',
        path => 'nickName', value => 'x' }], { nickName => 'x' }],
    ['P-3.5.2.3-05: what a complex value does not name stays', [{
        op => 'replace', path => 'name', value => { familyName => 'X' } }],
        { name => { givenName => 'G', familyName => 'X' } }],
    ['P-3.5.2.3-06: all elements that fit', [{ op => 'replace',
        path => 'addresses[type eq "work"]',
        value => { type => 'work', locality => 'Kiel' } }],
        { addresses => [{ type => 'work', locality => 'Kiel' },
            { type => 'work', locality => 'Kiel' }, $addresses[2]] }],
    ['P-3.5.2.3-07: a sub-attribute of them', [{ op => 'replace',
        path => 'addresses[type eq "work"].streetAddress',
        value => '1010 Broadway' }],
        { addresses => [(map { { %$_, streetAddress => '1010 Broadway' } }
            @addresses[0, 1]), $addresses[2]] }],
    ['P-3.5.2.3-09: primary moves', [{ op => 'replace',
        path => 'addresses[locality eq "Lund"]', value => {
            locality => 'Lund', primary => $true } }],
        { addresses => [{ locality => 'Lund', primary => $true },
            $addresses[1], { %{ $addresses[2] }, primary => $false }] }],
    ['P-3.5.2.3-10, S-2.5-02: null unassigns', [{ op => 'replace',
        path => 'title', value => undef }], { title => undef }],
    ['S-2.5-02: so does []', [{ op => 'replace', path => 'emails',
        value => [] }], { emails => undef }],
    (map { ["active: $_->[0] neither revives nor locks out", [$_->[1],
        { op => 'replace', path => 'title', value => 'N' }],
        { title => 'N' }] }
        ['""', { op => 'replace', value => { active => '' } }],
        ['null', { op => 'replace', path => 'active', value => undef }],
        ['remove', { op => 'remove', path => 'active' }]),
    ['P-3.5.2.3-11: paths as names (Entra)', [{ op => 'replace', value => {
        'name.givenName' => 'A', ENTERPRISE . ':department' => 'x' } }],
        { name => { givenName => 'A', familyName => 'F' },
            +ENTERPRISE, { department => 'x' } }],
    ['P-3.5.2.3-11: an extension as name', [{ op => 'replace', value => {
        +ENTERPRISE, { costCenter => 'x' } } }],
        { +ENTERPRISE, { department => 'Dep', costCenter => 'x' } }],
    ['P-3.5.2.3-12: a boolean as text (Entra)', [{ op => 'replace',
        path => 'active', value => 'False' }], { active => $false }],
    ['S-4.3-04: manager as a bare id (Entra)', [{ op => 'add',
        path => ENTERPRISE . ':manager', value => 'M1' }],
        { +ENTERPRISE, { department => 'Dep',
            manager => { value => 'M1' } } }],
    ['S-3.1-14: externalId', [{ op => 'replace', path => 'externalId',
        value => 'Ex' }], { externalId => 'Ex' }],
);
subtest 'changes' => sub {
    for my $case (@changes) {
        my ($name, $operations, $other) = @$case;
        my $before = made();
        my $reply = $acme->patch("/Users/$before->{id}", patch(@$operations));
        is_status($reply, 200, $name) or next;
        is_deeply essence($reply->{json}), essence({ %$before, %$other }),
            '... is what the answer says'; # P-3.5.2-21
        is_deeply $acme->get("/Users/$before->{id}")->{json}, $reply->{json},
            '... and what is stored';
        isnt $reply->{json}{meta}{version}, $before->{meta}{version},
            '... in a new version';
    }
};

# P-3.5.2.1-07, P-3.5.2-16: an extension comes with its first value, and so
# does its URN; the reverse is above.
subtest 'the URN of an extension' => sub {
    my $plain = $acme->post('/Users', user('plain'))->{json};
    for my $operation ({ path => ENTERPRISE . ':employeeNumber', value => '7' },
        { path => ENTERPRISE, value => { employeeNumber => '7' } },
        { value => { +ENTERPRISE, { employeeNumber => '7' } } },
        { value => { ENTERPRISE . ':employeeNumber' => '7' } }) {
        my $json = $acme->patch("/Users/$plain->{id}",
            patch({ op => 'add', %$operation }))->{json};
        is_deeply $json->{ +ENTERPRISE }, { employeeNumber => '7' },
            'the value is there';
        is_deeply [sort @{ $json->{schemas} }], [sort { $a cmp $b } USER, ENTERPRISE],
            '... and the URN';
        $json = $acme->patch("/Users/$plain->{id}", patch({ op => 'remove',
            path => ENTERPRISE . ':employeeNumber' }))->{json};
        is_deeply $json->{schemas}, [USER], 'S-3-09: ... and gone with it';
    }
};

# ------------------------------------------------ what changes nothing

my @nothing = (
    ['P-3.5.2.1-09: to add what is there', { op => 'add', path => 'emails',
        value => [\%home] }],
    ['P-3.5.2.1-09: ... a single value', { op => 'add', path => 'title',
        value => 'T' }],
    ['P-3.5.2.1-09: ... without a path', { op => 'add', value => {
        title => 'T', name => { givenName => 'G' } } }],
    ['P-3.5.2.2-11: to remove what is not there', { op => 'remove',
        path => 'nickName' }],
    ['P-3.5.2.2-11: ... an element', { op => 'remove',
        path => 'emails[type eq "other"]' }],
    ['P-3.5.2.2-11: ... a sub-attribute of none', { op => 'remove',
        path => 'emails[type eq "other"].value' }],
    ['P-3.14-04: to replace by the same', { op => 'replace', path => 'name',
        value => { givenName => 'G', familyName => 'F' } }],
    ['P-3.14-04: ... an element', { op => 'replace',
        path => 'emails[type eq "home"]', value => \%home }],
    ['P-3.5.2.3-10: null for what is not there', { op => 'replace',
        path => 'nickName', value => undef }],
);
subtest 'no change' => sub {
    my $before = made();
    for my $case (@nothing) {
        my ($name, $operation) = @$case;
        my $reply = $acme->patch("/Users/$before->{id}", patch($operation));
        is_status($reply, 200, $name);
        # P-3.5.2.1-10: neither version nor lastModified
        is_deeply $reply->{json}, $before, '... changes nothing, meta included';
    }
    is_deeply $acme->get("/Users/$before->{id}")->{json}, $before,
        'nor is anything else stored';
};

# ---------------------------------------------------------- what is refused
# name, scimType, operations, what the detail says

my @refused = (
    ['P-3.5.2-02: no such operation', 'invalidSyntax',
        [{ op => 'move', path => 'title', value => 'x' }], qr/Operations\[0\]/],
    ['P-3.5.2-02: no index', 'invalidPath', [{ op => 'replace',
        path => 'emails[0].value', value => 'x' }], qr/emails\[0\]/],
    ['P-3.5.2-05: no op', 'invalidSyntax', [{ path => 'title',
        value => 'x' }], qr/Operations\[0\].*"op"/],
    ['P-3.5.2-05: another op', 'invalidSyntax', [{ op => 'merge',
        path => 'title', value => 'x' }]],
    ['P-3.5.2-05: op is no text', 'invalidSyntax', [{ op => 1,
        path => 'title', value => 'x' }]],
    ['P-3.5.2-05: no operation', 'invalidSyntax', ['title']],
    ['P-3.5.2-07, P-3.5.2.2-01: remove without path', 'noTarget',
        [{ op => 'remove' }], qr/Operations\[0\].*path/],
    ['P-3.5.2-08: half a filter', 'invalidPath', [{ op => 'remove',
        path => 'emails[type eq' }]],
    ['P-3.5.2-08: two dots', 'invalidPath', [{ op => 'remove',
        path => 'name..x' }]],
    ['P-3.5.2-08: two names behind', 'invalidPath', [{ op => 'remove',
        path => 'emails[value eq "1"].b.c' }]],
    ['P-3.5.2-08: empty', 'invalidPath', [{ op => 'remove', path => '' }]],
    ['P-3.5.2-08: no text', 'invalidPath', [{ op => 'remove',
        path => ['title'] }]],
    ['P-3.5.2-10, P-3.12-22: unknown', 'invalidPath', [{ op => 'replace',
        path => 'bogus', value => 'x' }], qr/Operations\[0\], "bogus"/],
    ['P-3.5.2-10: unknown sub-attribute', 'invalidPath', [{ op => 'replace',
        path => 'name.bogus', value => 'x' }], qr/bogus/],
    ['P-3.5.2-10: unknown schema', 'invalidPath', [{ op => 'add',
        path => 'urn:example:x:thing', value => 'x' }]],
    ['P-3.5.2-11, P-3.12-20: id', 'mutability', [{ op => 'replace',
        path => 'id', value => 'x' }], qr/readOnly/],
    ['P-3.5.2-11, S-3.1-15: meta', 'mutability', [{ op => 'replace',
        path => 'meta.created', value => '2026-01-01T00:00:00Z' }]],
    ['P-3.5.2-11, S-4.1.2-09: groups', 'mutability', [{ op => 'add',
        path => 'groups', value => [{ value => 'x' }] }], qr/groups/],
    ['S-4.3-03: displayName of a manager', 'mutability', [{ op => 'replace',
        path => ENTERPRISE . ':manager.displayName', value => 'X' }]],
    ['S-7-11: remove of what is readOnly', 'mutability', [{ op => 'remove',
        path => 'meta' }]],
    ['P-3.5.2-11: another type', 'invalidValue', [{ op => 'replace',
        path => 'active', value => { a => 1 } }], qr/active/],
    ['P-3.5.2-E7122: brackets on a simple list', 'invalidPath', [{
        op => 'remove', path => 'schemas[value eq "' . ENTERPRISE . '"]' }]],
    ['P-3.5.2.1-01: add without value', 'invalidValue', [{ op => 'add',
        path => 'title' }], qr/Operations\[0\].*value/],
    ['P-3.5.2.1-02: no path, no object', 'invalidValue', [{ op => 'add',
        value => 'text' }], qr/Operations\[0\]/],
    ['P-3.5.2.1-04: a text for a complex one', 'invalidValue', [{
        op => 'add', path => 'name', value => 'x' }], qr/name/],
    ['P-3.5.2.2-07, S-1.1-E8280: userName', 'mutability', [{ op => 'remove',
        path => 'userName' }], qr/required/],
    ['P-3.5.2.2-07: id', 'mutability', [{ op => 'remove', path => 'id' }]],
    ['S-1.1-E8280: null for userName', 'invalidValue', [{ op => 'replace',
        path => 'userName', value => undef }], qr/userName/],
    ['P-3.5.2.3-08, P-3.12-23: nothing fits', 'noTarget', [{
        op => 'replace', path => 'addresses[type eq "x"]',
        value => { locality => 'L' } }], qr/Operations\[0\], "addresses/],
    ['P-3.5.2.3-10: replace without value', 'invalidValue', [{
        op => 'replace', path => 'title' }]],
    ['P-3.5.2-19: the second one fails', 'invalidPath', [
        { op => 'replace', path => 'title', value => 'x' },
        { op => 'replace', path => 'bogus', value => 'y' }],
        qr/Operations\[1\], "bogus"/],
    ['P-3.5.2-19: ... when it is carried out', 'noTarget', [
        { op => 'replace', path => 'title', value => 'x' },
        { op => 'remove', path => 'emails' },
        { op => 'replace', path => 'emails[type eq "work"]',
            value => { value => 'y' } }], qr/Operations\[2\]/],
    ['P-3.5.2-19: ... by its result', 'invalidValue', [
        { op => 'replace', path => 'title', value => 'x' },
        { op => 'replace', path => 'emails.primary', value => $true },
        { op => 'replace', path => 'displayName', value => 'x' }],
        qr/Operations\[1\], "emails\.primary".*only one/],
    ['S-2.4-03: two primaries', 'invalidValue', [{ op => 'replace',
        path => 'emails', value => [{ value => 'a', primary => $true },
            { value => 'b', primary => $true }] }], qr/emails/],
);
subtest 'refusals' => sub {
    my $before = made();
    for my $case (@refused) {
        my ($name, $type, $operations, $detail) = @$case;
        # P-3.5.2-13, P-3.5.2-20: the form of an error
        is_error($acme->patch("/Users/$before->{id}", patch(@$operations)),
            400, $type, $name, $detail);
    }
    # P-3.5.2-19
    is_deeply $acme->get("/Users/$before->{id}")->{json}, $before,
        'after all of them the user is as before, meta included';
    my $path = "/Users/$before->{id}";
    my @operation = ({ op => 'replace', path => 'title', value => 'x' });
    my @bodies = (
        ['P-3.5.2-03: no schemas', { Operations => \@operation }],
        ['P-3.5.2-03: another schema', { schemas => [USER],
            Operations => \@operation }],
        ['P-3.5.2-04: no operations', { schemas => [PATCH_OP] }],
        ['P-3.5.2-04: one object', { schemas => [PATCH_OP],
            Operations => $operation[0] }],
        ['P-3.12-21: no object', [patch(@operation)]],
        ['S-2.1-04: a member twice', '{"schemas":["' . PATCH_OP
            . '"],"Operations":[],"operations":[]}'],
        ['S-2.1-04: ... of an operation', { schemas => [PATCH_OP],
            Operations => [{ %{ $operation[0] }, Value => 'y' }] }],
    );
    is_error($acme->patch($path, $_->[1]), 400, 'invalidSyntax', $_->[0])
        for @bodies;
    my $made = $strict->post('/Users', user('s'))->{json};
    is_error($strict->patch("/Users/$made->{id}", patch()), 400,
        'invalidSyntax', 'P-3.5.2-04: an empty list, where the app is strict');
    is_status($acme->patch($path, patch()), 200, '... and nothing elsewhere');
    is_error($acme->patch("/Users/$NOBODY", patch(@operation)), 404, undef,
        'P-3.5.2-24: nobody there');
    made(userName => 'taken');
    is_error($acme->patch($path, patch({ op => 'replace', path => 'userName',
        value => 'TAKEN' })), 409, 'uniqueness',
        'P-3.5.2-23, P-3.12-19, S-7-19: a name that is taken', qr/userName/);
    is_deeply $acme->get($path)->{json}, $before, '... and all is as before';
};

# ------------------------------------------------------------------ groups

subtest 'members' => sub {
    my ($one, $two, $three) = map { made()->{id} } 1 .. 3;
    my $made = $acme->post('/Groups', group('Team',
        members => [{ value => $one }, { value => $two }]))->{json};
    my $path = "/Groups/$made->{id}";
    my @cases = (
        ['P-3.5.2.2-04: one by its value', [$two],
            { op => 'remove', path => qq(members[value eq "$one"]) }],
        ['P-3.5.2.2-04: the last one', [],
            { op => 'remove', path => qq(members[value eq "$two"]) }],
        ['P-3.5.2.1-05: some more', [$one, $two],
            { op => 'add', path => 'members',
                value => [{ value => $one }, { value => $two }] }],
        ['P-3.5.2.2-10: just those in the list (Entra)', [$two],
            { op => 'Remove', path => 'members',
                value => [{ value => $one }] }],
        ['P-3.5.2.3-03: all of them', [$one],
            { op => 'replace', path => 'members',
                value => [{ value => $one }] }],
        ['P-3.5.2.2-09: removed and added', [$two, $three],
            { op => 'remove', path => 'members' },
            { op => 'add', path => 'members',
                value => [{ value => $two }, { value => $three }] }],
        ['P-3.5.2.2-03: all of them', [],
            { op => 'remove', path => 'members' }],
    );
    for my $case (@cases) {
        my ($name, $want, @operations) = @$case;
        my $reply = $acme->patch($path, patch(@operations));
        is_status($reply, 204, $name);
        is $reply->{body}, '', '... without a body';
        my $group = $acme->get($path)->{json};
        is_deeply [sort map { $_->{value} } @{ $group->{members} // [] }],
            [sort @$want], '... are the members';
        # P-3.5.2.1-11, P-3.5.2-21
        is $reply->{headers}{etag}, $group->{meta}{version},
            '... in the version that the ETag says';
        is $reply->{headers}{location}, $group->{meta}{location},
            '... at the Location';
    }
    $acme->patch($path, patch({ op => 'add', path => 'members',
        value => [{ value => $one }] }));
    my $before = $acme->get($path)->{json};
    for my $case (
        ['P-3.5.2.1-09: who is there', { op => 'add', path => 'members',
            value => [{ value => $one }] }],
        ['P-3.5.2.2-08: who is not there', { op => 'remove',
            path => qq(members[value eq "$two"]) }],
    ) {
        is_status($acme->patch($path, patch($case->[1])), 204, $case->[0]);
        # P-3.5.2.1-10
        is_deeply $acme->get($path)->{json}, $before, '... changes nothing';
    }
    is_error($acme->patch($path, patch($_->[2])), 400, @$_[1, 0, 3]) for (
        ['S-4.2-04, S-7-13: a member is not edited', 'mutability',
            { op => 'replace', path => qq(members[value eq "$one"].value),
                value => $two }],
        ['P-3.5.2.2-07, S-4.2-01: displayName', 'mutability',
            { op => 'remove', path => 'displayName' }],
        ['S-4.2-06: an element of nothing', 'invalidValue',
            { op => 'add', path => 'members', value => [{}] }],
        ['S-2.3.7-04: nobody', 'invalidValue',
            { op => 'add', path => 'members', value => [{ value => $NOBODY }] },
            qr/\AOperations\[0\], "members": no user or group .*$NOBODY/],
        ['P-3.5.2-08: brackets in brackets', 'invalidPath',
            { op => 'remove', path => 'members[value eq 1].b.c' }],
    );
    # P-3.5.2-20: of several operations on members, the guilty ones are named.
    my $add = sub(@ids) { return { op => 'add', path => 'members',
        value => [map { { value => $_ } } @ids] } };
    my $other = $NOBODY =~ s/.\z/f/r;
    my $title = { op => 'replace', path => 'displayName', value => 'Team' };
    for (
        ['the second', qr/\AOperations\[1\], "members": no user .*$NOBODY;/,
            $title, $add->($NOBODY), { op => 'remove',
                path => qq(members[value eq "$one"]) }],
        ['the last', qr/\AOperations\[2\], "members\[.*: no user .*$NOBODY;/,
            { op => 'remove', path => qq(members[value eq "$NOBODY"]) },
            $title, { op => 'add', path => qq(members[value eq "$NOBODY"]),
                value => { value => $NOBODY } }],
        ['two of three', qr/\AOperations\[0\], "members"; Operations\[2\], "members"\Q: /,
            $add->($NOBODY), { op => 'remove',
                path => qq(members[value eq "$one"]) }, $add->($other)],
        ['the group itself', qr/\AOperations\[1\], "members": the group/,
            $add->($two), $add->($made->{id})],
        ['many', qr/\A(?:Operations\[\d\], "members"; ){5}\.\.\.: no user/,
            map { $add->($other =~ s/.\z/$_/r) } 1 .. 9],
    ) {
        my ($name, $detail, @operations) = @$_;
        is_error($acme->patch($path, patch(@operations)), 400, 'invalidValue',
            "unknown members: $name", $detail);
    }
    is_deeply $acme->get($path)->{json}, $before, 'refusals change nothing';
    my $reply = $acme->patch("$path?attributes=displayName",
        patch({ op => 'replace', path => 'externalId', value => 'e' }));
    is_status($reply, 200, 'P-3.5.2-22: with attributes there is a body');
    is_deeply [sort keys %{ $reply->{json} }],
        [qw(displayName id schemas)], '... of what was asked for';
};

subtest 'a taken value is told with its operation' => sub {
    made(userName => 'taken.name');
    my $path = '/Users/' . made()->{id};
    my $title = { op => 'replace', path => 'title', value => 'x' };
    my $told = qr/\AOperations\[1\], "userName": userName "Taken\.Name" is taken/;
    for my $name ({ path => 'userName', value => 'Taken.Name' },
        { value => { nickName => 'x', userName => 'Taken.Name' } }) {
        is_error($acme->patch($path, patch($title, { op => 'replace', %$name },
            $title)), 409, 'uniqueness', 'a userName', $told);
    }
};

# P-3.5-02
subtest 'a large group' => sub {
    my @ids = map { { value => made()->{id} } } 1 .. 3;
    my $id = $acme->post('/Groups', group('Large'))->{json}{id};
    $server->postgres->psql(<<"END");
        set session_replication_role = replica;
        insert into scim.group_users(org_id, group_id, user_id)
        select org_id, id, gen_random_uuid()
          from scim.groups, generate_series(1, 10000) where id = '$id'
END
    my $reply = $acme->patch("/Groups/$id", patch({ op => 'add',
        path => 'members', value => [$ids[0]] }));
    is_status($reply, 204, 'one more of 10,000 members');
    is $reply->{body}, '', '... without sending them back';
};

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

sub made(%other) {
    my $reply = $acme->post('/Users', user('p' . $n++, %base, %other));
    $reply->{status} == 201 or BAIL_OUT("POST: $reply->{body}");
    return $reply->{json};
}

# Without what changes with every version, and without what is unassigned.
sub essence($json) {
    my %rest = %$json;
    delete @rest{ qw(meta schemas), grep { !defined $rest{$_} } keys %rest };
    return \%rest;
}
