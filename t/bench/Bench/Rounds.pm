package Bench::Rounds;

# Subjects and yardsticks that take turns in short rounds, so that a noisy
# machine troubles all of them; what counts is the median.

use v5.36;
use File::Basename qw(dirname);
use JSON::PP ();
use Scim::Process qw(run);

my $SCRIPT = dirname(__FILE__) . '/../request.lua';
my ($rounds, $seconds) = (5, 3);
my $seed = 0; # of one run of wrk, which makes up to a million new names

# How many rounds, of how many seconds.
sub plan($is_quick) {
    ($rounds, $seconds) = (3, 1) if $is_quick;
    return ($rounds, $seconds);
}

# Each subject is a code: it runs for so many seconds with so many clients, and
# gives rate, p50 and p99 (ms). Gives one result for each.
sub take_turns($clients, @subjects) {
    my @results = map { bless [], __PACKAGE__ } @subjects;
    $_->($clients, 1, 0) for @subjects; # warm
    for my $round (1 .. $rounds) {
        for my $i ($round % 2 ? 0 .. $#subjects : reverse 0 .. $#subjects) {
            push @{ $results[$i] }, $subjects[$i]->($clients, $seconds, $round);
        }
    }
    return @results;
}

sub rate($self) { return median(map { $_->{rate} } @$self) }

sub milliseconds($self, $quantile) {
    my @all = map { $_->{$quantile} // () } @$self;
    return @all ? sprintf '%.2f', median(@all) : '';
}

sub ratio_to($self, $other) {
    return median(map { $self->[$_]{rate} / $other->[$_]{rate} } 0 .. $#$self);
}

sub median(@values) {
    my @sorted = sort { $a <=> $b } @values;
    return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

# ------------------------------------------------------------------ subjects

# wrk with a kind of requests. An answer that is no success ends the benchmark.
sub wrk($url, $organization, $kind, $path, @extra) {
    return sub ($clients, $seconds, $round) {
        my $result = run('', 'wrk', '-t', 1, '-c', $clients, '-d', "${seconds}s",
            '--timeout', '20s', '-s', $SCRIPT, $url, '--', $kind, $path,
            $organization->client->token, $organization->slug,
            $organization->users, ++$seed, @extra ? @extra : 'none',
            $seed * 1_000_000);
        my ($line) = $result->{output} =~ /^(\{.*\})$/m
            or die "wrk $kind: $result->{errors}$result->{output}";
        my $measured = JSON::PP::decode_json($line);
        $measured->{errors} + $measured->{broken} == 0
            or die "$kind, $clients clients: of $measured->{requests} requests"
            . " $measured->{errors} were refused, $measured->{broken} had no"
            . " answer\n";
        $measured->{requests} > 0 || !$round or die "$kind: no answer in $seconds s\n";
        return { rate => $measured->{requests} / $measured->{seconds},
            map { $_ => $measured->{$_} / 1000 } qw(p50 p99) };
    };
}

sub pgbench($postgres, $file, %variables) {
    my $program = "$ENV{SCIM_PG_BINDIR}/pgbench";
    return sub ($clients, $seconds, $round) {
        my $result = run('', $program, '-n', '-M', 'prepared', '-c', $clients,
            '-j', $clients > 1 ? 2 : 1, '-T', $seconds, '-f', $file,
            (map { ('-D', "$_=$variables{$_}") } sort keys %variables),
            $postgres->conninfo);
        my ($rate) = $result->{output} =~ /^tps = ([\d.]+)/m
            or die "pgbench $file: $result->{errors}";
        $result->{output} !~ /failed transactions: [1-9]/
            or die "pgbench $file: failed transactions\n";
        return { rate => $rate };
    };
}

1;
