# Filters over HTTP, rule by rule of RFC 7644, 3.4.2.2: what each finds among a
# few users, and what is refused.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Answer;
use Scim::Server;
use Test::More;

binmode Test::More->builder->$_, ':encoding(UTF-8)'
    for qw(output failure_output);

my ($true, $false) = (JSON::PP::true, JSON::PP::false);
my $server = Scim::Server->new(config => "<Location /tight>\n"
    . "ScimService scim\nScimFilterLimits 256 3 2\n</Location>\n");
my $acme = $server->organization('acme');
my %user = map { $_->{userName} => made($_) } (
    user('john', externalId => 'ABC', title => 'Manager',
        userType => 'Employee', nickName => "a\"b\x{e9}",
        name => { familyName => "O'Malley", givenName => 'Barbara' },
        emails => [{ value => 'john@work.example', type => 'work' },
            { value => 'john@home.example', type => 'home' }],
        x509Certificates => [{ value => 'QUFB' }],
        +ENTERPRISE, { manager => { value => 'M-1' }, employeeNumber => '9' }),
    user('Jane', externalId => 'abc', title => 'Tour Guide',
        userType => 'Intern', active => $false, emails => [
            { value => 'jane@Example.com', type => 'work', primary => $true }]),
    user('aj', userType => 'Employee', displayName => '100%_sure',
        emails => [{ value => 'aj@example.org', type => 'home' }]),
    user('Mike', title => 'mate', emails => [], name => { givenName => undef },
        ims => [{ type => 'xmpp', value => 'mike@foo.com' }]),
);
my %group = map { $_->{displayName} => made($_, '/Groups') } (
    group('Staff', members => [{ value => $user{john}{id} }]),
    group('None'),
);

sub made($body, $path = '/Users') {
    my $reply = $acme->post($path, $body);
    $reply->{status} == 201 or BAIL_OUT("POST: $reply->{body}");
    return $reply->{json};
}

sub found($filter, $path = '/Users') {
    my $reply = $acme->get($path, { filter => $filter });
    return $reply->{status} == 200
        ? names_of($reply, $path eq '/Users' ? 'userName' : 'displayName')
        : "$reply->{status} $reply->{body}";
}

my $ALL = 'Jane Mike aj john';
my $made_at = $user{john}{meta}{created};

# --------------------------------------------------------- what filters find

my @finds = (
    ['P-3.4.2.2-02: only what matches', 'userName eq "john"' => 'john'],
    ['P-3.4.2.2-03: operators in any case', 'userName Eq "john"' => 'john'],
    ['P-3.4.2.2-03: names in any case', 'USERNAME EQ "john"' => 'john'],
    ['P-3.4.2.2-06: two expressions',
        'userName eq "john" or userName eq "aj"' => 'aj john'],
    ['P-3.4.2.2-07: brackets',
        '((userName eq "john") or (userName eq "Jane")) and active eq true'
            => 'john'],
    ['P-3.4.2.2-08: eq by the case rule', 'userName eq "JANE"' => 'Jane'],
    ['P-3.4.2.2-08: ... and exactly', 'externalId eq "ABC"' => 'john'],
    ['P-3.4.2.2-09: ne', 'userName ne "JOHN"' => 'Jane Mike aj'],
    ['P-3.4.2.2-09: ne of what is absent', 'title ne "Manager"'
        => 'Jane Mike aj'],
    ['P-3.4.2.2-10: co', 'name.familyName co "\'mall"' => 'john'],
    ['P-3.4.2.2-10: no wildcards', 'displayName co "0%_s"' => 'aj'],
    ['P-3.4.2.2-10: ... either', 'displayName co "1_0"' => ''],
    ['P-3.4.2.2-11: sw', 'userName sw "J"' => 'Jane john'],
    ['P-3.4.2.2-11: sw, equal', 'userName sw "Jane"' => 'Jane'],
    ['P-3.4.2.2-12: ew', 'emails.value ew "@EXAMPLE.com"' => 'Jane'],
    ['P-3.4.2.2-12: ew, equal', 'userName ew "aj"' => 'aj'],
    ['P-3.4.2.2-13: pr', 'title pr' => 'Jane Mike john'],
    ['P-3.4.2.2-13: pr of a complex one', 'name pr' => 'john'],
    ['P-3.4.2.2-13: pr of a list', 'emails pr' => 'Jane aj john'],
    ['P-3.4.2.2-14: gt', 'userName gt "JANE"' => 'Mike john'],
    ['P-3.4.2.2-14: ge', 'userName ge "JANE"' => 'Jane Mike john'],
    ['P-3.4.2.2-14: lt', 'userName lt "JANE"' => 'aj'],
    ['P-3.4.2.2-14: le', 'userName le "JANE"' => 'Jane aj'],
    ['P-3.4.2.2-14: case-exact', 'externalId gt "ABC"' => 'Jane'],
    ['P-3.4.2.2-15: time', qq(meta.lastModified ge "$made_at") => $ALL],
    ['P-3.4.2.2-15: ... in another zone',
        'meta.created eq "' . in_zone($made_at) . '"'
            => found(qq(meta.created eq "$made_at"))],
    ['P-3.4.2.2-18: and', 'title pr and userType eq "Employee"' => 'john'],
    ['P-3.4.2.2-19: or', 'title pr or userType eq "Intern"'
        => 'Jane Mike john'],
    ['P-3.4.2.2-20: not', 'not (userName eq "john")' => 'Jane Mike aj'],
    ['P-3.4.2.2-20: not of or',
        'not (title pr or userType eq "Employee")' => ''],
    ['P-3.4.2.2-20: ... is and of not',
        'not (title pr) and not (userType eq "Intern")' => 'aj'],
    ['P-3.4.2.2-20: ...', 'not (title pr or userType eq "Intern")' => 'aj'],
    ['P-3.4.2.2-21: brackets first',
        '(userName eq "john" or userName eq "aj") and title pr' => 'john'],
    ['P-3.4.2.2-30: and before or',
        'userName eq "aj" or userName eq "john" and title pr' => 'aj john'],
    ['P-3.4.2.2-30: not before and',
        'not (title pr) and userName sw "a"' => 'aj'],
    ['P-3.4.2.2-22: one and the same value', 'emails[type eq "work" and'
        . ' value eq "john@home.example"]' => ''],
    ['P-3.4.2.2-22: ... or any', 'emails.type eq "work" and'
        . ' emails.value eq "john@home.example"' => 'john'],
    ['P-3.4.2.2-24: or, brackets and not within', 'emails[type eq "home" and'
        . ' not (value ew "example.org") or (type eq "none")]' => 'john'],
    ['P-3.4.2.2-E7322: brackets within',
        'emails[(type eq "work") or (type eq "home")]' => 'Jane aj john'],
    ['P-3.4.2.2-26: escapes of JSON', 'nickName eq "a\"b\u00e9"' => 'john'],
    ['P-3.4.2.2-26: true', 'active eq true' => 'Mike aj john'],
    ['P-3.4.2.2-27: more spaces', '  userName   eq  "john"  ' => 'john'],
    ['P-3.4.2.2-28: URN', USER . ':userName sw "J"' => 'Jane john'],
    ['P-3.4.2.2-28: URN of an extension, and a sub-attribute',
        ENTERPRISE . ':manager.value eq "M-1"' => 'john'],
    ['P-3.10-04: the dot of 2.0 is none of a sub-attribute',
        ENTERPRISE . ':manager.value pr' => 'john'],
    ['P-3.10-05: URN, name and sub-attribute in any case',
        'URN:IETF:params:scim:schemas:core:2.0:user:NAME.givenname eq'
            . ' "barbara"' => 'john'],
    ['P-3.10-01: URN in a filter', USER . ':userName eq "john"' => 'john'],
    ['P-3.10-02: no URN in a filter', 'userName eq "john"' => 'john'],
    ['P-3.10-03: an extension without its URN', 'employeeNumber eq "9"'
        => 'john'],
    ['P-3.4.2.2-E4670: comparison before and',
        'title sw "M" and userType eq "Employee"' => 'john'],
    ['P-3.4.2.2-E7319: not (', 'not (title pr)' => 'aj'],
    ['P-3.4.2.2-E7319: not(', 'not(title pr)' => 'aj'],
    ['P-3.4.2.2-31: any of the values', 'emails.value eq "john@work.example"'
        => 'john'],
    ['P-3.4.2.2-31: ...', 'emails.value eq "john@home.example"' => 'john'],
    ['P-3.4.2.2-32: dot notation', 'name.givenName eq "Barbara"' => 'john'],
    ['P-3.4.2.2-33: value is meant', 'emails co "example.com"' => 'Jane'],
    ['P-3.4.2.2-34: what was defaulted', 'userName eq "aj" and active eq true'
        => 'aj'],
    ['P-3.4.2.2-34: ... is present', 'userName eq "aj" and active pr' => 'aj'],
    ['P-3.4.2.2-38: schemas', 'schemas eq "' . ENTERPRISE . '"' => 'john'],
    ['P-3.4.2.2-40: eq null', 'title eq null' => 'aj'],
    ['P-3.4.2.2-40: ne null', 'title ne null' => 'Jane Mike john'],
    ['P-3.4.2.2-41: "False" for false (Entra)', 'active eq "False"' => 'Jane'],
    ['S-2.5-01: null, [] and absent are one', 'not (name pr) and not'
        . ' (emails pr)' => 'Mike'],
    ['S-2.3.6-04: binary is case-exact', 'x509Certificates.value eq "QUFB"'
        => 'john'],
    ['S-2.3.6-04: ...', 'x509Certificates.value eq "qufb"' => ''],
    ['S-2.4-04: no primary is false', 'emails[primary eq false]' => 'aj john'],
    ['S-2.4-04: ... without brackets', 'emails.primary eq false' => 'aj john'],
    ['S-2.4-04: ... and ne true', 'emails.primary ne true' => 'Mike aj john'],
    ['S-2.4-04: ... and ne false', 'emails.primary ne false' => 'Jane Mike'],
    ['S-2.4-04: ... but not true', 'emails[not (primary eq true)]'
        => 'aj john'],
    ['S-2.4-04: ... or ne', 'emails[primary ne true]' => 'aj john'],
    ['S-2.4-07: canonical values in any case', 'emails[type eq "WORK"]'
        => 'Jane john'],
    ['S-3.1-09: another id', 'id eq "' . uc($user{aj}{id}) . 'x"' => ''],
    ['P-3.4-01: one by its id', qq(id eq "$user{aj}{id}") => 'aj'],
    # RFC 7644, Figure 2
    ['P-3.4.2.2-E8057', 'name.familyName co "O\'Malley"' => 'john'],
    ['P-3.4.2.2-E8057', 'meta.lastModified gt "2011-05-13T04:42:34Z"' => $ALL],
    ['P-3.4.2.2-E8057', 'meta.lastModified ge "2011-05-13T04:42:34Z"' => $ALL],
    ['P-3.4.2.2-E8057', 'meta.lastModified lt "2011-05-13T04:42:34Z"' => ''],
    ['P-3.4.2.2-E8057', 'meta.lastModified le "2011-05-13T04:42:34Z"' => ''],
    ['P-3.4.2.2-E8057', 'userType eq "Employee" and (emails co "example.com"'
        . ' or emails.value co "example.org")' => 'aj'],
    ['P-3.4.2.2-E8057', 'userType ne "Employee" and not (emails co'
        . ' "example.com" or emails.value co "example.org")' => 'Mike'],
    ['P-3.4.2.2-E8057', 'userType eq "Employee" and (emails.type eq "work")'
        => 'john'],
    ['P-3.4.2.2-E8057', 'userType eq "Intern" and emails[type eq "work" and'
        . ' value co "@example.com"]' => 'Jane'],
    ['P-3.4.2.2-E8057', 'emails[type eq "work" and value co "@example.com"] or'
        . ' ims[type eq "xmpp" and value co "@foo.com"]' => 'Jane Mike'],
);
subtest 'what filters find' => sub {
    is found($_->[1]), $_->[2], "$_->[0]: $_->[1]" for @finds;
};

subtest 'groups' => sub {
    is found("groups.\$ref eq \"$group{Staff}{meta}{location}\""), 'john',
        'S-2.4-06: a link to a group';
    is found('groups.$ref pr'), 'john', 'P-3.4.2.2-29: $ref of a group';
    my $id = $user{john}{id};
    my $link = "https://other.example/v1/Users/\U$id";
    my $own = $user{john}{meta}{location};
    is found($_->[1], '/Groups'), $_->[2], "$_->[0]: $_->[1]" for (
        ['P-3.4.2.2-33', qq(members eq "$id") => 'Staff'],
        ['P-3.4.2.2-33', qq(members.value eq "$id") => 'Staff'],
        ['P-3.4.2.2-29: $ref is a name', 'members.$ref pr' => 'Staff'],
        ['P-3.4.2.2-20', 'not (members pr)' => 'None'],
        ['S-2.1-E8924: $ref', 'members[$ref pr]' => 'Staff'],
        ['S-2.4-06: a link', qq(members.\$ref eq "$own") => 'Staff'],
        ['S-2.4-06: ... of another version', qq(members.\$ref eq "$link")
            => 'Staff'],
        ['S-2.4-06: ... in brackets', qq(members[\$ref eq "$link"])
            => 'Staff'],
        ['S-2.4-06: ... to another type', 'members.$ref eq "'
            . $link =~ s/Users/Groups/r . '"' => ''],
        ['S-2.4-06: ... to nothing', 'members.$ref eq "x"' => ''],
        ['S-2.4-06: ... of oneself',
            qq(meta.location eq "$group{None}{meta}{location}") => 'None'],
        ['P-3.4.2-01: a query of groups', 'displayName eq "staff"' => 'Staff'],
    );
};

# ------------------------------------------------------ what is refused

my @refused = (
    ['P-3.4.2.2-04: nothing', ''], ['P-3.4.2.2-04: a space', ' '],
    ['P-3.4.2.2-05: a name alone', 'userName'],
    ['P-3.4.2.2-05: no value', 'userName eq'],
    ['P-3.4.2.2-05: no name', 'eq "x"'],
    ['P-3.4.2.2-05: pr has no value', 'userName pr "x"'],
    ['P-3.4.2.2-07: too deep', '(' x 1000 . 'title pr' . ')' x 1000],
    ['P-3.4.2.2-17: order of booleans', 'active gt true'],
    ['P-3.4.2.2-17: order of binaries', 'x509Certificates.value lt "aa"'],
    ['P-3.4.2.2-23: unknown within', 'emails[bogus eq "x"]'],
    ['P-3.4.2.2-23: nothing within', 'emails[]'],
    ['P-3.4.2.2-23: half within', 'emails[type eq]'],
    ['P-3.4.2.2-25: and of nothing', 'userName eq "a" and'],
    ['P-3.4.2.2-25: ...', 'and userName eq "a"'],
    ['P-3.4.2.2-25: two without a word', 'userName eq "a" userName pr'],
    ['P-3.4.2.2-25: open', '(userName pr'],
    ['P-3.4.2.2-25: closed', 'userName pr)'],
    ['P-3.4.2.2-26: no quotes', 'userName eq bjensen'],
    ['P-3.4.2.2-26: other quotes', "userName eq 'bjensen'"],
    ['P-3.4.2.2-28: three names', 'a.b.c pr'],
    ['P-3.4.2.2-28: three known names', 'name.familyName.x pr'],
    ['P-3.4.2.2-29: a digit first', '1abc pr'],
    ['P-3.4.2.2-E4690: brackets of another within',
        'emails[type eq "work" and ims[type eq "x"]]'],
    ['P-3.4.2.2-32: a complex one is no text', 'name eq "Barbara"'],
    ['P-3.4.2.2-36: an unknown operator', 'userName regex "a.*"', qr/regex/],
    ['P-3.4.2.2-35: no more operators than the RFC has', 'userName in "a"'],
    ['P-3.4.2.2-39: an unknown attribute', 'bogus eq "x"', qr/bogus/],
    ['P-3.4.2.2-41: no boolean', 'active eq "yes"'],
    ['P-3.4.2.2-41: no time', 'meta.created gt "yesterday"'],
    ['P-3.4.2.2-41: part of a boolean', 'active co true'],
    ['P-3.12-17', 'userName xx "a"', qr/xx/],
    ['S-4.1.1-18: no search for passwords', 'password eq "x"'],
    ['S-4.1.1-18', 'password sw "x"'],
    ['S-7-16: returned never is found by nothing', 'password pr'],
);
subtest 'what is refused' => sub {
    is_error($acme->get('/Users', { filter => $_->[1] }), 400, 'invalidFilter',
        "$_->[0]: " . substr($_->[1], 0, 40), $_->[2]) for @refused;
};

subtest 'limits of filters' => sub {
    my $tight = $acme->another(url => $acme->url =~ s{/scim/v2}{/tight}r);
    my $wide = sub ($n) { return join ' and ', ('title pr') x $n };
    my $deep = sub ($n) { return '(' x $n . 'title pr' . ')' x $n };
    my $long = sub ($n) { return 'title eq "' . 'x' x ($n - 11) . '"' };
    for ([$wide, 3, 64, qr/more than \d+ conditions/],
        [$deep, 2, 32, qr/more than \d+ levels of brackets/],
        [$long, 256, 8192, qr/longer than \d+ bytes/]) {
        my ($make, $few, $many, $says) = @$_;
        for ([$tight, $few], [$acme, $many]) {
            my ($client, $most) = @$_;
            my $ask = sub ($n) { return $client->post('/Users/.search', {
                schemas => [MESSAGES . 'SearchRequest'], filter => $make->($n) }) };
            is_status($ask->($most), 200, "no more than $most");
            is_error($ask->($most + 1), 400, 'invalidFilter', '... and no more',
                $says);
        }
    }
};

# P-3.4.2.2-37, S-7-08, S-7-09, S-7-10, S-2.3.7-05: each text of the schemas
# is stored as it came, and compared as its caseExact says.
subtest 'caseExact of every attribute' => sub {
    my %whole = (schemas => [USER, ENTERPRISE], userName => 'Case');
    my @attributes;
    for my $urn (USER, ENTERPRISE) {
        my $schema = $acme->get("/Schemas/$urn")->{json};
        my $at = $urn eq USER ? \%whole : ($whole{$urn} = {});
        my $prefix = $urn eq USER ? '' : "$urn:";
        for my $attribute (@{ $schema->{attributes} }) {
            push @attributes, fill($at, $prefix, $attribute);
        }
    }
    cmp_ok scalar @attributes, '>', 45, 'all of them';
    my $sent = made(\%whole);
    for my $attribute (@attributes) {
        my ($path, $value, $is_exact) = @$attribute;
        is found(qq($path eq "$value")), 'Case', "$path is found";
        is found(sprintf '%s eq "%s"', $path, uc $value),
            $is_exact ? '' : 'Case', '... in other case: '
            . ($is_exact ? 'not' : 'found');
    }
    is $sent->{nickName}, 'Case-nickName', 'the spelling stays';
    is $sent->{profileUrl}, 'Case-profileUrl', '... also where it counts';
};

$server->stop;
done_testing;

# ---------------------------------------------------------------------------

# The same instant, two hours to the east.
sub in_zone($time) {
    my ($date, $hour, $rest) = $time =~ /\A(.*)T(\d\d)(:.*)Z\z/;
    return $hour < 22 ? sprintf('%sT%02d%s00+02:00', $date, $hour + 2, $rest)
        : sprintf('%sT%02d%s00-02:00', $date, $hour - 2, $rest);
}

# Gives each text a value of its own: path, value, caseExact.
sub fill($at, $prefix, $attribute) {
    my $name = $attribute->{name};
    return if $attribute->{mutability} ne 'readWrite';
    if ($attribute->{subAttributes}) {
        my %value;
        my @filled = map { fill(\%value, "$prefix$name.", $_) }
            @{ $attribute->{subAttributes} };
        $at->{$name} = $attribute->{multiValued} ? [\%value] : \%value;
        return @filled;
    }
    return if $attribute->{type} !~ /\A(?:string|reference)\z/;
    $at->{$name} = $name eq 'userName' ? 'Case' : "Case-$name";
    return ["$prefix$name", $at->{$name}, $attribute->{caseExact}];
}
