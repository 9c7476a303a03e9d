package Scim::Client;

# One app's way to one organization: tenant URL, secret token and a connection
# that stays open.
#
#     my $reply = $acme->post('/Users', { userName => 'bjensen', ... });
#     $reply->{status}, $reply->{headers}{etag}, $reply->{json}, $reply->{body}
#
# What the server did not answer has the status 599 and the reason as body.

use v5.36;
use IO::Socket::INET;
use JSON::PP ();
use Time::HiRes qw(time);

my $JSON = JSON::PP->new->utf8->canonical;
my $LINE_END = "\r\n";

# url, token; also timeout (seconds, 60) and what the caller wants to keep with
# it: app, organization; raw: answers are too large to be parsed
sub new($class, %given) {
    my ($host, $port, $path) = $given{url}
        =~ m{\Ahttp://([^/:]+)(?::(\d+))?(/.*)?\z}
        or die "$given{url} is no URL of a plain HTTP server\n";
    return bless { timeout => 60, %given, host => $host, port => $port // 80,
        path => ($path // '') =~ s{/+\z}{}r }, $class;
}

sub url($self) { return $self->{url} }
sub token($self) { return $self->{token} }
sub app($self) { return $self->{app} }
sub organization($self) { return $self->{organization} }

# The same with a connection of its own, or with other settings.
sub another($self, %other) {
    return (ref $self)->new(%$self, socket => undef, buffer => '', %other);
}

# Parameters of the query are encoded; a path is taken as it is.
sub get($self, $path, $query = undef, %headers) {
    if ($query) {
        $path .= '?' . join '&', map { encoded($_) . '='
            . encoded($query->{$_}) } sort keys %$query;
    }
    return $self->request('GET', $path, undef, %headers);
}

sub post($self, @rest) { return $self->request('POST', @rest) }
sub put($self, @rest) { return $self->request('PUT', @rest) }
sub patch($self, @rest) { return $self->request('PATCH', @rest) }

sub delete($self, $path, %headers) {
    return $self->request('DELETE', $path, undef, %headers);
}

# A body that is a reference is sent as JSON, a text as it is. A header that is
# undef is not sent.
sub request($self, $method, $path, $body = undef, %headers) {
    $body = $JSON->encode($body) if ref $body;
    my %all = (
        Host => "$self->{host}:$self->{port}",
        defined $self->{token}
            ? (Authorization => "Bearer $self->{token}") : (),
        defined $body ? ('Content-Type' => 'application/scim+json',
            'Content-Length' => length $body) : (),
    );
    for my $name (keys %headers) {
        my ($same) = grep { lc eq lc $name } keys %all;
        $all{ $same // $name } = $headers{$name};
    }
    return $self->send_raw($method, join '',
        "$method ", escaped($self->{path} . $path), " HTTP/1.1$LINE_END",
        (map { "$_: $all{$_}$LINE_END" } grep { defined $all{$_} }
            sort keys %all), $LINE_END, $body // '');
}

# Any bytes; gives what comes back. An idle connection may have been closed
# meanwhile: what changes nothing is then sent once more.
sub send_raw($self, $method, $bytes) {
    my $was_open = $self->is_open;
    my $reply = $self->exchange($method, $bytes);
    if ($reply->{status} == 599 && $was_open && !$reply->{started}
        && $method =~ /\A(?:GET|HEAD|OPTIONS)\z/) {
        $reply = $self->exchange($method, $bytes);
    }
    return $reply;
}

sub exchange($self, $method, $bytes) {
    my $reply = { headers => {}, body => '' };
    local $SIG{PIPE} = 'IGNORE';
    my $is_done = eval {
        $self->{deadline} = time + $self->{timeout};
        $self->connect if !$self->is_open;
        $self->write($bytes);
        $self->read_head($reply);
        $self->read_body($method, $reply);
        1;
    };
    if (!$is_done) {
        $self->close;
        return { %$reply, status => 599, body => $@,
            started => $reply->{status} };
    }
    $self->close
        if lc($reply->{headers}{connection} // '') eq 'close';
    $reply->{json} = eval { $JSON->decode($reply->{body}) }
        if !$self->{raw}
            && ($reply->{headers}{'content-type'} // '') =~ /json/;
    return $reply;
}

# ------------------------------------------------------------ the connection

sub connect($self) {
    $self->{buffer} = '';
    $self->{socket} = IO::Socket::INET->new(PeerAddr => $self->{host},
        PeerPort => $self->{port}, Timeout => $self->{timeout})
        or die "connect: $@\n";
    $self->{socket}->blocking(0);
    return;
}

sub close($self) {
    my $socket = delete $self->{socket};
    close $socket if $socket;
    return;
}

# What can be read while nothing was asked is the end of the connection.
sub is_open($self) {
    return 0 if !$self->{socket};
    if ($self->is_ready(0, 0)) {
        $self->close;
        return 0;
    }
    return 1;
}

sub is_ready($self, $for_writing, $seconds) {
    vec(my $bits = '', fileno $self->{socket}, 1) = 1;
    return scalar $for_writing ? select(undef, $bits, undef, $seconds)
        : select($bits, undef, undef, $seconds);
}

sub wait_ready($self, $for_writing) {
    while ((my $left = $self->{deadline} - time) > 0) {
        my $ready = $self->is_ready($for_writing, $left);
        return if $ready > 0;
        die "select: $!\n" if $ready < 0 && !$!{EINTR};
    }
    die "no answer within $self->{timeout} s\n";
}

# A server may answer and close before it has read everything.
sub write($self, $bytes) {
    my $at = 0;
    while ($at < length $bytes) {
        $self->wait_ready(1);
        my $done = syswrite $self->{socket}, $bytes, length($bytes) - $at, $at;
        return if !defined $done && ($!{EPIPE} || $!{ECONNRESET});
        die "write: $!\n" if !defined $done && !$!{EAGAIN} && !$!{EINTR};
        $at += $done // 0;
    }
    return;
}

# False at the end.
sub fill($self) {
    $self->wait_ready(0);
    my $got = sysread $self->{socket}, $self->{buffer}, 65_536,
        length $self->{buffer};
    return 1 if !defined $got && ($!{EAGAIN} || $!{EINTR});
    die "read: $!\n" if !defined $got;
    return $got;
}

sub read_head($self, $reply) {
    my $end;
    while (($end = index $self->{buffer}, "\r\n\r\n") < 0) {
        $self->fill or die "the connection was closed\n";
    }
    my ($first, @lines) = split /\r\n/,
        substr $self->{buffer}, 0, $end + 4, '';
    $first =~ m{\AHTTP/1\.[01] (\d\d\d)} or die "no status line: $first\n";
    $reply->{status} = $1;
    for my $line (@lines) {
        my ($name, $value) = $line =~ /\A([^:]+):\s*(.*)\z/ or next;
        $name = lc $name;
        $reply->{headers}{$name} = defined $reply->{headers}{$name}
            ? "$reply->{headers}{$name}, $value" : $value;
    }
    if ($reply->{status} == 100) {
        $reply->{headers} = {};
        $self->read_head($reply);
    }
    return;
}

sub read_body($self, $method, $reply) {
    my $headers = $reply->{headers};
    return if $method eq 'HEAD' || $reply->{status} =~ /\A(?:1|204|304)/;
    if (lc($headers->{'transfer-encoding'} // '') eq 'chunked') {
        $reply->{body} = $self->read_chunks;
    }
    elsif (defined $headers->{'content-length'}) {
        $reply->{body} = $self->take($headers->{'content-length'});
    }
    else {
        1 while $self->fill;
        $reply->{body} = delete $self->{buffer};
        $self->close;
    }
    return;
}

sub read_chunks($self) {
    my $body = '';
    while (1) {
        1 while $self->{buffer} !~ /\n/ && $self->fill;
        $self->{buffer} =~ s/\A([0-9A-Fa-f]+)[^\n]*\n// or die "no chunk\n";
        my $size = hex $1;
        $body .= $self->take($size);
        $self->take(2) eq $LINE_END or die "a chunk does not end\n";
        return $body if $size == 0;
    }
}

sub take($self, $size) {
    while (length $self->{buffer} < $size) {
        $self->fill or die "the connection was closed within the body\n";
    }
    return substr $self->{buffer}, 0, $size, '';
}

sub encoded($text) {
    utf8::encode($text);
    return $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger;
}

# What a request line cannot hold.
sub escaped($path) {
    utf8::encode($path) if $path =~ /[^\x00-\xff]/;
    return $path =~ s/([^\x21-\x7e])/sprintf '%%%02X', ord $1/ger;
}

1;
