# What only attributes of schema files can have, rule by rule: numbers and times
# in every form, values that may be set once, and each value of "returned" on
# each method. t/37-extensions.t shows the rest of such files.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use JSON::PP ();
use Scim::Answer;
use Scim::Process qw(write_file);
use Scim::Server;
use Test::More;

use constant TYPES => 'urn:example:scim:schemas:extension:types:1.0:User';

my $files = tempdir(CLEANUP => 1);
chmod 0755, $files;
write_file("$files/types.json", JSON::PP->new->encode({ id => TYPES,
    name => 'Types', description => 'One of each', attributes => [
        { name => 'count', type => 'integer' },
        { name => 'share', type => 'decimal' },
        { name => 'since', type => 'dateTime' },
        { name => 'once', mutability => 'immutable' },
        { name => 'always', returned => 'always' },
        { name => 'asked', returned => 'request' },
        { name => 'never', returned => 'never' },
        { name => 'parts', type => 'complex', subAttributes => [
            { name => 'plain' }, { name => 'always', returned => 'always' },
            { name => 'asked', returned => 'request' },
            { name => 'never', returned => 'never' }] },
    ] }));
my $server = Scim::Server->new(
    section => "ScimSchema $files/types.json User\n");
my $acme = $server->organization('acme');
my $n = 0;

subtest 'integers' => \&integers;
subtest 'decimals' => \&decimals;
subtest 'times' => \&times;
subtest 'immutable' => \&immutable;
subtest 'returned' => \&returned;

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

# The value as JSON text, for what Perl would write in another way.
sub body($name, $attribute, $json) {
    return sprintf '{"schemas":["%s","%s"],"userName":"%s","%s":{"%s":%s}}',
        USER, TYPES, $name, TYPES, $attribute, $json;
}

sub post($attribute, $json) {
    return $acme->post('/Users', body('t' . $n++, $attribute, $json));
}

sub found($filter) {
    my $reply = $acme->get('/Users', { filter => $filter, count => 100,
        attributes => 'userName' });
    return $reply->{status} == 200 ? names_of($reply) : $reply->{body};
}

sub integers() {
    for my $json (qw(0 9 10 -1 9007199254740993 -9007199254740993)) {
        my $reply = post('count', $json);
        is_status($reply, 201, "S-2.3.4-01: $json");
        like $reply->{body}, qr/"count":$json[,}]/, '... exactly';
        like $acme->get("/Users/$reply->{json}{id}")->{body},
            qr/"count":$json[,}]/, '... as it is read';
        is found(TYPES . ":count eq $json"), $reply->{json}{userName},
            '... and found';
    }
    is_error(post('count', $_), 400, 'invalidValue', "S-2.3.4-01: $_",
        qr/count/) for '1.0', '1e3', '1.5', '"5"', 'true', '[1]', '{}';
    # t0 to t5 have 0, 9, 10, -1 and two large ones
    is found(TYPES . ':count gt 9'), 't2 t4',
        'P-3.4.2.2-16: 10 is more than 9';
    is found(TYPES . ':count ge 9 and ' . TYPES . ':count le 10'), 't1 t2',
        'P-3.4.2.2-16: ge and le';
    is found(TYPES . ':count lt 0'), 't3 t5', 'P-3.4.2.2-16: lt';
    return;
}

sub decimals() {
    my $at = $n;
    for my $json (qw(1.5 -0.25 10.0 9.5)) {
        my $reply = post('share', $json);
        is_status($reply, 201, "S-2.3.3-01: $json");
        my $back = $acme->get("/Users/$reply->{json}{id}")->{json};
        cmp_ok $back->{ +TYPES }{share}, '==', $json, '... comes back';
        is found(TYPES . ":share eq $json"), $reply->{json}{userName},
            '... and is found';
    }
    is_error(post('share', $_), 400, 'invalidValue', "S-2.3.3-01: $_",
        qr/share/) for '"1.5"', 'true', '{}';
    is found(TYPES . ':share gt 9.5'), 't' . ($at + 2),
        'P-3.4.2.2-16: 10 is more than 9.5';
    return;
}

sub times() {
    my @times = ('2008-01-23T04:56:22Z', '2008-01-23T06:56:22+02:00',
        '2008-01-23T04:56:22.000Z');
    my @names;
    for my $time (@times) {
        my $reply = post('since', qq("$time"));
        is_status($reply, 201, "S-2.3.5-01: $time");
        push @names, $reply->{json}{userName};
    }
    is_error(post('since', $_), 400, 'invalidValue', "S-2.3.5-01: $_",
        qr/since/) for '"2008-01-23"', '"yesterday"', '"2008-13-01T00:00:00Z"',
        '"2008-01-23 04:56:22Z"', '5';
    is found(TYPES . qq(:since eq "$_")), join(' ', sort @names),
        "S-2.3.5-02: $_ is the same instant" for @times;
    is found(TYPES . ':since gt "2008-01-23T04:56:21+00:00" and ' . TYPES
        . ':since lt "2008-01-23T04:56:22.001Z"'), join(' ', sort @names),
        'S-2.3.5-02: ... also in order';
    return;
}

sub immutable() {
    my $made = $acme->post('/Users', user('immutable'))->{json};
    my $path = "/Users/$made->{id}";
    my %with = map { $_ => body('immutable', 'once', qq("$_")) } qw(a b);
    my $reply = $acme->put($path, $with{a});
    is_status($reply, 200, 'P-3.5.1-08: a first value by PUT');
    is $reply->{json}{ +TYPES }{once}, 'a', '... is there';
    is_status($acme->put($path, $with{a}), 200, 'P-3.5.1-07: the same again');
    is_error($acme->put($path, $with{b}), 400, 'mutability',
        'P-3.5.1-07, S-7-13: another one', qr/once/);
    is_error($acme->patch($path, patch({ op => $_, path => TYPES . ':once',
        value => 'b' })), 400, 'mutability', "P-3.5.2-12, S-7-13: $_",
        qr/Operations\[0\].*once/) for qw(add replace);
    is $acme->get($path)->{json}{ +TYPES }{once}, 'a', '... stays';
    $path = '/Users/' . $acme->post('/Users', user('immutable2'))->{json}{id};
    is_status($acme->patch($path, patch({ op => 'add', path => TYPES . ':once',
        value => 'a' })), 200, 'P-3.5.2-12: a first value by PATCH');
    is_status($acme->patch($path, patch({ op => 'add', path => TYPES . ':once',
        value => 'a' })), 200, '... the same again');
    return;
}

# S-7-14 to S-7-18
sub returned() {
    my %all = (always => 'A', asked => 'R', never => 'N', count => 1,
        parts => { plain => 'p', always => 'a', asked => 'r', never => 'n' });
    my $name = 'returned';
    my $whole = sub { { schemas => [USER, TYPES], userName => $name,
        TYPES, \%all } };
    my $id = $acme->post('/Users', $whole->())->{json}{id};
    my $change = patch({ op => 'replace', path => 'nickName', value => 'x' });
    my $t = TYPES;
    my @cases = ( # query, and what GET, lists, and PATCH of another thing give
        ['', { always => 'A', count => 1,
            parts => { plain => 'p', always => 'a' } }],
        ["attributes=$t:asked", { always => 'A', asked => 'R' }],
        ["attributes=$t:never,$t:parts.never", { always => 'A',
            parts => { always => 'a' } }],
        ["attributes=$t:count", { always => 'A', count => 1 }],
        ["attributes=$t:parts.plain", { always => 'A',
            parts => { plain => 'p', always => 'a' } }],
        ["attributes=$t:parts.asked", { always => 'A',
            parts => { asked => 'r', always => 'a' } }],
        ["excludedAttributes=$t:always,$t:parts,$t:count", { always => 'A' }],
    );
    for my $case (@cases) {
        my ($query, $want) = @$case;
        my %reply = (GET => $acme->get("/Users/$id?$query")->{json},
            list => $acme->get("/Users?$query&filter=userName+eq+%22$name%22")
                ->{json}{Resources}[0],
            PATCH => $acme->patch("/Users/$id?$query", $change)->{json});
        for my $how (sort keys %reply) {
            is_deeply $reply{$how}{ +TYPES }, $want,
                "S-7-15, S-7-16, S-7-17, S-7-18: $how?$query";
        }
    }
    # S-7-18: who gives it gets it back
    my %given = (%all, parts => { plain => 'p', always => 'a', asked => 'r' });
    delete $given{never};
    is_deeply $acme->put("/Users/$id", $whole->())->{json}{ +TYPES }, \%given,
        'S-7-18: PUT answers what is returned on request, as it was given';
    my $json = $acme->patch("/Users/$id", patch({ op => 'replace',
        path => "$t:asked", value => 'R2' }))->{json};
    is $json->{ +TYPES }{asked}, 'R2', 'S-7-18: ... and PATCH';
    $name = 'returned2';
    is_deeply $acme->post('/Users', $whole->())->{json}{ +TYPES }, \%given,
        'S-7-18: ... and POST';
    is $acme->get("/Users/$id")->{json}{ +TYPES }{asked}, undef,
        'S-7-18: ... but not who reads';
    return;
}
