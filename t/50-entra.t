# The whole life of a provisioning job as Entra ID runs it, against a real
# server: what the organization holds is compared with the directory.

use v5.36;
use File::Temp qw(tempdir);
use FindBin;
use lib "$FindBin::Bin/lib";
use IO::Socket::INET;
use JSON::PP ();
use POSIX ();
use Scim::Entra;
use Scim::Server;
use Test::More;

my $data = "$FindBin::RealBin/data";
my $folder = tempdir(CLEANUP => 1);
my $ENTERPRISE = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
my $FLAG = $Scim::Entra::FEATURE_FLAG;
my $DOMAIN = 'contoso.example';

my $server = Scim::Server->new;
for my $dialect ('legacy', 'flag') {
    my $organization = $server->organization("job-$dialect");
    subtest "the life of a job, $dialect dialect" => sub {
        live($organization, flag => $dialect eq 'flag' ? $FLAG : undef);
    };
}
subtest 'failures are retried until they are mended' => sub {
    fail_and_mend($server->organization('conflict'));
};
subtest 'provision on demand' => sub {
    provision_on_demand($server->organization('on-demand'));
};
subtest 'credentials that are no good' => sub {
    be_refused($server->organization('locked'));
};
subtest 'a server that asks for patience' => sub { be_patient() };
subtest 'the command line' => sub { run_command($server->organization('command')) };
$server->stop;
done_testing;

# ------------------------------------------------------------- the subtests

sub live($organization, %options) {
    my $run = sub ($file, $command, %more) {
        return job($organization, $file, %options, %more)->$command;
    };

    ok job($organization, 'directory.json', %options)->test_connection,
        'Test Connection';

    my $report = $run->('directory.json', 'initial');
    counts($report, 'the initial cycle', created => 37, skipped => 3);
    compare($organization, 'directory.json', absent => [qw(eszter.toth noor.vandijk viktor.hale)]);
    my %before = ids($organization);

    $report = $run->('directory.json', 'incremental');
    is $report->{requests}, 0, 'a cycle without changes sends nothing';

    $report = $run->('directory-changes.json', 'incremental');
    counts($report, 'the incremental cycle', created => 1, updated => 7,
        disabled => 2, deleted => 1);
    compare($organization, 'directory-changes.json',
        absent   => [qw(eszter.toth noor.vandijk viktor.hale)],
        inactive => [qw(petr.novak rosa.castillo)]);
    my %after = ids($organization);
    is $after{"dana.brooks-reyes\@$DOMAIN"}, $before{"dana.brooks\@$DOMAIN"},
        'a new user principal name is the same user';
    is $after{'Sales Worldwide'}, $before{'Sales EMEA and Americas'},
        'a renamed group is the same group';

    $report = $run->('directory-restored.json', 'incremental');
    counts($report, 'restored, purged, unassigned', restored => 2, disabled => 1,
        deleted => 1, updated => 1);
    my %absent = (absent => [qw(eszter.toth noor.vandijk viktor.hale)]);
    compare($organization, 'directory-restored.json', %absent,
        inactive => ['samuel.mwangi']);
    is $organization->get('/Users/' . $before{"xin.liu\@$DOMAIN"})->{status}, 404,
        'a purged user is gone';

    my $unassigned = changed('directory-restored.json', { unassign => ['Finance'] });
    $report = $run->($unassigned, 'incremental');
    counts($report, 'a group is unassigned', deleted => 1, disabled => 3);
    compare($organization, $unassigned, absent => [@{ $absent{absent} }, 'Finance'],
        inactive => [qw(samuel.mwangi omar.haddad sofia.papadopoulou petr.novak)]);

    $report = $run->('directory-restored.json', 'incremental');
    counts($report, 'and assigned again', created => 1, restored => 3);
    compare($organization, 'directory-restored.json', %absent,
        inactive => ['samuel.mwangi']);
    my %again = ids($organization);
    isnt $again{Finance}, $after{Finance}, 'the group has a new id';
    is $again{"omar.haddad\@$DOMAIN"}, $after{"omar.haddad\@$DOMAIN"},
        '... its members are who they were';

    my %versions = versions($organization);
    $report = $run->('directory-restored.json', 'restart');
    is $report->{summary}{created} + $report->{summary}{failed}, 0,
        'a restart finds everybody again' or diag explain $report->{objects};
    is_deeply { versions($organization) }, \%versions, '... and changes nothing';

    $report = $run->('directory-restored.json', 'incremental', scope => 'all');
    counts($report, 'scope: all', created => 1, restored => 1);
    my $back = changed('directory-restored.json', { newUser => {
        objectId => '0b6e5a0e-77a5-4b68-9a3e-2f0c7f1d9a11', displayName => 'Xin Liu',
        userPrincipalName => "xin.liu\@$DOMAIN", mailNickname => 'xin.liu',
        accountEnabled => JSON::PP::true } });
    $report = $run->($back, 'incremental', scope => 'all');
    counts($report, 'a new account with the name of a purged one', created => 1);
    isnt { ids($organization) }->{"xin.liu\@$DOMAIN"}, $before{"xin.liu\@$DOMAIN"},
        '... is somebody new';
    return;
}

sub fail_and_mend($organization) {
    job($organization, 'directory.json')->initial;
    my $taken = { user => "kofi.mensah\@$DOMAIN",
        set => { userPrincipalName => "PRIYA.nair\@$DOMAIN", jobTitle => 'Lead' } };
    my $file = changed('directory.json', $taken,
        { user => "grace.adeyemi\@$DOMAIN", set => { jobTitle => 'CFO' } });

    my $report = job($organization, $file)->incremental;
    counts($report, 'a name that is taken', failed => 1, updated => 1);
    my ($failed) = grep { $_->{action} eq 'failed' } @{ $report->{objects} };
    like $failed->{detail}, qr/409: uniqueness: .*userName/, 'the detail says why';
    is user($organization, "kofi.mensah\@$DOMAIN")->{title}, 'Service Desk Analyst',
        'nothing of the failed PATCH was kept';

    $report = job($organization, $file)->incremental;
    counts($report, 'the next cycle tries again', failed => 1);
    $report = job($organization, 'directory.json')->incremental;
    counts($report, 'mended in the directory', updated => 1, skipped => 1);
    $report = job($organization, 'directory.json')->incremental;
    is $report->{requests}, 0, 'and done with';
    return;
}

sub provision_on_demand($organization) {
    my $report = job($organization, 'directory.json', flag => $FLAG)
        ->on_demand('Ingrid van der Meer');
    counts($report, 'a user by display name', created => 1);
    my $small = changed('directory.json',
        { user => "ingrid.vandermeer\@$DOMAIN", set => { jobTitle => 'Chair' } });
    $report = job($organization, $small, flag => $FLAG)
        ->on_demand("ingrid.vandermeer\@$DOMAIN");
    counts($report, 'a change', updated => 1);
    is user($organization, "ingrid.vandermeer\@$DOMAIN")->{title}, 'Chair', '... is there';
    $report = job($organization, $small)->on_demand('Leadership Team');
    counts($report, 'a small group', created => 1);
    $report = job($organization, $small)->on_demand('Engineering');
    counts($report, 'a group of too many', failed => 1);
    $report = job($organization, $small)->on_demand('Viktor Hale');
    counts($report, 'somebody in the recycle bin', skipped => 1);
    ok !eval { job($organization, $small)->on_demand('Nobody'); 1 }, 'nobody';
    return;
}

sub be_refused($organization) {
    my %wrong = (token => $organization->token =~ s/.\z//r);
    ok !eval { job($organization, 'directory.json', %wrong)->test_connection; 1 },
        'Test Connection fails';
    like $@, qr/401/, '... and says why';
    my $report = job($organization, 'directory.json', %wrong)->initial;
    like $report->{quarantine}{reason}, qr/secret token/, 'the job is in quarantine';
    is $report->{requests}, 1, '... after one request';

    $report = job($organization, 'directory.json')->initial;
    is $report->{quarantine}, undef, 'a good token ends the quarantine';
    is $report->{summary}{created}, 37, '... and everything is provisioned';
    return;
}

sub be_patient() {
    my $empty = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],'
        . '"totalResults":0,"Resources":[]}';
    my ($url, $child) = canned(
        "429 Too Many Requests\r\nRetry-After: 7" => '{}',
        "503 Service Unavailable\r\nRetry-After: 3" => '',
        '200 OK' => $empty, '200 OK' => $empty, '200 OK' => $empty);
    my @pauses;
    my %fake = (url => $url, token => 'x', sleep => sub ($s) { push @pauses, $s });
    ok job(undef, 'directory.json', %fake)->test_connection, 'Test Connection in the end';
    is_deeply \@pauses, [7, 3], 'the client waits as long as it is told';
    waitpid $child, 0;

    ($url, $child) = canned(('500 Internal Server Error' => 'sorry') x 3);
    @pauses = ();
    ok !eval { job(undef, 'directory.json', %fake, url => $url, tries => 3)
        ->test_connection; 1 }, 'a server that stays broken';
    like $@, qr/500/, '... is told about';
    is_deeply \@pauses, [1, 2], '... after growing pauses';
    waitpid $child, 0;

    ($url, $child) = canned('404 Not Found' => '{}');
    my $report = job(undef, 'directory.json', %fake, url => $url)->initial;
    like $report->{quarantine}{reason}, qr/404/, 'a query answered with 404 is quarantine';
    waitpid $child, 0;
    return;
}

sub run_command($organization) {
    my @place = ('--url', $organization->url, '--token', $organization->token,
        '--state', "$folder/command.json");
    my ($status, $text) = provision(@place, '--directory', "$data/directory.json", 'test');
    is $status, 0, 'test: exit status 0';
    like $text, qr/credentials are good/, '... and a sentence';

    ($status, $text) = provision(@place, '--directory', "$data/directory.json",
        '--json', 'initial');
    is $status, 0, 'initial: exit status 0';
    is JSON::PP::decode_json($text)->{summary}{created}, 37, '... and a report as JSON';

    ($status, $text) = provision(@place, '--directory', "$data/directory-changes.json",
        'incremental');
    is $status, 0, 'incremental: exit status 0';
    like $text, qr/^Users\s+1\s+3\s+2\s+0\s+0\s+0\s+0$/m, '... and a table';

    for my $wrong (['--bogus'], [@place, 'initial'], ['fly']) {
        ($status, $text, my $error) = provision(@$wrong);
        is $status, 2, "provision $wrong->[-1]: exit status 2";
        like $error, qr/\Aprovision: [^\n]+\n\z/, '... and one line that says why';
    }
    return;
}

# ---------------------------------------------------------------- the means

# One state file for each organization.
sub job($organization, $file, %options) {
    my %place = $organization ? (url => $organization->url,
        token => $organization->token,
        state => "$folder/" . $organization->url =~ s{.*/}{}r . '.json') : ();
    return Scim::Entra->new(%place,
        directory => $file =~ m{/} ? $file : "$data/$file", %options);
}

# A directory file that differs from one of t/data by some changes.
sub changed($base, @changes) {
    state $n = 0;
    my $file = sprintf '%s/directory-%d.json', $folder, ++$n;
    open my $out, '>:raw', $file or die "$file: $!";
    print {$out} JSON::PP->new->utf8->encode(
        { base => "$data/$base", changes => \@changes });
    close $out or die "$file: $!";
    return $file;
}

# Exit status, standard output, standard error.
sub provision(@arguments) {
    my $errors = "$folder/provision.err";
    open my $kept, '>&', \*STDERR or die "stderr: $!";
    open STDERR, '>', $errors or die "$errors: $!";
    my $pid = open my $pipe, '-|', $^X, "$FindBin::RealBin/lib/provision", @arguments;
    open STDERR, '>&', $kept or die "stderr: $!";
    $pid or die "provision: $!";
    my $text = do { local $/; <$pipe> } // '';
    close $pipe;
    my $status = $? >> 8;
    open my $in, '<', $errors or die "$errors: $!";
    return ($status, $text, do { local $/; <$in> } // '');
}

# A server that gives these answers, one for each connection, and ends.
sub canned(@answers) {
    my $socket = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5)
        or die "socket: $@";
    my $child = fork // die "fork: $!";
    if (!$child) {
        answer($socket, splice @answers, 0, 2) while @answers;
        POSIX::_exit(0);
    }
    return (sprintf('http://127.0.0.1:%d/scim', $socket->sockport), $child);
}

sub answer($socket, $status, $body) {
    my $client = $socket->accept or return;
    while (defined(my $line = <$client>)) {
        last if $line eq "\r\n";
    }
    printf {$client} "HTTP/1.1 %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s",
        $status, length $body, $body;
    close $client;
    return;
}

# Whatever is not named must be zero; what is skipped counts only if named.
sub counts($report, $what, %expected) {
    my %got = %{ $report->{summary} };
    delete $got{skipped} if !exists $expected{skipped};
    delete @got{ grep { !$got{$_} } keys %got };
    is_deeply \%got, \%expected, $what or diag explain $report->{objects};
    is $report->{quarantine}, undef, '... without quarantine';
    return;
}

# ------------------------------------------------- what the organization holds

sub all($organization, $endpoint) {
    my (@all, $total);
    do {
        my $start = @all + 1;
        my $page = $organization->get("$endpoint?startIndex=$start&count=20")->{json};
        $total = $page->{totalResults};
        push @all, @{ $page->{Resources} };
        die "$endpoint: an empty page at $start of $total" if @all < $start && $total;
    } while (@all < $total);
    return @all;
}

sub user($organization, $name) {
    my ($user) = grep { $_->{userName} eq $name } all($organization, '/Users');
    return $user;
}

sub ids($organization) {
    return ((map { $_->{userName} => $_->{id} } all($organization, '/Users')),
            (map { $_->{displayName} => $_->{id} } all($organization, '/Groups')));
}

sub versions($organization) {
    return map { $_->{id} => $_->{meta}{version} }
        all($organization, '/Users'), all($organization, '/Groups');
}

# Compares with the directory: users by what the default mapping sends, groups
# with their members. absent: neither of these; inactive: there, but disabled.
sub compare($organization, $file, %except) {
    my $directory = Scim::Entra::Directory->read($file =~ m{/} ? $file : "$data/$file");
    my %absent = map { $_ => 1 } @{ $except{absent} // [] };
    my %inactive = map { $_ => 1 } @{ $except{inactive} // [] };
    my %mail_name = map { $_->{objectId} => $_->{mailNickname} } $directory->users;
    my %is_there = map { $_->{objectId} => 1 }
        grep { !$absent{ $_->{mailNickname} } } $directory->users;

    my @resources = all($organization, '/Users');
    my %nick = map { $_->{id} => $_->{externalId} } @resources;
    my %got = map { $_->{externalId} => seen_user($_, \%nick) } @resources;
    my %expected = map { $_->{mailNickname} =>
            expected_user($_, \%is_there, \%mail_name, \%inactive) }
        grep { $is_there{ $_->{objectId} } } $directory->users;
    is_deeply \%got, \%expected, 'the users are those of the directory';

    my %groups = map { $_->{displayName} => [$_->{externalId},
        sort map { $nick{ $_->{value} } // 'nobody' } @{ $_->{members} // [] }] }
        all($organization, '/Groups');
    my %wanted = map { $_->{displayName} => [$_->{objectId},
        sort map { $mail_name{$_} } grep { $is_there{$_} } @{ $_->{members} // [] }] }
        grep { !$absent{ $_->{displayName} } } $directory->groups;
    is_deeply \%groups, \%wanted, 'the groups and their members too';
    return;
}

sub seen_user($user, $nick) {
    my ($mail) = grep { $_->{type} eq 'work' } @{ $user->{emails} // [] };
    my ($address) = grep { $_->{type} eq 'work' } @{ $user->{addresses} // [] };
    my %phone = map { $_->{type} => $_->{value} } @{ $user->{phoneNumbers} // [] };
    my $enterprise = $user->{$ENTERPRISE} // {};
    my $manager = ($enterprise->{manager} // {})->{value};
    return {
        userName => $user->{userName}, displayName => $user->{displayName},
        name => $user->{name}, title => $user->{title},
        active => $user->{active} ? 1 : 0, mail => $mail->{value},
        city => $address->{locality}, street => $address->{streetAddress},
        work => $phone{work}, mobile => $phone{mobile},
        department => $enterprise->{department}, number => $enterprise->{employeeNumber},
        manager => defined $manager ? $nick->{$manager} // 'nobody' : undef,
    };
}

sub expected_user($user, $is_there, $mail_name, $inactive) {
    my $manager = $user->{manager};
    my $guest = $user->{userPrincipalName} =~ /#EXT#/;
    return {
        userName => $guest ? $user->{mail} : $user->{userPrincipalName},
        displayName => $user->{displayName},
        name => { givenName => $user->{givenName}, familyName => $user->{surname},
            formatted => "$user->{givenName} $user->{surname}" },
        title => $user->{jobTitle}, mail => $user->{mail},
        active => $inactive->{ $user->{mailNickname} } ? 0 : 1,
        city => $user->{city}, street => $user->{streetAddress},
        work => $user->{telephoneNumber}, mobile => $user->{mobile},
        department => $user->{department}, number => $user->{employeeId},
        manager => defined $manager && $is_there->{$manager} ? $mail_name->{$manager} : undef,
    };
}
