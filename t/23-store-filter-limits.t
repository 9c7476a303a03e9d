# What a filter may not ask, and what becomes of one that takes too long: a
# 400 that says so, never everybody and never a fault of the server.
# P-3.4.2.2, P-3.12

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Postgres;
use Scim::Process qw(wait_for);
use Scim::Server;
use Test::More;
use Time::HiRes qw(time);

use constant {
    USER  => 'urn:ietf:params:scim:schemas:core:2.0:User',
    USERS => 3000,
};

my $server = Scim::Server->new(
    httpd => { ScimDatabaseTimeout => 'request=1' });
my $postgres = $server->postgres;
my $acme = $server->organization('acme');

refused('Users', $_) for
    # links, which only the module knows
    'groups.$ref ne "https://x.example/scim/v2/acme/Groups/1"',
    'groups[$ref sw "h"]', 'groups[value eq "a"].$ref ne "x"',
    'meta.location sw "https://x.example"', 'meta[location co "x"]',
    'userName eq "a" or not (meta.location ne "x")',
    # secrets
    'password eq "a"', 'password pr', 'not (password sw "a")',
    # not there, or not in this way
    'nothing eq "a"', 'name.nothing eq "a"', 'name eq "a"', 'urn:x:y:z eq "a"',
    'emails.nothing eq "a"', 'emails[nothing eq "a"]', 'userName[value eq "a"]',
    'members.value eq "a"', 'displayName.value eq "a"', 'displayName eq 1',
    'active eq "perhaps"', 'active gt true', 'meta.created co "2026"',
    'meta.lastModified gt "yesterday"', 'x509Certificates.value gt "AAAA"',
    'emails[type eq "work" and value[x eq 1]]', 'emails.value gt null',
    # not a filter
    '', ' ', 'userName', 'userName eq', 'userName eq a', q{userName eq 'a'},
    'userName eq "a', 'userName eq "a" and', '(userName eq "a"',
    'userName eq "a")', 'userName is "a"', 'not userName eq "a"',
    'userName eq "\\u0000"', 'userName sw "a\\u0000b"', 'userName eq "\\ud800"',
    'userName eq "a"; drop table scim.users', 'userName eq "a"--',
    # beyond the limits
    join(' or ', ('title pr') x 65),
    '(' x 65 . 'title pr' . ')' x 65;
refused('Groups', $_) for 'members.$ref gt "x"', 'members[$ref ew "x"]',
    'userName eq "a"', 'emails.value eq "a"', 'meta.location co "x"';

# The ends of what is a text, in every operator with and without an index.
for my $text (qw(\udbff\udfff \uffff \ud7ff \ue000 \u07ff \u0fff \u007f), '',
    'a\udbff\udfff', '\u00e4\udbff\udfff\udbff\udfff', '\u00e4\u0fff', '%', '_',
    '\\\\', '\\"', "'", '$1', '\u0001', '\ufffe') {
    for my $path (qw(userName externalId displayName emails.value title id
        groups.value meta.version)) {
        my @bad = grep { status('Users', qq{$path $_ "$text"}) != 200 }
            qw(eq ne co sw ew gt le);
        is "@bad", '', "$path may be compared with \"$text\"";
    }
}

# As many conditions as there may be, of the most costly kinds.
for my $condition ('userName eq "a"', 'emails.value eq "a"',
    'emails[value sw "a"]', 'id eq "x"', 'title co "a"', 'groups.display eq "a"',
    'groups.value eq "01900000-0000-7000-8000-000000000000"') {
    for my $word (qw(and or)) {
        is status('Users', join " $word ", ($condition) x 64), 200,
            "64 times $condition, joined by $word";
    }
}

# ------------------------------------------------------------------ too slow

fill();
my $slow = join ' or ', map { qq{groups.display co "x$_"} } 1 .. 60;
is status('Users', 'title eq "title5"'), 200,
    'a filter without an index is answered in time';

my $start = time;
my $reply = $acme->get('/Users', { filter => $slow });
my $seconds = time - $start;
is $reply->{status}, 400, 'a filter without an index that takes too long';
is $reply->{json}{scimType}, 'tooMany', '... matches too many'; # P-3.12-18
like $reply->{json}{detail}, qr/index/, '... and the client is told why';
cmp_ok $seconds, '<', 1.5, '... within the time of a request';
is $acme->get('/Users', { filter => qq(userName eq "user5" and ($slow)) })
    ->{status}, 200, 'with a condition that has an index it is fast';
ok wait_for(5, sub { $postgres->psql(q{select count(*) from pg_stat_activity
    where usename = 'scim_httpd' and state = 'active'
      and datname = current_database()}) == 0 }),
    'and nothing goes on in the database';

# Waiting is no fault of an indexed filter: 503, to be tried again.
with_locked('scim.user_values', sub {
    my $busy = $acme->get('/Users', { filter => 'emails.value eq "a"' });
    is $busy->{status}, 503, 'an indexed filter that has to wait is told 503';
    ok $busy->{headers}{'retry-after'}, '... and when to come again';
    is status('Users', 'userName eq "user5"'), 200, '... others go on';
});
with_locked('scim.user_folded', sub {
    my $busy = $acme->get('/Users', { filter => 'title eq "a"' });
    is $busy->{json}{scimType}, 'tooMany',
        'one without an index is told to use one';
});
is status('Users', 'emails.value eq "a"'), 200, 'afterwards all is well';

$server->tolerates(qr/SQLSTATE 57014/);
$server->stop;
done_testing;

sub status($type, $filter) {
    my $reply = $acme->get("/$type", { filter => $filter, count => 1 });
    diag "$filter: $reply->{body}" if $reply->{status} !~ /\A[24]/;
    return $reply->{status};
}

sub refused($type, $filter) {
    my $reply = $acme->get("/$type", { filter => $filter });
    my $shown = length $filter < 60 ? $filter : substr($filter, 0, 57) . '...';
    is "$reply->{status} " . ($reply->{json}{scimType} // ''),
        '400 invalidFilter', "refused: $shown";
    return;
}

sub with_locked($table, $code) {
    open my $psql, '|-', Scim::Postgres::program('psql'), '-Xq', '-d',
        $postgres->conninfo or die "psql: $!\n";
    $psql->autoflush;
    print {$psql} "begin; lock table $table in access exclusive mode;\n";
    wait_for(20, sub { $postgres->psql(qq{select count(*) from pg_locks
        where relation = '$table'::regclass and granted
          and mode = 'AccessExclusiveLock'}) > 0 }) or die "no lock\n";
    $code->();
    close $psql;
    return;
}

# Users who are in two groups each.
sub fill() {
    my $users = USERS;
    $postgres->psql(<<~"END");
        create temp table u as select n, gen_random_uuid() as id
          from generate_series(1, $users) n;
        create temp table g as select n, gen_random_uuid() as id
          from generate_series(1, 100) n;
        insert into scim.users(org_id, app_id, id, active, user_name, body)
          select org_id, app_id, id, true, 'user' || n, '{}' from u, scim.apps;
        insert into scim.user_folded select org_id, id, jsonb_build_object(
            'title', 'title' || n) from u, scim.apps;
        insert into scim.groups(org_id, app_id, id, name, display_name, body,
            folded) select org_id, app_id, id, 'Group a', 'group a' || n, '{}',
            '{}' from g, scim.apps;
        insert into scim.group_users select org_id, g.id, u.id
          from u, g, scim.apps where g.n in (1 + u.n % 100, 1 + (u.n + 7) % 100);
        analyze;
        END
    return;
}
