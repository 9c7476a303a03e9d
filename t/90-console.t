# The console in a real browser: the whole set-up guide by clicks and by keys,
# at two widths, in light and dark; axe-core looks at every page. Pictures are
# left in .build/*/browser/pictures.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Copy qw(copy);
use File::Path qw(make_path);
use Scim::Process qw(run slurp);
use Scim::Server;
use Test::More;

my $browser = "$ENV{SCIM_BUILD}/browser";
install_browser_tests();

my $server = Scim::Server->new(admin => 1);
my $n = 0;

subtest 'files' => \&files;
for my $way (['mouse', 1280, 'light'], ['keys', 1280, 'dark'],
    ['mouse', 390, 'dark'], ['keys', 390, 'light']) {
    subtest "the guide: @$way" => sub { guide(@$way) };
}
$server->stop;
done_testing;

# ------------------------------------------------------------------- the files

sub files() {
    my $olga = owner();
    my $base = $olga->url =~ s{/v1/.*\z}{}r;
    my $page = fetch($olga, "$base/");
    is $page->{status}, 200, 'the console is there';
    is $page->{headers}{'content-type'}, 'text/html; charset=utf-8', '... as HTML';
    like $page->{headers}{'content-security-policy'}, qr/default-src 'self';/,
        '... with a policy';
    is $page->{headers}{'x-content-type-options'}, 'nosniff', '... and nosniff';
    my $etag = $page->{headers}{etag};
    is fetch($olga, "$base/", 'If-None-Match' => $etag)->{status}, 304,
        'what has not changed is not sent again';
    is fetch($olga, $base)->{status}, 301, 'without its slash it leads there';
    is fetch($olga, "$base/main.js")->{headers}{'content-type'},
        'text/javascript; charset=utf-8', 'a module is JavaScript';
    is fetch($olga, "$base/$_")->{status}, 404, "there is no $_"
        for 'none.js', '..%2fMakefile.am', '.git', 'icon.png';
    my $size = 0;
    $size += length fetch($olga, "$base/$_")->{body}
        for '', qw(style.css main.js api.js elements.js overview.js icon.svg);
    cmp_ok $size, '<', 60 * 1024, 'the first page is below 60 KB';
    my @own = map { slurp($_) } glob "$ENV{SCIM_SOURCE}/mod_scim/console/*.{js,html}";
    is scalar(grep { /innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|style=/ }
        @own), 0, 'no text becomes HTML, no style is inline';
    return;
}

sub fetch($olga, $url, %headers) {
    my ($host, $path) = $url =~ m{\A(https?://[^/]+)(.*)\z};
    return $olga->another(url => $host)->get($path, undef, %headers);
}

# ------------------------------------------------------------------- the guide

# The owner of an organization where nothing has been done yet.
sub owner() {
    my $slug = 'guide' . ++$n;
    $server->postgres->administer('organization', 'create', $slug,
        '--name', "Guide $n", '--owner', "olga$n");
    return $server->admin($slug, "olga$n");
}

sub guide($by, $width, $theme) {
    my $olga = owner();
    my $url = $olga->url =~ s{/v1/.*\z}{}r . "/#/guide$n";
    my $done = run('', 'node', "$browser/guide.mjs", $url, $olga->name,
        $olga->password, "$browser/pictures", $by, $width, $theme);
    my @lines = split /\n/, $done->{output};
    my @tests = grep { /^(?:not )?ok / } @lines;
    is $done->{status}, 0, 'the browser ends well' or diag $done->{errors};
    ok grep({ /^1\.\.${\ scalar @tests}$/ } @lines), 'it came to its end';
    cmp_ok scalar @tests, '>=', 35, 'it looked at every page';
    for my $line (@lines) {
        if ($line =~ /^(not )?ok \d+ - (.*)/) {
            ok !$1, $2;
        }
        elsif ($line =~ /^#/) {
            diag $line;
        }
    }
    return;
}

# From npm, by its lock file, where it is not there yet.
sub install_browser_tests() {
    make_path($browser);
    my $source = "$ENV{SCIM_SOURCE}/t/browser";
    my $is_there = -d "$browser/node_modules/puppeteer-core"
        && slurp("$browser/package-lock.json") eq slurp("$source/package-lock.json");
    copy("$source/$_", "$browser/$_") or die "$_: $!"
        for qw(guide.mjs package.json package-lock.json);
    return if $is_there;
    my $done = run('', 'npm', '--prefix', $browser, 'ci', '--no-audit',
        '--no-fund');
    $done->{status} == 0 or die "npm ci: $done->{output} $done->{errors}\n";
    return;
}
