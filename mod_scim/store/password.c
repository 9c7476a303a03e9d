#include "store/password.h"

#include <apr_strings.h>

#include "core/casefold.h"

void store_add_password(const char *hash, const char *id, json_t *changes,
                        store_transaction *tx)
{
    store_step *step;

    if (hash != NULL) {
        step = store_add(STORE_PASSWORD_SET, tx);
        store_step_text(step, id);
        store_step_text(step, hash);
        json_object_set_new(changes, "password", json_string("changed"));
    }
}

scim_error *store_end_password(int *ended, const char *id,
                               store_transaction *tx)
{
    store_step *step = store_add(STORE_PASSWORD_SET, tx);
    scim_error *err;

    store_step_text(step, id);
    store_step_text(step, NULL);
    err = store_go(tx);
    *ended = err == NULL && store_boolean(step->result, 0, 0);
    return err;
}

typedef struct look_up {
    const char *slug, *key;
    const char *hash;
    int active;
} look_up;

static scim_error *work(store_transaction *tx, void *baton)
{
    look_up *l = baton;
    store_step *step = store_add(STORE_PASSWORD_OF, tx);
    scim_error *err;

    store_step_text(step, l->slug);
    store_step_text(step, l->key);
    err = store_go(tx);
    l->hash = NULL;
    if (err == NULL && PQntuples(step->result) == 1) {
        l->hash = apr_pstrdup(tx->pool, store_text(step->result, 0, 0));
        l->active = store_boolean(step->result, 0, 1);
    }
    return err;
}

scim_error *store_password_of(const char **hash, int *active, const char *slug,
                              const char *user_name,
                              const store_caller *caller, store *s,
                              apr_pool_t *pool)
{
    look_up l = { .slug = slug, .key = scim_casefold(user_name, pool) };
    scim_error *err = store_transact(work, &l, STORE_SIGNS_IN, caller, s,
                                     pool);

    *hash = l.hash;
    *active = l.active;
    return err;
}
