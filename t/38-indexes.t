# ScimIndex and scimctl index: rows of marked attributes are kept by whoever
# writes, are used only when all of them are there, and find what memory finds.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Crowd qw(in_parallel);
use Scim::Server;
use Test::More;

use constant {
    USER  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    PATCH => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    BULK  => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
    JOB   => 'urn:example:scim:schemas:extension:employment:1.0:User',
};
binmode $_, ':encoding(UTF-8)' for Test::More->builder->output,
    Test::More->builder->failure_output;

my $schema = "$ENV{SCIM_SOURCE}/conf/employment.schema.json";
my @paths = (JOB . ':contract', JOB . ':skills', JOB . ':certificates.value',
    'title');
# Other sections know nothing of it all.
my $server = Scim::Server->new(
    section => "ScimSchema $schema User\nScimIndex @paths\n",
    config => "<Location /plain>\nScimService scim\n</Location>\n");
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $plain = $acme->another(url => $server->url('acme')
    =~ s{/scim/v2}{/plain}r, path => '/plain/acme');
my $BY_SKILL = JOB . ':skills eq "welding"';

my $ann = create('ann', skills => ['Welding', 'French'],
    contract => 'permanent', certificates => [{ value => 'First aid' },
        { value => 'Rescue', type => 'safety' }]);
my $bob = create('bob', skills => ['welding']);

subtest 'before there is an index' => sub {
    is_deeply listed(), { 'emails.value' => 1 }, 'the list knows of one';
    is found($BY_SKILL), 'ann bob', 'filters do without';
    is rows(), 0, 'no rows are kept';
};

subtest 'what cannot have one' => sub {
    my %refused = (
        'userName'          => qr/has an index in any case/,
        'emails.value'      => qr/has an index in any case/,
        'emails'            => qr/has an index in any case/,
        'meta.lastModified' => qr/every resource has that/,
        'active'            => qr/only a string, a dateTime or a reference/,
        'name'              => qr/only a string, a dateTime or a reference/,
        'groups.display'    => qr/no value of the user's own/,
        'password'          => qr/nobody may search for that/,
        JOB . ':pin'        => qr/nobody may search for that/,
        JOB . ':floor'      => qr/only a string, a dateTime or a reference/,
        +JOB()              => qr/a whole extension is no attribute/,
        'nothing'           => qr/"nothing" is not an attribute/,
        'urn:example:x:y'   => qr/"urn:example:x:y"/,
    );
    for my $path (sort keys %refused) {
        my $result = index_of('add', $path);
        is $result->{status}, 1, $path;
        like $result->{errors}, $refused{$path}, '... and why';
    }
    like $postgres->scimctl(qw(index add), JOB . ':skills')->{errors},
        qr/"\Q${\ JOB}\E:skills"/, 'an extension without its file';
    like $postgres->scimctl(qw(index add title --schema /none))->{errors},
        qr{/none cannot be read: No such file}, 'a file that is not there';
};

subtest 'an index is made' => sub {
    for my $path (@paths) {
        my $made = index_of('add', $path);
        is $made->{status}, 0, $path or diag $made->{errors};
        is_deeply $made->{json}, { path => $path, users => 2 }, '... of all';
    }
    is_deeply listed(), { 'emails.value' => 1, map { $_ => 1 } @paths },
        'the list says so';
    is rows(), 6, 'each value has a row';
    true_rows('all of them');
    is index_of('add', $paths[0])->{status}, 0, 'once more does no harm';
    true_rows('... to the rows');
};

subtest 'filters use it from the next connection on' => sub {
    my $hide = "delete from scim.user_values where user_id = '$bob'";
    $postgres->psql($hide);
    is found($BY_SKILL), 'ann bob', 'not yet';
    $server->graceful;
    is found($BY_SKILL), 'ann', 'then the rows decide';
    is found('title eq "x" or ' . JOB . ':skills sw "weld"'), 'ann',
        '... of each branch';
    is found(JOB . ':skills co "weld"'), 'ann bob', '... but not of co';
    is found("not ($BY_SKILL)"), 'bob', '... nor with more meaning';
    $postgres->psql("update scim.attributes set ready = false where attr > 1");
    is found($BY_SKILL), 'ann bob', 'what is not ready is not used';
    is index_of('add', $_)->{status}, 0, 'filled again' for @paths;
    $server->graceful;
    is found($BY_SKILL), 'ann bob', '... all are found';
    true_rows('... by their rows');
};

subtest 'who writes keeps the rows' => sub {
    my $eve = create('eve', skills => ['Welding', 'Welding', 'Cooking'],
        contract => 'External');
    true_rows('POST');
    is found(JOB . ':contract eq "EXTERNAL"'), 'eve', '... in any case';
    patch($acme, $eve, 'replace', JOB . ':skills', ['Singing']);
    true_rows('PATCH of a list');
    is found(JOB . ':skills eq "welding"'), 'ann bob', '... is found';
    patch($acme, $eve, 'add', JOB . ':skills', ['Dancing']);
    patch($acme, $eve, 'add', 'title', 'Boss');
    true_rows('PATCH adds');
    is found('title eq "boss"'), 'eve', '... and is found';
    patch($acme, $eve, 'replace', 'active', JSON::PP::false);
    true_rows('PATCH of something else');
    patch($plain, $eve, 'replace', 'title', 'Chief');
    true_rows('a section without the schema');
    is found(JOB . ':skills eq "dancing" and title eq "chief"'), 'eve',
        '... changes what it knows, and keeps the rest';
    is $plain->put("/Users/$eve", { schemas => [USER], userName => 'eve',
        emails => [{ value => 'eve@x' }] })->{status}, 200, 'its PUT';
    true_rows('... the same');
    is found(JOB . ':skills eq "dancing"'), 'eve', '... of its values';
    is found('title eq "chief"'), '', '... and not of others';
    is $acme->put("/Users/$eve", { schemas => [USER, JOB], userName => 'eve',
        JOB, { badge => 'eve', certificates => [{ value => 'Rescue' }] } })
        ->{status}, 200, 'PUT';
    true_rows('... replaces');
    is found(JOB . ':certificates.value eq "rescue"'), 'ann eve', '... all';
    is found(JOB . ':certificates[type eq "safety" and value eq "rescue"]'),
        'ann', '... and the rest of an element counts';
    my $reply = $acme->post('/Bulk', { schemas => [BULK], Operations => [
        map { { method => 'POST', path => '/Users', bulkId => "b$_",
            data => user("bulk$_", skills => ["s$_"]) } } 1 .. 30,
    ] });
    is scalar((grep { $_->{status} == 201 } @{ $reply->{json}{Operations} })),
        30, 'Bulk';
    true_rows('... the same');
    is found(JOB . ':skills eq "s17"'), 'bulk17', '... each its own';
    is $acme->delete("/Users/$eve")->{status}, 204, 'DELETE';
    true_rows('... ends them');
    is found(JOB . ':certificates.value eq "rescue"'), 'ann', '... at once';
};

subtest 'long values' => sub {
    my $same = "\x{e4}" x 600;
    my ($one, $two) = map { create("long$_", contract => "$same$_") } 1, 2;
    true_rows('more than 1,024 bytes');
    is $postgres->psql(q{select max(octet_length(value)) from scim.user_values}),
        512, '... rows hold the first 256 characters';
    is found(JOB . qq{:contract eq "${same}2"}), 'long2', '... eq';
    is found(JOB . qq{:contract sw "$same"}), 'long1 long2', '... sw';
    is found(JOB . qq{:contract sw "} . substr($same, 0, 200) . '"'),
        'long1 long2', '... a part of it';
    is found(JOB . qq{:contract sw "${same}2"}), 'long2', '... all of it';
    is found(JOB . qq{:contract gt "${same}1"}), 'long2', '... gt';
    is found(JOB . qq{:contract ge "${same}1"}), 'long1 long2', '... ge';
    is found(JOB . qq{:contract lt "${same}2" and userName sw "long"}), 'long1',
        '... lt';
    is found(JOB . qq{:contract eq "${same}"}), '', '... and no other one';
    $acme->delete("/Users/$_") for $one, $two;
};

subtest 'made while others write' => sub {
    is index_of('remove', $_)->{status}, 0, "without $_" for @paths;
    is rows(), 0, 'no rows are left';
    is found($BY_SKILL), 'ann bob', 'filters know at once';
    is found($BY_SKILL), 'ann bob', '... and again' for 1 .. 5;
    is index_of('remove', $paths[0])->{status}, 1, 'it is gone';
    is index_of('remove', 'emails.value')->{status}, 1, 'emails stay';
    my @done = in_parallel(4, sub ($n) {
        return { made => scalar grep { index_of('add', $_)->{status} == 0 }
            @paths } if $n == 0;
        my $client = ($n == 1 ? $plain : $acme)->another;
        my $wrong = 0;
        for my $i (1 .. 60) {
            my $reply = $n == 1
                ? $client->patch("/Users/$ann", operations('replace', 'title',
                    "t$i"))
                : $client->post('/Users', user("w$n.$i", skills => ["s$i"]));
            $wrong++ if $reply->{status} !~ /\A20[01]\z/;
            $reply = $client->patch("/Users/$reply->{json}{id}",
                operations('replace', JOB . ':skills', ["new$i", "s$i"]))
                if $n > 1;
            $reply = $client->delete("/Users/$reply->{json}{id}")
                if $n > 1 && $i % 7 == 0;
            $wrong++ if $reply->{status} !~ /\A20[014]\z/;
        }
        return { wrong => $wrong };
    });
    is_deeply \@done, [{ made => 4 }, map { { wrong => 0 } } 1 .. 3],
        'indexes and writes';
    true_rows('each row is there, and no other one');
    $server->graceful;
    is found(JOB . ':skills eq "new5" and userName sw "w2"'), 'w2.5',
        '... and found';
};

subtest 'made behind the back of a child' => sub {
    index_of('remove', $_) for @paths;
    $server->graceful;
    my $n = 0;
    my %how = (
        POST => sub { $acme->post('/Users', user('behind', skills => ['x'])) },
        PUT => sub { $acme->put("/Users/$bob", user('bob', floor => 3)) },
        PATCH => sub { $acme->patch("/Users/$bob",
            operations('replace', 'displayName', 'Bob ' . ++$n)) },
        map { my $path = $_; $path => sub { $acme->post($path, {
            schemas => [BULK], Operations => [
                (map { { method => 'POST', path => '/Users', bulkId => "b$_",
                    data => user(++$n . ".$path") } } 1 .. 5),
                { method => 'PATCH', path => "/Users/$bob", data =>
                    operations('replace', 'displayName', "Bob $n") }] }) } }
            '/Bulk', '/Bulk?atomic=true');
    for my $what (sort keys %how) {
        $acme->get("/Users/$bob"); # by a connection that knows what is there
        is index_of('add', 'nickName')->{status}, 0, "an index, then $what";
        my $before = refusals();
        my $reply = $how{$what}();
        is_deeply [grep { !/\A20[01]\z/ } $reply->{status},
            map { $_->{status} } @{ $reply->{json}{Operations} // [] }], [],
            '... succeeds' or diag $reply->{body};
        is refusals() - $before, 1, '... on a new connection';
        true_rows('... as others');
        is index_of('remove', 'nickName')->{status}, 0, '... which knows less';
        is $how{PATCH}()->{status}, 200, '... and writes';
        $server->graceful;
    }
};

subtest 'configtest' => sub {
    my $config = $server->config_text;
    for (["ScimIndex ${\ JOB}:skills", qr/ScimIndex \S+:skills: .*"\S+:skills"/],
        ['ScimIndex title Title', qr/ScimIndex Title: it is there twice/],
        ['ScimIndex active', qr/ScimIndex active: only a string/]) {
        my ($line, $says) = @$_;
        my $said = $server->configtest("$config<Location /other>\n"
            . "ScimService scim\n$line\n</Location>\n");
        like $said, $says, "$line: why not";
    }
};

$server->stop;
done_testing;

sub user($name, %job) {
    return { schemas => [USER, JOB], userName => $name,
        JOB, { badge => $name, %job } };
}

sub create($name, %job) {
    my $reply = $acme->post('/Users', user($name, %job));
    $reply->{status} == 201 or die $reply->{body};
    return $reply->{json}{id};
}

sub operations($op, $path, $value) {
    return { schemas => [PATCH], Operations => [{ op => $op, path => $path,
        value => $value }] };
}

sub patch($client, $id, @operation) {
    my $reply = $client->patch("/Users/$id", operations(@operation));
    is $reply->{status}, 200, "PATCH $operation[0] $operation[1]"
        or diag $reply->{body};
    return;
}

# Who meets the filter, in order.
sub found($filter) {
    my $reply = $acme->get('/Users', { filter => $filter });
    return $reply->{body} if $reply->{status} != 200;
    return join ' ', sort map { $_->{userName} }
        @{ $reply->{json}{Resources} // [] };
}

sub index_of($word, $path) {
    return $postgres->scimctl('index', $word, $path,
        $word eq 'add' ? ('--schema', $schema) : (), '--json');
}

sub listed() {
    return { map { $_->{path} => $_->{ready} ? 1 : 0 }
        @{ $postgres->administer(qw(index list)) } };
}

# By the database, as a connection knows other indexes than there are.
sub refusals() {
    return scalar(() = $postgres->log_text =~ /as this connection knows it/g);
}

# Of marked attributes.
sub rows() {
    return $postgres->psql('select count(*) from scim.user_values
        where attr > 1');
}

# What is there beside what should be there.
sub true_rows($name) {
    is $postgres->psql(<<~'END'), 0, "$name: the rows are true";
        with want as (select f.org_id, f.user_id, v.* from scim.user_folded f,
               scim.value_rows(f.folded) v),
             have as (select org_id, user_id, attr, elem, value, kind
               from scim.user_values)
        select count(*) from ((table want except table have)
          union all (table have except table want)) x
        END
    return;
}
