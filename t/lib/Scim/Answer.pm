package Scim::Answer;

# What the tests of the protocol say of an answer, and the names that RFC 7643
# and RFC 7644 use in bodies.
#
#     is_error($acme->get('/Users', { filter => '' }), 400, 'invalidFilter',
#         'P-3.4.2.2-04: a filter holds an expression');

use v5.36;
use Exporter qw(import);
use Test::More ();

our @EXPORT = qw(USER GROUP ENTERPRISE PATCH_OP LIST ERROR MESSAGES
    is_error is_status user group patch names_of);

use constant {
    USER       => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP      => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    ENTERPRISE => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    MESSAGES   => 'urn:ietf:params:scim:api:messages:2.0:',
    PATCH_OP   => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    LIST       => 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
    ERROR      => 'urn:ietf:params:scim:api:messages:2.0:Error',
};

# The keywords of RFC 7644, Table 9, and of RFC 9865, 2.1
my %TYPE = map { $_ => 1 } qw(invalidFilter tooMany uniqueness mutability
    invalidSyntax invalidPath noTarget invalidValue invalidVers sensitive
    invalidCursor expiredCursor invalidCount);

# An answer with that status and scimType (undef: none), and with the form that
# RFC 7644, 3.12 asks of every error; in the detail stands what `detail` matches.
sub is_error($reply, $status, $type, $name, $detail = undef) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @wrong = faults($reply, $status);
    my $json = ref $reply->{json} eq 'HASH' ? $reply->{json} : {};
    my $got = $json->{scimType};
    push @wrong, 'scimType ' . ($got // 'none') . ', not ' . ($type // 'none')
        if ($got // '') ne ($type // '');
    push @wrong, "detail: $json->{detail}"
        if defined $detail && ($json->{detail} // '') !~ $detail;
    return Test::More::ok(!@wrong, $name)
        || Test::More::diag(join "\n  ", @wrong, $reply->{body});
}

sub faults($reply, $status) {
    my $json = $reply->{json};
    my @wrong;
    push @wrong, "status $reply->{status}, not $status"
        if $reply->{status} != $status;
    return (@wrong, 'no JSON') if ref $json ne 'HASH';
    push @wrong, 'no application/scim+json'
        if ($reply->{headers}{'content-type'} // '')
            !~ m{\Aapplication/scim\+json};
    push @wrong, 'schemas is not [Error]'
        if "@{ $json->{schemas} // [] }" ne ERROR;
    push @wrong, 'status in the body is not that text'
        if $reply->{body} !~ /"status":"$reply->{status}"/;
    push @wrong, "scimType $json->{scimType} is no keyword"
        if defined $json->{scimType} && !$TYPE{ $json->{scimType} };
    push @wrong, 'no detail' if !length($json->{detail} // '');
    return @wrong;
}

# The status; anything else is shown with the body.
sub is_status($reply, $status, $name) {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return Test::More::is($reply->{status}, $status, $name)
        || Test::More::diag($reply->{body});
}

sub user($name, %more) {
    return { schemas => [USER, exists $more{ +ENTERPRISE } ? ENTERPRISE : ()],
        userName => $name, %more };
}

sub group($name, %more) {
    return { schemas => [GROUP], displayName => $name, %more };
}

sub patch(@operations) {
    return { schemas => [PATCH_OP], Operations => \@operations };
}

# The values of one attribute in a list, in order of the text.
sub names_of($reply, $attribute = 'userName') {
    return join ' ', sort map { $_->{$attribute} // '-' }
        @{ $reply->{json}{Resources} // [] };
}

1;
