# What owners read is found by indexes, and few rows are looked at for a page,
# whatever is asked for: as the server ran it, in the manner of 32-index-use.t.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant {
    USERS  => 6000,     # of each organization
    GROUPS => 300,
    ROWS   => 20_000,   # of the journal
    PAGE   => 10,
    LARGE  => 3000,     # members of one group
};

my $server = Scim::Server->new(admin => 1, postgres => { own => 1, settings => {
    session_preload_libraries       => 'auto_explain',
    'auto_explain.log_min_duration' => 0,
    'auto_explain.log_analyze'      => 'on',
    'auto_explain.log_timing'       => 'off',
    'auto_explain.log_format'       => 'json',
} });
my $postgres = $server->postgres;
$server->organization('acme');
my $olga = $server->admin('acme', 'owner@acme.example');
fill($_) for 'acme', map { $server->organization("other$_"); "other$_" } 1 .. 3;
$postgres->psql('vacuum analyze');
my ($user, $large) = map { one("select id from scim.$_->[0] join scim.organizations"
    . " using (org_id) where slug = 'acme' and external_id = '$_->[1]'") }
    [users => 'e17'], [groups => 'g1'];

# The large tables, none of which is read from its beginning to its end.
my $LARGE = qr/\A(?:users|user_values|user_folded|group_users|permissions_held|journal_.*)\z/;

# What is asked; how many rows are looked at in large tables at most. A page of
# what has to be looked for looks at 5,000 entries of an index and the users
# behind them, or at 5,000 rows of the journal, of whatever is there.
my $WALK = 12 * PAGE;
my $LOOK = 5001 + USERS + $WALK;
check('users', {}, $WALK);
check('users', { active => 'false' }, $WALK);
check('users', { active => 'true' }, $LOOK);
check('users', { app => 7 }, $LOOK);
check('users', { search => 'user1' }, $WALK);
check('users', { search => 'user17@' }, $WALK);
check('users', { search => 'nobody' }, $WALK);
check('users', { search => 'e17' }, 3 * $WALK); # e17, e170, ...
check('users', { search => 'u' }, $WALK);
check('users', { search => 'mail' }, $LOOK + 2 * 5001); # each e-mail address
check('users', { search => 'p', active => 'false' }, 2 * $LOOK);
check("users/$user", {}, $WALK);
check("users/$user/permissions", {}, $WALK);
check("users/$user/history", {}, $WALK);
check("users/$user/memberships", {}, $LOOK + 5001);
check('groups', {}, USERS * 2); # which counts the members of each
check('groups', { search => 'group 17' }, USERS);
check("groups/$large/members", {}, $WALK);
check('mappings', {}, USERS * 2);
check('mappings/unmapped', {}, USERS * 2);
check('journal', {}, $WALK);
check('journal', { outcome => 'refused' }, ROWS / 50);
check('journal', { resource => $user }, $WALK);
check('journal', { text => 'nothing at all' }, 2 * 2001 + $WALK);
check('journal', { text => 'r17' }, $WALK); # the reference of an error
check('journal', { type => 'Nothing' }, $LOOK);
check('journal', { actor => 'nobody' }, $LOOK);
check('journal', { app => 7 }, $LOOK);
check('journal', { since => '2001-01-01T00:00:00Z' }, $WALK);
check('journal', { until => '2001-01-01T00:00:00Z' }, $WALK);
# Who is here is counted by an index; the rest by what was counted before.
$olga->get('/overview') for 1, 2;
check('overview', {}, 1.5 * USERS);
check('hints', {}, 2000 + USERS / 2);

pages('users', 'search', 'mail', USERS);
pages('users', 'active', 'true', USERS - USERS / 10);
pages('journal', 'outcome', 'refused', ROWS / 50);
pages('journal', 'type', 'Nothing', 0);
pages('journal', 'text', 'name 17 ', 1);

# The test of the test.
my @plans = plans_of(sub { $postgres->psql("set enable_indexscan = off;"
    . " set enable_indexonlyscan = off; set enable_bitmapscan = off;"
    . " select count(*) from scim.users where user_name = 'x'") });
ok scalar(grep { whole_scans($_) } @plans), 'a look at all of a table would be seen';

$server->stop;
done_testing;

sub check($path, $query, $most) {
    my $name = join ' ', $path =~ s/[0-9a-f-]{36}/.../r, %$query;
    $query->{limit} = PAGE if $path !~ m{/} && $path ne 'overview' || $path =~ m{/un|/mem|/his};
    my $reply;
    my @plans = plans_of(sub { $reply = $olga->get("/$path", $query) });
    is $reply->{status}, 200, $name or diag $reply->{body};
    my @whole = map { whole_scans($_) } @plans;
    is scalar @whole, 0, '... by indexes' or diag explain $whole[0];
    my $touched = 0;
    $touched += touched($_) for @plans;
    cmp_ok $touched, '<=', $most, "... which lead to few rows: $name";
    return;
}

# All of it, page by page: each once, and all there are.
sub pages($path, $name, $value, $all) {
    my (%seen, $after, $pages);
    do {
        my $page = $olga->get("/$path", { $name => $value, limit => 200,
            defined $after ? (after => $after) : () })->{json};
        $seen{ $_->{id} && $path eq 'users' ? $_->{id} : $_->{key} }++ for @{ $page->{items} };
        $after = $page->{next};
    } while (defined $after && $pages++ < 200);
    is scalar keys %seen, $all, "$path $name=$value: all pages together";
    is scalar((grep { $_ > 1 } values %seen)), 0, '... have each once';
    return;
}

sub plans_of($code) {
    my $before = length $postgres->log_text;
    $code->();
    my $log = substr $postgres->log_text, $before;
    return map { $_->{Plan} } map { JSON::PP->new->decode($_) }
        $log =~ / plan:\n((?:\t.*\n)+)/g;
}

sub nodes($plan) {
    return ($plan, map { nodes($_) } @{ $plan->{Plans} // [] });
}

# Of large tables; whether there is any row needs no index.
sub whole_scans($plan) {
    return grep { $_->{'Node Type'} eq 'Seq Scan' && $_->{'Relation Name'} =~ $LARGE
        && seen($_) > PAGE } nodes($plan);
}

sub seen($node) {
    my $sum = 0;
    $sum += $node->{$_} // 0 for 'Actual Rows', 'Rows Removed by Filter',
        'Rows Removed by Index Recheck';
    return $node->{'Actual Loops'} * $sum;
}

sub touched($plan) {
    my $sum = 0;
    $sum += seen($_) for grep { $_->{'Node Type'} =~ /Scan/
        && ($_->{'Relation Name'} // '') =~ $LARGE } nodes($plan);
    return $sum;
}

sub one($sql) { return $postgres->psql($sql) }

# One user in ten is inactive; the first group has very many members.
sub fill($slug) {
    my ($users, $groups, $rows, $large) = (USERS, GROUPS, ROWS, LARGE);
    $postgres->psql(<<~"END");
        create temp table o as select org_id, app_id from scim.apps
          join scim.organizations using (org_id) where slug = '$slug';
        create temp table u as select n, gen_random_uuid() as id
          from generate_series(1, $users) n;
        insert into scim.users(org_id, app_id, id, active, user_name, external_id,
            display_name, family_name, body)
          select org_id, app_id, id, n % 10 <> 0, 'user' || n || '\@$slug.example',
            'e' || n, 'person ' || n, 'family' || n, jsonb_build_object('userName',
              'user' || n || '\@$slug.example', 'displayName', 'Person ' || n)
          from u, o;
        insert into scim.user_values select org_id, 1, 0, id,
            'mail' || n || '\@$slug.example', 'work' from u, o;
        create temp table g as select n, gen_random_uuid() as id
          from generate_series(1, $groups) n;
        insert into scim.groups(org_id, app_id, id, name, display_name,
            external_id, body, folded)
          select org_id, app_id, id, 'Group ' || n, 'group ' || n, 'g' || n,
            '{}', '{}' from g, o;
        insert into scim.group_users select org_id, g.id, u.id from u, g, o
          where g.n = 2 + u.n % ($groups - 1) or (g.n = 1 and u.n <= $large);
        insert into scim.group_mappings(org_id, mapping_id, group_id, changed_by)
          select org_id, n, id, 'test' from g, o where n % 3 = 0;
        insert into scim.mapping_roles(org_id, mapping_id, role_id)
          select org_id, n, 2 from g, o where n % 3 = 0;
        insert into scim.journal(org_id, at, actor_kind, actor, app_id, action,
            resource_type, resource, version, name, status, detail, request_id)
          select org_id, now() - x * interval '4 seconds', 'token', '1', app_id,
            'modify', 'User', id, case when x % 50 > 0 then 1000 - x / $users end,
            'name ' || x || ' ', case when x % 50 = 0 then 400 else 200 end,
            case when x % 50 = 0 then 'wrong' end, 'r' || x / 50
          from o, generate_series(1, $rows) x join u on u.n = 1 + x % $users;
        select scim.journal_count(org_id, 1000000) from o;
        END
    return;
}
