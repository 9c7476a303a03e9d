#include "store/record.h"

typedef struct retrieval {
    store_record *record;
    const scim_resource_type *type;
    const char *id, *key;
    store_shape shape;
} retrieval;

/* The hot path; whether groups nest is known only afterwards. */
static scim_error *read_simply(store_transaction *tx, retrieval *r)
{
    store_selection selection;
    scim_error *err;

    store_add_selection(&selection, NULL, r->shape, r->key, r->type, tx);
    err = store_go(tx);
    if (err == NULL && tx->nested) {
        r->shape = STORE_SHAPE_USER_ALL_GROUPS;
        return NULL;
    }
    return err != NULL ? err
                       : store_selected(&r->record, &selection, r->id,
                                        r->type, tx->pool);
}

static scim_error *read_whole(store_transaction *tx, void *baton)
{
    retrieval *r = baton;
    store_step *step = r->key != NULL
                           ? store_add_select(r->shape, r->key, r->type, tx)
                           : NULL;
    scim_error *err = store_go(tx);

    if (err == NULL && step == NULL) {
        err = store_not_found(r->type, r->id, tx->pool);
    }
    return err != NULL ? err
                       : store_record_of(&r->record, step, r->shape, r->id,
                                         r->type, tx->pool);
}

static scim_error *work(store_transaction *tx, void *baton)
{
    retrieval *r = baton;

    return r->key != NULL && r->shape == STORE_SHAPE_USER_GROUPS
               ? read_simply(tx, r)
               : read_whole(tx, r);
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

    if (err == NULL && r.record == NULL) {
        err = store_transact(read_whole, &r, STORE_READS, caller, s, pool);
    }
    if (err == NULL) {
        *out = r.record;
    }
    return err;
}
