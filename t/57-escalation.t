# What tells of a permission says who, which and why; and whoever holds a token
# of an app makes nobody an administrator: each way that comes to mind is tried.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    REQUEST  => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
};

my $JSON = JSON::PP->new->utf8->canonical;
my $server = Scim::Server->new;
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $okta = $server->app('acme', app => 'Okta', kind => 'okta');
my $org = $postgres->psql(q{select org_id from scim.organizations
    where slug = 'acme'});
my $owner = $postgres->psql(q{select name from scim.accounts where is_owner});
$postgres->psql("insert into scim.stacks(org_id, stack_id, key, name)"
    . " values ($org, 1, 'site', 'Site'), ($org, 2, 'shop', 'Shop')");
my ($administrator, $developer, $editor) = (1, 2, 3);

subtest 'what the journal tells' => \&told;
subtest 'a group that is made again' => \&taken_up;
subtest 'names of owners' => \&names_of_owners;
subtest 'names of groups' => \&names_of_groups;
subtest 'attributes that sound like it' => \&attributes;
subtest 'groups of administrators that are made again' => \&made_again;
subtest 'groups of others' => \&groups_of_others;
subtest 'what is rehearsed' => \&rehearsed;
subtest 'the database itself' => \&at_the_database;

is $postgres->psql(q{select string_agg(distinct role || ' ' || name, ', ')
    from scim.accounts}), "owner $owner",
    'after all of this there is one account, as before';
$server->stop;
done_testing;

sub told() {
    my $ann = user('ann');
    my $team = group('Team', members => $ann);
    mapped($team, undef, [1, $developer], [undef, $editor]);
    is_deeply held('ann'), ['member|Shop|Content Manager',
        'member|Site|Content Manager', 'member|Site|Developer'],
        'a mapping is for those who are in the group already';
    my @gained = news();
    is_deeply [map { $_->{permission} } @gained], [
        { every_stack => JSON::PP::true, role => 'Content Manager',
            role_id => 3 },
        { role => 'Developer', role_id => 2, stack => 'Site', stack_id => 1 },
    ], '... and each of them is told of';
    is_deeply $gained[0]{cause}, { kind => 'mapping', id => 7, name => 'test' },
        '... with its cause';
    is $gained[0]{actor}, 'scimctl tester', '... and whose act it was';
    is "$gained[0]{action} $gained[0]{type} $gained[0]{id} $gained[0]{name}",
        "permission.gain User $ann ann", '... and who gains';

    $acme->patch("/Users/$ann", patch(replace => active => JSON::PP::false));
    is_deeply held('ann'), [], 'who is inactive holds nothing';
    my @lost = news();
    is_deeply [map { "$_->{action} $_->{permission}{role}" } @lost],
        ['permission.loss Content Manager', 'permission.loss Developer'],
        '... which is told';
    is_deeply $lost[0]{cause}, { kind => 'user', id => $ann, name => 'ann',
        change => 'deactivated' }, '... with its cause';
    like $lost[0]{actor}, qr/\Atoken \d+\z/, '... and whose token it was';
    $acme->patch("/Users/$ann", patch(replace => active => JSON::PP::true));
    is scalar news(), 2, 'and comes back';
    is scalar @{ held('ann') }, 3, '... to what it was';
    $acme->patch("/Users/$ann", patch(replace => userName => 'anna'));
    is_deeply [news()], [], 'a name changes nothing';

    my $outer = group('Outer', members => $team);
    mapped($outer, 'member', [1, $developer]);
    is_deeply [news()], [], 'nor what is held already';
    $acme->patch("/Groups/$team", patch(remove =>
        qq(members[value eq "$ann"])));
    is_deeply [map { $_->{cause} } news()], [({ kind => 'group',
        id => $team, name => 'Team', change => 'members' }) x 2],
        'who leaves the group leaves those it is in';
    $acme->patch("/Groups/$outer", patch(add => members =>
        [{ value => $ann }]));
    is_deeply [map { $_->{permission}{role} } news()], ['Developer'],
        'one of two groups gives one of two roles';
    $acme->delete("/Groups/$outer");
    is_deeply [map { "$_->{action} $_->{cause}{change}" } news()],
        ['permission.loss deleted'], 'a group takes with it what it gave';
    $acme->patch("/Groups/$team", patch(add => members =>
        [{ value => $ann }]));
    news();
    $acme->delete("/Users/$ann");
    is_deeply [map { "$_->{action} $_->{name} $_->{cause}{change}" } news()],
        [('permission.loss anna deleted') x 2], 'and so does a user';
    return;
}

sub taken_up() {
    my $bob = user('bob');
    my $old = group('Writers', external => 'e-1', members => $bob);
    mapped($old, 'member', [1, $editor]);
    is scalar @{ held('bob') }, 1, 'before';
    $acme->delete("/Groups/$old");
    is_deeply held('bob'), ['member||'], 'a deleted group grants nothing';
    news();

    my $other = group('Writers', external => 'e-2', members => $bob);
    is_deeply held('bob'), ['member||'], 'nor another one of its name';
    is $okta->post('/Groups', { schemas => [GROUP], displayName => 'Writers',
        externalId => 'e-1' })->{status}, 201,
        "another app's group of that externalId ...";
    is mapping_of($old), $old, '... gets nothing';

    my $new = group('Authors', external => 'e-1', members => $bob);
    is_deeply held('bob'), ['member|Site|Content Manager'],
        'the group that is made again grants what it did';
    is mapping_of($new), $new, '... by the same mapping';
    my ($up) = grep { $_->{action} eq 'mapping.take-up' } news(1);
    is_deeply $up->{all}{before}{group}, $old, '... which is told';
    is $up->{all}{after}{group}, $new, '... from and to';
    is "$up->{type} $up->{id} $up->{name}", "Group $new Authors",
        '... of the group';

    # By Bulk, with its members.
    $acme->delete("/Groups/$new");
    my $reply = $acme->post('/Bulk', { schemas => [REQUEST], Operations => [{
        method => 'POST', path => '/Groups', bulkId => 'g', data => {
            schemas => [GROUP], displayName => 'Again', externalId => 'e-1',
            members => [{ value => $bob }] } }] });
    my ($again) = $reply->{json}{Operations}[0]{location} =~ m{([^/]+)\z};
    is_deeply held('bob'), ['member|Site|Content Manager'], 'by Bulk as well';
    $acme->delete("/Groups/$again");
    $postgres->psql("update scim.tombstones set deleted = now()"
        . " - interval '91 days' where id = '$again'");
    group('Too late', external => 'e-1', members => $bob);
    is_deeply held('bob'), ['member||'], 'not after ninety days';
    news();
    return;
}

# A userName that is an account's name links nothing, whoever asserts it.
sub names_of_owners() {
    my $group = group('Everyone');
    mapped($group, undef, [1, $developer]);
    for my $app ($acme, $okta) {
        my $reply = $app->post('/Users', { schemas => [USER],
            userName => $owner, externalId => $owner,
            emails => [{ value => $owner }] });
        next if $reply->{status} == 409;
        is_deeply held($owner), ['member||'], "an owner's name is a name";
    }
    my $id = user('imp');
    user('eve');
    $okta->patch("/Users/$id", patch(replace => userName => $owner));
    $acme->patch("/Users/$id", patch(replace => userName => uc $owner));
    $acme->patch("/Users/$id", patch(replace => userName => "$owner "));
    nobody_administers('names of owners');
    is $postgres->psql('select count(*) from scim.accounts'
        . ' where user_id is not null'), 0, '... and no account is linked';
    return;
}

sub names_of_groups() {
    my $real = group('Administrators', external => 'admins');
    mapped($real, 'admin', [undef, $administrator]);
    my $eve = id_of('eve');
    my $fake = group('Administrators of eve', members => $eve);
    $acme->patch("/Groups/$fake", patch(replace => displayName =>
        'Administrators'));
    $acme->put("/Groups/$fake", { schemas => [GROUP],
        displayName => 'Administrators', externalId => 'admins',
        members => [{ value => $eve }] });
    my $mallory = $okta->post('/Users', { schemas => [USER],
        userName => 'mallory' })->{json}{id};
    for my $name ('Administrators', 'Admin', 'owner', 'acme') {
        $okta->post('/Groups', { schemas => [GROUP], displayName => $name,
            externalId => 'admins', id => $real,
            members => [{ value => $mallory }] });
    }
    nobody_administers("a mapped group's name and externalId");
    return;
}

sub attributes() {
    my @bodies = (
        { roles => [{ value => 'admin', primary => JSON::PP::true }] },
        { entitlements => [{ value => 'owner' }] },
        { userType => 'owner' },
        { groups => [{ value => group_named('Administrators'),
            display => 'Administrators' }] },
        { organizationRole => 'admin', organization_role => 'admin' },
    );
    for my $n (0 .. $#bodies) {
        my %body = (schemas => [USER], userName => "attribute-$n",
            %{ $bodies[$n] });
        my $reply = $acme->post('/Users', \%body);
        next if $reply->{status} != 201;
        $acme->put("/Users/$reply->{json}{id}", \%body);
        $acme->patch("/Users/$reply->{json}{id}", patch(add => $_ =>
            $body{$_})) for keys %{ $bodies[$n] };
        is_deeply held("attribute-$n"), ['member||'],
            join ' ', 'nothing comes of', sort keys %{ $bodies[$n] };
    }
    nobody_administers('attributes');
    return;
}

# A mapping to administrators is not taken up, whichever role makes it one.
sub made_again() {
    my $eve = id_of('eve');
    my %role = (organization => ['admin'],
        stack => [undef, [1, $administrator]],
        'every stack' => [undef, [2, $editor], [undef, $administrator]]);
    for my $kind (sort keys %role) {
        my $group = group("Group $kind", external => "a-$kind");
        mapped($group, @{ $role{$kind} });
        $acme->delete("/Groups/$group");
        my $new = group("Group $kind", external => "a-$kind",
            members => $eve);
        is mapping_of($group), $group,
            "a mapping to an administrator stays where it is: $kind";
        $acme->delete("/Groups/$new");
        group("Group $kind", external => "a-$kind", members => $eve);
    }
    # The last of that externalId counts, not one before it.
    my $harmless = group('Once', external => 'twice');
    mapped($harmless, undef, [1, $developer]);
    $acme->delete("/Groups/$harmless");
    my $last = group('Once more');
    $acme->patch("/Groups/$last", patch(add => externalId => 'twice'));
    mapped($last, 'admin');
    $acme->delete("/Groups/$last");
    group('Twice', external => 'twice', members => $eve);
    is_deeply [map { mapping_of($_) } $harmless, $last], [$harmless, $last],
        'and behind one that stays, no other is looked for';
    my $real = group_named('Administrators');
    $acme->delete("/Groups/$real");
    $acme->post('/Groups', { schemas => [GROUP], externalId => 'admins',
        displayName => $_, members => [{ value => $eve }] })
        for ('Administrators') x 2, 'Administrators 2';
    is_deeply held('eve'), ['member||'], 'nor for one of the same name';
    nobody_administers('groups made again');
    return;
}

sub groups_of_others() {
    my $real = group('Admins of one', members => user('alice'));
    mapped($real, 'admin', [undef, $administrator]);
    my $mallory = $okta->get('/Users', { filter => 'userName eq "mallory"' })
        ->{json}{Resources}[0]{id};
    is $okta->patch("/Groups/$real", patch(add => members =>
        [{ value => $mallory }]))->{status}, 404,
        "another app's group is not there";
    my $mine = $okta->post('/Groups', { schemas => [GROUP],
        displayName => 'Mine', members => [{ value => $mallory }] })->{json}{id};
    $okta->patch("/Groups/$mine", patch(add => members =>
        [{ value => $real }]));
    $acme->patch("/Groups/$real", patch(add => members =>
        [{ value => $mine }, { value => id_of('alice') }]));
    is_deeply held('mallory'), ['member||'], '... nor to be nested';
    $acme->delete('/Users/' . id_of('alice'));
    nobody_administers("another app's groups");
    return;
}

sub rehearsed() {
    my $eve = id_of('eve');
    my $group = group('Rehearsal', members => $eve);
    mapped($group, undef, [1, $developer]);
    is_deeply held('eve'), ['member|Site|Developer'], 'live';
    owner_does("update scim.apps set rehearsing = true where org_id = $org"
        . ' and app_id = ' . $acme->app,
        "select scim.permissions_refresh($org, null, '{}', " . origin() . ')');
    is_deeply held('eve'), ['member||'],
        'the groups of an app that rehearses grant nothing';
    $acme->patch("/Groups/$group", patch(add => members =>
        [{ value => id_of('bob') }]));
    is_deeply held('bob'), ['member||'], '... whoever comes';
    owner_does("update scim.apps set rehearsing = false where org_id = $org",
        "select scim.permissions_refresh($org, null, '{}', " . origin() . ')');
    is_deeply held('bob'), ['member|Site|Developer'], '... until it is live';
    return;
}

# What the module may do with the database is not enough for it either.
sub at_the_database() {
    my $group = group_named('Rehearsal');
    for my $sql ("insert into scim.group_mappings(org_id, mapping_id, group_id,"
            . " organization_role, changed_by) values ($org, 99, '$group',"
            . " 'admin', 'me')",
        'update scim.group_mappings set organization_role = \'admin\'',
        'select organization_role from scim.group_mappings',
        'insert into scim.permissions_held values (1, gen_random_uuid(), 1, 1)',
        "select scim.permissions_refresh($org, null, '{}', " . origin() . ')',
        "select scim.permissions_settle($org, '{}', null, null, '{}', "
            . origin() . ')',
        "select * from scim.permissions_preview($org, null, null)",
        "select * from scim.permissions_differ_many($org, '{}', null, null)",
        'select * from scim.journal_counts', 'select * from scim.journal_counted',
        "select scim.journal_count($org, 1)",
        "select scim.permissions_lock($org)",
        'select * from scim.permissions', 'select * from scim.effective') {
        ok !eval { $postgres->psql("set role scim_httpd; set scim.org = $org;"
            . "$sql") }, "scim_httpd cannot $sql";
        like $@, qr/permission denied/, '... as it may not';
    }
    for my $call ("permissions_refresh($org, null, '{}', " . origin() . ')',
        "permissions_refresh_groups($org, '{}', '{}', " . origin() . ')',
        "permissions_user($org, gen_random_uuid(), false, " . origin() . ')',
        "permissions_membership($org, gen_random_uuid(), '{}', '{}', "
            . origin() . ')',
        "permissions_group_end($org, gen_random_uuid(), " . origin() . ')',
        "mapping_take_up($org, gen_random_uuid(), " . origin() . ')') {
        ok !eval { $postgres->psql('set role scim_owner; set scim.org = '
            . ($org + 1) . "; select scim.$call") },
            "of another organization nobody calls $call";
        like $@, qr/not this organization/, '... as it has not been entered';
    }
    is $postgres->psql("set role scim_reader; select count(*)"
        . " from scim.permissions where organization = 'acme'") > 0, 1,
        'scim_reader sees who holds what';
    return;
}

# -------------------------------------------------------------------- means

sub user($name) {
    return made($acme->post('/Users', { schemas => [USER],
        userName => $name, active => JSON::PP::true }));
}

sub group($name, %given) {
    return made($acme->post('/Groups', { schemas => [GROUP],
        displayName => $name,
        $given{external} ? (externalId => $given{external}) : (),
        $given{members} ? (members => [{ value => $given{members} }]) : () }));
}

sub made($reply) {
    return $reply->{status} == 201 ? $reply->{json}{id} : die $reply->{body};
}

sub id_of($name) {
    return $postgres->psql("select id from scim.users where user_name = '$name'")
        || die "nobody is called $name";
}

sub group_named($name) {
    return $postgres->psql("select id from scim.groups where name = '$name'"
        . ' order by id limit 1');
}

sub patch($op, $path, @value) {
    return { schemas => [PATCH_OP], Operations => [{ op => $op,
        path => $path, @value ? (value => $value[0]) : () }] };
}

sub origin() { return "row('scimctl', 'tester', null, 1, null, null)::scim.origin" }

sub owner_does(@sql) {
    return $postgres->psql(join '', map { "$_;\n" } 'begin',
        "set scim.org = $org", 'set local role scim_admin', @sql, 'commit');
}

sub mapped($group, $role, @grants) {
    state $n = 0;
    $n++;
    owner_does("insert into scim.group_mappings(org_id, mapping_id, group_id,"
        . " organization_role, changed_by) values ($org, $n, '$group', "
        . (defined $role ? "'$role'" : 'null') . ", 'test')",
        (map { "insert into scim.mapping_roles values ($org, $n, "
            . ($_->[0] // 'null') . ", $_->[1])" } @grants),
        "select scim.permissions_refresh_groups($org, '{$group}',"
            . " '{\"kind\": \"mapping\", \"id\": 7, \"name\": \"test\"}', "
            . origin() . ')');
    return;
}

sub mapping_of($group) {
    return $postgres->psql("select group_id from scim.group_mappings"
        . " where group_id = '$group'");
}

sub held($name) {
    return [split /\n/, $postgres->psql(qq{select organization_role, stack, role
        from scim.permissions where user_name = '$name' order by 1, 2, 3})];
}

# What the journal tells since it was last asked: of permissions, or of all.
sub news($all = 0) {
    state $seen = 0;
    my @rows = map { $JSON->decode($_) } split /\n/, $postgres->psql(qq{
        select json_build_object('xid', xid::text, 'action', action,
            'actor', actor_kind || ' ' || actor, 'type', resource_type,
            'id', resource, 'name', name, 'cause', changes -> 'cause',
            'permission', changes - 'cause', 'all', changes)
          from scim.journal where xid::text::bigint > $seen
           and ($all = 1 or action like 'permission.%')
         order by xid, changes ->> 'role'});
    $seen = $postgres->psql('select coalesce(max(xid::text::bigint), 0)'
        . ' from scim.journal');
    return @rows;
}

sub nobody_administers($means) {
    is $postgres->psql(q{select string_agg(user_name || ' ' ||
        organization_role || coalesce(' ' || role, ''), ', ')
        from scim.permissions where organization_role <> 'member'
           or role = 'Admin'}), '', "nobody is an administrator by $means";
    return;
}
