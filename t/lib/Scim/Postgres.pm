package Scim::Postgres;

# A throw-away PostgreSQL. One cluster serves all files of a run (t/lib/check
# starts it), and each object is a database of its own in it, made from a
# migrated template. Who stops or freezes the server asks for a cluster:
#
#     my $postgres = Scim::Postgres->new(own => 1);
#     $postgres->stop;
#
# Options: own, settings (hash, of an own cluster), empty (not migrated).

use v5.36;
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);
use JSON::PP ();
use Scim::Process qw(run start_server children_of has_ended wait_for
    slurp write_file);

my $JSON = JSON::PP->new->utf8->canonical;
my $TEMPLATE = 'scim_template';
my $SOCKET_PORT = 5432; # a file's name only: nothing listens on TCP
my $PATIENCE = 60; # seconds

# What tests need in place of what production needs.
my %SETTINGS = (
    listen_addresses           => '',
    port                       => $SOCKET_PORT,
    max_connections            => 200,
    shared_buffers             => '64MB',
    fsync                      => 'off',
    log_min_messages           => 'warning',
    log_line_prefix            => '%m [%p] %u@%d ',
    dynamic_shared_memory_type => 'posix',
);

my @made; # by this process

sub new($class, %given) {
    my $self = $given{own} || !$ENV{SCIM_TEST_CLUSTER}
        ? $class->make_cluster(%{ $given{settings} // {} })
        : $class->join_cluster($ENV{SCIM_TEST_CLUSTER});
    $self->{is_own} = $given{own};
    $self->make_template if !$self->{is_shared};
    $self->{database} = $self->make_database($given{empty});
    return $self;
}

# What t/lib/check starts and hands over by the environment's
# SCIM_TEST_CLUSTER.
sub shared($class) {
    my $self = $class->make_cluster;
    $self->make_template;
    write_file("$self->{dir}/cluster.json", $JSON->encode(
        { map { $_ => $self->{$_} } qw(dir socket password_file pid) }));
    $ENV{SCIM_TEST_CLUSTER} = $self->{dir};
    return $self;
}

# -------------------------------------------------------------- its contents

sub database($self) { return $self->{database} }
sub socket_dir($self) { return $self->{socket} }
sub password_file($self) { return $self->{password_file} }
sub pid($self) { return $self->{pid} }

# For the superuser, whom peer authentication lets in.
sub conninfo($self, $database = $self->{database}) {
    return "host=$self->{socket} port=$SOCKET_PORT user=postgres"
        . " dbname=$database";
}

# For the module; its password is in password_file.
sub conninfo_httpd($self, $database = $self->{database}) {
    return "host=$self->{socket} port=$SOCKET_PORT user=scim_httpd"
        . " dbname=$database";
}

# What psql prints without decoration; dies with its complaint.
sub psql($self, $sql, $conninfo = $self->conninfo) {
    my $result = run($sql, program('psql'), '-XAtq',
        '-v', 'ON_ERROR_STOP=1', '-d', $conninfo, '-f', '-');
    die "psql: $result->{errors}" if $result->{status} != 0;
    return $result->{output} =~ s/\n\z//r;
}

# Runs scimctl on this database: status, output, errors, and json if --json is
# among the words.
sub scimctl($self, @words) {
    local $ENV{SCIM_SQL_DIR} = "$ENV{SCIM_SOURCE}/sql";
    local $ENV{SCIM_DATABASE} = $self->conninfo;
    my $result = run('', "$ENV{SCIM_BUILD}/scimctl", @words);
    $result->{json} = eval { JSON::PP->new->utf8->allow_nonref
        ->decode($result->{output}) } if grep { $_ eq '--json' } @words;
    return $result;
}

# scimctl --json where nothing may go wrong: what it printed.
sub administer($self, @words) {
    my $result = $self->scimctl(@words, '--json');
    die "scimctl @words: exit status $result->{status}: $result->{errors}"
        if $result->{status} != 0;
    return $result->{json};
}

# How many connections of the module there are to this database.
sub backends($self) {
    return $self->psql(q{select count(*) from pg_stat_activity
        where usename = 'scim_httpd' and datname = current_database()});
}

sub log_text($self) { return slurp("$self->{dir}/postgres.log") }

# ------------------------------------------------------- start, stop, freeze

sub start($self) {
    $self->{pid} = start_server("$self->{dir}/postgres.log",
        as_database_user(program('postgres'), '-D', "$self->{dir}/data"));
    wait_for($PATIENCE, sub { $self->is_ready || has_ended($self->{pid}) });
    $self->is_ready or die 'PostgreSQL does not start: ', $self->log_text;
    return $self;
}

sub is_ready($self) {
    return eval { $self->psql('select 1', $self->conninfo('postgres')) };
}

# fast: connections are ended; smart: it waits for them; immediate: it crashes.
sub stop($self, $mode = 'fast') {
    $self->must_be_own('stop');
    my %signal = (fast => 'INT', smart => 'TERM', immediate => 'QUIT');
    return $self->end_by($signal{$mode});
}

sub restart($self) {
    $self->stop;
    return $self->start;
}

# The server alone; its children notice and go.
sub kill9($self) {
    $self->must_be_own('kill9');
    return $self->end_by('KILL');
}

# Ends the server process of one of the module's connections; PostgreSQL then
# ends all others and recovers. Gives the number of the process, or ''.
sub kill9_backend($self) {
    $self->must_be_own('kill9_backend');
    my $pid = $self->psql(q{select pid from pg_stat_activity
        where usename = 'scim_httpd' limit 1});
    kill 'KILL', $pid if $pid;
    return $pid;
}

# The machine stands still: sockets stay open, and nobody answers.
sub freeze($self) {
    $self->must_be_own('freeze');
    kill 'STOP', $self->{pid}, children_of($self->{pid}) for 1 .. 2;
    return;
}

sub thaw($self) {
    kill 'CONT', $self->{pid}, children_of($self->{pid});
    return;
}

sub must_be_own($self, $what) {
    die "$what: other test files use this cluster: ask for one with own => 1\n"
        if !$self->{is_own};
    return;
}

sub end_by($self, $signal) {
    my @processes = ($self->{pid}, children_of($self->{pid}));
    kill $signal, $self->{pid};
    wait_for($PATIENCE, sub { !grep { !has_ended($_) } @processes })
        or die "PostgreSQL does not stop\n";
    delete $self->{pid};
    return;
}

# -------------------------------------------------------------- how it is made

# Data below /var/tmp, as /tmp may be memory; a socket's path must be short.
sub make_cluster($class, %settings) {
    my $self = bless { maker => $$,
        dir    => tempdir('mod_scim-XXXXXX', DIR => '/var/tmp'),
        socket => tempdir('scim-XXXXXX', DIR => '/tmp') }, $class;
    push @made, $self;
    mkdir "$self->{dir}/data", 0700 or die "$self->{dir}/data: $!\n";
    chmod 0755, @$self{qw(dir socket)};
    give_to_database_user("$self->{dir}/data", $self->{socket});
    my $initdb = run('', as_database_user(program('initdb'),
        qw(--no-sync --encoding=UTF8 --locale=C --username=postgres),
        qw(--auth-local=peer --auth-host=reject),
        "--pgdata=$self->{dir}/data"));
    die "initdb: $initdb->{errors}" if $initdb->{status} != 0;
    $self->configure(%SETTINGS, %settings);
    return $self->start;
}

# Only the user who runs the tests is the superuser; all others have passwords.
sub configure($self, %settings) {
    my $data = "$self->{dir}/data";
    my $user = getpwuid $>;
    $settings{unix_socket_directories} = $self->{socket};
    write_file("$data/postgresql.auto.conf",
        join '', map { "$_ = '$settings{$_}'\n" } sort keys %settings);
    write_file("$data/pg_hba.conf", "local all postgres peer map=tests\n"
        . "local all all scram-sha-256\nhost all all all scram-sha-256\n");
    write_file("$data/pg_ident.conf", "tests $user postgres\n");
    give_to_database_user(map { "$data/$_" }
        qw(postgresql.auto.conf pg_hba.conf pg_ident.conf));
    return;
}

# Roles belong to the cluster, and so does the password of scim_httpd.
sub make_template($self) {
    $self->{password_file} = write_file("$self->{dir}/password",
        join('', map { ('a' .. 'z', 0 .. 9)[rand 36] } 1 .. 24) . "\n", 0600);
    $self->create_database($TEMPLATE, 'template0');
    local $self->{database} = $TEMPLATE;
    $self->administer(qw(database migrate --httpd-password-file),
        $self->{password_file});
    return;
}

sub make_database($self, $is_empty) {
    state $n = 0;
    my $name = sprintf 't_%d_%d', $$, ++$n;
    return $self->create_database($name, $is_empty ? 'template0' : $TEMPLATE);
}

sub create_database($self, $name, $template) {
    $self->psql("create database $name template $template",
        $self->conninfo('postgres'));
    return $name;
}

sub join_cluster($class, $dir) {
    return bless { %{ $JSON->decode(slurp("$dir/cluster.json")) },
        is_shared => 1 }, $class;
}

sub program($name) {
    return length($ENV{SCIM_PG_BINDIR} // '') ? "$ENV{SCIM_PG_BINDIR}/$name"
                                              : $name;
}

# PostgreSQL does not run as root.
sub database_user() {
    state $user = $> ? undef : getpwnam('postgres') ? 'postgres' : 'nobody';
    return $user;
}

sub as_database_user(@command) {
    my $user = database_user() // return @command;
    my ($uid, $gid) = (getpwnam $user)[2, 3];
    return ('setpriv', "--reuid=$uid", "--regid=$gid", '--clear-groups',
        @command);
}

sub give_to_database_user(@files) {
    my $user = database_user() // return;
    chown((getpwnam $user)[2, 3], @files) == @files or die "chown: $!\n";
    return;
}

# A fork of the test inherits the objects, not the duty to clean up.
END {
    my $status = $?;
    for my $cluster (grep { $_->{maker} == $$ } @made) {
        if ($cluster->{pid}) {
            $cluster->thaw;
            eval { $cluster->end_by('QUIT'); 1 } or warn $@;
        }
        remove_tree(@$cluster{qw(dir socket)});
    }
    $? = $status;
}

1;
