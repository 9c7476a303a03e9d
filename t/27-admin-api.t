# The admin API over HTTP: who gets in, what is answered, how errors look, and
# that no page of another site changes anything.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64 encode_base64url);
use Scim::Admin;
use Scim::Process qw(write_file);
use Scim::Routes qw(admin_routes);
use Scim::Server;
use Test::More;

use constant USER => 'urn:ietf:params:scim:schemas:core:2.0:User';

# Lets in whomever a header names, as a module of single sign-on does.
my $dir = tempdir('scim-lua-XXXXXX', DIR => '/tmp', CLEANUP => 1);
chmod 0755, $dir;
write_file("$dir/user.lua", <<~'END');
    require 'apache2'
    function check(r)
        local name = r.headers_in['X-User']
        if name ~= nil then
            r.user = name
        end
        return apache2.OK
    end
    END

my $server = Scim::Server->new(admin => 1, modules => [qw(lua deflate headers)],
    config => sections());
my $acme = $server->organization('acme', install => ['--passwords', 'store']);
$server->organization('globex');
my $olga = $server->admin('acme', 'owner@acme.example');
my $all = $olga->another(url => $olga->url =~ s{/acme\z}{}r);

subtest 'stacks, from the first to the last verb' => \&stacks;
subtest 'headers of every answer' => \&headers;
subtest 'nobody, and who is nobody here' => \&nobody;
subtest 'realms' => \&realms;
subtest 'what a role may do' => \&roles;
subtest 'problems' => \&problems;
subtest 'requests that are not understood' => \&misunderstood;
subtest 'HEAD, OPTIONS and what there is' => \&methods;
subtest 'conditions' => \&conditions;
subtest 'pages' => \&pages;
subtest 'pages of other sites' => \&cross_site;
subtest 'transport' => \&transport;
subtest 'tenant URLs and tokens' => \&tokens;
subtest 'openapi.json' => \&openapi;
is $olga->get('')->{status}, 200, 'and it still answers';
$server->stop;
done_testing;

# A server with other sections beside the one that is tested most.
sub sections() {
    return <<~END;
        <Location /open>
            ScimService admin
        </Location>
        <Location /lax>
            ScimService admin
            AuthType Basic
            AuthName x
            Require all granted
        </Location>
        <Location /provisioned>
            ScimService admin
            ScimOrganization acme
            AuthType Basic
            AuthName x
            AuthBasicProvider scim
            Require valid-user
        </Location>
        <Location /by-lua>
            ScimService admin
            AuthType Lua
            AuthName x
            Require valid-user
            LuaHookCheckUserID $dir/user.lua check
            ScimRealm expr=%{HTTP:X-Issuer}
        </Location>
        <Location /by-lua/v1/organizations/acme/stacks>
            ScimRealm default
        </Location>
        <Location /strict>
            ScimService admin
            ScimRequireTLS On
            AuthType Lua
            AuthName x
            Require valid-user
            LuaHookCheckUserID $dir/user.lua check
        </Location>
        <Location /proxied>
            ScimService admin
            ScimBaseURL https://ID.example.com:443/proxied
            ScimRequireTLS On
            ScimTrustedProxy 127.0.0.1
            AuthType Lua
            AuthName x
            Require valid-user
            LuaHookCheckUserID $dir/user.lua check
        </Location>
        SetOutputFilter DEFLATE
        Header always set X-Filtered yes
        END
}

# -------------------------------------------------------------- the subtests

sub stacks() {
    my $made = $olga->post('/stacks', { name => 'Website' });
    is $made->{status}, 201, 'POST makes a stack';
    my $id = $made->{json}{id};
    is $made->{headers}{location}, $olga->url . "/stacks/$id", '... and says where it is';
    like $made->{headers}{etag}, qr/\A"1-[0-9a-f]{8}"\z/, '... with its version as ETag';
    my $got = $olga->get("/stacks/$id");
    is $got->{status}, 200, 'GET shows it';
    is $got->{headers}{'content-type'}, 'application/json', '... as JSON';
    is_deeply $got->{json}, $made->{json}, '... as it was made';
    is $olga->patch("/stacks/$id", { description => 'shop' })->{json}{version}, 2,
        'PATCH changes it';
    is_deeply [map { $_->{name} } @{ $olga->get('/stacks')->{json}{items} }],
        ['Website'], 'they are listed';
    my $gone = $olga->delete("/stacks/$id");
    like $gone->{status}, qr/\A20[04]\z/, 'DELETE removes it';
    is $gone->{status} == 204, $gone->{body} eq '', '... and 204 is without a word';
    is $olga->get("/stacks/$id")->{status}, 404, '... and it is gone';
    is $server->postgres->psql(q{select string_agg(concat_ws(' ', actor_kind, actor, action,
        request_id is not null, address), ', ' order by at, seq) from scim.journal
        where action like 'stack.%'}), join(', ',
        map { "account owner\@acme.example $_ t 127.0.0.1" }
        qw(stack.create stack.change stack.delete)),
        'each act is in the journal, with who did it';
    return;
}

sub headers() {
    my %wanted = (
        'cache-control'                => 'no-store',
        'content-security-policy'      => "default-src 'self'; frame-ancestors 'none';"
            . " base-uri 'none'; form-action 'self'",
        'cross-origin-resource-policy' => 'same-origin',
        'referrer-policy'              => 'no-referrer',
        'x-content-type-options'       => 'nosniff',
    );
    my %replies = (
        'a list'            => $olga->get('/stacks'),
        'no such thing'     => $olga->get('/nothing'),
        'a refusal'         => $olga->post('/stacks', {}),
        'options'           => $olga->request('OPTIONS', '/stacks'),
        'nobody'            => anybody('/scim-admin/v1/organizations'),
        'a wrong method'    => $olga->request('TRACK', '/stacks'),
        'beside the API'    => $olga->another(url => base('/scim-admin'))->get('/index.htm'),
    );
    for my $case (sort keys %replies) {
        my $headers = $replies{$case}{headers};
        is_deeply { map { $_ => $headers->{$_} } keys %wanted }, \%wanted, "$case has them, once";
        ok !$headers->{'access-control-allow-origin'}, '... and opens nothing to other sites';
    }
    is $replies{'beside the API'}{status}, 404, 'beside the API there is nothing';
    return;
}

sub nobody() {
    my $reply = anybody('/scim-admin/v1/organizations/acme');
    is $reply->{status}, 401, 'without a login: 401';
    like $reply->{headers}{'www-authenticate'}, qr/\ABasic realm="administration"/,
        '... and httpd asks for one';
    is $olga->another(password => 'x')->get('')->{status}, 401, 'a wrong password: 401';

    $reply = anybody('/open/v1/organizations');
    is $reply->{status}, 500, 'a section without AuthType is not open';
    problem($reply, 'fault');
    $server->logged(qr/SCIM0105: 500 .* ScimService admin needs AuthType .*Require valid-user/,
        '... and the log says what is missing');
    $reply = anybody('/lax/v1/organizations');
    is $reply->{status}, 401, 'neither is one that asks nobody';
    problem($reply, 'signed-out');
    like $reply->{headers}{'www-authenticate'} // '', qr/\ABasic/, '... which has a challenge';
    $server->logged(qr/SCIM0109: nobody is asked .* needs Require valid-user/,
        '... and the log says what is missing');

    $server->postgres->administer('account', 'create', '--organization', 'acme', '--name',
        'scim-token:1', '--role', 'admin');
    $reply = by_lua('scim-token:1');
    is $reply->{status}, 401, 'a secret token is no account, not even by name';
    $reply = anybody('/by-lua/v1/organizations', 'X-Issuer' => 'default');
    like $reply->{status}, qr/\A(?:401|500)\z/, 'whom a module does not know is nobody';

    ok $acme->post('/Users', { schemas => [USER], userName => 'owner@acme.example',
        password => 'mine' })->{status} == 201, 'an identity provider names a user like the owner';
    $reply = Scim::Admin->new(url => base('/provisioned/v1/organizations'),
        name => 'owner@acme.example', password => 'mine')->get('/acme');
    is $reply->{status}, 403, '... who signs in with its password and gets nowhere';
    problem($reply, 'forbidden');
    is by_lua('owner@acme.example')->{status}, 200, '... while the owner does';
    is by_lua("a\x01b")->{status} =~ /\A40[03]\z/, 1, 'a name that no account can have';
    return;
}

sub realms() {
    is by_lua('owner@acme.example', 'https://issuer.example')->{status}, 404,
        'the same name of another realm is somebody else';
    $server->postgres->administer('account', 'create', '--organization', 'globex', '--name',
        'owner@acme.example', '--realm', 'https://issuer.example', '--role', 'admin');
    is by_lua('owner@acme.example', 'https://issuer.example')->{status}, 404,
        '... with organizations of their own';
    is_deeply [map { $_->{slug} } @{ anybody('/by-lua/v1/organizations',
        'X-User' => 'owner@acme.example', 'X-Issuer' => 'https://issuer.example')
        ->{json}{items} }], ['globex'], '... which are listed';
    is anybody('/by-lua/v1/organizations/acme/stacks', 'X-User' => 'owner@acme.example',
        'X-Issuer' => 'https://issuer.example')->{status},
        200, 'a section within has its own realm';
    is by_lua('owner@acme.example', undef)->{status}, 500, 'a realm that is nothing lets nobody in';
    $server->logged(qr/SCIM0105: 500 .*the expression of ScimRealm says nothing/,
        '... and the log says why');
    return;
}

sub roles() {
    my %role;
    for my $role (qw(admin member)) {
        $server->postgres->administer('account', 'create', '--organization', 'acme', '--name',
            $role, '--role', $role);
        $role{$role} = $server->admin('acme', $role);
    }
    is $role{member}->get('')->{json}{role}, 'member', 'a member sees the organization';
    is $role{admin}->get('')->{json}{role}, 'admin', '... and an admin';
    my $reply = $role{member}->get('/stacks');
    is $reply->{status}, 403, '... but not what is in it';
    problem($reply, 'forbidden');
    like $reply->{json}{detail}, qr/Your account is "member"/, '... as is said';
    is $role{member}->post('/stacks', { name => 'M' })->{status}, 403, '... nor changes it';
    is $role{admin}->get('/stacks')->{status}, 200, 'an admin sees it';
    is $role{admin}->post('/suspend')->{status}, 403, '... but does not suspend the organization';
    is $role{admin}->delete('')->{status}, 400, '... nor deletes it';
    is $role{admin}->request('DELETE', '', { confirm => 'acme' })->{status}, 403, '... by its name';

    my $stranger = $server->admin('acme', 'stranger@elsewhere.example');
    $reply = $stranger->get('/stacks');
    is $reply->{status}, 404, 'an organization that one has no part in is not there';
    problem($reply, 'not-found');
    my $none = $stranger->another(url => $all->url)->get('/none/stacks');
    is $none->{json}{detail} =~ s/none/acme/r, $reply->{json}{detail},
        '... in the words for one that is not';
    is_deeply $stranger->another(url => $all->url)->get('')->{json}, { items => [] },
        '... and the list is empty';
    return;
}

sub problems() {
    my $reply = $olga->post('/stacks', { name => "a\tb" });
    is $reply->{status}, 400, 'a value that is refused';
    problem($reply, 'invalid-value');
    is $reply->{json}{field}, 'name', '... names its field';
    my $reference = quotemeta $reply->{json}{reference};
    like $server->error_log, qr/SCIM0101: 400 .*account owner\@acme.example .*request $reference/,
        '... and its reference is in the log';
    $olga->made('/stacks', { name => 'Taken' });
    $reply = $olga->post('/stacks', { name => 'TAKEN' });
    is $reply->{status}, 409, 'a name that is taken';
    problem($reply, 'taken');
    is $olga->get('/stacks/123456789')->{status}, 404, 'an id that nothing has';
    for my $id ('x', '1x', '-1', '1234567890', '%27', '0%00') {
        is $olga->get("/stacks/$id")->{status}, 404, "an id that nothing can have: $id";
    }
    for my $slug ('ACME', 'a', '..', "\xc3\xa9\xc3\xa9", "%ff%ff", 'a%2fb', 'x' x 500) {
        is $all->get("/$slug/stacks")->{status} =~ /\A40[04]\z/, 1, 'a slug that nothing can have';
    }
    return;
}

sub misunderstood() {
    my $post = sub ($body, %headers) { $olga->post('/stacks', $body, %headers) };
    my $reply = $post->('{"name": "x",}');
    is $reply->{status}, 400, 'what is no JSON';
    problem($reply, 'invalid-json');
    like $reply->{json}{detail}, qr/line 1, column 14/, '... and where';
    is $post->('{"name": "x", "name": "y"}')->{status}, 400, 'a name twice';
    is $post->('[]')->{status}, 400, 'a list';
    is $post->('"x"')->{status}, 400, 'a text';
    is $post->("{\"name\": \"\xff\"}")->{status}, 400, 'no UTF-8';
    is $post->('{"name":' . '[' x 100 . ']' x 100 . '}')->{status}, 400, 'depth';
    is $post->('')->{json}{field}, 'name', 'no body is an empty one';
    is $post->({ name => 'x', colour => 'y' })->{json}{field}, 'colour', 'an unknown member';
    for my $type ('text/plain', 'application/x-www-form-urlencoded', 'application/jsonp',
        'multipart/form-data; boundary=x', '', undef) {
        $reply = $post->({ name => 'x' }, 'Content-Type' => $type);
        is $reply->{status}, 415, 'a body of type ' . ($type // 'none');
        problem($reply, 'media-type');
    }
    is $post->({ name => 'Typed' }, 'Content-Type' => 'Application/JSON; charset=utf-8')
        ->{status}, 201, 'application/json in any case';
    $reply = $post->({ name => 'x' x (17 * 1024 * 1024) });
    is $reply->{status}, 413, 'too large';
    problem($reply, 'too-large');
    is $olga->post('/stacks?name=x', { name => 'y' })->{status}, 400,
        'a change takes nothing by its query';
    is $olga->get('/stacks', { colour => 'y' })->{json}{field}, 'colour',
        'an unknown parameter is refused, lest a filter be missed';
    for my $kind ('', '|', 'entra|okta', 'entr', 'ntra', 'Entra', 'entra ') {
        my $reply = $olga->post('/apps', { kind => $kind, name => 'Odd' });
        is $reply->{status}, 400, "a kind of app that is none: '$kind'";
        is $reply->{json}{field}, 'kind', '... is told by its name';
    }
    is $olga->get('/stacks', { limit => $_ })->{json}{field}, 'limit', "limit=$_ is refused"
        for 0, 201, -1, 'x', '1x', '', 1e10;
    is $olga->get('/stacks?limit=%zz')->{status}, 400, 'an encoding that is none';
    is $olga->get('/tokens?app=1&app=2')->{json}{field}, 'app', 'a parameter twice';
    is $olga->get('/tokens?app=x')->{json}{field}, 'app', 'one of another type';
    for my $after ('x', '*', encode_base64url("\xff\xff"), '') {
        is $olga->get('/stacks', { after => $after })->{status}, 400, 'an "after" that is none';
    }
    like $olga->get($_, { after => encode_base64url("x'; --") })->{status}, qr/\A(?:200|400)\z/,
        "an \"after\" that was made up: $_" for qw(/apps /tokens /accounts /stacks);
    return;
}

sub methods() {
    my $get = $olga->get('/stacks');
    my $head = $olga->request('HEAD', '/stacks');
    is $head->{status}, 200, 'HEAD answers as GET';
    is $head->{body}, '', '... without the body';
    is $head->{headers}{'content-type'}, $get->{headers}{'content-type'}, '... and with its type';
    my $reply = $olga->request('OPTIONS', '/stacks');
    is $reply->{status}, 204, 'OPTIONS';
    is $reply->{headers}{allow}, 'GET, HEAD, POST, OPTIONS', '... says what there is';
    for my $method (qw(PUT DELETE PATCH FETCH)) {
        $reply = $olga->request($method, '/stacks', $method eq 'DELETE' ? undef : {});
        is $reply->{status}, 405, "$method of a list";
        problem($reply, 'method');
        is $reply->{headers}{allow}, 'GET, HEAD, POST, OPTIONS', '... and what there is';
    }
    is $olga->get($_)->{status}, 404, "$_ is nothing"
        for '/stack', '/stacks/', '/stacks/1/2/3', '/stacks%2f1';
    is $olga->another(url => base('/scim-admin'))->get($_)->{status}, 404, "$_ is nothing"
        for '/v1', '/v2/organizations', '/v1/', '/v1/openapi.jso';
    return;
}

sub conditions() {
    my $made = $olga->post('/stacks', { name => 'Raced' });
    my ($at, $etag) = ("/stacks/$made->{json}{id}", $made->{headers}{etag});
    my $same = $olga->get($at, undef, 'If-None-Match' => $etag);
    is $same->{status}, 304, 'If-None-Match: what is known is not sent again';
    is $same->{headers}{etag}, $etag, '... but named';
    is $olga->get($at, undef, 'If-None-Match' => $_)->{status}, 304, "... as $_"
        for '*', "W/$etag", "\"x\", $etag", $etag =~ s/"\z/-gzip"/r;
    is $olga->get($at, undef, 'If-None-Match' => $_)->{status}, 200, "what is not: $_"
        for '"1"', '"x"', '"2-00000000"', 'x';
    is $olga->patch($at, { description => 'one' }, 'If-Match' => $etag)->{status}, 200,
        'If-Match: the first editor';
    my $reply = $olga->patch($at, { description => 'two' }, 'If-Match' => $etag);
    is $reply->{status}, 412, 'the second one is told';
    problem($reply, 'changed');
    is $reply->{json}{current}{description}, 'one', '... and shown what is there now';
    is $olga->delete($at, 'If-Match' => '"1"')->{status}, 412, '... who cannot remove it, either';
    is $olga->patch($at, { description => 'two' }, 'If-Match' => $_)->{status}, 400,
        "no condition: $_" for 'W/"2"', '"2", "3"', '2', '"x"', '""', '"2';
    is $olga->get($at)->{json}{description}, 'one', '... and nothing was lost';
    is $olga->patch($at, { description => 'three' }, 'If-Match' => '"2"')->{status}, 200,
        'the number alone will do';
    is $olga->patch($at, { description => 'four' }, 'If-Match' => '*')->{status}, 200, 'and *';
    is $olga->patch($at, { description => 'five' }, 'If-Match' => '"4-0-gzip"')->{status}, 200,
        'and what mod_deflate makes of it';
    my $packed = $olga->get($at, undef, 'Accept-Encoding' => 'gzip');
    is $packed->{headers}{'content-encoding'}, 'gzip', 'mod_deflate packs answers';
    return;
}

sub pages() {
    $olga->made('/stacks', { name => "Page $_" }) for 'a' .. 'e';
    my @whole = map { $_->{name} } @{ $olga->get('/stacks')->{json}{items} };
    my (@seen, $after);
    do {
        my $reply = $olga->get('/stacks', { limit => 2, $after ? (after => $after) : () });
        push @seen, map { $_->{name} } @{ $reply->{json}{items} };
        my ($link) = ($reply->{headers}{link} // '') =~ /\A<([^>]+)>; rel="next"\z/;
        $after = $reply->{json}{next};
        is defined $link, defined $after, 'the next page has a link';
        like $link, qr{\A\Q@{[$olga->url]}\E/stacks\?limit=2&after=\Q$after\E\z},
            '... which is the same' if $after;
    } while ($after && @seen < 100);
    is_deeply \@seen, \@whole, 'all pages together are the list';
    return;
}

sub cross_site() {
    my $own = base('');
    my $before = contents();
    my %refused = (
        'no header of ours'    => { 'X-Scim-Admin' => undef },
        'another value'        => { 'X-Scim-Admin' => 'yes' },
        'cross-site'           => { 'Sec-Fetch-Site' => 'cross-site' },
        'same-site'            => { 'Sec-Fetch-Site' => 'same-site', Origin => $own },
        'none'                 => { 'Sec-Fetch-Site' => 'none' },
        'no known word'        => { 'Sec-Fetch-Site' => 'Same-Origin' },
        'another origin'       => { Origin => 'https://evil.example' },
        'another scheme'       => { Origin => $own =~ s/http/https/r },
        'another port'         => { Origin => $own =~ s/\d+\z/1/r },
        'a longer name'        => { Origin => "$own.evil.example" },
        'a sandbox'            => { Origin => 'null' },
        'an empty origin'      => { Origin => '' },
        'a form'               => { 'X-Scim-Admin' => undef, Origin => 'https://evil.example',
            'Content-Type' => 'application/x-www-form-urlencoded' },
        'a form that says JSON' => { 'X-Scim-Admin' => undef, 'Content-Type' => 'text/plain' },
    );
    for my $route (grep { $_->{method} ne 'GET' } admin_routes()) {
        my $path = $route->{path} =~ s/\{organization\}/acme/r =~ s/\{\w+\}/1/gr;
        for my $case (sort keys %refused) {
            my $reply = $olga->another(url => base('/scim-admin'))->request($route->{method},
                $path, { confirm => 'acme' }, %{ $refused{$case} });
            is $reply->{status}, 403, "$case: $route->{method} $path";
        }
    }
    is contents(), $before, 'and nothing was changed';
    my $reply = $olga->post('/stacks', { name => 'Evil' }, Origin => 'https://evil.example');
    problem($reply, 'forbidden');
    like $reply->{json}{detail}, qr/page of another site; ours is \Q$own\E\./, 'which is said';
    my %accepted = ('Sec-Fetch-Site' => 'same-origin', Origin => $own,
        Origin => uc($own) =~ s/HTTP/http/r);
    is $olga->post('/stacks', { name => "By $_" }, $_ => $accepted{$_})->{status}, 201,
        "$_: $accepted{$_} is ours" for 'Sec-Fetch-Site';
    is $olga->post('/stacks', { name => 'By origin' }, Origin => $own)->{status}, 201,
        "Origin: $own is ours";
    is $olga->post('/stacks', { name => 'By both' }, Origin => 'https://outside.example',
        'Sec-Fetch-Site' => 'same-origin')->{status}, 201,
        'behind a proxy that is not known, the browser says so itself';
    return;
}

sub transport() {
    my $strict = '/strict/v1/organizations/acme';
    my %olga = ('X-User' => 'owner@acme.example');
    is anybody($strict, %olga)->{status}, 403, 'ScimRequireTLS On: no plain HTTP';
    problem(anybody($strict, %olga), 'forbidden');
    is $olga->get('', undef, 'X-Forwarded-For' => '192.0.2.1')->{status}, 403,
        'Loopback: none that was forwarded';
    my %tls = (%olga, 'X-Forwarded-Proto' => 'https', 'X-Scim-Admin' => '1',
        'Content-Type' => 'application/json');
    my $proxied = Scim::Client->new(url => base('/proxied/v1/organizations/acme'));
    is $proxied->get('', undef, %tls)->{status}, 200, 'behind a proxy that is known';
    my $reply = $proxied->post('/stacks', { name => 'Proxied' }, %tls,
        Origin => 'https://id.example.com');
    is $reply->{status}, 201, '... the origin is what ScimBaseURL says';
    like $reply->{headers}{location},
        qr{\Ahttps://ID\.example\.com:443/proxied/v1/organizations/acme/stacks/\d+\z},
        '... and Location';
    is $proxied->post('/stacks', { name => 'P' }, %tls, Origin => base(''))->{status}, 403,
        '... and not what the proxy calls us';
    return;
}

sub tokens() {
    my $org = $olga->get('')->{json};
    is $org->{tenant_url}, $server->url('acme'), 'the organization has its tenant URL';
    is $org->{role}, 'owner', '... and what I am in it';
    my $app = $olga->made('/apps', { kind => 'okta', name => 'Okta' });
    my $reply = $olga->post("/apps/$app->{id}/tokens", { name => 'first' });
    is $reply->{status}, 201, 'a token is made for the app that the path names';
    is $reply->{json}{app_id}, $app->{id}, '... for it';
    is $reply->{json}{tenant_url}, $server->url('acme'), '... with the tenant URL';
    is $reply->{headers}{location}, $olga->url . "/tokens/$reply->{json}{id}", '... and its place';
    my $client = Scim::Client->new(url => $server->url('acme'), token => $reply->{json}{token});
    is $client->get('/Users')->{status}, 200, '... and is good';
    unlike $olga->get("/tokens/$reply->{json}{id}")->{body}, qr/mscim1_/, '... seen once only';
    is $olga->post("/apps/$app->{id}/tokens", { app => 1 })->{json}{field}, 'app',
        'a body that says another app is refused';
    my $new = $olga->post("/tokens/$reply->{json}{id}/rotate", {});
    is $new->{status}, 201, 'rotate makes another one';
    isnt $new->{headers}{location}, $reply->{headers}{location}, '... in another place';
    is $olga->post("/tokens/$reply->{json}{id}/revoke")->{status}, 200, 'revoke';
    is $client->get('/Users')->{status}, 401, '... ends it';
    is $olga->get('/tokens', { app => $app->{id} })->{json}{items}->@*, 2, 'both are listed';
    return;
}

sub openapi() {
    my $reply = $olga->another(url => base('/scim-admin/v1'))->get('/openapi.json');
    is $reply->{status}, 200, 'it is served';
    my $api = $reply->{json};
    is $api->{openapi}, '3.1.0', '... as OpenAPI 3.1';
    is $api->{servers}[0]{url}, base('/scim-admin'), '... of this server';
    my (@said, %ids);
    for my $path (sort keys %{ $api->{paths} }) {
        for my $method (sort keys %{ $api->{paths}{$path} }) {
            my $place = $api->{paths}{$path}{$method};
            my ($status) = grep { /\d/ } sort keys %{ $place->{responses} };
            push @said, join ' ', uc $method, $path, $status;
            ok !$ids{ $place->{operationId} }++, "$place->{operationId} is there once";
            like $place->{summary}, qr/\A[A-Z].*\.\z/, '... with a sentence';
            is_deeply [sort map { $_->{name} } grep { $_->{in} eq 'path' }
                @{ $place->{parameters} // [] }], [sort $path =~ /\{(\w+)\}/g],
                '... and the names of its path';
            try_out(uc $method, $path, $place);
        }
        my $allow = $olga->another(url => base('/scim-admin'))->request('OPTIONS', filled($path))
            ->{headers}{allow} // '';
        is_deeply [sort grep { !/HEAD|OPTIONS/ } split /, /, $allow],
            [sort map { uc } keys %{ $api->{paths}{$path} }], "$path takes these methods";
    }
    is_deeply [sort @said], [sort map { "$_->{method} $_->{path} $_->{status}" } admin_routes()],
        'it is the routing table';
    return;
}

# What the document says of what is taken is what is taken.
sub try_out($method, $path, $place) {
    my $client = $olga->another(url => base('/scim-admin'));
    my $at = filled($path);
    if ($method eq 'GET') {
        my $reply = $client->get($at, { 'no_such_parameter' => 1 });
        is $reply->{json}{field}, 'no_such_parameter', "$at refuses what it does not know"
            if $place->{operationId} ne 'openapi';
        for my $parameter (grep { $_->{in} eq 'query' } @{ $place->{parameters} // [] }) {
            $reply = $client->get($at, { $parameter->{name} => sample($parameter->{schema}) });
            isnt $reply->{json}{detail} // '', qq("$parameter->{name}" is nothing that can be)
                . ' asked for here.', "... and takes $parameter->{name}";
        }
        return;
    }
    my $schema = $place->{requestBody}{content}{'application/json'}{schema};
    my $reply = $client->request($method, $at, { no_such_member => 1 });
    is $reply->{status}, 400, "$method $at refuses what it does not know";
    my @required = @{ $schema->{required} // [] };
    is !!$place->{requestBody}{required}, @required > 0, '... needs a body';
    if (@required) {
        $reply = $client->request($method, $at, {});
        ok((grep { $_ eq ($reply->{json}{field} // '') } @required), '... that says '
            . join ' and ', @required);
    }
    return;
}

sub sample($schema) {
    return $schema->{type} eq 'integer' ? 1 : $schema->{type} eq 'boolean' ? 'true'
        : $schema->{enum} ? $schema->{enum}[0] : 'x';
}

# ----------------------------------------------------------------- the parts

sub base($path) { return 'http://127.0.0.1:' . $server->port . $path }

sub filled($path) {
    return $path =~ s/\{organization\}/acme/r =~ s/\{\w+\}/999999999/gr;
}

sub anybody($path, %headers) {
    return Scim::Client->new(url => base(''))->get($path, undef, %headers);
}

sub by_lua($name, $realm = 'default') {
    return anybody('/by-lua/v1/organizations/acme', 'X-User' => $name, 'X-Issuer' => $realm);
}

# RFC 9457: type, title, status, detail, and our reference.
sub problem($reply, $type) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $json = $reply->{json} // {};
    is $reply->{headers}{'content-type'}, 'application/problem+json', '... as a problem';
    is $json->{type}, "urn:mod-scim:problem:$type", "... of type $type";
    is $json->{status}, $reply->{status}, '... with its status';
    like $json->{detail}, qr/\A[A-Z"].*[.!]\z/s, '... and a sentence';
    ok length($json->{title} // '') && length($json->{reference} // ''),
        '... a title and a reference';
    return;
}

# All that acme has.
sub contents() {
    return $server->postgres->psql(join ' union all ', map {
        "select '$_ ' || t::text from scim.$_ t where org_id = 1" }
        qw(organizations accounts apps tokens stacks stack_roles group_mappings journal));
}
