#include "store/admin_connection.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "store/trip.h"

#define OLDEST_SERVER 140000

static void discard_notice(void *baton, const PGresult *result)
{
    (void)baton;
    (void)result;
}

static apr_status_t close_connection(void *conn)
{
    PQfinish(conn);
    return APR_SUCCESS;
}

static apr_status_t clear_result(void *result)
{
    PQclear(result);
    return APR_SUCCESS;
}

/* libpq's messages have several lines; an error of ours has one. */
static const char *one_line(const char *text, apr_pool_t *pool)
{
    char *line = apr_pstrdup(pool, text), *p;
    apr_size_t len = strlen(line);

    while (len > 0 && line[len - 1] == '\n') {
        line[--len] = '\0';
    }
    for (p = line; *p != '\0'; p++) {
        if (*p == '\n' || *p == '\t') {
            *p = ' ';
        }
    }
    return line;
}

scim_error *store_admin_open(store_admin **out, const char *conninfo,
                             const store_actor *actor, apr_pool_t *pool)
{
    /* What stands before dbname is a default, what stands after it is not. */
    const char *names[] = { "connect_timeout", "fallback_application_name",
                            "dbname", "client_encoding", NULL };
    const char *values[] = { "5", "scimctl", conninfo, "UTF8", NULL };
    store_admin *a = apr_pcalloc(pool, sizeof(*a));

    a->actor = actor;
    a->conn = PQconnectdbParams(names, values, 1);
    apr_pool_cleanup_register(pool, a->conn, close_connection,
                              apr_pool_cleanup_null);
    if (PQstatus(a->conn) != CONNECTION_OK) {
        return scim_error_make(SCIM_UNAVAILABLE, pool,
                               "The database cannot be reached: %s",
                               one_line(PQerrorMessage(a->conn), pool));
    }
    if (PQserverVersion(a->conn) < OLDEST_SERVER) {
        return scim_error_make(SCIM_UNAVAILABLE, pool,
                               "PostgreSQL 14 or later is needed, and the "
                               "server is %s.",
                               PQparameterStatus(a->conn, "server_version"));
    }
    PQsetNoticeReceiver(a->conn, discard_notice, NULL);
    *out = a;
    return NULL;
}

static int state_is(const char *state, const char *wanted)
{
    return state != NULL && strncmp(state, wanted, strlen(wanted)) == 0;
}

/* By SQLSTATE (PostgreSQL manual, appendix A); what a caller knows better, as
 * a conflict, it finds out before. */
static scim_error *explain(const PGresult *result, store_admin *a,
                           apr_pool_t *pool)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *message = one_line(
        text != NULL ? text : PQerrorMessage(a->conn), pool);

    if (PQstatus(a->conn) != CONNECTION_OK || state_is(state, "57P")) {
        return scim_error_make(SCIM_UNAVAILABLE, pool,
                               "The connection to the database was lost: %s",
                               message);
    }
    if (state_is(state, "42501")) {
        return scim_error_make(
            SCIM_FORBIDDEN, pool,
            "The database role \"%s\" may not do this (%s): connect as a "
            "superuser or as a member of scim_owner.",
            PQuser(a->conn), message);
    }
    if (state_is(state, "25006")) {
        return scim_error_make(SCIM_UNAVAILABLE, pool,
                               "This database server only reads (%s): connect "
                               "to the primary.",
                               message);
    }
    a->failed.retry = state_is(state, "40");
    a->failed.timeout = state_is(state, "55P03");
    if (a->failed.timeout || a->failed.retry) {
        return scim_error_make(SCIM_UNAVAILABLE, pool,
                               "The database is busy (%s): try again.",
                               message);
    }
    return scim_error_because(scim_error_make(SCIM_INTERNAL, pool,
                                              "The database refused: %s",
                                              message),
                              pool, "SQLSTATE %s",
                              state != NULL ? state : "unknown");
}

static scim_error *take(PGresult **out, PGresult *result, store_admin *a,
                        apr_pool_t *pool)
{
    ExecStatusType status = PQresultStatus(result);

    apr_pool_cleanup_register(pool, result, clear_result,
                              apr_pool_cleanup_null);
    if (out != NULL) {
        *out = result;
    }
    return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK
               ? explain(result, a, pool)
               : NULL;
}

/* Data exceptions: what a client made up in place of what it was given, such
 * as the `next` of a list. Nothing but a value can be at fault here. */
static scim_error *unfit(scim_error *err, const PGresult *result,
                         apr_pool_t *pool)
{
    if (!state_is(PQresultErrorField(result, PG_DIAG_SQLSTATE), "22")) {
        return err;
    }
    return scim_error_because(
        scim_error_make(SCIM_INVALID_VALUE, pool,
                        "A value is not of the form that belongs there; "
                        "\"after\" takes what a list gave as \"next\"."),
        pool, "%s", err->cause);
}

/* Whoever asks may have it done where no deadline is. */
static scim_error *in_time(scim_error *err, const store_admin *a)
{
    if (err != NULL && err->fault == SCIM_UNAVAILABLE
        && (a->failed.timeout || apr_time_now() >= a->caller.deadline)) {
        err->detail = "This takes longer than a request may take; nothing was "
                      "changed. scimctl does the same without a limit of time.";
    }
    return err;
}

/* In a child: a trip with one step. */
static scim_error *run_borrowed(PGresult **out, store_admin *a,
                                const char *sql, int count,
                                const char *const *values, apr_pool_t *pool)
{
    store_step step = { .statement = STORE_AD_HOC, .sql = sql };
    apr_array_header_t *more = apr_array_make(pool, count + 1,
                                              sizeof(const char *));
    int i, failed;
    scim_error *err;

    for (i = 0; i < count; i++) {
        APR_ARRAY_PUSH(more, const char *) = values[i];
    }
    step.more = more;
    err = store_trip(&failed, &step, 1, a->c, a->caller.deadline, a->s, pool);
    if (out != NULL) {
        *out = step.result;
    }
    if (err != NULL || failed < 0) {
        return in_time(err, a);
    }
    err = store_result_error(&a->failed, step.result, "admin", NULL, pool);
    a->c->broken |= a->failed.renew;
    a->c->gone |= a->failed.gone;
    return in_time(unfit(err, step.result, pool), a);
}

scim_error *store_admin_run(PGresult **out, store_admin *a, const char *sql,
                            int count, const char *const *values,
                            apr_pool_t *pool)
{
    if (a->conn == NULL) {
        return run_borrowed(out, a, sql, count, values, pool);
    }
    return take(out,
                PQexecParams(a->conn, sql, count, NULL, values, NULL, NULL, 0),
                a, pool);
}

scim_error *store_admin_script(store_admin *a, const char *sql,
                               apr_pool_t *pool)
{
    return take(NULL, PQexec(a->conn, sql), a, pool);
}

/* jit: compiling costs more than any statement of ours takes. scim_httpd has it
 * off for good. */
scim_error *store_admin_begin_as_login(store_admin *a, apr_pool_t *pool)
{
    return store_admin_script(
        a, "begin isolation level read committed; set local jit = off", pool);
}

static scim_error *check_version(store_admin *a, apr_pool_t *pool)
{
    store_schema_state state;
    scim_error *err = store_admin_read_state(&state, a, pool);

    if (err != NULL) {
        return err;
    }
    if (!state.present) {
        return scim_error_make(SCIM_UNAVAILABLE, pool,
                               "The database \"%s\" has no tables of mod_scim "
                               "yet: run scimctl database migrate.",
                               PQdb(a->conn));
    }
    if (state.version < STORE_SCHEMA_VERSION) {
        return scim_error_make(SCIM_UNAVAILABLE, pool,
                               "The database has version %d, and this scimctl "
                               "needs %d: run scimctl database migrate.",
                               state.version, STORE_SCHEMA_VERSION);
    }
    if (state.compatible_from > STORE_SCHEMA_VERSION) {
        return scim_error_make(SCIM_UNAVAILABLE, pool,
                               "The database has version %d, which is too new "
                               "for this scimctl (%d): use the scimctl of the "
                               "release that migrated it.",
                               state.version, STORE_SCHEMA_VERSION);
    }
    return NULL;
}

scim_error *store_admin_begin(store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin_as_login(a, pool);

    return err != NULL ? err : check_version(a, pool);
}

scim_error *store_admin_end(scim_error *err, store_admin *a, apr_pool_t *pool)
{
    if (err == NULL) {
        return store_admin_script(a, a->is_tried ? "rollback" : "commit",
                                  pool);
    }
    /* The first error is the one that tells something. */
    PQclear(PQexec(a->conn, "rollback"));
    return err;
}

const char *store_admin_text(const PGresult *result, int row, int column,
                             apr_pool_t *pool)
{
    return PQgetisnull(result, row, column)
               ? NULL
               : apr_pstrdup(pool, PQgetvalue(result, row, column));
}

apr_int64_t store_admin_number(const PGresult *result, int row, int column)
{
    return strtoll(PQgetvalue(result, row, column), NULL, 10);
}

int store_admin_is_true(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}

scim_error *store_admin_journal(const store_act *act, const store_actor *actor,
                                store_admin *a, apr_pool_t *pool)
{
    apr_time_t took = actor->received == 0 ? 0
                                           : apr_time_now() - actor->received;
    const char *values[] = { apr_psprintf(pool, "%" APR_INT64_T_FMT,
                                          act->org_id),
                             actor->realm != NULL ? "account" : "scimctl",
                             actor->name,
                             act->action,
                             act->name,
                             act->before,
                             act->after,
                             apr_itoa(pool, (int)apr_time_as_msec(took)),
                             actor->request_id,
                             actor->address };

    return store_admin_run(
        NULL, a,
        "insert into scim.journal (org_id, actor_kind, actor, action, name,"
        " changes, duration_ms, request_id, address)"
        " values ($1, $2, $3, $4, $5, jsonb_strip_nulls("
        "  jsonb_build_object('before', $6::jsonb, 'after', $7::jsonb)),"
        " $8, $9, $10)",
        10, values, pool);
}
