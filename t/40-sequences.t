# What identity providers send, replayed against a real server: every sequence
# below t/data/sequences, one subtest each.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Sequence;
use Scim::Server;
use Test::More;

my $data = "$FindBin::Bin/data/sequences";
my %recorded = (files => 41, steps => 481); # of identity providers
my %own = (files => 13, steps => 312);      # what this project decided

my $server = Scim::Server->new;
my @files = Scim::Sequence->files($data);
my @sequences = map { Scim::Sequence->read($_) } @files;

my @own = grep { $_->{idp} eq 'mod_scim' } @sequences;
my @foreign = grep { $_->{idp} ne 'mod_scim' } @sequences;
is scalar @foreign, $recorded{files}, 'all recorded sequences are there';
is sum_of_steps(@foreign), $recorded{steps}, '... with all of their steps';
is scalar @own, $own{files}, 'all sequences of our own are there';
is sum_of_steps(@own), $own{steps}, '... with all of their steps';

my $n = 0;
for my $sequence (@sequences) {
    my $organization = $server->organization(sprintf 'seq-%02d', ++$n);
    subtest $sequence->name => sub { replay($sequence, $organization) };
}

$server->stop;
done_testing;

sub sum_of_steps(@some) {
    my $sum = 0;
    $sum += $_->step_count for @some;
    return $sum;
}

sub replay($sequence, $organization) {
    my @steps = $sequence->play(
        url => $organization->url, token => $organization->token);

    for my $step (@steps) {
        is $step->{result}, 'passed', $step->{label}
            or diag join "\n  ", $sequence->name, $step->{line},
                @{ $step->{problems} };
        diag "$step->{label}: $_" for @{ $step->{warnings} };
    }
    is scalar @steps, $sequence->step_count, 'every step was sent';
    return;
}
