#include "store/brake.h"
#include "store/journal.h"
#include "store/keys.h"
#include "store/members.h"
#include "store/record.h"

typedef struct removal {
    const scim_resource_type *type;
    const char *asked, *id;
    const store_match *match;
} removal;

/* What ends a resource, in this order. Types of files are in no groups. */
static const struct ending {
    store_statement holders, leave, tombstone, deletion; /* AD_HOC: none */
} endings[] = {
    [SCIM_KIND_USER] = { STORE_HOLDERS_LOCK, STORE_USER_LEAVE,
                         STORE_USER_TOMBSTONE, STORE_USER_DELETE },
    [SCIM_KIND_GROUP] = { STORE_HOLDERS_LOCK, STORE_GROUP_LEAVE,
                          STORE_GROUP_TOMBSTONE, STORE_GROUP_DELETE },
    [SCIM_KIND_OTHER] = { STORE_AD_HOC, STORE_AD_HOC, STORE_RESOURCE_TOMBSTONE,
                          STORE_RESOURCE_DELETE },
};

/* NULL: there is nothing to do. */
static store_step *add(store_statement statement, const removal *r,
                       store_transaction *tx)
{
    store_step *step = NULL;

    if (statement != STORE_AD_HOC) {
        step = store_add(statement, tx);
        store_step_text(step, r->id);
    }
    return step;
}

/* Whatever loses the resource as a member is told of in rows of its own. */
static void add_leave(const removal *r, store_transaction *tx)
{
    store_step *step = add(endings[r->type->kind].leave, r, tx);

    if (step != NULL) {
        store_add_origin(step, tx);
    }
}

/* A group's members end with it, and the journal says who they were. */
static void add_deletion(const removal *r, apr_int64_t version,
                         store_transaction *tx)
{
    store_step *step = add(endings[r->type->kind].deletion, r, tx);

    if (r->type->kind == SCIM_KIND_GROUP) {
        store_add_origin(step, tx);
        store_step_int(step, version, tx->pool);
    }
}

/* While the resource is still there, who loses what can be told. */
static void add_permissions(const removal *r, store_transaction *tx)
{
    if (r->type->kind == SCIM_KIND_USER) {
        store_step_text(store_add_permissions(STORE_PERMISSIONS_USER, r->id,
                                              tx),
                        "true");
    }
    else if (r->type->kind == SCIM_KIND_GROUP) {
        store_add_permissions(STORE_PERMISSIONS_GROUP_END, r->id, tx);
    }
}

/* Groups before users, each by id (DESIGN 5.10). */
static scim_error *read_locked(store_record **out, store_transaction *tx,
                               const removal *r)
{
    store_step *step = NULL;
    scim_error *err;

    if (r->id != NULL) {
        add(endings[r->type->kind].holders, r, tx);
        step = store_add_lock(r->id, r->type, tx);
    }
    err = store_go(tx);
    if (err == NULL && step == NULL) {
        err = store_not_found(r->type, r->asked, tx->pool);
    }
    if (err == NULL) {
        err = store_record_of(out, step, store_shape_of_row(r->type), r->asked,
                              r->type, tx->pool);
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
                          .version = record->version + 1,
                          .status = 204 };
    scim_error *err = store_record_parse(record, tx->pool);

    if (err == NULL) {
        entry.name = store_name_of(record->json, r->type);
        entry.changes = store_changes(record->json, NULL, r->type,
                                      tx->pool);
        store_add_journal(&entry, tx);
    }
    return err;
}

static scim_error *work(store_transaction *tx, void *baton)
{
    const removal *r = baton;
    store_record *record;
    scim_error *err = read_locked(&record, tx, r);

    if (err == NULL) {
        add_permissions(r, tx);
        if (r->type->kind == SCIM_KIND_GROUP) { /* with its members */
            store_add_brake(r->id, r->type, tx);
        }
        add_leave(r, tx);
        add(endings[r->type->kind].tombstone, r, tx);
        add_deletion(r, record->version + 1, tx);
        err = add_journal(tx, r, record);
    }
    if (err == NULL && r->type->kind != SCIM_KIND_GROUP) {
        store_add_brake(r->id, r->type, tx);
    }
    if (err == NULL) {
        store_add_commit(tx);
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
