# What users and groups were, undo, erasure, and the journal as people read it:
# filters, pages, and a reader that follows and misses nothing.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Crowd;
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    ENTERPRISE =>
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    JOB      => 'urn:example:scim:schemas:extension:employment:1.0:User',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    REFUSED  => 1,
};

my $source = $ENV{SCIM_SOURCE} // "$FindBin::RealBin/..";
my $server = Scim::Server->new(admin => 1,
    section => "ScimSchema $source/conf/employment.schema.json User\n",
    config => "<Location /plain>\nScimService scim\n</Location>\n");
my $postgres = $server->postgres;
my $acme = $server->organization('acme', install => ['--passwords', 'store']);
my $globex = $server->organization('globex');
my $plain = $acme->another(url => $server->url('acme')
    =~ s{/scim/v2}{/plain}r, path => '/plain/acme');
my @in_acme = ('--organization', 'acme');
my $realm = $postgres->psql('select realm from scim.accounts limit 1');

subtest 'versions of a user' => \&look_back_at_user;
subtest 'versions of a group' => \&look_back_at_group;
subtest 'a deleted user comes back' => \&restore_user;
subtest 'a deleted group comes back' => \&restore_group;
subtest 'an earlier version comes back' => \&turn_back;
subtest 'extensions of files' => \&restore_extension;
subtest 'what the journal has lost' => \&lose_rows;
subtest 'erasure' => \&erase_person;
subtest 'retention' => \&forget_old;
subtest 'by the admin API' => \&ask_as_account;
subtest 'filters and pages' => \&filter_journal;
subtest 'following' => \&follow_journal;

is $postgres->psql(q{select count(*) from (select resource, version,
    row_number() over (partition by org_id, resource order by version) as n
    from scim.journal where version is not null and part = 0) j
    where version <> n and not exists (select from scim.journal e
        where e.resource = j.resource and e.action = 'user.erase')}), 1,
    'no version is left out but the one that a test took away';

$server->stop;
done_testing;

# ---------------------------------------------------------------------- history

sub look_back_at_user() {
    my $id = make_user('ann', title => 'First', emails => [{
        value => 'ann@example.com', type => 'work' }]);
    patch("/Users/$id", set('title', 'Second'));
    patch("/Users/$id", { op => 'remove', path => 'title' },
        set('nickName', 'Annie'));
    my $all = told('user', 'history', $id);
    is_deeply [map { "$_->{version} $_->{action}" } @$all],
        ['3 modify', '2 modify', '1 create'], 'the newest comes first';
    is_deeply [@{ $all->[0] }{qw(before after)}],
        [{ title => 'Second' }, { nickName => 'Annie' }], 'what changed';
    like $all->[0]{actor}, qr/\Atoken \d+\z/, '... by whom';
    is $all->[0]{app}, 'Azure Generic SCIM', '... through which app';
    like $all->[0]{time}, qr/\A\d{4}-.*Z\z/, '... when';
    like $all->[0]{request_id}, qr/./, '... in which request';

    my $page = $postgres->scimctl('user', 'history', $id, @in_acme,
        qw(--limit 1));
    like $page->{output}, qr/There is more: --after 3$/m, 'page by page';
    is_deeply [map { $_->{version} } @{ told('user', 'history', $id,
        qw(--limit 1 --after 3)) }], [2], '... goes on behind';
    like refusal('user', 'history', $id, '--after', "1' or true"),
        qr/no place in this list/, '... behind nothing else';

    is_deeply [map { my $then = told('user', 'version', $id, '--version', $_)
        ->{attributes}; $then->{title} // $then->{nickName} } 1 .. 3],
        [qw(First Second Annie)], 'the whole of it as it was';
    is_deeply told('user', 'version', $id, '--version', 1)->{attributes},
        { schemas => [USER], userName => 'ann', title => 'First',
            active => JSON::PP::true, emails => [{ value => 'ann@example.com',
            type => 'work' }] }, '... with everything';
    like refusal('user', 'version', $id, '--version', 4), qr/Version 4 is not/,
        'what is not there';
    like refusal('user', 'history', '01900000-0000-7000-8000-000000000000'),
        qr/There is and was no User/, 'nor anybody else';
    like refusal('group', 'history', $id), qr/There is and was no Group/,
        '... nor as a group';
    like run_refused('user', 'history', $id, '--organization', 'globex'),
        qr/There is and was no User/, '... nor in another organization';
    return;
}

sub look_back_at_group() {
    my ($one, $two) = map { make_user("member-$_") } 1, 2;
    my $id = make_group('Team', $one);
    patch("/Groups/$id", { op => 'add', path => 'members',
        value => [{ value => $two }] });
    patch("/Groups/$id", { op => 'remove',
        path => qq{members[value eq "$one"]} });
    my $all = told('group', 'history', $id);
    is_deeply [map { [$_->{version}, [map { $_->{name} } @{ $_->{added} // [] }],
        [map { $_->{name} } @{ $_->{removed} // [] }]] } @$all],
        [[3, [], ['member-1']], [2, ['member-2'], []], [1, ['member-1'], []]],
        'who came and went';
    is_deeply [map { join ' ', sort map { $_->{name} } @{ told('group', 'version',
        $id, '--version', $_)->{members} } } 1 .. 3],
        ['member-1', 'member-1 member-2', 'member-2'], 'who was in it';
    is told('group', 'version', $id, '--version', 2)->{member_count}, 2,
        '... and how many';
    is_deeply [map { "$_->{change} $_->{group}{name}" }
        @{ told('user', 'memberships', $one) }], ['left Team', 'joined Team'],
        'and a user knows of the groups';
    $acme->delete("/Users/$two");
    is_deeply [map { "$_->{change} " . ($_->{cause}{deleted} // '') }
        @{ told('user', 'memberships', $two) }], ["left $two", 'joined '],
        '... and why it is over';
    is_deeply [map { $_->{change} } @{ told('user', 'memberships', $one,
        qw(--limit 1)) }], ['left'], '... page by page';
    return;
}

# ------------------------------------------------------------------------- undo

sub restore_user() {
    my $id = make_user('bob', externalId => 'b-1', title => 'Boss',
        password => 'Secret-of-bob-1', emails => [{ value => 'bob@example.com',
        type => 'work' }]);
    my @groups = map { make_group("Of bob $_", $id) } 1 .. 3;
    my $was = $acme->get("/Users/$id")->{json};
    like refusal('user', 'restore', $id), qr/is there: say which version/,
        'nobody restores what lives';
    $acme->delete("/Users/$id");
    like refusal('user', 'restore', $id, '--version', 1),
        qr/is deleted: restore it first/, 'nor a version of what does not';
    my $other = make_user('BOB');
    like refusal('user', 'restore', $id), qr/userName "bob" is taken/,
        'a name that is taken says so';
    is $acme->get("/Users/$id")->{status}, 404, '... and nothing has come back';
    $acme->delete("/Users/$other");

    $acme->delete("/Groups/$groups[2]");
    is_deeply told('user', 'restore', $id), { id => $id, type => 'User',
        version => 3, groups => 0 }, 'else it comes back';
    my $now = $acme->get("/Users/$id")->{json};
    is $now->{meta}{created}, $was->{meta}{created}, '... as old as it was';
    is $now->{meta}{version}, 'W/"3"', '... and its versions go on';
    is $now->{groups}, undef, '... in no group';
    delete @$_{qw(meta groups)} for $was, $now;
    is_deeply $now, $was, '... the same in all else';
    is_deeply [map { $acme->get('/Users', { filter => $_ })->{json}{totalResults} }
        'userName eq "BOB"', 'emails.value eq "BOB@example.com"',
        'title eq "boss"', 'externalId eq "b-1"'], [1, 1, 1, 1],
        '... found as before';
    is $postgres->psql("select count(*) from scim.passwords
        where user_id = '$id'"), 0, '... but without a password';
    is $postgres->psql("select actor_kind || ' ' || action || ' ' || app_id
        from scim.journal where resource = '$id' and version = 3"),
        'scimctl restore ' . $acme->app, 'the journal says who did it';
    like refusal('user', 'restore', $id), qr/is there/, 'once is enough';

    patch("/Groups/$groups[0]", { op => 'add', path => 'members',
        value => [{ value => $id }] });
    patch("/Groups/$groups[1]", { op => 'add', path => 'members',
        value => [{ value => $id }] });
    $acme->delete("/Users/$id");
    $acme->delete("/Groups/$groups[1]");
    is told('user', 'restore', $id, qw(--memberships on))->{groups}, 1,
        'with its memberships, where asked';
    is_deeply [map { $_->{value} } @{ $acme->get("/Users/$id")->{json}{groups} }],
        [$groups[0]], '... in groups that are still there';
    is_deeply [map { $_->{action} } @{ told('user', 'history', $id) }],
        [qw(restore delete restore delete create)], 'its life';
    is told('user', 'version', $id, '--version', 1)->{attributes}{title}, 'Boss',
        '... can be looked back at through deletions';
    like refusal('user', 'version', $id, '--version', 2), qr/is the deletion/,
        '... in which there is nothing';
    return;
}

sub restore_group() {
    my ($one, $two) = map { make_user("grouped-$_") } 1, 2;
    my $child = make_group('Child', $one);
    my $id = make_group('Parent', $one, $two, $child);
    my $top = make_group('Top', $id);
    $acme->delete("/Groups/$id");
    my $other = make_group('parent');
    like refusal('group', 'restore', $id), qr/displayName "Parent" is taken/,
        'a name that is taken says so';
    $acme->delete("/Groups/$other");
    $acme->delete("/Users/$two");
    told('group', 'restore', $id);
    is members($id), '', 'it comes back empty';
    is members($top), '', '... and in nothing';
    $acme->delete("/Groups/$id");
    is told('group', 'restore', $id, qw(--memberships on))->{version}, 5,
        'once more';
    is members($id), '', '... and is what it was last';
    my $last = told('group', 'restore', $id, qw(--version 1 --memberships on));
    is $last->{version}, 6, 'what it was first';
    is members($id), join(' ', sort $one, $child),
        '... has the members that are still there';

    $acme->delete("/Groups/$id");
    told('group', 'restore', $id, qw(--memberships on));
    is members($id), join(' ', sort $one, $child),
        'a deletion is undone with its members';
    patch("/Groups/$top", { op => 'add', path => 'members',
        value => [{ value => $id }] });
    $acme->delete("/Groups/$id");
    is told('group', 'restore', $id, qw(--memberships on))->{groups}, 1,
        '... and where it was a member';
    is members($top), $id, '... it is again';
    return;
}

sub turn_back() {
    my $id = make_user('carl', title => 'Boss', emails => [{
        value => 'carl@example.com' }]);
    patch("/Users/$id", set('title', 'Clerk'), set('active', JSON::PP::false),
        set('userName', 'karl'), set(ENTERPRISE . ':department', 'Archive'));
    patch("/Users/$id", { op => 'remove', path => 'emails' });
    my $taker = make_user('carl');
    like refusal('user', 'restore', $id, '--version', 1),
        qr/userName "carl" is taken/, 'a name that is taken says so';
    $acme->delete("/Users/$taker");
    is told('user', 'restore', $id, '--version', 1)->{version}, 4,
        'it is a version like any other';
    my $now = $acme->get("/Users/$id")->{json};
    delete @$now{qw(id meta)};
    is_deeply $now, { schemas => [USER], userName => 'carl', title => 'Boss',
        active => JSON::PP::true, emails => [{ value => 'carl@example.com' }] },
        '... and what it was';
    is $acme->get('/Users', { filter => 'emails.value eq "carl@example.com"' })
        ->{json}{totalResults}, 1, '... found as then';
    is told('user', 'restore', $id, '--version', 1)->{version}, 4,
        'what is so already stays as it is';
    told('user', 'restore', $id, '--version', 3);
    is $acme->get("/Users/$id")->{json}{ +ENTERPRISE }{department}, 'Archive',
        'there and back';
    is $postgres->psql(qq{select changes -> 'after' ->> 'userName'
        from scim.journal where resource = '$id' and version = 5}), 'karl',
        '... and the journal has what changed';
    return;
}

# A file's extension is known to a section of httpd, not to us.
sub restore_extension() {
    my %job = (badge => 'B-1', floor => 3, skills => ['Welding'],
        pin => 'secret-pin', badgeKey => 'AAECAw==');
    my $id = make_user('dora', schemas => [USER, JOB], JOB, \%job);
    my $filter = { filter => JOB . ':skills eq "Welding"' };
    my $was = $acme->get("/Users/$id")->{json};
    is $plain->delete("/Users/$id")->{status}, 204,
        'who does not know the extension deletes';
    my $rival = make_user('rival', schemas => [USER, JOB],
        JOB, { %job, badge => 'B-2' });
    told('user', 'restore', $id);
    my $now = $acme->get("/Users/$id")->{json};
    delete @$_{qw(meta)} for $was, $now;
    is_deeply $now, $was, 'and yet it comes back with it';
    is $acme->get('/Users', $filter)->{json}{totalResults}, 2, '... to be found';
    is $postgres->psql(qq{select count(*) from scim.users where id = '$id'
        and body like '%secret-pin%'}), 1, '... with its secrets';
    is $postgres->psql(q{select count(*) from scim.journal
        where changes::text like '%secret-pin%'}), 0, '... which no row tells';
    is $postgres->psql(qq{select changes -> 'after' -> '@{[JOB]}' ->> 'badge'
        from scim.journal where resource = '$id' and action = 'restore'}), 'B-1',
        '... but all else';
    my $taken = $acme->post('/Users', { schemas => [USER, JOB],
        userName => 'late', JOB, { %job } });
    is $taken->{status}, 409, '... and what was unique is taken again'
        or diag $taken->{body};
    is told('user', 'version', $id, '--version', 1)->{attributes}{ +JOB }{badge},
        'B-1', 'the first version shows it';
    return;
}

sub lose_rows() {
    my $id = make_user('emil', title => 1);
    patch("/Users/$id", set('title', $_)) for 2, 3;
    $postgres->psql("delete from scim.journal where resource = '$id'
        and version = 2");
    like refusal('user', 'version', $id, '--version', 1),
        qr/what came after it is not there/, 'no way back through a gap';
    is told('user', 'version', $id, '--version', 3)->{attributes}{title}, 3,
        '... but to what is behind it';
    return;
}

# ---------------------------------------------------------------------- erasure

sub erase_person() {
    my %person = (externalId => 'erika-77', displayName => 'Erika Muster',
        emails => [{ value => 'erika@private.example' }]);
    my $id = make_user('erika.muster', %person);
    my $group = make_group('With erika', $id);
    patch("/Users/$id", set('title', 'Dr. Muster'));
    is $acme->post('/Users', { schemas => [USER], userName => 'erika.muster' })
        ->{status}, 409, 'a refusal quotes the name';
    $postgres->administer(qw(account create --realm), $realm,
        qw(--name emu --role member), @in_acme);
    $postgres->administer(qw(account link emu --user), $id, @in_acme);
    like refusal('user', 'erase', $id), qr/is there: delete it first/,
        'nobody erases who lives';
    is_deeply [@{ told('user', 'erase', $id, qw(--delete on)) }{qw(id deleted)}],
        [$id, JSON::PP::true], '... unless asked to';
    is $acme->get("/Users/$id")->{status}, 404, '... and then it is gone';
    for my $table (qw(journal tombstones users user_folded user_values)) {
        is $postgres->psql("select count(*) from scim.$table t
            where t::text ilike '%muster%' or t::text ilike '%erika\@%'
            or t::text like '%erika-77%'"), 0, "$table has nothing of it";
    }
    is $postgres->psql("select string_agg(action, ' ' order by version)
        from scim.journal where resource = '$id' and version is not null"),
        'create modify delete', 'that something happened, and when, stays';
    is $postgres->psql("select count(*) from scim.journal
        where resource = '$id' and action = 'user.erase'"), 1,
        '... and that it was erased';
    is members($group), '', '... and it is in no group';
    like refusal('user', 'restore', $id), qr/erased; nobody can bring/,
        'there is no way back';
    like refusal('user', 'version', $id, '--version', 1), qr/erased/,
        '... nor a look';
    is told('user', 'erase', $id)->{deleted}, JSON::PP::false,
        'twice does no harm';
    is $postgres->psql(q{select count(*) from scim.journal
        where name = 'ann'}), 3, 'others are as they were';
    return;
}

# The journal's retention is that of the deleted, too.
sub forget_old() {
    my ($old, $new) = map { make_user("deleted-$_") } qw(old new);
    $acme->delete("/Users/$_") for $old, $new;
    $postgres->psql("update scim.tombstones
        set deleted = now() - interval '3 months' where id = '$old'");
    $postgres->administer(qw(journal maintain --keep 12));
    is told('user', 'version', $old, '--version', 1)->{attributes}{userName},
        'deleted-old', 'what the journal keeps can be looked at';
    $postgres->administer(qw(journal maintain --keep 2));
    like refusal('user', 'restore', $old), qr/erased/, '... what not, not';
    is $postgres->psql(q{select count(*) from scim.tombstones t
        where t::text like '%deleted-old%'}), 0, '... nothing of it is left';
    told('user', 'restore', $new);
    return;
}

# --------------------------------------------------------------- the admin API

sub ask_as_account() {
    $postgres->administer(qw(account create --realm), $realm, '--name', $_->[0],
        '--role', $_->[1], @in_acme) for [oscar => 'admin'], [mia => 'member'];
    my ($oscar, $mia) = map { $server->admin('acme', $_) } qw(oscar mia);
    my $id = make_user('frieda', externalId => 'f-1', emails => [{
        value => 'frieda@example.com' }]);
    my @groups = map { make_group("Of frieda $_", $id) } 1, 2;
    my $was = $acme->get("/Users/$id")->{json};
    patch("/Users/$id", set('title', 'Now'));
    $acme->delete("/Users/$id");
    my $restore = "/users/$id/restore";
    is $mia->post($restore, {})->{status}, 403, 'a member may not';
    is $oscar->another(url => $oscar->url =~ s/acme/globex/r)
        ->post($restore, {})->{status}, 404,
        'nobody in a foreign organization';
    is $oscar->post($restore, { memberships => JSON::PP::true })
        ->{json}{groups}, 2, 'an admin restores a user';
    is $oscar->post($restore, { version => 1 })->{json}{version}, 5,
        '... and what it was';
    my $now = $acme->get("/Users/$id")->{json};
    delete $_->{meta} for $was, $now;
    is_deeply $now, $was, '... with its groups';
    is $oscar->post($restore, {})->{status}, 400, '... which lives now';
    like $oscar->get("/users/$id/history")->{json}{items}[0]{actor},
        qr/\Aaccount .*oscar/, 'who did it is in the history';
    is $oscar->get("/users/$id/versions/2")->{json}{attributes}{title}, 'Now',
        '... which can be looked at';
    is scalar @{ $oscar->get("/users/$id/memberships")->{json}{items} }, 6,
        '... with its memberships';
    $acme->delete("/Groups/$groups[0]");
    is $oscar->post("/groups/$groups[0]/restore",
        { memberships => JSON::PP::true })->{json}{version}, 5,
        'a group is restored';
    is members($groups[0]), $id, '... with its members';
    is $oscar->get("/groups/$groups[0]/versions/1")->{json}{member_count}, 1,
        '... and looked at';
    is scalar @{ $oscar->get("/groups/$groups[0]/history")->{json}{items} }, 5,
        '... in all its versions';
    my $page = $oscar->get('/journal', { outcome => 'refused', limit => 1 })
        ->{json};
    is scalar @{ $page->{items} }, 1, 'the journal is listed';
    isnt $oscar->get('/journal', { outcome => 'refused', limit => 1,
        after => $page->{next} })->{json}{items}[0]{key}, $page->{items}[0]{key},
        '... page by page';
    my $place = $oscar->get('/journal/follow')->{json};
    is_deeply $place->{items}, [], '... and followed';
    patch("/Users/$id", set('title', 'Later'));
    is_deeply [map { $_->{name} } @{ $oscar->get('/journal/follow',
        { after => $place->{next} })->{json}{items} }], ['frieda'],
        '... from where it ended';
    my $refused = $oscar->get('/journal', { resource => 'x' });
    is "$refused->{status} $refused->{json}{field}", '400 resource',
        'what is no id is none';
    return;
}

# ------------------------------------------------------------------ the journal

sub filter_journal() {
    $globex->post('/Users', { schemas => [USER], userName => 'stranger' });
    my $count = sub (@words) {
        return scalar @{ told_by('journal', 'list', 'acme', @words, qw(--limit
            200)) } };
    my $sql = sub ($where) { $postgres->psql("select count(*) from scim.journal j
        join scim.organizations o using (org_id) where o.slug = 'acme'
        and part = 0 and ($where)") };
    my %same = (
        '--action delete'   => q{action = 'delete'},
        '--action app'      => q{action like 'app.%'},
        '--type Group'      => q{resource_type = 'Group'},
        '--outcome refused' => 'status >= 400',
        '--outcome warned'  => q{changes ? 'warnings'},
        '--outcome ok --action create' => q{status < 400 and action = 'create'},
        '--actor scimctl:' . getpwuid($<) => q{actor_kind = 'scimctl'},
        '--app ' . $acme->app => 'app_id = ' . $acme->app,
        '--text TEAM'       => q{j.name = 'Team' or changes::text ilike '%team%'},
        '--since 2040-01-01T00:00:00Z' => 'false',
        '--until 2020-01-01T00:00:00Z' => 'false',
    );
    for my $words (sort keys %same) {
        is $count->(split / /, $words), $sql->($same{$words}), "only $words";
    }
    my $id = make_user('filtered');
    is_deeply [map { $_->{name} } @{ told_by(qw(journal list acme --resource),
        $id) }], ['filtered'], 'only one resource';
    like run_refused(qw(journal list acme --outcome good)), qr/--outcome is one/,
        'what is no outcome is none';
    like run_refused(qw(journal list acme --resource x)), qr/--resource takes a UUID/,
        'what is no id is none';
    my ($all, @pages, $after) = told_by(qw(journal list acme --limit 200));
    for (1 .. 200) {
        my $page = told_by(qw(journal list acme --limit 7),
            $after ? ('--after', $after) : ());
        push @pages, @$page;
        last if @$page < 7 || @pages >= @$all;
        $after = $page->[-1]{key};
    }
    is_deeply [map { $_->{key} } @pages[0 .. $#$all]], [map { $_->{key} } @$all],
        'pages neither skip nor repeat';
    is scalar(@{ told_by(qw(journal list acme)) }), 20, 'twenty, unless told';
    return;
}

# Transactions that end in another order than they began: a row is told once it
# cannot be overtaken, and none is left out.
sub follow_journal() {
    local $ENV{SCIM_DATABASE} = $postgres->conninfo;
    my $pid = open my $lines, '-|', "$ENV{SCIM_BUILD}/scimctl", 'journal',
        'follow', 'acme', '--type', 'Followed', '--json';
    sleep 2;
    my $insert = q{insert into scim.journal(org_id, actor_kind, actor, action,
        resource_type, name) select org_id, 'system', 'test', 'test', 'Followed',
        '%s' from scim.organizations where slug = 'acme'};
    my $crowd = Scim::Crowd->new(3, sub ($n, $crowd) {
        $postgres->psql(join '', map { 'begin; ' . sprintf($insert, "$n-$_")
            . '; select pg_sleep(' . rand(0.3) . '); '
            . sprintf($insert, "$n-$_-later") . '; commit;' } 1 .. 8);
        return 1;
    });
    $crowd->end;
    my @seen;
    local $SIG{ALRM} = sub { kill 'TERM', $pid };
    alarm 30;
    while (@seen < 48 && defined(my $line = readline $lines)) {
        push @seen, JSON::PP->new->utf8->decode($line)->{name};
    }
    alarm 0;
    kill 'TERM', $pid;
    close $lines;
    is_deeply [sort @seen], [sort map { my $n = $_; map { ("$n-$_",
        "$n-$_-later") } 1 .. 8 } 0 .. 2], 'each row once, and all of them';
    return;
}

# ------------------------------------------------------------------------ tools

sub make_user($name, %more) {
    my $reply = $acme->post('/Users', { schemas => [USER], userName => $name,
        %more });
    $reply->{status} == 201 or BAIL_OUT("user $name: $reply->{body}");
    return $reply->{json}{id};
}

sub make_group($name, @members) {
    my $reply = $acme->post('/Groups', { schemas => [GROUP],
        displayName => $name, members => [map { { value => $_ } } @members] });
    $reply->{status} == 201 or BAIL_OUT("group $name: $reply->{body}");
    return $reply->{json}{id};
}

sub set($path, $value) {
    return { op => 'replace', path => $path, value => $value };
}

sub patch($path, @operations) {
    my $reply = $acme->patch($path, { schemas => [PATCH_OP],
        Operations => \@operations });
    $reply->{status} =~ /\A20/ or BAIL_OUT("$path: $reply->{body}");
    return;
}

sub members($id) {
    return join ' ', sort map { $_->{value} }
        @{ $acme->get("/Groups/$id")->{json}{members} // [] };
}

sub told(@words) { return told_by(@words, @in_acme) }

sub told_by(@words) {
    my $done = $postgres->scimctl(@words, '--json');
    is $done->{status}, 0, "scimctl @words" or diag $done->{errors};
    return $done->{json};
}

sub refusal(@words) { return run_refused(@words, @in_acme) }

sub run_refused(@words) {
    my $done = $postgres->scimctl(@words);
    is $done->{status}, REFUSED, "scimctl @words is refused"
        or diag $done->{errors}, $done->{output};
    return $done->{errors};
}
