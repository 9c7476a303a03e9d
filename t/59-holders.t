# Who holds a role in a stack, and who holds a role in the organization: as the
# view of permissions has it, by pages, with the groups that explain gives; and
# a page of a large group costs what one of a small group does.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Process qw(wait_for);
use Scim::Server;
use Test::More;

use constant {
    USER  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    MANY  => 20_000,
};

my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my @apps = ($server->organization('acme', app => 'One', install => [qw(--whole-organization)]),
    $server->app('acme', app => 'Two', install => [qw(--rehearsing)]));
my $olga = $server->admin('acme', 'owner@acme.example');
my $org = $postgres->psql(q{select org_id from scim.organizations where slug = 'acme'});
my %stack = map { $_ => $olga->made('/stacks', { name => $_ })->{id} } qw(Blog Shop);
my %role = map { $_->{name} => $_->{id} } @{ $olga->get('/roles')->{json}{items} };

# n0 and n9 are inactive. Team is in Everyone, which is in Team.
my @user = map { scim($apps[0], '/Users', { schemas => [USER], userName => "n$_",
    displayName => "N $_", active => $_ % 9 ? \1 : \0 }) } 0 .. 9;
my %group = (Team => group($apps[0], 'Team', @user[0 .. 4]));
$group{Everyone} = group($apps[0], 'Everyone', $group{Team}, @user[4 .. 7]);
$group{Staff} = group($apps[0], 'Staff', @user[2, 8, 9]);
$group{Trial} = group($apps[1], 'Trial');
$postgres->psql("insert into scim.group_users(org_id, group_id, user_id)
    values ($org, '$group{Trial}', '$user[1]')");
$apps[0]->patch("/Groups/$group{Team}", { schemas =>
    ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations => [{ op => 'add',
        path => 'members', value => [{ value => $group{Everyone} }] }] })->{status} == 204 or die;
mapped(Team => [Shop => 'Developer']);
mapped(Everyone => [undef, 'Content Manager'], [Blog => 'Developer']);
mapped(Staff => [Blog => 'Developer'], [Blog => 'Admin']);
mapped(Trial => [undef, 'Admin']);
role_of(Staff => 'admin');
role_of(Team => 'member');

subtest 'in stacks' => sub {
    for my $role (undef, sort keys %role) {
        same_as_view($role, $_) for undef, sort keys %stack;
    }
};
subtest 'in the organization' => sub {
    is_deeply people({ organization_role => 'admin' }), ['n2', 'n8'], 'admins';
    is_deeply people({ organization_role => 'member' }), [map { "n$_" } 1 .. 8],
        'members: every active user, by default';
    my %holder = map { $_->{user_name} => $_ } @{ all({ organization_role => 'member' }) };
    is_deeply $holder{n5}{permissions}, [{ organization_role => 'member',
        by_default => JSON::PP::false, groups => [{ id => $group{Team}, name => 'Team',
            direct => JSON::PP::false, mapping => mapping('Team') }] }],
        '... or by a group, through another one';
    is_deeply [map { "$_->{organization_role} $_->{by_default}" }
        @{ $holder{n8}{permissions} }], ['admin 0', 'member 1'], 'an admin is a member, too';
    $olga->patch('', { members_by_default => \0 });
    is_deeply people({ organization_role => 'member' }), [map { "n$_" } 1 .. 8],
        'not by default: by groups alone';
    role_of(Team => undef);
    is_deeply people({ organization_role => 'member' }), ['n2', 'n8'], '... and of admins';
    is_deeply people({ organization_role => 'admin' }), ['n2', 'n8'], '... who stay';
};
subtest 'what is asked' => sub {
    for my $wrong ({ role => 999 }, { stack => 999 }, { organization_role => 'owner' },
        { organization_role => 'admin', role => $role{Admin} }, { rolle => 1 },
        { after => 'eA' }) {
        is $olga->get('/holders', $wrong)->{status}, 400, join ' ', 'refused:', %$wrong;
    }
    is $olga->get('/holders', { role => 999 })->{json}{field}, 'role', 'a role that is not there';
    is $postgres->scimctl(qw(holder list --organization acme --after x))->{status}, 1,
        'a page that is none';
    $postgres->administer(qw(account create --organization acme --name m --role member));
    is $server->admin('acme', 'm')->get('/holders')->{status}, 403, 'a member does not see it';
};
subtest 'scimctl' => sub {
    my $text = $postgres->scimctl(qw(holder list --organization acme --stack shop),
        qw(--role Developer))->{output};
    like $text, qr/^USER +HOLDS +BY GROUPS$/m, 'a table';
    like $text, qr/^n1 +Developer in Shop +Team$/m, '... by names';
    is $postgres->administer(qw(holder count --organization acme --stack Blog --role Admin))
        ->{people}, 2, 'a number';
    like $postgres->scimctl(qw(holder list --organization acme --organization-role admin))
        ->{output}, qr/^n8 +admin of the organization +Staff$/m, 'of the organization';
    like $postgres->scimctl(qw(holder list --organization acme --role King))->{errors},
        qr/There is no role "King"/, 'a name that is none';
};
subtest 'who holds nothing' => sub {
    $postgres->administer(qw(organization suspend acme));
    is_deeply people($_), [], 'in a suspended organization' for {},
        map { { organization_role => $_ } } qw(admin member);
    $postgres->administer(qw(organization resume acme));
    $olga->delete("/stacks/$_") for values %stack;
    is_deeply people({}), [], 'roles in every stack, of which there is none';
};
subtest 'a large group' => \&ask_of_many;

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

# Against the view, and each against what explains it.
sub same_as_view($role, $stack) {
    my %asked = (defined $role ? (role => $role{$role}) : (),
        defined $stack ? (stack => $stack{$stack}) : ());
    my $name = join ' in ', $role // 'any role', $stack // 'any stack';
    my $where = join ' and ', 'role is not null', defined $role ? "role = '$role'" : (),
        defined $stack ? "stack = '$stack'" : ();
    my @wanted = split /\n/, $postgres->psql("select distinct user_name from scim.permissions
        where $where order by 1");
    my $found = all(\%asked);
    is_deeply [sort map { $_->{user_name} } @$found], \@wanted, "$name: who";
    my (%reason, %explained);
    for my $one (@$found) {
        $reason{"$one->{user_name} $_->{role} " . ($_->{stack} // '*')} = [sort map { $_->{id} }
            @{ $_->{groups} }] for @{ $one->{permissions} };
        for my $held (@{ $olga->get("/users/$one->{id}/permissions",
            { defined $stack ? (stack => $stack{$stack}) : () })->{json}{permissions} }) {
            next if !$held->{role} || !$held->{held} || (defined $role && $held->{role} ne $role);
            my %by = map { $_->{chain}[-1]{id} => 1 } @{ $held->{reasons} };
            $explained{"$one->{user_name} $held->{role} " . ($held->{stack} // '*')}
                = [sort keys %by];
        }
    }
    is_deeply \%reason, \%explained, '... and by which groups';
    return;
}

# All pages of three; the number of people says the same.
sub all($asked) {
    my ($next, @found);
    do {
        my $page = $olga->get('/holders', { %$asked, limit => 3,
            defined $next ? (after => $next) : () });
        $page->{status} == 200 or die $page->{body};
        push @found, @{ $page->{json}{items} };
        $next = $page->{json}{next};
    } while (defined $next);
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is $olga->get('/holders/count', $asked)->{json}{people}, scalar @found, 'as many as there are';
    return \@found;
}

sub people($asked) { return [map { $_->{user_name} } @{ all($asked) }] }

# What is read of users and members, by whatever way.
sub ask_of_many() {
    my $shop = $olga->made('/stacks', { name => 'Large' })->{id};
    $postgres->psql("
        insert into scim.users(org_id, app_id, active, id, user_name, body)
        select $org, 1, n % 100 <> 0, ('01900000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid,
          'many' || n, json_build_object('userName', 'many' || n)
          from generate_series(1, @{[MANY]}) n;
        insert into scim.group_users(org_id, group_id, user_id)
        select $org, '$group{Staff}', id from scim.users
         where org_id = $org and user_name like 'many%';
        insert into scim.mapping_roles(org_id, mapping_id, role_id, stack_id)
        values ($org, @{[mapping('Staff')]}, $role{Developer}, $shop)");
    $postgres->psql('vacuum analyze');
    my @asked = (qw(--organization acme --stack Large --role Developer --limit 50));
    my $before = rows_read();
    my $page = $postgres->administer(qw(holder list), @asked);
    is scalar @$page, 50, 'a page of it';
    my $last = sprintf '01900000-0000-7000-8000-%012d', MANY - 60;
    is scalar @{ $postgres->administer(qw(holder list), @asked, '--after', $last) }, 50,
        '... and one near its end';
    is scalar @{ $postgres->administer(qw(holder list --organization acme --limit 50
        --organization-role member --after), $last) }, 50, '... also of members';
    ok wait_for(10, sub { rows_read() > $before + 100 }), '... read something';
    cmp_ok rows_read() - $before, '<', 5_000, '... and not each member';
    is $postgres->administer(qw(holder count --organization acme --stack Large --role Developer))
        ->{people}, MANY * 0.99 + 2, 'all of them are counted';
    return;
}

sub rows_read() {
    return $postgres->psql(q{select
        (select sum(seq_tup_read) from pg_stat_user_tables
          where relname in ('users', 'group_users'))
        + (select sum(idx_tup_read) from pg_stat_user_indexes
            where relname in ('users', 'group_users'))});
}

sub scim($client, $where, $body) {
    my $reply = $client->post($where, $body);
    $reply->{status} == 201 or die $reply->{body};
    return $reply->{json}{id};
}

sub group($client, $name, @members) {
    return scim($client, '/Groups', { schemas => [GROUP], displayName => $name,
        members => [map { { value => $_ } } @members] });
}

# [stack, role]: all that it gives in stacks.
sub mapped($group, @roles) {
    $olga->made('/mappings', { mappings => [{ group => $group{$group}, roles => [map { {
        stack => defined $_->[0] ? $stack{ $_->[0] } : undef, role => $role{ $_->[1] } } }
        @roles] }] });
    return;
}

sub role_of($group, $role) {
    my $is = $olga->get('/mappings/' . mapping($group))->{json};
    $olga->made('/mappings', { mappings => [{ group => $group{$group}, organization_role => $role,
        roles => [map { { stack => $_->{stack}, role => $_->{role} } }
            @{ $is->{roles} }] }] });
    return;
}

sub mapping($group) {
    return $postgres->psql("select mapping_id from scim.group_mappings
        where group_id = '$group{$group}'");
}
