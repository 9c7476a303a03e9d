package Scim::Story;

# Stories in headless Chromium, told by t/browser/*.mjs, which print TAP.
#
#     Scim::Story::install();
#     Scim::Story::tell('connect.mjs', $url, $person, 'mouse', 1280, 'light');

use v5.36;
use File::Copy qw(copy);
use File::Path qw(make_path);
use Scim::Process qw(run slurp);
use Test::More ();

my $folder = "$ENV{SCIM_BUILD}/browser";

sub pictures { return "$folder/pictures" }

# Takes puppeteer-core and axe-core from npm, by the lock file, unless they are
# there.
sub install {
    make_path($folder);
    my $source = "$ENV{SCIM_SOURCE}/t/browser";
    my $is_there = -d "$folder/node_modules/puppeteer-core"
        && -f "$folder/package-lock.json"
        && slurp("$folder/package-lock.json") eq slurp("$source/package-lock.json");
    copy($_, $folder) or die "$_: $!" for glob "$source/*.{mjs,json}";
    return if $is_there;
    my $done = run('', 'npm', '--prefix', $folder, 'ci', '--no-audit', '--no-fund');
    $done->{status} == 0 or die "npm ci: $done->{output} $done->{errors}\n";
    return;
}

# Its tests are ours; a story that breaks off fails.
sub tell($story, $url, $person, @way) {
    my $done = run('', 'node', "$folder/$story", $url, $person->name, $person->password,
        pictures(), @way);
    my @lines = split /\n/, $done->{output};
    my @tests = grep { /^(?:not )?ok / } @lines;
    Test::More::is($done->{status}, 0, 'the browser ends well')
        or Test::More::diag($done->{errors});
    Test::More::ok(scalar(grep { $_ eq '1..' . @tests } @lines), 'it came to its end');
    for my $line (@lines) {
        if ($line =~ /^(not )?ok \d+ - (.*)/) {
            Test::More::ok(!$1, $2);
        }
        elsif ($line =~ /^#/) {
            Test::More::diag($line);
        }
    }
    return scalar @tests;
}

1;
