# Organizations, apps and tokens over their lives: what is replaced, handed over
# and deleted, and what stays.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

my $server = Scim::Server->new;
my $postgres = $server->postgres;
my @in_acme = ('--organization', 'acme');
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');

subtest 'organization change' => \&change_organization;
subtest 'app by name' => \&name_apps;
subtest 'token rotate' => \&rotate_tokens;
subtest 'app adopt' => \&adopt;
subtest 'organization delete' => \&delete_organization;
$server->stop;
done_testing;

sub change_organization {
    my $before = told(qw(organization show acme));
    my $now = told(qw(organization change acme --name), 'Acme AG',
        qw(--members-by-default off --mapped-admins on));
    is $now->{name}, 'Acme AG', 'the name is another one';
    ok !$now->{members_by_default} && $now->{mapped_admins},
        '... and so are the settings';
    is $now->{version}, $before->{version} + 1, '... and the version';
    told(qw(organization change acme --mapped-admins on));
    is told(qw(organization show acme))->{version}, $now->{version},
        'what is so already changes nothing';
    is journal('organization.change'), 1, '... and is not told';
    like refused(qw(organization change acme)), qr/What shall be changed/,
        'something must be changed';
}

sub name_apps {
    my $app = told(qw(app install --kind okta --name Okta), @in_acme);
    is_deeply $app->{tenant}, { slug => 'acme', scim => JSON::PP::true,
        suspended => JSON::PP::false },
        'the answer says what is known of the tenant URL';
    is told(qw(app change OKTA --strict on), @in_acme)->{id}, $app->{id},
        'an app is found by its name';
    is told(qw(token create --app Okta --name x), @in_acme)->{app_id},
        $app->{id}, '... also for a token';
    told(qw(app install --kind okta --name Okta), @in_acme);
    like refused(qw(app change Okta --strict off), @in_acme),
        qr/More than one app is called "Okta": say the number/,
        'unless there are two';
    like refused(qw(app change Other --strict off), @in_acme),
        qr/There is no app "Other"/, '... or none';
}

sub rotate_tokens {
    my $old = told(qw(token create --name main), '--app', $acme->app,
        @in_acme);
    my $new = told(qw(token rotate), $old->{id}, @in_acme);
    isnt $new->{token}, $old->{token}, 'there is a new secret';
    is_deeply [@$new{qw(app_id name read_only)}],
        [@$old{qw(app_id name read_only)}], '... for the same use';
    like $new->{replaces}{expires}, qr/T/, '... and the old one ends';
    is hours_left($old->{id}), 7 * 24, '... after seven days at most';
    is status($_->{token}), 200, 'until then both work' for $old, $new;
    is hours_left($old->{id}), 1, 'from the first use on, an hour';
    is $new->{expires} =~ s/T.*//r, $old->{expires} =~ s/T.*//r,
        'the new one lives as long as the old one was to';
    like refused(qw(token rotate), $old->{id}, @in_acme),
        qr/replaced by the one with key $new->{id}/,
        'what is replaced is not rotated again';

    my $third = told(qw(token rotate --compromised --expires 0), $new->{id},
        @in_acme);
    is status($new->{token}), 401, 'a compromised one ends at once';
    is $third->{expires}, undef, 'a new one may live for ever';
    is status($third->{token}), 200, '... and works';
    is $postgres->psql('select replaced_by from scim.tokens where key_id = '
        . $old->{id}), $third->{id}, 'the last one ends all before it';
    like refused(qw(token rotate), $new->{id}, @in_acme), qr/is revoked/,
        'what is revoked is not rotated';
    like refused(qw(token rotate), $third->{id}, '--organization', 'globex'),
        qr/has no token with key/, 'nor what belongs to others';
    is $postgres->psql(q{select count(*) from scim.journal
        where strpos(journal::text, 'mscim1') > 0}), 0,
        'the journal has no secret';
}

sub adopt {
    my $from = told(qw(app install --kind entra --name Old), @in_acme)->{id};
    my $to = told(qw(app install --kind entra --name New), @in_acme)->{id};
    my ($old, $new) = map { client($_) } $from, $to;
    my $user = $old->post('/Users', { schemas => [USER()],
        userName => 'ann' })->{json};
    my $group = $old->post('/Groups', { schemas => [GROUP()],
        displayName => 'Staff', members => [{ value => $user->{id} }] })
        ->{json};
    is $new->get("/Users/$user->{id}")->{status}, 404,
        "another app's user is not there";
    my $rival = $new->post('/Groups', { schemas => [GROUP()],
        displayName => 'staff' })->{json};
    told(qw(app uninstall Old), @in_acme);

    like refused(qw(app adopt New --from Old), @in_acme),
        qr/groups of the same name.*Staff.*1 in all/,
        'two groups of one name would meet';
    is $new->get("/Users/$user->{id}")->{status}, 404, '... nothing is moved';
    $new->delete("/Groups/$rival->{id}");
    my $moved = told(qw(app adopt New --from Old), @in_acme);
    is_deeply $moved, { app => $to, from => $from, users => 1, groups => 1,
        resources => 0 }, 'an uninstalled app is taken over';
    my $seen = $new->get("/Users/$user->{id}");
    is $seen->{status}, 200, 'the user is there';
    is $seen->{json}{meta}{version}, $user->{meta}{version},
        '... and the same as before';
    is scalar @{ $new->get("/Groups/$group->{id}")->{json}{members} }, 1,
        '... and so is the group';
    is told(qw(app adopt New --from Old), @in_acme)->{users}, 0,
        'twice is harmless';
    is journal('app.adopt'), 1, '... and told once';
    like refused(qw(app adopt New --from New), @in_acme),
        qr/its own resources already/, 'not from itself';
    like refused(qw(app adopt Old --from New), @in_acme),
        qr/is uninstalled/, 'nor to what is uninstalled';
}

sub delete_organization {
    my $before = rows_of('globex');
    $acme->get('/Users');
    $globex->post('/Users', { schemas => [USER()], userName => 'bob',
        emails => [{ value => 'bob@example.org' }] });
    my $user = $globex->post('/Users', { schemas => [USER()],
        userName => 'eve' })->{json};
    $globex->post('/Groups', { schemas => [GROUP()], displayName => 'All',
        members => [{ value => $user->{id} }] });
    $globex->delete('/Users/' . $user->{id});
    told(qw(stack create --name Web --organization globex));
    my $others = rows_of('acme');
    like refused(qw(organization delete globex --confirm acme)),
        qr/must be the organization's slug/, 'the slug is asked for';

    my $gone = told(qw(organization delete globex --confirm globex));
    is $gone->{users}, 1, 'what is gone is counted';
    is $globex->get('/Users')->{status}, 401, 'its tokens are dead';
    like refused(qw(organization show globex)), qr/no organization "globex"/,
        'it is not there';
    like refused(qw(organization create globex --name G --owner x)),
        qr/"globex" is taken/, '... but its slug is';
    cmp_ok $postgres->psql(q{select count(*) from scim.journal join
        scim.organizations o using (org_id) where o.slug = 'globex'}), '>', 5,
        'the journal stays';
    told(qw(journal maintain));
    is_deeply rows_of('globex'), { accounts => 1, journal => 1,
        organizations => 1 }, '... until it is maintained; nothing else is left';
    is $postgres->psql(q{select c.name || c.realm || o.name from scim.accounts c
        join scim.organizations o using (org_id) where o.slug = 'globex'}), '',
        '... no name, either';
    is $postgres->psql(q{select j.action || ' ' || j.name from scim.journal j
        join scim.organizations o using (org_id) where o.slug = 'globex'}),
        'organization.delete globex', '... but who did it';
    is_deeply rows_of('acme'), $others, 'others keep all that they have';
    is_deeply [map { $_->{slug} } @{ told(qw(organization list)) }], ['acme'],
        'the list does not show it';
}

# ------------------------------------------------------------------- the means

sub USER { return 'urn:ietf:params:scim:schemas:core:2.0:User' }
sub GROUP { return 'urn:ietf:params:scim:schemas:core:2.0:Group' }

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

sub hours_left ($key) {
    return $postgres->psql('select round(extract(epoch from expires - now())'
        . " / 3600) from scim.tokens where key_id = $key");
}

sub client ($app) {
    return $acme->another(token => $server->token('acme', $app));
}

sub status ($token) {
    return $acme->another(token => $token)->get('/Users')->{status};
}

# How many rows of an organization there are in which table.
sub rows_of ($slug) {
    my %rows;
    for my $table (split /\n/, $postgres->psql(q{select c.relname
        from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'scim'::regnamespace and a.attname = 'org_id'
        and c.relkind in ('r', 'p') and not c.relispartition})) {
        my $n = $postgres->psql("select count(*) from scim.$table where org_id"
            . " = (select org_id from scim.organizations where slug = '$slug')");
        $rows{$table} = $n if $n > 0;
    }
    return \%rows;
}
