# conf/quickstart as a new user runs it, but for the build: the one that is
# tested is taken.

use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::RealBin/lib";
use IO::Socket::INET;
use Scim::Client;
use Scim::Crowd qw(in_parallel);
use Scim::Process qw(run wait_for has_ended children_of free_port slurp
    write_file);
use Test::More;

my $PROGRAM = "$FindBin::RealBin/../conf/quickstart";
my $parent = tempdir('scim-quickstart-XXXXXX', DIR => '/tmp', CLEANUP => 1);
my %folder = (one => "$parent/one", two => "$parent/two",
    blank => "$parent/it's a folder");
my %port = map { $_ => free_port() } sort keys %folder;
$ENV{HTTPD} = $ENV{SCIM_HTTPD};
delete @ENV{qw(SCIM_QUICKSTART_PORT SCIM_QUICKSTART_DIR)};

# What each is reached by
my (%url, %token, %other);

subtest 'the first run' => sub { run_first('one') };
subtest 'a second one beside it, without a sample' => sub { run_beside('two') };
subtest 'commands' => sub { ask('one') };
subtest 'the same command once more' => sub { run_again('one') };
subtest 'stop and start' => sub { stop_and_start('one') };
subtest 'after the machine went down' => sub { come_back('one') };
subtest 'every failure is one line' => sub { fail_clearly('one') };
subtest 'a port that is taken' => sub { keep_port('one') };
subtest 'several commands at once' => sub { ask_at_once('one') };
subtest 'a folder with blanks' => sub { run_between_blanks('blank') };
subtest 'packages that are missing' => sub { miss_packages() };
subtest 'a build that is gone' => sub { lose_build('two') };
subtest 'clean' => sub { clean_up(sort keys %folder) };
done_testing;

# What a test that died has left
END {
    my $status = $?;
    quickstart($_, 'clean') for grep { -e $folder{$_} } keys %folder;
    $? = $status;
}

# --------------------------------------------------------------- the subtests

sub run_first($name) {
    my $result = quickstart($name, '--port', $port{$name});
    is $result->{status}, 0, 'it succeeds' or diag @$result{qw(output errors)};
    my $said = $result->{output};
    ($url{$name}) = $said =~ /Tenant URL +(\S+)/;
    ($token{$name}) = $said =~ /Secret token +(mscim1_\S+)/;
    is $url{$name}, "http://127.0.0.1:$port{$name}/scim/v2/acme", 'the tenant URL';
    ok $token{$name}, 'the secret token';
    like $said, qr/credentials are good/, 'the connection is tested';
    is scalar(() = $said =~ /^\w+ cycle: \d+ requests/mg), 4, 'four cycles ran';
    like $result->{errors}, qr/users +32 of 32/, 'their progress is shown';
    like $said, qr/acme holds 29 users, 1 of them inactive, and 7 groups/,
        'what the organization holds';
    is scim($name)->get('/Users')->{json}{totalResults}, 29, '... is what it holds';
    is scim($name)->get('/Users?filter=externalId+eq+%2238057400-8a54-56e6-82d7-'
        . '947524d27e44%22')->{json}{totalResults}, 1,
        'externalId is the objectId, as the set-up guide advises';
    like $said, qr/^Both servers go on running\. Stop them: .*\Q$folder{$name}\E stop$/m,
        'how to stop';
    paste($said);
    return;
}

# The printed lines, in a shell, as they are.
sub paste($said) {
    my @lines = $said =~ /^(curl .*)$/mg;
    is scalar @lines, 4, 'four lines to try';
    like pasted($lines[0]), qr/"userName" : "bjensen\@acme\.example"/, 'one makes a user';
    like pasted($lines[1]), qr/"totalResults" : 1\b/, '... one finds the user';
    like pasted($lines[2]), qr/"displayName" : "Engineering"/, '... one lists the groups';
    like pasted($lines[3]), qr/"role" : "owner"/, '... one is the owner\'s';
    return;
}

sub pasted($line) { return run('', 'sh', '-c', $line)->{output} }

sub run_beside($name) {
    local $ENV{SCIM_QUICKSTART_PORT} = $port{$name};
    local $ENV{SCIM_QUICKSTART_DIR} = $folder{$name};
    my $result = run('', $PROGRAM, '--no-sample', '--build', $ENV{SCIM_BUILD});
    is $result->{status}, 0, 'port and folder come from the environment'
        or diag @$result{qw(output errors)};
    ($url{$name}) = $result->{output} =~ /Tenant URL +(\S+)/;
    ($token{$name}) = $result->{output} =~ /Secret token +(\S+)/;
    is scim($name)->get('/Users')->{json}{totalResults}, 0, 'it is empty';
    is Scim::Client->new(url => $url{$name}, token => $token{one})
        ->get('/Users')->{status}, 401, 'the other one\'s token is no good here';
    is scim('one')->get('/Users')->{status}, 200, 'the other one goes on';
    return;
}

sub ask($name) {
    is output($name, 'url'), "$url{$name}\n", 'url prints the tenant URL alone';
    like output($name, 'token'), qr/\Amscim1_\w+\n\z/, 'token prints a token alone';
    isnt output($name, 'token'), "$token{$name}\n", '... another one';
    is scim($name)->get('/Users')->{status}, 200, '... the first one stays good';

    my $made = output($name, 'organization', 'globex');
    like $made, qr/\Ahttp\S+\nmscim1_\w+\n\z/,
        'organization prints a tenant URL and a token, on two lines';
    my ($url, $token) = split /\n/, $made;
    my $login = output($name, 'login', 'globex') =~ s/\n\z//r;
    my $seen = pasted("curl -s -u '$login'"
        . " http://127.0.0.1:$port{$name}/scim-admin/v1/organizations");
    like $seen, qr/\A\{"items":\[\{"name":"globex","role":"owner","slug":"globex"\}\]\}\s*\z/,
        'login prints that of its owner, who looks after it, and nothing else';
    like pasted("curl -s -u '$login' http://127.0.0.1:$port{$name}/scim-admin/"),
        qr/<title>SCIM console/, '... in the console, too';
    %other = (url => $url, token => $token);
    my $globex = Scim::Client->new(%other);
    is $globex->get('/Users')->{json}{totalResults}, 0, 'organization makes an empty one';
    is $globex->another(token => $token{$name})->get('/Users')->{status}, 401,
        '... with a token of its own';

    my $shell = 'eval "$1" && echo "$SCIM_URL $SCIM_TOKEN" && scimctl organization list'
        . ' && psql -Atc "select count(*) from scim.organizations"';
    my $result = run('', 'sh', '-ec', $shell, 'sh', output($name, 'env'));
    like $result->{output}, qr/\A\Q$url{$name} $token{$name}\E\n.*^acme .*^2\n\z/ms,
        'env lets scimctl and psql find the database' or diag $result->{errors};
    is quickstart($name, 'status')->{status}, 0, 'status says that all is well';
    return;
}

sub run_again($name) {
    my $result = quickstart($name);
    is $result->{status}, 0, 'it succeeds, on the same port';
    like $result->{output}, qr/\Q$token{$name}\E/, '... with the same token';
    like $result->{output}, qr/^incremental cycle: 0 requests/m,
        '... and the job finds nothing to do';
    is scim($name)->get('/Users')->{json}{totalResults}, 30, 'nothing is lost';
    return;
}

sub stop_and_start($name) {
    my @processes = processes($name);
    is quickstart($name, 'stop')->{status}, 0, 'stop';
    is_deeply [grep { !has_ended($_) } @processes], [], '... ends all processes';
    ok !-e "$folder{$name}/run", '... and removes the sockets';
    is quickstart($name, 'status')->{status}, 1, 'status says so';
    is quickstart($name, 'stop')->{status}, 0, 'stop is harmless twice';
    fails($name, qr/not running/, 'token');

    $port{$name} = free_port();
    is quickstart($name, 'start', '--port', $port{$name})->{status}, 0,
        'start, on another port';
    $url{$name} = output($name, 'url') =~ s/\n\z//r;
    like $url{$name}, qr/:$port{$name}\//, '... which the tenant URL has';
    is scim($name)->get('/Users')->{json}{totalResults}, 30, 'all is there again';
    return;
}

# Pid files stay behind, and their numbers are somebody else's.
sub come_back($name) {
    my @processes = processes($name);
    kill 'STOP', @processes;
    kill 'KILL', @processes;
    ok wait_for(10, sub { !grep { !has_ended($_) } @processes }), 'all is gone';
    write_file(place($name) . '/httpd.pid', "$$\n");
    my $lock = place($name) . '/postgresql/postmaster.pid';
    write_file($lock, slurp($lock) =~ s/\A\d+/$$/r);
    is quickstart($name, 'status')->{status}, 1, 'status is not deceived';
    my $result = quickstart($name, 'start');
    is $result->{status}, 0, 'start' or diag $result->{errors};
    is scim($name)->get('/Users')->{json}{totalResults}, 30, 'all is there again';
    return;
}

sub fail_clearly($name) {
    my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
    my $port = $taken->sockport;
    my %new = (fresh => "$parent/fresh", foreign => "$parent/foreign");
    mkdir $new{foreign};
    write_file("$new{foreign}/letter", 'dear');
    local @folder{ keys %new } = values %new;

    fails('fresh', qr/port $port is taken/, '--port', $port);
    fails('fresh', qr/a port is 1 to 65535/, '--port', 80_000);
    fails('foreign', qr/not empty/);
    fails('foreign', qr/holds no quickstart/, 'clean');
    fails('foreign', qr/nothing is in/, 'start');
    is slurp("$new{foreign}/letter"), 'dear', 'what is not ours is left alone';
    fails($name, qr/\bno slug\b/, 'organization', 'Not A Slug');
    fails($name, qr/taken/, 'organization', 'globex');
    fails($name, qr/there is no command/, 'frobnicate');
    fails($name, qr/there is no option/, '--frobnicate');
    if ($> == 0) { # nobody else may give a folder away
        chown 1, -1, $folder{$name};
        fails($name, qr/belongs to \w+: run this as/, 'status');
        chown 0, -1, $folder{$name};
    }
    return;
}

# What runs goes on, where it was.
sub keep_port($name) {
    my $taken = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1);
    for my $command ([], ['start']) {
        fails($name, qr/port \d+ is taken/, @$command, '--port', $taken->sockport);
        is quickstart($name, 'status')->{status}, 0, '... and all goes on running';
        is output($name, 'url'), "$url{$name}\n", '... under its URL';
    }
    return;
}

sub ask_at_once($name) {
    my @said = in_parallel(6, sub ($n) {
        return quickstart($name, $n % 2 ? 'token' : ('organization', "at-once-$n")) });
    is_deeply [map { $_->{errors} } @said], [('') x 6], 'nobody complains';
    is scalar(grep { $_->{output} =~ /^mscim1_\w+\n\z/m } @said), 6,
        '... and each has a token';
    my $apps = run('', 'sh', '-ec', 'eval "$1"; scimctl app list --organization acme'
        . ' --json', 'sh', output($name, 'env'));
    is scalar(() = $apps->{output} =~ /"app_id"/g), 1, '... of the same app';
    return;
}

sub run_between_blanks($name) {
    my $result = quickstart($name, '--no-sample', '--port', $port{$name});
    is $result->{status}, 0, 'it succeeds' or diag $result->{errors};
    my ($env) = $result->{output} =~ /^scimctl and psql.*(eval .*)$/m;
    like run('', 'sh', '-c', "$env; scimctl organization list")->{output}, qr/^acme /m,
        'the printed env can be pasted';
    my ($stop) = $result->{output} =~ /^Both servers.*: +(\S.*)$/m;
    is run('', 'sh', '-c', $stop)->{status}, 0, '... as the printed stop';
    is quickstart($name, 'status')->{status}, 1, '... which stops them';
    return;
}

# A machine where curl is missing, and whose apt-get finds nothing.
sub miss_packages() {
    my $bin = "$parent/bin";
    mkdir $bin;
    symlink $_, "$bin/" . ($_ =~ s{.*/}{}r)
        for grep { !m{/(?:curl|sudo|apt-get)\z} } map { glob "$_/*" }
            grep { -d } split /:/, $ENV{PATH};
    local $ENV{PATH} = $bin;
    local $folder{bare} = "$parent/bare";
    my $port = free_port();
    fails('bare', qr/please install .*: curl/, '--port', $port);
    write_file("$bin/apt-get", "#!/bin/sh\necho 'E: Unable to locate it' >&2\nexit 100\n");
    write_file("$bin/sudo", "#!/bin/sh\nexit 1\n");
    chmod 0755, "$bin/apt-get", "$bin/sudo";
    fails('bare', $> == 0 ? qr/curl: E: Unable to locate it/
        : qr/\(curl\): run this as root or as a user with sudo/, '--port', $port);
    return;
}

# stop needs nothing of it.
sub lose_build($name) {
    my $settings = "$folder{$name}/settings";
    my $saved = slurp($settings);
    my @processes = processes($name);
    my $without = sub (@words) { run('', $PROGRAM, '--dir', $folder{$name}, @words) };
    write_file($settings, $saved =~ s{^build=.*}{build=$parent/gone}mr);
    is $without->('status')->{status}, 0, 'status';
    is $without->('stop')->{status}, 0, 'stop';
    is_deeply [grep { !has_ended($_) } @processes], [], '... ends all processes';
    like $without->('start')->{errors}, qr/\Aquickstart: mod_scim is not built in .*\n\z/,
        'start says what is missing';
    write_file($settings, $saved);
    is quickstart($name, 'start')->{status}, 0, '... and starts when it is there';
    return;
}

sub fails($name, $reason, @words) {
    my $result = quickstart($name, @words);
    isnt $result->{status}, 0, "@words fails";
    like $result->{errors}, qr/\Aquickstart: .*$reason.*\n\z/, '... in one line';
    return;
}

sub clean_up(@names) {
    my @processes = map { processes($_) } @names;
    my @places = map { place($_) } @names;
    is quickstart($_, 'clean')->{status}, 0, "clean $_" for @names;
    is_deeply [grep { !has_ended($_) } @processes], [], 'no process is left';
    is_deeply [grep { -e } @places, @folder{@names}], [], 'no file is left';
    return;
}

# ------------------------------------------------------------------ its ways

sub quickstart($name, @words) {
    return run('', $PROGRAM, '--dir', $folder{$name}, '--build', $ENV{SCIM_BUILD},
        @words);
}

sub output($name, @words) { return quickstart($name, @words)->{output} }

sub scim($name) {
    return Scim::Client->new(url => $url{$name}, token => $token{$name});
}

# As root, a folder that the database's user cannot reach is only a pointer.
sub place($name) {
    return readlink("$folder{$name}/place") // $folder{$name};
}

sub processes($name) {
    my $place = place($name);
    my @servers = map { slurp($_) =~ /\A(\d+)/ } grep { -e }
        "$place/httpd.pid", "$place/postgresql/postmaster.pid";
    return map { ($_, children_of($_)) } grep { $_ > 1 } @servers;
}
