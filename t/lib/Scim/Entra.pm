package Scim::Entra;

# A provisioning client that behaves like Entra ID's provisioning service:
# Test Connection, an initial cycle, incremental cycles, restart and provision
# on demand. What it knows from one run to the next is one state file.
#
#     my $job = Scim::Entra->new(url => $url, token => $token,
#         directory => 'directory.json', state => 'state.json');
#     $job->test_connection;
#     my $report = $job->initial;
#
# Options beyond these: mappings (file), external_id (the users' attribute that
# is mapped to externalId, whatever the file says), scope ('assigned' or 'all'),
# flag (the aadOptscim062020 dialect), batch (members in one PATCH), progress
# (code), and those of Scim::Entra::Connection.

use v5.36;
use File::Basename qw(dirname);
use JSON::PP ();
use POSIX qw(strftime);
use Scim::Entra::Connection;
use Scim::Entra::Directory;
use Scim::Entra::Mapping;
use Scim::Entra::Report;
use Scim::Entra::State;

our $FEATURE_FLAG = 'aadOptscim062020';
our $DEFAULT_MAPPINGS = dirname(__FILE__) . '/../../data/mappings.json';

my $LIST = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
# How many members a group may have that is provisioned on demand.
my $ON_DEMAND_MEMBERS = 5;
# When a job is put into quarantine: the limits that Microsoft documents.
my %LIMIT = (share => 0.40, attempts => 5_000, failures => 40_000);

my $JSON = JSON::PP->new->utf8->canonical;
my %endpoint = (User => '/Users', Group => '/Groups');
my %shelf = (User => 'users', Group => 'groups');

sub new($class, %given) {
    my $connection = Scim::Entra::Connection->new(%given);
    my $self = bless {
        scope      => 'assigned',
        batch      => 100,
        progress   => sub (%) { },
        connection => $connection,
        directory  => Scim::Entra::Directory->read($given{directory}),
        state_file => $given{state},
        state      => Scim::Entra::State::read($given{state}),
    }, $class;
    for my $option (qw(scope batch progress)) {
        $self->{$option} = $given{$option} if defined $given{$option};
    }
    $self->{scope} =~ /\A(?:assigned|all)\z/
        or die "the scope is assigned or all, not $self->{scope}\n";
    $self->{has_flag} = $given{flag} || $connection->has_flag($FEATURE_FLAG);
    $self->{in_scope} = $self->{directory}->scope($self->{scope});
    $self->read_mappings($given{mappings} // $DEFAULT_MAPPINGS,
        $given{external_id});
    return $self;
}

sub read_mappings($self, $file, $external_id) {
    my $mappings = Scim::Entra::State::read_json($file);
    if (defined $external_id) {
        $_->{source} = $external_id
            for grep { $_->{target} eq 'externalId' } @{ $mappings->{users} // [] };
    }
    for my $type (qw(User Group)) {
        my $rules = $mappings->{ $shelf{$type} };
        ref $rules eq 'ARRAY' or die "$file has no mappings of $shelf{$type}\n";
        $self->{mapping}{$type} = Scim::Entra::Mapping->new($type, $rules);
    }
    return;
}

# ---------------------------------------------------------------- the cycles

# Looks for a user that cannot exist, then reads any user and any group.
# Dies with a sentence for the administrator.
sub test_connection($self) {
    my ($matching) = $self->{mapping}{User}->matching;
    my $filter = sprintf '%s eq "%s"', $matching->{target}->path, random_guid();
    $self->expect_list('/Users', { filter => $filter }, 0);
    $self->expect_list('/Users', { count => 1 });
    $self->expect_list('/Groups', { count => 1, excludedAttributes => 'members' });
    return 1;
}

sub expect_list($self, $path, $parameters, $total = undef) {
    my $reply = $self->{connection}->request('GET', $path, $parameters);
    die "GET $path: $reply->{problem}\n" if defined $reply->{problem};
    my $json = $reply->{json} // {};
    if (!grep { $_ eq $LIST } @{ $json->{schemas} // [] }) {
        die "GET $path: the answer is no ListResponse\n";
    }
    if (defined $total && ($json->{totalResults} // -1) != $total) {
        die "GET $path: a user was found who cannot exist\n";
    }
    return;
}

# Everything in scope, read back and compared.
sub initial($self) { return $self->cycle('initial', 1) }

# What changed since the watermark, and what failed before.
sub incremental($self) {
    defined $self->{state}{watermark}
        or die "there is no watermark yet: the initial cycle comes first\n";
    return $self->cycle('incremental', 0);
}

# Forgets ids, watermark, failures and quarantine; finds everything again.
sub restart($self) {
    $self->{state} = Scim::Entra::State::empty();
    return $self->cycle('restart', 1);
}

sub cycle($self, $name, $is_full) {
    return $self->run($name, $is_full, sub {
        $self->delete_missing;
        $self->provision_users;
        $self->provision_managers;
        $self->provision_groups;
        $self->provision_members;
        $self->{state}{watermark} = now();
        $self->{state}{cycle}++;
        $self->weigh_failures;
    });
}

# One user or one group, in the old dialect whatever the flag says.
sub on_demand($self, $name) {
    my ($type, $object) = $self->find($name);
    local $self->{has_flag} = 0;
    return $self->run('on-demand', 1, sub {
        $type eq 'User' ? $self->provision_user_on_demand($object)
                        : $self->provision_group_on_demand($object);
    });
}

# What cannot go on for any object puts the job into quarantine. The state is
# kept in any case.
sub run($self, $name, $is_full, $work) {
    $self->{is_full} = $is_full;
    $self->{known_failures} = { %{ $self->{state}{failed} } };
    $self->{report} = Scim::Entra::Report->new($name, $self->{connection});
    if (!eval { $self->leave_quarantine; $work->(); 1 }) {
        $self->quarantine($@ =~ s/\n\z//r);
    }
    Scim::Entra::State::save($self->{state}, $self->{state_file});
    return $self->{report}->finished($self->{connection}, $self->{state});
}

sub quarantine($self, $reason) {
    $self->{state}{quarantine} //= { reason => $reason, since => now() };
    return;
}

sub leave_quarantine($self) {
    return if !$self->{state}{quarantine};
    $self->test_connection;
    $self->{state}{quarantine} = undef;
    return;
}

sub now() { return strftime('%Y-%m-%dT%H:%M:%SZ', gmtime) }

sub find($self, $name) {
    my ($user) = grep { is_called($name, @$_{qw(objectId userPrincipalName mail displayName)}) }
        $self->{directory}->users;
    return (User => $user) if $user;
    my ($group) = grep { is_called($name, @$_{qw(objectId displayName)}) }
        $self->{directory}->groups;
    return (Group => $group) if $group;
    die "the directory has no user or group called $name\n";
}

sub is_called($name, @names) {
    return scalar grep { defined && lc eq lc $name } @names;
}

sub provision_user_on_demand($self, $user) {
    my $link = $self->link(User => $user);
    if ($user->{IsSoftDeleted} || $link && $link->{is_deleted}) {
        $self->note(User => $user, 'skipped',
            'soft-deleted users cannot be provisioned or restored on demand');
        return;
    }
    $self->provision_object(User => $user);
    $self->provision_manager($user);
    return;
}

sub provision_group_on_demand($self, $group) {
    my $members = @{ $group->{members} // [] };
    if ($members > $ON_DEMAND_MEMBERS) {
        $self->note(Group => $group, 'failed', sprintf
            'on demand a group may have %d members, this one has %d',
            $ON_DEMAND_MEMBERS, $members);
        return;
    }
    $self->provision_object(Group => $group);
    $self->provision_members_of($group);
    return;
}

# ---------------------------------------------------------------- the report

# One line of the provisioning log. A failed object stays due in every cycle
# until it is done.
sub note($self, $type, $object, $action, $detail = undef) {
    $self->{report}->note($type, $object, $action, $detail);
    my $state = $self->{state};
    $state->{counters}{attempts}++ if $action ne 'skipped';
    if ($action eq 'failed') {
        $state->{counters}{failures}++;
        my $failure = $state->{failed}{ $object->{objectId} } //= { attempts => 0 };
        $failure->{attempts}++;
        $failure->{detail} = $detail;
    }
    return;
}

sub phase($self, $phase, $work, @objects) {
    my $done = 0;
    $self->{progress}->(phase => $phase, done => 0, total => scalar @objects);
    for my $object (@objects) {
        $work->($object);
        $self->{progress}->(phase => $phase, done => ++$done,
            total => scalar @objects,
            name => $object->{displayName} // $object->{name});
    }
    return;
}

# A job most of whose calls fail is stopped rather than repeated for ever.
sub weigh_failures($self) {
    my ($attempts, $failures) = @{ $self->{state}{counters} }{qw(attempts failures)};
    if ($failures > $LIMIT{failures}) {
        $self->quarantine("$failures failures");
    }
    elsif ($attempts >= $LIMIT{attempts} && $failures > $LIMIT{share} * $attempts) {
        $self->quarantine("$failures of $attempts attempts failed");
    }
    return;
}

# ------------------------------------------------------------- one request

# Refused credentials end the cycle: no object could be done.
sub request($self, $method, $path, @rest) {
    my $reply = $self->{connection}->request($method, $path, @rest);
    if ($reply->{status} == 401 || $reply->{status} == 403) {
        die "the application refuses the secret token ($reply->{problem})\n";
    }
    return $reply;
}

# The one resource that a matching attribute finds, or undef where there is
# none. A failure is noted, and the answer to it is the empty list.
sub match($self, $type, $object, $values) {
    for my $rule ($self->{mapping}{$type}->matching) {
        my $path = $rule->{target}->path;
        my $value = $values->{$path} // next;
        my $reply = $self->request('GET', $endpoint{$type}, {
            filter => sprintf('%s eq "%s"', $path, $value =~ s/(["\\])/\\$1/gr),
            $type eq 'Group' ? (excludedAttributes => 'members') : (),
        });
        if ($reply->{status} == 404) {
            die "a query that finds nothing was answered with 404, not with an empty list\n";
        }
        if (defined $reply->{problem}) {
            $self->note($type => $object, 'failed', "matching: $reply->{problem}");
            return;
        }
        my @found = @{ $reply->{json}{Resources} // [] };
        if (@found > 1) {
            $self->note($type => $object, 'failed', "several resources have this $path");
            return;
        }
        return $found[0] if @found;
    }
    return (undef);
}

# ------------------------------------------------------- users and groups

sub link($self, $type, $object) {
    return $self->{state}{ $shelf{$type} }{ $object->{objectId} };
}

sub provision_users($self) {
    $self->phase(users => sub ($user) { $self->provision_object(User => $user) },
        $self->{directory}->users);
    return;
}

sub provision_groups($self) {
    $self->phase(groups => sub ($group) { $self->provision_object(Group => $group) },
        $self->{directory}->groups);
    return;
}

sub is_in_scope($self, $object) { return $self->{in_scope}{ $object->{objectId} } }

sub provision_object($self, $type, $object) {
    my $is_in = $self->is_in_scope($object);
    my $values = eval { $self->{mapping}{$type}->values_for(
        Scim::Entra::Directory::attributes_of($object, $is_in)) };
    if (!$values) {
        $self->note($type => $object, 'failed', $@ =~ s/\n\z//r);
        return;
    }
    my $link = $self->link($type => $object);
    if ($link) {
        $self->update($type => $object, $link, $values);
    }
    elsif (!$is_in) {
        $self->note($type => $object, 'skipped', 'not in scope') if $self->{is_full};
    }
    else {
        $self->match_or_create($type => $object, $values);
    }
    return;
}

sub match_or_create($self, $type, $object, $values) {
    my $is_inactive = Scim::Entra::Directory::is_soft_deleted($object, 1);
    return if $is_inactive && !$self->{is_full};
    my ($found) = my @answer = $self->match($type => $object, $values);
    return if !@answer;
    if ($found) {
        my $link = $self->remember($type => $object, $found->{id});
        return $self->send_changes($type => $object, $link, $values, $found);
    }
    # An account that is disabled already is of no use to the application.
    if ($is_inactive) {
        return $self->note($type => $object, 'skipped', 'not active in the directory');
    }
    return $self->create($type => $object, $values);
}

sub create($self, $type, $object, $values) {
    my $reply = $self->request('POST', $endpoint{$type}, {},
        $self->{mapping}{$type}->body($values));
    my $id = ref $reply->{json} eq 'HASH' ? $reply->{json}{id} : undef;
    if (defined $reply->{problem} || !defined $id) {
        return $self->note($type => $object, 'failed',
            $reply->{problem} // 'the answer to the creation has no id');
    }
    $self->settle($object, $self->remember($type => $object, $id), $values);
    return $self->note($type => $object, 'created');
}

# A user with a new id is in none of the groups that the old one was in.
sub remember($self, $type, $object, $id) {
    my $object_id = $object->{objectId};
    for my $group (values %{ $self->{state}{groups} }) {
        $group->{members} = [grep { $_ ne $object_id } @{ $group->{members} }];
    }
    return $self->{state}{ $shelf{$type} }{$object_id} = {
        id   => $id,
        name => Scim::Entra::Report::name_of($type, $object),
        $type eq 'Group' ? (members => []) : (),
    };
}

# What was sent is what the next cycle compares with.
sub settle($self, $object, $link, $values) {
    $link->{sent} = $values;
    $link->{is_deleted} = $object->{IsSoftDeleted} ? 1 : 0;
    $link->{is_out} = $self->is_in_scope($object) ? 0 : 1;
    delete $self->{state}{failed}{ $object->{objectId} };
    return;
}

sub is_due($self, $object, $link, $values) {
    return 1 if $self->{is_full} || $self->{known_failures}{ $object->{objectId} };
    return $JSON->encode($link->{sent} // {}) ne $JSON->encode($values);
}

# An object that the application has: gone out of scope, or changed.
sub update($self, $type, $object, $link, $values) {
    $link->{name} = Scim::Entra::Report::name_of($type, $object);
    if (!$self->is_in_scope($object)) {
        return $self->take_out_of_scope($type => $object, $link, $values);
    }
    return if !$self->is_due($object, $link, $values);

    # In the recycle bin nothing changes any more but this.
    if ($object->{IsSoftDeleted} && $link->{sent}) {
        return $self->disable($object, $link, $values);
    }
    my $reply = $self->request('GET', "$endpoint{$type}/$link->{id}",
        $type eq 'Group' ? { excludedAttributes => 'members' } : {});
    if ($reply->{status} == 404) {
        delete $self->{state}{ $shelf{$type} }{ $object->{objectId} };
        return $self->match_or_create($type => $object, $values);
    }
    if (defined $reply->{problem}) {
        return $self->note($type => $object, 'failed', "reading: $reply->{problem}");
    }
    return $self->send_changes($type => $object, $link, $values, $reply->{json});
}

sub send_changes($self, $type, $object, $link, $values, $resource) {
    my $mapping = $self->{mapping}{$type};
    my @changes = $mapping->changes($values, $resource);
    for my $target ($type eq 'User' ? map { $_->{target} } $mapping->references : ()) {
        $link->{references}{ $target->path } = $target->read($resource);
    }
    if (!@changes) {
        $self->settle($object, $link, $values);
        return $self->note($type => $object, 'skipped', 'nothing to change');
    }
    my $reply = $self->request('PATCH', "$endpoint{$type}/$link->{id}", {},
        $mapping->patch($self->{has_flag}, @changes));
    if (defined $reply->{problem}) {
        return $self->note($type => $object, 'failed', $reply->{problem});
    }
    $self->settle($object, $link, $values);
    my @names = map { $_->{target}->path } @changes;
    my ($switch) = grep { $_->{target}->is_boolean } @changes;
    my $action = !$switch               ? 'updated'
               : $switch->{to} eq 'True' ? 'restored'
               :                           'disabled';
    return $self->note($type => $object, $action, join ', ', @names);
}

# An assignment that was removed: users are disabled once, groups deleted.
sub take_out_of_scope($self, $type, $object, $link, $values) {
    return $self->delete_object($type => $object, $link) if $type eq 'Group';
    return if $link->{is_out} && !$self->{known_failures}{ $object->{objectId} };
    return $self->disable($object, $link, $values);
}

sub disable($self, $user, $link, $values) {
    my $mapping = $self->{mapping}{User};
    my $sent = $link->{sent} // {};
    my $switch = $mapping->switch;
    my $path = $switch ? $switch->path : '';
    if ($switch && ($sent->{$path} // '') ne ($values->{$path} // '')) {
        my $reply = $self->request('PATCH', "/Users/$link->{id}", {},
            $mapping->patch($self->{has_flag}, { target => $switch,
                from => $sent->{$path}, to => $values->{$path} }));
        if ($reply->{status} != 404 && defined $reply->{problem}) {
            return $self->note(User => $user, 'failed', $reply->{problem});
        }
        $self->note(User => $user, 'disabled',
            $self->is_in_scope($user) ? 'deleted, can be restored' : 'no longer assigned');
        $sent = { %$sent, $path => $values->{$path} };
    }
    return $self->settle($user, $link, $sent);
}

# --------------------------------------------------------------- deletions

# Objects that the directory no longer has: purged from the recycle bin.
sub delete_missing($self) {
    my @gone;
    for my $type (qw(Group User)) {
        my $links = $self->{state}{ $shelf{$type} };
        push @gone, map { { type => $type, objectId => $_, name => $links->{$_}{name} } }
            grep { !$self->{directory}->holds($_) } sort keys %$links;
    }
    $self->phase(deletions => sub ($gone) {
        my $type = $gone->{type};
        my $name = $type eq 'User' ? 'userPrincipalName' : 'displayName';
        my $object = { objectId => $gone->{objectId}, $name => $gone->{name} };
        $self->delete_object($type => $object, $self->link($type => $object));
    }, @gone) if @gone;
    return;
}

# 404 is as good as 204: the resource is gone.
sub delete_object($self, $type, $object, $link) {
    my $reply = $self->request('DELETE', "$endpoint{$type}/$link->{id}");
    if (defined $reply->{problem} && $reply->{status} != 404) {
        return $self->note($type => $object, 'failed', $reply->{problem});
    }
    delete $self->{state}{ $shelf{$type} }{ $object->{objectId} };
    delete $self->{state}{failed}{ $object->{objectId} };
    return $self->note($type => $object, 'deleted');
}

# -------------------------------------------------------------- references

sub provision_managers($self) {
    my @users = grep { $self->link(User => $_) && $self->is_in_scope($_) }
        $self->{directory}->users;
    $self->phase(managers => sub ($user) { $self->provision_manager($user) }, @users);
    return;
}

# A reference is sent once the application knows the object that it names.
sub provision_manager($self, $user) {
    my $link = $self->link(User => $user) // return;
    for my $rule ($self->{mapping}{User}->references) {
        my $path = $rule->{target}->path;
        my $manager = $user->{ $rule->{source} };
        my $known = defined $manager && $self->{state}{users}{$manager};
        my $want = $known ? $known->{id} : undef;
        my $have = $link->{references}{$path};
        next if ($want // '') eq ($have // '');

        my $reply = $self->request('PATCH', "/Users/$link->{id}", {},
            $self->{mapping}{User}->patch($self->{has_flag},
                { target => $rule->{target}, from => $have, to => $want }));
        if (defined $reply->{problem}) {
            $self->note(User => $user, 'failed', "$rule->{source}: $reply->{problem}");
            next;
        }
        $link->{references}{$path} = $want;
        $self->note(User => $user, 'updated', $rule->{source});
    }
    return;
}

sub provision_members($self) {
    return if !grep { $_->{target}->path eq 'members' }
        $self->{mapping}{Group}->references;
    $self->phase(memberships => sub ($group) { $self->provision_members_of($group) },
        grep { $self->link(Group => $_) } $self->{directory}->groups);
    return;
}

# Memberships are never read back: what was sent before is what is there.
sub provision_members_of($self, $group) {
    my $link = $self->link(Group => $group) // return;
    my $users = $self->{state}{users};
    my %had = map { $_ => 1 } @{ $link->{members} };
    my %wanted = map { $_ => 1 } $self->members_of($group, \%had);

    $self->note_nested($group) if $self->{is_full};
    # Deleted users took their memberships along.
    delete @had{ grep { !$users->{$_} } keys %had };
    my @add = sort grep { !$had{$_} } keys %wanted;
    my @remove = sort grep { !$wanted{$_} } keys %had;
    $self->send_members($group, $link, \%had, Remove => @remove)
        && $self->send_members($group, $link, \%had, Add => @add);
    $link->{members} = [sort keys %had];
    return;
}

sub note_nested($self, $group) {
    my %name = map { $_->{objectId} => $_->{displayName} } $self->{directory}->groups;
    my @inside = grep { defined } @name{ @{ $group->{members} // [] } };
    if (@inside) {
        $self->{report}->remark("$group->{displayName}: groups inside a group"
            . ' are not provisioned (' . join(', ', @inside) . ')');
    }
    return;
}

# Users who are provisioned. Groups inside a group are not sent, and users in
# the recycle bin stay what they are.
sub members_of($self, $group, $had) {
    my %binned = map { $_->{objectId} => 1 }
        grep { $_->{IsSoftDeleted} } $self->{directory}->users;
    return grep { $self->{state}{users}{$_} && ($had->{$_} || !$binned{$_}) }
        @{ $group->{members} // [] };
}

sub send_members($self, $group, $link, $had, $op, @members) {
    while (my @batch = splice @members, 0, $self->{batch}) {
        my ($patch) = Scim::Entra::Mapping::member_patches($self->{has_flag}, $op,
            scalar @batch, map { $self->{state}{users}{$_}{id} } @batch);
        my $reply = $self->request('PATCH', "/Groups/$link->{id}", {}, $patch);
        if (defined $reply->{problem}) {
            $self->note(Group => $group, 'failed', "members: $reply->{problem}");
            return 0;
        }
        if ($op eq 'Add') { @$had{@batch} = (1) x @batch }
        else              { delete @$had{@batch} }
        $self->note(Group => $group, 'updated', sprintf '%d %s %s', scalar @batch,
            @batch == 1 ? 'member' : 'members', $op eq 'Add' ? 'added' : 'removed');
    }
    return 1;
}

sub random_guid() {
    my @words = map { int rand 65536 } 1 .. 8;
    return sprintf '%04x%04x-%04x-%04x-%04x-%04x%04x%04x', @words;
}

1;
