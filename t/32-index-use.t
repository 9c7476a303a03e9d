# The filters that identity providers send look into an index and touch few
# rows, as the server ran them: planned with their values or not.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant {
    USERS   => 4000,    # of each organization
    GROUPS  => 400,
    # After five runs a prepared statement may get a plan for any value.
    RUNS    => 7,
    ALL_RUN => 'WITH hit AS MATERIALIZED',
    JOB     => 'urn:example:scim:schemas:extension:employment:1.0:User',
};

my $schema = "$ENV{SCIM_SOURCE}/conf/employment.schema.json";
my @marked = map { JOB . ":$_" } qw(badge contract skills certificates.value
    hired);
my $server = Scim::Server->new(section => "ScimSchema $schema User\n"
    . "ScimIndex @marked\n", postgres => { own => 1, settings => {
    session_preload_libraries      => 'auto_explain',
    'auto_explain.log_min_duration' => 0,
    'auto_explain.log_analyze'     => 'on',
    'auto_explain.log_timing'      => 'off',
    'auto_explain.log_format'      => 'json',
} });
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
fill($_) for 'acme', map { organization("other$_") } 1 .. 3;
$postgres->administer(qw(index add), $_, '--schema', $schema) for @marked;
$postgres->psql('vacuum analyze');

my ($user, $group) = map { id_of($_, 17) } qw(users groups);
my $keyed = 'userName eq "user17" or externalId eq "external18"'
    . ' or emails.value eq "user19@acme.example"';

# Filter, how many match, an index that finds them.
my @of_users = (
    ['userName eq "USER17"', 1, 'users_user_name'],
    ['externalId eq "external17"', 1, 'users_external_id'],
    ['emails.value eq "User17@acme.example"', 1, 'user_values_value'],
    ['emails eq "user17@acme.example"', 1, 'user_values_value'],
    ['emails[type eq "work"].value eq "user17@acme.example"', 1,
        'user_values_value'],
    ['emails[type eq "work" and primary eq true].value eq'
        . ' "user17@acme.example"', 1, 'user_values_value'],
    ['emails.value sw "user17@"', 1, 'user_values_value'],
    ['displayName sw "Person 123"', 11, 'users_display_name'],
    ['displayName eq "person 17"', 1, 'users_display_name'],
    ['name.familyName eq "family17"', 1, 'users_family_name'],
    ['meta.lastModified gt "2026-03-01T00:00:00Z"', 20, 'users_last_modified'],
    [qq(id eq "$user"), 1, 'users_pkey'],
    [qq(groups.value eq "$group"), 20, 'group_users_pkey'],
    [qq(groups[value eq "$group"]), 20, 'group_users_pkey'],
    ['active eq false', 40, 'users_inactive'],
    [$keyed, 3, 'user_values_value'],
    ['userName eq "user17" and active eq true', 1, 'users_user_name'],
    ['title eq "title17" and userName eq "user17"', 1, 'users_user_name'],
    ["($keyed) and title pr", 3, 'users_external_id'],
    # What ScimIndex marks: alone, of a list, below a list, and never the whole
    # of "contract", which most have.
    [JOB . ':badge eq "B17"', 1, 'user_values_value'],
    [JOB . ':badge sw "b123"', 11, 'user_values_value'],
    [JOB . ':hired lt "2020-01-02T00:00:00Z"', 1, 'user_values_value'],
    [JOB . ':skills eq "skill17"', 2, 'user_values_value'],
    [JOB . ':certificates eq "Course 17"', 1, 'user_values_value'],
    [JOB . ':certificates[type eq "safety" and value eq "course 17"]', 1,
        'user_values_value'],
    [JOB . ':contract eq "permanent" and userName eq "user17"', 1,
        'users_user_name'],
    [JOB . ':contract eq "external"', 40, 'user_values_value'],
    [JOB . ':badge eq "b17" or userName eq "user18"', 2, 'user_values_value'],
);
my @of_groups = (
    ['displayName eq "GROUP 17"', 1, 'groups_display'],
    ['displayName sw "group 12"', 11, 'groups_display'],
    ['externalId eq "external17"', 1, 'groups_external_id'],
    [qq(id eq "$group"), 1, 'groups_pkey'],
    [qq(members eq "$user"), 2, 'group_users_user'],
    [qq(members[value eq "$user"]), 2, 'group_users_user'],
    [qq(id eq "$group" and members eq "$user"), 0, 'groups_pkey'],
);
check('Users', USERS, @$_) for @of_users;
check('Groups', GROUPS, @$_) for @of_groups;

# Orders, and the index that has them. A page costs the same wherever it is.
walks('Users', undef, 'users_pkey');
walks('Users', 'userName', 'users_user_name');
walks('Users', 'displayName', 'users_display_name');
walks('Users', 'name.familyName', 'users_family_name');
walks('Users', 'meta.lastModified', 'users_last_modified');
walks('Groups', undef, 'groups_pkey');
walks('Groups', 'displayName', 'groups_display');
walks('', undef, 'users_pkey', 'groups_pkey');
walks('', 'displayName', 'users_display_name', 'groups_display');

# The test of the test.
my @plans = plans_of('Users', 'title eq "title17"');
cmp_ok touched($plans[0]), '>=', USERS,
    'a filter without an index touches every user';
my ($walk) = pages_of('Users', { sortBy => 'title', cursor => '' });
cmp_ok touched($walk), '>=', USERS, '... and so does an order without one';
@plans = plans_of('Users', JOB . ':badge co "b17"');
cmp_ok touched($plans[0]), '>=', USERS, '... or of a kind that it cannot help';
@plans = plans_of('Users', 'displayName co "person"');
cmp_ok touched($plans[0]), '>=', USERS, '... also within an index';

$server->stop;
done_testing;

sub check($type, $all, $filter, $matches, $index) {
    my @plans = plans_of($type, $filter);
    is scalar @plans, RUNS, "$filter was asked";
    my @missing = grep { !uses($_, $index) } @plans;
    is scalar @missing, 0, "... by the index $index"
        or diag explain $missing[0];
    my ($most) = sort { touched($b) <=> touched($a) } @plans;
    cmp_ok touched($most), '<=', 30 + 10 * $matches,
        '... which leads to few rows' or diag explain $most;
    is scalar((grep { hit_count($_) != $matches } @plans)), 0,
        "... $matches of $all";
    return;
}

# What auto_explain says of the filter's own statement, run after run.
sub plans_of($type, $filter) {
    my $before = length $postgres->log_text;
    for (1 .. RUNS) {
        my $reply = $acme->get("/$type", { filter => $filter, count => 50,
            excludedAttributes => 'members,groups' });
        $reply->{status} == 200 or diag "$filter: $reply->{body}";
    }
    my $log = substr $postgres->log_text, $before;
    return map { $_->{Plan} } grep { $_->{'Query Text'} =~ ALL_RUN }
        map { JSON::PP->new->decode($_) } $log =~ / plan:\n((?:\t.*\n)+)/g;
}

sub walks($type, $by, @indexes) {
    for my $order ($by ? qw(ascending descending) : '') {
        my %query = (count => 50, excludedAttributes => 'members,groups',
            $by ? (sortBy => $by, sortOrder => $order) : ());
        my $name = join ' ', "/$type", $by // (), $order;
        my $deep = { nextCursor => '' };
        $deep = $acme->get("/$type", { %query, cursor => $deep->{nextCursor} })
            ->{json} for 1 .. 6;
        my %where = ('by index'  => { startIndex => 51 },
            'a cursor'      => { cursor => $deep->{nextCursor} },
            'a cursor back' => { cursor => $deep->{previousCursor} });
        for my $page (sort keys %where) {
            next if $page eq 'by index' && !$by && $type ne '';
            my @plans = pages_of($type, { %query, %{ $where{$page} } });
            is scalar @plans, RUNS, "a list: $name, $page";
            my @missing = grep { my $plan = $_;
                grep { !uses($plan, $_) } @indexes } @plans;
            is scalar @missing, 0, "... by @indexes" or diag explain $missing[0];
            my @fetched = grep { heap_reads($_) } @plans;
            is scalar @fetched, 0, '... and none of their rows'
                or diag explain $fetched[0];
            my ($most) = sort { touched($b) <=> touched($a) } @plans;
            # A page and one more row; two pages where an offset passes one.
            cmp_ok touched($most), '<=', 110 * @indexes,
                '... of which as many rows are seen as the page has'
                or diag explain $most;
        }
    }
    return;
}

# The part of each plan that finds the page's resources.
sub pages_of($type, $query) {
    my $before = length $postgres->log_text;
    for (1 .. RUNS) {
        my $reply = $acme->get("/$type", $query);
        $reply->{status} == 200 or diag "/$type: $reply->{body}";
    }
    my $log = substr $postgres->log_text, $before;
    return map { part_of($_->{Plan}) }
        grep { $_->{'Query Text'} =~ /page AS MATERIALIZED/ }
        map { JSON::PP->new->decode($_) } $log =~ / plan:\n((?:\t.*\n)+)/g;
}

# With what it takes its resources from, if it does not walk along an index.
sub part_of($plan) {
    my @parts = grep { ($_->{'Subplan Name'} // '') =~ /\ACTE (?:page|hit)\z/ }
        nodes($plan);
    return { 'Node Type' => 'Page', Plans => \@parts };
}

sub nodes($plan) {
    return ($plan, map { nodes($_) } @{ $plan->{Plans} // [] });
}

sub uses($plan, $index) {
    return grep { ($_->{'Index Name'} // '') eq $index } nodes($plan);
}

# Scans that read tables, or had to.
sub heap_reads($plan) {
    return grep { $_->{'Relation Name'}
        && ($_->{'Node Type'} ne 'Index Only Scan' || $_->{'Heap Fetches'}) }
        nodes($plan);
}

# Rows that were looked at in tables and indexes.
sub touched($plan) {
    my $sum = 0;
    for my $node (grep { $_->{'Node Type'} =~ /Scan/
        && ($_->{'Relation Name'} || $_->{'Index Name'}) } nodes($plan)) {
        $sum += $node->{'Actual Loops'} * ($node->{'Actual Rows'}
            + ($node->{'Rows Removed by Filter'} // 0)
            + ($node->{'Rows Removed by Index Recheck'} // 0));
    }
    return $sum;
}

sub hit_count($plan) {
    my ($hit) = grep { ($_->{'Subplan Name'} // '') eq 'CTE hit' } nodes($plan);
    return $hit->{'Actual Rows'};
}

# ------------------------------------------------------------------- the data

sub organization($slug) {
    $server->organization($slug);
    return $slug;
}

sub id_of($table, $n) {
    return $postgres->psql("select id from scim.$table join scim.organizations"
        . " using (org_id) where slug = 'acme' and external_id = 'external$n'");
}

# What POSTs would leave, in four statements. One user in a hundred is inactive,
# each is in two groups.
sub fill($slug) {
    my ($users, $groups) = (USERS, GROUPS);
    $postgres->psql(<<~"END");
        create temp table o as select org_id, app_id from scim.apps
          join scim.organizations using (org_id) where slug = '$slug';
        create temp table u as select n, gen_random_uuid() as id, jsonb_build_object(
            'userName', 'user' || n, 'externalId', 'external' || n,
            'displayName', 'person ' || n, 'active', n % 100 <> 0,
            'title', 'title' || n, '${\ JOB}', jsonb_build_object(
              'badge', 'b' || n, 'skills', jsonb_build_array('skill' || n,
                'skill' || n + 1), 'contract',
              case when n % 100 = 0 then 'external' else 'permanent' end,
              'hired', to_char(timestamp '2020-01-01' + (n - 1) * interval '1 day',
                'YYYY-MM-DD"T"HH24:MI:SS') || '.000000000Z',
              'certificates', jsonb_build_array(jsonb_build_object(
                'type', 'safety', 'value', 'course ' || n))),
            'name', jsonb_build_object('familyName', 'family' || n),
            'emails', jsonb_build_array(jsonb_build_object('type', 'work',
              'primary', true, 'value', 'user' || n || '\@$slug.example'))) as doc
          from generate_series(1, $users) n;
        insert into scim.users(org_id, app_id, id, active, user_name, external_id,
            display_name, family_name, body, last_modified)
          select org_id, app_id, id, n % 100 <> 0, 'user' || n, 'external' || n,
            'person ' || n, 'family' || n, doc,
            timestamptz '2026-03-01 00:00+00' + (20 - n) * interval '1 minute'
            + interval '1 second'
          from u, o;
        insert into scim.user_folded select org_id, id, doc from u, o;
        insert into scim.user_values select org_id, 1, 0, id,
            'user' || n || '\@$slug.example', 'work' from u, o;
        create temp table g as select n, gen_random_uuid() as id
          from generate_series(1, $groups) n;
        insert into scim.groups(org_id, app_id, id, name, display_name,
            external_id, body, folded)
          select org_id, app_id, id, 'Group ' || n, 'group ' || n,
            'external' || n, '{}', '{}' from g, o;
        insert into scim.group_users select org_id, g.id, u.id from u, g, o
          where g.n in (1 + u.n % $groups, 1 + (u.n + 7) % $groups);
        END
    return;
}
