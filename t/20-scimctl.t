# The command line of the database: what every command says to people and to
# programs, what it leaves behind, and its exit status.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use JSON::PP ();
use Scim::Postgres;
use Scim::Process qw(run write_file);
use Test::More;

use constant { DONE => 0, REFUSED => 1, USAGE => 2, NO_DATABASE => 3 };

my $dir = tempdir(CLEANUP => 1);
# One file of sql/ a version.
my @versions = 1 .. (() = glob "$FindBin::Bin/../sql/*.sql");
my $JSON = JSON::PP->new->utf8->canonical;
# Passwords and rights of roles are the cluster's: it is this file's alone.
my $postgres = Scim::Postgres->new(own => 1, empty => 1);

subtest 'usage' => \&ask_for_help;
subtest 'database migrate' => \&migrate;
subtest 'a migration that fails' => \&fail_to_migrate;
subtest 'organization' => \&keep_organizations;
subtest 'app' => \&keep_apps;
subtest 'token' => \&keep_tokens;
subtest 'journal' => \&keep_journal;
subtest 'database check' => \&check;
subtest 'who may' => \&keep_out;
subtest 'two databases in one cluster' => \&share_a_cluster;
subtest 'texts from outside' => \&print_strange_texts;
subtest 'a database that cannot be used' => \&miss_the_database;
done_testing;

# ------------------------------------------------------------------ commands

sub ask_for_help {
    my $all = does('--help');
    my @commands = $all =~ /^scimctl ((?!looks)\w+ [\w-]+)/gm;
    my %is_there = map { $_ => 1 } @commands;
    is_deeply [grep { !$is_there{$_} } 'app change', 'app install', 'app list',
        'app uninstall', 'database check', 'database migrate',
        'database refold', 'journal list', 'journal maintain',
        'organization create', 'organization disable',
        'organization enable', 'organization list', 'organization resume',
        'organization show', 'organization suspend', 'stack create',
        'stack list', 'token create', 'token list', 'token revoke'], [],
        '--help shows every command';
    is does('help'), $all, 'so does help';
    like does('--version'), qr/\Ascimctl \d+\.\d+\.\d+\n\z/, '--version';
    for my $command (@commands) {
        my ($family) = split / /, $command;
        like does($family, '--help'), qr/^scimctl \Q$command\E/m,
            "$family --help shows $command";
        my $help = does(split(/ /, $command), '--help');
        like $help, qr/\Ascimctl \Q$command\E/, "$command --help";
        like $help, qr/Exit status/, '... tells the exit status';
    }
    fails(USAGE, qr/scimctl --help/);
    fails(USAGE, qr/no command "fly"/, 'fly');
    fails(USAGE, qr/scimctl token --help shows/, 'token');
    fails(USAGE, qr/no command "token steal"/, qw(token steal));
    fails(USAGE, qr/Missing: SLUG/, qw(organization show));
    fails(USAGE, qr/Missing: --owner/,
        qw(organization create acme --name Acme));
    fails(USAGE, qr/no option --colour/, qw(organization list --colour));
    fails(USAGE, qr/twice: --name/,
        qw(organization create a --name x --name y));
    fails(USAGE, qr/takes no value: --json/, qw(organization list --json=1));
    fails(USAGE, qr/missing after --name/,
        qw(organization create acme --name --owner x));
    fails(USAGE, qr/missing after --name/, qw(organization create a --name));
    fails(USAGE, qr/too many: b/, qw(organization show a b));
    fails(USAGE, qr/Argument 3 is no valid UTF-8/,
        'organization', 'show', "\xff");
}

sub migrate {
    fails(NO_DATABASE, qr/no tables of mod_scim yet: run scimctl database mig/,
        qw(organization list));
    my $password = write_file("$dir/password", "swordfish\nsecond line\n");
    like does(qw(database migrate --httpd-password-file), $password),
        qr/^Ran .*0001.*\n(?:Ran .*\n)*.*version \d+; the password of scim_httpd is set/,
        'a migration says what it ran';
    is $postgres->psql(q{select 'me: ' || current_user},
        $postgres->conninfo_httpd . ' password=swordfish'), 'me: scim_httpd',
        '... and scim_httpd may log in';
    is $postgres->psql(q{select rolpassword ~ '^SCRAM-SHA-256' from pg_authid
        where rolname = 'scim_httpd'}), 't', '... by SCRAM';

    my $before = contents();
    is_deeply told(qw(database migrate)), { version => $versions[-1], ran => [] },
        'a second time nothing is to be done';
    is contents(), $before, '... and nothing was';
    is $postgres->psql(q{select 1}, $postgres->conninfo_httpd
        . ' password=swordfish'), 1, '... the password stays';

    fails(REFUSED, qr/none cannot be read/,
        qw(database migrate --httpd-password-file), "$dir/none");
    fails(REFUSED, qr/no password: it takes 1 to/,
        qw(database migrate --httpd-password-file),
        write_file("$dir/empty", "\n"));
    {
        local $ENV{SCIM_SOURCE} = $dir;
        mkdir "$dir/sql";
        fails(REFUSED, qr/not the SQL folder .* migration 1 is missing/,
            qw(database migrate));
        write_file("$dir/sql/0001-a.sql", 'select 1');
        write_file("$dir/sql/9999-b.sql", 'select 1');
        fails(REFUSED, qr/migration 9999 is too new/, qw(database migrate));
    }
}

# A migration that fails half-way, as text of its own folder.
sub run_migration ($sql) {
    my $empty = $postgres->make_database('empty');
    local $ENV{SCIM_SOURCE} = tempdir(CLEANUP => 1);
    mkdir "$ENV{SCIM_SOURCE}/sql";
    write_file(sprintf("$ENV{SCIM_SOURCE}/sql/%04d-a.sql", $_), $sql)
        for @versions;
    my $result = $postgres->scimctl(qw(database migrate --database),
        $postgres->conninfo($empty));
    return ($result, $postgres->psql(
        q{select count(*) from pg_namespace where nspname = 'half'},
        $postgres->conninfo($empty)));
}

sub fail_to_migrate {
    my ($result, $left) = run_migration('create schema half; select 1/0');
    is $result->{status}, REFUSED, 'a migration that fails';
    like $result->{errors}, qr/0001-a\.sql: .*division by zero/,
        '... is named with its error';
    is $left, 0, '... and leaves nothing behind';
    ($result, $left) = run_migration('create schema half; commit; begin');
    isnt $result->{status}, DONE, 'a migration that commits is refused';
}

sub keep_organizations {
    like does(qw(organization create acme --name Acme --owner ada)),
        qr/"acme" with the owner ada; SCIM is off\..*app install/s,
        'an organization is made, and the next step is told';
    my $globex = told(qw(organization create globex --name),
        'Globex Æ', qw(--owner bob --realm https://id.example --scim on));
    like delete $globex->{created}, qr/\A\d{4}-\d\d-\d\dT.*Z\z/, 'a time';
    ok $globex->{scim}, 'SCIM is on where it was asked for';
    is_deeply { map { $_ => JSON::PP::is_bool($globex->{$_}) ? 0 + $globex->{$_}
        : $globex->{$_} } keys %$globex }, { id => 2,
        slug => 'globex',
        name => "Globex \x{c6}", owner => 'bob',
        realm => 'https://id.example', scim => 1, suspended => 0,
        users => 0, groups => 0, apps => 0, members_by_default => 1,
        mapped_admins => 0, version => 1 }, 'as JSON';

    fails(REFUSED, qr/slug "acme" is taken/,
        qw(organization create acme --name Other --owner x));
    for my $slug ('Acme', 'a', '-a', 'users', 'me', 'a_b', 'x' x 64, '') {
        fails(REFUSED, qr/is no slug|cannot be a slug/,
            'organization', 'create', $slug, qw(--name N --owner x));
    }
    fails(REFUSED, qr/--scim takes on or off/,
        qw(organization create new --name N --owner x --scim maybe));
    fails(REFUSED, qr/--name takes 1 to/,
        qw(organization create new --owner x), '--name', '');
    fails(REFUSED, qr/--owner holds a control character/,
        qw(organization create new --name N), '--owner', "a\tb");

    like does(qw(organization list)),
        qr/^SLUG +NAME.*\nacme +Acme +off .*\nglobex +Globex \S+ +on /,
        'the list is a table';
    is_deeply [map { $_->{slug} } @{ told(qw(organization list)) }],
        ['acme', 'globex'], '... or JSON';
    like does(qw(organization show acme)), qr/^owner +ada$/m, 'one is shown';
    fails(REFUSED, qr/no organization "nobody"/, qw(organization show nobody));

    for (['enable', 'scim', 1, qr/SCIM is on/],
        ['suspend', 'suspended', 1, qr/suspended/],
        ['disable', 'scim', 0, qr/SCIM is off/],
        ['resume', 'suspended', 0, qr/not suspended/]) {
        my ($verb, $key, $value, $says) = @$_;
        like does('organization', $verb, 'acme'), $says, "$verb says so";
        my $now = told('organization', $verb, 'acme');
        is $now->{$key} ? 1 : 0, $value, '... twice is harmless';
        is journal("organization.$verb"), 1, '... and told once';
        fails(REFUSED, qr/no organization/, 'organization', $verb, 'nobody');
    }
    does(qw(organization enable acme));
    is $postgres->psql(q{select distinct actor_kind || ' ' || actor
        from scim.journal}), 'scimctl scimctl:' . getpwuid($<),
        'the journal names who did it';
}

sub keep_apps {
    like does(qw(app install --organization acme --kind entra --name),
        'Azure Generic SCIM'),
        qr/Installed app 1, "Azure Generic SCIM".*token create.*--app 1/s,
        'an app is installed, and the next step is told';
    my $app = told(qw(app install --organization acme --kind okta --name Okta
        --strict --whole-organization));
    is $app->{app_id}, 2, 'the second has the next number';
    ok $app->{strict} && $app->{whole_organization}, '... and its settings';
    is told(qw(app install --organization globex --kind generic --name G))
        ->{app_id}, 1, 'each organization counts for itself';

    fails(REFUSED, qr/--kind is one of entra\|okta\|onelogin\|generic/,
        qw(app install --organization acme --kind ldap --name x));
    fails(REFUSED, qr/no organization "nobody"/,
        qw(app install --organization nobody --kind okta --name x));
    fails(USAGE, qr/Missing: --kind/,
        qw(app install --organization acme --name x));

    like does(qw(app list --organization acme)),
        qr/^APP .*\n1\ +entra\ +Azure\ Generic\ SCIM\ +its\ own\ +no\ .*
            \n2\ +okta\ +Okta\ +everything\ +yes/x, 'the list is a table';
    does(qw(app change 2 --organization acme --strict off));
    my $changed = told(qw(app list --organization acme))->[1];
    ok !$changed->{strict} && $changed->{whole_organization},
        'a change changes what it names';
    fails(USAGE, qr/What shall be changed/,
        qw(app change 2 --organization acme));
    fails(REFUSED, qr/has no app 9/,
        qw(app change 9 --organization acme --strict on));
    fails(REFUSED, qr/There is no app "x": scimctl app list/,
        qw(app change x --organization acme --strict on));
    is journal('app.install'), 3, 'the journal has the installations';
    is journal('app.change'), 1, '... and the change';
}

sub keep_tokens {
    my @app = qw(--organization acme --app);
    my $text = does(qw(token create), @app, 1);
    my ($token) = $text =~ /^    (mscim1_\S+)$/m;
    like $token, qr/\Amscim1_1_\d+_[0-9A-Za-z]{49}\z/, 'a secret token';
    like $text, qr{Tenant URL: https://HOST/BASE/acme}, '... with its URL';
    unlike $text, qr/still off/, '... and nothing about SCIM';
    my $other = told(qw(token create), @app, 2, '--read-only', '--expires', 0,
        '--name', 'import');
    isnt $other->{token}, $token, 'another token is another secret';
    is $other->{expires}, undef, '... and may never expire';
    does(qw(organization disable acme));
    like does(qw(token create), @app, 1), qr/SCIM is still off/,
        'a token of an organization without SCIM says so';
    does(qw(organization enable acme));

    fails(REFUSED, qr/has no app 3/, qw(token create), @app, 3);
    fails(REFUSED, qr/--expires takes a number, 0 to/, qw(token create), @app, 1,
        '--expires', '-1');
    fails(REFUSED, qr/--expires takes/, qw(token create), @app, 1,
        '--expires', '99999999999999999999');

    my $list = told(qw(token list --organization acme));
    is scalar @$list, 3, 'all are listed';
    is $list->[0]{last_four}, substr($token, -4), '... by the last letters';
    ok $list->[1]{read_only}, '... with their rights';
    is $list->[1]{name}, 'import', '... and their names';
    my $table = does(qw(token list --organization acme));
    unlike $table . $JSON->encode($list), qr/mscim1_/, '... and no secret';
    is $postgres->psql(q{select count(*) from scim.tokens
        where strpos(tokens::text, 'mscim1') > 0}), 0,
        'the database has no secret either';
    is $postgres->psql(q{select count(*) from scim.journal
        where strpos(journal::text, 'mscim1') > 0}), 0, 'nor the journal';

    my $key = $list->[0]{key_id};
    like does(qw(token revoke --organization acme), $key),
        qr/key $key is revoked/, 'a token is revoked';
    my $since = told(qw(token list --organization acme))->[0]{revoked};
    ok $since, '... which the list shows';
    is told(qw(token revoke --organization acme), $key)->{key_id}, $key,
        'twice is harmless';
    is told(qw(token list --organization acme))->[0]{revoked}, $since,
        '... and it stays revoked since then';
    is journal('token.revoke'), 1, '... which the journal says once';
    fails(REFUSED, qr/no token with key 999/,
        qw(token revoke --organization acme 999));
    fails(REFUSED, qr/no token with key $list->[1]{key_id}/,
        qw(token revoke --organization globex), $list->[1]{key_id});

    does(qw(app uninstall 2 --organization acme));
    ok told(qw(token list --organization acme))->[1]{revoked},
        'an app that is uninstalled takes its tokens with it';
    fails(REFUSED, qr/has no app 2/, qw(token create), @app, 2);
    ok told(qw(app list --organization acme))->[1]{uninstalled},
        '... and stays in the list';
}

sub keep_journal {
    my $rows = told(qw(journal list acme --limit 2));
    is scalar @$rows, 2, 'as many rows as were asked for';
    cmp_ok $rows->[0]{time}, 'ge', $rows->[1]{time}, '... the newest first';
    like $rows->[0]{actor}, qr/\Ascimctl /, '... with who did it';
    is_deeply told(qw(journal list acme --outcome warned)), [],
        'what scimctl does is never off-standard';
    like does(qw(journal list acme)), qr/^TIME +ACTOR +ACTION .*app\.install/s,
        'as a table';
    fails(REFUSED, qr/--limit takes 1 to/, qw(journal list acme --limit 0));
    fails(REFUSED, qr/no organization/, qw(journal list nowhere));
    is_deeply told(qw(journal maintain)), { made => 0, dropped => 0, mappings_removed => 0 },
        'the migration has made three months ahead';
    $postgres->psql('drop table scim.journal_'
        . $postgres->psql(q{select to_char(now() at time zone 'UTC'
            + interval '3 months', 'YYYYMM')}));
    my $before = $postgres->psql('select count(*) from scim.journal');
    is_deeply told(qw(journal maintain)), { made => 1, dropped => 0, mappings_removed => 0 },
        'a month that is missing is made';
    $postgres->psql(q{insert into scim.journal (org_id, at, actor_kind, actor,
        action) values (1, '2001-02-03', 'system', 'test', 'test')});
    like does(qw(journal maintain)), qr/1 partitions made, 0 dropped/,
        'rows in the default partition move to one of their own';
    is $postgres->psql('select count(*) from scim.journal_200102'), 1,
        '... and are there';
    is_deeply told(qw(journal maintain --keep 2)),
        { made => 0, dropped => 1, mappings_removed => 0 },
        'old months are dropped where it is asked for';
    is $postgres->psql('select count(*) from scim.journal'), $before,
        '... and nothing else';
    fails(REFUSED, qr/--keep takes 0 to/, qw(journal maintain --keep -1));
}

sub check {
    my $findings = told(qw(database check));
    cmp_ok scalar @$findings, '>', 10, 'there is a finding for each subject';
    is_deeply [grep { !$_->{good} } @$findings], [], 'all is well'
        or diag explain $findings;
    like does(qw(database check)), qr/^good +schema version /m, '... in words';
    like +(grep { $_->{subject} eq 'holds' } @$findings)[0]{says},
        qr/\A2 organizations \(2 with SCIM on\), 2 apps, 1 live tokens/,
        'it says what there is';

    my %harm = (
        'role scim_httpd'      => ['alter role scim_httpd createdb',
            'alter role scim_httpd nocreatedb'],
        'role scim_owner'      => ['alter role scim_owner login',
            'alter role scim_owner nologin'],
        'row-level security'   => [
            'alter table scim.users disable row level security',
            'alter table scim.users enable row level security'],
        'rights of scim_httpd' => ['grant delete on scim.journal to scim_httpd',
            'revoke delete on scim.journal from scim_httpd'],
        'owner of the tables'  => ['alter table scim.users owner to postgres',
            'alter table scim.users owner to scim_owner'],
        'owned by scim_httpd'  => [
            'create schema mine authorization scim_httpd', 'drop schema mine'],
        'case folding'         => [
            'update scim.schema set fold_version = fold_version + 1',
            'update scim.schema set fold_version = fold_version - 1'],
    );
    for my $subject (sort keys %harm) {
        my ($harm, $mend) = @{ $harm{$subject} };
        $postgres->psql($harm);
        my $result = $postgres->scimctl(qw(database check --json));
        is $result->{status}, REFUSED, "$subject: $harm: found";
        my @bad = grep { !$_->{good} } @{ $result->{json} };
        is_deeply [map { $_->{subject} } @bad], [$subject], '... as what it is';
        ok length($bad[0]{hint} // ''), '... with a hint';
        like fails(REFUSED, qr/1 of \d+ checks failed/, qw(database check)),
            qr/^BAD +\Q$subject\E .*; to do: /m, '... also in words';
        $postgres->psql($mend);
    }
    does(qw(database check));
}

# ----------------------------------------------------------- where it may fail

sub keep_out {
    $postgres->psql(q{create role stranger login password 'x';
        create role helper login password 'x' in role scim_owner;
        create role maker login createrole password 'x'});
    my $as = sub ($user, $database = $postgres->database) {
        return ('--database', $postgres->conninfo($database)
            =~ s/user=\w+/user=$user password=x/r);
    };
    fails(REFUSED, qr/role "stranger" may not do this .*member of scim_owner/,
        qw(organization list), $as->('stranger'));
    like does(qw(organization list), $as->('helper')), qr/^acme/m,
        'a member of scim_owner looks after organizations';
    fails(NO_DATABASE, qr/cannot be reached: .*password/,
        qw(organization list --database),
        $postgres->conninfo_httpd . ' password=wrong');

    my $name = $postgres->make_database('empty');
    $postgres->psql("alter database $name owner to maker");
    $postgres->psql('grant scim_owner to maker with admin option');
    does(qw(database migrate), $as->('maker', $name));
    like does(qw(database check), $as->('maker', $name)), qr/^good +holds/m,
        'a role that makes roles and owns the database migrates it';
}

sub share_a_cluster {
    my $name = $postgres->make_database('empty');
    my @other = ('--database', $postgres->conninfo($name));
    is_deeply told(qw(database migrate), @other), { version => $versions[-1], ran => [@versions] },
        'roles that are there already are no obstacle';
    does(qw(organization create acme --name Acme --owner eve), @other);
    is told(qw(organization show acme))->{owner}, 'ada',
        'the databases know nothing of each other';
    does(qw(database check), @other);

    my @pids = map {
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            my $result = $postgres->scimctl(qw(database migrate --database),
                $postgres->conninfo('racing'));
            require POSIX;
            POSIX::_exit($result->{status});
        }
        $pid;
    } $postgres->create_database('racing', 'template0') && 1 .. 4;
    my @status = map { waitpid $_, 0; $? >> 8 } @pids;
    is_deeply \@status, [0, 0, 0, 0], 'four migrations at the same time';
}

sub print_strange_texts {
    my $name = "a\xe2\x80\xaeb \xf0\x9f\x98\x80 <b>&\"'\\";
    fails(REFUSED, qr/--name holds a control character/,
        qw(organization create new --owner x --name), $name);
    $name = "\xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80 <b>&\"'\\; drop table";
    does(qw(organization create strange --owner x --name), $name);
    my $shown = told(qw(organization show strange))->{name};
    utf8::encode($shown);
    is $shown, $name, 'a name comes back as it was';
    $postgres->psql(q{update scim.organizations
        set name = E'red \x1b[31m\u202e' where slug = 'strange'});
    my $table = does(qw(organization list));
    like $table, qr/red \\u\{1b\}\[31m\\u\{202e\}/,
        'what steers a terminal is shown, not obeyed';
    unlike fails(REFUSED, qr/no organization/, 'organization', 'show',
        "x\x1b[31m"), qr/\x1b/, '... in errors as well';
}

sub miss_the_database {
    my $result = run('', "$ENV{SCIM_BUILD}/scimctl", qw(organization list
        --database), "host=$dir port=1");
    is $result->{status}, NO_DATABASE, 'a server that is not there';
    like $result->{errors}, qr/\Ascimctl: The database cannot be .*\n\z/,
        '... is one line';
    fails(NO_DATABASE, qr/cannot be reached/,
        qw(organization list --database), 'dbname=none host=' .
        $postgres->socket_dir . ' user=postgres');
    fails(NO_DATABASE, qr/cannot be reached/,
        qw(organization list --database nonsense=1));
    $postgres->psql('update scim.schema set version = version + 1,'
        . ' compatible_from = version + 1');
    fails(NO_DATABASE, qr/too new for this scimctl/, qw(organization list));
    fails(NO_DATABASE, qr/newer than this scimctl/, qw(database migrate));
    $postgres->psql('update scim.schema set compatible_from = version - 1');
    like does(qw(organization list)), qr/^acme/m,
        'a newer database that still serves us is used';

    $postgres->psql(q{create database latin encoding 'LATIN1'
        locale 'C' template template0}, $postgres->conninfo('postgres'));
    fails(REFUSED, qr/has the encoding LATIN1/, qw(database migrate --database),
        $postgres->conninfo('latin'));
    ok -e '/dev/full', 'a full disk';
    my $words = join ' ', map { "'$_'" } "$ENV{SCIM_BUILD}/scimctl",
        qw(organization list --database), $postgres->conninfo;
    $result = run('', 'sh', '-c', "$words >/dev/full");
    is $result->{status}, REFUSED, '... is no success';
    like $result->{errors}, qr/could not be written/, '... and says so';
}

# ------------------------------------------------------------------- the means

sub does (@words) {
    my $result = $postgres->scimctl(@words);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $result->{status}, DONE, "scimctl @words"
        or diag $result->{errors};
    is $result->{errors}, '', '... without complaint';
    return $result->{output};
}

# The same with --json, as what it means.
sub told (@words) {
    return $JSON->decode(does(@words, '--json'));
}

# Gives everything that was said.
sub fails ($status, $says, @words) {
    my $result = $postgres->scimctl(@words);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $result->{status}, $status, "scimctl @words: exit status $status"
        =~ s/[^\x20-\x7e]/?/gr;
    like $result->{errors}, qr/\Ascimctl: /, '... says who speaks';
    like $result->{errors}, $says, '... and why';
    unlike $result->{errors}, qr/\n./, '... in one line';
    return $result->{output} . $result->{errors};
}

sub journal ($action) {
    return $postgres->psql(
        "select count(*) from scim.journal where action = '$action'");
}

# What a dump of the schema would show, for comparison.
sub contents {
    return $postgres->psql(q{select string_agg(c.oid || c.relname, ',' order by
        c.oid) from pg_class c where relnamespace = 'scim'::regnamespace});
}
