# Cursor paging (RFC 9865).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use List::Util qw(shuffle);
use Scim::Server;
use Test::More;

use constant {
    USER   => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP  => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    SEARCH => 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
    PATCH  => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};

# The same organization at another URL, where cursors expire soon.
my $server = Scim::Server->new(section => 'ScimMaxResults 10', config => <<~'END');
    ScimCursorTimeout 600
    <Location /short>
        ScimService scim
        ScimCursorTimeout 1
    </Location>
    END
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');

my @ids = map { make($acme, "user$_", title => chr 97 + $_ % 3) } 1 .. 5;

discovery();
pages();
numbers();
errors();
foreign();
both_ways();
expiry();
restart();
changes($_) for undef, 'userName', 'name.familyName', 'title', 'externalId',
    'meta.created';
root();

$server->stop;
done_testing;

sub make($client, $name, %more) {
    my $reply = $client->post('/Users', { schemas => [USER],
        userName => $name, %more });
    return $reply->{json}{id} // die $reply->{body};
}

sub page($client, $query, $path = '/Users') {
    my $reply = $client->get($path, $query);
    $reply->{status} == 200 or diag "$path: $reply->{body}";
    return $reply->{json};
}

sub names($page) { return join ' ', map { $_->{userName} // $_->{displayName} }
    @{ $page->{Resources} } }

sub refused($reply, $type, $name) {
    is $reply->{status}, 400, $name;
    is $reply->{json}{scimType}, $type, "... as $type";
    return $reply->{json}{detail} =~ s/ \(request .*//r;
}

# ---------------------------------------------------------------------------

sub discovery() {
    my $paging = $acme->get('/ServiceProviderConfig')->{json}{pagination};
    is_deeply $paging, { cursor => JSON::PP::true, index => JSON::PP::true,
        defaultPaginationMethod => 'index', defaultPageSize => 10,
        maxPageSize => 10, cursorTimeout => 600 },
        'C-4-01, C-4-02, C-4-03, C-4-04, C-4-05, C-4-06: all of it is told';
    return;
}

sub pages() {
    my $first = page($acme, { cursor => '', count => 2 });
    is names($first), 'user1 user2', 'C-2-01: an empty cursor is the first page';
    is names($acme->get('/Users?cursor&count=2')->{json}), 'user1 user2',
        'C-2-01: ... also without "="';
    is $first->{itemsPerPage}, 2, 'C-2-15: itemsPerPage is there';
    ok !exists $first->{startIndex}, 'C-2-15: startIndex is not';
    is $first->{totalResults}, 5, 'C-2-13, C-2-14: the total is';
    like $first->{nextCursor}, qr/\A[A-Za-z0-9._~-]+\z/,
        'C-2-02: a cursor is of unreserved characters';
    ok !exists $first->{previousCursor}, 'C-2-10: nothing is before the first page';

    my $second = page($acme, { cursor => $first->{nextCursor}, count => 2 });
    is names($second), 'user3 user4', 'C-2-07: it leads to the second page';
    my $third = page($acme, { cursor => $second->{nextCursor}, count => 2 });
    is names($third), 'user5', 'C-2-07: ... and to the last one';
    ok !exists $third->{nextCursor}, 'C-2-07: ... which has none';
    is $third->{totalResults}, 5, 'C-2-13: the total is the same on each';

    my $back = page($acme, { cursor => $third->{previousCursor}, count => 2 });
    is names($back), 'user3 user4', 'C-2-09: previousCursor leads back';
    my $begin = page($acme, { cursor => $back->{previousCursor}, count => 2 });
    is names($begin), 'user1 user2', 'C-2-09: ... to the first page';
    ok !exists $begin->{previousCursor}, 'C-2-10: ... and no further';
    is names(page($acme, { cursor => $begin->{nextCursor}, count => 2 })),
        'user3 user4', '... from where it goes on';

    my $exact = page($acme, { cursor => '', count => 5 });
    ok !exists $exact->{nextCursor}, 'C-2-08: a page that holds all is the last one';
    is names(page($acme, { cursor => '' })), names($exact),
        'C-2-06: without count it is the page of ScimMaxResults';
    my $index = page($acme, { count => 2 });
    is $index->{startIndex}, 1, 'C-2.4-01, C-2.4-02: by index unless asked for a cursor';
    ok !exists $index->{nextCursor}, 'C-2.3-01: ... and without cursors';
    is names(page($acme, { startIndex => 1, count => 2 })), 'user1 user2',
        'C-1-01: pages by index are as they were';
    is page($acme, { cursor => '', filter => 'userName eq "nobody"' })
        ->{totalResults}, 0, 'a filter that matches nobody has an empty first page';
    return;
}

sub numbers() {
    for my $count (0, -1) {
        my $page = page($acme, { cursor => '', count => $count });
        is $page->{totalResults}, 5, "C-2-03, C-2-04: count=$count gives the total";
        is_deeply $page->{Resources}, [], '... and nobody';
        is names(page($acme, { cursor => $page->{nextCursor}, count => 1 })),
            'user1', 'C-2-08: ... and the way on, as there is more';
    }
    my $page = page($acme, { cursor => '', count => 1 });
    my $same = page($acme, { cursor => $page->{nextCursor}, count => 0 });
    is names(page($acme, { cursor => $same->{nextCursor}, count => 3 })),
        'user2 user3 user4', 'C-2-05, C-2-12: another count is accepted';
    is page($acme, { cursor => '', count => 1000 })->{itemsPerPage}, 5,
        'C-2.1-04: a count above the maximum is cut down';
    return;
}

sub errors() {
    refused($acme->get('/Users', { cursor => '', count => 'abc' }),
        'invalidCount', 'C-2.1-04: count is no number');
    refused($acme->get('/Users', { cursor => '', startIndex => 1 }),
        'invalidValue', 'C-2.4-03: startIndex and cursor at once');
    refused($acme->get('/Users', { cursor => 'zzz' }), 'invalidCursor',
        'C-2.1-01, C-2.1-02: nonsense');
    refused($acme->post('/Users/.search', { schemas => [SEARCH],
        cursor => 'zzz' }), 'invalidCursor', 'C-2.1-02: ... by POST');
    refused($acme->get('/Users', { cursor => 'x' x 6000 }), 'invalidCursor',
        'a long one');
    my $reply = $acme->another(token => undef)->get('/Users', { cursor => '' });
    is $reply->{status}, 401, 'C-5.3-01: without a token there is no list';
    return;
}

# C-2-12, C-5.2-01 .. C-5.2-05
sub foreign() {
    my %query = (filter => 'userName sw "user"', sortBy => 'title',
        attributes => 'userName', count => 1, cursor => '');
    my $cursor = page($acme, \%query)->{nextCursor};
    $query{cursor} = $cursor;
    is names(page($acme, \%query)), 'user1', 'a cursor is good for its query';
    my %other = (
        'another filter'     => { filter => 'userName sw "use"' },
        'no filter'          => { filter => undef },
        'another sortBy'     => { sortBy => 'userName' },
        'another order'      => { sortOrder => 'descending' },
        'other attributes'   => { attributes => 'userName,title' },
        'excludedAttributes' => { excludedAttributes => 'groups' },
    );
    my %details;
    for my $name (sort keys %other) {
        my %changed = (%query, %{ $other{$name} });
        delete $changed{$_} for grep { !defined $changed{$_} } keys %changed;
        $details{ refused($acme->get('/Users', \%changed), 'invalidCursor',
            "C-2-12: $name") } = 1;
    }
    my %plain = (cursor => page($acme, { cursor => '', count => 1 })
        ->{nextCursor});
    $details{ refused($acme->get('/Groups', \%plain), 'invalidCursor',
        'C-2-12: another endpoint') } = 1;
    $details{ refused($acme->get('/', \%plain), 'invalidCursor',
        'C-2-12: ... the root') } = 1;
    make($globex, "globex$_") for 1, 2;
    $details{ refused($globex->get('/Users', \%plain), 'invalidCursor',
        'C-5.2-01: another organization') } = 1;
    my $app = $server->app('acme');
    $details{ refused($app->get('/Users', \%plain), 'invalidCursor',
        'C-5.2-01: another app') } = 1;
    my $other = $postgres->psql(q{select app_id from scim.apps join
        scim.organizations using (org_id) where slug = 'acme' order by 1 limit 1});
    $postgres->psql("update scim.apps set whole_organization = true"
        . " where app_id = $other and org_id = (select org_id from"
        . " scim.organizations where slug = 'acme')");
    $details{ refused($acme->get('/Users', \%plain), 'invalidCursor',
        'C-5.2-03: the app may see more by now') } = 1;
    $postgres->psql("update scim.apps set whole_organization = false"
        . " where app_id = $other");
    my $forged = $plain{cursor} =~ s/.\z/$& eq 'A' ? 'E' : 'A'/er;
    $details{ refused($acme->get('/Users', { cursor => $forged }),
        'invalidCursor', 'C-2-11, C-5.2-04: another character') } = 1;
    is keys %details, 1, 'C-5.2-05: all of them with the same words';

    my $reader = $acme->another(token => $server->token('acme', $acme->app));
    is $reader->get('/Users', \%plain)->{status}, 200,
        'another token of the same app goes on';
    $postgres->psql('update scim.tokens set revoked = now()'
        . " where key_id = (select max(key_id) from scim.tokens)");
    is $reader->get('/Users', \%plain)->{status}, 401,
        'C-5.2-02: a revoked one does not';
    $server->logged(qr/401/, 'the log says so');
    return;
}

sub both_ways() {
    for my $by (undef, qw(title userName displayName meta.created active)) {
        for my $order (qw(ascending descending)) {
            my %query = (count => 2, $by ? (sortBy => $by,
                sortOrder => $order) : ());
            my (@pages, $page);
            for (my $cursor = ''; defined $cursor;
                $cursor = $page->{nextCursor}) {
                push @pages, names($page = page($acme,
                    { %query, cursor => $cursor }));
            }
            is "@pages", names(page($acme, { %query, count => 10 })),
                'C-2-16, C-2.2-01: by ' . ($by // 'nothing') . ", $order";
            my @back = pop @pages;
            while (my $cursor = $page->{previousCursor}) {
                $page = page($acme, { %query, cursor => $cursor });
                is names($page), pop @pages, '... and page by page back';
            }
            is scalar @pages, 0, '... to the first one';
        }
    }
    return;
}

sub expiry() {
    my $cursor = page($acme, { cursor => '', count => 1 })->{nextCursor};
    my $short = $acme->another(url => $acme->url =~ s{/scim/v2/}{/short/}r);
    is $short->get('/ServiceProviderConfig')->{json}{pagination}{cursorTimeout},
        1, 'C-4-06: each section has its own cursorTimeout';
    sleep 3;
    refused($short->get('/Users', { cursor => $cursor }), 'expiredCursor',
        'C-2.1-03: after cursorTimeout');
    is $acme->get('/Users', { cursor => $cursor })->{status}, 200,
        'C-4-06: before it a cursor is good';
    return;
}

# C-5.3-03: nothing is kept for a cursor; the key is in the database.
sub restart() {
    my $cursor = page($acme, { cursor => '', count => 1 })->{nextCursor};
    $server->graceful;
    is $acme->another->get('/Users', { cursor => $cursor })->{status}, 200,
        'a cursor is good in other children, too';
    return;
}

# C-2-16: who is there all the time is seen once, whatever happens to others.
sub changes($by) {
    my $name = $by // 'nothing';
    my %stays = map { my $n = "stay-$name-$_"; make($acme, $n, about($_)) => $n }
        shuffle 1 .. 12;
    my @goes = map { make($acme, "go-$name-$_", about($_)) } shuffle 1 .. 8;
    my (%seen, $pages);
    my %query = (count => 3, cursor => '', $by ? (sortBy => $by) : ());
    while (defined $query{cursor} && ++$pages < 200) {
        my $page = page($acme, \%query);
        $seen{ $_->{id} }++ for @{ $page->{Resources} };
        # The page's own last one, too, when it is one that goes.
        my ($last) = reverse map { $_->{id} } @{ $page->{Resources} };
        if (my ($gone) = grep { !$last || $_ eq $last } @goes) {
            $acme->delete("/Users/$gone");
            @goes = grep { $_ ne $gone } @goes;
        }
        if (my $gone = pop @goes) {
            $acme->delete("/Users/$gone");
        }
        make($acme, "new-$name-$pages", about($pages)) if $pages < 10;
        my ($changed) = (keys %stays)[$pages % 12];
        $acme->patch("/Users/$changed", { schemas => [PATCH], Operations =>
            [{ op => 'replace', path => 'nickName', value => "n$pages" }] });
        $query{cursor} = $page->{nextCursor};
    }
    cmp_ok $pages, '<', 200, "C-2-16: the walk by $name ends";
    is_deeply { map { $_ => $seen{$_} } keys %stays },
        { map { $_ => 1 } keys %stays },
        '... and has seen once who was there all the time';
    is scalar(grep { $_ > 1 } values %seen), 0, '... and nobody twice';
    return;
}

# Some share a value, some have none.
sub about($n) {
    return (externalId => "e" . $n % 5,
        $n % 4 ? (title => chr 97 + $n % 3) : (),
        $n % 3 ? (name => { familyName => chr 97 + $n % 4 }) : ());
}

sub root() {
    my @groups = map { $acme->post('/Groups', { schemas => [GROUP],
        displayName => "group$_" })->{json}{id} } 1 .. 7;
    my $all = page($acme, { count => 0 }, '/')->{totalResults};
    my $users = page($acme, { count => 0 })->{totalResults};
    is $all, $users + 7, 'the root lists all types';
    for my $by (undef, qw(displayName meta.lastModified userName title)) {
        for my $order (qw(ascending descending)) {
            my (%seen, @walk, $page);
            my %query = (count => 10, $by ? (sortBy => $by,
                sortOrder => $order) : ());
            for (my $cursor = ''; defined $cursor;
                $cursor = $page->{nextCursor}) {
                $page = page($acme, { %query, cursor => $cursor }, '/');
                push @walk, map { $_->{id} } @{ $page->{Resources} };
            }
            $seen{$_}++ for @walk;
            my $name = 'by ' . ($by // 'nothing') . " $order";
            is scalar @walk, $all, "a walk of the root $name";
            is scalar keys %seen, $all, '... sees each once';
            my @pages = map { map { $_->{id} } @{ page($acme, { %query,
                startIndex => $_ * 10 + 1 }, '/')->{Resources} } }
                0 .. $all / 10;
            is_deeply \@pages, \@walk, '... in the order of its pages by index';
        }
    }
    return;
}
