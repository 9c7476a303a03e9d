package Scim::Sequence::Values;

# The placeholders of a sequence: ${run}, ${i}, ${uuid:NAME}, the variables of
# the file and the replies that its steps kept, each with filters.

use v5.36;
use JSON::PP ();
use Scim::Sequence::Assertion qw(json_type);

my $JSON = JSON::PP->new->canonical->allow_nonref;

sub new($class, %given) {
    return bless {
        run       => $given{run},
        file_vars => $given{vars} // {},
        kept      => {},
        uuids     => {},
        resolving => {},
    }, $class;
}

sub keep($self, $name, $value) {
    $self->{kept}{$name} = $value;
    return;
}

# A copy of a JSON value with all placeholders filled in. A string that is one
# placeholder and nothing else becomes the value, whatever its type.
sub fill($self, $node) {
    if (ref $node eq 'ARRAY') {
        return [map { $self->fill($_) } @$node];
    }
    if (ref $node eq 'HASH') {
        return { map { ($self->fill($_) => $self->fill($node->{$_})) }
                 keys %$node };
    }
    if (json_type($node) ne 'string') {
        return $node;
    }
    if ($node =~ /\A\$\{([^{}]+)\}\z/) {
        return $self->look_up($1);
    }
    return $node =~ s/\$\{([^{}]+)\}/as_text($self->look_up($1))/ger;
}

sub look_up($self, $expression) {
    my ($name, @filters) = split /\|/, $expression;
    $name =~ s/\A\s+|\s+\z//g;
    my $value = $name eq 'run'       ? $self->{run}
              : $name =~ /\Auuid:/   ? ($self->{uuids}{$name} //= random_uuid())
              :                        $self->dotted($name);
    for my $filter (map { s/\A\s+|\s+\z//gr } @filters) {
        $value = apply_filter($filter, $value) if length $filter;
    }
    return $value;
}

sub apply_filter($filter, $value) {
    return uc as_text($value)                if $filter eq 'upper';
    return lc as_text($value)                if $filter eq 'lower';
    return percent_encoded(as_text($value))  if $filter eq 'urlenc';
    return as_text($value)                   if $filter eq 'str';
    if ($filter eq 'len') {
        return ref $value eq 'ARRAY' ? scalar @$value
             : ref $value eq 'HASH'  ? scalar keys %$value
             :                         length $value;
    }
    die "unknown filter |$filter\n";
}

# The longest known variable name wins; the rest are member names.
sub dotted($self, $name) {
    my @parts = split /\./, $name, -1;
    for my $cut (reverse 1 .. @parts) {
        my $key = join '.', @parts[0 .. $cut - 1];
        my @rest = @parts[$cut .. $#parts];
        if (exists $self->{kept}{$key}) {
            return walk($self->{kept}{$key}, $name, @rest);
        }
        if (exists $self->{file_vars}{$key}) {
            return walk($self->file_variable($key), $name, @rest);
        }
    }
    die "no value for \${$name}\n";
}

sub file_variable($self, $key) {
    die "variable \${$key} refers to itself\n" if $self->{resolving}{$key};
    local $self->{resolving}{$key} = 1;
    return $self->fill($self->{file_vars}{$key});
}

sub walk($value, $name, @members) {
    for my $member (@members) {
        if (ref $value eq 'ARRAY' && $member =~ /\A\d+\z/ && $member < @$value) {
            $value = $value->[$member];
        }
        elsif (ref $value eq 'HASH' && exists $value->{$member}) {
            $value = $value->{$member};
        }
        else {
            die "no value for \${$name}\n";
        }
    }
    return $value;
}

sub as_text($value) {
    return json_type($value) eq 'string' ? $value : $JSON->encode($value);
}

sub percent_encoded($text) {
    utf8::encode($text);
    return $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger;
}

sub random_uuid() {
    my @words = map { int rand 65536 } 1 .. 8;
    $words[3] = $words[3] & 0x0fff | 0x4000;
    $words[4] = $words[4] & 0x3fff | 0x8000;
    return sprintf '%04x%04x-%04x-%04x-%04x-%04x%04x%04x', @words;
}

1;
