# What is off-standard is a warning in the journal of a tolerant app and an
# error of a strict one, by one table (core/dialect.c); and which of the recorded
# sequences a strict app takes.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Sequence;
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    EXTENDED => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    NOBODY   => '00000000-0000-7000-8000-000000000000',
};

# What a strict app says to each sequence: that it passes, or the dialects that
# it refuses.
my %strict = (
    'authentik/01-discovery-and-users' => 'passes',
    'authentik/02-groups'             => 'listedRemoval readOnlyKey',
    'connid/01-users'                 => 'wrappedValue passes', # or a PUT
    'connid/02-groups'                => 'readOnlyKey',
    'entra/01-test-connection'        => 'passes',
    'entra/02-create-user'            => 'countryForm',
    'entra/03-patch-legacy-ops'       => 'opCase',
    'entra/04-disable-restore-delete' => 'opCase',
    'entra/05-patch-flag-062020'      => 'pathAsKey schemaUnknown',
    'entra/06-add-missing-elements'   => 'opCase',
    'entra/07-manager'           => 'bareReference emptyText opCase pathAsKey',
    'entra/08-app-roles'              => 'opCase',
    'entra/09-group-lifecycle'        => 'schemaUnknown',
    'entra/10-membership-shapes'      => 'opCase schemaUnknown',
    'entra/11-filters'                => 'schemaUnknown',
    'entra/12-paging'                 => 'passes',
    'entra/13-update-conflict'        => 'opCase schemaUnknown',
    'entra/14-nulls-and-strays'       => 'attributeUnknown opCase',
    'entra/15-custom-extension'       => 'attributeUnknown',
    'google/01-autoprovisioning'      => 'passes',
    'jumpcloud/01-activation'         => 'listedRemoval',
    'jumpcloud/02-update'             => 'passes',
    'keycloak/01-user'                => 'booleanText',
    'keycloak/02-group'               => 'passes',
    'okta/01-test-connection'         => 'passes',
    'okta/02-create-user'             => 'passes',
    'okta/03-put-profile'             => 'passes',
    'okta/04-deactivate-reactivate'   => 'passes',
    'okta/05-password'                => 'passes',
    'okta/06-group-push'              => 'readOnlyKey',
    'okta/07-group-put'               => 'passes',
    'okta/08-import'                  => 'passes',
    'okta/09-relink-existing'         => 'passes',
    'okta/10-errors'                  => 'passes',
    'okta/11-minimal-and-extra'       => 'attributeUnknown',
    'onelogin/01-user'                => 'passes',
    'onelogin/02-groups'              => 'passes',
    'ping/01-user'                    => 'passes',
    'ping/02-group'                   => 'passes',
    'sailpoint/01-discovery'          => 'passes',
    'sailpoint/02-users'              => 'passes',
);

my $JSON = JSON::PP->new->canonical;
my $server = Scim::Server->new;
my $tolerant = $server->organization('tolerant');
my $strict = $server->organization('strict', install => ['--strict']);
my %user = map { $_->organization => made($_, '/Users', user('ann')) }
    $tolerant, $strict;
my %group = map { $_->organization => made($_, '/Groups',
    { schemas => [GROUP], displayName => 'All' }) } $tolerant, $strict;

my $manager = EXTENDED . ':manager';
# Code, scimType, where, method, path, body, headers. U, G: ids of a user, a group.
my @dialects = (
    ['schemasMissing', 'invalidSyntax', 'schemas', 'POST', '/Users',
        { userName => 'a1' }],
    ['schemaUnknown', 'invalidSyntax', 'urn:x:y', 'POST', '/Users',
        { schemas => [USER, 'urn:x:y'], userName => 'a2' }],
    ['attributeUnknown', 'invalidSyntax', 'shoeSize', 'POST', '/Users',
        user('a3', shoeSize => 44)],
    ['attributeUnknown', 'invalidSyntax', 'name.nick', 'POST', '/Users',
        user('a4', name => { nick => 'x' })],
    ['attributeUnknown', 'invalidSyntax', 'shoeSize', 'PATCH', '/Users/U',
        patch(op => 'add', value => { shoeSize => 1, title => 'a' })],
    ['singleValue', 'invalidValue', 'emails', 'POST', '/Users',
        user('a5', emails => { value => 'a5@example.com' })],
    ['booleanText', 'invalidValue', 'active', 'POST', '/Users',
        user('a6', active => 'True')],
    ['booleanText', 'invalidValue', 'roles[primary eq "True"].value', 'PATCH',
        '/Users/U', patch(op => 'replace', value => 'x',
            path => 'roles[primary eq "True"].value')],
    ['numberAsText', 'invalidValue', 'title', 'POST', '/Users',
        user('a7', title => 7)],
    ['emptyText', 'invalidValue', 'active', 'POST', '/Users',
        user('a8', active => '')],
    ['referenceForm', 'invalidValue', 'profileUrl', 'POST', '/Users',
        user('a9', profileUrl => 'my page')],
    ['countryForm', 'invalidValue', 'addresses[0].country', 'POST', '/Users',
        user('a10', addresses => [{ country => 'Germany' }])], # S-4.1.2-08
    ['bareReference', 'invalidValue', $manager, 'PATCH', '/Users/U',
        patch(op => 'add', path => $manager, value => 'U')],
    ['wrappedValue', 'invalidValue', 'title', 'PATCH', '/Users/U',
        patch(op => 'replace', path => 'title', value => { value => 'b' })],
    ['listedValue', 'invalidValue', $manager, 'PATCH', '/Users/U',
        patch(op => 'add', path => $manager, value => [{ value => 'x' }])],
    ['memberLink', 'invalidValue', 'members[0]', 'PATCH', '/Groups/G',
        patch(op => 'add', path => 'members', value => [{ '$ref' => 'x/U' }])],
    ['memberNameless', 'invalidValue', 'members[0]', 'POST', '/Groups',
        { schemas => [GROUP], displayName => 'N', members =>
            [{ display => 'x' }, { value => 'U' }] }],
    ['memberUnknown', 'invalidValue', 'members', 'PATCH', '/Groups/G',
        patch(op => 'replace', path => 'members', value =>
            [{ value => NOBODY }, { value => 'U' }])],
    ['memberUnknown', 'invalidValue', 'members', 'PUT', '/Groups/G',
        { schemas => [GROUP], displayName => 'All', members =>
            [{ value => NOBODY }, { value => 'U' }] }],
    ['opCase', 'invalidSyntax', 'Operations[0].op', 'PATCH', '/Users/U',
        patch(op => 'Replace', path => 'title', value => 'c')],
    ['pathAsKey', 'invalidSyntax', 'name.familyName', 'PATCH', '/Users/U',
        patch(op => 'replace', value => { 'name.familyName' => 'F' })],
    ['readOnlyKey', 'mutability', 'id', 'PATCH', '/Users/U',
        patch(op => 'replace', value => { id => '1', title => 'd' })],
    ['filterCreates', 'noTarget', 'emails.value', 'PATCH', '/Users/U',
        patch(op => 'add', path => 'emails[type eq "home"].value',
            value => 'h@example.com')],
    ['listedRemoval', 'invalidValue', 'members', 'PATCH', '/Groups/G',
        patch(op => 'remove', path => 'members', value => [{ value => 'U' }])],
    ['noMediaType', 'invalidSyntax', 'Content-Type', 'POST', '/Users',
        user('b1'), 'Content-Type' => undef],
);

for my $dialect (@dialects) {
    my ($code, $type, $where, @request) = @$dialect;
    subtest "$code, $where, $request[0]" => sub {
        my $reply = send_to($tolerant, @request);
        like $reply->{status}, qr/\A20/, 'a tolerant app takes it'
            or diag $reply->{body};
        my ($row) = journal('tolerant');
        my ($warning) = grep { $_->{code} eq $code }
            @{ $row->{changes}{warnings} // [] };
        is $warning->{path}, $where, '... with a warning that says where'
            or diag explain $row;
        like $warning->{detail}, qr/\A[A-Z].*\.\z/, '... and how it was read';

        my $before = $server->postgres->psql('select sum(version) from ('
            . 'select version from scim.users union all'
            . ' select version from scim.groups) v');
        $reply = send_to($strict, @request);
        is $reply->{status}, 400, 'a strict app refuses it'
            or diag $reply->{body};
        is $reply->{json}{scimType}, $type, "... as $type";
        like $reply->{json}{detail}, $code eq 'memberUnknown'
            ? qr/members"?: no user or group has the id .*\(strict: memberUnknown\)/
            : qr/"[^ ]*\Q$where\E" .*\(strict: $code\)/s,
            '... and says why';
        is $server->postgres->psql('select sum(version) from ('
            . 'select version from scim.users union all'
            . ' select version from scim.groups) v'), $before,
            '... and changes nothing';
    };
}

subtest 'an empty list of operations' => sub {
    is $tolerant->patch("/Users/$user{tolerant}", patch())->{status}, 200,
        'changes nothing of a tolerant app';
    my $reply = $strict->patch("/Users/$user{strict}", patch());
    is $reply->{json}{scimType}, 'invalidSyntax', 'is refused by a strict one';
    like $reply->{json}{detail}, qr/\(strict: noOperations\)/, '... by its code';
};

subtest 'every dialect of the table is tested' => sub {
    my $source = $ENV{SCIM_SOURCE} // "$FindBin::RealBin/..";
    open my $in, '<', "$source/mod_scim/core/dialect.c" or die $!;
    my %code = map { $_ => 1 } join('', <$in>)
        =~ /\[SCIM_DIALECT_\w+\] = \{ "(\w+)"/g;
    my %tested = map { $_->[0] => 1 } @dialects, ['noOperations'],
        ['requiredLeftOut']; # in t/37-extensions.t, which has such attributes
    is_deeply \%tested, \%code, 'by its code';
    open my $readme, '<:encoding(UTF-8)', "$source/README.md" or die $!;
    my %told = map { $_ => 1 } join('', <$readme>) =~ /^\| `([a-z]+[A-Z]\w+)` \|/gm;
    is_deeply \%told, \%code, '... and README.md has each';
};

subtest 'what is standard is no warning' => sub {
    is $server->postgres->psql(q{select count(*) from scim.journal
        where action = 'create' and changes ? 'warnings' and name in ('ann',
        'All')}), 0, 'creating a user and a group';
    send_to($tolerant, 'PATCH', '/Users/U', patch(op => 'replace',
        value => { title => 'std', name => { familyName => 'S' },
            EXTENDED() => { department => 'D' } }), 'Content-Type' =>
        'application/json; charset=utf-8');
    my ($row) = journal('tolerant');
    is $row->{changes}{after}{title}, 'std', 'application/json, attributes';
    ok !$row->{changes}{warnings}, '... and an extension' or diag explain $row;
};

subtest 'scimctl shows them' => sub {
    my $shown = $server->postgres->scimctl(qw(journal list tolerant --outcome warned
        --limit 5 --json));
    my $rows = $JSON->decode($shown->{output});
    is scalar @$rows, 5, 'as rows' or diag $shown->{errors};
    is $rows->[0]{warnings}[0]{code}, 'noMediaType', '... with their warnings';
    like $server->postgres->scimctl(qw(journal list tolerant --outcome warned))
        ->{output}, qr/ noMediaType Content-Type$/m, '... in a table, too';
};

# What kind of app it is changes nothing in how requests are read; it says which
# warnings its owner need not look at.
subtest 'the kind of an app tells what was to be expected' => sub {
    my %habit = ( # of whom, as README.md has it
        opCase => 'entra', pathAsKey => 'entra', readOnlyKey => 'okta',
        singleValue => 'onelogin', attributeUnknown => 'nobody');
    for my $kind (qw(entra okta onelogin generic)) {
        my $app = $server->organization("of-$kind", kind => $kind);
        my $id = made($app, '/Users', user('ann'));
        my %request = (
            opCase => patch(op => 'Replace', path => 'title', value => 'a'),
            pathAsKey => patch(op => 'add', value => { 'name.familyName' => 'F' }),
            readOnlyKey => patch(op => 'add', value => { id => 'x', title => 'b' }),
            singleValue => undef,
            attributeUnknown => patch(op => 'add',
                value => { shoeSize => 1, title => 'c' }),
        );
        for my $code (sort keys %request) {
            my $reply = $request{$code}
                ? $app->patch("/Users/$id", $request{$code})
                : $app->post('/Users', user('bob',
                    emails => { value => 'bob@example.com' }));
            like $reply->{status}, qr/\A20/, "$kind: $code is understood";
        }
        my %expected = map { $_->{code} => $_->{expected} ? 1 : 0 }
            map { @{ $_->{warnings} } } listed("of-$kind", '--outcome', 'warned');
        my %want = map { $_ => 0 + ($kind eq 'generic' || $habit{$_} eq $kind) }
            keys %habit;
        is_deeply \%expected, \%want, '... and expected or not';
        is_deeply [sort map { $_->{warnings}[0]{code} }
            listed("of-$kind", '--outcome', 'unexpected')],
            [sort grep { !$want{$_} } keys %want], '... --outcome unexpected';
        my $shown = $server->postgres->scimctl(qw(journal list), "of-$kind",
            '--outcome', 'warned')->{output};
        is !!($shown =~ / unexpected attributeUnknown shoeSize$/m),
            $kind ne 'generic', '... in a table, too';
    }
    is scalar(grep { !$_->{warnings} } listed('of-entra')), 4,
        'rows without a warning are shown where all are asked for';
};

subtest 'README.md and the table agree on whose habit is which' => sub {
    my $source = $ENV{SCIM_SOURCE} // "$FindBin::RealBin/..";
    open my $in, '<', "$source/mod_scim/core/dialect.c" or die $!;
    my %of = join('', <$in>)
        =~ /^    \[SCIM_\w+\] = \{ "(\w+)",.*?\."((?:,\s[A-Z |]+)?) \},$/gms;
    open my $readme, '<:encoding(UTF-8)', "$source/README.md" or die $!;
    my %told = map { my (undef, $code, @cell) = split / *\| */;
        ($code =~ s/`//gr => lc join ' ', sort split / and /, $cell[3]) }
        grep { /^\| `[a-z]+[A-Z]\w+` \|/ } <$readme>;
    is_deeply { map { $_ => lc join ' ', sort $of{$_} =~ /\w+/g } keys %of }, \%told,
        'row by row';
};

my %seen;
my $n = 0;
for my $file (Scim::Sequence->files("$FindBin::Bin/data/sequences")) {
    my ($name) = $file =~ m{/(\w+/[\w-]+)\.json\z};
    my $sequence = Scim::Sequence->read($file);
    next if $sequence->{idp} eq 'mod_scim';
    $seen{$name} = 1;
    subtest "a strict app and $name" => sub { replay($sequence, $name) };
}
is_deeply [sort keys %seen], [sort keys %strict], 'all sequences are in the table';

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

sub replay($sequence, $name) {
    my $slug = sprintf 'seq-%02d', ++$n;
    my $app = $server->organization($slug, install => ['--strict']);
    my @bad = grep { $_->{result} ne 'passed' } $sequence->play(
        url => $app->url, token => $app->token);
    my %codes = map { $_ => 1 } map { ($_->{detail} // '') =~ /\(strict: (\w+)\)/ }
        journal($slug);
    my @wanted = split / /, $strict{$name} // 'passes';
    is_deeply [sort keys %codes], [grep { $_ ne 'passes' } sort @wanted],
        'refuses these dialects';
    if (grep { $_ eq 'passes' } @wanted) {
        is_deeply [map { @{ $_->{problems} } } @bad], [], 'and it passes';
        return;
    }
    like $bad[0]{problems}[0], qr/got 400 .*\(strict: \w+\)/s,
        'and it fails with the first of them';
    return;
}

sub user($name, %more) {
    return { schemas => [USER], userName => $name, %more };
}

sub patch(%operation) {
    return { schemas => [PATCH_OP],
        Operations => [%operation ? \%operation : ()] };
}

sub listed($slug, @options) {
    my $shown = $server->postgres->scimctl(qw(journal list), $slug, '--json',
        @options);
    return @{ $JSON->decode($shown->{output}) };
}

sub made($app, $path, $body) {
    my $reply = $app->post($path, $body);
    $reply->{status} == 201 or BAIL_OUT("$path: $reply->{body}");
    return $reply->{json}{id};
}

sub send_to($app, $method, $path, $body, %headers) {
    my $of = $app->organization;
    my $text = $JSON->encode($body) =~ s{(["/])U"}{$1$user{$of}"}gr;
    $path =~ s{/U\z}{/$user{$of}};
    $path =~ s{/G\z}{/$group{$of}};
    return $app->request($method, $path, $JSON->decode($text), %headers);
}

# Rows of the journal, the newest first.
sub journal($slug) {
    my $rows = $server->postgres->psql("select json_build_object('detail',
        detail, 'changes', changes) from scim.journal where org_id = (select
        org_id from scim.organizations where slug = '$slug')
        order by at desc, seq desc");
    return map { $JSON->decode($_) } split /\n/, $rows;
}
