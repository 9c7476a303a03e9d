# Rules that no compiler knows: which layer may see which header, how a source
# file looks, and that the Makefile names every file there is.

use v5.36;
use File::Find qw(find);
use FindBin;
use Test::More;

my $source = $ENV{SCIM_SOURCE} // "$FindBin::RealBin/..";
chdir $source or die "$source: $!";

# What a directory may include: directories of the project, and the system's
# headers. The C library's and APR's are open to all.
my %layer = (
    core     => { own => [qw(core)], system => [qw(jansson uni\w+)] },
    store    => { own => [qw(store core)],
        system => [qw(libpq-fe poll jansson uni\w+)] },
    protocol => { own => [qw(protocol store core)], system => [qw(crypt jansson)] },
    admin    => { own => [qw(admin store core)],
        system => [qw(jansson uni\w+ sys/random)] },
    scimctl  => { own => [qw(scimctl admin store core)],
        system => [qw(jansson uni\w+ pwd unistd)] },
    httpd    => { own => [qw(httpd protocol admin store core)],
        system => [qw(httpd http_\w+ ap_\w+ util_\w+ mod_auth mod_core jansson
            unistd)] },
);
$layer{''} = $layer{httpd};    # mod_scim.c, the door
my $C_LIBRARY = qr/\A(?:assert|ctype|errno|inttypes|limits|stdarg|stddef
    |stdint|stdio|stdlib|string|time|apr\w*)\z/x;
# APR is for values in the core: no files, no sockets, no clock, no threads.
my $NO_CORE = qr/\A(?:apr_(?:file|network|poll|thread|shm|time|env|proc|random
    |global|signal)\w*|time)\z/x;
# Only these lead into the store.
my %door = map { $_ => 1 } qw(store/store.h store/admin.h);

my @all = list_files();
my @c = grep { m{\Amod_scim/.*\.[ch]\z} } @all;
my @texts = grep { /\.(?:c|h|pm|t|sql|sh)\z/ || m{\At/(?:lib/)?[a-z]+\z}
    || $_ eq 'conf/quickstart' } @all;
cmp_ok scalar @c, '>', 100, 'the sources are there';

subtest 'layers' => sub {
    for my $file (@c) {
        is_deeply [strangers($file)], [], "$file stays in its layer";
        next if $file !~ /\.c\z/ || !-e $file =~ s/c\z/h/r;
        my ($first) = includes($file);
        is $first, $file =~ s{\Amod_scim/(.*)c\z}{$1h}r,
            "$file proves that its header stands alone";
    }
};
subtest 'httpd is called by its own directory only' => sub {
    for my $file (grep { !m{\Amod_scim/(?:httpd/|mod_scim\.c)} } @c) {
        my @calls = code($file) =~ /\b(ap_\w+|request_rec)\b/g;
        is_deeply \@calls, [], $file;
    }
};
subtest 'what belongs to the whole process is left alone' => sub {
    for my $file (grep { !m{\Amod_scim/scimctl/} } @c) {
        my @calls = code($file) =~ /\b(json_set_alloc_funcs|setlocale|signal
            |sigaction|chdir|umask|setenv|putenv|PQcancel|PQinitOpenSSL
            |PQinitSSL|strcpy|strcat|gets)\s*\(/gx;
        is_deeply \@calls, [], $file;
    }
};
subtest 'files log as this module' => sub {
    for my $file (grep { m{\Amod_scim/httpd/.*\.c\z} } @c) {
        my $code = code($file);
        next if $code !~ /\bap_log_\w+\(/;
        like $code, qr/^APLOG_USE_MODULE\(scim\);/m, $file;
    }
};
subtest 'texts' => sub { is_deeply [faults($_)], [], $_ for @texts };
subtest 'names say what is inside' => sub {
    unlike $_, qr/(?:util|helper|common|misc|manager)/, $_ for @texts;
};
subtest 'functions fit on a screen' => sub {
    for my $file (grep { /\.c\z/ } @all) {
        is_deeply [long_functions($file)], [], $file;
    }
};
subtest 'what owners do has two faces' => \&compare_faces;
subtest 'the Makefile names every file' => \&compare_makefile;
done_testing;

# ---------------------------------------------------------------------------

sub list_files {
    my @found;
    find({ no_chdir => 1, wanted => sub {
        push @found, $_ if -f && !m{/\.} && !m{/scim_version\.h};
    } }, qw(mod_scim sql conf t));
    return sort @found;
}

sub slurp ($file) {
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!";
    local $/;
    return scalar <$in>;
}

# Without comments and texts.
sub code ($file) {
    return slurp($file) =~ s{/\*.*?\*/}{}gsr =~ s{"(?:[^"\\\n]|\\.)*"}{""}gr;
}

sub includes ($file) {
    return slurp($file) =~ /^#include [<"]([^>"]+)[>"]/gm;
}

sub strangers ($file) {
    my ($dir) = $file =~ m{\Amod_scim/(?:(\w+)/)?};
    my $may = $layer{ $dir // '' } or return "$file belongs to no layer";
    my ($own, $system) = map { join '|', @{ $may->{$_} } } qw(own system);
    my @strange;
    for my $header (includes($file)) {
        my $name = $header =~ s/\.h\z//r;
        next if $header eq 'scim_version.h';
        if ($header =~ m{\A(\w+)/} && exists $layer{$1}) {
            my $from = $1;
            next if $from eq ($dir // '');
            next if $from =~ /\A(?:$own)\z/
                && ($from ne 'store' || $door{$header});
        }
        elsif ($name =~ $C_LIBRARY || $name =~ /\A(?:$system)\z/) {
            next if ($dir // '') ne 'core' || $name !~ $NO_CORE;
        }
        push @strange, $header;
    }
    return @strange;
}

sub faults ($file) {
    my $text = slurp($file);
    my $is_perl = $file =~ /\.(?:t|pm)\z/ || $text =~ /\A#!.*perl/;
    my $width = $file eq 'conf/quickstart' ? 110 : $is_perl ? 100 : 80;
    my @lines = split /\n/, $text;
    my @found;
    push @found, 'no end of line at the end' if $text !~ /\n\z/;
    push @found, 'more than 600 lines' if @lines > 600;
    for my $n (1 .. @lines) {
        local $_ = $lines[$n - 1];
        push @found, "line $n: wider than $width" if length > $width;
        push @found, "line $n: a tab" if /\t/;
        push @found, "line $n: blanks at the end" if /\s\z/;
        # With brackets, or this line would find itself.
        push @found, "line $n: unfinished"
            if /\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b/;
    }
    return @found;
}

# A function begins with a brace in column one after a line of its own.
sub long_functions ($file) {
    my ($begin, $name, @found);
    my $n = 0;
    for my $line (split /\n/, slurp($file)) {
        $n++;
        $name = $1 if $line =~ /\A\w.*?\b(\w+)\(/;
        $begin = $n if $line eq '{';
        next if $line ne '}' || !defined $begin;
        push @found, "$name: " . ($n - $begin - 1) . ' lines'
            if $n - $begin - 1 > 60;
        undef $begin;
    }
    return @found;
}

# Each operation of admin/ is a route and a command, by the one function.
sub compare_faces {
    my %no_route = map { $_ => 'for whom the installation is' } qw(organization_create);
    $no_route{user_erase} = 'httpd may not change the journal';
    my %no_command = map { $_ => 'scimctl has no account' } qw(account_me permission_mine);
    @no_command{qw(app_test token_test)} = ('scimctl doctor --url has the steps',
        'for the browser that sends them');
    my $routes = slurp('mod_scim/admin/route.c');
    my $commands = join '', map { slurp($_) } grep { m{\Amod_scim/scimctl/.*\.c\z} } @c;
    $commands =~ s/ABOUT_ONE\("\w+", (\w+)\)/&admin_account_$1/g;
    my @operations = map { /^const admin_operation admin_(\w+) = \{/gm }
        map { slurp($_) } grep { m{\Amod_scim/admin/.*\.c\z} } @c;
    cmp_ok scalar @operations, '>', 70, 'there are operations';
    for my $one (@operations) {
        is $routes =~ /&admin_$one\b/ ? undef : $one, $no_route{$one} && $one, "$one: a route";
        is $commands =~ /&admin_$one\b/ ? undef : $one, $no_command{$one} && $one,
            "$one: a command";
    }
    return;
}

sub compare_makefile {
    my $makefile = slurp('Makefile.am');
    my %named = map { $_ => 1 }
        $makefile =~ m{(?<![\w/.-])((?:mod_scim|t|sql|conf)/[\w./-]*\w)}g;
    for my $file (@all) {
        next if $file =~ m{\Amod_scim/.*\.(?:l?o|l?a)\z};
        next if $file =~ m{\At/(?:data|fuzz/corpus|lib/Scim)/}; # as a whole
        next if $file =~ m{\At/(?:unit|fuzz)/\w+\z} || $file =~ /\.l?o\z/;
        ok $named{$file}, $file;
    }
    for my $name (sort keys %named) {
        ok -e $name || -e "$name.c" || -e "$name.in", "$name is there";
    }
    return;
}
