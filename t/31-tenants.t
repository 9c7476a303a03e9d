# Organizations are apart, and so are the apps of one: over HTTP, and for
# whoever gets at the database as the module does.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Process qw(slurp);
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};

my $server = Scim::Server->new;
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');

# The same in both: who confuses them would not notice.
my %acme = fill($acme);
my %globex = fill($globex);
my $before = contents('globex');

other_tenant_url();
other_ids();
other_members();
other_in_filters();
is_deeply contents('globex'), $before,
    'after all of this the other organization is as it was';

policies();
privileges();
readers();
apps();

$server->stop;
done_testing;

# ------------------------------------------------------------------ over HTTP

sub other_tenant_url() {
    my $stranger = $acme->another(url => $globex->url);
    my %request = (
        'GET /Users'                   => undef,
        "GET /Users/$globex{user}"     => undef,
        'GET /Schemas'                 => undef,
        'GET /Users?filter=x'          => undef,
        'POST /Users'                  => user('new'),
        "PUT /Users/$globex{user}"     => user('anna'),
        "PATCH /Users/$globex{user}"   => patch('title', 'x'),
        "DELETE /Users/$globex{user}"  => undef,
        "PATCH /Groups/$globex{group}" => members('remove'),
        "DELETE /Groups/$globex{group}" => undef,
    );
    for my $request (sort keys %request) {
        my $reply = $stranger->request(split(/ /, $request),
            $request{$request});
        is $reply->{status}, 401, "a token of another tenant URL: $request";
        unlike $reply->{body}, qr/acme/i, '... does not learn whose it is';
    }
    $server->logged(qr/SCIM\d+: 401/, 'the log says so');
    return;
}

sub other_ids() {
    for my $kind (qw(user group)) {
        my $path = '/' . ucfirst($kind) . "s/$globex{$kind}";
        my $body = $kind eq 'user' ? user('anna') : group('Staff');
        is $acme->get($path)->{status}, 404, "GET of another one's $kind";
        is $acme->put($path, $body)->{status}, 404, "PUT of another one's $kind";
        is $acme->patch($path, patch('externalId', 'x'))->{status}, 404,
            "PATCH of another one's $kind";
        is $acme->delete($path)->{status}, 404, "DELETE of another one's $kind";
        is $acme->get(uc $path =~ s/\A\/\w+/ucfirst lc $&/er)->{status}, 404,
            '... in upper case';
    }
    is $acme->patch("/Groups/$globex{group}", members('add', $acme{user}))
        ->{status}, 404, "adding one's own user to another one's group";
    is $acme->patch("/Groups/$globex{group}", members('remove'))->{status}, 404,
        "emptying another one's group";
    return;
}

sub other_members() {
    my @foreign = @globex{qw(user group)};
    for my $id (@foreign) {
        my $reply = $acme->post('/Groups', { %{ group("With $id") },
            members => [{ value => $id }] });
        is $reply->{status}, 400, 'a group of none but foreign members';
        is $reply->{json}{scimType}, 'invalidValue', '... has no valid value';
        unlike $reply->{body}, qr/globex|anna/i, '... and tells nothing of them';
        is $acme->patch("/Groups/$acme{group}", members('add', $id))->{status},
            400, 'adding a foreign member alone is refused';
    }
    my $reply = $acme->patch("/Groups/$acme{empty}",
        members('add', @foreign, $acme{user}));
    is $reply->{status}, 204, 'among known members foreign ones are skipped';
    is_deeply [members_of($acme{empty})], [$acme{user}], '... and not added';
    is $acme->put("/Groups/$acme{empty}", { %{ group('Empty') },
        members => [map { { value => $_ } } @foreign, $acme{user}] })->{status},
        200, 'PUT among known ones as well';
    is_deeply [members_of($acme{empty})], [$acme{user}], '... and not set';
    is $acme->patch("/Groups/$acme{group}", members('remove', $globex{user}))
        ->{status}, 204, 'removing a foreign member succeeds, as it is not there';
    is_deeply [members_of($acme{group})], [sort @acme{qw(user other)}],
        '... and changes nothing';
    return;
}

sub other_in_filters() {
    my %none = (
        Users => [qq(id eq "$globex{user}"), qq(groups eq "$globex{group}"),
            qq(groups.value eq "$globex{group}"),
            qq(groups[value eq "$globex{group}" and type eq "direct"]),
            qq(groups.value sw "$globex{group}"),
            qq(externalId eq "of-globex"),
            qq(externalId sw "of-g" or emails.value ew "\@globex.example")],
        Groups => [qq(id eq "$globex{group}"), qq(members eq "$globex{user}"),
            qq(members[value eq "$globex{user}"]),
            qq(members.value co "$globex{user}")],
    );
    for my $type (sort keys %none) {
        for my $filter (@{ $none{$type} }) {
            is $acme->get("/$type", { filter => $filter })->{json}{totalResults},
                0, "nothing of another organization: $filter";
        }
    }
    my %all = (Users => 2, Groups => 2);
    for my $type (sort keys %all) {
        for my $filter ('id pr', 'not (externalId eq "x")', 'id ne "x"',
            'displayName co "" or not (displayName pr)') {
            my $list = $acme->get("/$type", { filter => $filter })->{json};
            is $list->{totalResults}, $all{$type}, "nothing more: $filter";
        }
        is $acme->get("/$type")->{json}{totalResults}, $all{$type},
            "nothing more in a list of $type";
    }
    return;
}

# ------------------------------------------------------- at the database itself

# Every table and view that there is, so that a new one cannot be forgotten.
sub policies() {
    my ($own, $other) = map { org_id($_) } qw(acme globex);
    my %without_organization = map { $_ => 1 } qw(schema attributes);
    my %of_admins = map { $_ => 1 } split /\n/, $postgres->psql(q{
        select relname from pg_class where relnamespace = 'scim'::regnamespace
           and relkind in ('r', 'p', 'v')
           and has_table_privilege('scim_admin', oid, 'select')});
    my %secret = map { $_ => 1 } grep { !may_httpd_read($_) } keys %of_admins;
    $secret{$_} = 1 for qw(passwords members permissions effective);
    my @relations = split /\n/, $postgres->psql(q{
        select relname || ' ' || relkind::text from pg_class
         where relnamespace = 'scim'::regnamespace
           and relkind in ('r', 'p', 'v', 'm', 'f') order by 1});
    cmp_ok scalar @relations, '>=', 18, 'there are tables and views';
    for my $relation (@relations) {
        my ($name, $kind) = split / /, $relation;
        next if $without_organization{$name};
        my $count = "select count(*) from scim.$name";
        if ($of_admins{$name}) {
            my $become = 'set role scim_admin;';
            like as_httpd($own, "$become $count"), qr/\A\d+\z/,
                "scim_admin reads $name";
            is as_httpd($own, "$become $count where org_id <> $own"), '0',
                "... and sees one organization in $name";
            changes($name, $own, $other, $become);
        }
        if ($secret{$name} || $name =~ /\Ajournal_/) {
            like as_httpd($own, $count), qr/permission denied/,
                "scim_httpd cannot read $name";
            next;
        }
        if ($name eq 'token_check') {
            # Read before the organization is known, and by nobody but enter.
            next;
        }
        like as_httpd($own, $count), qr/\A\d+\z/, "scim_httpd reads $name";
        is as_httpd($own, "$count where org_id <> $own"), '0',
            "... and sees one organization in $name";
        like as_httpd(undef, $count),
            qr/scim\.org|invalid input syntax for type integer/,
            "... and nothing of $name without one";
        next if $kind eq 'v';
        is $postgres->psql("select relrowsecurity from pg_class where oid ="
            . " 'scim.$name'::regclass"), 't', "... as $name has its policy";
        changes($name, $own, $other);
    }
    like as_httpd(undef, "begin; select set_config('scim.org', '$own', true);"
        . ' commit; select count(*) from scim.users'), qr/ERROR/,
        'what one transaction set is gone in the next';
    return;
}

sub may_httpd_read($name) {
    return $postgres->psql("select has_any_column_privilege("
        . "'scim_httpd', 'scim.$name', 'select')") eq 't';
}

# Changing what is the other's either fails or finds nothing.
sub changes($name, $own, $other, $become = '') {
    my $nothing = qr/permission\ denied|GENERATED\ ALWAYS|cannot\ \w+.*\ view
        |\A(?:UPDATE|DELETE)\ 0\z/x;
    like as_httpd($own, "$become\n\\set QUIET off\nupdate scim.$name set org_id = org_id"
        . " where org_id = $other"), $nothing, "... updates none of $name";
    like as_httpd($own, "$become\n\\set QUIET off\ndelete from scim.$name"
        . " where org_id = $other"), $nothing, "... deletes none of $name";
    like as_httpd($own, "$become insert into scim.$name(org_id) values ($other)"),
        qr/row-level security|permission denied|OVERRIDING|cannot insert into view/,
        "... adds none to $name";
    return;
}

sub privileges() {
    my $own = org_id('acme');
    my %refused = (
        'update scim.journal set actor = actor'    => qr/permission denied/,
        'delete from scim.journal'                 => qr/permission denied/,
        'truncate scim.journal'                    => qr/permission denied/,
        'truncate scim.users cascade'              => qr/permission denied/,
        'update scim.tombstones set name = name'   => qr/permission denied/,
        'delete from scim.tombstones'              => qr/permission denied/,
        'update scim.schema set version = 9'       => qr/permission denied/,
        'update scim.apps set strict = true'       => qr/permission denied/,
        'update scim.token_check set read_only = false'
            => qr/permission denied/,
        'drop table scim.users cascade'            => qr/must be owner/,
        'drop schema scim cascade'                 => qr/must be owner/,
        'drop view scim.token_check'               => qr/must be owner/,
        'alter table scim.users disable row level security'
            => qr/must be owner/,
        'drop policy organization on scim.users'   => qr/must be owner/,
        'create policy mine on scim.users using (true)' => qr/must be owner/,
        'create table scim.mine (a int)'           => qr/permission denied/,
        'create function scim.mine() returns int language sql as $$select 1$$'
            => qr/permission denied/,
        'set role scim_owner'                      => qr/permission denied/,
        'set session authorization postgres'       => qr/permission denied/,
        'set row_security = off; select count(*) from scim.users'
            => qr/row-level security/,
        "select scim.journal_partition('2031-01-01')" => qr/permission denied/,
    );
    for my $sql (sort keys %refused) {
        like as_httpd($own, $sql), $refused{$sql}, "scim_httpd cannot $sql";
    }
    is $postgres->psql(q{
        select string_agg(proname, ' ' order by proname) from pg_proc
         where pronamespace = 'scim'::regnamespace
           and has_function_privilege('scim_httpd', oid, 'execute')}),
        'admin_enter admin_organizations brake_group brake_hold brake_user'
        . ' claim_values contact_note groups_nest'
        . ' index_is_ready mapping_take_up password_of password_set'
        . ' permissions_enter permissions_group_end permissions_membership'
        . ' permissions_user token_refusal token_used value_rows',
        '... and calls no functions but these';
    is $postgres->psql(q{
        select count(*) from pg_proc p where pronamespace = 'scim'::regnamespace
           and prosecdef and not coalesce(array_to_string(proconfig, ',')
               like '%search_path=pg_catalog, pg_temp%', false)}), '0',
        '... and those of the owner have a search path of their own';
    return;
}

sub readers() {
    my $sql = q{set role scim_reader;
        select organization, user_name, group_name, direct, active
          from scim.members order by 1, 2, 3};
    is $postgres->psql($sql), join("\n",
        (map { ("$_|anna|Staff|t|t", "$_|otto|Staff|t|t") } qw(acme globex)))
        =~ s/\A(?=acme)/acme|anna|Empty|t|t\n/r,
        'scim_reader sees who is in which group';
    for my $name (qw(users groups user_folded group_users tokens organizations
        journal token_check direct_groups)) {
        ok !eval { $postgres->psql('set role scim_reader; set scim.org = 1;'
            . " set scim.app = 1; select count(*) from scim.$name") },
            "... but not $name";
        like $@, qr/permission denied/, '... as it may not';
    }
    return;
}

# ------------------------------------------------------ apps of one organization

sub apps() {
    my $second = $server->app('acme', kind => 'okta', app => 'Okta');
    my $whole = $server->app('acme', app => 'All',
        install => ['--whole-organization']);
    is $second->get('/Users')->{json}{totalResults}, 0,
        'a second app sees no user of the first';
    is $second->get('/Groups', { filter => 'displayName pr' })->{json}
        {totalResults}, 0, '... and no group';
    for my $path ("/Users/$acme{user}", "/Groups/$acme{group}") {
        my $body = $path =~ /Users/ ? user('anna') : group('Staff');
        is $second->get($path)->{status}, 404, "... GET $path";
        is $second->put($path, $body)->{status}, 404, "... PUT $path";
        is $second->patch($path, patch('externalId', 'x'))->{status}, 404,
            "... PATCH $path";
        is $second->delete($path)->{status}, 404, "... DELETE $path";
    }
    my $reply = $second->post('/Users', user('ANNA'));
    is $reply->{status}, 409, 'a userName is taken whoever owns it';
    like $reply->{json}{detail}, qr/another user of the organization/,
        '... and the client is told so';

    my $mine = created($second->post('/Users', user('second')));
    my $team = created($second->post('/Groups', group('Staff')));
    is $second->patch("/Groups/$team", members('add', $acme{user}))->{status},
        400, "another app's user is no member that is known";
    is $second->patch("/Groups/$team", members('add', $acme{user}, $mine))
        ->{status}, 204, '... and skipped among others';
    is_deeply [members_of($team, $second)], [$mine], '... not added';
    is $second->get('/Users')->{json}{totalResults}, 1,
        'an app sees what it made';
    is $acme->get('/Users')->{json}{totalResults}, 2,
        '... and the first one what it had';

    is $whole->get('/Users')->{json}{totalResults}, 3,
        'an app of the whole organization sees all users';
    is $whole->get('/Groups')->{json}{totalResults}, 3, '... and all groups';
    is $whole->get('/Users', { filter => 'externalId eq "of-globex"' })
        ->{json}{totalResults}, 0, '... and none of another organization';
    is $whole->get("/Users/$globex{user}")->{status}, 404, '... not by id';
    is $whole->patch("/Users/$acme{user}", patch('title', 'Boss'))->{status},
        200, '... and changes what another app made';
    is $acme->get("/Users/$acme{user}")->{json}{title}, 'Boss',
        '... which stays with its app';
    is $whole->patch("/Groups/$team", members('add', $acme{user}))->{status},
        204, '... and puts one app\'s users into groups of the other';
    my $groups = $acme->get("/Users/$acme{user}")->{json}{groups};
    is scalar(grep { $_->{value} eq $team } @$groups), 0,
        '... which the one app does not see';
    is $acme->get('/Users', { filter => qq(groups.value eq "$team") })
        ->{json}{totalResults}, 0, '... nor find by';
    return;
}

# ------------------------------------------------------------------- the parts

sub user($name, $organization = 'acme') {
    return { schemas => [USER], userName => $name,
        emails => [{ value => "$name\@$organization.example", type => 'work' }],
        externalId => "of-$organization" };
}

sub group($name) { return { schemas => [GROUP], displayName => $name } }

sub patch($path, $value) {
    return { schemas => [PATCH_OP],
        Operations => [{ op => 'replace', path => $path, value => $value }] };
}

sub members($op, @ids) {
    return { schemas => [PATCH_OP], Operations => [{ op => $op,
        path => 'members', @ids ? (value => [map { { value => $_ } } @ids])
                                : () }] };
}

sub created($reply) {
    $reply->{status} == 201
        or BAIL_OUT("POST: $reply->{status} $reply->{body}");
    return $reply->{json}{id};
}

sub fill($client) {
    my $slug = $client->organization;
    my %id = (
        user  => created($client->post('/Users', user('anna', $slug))),
        other => created($client->post('/Users', user('otto', $slug))),
        empty => created($client->post('/Groups', group('Empty'))),
    );
    $id{group} = created($client->post('/Groups', { %{ group('Staff') },
        members => [map { { value => $_ } } @id{qw(user other)}] }));
    return %id;
}

sub members_of($id, $client = $acme) {
    return sort map { $_->{value} }
        @{ $client->get("/Groups/$id")->{json}{members} // [] };
}

sub org_id($slug) {
    return $postgres->psql(
        "select org_id from scim.organizations where slug = '$slug'");
}

# Everything that an organization has, with its journal.
sub contents($slug) {
    my $org = org_id($slug);
    my %all;
    for my $table (qw(users user_folded user_values groups group_users
        group_groups resources unique_values tombstones journal apps
        accounts)) {
        $all{$table} = $postgres->psql("select t::text from scim.$table t"
            . " where org_id = $org order by 1");
    }
    return \%all;
}

# What scim_httpd gets, or PostgreSQL's complaint.
sub as_httpd($org, $sql) {
    state $password = slurp($postgres->password_file) =~ s/\s+\z//r;
    local $ENV{PGPASSWORD} = $password;
    my $set = defined $org ? "set scim.org = $org;\nset scim.app = -1;\n" : '';
    return eval { $postgres->psql("$set$sql", $postgres->conninfo_httpd) }
        // $@;
}
