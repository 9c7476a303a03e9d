package Scim::Entra::Directory;

# The identity provider's directory, read from a JSON file: users, groups and
# the assignments of both to the application (see t/data/directory.json).

use v5.36;
use File::Basename qw(dirname);
use JSON::PP ();
use Scim::Entra::State;

sub read($class, $file) {
    return $class->new(read_data($file), $file);
}

# A file that names a base holds changes to the directory of that file.
sub read_data($file) {
    my $data = Scim::Entra::State::read_json($file);
    ref $data eq 'HASH' or die "$file is not a directory\n";
    return $data if !defined $data->{base};

    my $base = read_data($data->{base} =~ m{\A/} ? $data->{base}
        : dirname($file) . "/$data->{base}");
    for my $change (@{ $data->{changes} // [] }) {
        apply_change($base, $change, $file);
    }
    return $base;
}

# Objects are named by user principal name or display name in a change.
sub apply_change($data, $change, $file) {
    for my $kind (qw(users groups)) {
        push @{ $data->{$kind} }, $change->{ $kind eq 'users' ? 'newUser' : 'newGroup' }
            // next;
    }
    my $name = $change->{user} // $change->{group};
    if (defined $name) {
        my $id = object_id($data, $name, $file);
        my ($object) = grep { $_->{objectId} eq $id } @{ $data->{users} }, @{ $data->{groups} };
        change_object($data, $object, $change, $file);
    }
    my %gone = map { object_id($data, $_, $file) => 1 } @{ $change->{unassign} // [] };
    $data->{assignments} = [(grep { !$gone{$_} } @{ $data->{assignments} // [] }),
        map { object_id($data, $_, $file) } @{ $change->{assign} // [] }];
    for my $user (@{ $data->{users} }) {
        next if ($user->{manager} // '') !~ /\@/;
        $user->{manager} = object_id($data, $user->{manager}, $file);
    }
    return;
}

sub change_object($data, $object, $change, $file) {
    my $id = $object->{objectId};
    if ($change->{deleted}) {
        for my $kind (qw(users groups)) {
            $data->{$kind} = [grep { $_->{objectId} ne $id } @{ $data->{$kind} }];
        }
    }
    my $set = $change->{set} // {};
    @$object{ keys %$set } = values %$set;
    my %gone = map { object_id($data, $_, $file) => 1 } @{ $change->{remove} // [] };
    my @new = map { object_id($data, $_, $file) } @{ $change->{add} // [] };
    if (%gone || @new) {
        $object->{members} = [(grep { !$gone{$_} } @{ $object->{members} // [] }), @new];
    }
    return;
}

sub object_id($data, $name, $file) {
    for my $object (@{ $data->{users} // [] }, @{ $data->{groups} // [] }) {
        return $object->{objectId} if grep { defined && $_ eq $name }
            @$object{qw(objectId userPrincipalName displayName)};
    }
    die "$file: nobody is called $name\n";
}

sub new($class, $data, $name = 'directory') {
    my $self = bless { name => $name, by_id => {} }, $class;
    for my $kind (qw(users groups)) {
        $self->{$kind} = $data->{$kind} // [];
        for my $object (@{ $self->{$kind} }) {
            my $id = $object->{objectId}
                // die "$name: one of the $kind has no objectId\n";
            die "$name: objectId $id is there twice\n" if $self->{by_id}{$id}++;
        }
    }
    $self->{is_assigned} = { map { $_ => 1 } @{ $data->{assignments} // [] } };
    return $self;
}

sub users($self) { return @{ $self->{users} } }
sub groups($self) { return @{ $self->{groups} } }
sub holds($self, $object_id) { return exists $self->{by_id}{$object_id} }

# The object ids in scope. With 'assigned' these are the assigned objects and
# the direct members of assigned groups: Entra ID does not look into groups
# that are members of a group.
sub scope($self, $scope) {
    if ($scope eq 'all') {
        return { map { $_->{objectId} => 1 } $self->users, $self->groups };
    }
    my $assigned = $self->{is_assigned};
    my %in = %$assigned;
    my %is_user = map { $_->{objectId} => 1 } $self->users;
    for my $group (grep { $assigned->{ $_->{objectId} } } $self->groups) {
        $in{$_} = 1 for grep { $is_user{$_} } @{ $group->{members} // [] };
    }
    return \%in;
}

# Whether an object is to be inactive: out of scope, in the recycle bin, or
# disabled. Mappings see all three as IsSoftDeleted.
sub is_soft_deleted($object, $is_in_scope) {
    return 1 if !$is_in_scope || $object->{IsSoftDeleted};
    return exists $object->{accountEnabled} && !$object->{accountEnabled};
}

# The attributes of an object as the mappings see them.
sub attributes_of($object, $is_in_scope) {
    my %special = (
        IsSoftDeleted => sub {
            return is_soft_deleted($object, $is_in_scope) ? JSON::PP::true
                                                          : JSON::PP::false;
        },
        userPrincipalName => sub { home_name($object->{userPrincipalName}) },
        originalUserPrincipalName => sub { $object->{userPrincipalName} },
    );
    return sub ($name) {
        return $special{$name} ? $special{$name}->() : $object->{$name};
    };
}

# ana_fabrikam.example#EXT#@contoso.example is ana@fabrikam.example at home.
sub home_name($name) {
    return $name if !defined $name || $name !~ /\A(.+)#EXT#\@/;
    return $1 =~ s/_([^_]*)\z/\@$1/r;
}

1;
