# How userNames compare and what they may be made of, over HTTP, and the fold
# of what is stored: scimctl database refold.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};

binmode Test::More->builder->$_, ':encoding(UTF-8)'
    for qw(output failure_output);

my $server = Scim::Server->new;
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $strict = $server->app('acme', install => ['--strict']);

# P-5-01: comparison; P-3.3-09, P-3.4.2.2-08
my %same = (
    'composed and decomposed'   => ["m\x{fc}ller", "mu\x{308}ller"],
    'case, beyond ASCII'        => ["\x{416}enja", "\x{436}ENJA"],
    'fullwidth letters'         => ["\x{ff42}jensen", 'bjensen'],
    'halfwidth katakana'        => ["\x{ff76}\x{ff9e}", "\x{30ac}"],
    'a final sigma'             => ["\x{3bf}\x{3b4}\x{3bf}\x{3c2}",
        "\x{39f}\x{394}\x{39f}\x{3a3}"],
    'letters of four bytes'     => ["\x{10400}x", "\x{10428}x"],
    'marks in another order'    => ["q\x{323}\x{307}", "q\x{307}\x{323}"],
);
for my $what (sort keys %same) {
    my ($one, $other) = @{ $same{$what} };
    my $made = create($acme, $one);
    is $made->{status}, 201, "$what: the first is made";
    is $made->{json}{userName}, $one, '... and answered as it was sent';
    my $again = create($acme, $other);
    is "$again->{status} $again->{json}{scimType}", '409 uniqueness',
        '... the other is the same name';
    is total($acme, qq{userName eq "$other"}), 1, '... and finds it';
}
my %apart = (
    'sharp s and ss'            => ["stra\x{df}e", 'strasse'],
    'dotless i and i'           => ["\x{131}k", 'ik'],
    'a ligature'                => ["\x{fb01}n", 'fin'],
);
for my $what (sort keys %apart) {
    is join(' ', map { create($acme, $_)->{status} } @{ $apart{$what} }),
        '201 201', "$what: two names";
}

# What is refused
my %refused = (
    'a tab'                     => "a\tb",
    'a zero width space'        => "bjensen\x{200b}",
    'an override of direction'  => "nesnejb\x{202e}",
    'spaces alone'              => "\x{3000} ",
);
for my $what (sort keys %refused) {
    my $reply = create($acme, $refused{$what});
    is "$reply->{status} $reply->{json}{scimType}", '400 invalidValue', $what;
    like $reply->{json}{detail}, qr/"userName" must not/, '... and why';
}
my %strictly = (
    'a symbol'                  => "i\x{2665}u",
    'both directions'           => "abc\x{5d3}",
    'a space at the end'        => 'bjensen ',
);
for my $what (sort keys %strictly) {
    my $reply = create($strict, $strictly{$what});
    is "$reply->{status} $reply->{json}{scimType}", '400 invalidValue',
        "$what, of a strict app";
    is create($acme, $strictly{$what})->{status}, 201, '... else it is taken';
}
my $hebrew = create($strict, "\x{5d3}\x{5d5}\x{5d3}");
is $hebrew->{status}, 201, 'a strict app may write from the right';
my $reply = $strict->patch("/Users/$hebrew->{json}{id}", {
    schemas => [PATCH_OP], Operations => [{ op => 'replace',
        path => 'userName', value => "\x{5d3}x" }] });
is "$reply->{status} $reply->{json}{scimType}", '400 invalidValue',
    '... but not in both directions by PATCH either';

# The fold of what is stored
my $anna = create($acme, "Ann\x{e4}", { displayName => "\x{c4}nn",
    name => { familyName => "\x{dc}b" },
    emails => [{ value => "\x{c4}\@x", type => 'work' }] })->{json}{id};
my $bert = create($acme, "B\x{e9}rt")->{json}{id};
my $staff = $acme->post('/Groups', { schemas => [GROUP],
    displayName => "St\x{e4}ff" })->{json}{id};
my $before = dump_keys();

my $report = refold();
is $report->{status}, 0, 'what is well folded needs nothing';
is_deeply $report->{json}, { from => 1, to => 1, users => 0, groups => 0,
    resources => 0, unclaimed => 0, applied => JSON::PP::false,
    conflicts => [] }, '... and the report says so';

# As another fold might have left them: each has the other's key.
$postgres->psql(<<~"END");
    update scim.users set user_name = 'x' where id = '$bert';
    update scim.users set user_name = 'bert-', display_name = 'ANN',
        family_name = 'ueb' where id = '$anna';
    update scim.users set user_name = E'ann\\u00e4' where id = '$bert';
    update scim.users set user_name = E'b\\u00e9rt' where id = '$anna';
    update scim.user_folded set folded = jsonb_set(folded, '{userName}',
        '"wrong"') || '{"urn:example:own": {"kept": "here"}}'
        where user_id = '$anna';
    update scim.user_values set value = 'wrong' where user_id = '$anna';
    update scim.groups set display_name = 'wrong',
        folded = folded || '{"displayName": "wrong"}' where id = '$staff';
    update scim.schema set fold_version = 0;
    END
my $wrong = dump_keys();
$report = refold();
is $report->{status}, 0, 'a report of what is to change';
is_deeply [@{ $report->{json} }{qw(from to users groups)}], [0, 1, 2, 1],
    '... counts what is folded in another way';
is dump_keys(), $wrong, '... and changes nothing';
$server->graceful;
$reply = $acme->get('/Users');
is $reply->{status}, 503, 'until then the module refuses to compare';
$server->logged(qr/fold 0\).*scimctl database refold/,
    '... and says what to do');

# What only httpd's schema files could fold
$report = refold('--apply');
is $report->{status}, 3, 'refold --apply with values of extensions from files';
like $report->{errors}, qr/values of "urn:example:own".*--schema FILE.*nothing was changed/,
    '... says why not';
is dump_keys(), $wrong, '... and changes nothing';
$postgres->psql(q{update scim.user_folded
    set folded = folded - 'urn:example:own'});

$report = refold('--apply');
is $report->{status}, 0, 'refold --apply' or diag $report->{errors};
ok $report->{json}{applied}, '... says that it was done';
is $postgres->psql(q{select fold_version from scim.schema}), 1,
    '... the version is that of the build';
is dump_keys(), $before, '... all keys are as they were made';
is refold()->{json}{users}, 0, '... and nothing is left to do';
$server->graceful;
is total($acme, qq{userName eq "ANN\x{c4}"}), 1, 'the names are found again';
is total($acme, qq{emails.value eq "\x{e4}\@X"}), 1, '... and their mail';

# Two that a new fold would make one
$postgres->psql(<<~"END");
    update scim.users set user_name = 'ann' where id = '$anna';
    update scim.users set user_name = 'other',
        body = (body::jsonb || '{"userName": "ANN\\u00c4"}')::text
        where id = '$bert';
    update scim.groups set display_name = 'wrong' where id = '$staff';
    END
$wrong = dump_keys();
for my $words ([], ['--apply']) {
    $report = refold(@$words);
    is $report->{status}, 1, "a conflict is refused @$words";
    is_deeply $report->{json}{conflicts}, [{ organization => 'acme',
        resource_type => 'User', attribute => 'userName', key => "ann\x{e4}", resources => [
            sort { $a->{id} cmp $b->{id} }
                { id => $anna, name => "Ann\x{e4}" },
                { id => $bert, name => "ANN\x{c4}" }] }],
        '... and named with all that have it';
    is dump_keys(), $wrong, '... and nothing has changed';
}
$report = $postgres->scimctl(qw(database refold));
like $report->{output}, qr/Conflict: acme, User userName .*\n +$anna .*\n +$bert /,
    '... for people, too';
like $report->{errors}, qr/rename or delete/, '... with what to do';
$postgres->psql('update scim.schema set fold_version = 2');
is refold()->{status}, 3, 'the fold of a newer release is left alone';
$postgres->psql('update scim.schema set fold_version = 1');
$server->stop;
done_testing;

sub create($client, $name, $more = {}) {
    return $client->post('/Users', { schemas => [USER], userName => $name,
        %$more });
}

sub total($client, $filter) {
    return $client->get('/Users', { filter => $filter })->{json}{totalResults};
}

sub refold(@words) {
    return $postgres->scimctl(qw(database refold --json), @words);
}

sub dump_keys() {
    return $postgres->psql(q{
        select u.id, user_name, display_name, family_name, f.folded,
            (select json_agg(v order by attr, elem) from scim.user_values v
              where v.user_id = u.id)
            from scim.users u join scim.user_folded f on f.user_id = u.id
            order by u.id;
        select id, display_name, folded from scim.groups order by id});
}
