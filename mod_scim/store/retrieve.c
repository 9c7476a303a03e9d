#include "store/record.h"

typedef struct retrieval {
    store_record *record;
    const scim_resource_type *type;
    const char *id, *key;
    store_shape shape;
} retrieval;

static scim_error *work(store_transaction *tx, void *baton)
{
    retrieval *r = baton;
    store_step *step = r->key != NULL ? store_add_select(r->shape, r->key, tx)
                                      : NULL;
    scim_error *err = store_go(tx);

    if (err != NULL) {
        return err;
    }
    if (step == NULL) {
        return store_not_found(r->type, r->id, tx->pool);
    }
    return store_record_of(&r->record, step, r->shape, r->id, tx->pool);
}

scim_error *store_retrieve(store_record **out, const scim_resource_type *type,
                           const char *id, const store_wants *wants,
                           const store_caller *caller, store *s,
                           apr_pool_t *pool)
{
    retrieval r = { .type = type,
                    .id = id,
                    .key = store_id_normal(id, pool),
                    .shape = store_shape_of(type, wants) };
    scim_error *err = store_transact(work, &r, STORE_READS, caller, s, pool);

    *out = r.record;
    return err;
}
