# Alerts: who gets e-mail, what is in it, each once; a sendmail that fails or is
# started twice; the installation's own program.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use File::Temp qw(tempdir);
use JSON::PP ();
use Scim::Crowd qw(in_parallel);
use Scim::Process qw(slurp write_file);
use Scim::Server;
use Test::More;

my $server = Scim::Server->new(admin => 1);
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
$server->organization('globex');
my $olga = $server->admin('acme', 'owner@acme.example');
my $org = $postgres->psql(q{select org_id from scim.organizations where slug = 'acme'});
my $dir = tempdir('scim-alerts-XXXXXX', DIR => '/tmp', CLEANUP => 1);

# Keeps what it gets in a file of its own, by the nanosecond.
my $sendmail = write_file("$dir/sendmail", <<~"END");
    #!/bin/sh
    [ ! -e $dir/slow ] || sleep 1
    name=$dir/mail.\$(date +%s%N)
    part=$dir/part.\$\$
    { echo "\$0 \$*"; env | sort; echo --; cat; } >\$part
    [ ! -e $dir/broken ] || { rm \$part; exit 75; }
    mv \$part \$name
    END
chmod 0755, $sendmail;

subtest 'addresses' => sub {
    is_deeply $olga->get('/alerts')->{json}, { addresses => [], silent_hours => 48,
        inactive_days => 90, version => 0 }, 'none at first';
    for my $bad ("a\@x.example\nBcc: b\@y.example", 'a@x.example, b@y.example', 'a b@x.example',
        '-f@x.example', 'a@localhost', 'a@-x.example', 'a@x..example', '.a@x.example', 'a@',
        '@x.example', 'a@b@x.example', '"a"@x.example', "a\@x.example\r", 'a@x.example>',
        "a\0\@x.example", "a\@x.example\0", "\x{e4}\@x.example", 'a|b@x.example', 'a@x.123', '',
        'a' x 65 . '@x.example', 'a@' . 'x.' x 130 . 'example') {
        my $reply = $olga->patch('/alerts', { addresses => ['good@x.example', $bad] });
        is $reply->{status}, 400, 'no address: ' . $bad =~ s/[^ -~]/?/gr;
    }
    is $olga->patch('/alerts', { addresses => [('a@x.example') x 21] })->{status}, 400,
        'no more than 20';
    is_deeply $olga->get('/alerts')->{json}{addresses}, [], 'nothing was taken';
    ok !eval { $postgres->psql("insert into scim.alert_settings(org_id, addresses)
        values ($org, array[E'a\@x.example\\nBcc: b\@y.example'])"); 1 },
        'nor would the database take it';
    my $set = $postgres->administer(qw(alerts change --organization acme --addresses),
        'ops@acme.example,o.b+scim@mail.acme.example');
    is_deeply $set->{addresses}, ['ops@acme.example', 'o.b+scim@mail.acme.example'], 'two are';
    is $olga->patch('/alerts', { addresses => [] }, 'If-Match' => '"9"')->{status}, 412,
        'two who change them meet';
    $postgres->administer(qw(account create --organization acme --name m --role member));
    is $server->admin('acme', 'm')->get('/alerts')->{status}, 403, 'a member does not see them';
};

subtest 'each once' => sub {
    is_deeply [told()], [], 'there is nothing to tell';
    token(q{expires = now() + interval '20 days'});
    my ($mail) = told();
    my ($how, $head, $body) = parts($mail);
    like $how, qr/\A\Q$sendmail\E -t -i\n/, 'sendmail -t -i';
    unlike $how, qr/SCIM_DATABASE|PGHOST|HOME=/, '... with nothing of the environment';
    is_deeply [$head =~ /^([A-Za-z-]+):/gm], [qw(To Subject MIME-Version Content-Type
        Content-Transfer-Encoding Auto-Submitted)], '... these headers and no others';
    like $head, qr/\ATo: ops\@acme\.example,\n\to\.b\+scim\@mail\.acme\.example\n/,
        '... to those who want it';
    like $head, qr/^Subject: \[mod_scim\] acme: 1 to look at$/m, '... with a subject';
    like $body, qr/The last token of Azure Generic SCIM expires soon/, 'what it is';
    like $body, qr/What to do: Rotate the token and paste the new one\./, '... what to do';
    like $body, qr/Where: Entra: Provisioning > Admin Credentials/, '... and where';
    is_deeply [told()], [], 'told once';
    is_deeply [map { "$_->{code} $_->{severity}" } current()], ['token_expires warning'],
        '... and listed as long as it lasts';
    token(q{expires = now() + interval '5 days'});
    is scalar(told()), 1, 'graver: told again';
    token(q{expires = null});
    is_deeply [told()], [], 'over: nothing to tell';
    is_deeply [current()], [], '... and forgotten';
    token(q{expires = now() + interval '20 days'});
    is scalar(told()), 1, 'back: told again';
    is $postgres->psql("select count(*) from scim.journal where org_id = $org
        and action = 'alert.mail'"), 3, 'the journal has each mail';
    $postgres->administer(qw(organization disable acme));
    token(q{expires = now() + interval '5 days'});
    is_deeply [told()], [], 'nobody is told while SCIM is off';
    $postgres->administer(qw(organization enable acme));
    is scalar(told()), 1, '... but then';
};

subtest 'what others wrote' => sub {
    $postgres->psql("insert into scim.journal(org_id, actor_kind, actor, app_id, action, status,
        detail) select $org, 'token', '1', 1, 'modify', 409,
        E'x\\nBcc: evil\@example.com\\n.\\n' || repeat('\x{c3}\x{a4}', 800) || E'\\e[2J'
        from generate_series(1, 10)");
    my ($mail) = told();
    my ($how, $head, $body) = parts($mail);
    unlike $head, qr/evil/, 'makes no header';
    like $body, qr/evil/, '... but is in the text';
    unlike $body, qr/^(?:Bcc|\.$)/m, '... and makes no line of its own';
    unlike $mail, qr/\e/, '... nor controls a terminal';
    is scalar(grep { length > 998 } split /\n/, $mail), 0, 'no line is too long';
    ok utf8::decode($body), '... nor cut within a character';
};

subtest 'a test' => sub {
    my $before = $postgres->psql('select count(*) from scim.journal');
    my @try = (qw(alerts test --organization), 'acme', '--sendmail', $sendmail);
    is $postgres->scimctl(@try)->{status}, 0, 'one can be sent';
    my ($mail) = mails();
    like $mail, qr/^\* This is a test\n  Nothing is wrong/m, '... that means nothing';
    is $postgres->psql('select count(*) from scim.journal'), $before, '... and is nothing new';
    is $postgres->scimctl(@try)->{status}, 0, 'another one as well';
    is scalar(mails()), 1, '... arrives';
    is scalar(told()), 0, '... and what was told is not told again';
    $try[3] = 'globex';
    my $nobody = $postgres->scimctl(@try);
    is $nobody->{status}, 1, 'to nobody it is an error';
    like $nobody->{errors}, qr/nobody to be told/, '... that says so';
    $try[3] = 'nowhere';
    like $postgres->scimctl(@try)->{errors}, qr/no organization "nowhere"/, '... as for who is not';
    $try[3] = 'acme';
    is $postgres->scimctl(@try[0 .. 3], '--sendmail', "$dir/none")->{status}, 1,
        'what does not arrive is one, too';
};

subtest 'a sendmail that fails' => sub {
    token(q{expires = now() + interval '20 days'});
    write_file("$dir/broken", '');
    my $run = run_alerts();
    is $run->{status}, 1, 'is an error';
    like $run->{errors}, qr/acme: 1 alerts by mail not delivered: .*ended with status 75/,
        '... which names it';
    unlink "$dir/broken";
    is scalar(told()), 1, '... and tried again';
    token(q{expires = now() + interval '5 days'});
    like run_alerts('--sendmail', "$dir/none")->{errors}, qr/cannot be run/,
        'one that is not there';
    like run_alerts('--sendmail', 'sendmail')->{errors}, qr/absolute path/, 'one without a path';
    is scalar(told()), 1, '... tried again';
};

subtest 'several runs at once' => sub {
    token(q{expires = now() + interval '20 days'});
    write_file("$dir/slow", '');
    my @runs = in_parallel(4, sub ($n) { return run_alerts() });
    is_deeply [map { $_->{status} } @runs], [0, 0, 0, 0], 'all end well';
    is scalar(mails()), 1, '... and one mail is sent';
    unlink "$dir/slow";
};

subtest 'the program of the installation' => sub {
    my $program = write_file("$dir/program", "#!/bin/sh\ncat >$dir/got.\$\$\n");
    chmod 0755, $program;
    my $file = write_file("$dir/alert-program", "$program\n", 0644);
    token(q{expires = now() + interval '5 days'});
    if ($> != 0) {
        my $run = run_alerts('--program-file', $file);
        is $run->{status}, 1, 'what is not root\'s is not run';
        like $run->{errors}, qr/does not belong to root/, '... and said';
        return;
    }
    for my $unsafe ([$file, 0666], [$file, 0664], [$program, 0777]) {
        my ($path, $mode) = @$unsafe;
        my $was = (stat $path)[2] & 07777;
        chmod $mode, $path;
        my $run = run_alerts('--program-file', $file);
        is $run->{status}, 1, sprintf 'not with mode %o', $mode;
        like $run->{errors}, qr/\Q$path\E is not used: others may write it/, '... and why';
        chmod $was, $path;
    }
    for my $path ($file, $program) {
        chown 65534, -1, $path;
        like run_alerts('--program-file', $file)->{errors}, qr/does not belong to root/,
            'not if it is another one\'s';
        chown 0, -1, $path;
    }
    write_file("$dir/relative", "program\n", 0644);
    like run_alerts('--program-file', "$dir/relative")->{errors}, qr/no absolute path/,
        'not without a path';
    is_deeply [glob "$dir/got.*"], [], 'none of them was run';
    is scalar(mails()), 0, '... and nothing was told';
    is run_alerts('--program-file', $file)->{status}, 0, 'root\'s own is';
    my %got = map { my $json = JSON::PP->new->utf8->decode(slurp($_)); ($json->{organization} =>
        $json) } glob "$dir/got.*";
    is_deeply [sort map { $_->{code} } @{ $got{acme}{alerts} }], [qw(failures token_expires)],
        'it gets all that it was not told, as JSON';
    like $got{acme}{alerts}[0]{remedy}, qr/Rotate the token/, '... with what to do';
    is scalar(mails()), 1, '... beside the mail';
    unlink glob "$dir/got.*";
    run_alerts('--program-file', $file);
    is_deeply [glob "$dir/got.*"], [], '... once';
};

$server->tolerates(qr/SCIM/);
$server->stop;
done_testing;

sub run_alerts(@words) {
    unshift @words, '--sendmail', $sendmail if !grep { $_ eq '--sendmail' } @words;
    return $postgres->scimctl(qw(alerts run), @words);
}

sub current() { return @{ $olga->get('/alerts/current')->{json}{items} } }

sub token($change) {
    $postgres->psql("update scim.tokens set last_used = now(), $change where org_id = $org");
    return;
}

# What a run sends.
sub told() {
    my $run = run_alerts();
    is $run->{status}, 0, 'alerts run' or diag $run->{errors};
    return mails();
}

sub mails() {
    my @files = sort glob "$dir/mail.*";
    my @mails = map { slurp($_) } @files;
    unlink @files;
    return @mails;
}

sub parts($mail) {
    my ($how, $text) = split /\n--\n/, $mail, 2;
    my ($head, $body) = split /\n\n/, $text, 2;
    return ($how, $head, $body);
}
