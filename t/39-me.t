# /Me (RFC 7644, 3.11): the secret token says which organization, REMOTE_USER
# says who. Here mod_auth_basic asks the person, and mod_headers adds the token.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use MIME::Base64 qw(encode_base64);
use Scim::Process qw(write_file);
use Scim::Server;
use Test::More;

use constant {
    USER  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    PATCH => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};

my $server = Scim::Server->new(modules => [qw(authn_core authn_file
    auth_basic authz_core authz_user headers)]);
my $acme = $server->organization('acme');
my ($anna, $bert) = map { make($_) } 'Anna@acme.example', 'bert';

no_person();
my $portal = portal('--name', 'portal');
reads();
writes();
strangers();
reader();

$server->stop;
done_testing;

sub make($name) {
    my $reply = $acme->post('/Users', { schemas => [USER], userName => $name,
        title => 'T' });
    return $reply->{json} // die $reply->{body};
}

# The same httpd with a second section, for people; passwords are their names.
sub portal(@token) {
    my $token = $server->token('acme', $acme->app, @token);
    my $passwords = $server->dir . '/passwords';
    write_file($passwords, join '', map { "$_:" . crypt($_, '$5$salt$') . "\n" }
        'anna@ACME.example', 'bert', 'nobody', 'scim-token:1');
    $server->configure(config => <<~"END");
        <Location /portal>
            ScimService scim
            ScimOrganization acme
            AuthType Basic
            AuthName people
            AuthUserFile $passwords
            Require all denied
            RequestHeader set Authorization "Bearer $token"
        </Location>
        <Location /portal/Me>
            Require valid-user
        </Location>
        END
    $server->graceful;
    return Scim::Client->new(token => undef,
        url => $server->url =~ s{/scim/v2\z}{/portal}r);
}

sub as($who) {
    return (Authorization => 'Basic ' . encode_base64("$who:$who", ''));
}

# P-3.11-01
sub no_person() {
    for my $method (qw(GET HEAD PUT PATCH DELETE POST)) {
        my $reply = $acme->request($method, '/Me',
            $method =~ /P/ ? { schemas => [USER], userName => 'x' } : undef);
        is $reply->{status}, 501, "P-3.11-01: $method /Me with a token alone";
    }
    like $acme->get('/Me')->{json}{detail}, qr/beside the secret token/,
        '... says for whom it is';
    is $acme->another(token => undef)->get('/Me')->{status}, 401,
        'without a token there is nothing to say';
    is $acme->get('/Me/x')->{status}, 404, 'nothing is below /Me';
    $server->tolerates(qr/SCIM\d+: 501/);
    return;
}

# P-3.11-03
sub reads() {
    my $reply = $portal->get('/Me', undef, as('anna@ACME.example'));
    is $reply->{status}, 200, 'a person reads their own user';
    is $reply->{json}{userName}, 'Anna@acme.example', '... whatever the case';
    my $real = $anna->{meta}{location} =~ s{/scim/v2/acme/}{/portal/}r;
    is $reply->{json}{meta}{location}, $real,
        'P-3.11-03: meta.location is the real one';
    is $reply->{headers}{etag}, $anna->{meta}{version}, '... the ETag is its own';
    $reply = $portal->get('/Me', { attributes => 'title' }, as('bert'));
    is_deeply $reply->{json}, { schemas => [USER], id => $bert->{id},
        title => 'T' }, 'a part of it';
    is $portal->get('/Me', undef, as('bert'),
        'If-None-Match' => $bert->{meta}{version})->{status}, 304,
        '... and nothing where it is known';
    is $portal->request('HEAD', '/Me', undef, as('bert'))->{status}, 200, 'HEAD';
    is $portal->get('/Users', undef, as('bert'))->{status}, 403,
        'the section for people serves nothing else';
    return;
}

sub writes() {
    my $reply = $portal->patch('/Me', { schemas => [PATCH], Operations =>
        [{ op => 'replace', path => 'title', value => 'Boss' }] }, as('bert'));
    is $reply->{status}, 200, 'PATCH';
    is $reply->{json}{title}, 'Boss', '... changes';
    is $acme->get("/Users/$bert->{id}")->{json}{title}, 'Boss', '... that user';
    is $acme->get("/Users/$anna->{id}")->{json}{title}, 'T', '... and no other';
    $reply = $portal->put('/Me', { schemas => [USER], userName => 'bert',
        title => 'Chief' }, as('bert'));
    is $reply->{status}, 200, 'PUT';
    like $reply->{headers}{location}, qr{/portal/Users/$bert->{id}\z},
        'P-3.11-03: Location is the real one';
    is $portal->put('/Me', { schemas => [USER], userName => 'bert' },
        as('bert'), 'If-Match' => 'W/"1"')->{status}, 412,
        'a version that is no more';
    is $portal->post('/Me', { schemas => [USER], userName => 'new' },
        as('bert'))->{status}, 501, 'P-3.11-04: nobody creates themselves';
    is $portal->delete('/Me', as('bert'))->{status}, 204, 'DELETE';
    is $acme->get("/Users/$bert->{id}")->{status}, 404, '... deletes the user';
    is $server->postgres->psql(q{select string_agg(action, ' ' order by seq)
        from scim.journal where resource = '} . $bert->{id} . q{'}),
        'create modify replace replace delete', 'the journal has it all';
    return;
}

sub strangers() {
    for my $who ('bert', 'nobody') {
        my $reply = $portal->get('/Me', undef, as($who));
        is $reply->{status}, 501, "$who is no user (any more)";
        like $reply->{json}{detail}, qr/"$who" is the userName of none/,
            '... and is told so';
    }
    is $portal->get('/Me')->{status}, 401, 'mod_auth_basic asks for a name';
    is $portal->get('/Me', undef, Authorization => 'Basic '
        . encode_base64('scim-token:1:scim-token:1', ''))->{status}, 401,
        'a wrong password is none of ours';
    $acme->patch("/Users/$anna->{id}", { schemas => [PATCH], Operations =>
        [{ op => 'replace', path => 'active', value => \0 }] });
    is $portal->patch('/Me', { schemas => [PATCH], Operations =>
        [{ op => 'replace', path => 'active', value => \1 }] },
        as('anna@ACME.example'))->{status}, 501,
        'who was deactivated does not activate themselves';
    $acme->patch("/Users/$anna->{id}", { schemas => [PATCH], Operations =>
        [{ op => 'replace', path => 'active', value => \1 }] });
    return;
}

# What people may do is what the token may.
sub reader() {
    portal('--read-only');
    is $portal->get('/Me', undef, as('anna@ACME.example'))->{status}, 200,
        'with a token that may only read, GET';
    is $portal->patch('/Me', { schemas => [PATCH], Operations =>
        [{ op => 'replace', path => 'title', value => 'x' }] },
        as('anna@ACME.example'))->{status}, 403, '... and nothing else';
    is $portal->delete('/Me', as('anna@ACME.example'))->{status}, 403,
        '... not even DELETE';
    $server->tolerates(qr/SCIM\d+: 403/);
    return;
}
