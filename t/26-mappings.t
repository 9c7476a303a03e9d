# Roles and group mappings: what is saved, previewed, taken away and connected
# again, by the command line and by the API.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Process qw(run);
use Scim::Server;
use Test::More;

use constant {
    USER  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group',
};

binmode $_, ':encoding(UTF-8)' for Test::More->builder->output,
    Test::More->builder->failure_output;

my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my @in_acme = ('--organization', 'acme');
my $acme = $server->organization('acme');
my $olga = $server->admin('acme', 'owner@acme.example');
told(qw(account create --name adam --role admin), @in_acme);
told(qw(account create --name mia --role member), @in_acme);
my ($adam, $mia) = map { $server->admin('acme', $_) } qw(adam mia);

my %user = map { $_ => person($_) } qw(ann bob cem);
my %group = (
    Developers => circle('Developers', 'g-1', 'ann', 'bob'),
    Editors    => circle('Editors', 'g-2', 'bob', 'cem'),
);
my $website = told(qw(stack create --name Website), @in_acme)->{id};
my $blog = told(qw(stack create --name Blog), @in_acme)->{id};

subtest 'roles' => \&roles;
subtest 'a mapping by names' => \&by_names;
subtest 'several groups at once' => \&several;
subtest 'preview' => \&preview;
subtest 'two editors' => \&two_editors;
subtest 'what is refused' => \&refusals;
subtest 'who may' => \&who_may;
subtest 'deletion of role, stack and mapping' => \&deletions;
subtest 'dormant and connected again' => \&reconnect;
subtest 'expired' => \&expiry;
subtest 'strange names' => \&strange_names;
$server->stop;
done_testing;

# -------------------------------------------------------------- the subtests

sub roles() {
    is_deeply [map { "$_->{id} $_->{name}" } @{ told(qw(role list), @in_acme) }],
        ['1 Admin', '3 Content Manager', '2 Developer'],
        'every organization begins with three';
    my $made = $olga->post('/roles', { name => 'Auditor', description => 'reads' });
    is $made->{status}, 201, 'a role is made';
    like $made->{headers}{location}, qr{/roles/$made->{json}{id}\z}, '... at its place';
    is told(qw(role change Auditor --name Reviewer), @in_acme)->{version}, 2,
        '... and renamed by its name';
    is told(qw(role change Reviewer --name Reviewer), @in_acme)->{version}, 2,
        'what is so already changes nothing';
    is told(qw(role change Developer --name Engineer), @in_acme)->{name},
        'Engineer', 'those of the beginning can be renamed, too';
    told(qw(role change Engineer --name Developer), @in_acme);
    for my $name ('Owner', 'OWNER', 'ｏｗｎｅｒ') {
        is $olga->post('/roles', { name => $name })->{json}{field}, 'name',
            "nobody is granted $name";
        is $olga->patch('/roles/2', { name => $name })->{status}, 400,
            '... under another name';
    }
    is $olga->post('/roles', { name => 'ADMIN' })->{status}, 409, 'a name is there once';
    is told(qw(role delete Reviewer), @in_acme)->{people}, 0,
        'a role that nobody has goes without noise';
    like refused(qw(role show Reviewer), @in_acme), qr/There is no role "Reviewer"/,
        '... and is gone';
    return;
}

sub by_names() {
    my $done = told(qw(mapping save --group developers --stack website
        --role developer), @in_acme);
    is "$done->{people} $done->{gain_count} $done->{loss_count}", '2 2 0',
        'a mapping is saved, and says whom it concerns';
    is_deeply $done->{changes}, [{ change => 'gain', people => 2, stack => 'Website',
        stack_id => $website, role => 'Developer', role_id => 2 }], '... and what';
    is_deeply held(), ['ann Website Developer', 'bob Website Developer'],
        'its effect is there';
    is journal("action = 'permission.gain'"), 2, 'each change is in the journal';
    is $postgres->psql(q{select string_agg(distinct changes #>> '{cause,kind}' || ' '
        || (changes #>> '{cause,name}'), ',') from scim.journal
        where action = 'permission.gain'}), 'mapping Developers', '... with its cause';

    my ($mapping) = @{ told(qw(mapping list), @in_acme) };
    is $mapping->{group}{name}, 'Developers', 'it is listed with its group';
    is $mapping->{group}{members}, 2, '... and how many are in it';
    like $mapping->{changed_by}, qr/\Ascimctl:/, '... and who did it';
    is $mapping->{dormant_since}, undef, '... and is awake';

    told(qw(mapping save --group), $group{Developers}, qw(--role Admin
        --organization-role member), @in_acme);
    is_deeply [grep { /\Aann/ } @{ held() }], ['ann Blog Admin', 'ann Website Admin',
        'ann Website Developer'], 'a role without a stack is one in every stack';
    my $same = told(qw(mapping save --group Developers --role Admin), @in_acme);
    is $same->{mappings}[0]{version}, 2, 'what is so already is not changed';
    $done = told(qw(mapping save --group Developers --role Admin --take-away),
        @in_acme);
    is $done->{loss_count}, 2, 'one role is taken away';
    is_deeply held(), ['ann Website Developer', 'bob Website Developer'],
        '... and the other one stays';
    is $acme->post('/Users', { schemas => [USER], userName => 'dan' })->{status}, 201,
        'somebody comes';
    return;
}

sub several() {
    my $before = journal("action like 'permission.%'");
    my $reply = $olga->post('/mappings', { mappings => [
        { group => $group{Developers}, organization_role => undef, roles => [
            { stack => $blog, role => 3 }] },
        { group => $group{Editors}, organization_role => 'member', roles => [
            { stack => $website, role => 2 }, { stack => undef, role => 3 }] }] });
    is $reply->{status}, 200, 'two groups are saved';
    is_deeply held(), ['ann Blog Content Manager', 'bob Blog Content Manager',
        'bob Website Content Manager', 'bob Website Developer',
        'cem Blog Content Manager', 'cem Website Content Manager',
        'cem Website Developer'], '... together';
    is $reply->{json}{loss_count}, 1, 'who gets from one what the other takes loses nothing';
    is $reply->{json}{people}, 3, '... and everybody is counted once';
    is journal("action like 'permission.%'") - $before,
        $reply->{json}{gain_count} + $reply->{json}{loss_count},
        'the journal says what the answer says';
    my $now = held();
    $reply = $olga->post('/mappings', { mappings => [
        { group => $group{Developers}, roles => [] },
        { group => $group{Editors}, roles => [{ stack => $website, role => 99 }] }] });
    is $reply->{json}{field}, 'mappings[1].roles[0].role', 'one that is wrong is named';
    is_deeply held(), $now, '... and none is saved';
    is_deeply $olga->get('/mappings/unmapped')->{json}{items}, [], 'no group is left out';
    return;
}

sub preview() {
    my $now = held();
    my $told = journal('true');
    my $try = { mappings => [{ group => $group{Editors}, roles => [] }] };
    my $reply = $olga->post('/mappings/preview', { %$try, limit => 1 });
    is $reply->{status}, 200, 'a preview';
    is $reply->{json}{people}, 2, '... says whom it would concern';
    is $reply->{json}{loss_count}, 4, '... and of how much';
    is_deeply [map { $_->{user_name} } @{ $reply->{json}{losses} }], ['bob', 'bob'],
        '... with the first people by name';
    is_deeply [sort map { "$_->{user_name} $_->{role}" }
        @{ $olga->post('/mappings/preview', { %$try, limit => 1,
            after => $reply->{json}{next} })->{json}{losses} }],
        ['cem Content Manager', 'cem Developer'], '... and the others behind them';
    is_deeply held(), $now, 'nothing has been changed by it';
    is journal('true'), $told, '... nor told';
    my $done = $olga->post('/mappings', { %$try });
    is $done->{json}{loss_count}, 4, 'it happens as it was said';
    is scalar @{ told(qw(mapping list), @in_acme) }, 1, 'a mapping to nothing is none';
    is_deeply [map { $_->{name} } @{ $olga->get('/mappings/unmapped')->{json}{items} }],
        ['Editors'], 'its group is without one';

    is $olga->get("/stacks/$blog/preview")->{json}{loss_count}, 2, 'a stack has a preview';
    is $olga->get('/roles/3/preview')->{json}{loss_count}, 2, '... and a role';
    my ($mapping) = @{ told(qw(mapping list), @in_acme) };
    is $olga->get("/mappings/$mapping->{id}/preview")->{json}{loss_count}, 2,
        '... and the end of a mapping';
    is scalar @{ held() }, 2, '... and all is still there';
    like spoken(qw(role preview), 'Content Manager', @in_acme),
        qr/\ANothing has been changed\. This would concern 2 people: 0 permissions gained, 2 lost/,
        'people can read it';
    return;
}

sub two_editors() {
    my ($mapping) = @{ told(qw(mapping list), @in_acme) };
    my $save = sub($who, $role, $version) {
        return $who->post('/mappings', { mappings => [{ group => $group{Developers},
            roles => [{ stack => $website, role => $role }], version => $version }] });
    };
    is $save->($olga, 2, $mapping->{version})->{status}, 200, 'the first one saves';
    my $second = $save->($adam, 1, $mapping->{version});
    is $second->{status}, 412, 'the second one is told';
    is $second->{json}{current}{roles}[0]{role}, 2, '... what is there now';
    is $save->($adam, 1, $second->{json}{current}{version})->{status}, 200,
        '... and can decide';
    is $save->($adam, 1, 0)->{status}, 412, 'who saw none does not replace one';
    my $stale = $olga->delete("/mappings/$mapping->{id}",
        'If-Match' => qq{"$mapping->{version}"});
    is $stale->{status}, 412, 'nor is deleted what was changed';
    my @waiting = map { race($_) } 1 .. 4;
    my %status;
    $status{ join '', readline $_ }++ for @waiting;
    is_deeply \%status, { 200 => 1, 412 => 3 }, 'of four at once one is first';
    return;
}

# A child that saves as of the version that is there.
sub race($number) {
    state $version = $olga->get('/mappings')->{json}{items}[0]{version};
    my $pid = open my $from, '-|';
    die "fork: $!" if !defined $pid;
    return $from if $pid;
    my $reply = $olga->another->post('/mappings', { mappings => [{
        group => $group{Developers}, version => $version, roles => [
            { stack => $website, role => 2 }, { stack => $blog, role => 1 + $number % 2 }] }] });
    syswrite STDOUT, $reply->{status};
    require POSIX;
    POSIX::_exit(0);
}

sub refusals() {
    my %wrong = (
        'mappings[0].group' => { group => 'x', roles => [] },
        'mappings[0].roles[0].stack' => { group => $group{Editors},
            roles => [{ role => 2 }] },
        'mappings[0].organization_role' => { group => $group{Editors},
            organization_role => 'owner' },
        'mappings[0].version' => { group => $group{Editors}, version => 'x' },
    );
    for my $field (sort keys %wrong) {
        my $reply = $olga->post('/mappings', { mappings => [$wrong{$field}] });
        is "$reply->{status} $reply->{json}{field}", "400 $field", "$field is named";
    }
    my $nobody = '00000000-0000-4000-8000-000000000000';
    is $olga->post('/mappings', { mappings => [{ group => $nobody, roles => [
        { stack => undef, role => 2 }] }] })->{json}{field}, 'mappings[0].group',
        'a group must be there';
    is $olga->post('/mappings', { mappings => [map { { group => $_, roles => [] } }
        $group{Editors}, uc $group{Editors}] })->{json}{field}, 'mappings[1].group',
        '... and once';
    is $olga->post('/mappings', { mappings => [] })->{status}, 400, 'none is too few';
    is $olga->get('/mappings/unmapped', { after => 'x' })->{status}, 400,
        'a page begins where one said so';
    like refused(qw(mapping save --group Nobody --role Admin), @in_acme),
        qr/There is no group "Nobody"/, 'a name must be somebody';
    my $twin = $server->app('acme', app => 'Okta', kind => 'okta');
    my $made = $twin->post('/Groups', { schemas => [GROUP], displayName => 'Editors' });
    like refused(qw(mapping save --group editors --role Admin), @in_acme),
        qr/More than one group is called "editors": say the id instead.*$made->{json}{id}/,
        '... and one only';
    $twin->delete("/Groups/$made->{json}{id}");
    return;
}

sub who_may() {
    my $admin = { mappings => [{ group => $group{Editors}, organization_role => 'admin' }] };
    is $adam->post('/mappings', $admin)->{status}, 403,
        'an admin makes no administrators by a group';
    is $olga->post('/mappings', $admin)->{status}, 200, 'an owner does';
    is $adam->post('/mappings', { mappings => [{ group => $group{Editors},
        organization_role => 'admin', roles => [{ stack => undef, role => 3 }] }] })->{status},
        200, 'an admin may change the rest of it';
    is $adam->post('/mappings', { mappings => [{ group => $group{Editors},
        roles => [] }] })->{status}, 200, '... and end it';
    is $mia->get($_)->{status}, 403, "a member does not see $_"
        for qw(/mappings /roles /users /groups);
    is $mia->post('/mappings', $admin)->{status}, 403, '... nor change anything';
    return;
}

sub deletions() {
    $olga->post('/mappings', { mappings => [
        { group => $group{Developers}, roles => [{ stack => $website, role => 2 }] },
        { group => $group{Editors}, roles => [{ stack => $website, role => 2 },
            { stack => undef, role => 3 }] }] });
    my $done = $olga->delete("/stacks/$website");
    is $done->{status}, 200, 'a stack is deleted';
    is_deeply { map { $_ => $done->{json}{$_} } qw(people mappings mappings_removed) },
        { people => 3, mappings => 2, mappings_removed => 1 },
        '... and says out of how many mappings, and who is concerned';
    is $done->{json}{loss_count}, 3, '... and how much they lose';
    is_deeply held(), ['bob Blog Content Manager', 'cem Blog Content Manager'],
        'what is held in every stack goes on in the others';
    is $postgres->psql(q{select string_agg(distinct changes ->> 'stack', ',')
        from scim.journal where changes #>> '{cause,kind}' = 'stack'}), 'Website',
        'the journal knows its name';
    is $olga->delete('/roles/3')->{json}{loss_count}, 2, 'a role is deleted';
    is_deeply held(), [], '... and nobody has it';
    is_deeply told(qw(mapping list), @in_acme), [], 'mappings to nothing are none';
    told(qw(mapping save --group Editors --role Developer), @in_acme);
    my ($mapping) = @{ told(qw(mapping list), @in_acme) };
    is told(qw(mapping delete), $mapping->{id}, @in_acme)->{loss_count}, 2,
        'a mapping is deleted';
    is journal("action = 'mapping.delete'") > 0, 1, '... and told';
    is $olga->get("/mappings/$mapping->{id}")->{status}, 404, '... and gone';
    return;
}

sub reconnect() {
    told(qw(mapping save --group Editors --role Developer), @in_acme);
    $acme->delete("/Groups/$group{Editors}");
    my ($asleep) = @{ $olga->get('/mappings/dormant')->{json}{items} };
    is $asleep->{group}{name}, 'Editors', 'the mapping of a deleted group sleeps';
    ok $asleep->{dormant_since}, '... since when is said';
    is_deeply $asleep->{candidates}, [], '... and nobody is like it';
    my $again = circle('Editors', 'g-other', 'cem');
    ($asleep) = @{ $olga->get('/mappings/dormant')->{json}{items} };
    is_deeply [map { "$_->{id} @{ $_->{same} }" } @{ $asleep->{candidates} }],
        ["$again name"], 'a group of the same name is offered';
    my $path = "/mappings/$asleep->{id}/reconnect";
    is $olga->post($path, { group => $again, dry_run => JSON::PP::true })
        ->{json}{gain_count}, 1, 'what would be gained is said';
    is_deeply held(), [], '... and not given';
    is $olga->post($path, { group => $group{Developers} })->{json}{gain_count}, 2,
        'any group will do';
    is $olga->post($path, { group => $again })->{status}, 409,
        'one that is awake is not connected again';
    is_deeply held(), ['ann Blog Developer', 'bob Blog Developer'], 'its members hold it';
    is $postgres->psql(q{select count(*) from scim.journal
        where action = 'mapping.reconnect'}), 1, 'it is told once';

    $olga->post('/mappings', { mappings => [{ group => $again, organization_role => 'admin' }] });
    $acme->delete("/Groups/$again");
    my $third = circle('Editors', 'g-other', 'cem');
    ($asleep) = @{ $olga->get('/mappings/dormant')->{json}{items} };
    is_deeply $asleep->{candidates}[0]{same}, ['external_id', 'name'],
        'what makes administrators does not come back by itself';
    $path = "/mappings/$asleep->{id}/reconnect";
    is $adam->post($path, { group => $third })->{status}, 403, '... nor by an admin';
    is $olga->post($path, { group => $third })->{status}, 200, '... but by an owner';
    return;
}

sub expiry() {
    my $group = circle('Gone', 'g-gone', 'ann');
    my $kept = circle('Kept', 'g-kept', 'ann');
    told(qw(mapping save --role Developer --group), $_, @in_acme) for $group, $kept;
    my $before = @{ $olga->get('/mappings')->{json}{items} };
    $acme->delete("/Groups/$_") for $group, $kept;
    is told(qw(journal maintain))->{mappings_removed}, 0, 'a dormant mapping is kept';
    $postgres->psql("update scim.tombstones set deleted = now() - interval '91 days'
        where id = '$group'");
    like spoken(qw(journal maintain)), qr/^1 mappings removed/m, '... for 90 days';
    is scalar @{ $olga->get('/mappings')->{json}{items} }, $before - 1, '... and no other';
    is $postgres->psql(q{select name || ' ' || (changes #>> '{before,roles,0,role_name}')
        from scim.journal where action = 'mapping.expire'}), 'Gone Developer',
        '... which the journal tells';
    is told(qw(journal maintain))->{mappings_removed}, 0, 'once';
    return;
}

sub strange_names() {
    my @names = ('<img src=x onerror=alert(1)>', "a\x{202e}txt.exe", 'é' x 500,
        q{"'; drop table scim.users; --});
    for my $name (@names) {
        my $id = circle($name, undef, 'ann');
        my $done = told(qw(mapping save --group), $id, qw(--role Developer), @in_acme);
        is $done->{mappings}[0]{group}{name}, $name, 'a strange name is kept as it is';
        my ($found) = @{ $olga->get('/groups', { search => substr $name, 0, 5 })->{json}{items} };
        is $found->{id}, $id, '... and found';
    }
    is $olga->post('/roles', { name => 'x' x 2000 })->{status}, 400, 'a role has a short name';
    unlike spoken(qw(mapping list), @in_acme), qr/\xe2\x80\xae/, 'a terminal is not turned round';
    is scalar @{ $olga->get('/groups', { limit => 2 })->{json}{items} }, 2, 'groups have pages';
    my (@all, $after);
    do {
        my $page = $olga->get('/groups', { limit => 2, $after ? (after => $after) : () })->{json};
        push @all, map { $_->{id} } @{ $page->{items} };
        $after = $page->{next};
    } while $after;
    is scalar(@all), $postgres->psql('select count(*) from scim.groups'),
        '... which hold each of them once';
    return;
}

# ------------------------------------------------------------------ how it asks

sub person($name) {
    my $reply = $acme->post('/Users', { schemas => [USER], userName => $name,
        displayName => ucfirst $name });
    is $reply->{status}, 201, "there is $name" or diag $reply->{body};
    return $reply->{json}{id};
}

sub circle($name, $external, @members) {
    my $reply = $acme->post('/Groups', { schemas => [GROUP], displayName => $name,
        defined $external ? (externalId => $external) : (),
        members => [map { { value => $user{$_} } } @members] });
    is $reply->{status}, 201, 'there is a group' or diag $reply->{body};
    return $reply->{json}{id};
}

# "user stack role", as the view has it.
sub held() {
    return [split /\n/, $postgres->psql(q{select user_name || ' ' || stack || ' ' || role
        from scim.permissions where role is not null order by 1})];
}

sub journal($condition) {
    return $postgres->psql("select count(*) from scim.journal where $condition");
}

sub scimctl(@words) {
    utf8::encode($_) for @words;
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

sub refused(@words) {
    my $done = scimctl(@words, '--json');
    isnt $done->{status}, 0, "scimctl @words is refused";
    return $done->{errors};
}
