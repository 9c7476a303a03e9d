# Every statement of store/statements.c fits the migrated schema, may be run by
# scim_httpd, and reads nothing but by a key that begins with the organization.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use JSON::PP ();
use Scim::Postgres;
use Scim::Process qw(run slurp);
use Test::More;

my $JSON = JSON::PP->new->utf8;

my $postgres = Scim::Postgres->new;
local $ENV{PGPASSWORD} = slurp($postgres->password_file) =~ s/\s+\z//r;

my $printed = run('', "$ENV{SCIM_BUILD}/t/lib/statements",
    $postgres->conninfo_httpd);
is $printed->{status}, 0, 'the statements are there' or diag $printed->{errors};
my @statements = map { $JSON->decode($_) } split /\n/, $printed->{output};
cmp_ok scalar @statements, '>=', 40, '... all of them';

for my $statement (@statements) {
    my ($name, $sql) = @$statement{qw(name sql)};
    is $statement->{error}, undef, "$name can be prepared by scim_httpd";
    next if $statement->{bare};
    like $sql, qr/\$1\b/, '... and is about one organization';
}

my @about_one = grep { !$_->{bare} } @statements;
my @plans = plans_of(map { $_->{sql} } @about_one);
for my $statement (@about_one) {
    my $plan = shift @plans;
    is $plan->{type}, 'integer',
        "the first parameter of $statement->{name} is an organization";
    is_deeply [strays($plan->{plan})], [],
        '... with which every look into a table begins';
}

# The test of the test.
my ($by_id, $by_app) = plans_of(
    q{select from scim.users where id = $2::uuid and $1 > 0},
    q{select from scim.users where app_id = $1});
is scalar strays($by_id->{plan}), 1, 'a look by the id alone is noticed';
is scalar strays($by_app->{plan}), 1, 'a scan of all organizations is noticed';

done_testing;

# Without the policies, which would add the organization to any statement, and
# as if all tables were large.
sub plans_of(@sql) {
    my $script = <<~'END';
        set enable_seqscan = off;
        set plan_cache_mode = force_generic_plan;
        set scim.org = 1;
        set scim.app = 1;
        END
    for my $sql (@sql) {
        my ($count) = sort { $b <=> $a } $sql =~ /\$(\d+)/g;
        my $nulls = join ', ', ('null') x $count;
        $script .= <<~"END";
            prepare one as $sql;
            select 'type ' || parameter_types[1] from pg_prepared_statements;
            explain (format json, verbose) execute one($nulls);
            deallocate one;
            END
    }
    my @plans = split /^type /m, $postgres->psql($script);
    return map { my ($type, $json) = split /\n/, $_, 2;
        { type => $type, plan => $JSON->decode($json)->[0]{Plan} } }
        @plans[1 .. $#plans];
}

# Scans of our tables that do not begin with the organization. Which attributes
# have an index is the same for all of them.
sub strays($node) {
    my @found = map { strays($_) } @{ $node->{Plans} // [] };
    my $condition = $node->{'Index Cond'} // '';
    if (($node->{Schema} // '') eq 'scim' && $node->{'Relation Name'}
        && $node->{'Relation Name'} ne 'attributes'
        && $node->{'Node Type'} =~ /Scan\z/) {
        push @found, "$node->{'Node Type'} of $node->{'Relation Name'}:"
            . " $condition"
            if $node->{'Node Type'} ne 'Bitmap Heap Scan'
            # The row that another look has found.
            && ($node->{'TID Cond'} // '') !~ /\A\(\w+\.ctid = \w+\.ctid\)\z/
            && !begins_with_organization($condition);
    }
    elsif ($node->{'Node Type'} eq 'Bitmap Index Scan') {
        push @found, "$node->{'Index Name'}: $condition"
            if !begins_with_organization($condition);
    }
    return @found;
}

sub begins_with_organization($condition) {
    return $condition =~ /\A\(+(?:\w+\.)?org_id = /;
}
