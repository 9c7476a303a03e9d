# Every attribute of RFC 7643's schemas survives POST, GET, PUT and PATCH as it
# was sent: generated from the specification's list of attributes.
# P-3.1-06

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant {
    USER       => 'urn:ietf:params:scim:schemas:core:2.0:User',
    ENTERPRISE => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    PATCH_OP   => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};

my @rows = read_attributes("$FindBin::Bin/data/spec/attributes.tsv");
is scalar @rows, 68, 'the list of attributes is whole';

my $server = Scim::Server->new;
my $acme = $server->organization('acme');

my $sent = resource(1);
my $reply = $acme->post('/Users', $sent);
is $reply->{status}, 201, 'a user with every attribute is created';
my $id = $reply->{json}{id};
compare($reply->{json}, $sent, 'POST');
compare($acme->get("/Users/$id")->{json}, $sent, 'GET');

$sent = resource(2);
$reply = $acme->put("/Users/$id", $sent);
is $reply->{status}, 200, 'every attribute can be replaced';
compare($reply->{json}, $sent, 'PUT');
compare($acme->get("/Users/$id")->{json}, $sent, 'GET after PUT');

my $whole = $acme->get("/Users/$id")->{json};
$reply = $acme->put("/Users/$id", $whole);
is $reply->{status}, 200, 'what GET gave can be sent back by PUT';
is_deeply $reply->{json}, $whole, '... and changes nothing, version included';

# One PATCH for each attribute that can be a target of its own.
$sent = resource(3);
for my $target (targets($sent)) {
    my ($path, $value) = @$target;
    $reply = $acme->patch("/Users/$id", {
        schemas => [PATCH_OP],
        Operations => [{ op => 'replace', path => $path, value => $value }],
    });
    is $reply->{status}, 200, "PATCH replaces $path";
}
compare($acme->get("/Users/$id")->{json}, $sent, 'GET after PATCHes');

$server->stop;
done_testing;

# core:2.0:User and enterprise rows that a client may write and read back
sub read_attributes($file) {
    open my $in, '<:encoding(UTF-8)', $file or die "$file: $!";
    my @names = split /\t/, scalar readline $in;
    chomp @names;
    my @found;
    while (my $line = readline $in) {
        chomp $line;
        my %row;
        @row{@names} = split /\t/, $line, -1;
        next if $row{schema} !~ /^(core:2.0:User|extension:enterprise)/;
        next if $row{mutability} ne 'readWrite' || $row{returned} eq 'never';
        push @found, \%row;
    }
    return @found;
}

sub scalar_value($row, $n) {
    return $n % 2 ? JSON::PP::true : JSON::PP::false
        if $row->{type} eq 'boolean';
    return "https://id.example/$row->{attribute}/$n"
        if $row->{type} eq 'reference';
    return "U25vd21hbg==" if $row->{type} eq 'binary';
    return 'work' if $row->{attribute} =~ /^(emails|phoneNumbers|addresses)\.type/;
    return "\x{c5}sa $row->{attribute} \x{1f600} $n";
}

# A user in which every attribute has a value that depends on $n
sub resource($n) {
    my %user = (schemas => [USER, ENTERPRISE]);
    my %by_name = map { ("$_->{schema} $_->{attribute}" => $_) } @rows;
    for my $row (@rows) {
        my ($name, $sub) = split /\./, $row->{attribute}, 2;
        my $at = $row->{schema} =~ /enterprise/ ? $user{ +ENTERPRISE } //= {}
            : \%user;
        next if $row->{type} eq 'complex';
        if (!defined $sub) {
            $at->{$name} = scalar_value($row, $n);
            next;
        }
        my $outer = $by_name{"$row->{schema} $name"};
        my $of = $outer->{multiValued} eq 'true' ? ($at->{$name} //= [{}])->[0]
            : $at->{$name} //= {};
        $of->{$sub} = $sub eq 'primary' ? JSON::PP::true
            : scalar_value($row, $n);
    }
    # displayName of a manager belongs to the server (readOnly)
    delete $user{ +ENTERPRISE }{manager}{displayName};
    $user{externalId} = "external-$n";
    return \%user;
}

sub targets($user) {
    my %rest = %$user;
    my $enterprise = delete $rest{ +ENTERPRISE };
    delete $rest{schemas};
    return ((map { [$_, $rest{$_}] } sort keys %rest),
        (map { [ENTERPRISE . ":$_", $enterprise->{$_}] } sort keys %$enterprise));
}

sub compare($got, $expected, $name) {
    for my $key (sort keys %$expected) {
        next if $key eq 'schemas';
        is_deeply $got->{$key}, $expected->{$key}, "$name gives $key as sent";
    }
    is_deeply [sort @{ $got->{schemas} }], [sort @{ $expected->{schemas} }],
        "$name names both schemas";
    return;
}
