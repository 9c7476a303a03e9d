# Stacks: the applications and environments that an organization owns.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Postgres;
use Scim::Process qw(run);
use Test::More;

my $postgres = Scim::Postgres->new;
# As the command line has it.
my $AERZTE = "\xc3\x84rzte";
my @in_acme = ('--organization', 'acme');
ok scimctl(qw(organization create acme --owner olga --name Acme)),
    'an organization is there';

my $made = scimctl('stack', 'create', '--name', 'Website', @in_acme);
like $made->{id}, qr/\A\d+\z/, 'a stack is made and has a number';
is $made->{name}, 'Website', '... and its name';
is $made->{version}, 1, '... and a version';
is refusal('stack', 'create', '--name', 'WEBSITE', @in_acme),
    "scimctl: There is a stack \"WEBSITE\" already (upper and lower case are"
    . " not told apart).\n", 'one name, one stack';
like refusal('stack', 'create', '--name', "a\tb", @in_acme),
    qr/--name .*control/, 'a name is for people';
like refusal('stack', 'create', @in_acme), qr/Missing: --name/,
    'and is needed';

scimctl('stack', 'change', $made->{id}, '--description', 'shop', @in_acme);
is_deeply [map { "$_->{name} $_->{description} $_->{version}" }
    @{ scimctl('stack', 'list', @in_acme) }], ['Website shop 2'],
    'a stack is changed';

scimctl('stack', 'create', '--name', $_, @in_acme) for 'Blog', $AERZTE;
is_deeply [map { $_->{name} } @{ scimctl('stack', 'list', @in_acme) }],
    ['Blog', 'Website', "\x{c4}rzte"], 'stacks are listed by name';
is_deeply [map { $_->{name} } @{ scimctl('stack', 'list', '--limit', 1,
    '--after', 'blog', @in_acme) }], ['Website'], '... page by page';

scimctl('stack', 'delete', $made->{id}, @in_acme);
like refusal('stack', 'delete', $made->{id}, @in_acme),
    qr/has no stack $made->{id}/, 'what is gone is not there';
like refusal('stack', 'delete', 'x', @in_acme), qr/There is no stack "x"/,
    'what is no number is a name';
like refusal('stack', 'list', '--organization', 'none'),
    qr/There is no organization "none"/, 'an organization must be there';

is $postgres->psql(q{select string_agg(action || ' ' || name, ', '
    order by seq) from scim.journal where action like 'stack.%'}),
    'stack.create Website, stack.change Website, stack.create Blog,'
    . " stack.create $AERZTE, stack.delete Website",
    'each act is in the journal';

done_testing;

sub scimctl(@words) {
    my $done = run('', "$ENV{SCIM_BUILD}/scimctl", @words, '--json',
        '--database', $postgres->conninfo);
    is $done->{status}, 0, "scimctl @words" or diag $done->{errors};
    return JSON::PP->new->utf8->decode($done->{output} || 'null');
}

sub refusal(@words) {
    my $done = run('', "$ENV{SCIM_BUILD}/scimctl", @words, '--json',
        '--database', $postgres->conninfo);
    isnt $done->{status}, 0, "scimctl @words is refused";
    return $done->{errors};
}
