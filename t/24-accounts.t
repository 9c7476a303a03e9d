# Accounts: who may look after an organization, which always has an owner.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

my $server = Scim::Server->new;
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');
my @in_acme = ('--organization', 'acme');

subtest 'accounts come and go' => \&keep_accounts;
subtest 'there is always an owner' => \&keep_an_owner;
subtest 'the database keeps the last owner' => \&guard_the_owner;
subtest 'two who step down at once' => \&step_down_at_once;
subtest 'links' => \&link_users;
subtest 'administrators by mapping' => \&map_admins;
$server->stop;
done_testing;

sub keep_accounts {
    my $eve = told(qw(account create --name eve --role member), @in_acme);
    is_deeply [@$eve{qw(name realm role user_id version)}],
        ['eve', 'default', 'member', undef, 1], 'an account is made';
    ok !$eve->{first}, '... which is not the first owner';
    like refused(qw(account create --name eve --role admin), @in_acme),
        qr/There is an account of "eve" already/, 'one person, one account';
    my $other = told(qw(account create --name eve --role admin --realm
        https://id.example), @in_acme);
    isnt $other->{id}, $eve->{id}, 'the same name elsewhere is somebody else';
    like refused(qw(account create --name x --role root), @in_acme),
        qr/--role is one of owner\|admin\|member/, 'a role is one of three';
    like refused(qw(account change eve --role admin), @in_acme),
        qr/More than one account is called "eve"/, 'a name may not be enough';
    is told(qw(account change), $eve->{id}, qw(--role admin), @in_acme)
        ->{role}, 'admin', 'a role is changed';
    told(qw(account change), $eve->{id}, qw(--role admin), @in_acme);
    is journal('account.change'), 1, '... and told once';
    told(qw(account remove), $other->{id}, @in_acme);
    is_deeply [map { "$_->{name} $_->{role}" } @{ told(qw(account list),
        @in_acme) }], ['owner@acme.example owner', 'eve admin'],
        'those who are left are listed';
    like refused(qw(account show), $eve->{id}, '--organization', 'globex'),
        qr/has no account/, 'nobody is seen from elsewhere';
}

sub keep_an_owner {
    my $owner = told(qw(account list), @in_acme)->[0];
    like refused(qw(account change), $owner->{id}, qw(--role admin), @in_acme),
        qr/last owner, and an organization always has one/,
        'the last owner stays one';
    like refused(qw(account remove), $owner->{id}, @in_acme), qr/last owner/,
        '... and stays';

    told(qw(account transfer eve), @in_acme);
    is_deeply roles(), { 'owner@acme.example' => 'admin', eve => 'owner' },
        'ownership is handed over';
    is told(qw(organization show acme))->{owner}, 'eve', '... altogether';
    told(qw(account transfer eve), @in_acme);
    is journal('account.transfer'), 1, '... once';

    told(qw(account change), $owner->{id}, qw(--role owner), @in_acme);
    told(qw(account change eve --role member), @in_acme);
    is told(qw(organization show acme))->{owner}, 'owner@acme.example',
        'where there are two, either may go';
    told(qw(account change eve --role owner), @in_acme);
    told(qw(account remove), $owner->{id}, @in_acme);
    is_deeply roles(), { eve => 'owner' }, '... even the first one';
}

# As the role that the admin API becomes, by hand and against all intentions.
sub guard_the_owner {
    for my $harm (
        q{update scim.accounts set role = 'admin' where org_id = 1},
        q{delete from scim.accounts where org_id = 1},
        q{update scim.accounts set org_id = 2 where org_id = 1},
        q{update scim.organizations set owner = 999 where org_id = 1},
        q{update scim.organizations set owner = null where org_id = 1},
    ) {
        my $sql = 'begin; set local role scim_admin;'
            . " set local scim.org = '1'; $harm; commit;";
        ok !eval { $postgres->psql($sql); 1 }, $harm;
        like $@, qr/violates (?:foreign key|not-null|row-level security)/,
            '... is refused by the database';
        is_deeply roles(), { eve => 'owner' }, '... and nothing is changed';
    }
}

# Two transactions, each of which leaves the other's account as the owner: who
# commits last fails, whatever the code around them does.
sub step_down_at_once {
    my $bob = told(qw(account create --name bob --role owner), @in_acme)->{id};
    my $eve = (grep { $_->{name} eq 'eve' }
        @{ told(qw(account list), @in_acme) })[0]{id};
    my @pids = map {
        my ($stays, $goes) = @$_;
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            my $done = eval { $postgres->psql("begin; select pg_sleep(0.3);
                update scim.organizations set owner = $stays
                 where org_id = 1 and owner = $goes;
                update scim.accounts set role = 'admin'
                 where org_id = 1 and account_id = $goes;
                select pg_sleep(0.5); commit"); 1 };
            require POSIX;
            POSIX::_exit($done ? 0 : 1);
        }
        $pid;
    } [$bob, $eve], [$eve, $bob];
    my $done = grep { waitpid $_, 0; $? == 0 } @pids;
    cmp_ok $done, '<=', 1, 'not both succeed';
    my %roles = %{ roles() };
    cmp_ok scalar(grep { $_ eq 'owner' } values %roles), '>=', 1,
        'there is an owner';
    is $postgres->psql(q{select c.role from scim.organizations o
        join scim.accounts c on c.org_id = o.org_id and c.account_id = o.owner
        where o.org_id = 1}), 'owner', '... whom the organization names';

    told(qw(account change), $_, qw(--role owner), @in_acme) for $bob, $eve;
    @pids = map {
        my $id = $_;
        my $pid = fork // die "fork: $!";
        if (!$pid) {
            my $result = $postgres->scimctl(qw(account change), $id,
                qw(--role member), @in_acme);
            require POSIX;
            POSIX::_exit($result->{status});
        }
        $pid;
    } $bob, $eve;
    my @status = sort map { waitpid $_, 0; $? >> 8 } @pids;
    is_deeply \@status, [0, 1], 'by scimctl one of two succeeds';
    is scalar(grep { $_ eq 'owner' } values %{ roles() }), 1,
        '... and one owner is left';
}

sub link_users {
    my $user = $acme->post('/Users', { schemas => [USER()],
        userName => 'carol' })->{json};
    my $foreign = $globex->post('/Users', { schemas => [USER()],
        userName => 'carol' })->{json};
    my $carol = told(qw(account create --name carol --role member), @in_acme);
    is $carol->{user_id}, undef, 'a name of a user links nothing';
    like refused(qw(account link carol --user), $foreign->{id}, @in_acme),
        qr/is no user of this organization/, "nobody else's user is linked";
    like refused(qw(account link carol --user carol), @in_acme),
        qr/is no user of this organization/, 'nor a name';

    my $linked = told(qw(account link carol --user), $user->{id}, @in_acme);
    is $linked->{user_id}, $user->{id}, 'the id is';
    is $linked->{user_name}, 'carol', '... and shown with its name';
    told(qw(account link carol --user), uc $user->{id}, @in_acme);
    is journal('account.link'), 1, 'twice is told once';
    told(qw(account create --name dan --role admin), @in_acme);
    like refused(qw(account link dan --user), $user->{id}, @in_acme),
        qr/linked to the account of "carol" already/, 'a user is one person';

    is entered('carol'), 'member', 'an active user gets in';
    $acme->patch("/Users/$user->{id}", { schemas => [PATCH()], Operations =>
        [{ op => 'replace', path => 'active', value => JSON::PP::false }] });
    is entered('carol'), '', 'an inactive one does not';
    told(qw(account unlink carol), @in_acme);
    is entered('carol'), 'member', 'a link that is ended says nothing';
    told(qw(account link carol --user), $user->{id}, @in_acme);
    $acme->delete("/Users/$user->{id}");
    is entered('carol'), '', 'nor does a deleted one';
    $acme->post('/Users', { schemas => [USER()], userName => 'carol' });
    is entered('carol'), '', '... whoever has the name now';
    told(qw(account change carol --role owner), @in_acme);
    is entered('carol'), 'owner',
        'an owner gets in whatever the identity provider says';
    told(qw(organization suspend acme));
    is entered('dan'), '', 'a suspended organization lets nobody in';
    is entered('carol'), 'owner', '... but owners';
    told(qw(organization resume acme));
}

# What an identity provider says makes an administrator only where an owner has
# linked the person and wants that.
sub map_admins {
    my $user = $acme->post('/Users', { schemas => [USER()],
        userName => 'frank' })->{json};
    my $group = $acme->post('/Groups', { schemas => [GROUP()],
        displayName => 'Admins', members => [{ value => $user->{id} }] })
        ->{json};
    $postgres->psql("insert into scim.group_mappings (org_id, mapping_id,
        group_id, organization_role, changed_by)
        values (1, 5001, '$group->{id}', 'admin', 'test')");
    told(qw(account create --name frank --role member), @in_acme);
    told(qw(organization change acme --mapped-admins on));
    is entered('frank'), 'member', 'the same name alone makes no admin';
    told(qw(account link frank --user), $user->{id}, @in_acme);
    is entered('frank'), 'admin', 'a linked user whose group is mapped is one';
    is $postgres->psql(q{select role from
        scim.admin_organizations('default', 'frank')}), 'admin',
        '... in the list of organizations, too';
    told(qw(organization change acme --mapped-admins off));
    is entered('frank'), 'member', '... where the organization wants it';
    told(qw(organization change acme --mapped-admins on));
    told(qw(account unlink frank), @in_acme);
    is entered('frank'), 'member', '... as long as the link is there';
    told(qw(account link frank --user), $user->{id}, @in_acme);
    $acme->patch("/Groups/$group->{id}", { schemas => [PATCH()], Operations =>
        [{ op => 'remove', path => 'members' }] });
    is entered('frank'), 'member', '... and as long as the group gives it';
    $acme->patch("/Groups/$group->{id}", { schemas => [PATCH()], Operations =>
        [{ op => 'add', path => 'members',
            value => [{ value => $user->{id} }] }] });
    is entered('frank'), 'admin', 'who is a member again is an admin again';
    $acme->patch("/Users/$user->{id}", { schemas => [PATCH()], Operations =>
        [{ op => 'replace', path => 'active', value => JSON::PP::false }] });
    is entered('frank'), '', 'an inactive user is nobody';
}

# ------------------------------------------------------------------- the means

sub USER { return 'urn:ietf:params:scim:schemas:core:2.0:User' }
sub GROUP { return 'urn:ietf:params:scim:schemas:core:2.0:Group' }
sub PATCH { return 'urn:ietf:params:scim:api:messages:2.0:PatchOp' }

sub told (@words) {
    return $postgres->administer(@words);
}

sub refused (@words) {
    my $result = $postgres->scimctl(@words);
    isnt $result->{status}, 0, "scimctl @words is refused";
    return $result->{errors};
}

sub journal ($action) {
    return $postgres->psql(
        "select count(*) from scim.journal where action = '$action'");
}

sub roles () {
    return { map { $_->{name} => $_->{role} }
        @{ told(qw(account list), @in_acme) } };
}

# What the admin API's entry says of somebody.
sub entered ($name) {
    return $postgres->psql(
        "select role from scim.admin_enter('acme', 'default', '$name', 1000)");
}
