# Groups whose members do not fit into memory: answers of any size in bounded
# memory, by GET, HEAD, lists and writes; what ScimMaxMembers says instead.
# SCIM_MEMBERS makes the group larger (1000000: the full size).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd qw(in_parallel);
use Scim::Process qw(slurp wait_for);
use Scim::Server;
use Test::More;
use Time::HiRes qw(time);

use constant {
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};
use constant GROWTH_KIB => $ENV{SCIM_ASAN_LIBRARY} ? 512 * 1024 : 20 * 1024;
my $AT_ONCE = 1000; # members that come with the row of their group

my $members = $ENV{SCIM_MEMBERS} // 200_000;
my $server = Scim::Server->new(httpd => { StartServers => 1,
    ThreadsPerChild => 10, MaxRequestWorkers => 10, MinSpareThreads => 1,
    MaxSpareThreads => 10, ScimDatabaseTimeout => 'request=60' },
    section => 'ScimMaxMembers ' . ($members + 3 * $AT_ONCE));
my $postgres = $server->postgres;
my $acme = $server->organization('acme');

my %id = map { $_ => $acme->post('/Groups',
    { schemas => [GROUP], displayName => $_ })->{json}{id} }
    qw(Everybody Some More Within);
fill($members);
my $path = "/Groups/$id{Everybody}";
my ($child) = $server->children;
$acme->get("/Groups/$id{Some}") for 1 .. 3; # warm

# P-3.4.1-01: the whole group, whatever its size
my $big = $acme->another(raw => 1);
my $before = rss();
my $start = time;
my $reply = $big->get($path);
diag sprintf '%d members in %.1f s, %d MB', $members, time - $start,
    length($reply->{body}) / 1e6;
is $reply->{status}, 200, "GET of a group of $members members";
is $reply->{headers}{'content-length'}, length $reply->{body},
    '... with its length';
my $etag = $reply->{headers}{etag};
ok $reply->{body} =~ /"version":"\Q@{[$etag =~ s{"}{\\"}gr]}\E"/,
    '... and version';
my %seen = map { $_ => 1 } $reply->{body} =~ /\{"value":"([^"]+)"/g;
is scalar keys %seen, $members + 1, '... with all members, each once';
is count_of($reply), $members + 1, '... and nothing else in them';
my $inner = '{"value":"' . $id{Within} . '","$ref":"' . $acme->url
    . "/Groups/$id{Within}\",\"type\":\"Group\"}";
ok $reply->{body} =~ /\Q$inner\E/,
    '... groups among them';
ok $reply->{body} =~ /\A\{"schemas":\[.*\}\]\}\z/s, '... and an end';
my $length = length $reply->{body};
undef $reply;
cmp_ok rss() - $before, '<', GROWTH_KIB, 'the child has not grown';

# P-3.9: parts of it
my $head = $acme->request('HEAD', $path);
is $head->{status}, 200, 'HEAD of it';
is $head->{headers}{'content-length'}, $length, '... has the length of GET';
is $acme->get($path, undef, 'If-None-Match' => $etag)->{status}, 304,
    'a version that is known is not sent again';
$reply = $big->get($path, { attributes => 'members.value' });
ok $reply->{body} =~ /\A\{"schemas":\["\S+?"\],"id":"\S+?",
    "members":\[\{"value":"[^"]+"\},/x,
    'attributes=members.value gives no more';
is count_of($reply), $members + 1, '... of all members';
$reply = $big->get($path, { attributes => 'members.value,members.display' });
ok $reply->{body} =~ /"members":\[\{"value":"[^"]+","display":"user\d+"\},/,
    'names come when they are asked for';
is count_of($reply), $members + 1, '... all of them';
$reply = $acme->get($path, { excludedAttributes => 'members' });
is $reply->{json}{members}, undef, 'members can be left out';
is $reply->{json}{meta}{version}, $etag, '... at the same version';
cmp_ok length $reply->{body}, '<', 1000, '... and cost nothing';
undef $reply;

# Lists
$reply = $big->get('/Groups');
is count_of($reply), $members + 2 * $AT_ONCE + 2,
    'a list has the members of each group';
is $reply->{headers}{'content-length'}, length $reply->{body},
    '... and its length';
undef $reply;
my $one = $postgres->psql("select user_id from scim.group_users
    where group_id = '$id{Some}' limit 1");
$reply = $acme->get('/Groups', { excludedAttributes => 'members',
    filter => "members.value eq \"$one\"" });
is_deeply [sort map { $_->{displayName} } @{ $reply->{json}{Resources} }],
    ['Everybody', 'More', 'Some'], 'a filter finds the groups of a member';
$reply = $acme->get('/Groups', { excludedAttributes => 'members', filter =>
    "id eq \"$id{Everybody}\" and members[value eq \"$one\"]" });
is $reply->{json}{totalResults}, 1, '... whether one group has a member, too';

# Writes answer with the members, too, where they are asked for.
$reply = $big->patch("$path?attributes=members.value",
    members('remove', $one));
is $reply->{status}, 200, 'PATCH that asks for the members';
is count_of($reply), $members, '... gets what is left';
is $etag, 'W/"1"', '... of the first version';
is $reply->{headers}{etag}, 'W/"2"', '... at the second';
undef $reply;
$reply = $big->put($path, { schemas => [GROUP], displayName => 'Everyone' });
is count_of($reply), $members,
    'PUT without members keeps and shows them';
undef $reply;
cmp_ok rss() - $before, '<', GROWTH_KIB, 'the child has still not grown';

# A PUT of many members: a difference.
my @some = split /\n/, $postgres->psql("select user_id from scim.group_users
    where group_id = '$id{Everybody}' order by user_id limit 20000");
$start = time;
$reply = $acme->put("/Groups/$id{Some}?excludedAttributes=members", {
    schemas => [GROUP], displayName => 'Some',
    members => [map { { value => $_ } } @some] });
is $reply->{status}, 200, sprintf 'PUT of %d members in %.1f s', scalar @some,
    time - $start;
is $postgres->psql("select count(*) from scim.group_users
    where group_id = '$id{Some}'"), scalar @some, '... makes them the members';
$reply = $acme->put("/Groups/$id{Some}?attributes=displayName", {
    schemas => [GROUP], displayName => 'Some', members => [] });
is $postgres->psql("select count(*) from scim.group_users
    where group_id = '$id{Some}'"), 0, 'PUT of [] removes all';

# Several at once, and clients that go away.
$before = rss();
my $key = $acme->token;
is_deeply [in_parallel(4, sub ($n) {
    return { members => count_of($big->another->get($path)) };
})], [({ members => $members }) x 4], 'four clients read it at once';
for (1 .. 3) {
    my $gone = $acme->another;
    $gone->connect;
    $gone->write("GET /scim/v2/acme$path HTTP/1.1\r\nHost: x\r\n"
        . "Authorization: Bearer $key\r\n\r\n");
    $gone->fill;
    $gone->close;
}
is $acme->get($path, { attributes => 'displayName' })->{status}, 200,
    'clients that go away harm nobody';
ok wait_for(10, sub { !grep { (readlink($_) // '') =~ /mod_scim-/ }
    glob "/proc/$child/fd/*" }), 'their files are closed';
is_deeply [glob '/tmp/mod_scim-*'], [], 'no file has a name';
is join(' ', $server->children), $child, 'the child is the same one';
$server->stop;

# ScimMaxMembers
$server->configure(section => 'ScimMaxMembers 1500');
$server->start;
$reply = $acme->get($path);
is $reply->{status}, 400, 'a GET of more members than ScimMaxMembers';
is $reply->{json}{scimType}, 'tooMany', '... is tooMany';
like $reply->{json}{detail}, qr/more than the 1500 .* excludedAttributes/,
    '... and says what to do';
is $acme->request('HEAD', $path)->{status}, 400, '... HEAD as well';
is $acme->get($path, { excludedAttributes => 'members' })->{status}, 200,
    '... but not without them';
$reply = $acme->get('/Groups');
is_deeply { map { $_->{displayName} => scalar @{ $_->{members} // [] } }
    @{ $reply->{json}{Resources} } },
    { Everyone => 0, Some => 0, More => $AT_ONCE + 1, Within => 0 },
    'a list leaves out the members of such a group only';
$reply = $acme->get('/Groups', { attributes => 'members' });
is "$reply->{status} $reply->{json}{scimType}", '400 tooMany',
    '... but is tooMany where they were asked for';
$reply = $acme->patch("$path?attributes=members", members('add', $one));
is $reply->{status}, 200, 'a write goes ahead';
is $reply->{json}{members}, undef, '... and leaves them out';
$server->stop;

$server->configure(section => 'ScimMaxMembers 0');
$server->start;
is $acme->get("/Groups/$id{More}")->{status}, 400, 'a limit of 0: none';
is $acme->get("/Groups/$id{Within}")->{status}, 200,
    '... and a group without members is not too large';
$server->stop;

# A write whose members cannot be read behind its COMMIT, here as the token is
# gone by then: done is done.
$server->configure(section => 'ScimMaxMembers 2000000');
$server->start;
$postgres->psql(q{
    create function public.revoke() returns trigger language plpgsql
    security definer as $$ begin
        update scim.tokens set revoked = now() where key_id = new.actor::bigint;
        return new;
    end $$;
    create trigger revoke after insert on scim.journal for each row
        execute function public.revoke()});
my $version = $postgres->psql(
    "select version from scim.groups where id = '$id{Everybody}'");
for (
    ['PATCH', "$path?attributes=members.value", members('remove', $one)],
    ['PUT', $path, { schemas => [GROUP], displayName => 'Everyone else' }],
) {
    my ($method, @request) = @$_;
    $reply = $acme->request($method, @request);
    is $reply->{status}, 200, "$method is done";
    is $reply->{json}{members}, undef, '... and answered without the members';
    is $reply->{json}{id}, $id{Everybody}, '... but with the rest';
    is $reply->{headers}{etag}, 'W/"' . ++$version . '"', '... the ETag';
    is $reply->{headers}{location}, $acme->url . $path, '... and the Location';
    $server->logged(qr/SCIM0110: $method \S+ was done, .*revoked/,
        '... the log says why');
    is $acme->get($path)->{status}, 401, '... it was the token';
    $postgres->psql('update scim.tokens set revoked = null');
}
$postgres->psql('drop trigger revoke on scim.journal');
is $acme->get($path, { excludedAttributes => 'members' })->{json}{displayName},
    'Everyone else', 'all of it was stored';
$server->stop;

# A folder for temporary files that cannot be written
{
    $server->configure(section => 'ScimMaxMembers 2000000');
    local $ENV{TMPDIR} = '/nonexistent';
    $server->start;
    is $big->get($path, { attributes => 'members.value' })->{status}, 200,
        'without TMPDIR another folder is found';
    $server->stop;
}
done_testing;

# As many users as that in Everybody, some of them in Some and More.
sub fill($count) {
    my $org = $postgres->psql(q{select org_id from scim.organizations});
    my $more = $AT_ONCE + 1;
    $postgres->psql(<<~"END");
        create temp table made as select n,
            overlay(gen_random_uuid()::text placing '7' from 15)::uuid as id
            from generate_series(1, $count) n;
        insert into scim.users(org_id, app_id, active, id, user_name, body)
            select $org, 1, true, id, 'user' || n,
                '{"schemas":["urn:ietf:params:scim:schemas:core:2.0:User"],'
                || '"userName":"user' || n || '","active":true}' from made;
        insert into scim.group_users select $org, '$id{Everybody}', id from made;
        insert into scim.group_users select $org, '$id{Some}', id
            from (select id from made order by id limit $AT_ONCE) m;
        insert into scim.group_users select $org, '$id{More}', id
            from (select id from made order by id limit $more) m;
        insert into scim.group_users select $org, g, id
            from (select id from made order by id offset 100 limit 1) m,
            unnest(array['$id{Some}', '$id{More}']::uuid[]) g
            on conflict do nothing;
        insert into scim.group_groups
            values ($org, '$id{Everybody}', '$id{Within}');
        analyze scim.users, scim.group_users;
        END
    return;
}

# How many members the answer holds.
sub count_of($reply) {
    return scalar(() = $reply->{body} =~ /\{"value":"/g);
}

sub members($op, $id) {
    return { schemas => [PATCH_OP], Operations => [{ op => $op,
        path => $op eq 'add' ? 'members' : "members[value eq \"$id\"]",
        $op eq 'add' ? (value => [{ value => $id }]) : () }] };
}

sub rss() {
    return slurp("/proc/$child/status") =~ /^VmRSS:\s+(\d+)/m ? $1 : 0;
}
