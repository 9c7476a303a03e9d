# The script that sets Entra ID up (console/entra.js): bash and shellcheck have
# nothing to say, its calls to Microsoft Graph come in their order with the
# right bodies, the secret token is in no argument and stays in no file, and what
# fails is told. az is a fake; what it validates, it validates against the real
# server.

use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Process qw(run slurp write_file);
use Scim::Server;
use Test::More;

use constant NAME => q{Acme's "SCIM" $HOME & `more`};

my $JSON = JSON::PP->new->utf8->canonical;
my $server = Scim::Server->new(admin => 1);
my $acme = $server->organization('acme');
my $dir = tempdir('scim-entra-XXXXXX', DIR => '/tmp', CLEANUP => 1);
make_az();

subtest 'the text' => \&read_text;
subtest 'from nothing to a running job' => \&set_up;
subtest 'mappings that Entra has in another form' => \&add_mapping;
subtest 'what fails' => \&see_failures;
$server->stop;
done_testing;

# ---------------------------------------------------------------- the text

# As the console makes it, with the browser's own code.
sub script ($name = NAME, $url = $acme->url) {
    write_file("$dir/entra.mjs", slurp("$ENV{SCIM_SOURCE}/mod_scim/console/entra.js"));
    my $done = run('', 'node', '-e', "import('$dir/entra.mjs').then((one) =>
        console.log(one.entraScript(...JSON.parse(process.argv[1]))))",
        $JSON->encode([$url, $name]));
    $done->{status} == 0 or die $done->{errors};
    return write_file("$dir/script", $done->{output});
}

sub read_text {
    for my $name ('Azure Generic SCIM', NAME, "two\nlines", '$(touch x)') {
        my $file = script($name);
        is run('', 'bash', '-n', $file)->{errors}, '', 'bash reads it';
        # A name that looks like something to expand is none.
        my $done = run('', 'shellcheck', $name =~ /\$/ ? ('-e', 'SC2016') : (), $file);
        is $done->{status}, 0, 'shellcheck finds nothing' or diag $done->{output};
    }
    unlike slurp(script()), qr/mscim1_[0-9]/, 'it holds no token';
    return;
}

# ------------------------------------------------------------------ a fake az

# Each call is a line: its arguments, and its body as JSON. ${AZ_FAILS} is what
# one of them is to fail at.
sub make_az {
    mkdir "$dir/bin" or die $!;
    write_file("$dir/bin/az", <<'END', 0755);
#!/usr/bin/perl
use v5.36;
use JSON::PP;
my $JSON = JSON::PP->new->utf8->canonical;
my @words = @ARGV;
exit(($ENV{AZ_FAILS} // '') eq 'account') if "@words" eq 'account show';
my (%given, $command);
$command = shift @words;
while (@words) {
    my $name = shift @words;
    $given{$name} = @words && $words[0] !~ /^--/ ? shift @words : '';
}
my $body = $given{'--body'} // '';
if ($body =~ s/^\@//) {
    my $mode = sprintf '%04o', (stat $body)[2] & 07777;
    open my $in, '<', $body or die "$body: $!";
    $body = do { local $/; <$in> };
    $given{mode} = $mode;
}
open my $log, '>>', "$ENV{AZ_LOG}" or die $!;
say {$log} $JSON->encode({ arguments => "@ARGV", command => $command, method =>
    $given{'--method'}, url => $given{'--url'}, headers => $given{'--headers'},
    mode => $given{mode}, body => $body eq '' ? undef : $JSON->decode($body) });
my $url = $given{'--url'};
my $what = $url =~ /instantiate$/ ? 'instantiate' : $url =~ m{/templates$} ? 'templates'
    : $url =~ /validateCredentials$/ ? 'validate' : $url =~ m{/secrets$} ? 'secrets'
    : $url =~ m{/schema$} ? lc "schema-$given{'--method'}" : $url =~ m{/start$} ? 'start'
    : $url =~ m{/jobs$} ? 'jobs' : $url =~ /servicePrincipals\?/ ? 'search' : 'other';
if (($ENV{AZ_FAILS} // '') eq $what || $what eq 'other') {
    say STDERR "ERROR: Forbidden({\"error\":{\"code\":\"Authorization_RequestDenied\"}})";
    exit 1;
}
my %answers = (
    search => $ENV{AZ_FOUND} // '{"value":[]}',
    instantiate => '{"application":{"id":"app-1","displayName":"x"},'
        . '"servicePrincipal":{"id":"sp-1","appId":"app-2"}}',
    templates => '{"value":[{"id":"customappsso","default":false},'
        . '{"id":"scim","default":true}]}',
    jobs => '{"id":"scim.job-1","templateId":"scim","schedule":{"state":"Disabled"}}',
    'schema-get' => $ENV{AZ_SCHEMA},
);
if ($what eq 'templates' && -e "$ENV{AZ_LOG}.late") {
    unlink "$ENV{AZ_LOG}.late";
    say STDERR 'ERROR: Not Found(Resource does not exist)';
    exit 1;
}
if ($what eq 'validate') { # as Test Connection does
    my %of = map { $_->{key} => $_->{value} } @{ $JSON->decode($body)->{credentials} };
    open my $curl, '-|', qw(curl -s -o /dev/null -w %{http_code} -H),
        "Authorization: Bearer $of{SecretToken}",
        "$of{BaseAddress}/Users?filter=userName+eq+%22none%22" or die $!;
    my $status = <$curl>;
    if ($status ne '200') {
        say STDERR "ERROR: Bad Request(CredentialValidationUnavailable: $status)";
        exit 1;
    }
}
print $answers{$what} // '';
END
    write_file("$dir/bin/sleep", "#!/bin/sh\n", 0755); # nobody waits
    return;
}

sub run_script (%given) {
    unlink "$dir/log";
    mkdir "$dir/tmp";
    local %ENV = (%ENV, PATH => "$dir/bin:$ENV{PATH}", AZ_LOG => "$dir/log",
        TMPDIR => "$dir/tmp", AZ_SCHEMA => $given{schema} // schema(),
        AZ_FAILS => $given{fails} // '', defined $given{found} ? (AZ_FOUND => $given{found}) : ());
    my $done = run(($given{mail} // 'it@acme.example') . "\n"
        . ($given{token} // $acme->token) . "\n", 'bash', script());
    $done->{calls} = [map { $JSON->decode($_) } -e "$dir/log"
        ? split /\n/, slurp("$dir/log") : ()];
    is_deeply [glob "$dir/tmp/*"], [], 'no file is left';
    return $done;
}

sub schema {
    return $JSON->encode({
        '@odata.context' => 'https://graph.microsoft.com/v1.0/$metadata#...',
        id => 'scim.job-1', version => 'v1.2', provisioningTaskIdentifier => 'x',
        directories => [{ id => 'd1', name => 'customappsso', objects => [] }],
        synchronizationRules => [{ name => 'USER_OUTBOUND_USER', priority => 1,
            objectMappings => [
                mapping('urn:ietf:params:scim:schemas:core:2.0:Group', 'displayName',
                    'objectId'),
                mapping('urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
                    'userPrincipalName', 'mailNickname'),
                { targetObjectName => 'Other', attributeMappings => [] }] }] });
}

sub mapping ($target, $name, $external) {
    return { sourceObjectName => 'x', targetObjectName => $target, enabled => \1,
        attributeMappings => [
            { targetAttributeName => 'userName', matchingPriority => 1, source =>
                { expression => "[$name]", name => $name, type => 'Attribute' } },
            { targetAttributeName => 'externalId', matchingPriority => 0,
                flowType => 'Always', source => { expression => "[$external]",
                name => $external, type => 'Attribute', parameters => [] } }] };
}

# --------------------------------------------------------------- its calls

sub set_up {
    write_file("$dir/log.late", ''); # Entra takes a while
    my $done = run_script();
    is $done->{status}, 0, 'it runs to its end' or diag $done->{output}, $done->{errors};
    like $done->{output}, qr/^Done\./m, '... and says so';
    my @calls = @{ $done->{calls} };
    my $graph = 'https://graph.microsoft.com/v1.0/';
    my $sync = 'servicePrincipals/sp-1/synchronization';
    is_deeply [map { "$_->{method} " . $_->{url} =~ s/\Q$graph\E//r =~ s/\?.*//r } @calls],
        ['GET servicePrincipals',
        'POST applicationTemplates/8adf8e6e-67b2-4cf2-a259-e3dc5476c621/instantiate',
        "GET $sync/templates", "GET $sync/templates", "POST $sync/jobs",
        "POST $sync/jobs/scim.job-1/validateCredentials", "PUT $sync/secrets",
        "GET $sync/jobs/scim.job-1/schema", "PUT $sync/jobs/scim.job-1/schema",
        "POST $sync/jobs/scim.job-1/start"], 'the calls, in their order';
    my ($search, $make, undef, undef, $job, $validate, $secrets, undef, $schema) = @calls;
    is $search->{url} =~ s/.*\$filter=([^&]*)&.*/$1/r =~ s/%([0-9A-F]{2})/chr hex $1/ger,
        "displayName eq 'Acme''s \"SCIM\" \$HOME & `more`'", 'the name is looked for as it is';
    is_deeply $make->{body}, { displayName => NAME }, '... and given so';
    is_deeply $job->{body}, { templateId => 'scim' }, 'the job is of the template of today';
    is_deeply $validate->{body}{credentials}, [{ key => 'BaseAddress', value => $acme->url },
        { key => 'SecretToken', value => $acme->token }], 'what is tested';
    my %saved = map { $_->{key} => $_->{value} } @{ $secrets->{body}{value} };
    is $saved{SecretToken}, $acme->token, 'the same is saved';
    is $saved{SyncAll}, 'false', 'only who is assigned is provisioned';
    is_deeply $JSON->decode($saved{SyncNotificationSettings}), { Enabled => JSON::PP::true,
        Recipients => 'it@acme.example', DeleteThresholdEnabled => JSON::PP::true,
        DeleteThresholdValue => 50 }, 'a notification e-mail is set';
    my $wanted = $JSON->decode(schema());
    delete $wanted->{'@odata.context'};
    $_->{attributeMappings}[1]{source} = { expression => '[objectId]', name => 'objectId',
        type => 'Attribute', parameters => [] }
        for @{ $wanted->{synchronizationRules}[0]{objectMappings} }[0, 1];
    is_deeply $schema->{body}, $wanted, 'externalId comes from objectId, all else as it was';
    is scalar(grep { index($_->{arguments}, $acme->token) >= 0 } @calls), 0,
        'no argument holds the token';
    is_deeply [grep { $_ ne '0600' } map { $_->{mode} // () } @calls], [],
        'the bodies are nobody else\'s to read';
    is_deeply [map { $_->{headers} } @calls], [('Content-Type=application/json') x @calls],
        'all is JSON';
    unlike $done->{output} . $done->{errors}, qr/\Q@{[ $acme->token ]}\E/,
        'nor is it shown';
    ok $server->postgres->psql('select last_used is not null from scim.tokens
        where key_id = ' . (split /_/, $acme->token)[2]) eq 't', 'the first contact is seen';
    return;
}

sub add_mapping {
    my $schema = $JSON->decode(schema());
    pop @{ $schema->{synchronizationRules}[0]{objectMappings}[1]{attributeMappings} };
    my $done = run_script(schema => $JSON->encode($schema), mail => '');
    is $done->{status}, 0, 'a mapping of externalId may be missing' or diag $done->{errors};
    my ($put) = grep { $_->{method} eq 'PUT' && $_->{url} =~ /schema$/ } @{ $done->{calls} };
    my $mappings = $put->{body}{synchronizationRules}[0]{objectMappings};
    is_deeply $mappings->[1]{attributeMappings}[1], { targetAttributeName => 'externalId',
        flowType => 'Always', flowBehavior => 'FlowWhenChanged', matchingPriority => 0,
        source => { expression => '[objectId]', name => 'objectId', type => 'Attribute',
            parameters => [] } }, '... and is made';
    is_deeply $mappings->[2]{attributeMappings}, [], '... where it belongs only';
    my ($secrets) = grep { $_->{url} =~ /secrets$/ } @{ $done->{calls} };
    my ($settings) = grep { $_->{key} eq 'SyncNotificationSettings' }
        @{ $secrets->{body}{value} };
    ok !$JSON->decode($settings->{value})->{Enabled}, 'without an address no e-mail';
    return;
}

sub see_failures {
    my %says = (account => qr/az login/, search => qr/does not answer/,
        instantiate => qr/could not be made/, jobs => qr/job could not be made/,
        secrets => qr/could not be saved/, 'schema-get' => qr/mappings could not be read/,
        'schema-put' => qr/mappings could not be saved/, start => qr/could not be started/);
    for my $what (sort keys %says) {
        my $done = run_script(fails => $what);
        is $done->{status}, 1, "$what fails";
        like $done->{errors}, qr/^Stopped: .*$says{$what}/m, '... and is told';
        unlike $done->{output}, qr/^Done/m, '... and not taken for done';
        my $is_half = $what !~ /account|search|instantiate/;
        is $done->{errors} =~ /half set up/ ? 1 : 0, $is_half ? 1 : 0,
            '... with what is left of it';
    }
    like run_script(fails => 'templates')->{errors}, qr/does not come up: ERROR: Forbidden/,
        'what never comes is given up';
    my $done = run_script(token => $acme->token . 'x');
    like $done->{errors}, qr/cannot connect: is \Q@{[ $acme->url ]}\E reached/,
        'a wrong token is told';
    is scalar(grep { $_->{url} =~ /secrets$/ } @{ $done->{calls} }), 0, '... and not saved';
    like run_script(token => 'x')->{errors}, qr/no secret token/, '... nor is what is none';
    $done = run_script(found => '{"value":[{"id":"sp-0"}]}');
    like $done->{errors}, qr/there is an application/, 'a name that is taken is told';
    is scalar @{ $done->{calls} }, 1, '... and nothing made';
    return;
}
