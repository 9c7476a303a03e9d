#include "store/journal.h"
#include "store/members.h"
#include "store/record.h"

typedef struct change {
    const char *id;
    const scim_membership *delta;
    const store_match *match;
    store_shape shape;
    store_record *record;
} change;

static store_step *add_statement(store_transaction *tx, const change *c)
{
    store_step *step = store_add(STORE_GROUP_MEMBERSHIP, tx);

    store_add_members(step, c->id, c->delta, c->match, tx);
    store_step_text(step, store_actor(tx));
    store_add_origin(step, tx);
    store_step_text(step, store_warnings(tx));
    return step;
}

/* The lock is a statement of its own, so that the next one sees what those
 * before us in the queue have done. */
static scim_error *work(store_transaction *tx, void *baton)
{
    change *c = baton;
    store_step *members, *select;
    json_t *json;
    int changed;
    scim_error *err;

    store_step_text(store_add(STORE_GROUP_LOCK, tx), c->id);
    members = add_statement(tx, c);
    select = store_add_select(c->shape, c->id, tx);
    err = store_go(tx);
    if (err == NULL) {
        err = store_members_verdict(&changed, &json, members, c->id, tx->pool);
    }
    return err != NULL ? err
                       : store_record_of(&c->record, select, c->shape, c->id,
                                         tx->pool);
}

static scim_error *not_there(store_transaction *tx, void *baton)
{
    scim_error *err = store_go(tx);

    return err != NULL ? err
                       : store_not_found(&scim_type_group, baton, tx->pool);
}

scim_error *store_membership(store_record **out, const char *group_id,
                             const scim_membership *delta,
                             const store_match *match, const store_wants *wants,
                             const store_caller *caller, store *s,
                             apr_pool_t *pool)
{
    change c = { .id = store_id_normal(group_id, pool),
                 .delta = delta,
                 .match = match,
                 .shape = store_shape_of(&scim_type_group, wants) };
    scim_error *err;

    if (c.id == NULL) {
        return store_transact(not_there, (void *)group_id, STORE_WRITES,
                              caller, s, pool);
    }
    err = store_members_check(delta, c.id, pool);
    if (err == NULL) {
        err = store_transact(work, &c, STORE_WRITES, caller, s, pool);
    }
    *out = c.record;
    return err;
}
