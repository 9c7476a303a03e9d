# No organization is another's: every route of SCIM and of the admin API, with
# every kind of id of another organization, by everybody there is; with row-level
# security, and in a database without it.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Routes qw(admin_routes scim_routes);
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    SEARCH   => 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
    BULK     => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
};

# What is globex's says so, wherever it is read.
my $MARK = qr/zauber/i;

# What cannot be understood is refused before anybody looks who asks.
my %REFUSED = map { $_ => 1 } 400, 403, 404;

for my $with (1, 0) {
    subtest $with ? 'with row-level security' : 'without it' => sub { matrix($with) };
}
done_testing;

sub matrix($with_policies) {
    my $server = Scim::Server->new(admin => 1);
    my $world = build($server);
    drop_policies($server->postgres) if !$with_policies;
    $world->{before} = contents($server->postgres);
    like $world->{before}, $MARK, 'there is something to be seen';

    subtest 'its organization, by its slug' => sub { by_slug($world) };
    subtest 'its ids, in our paths' => sub { by_id($world) };
    subtest 'its ids, in our bodies and queries' => sub { by_value($world) };
    subtest 'its ids, by SCIM' => sub { by_scim($world) };
    subtest 'its own people' => sub { own($world) };
    $server->stop;
    return;
}

# ------------------------------------------------------------------ two of them

sub build($server) {
    my %world = (server => $server);
    for my $slug (qw(acme globex)) {
        my $name = $slug eq 'globex' ? 'Zauber' : 'Plain';
        my $client = $server->organization($slug, name => "$name Inc", app => "$name app");
        # Its numbers are none of the other's.
        if ($slug eq 'globex') {
            $server->postgres->psql("update scim.organizations set last_number = 7000
                where slug = 'globex'");
            $server->app('globex', app => "$name $_") for 1 .. 5;
            $server->postgres->administer('account', 'create', '--organization', 'globex',
                '--name', "$name$_", '--role', 'member') for 1 .. 9;
        }
        my $owner = $server->admin($slug, "owner\@$slug.example");
        my %of = (scim => $client, owner => $owner);
        $of{user} = scim_made($client, '/Users', { schemas => [USER], userName => "$name user",
            externalId => "$name external" });
        $of{group} = scim_made($client, '/Groups', { schemas => [GROUP],
            displayName => "$name group", members => [{ value => $of{user} }] });
        $of{stack} = $owner->made('/stacks', { name => "$name stack" })->{id};
        $of{app} = $server->postgres->administer('app', 'install', '--organization', $slug,
            '--kind', 'generic', '--name', "$name last")->{id};
        $of{token} = $owner->made("/apps/$of{app}/tokens", { name => "$name token" })->{id};
        $of{account} = $owner->made('/accounts', { name => "$name last", role => 'member' })->{id};
        $of{role} = $owner->made('/roles', { name => "$name role" })->{id} if offers('/roles');
        $of{mapping} = mapping($owner, \%of) if offers('/mappings');
        $world{$slug} = \%of;
    }
    for my $role (qw(admin member)) {
        $server->postgres->administer('account', 'create', '--organization', 'acme', '--name',
            $role, '--role', $role);
    }
    my $acme = $world{acme}{owner};
    $world{people} = { owner => $acme, stranger => $server->admin('acme', 'stranger'),
        (map { $_ => $server->admin('acme', $_) } qw(admin member)),
        nobody => $acme->another(password => undef) };
    $_ = $_->another(url => "http://127.0.0.1:@{[$server->port]}/scim-admin")
        for values %{ $world{people} };
    $world{api} = $world{people}{owner}->get('/v1/openapi.json')->{json};
    my %foreign = %{ $world{globex} };
    $world{foreign} = { map { $_ => $foreign{$_} } grep { !/\A(?:scim|owner)\z/ } keys %foreign };
    return \%world;
}

# Whether something can be made there.
sub offers($noun) {
    return scalar grep { $_->{method} eq 'POST' && $_->{path} =~ m{\}\Q$noun\E\z} } admin_routes();
}

sub mapping($owner, $ids) {
    $owner->made('/mappings', { mappings => [{ group => $ids->{group},
        organization_role => 'member',
        roles => [{ stack => $ids->{stack}, role => $ids->{role} }] }] });
    return $owner->get('/mappings')->{json}{items}[0]{id};
}

sub scim_made($client, $path, $body) {
    my $reply = $client->post($path, $body);
    $reply->{status} == 201 or die "POST $path: $reply->{status} $reply->{body}";
    return $reply->{json}{id};
}

sub drop_policies($postgres) {
    $postgres->psql(q{do $$ declare t record; begin
        for t in select oid::regclass as name from pg_class where relrowsecurity
            and relnamespace = 'scim'::regnamespace loop
          execute format('alter table %s disable row level security', t.name);
        end loop; end $$});
    is $postgres->psql('select count(*) from pg_class where relrowsecurity'), '0',
        'no table has a policy any more';
    return;
}

# All of globex, in whatever table.
sub contents($postgres) {
    my @tables = split /\n/, $postgres->psql(q{select attrelid::regclass from pg_attribute a
        join pg_class c on c.oid = a.attrelid where attname = 'org_id'
        and relnamespace = 'scim'::regnamespace and relkind in ('r', 'p')
        and not relispartition order by 1});
    cmp_ok scalar @tables, '>=', 18, 'tables are compared';
    return $postgres->psql(join(' union all ', map { "select '$_ ' || t::text from $_ t
        where org_id = (select org_id from scim.organizations where slug = 'globex')" } @tables)
        . ' order by 1');
}

# --------------------------------------------------------------- the admin API

sub by_slug($world) {
    for my $who (sort keys %{ $world->{people} }) {
        my @wrong;
        for my $route (of_organization()) {
            for my $body (bodies($world, $route)) {
                my $path = filled($world, $route, 'globex', $world->{foreign});
                my $reply = ask($world, $who, $route, $path, $body);
                push @wrong, $reply if !is_refused($who, $reply);
            }
        }
        report($who, @wrong);
    }
    untouched($world);
    return;
}

sub by_id($world) {
    for my $who (sort keys %{ $world->{people} }) {
        my @wrong;
        for my $route (grep { $_->{path} =~ /\{(?!organization)/ } of_organization()) {
            for my $id (sort values %{ $world->{foreign} }) {
                my $path = $route->{path} =~ s/\{organization\}/acme/r =~ s/\{\w+\}/$id/gr;
                for my $body (bodies($world, $route)) {
                    my $reply = ask($world, $who, $route, $path, $body);
                    push @wrong, $reply if !is_refused($who, $reply);
                }
            }
        }
        report($who, @wrong);
    }
    untouched($world);
    return;
}

# Here much may succeed: a name may look like an id.
sub by_value($world) {
    for my $who (sort keys %{ $world->{people} }) {
        my @wrong;
        for my $route (of_organization()) {
            my $path = filled($world, $route, 'acme', $world->{acme});
            my $place = $world->{api}{paths}{ $route->{path} }{ lc $route->{method} };
            for my $id (sort values %{ $world->{foreign} }) {
                my @asked = $route->{method} eq 'GET'
                    ? map { [$path . "?$_->{name}=$id"] } grep { $_->{in} eq 'query' }
                        @{ $place->{parameters} }
                    : map { [$path, $_] } with_value($place, $id);
                push @wrong, grep { ($_->{body} // '') =~ $MARK || $_->{status} >= 500 }
                    map { ask($world, $who, $route, @$_) } @asked;
            }
        }
        report($who, @wrong);
    }
    untouched($world);
    return;
}

# Each member in turn has the id, as a number and as a text, the others what
# they must.
sub with_value($place, $id) {
    my $schema = $place->{requestBody}{content}{'application/json'}{schema} // return;
    my @bodies;
    for my $name (sort keys %{ $schema->{properties} }) {
        my %body = map { $_ => sample($schema->{properties}{$_}) } @{ $schema->{required} // [] };
        push @bodies, { %body, $name => foreign($schema->{properties}{$name}, $id) };
    }
    return @bodies;
}

sub foreign($schema, $id) {
    my $type = $schema->{type} // '';
    return $type eq 'integer' ? ($id =~ /\A\d+\z/ ? 0 + $id : 1)
        : $type eq 'array' ? [foreign($schema->{items}, $id)]
        : $type eq 'object' ? { map { $_ => foreign($schema->{properties}{$_}, $id) }
            keys %{ $schema->{properties} // {} } }
        : $schema->{anyOf} ? foreign($schema->{anyOf}[0], $id)
        : $schema->{enum} ? $schema->{enum}[0]
        : $type eq 'boolean' ? JSON::PP::true : $id;
}

sub sample($schema) { return foreign($schema, 'sample') }

# Nothing, and what the operation asks for.
sub bodies($world, $route) {
    return undef if $route->{method} eq 'GET';
    my $place = $world->{api}{paths}{ $route->{path} }{ lc $route->{method} };
    my $schema = $place->{requestBody}{content}{'application/json'}{schema} // return {};
    my %full = map { $_ => sample($schema->{properties}{$_}) } @{ $schema->{required} // [] };
    $full{confirm} = 'globex' if exists $full{confirm};
    return ({}, \%full);
}

sub of_organization() { return grep { $_->{path} =~ /\{organization\}/ } admin_routes() }

# Ids of the kind that the path's noun has.
sub filled($world, $route, $slug, $ids) {
    my $path = $route->{path} =~ s/\{organization\}/$slug/r;
    1 while $path =~ s{/([a-z]+?)s/\{\w+\}}{"/$1s/" . ($ids->{$1} // 1)}e;
    return $path =~ s/\{\w+\}/1/gr;
}

sub ask($world, $who, $route, $path, $body = undef) {
    my $reply = $world->{people}{$who}->request($route->{method}, $path, $body);
    return { %$reply, asked => "$route->{method} $path" };
}

sub is_refused($who, $reply) {
    return ($who eq 'nobody' ? $reply->{status} == 401 : $REFUSED{ $reply->{status} })
        && ($reply->{body} // '') !~ $MARK;
}

sub report($who, @wrong) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is scalar @wrong, 0, "$who: nothing"
        or diag map { "$_->{asked}: $_->{status} " . substr($_->{body} // '', 0, 200) . "\n" }
            @wrong[0 .. ($#wrong > 9 ? 9 : $#wrong)];
    return;
}

sub untouched($world) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is contents($world->{server}->postgres), $world->{before}, 'and all is as it was';
    return;
}

# ------------------------------------------------------------------------ SCIM

sub by_scim($world) {
    my $acme = $world->{acme}{scim};
    my $at_theirs = $acme->another(url => $world->{globex}{scim}->url);
    my @wrong;
    for my $route (scim_routes()) {
        next if $route->{path} eq '/Me';    # needs httpd's own login: t/39-me.t
        my @ids = $route->{path} =~ /\{id\}/ ? sort values %{ $world->{foreign} } : ('-');
        for my $id (@ids) {
            my $path = $route->{path} =~ s/\{id\}/$id/r;
            for my $body (scim_bodies($world, $route)) {
                my $theirs = $at_theirs->request($route->{method}, $path, $body);
                push @wrong, { %$theirs, asked => "theirs: $route->{method} $path" }
                    if $theirs->{status} != 401 || $theirs->{body} =~ $MARK;
                my $ours = $acme->request($route->{method}, $path, $body);
                push @wrong, { %$ours, asked => "ours: $route->{method} $path" }
                    if $ours->{body} =~ $MARK || $ours->{status} >= 500
                    || ($id ne '-' && $ours->{status} !~ /\A40[04]\z/);
            }
        }
    }
    report('an identity provider', @wrong);
    untouched($world);
    return;
}

sub scim_bodies($world, $route) {
    my ($user, $group) = @{ $world->{foreign} }{qw(user group)};
    return undef if $route->{method} =~ /GET|HEAD|DELETE/;
    return { schemas => [SEARCH], filter => qq(id eq "$user" or id eq "$group"
        or members.value eq "$user" or groups.value eq "$group" or externalId sw "Zauber") }
        if $route->{path} =~ /search/;
    return { schemas => [PATCH_OP], Operations => [{ op => 'add', path => 'members',
        value => [{ value => $user }, { value => $group }] }] } if $route->{method} eq 'PATCH';
    return { schemas => [BULK], Operations => [map { { method => 'DELETE', path => $_ } }
        "/Users/$user", "/Groups/$group"] } if $route->{path} eq '/Bulk';
    return $route->{path} =~ /Groups/
        ? { schemas => [GROUP], displayName => 'Ours', members => [{ value => $user }] }
        : { schemas => [USER], userName => 'ours' };
}

# Those who may, can: all of this was not refused for another reason.
sub own($world) {
    my $owner = $world->{globex}{owner}->another(
        url => "http://127.0.0.1:@{[$world->{server}->port]}/scim-admin");
    for my $route (grep { $_->{method} eq 'GET' } of_organization()) {
        my $path = filled($world, $route, 'globex', $world->{foreign});
        my @must = map { $_->{name} } grep { $_->{in} eq 'query' && $_->{required} }
            @{ $world->{api}{paths}{ $route->{path} }{get}{parameters} };
        my $reply = $owner->get($path, { map { $_ => 'anything' } @must });
        is $reply->{status}, 200, "GET $path";
    }
    like $owner->get('/v1/organizations/globex/stacks')->{body}, $MARK, '... and sees it';
    return;
}
