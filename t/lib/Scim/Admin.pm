package Scim::Admin;

# One person's way to the admin API, as curl has it: Basic login, JSON, and our
# header on whatever changes something.
#
#     my $olga = $server->admin('acme', 'owner@acme.example');
#     my $reply = $olga->post('/stacks', { name => 'Website' });
#     $reply->{status}, $reply->{headers}{location}, $reply->{json}

use v5.36;
use MIME::Base64 qw(encode_base64);
use parent 'Scim::Client';

sub name($self) { return $self->{name} }
sub password($self) { return $self->{password} }

# A header that is undef is not sent.
sub request($self, $method, $path, $body = undef, %headers) {
    my %all = (
        defined $self->{password} ? (Authorization => 'Basic '
            . encode_base64("$self->{name}:$self->{password}", '')) : (),
        defined $body ? ('Content-Type' => 'application/json') : (),
        $method =~ /\A(?:GET|HEAD|OPTIONS)\z/ ? () : ('X-Scim-Admin' => '1'),
    );
    for my $name (keys %headers) {
        my ($same) = grep { lc eq lc $name } keys %all;
        $all{ $same // $name } = $headers{$name};
    }
    return $self->SUPER::request($method, $path, $body, %all);
}

# What a write answers, or the end of the test.
sub made($self, $path, $body = {}) {
    my $reply = $self->post($path, $body);
    $reply->{status} =~ /\A20[01]\z/
        or die "POST $path: $reply->{status} $reply->{body}\n";
    return $reply->{json};
}

1;
