#include <apr_strings.h>

#include "core/casefold.h"
#include "store/admin_connection.h"

/* Each statement answers one row: is it good, and what was found. */
/* clang-format off */
static const struct {
    const char *subject;
    const char *sql;
    const char *hint;
} checks[] = {
    { "server",
      "select current_setting('server_encoding') = 'UTF8', 'PostgreSQL '"
      " || current_setting('server_version') || ', encoding '"
      " || current_setting('server_encoding')",
      "make a database with createdb -E UTF8 -T template0 and migrate it" },
    { "role scim_owner",
      "select coalesce(bool_and(not rolcanlogin and not rolsuper"
      "  and not rolbypassrls), false),"
      " coalesce(max(concat_ws(', ', 'exists',"
      "  case when rolcanlogin then 'may log in' end,"
      "  case when rolsuper then 'is superuser' end,"
      "  case when rolbypassrls then 'bypasses row-level security' end)),"
      "  'is missing')"
      " from pg_roles where rolname = 'scim_owner'",
      "alter role scim_owner nologin nosuperuser nobypassrls" },
    { "role scim_httpd",
      "select coalesce(bool_and(rolcanlogin and not (rolsuper or rolbypassrls"
      "   or rolcreaterole or rolcreatedb or rolreplication"
      "   or pg_has_role(oid, 'scim_owner', 'member'))), false),"
      " coalesce(max(concat_ws(', ', 'exists',"
      "  case when not rolcanlogin then 'may not log in' end,"
      "  case when rolsuper then 'is superuser' end,"
      "  case when rolbypassrls then 'bypasses row-level security' end,"
      "  case when rolcreaterole then 'makes roles' end,"
      "  case when rolcreatedb then 'makes databases' end,"
      "  case when rolreplication then 'replicates' end,"
      "  case when pg_has_role(oid, 'scim_owner', 'member')"
      "       then 'is a member of scim_owner' end)), 'is missing')"
      " from pg_roles where rolname = 'scim_httpd'",
      "alter role scim_httpd login nosuperuser nobypassrls nocreaterole"
      " nocreatedb noreplication, and revoke scim_owner from scim_httpd" },
    { "role scim_admin",
      "select coalesce(bool_and(not r.rolcanlogin and not r.rolsuper"
      "  and not r.rolbypassrls and h.oid is not null"
      "  and not h.rolinherit), false),"
      " coalesce(max(concat_ws(', ', 'exists',"
      "  case when r.rolcanlogin then 'may log in' end,"
      "  case when r.rolsuper then 'is superuser' end,"
      "  case when r.rolbypassrls then 'bypasses row-level security' end,"
      "  case when h.oid is null then 'scim_httpd cannot become it' end,"
      "  case when h.rolinherit then 'scim_httpd inherits its rights' end)),"
      "  'is missing')"
      " from pg_roles r left join pg_roles h on h.rolname = 'scim_httpd'"
      "  and pg_has_role(h.oid, r.oid, 'member')"
      " where r.rolname = 'scim_admin'",
      "alter role scim_admin nologin nosuperuser nobypassrls, alter role"
      " scim_httpd noinherit, and grant scim_admin to scim_httpd" },
    { "role scim_reader",
      "select count(*) = 1, case count(*) when 1 then 'exists'"
      " else 'is missing' end from pg_roles where rolname = 'scim_reader'",
      "create role scim_reader nologin" },
    { "owned by scim_httpd",
      "select count(*) = 0, case count(*) when 0 then 'nothing'"
      " else count(*) || ' objects' end from pg_shdepend"
      " where deptype = 'o' and refclassid = 'pg_authid'::regclass"
      "   and refobjid in (select oid from pg_roles"
      "                     where rolname = 'scim_httpd')",
      "reassign owned by scim_httpd to scim_owner, in each database" },
    { "owner of the tables",
      "select count(*) = 0, coalesce('not scim_owner: '"
      "  || string_agg(relname, ', ' order by relname), 'scim_owner')"
      " from pg_class where relnamespace = 'scim'::regnamespace"
      "  and pg_get_userbyid(relowner) <> 'scim_owner'",
      "alter table ... owner to scim_owner" },
    { "row-level security",
      "select bool_and(relrowsecurity), case when bool_and(relrowsecurity)"
      "   then 'on for all ' || count(*) || ' tables of organizations'"
      "   else 'off for ' || string_agg(relname, ', ' order by relname)"
      "         filter (where not relrowsecurity) end"
      " from pg_class c where relnamespace = 'scim'::regnamespace"
      "  and relkind in ('r', 'p') and exists (select from pg_attribute"
      "       where attrelid = c.oid and attname = 'org_id')",
      "alter table ... enable row level security" },
    { "rights of scim_httpd",
      "select coalesce(bool_and(grants is null), false),"
      "  coalesce('too many: ' || max(grants), 'as they should be')"
      " from (select concat_ws(', ',"
      "   case when has_table_privilege(oid, 'scim.journal',"
      "        'update, delete, truncate') then 'journal' end,"
      "   case when has_table_privilege(oid, 'scim.tokens', 'select,"
      "        insert, update, delete, truncate') then 'tokens' end,"
      "   case when has_table_privilege(oid, 'scim.organizations', 'insert,"
      "        update, delete, truncate') then 'organizations' end,"
      "   case when has_table_privilege(oid, 'scim.accounts', 'insert,"
      "        update, delete, truncate') then 'accounts' end) as found"
      "  from pg_roles where rolname = 'scim_httpd') r"
      " cross join lateral (select nullif(found, '') as grants) g",
      "revoke what is too much on these tables from scim_httpd" },
    { "journal partitions",
      "select bool_and(there) filter (where n <= 1) and not used,"
      "  count(*) filter (where there and n > 0) || ' months ahead'"
      "  || case when used then ', rows in the default partition' else '' end"
      " from (select n, to_regclass('scim.journal_' || to_char((now()"
      "         at time zone 'UTC') + n * interval '1 month', 'YYYYMM'))"
      "         is not null as there from generate_series(0, 3) n) m,"
      "  (select exists (select from scim.journal_default) as used) d"
      " group by used",
      "run scimctl journal maintain, and again each month (cron)" },
    { "holds",
      "select true, concat("
      " (select count(*) from scim.organizations), ' organizations (',"
      " (select count(*) from scim.organizations"
      "   where scim_on and not suspended), ' with SCIM on), ',"
      " (select count(*) from scim.apps where uninstalled is null),"
      " ' apps, ', (select count(*) from scim.tokens where revoked is null"
      "   and (expires is null or expires > now())), ' live tokens, ',"
      " (select count(*) from scim.users), ' users, ',"
      " (select count(*) from scim.groups), ' groups')",
      NULL },
};
/* clang-format on */

static void add(apr_array_header_t *findings, const char *subject, int good,
                const char *says, const char *hint, apr_pool_t *pool)
{
    store_finding *finding = apr_pcalloc(pool, sizeof(*finding));

    finding->subject = subject;
    finding->good = good;
    finding->says = says;
    finding->hint = good ? NULL : hint;
    APR_ARRAY_PUSH(findings, store_finding *) = finding;
}

/* A version that does not fit has failed at the begin already. */
static scim_error *check_versions(apr_array_header_t *findings, store_admin *a,
                                  apr_pool_t *pool)
{
    store_schema_state state;
    scim_error *err = store_admin_read_state(&state, a, pool);

    if (err != NULL) {
        return err;
    }
    add(findings, "schema version", 1,
        apr_psprintf(pool, "%d, serves modules from %d on, this build is %d",
                     state.version, state.compatible_from,
                     STORE_SCHEMA_VERSION),
        NULL, pool);
    add(findings, "case folding", state.fold_version == SCIM_FOLD_VERSION,
        apr_psprintf(pool, "version %d, this build has %d", state.fold_version,
                     SCIM_FOLD_VERSION),
        "names would compare wrongly: scimctl database refold, with the newer "
        "release",
        pool);
    return NULL;
}

static int all_good(const apr_array_header_t *findings)
{
    int i;

    for (i = 0; i < findings->nelts; i++) {
        if (!APR_ARRAY_IDX(findings, i, store_finding *)->good) {
            return 0;
        }
    }
    return 1;
}

/* What needs no hint is no check, and may not even be allowed where one of the
 * checks failed: a table with a wrong owner cannot be counted. */
static scim_error *run_checks(apr_array_header_t *findings, store_admin *a,
                              apr_pool_t *pool)
{
    scim_error *err = check_versions(findings, a, pool);
    PGresult *row;
    apr_size_t i;

    for (i = 0; err == NULL && i < sizeof(checks) / sizeof(checks[0]); i++) {
        if (checks[i].hint == NULL && !all_good(findings)) {
            continue;
        }
        err = store_admin_run(&row, a, checks[i].sql, 0, NULL, pool);
        if (err == NULL) {
            add(findings, checks[i].subject, store_admin_is_true(row, 0, 0),
                store_admin_text(row, 0, 1, pool), checks[i].hint, pool);
        }
    }
    return err;
}

scim_error *store_schema_check(apr_array_header_t **out, store_admin *a,
                               apr_pool_t *pool)
{
    apr_array_header_t *findings = apr_array_make(pool, 16,
                                                  sizeof(store_finding *));
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = run_checks(findings, a, pool);
    }
    err = store_admin_end(err, a, pool);
    if (err == NULL) {
        *out = findings;
    }
    return err;
}
