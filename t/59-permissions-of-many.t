# Permissions of many users: found from the side of the groups as from that of
# the users; previews say what the act then does, and keep nobody out.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Crowd qw(in_parallel);
use Scim::Process qw(wait_for);
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    USERS    => 40,
    GROUPS   => 12,
    STACKS   => 4,
    ROUNDS   => 25,
};

my $seed = $ENV{SCIM_SEED} // 11;
srand $seed;
diag "SCIM_SEED=$seed" if $ENV{TEST_VERBOSE};

my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my $acme = $server->organization('acme', install => ['--whole-organization']);
my $olga = $server->admin('acme', 'owner@acme.example');
my $org = $postgres->psql(q{select org_id from scim.organizations where slug = 'acme'});

my @users = map { made('/Users', { schemas => [USER], userName => "user$_",
    active => $_ % 7 ? \1 : \0 }) } 1 .. USERS;
my @groups = map { group("Group $_", some(@users)) } 1 .. GROUPS;
my @stacks = map { $olga->made('/stacks', { name => "Stack $_" })->{id} } 1 .. STACKS;

subtest 'both ways lead to the same' => \&both_ways;
subtest 'a preview says what the act does' => \&previews;
subtest 'a preview keeps nobody out' => \&keeps_nobody_out;
subtest 'many by SCIM' => \&many_by_scim;
subtest 'members by default' => \&by_default;
subtest 'what takes too long' => \&too_long;
$server->stop;
done_testing;

# -------------------------------------------------------------- the subtests

# Of states that nobody was told of, in which groups contain each other.
sub both_ways() {
    my %seen = (gain => 0, loss => 0, none => 0);
    for my $round (1 .. ROUNDS) {
        shuffle();
        for my $users ('null', some_array(@users)) {
            for my $roles ('null', q('{2}'), q('{1,3,-1,-2}'), q('{-1,-2}')) {
                my ($few, $many) = map { differences($_, $users, $roles) } qw(few many);
                is $many, $few, "round $round, users " . length($users) . ", roles $roles"
                    or return;
                $seen{gain} += () = $few =~ /gain/g;
                $seen{loss} += () = $few =~ /loss/g;
                $seen{none}++ if $few eq '';
            }
        }
        refresh() if $round % 3 == 0;
    }
    cmp_ok $seen{$_}, '>', 0, "there was $_" for sort keys %seen;
    return;
}

sub previews() {
    refresh();
    my %did;
    for my $round (1 .. ROUNDS) {
        my ($name, $preview, $act) = one_of(\&saving, \&saving, \&saving, \&ending,
            \&ending_role, \&ending_stack, \&reconnecting, \&going_live)->() or next;
        my $now = state();
        my $said = $preview->();
        is $said->{status}, 200, "preview of $name" or diag $said->{body};
        is state(), $now, '... which changes nothing';
        my $done = $act->();
        is $done->{status}, 200, '... and the act' or diag $done->{body};
        is_deeply effect($done), effect($said), '... which does what it said';
        $did{$name}++;
        $did{gain} += $done->{json}{gain_count};
        $did{loss} += $done->{json}{loss_count};
        is refresh(), 0, '... and leaves nothing untold' or return;
    }
    cmp_ok $did{$_} // 0, '>', 0, "there was $_"
        for qw(saving ending role stack reconnect live gain loss);
    return;
}

# A preview waits neither for requests nor for other owners, and they do not
# wait for it.
sub keeps_nobody_out() {
    my $group = group('Waiting', @users[0 .. 4]);
    my $mapping = { mappings => [{ group => $group, roles => [
        { stack => undef, role => new_role() }] }] };
    my $busy = in_the_middle("select pg_advisory_xact_lock_shared(546385, $org)",
        "select from scim.organizations where org_id = $org for no key update");
    my $reply = $olga->post('/mappings/preview', $mapping);
    is $reply->{status}, 200, 'a preview waits for nobody' or diag $reply->{body};
    is $reply->{json}{people}, 5, '... and counts';
    $busy->();

    $busy = in_the_middle('lock table scim.permissions_held in access exclusive mode');
    my ($preview, $others) = in_parallel(2, sub ($n) {
        return $olga->another->post('/mappings/preview', $mapping)->{status} if $n == 0;
        wait_for(20, sub { $postgres->psql(q{select count(*) from pg_stat_activity
            where wait_event_type = 'Lock' and query like '%permissions_preview%'
            and pid <> pg_backend_pid()}) }) or die 'no preview';
        my $user = $acme->another->patch("/Users/$users[0]", { schemas => [PATCH_OP],
            Operations => [{ op => 'replace', path => 'title', value => 'busy' }] });
        my $stack = $olga->another->post('/stacks', { name => 'Meanwhile' });
        $busy->();
        return "$user->{status} $stack->{status}";
    });
    is $others, '200 201', 'nobody waits for a preview';
    is $preview, 200, '... which goes on afterwards';
    return;
}

# The same for the functions that requests call.
sub many_by_scim() {
    threshold(3);
    my @some = @users[map { $_ - 1 } grep { $_ % 7 } 1 .. 20];
    my ($inner, $outer) = (group('Inner', @some), group('Outer', @some[0, 1]));
    $olga->made('/mappings', { mappings => [map { { group => $_, roles => [
        { stack => undef, role => new_role() }] } } $inner, $outer] });
    is untold(), 0, 'a mapping of many';
    my $held = held();
    is $acme->patch("/Groups/$outer", patch(add => [{ value => $inner }]))->{status},
        204, 'a group comes to a mapped one';
    is untold(), 0, '... and all was told';
    cmp_ok held(), '>', $held, '... of whom there are some';
    is $acme->put("/Groups/$inner", { schemas => [GROUP], displayName => 'Inner',
        members => [map { { value => $_ } } @some[0 .. 5]] })->{status}, 200,
        'many leave';
    is untold(), 0, '... and all was told';
    is $acme->patch("/Users/$some[0]", { schemas => [PATCH_OP], Operations => [
        { op => 'replace', path => 'active', value => \0 }] })->{status}, 200, 'one leaves';
    is untold(), 0, '... and all was told';
    is $acme->delete("/Groups/$inner")->{status}, 204, 'the group of many is deleted';
    is untold(), 0, '... and all was told';
    threshold(2000);
    return;
}

# What everybody is, nobody holds by a group; and the other way round.
sub by_default() {
    $olga->made('/mappings', { mappings => [{ group => group('Members', @users),
        organization_role => 'member' }] });
    for my $default (\0, \1) {
        my $reply = $olga->patch('', { members_by_default => $default });
        is $reply->{status}, 200, "members by default: $$default" or diag $reply->{body};
        is untold(), 0, '... and all was told';
        is $postgres->psql("select count(*) > 0 from scim.permissions_held"
            . " where org_id = $org and role_id = -1"), $$default ? 'f' : 't',
            '... of whom it concerns';
    }
    return;
}

# An owner is told where there is more time; and scimctl has it.
sub too_long() {
    my $group = group('Slow', @users);
    my $role = new_role();
    my $mapping = { mappings => [{ group => $group, roles => [{ stack => undef,
        role => $role }] }] };
    $server->configure(config => 'ScimDatabaseTimeout request=2');
    $server->graceful;
    my $function = $postgres->psql(q{select pg_get_functiondef(oid) from pg_proc
        where proname = 'permissions_many'});
    $postgres->psql(q{create or replace function scim.permissions_many() returns int
        language plpgsql immutable as $$ begin
        if current_setting('statement_timeout') <> '0' then perform pg_sleep(4); end if;
        return 2000; end $$});
    my $reply = $olga->post('/mappings', $mapping);
    is $reply->{status}, 503, 'what takes too long is not done';
    like $reply->{json}{detail}, qr/nothing was changed\. scimctl does the same without/,
        '... and it is said who can do it';
    $server->logged(qr/statement timeout/, '... and the log says why');
    is $postgres->administer(qw(mapping save --organization acme --group), $group,
        '--role', $role)->{gain_count}, 34, '... which it does';
    # What an identity provider asks for has twelve times as long.
    $postgres->psql(q{create or replace function scim.permissions_many() returns int
        language plpgsql immutable as $$ begin
        if current_setting('scim.alone', true) = 'yes' then perform pg_sleep(3); end if;
        return 3; end $$});
    is $acme->another->delete("/Groups/$group")->{status}, 204,
        'the deletion of a group of many has its time';
    $postgres->psql($function);
    return;
}

# ---------------------------------------------------------- what is tried, and done

# Each gives its name, a preview and the act; or nothing, where there is none.
sub saving() {
    my %seen;
    my $body = { limit => 1 + int rand 60, mappings => [map { { group => $_,
        organization_role => one_of(undef, undef, 'member', 'admin'),
        roles => [grants()] } } grep { !$seen{$_}++ } map { one_of(living()) } 1 .. 3] };
    return ('saving', sub { $olga->post('/mappings/preview', $body) },
        sub { $olga->post('/mappings', $body) });
}

sub ending() {
    my $mapping = one_of(mappings()) // return;
    my $path = "/mappings/$mapping->{id}";
    return ('ending', sub { $olga->get("$path/preview") }, sub { $olga->delete($path) });
}

sub ending_role() {
    my $role = new_role();
    map_somehow($role, undef);
    return ('role', sub { $olga->get("/roles/$role/preview") },
        sub { $olga->delete("/roles/$role") });
}

sub ending_stack() {
    my $stack = $olga->made('/stacks', { name => 'More ' . unique() })->{id};
    map_somehow(2, $stack);
    return ('stack', sub { $olga->get("/stacks/$stack/preview") },
        sub { $olga->delete("/stacks/$stack") });
}

sub reconnecting() {
    my $old = group('Old ' . unique(), some(@users));
    my $new = group('New ' . unique(), some(@users));
    my ($mapping) = map { $_->{id} } $olga->made('/mappings', { mappings => [
        { group => $old, roles => [grants(), { stack => undef, role => 3 }] }] })
        ->{mappings}->@*;
    $acme->delete("/Groups/$old");
    my $path = "/mappings/$mapping/reconnect";
    return ('reconnect', sub { $olga->post($path, { group => $new, dry_run => \1 }) },
        sub { $olga->post($path, { group => $new }) });
}

sub going_live() {
    my $app = $server->app('acme', app => 'App ' . unique(),
        install => ['--rehearsing', 'on', '--whole-organization']);
    my $group = $app->post('/Groups', { schemas => [GROUP], displayName => 'Of it',
        members => [map { { value => $_ } } some(@users)] })->{json}{id};
    $olga->made('/mappings', { mappings => [{ group => $group,
        organization_role => 'admin', roles => [grants()] }] });
    my $path = '/apps/' . $app->app;
    return ('live', sub { $olga->get("$path/rehearsal") },
        sub { $olga->post("$path/live", {}) });
}

# What an answer says of people. A mapping that is only tried has no number.
sub effect($reply) {
    return { map { $_ => $reply->{json}{$_} }
        qw(people gain_count loss_count changes gains losses next) };
}

# ------------------------------------------------------------------ how it asks

sub one_of(@list) { return $list[rand @list] }
sub some(@list) { return grep { rand() < 0.3 } @list }
sub unique() { state $n = 0; return ++$n }

sub new_role() { return $olga->made('/roles', { name => 'Role ' . unique() })->{id} }

sub made($path, $body) {
    my $reply = $acme->post($path, $body);
    $reply->{status} == 201 or die $reply->{body};
    return $reply->{json}{id};
}

sub group($name, @members) {
    return made('/Groups', { schemas => [GROUP], displayName => $name,
        members => [map { { value => $_ } } @members] });
}

sub patch($op, $values) {
    return { schemas => [PATCH_OP], Operations => [{ op => $op, path => 'members',
        value => $values }] };
}

sub grants() {
    return map { { role => $_, stack => one_of(undef, @stacks) } }
        grep { rand() < 0.5 } 1 .. 3;
}

sub map_somehow($role, $stack) {
    $olga->made('/mappings', { mappings => [{ group => one_of(living()), roles => [
        { role => $role, stack => $stack }, grants()] }] });
    return;
}

sub living() { return @groups }

sub mappings() {
    return grep { !$_->{dormant_since} } $olga->get('/mappings', { limit => 200 })
        ->{json}{items}->@*;
}

# Members, nesting and mappings as they come, behind everybody's back.
sub shuffle() {
    my $app = $acme->app;
    my @sql = ("delete from scim.group_groups where org_id = $org",
        "delete from scim.group_mappings where org_id = $org");
    for my $i (0 .. $#groups) {
        push @sql, "delete from scim.group_users where org_id = $org and group_id = '$groups[$i]'",
            (map { "insert into scim.group_users values ($org, '$groups[$i]', '$_')" }
                some(@users)),
            (map { "insert into scim.group_groups values ($org, '$groups[$i]', '$_')" }
                grep { $_ ne $groups[$i] && rand() < 0.3 } some(@groups));
        next if rand() < 0.4;
        my $role = one_of("'admin'", "'member'", 'null', 'null');
        push @sql, "insert into scim.group_mappings(org_id, mapping_id, group_id,"
            . " organization_role, changed_by) values ($org, @{[$i + 1]}, '$groups[$i]',"
            . " $role, 'test')", map { "insert into scim.mapping_roles values ($org,"
            . " @{[$i + 1]}, @{[one_of('null', @stacks)]}, $_)" } some(1 .. 3);
    }
    push @sql, "update scim.organizations set members_by_default = "
        . one_of('true', 'false') . " where org_id = $org";
    $postgres->psql(join ";\n", @sql);
    return;
}

sub some_array(@ids) { return q('{) . join(',', some(@ids)) . q(}') }

sub differences($way, $users, $roles) {
    $users = "(select array_agg(id) from scim.users where org_id = $org)" if $users eq 'null';
    return $postgres->psql("select string_agg(concat_ws(' ', user_id, role_id, stack_id,"
        . " case when place is null then 'gain' else 'loss' end), ',' order by user_id,"
        . " role_id, stack_id, place is null) from scim.permissions_differ_$way($org,"
        . " $users, $roles, null)");
}

sub refresh() {
    return $postgres->psql("set scim.org = $org; select scim.permissions_refresh($org,"
        . " null, '{}', row('scimctl', 'test', null, 1, null, null)::scim.origin)");
}

sub untold() {
    return $postgres->psql("select count(*) from scim.permissions_differ_few($org,"
        . " (select array_agg(id) from scim.users where org_id = $org), null, null)");
}

sub held() {
    return $postgres->psql("select count(*) from scim.permissions_held where org_id = $org");
}

sub state() {
    return $postgres->psql("select (select count(*) from scim.journal where org_id = $org),"
        . " (select md5(string_agg(h::text, ',' order by h)) from scim.permissions_held h"
        . " where org_id = $org), (select md5(string_agg(m::text, ',' order by m))"
        . " from scim.group_mappings m where org_id = $org),"
        . " (select last_number from scim.organizations where org_id = $org)");
}

sub threshold($number) {
    $postgres->psql('create or replace function scim.permissions_many() returns int'
        . " language sql immutable as 'select $number'");
    return;
}

# A transaction of somebody else that stays open until what comes back is called.
sub in_the_middle(@sql) {
    my $pid = open(my $to, '|-', Scim::Postgres::program('psql'), '-XAtq', '-d',
        $postgres->conninfo, '-o', '/dev/null')
        // die "psql: $!";
    $to->autoflush(1);
    print {$to} map { "$_;\n" } "set application_name = 'busy'", 'begin', @sql, 'select 1';
    wait_for(20, sub { $postgres->psql(q{select count(*) from pg_stat_activity
        where application_name = 'busy' and state = 'idle in transaction'
        and query = 'select 1;'}) }) or die 'it does not begin';
    return sub {
        print {$to} "rollback;\n";
        close $to;
        waitpid $pid, 0;
    };
}
