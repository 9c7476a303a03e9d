package Scim::Entra::Expression;

# The expression language of Entra ID's attribute mappings, as far as the
# mappings of users and groups need it:
#
#     Switch([IsSoftDeleted], , "False", "True", "True", "False")
#     Join(" ", [givenName], [surname])
#
# A value is undef, a text, a JSON boolean or a reference to an array of them.

use v5.36;
use JSON::PP ();
use Unicode::Normalize ();

my %functions = (
    Append                 => sub ($text, $suffix) { text($text) . text($suffix) },
    CBool                  => sub ($v) { is_true($v) ? JSON::PP::true : JSON::PP::false },
    Coalesce               => sub (@v) { (grep { text($_) ne '' } @v)[0] },
    Count                  => sub ($v) { ref $v eq 'ARRAY' ? scalar @$v : defined $v ? 1 : 0 },
    CStr                   => sub ($v) { text($v) },
    IIF                    => sub ($is, $then, $else = undef) { is_true($is) ? $then : $else },
    IgnoreFlowIfNullOrEmpty => sub ($v) { text($v) eq '' ? undef : $v },
    InStr                  => sub ($v, $part, @) { 1 + index text($v), text($part) },
    IsNull                 => sub ($v) { bool(!defined $v) },
    IsNullOrEmpty          => sub ($v) { bool(text($v) eq '') },
    IsPresent              => sub ($v) { bool(text($v) ne '') },
    IsString               => sub ($v) { bool(defined $v && !ref $v) },
    Item                   => sub ($v, $i) { ref $v eq 'ARRAY' ? $v->[$i - 1] : undef },
    Join                   => \&join_values,
    Left                   => sub ($v, $n) { substr text($v), 0, $n },
    Len                    => sub ($v) { length text($v) },
    Mid                    => sub ($v, $start, $n) { substr(text($v), $start - 1, $n) // '' },
    NormalizeDiacritics    => \&normalize_diacritics,
    Not                    => sub ($v) { bool(!is_true($v)) },
    PCase                  => sub ($v) { lc(text($v)) =~ s/(\w+)/\u$1/gr },
    RemoveDuplicates       => \&remove_duplicates,
    Replace                => \&replace,
    Split                  => sub ($v, $by) { [split /\Q$by\E/, text($v)] },
    StripSpaces            => sub ($v) { text($v) =~ s/\s+//gr },
    Switch                 => \&switch,
    ToLower                => sub ($v, @) { lc text($v) },
    ToUpper                => sub ($v, @) { uc text($v) },
    Trim                   => sub ($v) { text($v) =~ s/\A\s+|\s+\z//gr },
    Word                   => sub ($v, $n, $by) { (split /[\Q$by\E]+/, text($v))[$n - 1] },
);
my %by_lower_name = map { lc() => $_ } keys %functions;

# Parsed once; evaluate() may then be asked for any number of objects.
sub parse($class, $source) {
    my $self = bless { source => $source }, $class;
    pos($source) = 0;
    $self->{tree} = parse_comparison(\$source);
    $source =~ /\G\s*\z/gc or fail(\$source, 'an unexpected end');
    return $self;
}

# Attributes are asked of a code reference: name -> value.
sub evaluate($self, $attribute) {
    return value_of($self->{tree}, $attribute);
}

# comparison = operand [ ("=" / "<>") operand ]
sub parse_comparison($in) {
    my $left = parse_operand($in);
    if ($$in =~ /\G\s*(<>|=)/gc) {
        return [compare => $1, $left, parse_operand($in)];
    }
    return $left;
}

# operand = "[" name "]" / string / number / name "(" arguments ")" / nothing
sub parse_operand($in) {
    return [attribute => $1] if $$in =~ /\G\s*\[([^\]]+)\]/gc;
    return [value => $1 =~ s/\\(.)/$1/gr] if $$in =~ /\G\s*"((?:[^"\\]|\\.)*)"/gc;
    return [value => $1] if $$in =~ /\G\s*(-?\d+(?:\.\d+)?)/gc;
    if ($$in =~ /\G\s*(\w+)\s*\(/gc) {
        my $name = $by_lower_name{ lc $1 } // fail($in, "the function $1");
        return [call => $name, parse_arguments($in)];
    }
    return [value => undef] if $$in =~ /\G(?=\s*[,)])/gc;
    fail($in, 'what follows');
}

sub parse_arguments($in) {
    my @arguments;
    return @arguments if $$in =~ /\G\s*\)/gc;
    while (1) {
        push @arguments, parse_comparison($in);
        next if $$in =~ /\G\s*,/gc;
        return @arguments if $$in =~ /\G\s*\)/gc;
        fail($in, 'an argument');
    }
}

sub fail($in, $what) {
    die sprintf "cannot understand %s at position %d of the expression %s\n",
        $what, pos $$in // 0, $$in;
}

sub value_of($node, $attribute) {
    my ($kind, @rest) = @$node;
    return $rest[0] if $kind eq 'value';
    return $attribute->($rest[0]) if $kind eq 'attribute';
    if ($kind eq 'compare') {
        my ($operator, @sides) = @rest;
        my ($one, $other) = map { text(value_of($_, $attribute)) } @sides;
        return bool(($one eq $other) == ($operator eq '='));
    }
    my ($name, @arguments) = @rest;
    my @values = map { scalar value_of($_, $attribute) } @arguments;
    my $value = eval { $functions{$name}->(@values) };
    die "$name: $@" if $@;
    return $value;
}

sub text($value) {
    return '' if !defined $value;
    return $value ? 'True' : 'False' if JSON::PP::is_bool($value);
    return ref $value eq 'ARRAY' ? join ';', map { text($_) } @$value : $value;
}

sub bool($is) { return $is ? JSON::PP::true : JSON::PP::false }

sub is_true($value) { return lc text($value) eq 'true' || text($value) eq '1' }

# Parts that have no value leave no separator behind.
sub join_values($separator, @values) {
    my @parts = map { ref $_ eq 'ARRAY' ? @$_ : $_ } @values;
    return join $separator, grep { $_ ne '' } map { text($_) } @parts;
}

# Switch(source, default, key1, value1, key2, value2, ...)
sub switch($source, $default, @pairs) {
    while (my ($key, $value) = splice @pairs, 0, 2) {
        return $value if text($source) eq text($key);
    }
    return $default;
}

# Replace(source, old, pattern, group, replacement, replacementAttribute, template)
sub replace($source, $old, $pattern, $group, $new, $attribute = undef,
            $template = undef) {
    my $text = text($source);
    my $by = text($new // $attribute);
    if (defined $old && defined $template) {
        return $template =~ s/\Q$old\E/$text/gr;
    }
    return $text =~ s/\Q$old\E/$by/gr if defined $old;
    return $text =~ s/$pattern/$by/gr if defined $pattern && !defined $group;
    if (defined $pattern && $text =~ $pattern && defined $+{$group}) {
        my $part = $+{$group};
        return $text =~ s/\Q$part\E/$by/r;
    }
    return $text;
}

sub normalize_diacritics($value) {
    return Unicode::Normalize::NFC(
        Unicode::Normalize::NFD(text($value)) =~ s/\p{Mn}//gr);
}

sub remove_duplicates($value) {
    my %seen;
    return [grep { !$seen{ lc text($_) }++ }
            ref $value eq 'ARRAY' ? @$value : $value];
}

1;
