package Scim::Entra::Mapping;

# The attribute mappings of one object type: what a directory object should
# look like in the application, and the PATCH that brings it there. Mappings
# are data, see t/data/mappings.json.

use v5.36;
use Scim::Entra::Expression;
use Scim::Entra::Target;

my $CORE = 'urn:ietf:params:scim:schemas:core:2.0:';
my $ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
# Entra ID adds a schema of its own to every group that it creates.
my $ADSCIM = 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/';

my %schemas = (
    User  => [$CORE . 'User', $ENTERPRISE],
    Group => [$CORE . 'Group', $ADSCIM . 'Group'],
);

# resource_type: User or Group; rules: the list of the mapping file.
sub new($class, $resource_type, $rules) {
    my $self = bless { type => $resource_type, rules => [] }, $class;
    for my $rule (@$rules) {
        my %copy = (%$rule, target => Scim::Entra::Target->parse($rule->{target}));
        if (defined $rule->{expression}) {
            $copy{expression} = Scim::Entra::Expression->parse($rule->{expression});
        }
        push @{ $self->{rules} }, \%copy;
    }
    my @matching = $self->matching;
    @matching or die "the mapping of $resource_type names no matching attribute\n";
    return $self;
}

sub references($self) {
    return grep { $_->{reference} } @{ $self->{rules} };
}

# The target that says whether an account is active, if any is mapped.
sub switch($self) {
    my ($rule) = grep { $_->{target}->is_boolean } @{ $self->{rules} };
    return $rule && $rule->{target};
}

# Matching attributes in order of precedence.
sub matching($self) {
    return sort { $a->{matching} <=> $b->{matching} }
        grep { $_->{matching} } @{ $self->{rules} };
}

# What each target should hold: target path -> text or undef. References are
# not among them, as they need the ids of other objects.
sub values_for($self, $attribute) {
    my %values;
    for my $rule (grep { !$_->{reference} } @{ $self->{rules} }) {
        my $value = defined $rule->{expression}
            ? $rule->{expression}->evaluate($attribute)
            : $rule->{constant} // $attribute->($rule->{source});
        $value = Scim::Entra::Expression::text($value);
        $value = $rule->{default} // '' if $value eq '';
        $values{ $rule->{target}->path } = length $value ? $value : undef;
    }
    return \%values;
}

# The body of a POST.
sub body($self, $values) {
    my $body = {
        schemas => $schemas{ $self->{type} },
        meta    => { resourceType => $self->{type} },
        $self->{type} eq 'User' ? (roles => []) : (),
    };
    for my $rule (grep { !$_->{reference} } @{ $self->{rules} }) {
        my $value = $values->{ $rule->{target}->path };
        $rule->{target}->write($body, $value) if defined $value;
    }
    return $body;
}

# What differs between what should be there and what the application shows.
# Entra ID compares texts as they are; only booleans know no spelling.
sub changes($self, $values, $resource) {
    my @changes;
    for my $rule (grep { !$_->{reference} } @{ $self->{rules} }) {
        next if ($rule->{apply} // 'always') eq 'creation';
        my $target = $rule->{target};
        my $want = $values->{ $target->path };
        my $have = $target->read($resource);
        next if ($have // '') eq ($want // '');
        next if !defined $want && ($rule->{whenEmpty} // 'remove') ne 'remove';
        push @changes, { target => $target, from => $have, to => $want };
    }
    return @changes;
}

# The PatchOp message of some changes. Without the feature flag: one operation
# for each, capitalised, booleans as strings. With it: lower case, JSON
# booleans, and one operation without path whose keys are paths.
sub patch($self, $has_flag, @changes) {
    return message($has_flag ? flag_operations(@changes)
                             : map { legacy_operation($_) } @changes);
}

sub message(@operations) {
    return { schemas => [$PATCH_OP], Operations => \@operations };
}

sub legacy_operation($change) {
    my $path = $change->{target}->path;
    return { op => 'Remove', path => $path } if !defined $change->{to};
    return {
        op    => defined $change->{from} ? 'Replace' : 'Add',
        path  => $path,
        value => $change->{to},
    };
}

sub flag_operations(@changes) {
    my (@operations, %whole);
    for my $change (@changes) {
        my $target = $change->{target};
        my $op = !defined $change->{to}   ? 'remove'
               : defined $change->{from}  ? 'replace'
               :                            'add';
        my $value = $target->is_boolean && defined $change->{to}
            ? Scim::Entra::Target::truth($change->{to}) : $change->{to};
        if ($op eq 'remove') {
            push @operations, { op => $op, path => $target->path };
        }
        elsif ($target->is_boolean || $op eq 'add' && $target->has_filter) {
            push @operations, { op => $op, path => $target->path, value => $value };
        }
        else {
            $whole{$op}{ $target->path } = $value;
        }
    }
    return (@operations,
        map { { op => $_, value => $whole{$_} } } sort keys %whole);
}

# Members are sent as differences, never as a list of all.
sub member_patches($has_flag, $op, $batch_size, @ids) {
    my @patches;
    while (my @batch = splice @ids, 0, $batch_size) {
        push @patches, message(
            !$has_flag ? { op => $op, path => 'members',
                value => [map { { '$ref' => undef, value => $_ } } @batch] }
            : $op eq 'Add' ? { op => 'add', path => 'members',
                value => [map { { value => $_ } } @batch] }
            : map { { op => 'remove', path => qq(members[value eq "$_"]) } } @batch);
    }
    return @patches;
}

1;
