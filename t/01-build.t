# What the build leaves: one symbol, the right libraries, an installation that
# can be moved, headers that stand alone, and pools that sanitizers look into.

use v5.36;
use File::Find qw(find);
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Process qw(run write_file);
use Test::More;

my ($source, $build) = @ENV{qw(SCIM_SOURCE SCIM_BUILD)};
my $module = "$build/.libs/mod_scim.so";
my @cc = split ' ', $ENV{SCIM_CC};
my $dir = tempdir(CLEANUP => 1);
chdir $build or die "$build: $!";

subtest 'the module' => sub {
    my $symbols = run('', qw(nm -D --defined-only), $module)->{output};
    is_deeply [$symbols =~ /^\S+ [A-Z] (\w+)$/mg], ['scim_module'],
        'exports one symbol';
    my %allowed = map { $_ => 1 } qw(libjansson libpq libunistring libcrypt libc libm
        ld-linux-x86-64 ld-linux-aarch64 libpthread libasan libubsan libgcc_s);
    my $needed = run('', qw(readelf -d), $module)->{output};
    my @libraries = $needed =~ /NEEDED.*\[([\w-]+?)(?:\.so|\])/g;
    is_deeply [grep { !$allowed{$_} && !/\Alibclang_rt/ } @libraries], [],
        'links neither APR nor httpd';
    unlike $needed, qr/TEXTREL/, 'is position independent';
};

subtest 'httpd' => sub {
    my $load = "LoadModule scim_module $module\n";
    my $mpm = "$ENV{SCIM_HTTPD_MODULES}/mod_mpm_event.so";
    my $more = join '', -e $mpm ? "LoadModule mpm_event_module $mpm\n" : '',
        "ServerName localhost\nErrorLog $dir/log\nListen 127.0.0.1:1\n";
    for my $times (1, 2) {
        my $conf = write_file("$dir/httpd.conf", $more . $load x $times);
        my $result = run('', $ENV{SCIM_HTTPD}, '-t', '-f', $conf);
        is $result->{status}, 0, "accepts the module $times times"
            or diag $result->{errors};
    }
    my $conf = write_file("$dir/httpd.conf", $more . $load);
    like run('', $ENV{SCIM_HTTPD}, '-L', '-f', $conf)->{output},
        qr/^ScimService \(mod_scim\.c\)/m, 'knows it by its name';
};

subtest 'make install' => sub {
    my $result = run('', 'make', '-s', 'install', "DESTDIR=$dir/root");
    is $result->{status}, 0, 'with DESTDIR' or diag $result->{errors};
    my @files;
    find({ no_chdir => 1, wanted => sub { push @files, s{.*/}{}r if -f } },
        "$dir/root");
    my @sql = map { s{.*/}{}r } glob "$source/sql/*.sql";
    my @console = map { s{.*/}{}r } glob "$source/mod_scim/console/*";
    # The program, its completion, its manual page.
    is_deeply [sort @files], [sort 'mod_scim.so', qw(scimctl scimctl
        scimctl.1), @sql, @console],
        'installs module, scimctl, migrations and console, and nothing else';
    $result = run('', 'make', '-s', 'uninstall', "DESTDIR=$dir/root");
    is $result->{status}, 0, 'make uninstall' or diag $result->{errors};
    @files = ();
    find(sub { push @files, $_ if -f }, "$dir/root");
    is_deeply \@files, [], '... leaves nothing';
};

subtest 'headers stand alone' => sub {
    my @headers;
    find({ no_chdir => 1, wanted => sub {
        push @headers, $_ if /\.h\z/ && !/scim_version/;
    } }, "$source/mod_scim");
    cmp_ok scalar @headers, '>', 30, 'there are headers';
    for my $header (sort @headers) {
        my $name = $header =~ s{\A\Q$source\E/mod_scim/}{}r;
        # The second time it must be empty.
        my $file = write_file("$dir/alone.c",
            qq{#include "$name"\n#include "$name"\nint alone;\n});
        my $result = run('', @cc, qw(-fsyntax-only -Wall -Wextra -Werror),
            '-Wno-null-pointer-subtraction', '-Wno-unknown-warning-option',
            split(' ', $ENV{SCIM_CPPFLAGS}), $file);
        is $result->{status}, 0, $name or diag $result->{errors};
    }
};

subtest 'sanitizers see into pools' => sub {
    my @pools = ("$source/t/lib/pool.c", split ' ', $ENV{SCIM_APR_LIBS});
    my @flags = qw(-g -O0 -fsanitize=address);
    my $plant = sub ($name, $body) {
        my $file = write_file("$dir/$name.c", <<"END");
#include <apr_general.h>
#include <apr_pools.h>
#include <apr_strings.h>
#include <string.h>
int main(void)
{
    apr_pool_t *pool;
    volatile char *text;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    $body
    return 0;
}
END
        my $made = run('', @cc, @flags, split(' ', $ENV{SCIM_CPPFLAGS}),
            '-o', "$dir/$name", $file, @pools);
        is $made->{status}, 0, "$name is compiled" or diag $made->{errors};
        local $ENV{ASAN_OPTIONS} = 'detect_leaks=0';
        return run('', "$dir/$name");
    };
    my $result = $plant->('overflow',
        'text = apr_palloc(pool, 5); text[5] = 1;');
    like $result->{errors}, qr/heap-buffer-overflow/, '... and found';
    $result = $plant->('late', 'text = apr_pstrdup(pool, "gone");'
        . ' apr_pool_destroy(pool); return text[0];');
    like $result->{errors}, qr/heap-use-after-free/, '... and found';
    $result = $plant->('good',
        'text = apr_psprintf(pool, "%s", "x"); apr_pool_destroy(pool);');
    is $result->{status}, 0, 'what is right is left alone'
        or diag $result->{errors};
};

done_testing;
