# Any body, header, path and query gets a SCIM error or the right answer, never
# a 500 and never a crash: what identity providers send, changed at random, and
# what others send about the extension and the type of conf/.
# SCIM_MUTATIONS=100000 makes it longer, SCIM_SEED repeats a run, and
# SCIM_MUTATION=N shows and sends the Nth alone.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Crowd qw(in_parallel total);
use Scim::Mutation;
use Scim::Server;
use Test::More;

use constant {
    USER  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    DEPARTMENT => 'urn:example:scim:schemas:1.0:Department',
    ERROR => 'urn:ietf:params:scim:api:messages:2.0:Error',
};
my $CLIENTS = 4;
my $SHOWN = 5;

my $count = $ENV{SCIM_MUTATIONS} // 4000;
my $seed = $ENV{SCIM_SEED} // time % 1_000_000;
diag "SCIM_SEED=$seed repeats this";

my $conf = "$ENV{SCIM_SOURCE}/conf";
my @marked = map { "urn:example:scim:schemas:extension:employment:1.0:User:$_" }
    qw(badge skills certificates.value);
my $server = Scim::Server->new(section => <<"END");
ScimSchema $conf/employment.schema.json User
ScimSchema $conf/department.schema.json
ScimResourceType $conf/department.type.json
ScimIndex @marked
END
$server->postgres->administer(qw(index add), $_, '--schema',
    "$conf/employment.schema.json") for @marked;
$server->tolerates(qr/SCIM0103: too many wrong tokens/);
my $tolerant = $server->organization('acme');
my $strict = $server->app('acme', app => 'Strict', install => ['--strict']);
my $witness = $server->organization('globex');
my $kept = $witness->post('/Users', { schemas => [USER], userName => 'kept' })
    ->{json}{id};
my $mutation = Scim::Mutation->new(seed => $seed, ids => [ids($tolerant, 30),
    ids($strict, 10), $kept]);

if (defined(my $number = $ENV{SCIM_MUTATION})) {
    my ($request, $reply) = try_one($number, $tolerant);
    diag explain([$request, $reply]);
    is fault($request, $reply), undef, "request $number";
    $server->stop;
    done_testing;
    exit;
}

my @children = $server->children;
my @results = in_parallel($CLIENTS, sub ($n) {
    my @clients = map { $_->another } $tolerant, $strict;
    my (%seen, @faults);
    for (my $i = $n; $i < $count; $i += $CLIENTS) {
        my ($request, $reply) = try_one($i, $clients[$i / $CLIENTS % 2]);
        $seen{ $reply->{status} }++;
        $mutation->found($reply->{json}{id}) if $reply->{status} eq 201;
        my $fault = fault($request, $reply);
        push @faults, "$i: $fault\n$request->{method} $request->{path}\n"
            . ($request->{body} // '') . "\n-> $reply->{status} "
            . substr $reply->{body}, 0, 300 if defined $fault;
        last if @faults > $SHOWN;
    }
    return { seen => \%seen, faults => [map { printable($_) } @faults] };
});
my $seen = total(map { $_->{seen} } @results);
diag join ', ', map { "$_: $seen->{$_}" } sort keys %$seen;
my @faults = map { @{ $_->{faults} } } @results;
is scalar @faults, 0, "$count requests: none is answered wrongly"
    or diag join "\n\n", @faults[0 .. ($#faults < $SHOWN ? $#faults : $SHOWN)];
cmp_ok $seen->{200} // 0, '>', $count / 20, '... many are good ones';
cmp_ok $seen->{400} // 0, '>', $count / 10, '... and many are not';
is join(' ', sort $server->children), join(' ', sort @children),
    'no child has died';
is $witness->get("/Users/$kept")->{json}{userName}, 'kept',
    'another organization is as it was';
is $tolerant->get('/Users', { count => 1 })->{status}, 200,
    'the server is well';
is $server->postgres->psql(q{select count(*) from pg_stat_activity
    where usename = 'scim_httpd' and datname = current_database()
    and state like 'idle in transaction%'}), 0, 'no transaction is left open';
$server->stop;
done_testing;

# Of four kinds of body.
sub ids($client, $count) {
    my $app = $client->app;
    my @make = (
        sub ($n) { ('/Users', { schemas => [USER], userName => "$app.$n\@x",
            emails => [{ value => "$n\@x", type => 'work' }] }) },
        sub ($n) { ('/Groups', { schemas => [GROUP],
            displayName => "$app.$n" }) },
        sub ($n) { ('/Departments', { schemas => [DEPARTMENT],
            displayName => "$app.$n", budget => $n }) },
    );
    return map { $client->post($make[$_ % 3]->($_))->{json}{id} } 1 .. $count;
}

sub try_one($number, $client) {
    my $request = $mutation->request($number);
    my $reply = $client->request(@$request{qw(method path body)},
        %{ $request->{headers} });
    return ($request, $reply);
}

# What is wrong with the answer; undef: nothing.
sub fault($request, $reply) {
    my ($status, $body) = @$reply{qw(status body)};
    return "no answer: $body" if $status == 599;
    return 'status' if $status !~ /\A(?:2\d\d|304|4\d\d|501)\z/;
    return 'internals' if tells_internals($request, $body);
    my $type = $reply->{headers}{'content-type'} // '';
    return if $body eq '' && ($status =~ /\A(?:204|304)\z/
        || $request->{method} eq 'HEAD');
    if ($status >= 400 && is_for_httpd($request)) {
        return;
    }
    return 'no body' if $body eq '';
    return "media type $type" if $type !~ m{\Aapplication/(?:scim\+)?json\b};
    return 'no JSON' if ref $reply->{json} ne 'HASH';
    return if $status < 400;
    my $error = $reply->{json};
    return 'no error of SCIM'
        if ($error->{schemas} // [''])->[0] ne ERROR
        || ($error->{status} // '') ne $status
        || !length($error->{detail} // '');
    return;
}

# Words of the inside that the client did not send itself.
sub tells_internals($request, $body) {
    my $sent = $request->{path} =~ s/%([0-9A-F]{2})/chr hex $1/ger
        . ($request->{body} // '');
    return grep { index($sent, $_) < 0 } $body =~ /SQLSTATE|PostgreSQL|libpq
        |scim\.users|relation\ \\"|\w\.c:\d|0x[0-9a-f]{8}/gx;
}

# What httpd refuses, or leads to another place, before it asks anybody. (With
# AllowEncodedSlashes On an encoded slash is ours: t/11-urls.t.)
sub is_for_httpd($request) {
    my ($path) = split /\?/, $request->{path};
    return $request->{method} =~ /\A(?:TRACE|get)\z/
        || $path =~ m{%(?![0-9A-Fa-f]{2})|%00|%2F|/(?:\.|%2E){2}(?:/|\z)}i;
}

sub printable($text) {
    return $text =~ s/([^\n\x20-\x7e])/sprintf '\\x%02x', ord $1/ger;
}
