# The SCIM page and the journal in a real browser: fields of the providers,
# connection test, first contact and users, references; by mouse and by keys
# alone, at two widths, in light and dark. Pictures are left in
# .build/*/browser/pictures.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Browser;
use Scim::Server;
use Test::More;

my $browser = Scim::Browser->new;
my $server = Scim::Server->new(admin => 1, modules => ['unique_id']);
my $n = 0;

for my $way (['mouse', 1280, 'light'], ['keys', 1280, 'dark'],
    ['mouse', 390, 'dark'], ['keys', 390, 'light']) {
    subtest "connecting: @$way" => sub { connect_provider(@$way) };
}
subtest 'a tenant URL elsewhere' => \&be_elsewhere;
$server->stop;
done_testing;

sub owner {
    my $slug = 'connect' . ++$n;
    $server->postgres->administer('organization', 'create', $slug,
        '--name', "Connect $n", '--owner', "olga$n");
    return $server->admin($slug, "olga$n");
}

sub visit ($script, $least, $olga, @way) {
    my $url = $olga->url =~ s{/v1/.*\z}{}r . "/#/connect$n";
    $browser->run($script, $least, $url, $olga->name, $olga->password,
        $browser->pictures, @way);
    return;
}

sub connect_provider ($by, $width, $theme) {
    my $olga = owner();
    visit('connect.mjs', 80, $olga, $by, $width, $theme);
    my $rows = $server->postgres->psql("select count(*) from scim.journal j
        join scim.organizations o using (org_id) where o.slug = 'connect$n'
        and action = 'token.test'");
    is $rows, 1, 'the journal has the token that was made for a test';
    return;
}

# Console and SCIM on different origins: nothing is sent, all is said.
sub be_elsewhere {
    $server->configure(section => 'ScimBaseURL https://scim.example.com/scim/v2');
    $server->graceful;
    my $olga = owner();
    $olga->made('/enable');
    $olga->made('/apps', { kind => 'entra', name => 'Azure Generic SCIM' });
    visit('elsewhere.mjs', 8, $olga, 'mouse', 1280, 'light');
    is $server->postgres->psql("select count(*) from scim.tokens t
        where t.slug = 'connect$n'"), 0, 'no token was made for nothing';
    return;
}
