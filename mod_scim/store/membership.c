#include "store/journal.h"
#include "store/members.h"
#include "store/record.h"

typedef struct change {
    const char *asked, *id; /* as the client wrote it; as the key, or NULL */
    const scim_membership *delta;
    const store_match *match;
    store_shape shape;
    int status;
    store_record *record;
} change;

static store_step *add_statement(store_transaction *tx, const change *c)
{
    store_step *step = store_add(STORE_GROUP_MEMBERSHIP, tx);

    store_add_members(step, c->id, c->delta, c->match, tx);
    store_add_origin(step, tx);
    store_step_text(step, store_warnings(tx));
    store_step_int(step, c->status, tx->pool);
    store_step_text(step, store_warning_of_members(tx));
    return step;
}

/* The lock is a statement of its own, so that the next one sees what those
 * before us in the queue have done. */
static scim_error *work(store_transaction *tx, void *baton)
{
    change *c = baton;
    store_step *members, *select;
    store_members_change changed;
    scim_error *err;

    store_step_text(store_add(STORE_GROUP_LOCK, tx), c->id);
    members = add_statement(tx, c);
    select = store_add_select(c->shape, c->id, &scim_type_group, tx);
    err = store_go(tx);
    if (err == NULL) {
        err = store_members_verdict(&changed, members, c->id, c->delta,
                                    tx);
    }
    return err != NULL ? err
                       : store_record_of(&c->record, select, c->shape, c->id,
                                         &scim_type_group, tx->pool);
}

/* What cannot be: the token comes first all the same. */
static scim_error *refuse(store_transaction *tx, void *baton)
{
    const change *c = baton;
    scim_error *err = store_go(tx);

    if (err == NULL && c->id == NULL) {
        err = store_not_found(&scim_type_group, c->asked, tx->pool);
    }
    return err != NULL ? err : store_members_check(c->delta, c->id, tx->pool);
}

scim_error *store_membership(store_record **out, const char *group_id,
                             const scim_membership *delta,
                             const store_match *match, const store_wants *wants,
                             const store_caller *caller, store *s,
                             apr_pool_t *pool)
{
    change c = { .asked = group_id,
                 .id = store_id_normal(group_id, pool),
                 .delta = delta,
                 .match = match,
                 .shape = store_shape_of(&scim_type_group, wants),
                 .status = wants->status };
    int impossible = c.id == NULL
                     || store_members_check(delta, c.id, pool) != NULL;
    scim_error *err = store_transact(impossible ? refuse : work, &c,
                                     STORE_WRITES, caller, s, pool);

    if (err == NULL) {
        *out = c.record;
    }
    return err;
}
