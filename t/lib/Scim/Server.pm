package Scim::Server;

# A private httpd with mod_scim and a database of its own, on a free port.
#
#     my $server = Scim::Server->new(mpm => 'worker');
#     my $acme = $server->organization('acme');    # a Scim::Client
#     ...
#     $server->logged(qr/could not reach PostgreSQL/);
#     $server->stop;
#
# The stop fails the test on any line of the error log, of level warn or above,
# that was not announced by logged() or tolerates().
#
# Options: mpm (event), modules (beside those that any httpd has), config (text
# of the server), section (text within <Location /scim/v2>), httpd (hash of
# directives of the server, undef: leave out), postgres (options of
# Scim::Postgres, or an object of it), admin (1: a section /scim-admin with the
# admin API, or the text within it).
#
#     my $olga = $server->admin('acme', 'owner@acme.example'); # a Scim::Admin

use v5.36;
use File::Path qw(remove_tree);
use Digest::SHA qw(sha1_base64);
use File::Temp qw(tempdir);
use Scim::Admin;
use Scim::Client;
use Scim::Postgres;
use Scim::Process qw(run start_server children_of has_ended wait_for free_port
    slurp write_file);
use Test::More ();

my $BASE = '/scim/v2';
my $ADMIN_BASE = '/scim-admin';
my $PATIENCE = 60; # seconds; sanitizers are slow

# Small, but with more than one child and enough threads for 32 clients.
my %MPM_SETTINGS = (
    prefork => { StartServers => 4, MinSpareServers => 2, MaxSpareServers => 8,
        MaxRequestWorkers => 40 },
    map { $_ => { StartServers => 2, ThreadsPerChild => 20,
        MinSpareThreads => 20, MaxSpareThreads => 40,
        MaxRequestWorkers => 40 } } qw(event worker),
);

# No line of the log may look so, whoever wrote it.
my $BREAKAGE = qr/exit\ signal|AddressSanitizer|LeakSanitizer|runtime\ error:
    |Assertion|\[\w+:(?:crit|alert|emerg)\]/x;
my $COMPLAINT = qr/\[scim:(?:warn|error)\]/;
my $LOG_LINE = qr/\A\[\w+ \w+ +\d/; # other lines are a sanitizer's

my @made; # by this process

sub new($class, %given) {
    my $dir = tempdir('scim-httpd-XXXXXX', DIR => '/tmp');
    my $postgres = $given{postgres} // {};
    my $self = bless { maker => $$, mpm => 'event', %given, dir => $dir,
        port => free_port(), announced => [], read_to => 0,
        postgres => ref $postgres eq 'HASH' ? Scim::Postgres->new(%$postgres)
                                            : $postgres }, $class;
    push @made, $self;
    chmod 0755, $dir;
    write_file("$dir/error.log", '');
    write_file("$dir/mime.types", ''); # where mod_mime looks for it
    write_file("$dir/logins", '');
    copy_console("$dir/console") if defined $self->{admin};
    $self->start;
    return $self;
}

sub dir($self) { return $self->{dir} }
sub port($self) { return $self->{port} }
sub pid($self) { return $self->{pid} }
sub postgres($self) { return $self->{postgres} }
sub error_log($self) { return slurp("$self->{dir}/error.log") }
sub children($self) { return children_of($self->{pid}) }

sub url($self, $slug = undef) {
    return "http://127.0.0.1:$self->{port}$BASE"
        . (defined $slug ? "/$slug" : '');
}

# ------------------------------------------------------------- organizations

# A new organization with SCIM on, an app and a token: a client of it. Options:
# name, kind, app (its name), words for the app and for the token: install =>
# ['--strict'], token => ['--read-only'].
sub organization($self, $slug, %given) {
    $self->{postgres}->administer('organization', 'create', $slug, '--name',
        $given{name} // ucfirst $slug, '--owner', "owner\@$slug.example",
        '--scim', 'on');
    return $self->app($slug, %given);
}

# One more app of an organization.
sub app($self, $slug, %given) {
    my $app = $self->{postgres}->administer('app', 'install',
        '--organization', $slug, '--kind', $given{kind} // 'entra',
        '--name', $given{app} // 'Azure Generic SCIM',
        @{ $given{install} // [] });
    return Scim::Client->new(
        url          => $self->url($slug),
        organization => $slug,
        app          => $app->{app_id},
        token        => $self->token($slug, $app->{app_id},
            @{ $given{token} // [] }),
    );
}

# One more secret token of an app.
sub token($self, $slug, $app_id, @words) {
    return $self->{postgres}->administer('token', 'create', '--organization',
        $slug, '--app', $app_id, @words)->{token};
}

# A person's way to the admin API: to one organization, or to all of them. Makes
# the login, not the account; the owner of organization() has one.
sub admin($self, $slug, $name) {
    my $password = join '', map { ('a' .. 'z')[rand 26] } 1 .. 20;
    open my $file, '>>', "$self->{dir}/logins" or die "logins: $!";
    print {$file} "$name:{SHA}", sha1_base64($password), "=\n";
    close $file or die "logins: $!";
    return Scim::Admin->new(url => "http://127.0.0.1:$self->{port}$ADMIN_BASE"
        . '/v1/organizations' . (defined $slug ? "/$slug" : ''),
        name => $name, password => $password);
}

# -------------------------------------------------------------- the error log

# The test that something was logged, which then is no surprise.
sub logged($self, $pattern, $name = "the log holds $pattern") {
    push @{ $self->{announced} }, $pattern;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::ok(wait_for(5, sub { $self->error_log =~ $pattern }),
        $name) || Test::More::diag($self->error_log);
}

# Lines that may be there or not.
sub tolerates($self, @patterns) {
    push @{ $self->{announced} }, @patterns;
    return;
}

sub surprises($self) {
    my $text = substr $self->error_log, $self->{read_to};
    $self->{read_to} += length $text;
    my (@found, $is_report);
    for my $line (split /\n/, $text) {
        $is_report = 1 if $line =~ /Sanitizer|runtime error:/;
        next if $line !~ $BREAKAGE && $line !~ $COMPLAINT
            && !($is_report && $line !~ $LOG_LINE);
        next if grep { $line =~ $_ } @{ $self->{announced} };
        push @found, $line;
    }
    return @found;
}

# ------------------------------------------------------------ start and stop

# With a configuration of its own, where one is given.
sub start($self, $text = $self->config_text) {
    my $started = $self->starts;
    write_file("$self->{dir}/httpd.conf", $text);
    $self->{pid} = start_server("$self->{dir}/error.log", $ENV{SCIM_HTTPD},
        '-f', "$self->{dir}/httpd.conf", '-D', 'FOREGROUND');
    $self->wait_for_children($started)
        or die 'httpd does not start: ', $self->error_log;
    return $self;
}

# Every test of a server ends with this one.
#
# A worker of event's that is done with a connection in the moment in which the
# child closes them all takes the child down (close_worker_sockets() looks twice
# at a socket that is NULL by then): seen once in a hundred stops right after an
# answer. That is httpd's fault, and no test is about it.
sub stop($self) {
    wait_for($PATIENCE, sub { $self->is_asleep && $self->is_asleep });
    $self->end_by('TERM');
    return $self->check_log;
}

# Lets requests end first.
sub graceful_stop($self) {
    $self->end_by('WINCH');
    return $self->check_log;
}

# A new generation of children, of this configuration; returns when it is
# there, and when those of the old one take no new connections any more.
sub graceful($self, $text = $self->config_text) {
    my $started = $self->starts;
    my @old = $self->children;
    write_file("$self->{dir}/httpd.conf", $text);
    kill 'USR1', $self->{pid};
    $self->wait_for_children($started)
        or die 'httpd does not restart: ', $self->error_log;
    wait_for($PATIENCE, sub { !grep { $self->is_listening($_) } @old })
        or die 'httpd does not let its old children go: ', $self->error_log;
    return;
}

# Whether a process holds the socket of our port.
sub is_listening($self, $pid) {
    my $port = sprintf '%04X', $self->{port};
    my %ours = map { my @field = split; ("socket:[$field[9]]" => 1) }
        grep { /:$port 00000000:0000 0A / } split /\n/, slurp('/proc/net/tcp');
    return scalar grep { $ours{ readlink($_) // '' } } glob "/proc/$pid/fd/*";
}

# Everything at once, as a power failure does.
sub kill9($self) {
    my @all = ($self->{pid}, $self->children);
    kill 'STOP', @all;
    kill 'KILL', $self->{pid}, $self->children, @all;
    wait_for($PATIENCE, sub { !grep { !has_ended($_) } @all });
    delete $self->{pid};
    return;
}

# Whether the text is accepted, and what httpd says of it.
sub configtest($self, $text = $self->config_text) {
    my $file = write_file("$self->{dir}/test.conf", $text);
    my $result = run('', $ENV{SCIM_HTTPD}, '-t', '-f', $file);
    return ($result->{status} == 0, $result->{output} . $result->{errors});
}

# The port alone says nothing: it is open before the configuration is read out.
sub starts($self) {
    return scalar(() = $self->error_log =~ /resuming normal operations/g);
}

sub wait_for_children($self, $started) {
    wait_for($PATIENCE,
        sub { $self->starts > $started || has_ended($self->{pid}) });
    return $self->starts > $started && !has_ended($self->{pid});
}

# Whether no thread of a child has anything to do: one that works or waits for a
# processor is not asleep.
sub is_asleep($self) {
    my @states = map { eval { slurp($_) } // '' }
        map { glob "/proc/$_/task/*/stat" } $self->children;
    return !grep { !/\) S / } @states;
}

sub end_by($self, $signal) {
    my @all = ($self->{pid}, $self->children);
    kill $signal, $self->{pid};
    wait_for($PATIENCE, sub { !grep { !has_ended($_) } @all })
        or die 'httpd does not stop: ', $self->error_log;
    delete $self->{pid};
    return;
}

sub check_log($self) {
    my @found = $self->surprises;
    local $Test::Builder::Level = $Test::Builder::Level + 2;
    return Test::More::is(scalar @found, 0, 'the error log holds no surprise')
        || Test::More::diag(join "\n", @found);
}

# ---------------------------------------------------------- the configuration

# Options that change what the next start or reload reads.
sub configure($self, %given) {
    @$self{ keys %given } = values %given;
    return;
}

sub config_text($self) {
    my $dir = $self->{dir};
    my %directive = (
        ServerRoot        => $dir,
        DefaultRuntimeDir => $dir,
        PidFile           => "$dir/httpd.pid",
        # A child that changed its user could not be looked into by LSan
        CoreDumpDirectory => $dir,
        ServerName        => 'localhost',
        Listen            => "127.0.0.1:$self->{port}",
        ErrorLog          => "$dir/error.log",
        LogLevel          => 'notice scim:info',
        KeepAliveTimeout  => 30,
        MaxKeepAliveRequests => 0,
        $> == 0 ? (User => 'www-data', Group => 'www-data') : (),
        %{ $MPM_SETTINGS{ $self->{mpm} } },
        ScimDatabase => qq{"@{[$self->{postgres}->conninfo_httpd]}"},
        ScimDatabasePasswordFile => $self->{postgres}->password_file,
        %{ $self->{httpd} // {} },
    );
    return join '', $self->load_modules,
        (map { "$_ $directive{$_}\n" } grep { defined $directive{$_} }
            sort keys %directive),
        "<Location $BASE>\nScimService scim\n", $self->{section} // '',
        "\n</Location>\n", $self->admin_text, $self->{config} // '', "\n";
}

# httpd's user may not get at the source.
sub copy_console($dir) {
    mkdir $dir or die "$dir: $!";
    write_file("$dir/" . s{.*/}{}r, slurp($_), 0644)
        for glob "$ENV{SCIM_SOURCE}/mod_scim/console/*";
    return;
}

# A section whose logins admin() makes.
sub admin_text($self) {
    my $text = $self->{admin} // return '';
    $text = <<~END if $text eq '1';
        AuthType Basic
        AuthName administration
        AuthBasicProvider file
        AuthUserFile $self->{dir}/logins
        Require valid-user
        END
    return "<Location $ADMIN_BASE>\nScimService admin\n"
        . "ScimConsole $self->{dir}/console\n"
        . "$text\n</Location>\n";
}

# Where a module has no file, httpd has it built in.
sub load_modules($self) {
    my $dir = $ENV{SCIM_HTTPD_MODULES};
    my @names = ("mpm_$self->{mpm}", qw(unixd authz_core log_config),
        defined $self->{admin}
            ? qw(authn_core authn_file authz_user auth_basic) : (),
        @{ $self->{modules} // [] });
    return (map { "LoadModule ${_}_module $dir/mod_$_.so\n" }
        grep { -e "$dir/mod_$_.so" } @names),
        "LoadModule scim_module $ENV{SCIM_BUILD}/.libs/mod_scim.so\n";
}

# A test that forgot the stop, or died before it, does not pass.
END {
    my $status = $?;
    for my $server (grep { $_->{maker} == $$ } @made) {
        if ($server->{pid}) {
            eval { $server->end_by('TERM'); 1 } or warn $@;
            Test::More::diag("a server was not stopped:\n",
                join "\n", $server->surprises);
            $status ||= 1;
        }
        remove_tree($server->{dir});
    }
    $? = $status;
}

1;
