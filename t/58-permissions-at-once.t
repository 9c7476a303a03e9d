# Permissions while many write: requests of members, of nested groups, of users,
# by Bulk, and owners' acts on mappings at the same time. Each change is told
# once, none is missed, nobody waits for a deadlock.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Crowd qw(in_parallel total);
use Scim::Server;
use Test::More;
use Time::HiRes qw(sleep);

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    REQUEST  => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
    CLIENTS  => 8,
    OWNERS   => 2,
    ACTS     => 60,
    USERS    => 12,    # few, so that all meet
    GROUPS   => 6,
};

my $server = Scim::Server->new(config => 'ScimDatabaseTimeout request=60');
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $org = $postgres->psql(q{select org_id from scim.organizations
    where slug = 'acme'});
my $origin = "row('scimctl', 'test', null, 1, null, null)::scim.origin";
my $app = $acme->app;
$postgres->psql("insert into scim.stacks(org_id, stack_id, key, name)"
    . " select $org, n, 's' || n, 'S' || n from generate_series(1, 3) n");

my @users = map { made($acme->post('/Users', { schemas => [USER],
    userName => "user$_", active => JSON::PP::true })) } 1 .. USERS;
my @groups = map { made($acme->post('/Groups', { schemas => [GROUP],
    displayName => "group$_" })) } 1 .. GROUPS;

# Once in the life of an organization this is noted in its row, which owners'
# acts lock: whoever is in the way of the other begins again.
nest_once();

# The first mapping comes while members do: those who saw none must not be
# missed.
my $counts = run('the first mapping', \&change_members, \&map_group);
is $counts->{odd} // 0, 0, '... and none fails';

$counts = run('everything', \&change_members, \&change_members,
    \&change_members, \&nest, \&unnest, \&switch_user, \&switch_user,
    \&come_and_go, \&user_comes_and_goes, \&set_members, \&bulk, \&map_group);
is $counts->{odd} // 0, 0, '... and none fails';
cmp_ok $counts->{$_} // 0, '>', 0, "... there was $_"
    for qw(members nest unnest switch come user set bulk map);
# The same slowly, so that each is in the middle of it when the other comes.
my ($outer, $inner, $other) = map { made($acme->post('/Groups', {
    schemas => [GROUP], displayName => $_ })) } qw(outer inner other);
my @new = map { made($acme->post('/Users', { schemas => [USER],
    userName => "new$_", active => JSON::PP::true })) } 1 .. 3;
owner_maps($outer, 90, [1, 2]);
slowly('a member comes while its group is put into a mapped one', $inner,
    $new[0], sub { $acme->another->patch("/Groups/$outer", patch(add => members =>
        values_of($inner)))->{status} });
is held($new[0]), 1, '... and it counts';
slowly('another one comes while its group is taken out', $inner, $new[1],
    sub { $acme->another->patch("/Groups/$outer", patch(remove => members =>
        values_of($inner)))->{status} });
is_deeply [map { held($_) } @new], [0, 0, 0], '... and it does not count';
slowly('a member comes while its group is mapped', $other, $new[2],
    sub { owner_maps($other, 91, [2, 3]); 204 });
is held($new[2]), 1, '... and it counts';

is $postgres->psql(q{select deadlocks from pg_stat_database
    where datname = current_database()}), 0, 'PostgreSQL saw no deadlock';

$server->stop;
done_testing;

sub made($reply) {
    return $reply->{status} == 201 ? $reply->{json}{id} : die $reply->{body};
}

# Tokens do all but the last of these, owners do the last.
sub run($name, @acts) {
    my $owners_act = pop @acts;
    my $counts = total(in_parallel(CLIENTS + OWNERS, sub ($n) {
        srand $n;
        my %my = (n => $n, client => $acme->another, count => {}, name => 0);
        if ($n < OWNERS) {
            $owners_act->(\%my) for 1 .. ACTS / 4;
        }
        else {
            $acts[rand @acts]->(\%my) for 1 .. ACTS;
        }
        return $my{count};
    }));
    is refreshed(), 0, "$name: nothing was missed";
    is_deeply rows(q{select resource, changes ->> 'role_id',
            coalesce(changes ->> 'stack_id', '0') from scim.journal
          where action like 'permission.%' group by 1, 2, 3
         having sum(case action when 'permission.gain' then 1 else -1 end) = 1}),
        rows('select user_id, role_id, stack_id from scim.permissions_held'),
        '... and each change was told';
    is_deeply rows(q{select resource, changes ->> 'role_id' from scim.journal
          where action like 'permission.%'
          group by 1, 2, changes ->> 'stack_id'
         having sum(case action when 'permission.gain' then 1 else -1 end)
                not in (0, 1)}), [], '... once';
    cmp_ok $postgres->psql('select count(*) from scim.journal where action'
        . " = 'permission.loss'"), '>', 0, '... and there were some';
    return $counts;
}

sub nest_once() {
    $acme->patch("/Groups/$groups[0]", patch(add => members =>
        values_of($groups[1])));
    is $postgres->psql("select nested from scim.organizations"
        . " where org_id = $org"), 't', 'a group is in a group';
    return;
}

# A request that adds a member, as the module makes it but a second long; in the
# middle of it comes another one.
sub slowly($name, $group, $user, $other) {
    my ($slow, $fast) = in_parallel(2, sub ($n) {
        if ($n == 1) {
            sleep 0.01 until $postgres->psql("select count(*) from pg_locks"
                . ' where classid = 546385') > 0;
            return $other->();
        }
        return $postgres->psql(join '', map { "$_;\n" } 'begin',
            'set local role scim_httpd', "set scim.org = $org",
            "set scim.app = $app",
            "select pg_advisory_xact_lock_shared(546385, $org)",
            "insert into scim.group_users values ($org, '$group', '$user')",
            "select scim.permissions_membership($org, '$group', '{$user}',"
                . " '{}', row('token', '1', $app, 1, null, null)::scim.origin)",
            'select pg_sleep(1)', 'commit');
    });
    is $fast, 204, $name;
    is refreshed(), 0, '... and nothing was missed';
    return;
}

sub held($user) {
    return $postgres->psql("select count(*) from scim.permissions_held"
        . " where user_id = '$user'");
}

sub owner_maps($group, $id, @grants) {
    return $postgres->psql(join '', map { "$_;\n" } 'begin',
        "set scim.org = $org", 'set local role scim_admin',
        "select from scim.organizations where org_id = $org for no key update",
        "insert into scim.group_mappings(org_id, mapping_id, group_id,"
            . " changed_by) values ($org, $id, '$group', 'test')"
            . ' on conflict do nothing',
        "delete from scim.mapping_roles where org_id = $org"
            . " and mapping_id = $id",
        (map { "insert into scim.mapping_roles values ($org, $id,"
            . " $_->[0], $_->[1])" } @grants),
        "select scim.permissions_refresh_groups($org, '{$group}',"
            . " '{\"kind\": \"mapping\"}', $origin)", 'commit');
}

sub refreshed() {
    return $postgres->psql("set scim.org = $org; select"
        . " scim.permissions_refresh($org, null, '{}', $origin)");
}

sub rows($sql) { return [sort split /\n/, $postgres->psql($sql)] }

sub did($my, $what, $reply) {
    my $was = $reply->{status} =~ /\A2/ ? $what : 'odd';
    diag "$what: $reply->{status} $reply->{body}" if $was eq 'odd';
    $my->{count}{$was}++;
    return;
}

sub one_of(@list) { return $list[rand @list] }
sub some() { my %seen; return grep { !$seen{$_}++ } map { one_of(@users) } 1 .. 4 }
sub values_of(@ids) { return [map { { value => $_ } } @ids] }

sub patch($op, $path, @value) {
    return { schemas => [PATCH_OP], Operations => [{ op => $op, path => $path,
        @value ? (value => $value[0]) : () }] };
}

sub change_members($my) {
    did($my, 'members', $my->{client}->patch('/Groups/' . one_of(@groups),
        patch(one_of(qw(add remove)), members => values_of(some()))));
    return;
}

sub set_members($my) {
    my $n = int rand @groups;
    did($my, 'set', $my->{client}->put("/Groups/$groups[$n]", {
        schemas => [GROUP], displayName => 'group' . ($n + 1),
        members => values_of(some()) }));
    return;
}

sub nest($my) {
    my ($group, $child) = (one_of(@groups), one_of(@groups));
    return if $group eq $child;
    did($my, 'nest', $my->{client}->patch("/Groups/$group",
        patch(add => members => values_of($child))));
    return;
}

sub unnest($my) {
    did($my, 'unnest', $my->{client}->patch('/Groups/' . one_of(@groups),
        patch(remove => members => values_of(one_of(@groups)))));
    return;
}

sub switch_user($my) {
    did($my, 'switch', $my->{client}->patch('/Users/' . one_of(@users),
        patch(replace => active => one_of(JSON::PP::true, JSON::PP::false))));
    return;
}

# A group of its own in one of the others, with members.
sub come_and_go($my) {
    my $name = "own-$my->{n}-" . ++$my->{name};
    my $group = made($my->{client}->post('/Groups', { schemas => [GROUP],
        displayName => $name, externalId => "own-$my->{n}",
        members => values_of(some()) }));
    $my->{client}->patch('/Groups/' . one_of(@groups),
        patch(add => members => values_of($group)));
    did($my, 'come', $my->{client}->delete("/Groups/$group"));
    return;
}

sub user_comes_and_goes($my) {
    my $user = made($my->{client}->post('/Users', { schemas => [USER],
        userName => "own-$my->{n}-" . ++$my->{name},
        active => JSON::PP::true }));
    $my->{client}->patch("/Groups/$_", patch(add => members =>
        values_of($user, some()))) for @groups[0, 1];
    did($my, 'user', $my->{client}->delete("/Users/$user"));
    return;
}

sub bulk($my) {
    did($my, 'bulk', $my->{client}->post('/Bulk', { schemas => [REQUEST],
        Operations => [
            (map { { method => 'PATCH', path => '/Groups/' . one_of(@groups),
                data => patch(add => members => values_of(some())) } } 1 .. 4),
            { method => 'PATCH', path => '/Users/' . one_of(@users),
                data => patch(replace => active => JSON::PP::true) }] }));
    return;
}

sub map_group($my) {
    my $n = int rand @groups;
    my @grants = map { [one_of('null', 1 .. 3), $_] }
        grep { rand() < 0.6 } 2, 3;
    owner_maps($groups[$n], $n + 1, @grants);
    $my->{count}{map}++;
    return;
}
