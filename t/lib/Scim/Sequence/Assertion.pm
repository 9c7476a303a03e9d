package Scim::Sequence::Assertion;

# What a sequence may demand of a reply: JSON pointers, elements chosen by
# value, and tests of one value. Every complaint is one line for a reader.

use v5.36;
use B ();
use Exporter qw(import);
use JSON::PP ();

our @EXPORT_OK = qw(check_json check_value json_type $NOTHING);

# What a pointer finds where there is nothing: not the same as null.
our $NOTHING = bless {}, 'Scim::Sequence::Nothing';

my $JSON = JSON::PP->new->canonical->allow_nonref;

my %WHERE_IS_ALL = map { $_ => 1 } qw(pointer where);
my %COUNT_IS_ALL = map { $_ => 1 } qw(pointer where count);

sub json_type($value) {
    return 'absent'  if is_nothing($value);
    return 'null'    if !defined $value;
    return 'boolean' if JSON::PP::is_bool($value);
    return 'array'   if ref $value eq 'ARRAY';
    return 'object'  if ref $value;
    # A scalar that was read as a number has a number slot and no string slot.
    my $flags = B::svref_2object(\$value)->FLAGS;
    return 'string'  if $flags & B::SVp_POK();
    return 'number'  if $flags & B::SVp_NOK();
    return 'integer' if $flags & B::SVp_IOK();
    return 'string';
}

sub is_nothing($value) {
    return ref $value eq 'Scim::Sequence::Nothing';
}

# RFC 7643, 2.5: absent, null and the empty array mean the same.
sub is_unassigned($value) {
    return 1 if is_nothing($value) || !defined $value;
    return ref $value eq 'ARRAY' && !@$value;
}

sub is_empty($value) {
    return 1 if is_unassigned($value);
    return !%$value if ref $value eq 'HASH';
    return json_type($value) eq 'string' && $value eq '';
}

sub is_number($value) {
    return json_type($value) =~ /\A(?:integer|number)\z/;
}

# JSON equality: true is not 1, 1 is 1.0.
sub is_same($one, $other) {
    my ($type, $other_type) = map { json_type($_) } $one, $other;
    if (is_number($one) && is_number($other)) {
        return $one == $other;
    }
    return 0 if $type ne $other_type || $type eq 'absent';
    return 1 if $type eq 'null';
    return !$one == !$other if $type eq 'boolean';
    return $one eq $other if $type eq 'string';
    return is_same_array($one, $other) if $type eq 'array';
    return is_same_object($one, $other);
}

sub is_same_array($one, $other) {
    return 0 if @$one != @$other;
    for my $i (0 .. $#$one) {
        return 0 if !is_same($one->[$i], $other->[$i]);
    }
    return 1;
}

sub is_same_object($one, $other) {
    return 0 if keys %$one != keys %$other;
    for my $key (keys %$one) {
        return 0 if !exists $other->{$key};
        return 0 if !is_same($one->{$key}, $other->{$key});
    }
    return 1;
}

sub shown($value) {
    return 'nothing' if is_nothing($value);
    my $text = $JSON->encode($value);
    return length $text <= 160 ? $text : substr($text, 0, 160) . '...';
}

# RFC 6901
sub at_pointer($document, $pointer) {
    return $document if !length($pointer // '');
    for my $raw (split /\//, $pointer =~ s{\A/+}{}r, -1) {
        my $token = $raw =~ s/~1/\//gr =~ s/~0/~/gr;
        if (ref $document eq 'HASH' && exists $document->{$token}) {
            $document = $document->{$token};
        }
        elsif (ref $document eq 'ARRAY' && $token =~ /\A\d+\z/
               && $token < @$document) {
            $document = $document->[$token];
        }
        else {
            return $NOTHING;
        }
    }
    return $document;
}

# One assertion about the body of a reply: the list of its complaints.
sub check_json($document, $assertion) {
    my $pointer = $assertion->{pointer} // '';
    my $value = at_pointer($document, $pointer);
    my $place = length $pointer ? $pointer : '/';

    return check_value($value, $assertion, $place) if !$assertion->{where};
    return check_element($value, $assertion, $place);
}

sub check_element($value, $assertion, $place) {
    my $where = $assertion->{where};
    my $sub = $assertion->{sub} // '';
    my @hits = grep { is_element($_, $where) }
        ref $value eq 'ARRAY' ? @$value : ();
    my $label = sprintf '%s[%s]', $place, join ',',
        map { "$_=" . shown($where->{$_}) } sort keys %$where;

    if ($assertion->{absent} && !exists $assertion->{sub}) {
        return @hits ? "$label: expected no such element, got " . @hits : ();
    }
    if (defined $assertion->{count}) {
        if (@hits != $assertion->{count}) {
            return sprintf '%s: expected %d such element(s), got %d in %s',
                $label, $assertion->{count}, scalar @hits, shown($value);
        }
        return if !grep { !$COUNT_IS_ALL{$_} } keys %$assertion;
    }
    if (!@hits) {
        return "$label: expected an element, got none in " . shown($value);
    }
    return if !grep { !$WHERE_IS_ALL{$_} } keys %$assertion;
    return check_value(at_pointer($hits[0], $sub), $assertion, $label . $sub);
}

sub is_element($item, $where) {
    return 0 if ref $item ne 'HASH';
    for my $key (keys %$where) {
        return 0 if !defined $item->{$key};
        return 0 if !is_same($item->{$key}, $where->{$key});
    }
    return 1;
}

my %TESTS = (
    length    => sub ($v, $want) {
        return size($v) == $want ? () : "length $want";
    },
    maxLength => sub ($v, $want) {
        my $n = size($v);
        return $n >= 0 && $n <= $want ? () : "length <= $want";
    },
    notEquals => sub ($v, $want) {
        return is_same($v, $want) ? 'anything but ' . shown($want) : ();
    },
    oneOf     => sub ($v, $want) {
        return (grep { is_same($v, $_) } @$want) ? () : 'one of ' . shown($want);
    },
    type      => sub ($v, $want) {
        my @wanted = ref $want ? @$want : $want;
        my $type = json_type($v);
        return if grep { $_ eq $type } @wanted;
        return if $type eq 'integer' && grep { $_ eq 'number' } @wanted;
        return 'type ' . join '|', @wanted;
    },
    present   => sub ($v, $want) {
        return $want && (is_nothing($v) || !defined $v) ? 'present' : ();
    },
    nonEmpty  => sub ($v, $want) {
        return $want && is_empty($v) ? 'not empty' : ();
    },
    contains  => sub ($v, $want) {
        return holds($v, $want) ? () : 'something containing ' . shown($want);
    },
    notContains => sub ($v, $want) {
        return holds($v, $want) ? 'nothing containing ' . shown($want) : ();
    },
    matches   => sub ($v, $want) {
        return json_type($v) eq 'string' && $v =~ /$want/
            ? () : "a string matching /$want/";
    },
    atLeast   => sub ($v, $want) {
        return is_number($v) && $v >= $want ? () : "a number >= $want";
    },
    atMost    => sub ($v, $want) {
        return is_number($v) && $v <= $want ? () : "a number <= $want";
    },
);

# The complaints of one assertion about one value.
sub check_value($value, $assertion, $place) {
    my @expected;

    if ($assertion->{absent}) {
        @expected = is_unassigned($value) ? () : 'absent';
    }
    elsif ($assertion->{empty}) {
        @expected = is_empty($value) ? () : 'empty';
    }
    else {
        @expected = equals($value, $assertion);
        for my $test (sort keys %TESTS) {
            next if !exists $assertion->{$test};
            push @expected, $TESTS{$test}->($value, $assertion->{$test});
        }
    }
    return map { "$place: expected $_, got " . shown($value) } @expected;
}

sub equals($value, $assertion) {
    return if !exists $assertion->{equals};
    my $want = $assertion->{equals};
    my $strings = json_type($want) eq 'string' && json_type($value) eq 'string';
    my $same = $assertion->{ignoreCase} && $strings
        ? lc $want eq lc $value
        : is_same($value, $want);
    return $same ? () : shown($want);
}

sub size($value) {
    return 0 if is_unassigned($value);
    return scalar @$value if ref $value eq 'ARRAY';
    return scalar keys %$value if ref $value eq 'HASH';
    return json_type($value) eq 'string' ? length $value : -1;
}

sub holds($value, $want) {
    return 0 + grep { is_same($_, $want) } @$value if ref $value eq 'ARRAY';
    return 0 if json_type($value) ne 'string' || json_type($want) ne 'string';
    return index($value, $want) >= 0;
}

1;
