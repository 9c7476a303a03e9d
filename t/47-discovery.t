# What the service says of itself, rule by rule: RFC 7644, 4, and RFC 7643, 5
# to 8. That it is true is shown beside it, or by the tests of each feature.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Answer;
use Scim::Server;
use Test::More;

my $SCHEMAS = 'urn:ietf:params:scim:schemas:core:2.0:';
my $server = Scim::Server->new(section => 'ScimMaxResults 3');
my $acme = $server->organization('acme');
my @users = map { $acme->post('/Users', user("disc.$_"))->{json} } 1 .. 4;

subtest '/ServiceProviderConfig' => \&config;
subtest '/ResourceTypes' => \&types;
subtest '/Schemas' => \&schemas;
subtest 'characteristics' => \&characteristics;
subtest 'lists' => \&lists;

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

sub config() {
    my $reply = $acme->get('/ServiceProviderConfig');
    my $json = $reply->{json};
    is_status($reply, 200, 'P-4-E4978, S-8.5-E4979: without an s');
    is_error($acme->get('/ServiceProviderConfigs'), 404, undef,
        'P-4-E4978: ... and not with one');
    is_deeply $json->{schemas}, ["${SCHEMAS}ServiceProviderConfig"],
        'P-4-01: one object, no list';
    is_deeply $json->{meta}, { resourceType => 'ServiceProviderConfig',
        location => $acme->url . '/ServiceProviderConfig' }, 'S-5-12: meta';
    is $json->{documentationUri}, undef, 'S-5-02: none, and none is shown';
    for my $feature (qw(patch bulk filter changePassword sort etag)) {
        is ref $json->{$feature}{supported}, 'JSON::PP::Boolean',
            "S-5-03 to S-5-08: $feature.supported"; # S-5-06, S-5-07
    }
    # S-5-04
    like $json->{bulk}{$_}, qr/\A\d+\z/, "S-5-04: bulk.$_"
        for qw(maxOperations maxPayloadSize);
    unlike $reply->{body}, qr/"max\w+":"/, '... numbers, no texts';
    ok $json->{patch}{supported}, 'P-3.5-03, S-5-03, P-3.5.2-01: PATCH is';
    is_status($acme->patch("/Users/$users[0]{id}", patch()), 200, '... served');
    ok $json->{filter}{supported}, 'P-3.4.2.2-01, S-5-05: filters are';
    is $acme->get('/Users', { filter => 'userName eq "disc.1"' })->{json}
        {totalResults}, 1, '... served';
    is $json->{filter}{maxResults}, 3, 'S-5-05: as ScimMaxResults says';
    is scalar @{ $acme->get('/Users', { count => 100 })->{json}{Resources} },
        3, '... and does';
    is $json->{pagination}{$_}, 3, "C-4-04, C-4-05: pagination.$_"
        for qw(defaultPageSize maxPageSize);
    for my $query ({}, { count => 100 }, { cursor => '' },
        { cursor => '', count => 100 }) {
        is scalar @{ $acme->get($_, $query)->{json}{Resources} }, 3,
            "C-2-06, C-2.1-04, C-4-04, C-4-05, P-3.4.2.1-04: $_ gives as many"
            for '/Users', '/';
    }
    ok $json->{etag}{supported}, 'S-5-08, P-3.14-01: versions are';
    like $acme->get("/Users/$users[0]{id}")->{headers}{etag}, qr/./,
        '... shown';
    my @schemes = @{ $json->{authenticationSchemes} };
    is_deeply [map { $_->{type} } @schemes], ['oauthbearertoken'],
        'S-5-09: bearer tokens';
    is_deeply [grep { !length $schemes[0]{$_} } qw(type name description)], [],
        '... with name and description';
    like $schemes[0]{specUri}, qr/rfc6750/, 'S-5-10: by RFC 6750';
    ok $schemes[0]{primary}, 'S-5-E7921: primary may be said';
    is_error($acme->get('/ServiceProviderConfig', undef,
        Authorization => undef), 401, undef,
        'P-4-10, S-5-11: not without a token, which is always a bearer one');
    is_error($acme->put('/ServiceProviderConfig', $json), 405, undef,
        'S-5-01: nothing to write');
    is $json->{securityEvents}, undef, 'E-1-01, E-4-01: no events';
    is_status($acme->put("/Users/$users[0]{id}", $users[0],
        Prefer => 'respond-async'), 200, 'E-2.5.1.1-01: nor asynchronous work');
    return;
}

sub types() {
    my $json = $acme->get('/ResourceTypes')->{json};
    is_deeply $json->{schemas}, [LIST], 'P-4-04, P-4-06: a list';
    my %by_name = map { $_->{name} => $_ } @{ $json->{Resources} };
    is_deeply [sort keys %by_name], [qw(Group User)],
        'P-4-04, S-6-E8362: each once';
    is $json->{itemsPerPage}, scalar @{ $json->{Resources} },
        'P-4-E6010: itemsPerPage counts them';
    for my $name (sort keys %by_name) {
        my $type = $by_name{$name};
        is_deeply $type->{schemas}, ["${SCHEMAS}ResourceType"],
            "S-6-01: $name";
        is $type->{id}, $name, 'S-6-02: the id is the name';
        like $type->{description}, qr/./, 'S-6-04: a description';
        is $type->{endpoint}, "/${name}s",
            'S-6-05, P-4-E8365, P-3.2-04: an endpoint';
        is_deeply $acme->get("/ResourceTypes/$name")->{json}, $type,
            'P-4-05: alone as in the list';
        is $type->{meta}{location}, $acme->url . "/ResourceTypes/$name",
            '... at its location';
        my $made = $acme->post($type->{endpoint}, { schemas => [
            $type->{schema} ], userName => "by.$name",
            displayName => "By $name" })->{json};
        is $made->{meta}{resourceType}, $name,
            'S-6-03: the name is what meta.resourceType says';
        is $made->{schemas}[0], $type->{schema},
            'S-3.3-05, S-3.2-01: the schema is what its resources name';
        is_status($acme->get("/Schemas/$_->{schema}"), 200,
            "S-6-06, S-6-07, S-3.2-01, S-7-01: $_->{schema}")
            for $type, @{ $type->{schemaExtensions} };
    }
    is_deeply $by_name{User}{schemaExtensions}, [{ schema => ENTERPRISE,
        required => JSON::PP::false }], 'S-6-07: an extension, not required';
    is_status($acme->post('/Users', user('no.extension')), 201,
        'S-6-08: ... and may be left out');
    is_error($acme->get('/ResourceTypes/None'), 404, undef, 'P-4-05: no other');
    return;
}

sub schemas() {
    my $json = $acme->get('/Schemas')->{json};
    is_deeply $json->{schemas}, [LIST], 'P-4-02, P-4-06, S-1.2-02: a list';
    my @all = @{ $json->{Resources} };
    is $json->{totalResults}, scalar @all, '... counted';
    my %by_id = map { $_->{id} => $_ } @all;
    my @service = map { "$SCHEMAS$_" }
        qw(ResourceType Schema ServiceProviderConfig);
    is_deeply [sort keys %by_id], [sort { $a cmp $b } USER, GROUP, ENTERPRISE,
        @service], 'P-4-02, S-10.4-01, S-8.7.2-01: of all there is';
    unlike $_, qr/^urn:(?!ietf:params:scim:schemas:)/,
        'S-10.3.1-01: no name of our own' for keys %by_id;
    for my $schema (@all) {
        my $id = $schema->{id};
        is_deeply $acme->get("/Schemas/$id")->{json}, $schema,
            "P-4-03: $id alone as in the list";
        is_deeply $schema->{schemas}, ["${SCHEMAS}Schema"],
            'S-7-03, S-8.7.1-E5999: schemas';
        is_deeply $schema->{meta}, { resourceType => 'Schema',
            location => $acme->url . "/Schemas/$id" }, 'S-8.7.1-E5999: meta';
        is_deeply [grep { !length($schema->{$_} // '') } qw(name description)],
            [], 'S-7-03: name and description';
        sound($schema->{attributes}, $id);
    }
    is_status($acme->get('/Schemas/' . uc USER), 200, 'a URN in any case');
    is_error($acme->get('/Schemas/urn:x'), 404, undef, 'P-4-03: no other');
    # S-8.7.1-01: t/unit/schema.c compares all with RFC 7643
    is_error($acme->put('/Schemas/' . USER, {}), 405, undef,
        'S-7-02: nothing to write');
    is_deeply [map { $_->{name} } grep { /^(?:id|externalId|meta|schemas)$/ }
        map { $_->{name} } map { @{ $_->{attributes} } } @by_id{ +USER, GROUP }],
        [], 'S-3.1-03: common attributes are in none';
    # S-7-01: what resources name
    my %named = map { $_ => 1 } map { @{ $_->{schemas} } }
        map { @{ $acme->get($_)->{json}{Resources} } }
        qw(/Users /Groups /Schemas /ResourceTypes);
    is_deeply [grep { !$by_id{$_} } keys %named], [],
        'S-7-01: each URN that a resource names is there';
    return;
}

# What each attribute must say, and only where it means something.
sub sound($attributes, $path) {
    for my $attribute (@$attributes) {
        my $at = "$path:$attribute->{name}";
        my $type = $attribute->{type};
        my $is_complex = $type eq 'complex';
        my @missing = grep { !exists $attribute->{$_} } qw(name type
            multiValued description required mutability returned),
            $type =~ /string|reference|binary/ ? 'caseExact' : (),
            $type =~ /complex|boolean/ ? () : 'uniqueness',
            $type eq 'reference' ? 'referenceTypes' : (), # S-2.3.7-05
            $is_complex ? 'subAttributes' : ();
        is_deeply \@missing, [], "S-7-06, S-7-05, S-7-04: $at is described";
        my @odd = grep { exists $attribute->{$_} }
            $is_complex ? qw(caseExact uniqueness referenceTypes) # S-2.3.8-03
                        : 'subAttributes',                        # S-1.2-01
            $type eq 'reference' ? () : 'referenceTypes';         # S-7-23
        is_deeply \@odd, [], 'S-1.2-01, S-2.3.8-03, S-7-23: ... no more than is';
        # S-2.1-03
        like $attribute->{name}, qr/\A\$?[A-Za-z][\w\$-]*\z/, '... by a name';
        like $type, qr/\A(?:string|boolean|decimal|integer|dateTime|reference
            |binary|complex)\z/x, 'S-2.3-01: ... of a known type';
        sound($attribute->{subAttributes}, $at) if $is_complex;
    }
    return;
}

sub characteristics() {
    my @wanted = (
        ['S-4.1.1-03', 'userName', required => 1, caseExact => 0,
            uniqueness => 'server'],
        ['S-7-20, S-7-E8279', 'userName', uniqueness => 'server'],
        ['S-4.1.1-19, S-7-14', 'password', mutability => 'writeOnly',
            returned => 'never'],
        ['S-4.1.2-09', 'groups', mutability => 'readOnly'],
        ['S-7-E8435', 'x509Certificates.value', type => 'binary'],
        ['S-8.7.1-E6000', 'x509Certificates.value', caseExact => 1],
        ['S-8.7.1-E6001', 'profileUrl', caseExact => 1],
        ['S-8.7.1-E6001', 'photos.value', caseExact => 1],
        ['S-8.7.1-E6004', 'name', uniqueness => undef],
        ['S-8.7.1-E6004', 'emails', uniqueness => undef],
        ['S-8.7.1-E6004', 'addresses', uniqueness => undef],
        ['S-8.7.1-E6005', 'addresses.primary', type => 'boolean'],
        ['S-8.7.1-E8471', 'groups.$ref', referenceTypes => ['Group']],
        ['S-8.7.1-E8358', 'emails.display', mutability => 'readWrite'],
        ['S-2.4-05', 'groups.display', mutability => 'readOnly'],
        ['S-2.4-10', 'emails.type', canonicalValues => [qw(work home other)]],
        ['S-7-23', 'profileUrl', referenceTypes => ['external']],
        ['S-8.7.1-E5368, S-4.2-01', GROUP . ':displayName', required => 1],
        ['S-4.2-02', GROUP . ':displayName', uniqueness => 'none'],
        ['S-8.7.1-E6011', GROUP . ':members.display', returned => 'request'],
        ['S-7-23', GROUP . ':members.$ref', referenceTypes => [qw(User Group)]],
        ['S-4.2-04', GROUP . ':members.value', mutability => 'immutable'],
        ['S-8.7.1-E8472', ENTERPRISE . ':manager.value', caseExact => 1],
        ['S-7-23', ENTERPRISE . ':manager.$ref', referenceTypes => ['User']],
        ['S-4.3-E6403', ENTERPRISE . ':manager.value', required => 0],
        ['S-4.3-03', ENTERPRISE . ':manager.displayName',
            mutability => 'readOnly'],
        ['S-2.2-01', 'nickName', type => 'string', multiValued => 0,
            required => 0, canonicalValues => undef, caseExact => 0,
            mutability => 'readWrite', returned => 'default',
            uniqueness => 'none'],
        ['S-6-E8475', "${SCHEMAS}ResourceType:name", caseExact => 1,
            uniqueness => 'server'],
        ['S-6-E8475', "${SCHEMAS}ResourceType:endpoint", caseExact => 1,
            uniqueness => 'server'],
        ['S-8.7.2-E7522', "${SCHEMAS}ResourceType:schemaExtensions",
            multiValued => 1],
        ['S-8.7.2-E8011', "${SCHEMAS}ServiceProviderConfig:"
            . 'authenticationSchemes.type', required => 1],
        ['S-8.7.2-E9018', "${SCHEMAS}ServiceProviderConfig:etag.supported",
            type => 'boolean'],
        ['S-8.7.1-E5606', "${SCHEMAS}Schema:attributes.type",
            canonicalValues => [qw(string complex boolean decimal integer
                dateTime reference binary)]],
        ['S-8.7.1-E5606',
            "${SCHEMAS}Schema:attributes.subAttributes.type",
            canonicalValues => [qw(string boolean decimal integer dateTime
                reference binary)]],
        ['S-8.7.2-E5607',
            "${SCHEMAS}Schema:attributes.subAttributes.referenceTypes",
            multiValued => 1],
        ['S-8.7.2-E8360', "${SCHEMAS}Schema:attributes.description",
            caseExact => 1],
        ['S-8.7.2-E6727', "${SCHEMAS}Schema:description",
            description => "The schema's human-readable description. When"
                . ' applicable, service providers MUST specify the'
                . ' description.'],
        (map { ['C-4-08', "${SCHEMAS}ServiceProviderConfig:pagination.$_->[0]",
            type => $_->[1], mutability => 'readOnly'] } ['cursor', 'boolean'],
            ['index', 'boolean'], ['defaultPaginationMethod', 'string'],
            map { [$_, 'integer'] } qw(defaultPageSize maxPageSize
                cursorTimeout)),
        ['C-4-08', "${SCHEMAS}ServiceProviderConfig:pagination",
            type => 'complex', required => 0, mutability => 'readOnly'],
        ['S-8.7.2-E8363', "${SCHEMAS}Schema:id", name => undef],
        ['S-8.7.2-E8363', "${SCHEMAS}ResourceType:id", name => undef],
    );
    for my $case (@wanted) {
        my ($id, $path, %want) = @$case;
        my $attribute = attribute($path);
        for my $key (sort keys %want) {
            my ($have, $want) = ($attribute->{$key}, $want{$key});
            $have = $have ? 1 : 0 if JSON::PP::is_bool($have);
            is_deeply $have, $want, "$id: $path has $key "
                . (ref $want ? "@$want" : $want // '(none)');
        }
    }
    # S-7-21
    unlike $acme->get('/Schemas/' . USER)->{body}, qr/"uniqueness":"global"/,
        'S-7-21: nothing is unique everywhere';
    like attribute('preferredLanguage')->{description}, qr/en-US|en_US/,
        'S-8.7.1-E6007: a text only';
    return;
}

sub attribute($path) {
    my ($urn, $names) = $path =~ /\A(urn:.*:)([^:]+)\z/
        ? (substr($1, 0, -1), $2) : (USER, $path);
    my $at = { subAttributes => $acme->get("/Schemas/$urn")->{json}{attributes} };
    for my $name (split /\./, $names) {
        ($at) = grep { $_->{name} eq $name } @{ $at->{subAttributes} };
    }
    return $at // {};
}

sub lists() {
    my $whole = $acme->get('/Schemas')->{json};
    is_deeply $acme->get('/Schemas', { count => 1, startIndex => 2,
        sortBy => 'id', sortOrder => 'descending' })->{json}, $whole,
        'P-4-07: /Schemas takes no page and no order';
    is $acme->get('/ResourceTypes', { count => 1 })->{json}{totalResults}, 2,
        'P-4-07: nor do /ResourceTypes';
    is_error($acme->get("/$_", { filter => 'id eq "x"' }), 403, undef,
        "P-4-08: a filter of /$_") for qw(Schemas ResourceTypes);
    return;
}
