# The module under each of the process models of httpd, and enabled by a reload.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Process qw(wait_for);
use Scim::Server;
use Test::More;

use constant USER => 'urn:ietf:params:scim:schemas:core:2.0:User';

for my $mpm (qw(event worker prefork)) {
    subtest $mpm => sub { live($mpm) };
}
subtest 'enabled by a reload' => \&enable_by_reload;
done_testing;

sub live ($mpm) {
    my $server = Scim::Server->new(mpm => $mpm);
    my $acme = $server->organization('acme');
    is create($acme, 'bjensen')->{status}, 201, 'a user is created';
    is $acme->get('/Users')->{json}{totalResults}, 1, '... and found';

    $server->graceful;
    is $acme->get('/Users')->{json}{totalResults}, 1, '... also after a reload';
    $server->stop;
    ok wait_for(5, sub { $server->postgres->backends == 0 }),
        'after the stop no connection is left';
    return;
}

# A module that a package enables is loaded by a reload, never by a start.
sub enable_by_reload {
    my $server = Scim::Server->new;
    my $text = $server->config_text;
    my $without = $text =~ s{^LoadModule scim_module.*\n}{}mr
        =~ s{^Scim.*\n}{}mgr =~ s{<Location /scim.*?</Location>}{}sr
        =~ s{ scim:info}{}r;
    $server->end_by('TERM');
    $server->start($without);
    my $acme = $server->organization('acme');
    is $acme->get('/Users')->{status}, 404, 'without the module there is nothing';
    $server->graceful($text);
    ok comes($acme, 200), 'after a reload there is';
    $server->graceful($without);
    ok comes($acme, 404), '... and after another there is not';
    $server->stop;
    return;
}

# The old children may take a connection yet.
sub comes ($client, $status) {
    return wait_for(20, sub {
        $client->another->get('/Users')->{status} == $status });
}

sub create ($client, $name) {
    return $client->post('/Users', { schemas => [USER], userName => $name });
}
