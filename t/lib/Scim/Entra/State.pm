package Scim::Entra::State;

# What a provisioning job knows from one run to the next: the ids of the
# resources that it provisioned, what it sent, the watermark, failures and
# quarantine. One JSON file.

use v5.36;
use JSON::PP ();

my $JSON = JSON::PP->new->utf8->canonical->pretty;

sub empty() {
    return { format => 1, cycle => 0, watermark => undef, users => {}, groups => {},
             failed => {}, quarantine => undef,
             counters => { attempts => 0, failures => 0 } };
}

sub read($file) {
    return empty() if !defined $file || !-e $file;
    my $state = read_json($file);
    ref $state eq 'HASH' && ($state->{format} // 0) == 1
        or die "$file is not the state of a provisioning job\n";
    return $state;
}

sub read_json($file) {
    open my $in, '<:raw', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    my $json = eval { $JSON->decode($text) };
    ref $json or die "$file is not JSON: " . ($@ =~ s/ at \S+ line.*//sr) . "\n";
    return $json;
}

# The new state replaces the old one in one step: a job that is killed leaves
# the one or the other.
sub save($state, $file) {
    return if !defined $file;
    open my $out, '>:raw', "$file.new" or die "$file.new: $!\n";
    print {$out} $JSON->encode($state)
        and close $out and rename "$file.new", $file or die "$file: $!\n";
    return;
}

1;
