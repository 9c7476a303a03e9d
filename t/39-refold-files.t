# scimctl database refold with the files of attributes and types: what they
# describe is folded, and unique values that nobody has claimed are found.

use v5.36;
use utf8;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Server;
use Test::More;

use constant {
    USER => 'urn:ietf:params:scim:schemas:core:2.0:User',
    JOB  => 'urn:example:scim:schemas:extension:employment:1.0:User',
    DEPARTMENT => 'urn:example:scim:schemas:1.0:Department',
};
my $conf = "$ENV{SCIM_SOURCE}/conf";
my @schemas = ('--schema',
    "$conf/employment.schema.json,$conf/department.schema.json");
my @files = (@schemas, '--resource-type', "$conf/department.type.json");

my $server = Scim::Server->new(section =>
    "ScimSchema $conf/employment.schema.json User\n"
    . "ScimSchema $conf/department.schema.json\n"
    . "ScimResourceType $conf/department.type.json\n");
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
$server->organization('globex');

my ($ann, $bob) = map { created('/Users', user($_)) } 'ann', 'bob';
my $sales = created('/Departments', department("Verk\x{e4}ufe"));
my $right = dump_keys();
is_deeply refold(@files)->{json}, { from => 1, to => 1, users => 0,
    groups => 0, resources => 0, unclaimed => 0, applied => JSON::PP::false,
    conflicts => [] }, 'what is well folded needs nothing';

# As another fold might have left them.
$postgres->psql(<<~"END");
    update scim.user_folded set folded = jsonb_set(folded,
        '{${\ JOB},skills}', '["WRONG"]') where user_id = '$ann';
    update scim.unique_values set value = 'WRONG' where id in ('$ann', '$sales');
    update scim.resources set folded = folded || '{"displayName": "WRONG"}';
    update scim.schema set fold_version = 0;
    END
my $wrong = dump_keys();
for ([[], DEPARTMENT, qr/type "Department"/],
    [\@schemas, 'its type', qr/type "Department".*nothing was changed/],
    [['--schema', "$conf/department.schema.json", @files[2, 3]], JOB,
        qr/values of "\Q${\ JOB}\E".*--schema FILE.*nothing was changed/]) {
    my ($words, $what, $says) = @$_;
    my $refused = refold(@$words, '--apply');
    is $refused->{status}, 3, "without $what";
    like $refused->{errors}, $says, '... which it names';
    is dump_keys(), $wrong, '... and changes nothing';
}
my $report = refold(@files);
is_deeply [@{ $report->{json} }{qw(users resources unclaimed applied)}],
    [1, 1, 2, JSON::PP::false], 'with all files a report counts';
is dump_keys(), $wrong, '... and changes nothing';
$report = refold(@files, '--apply');
ok $report->{json}{applied}, '--apply' or diag $report->{errors};
is dump_keys(), $right, '... makes all as it was written';
$server->graceful;
is $acme->get('/Users', { filter => JOB . qq{:skills eq "\x{c4}RGER"} })
    ->{json}{totalResults}, 2, '... and found';
is $acme->post('/Departments', department("VERK\x{c4}UFE"))->{status}, 409,
    '... and taken';

# Stored before the attribute became unique
$postgres->psql('delete from scim.unique_values');
is $acme->put("/Users/$bob", user('bob', badge => 'ANN'))->{status}, 200,
    'without claims nothing is unique';
$report = refold(@files, '--apply');
is $report->{status}, 1, 'two who have the same value';
is_deeply $report->{json}{conflicts}, [{ organization => 'acme',
    resource_type => 'User', attribute => JOB . ':badge', key => 'ann',
    resources => [sort { $a->{id} cmp $b->{id} } { id => $ann, name => 'ann' },
        { id => $bob, name => 'bob' }] }], '... are named';
like $postgres->scimctl(qw(database refold), @files)->{output},
    qr/Conflict: acme, User \Q${\ JOB}\E:badge "ann":\n +$ann .*\n +$bob /,
    '... for people, too';
is $acme->put("/Users/$bob", user('bob', badge => 'Bob'))->{status}, 200,
    'one is given another';
$report = refold(@files);
is_deeply [@{ $report->{json} }{qw(users resources unclaimed conflicts)}],
    [0, 0, 2, []], '... then the others are reported';
is refold('--apply')->{json}{unclaimed}, 0, 'without files nobody knows';
is refold(@files, '--apply')->{json}{unclaimed}, 2, '... with them all claim';
is dump_keys(), $right, '... what they have';
is $acme->post('/Users', user('eve', badge => 'ANN'))->{status}, 409,
    '... and nobody else gets';
is refold(@files)->{json}{unclaimed}, 0, 'nothing is left to do';
for (['--schema', "$conf/none.json", qr{/none.json cannot be read}],
    ['--schema', "$conf/department.type.json", qr{type.json: /}],
    ['--resource-type', "$conf/department.type.json",
        qr{type.json: /schema: no ScimSchema}]) {
    my ($option, $file, $says) = @$_;
    my $refused = refold($option, $file);
    is $refused->{status}, 1, "$option $file";
    like $refused->{errors}, $says, '... why not';
}
$server->stop;
done_testing;

sub user($name, %job) {
    return { schemas => [USER, JOB], userName => $name,
        JOB, { badge => $name, skills => ["\x{c4}rger", 'x'], %job } };
}

sub department($name) {
    return { schemas => [DEPARTMENT], displayName => $name };
}

sub created($path, $body) {
    my $reply = $acme->post($path, $body);
    $reply->{status} == 201 or die $reply->{body};
    return $reply->{json}{id};
}

sub refold(@words) {
    return $postgres->scimctl(qw(database refold --json), @words);
}

sub dump_keys() {
    return $postgres->psql(q{
        select user_id, folded from scim.user_folded order by user_id;
        select id, folded from scim.resources order by id;
        select id, attr, value from scim.unique_values order by id, attr});
}
