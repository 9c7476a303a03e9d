/* The writes of SCIM within an owner's transaction. */
#include <apr_strings.h>

#include "store/admin_connection.h"
#include "store/transaction.h"

/* scimctl: no client waits for an answer. */
#define A_WHILE apr_time_from_sec(3600)
#define STEPS   64

/* What a child's pool would give: scimctl's connection. */
static scim_error *wrap(store_connection **out, store **s, store_admin *a,
                        apr_pool_t *pool)
{
    static const store_settings settings = { .conninfo = "", .pool_size = 1 };
    store_connection *c = apr_pcalloc(pool, sizeof(*c));

    if (store_open(s, &settings, pool) != APR_SUCCESS) {
        return store_unavailable(pool, "no memory");
    }
    c->pg = a->conn;
    c->pool = pool;
    c->prepared = apr_hash_make(pool);
    *out = c;
    return NULL;
}

static store_caller *caller_of(const store_admin *a, apr_pool_t *pool)
{
    store_caller *caller = apr_pcalloc(pool, sizeof(*caller));
    apr_time_t now = apr_time_now();

    caller->org_id = a->org_id;
    caller->address = a->actor->address;
    caller->request_id = a->actor->request_id;
    caller->received = a->actor->received != 0 ? a->actor->received : now;
    caller->deadline = a->conn != NULL ? now + A_WHILE : a->caller.deadline;
    caller->actor_kind = a->actor->realm != NULL ? "account" : "scimctl";
    caller->actor = a->actor->name;
    return caller;
}

scim_error *store_admin_writer(const store_caller **out, int app_id,
                               store_admin *a, apr_pool_t *pool)
{
    const char *scope = apr_psprintf(pool, "-%d", app_id);
    store_transaction *tx = apr_pcalloc(pool, sizeof(*tx));
    store_caller *caller = caller_of(a, pool);
    scim_error *err = store_admin_run(
        NULL, a, "select set_config('scim.app', $1, true)", 1, &scope, pool);

    tx->c = a->c;
    tx->s = a->s;
    if (err == NULL && a->conn != NULL) {
        err = wrap(&tx->c, &tx->s, a, pool);
    }
    tx->caller = caller;
    tx->pool = pool;
    tx->intent = STORE_EDITS;
    tx->is_batch = 1; /* commits by itself */
    tx->operation = tx->failed_operation = -1;
    tx->size = STEPS;
    tx->steps = apr_palloc(pool, sizeof(*tx->steps) * STEPS);
    tx->deadline = caller->deadline;
    tx->limited = apr_time_now();
    caller->within = a->writes = tx;
    *out = caller;
    return err;
}

scim_error *store_admin_written(scim_error *err, store_admin *a)
{
    a->failed.retry |= err != NULL && a->writes->failed.retry;
    return err;
}
