# The console in a real browser: the whole set-up guide by clicks and by keys,
# at two widths, in light and dark; axe-core looks at every page. Pictures are
# left in .build/*/browser/pictures.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Browser;
use Scim::Process qw(slurp);
use Scim::Server;
use Test::More;

my $browser = Scim::Browser->new;
my $server = Scim::Server->new(admin => 1, modules => ['deflate']);
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
    my $packed = fetch($olga, "$base/main.js", 'Accept-Encoding' => 'gzip');
    is $packed->{headers}{'content-encoding'}, 'gzip', 'mod_deflate packs it';
    cmp_ok length $packed->{body}, '<', 0.5 * length fetch($olga, "$base/main.js")->{body},
        '... to less than half';
    is fetch($olga, "$base/main.js", 'Accept-Encoding' => 'gzip',
        'If-None-Match' => $packed->{headers}{etag})->{status}, 304,
        '... once';
    is fetch($olga, $base)->{status}, 301, 'without its slash it leads there';
    is fetch($olga, "$base/main.js")->{headers}{'content-type'},
        'text/javascript; charset=utf-8', 'a module is JavaScript';
    is fetch($olga, "$base/$_")->{status}, 404, "there is no $_"
        for 'none.js', '..%2fMakefile.am', '.git', 'icon.png';
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
    $browser->run('guide.mjs', 35, $url, $olga->name, $olga->password,
        $browser->pictures, $by, $width, $theme);
    return;
}
