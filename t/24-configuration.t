# An organization's configuration as one text: written, kept, and brought back.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use JSON::PP ();
use Scim::Server;
use Scim::Process qw(run write_file);
use Test::More;

my $server = Scim::Server->new;
my $postgres = $server->postgres;
my $dir = tempdir(CLEANUP => 1);
my $JSON = JSON::PP->new->utf8->canonical->pretty;

told(qw(organization create acme --owner ada --scim on --name), 'Ac "me');
my @in_acme = qw(--organization acme);
told(qw(account create --name bob --role admin), @in_acme);
told(qw(account create --name cid --role member --realm), 'https://id',
    @in_acme);
told(qw(app install --kind okta --name Okta --strict), @in_acme);
told(qw(app install --kind entra --name Gone), @in_acme);
told(qw(app uninstall Gone), @in_acme);
told(qw(stack create --name Web --description site), @in_acme);
told(qw(stack create --name API), @in_acme);
told(qw(token create --app Okta), @in_acme);

my $text = $postgres->scimctl(qw(export acme))->{output};
my $file = write_file("$dir/acme.json", $text);
my $configuration = $JSON->decode($text);

# What people decide, another value than a new one has, and how its row is made.
my %SETTINGS = (
    organizations  => { name => "'Full'", members_by_default => 'false',
        mapped_admins => 'true' },
    accounts       => { realm => "'https://full'", name => "'zoe'", role => "'admin'" },
    apps           => { kind => "'okta'", name => "'Ok'", strict => 'true',
        whole_organization => 'true', passwords => 'true',
        unique_group_names => 'false', rehearsing => 'true' },
    stacks         => { name => "'Moon'", description => "'far'" },
    stack_roles    => { name => "'Pilot'", description => "'flies'",
        administers => 'true' },
    brakes         => { enabled => 'true', users => 7, percent => 8, minutes => 9,
        groups => 'false', hours => 10 },
    alert_settings => { addresses => q(array['a@x.example', 'b@x.example']),
        silent_hours => 11, inactive_days => 12 },
);

# Why the others are no settings, of a table or of a column.
my %OTHERS = (
    (map { $_ => 'what identity providers sent' } qw(users user_folded user_values
        passwords groups group_users group_groups resources unique_values tombstones)),
    (map { $_ => 'what happened' } qw(journal journal_counts journal_counted
        permissions_held brake_removals brake_counts brake_held alerts contacts)),
    tokens => 'secrets',
    (map { $_ => 'by names: see the mappings' } qw(group_mappings mapping_roles)),
    (map { ("$_.org_id" => 'the key', "$_.version" => 'for If-Match',
        "$_.created" => 'a time') } keys %SETTINGS),
    (map { $_ => 'a number of ours' } qw(accounts.account_id apps.app_id stacks.stack_id
        stack_roles.role_id organizations.last_number)),
    (map { $_ => 'made of others' } qw(organizations.owner_is_owner organizations.live
        organizations.nested accounts.is_owner apps.live stacks.key stack_roles.key)),
    'organizations.slug' => 'whose text it is',
    'organizations.owner' => 'one of the accounts that are owners',
    (map { $_ => 'a switch: a text that was written before must not throw it' }
        qw(organizations.scim_on organizations.suspended)),
    'organizations.settings' => 'nothing is in it',
    'organizations.cursor_key' => 'a secret',
    (map { $_ => 'links are confirmed, once' } qw(accounts.user_id accounts.linked)),
    (map { $_ => 'a time' } qw(organizations.deleted accounts.last_seen
        apps.uninstalled)),
    'stack_roles.seeded' => 'which an organization begins with',
    (map { ("brakes.$_" => 'whether it is engaged') } qw(base based engaged reason until
        open_until)),
);

subtest 'export' => \&write_text;
subtest 'import where all is so' => \&import_nothing;
subtest 'import elsewhere' => \&import_elsewhere;
subtest 'dry run' => \&rehearse;
subtest 'mappings' => \&carry_mappings;
subtest 'every setting' => \&carry_settings;
subtest 'an app that rehearses' => \&carry_rehearsing;
subtest 'what is wrong changes nothing' => \&refuse;
$server->stop;
done_testing;

sub write_text {
    is_deeply [map { $_->{name} } @{ $configuration->{accounts} }],
        ['ada', 'bob', 'cid'], 'accounts';
    is_deeply $configuration->{apps}, [{ name => 'Okta', kind => 'okta',
        strict => JSON::PP::true, whole_organization => JSON::PP::false,
        passwords => 'drop', unique_group_names => JSON::PP::true,
        rehearsing => JSON::PP::false }], 'apps that are installed';
    is_deeply $configuration->{stacks}, [{ name => 'API', description => '' },
        { name => 'Web', description => 'site' }], 'stacks by name';
    unlike $text, qr/mscim1_|"id"|"created"/,
        'no secrets, no numbers, no times';
    told(qw(organization disable acme));
    told(qw(organization enable acme));
    is $postgres->scimctl(qw(export acme))->{output}, $text,
        'twice the same text';
}

sub import_nothing {
    my $before = rows();
    my $done = told(qw(import acme --file), $file);
    is_deeply [@$done{qw(changes missing extra)}], [[], [], []],
        'nothing is to be done';
    is rows(), $before, '... and nothing is told';
    like $postgres->scimctl(qw(import acme --file), $file)->{output},
        qr/^0 things changed/m, '... but to people';
}

sub import_elsewhere {
    told(qw(organization create other --owner olga --name Other));
    told(qw(stack create --name Mine --organization other));
    told(qw(app install --kind okta --name Okta --organization other));
    my $done = told(qw(import other --file), $file);
    is_deeply [map { "$_->{action} $_->{name}" } @{ $done->{changes} }],
        ['organization.change other', 'account.create ada',
            'account.create bob', 'account.create cid', 'app.change Okta',
            'stack.create API', 'stack.create Web'], 'all comes along';
    is_deeply [sort map { "$_->{in} $_->{name}" } @{ $done->{extra} }],
        ['accounts olga', 'stacks Mine'], 'what is not in the text is told';
    is told(qw(account list --organization other))->[0]{role}, 'owner',
        '... and stays';
    is_deeply told(qw(import other --file), $file)->{changes}, [],
        'twice is harmless';
    my $again = $JSON->decode($postgres->scimctl(qw(export other))->{output});
    is_deeply $again->{apps}, $configuration->{apps}, 'it is what was meant';
    is_deeply told(qw(token list --organization other)), [], '... without keys';

    # Whoever is an owner there need not be one here.
    my $swap = { format => 1, accounts => [
        { realm => 'default', name => 'olga', role => 'member' },
        { realm => 'default', name => 'ada', role => 'admin' },
        { realm => 'default', name => 'bob', role => 'owner' }] };
    told(qw(import other --file), write_file("$dir/swap.json",
        $JSON->encode($swap)));
    is told(qw(organization show other))->{owner}, 'bob',
        'an owner comes before another one goes';
}

sub rehearse {
    my $changed = { %$configuration, stacks => [{ name => 'web',
        description => 'shop' }, { name => 'New' }] };
    my $changed_file = write_file("$dir/changed.json",
        $JSON->encode($changed));
    my $before = rows();
    my $done = told(qw(import acme --dry-run --file), $changed_file);
    my $plan = ['stack.change web', 'stack.create New'];
    is_deeply [map { "$_->{action} $_->{name}" } @{ $done->{changes} }],
        $plan, 'what would be done is told';
    is rows(), $before, '... and not done';
    like $postgres->scimctl(qw(import acme --dry-run --file), $changed_file)
        ->{output}, qr/^To do: stack\.create New.*2 things would be/ms,
        '... in words';
    my $result = run($JSON->encode($changed), "$ENV{SCIM_BUILD}/scimctl",
        qw(import acme --file - --json --database), $postgres->conninfo);
    is_deeply [map { "$_->{action} $_->{name}" }
        @{ $JSON->decode($result->{output})->{changes} }], $plan,
        'from standard input it is done';
    is $postgres->psql(q{select description from scim.stacks
        where name = 'web'}), 'shop', '... in the database';
}

sub carry_mappings {
    my ($from, $to) = map { $server->organization($_, app => 'Entra') }
        qw(from to);
    my %group;
    for my $side (['from', $from], ['to', $to]) {
        my ($name, $client) = @$side;
        my $user = $client->post('/Users', { schemas =>
            ['urn:ietf:params:scim:schemas:core:2.0:User'],
            userName => 'ann' })->{json};
        $group{"$name $_->[0]"} = $client->post('/Groups', { schemas =>
            ['urn:ietf:params:scim:schemas:core:2.0:Group'],
            displayName => $_->[0], members => [{ value => $user->{id} }],
            $_->[1] ? (externalId => $_->[1]) : () })->{json}{id}
            for ['Devs', 'x-1'], ['Staff'];
    }
    my $wanted = { format => 1, stacks => [{ name => 'Web' }],
        roles => [{ name => 'Tester', description => 'tests' }], mappings => [
            { app => 'Entra', group => 'Renamed', external_id => 'x-1',
                organization_role => 'admin', roles => [
                    { role => 'tester', stack => undef },
                    { role => 'Developer', stack => 'web' }] },
            { app => 'Entra', group => 'STAFF', roles => [] },
            { app => 'Entra', group => 'Devs', external_id => 'x-2' },
            { app => 'Entra', group => 'Nobody' },
            { app => 'Other', group => 'Staff' }] };
    my $file = write_file("$dir/mappings.json", $JSON->encode($wanted));
    my $done = told(qw(import from --file), $file);
    is_deeply [map { "$_->{action} $_->{name}" } @{ $done->{changes} }],
        ['stack.create Web', 'role.create Tester', 'mapping.create Renamed',
            'mapping.create STAFF'], 'groups that are there are mapped';
    is_deeply [map { "$_->{app} $_->{group}" } @{ $done->{missing} }],
        ['Entra Devs', 'Entra Nobody', 'Other Staff'],
        'those that are not are told';
    is $postgres->psql(q{select string_agg(concat_ws(' ', user_name,
        organization_role, stack, role), ', ' order by role)
        from scim.permissions where organization = 'from'}),
        'ann admin Web Developer, ann admin Web Tester',
        'their members hold it';
    is $postgres->psql(q{select count(*) from scim.journal j
        join scim.organizations o using (org_id)
        where o.slug = 'from' and j.action = 'permission.gain'}), 3,
        '... and the journal says so';
    my $before = rows();
    is_deeply told(qw(import from --file), $file)->{changes}, [],
        'twice is harmless';
    is rows(), $before, '... and not told';

    my $text = $JSON->decode($postgres->scimctl(qw(export from))->{output});
    is_deeply $text->{mappings}, [
        { app => 'Entra', group => 'Devs', external_id => 'x-1',
            organization_role => 'admin', roles => [
                { role => 'Developer', stack => 'Web' },
                { role => 'Tester', stack => undef }] },
        { app => 'Entra', group => 'Staff', external_id => undef,
            organization_role => undef, roles => [] }], 'mappings, by names';
    told(qw(import to --file), write_file("$dir/from.json",
        $JSON->encode($text)));
    is_deeply $JSON->decode($postgres->scimctl(qw(export to))->{output})
        ->{mappings}, $text->{mappings}, '... which another one takes';

    $text->{mappings}[0]{roles} = [];
    $done = told(qw(import to --file), write_file("$dir/less.json",
        $JSON->encode($text)));
    is_deeply [map { "$_->{action} $_->{name}" } @{ $done->{changes} }],
        ['mapping.change Devs'], 'a mapping is brought to what is written';
    is $postgres->psql(q{select count(*) from scim.permissions
        where organization = 'to' and role is not null}), 0,
        '... and what it gave is gone';
}

sub carry_settings {
    for my $line (split /\n/, $postgres->psql(q{
        select c.relname || '.' || b.attname from pg_class c
          join pg_attribute a on a.attrelid = c.oid and a.attname = 'org_id'
          join pg_attribute b on b.attrelid = c.oid and b.attnum > 0
           and not b.attisdropped
         where c.relnamespace = 'scim'::regnamespace and c.relkind in ('r', 'p')
           and not c.relispartition order by 1})) {
        my ($table, $column) = split /\./, $line;
        ok $OTHERS{$table} || $OTHERS{$line}
            || defined(($SETTINGS{$table} // {})->{$column}),
            "$line is a setting, or known to be none";
    }
    told(qw(organization create full --owner olga --name Old));
    told(qw(organization create bare --owner olga --name Bare));
    my @in_full = qw(--organization full);
    told(qw(app install --kind okta --name Ok), @in_full);
    told(qw(stack create --name Moon), @in_full);
    told(qw(role create --name Pilot), @in_full);
    told(qw(account create --name zoe --role member --realm https://full), @in_full);
    told(qw(brake change --minutes 8), @in_full);
    told(qw(alerts change --silent-hours 9), @in_full);
    for my $table (sort keys %SETTINGS) {
        my $set = $SETTINGS{$table};
        my $where = "where org_id = (select org_id from scim.organizations
            where slug = 'full')" . ($table eq 'organizations' ? ''
            : $set->{name} ? " and name = $set->{name}" : '');
        $postgres->psql("update scim.$table set "
            . join(', ', map { "$_ = $set->{$_}" } sort keys %$set) . " $where");
        is has($table, 'full'), 1, "$table: set";
        is has($table, 'bare'), 0, '... to what a new one has not';
        my @same = split /\n/, $postgres->psql("select attname from pg_attribute a
            join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = 'scim.$table'::regclass and attname in ("
            . join(', ', map { "'$_'" } keys %$set) . ") and "
            . join(' and ', map { "(attname <> '$_' or pg_get_expr(adbin, adrelid)
                = (${\ quoted($set->{$_})}))" } keys %$set));
        is_deeply \@same, [], '... in each column';
    }
    my $text = $postgres->scimctl(qw(export full))->{output};
    my $done = told(qw(import bare --file), write_file("$dir/full.json", $text));
    is_deeply [map { $_->{action} } @{ $done->{changes} }],
        [qw(organization.change brake.change alert.change account.create app.install
            stack.create role.create)], 'all of it is brought';
    is has($_, 'bare'), 1, "$_: arrived" for sort keys %SETTINGS;
    my $again = $JSON->decode($postgres->scimctl(qw(export bare))->{output});
    my $first = $JSON->decode($text);
    delete $_->{organization}{slug} for $first, $again;
    is_deeply $again, $first, 'the texts are the same';
    is_deeply told(qw(import bare --file), "$dir/full.json")->{changes}, [],
        'twice is harmless';
    my $wrong = { format => 1, alerts => { addresses => ["a\@x.example\nBcc: b"] } };
    like $postgres->scimctl(qw(import bare --file), write_file("$dir/bcc.json",
        $JSON->encode($wrong)))->{errors}, qr/no plain e-mail address/,
        'an address is looked at here, too';
}

# Whether the organization has a row with all of these values.
sub has($table, $slug) {
    my $set = $SETTINGS{$table};
    return $postgres->psql("select count(*) from scim.$table t
        join scim.organizations o using (org_id) where o.slug = '$slug' and "
        . join ' and ', map { "t.$_ is not distinct from $set->{$_}" } sort keys %$set);
}

sub quoted($text) { return q(') . $text =~ s/'/''/gr . q(') }

sub carry_rehearsing {
    my $client = $server->organization('stage', app => 'Entra');
    my $user = $client->post('/Users', { schemas =>
        ['urn:ietf:params:scim:schemas:core:2.0:User'], userName => 'ann' })->{json};
    $client->post('/Groups', { schemas => ['urn:ietf:params:scim:schemas:core:2.0:Group'],
        displayName => 'Devs', members => [{ value => $user->{id} }] });
    my %wanted = (format => 1, stacks => [{ name => 'Web' }], mappings => [{ app => 'Entra',
        group => 'Devs', roles => [{ role => 'Developer', stack => 'Web' }] }]);
    my $holds = sub { $postgres->psql(q{select count(*) from scim.permissions
        where organization = 'stage' and role is not null}) };
    for my $turn ([1, 'app.rehearse', 0], [0, 'app.live', 1]) {
        my ($rehearsing, $action, $held) = @$turn;
        $wanted{apps} = [{ kind => 'entra', name => 'Entra',
            rehearsing => $rehearsing ? JSON::PP::true : JSON::PP::false }];
        my $file = write_file("$dir/turn.json", $JSON->encode(\%wanted));
        my $dry = told(qw(import stage --dry-run --file), $file)->{changes};
        my $done = told(qw(import stage --file), $file)->{changes};
        is_deeply $dry, $done, 'a dry run says it';
        is scalar(grep { $_->{action} eq $action && $_->{name} eq 'Entra' } @$done), 1,
            "$action, of an app that is there";
        is $holds->(), $held, '... and what its groups give follows';
        is_deeply told(qw(import stage --file), $file)->{changes}, [], '... once';
    }
}

sub refuse {
    my %wrong = (
        'no JSON' => ['{"format": 1,', qr/no JSON: .*line 1/],
        'another format' => ['{"format": 2}', qr/"configuration\.format" takes/],
        'an unknown member' => ['{"format": 1, "apps": [{"name": "x",
            "kind": "okta", "token": "y"}]}', qr/apps\[0\]\.token" is nothing/],
        'a member twice' => ['{"format": 1, "format": 1}', qr/duplicate/],
        'no owner left' => ['{"format": 1, "stacks": [{"name": "Late"}],
            "accounts": [{"realm": "default", "name": "ada",
            "role": "member"}]}', qr/last owner/],
        'a name twice' => ['{"format": 1, "stacks": [{"name": "Late"},
            {"name": "LATE"}]}', qr/There is a stack "LATE" already/],
        'a role that is not there' => ['{"format": 1, "mappings": [{"app":
            "Entra", "group": "Devs", "roles": [{"role": "King"}]}]}',
            qr/names a role or a stack that is not there/, 'from'],
        'the role of owners' => ['{"format": 1, "roles": [{"name": "OWNER"}]}',
            qr/Nobody is granted the role "OWNER"/],
        'no text' => ["{\"format\": 1, \"stacks\": [{\"name\": \"a\\u0007\"}]}",
            qr/control character/],
    );
    for my $what (sort keys %wrong) {
        my ($body, $says, $slug) = @{ $wrong{$what} };
        my $before = rows();
        my $result = $postgres->scimctl('import', $slug // 'acme', '--file',
            write_file("$dir/wrong.json", $body));
        is $result->{status}, 1, $what;
        like $result->{errors}, $says, '... is told';
        is rows(), $before, '... and nothing is changed';
    }
}

sub told (@words) {
    return $postgres->administer(@words);
}

# Whatever changes anything adds a row here.
sub rows () {
    return $postgres->psql('select count(*) from scim.journal');
}
