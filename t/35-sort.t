# sortBy and sortOrder (RFC 7644, 3.4.2.3).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant {
    USER       => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP      => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    ENTERPRISE => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
};
use constant SEARCH => 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';

my $server = Scim::Server->new;
my $acme = $server->organization('acme');
my $globex = $server->organization('globex');

# What nobody would guess from the order of creation.
my %people = (
    B => { displayName => 'beta', title => 'zz', externalId => 'a',
        emails => [{ value => 'x@b.example' },
            { value => 'a@b.example', primary => JSON::PP::true }],
        ENTERPRISE, { department => 'D2', manager => { value => 'm2' } } },
    a => { displayName => 'Alpha', active => JSON::PP::false,
        externalId => 'B', name => { familyName => 'Zed', givenName => 'Q' },
        emails => [{ value => 'C@a.example', type => 'work' },
            { value => 'b@a.example' }] },
    c => { title => 'Aa', externalId => 'c',
        name => { familyName => 'eagle' },
        ENTERPRISE, { department => 'd1', manager => { value => 'm1' } } },
    "\x{c4}" => { displayName => "\x{e4}", title => 'aa' },
);
my %id;
for my $name ('B', 'a', 'c', "\x{c4}") {
    my $reply = $acme->post('/Users', { schemas => [USER],
        userName => $name, %{ $people{$name} } });
    $id{$name} = $reply->{json}{id} or die $reply->{body};
    select undef, undef, undef, 0.01;
}

# P-3.4.2.3-01
my $config = $acme->get('/ServiceProviderConfig')->{json};
is $config->{sort}{supported}, JSON::PP::true, 'sorting is offered (P-3.4.2.3-01)';

# P-3.4.2.3-02, P-3.4.2.3-06
sorted('userName', "a B c \x{c4}", 'the order is by the folded name (P-3.4.2.3-02)');
sorted('userName', "a B c \x{c4}", 'ascending is the default (P-3.4.2.3-06)',
    'ascending');
sorted('userName', "\x{c4} c B a", 'descending turns it', 'descending');
sorted('USERNAME', "a B c \x{c4}", 'names have no case');
sorted(USER . ':userName', "a B c \x{c4}", 'the URN may stand before a name');

# P-3.4.2.3-05: no title is last, and first in the other direction; among
# equals the order of creation, in either direction of the list.
sorted('title', "c \x{c4} B a", 'who has no title is last (P-3.4.2.3-05)');
sorted('title', "a B \x{c4} c", '... and first where it descends', 'descending');
sorted('displayName', "a B \x{c4} c", 'the same where a column has the value');
sorted('displayName', "c \x{c4} B a", '... descending', 'descending');
sorted('nickName', "B a c \x{c4}", 'an attribute that nobody has');

# P-3.4.2.3-07
sorted('externalId', "a B c \x{c4}", 'externalId minds case (P-3.4.2.3-07)');
sorted('name.familyName', "c a B \x{c4}", 'other names do not');

# P-3.4.2.3-03
sorted('emails', "B a c \x{c4}", 'the primary e-mail counts (P-3.4.2.3-03)');
sorted('emails.value', "B a c \x{c4}", '... or else the first one');
sorted('emails.type', "a B c \x{c4}", 'any part of it');

sorted('active', "a B c \x{c4}", 'false comes before true');
sorted(ENTERPRISE . ':department', "c B a \x{c4}", 'an extension');
sorted(ENTERPRISE . ':manager.value', "c B a \x{c4}", '... and a part of it');
sorted('id', "B a c \x{c4}", 'ids are in the order of creation');
sorted('id', "\x{c4} c a B", '... which turns, too', 'descending');
sorted('meta.created', "B a c \x{c4}", 'times');
$acme->put("/Users/$id{B}", { schemas => [USER], userName => 'B',
    %{ $people{B} }, nickName => 'n' });
sorted('meta.lastModified', "a c \x{c4} B", '... change');
sorted('meta.lastModified', "B \x{c4} c a", '... and turn', 'descending');
sorted('meta.version', "a c \x{c4} B", 'versions');
sorted('meta.resourceType', "B a c \x{c4}", 'what all have decides nothing');
sorted('schemas', "B a c \x{c4}", 'a simple multi-valued attribute');

# With everything else that a list can be asked for.
is names({ sortBy => 'userName', startIndex => 2, count => 2 }), 'B c',
    'a page of a sorted list';
is names({ sortBy => 'title', filter => 'userName ne "B"' }), "c \x{c4} a",
    'a filter and an order';
is names({ sortBy => 'title', filter => 'userName ne "B"',
    sortOrder => 'descending', startIndex => 3, count => 5 }), 'c',
    '... turned, and its last page';
my $page = $acme->get('/Users', { sortBy => 'title', startIndex => 9 })->{json};
is $page->{totalResults}, 4, 'behind the end is the total still right';
is_deeply $page->{Resources}, [], '... and the page empty';
is $page->{startIndex}, 9, '... where it was asked for';
$page = $acme->get('/Users', { sortBy => 'userName', count => 0 })->{json};
is $page->{totalResults}, 4, 'count 0 asks for the total alone';
is names({ sortBy => '' }), "B a c \x{c4}", 'an empty sortBy is none';
is names({ sortOrder => 'descending' }), "B a c \x{c4}",
    'without sortBy there is nothing to turn';
$page = $acme->get('/Users', { sortBy => 'name.familyName',
    attributes => 'title' })->{json};
ok !exists $page->{Resources}[0]{userName},
    'what it is sorted by need not be asked for';

long_values();
groups();

# P-3.4.2.3-04, P-3.4.2.3-08
refused({ sortBy => 'name' }, 'invalidPath', qr/"name\.formatted"/);
refused({ sortBy => 'meta' }, 'invalidPath', qr/has several parts/);
refused({ sortBy => ENTERPRISE }, 'invalidPath', qr/has several parts/);
refused({ sortBy => 'bogus' }, 'invalidPath', qr/"bogus" is not an attribute/);
refused({ sortBy => 'password' }, 'invalidPath', qr/gives no order/);
refused({ sortBy => 'meta.location' }, 'invalidPath', qr/gives no order/);
refused({ sortBy => 'groups.$ref' }, 'invalidPath', qr/gives no order/);
refused({ sortBy => 'emails[type eq "work"]' }, 'invalidPath', qr/sortBy/);
refused({ sortBy => "userName'; drop" }, 'invalidPath', qr/sortBy/);
refused({ sortBy => 'title', sortOrder => 'up' }, 'invalidValue',
    qr/"ascending" or "descending", not "up"/);

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

sub names($query) {
    my $reply = $acme->get('/Users', $query);
    $reply->{status} == 200 or return $reply->{body};
    return join ' ', map { $_->{userName} } @{ $reply->{json}{Resources} };
}

# One page, then the same by pages of one, by cursors of one, and by POST.
sub sorted($by, $want, $name, $order = undef) {
    my %query = (sortBy => $by, $order ? (sortOrder => $order) : ());
    is names(\%query), $want, $name;
    is join(' ', map { names({ %query, startIndex => $_, count => 1 }) } 1 .. 4),
        $want, '... page by page';
    is walk(\%query), $want, '... by cursors';
    my $reply = $acme->post('/Users/.search', { schemas => [SEARCH], %query });
    is join(' ', map { $_->{userName} } @{ $reply->{json}{Resources} }), $want,
        '... and by POST';
    return;
}

sub walk($query) {
    my ($cursor, @names) = ('');
    while (defined $cursor && @names < 10) {
        my $reply = $acme->get('/Users',
            { %$query, cursor => $cursor, count => 1 });
        $reply->{status} == 200 or return $reply->{body};
        push @names, map { $_->{userName} } @{ $reply->{json}{Resources} };
        $cursor = $reply->{json}{nextCursor};
    }
    return join ' ', @names;
}

# A cursor fits into a URL, however long the value is that it stands at.
sub long_values() {
    my %long = (
        externalId => { map { $_ => 'e' x 1000 . $_ x 24 } qw(1 2 3) },
        title      => { map { $_ => 't' x $_ . 'u' x 5000 } 100, 300, 400 },
        nickName   => { map { $_ => "\x{1f600}" x $_ } 200, 100, 300 },
    );
    for my $attribute (sort keys %long) {
        my %value = %{ $long{$attribute} };
        $globex->post('/Users', { schemas => [USER], $attribute => $value{$_},
            userName => "$attribute$_" }) for sort { $b <=> $a } keys %value;
        my ($cursor, @names) = ('');
        while (defined $cursor) {
            my $reply = $globex->get('/Users', { sortBy => $attribute,
                filter => "$attribute pr", count => 1, cursor => $cursor });
            is $reply->{status}, 200, "a page by $attribute"
                or diag $reply->{body};
            push @names, map { $_->{userName} } @{ $reply->{json}{Resources} };
            $cursor = $reply->{json}{nextCursor};
            last if @names > 3;
        }
        # Behind 256 characters titles are the same: in order of creation.
        is "@names", join(' ', map { "$attribute$_" }
            $attribute eq 'title' ? (400, 300, 100) : sort { $a <=> $b }
                keys %value), '... of long values';
    }
    return;
}

sub groups() {
    my %group;
    my %members = (b => ['c', 'B'], A => ['a'], none => []);
    for my $name (qw(b none A)) {
        my $reply = $acme->post('/Groups', { schemas => [GROUP],
            displayName => $name,
            members => [map { { value => $id{$_} } } @{ $members{$name} }] });
        $group{$name} = $reply->{json}{id} or die $reply->{body};
    }
    my $list = sub (%query) {
        my $reply = $acme->get('/Groups', \%query);
        return join ' ', map { $_->{displayName} }
            @{ $reply->{json}{Resources} };
    };
    is $list->(sortBy => 'displayName'), 'A b none', 'groups by their names';
    is $list->(sortBy => 'displayName', sortOrder => 'descending'), 'none b A',
        '... descending';
    # The lowest id is that of the first one made.
    is $list->(sortBy => 'members'), 'b A none', 'groups by their members';
    is $list->(sortBy => 'members.value', sortOrder => 'descending'),
        'none A b', '... descending';
    is $list->(sortBy => 'members.display'), 'A b none', '... by their names';
    is names({ sortBy => 'groups.display' }), "a B c \x{c4}",
        'users by their groups';
    return;
}

sub refused($query, $type, $detail) {
    my $reply = $acme->get('/Users', $query);
    is $reply->{status}, 400, "refused: $query->{sortBy}";
    is $reply->{json}{scimType}, $type, "... as $type";
    like $reply->{json}{detail}, $detail, '... with a detail that helps';
    return;
}
