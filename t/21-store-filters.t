# A filter means the same in SQL (store/where.c) and in memory (core/match.c):
# random filters over random users, groups and departments of conf/. And lists of
# them have the same order (store/listing.c), from any cursor on. SCIM_SEED
# repeats a run, SCIM_FILTERS makes it longer.

use v5.36;
use FindBin;
use lib "$FindBin::Bin/lib";
use Scim::Postgres;
use Scim::Process qw(slurp);

my $seed = $ENV{SCIM_SEED} // time ^ $$;
my $count = $ENV{SCIM_FILTERS} // 15_000;

my $postgres = Scim::Postgres->new;
$postgres->administer(qw(organization create acme --name Acme --owner),
    'owner@acme.example', '--scim', 'on');
my $app = $postgres->administer(qw(app install --organization acme --kind
    generic --name), 'Random people');
# Rows of any shape: alone, of a list, below a complex value.
my $urn = 'urn:example:scim:schemas:extension:employment:1.0:User';
for my $path ('title', 'addresses.locality', 'name.givenName', "$urn:badge",
    "$urn:skills", "$urn:hired", "$urn:certificates.value") {
    $postgres->administer('index', 'add', $path, '--schema',
        "$ENV{SCIM_SOURCE}/conf/employment.schema.json");
}
my $org = $postgres->psql(q{select org_id from scim.organizations});

# Under the policies, as the module.
$ENV{PGPASSWORD} = slurp($postgres->password_file) =~ s/\s+\z//r;
my $status = system "$ENV{SCIM_BUILD}/t/lib/filters",
    $postgres->conninfo_httpd, $org, $app->{app_id}, $seed, $count,
    "$ENV{SCIM_SOURCE}/conf";
exit($status == 0 ? 0 : 1);
