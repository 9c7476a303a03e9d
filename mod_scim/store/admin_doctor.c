/* What `scimctl doctor` asks of a running installation: beyond the schema, what
 * goes wrong with time. */
#include <string.h>

#include <apr_strings.h>

#include "store/admin_connection.h"

#define CLOCK_TOLERANCE_MS 2000

/* Each statement answers one row: is it good, and what was found. */
/* clang-format off */
static const struct {
    const char *subject;
    const char *sql;
    const char *hint;
} checks[] = {
    { "tokens",
      "select count(*) = 0, case count(*) when 0"
      "  then 'none expires within 30 days' else count(*)"
      "  || ' expire within 30 days: ' || string_agg(o.slug || ' key '"
      "  || t.key_id || ' on ' || to_char(t.expires at time zone 'UTC',"
      "  'YYYY-MM-DD'), ', ' order by t.expires) end"
      " from scim.tokens t join scim.organizations o on o.org_id = t.org_id"
      " where t.good and t.replaced_by is null and t.expires > now()"
      "  and not t.test"
      "  and t.expires < now() + interval '30 days'",
      "scimctl token rotate KEY --organization SLUG, and give the new token to"
      " the identity provider" },
    { "apps",
      "select count(*) = 0, case count(*) when 0"
      "  then 'each has a live token' else 'without a live token: '"
      "  || string_agg(o.slug || ' app ' || p.app_id, ', '"
      "   order by o.slug, p.app_id) end"
      " from scim.apps p join scim.organizations o on o.org_id = p.org_id"
      " where p.uninstalled is null and o.live and o.deleted is null"
      "  and not exists (select from scim.tokens t where t.org_id = p.org_id"
      "   and t.app_id = p.app_id and t.revoked is null and not t.test"
      "   and (t.expires is null or t.expires > now()))",
      "scimctl token create --organization SLUG --app APP, or uninstall what"
      " is not used" },
    { "group names",
      "select count(*) = 0, case count(*) when 0"
      "  then 'each is of one group' else 'of more than one group: '"
      "  || string_agg(slug || ' \"' || name || '\"', ', '"
      "   order by slug, name) end"
      " from (select o.slug, min(g.name) as name from scim.groups g"
      "   join scim.organizations o on o.org_id = g.org_id"
      "  group by o.slug, g.display_name having count(*) > 1) ambiguous",
      "rename one of each at its identity provider: who maps groups by name"
      " cannot tell them apart" },
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

/* Over a socket or the loopback nobody else listens. */
static void check_tls(apr_array_header_t *findings, const store_admin *a,
                      apr_pool_t *pool)
{
    const char *host = PQhost(a->conn);
    int is_local = host == NULL || *host == '\0' || *host == '/'
                   || strcmp(host, "localhost") == 0
                   || strcmp(host, "127.0.0.1") == 0
                   || strcmp(host, "::1") == 0;
    int is_tls = PQsslInUse(a->conn);

    add(findings, "connection", is_tls || is_local,
        apr_psprintf(pool, "to %s as %s, %s",
                     host != NULL && *host != '\0' ? host : "this machine",
                     PQuser(a->conn),
                     is_tls     ? PQsslAttribute(a->conn, "protocol")
                     : is_local ? "local"
                                : "not encrypted"),
        "sslmode=verify-full in the connection string, and ssl = on in "
        "postgresql.conf",
        pool);
}

static scim_error *check_clock(apr_array_header_t *findings, store_admin *a,
                               apr_pool_t *pool)
{
    apr_time_t asked = apr_time_now();
    apr_int64_t server, difference;
    PGresult *row;
    scim_error *err = store_admin_run(
        &row, a,
        "select (extract(epoch from clock_timestamp()) * 1000)::bigint", 0,
        NULL, pool);

    if (err != NULL) {
        return err;
    }
    server = store_admin_number(row, 0, 0);
    difference = server - apr_time_as_msec(asked / 2 + apr_time_now() / 2);
    add(findings, "clock",
        difference < CLOCK_TOLERANCE_MS && difference > -CLOCK_TOLERANCE_MS,
        apr_psprintf(pool, "the server's is %" APR_INT64_T_FMT " ms ahead of "
                     "this machine's",
                     difference),
        "let both machines keep time (chrony, systemd-timesyncd)", pool);
    return NULL;
}

/* $1: what httpd's children hold at most; during a graceful restart there are
 * the old ones besides the new. */
static scim_error *check_connections(apr_array_header_t *findings, int wanted,
                                     store_admin *a, apr_pool_t *pool)
{
    const char *value = apr_itoa(pool, wanted);
    PGresult *row;
    scim_error *err = store_admin_run(
        &row, a,
        "select free >= 2 * $1::int, format('max_connections leaves room for"
        " %s; httpd takes up to %s, twice as many during a graceful restart',"
        "  free, $1::int)"
        " from (select current_setting('max_connections')::int"
        "  - current_setting('superuser_reserved_connections')::int as free) c",
        1, &value, pool);

    if (err == NULL) {
        add(findings, "connections", store_admin_is_true(row, 0, 0),
            store_admin_text(row, 0, 1, pool),
            "raise max_connections, lower ScimDatabasePool or "
            "MaxRequestWorkers, or put PgBouncer between them",
            pool);
    }
    return err;
}

typedef struct examination {
    apr_array_header_t *findings;
    int wanted;
} examination;

static scim_error *examine(void *baton, store_admin *a, apr_pool_t *pool)
{
    examination *e = baton;
    PGresult *row;
    apr_size_t i;
    scim_error *err;

    e->findings->nelts = 0; /* it may run again */
    check_tls(e->findings, a, pool);
    err = check_clock(e->findings, a, pool);
    if (err == NULL && e->wanted > 0) {
        err = check_connections(e->findings, e->wanted, a, pool);
    }
    for (i = 0; err == NULL && i < sizeof(checks) / sizeof(checks[0]); i++) {
        err = store_admin_run(&row, a, checks[i].sql, 0, NULL, pool);
        if (err == NULL) {
            add(e->findings, checks[i].subject, store_admin_is_true(row, 0, 0),
                store_admin_text(row, 0, 1, pool), checks[i].hint, pool);
        }
    }
    return err;
}

scim_error *store_admin_examine(apr_array_header_t **out, int connections,
                                store_admin *a, apr_pool_t *pool)
{
    examination e = { apr_array_make(pool, 8, sizeof(store_finding *)),
                      connections };
    scim_error *err = store_admin_transact(examine, &e, NULL, STORE_ANYBODY, a,
                                           pool);

    if (err == NULL) {
        *out = e.findings;
    }
    return err;
}
