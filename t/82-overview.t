# How an organization is: the steps of its set-up, its health, and hints, each
# made and unmade.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Process qw(slurp);
use Scim::Server;
use Test::More;

use constant USER => 'urn:ietf:params:scim:schemas:core:2.0:User';
use constant GROUP => 'urn:ietf:params:scim:schemas:core:2.0:Group';

my $server = Scim::Server->new;
my $postgres = $server->postgres;
my $acme = $server->organization('acme');
my $org = $postgres->psql(q{select org_id from scim.organizations
    where slug = 'acme'});

subtest 'set-up' => sub {
    is steps(), 'enable install', 'an app is there';
    ok hints()->{never_contacted}, '... and nobody has used it';
    $acme->get('/Users');
    is steps(), 'enable install paste contact', 'first contact';
    ok !hints()->{never_contacted}, '... is seen';
    $acme->post('/Users', user(1));
    like steps(), qr/user\z/, 'first user';
    my $seen = overview();
    is $seen->{users}{active}, 1, 'users are counted';
    ok $seen->{last_write}, 'a write is seen';
    is scalar @{ $seen->{operations} }, 24, 'a day has 24 hours';
    is $seen->{operations}[-1]{done}, 1, '... and this one an operation';
};

subtest 'hints' => sub {
    $acme->post('/Users', { %{ user($_) }, externalId => "p$_" }) for 2 .. 12;
    ok hints()->{external_id_changes}, 'externalId looks like mailNickname';
    ok !hints()->{active_never_sent}, 'nobody disabled, but all is new';
    $postgres->psql("update scim.users set created = now()
        - interval '40 days' where org_id = $org");
    ok hints()->{active_never_sent}, '... for a month: is active mapped?';
    $acme->post('/Users', { %{ user(13) }, active => \0 });
    ok !hints()->{active_never_sent}, '... it is';
    $acme->post('/Users', { %{ user($_) }, externalId => 'same' }) for 14, 15;
    like hints()->{external_id_shared}{detail}, qr/"same" belongs to 2/,
        'an externalId that two have';
    ok !hints()->{unmapped_groups}, 'no groups, none unmapped';
    my $id = $acme->post('/Groups', { schemas => [GROUP],
        displayName => 'Staff' })->{json}{id};
    like hints()->{unmapped_groups}{title}, qr/\AOne group without/, 'a group unmapped';
    $postgres->psql("insert into scim.group_mappings(org_id, mapping_id,
        group_id, organization_role, changed_by)
        values ($org, 9000, '$id', 'member', 'test')");
    ok !hints()->{unmapped_groups}, '... and mapped';
    like steps(), qr/map\z/, '... which ends the set-up';
    $acme->delete("/Groups/$id");
    ok hints()->{dormant_mappings}, 'a mapping without its group';
    $acme->post('/Users', user(1)) for 1 .. 10;
    like hints()->{failures}{title}, qr/\A10 requests/, 'ten times refused';
    is overview()->{failures}[0]{count}, 10, '... the overview counts them';
};

subtest 'tokens and contact' => sub {
    tokens(q{expires = now() + interval '40 days'});
    is hints()->{token_expires}{severity}, 'info', '40 days are left';
    tokens(q{expires = now() + interval '20 days'});
    is hints()->{token_expires}{severity}, 'warning', '20 days';
    tokens(q{expires = now() + interval '5 days'});
    is hints()->{token_expires}{severity}, 'error', '5 days';
    tokens(q{expires = now() - interval '5 days'});
    like hints()->{token_expires}{title}, qr/has expired/, 'over';
    tokens(q{expires = null, last_used = now() - interval '3 days'});
    ok !hints()->{token_expires}, 'one that does not expire';
    ok hints()->{no_contact}, 'nobody has called for days';
    ok !hints('--silent-hours', 100)->{no_contact}, '... which may be usual';
    $postgres->administer(qw(alerts change --organization acme --silent-hours 100));
    ok !hints()->{no_contact}, '... of the organization';
    ok hints('--silent-hours', 50)->{no_contact}, '... but for who asks otherwise';
    is $postgres->administer(qw(alerts change --organization acme --silent-hours 48))->{version},
        2, 'it is set';
    $postgres->psql("update scim.journal set at = now() - interval '8 hours'
        where org_id = $org and status >= 400;
        delete from scim.journal_counts; delete from scim.journal_counted");
    tokens(q{last_used = now() - interval '8 hours'});
    ok hints()->{quarantine}, 'failures, then silence: quarantine';
    my $second = $server->token('acme', $acme->app);
    tokens(q{created = now() - interval '100 days'});
    like hints()->{token_unused}{detail}, qr/that end with \Q@{[substr $second, -4]}\E for/,
        'a token that nobody uses beside one that is used';
    tokens(q{last_used = now() - interval '80 days'});
    ok !hints()->{token_unused}, '... for 90 days';
    tokens(q{last_used = now() - interval '95 days'});
    ok !hints()->{token_unused}, 'where none is used, that is another matter';
    tokens(q{revoked = now()});
    ok hints()->{no_token}, 'no token is left';
    is hints()->{no_token}{remedy}, 'Make a token and paste it.',
        '... and what to do is said';
    $postgres->psql("update scim.users set active = false,
        last_modified = now() - interval '100 days' where org_id = $org");
    $postgres->administer(qw(alerts change --organization acme --inactive-days 200));
    ok !hints()->{inactive_users}, 'users have not been inactive for so long';
    $postgres->administer(qw(alerts change --organization acme --inactive-days 90));
    like hints()->{inactive_users}{title}, qr/users have been inactive/,
        'people who have left';
    ok !hints('--inactive-days', 101)->{inactive_users}, '... not long ago';
};

subtest 'brake and rehearsal' => sub {
    is overview()->{brake}{engaged}, JSON::PP::false, 'the overview has the brake';
    ok !hints()->{brake_engaged}, '... which is not engaged';
    my $okta = $server->app('acme', kind => 'okta', app => 'Okta',
        install => [qw(--rehearsing on)]);
    is hints()->{rehearsing}{title}, 'Okta is rehearsing', 'an app rehearses';
    $postgres->administer(qw(app live Okta --organization acme));
    ok !hints()->{rehearsing}, '... and is live';
    my ($of_okta) = grep { $_->{code} eq 'never_contacted' }
        @{ $postgres->administer(qw(hint list --organization acme)) };
    like $of_okta->{where}, qr/\AOkta: /, 'a hint leads to the pages of its provider';
    my @ids = map { $okta->post('/Users', { schemas => [USER],
        userName => "o$_" })->{json}{id} } 1 .. 3;
    $postgres->administer(qw(brake change --organization acme --on on --users 1));
    $okta->delete("/Users/$_") for @ids;
    like hints()->{brake_engaged}{detail}, qr/It holds 2 removals/, 'the brake is on';
    is overview()->{brake}{held}, 2, '... says the overview, too';
    $postgres->administer(qw(brake release --organization acme));
    ok !hints()->{brake_engaged}, '... and released';
};

# Whoever adds a hint says what to do about it, and where.
subtest 'remedies' => sub {
    my $texts = slurp("$ENV{SCIM_SOURCE}/mod_scim/admin/overview.c");
    my %page = $texts =~ /^    \{ "(\w+)", (OURS|CREDENTIALS|MAPPINGS|STATUS),/mg;
    is_deeply [sort keys %page], [sort(slurp("$ENV{SCIM_SOURCE}/mod_scim/store/admin_overview.c")
        =~ /HINT\("(\w+)"/g)], 'each hint has one';
    my ($choices) = slurp("$ENV{SCIM_SOURCE}/mod_scim/admin/app.c") =~ /choices = "(entra[^"]*)"/;
    for my $kind (split /\|/, $choices) {
        my ($pages) = slurp("$ENV{SCIM_SOURCE}/mod_scim/admin/provider.c")
            =~ /\{ "$kind", \{\n(.*?)\} \},/ms;
        is_deeply [sort($pages =~ /\[ADMIN_PAGE_(\w+)\]\s*= "\w/g)],
            [qw(ASSIGNED CREDENTIALS GROUPS MAPPINGS STATUS)], "$kind: each page has its name";
    }
};

# What its provider does with a job that fails, by the hours of contact alone.
subtest 'a provider that slows down' => sub {
    my $globex = $server->organization('globex', app => 'Azure');
    my $it = $postgres->psql(q{select org_id from scim.organizations
        where slug = 'globex'});
    $globex->get('/Users') for 1, 2;
    is hours($it), 1, 'the hour of a contact is noted, once';
    tokens(q{stale = now()}, $it);
    $globex->get('/Users');
    is hours($it), 1, '... also after a minute';
    tokens(q{stale = now(), last_used = now() - interval '3 hours'}, $it);
    came($it, 24 * 50);
    $globex->get('/Users');
    is hours($it), 1, 'the next one is, and what is long ago is forgotten';
    is $postgres->psql("select hour = date_trunc('hour', now(), 'UTC')
        from scim.contacts where org_id = $it"), 't', '... as an hour of UTC';

    came($it, 0 .. 100);
    ok !slowed('globex'), 'it comes each hour, as usual';
    came($it, 0, 24, 48 .. 150);
    like slowed('globex')->{detail}, qr/\AIt came in every hour until .* once a day now\./,
        'it came each hour, and now once a day';
    like slowed('globex')->{where}, qr/\AEntra: Provisioning/, '... which its provider explains';
    came($it, 2, 3, 27, 51 .. 150);
    ok slowed('globex'), '... or about that';
    came($it, 24 * 20 + 5 .. 24 * 24, map { 24 * $_ } 0 .. 20);
    ok slowed('globex'), '... for weeks';
    came($it, 0 .. 5, 24, 48 .. 150);
    ok !slowed('globex'), 'it comes again as it did';
    came($it, 0, 72 .. 150);
    ok !slowed('globex'), 'it was away for days, and is back';
    came($it, 60, 84, 108 .. 250);
    ok !slowed('globex'), 'it is silent, which is another matter';
    came($it, 0, 24, 48, 72, 96, map { 120 + 3 * $_ } 0 .. 50);
    ok !slowed('globex'), 'it never came each hour';
    came($it, 0, 24, 48 .. 75);
    ok !slowed('globex'), 'or for a day only';
};

subtest 'the journal is counted once' => sub {
    $postgres->psql("delete from scim.journal where org_id = $org;
        delete from scim.journal_counts; delete from scim.journal_counted;
        insert into scim.journal(org_id, at, actor_kind, actor, app_id, action,
          resource_type, resource, part, status, scim_type, detail)
        select $org, date_trunc('hour', now()) - interval '2 hours'
            + n % 40 * interval '1 minute', 'token', '1', 1,
          case when n % 5 = 0 then 'create' else 'modify' end, 'User',
          gen_random_uuid(), case when n % 7 = 0 then 1 else 0 end,
          case when n % 5 = 0 then 400 else 200 end,
          case when n % 5 = 0 then 'invalidValue' end,
          case when n % 5 = 0 then 'row ' || n end
          from generate_series(1, 350) n
        union all select $org, date_trunc('hour', now()) - interval '2 hours',
          'account', 'me', null, 'permission.gain', 'User', gen_random_uuid(),
          0, null, null, null from generate_series(1, 100) n");
    # A few at a time, as requests do; then all, by who looks.
    $postgres->psql("select scim.journal_count($org, 37)") for 1 .. 3;
    is $postgres->psql('select sum(rows) > 0 and sum(rows) < 300
        from scim.journal_counts'), 't', 'some are counted';
    for my $look (1, 2) {
        my $seen = overview();
        is "$seen->{operations}[-3]{done} $seen->{operations}[-3]{failed}",
            '240 60', "look $look: each is counted once, and parts are none";
        is_deeply [map { "$_->{count} $_->{action} $_->{status} $_->{scim_type}" }
            @{ $seen->{failures} }], ['60 create 400 invalidValue'],
            '... by cause';
        like $seen->{failures}[0]{detail}, qr/\Arow \d+\z/, '... with a detail';
        is $seen->{operations}[-1]{done}, 0, '... and no other hour has any';
    }
    $postgres->psql("insert into scim.journal(org_id, actor_kind, actor, action,
        status) values ($org, 'token', '1', 'create', 201)");
    is overview()->{operations}[-1]{done}, 1, 'what is not yet counted is seen';
    is $postgres->psql('select sum(rows) from scim.journal_counts'), 300,
        '... and waits for its minute to be over';
    $postgres->psql("update scim.journal_counts set minute = minute
        - interval '5 days'");
    $postgres->psql("update scim.journal_counted set until = until
        - interval '5 minutes'; select scim.journal_count($org, 1000)");
    is $postgres->psql('select count(*) from scim.journal_counts'), 0,
        'what is older than four days is not kept';
};

$server->stop;
done_testing;

# Hours ago in which its app was in contact, and no others.
sub came($org, @hours) {
    $postgres->psql("delete from scim.contacts where org_id = $org;
        insert into scim.contacts(org_id, app_id, hour) select $org, 1,
        date_trunc('hour', now(), 'UTC') - h * interval '1 hour'
        from unnest(array[@{[join ', ', @hours]}]) h");
    return;
}

sub hours($org) {
    return $postgres->psql("select count(*) from scim.contacts where org_id = $org");
}

sub slowed($slug) {
    return (grep { $_->{code} eq 'quarantine' }
        @{ $postgres->administer(qw(hint list --organization), $slug) })[0];
}

sub overview {
    return $postgres->administer(qw(overview show --organization acme));
}

sub steps {
    return join ' ', map { $_->{done} ? $_->{code} : () }
        @{ overview()->{steps} };
}

sub hints(@words) {
    return { map { $_->{code} => $_ }
        @{ $postgres->administer(qw(hint list --organization acme), @words) } };
}

sub tokens($change, $of = $org) {
    return $postgres->psql("update scim.tokens set $change
        where org_id = $of");
}

sub user($n) {
    return { schemas => [USER], userName => "p$n\@x.example" };
}
