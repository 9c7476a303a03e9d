# The requests that RFC 7644, 3, shows, word for word (t/data/rfc7644-requests.txt):
# each does what the RFC says of it. Ids, URLs and versions are those that this
# server gave.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Answer;
use Scim::Process qw(slurp);
use Scim::Server;
use Test::More;

my $true = JSON::PP::true;
my $server = Scim::Server->new;
my $acme = $server->organization('acme');
my $strict = $server->organization('strict', install => ['--strict']);
my %request = read_requests("$FindBin::RealBin/data/rfc7644-requests.txt");
my %sent;
my ($babs, $smith, $tour);    # ids that the examples speak of

is scalar keys %request, 28, 'the requests are there';

subtest '3.3: creating a user' => sub {
    my $reply = example('3.3');
    is_status($reply, 201, 'created');
    my $json = $reply->{json};
    $babs = $json->{id};
    is $reply->{headers}{'content-type'}, 'application/scim+json', 'the type';
    is $reply->{headers}{location}, $acme->url . "/Users/$babs", 'Location';
    is $reply->{headers}{etag}, $json->{meta}{version}, 'ETag';
    is $json->{meta}{location}, $reply->{headers}{location}, 'meta.location';
    is $json->{meta}{resourceType}, 'User', 'meta.resourceType';
    is_deeply [@$json{qw(userName externalId name schemas)}], ['bjensen',
        'bjensen', { formatted => 'Ms. Barbara J Jensen III',
            familyName => 'Jensen', givenName => 'Barbara' }, [USER]], 'all of it';
    $smith = $acme->post('/Users', user('jsmith',
        displayName => 'Smith, James'))->{json}{id};
    $acme->post('/Groups', group('Smith Family'));
    $tour = $acme->post('/Groups', group('Employees'))->{json}{id};
};

subtest '3.4: looking' => sub {
    is_deeply example('3.4.1')->{json}, $acme->get("/Users/$babs")->{json},
        '3.4.1: a user by its id';
    my $all = example('3.4.2')->{json};
    is_deeply [map { join ' ', $_->{userName}, grep { !/\A(?:id|schemas|userName)\z/ }
        sort keys %$_ } @{ $all->{Resources} }], [qw(bjensen jsmith)],
        '3.4.2: the userName of all users, and id';
    is $all->{totalResults}, 2, '... and how many they are';
    my $page = example('3.4.2.4')->{json};
    is_deeply [@$page{qw(totalResults itemsPerPage startIndex)}], [2, 2, 1],
        '3.4.2.4: the first page of ten';
    my $found = example('3.4.3');
    is_status($found, 200, '3.4.3: a query by POST');
    is_deeply [map { my $r = $_; [map { $r->{$_} } qw(userName displayName)] }
        @{ $found->{json}{Resources} }],
        [['jsmith', 'Smith, James'], [undef, 'Smith Family']],
        '... of users and groups, and of them what was asked for';
    is_status(example('3.8'), 404, '3.8: no suffix stands for a format');
    is_deeply example('3.9')->{json}, { schemas => [USER], id => $babs,
        userName => 'bjensen' }, '3.9: one attribute, and what is always there';
};

subtest '3.5.1: PUT' => sub {
    is_status(example('3.5.1', version => 0), 412, 'of another version');
    my $reply = example('3.5.1');
    is_status($reply, 200, 'of this one');
    my $json = $reply->{json};
    is $json->{name}{middleName}, 'Jane', 'what is new';
    is_deeply $json->{emails}, [map { { value => $_ } }
        qw(bjensen@example.com babs@jensen.org)], '... in order';
    is $json->{roles}, undef, '[] is none';
    is $json->{id}, $babs, 'the id stays';
    is $reply->{headers}{etag}, $json->{meta}{version}, 'and its version';
};

subtest '3.5.2.1: PATCH, add' => sub {
    is_status(example('3.5.2.1a', version => 0), 412, 'of another version');
    is_status(example('3.5.2.1a'), 204, 'a member');
    is_deeply members(), [$babs], '... is in';
    my $version = $acme->get("/Groups/$tour")->{headers}{etag};
    is_status(example('3.5.2.1a'), 204, 'once more');
    is $acme->get("/Groups/$tour")->{headers}{etag}, $version, '... changes nothing';
    my $reply = example('3.5.2.1b');
    is_status($reply, 200, 'a value without a path');
    is_deeply [map { $_->{value} } @{ $reply->{json}{emails} }],
        [qw(bjensen@example.com babs@jensen.org babs@jensen.org)],
        '... one more e-mail';
    is $reply->{json}{emails}[2]{type}, 'home', '... with its type';
    is $reply->{json}{nickName}, 'Babs', '... and nickname, as the RFC spells it';
};

subtest '3.5.2.2: PATCH, remove' => sub {
    set_members($babs, $smith);
    is_status(example('3.5.2.2a'), 204, 'one member');
    is_deeply members(), [$smith], '... is out';
    is_status(example('3.5.2.2b'), 204, 'all');
    is_deeply members(), [], '... are out';
    set_members($babs);
    is_status(example('3.5.2.2c'), 204, 'one out, one in (and no space behind eq)');
    is_deeply members(), [$smith], '... so it is';
    set_members($smith);
    is_status(example('3.5.2.2d'), 204, 'all out, two in');
    is_deeply members(), [sort $babs, $smith], '... so it is';
};

subtest '3.5.2.3: PATCH, replace' => sub {
    set_members();
    is_status(example('3.5.2.3a'), 204, 'all members');
    is_deeply members(), [sort $babs, $smith], '... are these';
    is_status($acme->patch("/Users/$babs", patch({ op => 'add',
        path => 'addresses', value => [{ type => 'home', locality => 'Ulm',
            primary => $true }, { type => 'work', locality => 'Bonn' }] })),
        200, '(two addresses)');
    my $reply = example('3.5.2.3b');
    is_status($reply, 200, 'an address as a whole');
    my ($home, $work) = @{ $reply->{json}{addresses} };
    is_deeply $work, { type => 'work', locality => 'Hollywood', region => 'CA',
        streetAddress => '911 Universal City Plaza', postalCode => '91608',
        country => 'US', primary => $true, formatted =>
        "911 Universal City Plaza\nHollywood, CA 91608 US" }, '... is this';
    is_deeply $home, { type => 'home', locality => 'Ulm',
        primary => JSON::PP::false }, '... and another one primary no more';
    $reply = example('3.5.2.3c');
    is_status($reply, 200, 'a part of an address');
    is_deeply [map { $_->{streetAddress} } @{ $reply->{json}{addresses} }],
        [undef, '1010 Broadway Ave'], '... of that one';
    is $reply->{json}{addresses}[1]{locality}, 'Hollywood', '... whose rest stays';
    my $before = $reply->{json};
    $reply = example('3.5.2.3d');
    is_status($reply, 200, 'values without a path');
    is_deeply $reply->{json}{emails}, [{ value => 'bjensen@example.com',
        type => 'work', primary => $true }, { value => 'babs@jensen.org',
        type => 'home' }], '... in place of all that were there';
    is_deeply [@{ $reply->{json} }{qw(nickName userName addresses)}],
        [@$before{qw(nickName userName addresses)}], '... and the rest stays';
};

subtest '3.14: versions' => sub {
    my $reply = example('3.14b');
    is_status($reply, 304, 'nothing has changed');
    is $reply->{body}, '', '... and nothing is said';
    is_status(example('3.14b', version => 0), 200, 'of another version');
    is_status(example('3.14a'), 409, 'the same user again is taken'); # as 3.3
};

subtest '3.6: DELETE' => sub {
    is_status(example('3.6a', version => 0), 412, 'of another version');
    is_status(example('3.6a'), 204, 'of this one');
    my $gone = example('3.6b');
    is_status($gone, 404, 'it is gone');
    like $gone->{json}{detail}, qr/\Q$babs/, '... by its id';
    is_status(example('3.14a'), 201, 'the name is free');
};

subtest '3.7.1: circular references' => sub {
    my $reply = example('3.7.1a');
    is_status($reply, 200, 'taken');
    is_deeply outcome($reply), [qw(201 201)], '... both are made';
    is_status(example('3.7.1b'), 400, "'Group' is no value: JSON has other quotes");
    my %group = map { $_->{displayName} => $_ } @{ $acme->get('/Groups',
        { filter => 'displayName sw "Group"' })->{json}{Resources} };
    for (['Group A', 'Group B'], ['Group B', 'Group A']) {
        my ($of, $in) = map { $group{$_} } @$_;
        is_deeply $of->{members}, [{ type => 'Group', value => $in->{id},
            '$ref' => $in->{meta}{location} }], "$_->[1] is in $_->[0]";
    }
};

subtest '3.7.2: bulkId' => sub {
    my $reply = example('3.7.2a');
    is_deeply outcome($reply), [qw(201 201)], 'a user and her group';
    my ($alice, $guides) = map { $_->{location} =~ s{.*/}{}r }
        @{ $reply->{json}{Operations} };
    is_deeply [map { $_->{value} }
        @{ $acme->get("/Groups/$guides")->{json}{members} }], [$alice],
        '... who is in it';
    $acme->delete("/Users/$alice");
    $reply = example('3.7.2b');
    is_deeply outcome($reply), [qw(201 201)], 'a user and his manager';
    my ($boss, $bob) = map { $_->{location} =~ s{.*/}{}r }
        @{ $reply->{json}{Operations} };
    is $acme->get("/Users/$bob")->{json}{ +ENTERPRISE }{manager}{value}, $boss,
        '... whom he names';
    is_deeply [map { $_->{bulkId} } @{ $reply->{json}{Operations} }],
        [qw(qwerty ytrewq)], 'results are told apart by bulkId';
    $acme->delete("/Users/$_") for $boss, $bob;
};

subtest '3.7.3: one of each' => sub {
    my %of = map { ($_->[1] => $acme->post('/Users', user($_->[0],
        nickName => 'x'))->{json}{id}) } ['Robert', 'b7c14771-226c-4d05-8860-134711653041'],
        ['David', '5d8d29d3-342c-4b5f-8683-a3cb6763ffcc'],
        ['Eve', 'e9025315-6bea-44e1-899c-1e07454e468b'];
    my $reply = example('3.7.3', ids => \%of, text => sub ($text) {
        $text =~ s/"version": *"W.*?[^\\]"/"version":"W\/\\"1\\""/gr;
    });
    is_deeply outcome($reply), [qw(201 200 200 204)], 'all are done';
    my ($bob, $dave, $eve) = map { $acme->get("/Users/$of{$_}") }
        qw(b7c14771-226c-4d05-8860-134711653041
            5d8d29d3-342c-4b5f-8683-a3cb6763ffcc
            e9025315-6bea-44e1-899c-1e07454e468b);
    is $bob->{json}{userName}, 'Bob', 'PUT';
    is "$dave->{json}{userName} " . ($dave->{json}{nickName} // 'none'),
        'Dave none', 'PATCH';
    is $eve->{status}, 404, 'DELETE';
    for my $operation (@{ $reply->{json}{Operations} }) {
        is_deeply [grep { ref $operation->{$_} } qw(status location method)], [],
            "$operation->{method}: texts";
        like $operation->{location}, qr{\A\Q@{[$acme->url]}\E/Users/},
            '... with the location';
    }
    $reply = example('3.7.3', ids => \%of);
    is_deeply outcome($reply), [409], 'again, it ends at the first error';
    is $reply->{json}{Operations}[0]{response}{scimType}, 'uniqueness',
        '... and says which';
};

subtest '3.7.4: too large' => sub {
    my $reply = example('3.7.4', length => 4294967296);
    is_status($reply, 413, 'before any of it has come');
    like $reply->{json}{detail}, qr/\d{4,}/, '... with the limit';
};

subtest 'a strict app takes them, too' => sub {
    $acme = $strict;
    $babs = example('3.3')->{json}{id};
    $smith = $acme->post('/Users', user('jsmith'))->{json}{id};
    $tour = $acme->post('/Groups', group('Employees'))->{json}{id};
    is_status(example($_), /\A3\.5\.2\.[12][a-d]|3\.5\.2\.3a/
        && $_ ne '3.5.2.1b' ? 204 : 200, $_)
        for qw(3.4.3 3.5.1 3.5.2.1a 3.5.2.1b 3.5.2.2a 3.5.2.2c 3.5.2.2d 3.5.2.3a
        3.5.2.3d 3.7.1a 3.7.2b);
    is_status(example('3.5.2.3b'), 400, '3.5.2.3b: there is no such address');
};

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

sub read_requests($file) {
    my %found;
    my (undef, @parts) = split /^# (\S+)\n/m, slurp($file);
    while (my ($name, $text) = splice @parts, 0, 2) {
        my ($head, $body) = split /\n\n/, $text, 2;
        my ($line, @headers) = split /\n/, $head;
        my ($method, $path) = $line =~ m{\A([A-Z]+) (\S.*?)(?:  HTTP/1.1)?\z};
        $found{$name} = { method => $method, path => $path, body => $body,
            headers => { map { /\A([\w-]+): *(.*)\z/ } @headers } };
    }
    return %found;
}

# Whole ids, and those that the RFC cut short.
sub ours($text, $ids = {}) {
    $text =~ s{https://example\.com/v2}{$acme->url}ge;
    $text =~ s/2819c223[-.\da-f]*413861904646/$babs/g if $babs;
    $text =~ s/08e1d05d[-.\da-f]*473d93df9210/$smith/g if $smith;
    $text =~ s/acbf3ae7[-.\da-f]*9b4da3f908ce/$tour/g if $tour;
    $text =~ s/\Q$_\E/$ids->{$_}/g for keys %$ids;
    return $text;
}

# version => 0: as the RFC has it, which is none of ours; ids: of theirs, ours
sub example($name, %change) {
    my $request = $request{$name};
    my %headers = %{ $request->{headers} };
    my $path = ours($request->{path} =~ s{\A/v2}{}r);
    delete @headers{qw(Host Authorization Content-Length)};
    if ($change{version} // 1) {
        my $now = $acme->get($path =~ s/\?.*//r)->{headers}{etag};
        $headers{$_} = $now for grep { /\AIf-/ } keys %headers;
    }
    $headers{'Content-Length'} = $change{length} if $change{length};
    $path =~ s/ /%20/g;
    my $body = $request->{body};
    if (defined $body && $body =~ /\S/) {
        $body = ours($body, $change{ids});
        $body = $change{text}->($body) if $change{text};
    }
    else {
        undef $body;
    }
    return $acme->request($request->{method}, $path, $body, %headers);
}

sub members() {
    return [sort map { $_->{value} }
        @{ $acme->get("/Groups/$tour")->{json}{members} // [] }];
}

sub set_members(@ids) {
    $acme->patch("/Groups/$tour", patch({ op => 'replace', path => 'members',
        value => [map { { value => $_ } } @ids] }));
    return;
}

sub outcome($reply) {
    return [map { $_->{status} } @{ $reply->{json}{Operations} }];
}
