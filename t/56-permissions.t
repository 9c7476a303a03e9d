# Permissions against a naive model: after random requests and acts of owners,
# what the view says, what is remembered as told, and what the journal's rows
# add up to is what the model says. SCIM_SEED repeats a run.

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
    USERS    => 1000,
    GROUPS   => 50,
    STACKS   => 20,
    ROUNDS   => 20,
    ACTS     => 25,    # between two comparisons
    EVERY    => 0,
    MEMBER   => -1,
    ADMIN    => -2,
};

# The same run each time, in which everything happens that is counted below.
my $seed = $ENV{SCIM_SEED} // 7;
srand $seed;
diag "SCIM_SEED=$seed" if $ENV{TEST_VERBOSE};

my $server = Scim::Server->new;
my $postgres = $server->postgres;
my @apps = $server->organization('acme');
push @apps, map { $server->app('acme', app => "App $_",
    install => ['--whole-organization']) } 2 .. 3;
my $org = $postgres->psql(q{select org_id from scim.organizations
    where slug = 'acme'});

# The model. Users: active, name. Groups: app, external, users, groups.
# Mappings, by the group's id: role, grants as "stack role".
my (%users, %groups, %mappings, %stacks, %roles, @buried, %count);
my %org = (default => 1, suspended => 0, rehearsing => {});
my $last = 0;

fill();
compare('at first');
my @acts = ((\&come) x 6, (\&go) x 4, (\&set_members) x 2, (\&nest) x 3,
    (\&unnest) x 2, (\&switch_user) x 4, \&put_user, \&remove_user,
    \&make_user, (\&remove_group) x 2, \&make_group, (\&make_group_again) x 2,
    \&rename_group, (\&map_group) x 5, \&unmap_group, \&remove_stack,
    \&make_stack, \&remove_role, \&make_role, \&rehearse, \&change_default,
    (\&bulk) x 2);
for my $round (1 .. ROUNDS) {
    # From here on more than two users are many (0008-permissions-of-many.sql).
    $postgres->psql(q{create or replace function scim.permissions_many() returns int
        language sql immutable as 'select 2'}) if $round == ROUNDS / 2;
    one_of(@acts)->() for 1 .. ACTS;
    compare("after $round rounds") or last;
}
cmp_ok $count{$_} // 0, '>', 0, "there was $_" for qw(come go set nest cycle
    unnest deactivate activate remove_user remove_group make_again take_up
    rename map unmap remove_stack remove_role rehearse live
    default bulk gain loss);
note join ', ', map { "$_ $count{$_}" } sort keys %count;

suspend(1);
is $postgres->psql('select count(*) from scim.permissions'), 0,
    'in a suspended organization nobody holds anything';
suspend(0);
compare('when it goes on');

$server->stop;
done_testing;

# ------------------------------------------------------------- what is there

sub fill() {
    for my $part (0 .. USERS / 100 - 1) {
        my $reply = $apps[0]->post('/Bulk', { schemas => [REQUEST],
            Operations => [map { my $name = "user-$part-$_"; {
                method => 'POST', path => '/Users', bulkId => $name,
                data => { schemas => [USER], userName => $name,
                    active => $_ % 10 ? JSON::PP::true : JSON::PP::false },
            } } 1 .. 100] });
        my @made = map { $_->{location} =~ m{([^/]+)\z} }
            @{ $reply->{json}{Operations} };
        $users{ $made[$_ - 1] } = { name => "user-$part-$_",
            active => $_ % 10 != 0 } for 1 .. 100;
    }
    is scalar keys %users, USERS, 'there are users';
    make_stack() for 1 .. STACKS;
    make_role() for 1 .. 4;
    make_group() for 1 .. GROUPS;
    come() for 1 .. GROUPS;
    my ($one, $two, $three) = sort keys %groups;
    nest(@$_) for [$one, $two], [$two, $three], [$three, $one];
    map_group() for 1 .. GROUPS / 2;
    return;
}

sub one_of(@list) { return $list[rand @list] }
sub user() { return one_of(sort keys %users) }
sub group() { return one_of(sort keys %groups) }
sub some(@list) {
    my %seen;
    return grep { !$seen{$_}++ } map { one_of(@list) } 1 .. 1 + rand 6;
}

sub done($what, $reply, $status) {
    $count{$what}++;
    return if $reply->{status} =~ $status;
    fail "$what: $reply->{status} $reply->{body}";
    return;
}

sub client($group) { return $apps[$groups{$group}{app}] }

sub patch(@operations) {
    return { schemas => [PATCH_OP], Operations => [@operations] };
}

sub values_of(@ids) { return [map { { value => $_ } } @ids] }

# ------------------------------------------------------------ what a token does

sub come() {
    my ($group, @ids) = (group(), some(sort keys %users));
    done('come', client($group)->patch("/Groups/$group", patch({ op => 'add',
        path => 'members', value => values_of(@ids) })), qr/20[04]/);
    $groups{$group}{users}{$_} = 1 for @ids;
    return;
}

sub go() {
    my $group = one_of(grep { %{ $groups{$_}{users} } } sort keys %groups)
        // return;
    my @ids = some(sort keys %{ $groups{$group}{users} });
    done('go', client($group)->patch("/Groups/$group", patch({ op => 'remove',
        path => 'members', value => values_of(@ids) })), qr/20[04]/);
    delete @{ $groups{$group}{users} }{@ids};
    return;
}

# PUT says who all the members are.
sub set_members() {
    my $group = group();
    my @users = (some(sort keys %users),
        grep { rand() < 0.7 } sort keys %{ $groups{$group}{users} });
    my @groups = grep { rand() < 0.7 } sort keys %{ $groups{$group}{groups} };
    my %seen;
    @users = grep { !$seen{$_}++ } @users;
    done('set', client($group)->put("/Groups/$group", { schemas => [GROUP],
        displayName => $groups{$group}{name},
        defined $groups{$group}{external}
            ? (externalId => $groups{$group}{external}) : (),
        members => values_of(@users, @groups) }), qr/200/);
    $groups{$group}{users} = { map { $_ => 1 } @users };
    $groups{$group}{groups} = { map { $_ => 1 } @groups };
    return;
}

# An app of the whole organization: another one's groups are strangers to the
# first.
sub nest($group = group(), $child = group()) {
    return if $group eq $child;
    done('nest', $apps[1]->patch("/Groups/$group", patch({ op => 'add',
        path => 'members', value => values_of($child) })), qr/20[04]/);
    $count{cycle}++ if grep { $_ eq $group } below($child);
    $groups{$group}{groups}{$child} = 1;
    return;
}

sub unnest() {
    my $group = one_of(grep { %{ $groups{$_}{groups} } } sort keys %groups)
        // return;
    my $child = one_of(sort keys %{ $groups{$group}{groups} });
    done('unnest', $apps[1]->patch("/Groups/$group", patch({ op => 'remove',
        path => qq(members[value eq "$child"]) })), qr/20[04]/);
    delete $groups{$group}{groups}{$child};
    return;
}

sub switch_user() {
    my $user = user();
    my $active = !$users{$user}{active};
    done($active ? 'activate' : 'deactivate', $apps[0]->patch("/Users/$user",
        patch({ op => 'replace', path => 'active',
            value => $active ? JSON::PP::true : JSON::PP::false })), qr/200/);
    $users{$user}{active} = $active;
    return;
}

sub put_user() {
    my $user = user();
    my $active = rand() < 0.5;
    $users{$user}{name} = 'user-' . ++$last;
    done('put', $apps[0]->put("/Users/$user", { schemas => [USER],
        userName => $users{$user}{name}, roles => [{ value => 'admin' }],
        active => $active ? JSON::PP::true : JSON::PP::false }), qr/200/);
    $users{$user}{active} = $active;
    return;
}

sub remove_user() {
    my $user = user();
    done('remove_user', $apps[0]->delete("/Users/$user"), qr/204/);
    delete $users{$user};
    delete $_->{users}{$user} for values %groups;
    return;
}

sub make_user() {
    my $name = 'user-' . ++$last;
    my $reply = $apps[0]->post('/Users', { schemas => [USER],
        userName => $name, active => JSON::PP::true });
    done('make_user', $reply, qr/201/);
    $users{ $reply->{json}{id} } = { name => $name, active => 1 };
    return;
}

sub remove_group() {
    return if keys %groups < GROUPS / 2;
    my $group = group();
    done('remove_group', client($group)->delete("/Groups/$group"), qr/204/);
    push @buried, { id => $group, %{ $groups{$group} } };
    delete $groups{$group};
    delete $_->{groups}{$group} for values %groups;
    return;
}

sub make_group($app = int rand 3, $external = undef) {
    my $name = 'group-' . ++$last;
    $external //= "external-$last" if rand() < 0.8;
    # Others than those of the whole organization know nobody of the second.
    my @users = %users && rand() < 0.7 ? some(sort keys %users) : ();
    my @groups = $app && %groups && rand() < 0.3 ? group() : ();
    my $reply = $apps[$app]->post('/Groups', { schemas => [GROUP],
        displayName => $name, defined $external ? (externalId => $external) : (),
        members => values_of(@users, @groups) });
    done('make_group', $reply, qr/201/);
    my $id = $reply->{json}{id};
    $groups{$id} = { app => $app, external => $external, name => $name,
        users => { map { $_ => 1 } @users },
        groups => { map { $_ => 1 } @groups } };
    take_up($id) if defined $external;
    return $id;
}

# With the externalId of one that is gone, by its app or by another.
sub make_group_again() {
    my $gone = one_of(grep { defined $_->{external} } @buried) // return;
    $count{make_again}++;
    make_group(rand() < 0.8 ? $gone->{app} : int rand 3, $gone->{external});
    return;
}

sub take_up($id) {
    my ($app, $external) = @{ $groups{$id} }{qw(app external)};
    my ($gone) = grep { $mappings{ $_->{id} } && $_->{app} == $app
        && ($_->{external} // '') eq $external } reverse @buried;
    return if !$gone;
    my $mapping = $mappings{ $gone->{id} };
    if (($mapping->{role} // '') eq 'admin'
        || grep { $roles{ (split / /)[1] }{administers} }
            @{ $mapping->{grants} }) {
        return;
    }
    $count{take_up}++;
    $mappings{$id} = delete $mappings{ $gone->{id} };
    return;
}

sub rename_group() {
    my $group = group();
    $groups{$group}{name} = 'group-' . ++$last;
    done('rename', client($group)->patch("/Groups/$group", patch({
        op => 'replace', path => 'displayName',
        value => $groups{$group}{name} })), qr/20[04]/);
    return;
}

# Some of all that as one request.
sub bulk() {
    my (@operations, %changed);
    for my $group (grep { $groups{$_}{app} == 1 } some(sort keys %groups)) {
        my @ids = (some(sort keys %users), rand() < 0.3 ? group() : ());
        @ids = grep { $_ ne $group } @ids;
        push @operations, { method => 'PATCH', path => "/Groups/$group",
            data => patch({ op => 'add', path => 'members',
                value => values_of(@ids) }) };
        $groups{$group}{ $users{$_} ? 'users' : 'groups' }{$_} = 1 for @ids;
    }
    for my $user (some(sort keys %users)) {
        my $active = rand() < 0.7;
        push @operations, { method => 'PATCH', path => "/Users/$user",
            data => patch({ op => 'replace', path => 'active',
                value => $active ? JSON::PP::true : JSON::PP::false }) };
        $users{$user}{active} = $active;
    }
    my $reply = $apps[1]->post('/Bulk', { schemas => [REQUEST],
        Operations => \@operations });
    done('bulk', $reply, qr/200/);
    my @failed = grep { $_->{status} !~ /\A2/ } @{ $reply->{json}{Operations} };
    is_deeply \@failed, [], 'a bulk request' if @failed;
    return;
}

# ----------------------------------------------------------- what an owner does

# As the admin API's transactions have it.
sub act($kind, $refresh, @sql) {
    $count{$kind}++;
    $postgres->psql(join '', map { "$_;\n" } 'begin', "set scim.org = $org",
        'set local role scim_admin', @sql, 'commit')
        =~ /\A[\d\n]*\z/ or fail "$kind: an odd answer";
    return;
}

sub refresh($kind, @groups) {
    my $which = @groups
        ? "_groups($org, '{" . join(',', @groups) . "}'::uuid[]"
        : "($org, null";
    return "select scim.permissions_refresh$which,"
        . " jsonb_build_object('kind', '$kind', 'id', 1, 'name', 'x'),"
        . " row('scimctl', 'test', null, 1, null, null)::scim.origin)";
}

sub map_group() {
    my $group = rand() < 0.9 || !@buried ? group() : one_of(@buried)->{id};
    my $is_new = !$mappings{$group};
    return if $is_new && !$groups{$group};
    my $role = one_of(undef, undef, undef, 'member', 'admin');
    my %grants = map { (one_of(EVERY, (sort keys %stacks) x 2) . ' '
        . one_of(sort keys %roles)) => 1 } 1 .. rand 5;
    my $mapping = $mappings{$group} //= { id => ++$last };
    @$mapping{qw(role grants)} = ($role, [sort keys %grants]);
    my $quoted = defined $role ? "'$role'" : 'null';
    act('map', 1, $is_new
        ? "insert into scim.group_mappings(org_id, mapping_id, group_id,"
            . " organization_role, changed_by) values ($org, $mapping->{id},"
            . " '$group', $quoted, 'test')"
        : "update scim.group_mappings set organization_role = $quoted"
            . " where org_id = $org and mapping_id = $mapping->{id}",
        "delete from scim.mapping_roles where org_id = $org"
            . " and mapping_id = $mapping->{id}",
        (map { my ($stack, $id) = split / /;
            "insert into scim.mapping_roles values ($org, $mapping->{id}, "
            . ($stack == EVERY ? 'null' : $stack) . ", $id)" } sort keys %grants),
        refresh('mapping', $group));
    return;
}

sub unmap_group() {
    my $group = one_of(sort keys %mappings) // return;
    my $mapping = delete $mappings{$group};
    act('unmap', 1, "delete from scim.group_mappings where org_id = $org"
        . " and mapping_id = $mapping->{id}", refresh('mapping', $group));
    return;
}

sub make_stack() {
    my $id = ++$last;
    $stacks{$id} = "Stack $id";
    act('make_stack', 0, "insert into scim.stacks(org_id, stack_id, key, name)"
        . " values ($org, $id, 'stack $id', 'Stack $id')");
    return;
}

sub make_role() {
    my $id = ++$last;
    my $administers = rand() < 0.3;
    $roles{$id} = { name => "Role $id", administers => $administers };
    act('make_role', 0, "insert into scim.stack_roles(org_id, role_id, key,"
        . " name, administers) values ($org, $id, 'role $id', 'Role $id', "
        . ($administers ? 'true' : 'false') . ')');
    return;
}

sub remove_stack() {
    return if keys %stacks < STACKS / 2;
    my $id = one_of(sort keys %stacks);
    delete $stacks{$id};
    $_->{grants} = [grep { !/\A$id / } @{ $_->{grants} }] for values %mappings;
    remove_from('stack', 'stacks', 'stack_id', $id);
    make_stack();
    return;
}

sub remove_role() {
    my $id = one_of(sort keys %roles);
    delete $roles{$id};
    $_->{grants} = [grep { !/ $id\z/ } @{ $_->{grants} }] for values %mappings;
    remove_from('role', 'stack_roles', 'role_id', $id);
    make_role();
    return;
}

sub remove_from($kind, $table, $column, $id) {
    act("remove_$kind", 1, "delete from scim.mapping_roles where org_id = $org"
        . " and $column = $id", refresh($kind),
        "delete from scim.$table where org_id = $org and $column = $id");
    return;
}

sub rehearse() {
    my $app = one_of(1, 2);
    my $is = $org{rehearsing}{$app} = !$org{rehearsing}{$app};
    act($is ? 'rehearse' : 'live', 1, 'update scim.apps set rehearsing = '
        . ($is ? 'true' : 'false') . " where org_id = $org and app_id = "
        . $apps[$app]->app, refresh('app'));
    return;
}

sub change_default() {
    $org{default} = !$org{default};
    act('default', 1, 'update scim.organizations set members_by_default = '
        . ($org{default} ? 'true' : 'false') . " where org_id = $org",
        refresh('organization'));
    return;
}

sub suspend($is) {
    act('suspend', 1, 'update scim.organizations set suspended = '
        . ($is ? 'true' : 'false') . " where org_id = $org");
    return;
}

# ------------------------------------------------------------------ the model

sub below($group, $seen = {}) {
    return if $seen->{$group}++;
    return ($group, map { below($_, $seen) }
        sort keys %{ $groups{$group}{groups} });
}

# Of each user: what the groups' mappings say, as "stack role".
sub granted() {
    my %granted;
    for my $group (grep { $groups{$_} } keys %mappings) {
        next if $org{rehearsing}{ $groups{$group}{app} };
        my $mapping = $mappings{$group};
        my @grants = (@{ $mapping->{grants} },
            !defined $mapping->{role} ? ()
                : EVERY . ' ' . ($mapping->{role} eq 'admin' ? ADMIN : MEMBER));
        for my $user (map { keys %{ $groups{$_}{users} } } below($group)) {
            next if !$users{$user}{active};
            $granted{$user}{$_} = 1 for @grants;
        }
    }
    return \%granted;
}

# As scim.permissions has it, user by user.
sub expected_view($granted) {
    my @rows;
    for my $user (grep { $users{$_}{active} } keys %users) {
        my %held = %{ $granted->{$user} // {} };
        my $role = $held{ EVERY . ' ' . ADMIN } ? 'admin'
            : $org{default} || $held{ EVERY . ' ' . MEMBER } ? 'member' : '';
        my %pairs;
        for my $pair (keys %held) {
            my ($stack, $id) = split / /, $pair;
            next if $id < 0;
            $pairs{"$stacks{$_}|$roles{$id}{name}"} = 1
                for $stack == EVERY ? keys %stacks : $stack;
        }
        push @rows, map { "$user|$users{$user}{name}|$role|$_" }
            %pairs ? keys %pairs : $role ne '' ? '|' : ();
    }
    return [sort @rows];
}

# In the shortest form.
sub expected_held($granted) {
    my @rows;
    for my $user (keys %$granted) {
        my %held = %{ $granted->{$user} };
        for my $pair (keys %held) {
            my ($stack, $id) = split / /, $pair;
            next if $stack != EVERY && $held{ EVERY . " $id" };
            next if $id == MEMBER
                && ($org{default} || $held{ EVERY . ' ' . ADMIN });
            push @rows, "$user|$id|$stack";
        }
    }
    return [sort @rows];
}

sub rows($sql) { return [sort split /\n/, $postgres->psql($sql)] }

sub compare($when) {
    my $granted = granted();
    my $held = expected_held($granted);
    my $good = same(rows(q{select user_id, user_name, organization_role, stack,
        role from scim.permissions}), expected_view($granted),
        "the view is right $when");
    $good &= same(rows(q{select user_id, role_id, stack_id
        from scim.permissions_held}), $held, "... what was told is right");
    # Order does not matter: gained and lost as often, or gained once more.
    $good &= same(rows(q{
        select resource, role, stack
          from (select resource, case changes ->> 'organization_role'
                    when 'admin' then -2 when 'member' then -1
                    else (changes ->> 'role_id')::int end as role,
                  coalesce((changes ->> 'stack_id')::int, 0) as stack,
                  case action when 'permission.gain' then 1 else -1 end as n
             from scim.journal where action like 'permission.%') j
         group by 1, 2, 3, j.n is null having sum(n) = 1}), $held,
        '... and what the journal adds up to');
    $good &= same(rows(q{
        select resource, changes - 'cause', sum(case action
            when 'permission.gain' then 1 else -1 end)
          from scim.journal where action like 'permission.%'
         group by 1, changes ->> 'role_id', changes ->> 'stack_id',
             changes ->> 'organization_role', 2
        having sum(case action when 'permission.gain' then 1 else -1 end)
               not in (0, 1)}), [], '... each change once');
    $good &= same(holders(), rows(q{select distinct user_name, stack, role
        from scim.permissions where role is not null}), '... and who holds what');
    $count{$_} = $postgres->psql("select count(*) from scim.journal"
        . " where action = 'permission.$_'") for qw(gain loss);
    return $good;
}

# By all pages of the list.
sub holders() {
    my @stacks = map { $_->{name} } @{ $postgres->administer(qw(stack list --organization acme)) };
    my %found;
    for my $one (@{ $postgres->administer(qw(holder list --organization acme)) }) {
        for my $held (@{ $one->{permissions} }) {
            $found{"$one->{user_name}|$_|$held->{role}"} = 1
                for $held->{every_stack} ? @stacks : $held->{stack};
        }
    }
    return [keys %found];
}

sub same($got, $want, $name) {
    my %got = map { $_ => 1 } @$got;
    my %want = map { $_ => 1 } @$want;
    my @wrong = ((map { "+ $_" } grep { !$want{$_} } @$got),
        (map { "- $_" } grep { !$got{$_} } @$want));
    push @wrong, 'a row twice' if @$got != keys %got;
    return ok(!@wrong, $name) || do {
        diag "SCIM_SEED=$seed";
        diag $_ for @wrong[0 .. ($#wrong < 9 ? $#wrong : 9)];
        0;
    };
}
