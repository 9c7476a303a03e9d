# The journal is complete: after a random run, every resource is made again from
# it alone, and is what GET answers.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Crowd qw(in_parallel total);
use Scim::Process qw(slurp);
use Scim::Server;
use Test::More;

use constant {
    USER       => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP      => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    ENTERPRISE =>
        'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    JOB        => 'urn:example:scim:schemas:extension:employment:1.0:User',
    DEPARTMENT => 'urn:example:scim:schemas:1.0:Department',
    PATCH_OP   => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    REQUEST    => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
    CLIENTS    => 8,
    ROUNDS     => 150,
    AT_ONCE    => 1_000, # ids in one row
};

my $JSON = JSON::PP->new->utf8->canonical;
my $source = $ENV{SCIM_SOURCE} // "$FindBin::RealBin/..";
my ($section) = slurp("$source/conf/extensions.conf") =~ m{
    ScimBaseURL\ \S+\n(.*)</Location>}xs;
$section =~ s{/etc/apache2/scim/}{$source/conf/}g;
my $server = Scim::Server->new(section => $section,
    config => 'ScimDatabaseTimeout request=60');

# Of each organization: an app of its own kind, one that sees everything, and
# another client of that one for the comparison.
my (@clients, %reader);
for my $slug (qw(acme globex)) {
    my $own = $server->organization($slug);
    my $all = $server->app($slug, app => 'All', kind => 'okta',
        install => ['--whole-organization', '--passwords', 'store']);
    push @clients, $own, $all;
    $reader{$slug} = $all;
}

my $counts;
subtest 'a random run' => sub {
    $counts = total(in_parallel(CLIENTS, sub ($n) {
        random_run($n, $clients[$n % @clients]->another);
    }));
    diag $JSON->encode($counts) if $ENV{TEST_VERBOSE};
    is $counts->{odd} // 0, 0, 'every request is answered as it should be';
    cmp_ok $counts->{$_} // 0, '>', 0, "there was $_" for qw(create replace
        modify delete bulk members nested department refused warned extended
        enterprise);
};

subtest 'undo' => \&undo_some;
subtest 'large groups' => \&change_large_groups;
subtest 'warnings' => \&send_off_standard;

my @rows = map { $JSON->decode($_) } split /\n/, $server->postgres->psql(q{
    select json_build_object('slug', o.slug, 'id', j.resource, 'j', j,
        'at', to_char(j.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
      from scim.journal j join scim.organizations o using (org_id)
     where j.resource is not null
     order by j.resource, j.version, j.part});
my %made;
replay($_) for @rows;

subtest 'versions' => sub {
    my %gap = map { $_ => $made{$_}{gap} } grep { $made{$_}{gap} } keys %made;
    is_deeply \%gap, {}, 'each write of a resource is there once, none is left'
        . ' out';
    my %wrong = map { $_ => $made{$_}{first} }
        grep { $made{$_}{first} ne 'create' } keys %made;
    is_deeply \%wrong, {}, '... from the first on, which makes it';
};

subtest 'what GET answers' => \&compare;
subtest 'the columns of a row' => \&look_at_rows;

$server->stop;
done_testing;

# ------------------------------------------------------------------ the run

# What one client does, by itself but among the others.
sub random_run($n, $client) {
    my %my = (n => $n, client => $client, count => {}, users => [],
        groups => [], departments => [], name => 0);
    my @doings = ((\&make_user) x 3, \&make_group, \&make_department,
        (\&replace_user) x 2, (\&patch_user) x 3, (\&patch_members) x 4,
        \&replace_group, \&rename_group, \&change_department, \&remove_one,
        \&bulk, \&refused);
    make_user(\%my) for 1 .. 5;
    make_group(\%my) for 1 .. 3;
    $doings[rand @doings]->(\%my) for 1 .. ROUNDS;
    return $my{count};
}

sub one_of($list) { return $list->[rand @$list] }
sub some_of($list, $most) { return map { one_of($list) } 1 .. 1 + rand $most }
sub name($my, $what) { return "$what-$my->{n}-" . ++$my->{name} }

# Counts what succeeded. What a colleague of the same organization deleted
# meanwhile is not there, and an extension may need more than a change of it
# brings; all else is not fine.
sub did($my, $what, $reply, @more) {
    my $was = $reply->{status} =~ /\A2/ ? $what
        : $reply->{status} =~ /\A(?:404|409)\z/ ? 'missed'
        : $reply->{status} == 400 && $reply->{body} =~ /no user or group has|is required/
            ? 'missed' : 'odd';
    diag "$what: $reply->{status} $reply->{body}" if $was eq 'odd';
    $my->{count}{$_}++ for $was, $was eq $what ? @more : ();
    return $was eq $what ? $reply->{json} : undef;
}

sub user($my) {
    my $name = name($my, 'user');
    my %user = (schemas => [USER], userName => $name,
        name => { familyName => "F\x{e4}$name", givenName => one_of([qw(A B)]) },
        active => rand() < 0.8 ? JSON::PP::true : JSON::PP::false,
        emails => [map { { value => "$name-$_\@example.com",
            type => one_of([qw(work home)]) } } 1 .. 1 + rand 3]);
    $user{title} = one_of([qw(x y z)]) if rand() < 0.5;
    $user{externalId} = "ext-$name" if rand() < 0.5;
    $user{password} = 'Never-in-the-journal-1' if rand() < 0.2;
    $user{x509Certificates} = [{ value => 'TUlJ' x 700 }] if rand() < 0.1;
    if (rand() < 0.3) {
        push @{ $user{schemas} }, ENTERPRISE;
        $user{ +ENTERPRISE } = { department => one_of([qw(R S)]),
            manager => { value => one_of($my->{users}) // 'nobody' } };
    }
    if (rand() < 0.3) {
        push @{ $user{schemas} }, JOB;
        $user{ +JOB } = { badge => "badge-$name", floor => int(rand 9) - 3,
            weeklyHours => 38.5, pin => 'Never-in-the-pin',
            contract => 'permanent', skills => ['Welding'] };
    }
    return \%user;
}

sub make_user($my) {
    my $user = user($my);
    my $made = did($my, 'create', $my->{client}->post('/Users', $user),
        $user->{ +JOB } ? 'extended' : (),
        $user->{ +ENTERPRISE } ? 'enterprise' : ());
    push @{ $my->{users} }, $made->{id} if $made;
    return;
}

sub members($my, $most = 6) {
    my @ids = some_of($my->{users}, $most);
    push @ids, one_of($my->{groups}) if @{ $my->{groups} } && rand() < 0.3;
    my %seen;
    return map { { value => $_ } } grep { defined && !$seen{$_}++ } @ids;
}

sub make_group($my) {
    my $made = did($my, 'create', $my->{client}->post('/Groups', {
        schemas => [GROUP], displayName => name($my, 'group'),
        rand() < 0.7 ? (members => [members($my)]) : () }));
    push @{ $my->{groups} }, $made->{id} if $made;
    return;
}

sub make_department($my) {
    my $made = did($my, 'create', $my->{client}->post('/Departments', {
        schemas => [DEPARTMENT], displayName => name($my, 'department') }),
        'department');
    push @{ $my->{departments} }, $made->{id} if $made;
    return;
}

sub replace_user($my) {
    did($my, 'replace', $my->{client}->put('/Users/' . one_of($my->{users}),
        user($my)));
    return;
}

sub change(@operations) {
    return { schemas => [PATCH_OP], Operations => [@operations] };
}

sub set($path, $value) {
    return { op => 'replace', path => $path, value => $value };
}

sub patch_user($my) {
    my $title = name($my, 'title');
    my @kinds = (
        [set('title', $title)],
        [{ op => 'add', path => 'emails',
            value => [{ value => "$title\@example.org", type => 'other' }] }],
        [{ op => 'remove', path => 'emails[type eq "home"]' }],
        [{ op => 'remove', path => 'title' }, set('nickName', 'Nick')],
        [set('active', JSON::PP::false)], [set(ENTERPRISE . ':costCenter', '7')],
        [set('password', 'Never-in-the-journal-2')],
        [set(JOB . ':floor', int rand 5)],
    );
    # Off-standard, as Entra has it.
    my $is_odd = rand() < 0.3;
    my $operations = $is_odd ? [{ op => 'Replace', path => 'active',
        value => 'True' }] : one_of(\@kinds);
    did($my, 'modify', $my->{client}->patch('/Users/' . one_of($my->{users}),
        change(@$operations)), $is_odd ? 'warned' : ());
    return;
}

sub patch_members($my) {
    my $group = one_of($my->{groups}) // return;
    my @members = grep { $_->{value} ne $group } members($my);
    my $which = join ' or ', map { qq{value eq "$_->{value}"} } @members;
    my @kinds = ({ op => 'add', path => 'members', value => \@members },
        { op => 'add', path => 'members', value => \@members },
        { op => 'remove', path => "members[$which]" },
        { op => 'replace', path => 'members', value => \@members },
        { op => 'add', path => 'members', value => [@members,
            { value => '01900000-0000-7000-8000-000000000000' }] });
    did($my, 'modify', $my->{client}->patch("/Groups/$group",
        change(one_of(\@kinds))), 'members',
        (grep { my $id = $_->{value}; grep { $_ eq $id } @{ $my->{groups} } }
            @members) ? 'nested' : ()) if @members;
    return;
}

sub replace_group($my) {
    my $group = one_of($my->{groups}) // return;
    did($my, 'replace', $my->{client}->put("/Groups/$group", {
        schemas => [GROUP], displayName => name($my, 'group'),
        members => [grep { $_->{value} ne $group } members($my)] }));
    return;
}

sub rename_group($my) {
    my $group = one_of($my->{groups}) // return;
    did($my, 'modify', $my->{client}->patch("/Groups/$group", change(
        set('displayName', name($my, 'group')), { op => 'add',
            path => 'members', value => [{ value => one_of($my->{users}) }] })));
    return;
}

sub change_department($my) {
    my $id = one_of($my->{departments}) // return;
    did($my, 'modify', $my->{client}->patch("/Departments/$id",
        change(set('displayName', name($my, 'department')))), 'department');
    return;
}

sub remove_one($my) {
    my ($type, $list) = @{ one_of([['Users', $my->{users}],
        ['Groups', $my->{groups}], ['Departments', $my->{departments}]]) };
    return if @$list < 3;
    my $id = splice @$list, rand @$list, 1;
    did($my, 'delete', $my->{client}->delete("/$type/$id"));
    return;
}

# Users and a group of them; now and then the second name is taken.
sub bulk($my) {
    my @users = map { user($my) } 1 .. 3;
    my $victim = @{ $my->{users} } > 5 ? shift @{ $my->{users} } : undef;
    my $reply = $my->{client}->post(rand() < 0.5 ? '/Bulk' : '/Bulk?atomic=true',
        { schemas => [REQUEST], Operations => [
            (map { { method => 'POST', path => '/Users', bulkId => "u$_",
                data => $users[$_] } } 0 .. $#users),
            { method => 'POST', path => '/Groups', bulkId => 'g', data => {
                schemas => [GROUP], displayName => name($my, 'group'),
                members => [map { { value => "bulkId:u$_" } } 0 .. $#users] } },
            { method => 'PATCH', path => '/Users/' . one_of($my->{users}),
                data => change(set('title', 'bulk')) },
            $victim ? { method => 'DELETE', path => "/Users/$victim" } : (),
        ] });
    did($my, 'bulk', $reply);
    for my $done (grep { $_->{status} == 201 }
            @{ $reply->{json}{Operations} // [] }) {
        my ($type, $id) = $done->{location} =~ m{/(Users|Groups)/([^/]+)\z};
        push @{ $my->{ lc $type } }, $id;
    }
    return;
}

sub refused($my) {
    my $reply = $my->{client}->post('/Users', { schemas => [USER],
        title => 'nobody' });
    $my->{count}{ $reply->{status} == 400 ? 'refused' : 'odd' }++;
    return;
}

# -------------------------------------------------------------------- undo

# What was deleted comes back, what lives becomes what it was first.
sub undo_some() {
    my %done;
    # Twenty of each kind, as far as the run has made them.
    for my $row (split /\n/, $server->postgres->psql(q{
        with made as (
            select o.slug, lower(j.resource_type) as type, j.resource,
                max(j.version) as version,
                bool_or(j.action = 'delete') as is_deleted
              from scim.journal j join scim.organizations o using (org_id)
             where j.version is not null
               and j.resource_type in ('User', 'Group')
             group by 1, 2, 3),
        counted as (
            select *, row_number() over (partition by type, is_deleted
                order by md5(resource::text)) as n
              from made where is_deleted or version > 2)
        select slug, type, resource, version, is_deleted from counted
         where n <= 20 order by md5(resource::text)})) {
        my ($slug, $type, $id, $version, $is_deleted) = split /\|/, $row;
        my $result = $server->postgres->scimctl($type, 'restore', $id,
            '--organization', $slug, $is_deleted eq 't' ? () : qw(--version 1),
            '--memberships', $id =~ /[0-7]\z/ ? 'on' : 'off');
        $done{$result->{status} == 0 ? "$type $is_deleted" : 'refused'}++;
        diag $result->{errors}
            if $result->{status} && $result->{errors} !~ / is taken by /;
    }
    cmp_ok $done{$_} // 0, '>', 0, $_ for 'user t', 'user f', 'group t',
        'group f';
    cmp_ok $done{refused} // 0, '<', 10, 'few names are taken meanwhile';
    return;
}

# --------------------------------------------------------- a large difference

sub change_large_groups() {
    my ($client, $n) = ($clients[0], 2 * AT_ONCE + 345);
    my @ids;
    while (@ids < $n) {
        my $reply = $client->post('/Bulk', { schemas => [REQUEST],
            Operations => [map { { method => 'POST', path => '/Users',
                bulkId => "l$_", data => { schemas => [USER],
                    userName => "large-$_" } } } @ids + 1 .. @ids + 335] });
        push @ids, map { $_->{location} =~ s{.*/}{}r }
            @{ $reply->{json}{Operations} };
    }
    my @all = map { { value => $_ } } @ids;
    my %group = (schemas => [GROUP], displayName => 'Large');
    my $id = $client->post('/Groups', { %group, members => \@all })
        ->{json}{id};
    is $client->put("/Groups/$id", { %group, members => [@all[0 .. 99]] })
        ->{status}, 200, 'a PUT takes most away';
    is $client->patch("/Groups/$id", change({ op => 'add', path => 'members',
        value => \@all }))->{status}, 204, 'a PATCH brings them back';
    is $client->patch("/Groups/$id", change({ op => 'add', path => 'members',
        value => [{ value => $ids[0] }] }))->{status}, 204, 'nothing changes';
    my $doomed = $client->post('/Groups', { %group, displayName => 'Doomed',
        members => \@all })->{json}{id};
    is $client->delete("/Groups/$doomed")->{status}, 204, 'a group is deleted';
    $client->delete("/Users/$_") for @ids[0, 1];
    is $server->postgres->psql(qq{select string_agg(action || ' ' || version
        || ' ' || added || '/' || removed, ', ' order by version) from (
        select action, version, sum(coalesce(cardinality(added), 0)) as added,
            sum(coalesce(cardinality(removed), 0)) as removed
          from scim.journal where resource = '$id' group by 1, 2) j}),
        "create 1 $n/0, replace 2 0/" . ($n - 100) . ', modify 3 '
        . ($n - 100) . '/0, modify 4 0/1, modify 5 0/1',
        'the journal names each who came or went';
    is $server->postgres->psql(qq{select sum(cardinality(removed))
        from scim.journal where resource = '$doomed'}), $n,
        '... and who was in a group that is no more';
    is $server->postgres->psql('select max(coalesce(cardinality(added), 0)
        + coalesce(cardinality(removed), 0)) from scim.journal'), AT_ONCE,
        '... a thousand in a row';
    return;
}

sub send_off_standard() {
    my $id = $clients[0]->post('/Users', { schemas => [USER],
        userName => 'odd' })->{json}{id};
    $clients[0]->patch("/Users/$id", change({ op => 'Replace',
        path => 'active', value => 'False' }));
    my $changes = $JSON->decode($server->postgres->psql(qq{select changes
        from scim.journal where resource = '$id' and version = 2}));
    is_deeply [sort map { $_->{code} } @{ $changes->{warnings} }],
        [qw(booleanText opCase)], 'what was off-standard stands beside'
        or diag $JSON->encode($changes);
    is_deeply [@$changes{qw(before after)}],
        [{ active => JSON::PP::true }, { active => JSON::PP::false }],
        '... what it did';
    return;
}

# ------------------------------------------------------------------ the replay

# Rows come in the order of a resource's versions.
sub replay($row) {
    my $j = $row->{j};
    my $state = $made{ $row->{id} };
    return if !defined $j->{version}; # a refusal, or a warning alone
    if (!$state) {
        $state = $made{ $row->{id} } = { slug => $row->{slug},
            type => $j->{resource_type}, first => $j->{action}, version => 0,
            attributes => {}, members => {}, created => $row->{at}, last => '' };
    }
    if ($j->{part} == 0) {
        $state->{gap} = "$state->{version}, then $j->{version}"
            if $j->{version} != $state->{version} + 1;
        $state->{version} = $j->{version};
        $state->{last} = $row->{at} if $row->{at} gt $state->{last};
    }
    elsif ($j->{version} != $state->{version}) {
        $state->{gap} = "members of $j->{version}, which is not there";
    }
    $state->{is_deleted} = $j->{action} eq 'delete';
    my ($before, $after) = @{ $j->{changes} // {} }{qw(before after)};
    delete @{ $state->{attributes} }{ keys %{ $before // {} } };
    $state->{attributes}{$_} = $after->{$_} for keys %{ $after // {} };
    $state->{members}{$_} = 1 for @{ $j->{added} // [] };
    delete @{ $state->{members} }{ @{ $j->{removed} // [] } };
    return;
}

# --------------------------------------------------------------- the comparison

sub compare() {
    my (%count, @wrong, %groups_of);
    for my $id (grep { $made{$_}{type} eq 'Group' && !$made{$_}{is_deleted} }
            keys %made) {
        $groups_of{$_}{$id} = 1 for keys %{ $made{$id}{members} };
    }
    for my $id (sort keys %made) {
        my $state = $made{$id};
        my $reply = $reader{ $state->{slug} }->get("/$state->{type}s/$id");
        $count{"$state->{slug} $state->{type}"}++ if !$state->{is_deleted};
        my $found = $reply->{status} == 404 ? 'gone' : seen($reply->{json});
        my $wanted = $state->{is_deleted} ? 'gone'
            : rebuilt($id, $state, $groups_of{$id} // {});
        ($found, $wanted) = map { $JSON->canonical->encode([$_]) }
            $found, $wanted;
        push @wrong, "$found\n$wanted" if $found ne $wanted;
    }
    is_deeply [@wrong[0 .. ($#wrong < 2 ? $#wrong : 2)]], [],
        scalar(keys %made) . ' resources are what the journal says';
    for my $slug (sort keys %reader) {
        for my $type (qw(User Group Department)) {
            is $reader{$slug}->get("/${type}s", { count => 0 })
                ->{json}{totalResults}, $count{"$slug $type"} // 0,
                "$slug has no $type that the journal does not know";
        }
    }
    return;
}

# What was answered, without what stands nowhere but in the answer.
sub seen($json) {
    my %seen = (%$json, schemas => [sort @{ $json->{schemas} }]);
    delete $seen{meta}{location};
    $seen{meta} = { map { $_ => $seen{meta}{$_} }
        qw(resourceType created lastModified version) };
    $seen{members} = [sort map { $_->{value} } @{ $seen{members} }]
        if $seen{members};
    $seen{groups} = [sort map { $_->{value} }
        grep { $_->{type} eq 'direct' } @{ $seen{groups} }] if $seen{groups};
    delete $seen{groups} if !@{ $seen{groups} // [] };
    delete $seen{ +ENTERPRISE }{manager}{'$ref'}
        if ($seen{ +ENTERPRISE } // {})->{manager};
    return \%seen;
}

sub rebuilt($id, $state, $groups) {
    my $attributes = $state->{attributes};
    return {
        %$attributes, id => $id, schemas => [sort @{ $attributes->{schemas} }],
        meta => { resourceType => $state->{type}, created => $state->{created},
            lastModified => $state->{last}, version => "W/\"$state->{version}\"" },
        %{ $state->{members} } ? (members => [sort keys %{ $state->{members} }])
            : (),
        $state->{type} eq 'User' && %$groups ? (groups => [sort keys %$groups]) : (),
    };
}

# ------------------------------------------------------------------ the columns

sub look_at_rows() {
    my @all = map { $_->{j} } @rows;
    is scalar(grep { !defined $_->{duration_ms} || $_->{duration_ms} < 0
        || !length($_->{request_id} // '') || $_->{address} ne '127.0.0.1'
        || $_->{format} != 1 } grep { $_->{actor_kind} eq 'token' } @all), 0,
        'each row says who, from where, how long, in which request';
    is $server->postgres->psql(q{select count(*) from scim.journal j
        join scim.tokens t on t.org_id = j.org_id
            and t.key_id::text = j.actor and j.actor_kind = 'token'
        where t.app_id is distinct from j.app_id}), 0, '... and by which app';
    my %requests;
    $requests{ $_->{request_id} // '' }{ $_->{xid} } = 1 for @all;
    cmp_ok scalar(keys %requests), '>', ROUNDS, '... requests are told apart';
    my $refused = $server->postgres->psql(q{select count(*) from scim.journal
        where status = 400 and version is null and duration_ms >= 0
        and request_id is not null and detail like '%userName%'});
    is $refused, $counts->{refused}, 'each refusal is a row without a version';
    is $server->postgres->psql(q{select count(*) from scim.journal j
        where strpos(j::text, 'Never-in-the') > 0}), 0, 'no password is in any row';
    return;
}
