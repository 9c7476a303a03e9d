# Reading: users, groups, and why somebody holds what they hold, or does not.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Process qw(run);
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};

my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my @in_acme = ('--organization', 'acme');
my $acme = $server->organization('acme', install => ['--whole-organization']);
my $okta = $server->app('acme', kind => 'okta', app => 'Okta',
    install => ['--whole-organization']);
my $globex = $server->organization('globex');
my $olga = $server->admin('acme', 'owner@acme.example');

my %user = (
    ann => person($acme, 'ann', externalId => 'X-77', displayName => 'Ann Arbor',
        emails => [{ value => 'first@acme.example' },
            { value => 'arbor@acme.example', primary => JSON::PP::true }]),
    bob => person($acme, 'bob', name => { givenName => 'Bob', familyName => 'Zimmer' }),
    cem => person($okta, 'cem', active => JSON::PP::false),
);
my $team = circle($acme, 'Team', $user{ann});
my $all = circle($acme, 'Everyone', $team, $user{bob}, $user{cem});
my $ring = circle($acme, 'Ring', $all);
my $other = circle($okta, 'Others', $user{ann});
my ($website, $blog) = map { told(qw(stack create --name), $_, @in_acme)->{id} }
    qw(Website Blog);

subtest 'users' => \&users;
subtest 'groups' => \&groups;
subtest 'explain' => \&explained;
subtest 'without a group' => \&without;
subtest 'ways round in circles' => \&circles;
subtest 'why nothing' => \&why_nothing;
subtest 'what would give more' => \&lacking;
subtest 'one\'s own' => \&own;
subtest 'others\' organizations' => \&foreign;
subtest 'plans' => \&plans;
$server->stop;
done_testing;

# -------------------------------------------------------------- the subtests

sub users() {
    is_deeply names('users', {}), [qw(ann bob cem)], 'users are listed by name';
    my %found = (ANN => 'ann', arb => 'ann', 'Arbor@' => 'ann', 'X-7' => 'ann',
        zim => 'bob', 'ann a' => 'ann', x => undef, '%' => undef, "o'" => undef);
    for my $search (sort keys %found) {
        is_deeply names('users', { search => $search }), [$found{$search} // ()],
            "\"$search\" finds " . ($found{$search} // 'nobody');
    }
    is_deeply names('users', { active => 'false' }), ['cem'], 'inactive ones';
    is_deeply names('users', { active => 'true', search => 'b' }), ['bob'], 'active ones';
    is_deeply names('users', { app => $okta->app }), ['cem'], '... of an app';
    is_deeply names('users', { limit => 2 }), [qw(ann bob)], '... page by page';
    my $ann = $olga->get("/users/$user{ann}")->{json};
    is $ann->{email}, 'arbor@acme.example', 'the primary address counts';
    is $ann->{resource}{emails}[0]{value}, 'first@acme.example',
        'attributes are as they were stored';
    is $ann->{name}, 'Ann Arbor', '... and the name is for people';
    is_deeply [map { "$_->{name} " . ($_->{direct} ? 'direct' : $_->{via}{name}) }
        @{ $ann->{groups} }], ['Others direct', 'Team direct', 'Everyone Team',
        'Ring Everyone'], 'its groups are told, and by which';
    is told(qw(user show BOB), @in_acme)->{name}, 'Bob Zimmer', 'scimctl takes a userName';
    is_deeply [map { $_->{user_name} } @{ told(qw(user list --app Okta), @in_acme) }],
        ['cem'], '... and an app by its name';
    return;
}

sub groups() {
    is_deeply [map { "$_->{name} $_->{members} $_->{groups}" }
        @{ $olga->get('/groups')->{json}{items} }],
        ['Everyone 2 1', 'Others 1 0', 'Ring 0 1', 'Team 1 0'], 'groups are listed';
    my $group = $olga->get("/groups/$all")->{json};
    is_deeply $group->{within}, [{ id => $ring, name => 'Ring' }], 'what it is in';
    is $group->{mapping}, undef, '... and that it has no mapping';
    my @rows = @{ $olga->get("/groups/$all/members")->{json}{items} };
    is_deeply [map { "$_->{type} " . ($_->{user_name} // $_->{name}) } @rows],
        ['Group Team', map { "User $_" } sort { $user{$a} cmp $user{$b} } qw(bob cem)],
        'groups and users are in it';
    my $page = $olga->get("/groups/$all/members", { limit => 2 })->{json};
    is_deeply [map { $_->{id} } @{ $page->{items} },
        @{ $olga->get("/groups/$all/members", { after => $page->{next} })->{json}{items} }],
        [map { $_->{id} } @rows], '... page by page';
    is $olga->get('/groups/00000000-0000-4000-8000-000000000000/members')->{status}, 404,
        'of what is not there nobody is a member';
    is told(qw(group show team), @in_acme)->{id}, $team, 'scimctl takes a name';
    return;
}

sub explained() {
    save($team, undef, [$website, 2]);
    save($ring, 'member', [undef, 3]);
    save($other, undef, [undef, 2]);
    my $said = $olga->get("/users/$user{ann}/permissions")->{json};
    is $said->{organization_role}, 'member', 'what the user is in the organization';
    is_deeply permissions($said), ['member: Team Everyone Ring',
        'Content Manager in every stack: Team Everyone Ring',
        'Developer in every stack: Others', 'Developer in Website: Team'],
        'each permission has its chain of groups';
    is_deeply if_left($said), ['Others: Developer in every stack',
        'Team: Content Manager in every stack'],
        'and what leaving a group would take is said';
    is_deeply permissions(told(qw(explain ann --stack blog), @in_acme)),
        ['member: Team Everyone Ring', 'Content Manager in every stack: Team Everyone Ring',
        'Developer in every stack: Others'], 'of one stack';
    my $text = spoken(qw(explain ann), @in_acme);
    like $text, qr/Manager in every stack\n    because of Team, which is in Everyone, which is in/,
        'people can read it';
    like $text, qr/Without Others: no Developer in every stack\n/, '... all of it';
    is_deeply $olga->get("/users/$user{ann}")->{json}{permissions}, $said->{permissions},
        'the user itself says the same';

    # The truth is the view's.
    is_deeply [sort map { "$_->{role} " . ($_->{stack} // '*') }
        grep { $_->{role} && $_->{held} } @{ $said->{permissions} }],
        ['Content Manager *', 'Developer *', 'Developer Website'], 'what is held';
    is $postgres->psql(q{select string_agg(stack || ' ' || role, ', ' order by 1)
        from (select stack, role from scim.permissions where user_name = 'ann'
        order by 1, 2) x}), 'Blog Content Manager, Blog Developer,'
        . ' Website Content Manager, Website Developer', '... is in the view';
    patch_group($acme, $team, { op => 'remove', path => qq{members[value eq "$user{ann}"]} });
    is_deeply permissions($olga->get("/users/$user{ann}/permissions")->{json}),
        ['member (by default)', 'Developer in every stack: Others'],
        'and what was said of leaving comes true';
    patch_group($acme, $team, { op => 'add', path => 'members',
        value => [{ value => $user{ann} }] });
    is $olga->get("/users/$user{ann}/permissions", { stack => 99 })->{status}, 400,
        'a stack must be there';
    return;
}

sub without() {
    is_deeply told_without('ann', $team), ['loses Content Manager in every stack',
        'keeps member (by default)', 'keeps Developer in Website: Others'],
        'what leaving a group takes, and what stays by which other one';
    is_deeply told_without('ann', $other), ['loses Developer in every stack',
        'keeps Developer in Website: Team'],
        'of every stack stays what another group gives in one';
    like spoken(qw(explain ann --without team), @in_acme), qr/^Without\ Team:
        \n\ \ loses\ Content\ Manager\ in\ every\ stack
        \n\ \ keeps\ member\ of\ the\ organization,\ as\ every\ active\ user
        \n\ \ keeps\ Developer\ in\ Website
        \n\ \ \ \ because\ of\ Others\ \(mapping\ \d+\)$/mx, 'people can read it';
    unlike spoken(qw(explain ann --without team), @in_acme), qr/Permissions:|alone/,
        '... and nothing else';

    my %refused = (
        $all                                   => qr/only through "Team"/,
        $user{ann}                             => qr/no such group/,
        circle($acme, 'Strangers')             => qr/not in the group "Strangers"/,
        'team'                                 => qr/by its id/,
        '00000000-0000-4000-8000-000000000000' => qr/no such group/,
    );
    for my $group (sort keys %refused) {
        my $reply = $olga->get("/users/$user{ann}/permissions", { without => $group });
        is $reply->{status}, 400, "what cannot be left: $group";
        is $reply->{json}{field}, 'without', '... is the member at fault';
        like $reply->{json}{detail}, $refused{$group}, '... and why';
    }

    # In a group twice, once by itself.
    patch_group($acme, $all, { op => 'add', path => 'members',
        value => [{ value => $user{ann} }] });
    is_deeply told_without('ann', $all), ['keeps member (by default): Team Everyone Ring',
        'keeps Content Manager in every stack: Team Everyone Ring',
        'through Team'], 'whoever stays in it by another way loses nothing';
    patch_group($acme, $all, { op => 'remove', path => qq{members[value eq "$user{ann}"]} });

    # An admin is a member, by one group or as everybody is.
    save($other, 'admin', [undef, 2]);
    is_deeply told_without('ann', $other), ['loses admin', 'loses Developer in every stack',
        'keeps member (by default): Team Everyone Ring', 'keeps Developer in Website: Team'],
        'an admin is a member then';
    is without_of('ann', $other)->{organization_role}, 'member', '... in one word';
    is_deeply told_without('ann', $team), ['loses Content Manager in every stack',
        'keeps member (by default): Others', 'keeps Developer in Website: Others'],
        'and stays one as an admin';
    save($other, undef, [undef, 2]);

    my $said = without_of('cem', $all);
    ok !$said->{held}, 'who is inactive holds nothing';
    is $said->{organization_role}, undef, '... nor would it afterwards';
    is_deeply told_without('cem', $all), ['loses Content Manager in every stack',
        'keeps member (by default)'], '... and what it would not get back is said';
    return;
}

sub without_of($who, $group) {
    my $reply = $olga->get("/users/$user{$who}/permissions", { without => $group });
    is $reply->{status}, 200, "$who without a group" or diag $reply->{body};
    return $reply->{json}{without};
}

sub told_without($who, $group) {
    my $said = without_of($who, $group);
    return [(map { 'loses ' . what($_) } @{ $said->{loses} }),
        (map { my $kept = $_; 'keeps ' . what($kept)
            . ($kept->{by_default} ? ' (by default)' : '') . join '', map { ': '
            . join ' ', map { $_->{name} } @{ $_->{chain} } } @{ $kept->{reasons} } }
            @{ $said->{keeps} }), map { "through $_->{name}" } @{ $said->{through} }];
}

sub circles() {
    patch_group($acme, $team, { op => 'add', path => 'members', value => [{ value => $ring }] });
    my $said = $olga->get("/users/$user{bob}/permissions")->{json};
    is_deeply permissions($said), ['member: Everyone Ring',
        'Content Manager in every stack: Everyone Ring',
        'Developer in Website: Everyone Ring Team'], 'a circle of groups ends';
    ok $said->{complete}, '... and all ways were looked at';
    patch_group($acme, $team, { op => 'remove', path => qq{members[value eq "$ring"]} });

    # Two ways at each of twelve steps: 4,096 chains to the top.
    my @below = my $bottom = circle($acme, 'Step 0', $user{bob});
    for my $step (1 .. 12) {
        my @now = map { circle($acme, "Step $step $_", @below) } qw(a b);
        @below = @now;
    }
    save($below[0], undef, [$blog, 1]);
    $said = $olga->get("/users/$user{bob}/permissions")->{json};
    my ($top) = grep { ($_->{role} // '') eq 'Admin' } @{ $said->{permissions} };
    ok $top->{held}, 'what is held does not depend on how many ways there are';
    ok !$said->{complete}, '... of which not all are shown';
    like spoken('explain', 'bob', @$_, @in_acme), qr/^There are more ways through groups/m,
        "... which is told: explain bob @$_" for [], ['--without', 'Step 0'];
    is $olga->get("/users/$user{bob}")->{status}, 200, '... and nobody waits for them';
    $olga->delete('/mappings/' . mapping($below[0]));
    $acme->delete("/Groups/$bottom");
    return;
}

sub why_nothing() {
    my $said = $olga->get("/users/$user{cem}/permissions")->{json};
    is_deeply codes($said), ['inactive'], 'who is inactive holds nothing';
    is_deeply [grep { $_->{held} } @{ $said->{permissions} }], [], '... of all this';
    is $said->{organization_role}, undef, '... nor is anything';
    like spoken(qw(explain cem), @in_acme), qr/\(withheld\).*The user is inactive/s,
        '... and is told why';
    $postgres->psql(q{update scim.apps set rehearsing = true where name <> 'Okta'
        and org_id = (select org_id from scim.organizations where slug = 'acme')});
    is_deeply codes($olga->get("/users/$user{bob}/permissions")->{json}), ['rehearsing'],
        'nor by an app that is rehearsing';
    $postgres->psql('update scim.apps set rehearsing = false');
    told(qw(organization suspend acme));
    is_deeply codes($olga->get("/users/$user{bob}/permissions")->{json}), ['suspended'],
        'nor in a suspended organization';
    told(qw(organization resume acme));
    my $lone = person($acme, 'dan');
    is_deeply codes($olga->get("/users/$lone/permissions")->{json}), ['no_groups'],
        'nor without a group';
    my $plain = circle($acme, 'Plain', $lone);
    is_deeply codes($olga->get("/users/$lone/permissions")->{json}), ['no_mapping'],
        'nor in one without a mapping';
    save($plain, undef, [undef, 2]);
    $acme->delete("/Groups/$plain");
    $said = $olga->get("/users/$lone/permissions")->{json};
    is_deeply codes($said), ['dormant', 'no_groups'], 'nor by one that is gone';
    is $said->{dormant}[0]{name}, 'Plain', '... which is named';
    return;
}

sub lacking() {
    my $eve = person($acme, 'eve');
    my ($shop, $yard) = map { told(qw(stack create --name), $_, @in_acme)->{id} } qw(Shop Yard);
    my %group = map { $_ => circle($acme, $_, $_ eq 'Mine' ? $eve : ()) } qw(Mine Third First);
    save($group{Mine}, undef, [$shop, 2]);
    save($group{$_}, undef, [$shop, 3]) for qw(First Third);
    my $path = "/users/$eve/permissions";
    my $would = sub ($stack) { my $said = $olga->get($path, { stack => $stack })->{json};
        return [map { my $role = $_; map { "$role->{role} by $_->{name}" }
            grep { $_->{name} =~ /First|Third|Mine/ } @{ $role->{groups} } }
            @{ $said->{would_give} }] };
    is_deeply $would->($shop), ['Content Manager by First', 'Content Manager by Third'],
        'what the user does not hold there, and the groups that give it';
    save($group{First}, undef, [undef, 3]);
    is_deeply $would->($yard), ['Content Manager by First'], '... one in every stack as well';
    is $olga->get($path)->{json}{would_give}, undef, '... where a stack is asked for';
    like spoken(qw(explain eve --stack Shop), @in_acme),
        qr/^What would give more there:\n(?:  .*\n)*  Content Manager: .*\bThird\b/m,
        '... in words';
    told(qw(account create --name eve --role member), @in_acme);
    told(qw(account link eve --user), $eve, @in_acme);
    is $server->admin('acme', 'eve')->get('/me/permissions', { stack => $shop })
        ->{json}{would_give}, undef, 'a member does not learn of others\' groups';
    return;
}

sub own() {
    told(qw(account create --name mia --role member), @in_acme);
    my $mia = $server->admin('acme', 'mia');
    is_deeply codes($mia->get('/me/permissions')->{json}), ['not_linked'],
        'who is linked to nobody holds nothing';
    told(qw(account link mia --user), $user{bob}, @in_acme);
    is $mia->get('/me/permissions')->{json}{user}{user_name}, 'bob',
        'a member sees its own permissions';
    is $mia->get("/users/$user{bob}/permissions")->{status}, 403, '... and nobody else\'s';
    return;
}

sub foreign() {
    my $gus = $server->admin('globex', 'owner@globex.example');
    is $gus->get($_)->{status}, 404, "$_ is not there for others"
        for "/users/$user{ann}", "/users/$user{ann}/permissions", "/groups/$team",
        "/groups/$team/members", '/mappings/' . mapping($team);
    is $gus->post('/mappings', { mappings => [{ group => $team,
        roles => [{ stack => undef, role => 2 }] }] })->{json}{field}, 'mappings[0].group',
        'nor can it be mapped';
    is $gus->get('/users')->{json}{items}[0], undef, 'nor is listed';
    return;
}

# With as many users as make an index worth it.
sub plans() {
    $postgres->psql(<<~'END');
        insert into scim.users(org_id, app_id, active, id, user_name, external_id,
                               display_name, family_name, body)
        select u.org_id, u.app_id, true, gen_random_uuid(), 'bulk' || n, 'bulk-' || n,
               'bulk ' || n, null, json_build_object('userName', 'bulk' || n)
          from scim.users u, generate_series(1, 20000) n where u.user_name = 'ann';
        analyze scim.users;
        END
    is_deeply names('users', { search => 'bulk1999' }),
        ['bulk1999', map { "bulk1999$_" } 0 .. 9], 'one of many is found';
    for my $sql ("user_name ^@ 'bulk1999'", "display_name ^@ 'bulk 1999'",
        "external_id ^@ 'bulk-1999'", "family_name ^@ 'zim'") {
        like plan_of("select id from scim.users where org_id = 1 and $sql"),
            qr/Index|Bitmap/, "an index answers $sql";
    }
    return;
}

sub plan_of($sql) {
    return $postgres->psql("set scim.org = 1; set scim.app = -1; set role scim_admin;"
        . " explain (costs off) $sql");
}

# ------------------------------------------------------------------ how it asks

sub person($client, $name, %more) {
    my $reply = $client->post('/Users', { schemas => [USER], userName => $name, %more });
    is $reply->{status}, 201, "there is $name" or diag $reply->{body};
    return $reply->{json}{id};
}

sub circle($client, $name, @members) {
    my $reply = $client->post('/Groups', { schemas => [GROUP], displayName => $name,
        members => [map { { value => $_ } } @members] });
    is $reply->{status}, 201, "there is $name" or diag $reply->{body};
    return $reply->{json}{id};
}

sub patch_group($client, $id, @operations) {
    my $reply = $client->patch("/Groups/$id", { schemas => [PATCH_OP],
        Operations => [@operations] });
    like $reply->{status}, qr/20[04]/, 'a group is changed' or diag $reply->{body};
    return;
}

sub save($group, $role, @grants) {
    my $reply = $olga->post('/mappings', { mappings => [{ group => $group,
        organization_role => $role,
        roles => [map { { stack => $_->[0], role => $_->[1] } } @grants] }] });
    is $reply->{status}, 200, 'a mapping is saved' or diag $reply->{body};
    return;
}

sub mapping($group) {
    return $postgres->psql("select mapping_id from scim.group_mappings
        where group_id = '$group'");
}

sub names($noun, $query) {
    my $reply = $olga->get("/$noun", $query);
    is $reply->{status}, 200, "$noun are listed" or diag $reply->{body};
    return [map { $_->{user_name} // $_->{name} } @{ $reply->{json}{items} }];
}

sub what($permission) {
    return $permission->{organization_role}
        // "$permission->{role} in " . ($permission->{stack} // 'every stack');
}

sub permissions($said) {
    return [map { my $permission = $_; what($permission)
        . ($permission->{by_default} ? ' (by default)' : join '', map { ': '
            . join ' ', map { $_->{name} } @{ $_->{chain} } } @{ $permission->{reasons} })
        } @{ $said->{permissions} }];
}

sub if_left($said) {
    return [map { "$_->{group}{name}: " . join ', ', map { what($_) } @{ $_->{loses} } }
        @{ $said->{if_left} }];
}

sub codes($said) { return [map { $_->{code} } @{ $said->{why_not} }] }

sub scimctl(@words) {
    return run('', "$ENV{SCIM_BUILD}/scimctl", @words, '--database', $postgres->conninfo);
}

sub told(@words) {
    my $done = scimctl(@words, '--json');
    is $done->{status}, 0, "scimctl @words" or diag $done->{errors};
    return JSON::PP->new->utf8->decode($done->{output} || 'null');
}

sub spoken(@words) {
    my $done = scimctl(@words);
    is $done->{status}, 0, "scimctl @words" or diag $done->{errors};
    return $done->{output};
}
