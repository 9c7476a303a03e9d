# scimctl doctor: what it finds, and what it says is to be done; and what else
# scimctl says of itself, as manual page and to a shell.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use JSON::PP ();
use Scim::Process qw(run write_file);
use Scim::Server;
use Test::More;

my $server = Scim::Server->new;
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $dir = tempdir(CLEANUP => 1);
my $JSON = JSON::PP->new->utf8;
# ScimDatabase says where, and these say who.
$ENV{PGUSER} = 'postgres';

subtest 'all is well' => \&find_nothing;
subtest 'what time brings' => \&find_what_time_brings;
subtest 'the configuration of httpd' => \&read_configuration;
subtest 'a tenant URL' => \&try_url;
subtest 'no database' => \&miss_the_database;
subtest 'manual page' => \&read_manual;
subtest 'completion' => \&complete;
$server->stop;
done_testing;

sub find_nothing {
    my $found = examine();
    is_deeply [map { $_->{subject} } grep { !$_->{good} } @$found], [],
        'nothing is wrong' or diag explain $found;
    my %is_there = map { $_->{subject} => $_->{says} } @$found;
    like $is_there{clock}, qr/-?\d+ ms ahead/, 'the clocks are compared';
    like $is_there{connection}, qr/ as \S+, (?:local|TLS)/,
        '... the connection looked at';
    ok $is_there{'row-level security'}, '... and what database check shows';
    like $postgres->scimctl('doctor')->{output},
        qr/^good +tokens +none expires/m, 'as a table';
}

sub find_what_time_brings {
    my $key = (split /_/, $acme->token)[2];
    $postgres->psql("update scim.tokens set expires = now()
        + interval '9 days' where key_id = $key");
    like bad('tokens'), qr/1 expire within 30 days: acme key $key on \d{4}-/,
        'a token that ends soon is found';
    $postgres->psql("update scim.tokens set expires = now()
        - interval '1 day' where key_id = $key");
    like bad('apps'), qr/without a live token: acme app 1/,
        '... and an app without one';
    $postgres->psql("update scim.tokens set expires = null");
    my $other = $server->app('acme', app => 'Other');
    for my $app ($acme, $other) {
        is $app->post('/Groups', { schemas =>
            ['urn:ietf:params:scim:schemas:core:2.0:Group'],
            displayName => 'Staff' })->{status}, 201, 'a group';
    }
    like bad('group names'), qr/of more than one group: acme "Staff"/,
        'two groups of one name are found';
    $postgres->administer(qw(app uninstall Other --organization acme));
    $acme->delete("/Groups/$_->{id}") for @{ $acme->get('/Groups')
        ->{json}{Resources} };
}

sub read_configuration {
    my $password = write_file("$dir/password", 'x');
    chmod 0644, $password;
    my $place = $postgres->conninfo_httpd =~ s/"/\\"/gr;
    my $conf = write_file("$dir/httpd.conf", join "\n",
        'LoadModule mpm_event_module mod_mpm_event.so', '# ScimDatabase "no"',
        "scimdatabase \\", qq{   "$place"},
        "ScimDatabasePasswordFile $password", 'ScimDatabasePool 4',
        'ThreadsPerChild 10', 'MaxRequestWorkers 95',
        '<Location /scim/v2>', '  ScimService scim', '</Location>', '');
    is scalar @{ told('organization', 'list', '--config', $conf) }, 1,
        'a command finds the database by ScimDatabase';
    my $found = examine('--config', $conf);
    my %says = map { $_->{subject} => $_ } @$found;
    like $says{directives}{says},
        qr/is there, 1 sections .* up to 10 children with 4 connections/,
        'children and pool are counted';
    like $says{connections}{says}, qr/httpd takes up to 40,/,
        '... and compared with max_connections';
    ok !$says{'password file'}{good}, 'a password that all may read is found';
    is $says{'password file'}{hint}, "chmod 600 $password",
        '... with what to do';

    write_file($conf, qq{ScimDatabase "$place"\nScimDatabasePool 900\n}
        . "ThreadsPerChild 1000\nServerLimit 100\n");
    %says = map { $_->{subject} => $_ } @{ examine('--config', $conf) };
    ok !$says{connections}{good}, 'too many connections are found';
    like $says{connections}{hint}, qr/PgBouncer/, '... with what to do';
    like $says{directives}{hint}, qr/DUMP_CONFIG/,
        'where no section serves, the hint says how to give all of it';
    write_file($conf, "LoadModule mpm_prefork_module x\n");
    %says = map { $_->{subject} => $_ } @{ examine('--config', $conf,
        '--database', $postgres->conninfo) };
    like $says{directives}{says}, qr/missing, .* 256 children with 1 conn/,
        'prefork has one connection each';
    my $result = run("ScimDatabase '$place'\n", "$ENV{SCIM_BUILD}/scimctl",
        qw(organization list --config -));
    like $result->{output}, qr/^acme/m, 'standard input will do'
        or diag $result->{errors};
    like $postgres->scimctl(qw(organization list --config), "$dir/none")
        ->{errors}, qr/none cannot be read/, 'a file must be there';
    like $postgres->scimctl(qw(organization list --config), $password)
        ->{errors}, qr/has no ScimDatabase/, '... and say where';
}

sub try_url {
    local $ENV{SCIM_TOKEN} = $acme->token;
    my $rows = $postgres->psql(q{select count(*) from scim.journal
        where actor_kind = 'token'});
    my %says = map { $_->{subject} => $_ } @{ examine('--url', $acme->url) };
    ok $says{"url: $_"}{good}, "$_ is good" or diag explain $says{"url: $_"}
        for qw(tls reached token types schemas lookup put patch delete write);
    for my $kind (qw(entra okta onelogin)) {
        my @url = grep { $_->{subject} =~ /^url: / }
            @{ examine('--url', $acme->url, '--kind', $kind) };
        cmp_ok scalar @url, '>=', 9, "the requests of $kind are sent";
        is_deeply [grep { !$_->{good} } @url], [], '... and answered well';
    }
    like $postgres->scimctl('doctor', '--url', $acme->url, '--kind', 'x')
        ->{errors}, qr/--kind is one of/, 'of none that is unknown';
    is $postgres->psql(q{select count(*) from scim.journal
        where actor_kind = 'token'}), $rows, 'and nothing was written';
    delete local $ENV{SCIM_TOKEN};
    my $result = run($acme->token . "\n", "$ENV{SCIM_BUILD}/scimctl",
        'doctor', '--url', $acme->url . '/', '--json', '--database',
        $postgres->conninfo);
    is $result->{status}, 0, 'the token may come from standard input'
        or diag $result->{output};
    unlike $result->{output}, qr/mscim1_/, '... and is not shown';
    $result = run('', "$ENV{SCIM_BUILD}/scimctl", 'doctor', '--url',
        $acme->url, '--database', $postgres->conninfo);
    like $result->{errors}, qr/takes the secret token from/, '... or nowhere';

    $ENV{SCIM_TOKEN} = $acme->token;
    $postgres->administer(qw(organization disable acme));
    %says = map { $_->{subject} => $_ } @{ examine('--url', $acme->url) };
    like $says{'url: token'}{says}, qr/answers 401: SCIM is switched off/,
        'why a token does not work is told';
    like $says{'url: token'}{hint}, qr/enable SCIM/, '... with a hint';
    $postgres->administer(qw(organization enable acme));
    $ENV{SCIM_TOKEN} = $server->token('acme', $acme->app, '--read-only', 'on');
    my @bad = grep { !$_->{good} && $_->{subject} =~ /^url/ }
        @{ examine('--url', $acme->url) };
    is_deeply [map { $_->{subject} } @bad], ['url: write'],
        'a token that only reads is told';
    like $bad[0]{hint}, qr/without "Read only"/, '... with what to do';
    %says = map { $_->{subject} => $_ } @{ examine('--url',
        'http://127.0.0.1:1/scim') };
    like $says{'url: reached'}{says}, qr/no answer: curl: .*connect/i,
        'a server that is not there is told';
    %says = map { $_->{subject} => $_ } @{ examine('--url',
        'http://127.0.0.1:' . $server->port . '/elsewhere') };
    like $says{'url: reached'}{says}, qr/answers 404: <!DOCTYPE HTML/,
        'a page of something else is told';
    like $postgres->scimctl('doctor', '--url', qq{http://x/"\n})->{output},
        qr/URL and token hold no quotes/, 'a URL orders curl nothing';
}

sub miss_the_database {
    my $result = $postgres->scimctl(qw(doctor --json --database),
        "host=$dir port=1");
    is $result->{status}, 1, 'a missing database is a finding';
    my ($found) = @{ $result->{json} };
    like $found->{says}, qr/cannot be reached/, '... that says what is wrong';
    like $found->{hint}, qr/pg_hba\.conf/, '... and what to do';
}

sub read_manual {
    my $manual = $postgres->scimctl('--man')->{output};
    like $manual, qr/\A\.TH SCIMCTL 1 /, 'there is a page';
    my $plain = $manual =~ s/\\&//gr =~ s/\\-/-/gr;
    for my $usage ($postgres->scimctl('--help')->{output}
        =~ /^(scimctl (?!looks).*)$/gm) {
        like $plain, qr/^\.SS \Q$usage\E$/m, "which has $usage";
    }
    is_deeply [grep { /^[.']/ && !/^\.(?:TH|SH|SS|TP|BR?|I|RS|RE)\b/ }
        split /\n/, $manual], [], 'no line is taken for a request';
    is_deeply [grep { /[^\x20-\x7e]/ } split /\n/, $manual], [],
        '... or holds what some terminal cannot show';
}

sub complete {
    my $file = write_file("$dir/completion",
        $postgres->scimctl('--bash-completion')->{output});
    my $ask = sub (@words) {
        my $result = run('', 'bash', '-c', '. "$0"; COMP_WORDS=("$@");'
            . ' COMP_CWORD=$(($# - 1)); _scimctl; echo "${COMPREPLY[*]}"',
            $file, 'scimctl', @words);
        is $result->{errors}, '', "completion of: @words";
        return $result->{output} =~ s/\n//r;
    };
    is $ask->('org'), 'organization', 'a family';
    is $ask->('organization', 'di'), 'disable', 'a command';
    is $ask->('app', 'install', '--wh'), '--whole-organization', 'an option';
    is $ask->('app', 'install', '--kind', 'o'), 'okta onelogin', 'a choice';
    is $ask->('doctor', '--u'), '--url', 'an option of a single word';
    is $ask->('app', 'install', '--da'), '--database', 'an option of all';
    is $ask->('database', 'migrate', '--httpd-password-file', "$dir/compl"),
        $file, 'a file';
}

# ------------------------------------------------------------------- the means

sub examine (@words) {
    return $postgres->scimctl('doctor', @words, '--json')->{json};
}

sub told (@words) {
    my $result = run('', "$ENV{SCIM_BUILD}/scimctl", @words, '--json');
    is $result->{status}, 0, "scimctl @words" or diag $result->{errors};
    return $JSON->decode($result->{output} || 'null');
}

# What is said of the one subject that is bad.
sub bad ($subject) {
    my @bad = grep { !$_->{good} } @{ examine() };
    is_deeply [map { $_->{subject} } @bad], [$subject], "$subject is found";
    ok length($bad[0]{hint} // ''), '... with what to do';
    is $postgres->scimctl('doctor')->{status}, 1, '... and no success';
    return $bad[0]{says};
}
