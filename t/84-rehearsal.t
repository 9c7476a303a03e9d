# An app that rehearses: it provisions, its groups grant nothing, its summary
# says what they would; then it goes live.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Server;
use Test::More;

use constant {
    USER  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group',
};

my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my $old = $server->organization('acme', app => 'Old');
my $new = $server->app('acme', app => 'New', install => [qw(--rehearsing on)]);
my $olga = $server->admin('acme', 'owner@acme.example');
my $org = $postgres->psql(q{select org_id from scim.organizations where slug = 'acme'});
my $stack = $olga->made('/stacks', { name => 'Website' })->{id};

ok $olga->get('/apps/' . $new->app)->{json}{rehearsing}, 'an app is installed as rehearsing';
my @users = map { scim($new, '/Users', { schemas => [USER], userName => "n$_" }) } 1 .. 3;
scim($new, '/Users', { schemas => [USER], userName => 'n4', active => \0 });
my $mapped = group($new, 'Engineers', @users[0, 1]);
group($new, 'Unknown', @users);
$olga->made('/mappings', { mappings => [{ group => $mapped,
    roles => [{ stack => $stack, role => 2 }, { stack => undef, role => 3 }] }] });
is $new->get("/Users/$users[0]")->{status}, 200, 'it provisions as any other';
is held(), 0, '... and its groups grant nothing';

my $seen = $olga->get('/apps/' . $new->app . '/rehearsal');
is $seen->{status}, 200, 'the summary';
my $json = $seen->{json};
is_deeply $json->{users}, { active => 3, inactive => 1 }, '... has the users';
is "$json->{groups} $json->{unmapped_groups} $json->{unmapped}[0]{name}", '2 1 Unknown',
    '... the groups, and those without a mapping';
is "$json->{people} $json->{gain_count} $json->{loss_count}", '2 4 0', '... who gains how much';
is_deeply [sort map { "$_->{user_name} $_->{role}" } @{ $json->{gains} }],
    ['n1 Content Manager', 'n1 Developer', 'n2 Content Manager', 'n2 Developer'], '... and what';
is held(), 0, '... and changes nothing';
is told(), 0, '... nor tells the journal of it';
ok $olga->get('/apps/' . $new->app)->{json}{rehearsing}, '... and the app rehearses on';
like $postgres->scimctl(qw(app rehearsal New --organization acme))->{output},
    qr/brought 3 active and 1 inactive users, and 2 groups, 1 of them.*Unknown.*Nothing has been/s,
    'scimctl says it, too';

my $path = '/apps/' . $new->app . '/live';
$new->patch("/Groups/$mapped", { schemas => ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations => [{ op => 'add', path => 'members', value => [{ value => $users[2] }] }] });
is $olga->post($path, { gain_count => $json->{gain_count} })->{status}, 409,
    'what was seen is not what would be granted now';
is held(), 0, '... and it does not go live';
my $version = $olga->get('/apps/' . $new->app)->{headers}{etag};
is $olga->post($path, {}, 'If-Match' => '"77"')->{status}, 412, 'nor in another version';
is person('member')->post($path)->{status}, 403, 'nor by a member';
is $olga->post($path, { gain_count => 6 }, 'If-Match' => $version)->{status}, 200, 'it goes live';
is held(), 6, '... and its groups grant what was said';
is told(), 6, '... and the journal has each';
is $postgres->psql("select distinct changes -> 'cause' ->> 'kind' || ' '
    || (changes -> 'cause' ->> 'name') from scim.journal where org_id = $org
    and action = 'permission.gain'"), 'app New', '... with its cause';
is $postgres->psql("select count(*) from scim.journal where org_id = $org
    and action = 'app.live'"), 1, '... and the act itself';
is $olga->post($path)->{status}, 409, 'once';
is $olga->get("/apps/@{[$_->app]}/rehearsal")->{json}{gain_count}, 0,
    'nothing comes of it where an app is live' for $new, $old;

my $again = '/apps/' . $new->app . '/rehearse';
my $dry = $olga->post($again, { dry_run => \1 });
is "$dry->{status} $dry->{json}{people} $dry->{json}{loss_count}", '200 3 6',
    'what it would take to rehearse once more is said';
is held(), 6, '... and not done';
is person('anybody')->post($again)->{status}, 403, 'a member cannot say so';
is $olga->post($again, {}, 'If-Match' => '"1"')->{status}, 412, 'nor who was overtaken';
like $postgres->scimctl(qw(app rehearse New --organization acme))->{output},
    qr/"New" is rehearsing: .* has no effect.*3 people: 0 permissions gained, 6 lost/s,
    'it rehearses once more';
is held(), 0, '... and its groups grant nothing';
is $new->get("/Users/$users[0]")->{status}, 200, '... while it provisions';
is $olga->post($again)->{status}, 409, '... once';
is $postgres->psql("select count(*) from scim.journal where org_id = $org
    and action = 'app.rehearse'"), 1, '... which the journal has';
is $olga->post($path)->{status}, 200, 'and it is live again';
is held(), 6, '... with all of it';

$server->stop;
done_testing;

sub scim($client, $where, $body) {
    my $reply = $client->post($where, $body);
    $reply->{status} == 201 or die $reply->{body};
    return $reply->{json}{id};
}

sub group($client, $name, @members) {
    return scim($client, '/Groups', { schemas => [GROUP], displayName => $name,
        members => [map { { value => $_ } } @members] });
}

sub held() {
    return $postgres->psql(q{select count(*) from scim.permissions where role is not null});
}

sub told() {
    return $postgres->psql("select count(*) from scim.journal where org_id = $org
        and action like 'permission.%'");
}

sub person($name) {
    $postgres->administer(qw(account create --organization acme --role member --name), $name);
    return $server->admin('acme', $name);
}
