# SCIM as HTTP: methods, media types, preconditions, the query component, and
# the form of errors. RFC 7644, 1.2, 3.1, 3.2, 3.8, 3.12 to 3.14; RFC 9110.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use JSON::PP ();
use Scim::Answer;
use Scim::Server;
use Test::More;

my $NOBODY = '01890000-0000-7000-8000-000000000000';
my $server = Scim::Server->new(
    modules => [qw(deflate brotli filter)],
    section => 'ScimMaxBody 20000',
    config => <<"END",
<Location /gzip>
    ScimService scim
    SetOutputFilter DEFLATE
</Location>
<Location /br>
    ScimService scim
    SetOutputFilter BROTLI_COMPRESS
</Location>
<Location /small>
    ScimService scim
    LimitRequestBody 500
</Location>
END
);
my $acme = $server->organization('acme');
my $reader = $server->organization('reader', token => ['--read-only']);
my $user = $acme->post('/Users', user('http.user', displayName => 'H'))->{json};
my $group = $acme->post('/Groups', group('Http'))->{json};
my $path = "/Users/$user->{id}";

subtest 'messages' => \&messages;
subtest 'methods' => \&methods;
subtest 'media types' => \&media_types;
subtest 'the query component' => \&queries;
subtest 'versions' => \&versions;
subtest 'packed answers' => \&packed;
subtest 'HTTP itself' => \&http;
subtest 'errors' => \&errors;

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

sub messages() {
    my $one = $acme->get($path);
    like $one->{headers}{'content-type'}, qr{\Aapplication/scim\+json},
        'P-3.1-01: the media type';
    is ref $one->{json}, 'HASH', '... of an object';
    my $list = $acme->get('/Users')->{json};
    is_deeply $list->{schemas}, [LIST],
        'P-3.1-03, P-3.4.2-04, P-8.2-01: the URN of a list';
    cmp_ok scalar @{ $_->{schemas} }, '>', 0,
        'P-3.1-02: each resource has schemas'
        for $one->{json}, @{ $list->{Resources} };
    is_deeply $acme->get('/Nope')->{json}{schemas}, [ERROR],
        'P-3.1-03, P-8.2-01, P-3.12-02: the URN of an error';
    is_status($acme->patch($path, { schemas => [uc PATCH_OP],
        Operations => [] }), 200, 'P-8.2-01: in requests in any case');
    is_error($acme->get('/Schemas/' . LIST), 404, undef,
        'P-3.1-04: messages are no schemas');
    unlike $acme->get('/Schemas')->{body}, qr/"id":"urn:[^"]*:api:/,
        '... and not among them';
    return;
}

sub methods() {
    # P-3.2-01, P-3.2-02: what each place takes
    my %allow = (
        '/Users' => 'GET, HEAD, POST, OPTIONS',
        '/Groups' => 'GET, HEAD, POST, OPTIONS',
        $path => 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS',
        "/Groups/$group->{id}" => 'GET, HEAD, PUT, PATCH, DELETE, OPTIONS',
        (map { $_ => 'GET, HEAD, OPTIONS' } '/', '/Schemas', '/Schemas/' . USER,
            qw(/ServiceProviderConfig /ResourceTypes /ResourceTypes/User)),
        # P-3.2-03
        map { $_ => 'POST, OPTIONS' } qw(/Bulk /.search /Users/.search
            /Groups/.search),
    );
    for my $place (sort keys %allow) {
        my $reply = $acme->request('OPTIONS', $place);
        is_status($reply, 204, "OPTIONS $place");
        is $reply->{headers}{allow}, $allow{$place}, '... says what is allowed';
        my %known = map { $_ => 1 } split /, /, $allow{$place};
        for my $method (qw(GET HEAD POST PUT PATCH DELETE)) {
            if (!$known{$method}) {
                $reply = $acme->request($method, $place, {});
                my $name = "P-3.2-06, P-4-09: $method $place";
                $method eq 'HEAD' ? is_status($reply, 405, $name)
                    : is_error($reply, 405, undef, $name);
                is $reply->{headers}{allow}, $allow{$place},
                    '... with the header Allow';
            }
            elsif ($method eq 'GET') {
                my $get = $acme->get($place);
                is_status($get, 200, "P-3.2-02: GET $place");
                my $head = $acme->request('HEAD', $place);
                is_status($head, 200, '... and HEAD');
                is $head->{headers}{$_}, $get->{headers}{$_},
                    "... with the same $_"
                    for qw(content-length content-type etag location);
            }
            elsif ($method ne 'HEAD' && $method ne 'DELETE') {
                # P-3.2-01: served, if only to say what is wrong
                is_error($acme->request($method, $place, '{'), 400,
                    'invalidSyntax', "P-3.2-01, P-3.2-03: $method $place");
            }
        }
        $reply = $acme->request('BREW', $place, undef);
        is_error($reply, 501, undef,
            "P-3.2-06, P-3.12-16: a method that nobody knows, $place");
        is $reply->{headers}{allow}, $allow{$place}, '... with those that are';
    }
    is_error($acme->request('BREW', '/Nope'), 404, undef, 'the place first');
    is_status($acme->get('/Users/'), 200, 'a slash at the end');
    is_status($acme->get("$path/"), 200, '... of a resource');
    return;
}

# ------------------------------------------------------------- media types

sub media_types() {
    my ($scim, $json) = qw(application/scim+json application/json);
    my @accept = (
        ['P-3.8-04', $scim, $scim], ['P-3.8-05', $json, $json],
        ['P-3.8-06', undef, $scim], ['P-3.8-06', '*/*', $scim],
        ['a type in any case', 'Application/JSON', $json],
        ['a wildcard', 'application/*', $scim],
        ['the first of equals', "$json, $scim", $scim],
        ['quality', "$json;q=0.9, $scim;q=0.5", $json],
        ['... of the closest', "*/*, $scim;q=0.1", $json],
        ['... 0', "$scim;q=0, */*;q=0.1", $json],
        ['as browsers', "$json, text/plain, */*", $scim],
        ['with parameters', "$json;charset=utf-8;q=1.000, $scim;q=0.999", $json],
        ['no quality', "$json;q=x, $scim;q=nan", $scim],
        ['P-8.1-01: something else gets what we have', 'text/html', $scim],
        ['nothing at all', "*/*;q=0", $scim], ['empty', '', $scim],
        ['no sense', ';;,=,"', $scim],
    );
    for my $case (@accept) {
        my ($name, $accept, $type) = @$case;
        my $reply = $acme->get($path, undef, Accept => $accept);
        is_status($reply, 200, "$name: Accept: " . ($accept // '(none)'));
        is $reply->{headers}{'content-type'}, $type, "... gets $type";
    }
    is $acme->get('/Nope', undef, Accept => $json)->{headers}{'content-type'},
        $json, 'P-3.8-05: errors as well';
    my @taken = ($scim, $json, "$scim;charset=utf-8", "$scim; charset=\"UTF-8\"",
        "$json; charset=UTF-8; x=y", 'APPLICATION/Scim+Json', undef);
    my $n = 0;
    is_status($acme->post('/Users', user('type' . $n++), 'Content-Type' => $_),
        201, 'P-3.8-02, P-3.8-07, P-8.1-01: ' . ($_ // 'no Content-Type'))
        for @taken;
    is_error($acme->post('/Users', user('type'), 'Content-Type' => $_), 415,
        undef, "P-3.8-03: $_") for 'text/xml', 'text/plain', 'application/xml',
        'application/x-www-form-urlencoded', "$json; charset=utf-16",
        'application/json-patch+json', 'multipart/form-data; boundary=x', 'x';
    is_error($acme->get("$path.scim"), 404, undef,
        'P-3.8-08: no suffix is known');
    my $body = $acme->get($path)->{body};
    my $text = "Zo\x{eb} \x{65e5}\x{672c} \x{1f600}";
    my $reply = $acme->put($path, { %$user, displayName => $text });
    utf8::encode(my $bytes = $text);
    like $reply->{body}, qr/"displayName":"\Q$bytes\E"/,
        'P-3.8-01: UTF-8 as it is, not escaped';
    $acme->put($path, $user);
    is_error($acme->post('/Users', '{"a":1}', 'Content-Encoding' => 'gzip'),
        415, undef, 'a packed body that nobody unpacks');
    return;
}

# ---------------------------------------------------------------- the query

sub queries() {
    my %made = map { $_ => $acme->post('/Users', user($_))->{json}{id} }
        'per%41cent', 'plus+sign', 'am&per=sand';
    # Bytes as they stand in the request line
    my @found = (
        ['P-1.2-01', 'filter=userName%20eq%20%22http.user%22', $user->{id}],
        ['P-1.2-01: any may be', 'filter=userName%20%65q%20%22http%2euser%22',
            $user->{id}],
        ['P-1.2-01: once only', 'filter=userName+eq+%22per%2541cent%22',
            $made{'per%41cent'}],
        ['P-1.2-01: ...', 'filter=userName+eq+%22per%41cent%22', undef],
        ['"+" is a space', 'filter=userName+eq+%22http.user%22', $user->{id}],
        ['%2B is a plus', 'filter=userName+eq+%22plus%2Bsign%22',
            $made{'plus+sign'}],
        ['%26 and %3D separate nothing',
            'filter=userName+eq+%22am%26per%3Dsand%22', $made{'am&per=sand'}],
        ['the name may be escaped', '%66ilter=userName+eq+%22http.user%22',
            $user->{id}],
        ['and stand in any case', 'FILTER=userName+eq+%22http.user%22',
            $user->{id}],
        ['P-3.4.2-03, P-3.4.2-02: others are ignored',
            'x=%zz&filter=userName+eq+%22http.user%22&foo=bar&foo=baz&&=&flag',
            $user->{id}],
    );
    for my $case (@found) {
        my ($name, $query, $id) = @$case;
        my $reply = $acme->get("/Users?$query");
        is_deeply [map { $_->{id} } @{ $reply->{json}{Resources} }],
            [defined $id ? $id : ()], "$name: $query" or diag $reply->{body};
    }
    is_error($acme->get("/Users?$_->[1]"), 400, $_->[0], "refused: $_->[1]")
        for ['invalidSyntax', 'count=1&count=2'],
        ['invalidSyntax', 'filter=a&Filter=b'], ['invalidSyntax', 'filter=%4'],
        ['invalidSyntax', 'filter=%FF'], ['invalidSyntax', 'filter=a%00'],
        ['invalidFilter', 'filter'], ['invalidFilter', 'filter='],
        ['invalidValue', 'count='], ['invalidValue', 'startIndex'],
        ['invalidValue', 'count=0x10'], ['invalidValue', 'count=1.5'];
    is_status($acme->get('/Users?attributes=&excludedAttributes'), 200,
        'empty lists of names ask for nothing');
    is_status($acme->get("/Users/\%$_" . substr $user->{id}, 1), 200,
        'P-1.2-01: an escaped path') for sprintf '%02x', ord $user->{id};
    is_error($acme->get('/Users/%2541'), 404, undef, 'P-1.2-01: ... once');
    is_error($acme->get('/Users/v2'), 404, undef,
        'P-3.13-02: no version behind the endpoint');
    is_status($acme->get("$path?filter=title%20pr"), 200,
        'P-3.4.2.1-01: one resource has no filter');
    unlike $acme->url, qr/\?/, 'P-1.3-01: the tenant URL has no query';
    return;
}

# ----------------------------------------------------------------- versions

sub versions() {
    my $made = $acme->post('/Users', user('versions'));
    my $at = "/Users/$made->{json}{id}";
    my $tag = $made->{headers}{etag};
    is $tag, $made->{json}{meta}{version},
        'P-3.14-01, P-3.14-02, P-3.14-03: POST';
    is $acme->get($at)->{headers}{etag}, $tag, 'P-3.14-02, P-3.14-04: GET';
    is $acme->request('HEAD', $at)->{headers}{etag}, $tag, '... and HEAD';
    my %fits = ($tag => 1, '*' => 1, qq(W/"999", $tag) => 1, '"999"' => 0,
        $tag =~ s{W/}{}r => 1, 'x' => 0, '' => 0);
    for my $method (qw(GET HEAD)) {
        for my $value (sort keys %fits) {
            my $reply = $acme->request($method, $at, undef,
                'If-None-Match' => $value);
            is_status($reply, $fits{$value} ? 304 : 200,
                "P-3.14-05: $method, If-None-Match: $value");
            is $reply->{body}, '', '... without a body' if $fits{$value};
            is $reply->{headers}{etag}, $tag, '... with its ETag';
            is_status($acme->request($method, $at, undef,
                'If-Match' => $value), $fits{$value} ? 200 : 412,
                "$method, If-Match: $value");
        }
    }
    my $body = user('versions');
    my $nothing = patch({ op => 'remove', path => 'nickName' });
    for my $request (['PUT', $body], ['PATCH', $nothing]) {
        my ($method, $json) = @$request;
        for my $value (sort keys %fits) {
            my $reply = $acme->request($method, $at, $json,
                'If-Match' => $value);
            $fits{$value}
                ? is_status($reply, 200,
                    "P-3.14-06, P-3.14-07: $method, If-Match: $value")
                : is_error($reply, 412, undef,
                    "P-3.14-06, P-3.12-13: $method, If-Match: $value");
            is_status($acme->request($method, $at, $json,
                'If-None-Match' => $value), $fits{$value} ? 412 : 200,
                "$method, If-None-Match: $value");
        }
        # RFC 9110, 13.2.2: one after the other
        is_status($acme->request($method, $at, $json, @{ $_->[1] }), $_->[0],
            "$method, @{ $_->[1] }") for
            [200, ['If-Match' => $tag, 'If-None-Match' => 'W/"999"']],
            [412, ['If-Match' => $tag, 'If-None-Match' => $tag]],
            [412, ['If-Match' => '"999"', 'If-None-Match' => '"999"']];
        # P-3.14-08: it is not there, whatever the version
        is_error($acme->request($method, "/Users/$NOBODY", $json,
            'If-Match' => $_), 404, undef, "P-3.14-08: $method of nobody")
            for $tag, '*';
    }
    is $acme->get($at)->{headers}{etag}, $tag,
        'P-3.14-04, P-3.5.1-13: nothing has changed';
    is_error($acme->delete($at, 'If-Match' => '"999"'), 412, undef,
        'P-3.6-06: DELETE of another version');
    is_status($acme->get($at), 200, '... deletes nothing');
    is_error($acme->delete("/Users/$NOBODY", 'If-Match' => '*'), 404, undef,
        'P-3.14-08: DELETE of nobody');
    my $changed = $acme->patch($at, patch({ op => 'add', path => 'title',
        value => 'x' }), 'If-Match' => $tag);
    isnt $changed->{headers}{etag}, $tag, 'P-3.14-04: a change is a version';
    is $changed->{headers}{etag}, $changed->{json}{meta}{version},
        'P-3.14-02: PATCH';
    is_error($acme->patch($at, patch({ op => 'add', path => 'title',
        value => 'y' }), 'If-Match' => $tag), 412, undef,
        'P-3.14-06: ... and the old one is stale');
    is $acme->get($at)->{json}{title}, 'x', '... and nothing was done';
    is_status($acme->post('/Users', user('versions.2'), 'If-None-Match' => '*',
        'If-Match' => '"999"'), 201, 'a POST is about no version');
    my $before = $acme->get("/Groups/$group->{id}");
    my $add = patch({ op => 'add', path => 'members',
        value => [{ value => $user->{id} }] });
    my $members = "/Groups/$group->{id}";
    is_error($acme->patch($members, $add, 'If-Match' => '"999"'), 412, undef,
        'P-3.14-06: members of another version');
    is_error($acme->patch($members, $add, 'If-Match' =>
        $before->{headers}{etag}, 'If-None-Match' => '*'), 412, undef,
        '... both conditions');
    is_status($acme->patch($members, $add, 'If-Match' =>
        $before->{headers}{etag}, 'If-None-Match' => '"999"'), 204,
        '... both hold');
    is_status($acme->delete($at, 'If-Match' => $changed->{headers}{etag}), 204,
        'P-3.14-06: DELETE of the version');
    return;
}

# mod_deflate and mod_brotli change the tag of what they pack.
sub packed() {
    for my $coding (qw(gzip br)) {
        my $client = $acme->another(
            url => $acme->url =~ s{/scim/v2/}{/$coding/}r);
        my %accept = ('Accept-Encoding' => $coding);
        my $made = $client->post('/Users', user("packed.$coding"))->{json};
        my $at = "/Users/$made->{id}";
        my $reply = $client->get($at, undef, %accept);
        is $reply->{headers}{'content-encoding'}, $coding, "$coding is packed";
        my $tag = $reply->{headers}{etag};
        like $tag, qr{\AW/"\d+-$coding"\z}, '... and has another tag';
        is_status($client->get($at, undef, %accept, 'If-None-Match' => $tag),
            304, '... which is known again');
        my $title = patch({ op => 'add', path => 'title', value => 'x' });
        is_status($client->patch($at, $title, 'If-Match' => $tag), 200,
            '... by writes as well');
        is_error($client->patch($at, $title, 'If-Match' => $tag), 412, undef,
            '... once');
        is_status($client->delete($at, 'If-None-Match' => $client->get($at,
            undef, %accept)->{headers}{etag}), 412, '... and by If-None-Match');
    }
    return;
}

# --------------------------------------------------------------- HTTP itself

sub http() {
    my $base = $acme->url =~ s{\Ahttp://[^/]+}{}r;
    my $head = "Host: 127.0.0.1\r\nConnection: close\r\nAuthorization: Bearer "
        . $acme->token . "\r\n";
    like raw("GET $base$path HTTP/1.0\r\n$head\r\n"),
        qr{\AHTTP/1\.1 200 .*"userName":"http\.user"}s, 'HTTP/1.0';
    my $whole = $acme->get($path);
    my $part = $acme->get($path, undef, Range => 'bytes=0-4');
    is_status($part, 200, 'Range is ignored');
    is $part->{body}, $whole->{body}, '... and all is sent';
    my $body = JSON::PP->new->encode(user('expects'));
    my $type = "Content-Type: application/scim+json\r\n";
    my $reply = raw("POST $base/Users HTTP/1.1\r\n$head${type}Expect: "
        . '100-continue' . "\r\nContent-Length: " . length($body)
        . "\r\n\r\n", $body);
    like $reply, qr{\AHTTP/1\.1 100 .*?\r\n\r\nHTTP/1\.1 201 }s,
        'Expect: 100-continue';
    $body = sprintf "%x\r\n%s\r\n0\r\n\r\n", length $_, $_
        for JSON::PP->new->encode(user('chunked'));
    like raw("POST $base/Users HTTP/1.1\r\n$head${type}Transfer-Encoding: "
        . "chunked\r\n\r\n$body"), qr{\AHTTP/1\.1 201 }, 'a chunked body';
    # P-7.1-01
    unlike raw("GET $base$path HTTP/1.1\r\n"
        . $head =~ s/127\.0\.0\.1/user:pw\@evil/r . "\r\n"), qr/evil/,
        'P-7.1-01: no user information in links';
    unlike $whole->{body}, qr{"https?://[^/"]*\@},
        'P-7.1-01: ... at any time';
    my $moved = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $server->port) or die $@;
    print $moved "GET /scim/v1/acme/Users HTTP/1.1\r\n$head\r\n";
    like scalar <$moved>, qr/ 404 /, 'P-3.13-03, P-3.12-25: no version 1';
    is_status($acme->get('/Users'), 200, 'P-3.13-01, P-3.13-02: version 2');
    unlike $whole->{headers}{authorization} // '', qr/./,
        'P-3.5.2.1-E5295: no Authorization in answers';
    return;
}

sub errors() {
    my @all = (
        [400, 'invalidSyntax', 'P-3.12-08', $acme->post('/Users', '{')],
        [400, 'invalidValue', 'P-3.12-08', $acme->post('/Users', user(''))],
        [401, undef, 'P-3.12-09', $acme->get('/Users', undef,
            Authorization => undef)],
        [403, undef, 'P-3.12-10, P-2-03',
            $reader->post('/Users', user('reader'))],
        [404, undef, 'P-3.12-11', $acme->get("/Users/$NOBODY")],
        [404, undef, 'P-3.12-11', $acme->get('/Nope')],
        [409, 'uniqueness', 'P-3.12-12', $acme->post('/Users',
            user('HTTP.user'))],
        [412, undef, 'P-3.12-13', $acme->put($path, $user,
            'If-Match' => 'W/"0"')],
        [413, undef, 'P-3.12-14', $acme->post('/Users', user('x' x 20000))],
        [501, undef, 'P-3.12-16', $acme->request('BREW', '/Users')],
    );
    for my $case (@all) {
        my ($status, $type, $id, $reply) = @$case;
        # P-3.12-01, P-3.12-03, P-3.12-04, P-3.12-E7898, P-3.2-07,
        # P-7.5.2-E6893
        is_error($reply, $status, $type, "$id: $status");
        # P-3.12-05
        unlike $reply->{json}{detail}, qr/select |insert |scim\.|mscim1_\d/i,
            '... tells nothing of our own';
        is $reply->{headers}{location}, undef, 'P-3.12-06, P-3.12-07: no redirect';
    }
    like $all[0][3]{json}{detail}, qr/line 1/, 'P-3.12-05: where it is wrong';
    like $all[8][3]{json}{detail}, qr/20000/, 'P-3.12-14: the limit is told';
    # P-3.12-01: what httpd itself refuses
    my $small = $acme->another(url => $acme->url =~ s{/scim/v2/}{/small/}r);
    is_error($small->post('/Users', user('x' x 1000)), 413, undef,
        'P-3.12-01: httpd\'s own limit of a body');
    return;
}

# Bytes on a connection of their own; then, where the server says 100, more.
sub raw($bytes, $more = undef) {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $server->port, Timeout => 10) or die "connect: $@";
    print $socket $bytes;
    my $got = '';
    if (defined $more) {
        sysread $socket, $got, 4096;
        print $socket $more if $got =~ m{\AHTTP/1\.1 100 };
    }
    local $/;
    return $got . (readline($socket) // '');
}
