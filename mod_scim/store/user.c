#include "store/transaction.h"

typedef struct look_up {
    const char *user_name, *id;
} look_up;

static scim_error *work(store_transaction *tx, void *baton)
{
    look_up *l = baton;
    store_step *step = store_add(STORE_USER_NAMED, tx);
    scim_error *err;

    store_step_text(step, l->user_name);
    err = store_go(tx);
    if (err == NULL && PQntuples(step->result) == 1) {
        l->id = store_id(step->result, 0, 0, tx->pool);
    }
    return err;
}

scim_error *store_user_named(const char **id, const char *user_name,
                             const store_caller *caller, store *s,
                             apr_pool_t *pool)
{
    look_up l = { user_name, NULL };
    scim_error *err = store_transact(work, &l, STORE_READS, caller, s, pool);

    *id = l.id;
    return err;
}
