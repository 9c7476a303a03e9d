# The module owns what lies below its section, whatever else the server has
# been told about the same URLs, and nothing beside it.

use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant ERROR => 'urn:ietf:params:scim:api:messages:2.0:Error';

my $root = tempdir(CLEANUP => 1);
chmod 0755, $root;
mkdir "$root/$_" for qw(scim scim/v2 scim/v2/acme scim/v2/acme/Users plain);
write_file("$root/$_/index.html", 'a file') for 'plain', 'scim/v2/acme/Users';
write_file("$root/scim/v2/acme/Users/.htaccess", 'no directive');

# Every line wants /scim for itself.
my $server = Scim::Server->new(
    modules => [qw(proxy proxy_http rewrite alias dir mime negotiation
        include)],
    section => 'Options +Includes +MultiViews',
    config => <<"EOF",
DocumentRoot $root
<Directory $root>
    AllowOverride All
    Require all granted
</Directory>
AddHandler server-parsed .html
Alias /scim/v2/acme $root/plain
RedirectMatch ^/scim/v2/acme/Groups http://elsewhere.example/
RewriteEngine On
RewriteRule ^/scim/(.*) /plain/\$1 [L]
ProxyPass /scim/v2/acme/Schemas http://127.0.0.1:1/ mapping=encoded
ProxyPass /plain !
ProxyPass /only !
ProxyPass /fixed !
ProxyPass / http://127.0.0.1:1/
<Location /only>
    SetHandler scim
</Location>
<Location /fixed/>
    ScimService scim
    ScimOrganization acme
    ScimBaseURL https://id.example.com/fixed/
</Location>
<Location /scim/v2/acme/off>
    ScimService off
</Location>
<Location /closed>
    ScimService scim
    Require all denied
</Location>
<Location /own>
    ScimService scim
    Require all denied
    ErrorDocument 403 "Ask Bob."
</Location>
<Location "/with space">
    ScimService scim
</Location>
EOF
);
my $acme = $server->organization('acme');
my $port = $server->port;

# ---------------------------------------------------------------- our URLs

is_scim('GET', '/scim/v2/acme/Users', 200, 'before a directory and an alias');
is_scim('GET', '/scim/v2/acme/Users/', 200, 'with a slash at the end');
is_scim('GET', '/scim/v2/acme/Groups', 200, 'before a redirect');
is_scim('GET', '/scim/v2/acme/Schemas', 200, 'before a ProxyPass');
is_scim('GET', '/scim/v2/acme/Schemas/'
    . 'urn%3Aietf%3Aparams%3Ascim%3Aschemas%3Acore%3A2.0%3AUser', 200,
    'with an escaped URN, before a ProxyPass with mapping=encoded');
is_scim('GET', '/scim/v2/acme/Users/index.html', 404, 'a name of a file');
is_scim('GET', '/scim/v2/acme/Users/x.cgi', 404, 'a name with a suffix');
is_scim('GET', '/scim/v2/acme/Users?a=b&aadOptscim062020', 200,
    'query parameters that nobody knows');
is_scim('GET', '/scim//v2/./acme/../acme/Users', 200, 'a path to be merged');

my @nowhere = (
    '/scim/v2', '/scim/v2/', '/scim/v2/Users',
    '/scim/v2/ServiceProviderConfig', '/scim/v2/ACME/Users',
    '/scim/v2/-acme/Users', '/scim/v2/a/Users', '/scim/v2/acme/Nothing',
    '/scim/v2/acme/Users/a/b', '/scim/v2/acme/Users//x/y',
    '/scim/v2/acme/Users/%E4%80', '/scim/v2/%FF/Users',
    '/scim/v2/acme/%FF%FE', '/scim/v2/acme/Users/' . 'x' x 5000,
    '/scim/v2/' . 'x' x 5000 . '/Users',
);
is_scim('GET', $_, 404, substr($_, 0, 40) . ' leads nowhere') for @nowhere;

# No id holds a slash, however it is written. What AllowEncodedSlashes makes
# httpd refuse itself is 404 as well.
is_error_of_ours('GET', $_, 404, qr/no id holds a slash/, "$_ is no listing")
    for '/scim/v2/acme/Users%2F', '/scim/v2/acme/Users/%2f',
    '/scim/v2/acme%2FUsers';

# P-3.12-01: what httpd refuses below the section, before it knows whose it is
# or behind that, is an error of SCIM all the same.
my $users = '/scim/v2/acme/Users';
is_error_of_ours('GET', "$users?filter=" . 'x' x 9000, 414,
    qr/URL is longer .* \.search/, 'P-3.12-25: a URL that is too long');
is_error_of_ours('GET', "$users/%zz", 400, qr/path/, 'a broken escape');
is_error_of_ours('GET', "$users/%00", 404, qr/./, 'a zero');
is_error_of_ours('GET', $users, 400, qr/header/, 'a header that is too long',
    'X-Long' => 'x' x 9000);
is_error_of_ours('GET', $users, 400, qr/header/, 'a header that is none',
    'X Y' => 'z');
is_error_of_ours('GET', '/closed/acme/Users', 403, qr/configuration/,
    'a section that is closed');
is_error_of_ours('GET', $users, 417, qr/Expectation/, 'what nobody expects',
    Expect => 'the unexpected');
my $head = raw('HEAD', "$users/%zz");
is "$head->{status} $head->{body}", '400 ', 'HEAD has no body';
is $head->{headers}{'content-type'}, 'application/scim+json', '... but a type';
is raw('GET', '/own/acme/Users')->{body}, 'Ask Bob.',
    'an ErrorDocument stays what it is';
for ('/plain/%zz', '/plain/?' . 'x' x 9000, '/scim/v2x/%zz') {
    like raw('GET', $_)->{headers}{'content-type'}, qr{\Atext/html},
        substr($_, 0, 20) . ' beside the section has a page of httpd';
}

# -------------------------------------------------------- the organization

is_scim('GET', '/scim/v2/nobody/Users', 401,
    'an organization that does not exist');
is_scim('GET', '/fixed/Users', 200,
    'P-3.13-04: a section with a fixed organization, and without a version');
is_scim('GET', '/fixed/acme/Users', 404, '... has no segment for it');
is_scim('GET', '/with%20space/acme/Users', 200, 'a section with a space');

is location('/scim/v2/acme'), "http://127.0.0.1:$port/scim/v2/acme",
    'links are made from the request';
is location('/fixed'), 'https://id.example.com/fixed',
    'P-1.3-03: ... or from ScimBaseURL, without the slash at its end';
is location('/with%20space/acme'),
    "http://127.0.0.1:$port/with%20space/acme", '... and are escaped';
is location('/scim/v2/acme', Host => 'id.example.com'),
    'http://id.example.com/scim/v2/acme',
    '... with the name that the client used';

# ----------------------------------------------------------------- methods

my $reply = raw('OPTIONS', '/scim/v2/acme/Users');
is $reply->{status}, 204, 'OPTIONS has no content';
is $reply->{headers}{allow}, 'GET, HEAD, POST, OPTIONS',
    '... and says what is allowed';

$reply = raw('HEAD', '/scim/v2/acme/ServiceProviderConfig');
is $reply->{status}, 200, 'HEAD answers as GET does';
is $reply->{body}, '', '... without a body';
cmp_ok $reply->{headers}{'content-length'}, '>', 100, '... but with its length';

for my $method ('TRACE', 'BREW', 'PROPFIND', 'LONG' x 200) {
    $reply = raw($method, '/scim/v2/acme/Users');
    # P-3.2-06
    is $reply->{status}, 501, substr($method, 0, 10) . ' is not known';
    like $reply->{headers}{allow}, qr/GET/, '... and the client is told what is';
    unlike $reply->{body}, qr/mscim1_/, '... and no token is echoed';
}

# ------------------------------------------------------ what is not ours

is raw('GET', '/plain/')->{body}, 'a file',
    'files beside the section are served';
is raw('GET', '/elsewhere')->{status}, 503, 'the proxy has the rest';
isnt raw('GET', '/scim/v2x/acme/Users')->{headers}{'content-type'},
    'application/scim+json', 'a longer name is not the section';
isnt raw('GET', '/scim/v2/acme/off/x')->{headers}{'content-type'},
    'application/scim+json', 'ScimService off gives a part of it back';

$reply = raw('GET', '/only/acme/Users');
is $reply->{status}, 500, 'SetHandler without ScimService is an error';
is $reply->{json}{schemas}[0], ERROR, '... in the form of SCIM';
$server->logged(qr/SCIM0106: SetHandler scim is not enough .* ScimService scim/,
    '... and the log says what to write');

# ------------------------------------------------------------ every answer

for my $path ('/Users', '/Nothing') {
    $reply = $acme->get($path);
    is $reply->{headers}{'content-type'}, 'application/scim+json',
        "$path: the media type";
    is $reply->{headers}{'cache-control'}, 'no-store', '... is not stored';
    is $reply->{headers}{'x-content-type-options'}, 'nosniff', '... nor guessed';
}
like $acme->get('/Nothing')->{json}{detail}, qr/ \(request \S+\)\z/,
    'the detail of an error ends with the id of the request';

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

sub is_scim ($method, $path, $status, $name) {
    my $reply = raw($method, $path);
    is $reply->{status}, $status, $name;
    is $reply->{headers}{'content-type'}, 'application/scim+json',
        '... is answered by mod_scim' or diag $reply->{body};
}

sub is_error_of_ours($method, $path, $status, $detail, $name, %headers) {
    my $reply = raw($method, $path, %headers);
    is $reply->{status}, $status, $name;
    is $reply->{headers}{'content-type'}, 'application/scim+json',
        '... is told so as SCIM' or diag $reply->{body};
    is_deeply $reply->{json}{schemas}, [ERROR], '... as an error';
    is $reply->{json}{status}, $status, '... with its status';
    like $reply->{json}{detail}, $detail, '... and why';
    is $reply->{headers}{'content-length'}, length $reply->{body},
        '... at full length';
    return;
}

# The tenant URL as an answer has it.
sub location ($tenant, %headers) {
    my $reply = raw('GET', "$tenant/ServiceProviderConfig", %headers);
    my $url = $reply->{json}{meta}{location} // '';
    return $url =~ s{/ServiceProviderConfig\z}{}r;
}

# One request on a connection of its own, with nothing made of its path.
sub raw ($method, $path, %own) {
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $port, Timeout => 10) or die "connect: $@";
    my %headers = (Host => "127.0.0.1:$port", Connection => 'close',
        Authorization => 'Bearer ' . $acme->token, %own);
    print $socket "$method $path HTTP/1.1\r\n",
        (map { "$_: $headers{$_}\r\n" } sort keys %headers), "\r\n";
    local $/;
    return parse(scalar <$socket> // '');
}

sub parse ($text) {
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($status) = ($head // '') =~ m{\AHTTP/1\.1 (\d+)};
    my %headers = map { /\A([^:]+):\s*(.*)\z/ ? (lc $1 => $2) : () }
        split /\r\n/, $head // '';
    return { status => $status, headers => \%headers, body => $body // '',
        json => scalar eval { JSON::PP->new->utf8->decode($body) } };
}

sub write_file ($path, $text) {
    open my $file, '>', $path or die "$path: $!";
    print $file $text;
    close $file or die "$path: $!";
}
