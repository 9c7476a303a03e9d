# The connection test by the admin API: its steps, which are what the recorded
# providers begin with; tokens that are made for it; and what none of it is
# taken for.

use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Process qw(run slurp);
use Scim::Server;
use Test::More;

my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');
my $olga = $server->admin('acme', 'owner@acme.example');
my $dir = tempdir(CLEANUP => 1);
my %app = (entra => $acme->app, map { $_ => install($_) } qw(okta onelogin generic));

subtest "each provider's steps" => sub { see_steps($_) for sort keys %app };
subtest 'as the providers send them' => \&compare_recorded;
subtest 'lines for a shell' => \&paste;
subtest 'a token for it' => \&make_token;
subtest 'nobody takes it for the provider' => \&be_nobody;
subtest 'who may' => \&keep_out;
subtest 'many tests' => \&forget;
$server->stop;
done_testing;

sub install ($kind) {
    return $olga->made('/apps', { kind => $kind, name => "\u$kind" })->{id};
}

sub steps ($kind) {
    return $olga->get("/apps/$app{$kind}/test")->{json};
}

# ---------------------------------------------------------------------- steps

sub see_steps ($kind) {
    my $test = steps($kind);
    is $test->{kind}, $kind, "the steps of $kind";
    is $test->{tenant_url}, $acme->url, '... against the tenant URL';
    is $test->{doctor}, "scimctl doctor --url '@{[ $acme->url ]}' --kind $kind",
        '... and scimctl does them, too';
    my $token = $olga->made("/apps/$app{$kind}/test-tokens")->{token};
    for my $step (@{ $test->{steps} }) {
        ok length $step->{$_}, "$step->{code} has its $_" for qw(title meaning);
        next if !defined $step->{method};
        my $reply = sent($step, $token);
        is $reply->{status}, $step->{writes} ? 403 : $step->{status}, "... $step->{title}";
        ok grep({ $_ eq ($step->{writes} ? 'urn:ietf:params:scim:api:messages:2.0:Error'
                : $step->{schema}) } @{ $reply->{json}{schemas} }), '... in the right words';
        is $reply->{json}{totalResults}, 0, '... of nobody' if $step->{empty};
        like $reply->{headers}{'www-authenticate'}, qr/\ABearer/, '... with a challenge'
            if $step->{challenge};
    }
    ok length $test->{remedies}{$_}, "there is a remedy for $_"
        for qw(0 401 404 503 something_else other);
    return;
}

sub sent ($step, $token) {
    my $authorization = { none => undef, bearer => "Bearer $token",
        bare => $token }->{ $step->{auth} };
    return $acme->another(token => undef)->request($step->{method}, $step->{path},
        $step->{body}, Authorization => $authorization);
}

# The first requests of t/data/sequences, whatever id they ask for.
sub compare_recorded {
    my %begin = (entra => ['entra/01-test-connection', 'userName', 'group', 'flag', 'any user'],
        okta => ['okta/01-test-connection', 'users', 'groups'],
        onelogin => ['onelogin/01-user', 'look up'],
        generic => ['sailpoint/01-discovery', 'resource types', 'schemas']);
    for my $kind (sort keys %begin) {
        my ($file, @ids) = @{ $begin{$kind} };
        my $recorded = JSON::PP->new->utf8->decode(
            slurp("$ENV{SCIM_SOURCE}/t/data/sequences/$file.json"));
        my %ours = map { plain($_->{path}) => 1 }
            grep { defined $_->{method} && $_->{method} eq 'GET' } @{ steps($kind)->{steps} };
        for my $id (@ids) {
            my ($step) = grep { $_->{method} eq 'GET' && $_->{id} =~ /\Q$id\E/ }
                @{ $recorded->{steps} };
            my $query = $step->{rawQuery} // $step->{query};
            my @pairs = ref $query eq 'HASH' ? map { [$_, $query->{$_}] } sort keys %$query
                : ref $query ? @$query : ();
            my $path = plain($step->{path} . (!defined $query ? ''
                : '?' . (ref $query ? join '&', map { "$_->[0]=$_->[1]" } @pairs : $query)));
            ok $ours{$path}, "$kind, $step->{id}: $path" or diag explain \%ours;
        }
    }
    return;
}

# Parameters in order of name, decoded, any value within quotes alike.
sub plain ($path) {
    my ($where, $query) = split /\?/, $path, 2;
    $query = join '&', sort map { s/\+/ /gr =~ s/%([0-9A-F]{2})/chr hex $1/ger
        =~ s/"[^"]*"/"..."/r } split /&/, $query // '';
    return $query eq '' ? $where : "$where?$query";
}

sub paste {
    my $test = steps('okta');
    my $token = $olga->made("/apps/$app{okta}/test-tokens")->{token};
    my @lines = grep { defined } map { $_->{curl} } @{ $test->{steps} };
    local $ENV{SCIM_TOKEN} = $token;
    my $done = run(join("\n", 'set -eu', @lines) . "\n", 'bash');
    is $done->{status}, 0, 'the lines can be pasted' or diag $done->{errors};
    my @answers = $done->{output} =~ m{^HTTP/1.1 (\d+) }mg;
    is "@answers", '401 200 200 200 200 200 405 405 405 403', '... and ask the same';
    unlike "@lines", qr/mscim1_/, 'no line holds a token';
    is scalar(grep { /SCIM_TOKEN/ && !/\Aprintf 'Authorization: (?:Bearer )?%s'/ } @lines), 0,
        '... nor is it an argument of curl';
    return;
}

# ---------------------------------------------------------------------- tokens

sub make_token {
    my $made = $olga->post("/apps/$app{entra}/test-tokens", {});
    is $made->{status}, 201, 'a token is made for the test';
    my $token = $made->{json};
    is $token->{name}, 'Connection test', '... and called so';
    ok $token->{test} && $token->{read_only}, '... and only reads';
    my $left = $postgres->psql("select extract(epoch from expires - now())
        from scim.tokens where key_id = $token->{id}");
    ok $left > 240 && $left <= 300, '... for minutes';
    my $client = $acme->another(token => $token->{token});
    is $client->get('/Users')->{status}, 200, 'it reads';
    is $client->post('/Users', { userName => 'x' })->{status}, 403, '... and does not write';
    is $globex->another(token => $token->{token})->get('/Users')->{status}, 401,
        '... nor read elsewhere';
    my ($row) = @{ $olga->get('/journal', { action => 'token.test' })->{json}{items} };
    is $row->{actor}, 'account owner@acme.example', 'the journal says who made it';
    unlike JSON::PP->new->encode($row), qr/mscim1_/, '... and not what it is';
    is $olga->post("/tokens/$token->{id}/rotate", {})->{status}, 409, 'it is not rotated';
    is $olga->post("/tokens/$token->{id}/revoke", {})->{status}, 200, '... but revoked';
    is $client->get('/Users')->{status}, 401, '... at once';
    is scalar(grep { $_->{test} } @{ $olga->get('/tokens')->{json}{items} }), 0,
        'among tokens it is not listed';
    return;
}

sub be_nobody {
    my $gina = $server->admin('fresh', 'gina');
    $postgres->administer(qw(organization create fresh --name Fresh --owner gina --scim on));
    my $app = $gina->made('/apps', { kind => 'entra', name => 'Entra' })->{id};
    my $client = $acme->another(url => $server->url('fresh'),
        token => $gina->made("/apps/$app/test-tokens")->{token});
    is $client->get('/Users')->{status}, 200, 'a test before there is another token';
    is_deeply [map { $_->{code} } grep { $_->{done} }
        @{ $gina->get('/overview')->{json}{steps} }], [qw(enable install)],
        'the overview still waits for the first contact';
    is $gina->get('/overview')->{json}{last_contact}, undef, '... and knows of none';
    my @hints = map { $_->{code} } @{ $gina->get('/hints')->{json}{items} };
    is_deeply \@hints, ['no_token'], 'the hints see no token';
    is $gina->get("/apps/$app")->{json}{tokens}, 0, '... nor does the app';
    my $real = $gina->made("/apps/$app/tokens", { name => 'first' });
    $client->get('/Users');
    is $gina->get("/tokens/$real->{id}")->{json}{last_used}, undef,
        'the real one waits for Test Connection';
    is_deeply [map { $_->{code} } @{ $gina->get('/hints')->{json}{items} }],
        ['never_contacted'], '... as the hints say';
    $acme->another(url => $server->url('fresh'), token => $real->{token})->get('/Users');
    ok $gina->get('/overview')->{json}{last_contact}, 'the provider itself is seen';
    return;
}

sub keep_out {
    for my $role (qw(admin member)) {
        $postgres->administer(qw(account create --organization acme --role), $role,
            '--name', $role);
        my $person = $server->admin('acme', $role);
        my $may = $role eq 'admin';
        is $person->get("/apps/$app{entra}/test")->{status}, $may ? 200 : 403,
            "steps: $role";
        is $person->post("/apps/$app{entra}/test-tokens", {})->{status}, $may ? 201 : 403,
            "... and a token: $role";
    }
    is $olga->get('/apps/999/test')->{status}, 404, 'of no app there are none';
    is $olga->post('/apps/999/test-tokens', {})->{status}, 404, '... nor a token';
    return;
}

sub forget {
    $postgres->psql(q{update scim.tokens set expires = now() - interval '1 second' where test});
    my $real = $postgres->psql('select count(*) from scim.tokens where not test');
    $olga->made("/apps/$app{entra}/test-tokens");
    is $postgres->psql(q{select count(*) from scim.tokens
        where test and slug = 'acme'}), 1, 'those of before are gone';
    is $postgres->psql('select count(*) from scim.tokens where not test'), $real,
        '... and no others';
    return;
}
