# The reference at the end of an error leads to the journal's row: what was
# asked, as far as it may be kept, what was answered, the rule that was broken
# and what to do; by the admin API and by scimctl.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    BULK     => 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
};

my $server = Scim::Server->new(admin => 1, modules => ['unique_id']);
my $postgres = $server->postgres;
my $acme = $server->organization('acme', install => [qw(--passwords store)]);
my $okta = $server->app('acme', kind => 'okta', app => 'Okta');
my $globex = $server->organization('globex');
my $olga = $server->admin('acme', 'owner@acme.example');
my $anna = made('/Users', { schemas => [USER], userName => 'anna@acme.example' });

subtest 'a reference' => \&follow_reference;
subtest 'what is kept of a request' => \&keep_request;
subtest 'how much is kept' => \&bound_request;
subtest 'each rule has its remedy' => \&explain_rules;
subtest 'what is in no row' => \&miss;
subtest 'a person who is erased' => \&erase;
subtest 'many rows' => \&be_quick;
$server->stop;
done_testing;

# ------------------------------------------------------------------ the way in

sub follow_reference {
    my $reply = $acme->post('/Users', { schemas => [USER],
        userName => 'Anna@acme.example', displayName => 'Anna' });
    my $reference = reference($reply);
    ok $reference, 'an error ends with a reference';
    my $found = show($reference);
    ok $found->{found}, 'which leads to a row';
    is $found->{reference}, $reference, '... of that reference';
    is scalar @{ $found->{rows} }, 1, '... and no other';
    my $row = $found->{rows}[0];
    is $row->{request}{method}, 'POST', 'it has the method';
    is $row->{request}{path}, '/Users', '... the path';
    is $row->{request}{body}{userName}, 'Anna@acme.example', '... and what was sent';
    is $row->{name}, 'Anna@acme.example', 'it is called by what was sent';
    is_deeply [@$row{qw(status scim_type)}], [409, 'uniqueness'], 'what was answered';
    is $row->{help}{code}, 'userNameTaken', 'which rule was broken';
    is $row->{help}{section}, 'RFC 7643, section 4.1.1', '... and of which RFC';
    is $row->{help}{url}, 'https://www.rfc-editor.org/rfc/rfc7643#section-4.1.1',
        '... to be read';
    is $row->{help}{attribute}, 'userName', 'by which attribute';
    like $row->{help}{remedy}, qr/matching precedence 1/, 'what to do, in Entra';
    is $row->{help}{where}, 'Entra: Provisioning > Mappings > Users', '... and where';

    my $log = 'StatusCode: Conflict Message: Processing of the HTTP request resulted in an'
        . ' exception. Please see the HTTP response returned by the Response property. Web'
        . ' Response: {\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],'
        . '\"status\":\"409\",\"scimType\":\"uniqueness\",\"detail\":\"userName'
        . " (request nothing) is taken. (request $reference)\\\"}. This operation was"
        . ' retried 0 times. It will be retried again after this date.';
    is show($log)->{reference}, $reference, "the whole text of Entra's log leads there, too";
    is show(" $reference \n")->{found}, JSON::PP::true, '... and blanks around it';
    my $words = $postgres->scimctl('journal', 'show', $log, '--organization', 'acme');
    is $words->{status}, 0, 'scimctl takes the same';
    my %said = $words->{output} =~ /^(\w+(?: do)?) {2,}(.*)$/mg;
    like $said{ $_->[0] }, qr/\A$_->[1]/, "... and says $_->[0]" for ['asked', 'POST /Users'],
        ['answered', '409 uniqueness'], ['rule', 'A userName'], ['to do', 'Search'];
    is $postgres->administer('journal', 'show', $reference, '--organization',
        'acme')->{rows}[0]{help}{code}, 'userNameTaken', '... also for programs';
    like list(text => $reference)->[0]{help}{remedy}, qr/Search for the name/,
        'rows of lists have the remedy, too';
    is list(outcome => 'ok')->[0]{help}, undef, '... but where nothing is wrong';
    my $row_of = $olga->get('/journal', { resource => $anna->{id} })->{json}{items}[0];
    ok show($row_of->{request_id})->{found}, 'a row without an error is found as well';
    return;
}

# --------------------------------------------------------------- what is kept

sub keep_request {
    my $row = refused(POST => '/Users', { schemas => [USER],
        password => 'Secret1', PassWord => 'Secret2', userName => 'anna@acme.example',
        pwd => 'Secret3', emails => [{ value => 'a@x.example', secret => 'Secret4' }],
        'urn:example:other' => { token => 'Secret5' } }, $okta);
    unlike JSON::PP->new->encode($row), qr/Secret/, 'in no spelling a password is kept';

    $row = refused(POST => '/Users', { schemas => [USER],
        password => 'Secret1', userName => 'anna@acme.example', pwd => 'Secret3',
        emails => [{ value => 'a@x.example', secret => 'Secret4' }],
        manager => 'Secret6', 'urn:example:other' => { token => 'Secret5' } });
    unlike JSON::PP->new->encode($row), qr/Secret[1345]/, 'no password is kept';
    is $row->{request}{body}{password}, '(not kept)', '... but that there was one';
    is $row->{request}{body}{pwd}, '(not kept)', 'nor a value that no schema has';
    is $row->{request}{body}{emails}[0]{value}, 'a@x.example', '... but all others';
    ok $row->{request}{left_out}, 'it says that something is missing';

    my $path = "/Users/$anna->{id}";
    $row = refused(PATCH => $path, { schemas => [PATCH_OP], Operations => [
        { op => 'Replace', path => 'password', value => 'Secret1' },
        { op => 'Replace', path => 'displayName', value => 'Anna' },
        { op => 'Add', path => 'emails[type eq "work"].value', value => 'a@x.example' },
        { op => 'replace', value => { password => 'Secret1', 'name.familyName' => 'Lund',
            'passwort' => 'Secret2' } },
        { op => 'Replace', path => 'nickname.nothing', value => 'Secret3' }] });
    unlike JSON::PP->new->encode($row), qr/Secret/, 'nor those of a PATCH';
    is $row->{request}{method}, 'PATCH', 'it has the method';
    is $row->{request}{path}, $path, '... and the path';
    is_deeply [map { $_->{value} } @{ $row->{request}{body}{Operations} }],
        ['(not kept)', 'Anna', 'a@x.example', { password => '(not kept)',
            'name.familyName' => 'Lund', passwort => '(not kept)' }, '(not kept)'],
        '... what each operation was to set';
    is $row->{help}{operation}, 4, 'which one was wrong';
    is $row->{help}{code}, 'invalidPath', '... with what';

    $row = refused(PUT => $path, { schemas => [USER], userName => '', password => 'Secret1' });
    unlike JSON::PP->new->encode($row), qr/Secret/, 'nor those of a PUT';
    $row = refused(POST => '/Users', '{"userName": "anna", "password": "Secret1"');
    unlike JSON::PP->new->encode($row), qr/Secret/, 'nor of what is no JSON';
    is $row->{request}{body}, undef, '... of which nothing is kept';
    is $row->{help}{code}, 'notJson', '... but why';
    $row = (show(reference($acme->request(PUT => $path, { schemas => [USER],
        userName => 'anna@acme.example' }, 'If-Match' => 'W/"99"')))->{rows})->[0];
    is $row->{request}{if_match}, 'W/"99"', 'the version that was asked for is kept';
    $row = (show(reference($acme->request(POST => '/Users?key=Secret9', 'x',
        'Content-Type' => 'text/plain')))->{rows})->[0];
    is $row->{request}{content_type}, 'text/plain', '... and the type of the body';
    unlike JSON::PP->new->encode($row), qr/Secret/, '... but no query';

    my $bulk = $acme->post('/Bulk', { schemas => [BULK], Operations => [
        { method => 'POST', path => '/Users', bulkId => 'a',
            data => { schemas => [USER], userName => 'anna@acme.example',
                password => 'Secret1' } },
        { method => 'POST', path => '/Users', bulkId => 'b',
            data => { schemas => [USER], userName => 'bea@acme.example' } }] });
    my $found = show($bulk->{json}{Operations}[0]{response}{detail});
    is scalar @{ $found->{rows} }, 2, 'a Bulk has a row for each operation';
    my ($one) = grep { $_->{status} == 409 } @{ $found->{rows} };
    is $one->{request}{body}{userName}, 'anna@acme.example', '... with its part';
    ok $one->{request}{bulk}, '... which is said';
    unlike JSON::PP->new->encode($found), qr/Secret/, '... and no password';
    return;
}

sub bound_request {
    my $row = refused(POST => '/Users', { schemas => [USER], userName => 'anna@acme.example',
        displayName => "\x{1D4B3}" x 400, title => 't' x 5000,
        map { ("unknown$_" => 'x' x 1000) } 1 .. 200 });
    my $text = JSON::PP->new->utf8->encode($row->{request});
    cmp_ok length $text, '<', 12_000, 'a large request is cut';
    is length $row->{request}{body}{displayName}, 53, '... between two characters';
    ok $row->{request}{left_out}, '... and says so';
    $row = refused(POST => '/Groups', { schemas => [GROUP], displayName => 'Many',
        members => [map { { value => sprintf '%08x-0000-7000-8000-000000000000', $_ } }
            1 .. 500] });
    my $members = $row->{request}{body}{members};
    is scalar @$members, 21, 'of a long list the beginning is kept';
    is $members->[20], '(480 more)', '... and how many there were';
    return;
}

# ---------------------------------------------------------------------- rules

sub explain_rules {
    my $user = "/Users/$anna->{id}";
    my $none = '/Users/00000000-0000-7000-8000-000000000000';
    made('/Groups', { schemas => [GROUP], displayName => 'Staff' });
    my $strict = $server->app('acme', app => 'Strict', install => [qw(--strict on)]);
    my $reader = $acme->another(token => $server->token('acme', $acme->app,
        '--read-only', 'on'));
    my $patch = sub ($op) { { schemas => [PATCH_OP], Operations => [$op] } };
    for ([userNameTaken => POST => '/Users',
            { schemas => [USER], userName => 'anna@acme.example' }],
        [groupNameTaken => POST => '/Groups', { schemas => [GROUP], displayName => 'STAFF' }],
        [valueMissing => POST => '/Users', { schemas => [USER], displayName => 'x' }],
        [memberUnknown => POST => '/Groups', { schemas => [GROUP], displayName => 'New',
            members => [{ value => '00000000-0000-7000-8000-000000000000' }] }],
        [primaryTwice => POST => '/Users', { schemas => [USER], userName => 'x',
            emails => [map { { value => "$_\@x", primary => JSON::PP::true } } 1, 2] }],
        [valueTooLong => POST => '/Users', { schemas => [USER], userName => 'x' x 2000 }],
        [wrongType => POST => '/Users', { schemas => [USER], userName => 'x', name => [1] }],
        [password => POST => '/Users', { schemas => [USER], userName => 'x',
            password => 'x' x 5000 }],
        [mutability => PATCH => $user,
            $patch->({ op => 'replace', path => 'groups', value => [] })],
        [noTarget => PATCH => $user, $patch->({ op => 'remove' })],
        [invalidPath => PATCH => $user,
            $patch->({ op => 'add', path => 'colour', value => 'red' })],
        [invalidSyntax => PATCH => $user, { schemas => [USER] }],
        [notJson => POST => '/Users', '{'],
        [givenTwice => POST => '/Users', '{"userName": "x", "USERNAME": "y"}'],
        [notFound => DELETE => $none, undef],
        [strict => POST => '/Users', { userName => 'x' }, $strict],
        [readOnlyToken => DELETE => $user, undef, $reader]) {
        my ($code, $method, $path, $body, $client) = @$_;
        my $row = refused($method, $path, $body, $client // $acme);
        is $row->{help}{code}, $code, "$code: $row->{detail}";
        ok length $row->{help}{remedy}, '... with what to do';
    }
    my %of = (mutability => 'groups', invalidPath => 'colour', valueMissing => 'userName');
    for my $row (@{ list(outcome => 'refused', limit => 100) }) {
        my $attribute = delete $of{ $row->{help}{code} } // next;
        is $row->{help}{attribute}, $attribute, "$row->{help}{code} names $attribute";
    }
    is refused(POST => '/Users', { schemas => [USER], userName => 'anna@acme.example' },
        $okta)->{help}{where}, 'Okta: the app > Provisioning > To App > Attribute Mappings',
        'the page is that of the provider';
    $postgres->administer(qw(brake change --organization acme --on on --users 1));
    my @ids = map { made('/Users', { schemas => [USER], userName => "gone$_" })->{id} } 1 .. 2;
    $acme->delete("/Users/$ids[0]");
    is refused(DELETE => "/Users/$ids[1]")->{help}{code}, 'brake', 'brake';
    $postgres->administer(qw(brake change --organization acme --on off));
    return;
}

sub miss {
    my $read = reference($acme->get('/Users/00000000-0000-7000-8000-000000000000'));
    my $found = show($read);
    ok !$found->{found}, 'a read has no row';
    like $found->{says}, qr/reads \(GET\).*error log.*"request \Q$read\E"/s,
        '... and where it is to be found is told';
    my $unknown = reference($acme->another(token => $acme->token . 'x')->get('/Users'));
    ok !show($unknown)->{found}, 'a token that is not valid leaves none';
    my $other = $globex->post('/Users', { schemas => [USER] });
    ok !show(reference($other))->{found}, "another organization's is not ours to see";
    is $olga->get('/journal/show', { reference => 'a b' })->{json}{field}, 'reference',
        'what is no reference is told';
    my $words = $postgres->scimctl('journal', 'show', $read, '--organization', 'acme');
    is $words->{status}, 1, 'scimctl says that there is none';
    like $words->{errors}, qr/error log/, '... and where to look';
    return;
}

sub erase {
    my $person = made('/Users', { schemas => [USER], userName => 'zoe@acme.example' });
    $acme->post('/Users', { schemas => [USER], userName => 'zoe@acme.example',
        displayName => 'Zoe', password => 'x' });
    $acme->request(PATCH => "/Users/$person->{id}", { schemas => [PATCH_OP], Operations =>
        [{ op => 'replace', path => 'nothing', value => 'x' },
         { op => 'replace', path => 'userName', value => 'zoe@acme.example' }] });
    cmp_ok requests('zoe@'), '==', 2, 'refusals quote a person';
    $postgres->administer(qw(user erase --delete --organization acme), $person->{id});
    is requests('zoe@'), '0', 'who is erased is quoted no more';
    is $postgres->psql(q{select count(*) from scim.journal where name like 'zoe%'}), '0',
        '... nor named';
    return;
}

sub requests ($text) {
    return $postgres->psql("select count(*) from scim.journal
        where strpos(request::text, '$text') > 0");
}

sub be_quick {
    $postgres->psql(q{insert into scim.journal(org_id, at, actor_kind, actor, action, status,
        request_id) select 1, now() - n * interval '1 second', 'token', '1', 'create', 201,
        'x' || n from generate_series(1, 20000) n; analyze scim.journal});
    my $plan = $postgres->psql(q{set role scim_owner; explain with j as materialized (
        select j.at from scim.journal j where j.org_id = 1 and j.request_id = 'x'
        and j.status >= 400) select min(at) from j});
    like $plan, qr/Index.*_org_id_request_id_idx.*\n.*request_id/,
        'a refusal is found by an index' or diag $plan;
    return;
}

# ------------------------------------------------------------------- the means

sub made ($path, $body) {
    my $reply = $acme->post($path, $body);
    $reply->{status} == 201 or die "POST $path: $reply->{status} $reply->{body}\n";
    return $reply->{json};
}

sub reference ($reply) {
    return ($reply->{json}{detail} // '') =~ /\(request ([^)]+)\)\z/ ? $1 : undef;
}

sub show ($text) {
    my $reply = $olga->get('/journal/show', { reference => $text });
    is $reply->{status}, 200, 'it is looked for' or diag $reply->{body};
    return $reply->{json};
}

sub refused ($method, $path, $body = undef, $client = $acme) {
    my $reply = $client->request($method, $path, $body, 'Content-Type' => 'application/scim+json');
    cmp_ok $reply->{status}, '>=', 400, "$method $path is refused";
    return show(reference($reply))->{rows}[0];
}

sub list (%query) {
    return $olga->get('/journal', \%query)->{json}{items};
}
