#include "store/connect.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "store/admin.h"

/* As a child without privileges libpq would look into root's home for
 * certificates, fail there, and fall back to plain text without a word. */
static const char *const no_files[]
    = { "sslcert", "sslkey", "sslcrl", NULL };
static const char nowhere[] = "/nonexistent/mod_scim";

static void add_file_defaults(const char **names, const char **values,
                              int *count, const char *conninfo)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL), *option;
    int i;

    for (i = 0; options != NULL && no_files[i] != NULL; i++) {
        for (option = options; option->keyword != NULL; option++) {
            if (strcmp(option->keyword, no_files[i]) == 0
                && option->val == NULL) {
                names[*count] = no_files[i];
                values[(*count)++] = nowhere;
            }
        }
    }
    PQconninfoFree(options);
}

/* libpq counts whole seconds from the beginning of the present one: one more
 * makes it at least what was asked, where the request has the time. */
static int timeout_s(const store_settings *settings, apr_time_t deadline)
{
    int more = settings->connect_timeout_s + 1;

    return deadline - apr_time_now() >= apr_time_from_sec(more)
               ? more
               : settings->connect_timeout_s;
}

static PGconn *connect_to(const store_settings *settings, apr_time_t deadline)
{
    const char *names[12] = { "dbname", "fallback_application_name",
                              "client_encoding", "connect_timeout" };
    const char *values[12] = { settings->conninfo, "mod_scim", "UTF8" };
    char timeout[16];
    int count = 4;

    apr_snprintf(timeout, sizeof(timeout), "%d",
                 timeout_s(settings, deadline));
    values[3] = timeout;
    if (settings->password != NULL) {
        names[count] = "password";
        values[count++] = settings->password;
    }
    add_file_defaults(names, values, &count, settings->conninfo);
    names[count] = NULL;
    return PQconnectdbParams(names, values, 1);
}

/* Waits for one result of a query that was sent; NULL: none came in time. */
static PGresult *first_result(PGconn *pg, apr_time_t deadline)
{
    struct pollfd watch = { .fd = PQsocket(pg), .events = POLLIN };
    PGresult *result, *next;

    while (PQisBusy(pg)) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0) {
            return NULL;
        }
        poll(&watch, 1, (int)apr_time_as_msec(left) + 1);
        if (!PQconsumeInput(pg)) {
            return NULL;
        }
    }
    result = PQgetResult(pg);
    while ((next = PQgetResult(pg)) != NULL) {
        PQclear(next);
    }
    return result;
}

static const char check_sql[]
    = "SELECT r.rolsuper OR r.rolbypassrls OR"
      " pg_has_role(current_user, 'scim_owner', 'MEMBER'),"
      " s.version, s.compatible_from, s.fold_version,"
      " (SELECT string_agg(concat_ws(' ', a.attr,"
      "   (a.ready AND a.attr > 1)::int, coalesce(a.urn, '-'), a.name, a.path),"
      "   E'\n') FROM scim.attributes a)"
      " FROM scim.schema s, pg_roles r WHERE r.rolname = current_user";

/* Of lines of five words, each. emails.value has a column of its own where
 * filters are concerned. */
static const store_index *read_indexes(char *lines, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(store_index));
    char *line, *rest, *word;

    for (line = apr_strtok(lines, "\n", &rest); line != NULL;
         line = apr_strtok(NULL, "\n", &rest)) {
        store_index *index = apr_array_push(list);
        const char *urn;

        index->attr = atoi(apr_strtok(line, " ", &word));
        index->ready = atoi(apr_strtok(NULL, " ", &word));
        urn = apr_strtok(NULL, " ", &word);
        index->urn = strcmp(urn, "-") != 0 ? urn : NULL;
        index->name = apr_strtok(NULL, " ", &word);
        index->path = apr_strtok(NULL, " ", &word);
    }
    apr_array_push(list);
    return (const store_index *)list->elts;
}

/* What is wrong with this database or role; NULL: nothing, and *lines tells
 * what has an index. */
static const char *misfit(char **lines, PGconn *pg, apr_time_t deadline,
                          apr_pool_t *pool)
{
    PGresult *result = NULL;
    const char *wrong = NULL;

    if (PQsendQuery(pg, check_sql)) {
        result = first_result(pg, deadline);
    }
    if (PQresultStatus(result) != PGRES_TUPLES_OK || PQntuples(result) != 1) {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

        wrong = apr_psprintf(pool,
                             "the schema scim cannot be read (SQLSTATE %s); "
                             "run scimctl database check",
                             state != NULL ? state : "none");
    }
    else if (*PQgetvalue(result, 0, 0) == 't') {
        wrong = "ScimDatabase names a superuser or the owner of the tables; "
                "row-level security would not hold: connect as scim_httpd";
    }
    else if (atoi(PQgetvalue(result, 0, 1)) < STORE_SCHEMA_VERSION
             || atoi(PQgetvalue(result, 0, 2)) > STORE_SCHEMA_VERSION
             || atoi(PQgetvalue(result, 0, 3)) != SCIM_FOLD_VERSION) {
        wrong = apr_psprintf(pool,
                             "the schema has version %s (compatible from %s, "
                             "fold %s), this module needs %d (fold %d); run "
                             "scimctl database migrate, or for another fold "
                             "scimctl database refold",
                             PQgetvalue(result, 0, 1),
                             PQgetvalue(result, 0, 2),
                             PQgetvalue(result, 0, 3), STORE_SCHEMA_VERSION,
                             SCIM_FOLD_VERSION);
    }
    else {
        *lines = apr_pstrdup(pool, PQgetvalue(result, 0, 4));
    }
    PQclear(result);
    return wrong;
}

static apr_status_t close_connection(void *data)
{
    store_connection *c = data;

    PQfinish(c->pg);
    c->pg = NULL;
    return APR_SUCCESS;
}

scim_error *store_connect(store_connection **out,
                          const store_settings *settings, apr_time_t deadline,
                          apr_pool_t *pool)
{
    PGconn *pg = connect_to(settings, deadline);
    char *lines = NULL;
    const char *wrong;
    store_connection *c;
    apr_pool_t *own;

    if (PQstatus(pg) != CONNECTION_OK) {
        scim_error *err = store_unavailable(
            pool, "could not reach PostgreSQL: %s", PQerrorMessage(pg));

        PQfinish(pg);
        return err;
    }
    PQsetnonblocking(pg, 1);
    wrong = misfit(&lines, pg, deadline, pool);
    if (wrong != NULL || apr_pool_create(&own, NULL) != APR_SUCCESS) {
        PQfinish(pg);
        return store_unavailable(pool, "%s",
                                 wrong != NULL ? wrong : "no memory");
    }
    c = apr_pcalloc(own, sizeof(*c));
    c->pg = pg;
    c->pool = own;
    c->prepared = apr_hash_make(own);
    c->indexes = read_indexes(apr_pstrdup(own, lines), own);
    apr_pool_cleanup_register(own, c, close_connection,
                              apr_pool_cleanup_null);
    *out = c;
    return NULL;
}

int store_connection_is_dead(const store_connection *c)
{
    struct pollfd watch = { .fd = PQsocket(c->pg), .events = POLLIN };

    return PQstatus(c->pg) != CONNECTION_OK || poll(&watch, 1, 0) != 0;
}
