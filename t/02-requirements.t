# Every requirement of the RFCs has a test that names it, or a reason why there
# is none: t/data/requirements.map. And no test names what does not exist.

use v5.36;
use File::Find qw(find);
use FindBin;
use Test::More;

my $source = $ENV{SCIM_SOURCE} // "$FindBin::RealBin/..";
chdir $source or die "$source: $!";

use constant MAP => 't/data/requirements.map';

# So that no row is lost: RFC 7644, 7643, 9865, 6750, 9967, and a draft.
my %rows = (MUST => 313, SHOULD => 67, MAY => 88, fact => 200);
my $ID = qr/\b[PSCBER]-\d[\d.]*-E?\d+\b/;

my (%level, %tests, %reason, %named);
my @all = read_map();
my %text = read_tests();
$named{$_} //= {} for @all;

subtest 'the map is whole' => sub {
    my %count;
    $count{ $level{$_} }++ for @all;
    is_deeply \%count, \%rows, 'as many rows of each level as there are';
    my %seen;
    is_deeply [grep { $seen{$_}++ } @all], [], 'none of them twice';
};

subtest 'each row has a test, or a reason' => sub {
    for my $id (@all) {
        my @tests = @{ $tests{$id} };
        if (!@tests) {
            like $reason{$id}, qr/\w.*\w/, "$id has no test, for a reason";
            is_deeply [sort keys %{ $named{$id} }], [],
                '... and no test names it';
            next;
        }
        for my $test (@tests) {
            ok defined $text{$test}, "$id: $test is there";
            ok $named{$id}{$test}, "... and names $id";
        }
    }
};

subtest 'no test names what does not exist' => sub {
    for my $test (sort keys %text) {
        my @strange = grep { !defined $level{$_} } ids_of($text{$test});
        is_deeply \@strange, [], $test;
    }
};
done_testing;

# ---------------------------------------------------------------------------

# id, level, tests or "-", reason; tabs between them
sub read_map() {
    my @ids;
    for my $line (split /\n/, slurp(MAP)) {
        next if $line =~ /\A#/;
        my ($id, $level, $tests, $reason) = split /\t/, $line;
        push @ids, $id;
        $level{$id} = $level;
        $tests{$id} = $tests eq '-' ? [] : [split / /, $tests];
        $reason{$id} = $reason // '';
    }
    return @ids;
}

# What is run: tests, unit tests, sequences.
sub read_tests() {
    my %text;
    find({ no_chdir => 1, wanted => sub {
        return if !-f || !m{\At/(?:\d\d-[\w-]+\.t|unit/\w+\.c
            |data/sequences/.*\.json)\z}x;
        $text{$_} = slurp($_);
    } }, 't');
    for my $test (keys %text) {
        $named{$_}{$test} = 1 for ids_of($text{$test});
    }
    return %text;
}

sub ids_of($text) { return $text =~ /($ID)/g }

sub slurp($file) {
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!";
    local $/;
    return scalar <$in>;
}
