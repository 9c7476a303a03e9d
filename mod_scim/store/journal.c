#include "store/journal.h"

#include <apr_strings.h>

#include "core/foreign.h"
#include "core/project.h"
#include "store/brake.h"
#include "store/uuid.h"

void store_add_origin(store_step *step, store_transaction *tx)
{
    store_step_text(step, tx->caller->actor != NULL ? tx->caller->actor_kind
                                                    : "token");
    store_step_text(step, tx->caller->actor != NULL
                              ? tx->caller->actor
                              : apr_psprintf(tx->pool, "%" APR_INT64_T_FMT,
                                             tx->caller->key_id));
    store_step_int(step, apr_time_as_msec(apr_time_now()
                                          - tx->caller->received),
                   tx->pool);
    store_step_text(step, tx->caller->request_id);
    store_step_text(step, tx->caller->address);
}

store_step *store_add_permissions(store_statement statement, const char *id,
                                  store_transaction *tx)
{
    store_step *step = store_add(statement, tx);

    store_step_text(step, id);
    store_add_origin(step, tx);
    return step;
}

/* A new reference, or NULL if nothing was off-standard. */
static json_t *warnings_of(const store_transaction *tx)
{
    const scim_reading *reading = tx->caller->reading;
    json_t *list;
    int i;

    if (reading == NULL || reading->warnings == NULL
        || reading->warnings->nelts == 0) {
        return NULL;
    }
    list = json_array();
    for (i = 0; i < reading->warnings->nelts; i++) {
        json_array_append_new(
            list, scim_warning_to_json(&APR_ARRAY_IDX(reading->warnings, i,
                                                      scim_warning)));
    }
    return list;
}

/* Members that were skipped are found by the statement that adds the others. */
static json_t *unknown_members(void)
{
    scim_warning warning;

    scim_dialect_warning(&warning, SCIM_DIALECT_MEMBER_UNKNOWN, "members");
    return scim_warning_to_json(&warning);
}

const char *store_warning_of_members(const store_transaction *tx)
{
    return scim_json_dump(scim_json_adopt(unknown_members(), tx->pool), NULL,
                          tx->pool);
}

const char *store_warnings(const store_transaction *tx)
{
    json_t *object = scim_json_adopt(
        json_pack("{so*}", "warnings", warnings_of(tx)), tx->pool);

    return scim_json_dump(object, NULL, tx->pool);
}

/* What `from` holds and `to` does not hold in the same way. A new reference. */
static json_t *difference(const json_t *from, const json_t *to)
{
    json_t *out = json_object(), *value;
    const char *name;

    json_object_foreach((json_t *)from, name, value) {
        if (!json_equal(value, json_object_get(to, name))) {
            json_object_set(out, name, value);
        }
    }
    return out;
}

/* What no answer shows, no reader of the journal sees either. The names of
 * schemas are no secret. */
static const json_t *shown(const json_t *resource,
                           const scim_resource_type *type, apr_pool_t *pool)
{
    json_t *copy, *schemas;

    if (resource == NULL
        || (!type->hides && !scim_foreign_is_in(resource, type))) {
        return resource;
    }
    copy = scim_json_adopt(scim_json_copy(resource), pool);
    schemas = json_copy(json_object_get(resource, "schemas"));
    scim_foreign_drop(copy, type);
    scim_drop_never_returned(copy, type);
    if (schemas != NULL) {
        json_object_set_new(copy, "schemas", schemas);
    }
    return copy;
}

json_t *store_changes(const json_t *before, const json_t *after,
                      const scim_resource_type *type, apr_pool_t *pool)
{
    json_t *out = scim_json_adopt(json_object(), pool);

    before = shown(before, type, pool);
    after = shown(after, type, pool);

    if (before != NULL) {
        json_object_set_new(out, "before", difference(before, after));
    }
    if (after != NULL) {
        json_object_set_new(out, "after", difference(after, before));
    }
    return out;
}

/* The changes with the request's warnings, or NULL for none of both. */
static const char *changes_text(const store_entry *entry,
                                store_transaction *tx)
{
    json_t *warnings = warnings_of(tx);
    json_t *object;

    if (json_object_get(json_object_get(entry->changes, "members"), "unknown")
        != NULL) {
        warnings = warnings != NULL ? warnings : json_array();
        json_array_append_new(warnings, unknown_members());
    }
    if (entry->changes == NULL && warnings == NULL) {
        return NULL;
    }
    object = scim_json_adopt(entry->changes != NULL
                                 ? json_copy(entry->changes)
                                 : json_object(),
                             tx->pool);
    if (warnings != NULL) {
        json_object_set_new(object, "warnings", warnings);
    }
    return scim_json_dump(object, NULL, tx->pool);
}

void store_add_journal(const store_entry *entry, store_transaction *tx)
{
    store_step *step = store_add(STORE_JOURNAL, tx);

    store_add_origin(step, tx);
    store_step_text(step, entry->action);
    store_step_text(step, entry->type != NULL ? entry->type->name : NULL);
    store_step_text(step, entry->id);
    store_step_text(step, entry->version > 0
                              ? apr_psprintf(tx->pool, "%" APR_INT64_T_FMT,
                                             entry->version)
                              : NULL);
    store_step_text(step, entry->name);
    store_step_int(step, entry->status, tx->pool);
    store_step_text(step, NULL); /* scimType and detail are of refusals */
    store_step_text(step, NULL);
    store_step_text(step, changes_text(entry, tx));
    store_step_text(step, entry->added);
    store_step_text(step, entry->removed);
}

/* -------------------------------------------------------------- refusals */

typedef struct refusal {
    store_entry entry;
    const json_t *request;
} refusal;

static void add_refusal(const refusal *r, store_transaction *tx)
{
    const store_entry *entry = &r->entry;
    const scim_error *err = entry->refused;
    store_step *step = store_add(STORE_JOURNAL_REFUSAL, tx);

    store_add_origin(step, tx);
    store_step_text(step, entry->action);
    store_step_text(step, entry->type != NULL ? entry->type->name : NULL);
    store_step_text(step, entry->id);
    store_step_text(step, entry->name);
    store_step_int(step, entry->status, tx->pool);
    store_step_text(step, scim_fault_type(err->fault));
    store_step_text(step, err->detail);
    store_step_text(step, changes_text(entry, tx));
    store_step_text(step, scim_json_dump(r->request, NULL, tx->pool));
}

static scim_error *write_refusal(store_transaction *tx, void *baton)
{
    const refusal *r = baton;

    add_refusal(r, tx);
    store_add_hold(&r->entry, tx);
    return store_go(tx);
}

void store_journal_refusal(const store_refusal *refused,
                           const store_caller *caller, store *s,
                           apr_pool_t *pool)
{
    const char *id = refused->id;
    refusal r = { { .action = refused->action,
                    .type = refused->type,
                    .id = id != NULL && store_uuid_is(id) ? id : NULL,
                    .name = refused->name,
                    .status = scim_fault_status(refused->err->fault),
                    .refused = refused->err },
                  refused->request };

    store_transact(write_refusal, &r, STORE_NOTES, caller, s, pool);
}
