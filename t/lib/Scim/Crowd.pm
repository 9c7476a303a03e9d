package Scim::Crowd;

# Many clients at the same time, each a process of its own.
#
#     my @counts = in_parallel(16, sub ($n) { ...; return $answered });
#
#     my $crowd = Scim::Crowd->new(16, sub ($n, $crowd) {
#         my %seen;
#         while ($crowd->goes_on) { $seen{ $acme->get('/Users')->{status} }++ }
#         return \%seen;
#     });
#     ... # what happens to the server meanwhile
#     my @seen = $crowd->end;
#
# What the code returns comes back as it was; clients need connections of their
# own ($acme->another).

use v5.36;
use Exporter qw(import);
use JSON::PP ();
use POSIX ();

our @EXPORT_OK = qw(in_parallel total);

my $JSON = JSON::PP->new->utf8->allow_nonref->canonical;

sub in_parallel($count, $code) {
    return Scim::Crowd->new($count, sub ($n, $crowd) { $code->($n) })
        ->end(patient => 1);
}

# One hash of all counts.
sub total(@hashes) {
    my %sum;
    for my $hash (@hashes) {
        $sum{$_} += $hash->{$_} for keys %$hash;
    }
    return \%sum;
}

sub new($class, $count, $code) {
    pipe my $watched, my $held or die "pipe: $!\n";
    my $self = bless { watched => $watched, held => $held }, $class;
    push @{ $self->{results} }, $self->start($_, $code) for 0 .. $count - 1;
    return $self;
}

# In a client: until the test ends the crowd, or dies.
sub goes_on($self) {
    vec(my $bits = '', fileno $self->{watched}, 1) = 1;
    return !select $bits, undef, undef, 0;
}

# Gives what each returned. Dies where one did.
sub end($self, %how) {
    close delete $self->{held} if !$how{patient};
    my @all = map { local $/; my $text = readline $_; close $_; $text }
        @{ $self->{results} };
    delete $self->{held};
    return map { my $result = $JSON->decode($_ || '{"died":"without a word"}');
        ref $result eq 'HASH' && defined $result->{died}
            ? die "a client died: $result->{died}\n" : $result } @all;
}

sub start($self, $n, $code) {
    my $pid = open my $pipe, '-|';
    defined $pid or die "fork: $!\n";
    return $pipe if $pid;
    close $self->{held};
    srand $n;
    my $result = eval { $code->($n, $self) } // { died => $@ };
    print $JSON->encode($result);
    close STDOUT;
    POSIX::_exit(0); # no END blocks: the servers are not ours
}

1;
