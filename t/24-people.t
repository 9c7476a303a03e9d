# What scimctl shows to people: no JSON, names in place of ids, and what is gone
# by its name, too.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Server;
use Test::More;

use constant {
    USER     => 'urn:ietf:params:scim:schemas:core:2.0:User',
    WORK     => 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
    GROUP    => 'urn:ietf:params:scim:schemas:core:2.0:Group',
    PATCH_OP => 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
};

my $server = Scim::Server->new;
my $postgres = $server->postgres;
my $acme = $server->organization('acme', app => 'Entra');
my @in_acme = qw(--organization acme);
my $ann = made('/Users', user('ann', displayName => "A\x{e9}\x{7}nn", title => 'First',
    schemas => [USER, WORK], WORK, { manager => { value => 'boss' } },
    emails => [{ value => 'ann@x.example', type => 'work' }]));
my $team = made('/Groups', { schemas => [GROUP], displayName => 'Team', externalId => 't-1',
    members => [{ value => $ann }] });
my $all = made('/Groups', { schemas => [GROUP], displayName => 'Everyone',
    members => [{ value => $team }] });
$postgres->administer(qw(stack create --name Shop), @in_acme);

subtest 'users and groups' => \&show_both;
subtest 'history' => \&show_history;
subtest 'what is gone' => \&show_deleted;
subtest 'overview, hints, brake' => \&show_state;
subtest 'spreadsheets' => \&show_sheets;
subtest 'help' => \&show_names;
$server->stop;
done_testing;

sub show_both {
    says(qw(mapping save --group Everyone --role Developer --stack Shop));
    my $text = says(qw(user show ANN));
    like $text, qr/^User +ann$/m, 'a user by its name';
    like $text, qr/^ +emails\[0\]\.value +ann\@x\.example$/m, '... with attributes by path';
    like $text, qr/^ +\Q@{[WORK]}\E:manager\.value +boss$/m, '... also of extensions';
    like $text, qr/^Groups:\n  Team\n  Everyone, which contains Team$/m, '... groups';
    like $text, qr/because of Team, which is in Everyone \(mapping/, '... and why it holds what';
    like $text, qr/A\xc3\xa9\\u\{7\}nn/, '... and nothing that a terminal obeys';
    $text = says(qw(group show team));
    like $text, qr/^Within +Everyone$/m, 'a group';
    like $text, qr/^Gives +nothing: it is not mapped$/m, '... and what it gives';
    like says(qw(group show everyone)), qr/^Gives +Developer in Shop$/m, '... or the one above';
    my ($id) = says(qw(mapping list)) =~ /^(\d+) /m;
    like says(qw(mapping show), $id), qr/^$id +Everyone +Entra .* Developer in Shop$/m, 'a mapping';
    like says(qw(journal list acme --action permission.gain)),
        qr/permission\.gain .* ann .* Developer in Shop by mapping Everyone$/m,
        'the journal says which permission, and by what';
    like says(qw(organization show acme)), qr/^members by default +yes\nmapped admins +no$/m,
        'an organization has its settings';
    return;
}

sub show_history {
    $acme->patch("/Users/$ann", patch({ op => 'replace', path => 'title',
        value => 'Second' }, { op => 'remove', path => 'displayName' }));
    my $text = says(qw(user history ann));
    like $text, qr/^Version 2 .* modify by token \d+ \(Entra\)$/m, 'a version';
    like $text, qr/^    title: First -> Second$/m, '... what it changed';
    like $text, qr/^    displayName: .* -> \(none\)$/m, '... and took away';
    unlike $text, qr/emails\[0\]\.value: .* ->/, '... and no more';
    like $text, qr/^Version 1 .*\n(?:    .*\n)*    title: First$/m, '... and was at first';
    like says(qw(user version ann --version 1)), qr/^ +title +First$/m, 'one of them';
    like says(qw(user memberships ann)), qr/ joined +Team +token \d+ +create$/m, 'memberships';
    like says(qw(group history Team)), qr/^    members added \(1\): ann$/m, 'who came';
    like says(qw(group version Team --version 1)), qr/^Members:\n  ann$/m, 'who was there';
    return;
}

sub show_deleted {
    $acme->delete("/Groups/$all");
    $acme->delete("/Users/$ann");
    like says(qw(user deleted)), qr/ ann +Entra +token \d+ +yes +$ann$/m, 'who is gone';
    is_deeply [map { $_->{name} } @{ json(qw(user deleted --search AN)) }], ['ann'],
        '... by the beginning of a name';
    is_deeply json(qw(user deleted --search nn)), [], '... not by another part';
    is json(qw(group deleted --search Every))->[0]{id}, $all, 'groups as well';
    is_deeply [map { scalar @{ json(qw(group deleted --app), $_) } } 'Entra', 1], [1, 1],
        '... of an app';
    like says(qw(user history ann)), qr/^Version 3 .* delete by token/m, '... has a history';
    is json(qw(user restore Ann --memberships))->{groups}, 1, '... and comes back by its name';
    is json(qw(group restore everyone --memberships))->{id}, $all, '... a group as well';
    is_deeply json(qw(user deleted)), [], '... and is gone no more';
    $acme->delete("/Users/$ann");
    my $other = made('/Users', user('ann'));
    like fails(qw(user restore ann)), qr/More than one user .* one of (?:$other,$ann|$ann,$other)/,
        'of two of one name the id is asked for';
    $acme->delete("/Users/$other");
    is scalar @{ json(qw(user deleted --limit 1)) }, 1, 'a page';
    my ($next) = says(qw(user deleted --limit 1)) =~ /There is more: --after (\S+)$/m;
    is json(qw(user deleted --after), $next)->[0]{id}, $ann, '... and the next one';
    like fails(qw(user deleted --after 1.2)), qr/--after|"after"/, '... and none that is made up';
    like fails(qw(user restore zoe)), qr/There is no user "zoe"/, 'who never was';
    json(qw(user restore), $other);
    is_deeply [map { $_->{kept} } @{ json(qw(user deleted)) }], [JSON::PP::true],
        'it can be restored';
    json(qw(user erase), $ann);
    is_deeply [map { $_->{kept} } @{ json(qw(user deleted)) }], [JSON::PP::false],
        '... unless it was erased';
    return;
}

sub show_state {
    my $text = says(qw(overview show));
    like $text, qr/^done   Enable SCIM$/m, 'steps';
    like $text, qr/^Groups +2, 1 of them without a mapping$/m, 'sums';
    $acme->post('/Users', user('ann')) for 1 .. 10;
    $text = says(qw(overview show));
    like $text, qr/^Last 24 hours +\d+ writes done, 10 failed$/m, 'the last day';
    like $text, qr/^10 +create +409 +uniqueness +/m, '... and why';
    $text = says(qw(hint list));
    like $text, qr/^warning  10 requests.* \(failures\)\n .*\n +What to do: .*\n +Where: J/m,
        'a hint says what to do, and where';
    is says(qw(hint list --organization globex)) , "Nothing needs attention.\n", 'or there is none'
        if $postgres->administer(qw(organization create globex --owner g --name G));
    like says(qw(brake show)), qr/^The brake is off\.$/m, 'the brake';
    $text = says(qw(brake change --on --users 1 --percent 50));
    like $text, qr/no more than 1, and 50 % of those who are active are deactivated/,
        '... as it is set';
    my @more = map { made('/Users', user("more$_")) } 1 .. 3;
    $acme->delete("/Users/$_") for @more;
    like says(qw(brake show)), qr/^Engaged +since .*: it holds 2$/m, '... engaged';
    like says(qw(brake let-through), $more[1]), qr/^more2 may go/, '... let through';
    like says(qw(brake release)), qr/^Released +nothing is counted until /m, '... released';
    like says(qw(journal list acme --action brake.hold)), qr/brake\.hold .* more2 +- +delete$/m,
        '... and what was held';
    return;
}

sub show_sheets {
    made('/Groups', { schemas => [GROUP], displayName => $_ })
        for '=cmd|"x",1', '-1', 'a "b", c', '@x';
    my @rows = map { s/\A[^,]*,//r } split /\r\n/, says(qw(group list --csv --search), '');
    is_deeply [grep { !/^(?:Team|Every)/ } @rows], ['NAME,APP,MEMBERS,MAPPED',
        q('-1,Entra,0,no), q("'=cmd|""x"",1",Entra,0,no), q('@x,Entra,0,no),
        q("a ""b"", c",Entra,0,no)], 'a table is CSV without a formula';
    like says(qw(user deleted --csv)), qr/,no,$ann\r\n/, 'what is null is nothing';
    return;
}

sub show_names {
    is $postgres->scimctl('holder')->{status}, 2, 'a family alone is no command';
    like $postgres->scimctl('holder')->{errors}, qr/scimctl holder --help/, '... and help is named';
    like says(qw(alerts change --addresses), 'a@x.example, b@x.example'),
        qr/^addresses +a\@x\.example, b\@x\.example$/m, 'a list may have blanks';
    for my $has ([qw(token create --app APP)], [qw(holder list --stack STACK)],
        [qw(holder list --role ROLE)], [qw(explain --stack STACK)],
        [qw(mapping reconnect --group GROUP)]) {
        my $value = pop @$has;
        my $option = pop @$has;
        like $postgres->scimctl(@$has, '--help')->{output}, qr/^  $option $value /m,
            "@$has takes a name for $option";
    }
    return;
}

sub user($name, %more) {
    return { schemas => [USER], userName => $name, %more };
}

sub patch(@operations) {
    return { schemas => [PATCH_OP], Operations => \@operations };
}

sub made($path, $body) {
    my $reply = $acme->post($path, $body);
    $reply->{status} == 201 or die $reply->{body};
    return $reply->{json}{id};
}

sub words(@words) {
    return (@words, (grep { /\A(?:--organization|acme)\z/ } @words) ? () : @in_acme);
}

sub json(@words) { return $postgres->administer(words(@words)) }

sub says(@words) {
    my $done = $postgres->scimctl(words(@words));
    is $done->{status}, 0, "scimctl @words" or diag $done->{errors};
    unlike $done->{output}, qr/[{}]"|\["|\{"/, '... shows no JSON';
    return $done->{output};
}

sub fails(@words) {
    my $done = $postgres->scimctl(words(@words));
    is $done->{status}, 1, "scimctl @words is refused";
    return $done->{errors};
}
