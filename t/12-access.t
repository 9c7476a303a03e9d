# Who is let in: the rule about TLS, the secret token and its challenges, and
# what the logs say of both.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use HTTP::Tiny;
use IO::Socket::INET;
use JSON::PP ();
use Scim::Server;
use Test::More;

my $dir = tempdir(CLEANUP => 1);
chmod 0755, $dir;
my $made = `openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x \\
    -keyout $dir/key -out $dir/certificate 2>&1`;
is $?, 0, 'a certificate' or diag $made;
my ($tls_port, $remote_port) = (free_port(), free_port());

my $server = Scim::Server->new(
    modules => [qw(ssl socache_shmcb log_config remoteip)],
    config => <<"EOF",
LogFormat "%u %>s %m %U %{scim-organization}n %{scim-token}n" scim
CustomLog $dir/access.log scim
Listen 127.0.0.1:$tls_port
<VirtualHost 127.0.0.1:$tls_port>
    SSLEngine On
    SSLCertificateFile $dir/certificate
    SSLCertificateKeyFile $dir/key
</VirtualHost>
@{[section('/on', 'ScimRequireTLS On')]}
@{[section('/off', 'ScimRequireTLS Off')]}
@{[section('/proxy', 'ScimRequireTLS On', 'ScimTrustedProxy 10.0.0.1 127.0.0.0/8')]}
@{[section('/other', 'ScimRequireTLS On', 'ScimTrustedProxy 10.0.0.1')]}
@{[section('/on/loopback', 'ScimRequireTLS Loopback')]}
@{[section('/on/inherits')]}
Listen 127.0.0.1:$remote_port
<VirtualHost 127.0.0.1:$remote_port>
    RemoteIPHeader X-Forwarded-For
    RemoteIPInternalProxy 127.0.0.1
</VirtualHost>
EOF
);
our $port = $server->port;
my $acme = $server->organization('acme');
my $token = $acme->token;

# --------------------------------------------------------------------- TLS
# P-7.2-01, B-5.2-03

my %forwarded = ('X-Forwarded-Proto' => 'https');

is_tls('/scim/v2', 200, 'plain HTTP from this machine is served');
is_tls('/scim/v2', 403, '... unless a proxy forwarded it', $_ => '1.1 x')
    for 'Via', 'Forwarded', 'X-Forwarded-For', 'x-forwarded-anything';
is_tls('/scim/v2', 403, '... whatever an unknown proxy says', %forwarded);
is_tls('/off', 200, 'ScimRequireTLS Off serves all', Via => '1.1 x');
is_tls('/on', 403, 'ScimRequireTLS On refuses this machine as well');
is_tls('/on', 403, '... whatever it says', %forwarded);
is_tls('/on/loopback', 200, 'an inner section may be more lenient');
is_tls('/on/inherits', 403, '... and inherits the rule');
is_tls('/proxy', 200, 'a trusted proxy is believed', %forwarded);
is_tls('/proxy', 200, '... whatever else it adds', %forwarded,
    Via => '1.1 x', 'X-Forwarded-For' => '192.0.2.1');
is_tls('/proxy', 403, '... when it says so', 'X-Forwarded-Proto' => 'http');
is_tls('/proxy', 403, '... and only that', 'X-Forwarded-Ssl' => 'on');
is_tls('/proxy', 403, '... but not in a list',
    'X-Forwarded-Proto' => 'https, http');
is_tls('/other', 403, 'another address is not the proxy', %forwarded);

{
    local $port = $remote_port;
    is_tls('/proxy', 200, 'mod_remoteip does not hide the trusted proxy',
        %forwarded, 'X-Forwarded-For' => '192.0.2.1');
    is_tls('/scim/v2', 403, '... nor a client behind a proxy on this machine',
        'X-Forwarded-For' => '192.0.2.1');
}

my $reply = fetch('/on/acme/Users');
is $reply->{json}{status}, '403', 'a refusal has the form of SCIM';
like $reply->{json}{detail}, qr/HTTPS only/, '... and says why';
is fetch('/proxy/acme/ServiceProviderConfig', %forwarded,
    Host => 'id.example.com')->{json}{meta}{location},
    'https://id.example.com/proxy/acme/ServiceProviderConfig',
    'behind a trusted proxy links begin with https';

like tls_request('/on/acme/Users'), qr{\AHTTP/1.1 200 },
    'ScimRequireTLS On serves TLS';
like tls_request('/on/acme/ServiceProviderConfig'),
    qr{"location":"https://x:1/on/acme/}, '... and links begin with https';

# ------------------------------------------------------------------ tokens

is challenge(), 'Bearer realm="SCIM"',
    'without a token the challenge names no error';
is challenge(Authorization => $_), 'Bearer realm="SCIM"',
    '... nor with the scheme ' . (split ' ', $_)[0]
    for 'Basic YTpi', 'Digest x="y"', "Token $token";
like challenge(Authorization => $_),
    qr/\ABearer realm="SCIM", error="invalid_token", error_description="[^"\\]+"\z/,
    'a malformed token is an invalid one: ' . substr($_, 0, 20)
    for 'Bearer', 'Bearer ', 'Bearer x', 'Bearer mscim1_', 'mscim1_1_1_x',
    "Bearer ${token}x", 'Bearer ' . substr($token, 0, -1),
    "Bearer $token, Bearer $token", 'Bearer ' . 'x' x 4000,
    "Bearer \xff\xfe", 'Bearer ' . altered($token);

is fetch('/scim/v2/acme/Users', Authorization => $_)->{status}, 200,
    'accepted: ' . s/mscim1_.*/TOKEN/r
    for "Bearer $token", "bearer $token", "BEARER   $token", $token;

$reply = fetch('/scim/v2/acme/Users?access_token=' . $token);
is $reply->{status}, 400, 'a token in the URL is refused, whatever the header';
like $reply->{headers}{'www-authenticate'}, qr/error="invalid_request"/,
    '... by its name in RFC 6750';
is fetch('/scim/v2/acme/Users?x=1&access_token=y')->{status}, 400,
    '... at any place of the query';
is fetch('/scim/v2/acme/Users?my_access_token=y')->{status}, 200,
    '... but another name is another parameter';

$reply = fetch('/scim/v2/acme/Users', Authorization => undef);
is $reply->{json}{status}, '401', '401 has the form of SCIM';
is $reply->{json}{scimType}, undef, '... without a scimType';

# -------------------------------------------------------------------- logs

fetch('/scim/v2/acme/Schemas');
fetch('/scim/v2/acme/Nowhere');
fetch('/scim/v2/acme/Groups', Authorization => 'Bearer ' . altered($token));
$server->stop;

my ($key) = $token =~ /\Amscim1_\d+_(\d+)_/;
my $access = slurp("$dir/access.log");
like $access, qr{^scim-token:$key 200 GET /scim/v2/acme/Schemas acme $key$}m,
    'the access log names key and organization of a good token';
like $access, qr{^scim-token:$key 404 GET /scim/v2/acme/Nowhere acme $key$}m,
    '... also where the answer is an error';
like $access, qr{^- 401 GET /scim/v2/acme/Groups - -$}m,
    '... and nobody where the token is no good';

my $log = $server->error_log;
unlike $log, qr/mscim1_\d/, 'the error log holds no token';
like $log, qr{SCIM0101:\ 401\ answered\ to\ GET\ /scim/v2/acme/Groups
    \ \(organization\ -,\ token\ 0,\ request\ \S+\)}x,
    '... but each refusal, at level info';

done_testing;

# ---------------------------------------------------------------------------

sub section ($path, @lines) {
    return join "\n", "<Location $path>", 'ScimService scim', @lines,
        "</Location>\n";
}

sub is_tls ($base, $status, $name, %headers) {
    is fetch("$base/acme/Users", %headers)->{status}, $status, $name;
}

sub challenge (%headers) {
    my $reply = fetch('/scim/v2/acme/Users', Authorization => undef, %headers);
    return $reply->{status} == 401 ? $reply->{headers}{'www-authenticate'}
        : "status $reply->{status}";
}

# The header Authorization is the organization's token unless given.
sub fetch ($path, %headers) {
    %headers = (Authorization => "Bearer $token", %headers);
    delete @headers{ grep { !defined $headers{$_} } keys %headers };
    my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1',
        PeerPort => $port, Timeout => 10) or die "connect: $@";
    return parse(exchange($socket, $path, %headers));
}

sub exchange ($socket, $path, %headers) {
    my %all = (Host => 'x:1', Connection => 'close', %headers);
    print $socket request($path, %all);
    local $/;
    return scalar <$socket> // '';
}

sub request ($path, %headers) {
    return join '', "GET $path HTTP/1.1\r\n",
        (map { "$_: $headers{$_}\r\n" } sort keys %headers), "\r\n";
}

sub tls_request ($path) {
    open my $file, '>', "$dir/request" or die $!;
    print $file request($path, Host => 'x:1', Connection => 'close',
        Authorization => "Bearer $token");
    close $file or die $!;
    return `openssl s_client -quiet -connect 127.0.0.1:$tls_port \\
        <$dir/request 2>/dev/null`;
}

# The last digit of the checksum is another one.
sub altered ($text) {
    my $last = chop(my $rest = $text);
    return $rest . substr($text, -1) =~ tr/0-8A-Ya-y9Zz/1-9B-Zb-z0Aa/r;
}

sub parse ($text) {
    my ($head, $body) = split /\r\n\r\n/, $text, 2;
    my ($status) = ($head // '') =~ m{\AHTTP/1\.1 (\d+)};
    my %headers = map { /\A([^:]+):\s*(.*)\z/ ? (lc $1 => $2) : () }
        split /\r\n/, $head // '';
    return { status => $status, headers => \%headers, body => $body // '',
        json => scalar eval { JSON::PP->new->utf8->decode($body) } };
}

sub free_port {
    my $listener = IO::Socket::INET->new(Listen => 1,
        LocalAddr => '127.0.0.1:0') or die $@;
    return $listener->sockport;
}

sub slurp ($path) {
    open my $file, '<', $path or die "$path: $!";
    local $/;
    return scalar <$file>;
}
