#include <string.h>

#include "store/journal.h"
#include "store/keys.h"
#include "store/members.h"
#include "store/password.h"
#include "store/record.h"

typedef struct creation {
    const scim_resource_type *type;
    const json_t *resource;
    const scim_membership *members; /* NULL: none */
    const char *id;
    store_keys keys;
    store_shape shape;
    const char *action;
    int status;
    apr_int64_t version;
    const store_revival *revival; /* or NULL */
    const char *password; /* its hash; or NULL */
    int later; /* nobody waits for the record */
    store_record *record;
} creation;

/* All that is known of a new resource before it was sent. */
static store_record *expected_record(const creation *c, apr_pool_t *pool)
{
    store_record *record = apr_pcalloc(pool, sizeof(*record));

    record->id = c->id;
    record->version = c->version;
    return record;
}

/* Version, time of creation and whatever only a section's type can fold are
 * those of the tombstone; the journal tells of all that it told before. */
static void add_revival(store_transaction *tx, const creation *c,
                        json_t *changes)
{
    store_step_text(store_add(c->type->kind == SCIM_KIND_USER
                                  ? STORE_USER_REVIVE
                                  : STORE_GROUP_REVIVE,
                              tx),
                    c->id);
    if (c->revival->foreign != NULL) {
        json_object_update(json_object_get(changes, "after"),
                           (json_t *)c->revival->foreign);
    }
}

/* `row`: the insert, or NULL where a trip has been made since. */
static scim_error *finish(store_transaction *tx, creation *c,
                          const store_step *row,
                          const store_members_change *members)
{
    store_entry entry = { .action = c->action,
                          .type = c->type,
                          .id = c->id,
                          .version = c->version,
                          .name = c->keys.name,
                          .status = c->status,
                          .added = members->added };
    store_selection selection;
    scim_error *err;

    entry.changes = store_changes(NULL, c->resource, c->type, tx->pool);
    if (members->json != NULL) {
        json_object_set(entry.changes, "members", members->json);
    }
    if (c->revival != NULL) {
        add_revival(tx, c, entry.changes);
        row = NULL;
    }
    store_add_password(c->password, c->id, entry.changes, tx);
    store_add_journal(&entry, tx);
    if (c->later && tx->is_batch) {
        c->record = expected_record(c, tx->pool);
        return store_go_later(tx, strlen(c->keys.body));
    }
    store_add_selection(&selection, row, c->shape, c->id, c->type, tx);
    store_add_commit(tx);
    err = store_go(tx);
    return err != NULL ? err
                       : store_selected(&c->record, &selection, c->id,
                                        c->type, tx->pool);
}

static scim_error *add_first_members(store_members_change *out,
                                     store_transaction *tx, const creation *c)
{
    store_step *step = store_add_delta(c->id, c->members, c->action, c->version,
                                       tx);
    scim_error *err = store_go(tx);

    return err != NULL ? err
                       : store_members_verdict(out, step, c->id, c->members,
                                               tx);
}

static scim_error *work(store_transaction *tx, void *baton)
{
    creation *c = baton;
    store_members_change members = { 0 };
    scim_error *err = NULL;
    store_step *row;

    tx->name = c->keys.name;
    row = store_add_insert(&c->keys, c->id, c->type, tx);
    if (c->type->kind == SCIM_KIND_GROUP && c->keys.external_id != NULL
        && c->revival == NULL) { /* which has its own */
        store_add_permissions(STORE_MAPPING_TAKE_UP, c->id, tx);
    }
    if (c->members != NULL) {
        err = store_members_check(c->members, c->id, tx->pool);
    }
    if (err == NULL && c->members != NULL) {
        err = add_first_members(&members, tx, c);
        row = NULL;
    }
    return err != NULL ? err : finish(tx, c, row, &members);
}

scim_error *store_create(store_record **out, const scim_resource_type *type,
                         const json_t *resource,
                         const scim_membership *members,
                         const store_wants *wants, const store_caller *caller,
                         store *s, apr_pool_t *pool)
{
    creation c = { .type = type,
                   .resource = resource,
                   .id = wants->id != NULL ? wants->id : store_uuid_make(pool),
                   .shape = store_shape_of(type, wants),
                   .action = wants->revival != NULL ? "restore" : "create",
                   .status = wants->revival != NULL ? wants->status : 201,
                   .version = wants->revival != NULL ? wants->revival->version
                                                     : 1,
                   .revival = wants->revival,
                   .password = wants->password,
                   .later = wants->later };
    scim_error *err;

    if (type->kind == SCIM_KIND_USER) {
        c.shape = STORE_SHAPE_USER; /* nobody has put it into a group yet */
    }
    if (c.id == NULL) {
        return store_unavailable(pool, "the system gave no random bytes");
    }
    if (members != NULL && members->add->nelts > 0) {
        c.members = members;
    }
    store_keys_make(&c.keys, resource, type, pool);
    err = store_transact(work, &c,
                         c.members != NULL ? STORE_EDITS : STORE_WRITES,
                         caller, s, pool);
    if (err == NULL) {
        *out = c.record;
    }
    return err;
}
