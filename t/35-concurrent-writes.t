# What becomes of two writes that meet: each row of README.md's table
# "Concurrent writes", many times over.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd qw(in_parallel);
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    REQUEST  => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
    CLIENTS  => 8,
    ROUNDS   => 15,
};

my $server = Scim::Server->new(config => 'ScimDatabaseTimeout request=60');
my $acme = $server->organization('acme');
my $n = 0;

subtest 'PATCH and PATCH' => sub {
    my $user = make();
    my @statuses = map { @$_ } in_parallel(CLIENTS, sub ($client) {
        my $own = $acme->another;
        return [map { $own->patch("/Users/$user->{id}", change('add',
            'emails', [{ value => "$client-$_\@example.com" }]))->{status} }
            1 .. ROUNDS];
    });
    is_deeply \@statuses, [(200) x (CLIENTS * ROUNDS)], 'all succeed';
    my $now = $acme->get("/Users/$user->{id}")->{json};
    is scalar @{ $now->{emails} }, CLIENTS * ROUNDS,
        '... and nothing is lost: each saw what those before it did';
    is $now->{meta}{version}, 'W/"' . (1 + CLIENTS * ROUNDS) . '"',
        '... and is a version';
};

subtest 'the same PATCH twice' => sub {
    my $user = make();
    in_parallel(CLIENTS, sub ($client) {
        $acme->another->patch("/Users/$user->{id}",
            change('replace', 'title', 'Same'))->{status};
    });
    is $acme->get("/Users/$user->{id}")->{json}{meta}{version}, 'W/"2"',
        'whoever comes second changes nothing';
};

subtest 'PATCH and PUT' => sub {
    for (1 .. ROUNDS) {
        my $user = make(title => 'Before', nickName => 'Before');
        my @statuses = in_parallel(2, sub ($client) {
            my $own = $acme->another;
            return $client == 0
                ? $own->put("/Users/$user->{id}", { schemas => [USER],
                    userName => $user->{userName}, title => 'Put' })->{status}
                : $own->patch("/Users/$user->{id}",
                    change('replace', 'nickName', 'Patch'))->{status};
        });
        is_deeply \@statuses, [200, 200], 'both succeed';
        my $now = $acme->get("/Users/$user->{id}")->{json};
        is $now->{title}, 'Put', '... the PUT replaced what was there';
        like $now->{nickName} // 'none', qr/\A(?:Patch|none)\z/,
            '... and the PATCH came before or after it, whole';
        is $now->{meta}{version}, 'W/"3"', '... one after the other';
    }
};

subtest 'writes with If-Match' => sub {
    for my $method (qw(PUT PATCH DELETE)) {
        my $user = make();
        my @statuses = in_parallel(CLIENTS, sub ($client) {
            return $acme->another->request($method, "/Users/$user->{id}",
                $method eq 'PUT' ? { schemas => [USER],
                    userName => $user->{userName}, title => "t$client" }
                : $method eq 'PATCH' ? change('replace', 'title', "t$client")
                : undef, 'If-Match' => 'W/"1"')->{status};
        });
        my $good = $method eq 'DELETE' ? 204 : 200;
        my $late = $method eq 'DELETE' ? 404 : 412;
        is_deeply [sort @statuses], [sort $good, ($late) x (CLIENTS - 1)],
            "$method: of those who saw one version, one wins";
    }
};

subtest 'PATCH and DELETE' => sub {
    for (1 .. ROUNDS) {
        my $user = make();
        my ($deleted, $patched) = in_parallel(2, sub ($client) {
            my $own = $acme->another;
            return $client == 0 ? $own->delete("/Users/$user->{id}")->{status}
                : $own->patch("/Users/$user->{id}",
                    change('replace', 'title', 'Late'))->{status};
        });
        is $deleted, 204, 'the DELETE succeeds';
        like $patched, qr/\A(?:200|404)\z/, '... the PATCH was before it or 404';
        is $acme->get("/Users/$user->{id}")->{status}, 404,
            '... and nothing comes back to life';
    }
};

subtest 'POST and POST of one userName' => sub {
    for (1 .. ROUNDS) {
        my $name = 'Race' . ++$n;
        my @statuses = in_parallel(CLIENTS, sub ($client) {
            $acme->another->post('/Users', { schemas => [USER],
                userName => $client % 2 ? uc $name : $name })->{status};
        });
        is_deeply [sort @statuses], [201, (409) x (CLIENTS - 1)],
            'one is created, the others are told';
    }
};

subtest 'adding a member and DELETE of it' => sub {
    my $group = $acme->post('/Groups', { schemas => [GROUP],
        displayName => 'Races' })->{json};
    for (1 .. ROUNDS) {
        my $user = make();
        my ($added, $deleted) = in_parallel(2, sub ($client) {
            my $own = $acme->another;
            return $client == 0 ? $own->patch("/Groups/$group->{id}", change(
                    'add', 'members', [{ value => $user->{id} }]))->{status}
                : $own->delete("/Users/$user->{id}")->{status};
        });
        like $added, qr/\A(?:204|400)\z/, 'the member is added, or is unknown';
        is $deleted, 204, '... it is deleted in any case';
    }
    is $acme->get("/Groups/$group->{id}")->{json}{members}, undef,
        '... and is no member any more';
};

subtest 'Bulk and PATCH, Bulk and Bulk' => sub {
    my @users = map { make() } 1 .. 10;
    for my $mode ('', '?atomic=true') {
        my @bad = map { @$_ } in_parallel(4, sub ($client) {
            my $own = $acme->another;
            my @mine = $client % 2 ? reverse @users : @users;
            my @bad;
            for my $round (1 .. 5) {
                if ($client == 3) {
                    push @bad, grep { $_ != 200 } map { $own->patch(
                        "/Users/$_->{id}", change('add', 'emails',
                            [{ value => "p$round$mode\@example.com" }]))
                        ->{status} } @mine;
                    next;
                }
                my $reply = $own->post("/Bulk$mode", { schemas => [REQUEST],
                    Operations => [map { { method => 'PATCH',
                        path => "/Users/$_->{id}", data => change('add',
                            'emails', [{ value =>
                                "b$client$round$mode\@example.com" }]) } } @mine]
                });
                push @bad, $reply->{body} if $reply->{body} =~ /"status":"[^2]/
                    || $reply->{status} != 200;
            }
            return \@bad;
        });
        is_deeply \@bad, [], "all succeed, whatever their order: Bulk$mode";
    }
    for my $user (@users) {
        is scalar @{ $acme->get("/Users/$user->{id}")->{json}{emails} }, 40,
            '... and nothing is lost';
    }
    is $server->postgres->psql(q{select deadlocks from pg_stat_database
        where datname = current_database()}), 0,
        '... and PostgreSQL saw no deadlock';
};

subtest 'Bulk and Bulk that make the same users' => sub {
    for my $mode ('', '?atomic=true') {
        my @names = map { 'Both' . ++$n } 1 .. 40;
        my @replies = in_parallel(2, sub ($client) {
            my @mine = $client ? reverse @names : @names;
            my $reply = $acme->another->post("/Bulk$mode", {
                schemas => [REQUEST], Operations => [map { { method => 'POST',
                    path => '/Users', bulkId => $_, data => {
                        schemas => [USER], userName => $_ } } } @mine] });
            return [map { $_->{status} } @{ $reply->{json}{Operations} }];
        });
        my %count;
        $count{$_}++ for map { @$_ } @replies;
        is $count{201}, 40, "each is made once: Bulk$mode";
        is $count{409} + ($count{424} // 0), 40, '... and nothing else happens';
        is $count{409}, $mode ? 1 : 40, $mode ? '... by one of the two'
            : '... each other one is a conflict';
    }
};

$server->stop;
done_testing;

sub make(%more) {
    my $reply = $acme->post('/Users', { schemas => [USER],
        userName => 'user' . ++$n, %more });
    $reply->{status} == 201 or BAIL_OUT("user: $reply->{body}");
    return $reply->{json};
}

sub change($op, $path, $value) {
    return { schemas => [PATCH_OP],
        Operations => [{ op => $op, path => $path, value => $value }] };
}
