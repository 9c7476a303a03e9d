# The module under each of httpd's process models: requests, reloads under load,
# and what is left of connections and memory afterwards. SCIM_RELOADS makes it
# longer (30: the full size).

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use POSIX ();
use Scim::Process qw(slurp wait_for);
use Scim::Server;
use Test::More;
use Time::HiRes qw(sleep time);

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
    CLIENTS  => 16,
    RELOADS  => $ENV{SCIM_RELOADS} // 4,
};

for my $mpm (qw(event worker prefork)) {
    subtest $mpm => sub { live($mpm) };
}
subtest 'enabled by a reload' => \&enable_by_reload;
done_testing;

sub live ($mpm) {
    my $server = Scim::Server->new(mpm => $mpm);
    my $acme = $server->organization('acme');
    is create($acme, 'bjensen')->{status}, 201, 'a user is created';
    is $acme->get('/Users')->{json}{totalResults}, 1, '... and found';

    # The first reloads fill what is allocated once.
    $server->graceful for 1 .. 2;
    my $before = memory($server->pid);
    my @running = map { start_client($acme, $_) } 1 .. CLIENTS;
    for (1 .. RELOADS) {
        sleep 0.5;
        $server->graceful;
    }
    my @failed = map { finish_client($_) } @running;
    is_deeply \@failed, [('') x CLIENTS],
        RELOADS . ' reloads and ' . CLIENTS . ' clients: no request failed';
    # Leaks of 4 KB in each reload are found by the full size.
    cmp_ok memory($server->pid) - $before, '<=', 256 + 4 * RELOADS,
        'the parent has not grown (KB)';

    my $most = $mpm eq 'prefork' ? 40 : 2 * 8;
    ok wait_for(40, sub { $server->postgres->backends <= $most }),
        'old children have left no connection behind';
    $server->stop;
    ok wait_for(5, sub { $server->postgres->backends == 0 }),
        'nobody has after the stop';
    return;
}

# A module that a package enables is loaded by a reload, never by a start.
sub enable_by_reload {
    my $server = Scim::Server->new;
    my $text = $server->config_text;
    my $without = $text =~ s{^LoadModule scim_module.*\n}{}mr
        =~ s{^Scim.*\n}{}mgr =~ s{<Location /scim.*?</Location>}{}sr
        =~ s{ scim:info}{}r;
    $server->end_by('TERM');
    $server->start($without);
    my $acme = $server->organization('acme');
    is $acme->get('/Users')->{status}, 404, 'without the module there is nothing';
    $server->graceful($text);
    is $acme->get('/Users')->{status}, 200, 'after a reload there is';
    $server->graceful($without);
    is $acme->get('/Users')->{status}, 404, '... and after another there is not';
    $server->stop;
    return;
}

sub create ($client, $name) {
    return $client->post('/Users', { schemas => [USER], userName => $name });
}

# Works on a user of its own until it is told to stop; says what went wrong.
sub start_client ($acme, $n) {
    my $pid = open my $pipe, '-|';
    defined $pid or die "fork: $!";
    if (!$pid) {
        my $is_over;
        local $SIG{TERM} = sub { $is_over = 1 };
        my $own = $acme->another;
        my $made = create($own, "client-$n");
        my $wrong = $made->{status} == 201 ? '' : "POST: $made->{status}";
        my $count = 0;
        while (!$is_over && $wrong eq '') {
            $wrong = work_once($own, $made->{json}{id}, ++$count);
            sleep 0.01;
        }
        print $wrong;
        close STDOUT;
        POSIX::_exit(0);
    }
    return [$pid, $pipe];
}

sub work_once ($own, $id, $count) {
    my $reply = $own->get("/Users/$id");
    return "GET: $reply->{status} $reply->{body}" if $reply->{status} != 200;
    # A write goes out on a connection that the server may be closing.
    my $fresh = $own->another;
    $reply = $fresh->patch("/Users/$id", { schemas => [PATCH_OP],
        Operations => [{ op => 'replace', path => 'title',
            value => "T$count" }] });
    return "PATCH: $reply->{status} $reply->{body}" if $reply->{status} != 200;
    return $reply->{json}{title} eq "T$count" ? '' : 'an old title';
}

sub finish_client ($client) {
    my ($pid, $pipe) = @$client;
    kill 'TERM', $pid;
    local $/;
    my $said = readline $pipe;
    close $pipe;
    return $said // '';
}

sub memory ($pid) {
    my ($kilobytes) = slurp("/proc/$pid/status") =~ /^VmRSS:\s+(\d+)/m;
    return $kilobytes;
}
