package Bench::Load;

# Loads organizations into the database, beside the module, and gives an object
# for each: what it is asked for comes as subjects of Bench::Rounds.

use v5.36;
use Bench::Rounds;
use File::Basename qw(dirname);
use File::Temp qw(tempdir);
use Scim::Process qw(slurp write_file);
use Time::HiRes qw(time);

my $SLICE = 50_000;

sub new($class, $postgres) {
    my $dir = tempdir('scim-bench-XXXXXX', DIR => '/tmp', CLEANUP => 1);
    $postgres->psql(slurp(dirname(__FILE__) . '/../load.sql'));
    return bless { postgres => $postgres, dir => $dir, began => time }, $class;
}

sub id_of($number) { return sprintf '019a0000-0000-7000-8000-%012x', $number }

sub group_id($size) { return sprintf '019a0000-0001-7000-8000-%012x', $size }

# `spare` users more who will be in no group.
sub organization($self, $client, $users, $spare) {
    my $slug = $client->organization;
    my $org = $self->{postgres}->psql(
        "select org_id from scim.organizations where slug = '$slug'");
    for (my $first = 1; $first <= $users + $spare; $first += $SLICE) {
        my $last = $first + $SLICE - 1;
        $last = $users + $spare if $last > $users + $spare;
        $self->{postgres}->psql("select bench.users($org, '$slug', $first, $last)");
        $self->progress($slug, $last, $users + $spare);
    }
    return bless { client => $client, slug => $slug, org => $org,
        users => $users, load => $self, postgres => $self->{postgres},
        dir => $self->{dir} }, 'Bench::Organization';
}

sub groups($self, $organization, @sizes) {
    for my $size (@sizes) {
        $self->{postgres}->psql(
            "select bench.members($organization->{org}, $size)");
        $self->progress("group of $size", $size, $size);
    }
    return;
}

sub finish($self) {
    $self->{postgres}->psql('vacuum analyze');
    $self->{postgres}->psql('checkpoint');
    printf STDERR "loaded in %.0f s\n", time - $self->{began};
    return;
}

sub progress($self, $what, $done, $total) {
    return if !-t STDERR && $done != $total;
    printf STDERR "%sloaded: %s, %d of %d%s", -t STDERR ? "\r" : '', $what, $done,
        $total, $done == $total ? "\n" : '';
    return;
}

package Bench::Organization;

use v5.36;
use JSON::PP ();
use Scim::Process qw(write_file);

sub client($self) { return $self->{client} }
sub slug($self) { return $self->{slug} }
sub users($self) { return $self->{users} }

sub filter_path($self) {
    my $login = $self->{postgres}->psql("select bench.login(7, '$self->{slug}')");
    return qq{/Users?filter=userName%20eq%20%22$login%22};
}

sub wrk($self, $kind, @extra) {
    @extra = $self->values_file if $kind eq 'external';
    @extra = $self->new_user_file if $kind eq 'post' || $kind eq 'bulk';
    my $path = $self->{client}->url =~ s{\A\w+://[^/]+}{}r;
    return Bench::Rounds::wrk($self->{client}->url, $self, $kind, $path, @extra);
}

# New users, a thousand in one request: the rate is that of the users. A round
# has time for a few answers only, so that what counts is how long one takes.
sub bulk($self) {
    my $requests = $self->wrk('bulk');
    return sub (@round) {
        my $result = $requests->(@round);
        return { %$result, rate => $result->{p50} ? 1e6 / $result->{p50} : 0 };
    };
}

# Adds one user after the other; before each round they leave again.
sub adding_to($self, $size) {
    my $group = Bench::Load::group_id($size);
    my $first = Bench::Load::id_of($self->{users} + 1);
    my $add = $self->wrk(member => $group, 0);
    return sub (@round) {
        $self->{postgres}->psql("delete from scim.group_users"
            . " where org_id = $self->{org} and group_id = '$group'"
            . " and user_id >= '$first'");
        $self->{postgres}->psql('vacuum scim.group_users, scim.groups')
            if $size == 10;
        return $add->(@round);
    };
}

# A thousand externalIds, for a client that cannot compute them.
sub values_file($self) {
    return write_file("$self->{dir}/external-$self->{slug}",
        $self->{postgres}->psql("select md5((1 + (random() * "
            . ($self->{users} - 1) . ")::int)::text) from generate_series(1, 1000)")
        . "\n");
}

# What a POST sends; @@ stands for a number that no other one has.
sub new_user_file($self) {
    my $body = $self->{postgres}->psql("select bench.body(8, 'Ada', 'Bjork',"
        . " 'Ada.Bjork\@\@\@$self->{slug}.example')");
    return write_file("$self->{dir}/new-$self->{slug}", $body);
}

# What pgbench does to the same rows, as the tables' owner.
my %script = (
    select => <<'END',
\set n random(1, :users)
select version, created, last_modified, body from scim.users
 where org_id = :org and id = bench.id(:n);
END
    username => <<'END',
\set n random(1, :users)
select version, created, last_modified, body from scim.users
 where org_id = :org and user_name = bench.login(:n, 'SLUG');
END
    insert => <<'END',
insert into bench.bodies(id, body) values (gen_random_uuid(), :body);
END
    update => <<'END',
\set n random(1, :users)
begin;
select version, body from scim.users
 where org_id = :org and id = bench.id(:n) for no key update \gset
update scim.users set body = :body, version = :version + 1,
 last_modified = now() where org_id = :org and id = bench.id(:n);
commit;
END
);

sub pgbench($self, $name) {
    my $body = $self->{postgres}->psql(
        "select bench.body(7, 'Ada', 'Bjork', 'ada.bjork\@x.example')");
    my $file = write_file("$self->{dir}/$name-$self->{slug}.sql",
        $script{$name} =~ s/SLUG/$self->{slug}/r);
    return Bench::Rounds::pgbench($self->{postgres}, $file, org => $self->{org},
        users => $self->{users}, $name eq 'insert' ? (body => $body) : ());
}

1;
