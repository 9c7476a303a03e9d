#include <string.h>

#include "store/brake.h"
#include "store/journal.h"
#include "store/keys.h"
#include "store/members.h"
#include "store/password.h"
#include "store/record.h"

/* A PATCH that looks at the members holds all of them in memory. */
#define MAX_MEMBERS 20000

/* A row that was read, locked, and is now changed. */
typedef struct modification {
    const scim_resource_type *type;
    const char *asked, *id; /* as the client wrote it; as the key, or NULL */
    const store_edit *edit;
    store_shape shape;
    int status;
    const char *password; /* as store_wants has it */
    store_record *record;

    json_t *before, *after; /* of this attempt; after NULL: as it was */
    apr_int64_t version;    /* that it makes, if it changes anything */
    store_members_change members;
    int password_ended;
} modification;

static scim_error *too_many_members(apr_pool_t *pool)
{
    return scim_error_make(
        SCIM_TOO_MANY, pool,
        "members: the group has more than %d members, too many for an "
        "operation that looks at each; name the members by their values.",
        MAX_MEMBERS);
}

/* The row with the lock, and where members matter a second look, at what may
 * have changed while we waited for it. */
static store_step *add_reading(store_shape *shape, store_transaction *tx,
                               const modification *m)
{
    store_step *step = store_add_lock(m->id, m->type, tx);

    *shape = store_shape_of_row(m->type);
    if (m->edit->needs_members) {
        *shape = STORE_SHAPE_GROUP_MEMBER_NAMES;
        step = store_add(STORE_GROUP_SOME_MEMBERS, tx);
        store_step_text(step, m->id);
        store_step_int(step, MAX_MEMBERS + 1, tx->pool);
    }
    return step;
}

static scim_error *read_locked(store_record **out, store_transaction *tx,
                               const modification *m)
{
    store_shape shape = STORE_SHAPE_GROUP;
    store_step *step = m->id != NULL ? add_reading(&shape, tx, m) : NULL;
    scim_error *err = store_go(tx);

    if (err == NULL && step == NULL) {
        err = store_not_found(m->type, m->asked, tx->pool);
    }
    if (err == NULL) {
        err = store_record_of(out, step, shape, m->asked, m->type, tx->pool);
    }
    if (err == NULL
        && !store_match_allows(m->edit->match, (*out)->version)) {
        err = store_precondition_failed(tx->pool);
    }
    if (err == NULL && m->edit->needs_members
        && (*out)->refs->nelts > MAX_MEMBERS) {
        err = too_many_members(tx->pool);
    }
    return err;
}

static scim_error *change_members(store_transaction *tx, modification *m,
                                  const scim_membership *members)
{
    scim_error *err = store_members_check(members, m->id, tx->pool);
    store_step *step;

    if (err == NULL) {
        step = store_add_delta(m->id, members, m->edit->action, m->version,
                               tx);
        err = store_go(tx);
    }
    return err != NULL ? err
                       : store_members_verdict(&m->members, step, m->id,
                                               members, tx);
}

static int ends_password(const modification *m)
{
    return m->password != NULL
           && strcmp(m->password, STORE_PASSWORD_ENDS) == 0;
}

static int changes_password(const modification *m)
{
    return ends_password(m) ? m->password_ended : m->password != NULL;
}

static void add_password(json_t *changes, store_transaction *tx,
                         const modification *m)
{
    if (!ends_password(m)) {
        store_add_password(m->password, m->id, changes, tx);
    }
    else if (m->password_ended) {
        json_object_set_new(changes, "password", json_string("removed"));
    }
}

static int is_active(const json_t *user)
{
    return json_is_true(json_object_get(user, "active"));
}

/* Who is no longer active holds nothing. */
static void add_permissions(store_transaction *tx, const modification *m)
{
    if (m->type->kind == SCIM_KIND_USER && m->after != NULL
        && is_active(m->before) != is_active(m->after)) {
        store_step_text(store_add_permissions(STORE_PERMISSIONS_USER, m->id,
                                              tx),
                        "false");
        if (is_active(m->before)) {
            store_add_brake(m->id, m->type, tx);
        }
    }
}

static int changes_row(const modification *m)
{
    return m->after != NULL || m->members.is_change || changes_password(m);
}

/* Ids of members that are none are told of, even where nothing else is. */
static int changes_nothing(const modification *m)
{
    return !changes_row(m)
           && json_object_get(m->members.json, "unknown") == NULL;
}

/* The row and the journal. Gives the step that answers with the row, or NULL.
 */
static const store_step *add_changes(store_transaction *tx,
                                     const modification *m)
{
    const store_step *row = NULL;
    const json_t *after = m->after != NULL ? m->after : m->before;
    store_entry entry = { .action = m->edit->action,
                          .type = m->type,
                          .id = m->id,
                          .status = m->status,
                          .added = m->members.added,
                          .removed = m->members.removed };
    store_key_changes changes;
    store_keys keys;

    tx->name = entry.name = store_name_of(after, m->type);
    if (changes_row(m)) {
        store_keys_change(&keys, &changes, m->before, after, m->type, tx);
        row = store_add_update(&keys, &changes, m->id, m->type, tx);
        entry.version = m->version;
        entry.changes = store_changes(m->before, after, m->type, tx->pool);
    }
    else {
        entry.changes = scim_json_adopt(json_object(), tx->pool);
    }
    if (m->members.json != NULL) {
        json_object_set(entry.changes, "members", m->members.json);
    }
    add_password(entry.changes, tx, m);
    store_add_journal(&entry, tx);
    add_permissions(tx, m);
    return row;
}

static scim_error *finish(store_transaction *tx, modification *m)
{
    store_shape shape = store_shape_within(m->shape, tx);
    store_selection selection;
    const store_step *row = changes_nothing(m) ? NULL : add_changes(tx, m);
    scim_error *err;

    store_add_selection(&selection, row, shape, m->id, m->type, tx);
    store_add_commit(tx);
    err = store_go(tx);
    return err != NULL ? err
                       : store_selected(&m->record, &selection, m->asked,
                                        m->type, tx->pool);
}

static scim_error *work(store_transaction *tx, void *baton)
{
    modification *m = baton;
    scim_membership *members = NULL;
    store_record *before;
    scim_error *err = read_locked(&before, tx, m);

    m->after = NULL;
    m->password_ended = 0;
    memset(&m->members, 0, sizeof(m->members));
    if (err == NULL) {
        err = store_record_parse(before, tx->pool);
    }
    if (err == NULL) {
        m->before = before->json;
        m->version = before->version + 1;
        err = m->edit->compute(&m->after, &members, before, &tx->grant,
                               m->edit->baton, tx->pool);
    }
    if (err == NULL && members != NULL) {
        err = change_members(tx, m, members);
    }
    if (err == NULL && ends_password(m)) {
        err = store_end_password(&m->password_ended, m->id, tx);
    }
    return err != NULL ? err : finish(tx, m);
}

scim_error *store_modify(store_record **out, const scim_resource_type *type,
                         const char *id, const store_edit *edit,
                         const store_wants *wants, const store_caller *caller,
                         store *s, apr_pool_t *pool)
{
    modification m = { .type = type,
                       .asked = id,
                       .id = store_id_normal(id, pool),
                       .edit = edit,
                       .shape = store_shape_of(type, wants),
                       .status = wants->status,
                       .password = wants->password };
    scim_error *err = store_transact(work, &m, STORE_EDITS, caller, s, pool);

    if (err == NULL) {
        *out = m.record;
    }
    return err;
}
