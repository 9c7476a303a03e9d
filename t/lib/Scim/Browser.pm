package Scim::Browser;

# Headless Chromium: the scripts of t/browser, by node, with what npm has for
# them by lock file.
#
#     my $browser = Scim::Browser->new;
#     $browser->run('guide.mjs', 35, $url, ...);   # at least 35 tests
#
# Their pictures are left in $browser->pictures.

use v5.36;
use File::Copy qw(copy);
use File::Path qw(make_path);
use Scim::Process qw(slurp);
use Test::More ();

my @LOCK = qw(package.json package-lock.json);

sub new($class) {
    my $self = bless { dir => "$ENV{SCIM_BUILD}/browser" }, $class;
    my $source = "$ENV{SCIM_SOURCE}/t/browser";
    make_path($self->{dir});
    my $is_there = -d "$self->{dir}/node_modules/puppeteer-core"
        && slurp("$self->{dir}/$LOCK[1]") eq slurp("$source/$LOCK[1]");
    for my $file (@LOCK, map { s{.*/}{}r } glob "$source/*.mjs") {
        copy("$source/$file", "$self->{dir}/$file") or die "$file: $!";
    }
    $self->install if !$is_there;
    return $self;
}

sub install($self) {
    my $done = Scim::Process::run('', 'npm', '--prefix', $self->{dir}, 'ci', '--no-audit',
        '--no-fund');
    $done->{status} == 0 or die "npm ci: $done->{output} $done->{errors}\n";
    return;
}

sub pictures($self) { return "$self->{dir}/pictures" }

# Each test of the script is one here.
sub run($self, $script, $least, @words) {
    my $done = Scim::Process::run('', 'node', "$self->{dir}/$script", @words);
    my @lines = split /\n/, $done->{output};
    my @tests = grep { /^(?:not )?ok / } @lines;
    Test::More::is $done->{status}, 0, 'the browser ends well'
        or Test::More::diag $done->{errors};
    Test::More::ok grep({ /^1\.\.${\ scalar @tests}$/ } @lines),
        'it came to its end';
    Test::More::cmp_ok scalar @tests, '>=', $least, 'it looked at everything';
    for my $line (@lines) {
        if ($line =~ /^(not )?ok \d+ - (.*)/) {
            Test::More::ok !$1, $2;
        }
        elsif ($line =~ /^# (.*)/) {
            Test::More::note $1;
        }
    }
    Test::More::diag map { "$_\n" } grep { /^(?:not ok|#)/ } @lines
        if grep { /^not ok/ } @lines;
    return;
}

1;
