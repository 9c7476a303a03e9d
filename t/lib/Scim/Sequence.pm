package Scim::Sequence;

# Replays a recorded sequence of requests against a SCIM service provider and
# compares the replies with what the client needs back. The file format is
# described in t/data/sequences/README.md.
#
#     my $sequence = Scim::Sequence->read($file);
#     for my $step ($sequence->play(url => $url, token => $token)) {
#         say "$step->{label}: @{$step->{problems}}";
#     }

use v5.36;
use File::Find ();
use Scim::Http;
use JSON::PP ();
use Scim::Sequence::Assertion qw(check_json check_value json_type $NOTHING);
use Scim::Sequence::Values;
use Time::HiRes qw(time);

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;
my $SCIM_JSON = 'application/scim+json; charset=utf-8';
my $files_played = 0;

# The sequence files below the given files and folders, in order of name.
sub files($class, @paths) {
    my @found;
    File::Find::find({ no_chdir => 1, wanted => sub {
        push @found, $_ if /\.json\z/ && -f;
    } }, @paths);
    return sort @found;
}

sub read($class, $file) {
    open my $in, '<:raw', $file or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    my $sequence = eval { $JSON->decode($text) } // die "$file: $@";
    ref $sequence eq 'HASH' && ref $sequence->{steps} eq 'ARRAY'
        or die "$file: not a sequence\n";
    return bless { file => $file, %$sequence }, $class;
}

sub name($self) { return $self->{name} // $self->{file} }
sub step_count($self) { return scalar @{ $self->{steps} } }

# Options: url, token, timeout (seconds), run (the suffix ${run}), keep (leave
# what was created), strict_time. Returns one hash for each step: label, line,
# result (passed, failed, skipped), problems and warnings.
sub play($self, %options) {
    my $play = $self->prepare(%options);
    my $n = 0;
    my @results = map { $self->play_step($play, $_, ++$n) } @{ $self->{steps} };
    $self->clean_up($play) if !$options{keep};
    return @results;
}

sub prepare($self, %options) {
    my ($base, $query) = split /\?/, $options{url}, 2;
    my $run = $options{run} // sprintf '%x', time * 1000;
    $files_played++;
    return {
        %options,
        base    => $base =~ s{/+\z}{}r,
        query   => $query // '',
        values  => Scim::Sequence::Values->new(
            run => sprintf('%s%02x', $run, $files_played), vars => $self->{vars}),
        http    => Scim::Http->new(
            max_redirect => 0, timeout => $options{timeout} // 30,
            http_proxy => undef, https_proxy => undef, proxy => undef),
        created => [],
        status  => {},
    };
}

sub play_step($self, $play, $step, $n) {
    my $result = {
        label    => join(' ', "#$n", $step->{id} // $step->{note} // ()),
        result   => 'skipped',
        line     => '',
        problems => [],
        warnings => [],
    };
    return $result if !is_due($play, $step->{onlyIf});

    my $times = $step->{repeat} // 1;
    for my $i (1 .. $times) {
        $play->{values}->keep(i => $i);
        # die with a sentence that ends in a newline: the step cannot be done
        if (!eval { $self->send_step($play, $step, $i, $result); 1 }) {
            die $@ if $@ !~ /\n\z/ || $@ =~ / at \S+ line \d+\.$/;
            push @{ $result->{problems} }, $@ =~ s/\n\z//r;
        }
        last if @{ $result->{problems} };
    }
    $play->{status}{ $step->{id} // "#$n" } = $result->{status};
    $result->{result} = @{ $result->{problems} } ? 'failed' : 'passed';
    return $result;
}

sub is_due($play, $condition) {
    return 1 if !$condition;
    my $status = $play->{status}{ $condition->{step} };
    return defined $status && is_status($status, $condition->{status});
}

sub is_status($status, $wanted) {
    for my $want (ref $wanted ? @$wanted : $wanted) {
        return 1 if $want =~ /\A([1-5])xx\z/ ? int($status / 100) == $1
                                             : $status eq $want;
    }
    return 0;
}

# One request and everything that is to be said about its reply.
sub send_step($self, $play, $step, $i, $result) {
    my $values = $play->{values};
    my $method = uc($step->{method} // 'GET');
    my $path = $values->fill($step->{path} // '/');
    my $url = $self->target($play, $step, $path);
    my $body = body_of($step, $values);
    $result->{line} = "$method $url";

    my $started = time;
    my $reply = $play->{http}->request($method, $url, {
        headers => $self->headers($play, $step, defined $body),
        defined $body ? (content => $body) : (),
    });
    my $millis = (time - $started) * 1000;
    if ($reply->{status} == 599) {
        die 'connection failed: ' . $reply->{content} =~ s/\s+\z//r . "\n";
    }
    $result->{status} = $reply->{status};
    $result->{line} .= " -> $reply->{status}";

    my $document = document_of($reply);
    if ($method eq 'POST' && $reply->{status} == 201
        && $path =~ m{\A(/(?:Users|Groups))/*(?:\?|\z)}
        && ref $document eq 'HASH' && defined $document->{id}) {
        push @{ $play->{created} }, "$1/$document->{id}";
    }
    keep_reply($values, $step, $document, $i);
    $self->judge($play, $step, $reply, $document, $millis, $result);
    return;
}

sub keep_reply($values, $step, $document, $i) {
    return if !defined $step->{as} || json_type($document) !~ /array|object/;
    $values->keep($step->{as} => $document) if $i == 1;
    $values->keep("$step->{as}$i" => $document) if $step->{repeat};
    return;
}

sub target($self, $play, $step, $path) {
    my $values = $play->{values};
    my $query = '';
    if (defined $step->{rawQuery}) {
        $query = $values->fill($step->{rawQuery});
    }
    elsif ($step->{query}) {
        $query = encoded_query($values->fill($step->{query}),
            $step->{encoding} // $self->{encoding} // 'plus');
    }
    $query = join '&', grep { length } $play->{query}, $query;
    utf8::encode($path);
    utf8::encode($query);
    $path =~ s{([^A-Za-z0-9_.~/:;,\@!\$'()*+=&%-])}{sprintf '%%%02X', ord $1}ge;
    return $play->{base} . $path . (length $query ? "?$query" : '');
}

sub encoded_query($query, $encoding) {
    my @pairs = ref $query eq 'HASH'
        ? map { [$_, $query->{$_}] } sort keys %$query
        : @$query;
    my $encode = sub ($value) {
        my $text = Scim::Sequence::Values::percent_encoded(
            Scim::Sequence::Values::as_text($value));
        return $encoding eq 'percent' ? $text : $text =~ s/%20/+/gr;
    };
    return join '&', map { $encode->($_->[0]) . '=' . $encode->($_->[1]) } @pairs;
}

sub body_of($step, $values) {
    if (defined $step->{rawBody}) {
        my $text = $values->fill($step->{rawBody});
        utf8::encode($text);
        return $text;
    }
    return exists $step->{body} ? $JSON->encode($values->fill($step->{body}))
                                : undef;
}

sub headers($self, $play, $step, $has_body) {
    my $values = $play->{values};
    my %headers = $has_body ? ('content-type' => $SCIM_JSON) : ();
    for my $source ($self->{headers} // {}, $step->{headers} // {}) {
        for my $name (keys %$source) {
            delete $headers{lc $name};
            next if !defined $source->{$name};
            $headers{lc $name} = $values->fill($source->{$name});
        }
    }
    if (!$has_body && !grep { lc eq 'content-type' } keys %{ $step->{headers} // {} }) {
        delete $headers{'content-type'};
    }
    my $auth = $step->{auth} // $self->{auth} // 'token';
    if ($auth eq 'token') {
        $headers{authorization} //= "Bearer $play->{token}"
            if defined $play->{token};
    }
    elsif ($auth ne 'none') {
        $headers{authorization} = $values->fill($auth);
    }
    return \%headers;
}

sub document_of($reply) {
    my $body = $reply->{content} // '';
    return $NOTHING if $body !~ /\S/;
    my $document;
    return eval { $document = $JSON->decode($body); 1 } ? $document : $NOTHING;
}

# The status comes first: a wrong one explains whatever else is missing.
sub judge($self, $play, $step, $reply, $document, $millis, $result) {
    my $values = $play->{values};
    my $status = $reply->{status};
    my $wanted = $values->fill($step->{expect}{status} // ['2xx']);
    my $problems = $result->{problems};

    if (!is_status($status, $wanted)) {
        push @$problems, sprintf 'expected status %s, got %s%s',
            join('|', ref $wanted ? @$wanted : $wanted), $status,
            excuse($reply, $document);
        return;
    }
    my $expect = $values->fill($step->{expect} // {});
    my $type = $expect->{contentType}
        // $values->fill($self->{expectAll}{contentType});
    push @$problems, check_type($reply, $type), check_headers($reply, $expect);
    push @$problems, check_body($reply, $document, $expect, $result->{warnings});
    if (defined $expect->{maxMillis} && $millis > $expect->{maxMillis}) {
        push @{ $result->{ $play->{strict_time} ? 'problems' : 'warnings' } },
            sprintf 'expected a reply within %d ms, took %d ms',
            $expect->{maxMillis}, $millis;
    }
    return;
}

# What the server itself said about a status that nobody expected.
sub excuse($reply, $document) {
    if (ref $document eq 'HASH' && ($document->{detail} || $document->{scimType})) {
        return sprintf ' (%s)', join ': ',
            grep { defined } @$document{qw(scimType detail)};
    }
    my $text = substr $reply->{content} // '', 0, 120;
    return length $text ? ' (' . $text =~ s/\s+/ /gr . ')' : '';
}

sub check_type($reply, $type) {
    return if !$type || !length($reply->{content} // '');
    my @allowed = ref $type ? @$type : $type;
    return if $allowed[0] eq 'any';
    my $sent = $reply->{headers}{'content-type'} // '';
    my $media = lc $sent =~ s/\s*;.*\z//sr;
    return if grep { $_ eq $media } @allowed;
    return 'expected Content-Type ' . join('|', @allowed) . ", got '$sent'";
}

sub check_headers($reply, $expect) {
    return map {
        my $value = $reply->{headers}{ lc $_->{name} } // $NOTHING;
        check_value(ref $value eq 'ARRAY' ? $value->[0] : $value,
            $_, "header $_->{name}");
    } @{ $expect->{headers} // [] };
}

sub check_body($reply, $document, $expect, $warnings) {
    my $body = $reply->{content} // '';
    my @problems;
    if ($expect->{noBody} && $body =~ /\S/) {
        push @problems, 'expected an empty body, got ' . length($body) . ' bytes';
    }
    my $by_status = $expect->{ifStatus} // {};
    my @checks = (@{ $expect->{json} // [] },
        map { @{ $by_status->{$_} } }
        grep { is_status($reply->{status}, $_) } sort keys %$by_status);
    if (@checks && json_type($document) eq 'absent') {
        push @problems, 'expected a JSON body, got '
            . (length $body ? "'" . substr($body, 0, 80) . "'" : 'an empty body');
        @checks = ();
    }
    for my $check (@checks) {
        push @{ $check->{soft} ? $warnings : \@problems },
            check_json($document, $check);
    }
    utf8::decode($body);
    push @problems, map { check_value($body, $_, 'body text') }
        @{ $expect->{text} // [] };
    return @problems;
}

sub clean_up($self, $play) {
    my $query = length $play->{query} ? "?$play->{query}" : '';
    for my $path (reverse @{ $play->{created} }) {
        $play->{http}->request('DELETE', "$play->{base}$path$query", {
            headers => { authorization => "Bearer $play->{token}" } });
    }
    return;
}

1;
