# Which attributes an answer has: RFC 7644, 3.4.2.5, 3.9, 3.10, and "returned"
# of RFC 7643, 7, on every method that answers with a resource.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Answer;
use Scim::Server;
use Test::More;

my $server = Scim::Server->new;
my $acme = $server->organization('acme');
my $n = 0;
my @emails = ({ value => 'w@p.example', type => 'work' },
    { value => 'h@p.example', type => 'home', display => 'H' });
my %whole = (displayName => 'P', nickName => 'N',
    name => { givenName => 'G', familyName => 'F' }, emails => \@emails,
    +ENTERPRISE, { department => 'D', costCenter => 'C',
        manager => { value => 'M' } });
my $enterprise = ENTERPRISE;

# query, what the answer has beside schemas and id
my @cases = (
    ['P-3.9-02, P-3.4.2.5-01', 'attributes=userName', ['userName']],
    ['P-3.9-02', 'attributes=displayName,nickName',
        [qw(displayName nickName)]],
    ['P-3.9-04', 'attributes=name.familyName', ['name'],
        { name => { familyName => 'F' } }],
    ['P-3.9-04', 'attributes=emails.value', ['emails'],
        { emails => [map { { value => $_->{value} } } @emails] }],
    ['P-3.9-04', 'attributes=emails.display', ['emails'],
        { emails => [{ display => 'H' }] }],
    ['P-3.9-04', 'attributes=name', ['name'], { name => $whole{name} }],
    ['P-3.9-04', 'attributes=name.familyName,name', ['name'],
        { name => $whole{name} }],
    ['P-3.9-07', 'attributes=userName,%20nickName%20,,', [qw(nickName
        userName)]],
    ['P-3.9-08', 'attributes=password,bogus', []],
    ['P-3.9-08', 'attributes=bogus.x,1,%22', []],
    ['P-3.9-09', "attributes=$enterprise", [ENTERPRISE],
        { +ENTERPRISE, $whole{ +ENTERPRISE } }],
    ['P-3.9-09: as can all of the core', 'attributes=' . USER,
        ['active', 'userName', grep { !/:|externalId/ } keys %whole]],
    ['P-3.4.2.5-04', "attributes=$enterprise:department", [ENTERPRISE],
        { +ENTERPRISE, { department => 'D' } }],
    ['P-3.10-04', "attributes=$enterprise:manager.value", [ENTERPRISE],
        { +ENTERPRISE, { manager => { value => 'M' } } }],
    ['P-3.10-03', 'attributes=department', [ENTERPRISE],
        { +ENTERPRISE, { department => 'D' } }],
    ['P-3.4.2.5-04, P-3.10-01', 'attributes=' . USER . ':userName',
        ['userName']],
    ['P-3.4.2.5-04, P-3.10-02, P-3.10-05', 'attributes=USERNAME', ['userName']],
    ['P-3.10-05', 'attributes=' . uc(USER) . ':NAME.givenname', ['name'],
        { name => { givenName => 'G' } }],
    ['S-3.1-15, S-7-17', 'attributes=meta', ['meta']],
    ['S-3.1-15', 'attributes=meta.resourceType', ['meta'],
        { meta => { resourceType => 'User' } }],
    ['P-3.4.2.5-03, S-7-15, S-3.1-09', 'excludedAttributes=id,schemas,userName',
        ['active', 'meta', sort { $a cmp $b } keys %whole]],
    ['P-3.9-05', 'excludedAttributes=emails,name.givenName',
        ['active', 'meta', 'userName', grep { $_ ne 'emails' }
            sort { $a cmp $b } keys %whole], { name => { familyName => 'F' } }],
    ['P-3.9-05', "excludedAttributes=$enterprise:costCenter",
        ['active', 'meta', 'userName', sort { $a cmp $b } keys %whole],
        { +ENTERPRISE, { department => 'D', manager => { value => 'M' } } }],
    ['P-3.9-05', "excludedAttributes=$enterprise,meta",
        ['active', 'userName', grep { $_ ne ENTERPRISE }
            sort { $a cmp $b } keys %whole]],
    ['P-3.9-05', 'excludedAttributes=bogus',
        ['active', 'meta', 'userName', sort { $a cmp $b } keys %whole]],
    ['P-3.9-06: attributes wins',
        'attributes=userName&excludedAttributes=userName', ['userName']],
    ['P-3.9-01', '', ['active', 'meta', 'userName',
        sort { $a cmp $b } keys %whole]],
);

subtest 'users' => sub {
    for my $case (@cases) {
        my ($name, $query, $keys, $values) = @$case;
        # P-3.9-03: wherever a resource is the answer
        my %answer = answers($query);
        for my $how (sort keys %answer) {
            my $json = $answer{$how};
            is_deeply [sort keys %$json], [sort 'id', 'schemas', @$keys],
                "$name, P-3.9-03: $how?$query";
            is_deeply $json->{$_}, $values->{$_}, "... with its $_"
                for sort keys %{ $values // {} };
            cmp_ok scalar @{ $json->{schemas} }, '>', 0,
                'P-3.4.2-09, S-7-15: id and schemas always';
        }
    }
};

# The answers of all methods, each with all attributes stored.
sub answers($query) {
    my $made = $acme->post("/Users?$query", whole());
    my $path = "/Users/$made->{json}{id}";
    my $name = 'proj' . $n;
    my %reply = (POST => $made->{json},
        GET => $acme->get("$path?$query")->{json},
        list => $acme->get("/Users?$query&filter=userName+eq+%22$name%22")
            ->{json}{Resources}[0],
        PUT => $acme->put("$path?$query", whole($name))->{json},
        PATCH => $acme->patch("$path?$query", patch({ op => 'replace',
            path => 'nickName', value => 'N' }))->{json});
    return %reply;
}

sub whole($name = 'proj' . ++$n) {
    return user($name, %whole, password => 'secret', groups => []);
}

subtest 'groups' => sub {
    my $user = $acme->post('/Users', user('member', displayName => 'Mem'))
        ->{json};
    my $group = $acme->post('/Groups', group('Proj',
        members => [{ value => $user->{id} }]))->{json};
    my $path = "/Groups/$group->{id}";
    my %ref = (value => $user->{id}, type => 'User',
        '$ref' => $user->{meta}{location});
    my @cases = (
        ['P-3.4.2.5-02', 'excludedAttributes=members',
            [qw(displayName id meta schemas)]],
        ['P-3.9-02', 'attributes=displayName', [qw(displayName id schemas)]],
        ['S-7-18: display is returned on request', 'attributes=members.value,'
            . 'members.display', [qw(id members schemas)],
            [{ value => $user->{id}, display => 'Mem' }]],
        ['S-7-18: ... only', '', [qw(displayName id members meta schemas)],
            [\%ref]],
        ['S-7-18: ... by its own name', 'attributes=members',
            [qw(id members schemas)], [\%ref]],
        ['P-3.9-05', 'excludedAttributes=members.$ref,members.type',
            [qw(displayName id members meta schemas)],
            [{ value => $user->{id} }]],
    );
    for my $case (@cases) {
        my ($name, $query, $keys, $members) = @$case;
        my $body = group('Proj', members => [{ value => $user->{id} }]);
        my %reply = (GET => $acme->get("$path?$query"),
            PUT => $acme->put("$path?$query", $body));
        $reply{PATCH} = $acme->patch("$path?$query", patch({ op => 'add',
            path => 'displayName', value => 'Proj' })) if $query;
        $reply{list} = { json => $acme->get("/Groups?$query")->{json}
            {Resources}[0] };
        for my $how (sort keys %reply) {
            my $json = $reply{$how}{json};
            is_deeply [sort keys %$json], $keys, "$name: $how?$query";
            is_deeply $json->{members}, $members, '... with its members'
                if $members;
        }
    }
    my $json = $acme->get("/Users/$user->{id}", { attributes =>
        'groups.display' })->{json};
    is_deeply $json->{groups}, [{ display => 'Proj' }],
        'P-3.9-04: groups of a user';
    $json = $acme->get("/Users/$user->{id}", { excludedAttributes => 'groups' })
        ->{json};
    is $json->{groups}, undef, 'P-3.9-05: ... left out';
};

$server->stop;
done_testing;
