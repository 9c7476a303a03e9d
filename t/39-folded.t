# A change sends what changed of the folded document: whatever sections that
# know different attributes write at once, it is what a fold of the whole body
# gives, and so are the rows of marked attributes that come and go meanwhile.

use v5.36;
use utf8;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Crowd qw(in_parallel total);
use Scim::Process qw(write_file);
use Scim::Server;
use Test::More;

use constant {
    USER  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    WORK  => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    JOB   => 'urn:example:scim:schemas:extension:employment:1.0:User',
    TEAM  => 'urn:example:scim:Team',
    LAB   => 'urn:example:scim:Lab',
    PATCH => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    BULK  => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
};
my $ROUNDS = $ENV{SCIM_ROUNDS} // 120;

my $conf = "$ENV{SCIM_SOURCE}/conf";
my $files = tempdir(CLEANUP => 1);
chmod 0755, $files;
my $JSON = JSON::PP->new->utf8->canonical;
my %many = (multiValued => JSON::PP::true);
write_file("$files/team.json", $JSON->encode({ id => TEAM, attributes => [
    { name => 'color' }, { name => 'names', %many },
    { name => 'lead', type => 'complex', subAttributes => [{ name => 'key' },
        { name => 'since', type => 'dateTime' }] }] }));
# "null" means something else in an array of PostgreSQL.
write_file("$files/lab.json", $JSON->encode({ id => LAB, attributes => [
    { name => 'displayName', required => JSON::PP::true,
        uniqueness => 'server' },
    { name => 'null' }, { name => 'tags', %many },
    { name => 'place', type => 'complex', subAttributes => [
        { name => 'room' }, { name => 'floor', type => 'integer' }] }] }));
write_file("$files/lab.type.json", $JSON->encode({ name => 'Lab',
    endpoint => '/Labs', description => 'Labs', schema => LAB,
    schemaExtensions => [] }));
my $job = "$conf/employment.schema.json";

# Who writes through one of them knows nothing of what the others add.
my $server = Scim::Server->new(admin => 1,
    section => "ScimSchema $job User\nScimIndex ${\ JOB}:skills title\n",
    config => "<Location /team>\nScimService scim\n"
        . "ScimSchema $files/team.json User Group\n"
        . "ScimSchema $files/lab.json\nScimResourceType $files/lab.type.json\n"
        . "</Location>\n<Location /plain>\nScimService scim\n</Location>\n");
my $postgres = $server->postgres;
my $acme = $server->organization('acme',
    install => ['--whole-organization']);
my $olga = $server->admin('acme', 'owner@acme.example');
my %through = (job => $acme, map {
    $_ => $acme->another(path => "/$_/acme",
        url => $server->url('acme') =~ s{/scim/v2}{/$_}r) } qw(team plain));

my %ids;
push @{ $ids{Users} }, made($acme, '/Users', user('job', "shared$_"))
    for 1 .. 10;
push @{ $ids{Groups} }, made($through{team}, '/Groups', group("shared$_"))
    for 1 .. 4;
push @{ $ids{Labs} }, made($through{team}, '/Labs', lab("shared$_"))
    for 1 .. 4;

subtest 'a random run' => sub {
    my $count = total(in_parallel(5, sub ($n) {
        srand 1 + $n;
        return $n == 0 ? marks() : random_run($n);
    }));
    diag $JSON->encode($count) if $ENV{TEST_VERBOSE};
    is $count->{odd} // 0, 0, 'nothing fails for an index that comes or goes';
    cmp_ok $count->{$_} // 0, '>', 3, $_
        for qw(PUT PATCH bulk atomic DELETE add remove restored);
    is_folded();
};

subtest 'owners restore' => sub {
    my @deleted = split /\n/, $postgres->psql(
        q{select id from scim.tombstones where resource_type = 'User'
          order by id limit 6});
    my ($user, @more) = @{ $ids{Users} };
    my $group = $ids{Groups}[0];
    for (["users/$user", { version => 1 }], ["groups/$group", { version => 1 }],
        map { ["users/$_", {}] } @deleted[0 .. 2]) {
        my ($path, $body) = @$_;
        # A child has connections that do not know of it.
        is index_of($_, 'nickName'), 1, "an index: $_" for qw(add remove add);
        my $reply = $olga->post("/$path/restore", $body);
        is $reply->{status}, 200, "the admin API: $path" or diag $reply->{body};
        is index_of('remove', 'nickName'), 1, '... which goes again';
    }
    for (map({ ['user', $_, '--version', 1] } @more),
        map { ['user', $_] } @deleted[3 .. 5]) {
        my ($type, $id, @version) = @$_;
        my $result = $postgres->scimctl($type, 'restore', $id,
            '--organization', 'acme', @version);
        is $result->{status}, 0, "scimctl: @version"
            or diag $result->{errors};
    }
    is_folded();
};

$server->stop;
done_testing;

# ------------------------------------------------------------------ what is so

sub is_folded() {
    my $found = $postgres->administer(qw(database refold),
        '--schema', "$job,$files/team.json,$files/lab.json",
        '--resource-type', "$files/lab.type.json");
    is_deeply [@$found{qw(users groups resources unclaimed)}], [0, 0, 0, 0],
        'a fold of all finds nothing else' or diag $JSON->encode($found);
    is $postgres->psql(<<~'END'), '', '... and nothing that should be gone';
        select * from (
          select u.id, u.body::jsonb as body, f.folded from scim.users u
            join scim.user_folded f on f.org_id = u.org_id and f.user_id = u.id
          union all select id, body::jsonb, folded from scim.groups
          union all select id, body::jsonb, folded from scim.resources) r
         where array(select k from jsonb_object_keys(body) k order by 1)
            <> array(select k from jsonb_object_keys(folded) k order by 1)
        END
    is $postgres->psql(<<~'END'), 0, '... in rows of values, too';
        with want as (select f.org_id, f.user_id, v.* from scim.user_folded f,
               scim.value_rows(f.folded) v),
             have as (select org_id, user_id, attr, elem, value, kind
               from scim.user_values join scim.attributes using (attr))
        select count(*) from ((table want except table have)
          union all (table have except table want)) x
        END
    return;
}

# ------------------------------------------------------------------- the run

# Marked attributes come and go.
sub marks() {
    my %count;
    for my $i (1 .. 6) {
        for my $path ('title', JOB . ':skills') {
            $count{ index_of('add', $path) ? 'add' : 'odd' }++;
            $count{ index_of('remove', $path) ? 'remove' : 'odd' }++
                if $i % 2 || $path eq 'title';
        }
        my $id = $ids{Users}[$i];
        my $result = $postgres->scimctl(qw(user restore), $id,
            qw(--organization acme --version 1));
        diag $result->{errors} if $result->{status};
        $count{ $result->{status} ? 'odd' : 'restored' }++;
    }
    return \%count;
}

sub index_of($word, $path) {
    my $result = $postgres->scimctl('index', $word, $path,
        $word eq 'add' ? ('--schema', $job) : ());
    Test::More::diag($result->{errors}) if $result->{status};
    return $result->{status} == 0 ? 1 : 0;
}

sub random_run($n) {
    my %count;
    my %by = map { $_ => $through{$_}->another } keys %through;
    for my $i (1 .. $ROUNDS) {
        my $section = one_of(qw(job team plain));
        my $client = $by{$section};
        my $type = one_of(qw(Users Users Users Groups),
            $section eq 'team' ? 'Labs' : ());
        my $id = one_of(@{ $ids{$type} });
        my $what = one_of(qw(PUT PATCH PATCH PATCH bulk atomic DELETE));
        my $name = "$n.$i";
        my $reply = $what eq 'PUT'
            ? $client->put("/$type/$id", resource($type, $section, $name))
            : $what eq 'PATCH'
            ? $client->patch("/$type/$id", change($type, $section))
            : $what eq 'DELETE' ? deleted($client, $section, $name)
            : $client->post($what eq 'bulk' ? '/Bulk' : '/Bulk?atomic=true',
                bulk($section, $name));
        my @all = ($reply, @{ ($reply->{json} // {})->{Operations} // [] });
        for my $status (map { $_->{status} } @all) {
            $count{refused}++ if $status == 400;
            next if $status =~ /\A(?:2..|400|424)\z/;
            $count{odd}++;
            diag "$what $type: $reply->{status} $reply->{body}";
        }
        $count{$what}++ if $reply->{status} =~ /\A2/;
    }
    return \%count;
}

sub one_of(@list) { return $list[rand @list] }
sub case_of($text) { return rand() < 0.5 ? uc $text : $text }
sub maybe(@pairs) { return rand() < 0.5 ? @pairs : () }

sub made($client, $path, $body) {
    my $reply = $client->post($path, $body);
    $reply->{status} == 201 or die $reply->{body};
    return $reply->{json}{id};
}

sub deleted($client, $section, $name) {
    my $id = made($client, '/Users', user($section, "gone-$name"));
    return $client->delete("/Users/$id");
}

sub resource($type, @rest) {
    return $type eq 'Users' ? user(@rest)
        : $type eq 'Groups' ? group($rest[1]) : lab($rest[1]);
}

sub user($section, $name) {
    my $work = { maybe(department => case_of('sales')),
        maybe(costCenter => '7') };
    my $job = { badge => "Badge-$name", maybe(contract => case_of('permanent')),
        maybe(skills => [map { case_of($_) } 'welding', 'french']),
        maybe(floor => int rand 9), maybe(weeklyHours => rand() * 40),
        maybe(pin => '0815'), maybe(certificates => [{ value => 'First aid',
            maybe(type => case_of('safety')) }]) };
    return { schemas => [USER], userName => "User-$name",
        maybe(name => { familyName => "Fam$name", maybe(givenName => 'Ann') }),
        maybe(title => case_of('boss')), maybe(nickName => case_of('nick')),
        maybe(externalId => "Ext-$name"), maybe(displayName => "Shown $name"),
        maybe(emails => [map { { value => case_of("$name-$_\@example.com"),
            maybe(type => 'Work') } } 1 .. 1 + rand 3]),
        maybe(roles => [{ value => case_of('role') }]),
        %$work ? (WORK, $work) : (),
        $section eq 'job' ? maybe(JOB, $job) : (),
        $section eq 'team' ? maybe(TEAM, { color => case_of('red'),
            maybe(lead => { key => case_of('x'),
                since => '2024-02-29T08:00:00+01:00' }) }) : () };
}

sub group($name) {
    return { schemas => [GROUP], displayName => "Group-$name",
        maybe(externalId => "Ext-$name"),
        maybe(members => [{ value => one_of(@{ $ids{Users} }) }]) };
}

sub lab($name) {
    return { schemas => [LAB], displayName => case_of("lab-$name"),
        maybe(null => case_of('nothing')), maybe(externalId => $name),
        maybe(tags => [case_of('t')]), maybe(place => { room => case_of('r') }) };
}

sub set($path, $value) {
    return { op => one_of(qw(add replace)), path => $path, value => $value };
}

sub remove($path) { return { op => 'remove', path => $path } }

sub change($type, $section) {
    my @users = (set('title', case_of('chief')), remove('title'),
        set('name.familyName', case_of('new')), remove('name'),
        set('nickName', case_of('nick')), remove('nickName'),
        set('active', one_of(JSON::PP::true, JSON::PP::false)),
        set('emails', [{ value => case_of('e@example.com') }]),
        set('emails', []), remove('emails'), remove('emails[type eq "work"]'),
        set('externalId', case_of('ext')), remove('externalId'),
        set('displayName', case_of('shown')), remove('displayName'),
        set(WORK . ':department', case_of('other')), remove(WORK . ':department'),
        remove(WORK . ':costCenter'), remove(WORK),
        { op => 'replace', value => { title => 'all', nickName => undef,
            roles => [] } });
    push @users, set(JOB . ':skills', [case_of('singing')]),
        set(JOB . ':floor', int rand 9), remove(JOB . ':skills'),
        remove(JOB . ':certificates'), remove(JOB) if $section eq 'job';
    push @users, set(TEAM . ':color', case_of('blue')),
        set(TEAM . ':names', [case_of('n')]), remove(TEAM . ':color'),
        remove(TEAM . ':names'), remove(TEAM) if $section eq 'team';
    my %of = (Users => \@users,
        Groups => [set('externalId', case_of('ext')), remove('externalId'),
            set('members', [{ value => one_of(@{ $ids{Users} }) }]),
            $section eq 'team' ? (set(TEAM . ':color', case_of('blue')),
                remove(TEAM)) : ()],
        Labs => [set('null', case_of('x')), remove('null'), remove('tags'),
            set('tags', [case_of('y')]), set('place.room', case_of('z')),
            remove('place'), remove('place.room')]);
    return { schemas => [PATCH],
        Operations => [map { one_of(@{ $of{$type} }) } 1 .. 1 + rand 2] };
}

# The same user is changed twice, whoever else changes it.
sub bulk($section, $name) {
    my $id = one_of(@{ $ids{Users} });
    return { schemas => [BULK], Operations => [
        (map { { method => 'POST', path => '/Users', bulkId => "b$_",
            data => user($section, "b$_-$name") } } 1 .. 5),
        { method => 'PATCH', path => "/Users/$id",
            data => change('Users', $section) },
        { method => 'PUT', path => "/Users/$id",
            data => user($section, "bulk-$name") },
        { method => 'PATCH', path => '/Users/bulkId:b1',
            data => change('Users', $section) }] };
}
