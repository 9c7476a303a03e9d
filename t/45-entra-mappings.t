# What Entra ID's attribute mappings make of a directory object, without any
# server: expressions, the body of a creation, both PATCH dialects.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Entra;
use Test::More;

my $ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $SWITCH = 'Switch([IsSoftDeleted], , "False", "True", "True", "False")';

my %person = (
    givenName => 'Zoë', surname => 'Ek', country => 'SE', mail => undef,
    IsSoftDeleted => JSON::PP::false, tags => ['a', 'b', 'A'],
);

subtest 'expressions' => sub {
    my %value_of = (
        '[surname]'                                       => 'Ek',
        '"a \"quoted\" text"'                             => 'a "quoted" text',
        $SWITCH                                           => 'True',
        'Join(" ", [givenName], [mail], [surname])'       => 'Zoë Ek',
        'Append(ToLower([surname]), "@contoso.example")'  => 'ek@contoso.example',
        'NormalizeDiacritics([givenName])'                => 'Zoe',
        'Coalesce([mail], [surname])'                     => 'Ek',
        'IIF([country]="SE", "north", "elsewhere")'       => 'north',
        'IIF([country]<>"SE", "elsewhere", "north")'      => 'north',
        'Replace("a-b-c", "-", , , "_", , )'              => 'a_b_c',
        'Replace("1-800", , "(?<area>\\\\d+)-", "area", "2", , )' => '2-800',
        'Mid("abcdef", 2, 3)'                             => 'bcd',
        'Left(ToUpper([surname]), 1)'                     => 'E',
        'Word("one two three", 2, " ")'                   => 'two',
        'Join(",", RemoveDuplicates([tags]))'             => 'a,b',
        'Item(Split("x.y.z", "."), 3)'                    => 'z',
        'Not(IsPresent([mail]))'                          => 'True',
        'Trim(PCase("  marIE cURIE "))'                   => 'Marie Curie',
        'StripSpaces("a b c")'                            => 'abc',
        'Len([surname])'                                  => '2',
    );
    for my $source (sort keys %value_of) {
        my $value = Scim::Entra::Expression->parse($source)
            ->evaluate(sub ($name) { $person{$name} });
        is Scim::Entra::Expression::text($value), $value_of{$source}, $source;
    }
    for my $source ('Join(" "', 'NoSuch([a])', '[a] [b]', '"open', '') {
        ok !eval { Scim::Entra::Expression->parse($source); 1 }, "refused: $source";
    }
};

my $mapping = Scim::Entra::Mapping->new(User => [
    { source => 'surname', target => 'userName', matching => 1 },
    { expression => $SWITCH, target => 'active' },
    { source => 'mail', target => 'emails[type eq "work"].value' },
    { source => 'givenName', target => 'name.givenName' },
    { source => 'department', target => "$ENTERPRISE:department" },
    { constant => 'staff', target => 'userType', apply => 'creation' },
    { source => 'city', target => 'addresses[type eq "work"].locality',
      default => 'Nowhere' },
]);

subtest 'a creation' => sub {
    my $values = $mapping->values_for(sub ($name) {
        return { %person, mail => 'z@contoso.example', department => 'IT' }->{$name};
    });
    is_deeply $mapping->body($values), {
        schemas  => ['urn:ietf:params:scim:schemas:core:2.0:User', $ENTERPRISE],
        meta     => { resourceType => 'User' },
        roles    => [],
        userName => 'Ek', userType => 'staff', active => JSON::PP::true,
        name     => { givenName => 'Zoë' },
        emails   => [{ type => 'work', primary => JSON::PP::true,
                       value => 'z@contoso.example' }],
        addresses   => [{ type => 'work', locality => 'Nowhere' }],
        $ENTERPRISE => { department => 'IT' },
    }, 'the body';
};

my %resource = (
    userName => 'Ek', active => JSON::PP::true, userType => 'other',
    name => { givenName => 'Zoe' }, $ENTERPRISE => { department => 'HR' },
    emails => [{ type => 'home', value => 'h@contoso.example' }],
    addresses => [{ type => 'work', locality => 'Nowhere' }],
);
my $values = $mapping->values_for(sub ($name) {
    return { %person, mail => 'z@contoso.example',
             IsSoftDeleted => JSON::PP::true }->{$name};
});
my @changes = $mapping->changes($values, \%resource);

subtest 'a change without the feature flag' => sub {
    is_deeply $mapping->patch(0, @changes)->{Operations}, [
        { op => 'Replace', path => 'active', value => 'False' },
        { op => 'Add', path => 'emails[type eq "work"].value',
          value => 'z@contoso.example' },
        { op => 'Replace', path => 'name.givenName', value => 'Zoë' },
        { op => 'Remove', path => "$ENTERPRISE:department" },
    ], 'one capitalised operation for each attribute, booleans as texts';
};

subtest 'a change with the feature flag' => sub {
    is_deeply $mapping->patch(1, @changes)->{Operations}, [
        { op => 'replace', path => 'active', value => JSON::PP::false },
        { op => 'add', path => 'emails[type eq "work"].value',
          value => 'z@contoso.example' },
        { op => 'remove', path => "$ENTERPRISE:department" },
        { op => 'replace', value => { 'name.givenName' => 'Zoë' } },
    ], 'lower case, JSON booleans, one operation whose keys are paths';
};

subtest 'members' => sub {
    my @legacy = Scim::Entra::Mapping::member_patches(0, 'Remove', 2, qw(a b c));
    is scalar @legacy, 2, 'batches';
    is_deeply $legacy[1]{Operations}, [{ op => 'Remove', path => 'members',
        value => [{ '$ref' => undef, value => 'c' }] }], '... with a list of values';
    my ($flag) = Scim::Entra::Mapping::member_patches(1, 'Remove', 2, qw(a b));
    is_deeply [map { $_->{path} } @{ $flag->{Operations} }],
        ['members[value eq "a"]', 'members[value eq "b"]'], '... or by value paths';
};

subtest 'the scope' => sub {
    my $directory = Scim::Entra::Directory->new({
        users  => [map { { objectId => $_ } } qw(direct member nested nobody)],
        groups => [{ objectId => 'outer', members => ['member', 'inner'] },
                   { objectId => 'inner', members => ['nested'] }],
        assignments => ['direct', 'outer'],
    });
    is_deeply [sort keys %{ $directory->scope('assigned') }], [qw(direct member outer)],
        'assigned: without what is only in a group of a group';
    is scalar keys %{ $directory->scope('all') }, 6, 'all: everything';
    is Scim::Entra::Directory::home_name('ana.lima_fabrikam.example#EXT#@contoso.example'),
        'ana.lima@fabrikam.example', 'a guest goes by the name of home';
};

done_testing;
