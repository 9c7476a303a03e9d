# A resource type from files, the Department of conf/: it is served as Users are.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use Scim::Process qw(slurp write_file);
use Scim::Server;
use Test::More;

use constant {
    USER       => 'urn:ietf:params:scim:schemas:core:2.0:User',
    PATCH_OP   => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    DEPARTMENT => 'urn:example:scim:schemas:1.0:Department',
    SITE       => 'urn:example:scim:Site',
};

my $source = $ENV{SCIM_SOURCE} // "$FindBin::RealBin/..";
my $files = tempdir(CLEANUP => 1);
chmod 0755, $files;
write_file("$files/site.json", '{"id": "' . SITE . '", "attributes": ['
    . '{"name": "city"}, {"name": "code", "uniqueness": "server",'
    . ' "caseExact": true, "required": true}]}');
write_file("$files/office.json", '{"name": "Office", "endpoint": "/Offices",'
    . ' "schema": "' . DEPARTMENT . '", "schemaExtensions":'
    . ' [{"schema": "' . SITE . '", "required": true}]}');

# The sample, with one more type.
my ($section) = slurp("$source/conf/extensions.conf") =~ m{
    ScimBaseURL\ \S+\n(.*)</Location>}xs;
$section =~ s{/etc/apache2/scim/}{$source/conf/}g;
my $server = Scim::Server->new(section => $section
    . "ScimSchema $files/site.json\nScimResourceType $files/office.json\n");
my $acme   = $server->organization('acme');
my $other  = $server->app('acme', app => 'Other');
my $globex = $server->organization('globex');
my $strict = $server->organization('strict', install => ['--strict']);

sub department($name, %more) {
    return { schemas => [DEPARTMENT], displayName => $name, %more };
}

sub patch(@operations) {
    return { schemas => [PATCH_OP], Operations => \@operations };
}

sub found($client, $filter, $type = 'Departments') {
    my $reply = $client->get("/$type", { filter => $filter });
    return "$reply->{status} $reply->{json}{detail}" if $reply->{status} != 200;
    return join ' ', sort map { $_->{displayName} }
        @{ $reply->{json}{Resources} };
}

my $ann = $acme->post('/Users', { schemas => [USER], userName => 'ann' })
    ->{json}{id};
my ($id, $path);

subtest 'discovery' => sub {
    # S-6-01 S-6-02 S-6-03 S-6-04 S-6-05 S-6-06 S-6-07 P-4-04 S-7-23
    my $type = $acme->get('/ResourceTypes/Department')->{json};
    is_deeply $type, {
        schemas => ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
        id => 'Department', name => 'Department', endpoint => '/Departments',
        description => 'Departments', schema => DEPARTMENT,
        schemaExtensions => [], meta => { resourceType => 'ResourceType',
            location => $acme->url . '/ResourceTypes/Department' },
    }, 'the type';
    is $acme->get('/ResourceTypes')->{json}{totalResults}, 4, 'among all';
    my $schema = $acme->get('/Schemas/' . DEPARTMENT)->{json};
    my ($members) = grep { $_->{name} eq 'members' } @{ $schema->{attributes} };
    is_deeply $members->{subAttributes}[1]{referenceTypes},
        ['User', 'Department'], 'its schema';
    my %count;
    $count{ $_->{id} }++ for @{ $acme->get('/Schemas')->{json}{Resources} };
    is_deeply [grep { $count{$_} != 1 } keys %count], [],
        'a schema of two types is there once';
    is $count{ +DEPARTMENT }, 1, '... and is there';
    is $acme->request('OPTIONS', '/Departments')->{headers}{allow},
        $acme->request('OPTIONS', '/Users')->{headers}{allow},
        'the methods of any type';
};

subtest 'a round trip' => sub {
    my $body = department('Forge', externalId => 'D-1', costCenter => 'cc1',
        founded => '1999-05-01T00:00:00+02:00', budget => 1250000.25,
        manager => { value => $ann, '$ref' => "../Users/$ann" },
        members => [{ value => $ann, type => 'User', display => 'Ann' }]);
    my $made = $acme->post('/Departments', $body);
    is $made->{status}, 201, 'made' or diag $made->{body};
    $id = $made->{json}{id};
    $path = "/Departments/$id";
    like $id, qr/\A[0-9a-f]{8}-[0-9a-f]{4}-7/, 'with an id as all have';
    is $made->{headers}{location}, $acme->url . $path, 'and a location';
    my $meta = delete $made->{json}{meta};
    is $meta->{resourceType}, 'Department', 'the type says what it is'; # S-6-03
    is_deeply $made->{json}, { %$body, id => $id }, 'all that was given';
    my $read = $acme->get($path);
    is_deeply $read->{json}, { %$body, id => $id, meta => $meta }, 'GET';
    is $read->{headers}{etag}, $meta->{version}, '... with a version';
    is $acme->get($path, undef, 'If-None-Match' => $meta->{version})->{status},
        304, '... that is known';
    is $acme->get("/Users/$id")->{status}, 404, 'it is no user';
    is $acme->get("/Offices/$id")->{status}, 404, '... and no office';
    is $acme->get("/Departments/$ann")->{status}, 404, 'a user is none';
    is_deeply $acme->get($path, { attributes => 'members.value' })->{json},
        { schemas => [DEPARTMENT], id => $id,
            members => [{ value => $ann }] }, 'projection';
};

subtest 'PUT and PATCH' => sub {
    my $put = $acme->put($path, department('Forge', budget => 5));
    is $put->{status}, 200, 'replaced' or diag $put->{body};
    is_deeply [sort keys %{ $put->{json} }],
        [qw(budget displayName id meta schemas)], 'what was left out is gone';
    is $put->{json}{meta}{version}, 'W/"2"', '... in the next version';
    is $acme->put($path, department('Forge', budget => 5))->{json}{meta}{version},
        'W/"2"', 'the same again changes nothing';
    is $acme->put($path, { schemas => [DEPARTMENT] })->{status}, 400,
        'a name is required';
    my $change = $acme->patch($path, patch(
        { op => 'add', path => 'members', value => [
            map { { value => $_, type => 'User' } } $ann, 'x', 'y'] },
        { op => 'replace', path => DEPARTMENT . ':budget', value => 6.5 },
        { op => 'remove', path => 'members[value eq "x"]' }));
    is $change->{status}, 200, 'patched' or diag $change->{body};
    is_deeply [map { $_->{value} } @{ $change->{json}{members} }], [$ann, 'y'],
        'members are ordinary values';
    is $change->{json}{budget}, 6.5, 'the URN of its schema may be named';
    is $acme->patch($path, patch({ op => 'replace', path =>
        'members[value eq "y"].display', value => 'Y' }))
        ->{json}{members}[1]{display}, 'Y', 'a part of one';
    is $acme->patch($path, patch({ op => 'add', path => 'manager',
        value => $ann }))->{json}{manager}{value}, $ann, 'a link as a bare id';
    is $acme->patch($path, patch({ op => 'remove', path => 'manager.value' }))
        ->{json}{scimType}, 'mutability', 'what a manager needs';
    is $acme->patch($path, patch({ op => 'remove', path => 'displayName' }))
        ->{json}{scimType}, 'mutability', 'what it needs itself';
    is $acme->patch($path, patch({ op => 'add', path => 'userName',
        value => 'x' }))->{json}{scimType}, 'invalidPath', 'no user';
    is $acme->patch($path, patch({ op => 'replace', path => 'budget',
        value => 1 }), 'If-Match' => 'W/"1"')->{status}, 412, 'preconditions';
    is $strict->post('/Departments', { displayName => 'x' })->{status}, 400,
        'a strict app is strict';
};

subtest 'lists and filters' => sub {
    $acme->post('/Departments', department("D$_", costCenter => "CC$_",
        founded => "200$_-01-01T00:00:00Z", budget => $_ * 10)) for 1 .. 5;
    my $list = $acme->get('/Departments', { startIndex => 3, count => 2 })->{json};
    is $list->{totalResults}, 6, 'all';
    is_deeply [map { $_->{displayName} } @{ $list->{Resources} }], [qw(D2 D3)],
        'in order of creation, page by page';
    is $acme->get('/Offices')->{json}{totalResults}, 0, 'each type apart';
    my %filter = (
        'displayName eq "d3"'              => 'D3',
        'displayName sw "d" and not (displayName eq "D1")' => 'D2 D3 D4 D5',
        'costCenter eq "cc1"'              => '',
        'costCenter eq "CC1"'              => 'D1',
        'budget gt 9 and budget le 30'     => 'D1 D2 D3',
        'founded lt "2002-01-01T00:00:00.5Z"' => 'D1 D2',
        'externalId pr'                    => '',
        'members pr'                       => 'Forge',
        qq(members.value eq "$ann")        => 'Forge',
        'members[type eq "user" and value eq "y"]' => 'Forge',
        qq(manager.value eq "$ann" or displayName eq "D5") => 'D5 Forge',
        qq(id eq "$id")                    => 'Forge',
        qq(id eq "$id" or id eq "$ann")    => 'Forge',
        'meta.resourceType eq "Department" and budget eq 50' => 'D5',
        'meta.resourceType eq "Office"'    => '',
        'meta.version eq "W/\"1\""'        => 'D1 D2 D3 D4 D5',
        'meta.created gt "2020-01-01T00:00:00Z" and budget lt 15' => 'D1 Forge',
        DEPARTMENT . ':budget eq 20'       => 'D2',
    );
    is found($acme, $_), $filter{$_}, $_ for sort keys %filter;
    for my $filter ('userName eq "x"', 'budget eq "x"', 'meta.location pr and '
        . 'meta.location eq "x" and groups pr') {
        like found($acme, $filter), qr/\A400 /, "$filter is refused";
    }
};

subtest 'sorting, cursors, queries by POST and of all types' => sub {
    my $names = sub ($reply) {
        return join ' ', map { $_->{displayName} // $_->{userName} }
            @{ $reply->{json}{Resources} // [] };
    };
    my %sorted = (
        'budget'      => 'Forge D1 D2 D3 D4 D5',
        'founded'     => 'D1 D2 D3 D4 D5 Forge',
        'displayName' => 'D1 D2 D3 D4 D5 Forge',
        DEPARTMENT . ':costCenter' => 'D1 D2 D3 D4 D5 Forge',
        'manager.value' => 'Forge D1 D2 D3 D4 D5',
    );
    for my $by (sort keys %sorted) {
        is $names->($acme->get('/Departments', { sortBy => $by })), $sorted{$by},
            "by $by";
        is $names->($acme->get('/Departments', { sortBy => $by, count => 2,
            startIndex => 2, filter => 'displayName sw "d"' })), 'D2 D3',
            '... a page of those that a filter chooses';
    }
    my ($walk, $cursor) = ('', '');
    while (defined $cursor) {
        my $page = $acme->get('/Departments', { cursor => $cursor, count => 4,
            sortBy => 'budget', sortOrder => 'descending' });
        $walk .= $names->($page) . ' | ';
        $cursor = $page->{json}{nextCursor};
    }
    is $walk, 'D5 D4 D3 D2 | D1 Forge | ', 'by cursors';
    is $names->($acme->post('/Departments/.search', { schemas =>
        ['urn:ietf:params:scim:api:messages:2.0:SearchRequest'],
        filter => 'budget ge 40' })), 'D4 D5', 'by POST';
    is $names->($acme->get('/', { filter => 'meta.resourceType eq "Department"'
        . ' and displayName sw "d" or userName eq "ann"' })),
        'ann D1 D2 D3 D4 D5', 'among all types';
};

subtest 'Bulk' => sub {
    # P-3.7.2-01 P-3.7.2-02
    my $reply = $acme->post('/Bulk', {
        schemas => ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations => [
            { method => 'POST', path => '/Departments', bulkId => 'd',
                data => department('Bulk', budget => 0, members =>
                    [{ value => 'bulkId:u', type => 'User' }]) },
            { method => 'POST', path => '/Users', bulkId => 'u',
                data => { schemas => [USER], userName => 'bulk' } },
            { method => 'PATCH', path => '/Departments/bulkId:d',
                data => patch({ op => 'add', path => 'manager',
                    value => { value => 'bulkId:u' } }) },
            { method => 'POST', path => '/Departments', bulkId => 'x',
                data => department('bulk') },
        ] });
    is_deeply [map { $_->{status} } @{ $reply->{json}{Operations} }],
        ['201', '201', '200', '409'], 'operations' or diag $reply->{body};
    my $bulk = $acme->get('/Departments', { filter => 'displayName eq "bulk"' })
        ->{json}{Resources}[0];
    my $user = $acme->get('/Users', { filter => 'userName eq "bulk"' })
        ->{json}{Resources}[0]{id};
    is $bulk->{members}[0]{value}, $user, 'a reference to what came later';
    is $bulk->{manager}{value}, $user, '... and from a PATCH';
    is $acme->delete("/Departments/$bulk->{id}")->{status}, 204, 'and gone';
};

subtest 'values of one owner' => sub {
    # S-7-20 S-7-E8279
    my $reply = $acme->post('/Departments', department('FORGE'));
    is "$reply->{status} $reply->{json}{scimType}", '409 uniqueness', 'a name'
        or diag $reply->{body};
    like $reply->{json}{detail}, qr/"displayName"/, '... which is named';
    is $other->post('/Departments', department('Forge'))->{status}, 409,
        'of another app';
    my %site = (schemas => [DEPARTMENT, SITE], SITE, { code => 'a' });
    my $office = $acme->post('/Offices', department('Forge', %site));
    is $office->{status}, 201, 'another type has names of its own'
        or diag $office->{body};
    is $acme->post('/Offices', department('Smithy', %site))->{status}, 409,
        'an extension of it has unique values, too';
    is $acme->post('/Offices', department('Smithy', %site,
        SITE, { code => 'A' }))->{status}, 201, '... where case counts';
    like $acme->post('/Offices', department('X'))->{json}{detail},
        qr/extension "\Q@{[SITE]}\E" is required/, '... and is required';
    is found($acme, SITE . ':code eq "A"', 'Offices'), 'Smithy', '... and found';
    is $globex->post('/Departments', department('Forge'))->{status}, 201,
        'another organization has its own';
    is $acme->patch($path, patch({ op => 'replace', path => 'displayName',
        value => 'd1' }))->{json}{scimType}, 'uniqueness', 'by PATCH';
};

subtest 'who sees what' => sub {
    for my $client ($other, $globex) {
        my $who = $client->organization . ' ' . $client->app;
        is $client->get($path)->{status}, 404, "$who: GET";
        is $client->put($path, department('x'))->{status}, 404, 'PUT';
        is $client->patch($path, patch({ op => 'add', path => 'budget',
            value => 1 }))->{status}, 404, 'PATCH';
        is $client->delete($path)->{status}, 404, 'DELETE';
        is found($client, qq(id eq "$id")), '', 'a filter';
        is found($client, qq(id eq "$id" or members.value eq "$ann")), '',
            'another one';
    }
    local $ENV{PGPASSWORD} = slurp($server->postgres->password_file)
        =~ s/\s+\z//r;
    for my $table (qw(resources unique_values)) { # the second wall
        is $server->postgres->psql("set scim.org = 2; select count(*)"
            . " filter (where org_id <> 2) || ' ' || (count(*) > 0)"
            . " from scim.$table", $server->postgres->conninfo_httpd),
            '0 true', "scim_httpd sees one organization in scim.$table";
    }
    my $whole = $server->app('acme', app => 'All',
        install => ['--whole-organization']);
    is $whole->get($path)->{status}, 200, 'an app of the whole organization';
    is $whole->get('/Departments')->{json}{totalResults}, 6, '... sees all';
    my $reader = $acme->another(token => $server->token('acme', $acme->app,
        '--read-only'));
    is $reader->post('/Departments', department('R'))->{status}, 403,
        'a token that may only read';
};

subtest 'references are data' => sub {
    # S-2.3.7-04
    is $acme->delete("/Users/$ann")->{status}, 204, 'a member is deleted';
    is $acme->get($path)->{json}{members}[0]{value}, $ann,
        'the department still names it';
    is $acme->get("/Users/$ann")->{status}, 404, '... and the link says 404';
};

subtest 'DELETE' => sub {
    is $acme->delete($path, 'If-Match' => 'W/"1"')->{status}, 412,
        'in the version that is meant';
    is $acme->delete($path)->{status}, 204, 'deleted';
    is $acme->get($path)->{status}, 404, 'gone';
    is $acme->delete($path)->{status}, 404, '... once';
    my $again = $acme->post('/Departments', department('Forge'));
    is $again->{status}, 201, 'its name is free';
    isnt $again->{json}{id}, $id, '... its id is not';
    is $server->postgres->psql(qq{select resource_type, name
        from scim.tombstones where id = '$id'}), 'Department|Forge',
        'a tombstone is kept';
    is $server->postgres->psql(qq{select count(*) from scim.unique_values
        where id = '$id'}), 0, 'no value is';
    is $server->postgres->psql(qq{select string_agg(distinct action, ' '
        order by action) from scim.journal where resource = '$id'
        and resource_type = 'Department' and status < 300}),
        'create delete modify replace', 'and the journal tells its life';
};

$server->stop;
done_testing;
