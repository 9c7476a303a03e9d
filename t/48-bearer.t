# Secret tokens, organizations and what must never leak, rule by rule: RFC 6750,
# RFC 7644, 2, 6 and 7, and RFC 7643, 9. TLS is t/12-access.t's, the walls
# between organizations t/31-tenants.t's.

use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Answer;
use Scim::Process qw(slurp);
use Scim::Server;
use Test::More;
use Time::HiRes qw(sleep);

my $log = tempdir(CLEANUP => 1) . '/access.log';
my $server = Scim::Server->new(modules => [qw(authn_core authz_user)],
    config => qq(CustomLog $log "%h %u %t \\"%m %U\\" %>s %b"\n) . <<~'END');
        <Location /slow>
        ScimService scim
        ScimRateLimit 25 5
        </Location>
        <Location /asked>
        ScimService scim
        AuthType scim
        Require valid-user
        </Location>
        <Location /counted>
        ScimService scim
        ScimRateLimit 25 1
        AuthType scim
        Require valid-user
        </Location>
        <Location /others>
        ScimService scim
        AuthType scim
        Require user scim-token:999999
        </Location>
        <Location /elsewhere>
        AuthType scim
        Require valid-user
        </Location>
        END
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');
my $user = $acme->post('/Users', user('bearer'))->{json};
my $path = "/Users/$user->{id}";
my @tokens = ($acme->token, $globex->token);

subtest 'how a token is sent' => \&credentials;
subtest 'challenges' => \&challenges;
subtest 'the life of a token' => \&life;
subtest 'rights' => \&rights;
subtest 'rates' => \&rates;
subtest 'AuthType scim' => \&auth_type;
subtest 'organizations' => \&organizations;
subtest 'injection' => \&injection;
subtest 'secrets' => \&secrets;

$server->stop;
secrets_in_logs();
done_testing;

# ---------------------------------------------------------------------------

sub with(%headers) { return $acme->get($path, undef, %headers) }

sub key_of($token) { return $token =~ /\Amscim1_\d+_(\d+)_/ ? $1 : die }

sub credentials() {
    my $token = $acme->token;
    is_status(with(Authorization => $_), 200, "B-2.1-01, B-2.1-02, B-2.1-03,"
        . ' P-2-05: ' . s/mscim1.*/TOKEN/r)
        for "Bearer $token", "bearer $token", "BEARER  $token";
    is_error(with(Authorization => $_), 401, undef, 'B-2.1-02, P-2-06: '
        . (/(.{0,16})/)[0])
        for 'Bearer', 'Bearer ', 'Bearer x y', 'Bearer "a"', "Bearer $token!";
    is_error(with(Authorization => "Bearer $token\r\nAuthorization: Bearer "
        . $globex->token), 401, undef, 'B-2.1-04: two of them');
    is_error(with(Authorization => undef, Cookie => "token=$token"), 401,
        undef, 'P-2-08: a cookie');
    is_error(with(Authorization => 'Basic YTpi'), 401, undef, 'P-2-07: Basic');
    is_error($acme->post('/Users', user('anonymous'), Authorization => undef),
        401, undef, 'P-2.2-01, P-7.6-01, C-5.3-01: nobody');
    is_error($acme->get("$path?access_token=$token", undef,
        Authorization => undef), 400, undef,
        'B-2.3-01, B-2.3-02, P-7.4-02, B-5.3-03: in the URL');
    is_error($acme->get("$path?access_token=$token"), 400, undef,
        'B-2-01: in two places');
    is_error($acme->post('/Users', "access_token=$token", 'Content-Type' =>
        'application/x-www-form-urlencoded', Authorization => undef), 401,
        undef, 'B-2.2-01: in a form');
    return;
}

sub challenges() {
    my %challenge = (
        'no token' => with(Authorization => undef),
        'another scheme' => with(Authorization => 'Basic YTpi'),
        'a wrong token' => with(Authorization => 'Bearer mscim1_1_1_x'),
        'two places' => $acme->get("$path?access_token=x"),
    );
    for my $name (sort keys %challenge) {
        my $header = $challenge{$name}{headers}{'www-authenticate'} // '';
        like $header, qr/\ABearer [a-z_]+="/, "P-2-01, B-3-01, B-3-03: $name";
        # B-3-09: what the values hold
        like $header, qr/\ABearer\ (?:\w+="[\x20\x21\x23-\x5b\x5d-\x7e]*"
            (?:,\ |\z))+\z/x, '... is well formed';
        my %count;
        $count{$_}++ for $header =~ /(\w+)="/g;
        is_deeply [grep { $count{$_} > 1 } keys %count], [],
            'B-3-08: ... each parameter once';
        is $count{realm}, 1, 'B-3-04: ... a realm';
        is $count{scope}, undef, 'B-3-05: ... no scope';
        unlike $header, qr/acme|mscim1_1_1_x/,
            'B-3-07: ... and nothing of the organization or the request';
    }
    my %header = map { $_ => $challenge{$_}{headers}{'www-authenticate'} }
        keys %challenge;
    unlike $header{$_}, qr/error/, "B-3.1-04: $_: no error"
        for 'no token', 'another scheme';
    like $header{'a wrong token'}, qr/error="invalid_token"/,
        'B-3-06, B-3.1-02: a wrong one: invalid_token';
    is_error($challenge{'two places'}, 400, undef, 'B-3.1-01: two places');
    like $header{'two places'}, qr/error="invalid_request"/,
        '... invalid_request';
    # What was never issued: the same for all, wherever it is sent
    my $unknown = $acme->token =~ s/_(\d+)_/_9_/r;
    is_error(with(Authorization => "Bearer $unknown"), 401, undef,
        'P-2-06: a token that was never issued');
    return;
}

sub life() {
    my ($old, $new) = map { $acme->another(token =>
        $server->token('acme', $acme->app)) } 1, 2;
    is_status($_->get($path), 200, 'P-7.4-03, B-5.3-02: two at once')
        for $old, $new;
    $postgres->administer(qw(token revoke --organization acme),
        key_of($old->token));
    my $reply = $old->get($path);
    is_error($reply, 401, undef, 'P-2-09, B-3.1-02: revoked: the next request');
    like $reply->{headers}{'www-authenticate'}, qr/error="invalid_token"/,
        '... invalid_token';
    is_status($new->get($path), 200, 'B-5.3-02: ... the other one works');
    my $list = $postgres->administer(qw(token list --organization acme));
    is_deeply [grep { !$_->{revoked} && !$_->{expires} } @$list], [],
        'P-7.4-03, B-5.2-05: every token has an end, which is shown';
    $postgres->psql(q{update scim.tokens set expires = now() - interval '1 s'
        where key_id = } . key_of($new->token));
    $reply = $new->get($path);
    is_error($reply, 401, undef, 'P-7.4-03, B-5.2-05, B-3.1-02: expired');
    like $reply->{headers}{'www-authenticate'}, qr/error="invalid_token"/,
        '... invalid_token';
    # B-5.2-02: no character can be another one
    my ($token, %status) = $acme->token;
    for my $at (0 .. length($token) - 1) {
        my $changed = $token;
        substr($changed, $at, 1) =~ tr/0-9A-Za-z_/1-9A-Za-z_0/;
        $status{ with(Authorization => "Bearer $changed")->{status} }++;
    }
    is_deeply \%status, { 401 => length $token }, 'B-5.2-02: not one changed';
    my %secret = map { /_(\w{43})\w*\z/ ? ($1 => 1) : () } @tokens,
        map { $server->token('acme', $acme->app) } 1 .. 3;
    is scalar keys %secret, 5,
        'P-7.4-01, B-5.2-01: 43 digits of base 62 in each, 256 bits';
    return;
}

sub rights() {
    my $reader = $acme->another(token =>
        $server->token('acme', $acme->app, '--read-only'));
    is_status($reader->get($path), 200, 'P-7.7-03: it may read');
    my %write = (POST => ['/Users', user('by.reader')], DELETE => [$path],
        PUT => [$path, $user], PATCH => [$path, patch({ op => 'add',
            path => 'title', value => 'x' })]);
    for my $method (sort keys %write) {
        my $reply = $reader->request($method, @{ $write{$method} });
        is_error($reply, 403, undef, "P-2-03, P-2.1-01, P-7.7-03: $method");
        like $reply->{headers}{'www-authenticate'},
            qr/\ABearer realm="[^"]+", error="insufficient_scope"/,
            'B-3.1-03, B-3-02: ... insufficient_scope';
    }
    is_deeply $acme->get($path)->{json}, $user, '... and changes nothing';
    is $acme->get('/Users', { filter => 'userName eq "by.reader"' })->{json}
        {totalResults}, 0, '... and makes nobody';
    return;
}

# C-5.3-02: pages as all other requests
sub rates() {
    my $slow = $acme->another(url => $acme->url =~ s{/scim/v2/}{/slow/}r);
    my @replies = map { $slow->get('/Users', { cursor => '', count => 1 }) }
        1 .. 30;
    my ($refused) = grep { $_->{status} != 200 } @replies;
    is_status($replies[0], 200, 'C-5.3-02: the first pages are answered');
    is_error($refused, 429, undef, '... but not any number of them',
        qr/25 requests a second/);
    like $refused->{headers}{'retry-after'}, qr/\A[1-9]\d*\z/,
        '... and when to come again';
    is_status($acme->get($path), 200, '... elsewhere there is no such limit');
    return;
}

sub auth_type() {
    my $in = sub ($section) { $acme->another(
        url => $acme->url =~ s{/scim/v2/}{/$section/}r) };
    my $asked = $in->('asked');
    is_status($asked->get($path), 200, 'Require valid-user lets a good token in');
    is_status($asked->put($path, user('bearer')), 200, '... to write');
    my $key = key_of($acme->token);
    like slurp($log), qr/ scim-token:$key .*"GET \/asked/, '... under its name';

    my $wrong = $asked->get($path, undef,
        Authorization => 'Bearer ' . $globex->token);
    is_error($wrong, 401, undef, 'one that is not is told why',
        qr/belongs to another tenant URL/);
    like $wrong->{headers}{'www-authenticate'}, qr/\ABearer .*invalid_token/,
        '... with the challenge';
    my $none = $asked->get($path, undef, Authorization => undef);
    is_error($none, 401, undef, 'so is nobody', qr/Send the secret token/);

    is_error($asked->put($path, user('bearer'), Authorization => undef), 401,
        undef, '... whose body is not taken for the next request');
    is_status($asked->get($path), 200, '... of the same connection');

    my $counted = $in->('counted');
    sleep 0.2; # a token's rate is one, wherever it asks: rates() has used it up
    is_status($counted->get($path), 200, 'a request is counted once');
    my ($many) = grep { $_->{status} != 200 } map { $counted->get($path) } 1 .. 9;
    is_error($many, 429, undef, '... though it is', qr/25 requests a second/);

    my $others = $in->('others')->get($path);
    is_error($others, 401, undef, 'Require user asks for a certain token');
    unlike $others->{body}, qr/asked/, '... and nothing is shown';

    is $in->('elsewhere')->get($path)->{status}, 500, 'no other section has it';
    $server->logged(qr/SCIM0111: AuthType scim belongs into a section/);
    $server->tolerates(qr/SCIM\d+: 4(?:01|29)/);
    return;
}

sub organizations() {
    my $reply = $acme->another(url => $globex->url)->get('/Users');
    is_error($reply, 401, undef, 'P-2-02, P-6.1-03, P-6.1-04, B-5.3-01: a'
        . ' token of another organization');
    is_error($globex->get($path), 404, undef,
        'P-6.1-03, P-6.1-01: an id of another organization');
    is_status($globex->post('/Users', user('bearer')), 201,
        'P-6.2-02: names are free in each');
    like $acme->url, qr{/acme\z}, 'P-6.1-02, P-1.3-02: it is in the URL';
    $server->tolerates(qr/SCIM\d+: 401/);
    return;
}

# P-7.7-01, S-9.2-02: what would be SQL stays text
sub injection() {
    my @texts = (q{'; drop table scim.users; --}, q{' or '1'='1}, q{\'}, q{$1},
        q{"}, q{%s%n}, "\x{2019}", q{*)(uid=*)}, q{${jndi:x}}, q{{{7*7}}});
    for my $text (@texts) {
        my $made = $acme->post('/Users', user($text, displayName => $text,
            externalId => $text, emails => [{ value => $text }]));
        is_status($made, 201, 'P-7.7-01, S-9.2-02: ' . quoted($text));
        my $at = "/Users/$made->{json}{id}";
        my $literal = $text =~ s/(["\\])/\\$1/gr;
        for my $name (qw(userName displayName externalId emails.value title
            nickName)) {
            for my $op (qw(eq co sw)) {
                my $reply = $acme->get('/Users',
                    { filter => qq($name $op "$literal") });
                is $reply->{json}{totalResults} // $reply->{body},
                    $name =~ /\A(?:title|nickName)/ ? 0 : 1,
                    "... $name $op";
            }
        }
        is_status($acme->patch($at, patch({ op => 'replace', path =>
            qq(emails[value eq "$literal"].type), value => $text })), 200,
            '... in a path');
        is_error($acme->get('/Users/' . escaped($text)), 404, undef,
            '... as an id');
        is_error($acme->get('/' . escaped($text)), 404, undef,
            '... as an endpoint');
        is_status($acme->get('/Users', { attributes => $text, count => 1 }),
            200, '... as an attribute');
        is_status($acme->delete($at), 204, '... and is gone');
    }
    is_status($acme->get($path), 200, 'and nothing else');
    return;
}

sub quoted($text) { return $text =~ s/[^\x20-\x7e]/?/gr }

sub escaped($text) {
    utf8::encode($text);
    return $text =~ s{([^\w])}{sprintf '%%%02X', ord $1}ger =~ s/%2F//gr;
}

# P-2.1-02, P-7.7-01, S-9.2-01: neither tokens nor passwords are kept
sub secrets() {
    my $password = 'clear-text-of-9.2';
    my $made = $acme->post('/Users', user('secret', password => $password));
    is_status($made, 201, 'S-9.2-01: a password is sent');
    my $dump = join "\n", map { $postgres->psql(
        "select t::text from scim.$_ t") } qw(users user_folded user_values
        journal tokens apps tombstones);
    like $dump, qr/secret/, 'what is stored is there';
    unlike $dump, qr/\Q$password\E/, 'S-9.2-01, S-4.1.1-15: ... no password';
    for my $token (@tokens) {
        my ($secret) = $token =~ /_(\w+)\z/;
        unlike $dump, qr/\Q$secret\E/, 'P-2.1-02, P-7.7-01: ... no token';
    }
    like $dump, qr/\\\\?x[0-9a-f]{64}/, '... but its hash';
    my $reply = $acme->get($path);
    is $reply->{headers}{'set-cookie'}, undef,
        'P-7.4-04, B-5.2-04: no cookie is set';
    return;
}

sub secrets_in_logs() {
    my $access = slurp($log);
    like $access, qr{ /scim/v2/acme/Users/}, 'the access log was written';
    for my $token (@tokens) {
        my ($secret) = $token =~ /_(\w+)\z/;
        unlike $server->error_log, qr/\Q$secret\E/,
            'P-2.1-02: no token in the error log';
    }
    unlike $access, qr/clear-text-of-9/, 'S-9.3-01: no body in the access log';
    unlike $server->error_log, qr/clear-text-of-9/, '... nor in the other';
    return;
}
