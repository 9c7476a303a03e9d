# Attributes of a schema file at every place where attributes matter: discovery,
# bodies, filters, projection, PATCH, uniqueness, tenants, the journal.

use v5.36;
use utf8;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Crowd qw(in_parallel);
use Scim::Process qw(slurp write_file);
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    JOB      => 'urn:example:scim:schemas:extension:employment:1.0:User',
    CITY     => 'urn:example:scim:City',
    TEAM     => 'urn:example:scim:Team',
    LOCKER   => 'urn:example:scim:Locker',
    SEAL     => 'urn:example:scim:Seal',
};

my $source = $ENV{SCIM_SOURCE} // "$FindBin::RealBin/..";
my $JSON = JSON::PP->new->utf8->canonical;
my $files = tempdir(CLEANUP => 1);
chmod 0755, $files;
write_file("$files/team.json", $JSON->encode({ id => TEAM, attributes => [
    { name => 'color', required => JSON::PP::true, returned => 'always' },
    { name => 'badge', uniqueness => 'server', type => 'integer' },
    { name => 'places', type => 'complex', subAttributes => [
        { name => 'room', required => JSON::PP::true,
            mutability => 'immutable' }, { name => 'seats', type => 'integer' },
    ] },
] }));

write_file("$files/city.json", '{"id": "' . CITY . '",'
    . ' "attributes": [{"name": "name", "uniqueness": "server"}]}');

my %secret = (mutability => 'writeOnly', returned => 'never',
    required => JSON::PP::true);
write_file("$files/locker.json", $JSON->encode({ id => LOCKER, attributes => [
    { name => 'number', required => JSON::PP::true },
    { name => 'code', %secret },
    { name => 'hint', %secret, required => JSON::PP::false },
    { name => 'color' },
    { name => 'keys', type => 'complex', multiValued => JSON::PP::true,
        subAttributes => [{ name => 'holder' }, { name => 'cut', %secret }] },
] }));
write_file("$files/seal.json", $JSON->encode({ id => SEAL, attributes => [
    { name => 'seal', %secret }] }));

my $server = Scim::Server->new(
    section => "ScimSchema $source/conf/employment.schema.json User\n"
        . "ScimSchema $files/team.json Group required\n",
    config => "ScimSchema $files/city.json User\n"
        . "<Location /plain>\nScimService scim\n</Location>\n"
        . "<Location /none>\nScimService scim\nScimSchema off\n</Location>\n"
        . "<Location /locker>\nScimService scim\n"
        . "ScimSchema $files/locker.json User\n"
        . "ScimSchema $files/seal.json Group required\n</Location>\n");
my $acme   = $server->organization('acme');
my $globex = $server->organization('globex');
my $strict = $server->organization('strict', install => ['--strict']);
my $plain = $acme->another(url => $server->url('acme')
    =~ s{/scim/v2}{/plain}r, path => '/plain/acme');
my $none = $acme->another(url => $server->url('acme')
    =~ s{/scim/v2}{/none}r, path => '/none/acme');

my ($locker, $strict_locker) = map { my $of = $_->organization;
    $_->another(url => $server->url($of) =~ s{/scim/v2}{/locker}r,
        path => "/locker/$of") } $acme, $strict;

my %job = (
    badge => 'B-17', contract => 'permanent', hired => '2024-02-29T08:00:00Z',
    remote => JSON::PP::true, floor => -3, weeklyHours => 38.5,
    handbook => 'https://example.com/rules#17', badgeKey => 'AAECAw==',
    skills => ['Welding', 'Français'], pin => '0815',
    certificates => [
        { value => 'First aid', type => 'safety',
            expires => '2027-01-01T00:00:00+02:00', primary => JSON::PP::true },
        { value => 'Deutsch B2', type => 'language' },
    ],
);

sub user($name, %job) {
    return { schemas => [USER, JOB], userName => $name, JOB, \%job };
}

sub patch(@operations) {
    return { schemas => [PATCH_OP], Operations => \@operations };
}

sub found($client, $filter, $type = 'Users') {
    my $reply = $client->get("/$type", { filter => $filter });
    return "$reply->{status} $reply->{json}{detail}" if $reply->{status} != 200;
    return join ' ', sort map { $_->{userName} // $_->{displayName} }
        @{ $reply->{json}{Resources} };
}

my $id;

subtest 'discovery' => sub {
    # S-7-01 S-7-03 S-7-05 S-7-06 S-6-06 S-6-07 S-2.3-01
    my $schema = $acme->get('/Schemas/' . JOB)->{json};
    my $file = $JSON->decode(slurp("$source/conf/employment.schema.json"));
    is $schema->{id}, JOB, 'the schema is there';
    is_deeply [map { $_->{name} } @{ $schema->{attributes} }],
        [map { $_->{name} } @{ $file->{attributes} }], '... with its attributes';
    my ($badge) = grep { $_->{name} eq 'badge' } @{ $schema->{attributes} };
    is_deeply $badge, { name => 'badge', type => 'string',
        multiValued => JSON::PP::false, required => JSON::PP::true,
        caseExact => JSON::PP::false, mutability => 'readWrite',
        returned => 'default', uniqueness => 'server',
        description => $file->{attributes}[0]{description} },
        'what the file leaves out is the default'; # S-2.2-01
    my ($key) = grep { $_->{name} eq 'badgeKey' } @{ $schema->{attributes} };
    is $key->{caseExact}, JSON::PP::true, 'a binary is case-exact'; # S-2.3.6-04
    my $all = $acme->get('/Schemas')->{json};
    is scalar(grep { $_->{id} eq JOB } @{ $all->{Resources} }), 1,
        'it is among all';
    is $all->{totalResults}, scalar @{ $all->{Resources} }, '... which count';
    my $type = $acme->get('/ResourceTypes/User')->{json};
    is_deeply [grep { $_->{schema} eq JOB } @{ $type->{schemaExtensions} }],
        [{ schema => JOB, required => JSON::PP::false }], 'User names it';
    is_deeply $acme->get('/ResourceTypes/Group')->{json}{schemaExtensions},
        [{ schema => TEAM, required => JSON::PP::true }],
        'Group requires its own'; # S-6-08
    my @knows = map { my $client = $_; join ' ', map {
        $client->get("/Schemas/$_")->{status} } JOB, TEAM, CITY }
        $acme, $plain, $none;
    is_deeply \@knows, ['200 200 404', '404 404 200', '404 404 404'],
        'a section has its own files, or those of the server, or none';
};

subtest 'a round trip of every type' => sub {
    # S-3-08 S-3-09 S-3.3-02 S-3.3-04 S-2.3-02 S-2.3.1-01 S-2.3.2-01 S-2.3.3-01
    # S-2.3.4-01 S-2.3.5-01 S-2.3.6-01 S-2.4-01
    my $made = $acme->post('/Users', user('ann', %job));
    is $made->{status}, 201, 'made' or diag $made->{body};
    $id = $made->{json}{id};
    is_deeply $made->{json}{schemas}, [USER, JOB], 'the extension is named';
    my %shown = %job;
    delete $shown{pin};
    is_deeply $made->{json}{ +JOB }, \%shown, 'the answer has what was given';
    delete $shown{badgeKey};
    my $read = $acme->get("/Users/$id")->{json};
    is_deeply $read->{ +JOB }, \%shown, 'so has a GET, without the rest';
    is_deeply $acme->get('/Users', { filter => 'userName eq "ann"' })
        ->{json}{Resources}[0], $read, 'and a list';
    my $odd = $acme->post('/Users', { schemas => [USER, uc JOB],
        userName => 'odd', lc JOB, { BADGE => 'B-18', Floor => 1 },
        'urn:example:unknown' => { a => 1 } });
    is $odd->{status}, 201, 'URNs and names have no case'; # S-2.1-01
    is_deeply $odd->{json}{ +JOB }, { badge => 'B-18', floor => 1 },
        '... and come back as the schema spells them';
    is $odd->{json}{'urn:example:unknown'}, undef, 'unknown URNs are ignored';
    for my $query (undef, { attributes => 'userName' },
        { excludedAttributes => 'emails' }) {
        my $seen = $plain->get("/Users/$id", $query)->{json};
        is_deeply [$seen->{userName}, $seen->{schemas}, $seen->{ +JOB }],
            ['ann', [USER], undef],
            'a section without the extension serves the user without it';
    }
};

subtest 'what is refused' => sub {
    my @refused = (
        [{ badge => 'x', floor => 1.5 }, 'floor', 'an integer'], # S-2.3.4-01
        [{ badge => 'x', floor => '1' }, 'floor', 'an integer'],
        [{ badge => 'x', weeklyHours => 'many' }, 'weeklyHours', 'a number'],
        [{ badge => 'x', remote => 'perhaps' }, 'remote', 'true or false'],
        [{ badge => 'x', hired => '2024-02-30T08:00:00Z' }, 'hired',
            'a dateTime'],
        [{ badge => 'x', badgeKey => '???' }, 'badgeKey', 'base64'],
        [{ badge => 'x', contract => {} }, 'contract', 'a string'],
        [{ badge => 'x', skills => [[]] }, 'skills[0]', 'a string'],
        [{ badge => 'x', certificates => ['x'] }, 'certificates[0]',
            'an object'],
        [{ badge => 'x', certificates => [{ type => 'other' }] },
            'certificates.value', 'is required'],
        [{ badge => 'x', certificates => [map { { value => $_,
            primary => JSON::PP::true } } 1, 2] }, 'certificates', # S-2.4-03
            'primary'],
        [{ contract => 'external' }, 'badge', 'is required'],
        [{ badge => 'x' x 1025 }, 'badge', 'longer than 1024'],
        ['x', '', 'must be an object'],
    );
    for (@refused) {
        my ($value, $path, $rule) = @$_;
        my $reply = $acme->post('/Users', { schemas => [USER, JOB],
            userName => 'no', JOB, $value });
        is "$reply->{status} $reply->{json}{scimType}", '400 invalidValue',
            "$path: $rule" or diag $reply->{body};
        my $name = JOB . ($path eq '' ? '' : ":$path");
        like $reply->{json}{detail}, qr/\Q$name\E".*\Q$rule\E/, '... by its path';
    }
    is $acme->post('/Users', { schemas => [USER], userName => 'bare' })
        ->{status}, 201, 'nothing is required of who has none of it'; # S-6-08
    my $reply = $strict->post('/Users', user('s', badge => 'x',
        handbook => 'no URI'));
    is $reply->{status}, 400, 'a strict app asks for URIs'; # S-2.3.7-01
};

subtest 'filters' => sub {
    # P-3.10-01 P-3.4.2.2-38 S-7-08 S-7-16 S-2.3.5-02
    my $j = JOB;
    my %filter = (
        qq($j:badge eq "b-17")                    => 'ann',
        qq(\U$j\E:BADGE eq "B-17")                => 'ann',
        qq($j:badge sw "b-")                      => 'ann odd',
        qq($j:floor lt 0)                         => 'ann',
        qq($j:floor ge -3 and $j:floor le 1)      => 'ann odd',
        qq($j:floor ne -3)                        => 'bare odd',
        qq($j:weeklyHours gt 38.4999)             => 'ann',
        qq($j:weeklyHours eq 3.85e1)              => 'ann',
        qq($j:remote eq true)                     => 'ann',
        qq($j:remote ne true)                     => 'bare odd',
        qq($j:hired eq "2024-02-29T09:00:00+01:00") => 'ann',
        qq($j:hired lt "2024-02-29T08:00:00.001Z") => 'ann',
        qq($j:handbook ew "#17")                  => 'ann',
        qq($j:badgeKey eq "AAECAw==")             => 'ann',
        qq($j:badgeKey eq "aaecaw==")             => '',
        qq($j:skills eq "FRANÇAIS")               => 'ann',
        qq($j:skills co "eld" and not ($j:skills eq "x")) => 'ann',
        qq($j:certificates.type eq "SAFETY")      => 'ann',
        qq($j:certificates co "first")            => 'ann',
        qq($j:certificates[type eq "language" and value sw "deu"]) => 'ann',
        qq($j:certificates[type eq "language" and value sw "fir"]) => '',
        qq($j:certificates[expires gt "2026-12-31T21:59:59Z"]) => 'ann',
        qq($j:certificates[primary eq true].value eq "first aid") => 'ann',
        qq(schemas eq "$j")                       => 'ann odd',
        qq($j:contract eq null and userName pr)   => 'bare odd',
        qq(floor eq 1)                            => 'odd', # named by it alone
        qq($j:badge eq "b-17" or userName eq "bare") => 'ann bare',
    );
    is found($acme, $_), $filter{$_}, $_ for sort keys %filter;
    for my $filter (qq($j:nothing eq 1), qq($j:floor eq "x"),
        qq($j:remote gt true), qq($j:certificates eq 1),
        qq($j:floor co 1), qq($j:badgeKey gt "A"), qq($j pr),
        qq($j:pin eq "0815"), qq($j:pin pr)) {
        like found($acme, $filter), qr/\A400 /, "$filter is refused";
    }
    like found($plain, qq($j:badge eq "b-17")), qr/\A400 /,
        'a section without it refuses them all';
};

subtest 'sorting' => sub {
    my %sorted = (floor => 'ann odd bare', weeklyHours => 'ann odd bare',
        badge => 'ann odd bare', 'certificates.value' => 'ann odd bare',
        skills => 'ann odd bare');
    for my $by (sort keys %sorted) {
        my $reply = $acme->get('/Users', { sortBy => JOB . ":$by" });
        is join(' ', map { $_->{userName} } @{ $reply->{json}{Resources} }),
            $sorted{$by}, "by $by" or diag $reply->{body};
    }
};

subtest 'projection' => sub {
    # P-3.9-09 S-7-15 S-7-16 S-7-17 S-7-18
    my $get = sub (%query) {
        return $acme->get("/Users/$id", \%query)->{json};
    };
    is_deeply $get->(attributes => JOB . ':badge'), { id => $id,
        schemas => [USER, JOB], JOB, { badge => 'B-17' } }, 'one attribute';
    is_deeply $get->(attributes => JOB . ':certificates.type')->{ +JOB },
        { certificates => [{ type => 'safety' }, { type => 'language' }] },
        'a sub-attribute';
    is_deeply [sort keys %{ $get->(attributes => JOB)->{ +JOB } }],
        [sort grep { $_ ne 'pin' } keys %job], 'all of the extension by its URN';
    is $get->(attributes => JOB . ':badgeKey')->{ +JOB }{badgeKey}, 'AAECAw==',
        'what is returned on request';
    is $get->(attributes => JOB . ':pin')->{ +JOB }, undef,
        'never is never';
    my $rest = $get->(excludedAttributes => JOB . ':badge,' . JOB . ':skills');
    is $rest->{ +JOB }{badge}, undef, 'excluded';
    is $rest->{ +JOB }{floor}, -3, '... and the others stay';
    is $get->(excludedAttributes => JOB)->{ +JOB }, undef, 'excluded as a whole';
};

subtest 'PATCH' => sub {
    # P-3.5.2-16 S-3-09 S-7-13 S-7-14
    my $user = $acme->post('/Users', { schemas => [USER], userName => 'pat' });
    my $path = "/Users/$user->{json}{id}";
    my $job = sub (@operations) {
        my $reply = $acme->patch($path, patch(@operations));
        return $reply->{status} == 200 ? $reply->{json}{ +JOB }
            : "$reply->{status} $reply->{json}{scimType}";
    };
    is $job->({ op => 'add', path => JOB . ':floor', value => 2 }),
        '400 invalidValue', 'a first attribute needs the required one';
    is_deeply $job->({ op => 'add', path => JOB . ':badge', value => 'P-1' },
        { op => 'add', path => lc(JOB) . ':FLOOR', value => 2 }),
        { badge => 'P-1', floor => 2 }, 'by paths';
    is_deeply $acme->get($path)->{json}{schemas}, [USER, JOB],
        '... which name the schema';
    is_deeply $job->({ op => 'replace', value => { JOB . ':contract' => 'external',
        JOB, { remote => 'True', skills => ['a'] } } }),
        { badge => 'P-1', floor => 2, contract => 'external',
            remote => JSON::PP::true, skills => ['a'] }, 'by keys of a value';
    is_deeply $job->({ op => 'add', path => JOB,
        value => { skills => ['b', 'a'], hired => '2020-01-01T00:00:00Z' } })
        ->{skills}, ['a', 'b'], 'by the URN as the path';
    is $job->({ op => 'replace', path => JOB . ':hired',
        value => '2021-01-01T00:00:00Z' }), '400 mutability',
        'immutable stays'; # S-7-13
    is $job->({ op => 'remove', path => JOB . ':badge' }), '400 mutability',
        'required stays';
    is_deeply $job->({ op => 'replace', path =>
        JOB . ':certificates[type eq "other"].value', value => 'Knots' })
        ->{certificates}, [{ value => 'Knots', type => 'other' }],
        'an element is made';
    is_deeply $job->({ op => 'replace', path =>
        JOB . ':certificates[value eq "knots"].expires',
        value => '2030-01-01T00:00:00Z' })->{certificates}[0]{expires},
        '2030-01-01T00:00:00Z', '... and changed by a filter';
    is $job->({ op => 'remove', path => JOB . ':certificates.value' }),
        '400 mutability', 'a required sub-attribute stays';
    is_deeply $job->({ op => 'remove', path => JOB . ':certificates' },
        { op => 'remove', path => JOB . ':skills', value => ['b'] })->{skills},
        ['a'], 'removed, by a list of values too';
    is $job->({ op => 'add', path => JOB . ':nothing', value => 1 }),
        '400 invalidPath', 'an unknown attribute';
    is $job->({ op => 'add', path => JOB . ':badgeKey', value => 'AA==' })
        ->{badgeKey}, 'AA==', 'what was given comes back once'; # S-7-18
    is $acme->get($path)->{json}{ +JOB }{badgeKey}, undef, '... and not again';
    my $version = $acme->get($path)->{json}{meta}{version};
    $job->({ op => 'replace', path => JOB . ':floor', value => 2 });
    is $acme->get($path)->{json}{meta}{version}, $version,
        'the same value changes nothing';
    is $job->({ op => 'remove', path => JOB }), '400 mutability',
        'not as a whole either: a part of it is immutable';
    $user = $acme->post('/Users', user('pam', badge => 'P-2'));
    $path = "/Users/$user->{json}{id}";
    is $job->({ op => 'remove', path => JOB }), undef, 'the whole extension';
    is_deeply $acme->get($path)->{json}{schemas}, [USER], '... and its URN';
};

subtest 'PUT' => sub {
    # S-7-13 S-7-14 S-7-E8281
    my $put = $acme->put("/Users/$id", user('ann', badge => 'B-17'));
    is $put->{status}, 200, 'replaced' or diag $put->{body};
    is_deeply $put->{json}{ +JOB }, { badge => 'B-17', hired => $job{hired} },
        'immutable stays, the rest goes';
    is $server->postgres->psql(q{select body::json -> '} . JOB . q{' ->> 'pin'
        from scim.users where user_name = 'ann'}), '0815', '... writeOnly stays';
    my $reply = $acme->put("/Users/$id", user('ann', badge => 'B-17',
        hired => '2025-01-01T00:00:00Z'));
    is "$reply->{status} $reply->{json}{scimType}", '400 mutability',
        'another first day is refused';
    $reply = $acme->put("/Users/$id", user('ann', contract => 'external'));
    is $reply->{status}, 400, 'required is required';
    is $acme->put("/Users/$id", user('ann', %job))->{status}, 200,
        'all of it again';
};

sub locker($name, %values) {
    return { schemas => [USER, LOCKER], userName => $name, LOCKER, \%values };
}

# Of the stored row, as nobody can read it.
sub stored($name) {
    return $JSON->decode($server->postgres->psql(q{select body::json -> '}
        . LOCKER . qq{' from scim.users where user_name = '$name'
        and body::text like '%Locker%'}) || '{}');
}

subtest 'PUT of what nobody can read' => sub {
    # P-3.5.1-04 P-3.5.1-05 P-3.5.1-06 P-3.5.1-10
    my %full = (number => '7', code => 'c7', hint => 'h7', color => 'red',
        keys => [{ holder => 'ann', cut => 'k1' },
            { holder => 'bob', cut => 'k2' }]);
    is $locker->post('/Users', locker('amy', number => '1'))->{status}, 400,
        'a new one needs it';
    my $made = $locker->post('/Users', locker('amy', %full));
    is $made->{status}, 201, 'made' or diag $made->{body};
    my $path = "/Users/$made->{json}{id}";
    my $put = $locker->put($path, $made->{json});
    is $put->{status}, 200, 'what was read can be sent back'
        or diag $put->{body};
    is_deeply stored('amy'), \%full, '... and nothing is lost';
    is $put->{headers}{etag}, $made->{headers}{etag}, '... nor changed';
    $put = $locker->put($path, locker('amy', number => '8',
        keys => [{ holder => 'bob' }]));
    is $put->{status}, 200, 'another number' or diag $put->{body};
    is_deeply stored('amy'), { number => '8', code => 'c7', hint => 'h7',
        keys => [{ holder => 'bob', cut => 'k2' }] },
        '... the code stays, the color goes, a key is known by its holder';
    $put = $locker->put($path, { schemas => [USER], userName => 'amy' });
    is $put->{status}, 200, 'a client that does not know the extension'
        or diag $put->{body};
    is_deeply stored('amy'), { number => '8', code => 'c7', hint => 'h7' },
        '... leaves what it cannot read, and what that needs';
    is_deeply [map { "$_->{code} $_->{path}" } map { @{ $_->{changes}{warnings} } }
        $JSON->decode($server->postgres->psql(q{select json_build_object(
            'changes', changes) from scim.journal where action = 'replace'
            order by at desc, seq desc limit 1}))], ['requiredLeftOut ' . LOCKER],
        '... which is a warning';
    $put = $locker->put($path, locker('amy', number => '8', hint => undef));
    is $put->{status}, 200, 'null ends' or diag $put->{body};
    is_deeply stored('amy'), { number => '8', code => 'c7' }, '... what it names';
    my $reply = $locker->put($path, locker('amy', number => '8', code => undef));
    is "$reply->{status} $reply->{json}{scimType}", '400 invalidValue',
        'but nothing that is required';
    like $reply->{json}{detail}, qr/\Q@{[LOCKER]}\E:code" is required/, '... by name';
    $reply = $locker->put($path, locker('amy', code => 'c9'));
    is $reply->{status}, 400, 'what can be read is required as ever';
    $reply = $locker->put($path, locker('amy', number => '8',
        keys => [{ holder => 'cid' }]));
    like $reply->{json}{detail}, qr/keys\.cut" is required/, 'a new key needs its cut';
    my $bare = $locker->post('/Users', { schemas => [USER], userName => 'bea' });
    is $locker->put("/Users/$bare->{json}{id}", locker('bea', number => '9'))
        ->{status}, 400, 'where there is no code yet, it is missing';
    my $group = $locker->post('/Groups', { schemas => [GROUP, SEAL],
        displayName => 'Sealed', SEAL, { seal => 's' } });
    is $locker->put("/Groups/$group->{json}{id}", $group->{json})->{status}, 200,
        'a required extension that nobody can read' or diag $group->{body};
    is $locker->post('/Groups', { schemas => [GROUP], displayName => 'Open' })
        ->{status}, 400, '... is required all the same';
    $made = $strict_locker->post('/Users', locker('amy', %full));
    $reply = $strict_locker->put("/Users/$made->{json}{id}", $made->{json});
    is "$reply->{status} $reply->{json}{scimType}", '400 invalidValue',
        'a strict app has to send what is required';
    like $reply->{json}{detail}, qr/code" is required in each PUT.*requiredLeftOut/,
        '... and is told so';
    is $strict_locker->put("/Users/$made->{json}{id}", { schemas => [USER],
        userName => 'amy' })->{status}, 400, '... of what is left out as a whole, too';
};

subtest 'values of one owner' => sub {
    # S-7-20 S-7-E8279 S-7-22
    my $reply = $acme->post('/Users', user('bob', badge => 'b-17'));
    is "$reply->{status} $reply->{json}{scimType}", '409 uniqueness',
        'a taken value, in whatever case' or diag $reply->{body};
    like $reply->{json}{detail}, qr/\Q@{[JOB]}\E:badge/, '... with its path';
    is $acme->get('/Users', { filter => 'userName eq "bob"' })
        ->{json}{totalResults}, 0, '... and nothing is left behind';
    my $bob = $acme->post('/Users', user('bob', badge => 'B-20'))->{json}{id};
    $reply = $acme->patch("/Users/$bob", patch({ op => 'replace',
        path => JOB . ':badge', value => 'B-17' }));
    is "$reply->{status} $reply->{json}{scimType}", '409 uniqueness', 'by PATCH';
    like $reply->{json}{detail}, qr/\AOperations\[0\], "[^"]*:badge": The value/,
        '... with its operation';
    is $acme->put("/Users/$bob", user('bob', badge => 'B-17'))->{status}, 409,
        'by PUT';
    is $acme->patch("/Users/$bob", patch({ op => 'replace',
        path => JOB . ':badge', value => 'b-20' }))->{status}, 200,
        'a value of its own';
    is $server->app('acme', app => 'Other')->post('/Users',
        user('eve', badge => 'B-17'))->{status}, 409,
        'whatever app of the organization it has';
    is $globex->post('/Users', user('ann', badge => 'B-17'))->{status}, 201,
        'another organization has values of its own';
    is $acme->patch("/Users/$bob", patch({ op => 'replace',
        path => JOB . ':badge', value => 'B-21' }))->{status}, 200, 'changed';
    is $acme->post('/Users', user('cid', badge => 'B-20'))->{status}, 201,
        '... and the old one is free';
    is $acme->delete("/Users/$bob")->{status}, 204, 'deleted';
    is $acme->post('/Users', user('dan', badge => 'B-21'))->{status}, 201,
        '... and its value is free';
    my @groups = map { $acme->post('/Groups', { schemas => [GROUP, TEAM],
        displayName => "G$_", TEAM, { color => 'red', badge => 7 } }) } 1, 2;
    is_deeply [map { $_->{status} } @groups], [201, 409], 'groups, and numbers';
};

subtest 'values of one owner, asked for at the same time' => sub {
    my @replies = in_parallel(8, sub ($n) {
        my $client = $acme->another;
        return join ' ', map { $client->post('/Users', user("race$n-$_",
            badge => "R-$_"))->{status} } 1 .. 10;
    });
    my %count;
    $count{$_}++ for map { split } @replies;
    is_deeply \%count, { 201 => 10, 409 => 70 }, 'one gets it';
    # Two who exchange their values wait for each other; one is told so.
    my @ids = map { $acme->post('/Users', user("swap$_", badge => "S-$_"))
        ->{json}{id} } 0, 1;
    my @swaps = in_parallel(2, sub ($n) {
        my $client = $acme->another;
        return join ' ', map { $client->patch("/Users/$ids[$n]", patch({
            op => 'replace', path => JOB . ':badge',
            value => 'S-' . ($n + $_) % 2 }))->{status} } 1 .. 20;
    });
    like "@swaps", qr/\A(?:200|409|[ ])+\z/, 'nobody fails' or diag @swaps;
    is $server->postgres->psql(q{select count(*) from scim.users u
        join scim.unique_values v on v.org_id = u.org_id and v.id = u.id
        where u.user_name like 'swap%' and v.value
        = lower(u.body::json -> '} . JOB . q{' ->> 'badge')}), 2,
        'each has what it shows';
};

subtest 'groups' => sub {
    my $bare = $acme->post('/Groups', { schemas => [GROUP],
        displayName => 'bare' });
    is $bare->{status}, 400, 'the required extension is required'; # S-6-08
    like $bare->{json}{detail}, qr/extension "\Q@{[TEAM]}\E" is required/,
        '... by its name';
    my $made = $acme->post('/Groups', { schemas => [GROUP, TEAM],
        displayName => 'Team', members => [{ value => $id }],
        TEAM, { color => 'blue', places => { room => '1a', seats => 4 } } });
    is $made->{status}, 201, 'with it' or diag $made->{body};
    my $path = "/Groups/$made->{json}{id}";
    is_deeply $acme->get($path, { attributes => 'displayName' })->{json},
        { schemas => [GROUP, TEAM], id => $made->{json}{id},
            displayName => 'Team', TEAM, { color => 'blue' } },
        'always is always'; # S-7-15
    is found($acme, TEAM . ':places.seats gt 3', 'Groups'), 'Team', 'found by it';
    is $acme->patch($path, patch({ op => 'replace', path => TEAM . ':places.room',
        value => '2b' }))->{status}, 400, 'an immutable sub-attribute';
    is $acme->put($path, { schemas => [GROUP, TEAM], displayName => 'Team',
        TEAM, { color => 'blue', places => { room => '2b' } } })->{status}, 400,
        '... by PUT';
    is $acme->patch($path, patch({ op => 'add', path => TEAM . ':color',
        value => 'green' }, { op => 'add', path => 'members',
        value => [{ value => $id }] }))->{status}, 204, 'both at once';
    is $acme->patch($path, patch({ op => 'remove', path => TEAM }))->{status},
        400, 'a required extension stays';
    my $now = $acme->get($path)->{json};
    is $now->{ +TEAM }{color}, 'green', 'changed';
    is scalar @{ $now->{members} }, 1, '... beside its member';
};

subtest 'other organizations and the journal' => sub {
    is found($globex, JOB . ':badge pr'), 'ann', 'globex finds its own';
    is $globex->get("/Users/$id")->{status}, 404, '... and nobody else';
    is $server->postgres->psql(q{select count(*) from scim.journal
        where changes::text like '%0815%' or detail like '%0815%'}), 0,
        'what is never returned is not in the journal'; # S-7-14
    cmp_ok $server->postgres->psql(q{select count(*) from scim.journal
        where changes::text like '%First aid%'}), '>', 0, '... the rest is';
};

subtest 'writes of a section that does not know the extension' => sub {
    my $path = '/Users/' . $acme->post('/Users',
        user('joe', %job, badge => 'J-1', pin => '4711'))->{json}{id};
    my $before = $acme->get($path)->{json};
    for my $reply ($plain->patch($path, patch({ op => 'add', path => 'title',
        value => 'x' })), $plain->put($path, { schemas => [USER, CITY],
        userName => 'joe', active => JSON::PP::false,
        CITY, { name => 'Oslo' } })) {
        is $reply->{status}, 200, 'a write' or diag $reply->{body};
        is $reply->{json}{ +JOB }, undef, '... does not show it';
    }
    my $after = $acme->get($path)->{json};
    is_deeply [$after->{active}, $after->{ +JOB }, $after->{schemas}],
        [JSON::PP::false, $before->{ +JOB }, [USER, JOB]], '... and keeps it';
    is_deeply $plain->get($path)->{json}{ +CITY }, { name => 'Oslo' },
        'each has its own';
    is found($acme, JOB . ':badge eq "j-1" and ' . JOB . ':skills eq "welding"'),
        'joe', 'filters still find it';
    for my $name ('Oslo', 'Bergen') { # whose values change, and whose do not
        $plain->patch($path, patch({ op => 'add', path => CITY . ':name',
            value => $name }));
        is $acme->post('/Users', user('jim', badge => 'J-1'))->{status}, 409,
            'values stay taken';
    }
    is $plain->delete($path)->{status}, 204, 'deleted';
    is $server->postgres->psql(q{select count(*) from scim.journal
        where changes::text like '%4711%'}), 0,
        'the journal does not show what is never returned';
    is $acme->post('/Users', user('jim', badge => 'J-1'))->{status}, 201,
        'values are free';
};

subtest 'a reload' => sub {
    $server->configure(section => "ScimSchema off\n");
    $server->graceful;
    is $acme->get('/Schemas/' . JOB)->{status}, 404, 'without the files';
    is $acme->patch("/Users/$id", patch({ op => 'replace', path => 'title',
        value => 'x' }))->{status}, 200, 'users are still served';
    $server->configure(
        section => "ScimSchema $source/conf/employment.schema.json User\n");
    $server->graceful;
    is $acme->get("/Users/$id")->{json}{ +JOB }{badge}, 'B-17',
        'with them, everything is there again';
    is $acme->post('/Users', user('fay', badge => 'B-17'))->{status}, 409,
        '... and taken';
};

$server->stop;
done_testing;
