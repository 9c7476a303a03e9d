package Scim::Entra::Target;

# The target side of an attribute mapping: a SCIM path such as
# emails[type eq "work"].value, read from a resource and written into one.

use v5.36;
use JSON::PP ();

# The two attributes of users that SCIM types as boolean or as a reference.
my %boolean = map { $_ => 1 } qw(active);

sub parse($class, $path) {
    $path =~ m{\A (?:(?<schema>urn:[^\[\]"\s]+):)? (?<name>[A-Za-z]\w*)
               (?:\[ (?<key>\w+) \s+ eq \s+ "(?<is>[^"]*)" \])?
               (?:\.(?<sub>\w+))? \z}x
        or die "the target $path is not an attribute path\n";
    return bless { %+, path => $path }, $class;
}

sub path($self) { return $self->{path} }
sub schema($self) { return $self->{schema} }
sub is_boolean($self) { return $boolean{ $self->{name} } }
sub has_filter($self) { return defined $self->{key} }

# The value in a resource as text, or undef; a reference stands for its value.
sub read($self, $resource) {
    my $holder = $resource;
    $holder = $resource->{ $self->{schema} } if defined $self->{schema}
        && $self->{schema} !~ /:core:2\.0:/;
    my $value = ref $holder eq 'HASH' ? $holder->{ $self->{name} } : undef;
    if (defined $self->{key}) {
        ($value) = grep { $self->is_element($_) }
            ref $value eq 'ARRAY' ? @$value : ();
    }
    if (defined $self->{sub}) {
        $value = ref $value eq 'HASH' ? $value->{ $self->{sub} } : undef;
    }
    $value = $value->{value} if ref $value eq 'HASH';
    return JSON::PP::is_bool($value) ? ($value ? 'True' : 'False') : $value;
}

sub is_element($self, $element) {
    return ref $element eq 'HASH'
        && lc($element->{ $self->{key} } // '') eq lc $self->{is};
}

sub write($self, $resource, $value) {
    my $holder = $resource;
    $holder = $resource->{ $self->{schema} } //= {} if defined $self->{schema}
        && $self->{schema} !~ /:core:2\.0:/;
    my $name = $self->{name};
    if (defined $self->{key}) {
        $self->element($holder)->{ $self->{sub} // 'value' } = $value;
    }
    elsif (defined $self->{sub}) {
        $holder->{$name}{ $self->{sub} } = $value;
    }
    else {
        $holder->{$name} = $self->is_boolean ? truth($value) : $value;
    }
    return;
}

sub element($self, $holder) {
    my $elements = $holder->{ $self->{name} } //= [];
    my ($element) = grep { $self->is_element($_) } @$elements;
    if (!$element) {
        $element = { $self->{key} => $self->{is} };
        # The first address of mail is the one to write to.
        $element->{primary} = JSON::PP::true
            if $self->{name} eq 'emails' && !@$elements;
        push @$elements, $element;
    }
    return $element;
}

sub truth($value) {
    return lc $value eq 'true' ? JSON::PP::true : JSON::PP::false;
}

1;
