package Scim::Mutation;

# Requests that identity providers send, changed at random in bytes, structure,
# values, headers, path, query and method. The same seed and number give the
# same request, but for the ids in it.
#
#     my $mutation = Scim::Mutation->new(seed => 17, ids => \@ids);
#     my $request = $mutation->request(4711);
#     # { method, path, body (bytes or undef), headers => {...} }

use v5.36;
use utf8;
use JSON::PP ();
use Scim::Process qw(slurp);

my $JSON = JSON::PP->new->utf8->canonical->allow_nonref;
my $ERROR_PRONE = 6; # changes of one request at most

my @WORDS = ('', ' ', 'x', 'bjensen', 'True', 'false', 'null', '0', '-1', '[]',
    '{}', 'a' x 300, "\x{e9}", "e\x{301}", "\x{df}", "\x{130}", "\x{10400}",
    "\x{1f600}", "\x{202e}", "\x{0}", "\t", "\x{feff}", '%', '%25', '%00', "'",
    '"', '\\', "';--", '$1', '2026-02-30T25:61:00Z', '2026-02-01T09:30:00+14:00',
    '9999-12-31T23:59:59.999999999Z', '0190f3a0-0000-7000-8000-000000000000',
    'urn:ietf:params:scim:schemas:core:2.0:User',
    'urn:ietf:params:scim:schemas:core:2.0:Group',
    'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
    'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
    'http://[', 'https://e.example/a?b#c', 'aGk=', '=', 'bulkId:x');
my @NUMBERS = map { JSON::PP::decode_json("[$_]")->[0] } qw(0 -1 1 2147483647
    2147483648 -2147483649 9223372036854775807 0.5 -0.0 1e308 1e-308 17);
my @NAMES = qw(schemas id externalId meta userName name.familyName emails
    emails.value active password displayName members members.value groups value
    $ref type primary display op path Operations operations roles manager
    manager.value startIndex count filter attributes sortBy sortOrder cursor
    x509Certificates photos addresses title userType locale failOnErrors method
    bulkId data version location badge contract hired remote floor weeklyHours
    handbook badgeKey skills pin certificates certificates.value
    certificates.expires costCenter budget founded);
push @NAMES, map { "urn:example:scim:schemas:extension:employment:1.0:User$_" }
    '', qw(:floor :weeklyHours :skills :badge :certificates.value .contract :x);
my @METHODS = qw(GET GET HEAD POST POST PUT PUT PATCH PATCH PATCH DELETE OPTIONS
    TRACE PROPFIND get BREW);
my @OPS = qw(eq ne co sw ew gt ge lt le pr EQ xx);
my @TYPES = ('application/scim+json', 'application/json', 'text/plain', '',
    'application/scim+json; charset=utf-8', 'application/scim+json;charset=x',
    'multipart/form-data; boundary=x', '/', 'application/', 'a/b;', '*/*',
    'application/scim+json;q=0', 'text/html;q=0.3, */*;q=0.1', ';;;,,,');
my @TAGS = ('*', 'W/"1"', '"1"', 'W/"', '"', 'W/"99999999999999999999"', '',
    'W/"1", W/"2",,', 'W/"-1"', ', , ,', 'w/"1"', 'W/"1-gzip"', '"a" "b"');

# ids: of resources that exist, for what the sequences kept from replies. One
# request in four is about the extension and the type of conf/.
sub new($class, %given) {
    my $dir = $ENV{SCIM_SOURCE} . '/t/data';
    my $own = JSON::PP->new->utf8->decode(slurp("$dir/own-types.json"))
        ->{steps};
    my @requests;
    for my $file (sort glob "$dir/sequences/*/*.json") {
        push @requests, @{ JSON::PP->new->utf8->decode(slurp($file))->{steps} };
    }
    return bless { %given, own => $own,
        requests => [grep { $_->{path} } @requests] }, $class;
}

# One more resource that exists, in place of one that may not any more.
sub found($self, $id) {
    $self->{ids}[rand @{ $self->{ids} }] = $id if defined $id;
    return;
}

sub one_of(@list) { return $list[rand @list] }
sub chance($percent) { return rand(100) < $percent }

# What stands for placeholders: ids that exist, or words.
sub filled($self, $text) {
    return $text =~ s/\$\{([^}]*)\}/
        $1 =~ m{id\b} ? one_of(@{ $self->{ids} }) : 'r' . int rand 50/gerx;
}

sub request($self, $number) {
    srand $self->{seed} * 1_000_003 + $number;
    my $step = one_of(@{ $self->{ chance(25) ? 'own' : 'requests' } });
    my $body = exists $step->{body} ? $JSON->encode($step->{body})
        : encoded_text($step->{rawBody});
    my $request = {
        method  => $step->{method},
        path    => $self->filled($step->{path}),
        query   => [$self->query_of($step)],
        body    => defined $body ? $self->filled($body) : undef,
        headers => {},
    };
    $self->change($request) for 1 .. 1 + rand $ERROR_PRONE;
    $request->{path} .= '?' . join '&', map { join '=', map { escape($_) } @$_ }
        @{ $request->{query} } if @{ $request->{query} };
    return $request;
}

sub query_of($self, $step) {
    my $query = $step->{query} // {};
    my @pairs = ref $query eq 'HASH'
        ? map { [$_, $query->{$_}] } sort keys %$query : @$query;
    return map { [$_->[0], $self->filled("$_->[1]")] } @pairs;
}

sub change($self, $r) {
    my @ways = (
        (sub { change_json($r) }) x 6, (sub { change_bytes($r) }) x 2,
        (sub { $self->change_query($r) }) x 3,
        sub { change_header($r) }, sub { $self->change_path($r) },
        sub { $r->{method} = one_of(@METHODS) },
    );
    one_of(@ways)->();
    return;
}

# -------------------------------------------------------------------- values

sub any_value($depth = 0) {
    my $kind = int rand($depth > 3 ? 4 : 7);
    return one_of(@WORDS) if $kind < 2;
    return one_of(@NUMBERS) if $kind == 2;
    return one_of(JSON::PP::true, JSON::PP::false, undef) if $kind == 3;
    return [map { any_value($depth + 1) } 1 .. rand 4] if $kind == 4;
    return { map { one_of(@NAMES) => any_value($depth + 1) } 1 .. rand 4 }
        if $kind == 5;
    my $deep = any_value(5);
    $deep = chance(50) ? [$deep] : { one_of(@NAMES) => $deep }
        for 1 .. 2 ** rand 7;
    return $deep;
}

# References to all places of a value that can be set.
sub places($value) {
    no warnings 'recursion';
    return () if !ref $value || ref $value eq 'JSON::PP::Boolean';
    my @own = ref $value eq 'HASH' ? map { \$value->{$_} } sort keys %$value
        : map { \$value->[$_] } 0 .. $#$value;
    return (@own, map { places($$_) } @own);
}

sub change_json($r) {
    my $json = eval { $JSON->decode($r->{body} // '{}') };
    return change_bytes($r) if !ref $json || ref $json eq 'JSON::PP::Boolean';
    my @places = (\$json, places($json));
    my $place = one_of(@places);
    my @ways = (
        sub { $$place = any_value() },
        sub { $$place = [$$place] },
        sub { $$place = { value => $$place } },
        sub { $$place = ${ one_of(@places) } },
        sub { $$place = any_filter() },
        sub { change_object(one_of(grep { ref $$_ eq 'HASH' } @places)) },
        sub { change_array(one_of(grep { ref $$_ eq 'ARRAY' } @places)) },
    );
    one_of(@ways)->();
    $r->{body} = eval { JSON::PP->new->utf8->allow_nonref->canonical
        ->max_depth(200)->encode($json) } // '[';
    return;
}

sub change_object($place) {
    return if !$place;
    my $object = $$place;
    my $name = one_of(sort keys %$object) // one_of(@NAMES);
    my @ways = (
        sub { delete $object->{$name} },
        sub { $object->{ one_of(@NAMES) } = any_value() },
        sub { $object->{ one_of(uc $name, lc $name, "$name ", "x$name",
            "$name\[type eq \"work\"]") } = delete $object->{$name} },
        sub { $object->{ $WORDS[34] . ':' . $name } = delete $object->{$name} },
    );
    one_of(@ways)->();
    return;
}

sub change_array($place) {
    return if !$place;
    my $array = $$place;
    my @ways = (
        sub { splice @$array, int rand(1 + @$array), 1 if @$array },
        sub { push @$array, any_value() },
        sub { push @$array, @$array if @$array && @$array < 100 },
        sub { @$array = reverse @$array },
    );
    one_of(@ways)->();
    return;
}

sub change_bytes($r) {
    my $bytes = $r->{body} // '';
    my $at = int rand(1 + length $bytes);
    my $size = int 2 ** rand 6;
    my @ways = (
        sub { substr $bytes, $at, $size, '' },
        sub { substr $bytes, $at, 0, join '', map { chr rand 256 } 1 .. $size },
        sub { substr $bytes, $at, 1, chr rand 256 if $at < length $bytes },
        sub { $bytes = substr $bytes, 0, $at },
        sub { substr $bytes, $at, 0, substr $bytes, 0, $size },
        sub { substr $bytes, $at, 0, one_of('"', '{', '[', ']', '}', ',', ':',
            '\\u0000', '\\ud800', '\\udfff', "\xc0\x80", "\xed\xa0\x80", "\xff",
            "\xef\xbb\xbf", '1e999', '-', '00', 'NaN', '//') },
    );
    one_of(@ways)->();
    $r->{body} = $bytes;
    return;
}

# ------------------------------------------------------ query, path, headers

sub any_filter($depth = 0) {
    return one_of('', ' ', '(', ')', 'not', 'a eq', '[') if chance(3);
    return '(' . any_filter($depth + 1) . ')' if chance(10) && $depth < 6;
    return 'not (' . any_filter($depth + 1) . ')' if chance(8) && $depth < 6;
    return any_filter($depth + 1) . one_of(' and ', ' or ', ' AND ', 'and')
        . any_filter($depth + 1) if chance(25) && $depth < 6;
    my $name = one_of(@NAMES);
    return one_of(@NAMES) . '[' . any_filter($depth + 1) . ']'
        . one_of('', '.value', ' eq 1', '.value eq "x"')
        if chance(15) && $depth < 6;
    $name = one_of(@WORDS[34 .. 36]) . ":$name" if chance(10);
    my $op = one_of(@OPS);
    return "$name $op" if $op eq 'pr';
    my $value = chance(70) ? '"' . one_of(@WORDS) . '"'
        : one_of('true', 'null', '17', '-1.5e3', 'x', "'x'", '"');
    return "$name $op $value";
}

sub change_query($self, $r) {
    my %value = (
        filter             => sub { any_filter() },
        startIndex         => sub { one_of(@WORDS, @NUMBERS) },
        count              => sub { one_of(@WORDS, @NUMBERS) },
        attributes         => sub { join ',', map { one_of(@NAMES, @WORDS) }
            1 .. rand 5 },
        excludedAttributes => sub { join ',', map { one_of(@NAMES, @WORDS) }
            1 .. rand 5 },
        sortBy             => sub { one_of(@NAMES, @WORDS) },
        sortOrder          => sub { one_of(qw(ascending descending Up), '') },
        cursor             => sub { one_of('', 'x', 'AAAA' x rand 20, @WORDS) },
        atomic             => sub { one_of(qw(true false 1), '') },
    );
    my $name = one_of(sort keys %value);
    push @{ $r->{query} }, [chance(95) ? $name : one_of(@WORDS),
        $value{$name}->()];
    shift @{ $r->{query} } if chance(20);
    return;
}

sub change_path($self, $r) {
    my @endpoints = qw(Users Groups Departments Schemas ResourceTypes ServiceProviderConfig
        Bulk Me .search users Nothing);
    my $part = one_of(one_of(@{ $self->{ids} }), one_of(@endpoints),
        escape(one_of(@WORDS)), '..', '.', '%2e%2e', '%2F', '%', '%zz', ';a=b',
        '.search');
    my @ways = (
        sub { $r->{path} = '/' . one_of(@endpoints) },
        sub { $r->{path} = '/' . one_of(qw(Users Groups Departments)) . '/'
            . one_of(@{ $self->{ids} }) },
        sub { $r->{path} .= "/$part" },
        sub { $r->{path} =~ s{[^/]+\z}{$part} },
        sub { $r->{path} =~ s{/}{//} },
        sub { $r->{path} = chance(50) ? uc $r->{path} : "$r->{path}/" },
    );
    one_of(@ways)->();
    return;
}

sub change_header($r) {
    my @ways = (
        ['Content-Type' => @TYPES], ['Accept' => @TYPES],
        ['If-Match' => @TAGS], ['If-None-Match' => @TAGS],
        ['Content-Encoding' => 'gzip', 'identity', ''],
        ['X-HTTP-Method-Override' => @METHODS],
        ['Accept-Charset' => 'utf-16', '*;q=0'],
        ['Range' => 'bytes=0-1', 'bytes=5-2', 'x'],
        ['Expect' => '100-continue'],
        ['Prefer' => 'return=minimal', 'x'],
        ['If-Modified-Since' => 'Thu, 01 Jan 1970 00:00:00 GMT', 'yesterday'],
        ['Authorization' => 'Bearer', 'Bearer x', 'Basic eDp5', ''],
    );
    my ($name, @values) = @{ one_of(@ways[0 .. (chance(5) ? 11 : 10)]) };
    $r->{headers}{$name} = one_of(@values);
    return;
}

# ---------------------------------------------------------------------- text

sub encoded_text($text) {
    utf8::encode($text) if defined $text;
    return $text;
}

sub escape($text) {
    $text = encoded_text("$text");
    return $text =~ s/([^A-Za-z0-9_.~-])/sprintf '%%%02X', ord $1/ger;
}

1;
