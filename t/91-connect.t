# The SCIM page and the journal in a real browser: fields of the providers,
# connection test, first contact and users, references; by mouse and by keys
# alone, at two widths, in light and dark. Pictures are left in
# .build/*/browser/pictures.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Story;
use Scim::Server;
use Test::More;

Scim::Story::install();
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

sub console ($olga) {
    return $olga->url =~ s{/v1/.*\z}{}r . "/#/connect$n";
}

sub connect_provider ($by, $width, $theme) {
    my $olga = owner();
    my $told = Scim::Story::tell('connect.mjs', console($olga), $olga, $by, $width, $theme);
    cmp_ok $told, '>=', 80, 'it looked at all of it';
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
    cmp_ok Scim::Story::tell('elsewhere.mjs', console($olga), $olga,
        'mouse', 1280, 'light'), '>=', 8, 'it looked at all of it';
    is $server->postgres->psql("select count(*) from scim.tokens t
        where t.slug = 'connect$n'"), 0, 'no token was made for nothing';
    return;
}
