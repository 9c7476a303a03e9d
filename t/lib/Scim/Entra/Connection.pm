package Scim::Entra::Connection;

# The provisioning service's HTTP side: one tenant URL, one secret token, and
# patience. 429 and 503 are repeated after Retry-After, other outages after
# growing pauses.

use v5.36;
use Scim::Http;
use JSON::PP ();
use Time::HiRes ();

my $SCIM_JSON = 'application/scim+json; charset=utf-8';
my $JSON = JSON::PP->new->utf8->canonical;
my $LONGEST_PAUSE = 300;

# url, token; tries (5), timeout (seconds, 100), sleep (code, for tests)
sub new($class, %given) {
    my ($base, $query) = split /\?/, $given{url}, 2;
    $base =~ m{\A(https?)://([^/:]+|\[[^\]]+\])(?::\d+)?(?:/|\z)}i
        or die "$given{url} is not a tenant URL\n";
    if (lc $1 eq 'https' && !Scim::Http->can_ssl) {
        die "https needs the Perl modules IO::Socket::SSL and Net::SSLeay\n";
    }
    # A proxy of the environment cannot reach this machine's own servers.
    my @direct = $2 =~ /\A(?:127\.|localhost\z|\[::1\])/
        ? (http_proxy => undef, https_proxy => undef, proxy => undef) : ();
    return bless {
        base     => $base =~ s{/+\z}{}r,
        query    => $query // '',
        token    => $given{token},
        tries    => $given{tries} // 5,
        sleep    => $given{sleep} // sub ($s) { Time::HiRes::sleep($s) },
        requests => 0,
        retries  => 0,
        http     => Scim::Http->new(max_redirect => 0, verify_SSL => 1,
            timeout => $given{timeout} // 100, @direct),
    }, $class;
}

sub requests($self) { return $self->{requests} }
sub retries($self) { return $self->{retries} }

# Administrators paste feature flags as the query of the tenant URL.
sub has_flag($self, $flag) {
    return scalar grep { lc s/=.*\z//r eq lc $flag } split /&/, $self->{query};
}

# A reply: status, json, and problem (a sentence, where the status is no 2xx).
sub request($self, $method, $path, $parameters = {}, $body = undef) {
    my %options = (headers => { adscimversion => '2.0',
        authorization => "Bearer $self->{token}" });
    if (defined $body) {
        $options{headers}{'content-type'} = $SCIM_JSON;
        $options{content} = $JSON->encode($body);
    }
    my $url = $self->url($path, $parameters);
    my $reply;
    for my $try (1 .. $self->{tries}) {
        $self->{requests}++;
        $reply = $self->{http}->request($method, $url, \%options);
        last if $try == $self->{tries} || !is_worth_repeating($reply->{status});
        $self->{retries}++;
        $self->{sleep}->(pause_after($reply, $try));
    }
    return read_reply($reply);
}

sub url($self, $path, $parameters) {
    my $query = join '&', grep { length } $self->{query},
        map { encoded($_) . '=' . encoded($parameters->{$_}) } sort keys %$parameters;
    return "$self->{base}$path" . (length $query ? "?$query" : '');
}

sub encoded($text) {
    utf8::encode($text);
    $text =~ s/([^A-Za-z0-9_.~ -])/sprintf '%%%02X', ord $1/ge;
    return $text =~ tr/ /+/r;
}

sub is_worth_repeating($status) {
    return $status == 429 || $status >= 500 && $status != 501;
}

sub pause_after($reply, $try) {
    my $after = $reply->{headers}{'retry-after'} // '';
    my $seconds = $after =~ /\A\d+\z/ ? $after : 2 ** ($try - 1);
    return $seconds < $LONGEST_PAUSE ? $seconds : $LONGEST_PAUSE;
}

sub read_reply($reply) {
    my $body = $reply->{content} // '';
    my $json = $body =~ /\S/ ? eval { $JSON->decode($body) } : undef;
    my $status = $reply->{status};
    my $problem;

    if ($status == 599) {
        $problem = 'no answer: ' . $body =~ s/\s+/ /gr =~ s/ \z//r;
    }
    elsif ($status !~ /\A2/) {
        my @told = ref $json eq 'HASH' ? grep { defined } @$json{qw(scimType detail)} : ();
        $problem = join ': ', $status, @told ? @told : $reply->{reason} // ();
    }
    elsif ($body =~ /\S/ && ref $json ne 'HASH') {
        $problem = "$status, but the answer is not a SCIM message";
    }
    return { status => $status, json => $json, problem => $problem,
             headers => $reply->{headers} };
}

1;
