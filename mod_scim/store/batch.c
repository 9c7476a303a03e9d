#include "store/transaction.h"

typedef struct part {
    store_batch *batch;
    store_caller *caller;
} part;

/* Those that can be an id at all. */
static const char *ids_text(const apr_array_header_t *ids, apr_pool_t *pool)
{
    apr_array_header_t *known
        = apr_array_make(pool, ids->nelts + 1, sizeof(const char *));
    int i;

    for (i = 0; i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);

        if (store_uuid_is(id)) {
            APR_ARRAY_PUSH(known, const char *) = id;
        }
    }
    return store_array_text(known, pool);
}

/* Groups by id, users by id (DESIGN 5.10), what else there is, before anything
 * is changed: two requests that change the same resources in another order do
 * not meet in the middle. */
static void add_locks(const store_batch *batch, store_transaction *tx)
{
    const char *changed, *deleted;
    store_step *step;

    if (batch->changed == NULL || batch->changed->nelts == 0) {
        return;
    }
    changed = ids_text(batch->changed, tx->pool);
    deleted = ids_text(batch->deleted, tx->pool);
    step = store_add(STORE_GROUPS_LOCK, tx);
    store_step_text(step, changed);
    store_step_text(step, deleted);
    store_step_text(store_add(STORE_USERS_LOCK, tx), changed);
    store_step_text(store_add(STORE_RESOURCES_LOCK, tx), changed);
}

static scim_error *commit(store_batch *batch, store_transaction *tx)
{
    scim_error *err;

    tx->operation = -1;
    store_add(STORE_COMMIT, tx);
    err = store_go(tx);
    batch->unsure = err != NULL && tx->sent && tx->c->broken;
    return err;
}

static scim_error *work(store_transaction *tx, void *baton)
{
    const part *p = baton;
    store_batch *batch = p->batch;
    apr_pool_t *pool = tx->pool;
    scim_error *err;

    batch->failed = -1;
    batch->unsure = 0;
    add_locks(batch, tx);
    p->caller->within = tx;
    err = batch->run(p->caller, batch->baton);
    p->caller->within = NULL;
    tx->pool = pool;
    batch->failed = tx->operation;
    if (err == NULL) {
        err = commit(batch, tx);
        batch->failed = -1;
    }
    if (tx->failed_operation >= 0) {
        batch->failed = tx->failed_operation;
    }
    return err;
}

scim_error *store_batch_run(store_batch *batch, store_caller *caller, store *s,
                            apr_pool_t *pool)
{
    part p = { .batch = batch, .caller = caller };

    batch->failed = -1;
    batch->unsure = 0;
    return store_transact(work, &p, STORE_BATCHES, caller, s, pool);
}

void store_batch_next(const store_caller *caller, int operation)
{
    caller->within->operation = operation;
}

int store_batch_is_pending(const store_caller *caller)
{
    return !caller->within->sent;
}

scim_error *store_new_id(const char **out, apr_pool_t *pool)
{
    *out = store_uuid_make(pool);
    return *out != NULL
               ? NULL
               : store_unavailable(pool, "the system gave no random bytes");
}
