# The guide's steps as README.md has them, pasted into a shell: once by curl
# against the admin API, once by scimctl alone.

use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Text::ParseWords qw(quotewords);
use Scim::Process qw(run slurp);
use Scim::Server;
use Test::More;

my $JSON = JSON::PP->new->utf8;
my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my $dir = tempdir('scim-guide-XXXXXX', DIR => '/tmp', CLEANUP => 1);

subtest 'by scimctl' => \&by_scimctl;
subtest 'by curl' => \&by_curl;
subtest 'every other line of scimctl' => \&every_line;
$server->stop;
done_testing;

sub by_scimctl() {
    my $text = guide('scimctl');
    my $url = $server->url('acme');
    $text =~ s{https://id\.example\.com/scim/v2/acme}{$url} or die 'README.md: no URL';
    local $ENV{PATH} = "$ENV{SCIM_BUILD}:$ENV{PATH}";
    local $ENV{SCIM_DATABASE} = $postgres->conninfo;
    is shell($text), 0, 'the lines can be pasted';
    is acts('acme'), 'organization.create organization.enable app.install token.create'
        . ' create create stack.create mapping.create permission.gain token.rotate'
        . ' organization.disable organization.enable', '... and did what they say';
    is $postgres->psql("select stack || ' ' || role from scim.permissions
        where user_name = 'bjensen\@acme.example'"), 'Website Developer', '... and she holds it';
    my $token = $JSON->decode(slurp("$dir/token.json"))->{token};
    is Scim::Client->new(url => $server->url('acme'), token => $token)->get('/Users')->{status},
        200, '... and the old token lives on for a while';
    return;
}

sub by_curl() {
    $postgres->administer(qw(organization create globex --name Globex --owner gina));
    my $gina = $server->admin('globex', 'gina');
    my $text = guide('curl');
    for my $with (['https://id.example.com/scim-admin/v1/organizations/acme' => $gina->url],
        ['alice@acme.example:PASSWORD' => join ':', $gina->name, $gina->password],
        ['bjensen@acme.example' => 'bjensen@globex.example']) {
        $text =~ s/\Q$with->[0]\E/$with->[1]/ or die "README.md: no $with->[0]";
    }
    is shell($text), 0, 'the lines can be pasted';
    is acts('globex'), 'organization.create organization.enable app.install token.create'
        . ' create create stack.create mapping.create permission.gain token.rotate'
        . ' organization.disable organization.enable',
        '... and did what they say';
    my $new = $JSON->decode(slurp("$dir/token.json"));
    my $client = Scim::Client->new(url => $new->{tenant_url}, token => $new->{token});
    is $client->get('/Users')->{json}{totalResults}, 1, 'the new token finds the user';
    is $client->get('/Groups')->{json}{Resources}[0]{members}->@*, 1, '... in the group';
    $gina->made('/disable');
    is $client->get('/Users')->{status}, 401, 'disabled: the provider gets 401';
    $gina->made('/enable');
    is $client->get('/Users')->{json}{totalResults}, 1, 'enabled: the same token works';
    return;
}

# Commands and options are there, of whatever a text says to type.
sub every_line() {
    my @lines;
    for my $text (map { slurp("$ENV{SCIM_SOURCE}/$_") } qw(README.md sql/README.md
        conf/scim-alerts.service)) {
        $text =~ s/\\\n\s*/ /g;
        push @lines, $text =~ /`(scimctl [a-z][^`]*)`/g,
            map { /^(?: {4}|ExecStart=\S*\/)?(scimctl [a-z].*)$/mg }
            $text =~ /^```\w*\n(.*?)^```$/msg, $text =~ /^((?:(?: {4}|ExecStart=).*\n)+)/mg;
    }
    cmp_ok scalar @lines, '>', 60, 'there are lines';
    for my $line (@lines) {
        # Neither what stands beside it nor what the shell does with it.
        my $typed = $line =~ s/\n/ /gr =~ s/"\$\(.*?\)"/x/gr
            =~ s/ {2,}.*|\s#.*|[<>;].*//r =~ s/\$map/--stack x/r;
        my (undef, @words) = grep { length && !/\A(?:…|\.\.\.)\z/ } quotewords(' +', 0, $typed);
        my ($choice) = grep { /\A[a-z-]+\|[a-z|-]+\z/ } @words[0 .. ($#words ? 1 : 0)];
        for my $way (defined $choice ? split /\|/, $choice : undef) {
            my @given = map { defined $way && $_ eq $choice ? $way : $_ } @words;
            my $done = $postgres->scimctl(@given, '--help');
            is $done->{status}, 0, "scimctl @given" or diag "$line\n$done->{errors}";
        }
    }
    return;
}

# A block of README.md, by its first line.
sub guide($name) {
    my ($text) = slurp("$ENV{SCIM_SOURCE}/README.md")
        =~ /^```sh\n# guide: \Q$name\E\n(.*?)^```$/ms or die "README.md: no guide $name";
    return $text;
}

sub shell($text) {
    my $done = run("set -eu\ncd $dir\n$text", 'sh');
    diag $done->{output}, $done->{errors} if $done->{status} || $done->{errors};
    return $done->{status} || length $done->{errors};
}

sub acts($slug) {
    return $postgres->psql("select string_agg(action, ' ' order by at, seq) from scim.journal
        join scim.organizations using (org_id) where slug = '$slug'");
}
