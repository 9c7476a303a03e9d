# Passwords: dropped, or where an app keeps them hashed with yescrypt, never
# returned, and good for AuthBasicProvider scim.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Digest::SHA qw(sha1_base64);
use File::Temp qw(tempdir);
use MIME::Base64 qw(encode_base64);
use Scim::Process qw(write_file);
use Scim::Server;
use Test::More;
use Time::HiRes qw(time);

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    BULK     => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
};
my $SECRET = "t1meMa\$heen";

my $www = tempdir('scim-www-XXXXXX', DIR => '/tmp', CLEANUP => 1);
chmod 0755, $www;
write_file("$www/private", 'welcome');
write_file("$www/nobody", 'welcome');
write_file("$www/both", 'welcome');
write_file("$www/wrong", 'sorry');
write_file("$www/htpasswd", 'filer:{SHA}' . sha1_base64('of the file') . "=\n");
my $server = Scim::Server->new(modules => [qw(auth_basic authn_core authn_file
    authz_user remoteip)], config => <<~"END");
    DocumentRoot $www
    RemoteIPHeader X-Client
    RemoteIPInternalProxy 127.0.0.1
    ErrorDocument 401 /wrong
    <LocationMatch "^/both">
        AuthType Basic
        AuthName "Acme"
        AuthBasicProvider scim file
        AuthUserFile $www/htpasswd
        ScimOrganization acme
        Require user filer
    </LocationMatch>
    <Location /both/closed>
        Require user somebody
    </Location>
    <Location /private>
        AuthType Basic
        AuthName "Acme"
        AuthBasicProvider scim
        ScimOrganization acme
        Require valid-user
    </Location>
    <Location /nobody>
        AuthType Basic
        AuthName "Nobody"
        AuthBasicProvider scim
        Require valid-user
    </Location>
    END
my $postgres = $server->postgres;
my $drops = $server->organization('acme');
my $keeps = $server->app('acme', app => 'Keeper',
    install => ['--passwords', 'store']);
my $globex = $server->organization('globex');
my $anyone = $drops->another(url => "http://127.0.0.1:@{[$server->port]}",
    token => undef);

# S-5-06: discovery tells the truth, per app
for ([$drops, 'drops'], [$keeps, 'keeps']) {
    my ($client, $what) = @$_;
    my $config = $client->get('/ServiceProviderConfig')->{json};
    is !!$config->{changePassword}{supported}, $what eq 'keeps',
        "ServiceProviderConfig of an app that $what passwords";
}

# Dropped
my $reply = create($drops, 'anna', $SECRET);
is $reply->{status}, 201, 'an app that drops them may send a password';
is kept(), 0, '... of which nothing is kept';
is sign_in('anna', $SECRET), 401, '... and with which nobody signs in';
$drops->put("/Users/$reply->{json}{id}", { schemas => [USER],
    userName => 'anna', password => $SECRET });
is kept(), 0, '... by PUT neither';

# Kept: S-4.1.1-14, S-4.1.1-15, S-9.2-01, P-3.4-02
$reply = create($keeps, 'BJensen@Example.com', $SECRET);
my $id = $reply->{json}{id};
is $reply->{status}, 201, 'an app that keeps them sends one';
never_shown($reply, 'the answer');
like $postgres->psql('select hash from scim.passwords'),
    qr/\A\$y\$j\w+\$[^\$]+\$[^\$]+\z/, '... is kept as a hash of yescrypt';
is sign_in('bjensen@example.com', $SECRET), 200, 'who knows it signs in';
is sign_in("BJENSEN\@EXAMPLE.COM", $SECRET), 200, '... whatever the case';
is sign_in('bjensen@example.com', "${SECRET}x"), 401, 'not with another one';
is sign_in('bjensen@example.com', ''), 401, '... nor without';
is sign_in('nobody', $SECRET), 401, '... nor as another one';
my $row = $postgres->psql(q{select string_agg(j::text, ' ')
    from scim.journal j});
unlike $row, qr/t1me|\$y\$/, 'the journal has neither password nor hash';
like $row, qr/"+password"+: "+changed"+/, '... but that it was set';
is $postgres->psql(q{select count(*) from scim.users u
    join scim.user_folded f on f.user_id = u.id
    where u.body ~ 't1me' or f.folded::text ~ 't1me|password'}), 0,
    '... the resource has neither';

# S-4.1.1-19, S-7-16, P-3.9-08: never returned, never to be filtered
for my $query ({}, { attributes => 'password' }, { attributes => 'userName' }) {
    never_shown($keeps->get("/Users/$id", $query), 'GET');
    never_shown($keeps->get('/Users', $query), 'a list');
}
for my $filter ('password pr', "password eq \"$SECRET\"", 'password sw "t"') {
    $reply = $keeps->get('/Users', { filter => $filter });
    isnt $reply->{json}{totalResults} // 0, 1, "$filter matches nobody";
}

# Changed: S-7-14, P-3.5.1-03
$reply = patch({ op => 'replace', path => 'password', value => 'second one' });
is $reply->{status}, 200, 'PATCH replaces it';
never_shown($reply, '... the answer');
is sign_in('bjensen@example.com', 'second one'), 200, '... the new one holds';
is sign_in('bjensen@example.com', $SECRET), 401, '... the old one does not';
is $reply->{json}{meta}{version}, 'W/"2"', '... at a new version';
patch({ op => 'Add', value => { title => 'Guide', Password => 'third' } });
is sign_in('bjensen@example.com', 'third'), 200, 'a PATCH without a path, too';
patch({ op => 'replace', path => USER . ':password', value => 'fourth' });
is sign_in('bjensen@example.com', 'fourth'), 200, '... or with an URN';
patch({ op => 'replace', path => 'title', value => 'Boss' });
is sign_in('bjensen@example.com', 'fourth'), 200, 'other changes keep it';
$keeps->put("/Users/$id", { schemas => [USER],
    userName => 'bjensen@example.com' });
is sign_in('bjensen@example.com', 'fourth'), 200, 'a PUT without it, too';
$keeps->put("/Users/$id", { schemas => [USER], password => 'fifth',
    userName => 'bjensen@example.com' });
is sign_in('bjensen@example.com', 'fifth'), 200, 'a PUT replaces it';
$reply = in_bulk('', patch_in_bulk({ op => 'replace', path => 'password',
    value => 'sixth' }));
is $reply->{json}{Operations}[0]{status}, 200, 'a Bulk operation changes it';
never_shown($reply, '... the answer');
is sign_in('bjensen@example.com', 'sixth'), 200, '... and that one holds';

# However the value is wrapped, the old one must not stay good.
my $n = 0;
for my $operation ({ path => 'password', value => { value => 'wrapped' } },
    { value => { +USER, { password => 'nested' } } },
    { value => { USER . ':password' => 'urn' } }) {
    my ($before, $after) = map { "way $_" } $n, $n + 1;
    patch({ op => 'replace', path => 'password', value => $before });
    my $text = JSON::PP->new->canonical->encode($operation->{value});
    $operation->{value} = JSON::PP->new->decode($text
        =~ s/wrapped|nested|(?<=:")urn(?=")/$after/r);
    is patch({ op => 'replace', %$operation })->{status}, 200, "replace: $text";
    is sign_in('bjensen@example.com', $after), 200, '... the new one holds';
    is sign_in('bjensen@example.com', $before), 401, '... the old one does not';
    $n += 2;
}

# P-3.5.2.2-03, S-2.5-02: taken away, in the transaction of the write
my @ways = (
    ['remove' => sub { patch({ op => 'remove', path => 'password' }) }],
    ['remove with a value' => sub {
        patch({ op => 'remove', path => 'password', value => 'x' }) }],
    ['replace by null' => sub {
        patch({ op => 'replace', path => 'password', value => undef }) }],
    ['null without a path' => sub {
        patch({ op => 'replace', value => { password => undef } }) }],
    ['PUT of null' => sub {
        $keeps->put("/Users/$id", { schemas => [USER], password => undef,
            userName => 'bjensen@example.com' }) }],
    ['Bulk' => sub { in_bulk('', patch_in_bulk({ op => 'remove',
        path => 'password' })) }],
    ['atomic Bulk' => sub { in_bulk('?atomic=true', patch_in_bulk({
        op => 'remove', path => 'password' })) }],
);
for (@ways) {
    my ($what, $remove) = @$_;
    is patch({ op => 'replace', path => 'password', value => 'kept' })
        ->{status}, 200, 'a password is there';
    is sign_in('bjensen@example.com', 'kept'), 200, '... and holds';
    my $version = version();
    is $remove->()->{status}, 200, "$what takes it away";
    is sign_in('bjensen@example.com', $_), 401, "... \"$_\" is none"
        for 'kept', 'x', '';
    is kept(), 0, '... nothing is kept';
    is version(), $version + 1, '... at a new version';
    is journalled(), 'removed', '... the journal says so';
    is $remove->()->{status}, 200, "$what, once more";
    is version(), $version + 1, '... changes nothing';
}
patch({ op => 'replace', path => 'password', value => 'kept' });
is patch({ op => 'remove', path => 'password' },
    { op => 'add', path => 'emails', value => [{ value => 7, primary => 'x' }] })
    ->{status}, 400, 'what is refused as a whole';
is sign_in('bjensen@example.com', 'kept'), 200, '... takes nothing away';
patch({ op => 'remove', path => 'password' },
    { op => 'add', path => 'password', value => 'next' });
is sign_in('bjensen@example.com', 'next'), 200, 'the last operation counts';
is journalled(), 'changed', '... in the journal, too';
patch({ op => 'add', path => 'password', value => undef });
is sign_in('bjensen@example.com', 'next'), 200, 'to add nothing keeps it';

# A hash is slow on purpose: all of a Bulk are made before its transaction.
my $began = time;
$reply = in_bulk('?atomic=true', patch_in_bulk({ op => 'replace',
    path => 'password', value => 'seventh' }), map { { method => 'POST',
    path => '/Users', bulkId => "b$_", data => { schemas => [USER],
    userName => "bulk $_", password => "secret $_" } } } 1 .. 15);
my $took = time - $began;
is_deeply [map { $_->{status} } @{ $reply->{json}{Operations} }],
    [200, (201) x 15], 'an atomic Bulk of many passwords';
is sign_in('bulk 15', 'secret 15'), 200, '... each holds';
is sign_in('bulk 15', 'secret 14'), 401, '... for its user';
is sign_in('bjensen@example.com', 'seventh'), 200, '... a changed one, too';
my $opened = $postgres->psql(q{select extract(epoch from at) from scim.journal
    where name = 'bulk 15'}) - $began;
cmp_ok $opened, '>', $took / 2, '... hashed before the transaction began';
$reply = in_bulk('?atomic=true', { method => 'POST', path => '/Users',
    bulkId => 'x', data => { schemas => [USER], userName => 'never',
        password => 'y' x 600 } }, patch_in_bulk({ op => 'remove',
    path => 'password' }));
is $reply->{json}{Operations}[0]{response}{scimType}, 'invalidValue',
    'a password that is none is its operation\'s fault';
is sign_in('bjensen@example.com', 'seventh'), 200, '... and nothing is done';
$reply = in_bulk('', map { { method => 'POST', path => '/Users',
    bulkId => $_->[0], data => { schemas => [USER], userName => $_->[0],
        password => "of $_->[0]", 'urn:ietf:params:scim:schemas:extension:'
        . 'enterprise:2.0:User' => { manager => {
            value => "bulkId:$_->[1]" } } } } } ['one', 'two'], ['two', 'one']);
is sign_in('two', 'of two'), 200, 'those of a circle hold as well'
    or diag $reply->{body};

# S-4.1.1-16, P-5-01: prepared for comparison, policy
patch({ op => 'replace', path => 'password', value => "p\x{e4}ss\x{3000}w" });
is sign_in('bjensen@example.com', "pa\x{308}ss w"), 200,
    'composed or not, and any space, is one password';
is sign_in('bjensen@example.com', "P\x{e4}ss w"), 401, '... but case counts';
for my $bad ('x' x 600, "a\tb", '') {
    $reply = patch({ op => 'replace', path => 'password', value => $bad });
    next if $bad eq '' && $reply->{status} == 200; # an empty one is none
    is "$reply->{status} $reply->{json}{scimType}", '400 invalidValue',
        'a password that is too long, or cannot be typed';
    like $reply->{json}{detail}, qr/"password" must have 1 to 511 bytes/,
        '... and the rule';
    unlike $reply->{body}, qr/x{20}|a\\tb/, '... without an echo';
}
is sign_in('bjensen@example.com', "p\x{e4}ss w"), 200, '... nothing changed';

# Constant work
my $known = time_of('bjensen@example.com');
my $unknown = time_of('nobody at all');
cmp_ok $unknown, '>', $known / 3, 'an unknown name takes as long';
cmp_ok $unknown, '<', $known * 3, '... and no longer';

# Who may not
patch({ op => 'replace', path => 'active', value => JSON::PP::false });
is sign_in('bjensen@example.com', "p\x{e4}ss w"), 401, 'an inactive user';
patch({ op => 'replace', path => 'active', value => JSON::PP::true });
is sign_in('bjensen@example.com', "p\x{e4}ss w"), 200, '... and active again';
$postgres->administer(qw(organization suspend acme));
is sign_in('bjensen@example.com', "p\x{e4}ss w"), 401,
    'the users of a suspended organization';
$postgres->administer(qw(organization resume acme));
create($server->app('globex', app => 'Keeper',
    install => ['--passwords', 'store']), 'elsewhere', $SECRET);
is sign_in('elsewhere', $SECRET), 401, 'users of another organization';
$postgres->administer(qw(app change --organization acme --passwords drop),
    $keeps->app);
is !!$keeps->get('/ServiceProviderConfig')->{json}{changePassword}{supported},
    '', 'an app that keeps them no more says so at once';
create($keeps, 'later', $SECRET);
is sign_in('later', $SECRET), 401, '... and drops them';
is $keeps->delete("/Users/$id")->{status}, 204, 'a user is deleted';
is $postgres->psql("select count(*) from scim.passwords where user_id = '$id'"),
    0, '... and so is the hash';
is sign_in('bjensen@example.com', "p\x{e4}ss w"), 401, '... for everybody';

# No UTF-8, as of clients that send Latin-1
is $anyone->get('/private', undef, Authorization => 'Basic '
    . encode_base64("m\xfcller:x", ''))->{status}, 401,
    'a name that is no UTF-8 is nobody\'s';

# Guesses
create($server->app('acme', app => 'Other', install => ['--passwords',
    'store']), 'guessed', 'right');
is sign_in('guessed', 'right'), 200, 'who was in a moment ago';
guess_until(qr/SCIM0108: too many wrong passwords/, 'guesses are counted',
    sub ($n) { sign_in('guessed', "guess $n") });
is_refused_at_once('127.0.0.1', 'guessed', '... then refused');
is sign_in('guessed', 'right'), 200, '... and the good one still passes';

$server->tolerates(qr/SCIM010[89]: too many wrong passwords/); # once more
# Names that nobody has are counted as well, by address and by name.
guess_until(qr/SCIM0108: .* from 192\.0\.2\.1,/,
    'an address that guesses names',
    sub ($n) { ask('192.0.2.1', "nobody $n", 'guess') });
is_refused_at_once('192.0.2.1', 'nobody at all', '... is refused');
is ask('192.0.2.2', 'guessed', 'right'), 200, '... others are not';
for my $name ('target', 'nobody either') {
    create($server->app('acme', app => 'Fourth', install => ['--passwords',
        'store']), $name, 'right') if $name eq 'target';
    my $net = $name eq 'target' ? '198.51.100' : '203.0.113';
    guess_until(qr/SCIM0109: .* the last from \Q$net\E\.\d+,/,
        "guesses of $name from many addresses", sub ($n) {
        ask("$net.@{[$n % 250]}", $n % 2 ? $name : uc $name, 'guess') });
    is_refused_at_once('192.0.2.3', $name, '... nobody may try for a while');
    begin_anew(sub { ask('192.0.2.3', $name, 'guess') });
    is ask('192.0.2.8', $name, 'right'), 401, '... not even the one';
}
is ask('192.0.2.3', 'guessed', 'right'), 200, '... other names may';

# Whom the next provider knows has not guessed, even if not let in.
is ask('192.0.2.4', 'filer', 'of the file', '/both'), 200,
    'the next provider has its turn' for 1 .. 62;
is ask('192.0.2.5', 'filer', 'of the file', '/both/closed'), 401,
    'who is known there and may not come in' for 1 .. 62;
unlike $server->error_log, qr/SCIM010[89]: .* from 192\.0\.2\.[45],/,
    '... is no guess';
guess_until(qr/SCIM0108: .* from 192\.0\.2\.6,/,
    '... and who is known to none of them has guessed',
    sub ($n) { ask('192.0.2.6', 'filer', "guess $n", '/both') });
$server->logged(qr/SCIM0109: .* from 192\.0\.2\.6,/, '... that name');
is ask('192.0.2.7', 'filer', 'of the file', '/both'), 200,
    '... while who was in before still is';

# The module may not look into the table.
like eval { $postgres->psql('set scim.org = 1;
    set role scim_httpd; select * from scim.passwords') }
    // $@, qr/permission denied/, 'scim_httpd cannot read hashes';
is $anyone->get('/nobody', undef, Authorization => basic('x', 'y'))->{status},
    500, 'a section without an organization';
$server->logged(qr/SCIM0107: .* has no ScimOrganization/, '... says what to do');
$server->stop;
done_testing;

sub create($client, $name, $password) {
    return $client->post('/Users', { schemas => [USER], userName => $name,
        password => $password });
}

sub patch(@operations) {
    return $keeps->patch("/Users/$id", { schemas => [PATCH_OP],
        Operations => \@operations });
}

sub in_bulk($query, @operations) {
    return $keeps->post("/Bulk$query", { schemas => [BULK],
        Operations => \@operations });
}

sub patch_in_bulk($operation) {
    return { method => 'PATCH', path => "/Users/$id", data => {
        schemas => [PATCH_OP], Operations => [$operation] } };
}

sub version() { return $postgres->psql(
    "select version from scim.users where id = '$id'") }

sub journalled() { return $postgres->psql(q{select changes->>'password'
    from scim.journal where changes ? 'password' order by version desc limit 1}) }

sub kept() { return $postgres->psql('select count(*) from scim.passwords') }

sub basic($name, $password) {
    utf8::encode($name);
    utf8::encode($password);
    return 'Basic ' . encode_base64("$name:$password", '');
}

sub sign_in($name, $password) {
    return $anyone->get('/private', undef,
        Authorization => basic($name, $password))->{status};
}

sub ask($address, $name, $password, $path = '/private') {
    return $anyone->get($path, undef, 'X-Client' => $address,
        Authorization => basic($name, $password))->{status};
}

# One of the 60 is forgiven each second: a slow machine needs some more.
sub guess_until($pattern, $what, $guess) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    for my $n (1 .. 400) {
        last if $n > 60 && $server->error_log =~ $pattern;
        $guess->($n);
    }
    $server->logged($pattern, $what);
    return;
}

# Guesses until one is counted that nobody may follow for a whole second.
sub begin_anew($guess) {
    my $lines = sub { return scalar(() = $server->error_log =~ /SCIM0109/g) };
    my $before = $lines->();
    for (1 .. 1000) {
        $guess->();
        return if $lines->() > $before;
    }
    return;
}

# Faster than any hash could be made.
sub is_refused_at_once($address, $name, $what) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $least;
    for (1 .. 5) {
        my $start = time;
        is ask($address, $name, 'right of another'), 401, $what;
        my $took = time - $start;
        $least = $took if !defined $least || $took < $least;
    }
    cmp_ok $least, '<', $known / 10, '... at once';
    return;
}

sub time_of($name) {
    my $start = time;
    sign_in($name, 'wrong') for 1 .. 5;
    return time - $start;
}

sub never_shown($reply, $what) {
    unlike $reply->{body}, qr/t1me|second one|sixth|"password"|\$y\$/,
        "$what holds no password";
    return;
}
