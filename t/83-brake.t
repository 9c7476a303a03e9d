# The brake on mass deprovisioning: what it counts, what it holds, how it ends;
# under load, over several children and in Bulk requests.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Crowd qw(in_parallel total);
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    BULK     => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
};

my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my ($acme, $org, $olga, $last);

subtest 'off' => sub {
    begin();
    my @users = make(12);
    is scalar(grep { $acme->delete("/Users/$_")->{status} == 204 } @users), 12,
        'everybody may go';
    is brake()->{on}, JSON::PP::false, '... as the brake is off';
    is brake()->{removed}, 0, '... and counts nobody';
    is $postgres->psql('select count(*) from scim.brake_removals'), 0,
        '... nowhere';
};

subtest 'counted, engaged, held' => sub {
    begin('--users', 3);
    my @users = make(8);
    is deactivate($users[0])->{status}, 200, 'PATCH active false: one';
    is $acme->put("/Users/$users[1]", { schemas => [USER], userName => 'renamed',
        active => JSON::PP::false })->{status}, 200, 'PUT: two';
    is $acme->delete("/Users/$users[2]")->{status}, 204, 'DELETE: three';
    is brake()->{removed}, 3, 'all were counted';
    is $acme->delete("/Users/$users[0]")->{status}, 204,
        'who was deactivated and is deleted counts once';
    is deactivate($users[1])->{status}, 200, 'who is inactive is not counted';
    is brake()->{engaged}, JSON::PP::false, 'not engaged yet';

    my $reply = deactivate($users[3]);
    is $reply->{status}, 429, 'the fourth is refused';
    cmp_ok $reply->{headers}{'retry-after'}, '>', 0, 'with Retry-After';
    cmp_ok $reply->{headers}{'retry-after'}, '<=', 900, '... of at most 900';
    like $reply->{json}{detail}, qr/brake on mass deprovisioning is on: more than 3 users/,
        'it names the brake and why';
    like $reply->{json}{detail}, qr/scimctl brake release.*releases itself at/s,
        '... and what to do';
    is $acme->get("/Users/$users[3]")->{json}{active}, JSON::PP::true,
        '... and nothing was done';
    ok brake()->{engaged}, 'the brake is engaged';
    is brake()->{reason}, 'users', '... for users';

    is $acme->delete("/Users/$users[4]")->{status}, 429, 'DELETE is held, too';
    is deactivate($users[3])->{status}, 429, 'asked again: refused again';
    is $acme->delete("/Users/$users[3]")->{status}, 429, 'and to be deleted';
    is_deeply [map { "$_->{id} $_->{action} $_->{times} $_->{app}" } held()],
        ["$users[3] delete 3 Azure Generic SCIM", "$users[4] delete 1 Azure Generic SCIM"],
        'who is held, what was asked, how often, by which app';
    is brake()->{held}, 2, '... and counted';
    like((held())[0]{since}, qr/\A20.*Z\z/, '... since when');
    like((held())[0]{name}, qr/\Auser/, '... by name');

    is $acme->post('/Users', user('new'))->{status}, 201, 'creates go on';
    is $acme->get('/Users')->{status}, 200, 'reads go on';
    is $acme->patch("/Users/$users[5]", patch({ op => 'replace', path => 'title',
        value => 'T' }))->{status}, 200, 'changes go on';
    is acts(), 'brake.engage 1, brake.hold 2', 'the journal has each once';
    is refusals(), 4, '... beside the refusals';
};

subtest 'let through, released' => sub {
    begin('--users', 1);
    my @users = make(8);
    deactivate($_) for @users[0 .. 3];
    is scalar(held()), 3, 'three are held';
    is brake('let-through', $users[1])->{id}, $users[1], 'one is let through';
    is scalar(held()), 2, '... and is not held any more';
    is deactivate($users[1])->{status}, 200, '... and done when asked again';
    is deactivate($users[2])->{status}, 429, '... the others are not';
    activate($users[1]);
    is deactivate($users[1])->{status}, 429, '... and once only';

    my $released = brake('release');
    is $released->{engaged}, JSON::PP::false, 'released';
    ok $released->{open_until}, '... and open for a while';
    is scalar(held()), 0, '... nobody is held';
    is deactivate($_)->{status}, 200, 'who was held goes when asked again' for @users[1 .. 3];
    is $acme->delete("/Users/$_")->{status}, 204, '... and so do others' for @users[4 .. 7];
    is brake()->{removed}, 0, '... uncounted';
    like refused(qw(brake release)), qr/is not engaged/, 'released once only';
    is acts(), 'brake.engage 1, brake.hold 4, brake.let-through 1, brake.release 1',
        'the journal has it all';
};

subtest 'released by itself' => sub {
    begin(qw(--users 1 --hours 2));
    my @users = make(8);
    deactivate($_) for @users[0 .. 2];
    my ($from, $until) = @{ brake() }{qw(engaged_at until)};
    is hours($until) - hours($from), 2, 'after two hours';
    brake(qw(change --users 2 --percent 50));
    later('1 hour');
    is deactivate($users[1])->{status}, 429, 'not after one';
    later('61 minutes');
    is brake()->{engaged}, JSON::PP::false, 'then it is not engaged';
    is deactivate($_)->{status}, 200, '... and removals are done' for @users[1 .. 5];
    is acts(), 'brake.change 2, brake.engage 1, brake.hold 2, brake.release 1',
        'the journal says so';
    is $postgres->psql("select actor_kind || ' ' || (changes ->> 'by') from scim.journal
        where org_id = $org and action = 'brake.release'"), 'system time', '... of nobody';
    brake(qw(change --users 1 --percent none));
    later('2 hours');
    is deactivate($users[6])->{status}, 200, 'two hours later it counts again: one';
    is deactivate($users[7])->{status}, 429, '... and no more';
};

subtest 'a window, percent' => sub {
    begin(qw(--percent 20 --minutes 30));
    my @users = make(11);
    is deactivate($_)->{status}, 200, '20 % of 11: two' for @users[0, 1];
    is brake()->{limit}, 2, '... as the overview says';
    later('31 minutes');
    is deactivate($users[2])->{status}, 200, 'half an hour later: of 9';
    is deactivate($users[3])->{status}, 429, '... one';
    brake(qw(change --on off));
    is deactivate($users[3])->{status}, 200, 'switched off it holds nobody';
    is acts(), 'brake.change 2, brake.engage 1, brake.hold 1, brake.release 1', '... released';
    brake(qw(change --on on --users 1 --percent 100));
    like refused(qw(brake change --minutes 0)), qr/takes a number|takes 1/, 'a window takes time';
};

subtest 'groups' => sub {
    begin('--users', 100);
    my @users = make(6);
    my ($mapped, $other, $single) = map { group($_, @users[0 .. 2]) } qw(Mapped Other Single);
    put_members($single, $users[0]);
    map_group($_) for $mapped, $single;
    $postgres->psql("update scim.journal set at = at - interval '2 hours' where org_id = $org");
    is members($mapped, 'remove', $users[0])->{status}, 204, 'one leaves';
    is put_members($other)->{status}, 200, 'a group that gives nothing is emptied';
    is put_members($single)->{status}, 200, 'a group of one loses it';
    my $reply = put_members($mapped);
    is $reply->{status}, 429, 'an empty PUT of a mapped group';
    like $reply->{json}{detail}, qr/group that gives permissions was to be emptied/, '... and why';
    is scalar @{ $acme->get("/Groups/$mapped")->{json}{members} }, 2, '... and nobody left';
    is_deeply [map { "$_->{type} $_->{name} $_->{action}" } held()],
        ['Group Mapped remove_members'], '... it is held';
    is members($mapped, 'remove', $users[1])->{status}, 429, 'then nobody leaves it';
    is members($mapped, 'add', $users[3])->{status}, 204, '... but may come';
    is $acme->delete("/Groups/$mapped")->{status}, 429, '... nor is it deleted';
    is deactivate($users[5])->{status}, 429, '... and no user is deactivated';
    is $acme->delete("/Groups/$other")->{status}, 204, 'what gives nothing may go';
    brake('let-through', $mapped);
    is members($mapped, 'remove', @users[1 .. 3])->{status}, 204, 'let through: emptied';

    begin('--users', 100);
    @users = make(3);
    map_group($mapped = group('One by one', @users));
    is members($mapped, 'remove', $users[$_])->{status}, 204, 'one after the other' for 0, 1;
    is members($mapped, 'remove', $users[2])->{status}, 429, '... but not the last';
    brake('release');
    is members($mapped, 'remove', $users[2])->{status}, 204, '... before it is released';

    begin('--users', 100);
    @users = make(3);
    map_group($mapped = group('Deleted', @users));
    is $acme->delete("/Groups/$mapped")->{status}, 429, 'a mapped group is not deleted';
    brake(qw(change --on off));
    brake(qw(change --on on --groups off));
    $postgres->psql("update scim.brakes set open_until = null where org_id = $org");
    is $acme->delete("/Groups/$mapped")->{status}, 204, '... where groups count';
};

subtest 'Bulk' => sub {
    begin('--users', 5);
    my @users = make(20);
    my $reply = bulk(map { { method => 'DELETE', path => "/Users/$_" } } @users[0 .. 9]);
    is_deeply [map { $_->{status} } @{ $reply->{json}{Operations} }], [(204) x 5, (429) x 5],
        'the first five of ten';
    like $reply->{json}{Operations}[9]{response}{detail}, qr/brake/, '... and the reason';
    is scalar(held()), 5, '... the others are held';
    brake('release');
    $postgres->psql("update scim.brakes set open_until = null where org_id = $org");
    $reply = bulk({ atomic => 1 }, map { { method => 'DELETE', path => "/Users/$_" } }
        @users[10 .. 16]);
    is_deeply [map { $_->{status} } @{ $reply->{json}{Operations} }],
        [(424) x 5, 429, 424], 'all or nothing: nothing';
    is $acme->get("/Users/$users[10]")->{status}, 200, '... was done';
    is brake()->{removed}, 0, '... nor counted';
};

# Never more than the limit, however many ask at once on however many nodes; and
# with time between counting and deciding.
subtest 'many at once' => sub {
    begin('--users', 40);
    my @users = make(160);
    $postgres->psql(q{create or replace function scim.brake_limit(b scim.brakes) returns int
        language sql volatile as 'select b.users from pg_sleep(0.01)'});
    my $other = Scim::Server->new(postgres => $postgres, mpm => 'worker');
    my @clients = map { $acme->another(url => $_->url($acme->organization)) } $server, $other;
    my $seen = total(in_parallel(16, sub ($n) {
        my %seen;
        my $client = $clients[$n % 2]->another;
        for my $id (map { $users[$_ * 16 + $n] } 0 .. 9) {
            my $reply = $n % 4 == 3
                ? $client->post('/Bulk', { schemas => [BULK], Operations =>
                    [{ method => 'DELETE', path => "/Users/$id" }] })
                : $n % 4 == 2 ? $client->put("/Users/$id", { schemas => [USER],
                    userName => "u$id", active => JSON::PP::false })
                : $n % 4 ? $client->delete("/Users/$id") : deactivate($id, $client);
            my $status = $n % 4 == 3 ? $reply->{json}{Operations}[0]{status} : $reply->{status};
            $seen{ $status < 300 ? 'done' : $status }++;
        }
        return \%seen;
    }));
    is $seen->{done}, 40, 'exactly as many as may go have gone';
    is $seen->{429}, 120, '... all others were held';
    is $postgres->psql("select count(*) from scim.users where org_id = $org and active"), 120,
        '... and are there';
    is scalar(held()), 120, '... and listed';
    is acts(), 'brake.engage 1, brake.hold 120', 'it engaged once';
    is $postgres->psql('select deadlocks from pg_stat_database
        where datname = current_database()'), 0, 'PostgreSQL saw no deadlock';
    $other->stop;
};

subtest 'the admin API' => sub {
    begin('--users', 1);
    my @users = make(4);
    deactivate($_) for @users[0 .. 2];
    my $reply = $olga->get('/brake');
    ok $reply->{json}{engaged}, 'GET brake';
    is $olga->patch('/brake', { users => 2 }, 'If-Match' => '"99"')->{status}, 412,
        'two who change it meet';
    is $olga->patch('/brake', { users => undef, percent => 10 },
        'If-Match' => $reply->{headers}{etag})->{json}{users}, undef, 'PATCH brake';
    my $member = person('member');
    is $member->get('/brake')->{status}, 403, 'a member sees nothing of it';
    is $member->post('/brake/release')->{status}, 403, '... and releases nothing';
    is $olga->get('/brake/held')->{json}{items}[0]{id}, $users[1], 'GET held';
    is $olga->post("/brake/held/$users[1]/let-through")->{status}, 200, 'POST let-through';
    is $olga->post("/brake/held/$users[1]/let-through")->{status}, 404, '... once';
    is person('admin')->post('/brake/release')->{status}, 200, 'POST release, by an admin';
    is $olga->post('/brake/release')->{status}, 409, '... once';
    is deactivate($users[2])->{status}, 200, 'then removals are done';
    is $olga->patch('/brake', { users => undef, percent => undef, groups => JSON::PP::false })
        ->{status}, 400, 'a brake that goes by nothing is none';
};

$server->tolerates(qr/429/);
$server->stop;
done_testing;

# An organization of its own, with the brake on where there are words for it.
sub begin(@words) {
    my $slug = 'brake-' . ++$last;
    $acme = $server->organization($slug);
    $olga = $server->admin($slug, "owner\@$slug.example");
    $org = $postgres->psql("select org_id from scim.organizations where slug = '$slug'");
    brake(qw(change --on on), @words) if @words;
    return;
}

sub brake(@words) {
    return $postgres->administer('brake', @words ? @words : 'show', '--organization',
        $acme->organization);
}

sub held() { return @{ brake(qw(held --limit 200)) } }

sub refused(@words) {
    return $postgres->scimctl(@words, '--organization', $acme->organization)->{errors};
}

sub person($role) {
    $postgres->administer('account', 'create', '--organization', $acme->organization, '--name',
        $role, '--role', $role);
    return $server->admin($acme->organization, $role);
}

sub user($name) { return { schemas => [USER], userName => $name } }

sub make($count) {
    state $n = 0;
    return map { my $reply = $acme->post('/Users', user('user' . ++$n));
        $reply->{status} == 201 or die $reply->{body};
        $reply->{json}{id} } 1 .. $count;
}

sub patch(@operations) { return { schemas => [PATCH_OP], Operations => [@operations] } }

sub deactivate($id, $client = $acme) {
    return $client->patch("/Users/$id", patch({ op => 'Replace', path => 'active',
        value => 'False' }));
}

sub activate($id) {
    return $acme->patch("/Users/$id", patch({ op => 'replace', path => 'active',
        value => JSON::PP::true }));
}

sub values_of(@ids) { return [map { { value => $_ } } @ids] }

sub group($name, @users) {
    return $acme->post('/Groups', { schemas => [GROUP], displayName => $name,
        members => values_of(@users) })->{json}{id};
}

sub members($group, $op, @users) {
    return $acme->patch("/Groups/$group", patch({ op => $op, path => 'members',
        value => values_of(@users) }));
}

sub put_members($group, @users) {
    return $acme->put("/Groups/$group", { schemas => [GROUP], members => values_of(@users),
        displayName => $acme->get("/Groups/$group")->{json}{displayName} });
}

sub map_group($group) {
    return $olga->made('/mappings', { mappings => [{ group => $group,
        organization_role => 'member', roles => [] }] });
}

sub bulk(@operations) {
    my $atomic = ref $operations[0] && delete $operations[0]{atomic} ? shift @operations : undef;
    return $acme->post('/Bulk' . ($atomic ? '?atomic=true' : ''), { schemas => [BULK],
        Operations => [@operations] });
}

sub acts() {
    return $postgres->psql("select string_agg(action || ' ' || n, ', ' order by action)
        from (select action, count(*) as n from scim.journal where org_id = $org
          and action like 'brake.%' group by action) a") =~ s/\Abrake\.change 1, //r;
}

sub refusals() {
    return $postgres->psql("select count(*) from scim.journal where org_id = $org
        and status = 429");
}

# What has happened, happened longer ago.
sub later($time) {
    my $minutes = $postgres->psql("select extract(epoch from interval '$time') / 60");
    $postgres->psql(qq{
        update scim.brakes set engaged = engaged - interval '$time',
            until = until - interval '$time', open_until = open_until - interval '$time',
            based = based - interval '$time' where org_id = $org;
        update scim.brake_counts c set slot = slot
            - ceil($minutes * 60 / (select minutes from scim.brakes where org_id = $org))
            where org_id = $org;
        update scim.brake_removals c set slot = slot
            - ceil($minutes * 60 / (select minutes from scim.brakes where org_id = $org))
            where org_id = $org});
    return;
}

sub hours($time) { return ($time =~ /T(\d\d)/)[0] + ($time =~ /-(\d\d)T/)[0] * 24 }
