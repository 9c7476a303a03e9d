#include "store/trip.h"

#include <poll.h>
#include <string.h>

#include <apr_strings.h>

/* No wait is longer than this, so that a socket that fell silent without an
 * event cannot outlast the deadline by more. */
#define SLICE_MS 250

void store_step_text(store_step *step, const char *value)
{
    step->values[step->count++] = value;
}

void store_step_int(store_step *step, apr_int64_t value, apr_pool_t *pool)
{
    store_step_text(step, apr_psprintf(pool, "%" APR_INT64_T_FMT, value));
}

void store_step_bytes(store_step *step, const void *value, int length)
{
    step->lengths[step->count] = length;
    step->values[step->count++] = value;
}

static apr_status_t clear_result(void *result)
{
    PQclear(result);
    return APR_SUCCESS;
}

/* How many filters' texts are prepared on one connection. */
#define MAX_KEPT 64

static const char *sql_of(const store_step *step)
{
    return step->statement == STORE_AD_HOC
               ? step->sql
               : store_statements[step->statement].sql;
}

/* By which a connection remembers that it has prepared the step. */
static const char *key_of(const store_step *step)
{
    return step->statement == STORE_AD_HOC
               ? step->sql
               : store_statements[step->statement].name;
}

/* Which prepared statement the step uses, and whether it is new. */
static void choose_prepared(store_step *step, store_connection *c,
                            const store *s)
{
    int fixed = step->statement != STORE_AD_HOC;
    const char *key = key_of(step);

    if (!store_settings_of(s)->prepare || (!fixed && !step->keep)) {
        return;
    }
    step->prepared = apr_hash_get(c->prepared, key, APR_HASH_KEY_STRING);
    if (step->prepared != NULL || (!fixed && c->filters == MAX_KEPT)) {
        return;
    }
    step->preparing = 1;
    step->prepared = fixed ? key : apr_psprintf(c->pool, "filter_%d",
                                                c->filters++);
    apr_hash_set(c->prepared, fixed ? key : apr_pstrdup(c->pool, key),
                 APR_HASH_KEY_STRING, step->prepared);
}

static int send_step(store_step *step, store_connection *c, apr_pool_t *pool)
{
    int more = step->more != NULL ? step->more->nelts : 0;
    int i, count = step->count + more;
    apr_size_t size = (apr_size_t)count + 1;
    const char **values = apr_palloc(pool, size * sizeof(*values));
    int *lengths = apr_pcalloc(pool, size * sizeof(*lengths));
    int *formats = apr_pcalloc(pool, size * sizeof(*formats));

    for (i = 0; i < step->count; i++) {
        values[i] = step->values[i];
        lengths[i] = step->lengths[i];
        formats[i] = step->lengths[i] > 0;
    }
    for (i = 0; i < more; i++) {
        values[step->count + i] = APR_ARRAY_IDX(step->more, i, const char *);
    }
    if (step->preparing
        && !PQsendPrepare(c->pg, step->prepared, sql_of(step), 0, NULL)) {
        return 0;
    }
    return step->prepared != NULL
               ? PQsendQueryPrepared(c->pg, step->prepared, count, values,
                                     lengths, formats, step->binary)
               : PQsendQueryParams(c->pg, sql_of(step), count, NULL, values,
                                   lengths, formats, step->binary);
}

/* Waits until the socket can be read, sending what is left on the way; both at
 * once, or two full buffers would wait for each other. 0: too late or lost. */
static int wait_readable(store_connection *c, apr_time_t deadline)
{
    while (PQisBusy(c->pg)) {
        apr_interval_time_t left = deadline - apr_time_now();
        struct pollfd watch = { .fd = PQsocket(c->pg), .events = POLLIN };
        int unsent = PQflush(c->pg);

        if (unsent < 0 || left <= 0) {
            return 0;
        }
        watch.events |= unsent > 0 ? POLLOUT : 0;
        left = apr_time_as_msec(left) + 1;
        poll(&watch, 1, left < SLICE_MS ? (int)left : SLICE_MS);
        if (!PQconsumeInput(c->pg)) {
            return 0;
        }
    }
    return 1;
}

/* Hands over the rows of a statement that wants them one by one; gives what
 * comes after them. */
static PGresult *pass_rows(PGresult *result, const store_step *step,
                           store_connection *c, apr_time_t deadline)
{
    while (PQresultStatus(result) == PGRES_SINGLE_TUPLE) {
        step->row(result, step->baton);
        PQclear(result);
        result = wait_readable(c, deadline) ? PQgetResult(c->pg) : NULL;
    }
    return result;
}

/* The result of one message of the pipeline, and the NULL that ends it. A
 * `step` is given where rows may come one by one. */
static PGresult *next_result(const store_step *step, store_connection *c,
                             apr_time_t deadline, apr_pool_t *pool)
{
    PGresult *result;

    if (step != NULL && step->row != NULL && !PQsetSingleRowMode(c->pg)) {
        return NULL;
    }
    result = wait_readable(c, deadline) ? PQgetResult(c->pg) : NULL;
    if (step != NULL) {
        result = pass_rows(result, step, c, deadline);
    }
    if (result == NULL) {
        return NULL;
    }
    apr_pool_cleanup_register(pool, result, clear_result,
                              apr_pool_cleanup_null);
    if (PQresultStatus(result) != PGRES_PIPELINE_SYNC
        && wait_readable(c, deadline)) {
        PQclear(PQgetResult(c->pg));
    }
    return result;
}

static int is_good(const PGresult *result)
{
    return PQresultStatus(result) == PGRES_TUPLES_OK
           || PQresultStatus(result) == PGRES_COMMAND_OK;
}

/* Takes one answer as the step's; 0: the connection is lost. */
static int read_answer(int *failed, store_step *step, int index, int has_rows,
                       store_connection *c, apr_time_t deadline,
                       apr_pool_t *pool)
{
    PGresult *result = next_result(has_rows ? step : NULL, c, deadline, pool);

    if (result == NULL) {
        return 0;
    }
    if (*failed != index) { /* else the failed preparation says more */
        step->result = result;
    }
    if (!is_good(result) && *failed < 0) {
        *failed = index;
    }
    return 1;
}

static int read_step(int *failed, store_step *step, int index,
                     store_connection *c, apr_time_t deadline,
                     apr_pool_t *pool)
{
    if (step->preparing) {
        if (!read_answer(failed, step, index, 0, c, deadline, pool)) {
            return 0;
        }
        if (!is_good(step->result)) {
            apr_hash_set(c->prepared, key_of(step), APR_HASH_KEY_STRING, NULL);
        }
    }
    return read_answer(failed, step, index, 1, c, deadline, pool);
}

/* Time limits of the server come before ours: one that does not answer at all
 * is as good as gone. */
static scim_error *lost(store_connection *c, apr_time_t deadline,
                        apr_pool_t *pool)
{
    c->broken = c->gone = 1;
    if (apr_time_now() >= deadline) {
        return store_unavailable(pool, "no answer from PostgreSQL in time");
    }
    return store_unavailable(pool, "the connection to PostgreSQL was lost: %s",
                             PQerrorMessage(c->pg));
}

scim_error *store_trip(int *failed, store_step *steps, int count,
                       store_connection *c, apr_time_t deadline, store *s,
                       apr_pool_t *pool)
{
    PGresult *end;
    int i, ok = PQenterPipelineMode(c->pg);

    *failed = -1;
    for (i = 0; i < count && ok; i++) {
        choose_prepared(&steps[i], c, s);
        ok = send_step(&steps[i], c, pool);
    }
    ok = ok && PQpipelineSync(c->pg);
    for (i = 0; i < count && ok; i++) {
        ok = read_step(failed, &steps[i], i, c, deadline, pool);
    }
    end = ok ? next_result(NULL, c, deadline, pool) : NULL;
    if (end == NULL || PQresultStatus(end) != PGRES_PIPELINE_SYNC
        || !PQexitPipelineMode(c->pg)) {
        return lost(c, deadline, pool);
    }
    c->used = 1;
    return NULL;
}
