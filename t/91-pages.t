# The console's pages in a real browser: how they load, what hostile text does to
# them, what is said when something fails, at two widths, in light and dark.
# t/90-console.t goes through the set-up guide.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Browser;
use Scim::Server;
use Test::More;

use constant {
    USER  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group',
};

# What people could take for more than text, and layouts for too much.
my %hostile = (
    html => q{<img src=x onerror="document.title='owned'; owned = 1"><script>owned = 1</script>},
    bidi => "\x{202E}gnidaeh \x{2066}wrong\x{202D}",
    four => "\x{1D4B3}\x{1F600}\x{10FFFD} of four bytes",
    long => 'x' x 2000,
);

my $browser = Scim::Browser->new;
my $server = Scim::Server->new(admin => 1, modules => ['deflate']);
my $acme = $server->organization('acme', app => short($hostile{html}));
my $olga = $server->admin('acme', 'owner@acme.example');
fill();

for my $way ([1280, 'light'], [390, 'dark']) {
    subtest "loading: @$way" => sub { try_out(11, @$way, qw(first loading)) };
    subtest "hostile text: @$way" => sub { try_out(50, @$way, 'hostile') };
    subtest "dialogs: @$way" => sub { try_out(25, @$way, 'dialogs') };
    subtest "errors: @$way" => sub { try_out(35, @$way, 'errors') };
    subtest "two editors: @$way" => sub { try_out(9, @$way, 'conflicts') };
    subtest "keys and details: @$way" => sub { try_out(25, @$way, qw(keys details)) };
}
subtest 'hostile text: 360' => sub { try_out(50, 360, 'light', 'hostile') };
subtest 'what others do' => sub { try_out(8, 390, 'dark', 'live') };
subtest 'a member' => \&member;
$server->stop;
done_testing;

sub try_out($least, $width, $theme, @parts) {
    my $base = $olga->url =~ s{/v1/.*\z}{}r;
    $browser->run('pages.mjs', $least, "$base/#/acme", $olga->name,
        $olga->password, $browser->pictures, $width, $theme, @parts);
    return;
}

sub member() {
    $server->postgres->administer(qw(account create --organization acme --name mia
        --role member));
    my ($anna) = @{ $olga->get('/users', { search => 'anna' })->{json}{items} };
    $server->postgres->administer(qw(account link mia --organization acme --user),
        $anna->{id});
    my $mia = $server->admin('acme', 'mia');
    my $base = $mia->url =~ s{/v1/.*\z}{}r;
    $browser->run('pages.mjs', 5, "$base/#/acme", 'mia', $mia->password,
        $browser->pictures, 390, 'light', 'member');
    return;
}

# ------------------------------------------------------------------- the data

# Attributes with an index hold 1,024 bytes. Names of what owners make are shorter,
# and hold nothing that nobody sees.
sub named($text) { return substr $text, 0, 1000 }
sub short($text) { return substr $text, 0, 190 }

sub fill() {
    my @people = map { person("person$_\@acme.example", "Person $_") } 10 .. 99;
    push @people, person('anna@acme.example', 'Anna Arbor');
    push @people, map { person("$_\@acme.example", named($hostile{$_}),
        title => $hostile{$_}) } sort keys %hostile;
    my %group = map { $_ => circle(named($hostile{$_}), @people) } sort keys %hostile;
    circle('Above', $group{html});
    my %stack = map { $_ => made('/stacks', name => short($hostile{$_}),
        description => $hostile{$_}) } qw(html four long);
    my $role = made('/roles', name => short($hostile{html}),
        description => $hostile{bidi});
    made('/mappings', mappings => [
        { group => $group{html}, organization_role => 'member', roles => [
            map { { role => $role, stack => $stack{$_} } } sort keys %stack] },
        { group => $group{bidi}, roles => [
            { role => $role, stack => undef }, { role => 2, stack => $stack{html} }] },
    ]);
    # What fails quotes what was sent.
    $acme->post('/Users', { schemas => [USER], userName => 'anna@acme.example',
        displayName => named($_) }) for values %hostile;
    $acme->post('/Users', { schemas => [USER], userName => short($hostile{html}),
        active => $hostile{html} });
    my $gone = circle("Gone $hostile{html}", $people[0]);
    made('/mappings', mappings => [{ group => $gone, organization_role => 'member' }]);
    $acme->delete("/Groups/$gone");
    circle("Gone $hostile{html}", $people[1]);
    # The second removal and what follows are held.
    $server->postgres->administer(qw(brake change --organization acme --on on --users 1));
    $acme->delete("/Users/$_") for @people[0, 1, -2];
    return;
}

sub person($name, $display, %more) {
    my $reply = $acme->post('/Users', { schemas => [USER], userName => $name,
        displayName => $display, %more });
    $reply->{status} == 201 or die "$name: $reply->{body}\n";
    return $reply->{json}{id};
}

sub circle($name, @members) {
    my $reply = $acme->post('/Groups', { schemas => [GROUP], displayName => $name,
        members => [map { { value => $_ } } @members] });
    $reply->{status} == 201 or die "$name: $reply->{body}\n";
    return $reply->{json}{id};
}

sub made($path, %body) { return $olga->made($path, \%body)->{id} }
