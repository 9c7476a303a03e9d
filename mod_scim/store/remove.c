#include "store/journal.h"
#include "store/members.h"
#include "store/record.h"

typedef struct removal {
    const scim_resource_type *type;
    const char *asked, *id;
    const store_match *match;
} removal;

static int is_user(const removal *r)
{
    return r->type == &scim_type_user;
}

/* Groups before users, each by id (DESIGN 5.10). */
static scim_error *read_locked(store_record **out, store_transaction *tx,
                               const removal *r)
{
    store_shape shape = is_user(r) ? STORE_SHAPE_USER : STORE_SHAPE_GROUP;
    store_step *step = NULL;
    scim_error *err;

    if (r->id != NULL) {
        store_step_text(store_add(STORE_HOLDERS_LOCK, tx), r->id);
        step = store_add(is_user(r) ? STORE_USER_LOCK : STORE_GROUP_LOCK, tx);
        store_step_text(step, r->id);
    }
    err = store_go(tx);
    if (err == NULL && step == NULL) {
        err = store_not_found(r->type, r->asked, tx->pool);
    }
    if (err == NULL) {
        err = store_record_of(out, step, shape, r->asked, tx->pool);
    }
    if (err == NULL && !store_match_allows(r->match, (*out)->version)) {
        err = store_precondition_failed(tx->pool);
    }
    return err;
}

static scim_error *add_journal(store_transaction *tx, const removal *r,
                               store_record *record)
{
    store_entry entry = { .action = "delete",
                          .type = r->type,
                          .id = r->id,
                          .status = 204 };
    scim_error *err = store_record_parse(record, tx->pool);

    if (err == NULL) {
        entry.name = json_string_value(json_object_get(
            record->json, is_user(r) ? "userName" : "displayName"));
        entry.changes = store_changes(record->json, NULL, tx->pool);
        store_add_journal(&entry, tx);
    }
    return err;
}

static scim_error *work(store_transaction *tx, void *baton)
{
    const removal *r = baton;
    store_record *record;
    scim_error *err = read_locked(&record, tx, r);
    int user = is_user(r);

    if (err == NULL) {
        store_step_text(store_add(user ? STORE_USER_LEAVE : STORE_GROUP_LEAVE,
                                  tx),
                        r->id);
        store_step_text(store_add(user ? STORE_USER_TOMBSTONE
                                       : STORE_GROUP_TOMBSTONE,
                                  tx),
                        r->id);
        store_step_text(store_add(user ? STORE_USER_DELETE
                                       : STORE_GROUP_DELETE,
                                  tx),
                        r->id);
        err = add_journal(tx, r, record);
    }
    if (err == NULL) {
        store_add(STORE_COMMIT, tx);
        err = store_go(tx);
    }
    return err;
}

scim_error *store_remove(const scim_resource_type *type, const char *id,
                         const store_match *match, const store_caller *caller,
                         store *s, apr_pool_t *pool)
{
    removal r = { .type = type,
                  .asked = id,
                  .id = store_id_normal(id, pool),
                  .match = match };

    return store_transact(work, &r, STORE_EDITS, caller, s, pool);
}
