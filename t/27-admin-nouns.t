# Organizations, accounts, apps and tokens by the admin API: what each role may
# do, what is shown once, and what members see.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');
my $olga = $server->admin('acme', 'owner@acme.example');
my %by = map { $_ => account($_) } qw(admin member);

subtest 'apps and tokens' => \&use_apps;
subtest 'groups of one name' => \&name_groups;
subtest 'accounts' => \&use_accounts;
subtest 'who may' => \&keep_out;
subtest 'what one holds' => \&see_oneself;
subtest 'configuration' => \&carry_configuration;
subtest 'organization' => \&use_organization;
$server->stop;
done_testing;

sub use_apps {
    my $made = $by{admin}->post('/apps', { kind => 'okta', name => 'Okta' });
    is $made->{status}, 201, 'an admin installs an app';
    is $made->{headers}{location}, $olga->url . "/apps/$made->{json}{id}",
        '... and learns where it is';
    is $made->{json}{tenant}{slug}, 'acme', '... and of the tenant URL';
    my $app = $made->{json}{id};
    is $by{admin}->patch("/apps/$app", { strict => JSON::PP::true })
        ->{json}{version}, 2, 'it is changed';
    my $token = $by{admin}->post("/apps/$app/tokens", { name => 'main' });
    is $token->{status}, 201, 'a token is made';
    is $token->{headers}{location}, $olga->url . "/tokens/$token->{json}{id}",
        '... which has a place';
    is status($token->{json}{token}), 200, '... and works';
    my $shown = $by{admin}->get("/tokens/$token->{json}{id}");
    is $shown->{json}{token}, undef, '... and is shown once only';
    is $shown->{json}{last_four}, substr($token->{json}{token}, -4),
        '... but for its end';
    my $new = $by{admin}->post("/tokens/$token->{json}{id}/rotate", {});
    is $new->{status}, 201, 'it is rotated';
    is $new->{headers}{location}, $olga->url . "/tokens/$new->{json}{id}",
        '... to another one';
    is status($_->{json}{token}), 200, '... and both work' for $token, $new;
    is $by{admin}->post("/tokens/$new->{json}{id}/revoke", {})->{status}, 200,
        'it is revoked';
    is status($new->{json}{token}), 401, '... at once';
    is_deeply [map { $_->{id} } @{ $by{admin}->get('/tokens', { app => $app })
        ->{json}{items} }], [map { $_->{json}{id} } $token, $new],
        'tokens are listed by app';
    is $by{admin}->post("/apps/$app/uninstall", {})->{status}, 200,
        'the app is uninstalled';
    is $by{admin}->post('/apps/' . $acme->app . '/adopt', { from => $app })
        ->{status}, 403, 'what it made is no admin\'s to give';
    $postgres->psql("insert into scim.resources (org_id, app_id, id,
        resource_type, body, folded) values (1, $app, gen_random_uuid(),
        'Thing', '{}', '{}')");
    is $olga->post('/apps/' . $acme->app . '/adopt', { from => $app })
        ->{json}{resources}, 1, '... but an owner\'s';
    is $postgres->psql(q{select string_agg(distinct actor, ',' order by actor)
        from scim.journal where action like 'app.%' and actor_kind = 'account'
        }), 'admin@acme.example,owner@acme.example',
        'the journal has who did it';
}

sub name_groups {
    my $app = '/apps/' . $acme->app;
    my $make = sub ($name) { $acme->post('/Groups', { schemas =>
        ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName => $name }) };
    my $first = $make->('Twins')->{json};
    is $make->('TWINS')->{status}, 409, 'an app has a name once';
    ok $olga->get($app)->{json}{unique_group_names}, '... which is a setting';
    is $by{admin}->patch($app, { unique_group_names => \0 })->{json}{version}, 2,
        '... and can be off';
    my $second = $make->('TWINS');
    is $second->{status}, 201, 'then it has it twice';
    is $acme->put("/Groups/$_->{id}", { %$_, displayName => 'twins' })->{status}, 200,
        '... also by another name' for $first, $second->{json};
    my $refused = $by{admin}->patch($app, { unique_group_names => \1 });
    is "$refused->{status} $refused->{json}{field}", '409 unique_group_names',
        'it cannot be on again';
    like $refused->{json}{detail}, qr/groups of the same name \("twins"\)/,
        '... before they have names of their own';
    is $acme->delete("/Groups/$second->{json}{id}")->{status}, 204, 'one is gone';
    is $by{admin}->patch($app, { unique_group_names => \1 })->{status}, 200, '... now it can';
    is $make->('Twins')->{status}, 409, '... for those that were there, too';
    $acme->delete("/Groups/$first->{id}");
    return;
}

sub use_accounts {
    my $made = $olga->post('/accounts', { name => 'paul', role => 'member' });
    is $made->{status}, 201, 'an owner makes an account';
    my $path = "/accounts/$made->{json}{id}";
    is $olga->patch($path, { role => 'admin' }, 'if-match' => '"9-00000000"')
        ->{status}, 412, 'who was overtaken is told';
    is $olga->patch($path, { role => 'admin' })->{json}{role}, 'admin',
        'a role is changed';
    my $first = (grep { $_->{first} } @{ $olga->get('/accounts')
        ->{json}{items} })[0];
    is $olga->delete("/accounts/$first->{id}")->{status}, 409,
        'the last owner stays';
    is $olga->delete($path)->{status}, 204, 'others go';
    is $olga->post('/accounts', { name => 'x', role => 'king' })->{json}{field},
        'role', 'a wrong member is named';
}

# [method, path, body, owner, admin, member]: the answers' status.
sub keep_out {
    my $account = (grep { $_->{name} =~ /member/ } @{ $olga->get('/accounts')
        ->{json}{items} })[0]{id};
    for (['GET', '', undef, 200, 200, 200], ['GET', '/me', undef, 200, 200, 200],
        ['GET', '/apps', undef, 200, 200, 403],
        ['GET', '/accounts', undef, 200, 200, 403],
        ['GET', '/tokens', undef, 200, 200, 403],
        ['GET', '/configuration', undef, 200, 200, 403],
        ['POST', '/disable', {}, 200, 200, 403],
        ['POST', '/enable', {}, 200, 200, 403],
        ['POST', '/suspend', {}, 200, 403, 403],
        # A suspended organization lets in nobody but owners.
        ['POST', '/resume', {}, 200, 404, 404],
        ['PATCH', '', { name => 'Acme' }, 200, 200, 403],
        ['PATCH', '', { mapped_admins => JSON::PP::true }, 200, 403, 403],
        ['POST', '/apps', { kind => 'okta', name => 'x' }, 201, 201, 403],
        ['POST', '/accounts', { name => 'y', role => 'owner' }, 201, 403, 403],
        ['PATCH', "/accounts/$account", { role => 'owner' }, undef, 403, 403],
        ['POST', "/accounts/$account/transfer", {}, undef, 403, 403],
        ['DELETE', "/accounts/$account", undef, undef, 403, 403],
        ['POST', '/configuration/import', { configuration => { format => 1 } },
            200, 403, 403],
        ['DELETE', '', { confirm => 'acme' }, undef, 403, 403],
    ) {
        my ($method, $path, $body, @wanted) = @$_;
        my @who = (['owner', $olga], map { [$_, $by{$_}] } qw(admin member));
        # Owners last, as what they do changes what the others would find.
        for my $n (2, 1, 0) {
            next if !defined $wanted[$n];
            is $who[$n][1]->request($method, $path, $body)->{status},
                $wanted[$n], "$method $path by $who[$n][0]";
        }
    }
    for my $person ($olga, values %by) {
        is $person->another(url => $person->url =~ s/acme\z/globex/r)->get('')
            ->{status}, 404, 'another organization is not there';
    }
    is $postgres->psql(q{select count(*) from scim.organizations
        where slug = 'globex' and version = 1}), 1, '... and is as it was';
}

sub see_oneself {
    my $user = $acme->post('/Users', { schemas =>
        ['urn:ietf:params:scim:schemas:core:2.0:User'], userName => 'mia' })
        ->{json};
    my $group = $acme->post('/Groups', { schemas =>
        ['urn:ietf:params:scim:schemas:core:2.0:Group'], displayName => 'Devs',
        members => [{ value => $user->{id} }] })->{json};
    my $stack = $olga->post('/stacks', { name => 'Web' })->{json}{id};
    $postgres->psql("insert into scim.group_mappings (org_id, mapping_id,
        group_id, organization_role, changed_by)
        values (1, 7001, '$group->{id}', 'admin', 'test');
        insert into scim.mapping_roles (org_id, mapping_id, stack_id, role_id)
        values (1, 7001, $stack, 2)");
    my $me = $by{member}->get('/me')->{json};
    is $me->{role}, 'member', 'a member is one';
    is_deeply $me->{permissions}, [], '... and holds nothing';
    my $other = $by{admin}->get('/me')->{json}{permissions};
    $olga->post("/accounts/$me->{id}/link", { user => $user->{id} });
    $me = $by{member}->get('/me')->{json};
    is_deeply $me->{permissions}, [{ organization_role => 'admin',
        stack => 'Web', role => 'Developer' }],
        'linked to a user, what the user holds';
    is_deeply $by{admin}->get('/me')->{json}{permissions}, $other,
        '... and nobody else';
    is $me->{role}, 'admin', 'the mapped role admin opens the rest';
    is $by{member}->get('/apps')->{status}, 200, '... of the organization';
    is $by{member}->post('/suspend', {})->{status}, 403, '... as an admin';
    is $olga->patch('', { mapped_admins => JSON::PP::false })->{status}, 200,
        'an owner switches that off';
    is $by{member}->get('/apps')->{status}, 403, '... at once';
}

sub carry_configuration {
    my $text = $olga->get('/configuration')->{json};
    is $text->{format}, 1, 'a configuration is read';
    my $done = $olga->post('/configuration/import',
        { configuration => $text, dry_run => JSON::PP::true })->{json};
    is_deeply $done->{changes}, [], '... and is what there is';
    push @{ $text->{stacks} }, { name => 'Later' };
    $done = $olga->post('/configuration/import', { configuration => $text })
        ->{json};
    is_deeply $done->{changes}, [{ action => 'stack.create',
        name => 'Later' }], '... and brought back';
}

sub use_organization {
    is $olga->delete('')->{status}, 400, 'a slug is asked for';
    is $olga->request('DELETE', '', { confirm => 'globex' })->{status}, 400,
        '... and must be the right one';
    my $gone = $olga->request('DELETE', '', { confirm => 'acme' });
    is $gone->{status}, 200, 'an owner deletes the organization';
    cmp_ok $gone->{json}{users}, '>', 0, '... and is told what is gone';
    is $olga->get('')->{status}, 404, '... which is all';
    is $acme->get('/Users')->{status}, 401, '... for the identity provider';
    is $globex->get('/Users')->{status}, 200, 'others go on';
}

# ------------------------------------------------------------------- the means

sub account ($role) {
    $postgres->administer(qw(account create --organization acme --role), $role,
        '--name', "$role\@acme.example");
    return $server->admin('acme', "$role\@acme.example");
}

sub status ($token) {
    return $acme->another(token => $token)->get('/Users')->{status};
}
