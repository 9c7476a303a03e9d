# The admin API over HTTP: who gets in, what is answered, how errors look, and
# that no page of another site changes anything.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Server;
use Test::More;

my $server = Scim::Server->new(admin => 1);
my $acme = $server->organization('acme');
$server->organization('globex');
my $olga = $server->admin('acme', 'owner@acme.example');

subtest 'stacks' => \&stacks;
$server->stop;
done_testing;

# -------------------------------------------------------------- the subtests

sub stacks() {
    my $made = $olga->post('/stacks', { name => 'Website' });
    is $made->{status}, 201, 'POST makes a stack';
    my $id = $made->{json}{id};
    is $made->{headers}{location}, $olga->url . "/stacks/$id", '... and says where it is';
    like $made->{headers}{etag}, qr/\A"1-[0-9a-f]{8}"\z/, '... with its version as ETag';
    my $got = $olga->get("/stacks/$id");
    is $got->{status}, 200, 'GET shows it';
    is_deeply $got->{json}, $made->{json}, '... as it was made';
    is $olga->patch("/stacks/$id", { description => 'shop' })->{json}{version}, 2,
        'PATCH changes it';
    is_deeply [map { $_->{name} } @{ $olga->get('/stacks')->{json}{items} }],
        ['Website'], 'they are listed';
    is $olga->delete("/stacks/$id")->{status}, 204, 'DELETE removes it';
    is $olga->get("/stacks/$id")->{status}, 404, '... and it is gone';
    return;
}
