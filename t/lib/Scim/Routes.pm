package Scim::Routes;

# The routing tables, as the sources have them: tests go through every row.

use v5.36;
use Exporter qw(import);

our @EXPORT_OK = qw(admin_routes scim_routes);

# method, path, operation (undef: openapi.json), status
sub admin_routes() {
    my $text = source('mod_scim/admin/route.c');
    my %macro = map { /(\w+)\s+(.*)/ } $text =~ /^#define (\w+ .*"[^"\n]*")$/mg;
    my ($table) = $text =~ /admin_routes\[\] = \{(.*?)\n\s*\{ NULL/s or die 'no table of routes';
    my @routes;
    while ($table =~ /\{\s*"(\w+)",\s*([^,]+?),\s*(NULL|&\w+),\s*(\d+),/g) {
        my ($method, $path, $operation, $status) = ($1, $2, $3, $4);
        1 while $path =~ s/\b([A-Z_]+)\b/$macro{$1}/;
        push @routes, { method => $method, path => join('', $path =~ /"([^"]*)"/g),
            operation => $operation eq 'NULL' ? undef : $operation =~ s/&admin_//r,
            status => $status };
    }
    scalar(@routes) == (() = $table =~ /^\s*\{ "/mg) or die 'a row of routes is not understood';
    return @routes;
}

# method, path: "{id}" is a resource's.
sub scim_routes() {
    my $text = source('mod_scim/protocol/route.c');
    my %methods;
    while ($text =~ /static const place (\w+) = \{ \.by_method = \{(.*?)\} \};/gs) {
        $methods{$1} = [$2 =~ /\[SERVE_(\w+)\]/g];
    }
    my ($fixed) = $text =~ /\} fixed\[\] = \{(.*?)\n\};/s or die 'no table of places';
    my @routes;
    my $add = sub ($place, $path) {
        push @routes, map { { method => $_, path => $path } } @{ $methods{$place} };
    };
    for my $type ('/Users', '/Groups') {
        $add->(collection => $type);
        $add->(item       => "$type/{id}");
        $add->(search     => "$type/.search");
    }
    while ($fixed =~ /\{\s*"([^"]*)",\s*&(\w+),\s*(?:&(\w+)|NULL)/g) {
        my ($segment, $whole, $part) = ($1, $2, $3);
        $add->($whole => "/$segment");
        $add->($part => "/$segment/{id}") if $part;
    }
    return @routes;
}

sub source($file) {
    open my $in, '<', "$ENV{SCIM_SOURCE}/$file" or die "$file: $!";
    local $/;
    return scalar <$in>;
}

1;
