# Queries by POST (RFC 7644, 3.4.3), and queries of all resource types
# (3.4.2.1).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant {
    USER       => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP      => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    ENTERPRISE => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    SEARCH     => 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
    LIST       => 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
};

my $server = Scim::Server->new;
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');

my %id;
for my $name (qw(Anna bert Carl)) {
    my $reply = $acme->post('/Users', { schemas => [USER], userName => $name,
        displayName => "x $name", title => 'T',
        name => { familyName => "F$name" },
        emails => [{ value => "$name\@acme.example", type => 'work' }],
        $name eq 'bert' ? (ENTERPRISE, { department => 'D' }) : () });
    $id{$name} = $reply->{json}{id} or die $reply->{body};
}
for my $name (qw(Admins x-ray)) {
    my $reply = $acme->post('/Groups', { schemas => [GROUP],
        displayName => $name, externalId => "e-$name",
        members => [{ value => $id{Anna} }] });
    $id{$name} = $reply->{json}{id} or die $reply->{body};
}
$globex->post('/Users', { schemas => [USER], userName => 'stranger' });

search();
bad_requests();
writes_nothing();
roots();
foreign_attributes();
long_requests();
$server->stop;
done_testing;

sub post($path, %query) {
    return $acme->post($path, { schemas => [SEARCH], %query });
}

sub names($reply) {
    $reply->{status} == 200 or return $reply->{body};
    return join ' ', map { $_->{userName} // $_->{displayName} }
        @{ $reply->{json}{Resources} };
}

sub refused($reply, $type, $name) {
    is $reply->{status}, 400, $name;
    is $reply->{json}{scimType}, $type, "... as $type";
    return;
}

sub search() {
    my $reply = post('/Users/.search', filter => 'userName eq "ANNA"');
    is $reply->{status}, 200, 'P-3.4.3-01, P-3.4.3-07: a query by POST is 200';
    is_deeply $reply->{json}{schemas}, [LIST], '... with a list';
    is names($reply), 'Anna', '... of what the filter lets through';
    is names(post('/Groups/.search')), 'Admins x-ray', '... of groups';
    is names(post('/.search')), 'Anna bert Carl Admins x-ray', '... of all';

    # P-3.4.3-03, P-3.4.3-06
    my %queries = (
        filter             => 'title eq "t"',
        sortBy             => 'name.familyName',
        sortOrder          => 'descending',
        startIndex         => 2,
        count              => 1,
        excludedAttributes => 'emails',
        attributes         => 'userName,emails.value',
    );
    my %query;
    for my $name (qw(filter sortBy sortOrder startIndex count
        excludedAttributes attributes)) {
        $query{$name} = $queries{$name};
        my %body = %query;
        for my $list (qw(attributes excludedAttributes)) {
            $body{$list} = [split /,/, $body{$list}] if exists $body{$list};
        }
        is_deeply post('/Users/.search', %body)->{json},
            $acme->get('/Users', \%query)->{json},
            "P-3.4.3-03: $name means what it means to GET";
    }
    is names(post('/Users/.search', sortBy => 'userName',
        sortOrder => 'descending', startIndex => 2, count => 1)), 'bert',
        'P-3.4.3-06: all of them at once';

    $reply = post('/Users/.search', attributes => ['displayName', 'userName']);
    is_deeply [sort keys %{ $reply->{json}{Resources}[0] }],
        [qw(displayName id schemas userName)],
        'P-3.4.3-04, P-3.4.3-E8084: attributes are an array of names';

    # C-3-01
    my $page = post('/Users/.search', cursor => '', count => 2)->{json};
    is join(' ', map { $_->{userName} } @{ $page->{Resources} }), 'Anna bert',
        'C-3-01: an empty cursor is the first page';
    is names(post('/Users/.search', cursor => $page->{nextCursor}, count => 2)),
        'Carl', 'C-3-01: ... from which the next is reached';
    is names($acme->get('/Users', { cursor => $page->{nextCursor} })), 'Carl',
        '... also by GET';

    is names($acme->post('/Users/.search?filter=userName+eq+%22bert%22',
        { schemas => [SEARCH] })), 'Anna bert Carl',
        'what the URL asks for besides the body does not count';
    is names($acme->post('/Users/.search', { Schemas => [uc SEARCH],
        FILTER => 'userName eq "bert"', startindex => '1', count => undef,
        other => {} })), 'bert', 'names have no case, unknown ones no meaning';
    return;
}

sub bad_requests() {
    refused($acme->post('/Users/.search', {}), 'invalidSyntax',
        'P-3.4.3-02: a body without schemas');
    refused($acme->post('/Users/.search', { schemas => [USER] }),
        'invalidSyntax', 'P-3.4.3-02: another message');
    refused($acme->post('/Users/.search', '[]'), 'invalidSyntax', 'no object');
    refused($acme->post('/Users/.search', ''), 'invalidSyntax', 'no body');
    refused(post('/Users/.search', filter => 'userName xx "a"'),
        'invalidFilter', 'P-3.4.3-05: a filter that is none');
    # P-3.4.3-08
    refused(post('/Users/.search', filter => 5), 'invalidSyntax',
        'P-3.4.3-08: a filter that is no text');
    refused(post('/Users/.search', count => 'ten'), 'invalidValue',
        'P-3.4.3-08: a count that is no number');
    refused(post('/Users/.search', count => 1.5), 'invalidSyntax',
        'P-3.4.3-08: ... no whole one');
    refused(post('/Users/.search', attributes => { a => 1 }), 'invalidSyntax',
        'P-3.4.3-08: attributes that are no list');
    refused(post('/Users/.search', attributes => [1]), 'invalidSyntax',
        'P-3.4.3-08: ... or no names');
    refused(post('/Users/.search', sortBy => 'name'), 'invalidPath',
        'a sortBy that gives no order');
    refused($acme->post('/Users/.search', qq({"schemas":["${\SEARCH}"],)
        . '"count":1,"Count":2}'), 'invalidSyntax', 'one member in two spellings');
    for my $method (qw(GET PUT PATCH DELETE)) {
        my $reply = $acme->request($method, '/Users/.search');
        is $reply->{status}, 405, "$method of .search";
        is $reply->{headers}{allow}, 'POST, OPTIONS', '... names what can be done';
    }
    is $acme->another(token => undef)->post('/Users/.search', '{}')->{status},
        401, 'without a token nobody searches';
    return;
}

# P-3.4.3-01, P-3.4.3-07
sub writes_nothing() {
    my $reader = $acme->another(token =>
        $server->token('acme', $acme->app, '--read-only'));
    my $before = $server->postgres->psql('select count(*) from scim.journal');
    my %body = (schemas => [SEARCH], filter => 'userName eq "bert"');
    is names($reader->post('/Users/.search', \%body)), 'bert',
        'a token that may only read searches by POST';
    is names($reader->post('/.search', { %body, x => 'y' x 70_000 })), 'bert',
        '... also with a large body';
    is $reader->post('/Users/.search', {})->{status}, 400, '... and is refused';
    is $server->postgres->psql('select count(*) from scim.journal'), $before,
        'the journal has nothing of it';
    is $acme->get('/Users')->{json}{totalResults}, 3, '... and nobody was made';
    return;
}

sub roots() {
    # P-3.4.2-01, P-3.4.2.1-01, P-3.4.2.1-02
    is names($acme->get('')), 'Anna bert Carl Admins x-ray',
        'P-3.4.2.1-02: the tenant URL lists users and groups';
    is names($acme->get('/')), 'Anna bert Carl Admins x-ray', '... with a slash';
    is names($acme->get('/', { filter => 'meta.resourceType eq "Group"' })),
        'Admins x-ray', 'P-3.4.2.1-03: meta.resourceType selects';
    is names(post('/.search', filter => 'meta.resourceType eq "User"')),
        'Anna bert Carl', 'P-3.4.2.1-03: ... also by POST';
    is names($acme->get('/', { filter => 'displayName sw "X"' })),
        'Anna bert Carl x-ray',
        'P-3.4.2.1-05: an attribute that both have';
    is names($acme->get('/', { filter => qq(id eq "$id{Admins}") })), 'Admins',
        'an id of any type';
    is names($acme->get('/', { sortBy => 'displayName' })),
        'Admins Anna bert Carl x-ray', 'one order of all types';
    is names($acme->get('/', { sortBy => 'userName',
        sortOrder => 'descending' })), 'x-ray Admins Carl bert Anna',
        '... first who has no such attribute';
    is names($acme->get('/', { sortBy => 'displayName', startIndex => 3,
        count => 2 })), 'bert Carl', 'a page of it';
    is names($acme->get('/', { startIndex => 3, count => 2 })), 'Carl Admins',
        '... in order of creation';
    my $page = $acme->get('/', { count => 0 })->{json};
    is $page->{totalResults}, 5, 'P-3.4.2.1-04: count 0 gives the total';

    my %seen = map { $_->{displayName} => $_ }
        @{ $acme->get('/')->{json}{Resources} };
    is_deeply $seen{Admins}, $acme->get("/Groups/$id{Admins}")->{json},
        'P-3.4-01: a group looks as it does by its id';
    is_deeply $seen{'x Anna'}, $acme->get("/Users/$id{Anna}")->{json},
        'P-3.4-01: ... and a user with groups';
    my $reply = $acme->get('/', { attributes => 'userName,members.value' });
    is_deeply $reply->{json}{Resources}[0], { schemas => [USER],
        id => $id{Anna}, userName => 'Anna' }, 'attributes of one type';
    is_deeply $reply->{json}{Resources}[3], { schemas => [GROUP],
        id => $id{Admins}, members => [{ value => $id{Anna} }] },
        '... and of the other one';
    is $acme->request('HEAD', '/')->{status}, 200, 'HEAD';
    is $acme->post('/', {})->{status}, 405, 'POST makes nothing here';
    refused($acme->get('/', { filter => 'bogus eq "x"' }), 'invalidFilter',
        'P-3.4.2.2-39: an attribute that no type has');
    refused($acme->get('/', { sortBy => 'bogus' }), 'invalidPath',
        '... nothing is sorted by it');
    refused($acme->get('/', { filter => 'active gt true' }), 'invalidFilter',
        'what is wrong with a filter of one type is wrong with all');
    return;
}

# What a URL could not carry either
sub long_requests() {
    my %long = (attributes => [('a') x 16_000], sortBy => 'x' x 9_000,
        excludedAttributes => 'a,' x 9_000);
    for my $name (sort keys %long) {
        my $reply = post('/Users/.search', $name => $long{$name});
        refused($reply, 'invalidValue', "a long $name");
        like $reply->{json}{detail}, qr/"$name" has more than 8192 bytes/,
            '... the rule';
    }
    refused(post('/Users/.search', cursor => 'A' x 9_000), 'invalidCursor',
        'a long cursor');
    return;
}

# P-3.4.2.1-06
sub foreign_attributes() {
    my $all = 'Anna bert Carl Admins x-ray';
    my %matches = (
        'userName pr'                       => 'Anna bert Carl',
        'not (userName pr)'                 => 'Admins x-ray',
        'userName eq "bert"'                => 'bert',
        'userName ne "bert"'                => 'Anna Carl Admins x-ray',
        'userName eq null'                  => 'Admins x-ray',
        'userName ne null'                  => 'Anna bert Carl',
        'members pr'                        => 'Admins x-ray',
        'members.value eq "' . $id{Anna} . '"' => 'Admins x-ray',
        'emails[type eq "work"]'            => 'Anna bert Carl',
        'not (emails[type eq "work"])'      => 'Admins x-ray',
        'emails[type eq "work"].value sw "b"' => 'bert',
        'name.familyName gt "fb" or displayName eq "admins"'
            => 'bert Carl Admins',
        'userName sw "a" or members pr'     => 'Anna Admins x-ray',
        'userName pr and members pr'        => '',
        'not (userName pr and members pr)'  => $all,
        ENTERPRISE . ':department eq "d"'   => 'bert',
        ENTERPRISE . ':department ne "d"'   => 'Anna Carl Admins x-ray',
        'name[familyName pr]'               => 'Anna bert Carl',
        'externalId pr'                     => 'Admins x-ray',
        'title co "t" or externalId ew "s"' => 'Anna bert Carl Admins',
    );
    for my $filter (sort keys %matches) {
        is names($acme->get('/', { filter => $filter })), $matches{$filter},
            "P-3.4.2.1-06: $filter";
    }
    return;
}
