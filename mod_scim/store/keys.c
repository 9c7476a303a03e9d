#include "store/keys.h"

#include <string.h>

#include <apr_strings.h>

#include "store/claims.h"
#include "store/marked.h"

static const char *text_at(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

const char *store_name_of(const json_t *resource,
                          const scim_resource_type *type)
{
    const char *name = text_at(resource, type->kind == SCIM_KIND_USER
                                             ? "userName"
                                             : "displayName");

    return name != NULL ? name : text_at(resource, "externalId");
}

/* What the keys are made of. */
static const char *const key_names[] = { "userName", "displayName", "name" };

/* The members that are other ones than before, and those of the keys. */
static json_t *changed_members(const json_t *before, const json_t *after,
                               apr_pool_t *pool)
{
    json_t *changed = scim_json_adopt(json_object(), pool), *value;
    const char *name;
    size_t i;

    json_object_foreach((json_t *)after, name, value) {
        if (!json_equal(value, json_object_get(before, name))) {
            json_object_set_nocheck(changed, name, value);
        }
    }
    for (i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++) {
        value = json_object_get(after, key_names[i]);
        if (value != NULL) {
            json_object_set_nocheck(changed, key_names[i], value);
        }
    }
    return changed;
}

/* Quotes, as an attribute may be called "null"; no name has any in it. */
static const char *removed_members(const json_t *before, const json_t *after,
                                   apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 1, sizeof(const char *));
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)before, name, value) {
        if (json_object_get(after, name) == NULL) {
            APR_ARRAY_PUSH(names, const char *)
                = apr_pstrcat(pool, "\"", name, "\"", NULL);
        }
    }
    return store_array_text(names, pool);
}

static void make(store_keys *out, const json_t *resource, json_t *folded,
                 const scim_resource_type *type, apr_pool_t *pool)
{
    out->name = store_name_of(resource, type);
    out->active = json_is_true(json_object_get(resource, "active")) ? "true"
                                                                    : "false";
    out->user_name = text_at(folded, "userName");
    out->external_id = text_at(resource, "externalId");
    out->display_name = text_at(folded, "displayName");
    out->family_name = text_at(json_object_get(folded, "name"), "familyName");
    out->body = scim_json_dump(resource, NULL, pool);
    out->folded = scim_json_dump(folded, NULL, pool);
    out->removed = NULL;
}

void store_keys_make(store_keys *out, const json_t *resource,
                     const scim_resource_type *type, apr_pool_t *pool)
{
    json_t *folded = scim_resource_fold(resource, type, pool);

    make(out, resource, folded, type, pool);
    out->claims = type->claims ? store_claims_of(folded, type, pool) : NULL;
}

static const char *claims_of(const json_t *resource,
                             const scim_resource_type *type, apr_pool_t *pool)
{
    return type->claims
               ? store_claims_of(scim_resource_fold(resource, type, pool), type,
                                 pool)
               : NULL;
}

void store_keys_change(store_keys *out, store_key_changes *changes,
                       const json_t *before, const json_t *after,
                       const scim_resource_type *type,
                       const store_transaction *tx)
{
    const store_index *indexes = tx->c->indexes;
    apr_pool_t *pool = tx->pool;

    make(out, after,
         scim_resource_fold(changed_members(before, after, pool), type, pool),
         type, pool);
    out->removed = removed_members(before, after, pool);
    out->claims = claims_of(after, type, pool);
    changes->values = indexes == NULL
                      || store_marked_differ(before, after, indexes);
    changes->last = indexes != NULL ? store_marked_last(indexes) : 0;
    changes->released = claims_of(before, type, pool);
    changes->claims = out->claims == NULL || changes->released == NULL
                          ? out->claims != changes->released
                          : strcmp(out->claims, changes->released) != 0;
}

static void add_claims(const store_keys *keys, const char *id,
                       const scim_resource_type *type, store_transaction *tx)
{
    store_step *step;

    if (keys->claims != NULL) {
        step = store_add(STORE_VALUES_CLAIM, tx);
        store_step_text(step, id);
        store_step_text(step, type->name);
        store_step_text(step, keys->claims);
    }
}

static store_step *add_user(store_statement statement, const store_keys *keys,
                            const char *id, store_transaction *tx)
{
    store_step *step = store_add(statement, tx);

    store_step_text(step, id);
    store_step_text(step, keys->active);
    store_step_text(step, keys->user_name);
    store_step_text(step, keys->external_id);
    store_step_text(step, keys->display_name);
    store_step_text(step, keys->family_name);
    store_step_text(step, keys->body);
    return step;
}

static void insert_folded(const store_keys *keys, const char *id,
                          store_transaction *tx)
{
    const store_index *indexes = tx->c->indexes;
    int emails = indexes != NULL && store_marked_last(indexes) == 1;
    store_step *step = store_add(emails ? STORE_USER_FOLDED_EMAILS
                                        : STORE_USER_FOLDED_INSERT,
                                 tx);

    store_step_text(step, id);
    store_step_text(step, keys->folded);
}

static void update_folded(const store_keys *keys,
                          const store_key_changes *changes, const char *id,
                          store_transaction *tx)
{
    store_step *step = store_add(changes->values ? STORE_USER_FOLDED_UPDATE
                                                 : STORE_USER_FOLDED_ALONE,
                                 tx);

    store_step_text(step, id);
    store_step_text(step, keys->folded);
    store_step_text(step, keys->removed);
    if (!changes->values) {
        store_step_int(step, changes->last, tx->pool);
    }
}

static store_step *add_group(store_statement row, const store_keys *keys,
                             const char *id, store_transaction *tx)
{
    store_step *step = store_add(row, tx);

    store_step_text(step, id);
    store_step_text(step, keys->name);
    store_step_text(step, keys->display_name);
    store_step_text(step, keys->external_id);
    store_step_text(step, keys->body);
    store_step_text(step, keys->folded);
    if (row == STORE_GROUP_UPDATE) {
        store_step_text(step, keys->removed);
    }
    return step;
}

static store_step *add_other(store_statement row, const store_keys *keys,
                             const char *id, const scim_resource_type *type,
                             store_transaction *tx)
{
    store_step *step = store_add(row, tx);

    store_step_text(step, id);
    store_step_text(step, type->name);
    store_step_text(step, keys->external_id);
    store_step_text(step, keys->body);
    store_step_text(step, keys->folded);
    if (row == STORE_RESOURCE_UPDATE) {
        store_step_text(step, keys->removed);
    }
    return step;
}

store_step *store_add_insert(const store_keys *keys, const char *id,
                             const scim_resource_type *type,
                             store_transaction *tx)
{
    store_step *row;

    switch (type->kind) {
    case SCIM_KIND_USER:
        row = add_user(STORE_USER_INSERT, keys, id, tx);
        insert_folded(keys, id, tx);
        break;
    case SCIM_KIND_GROUP:
        row = add_group(STORE_GROUP_INSERT, keys, id, tx);
        break;
    default:
        row = add_other(STORE_RESOURCE_INSERT, keys, id, type, tx);
    }
    add_claims(keys, id, type, tx);
    return row;
}

store_step *store_add_update(const store_keys *keys,
                             const store_key_changes *changes, const char *id,
                             const scim_resource_type *type,
                             store_transaction *tx)
{
    store_step *row, *release;

    switch (type->kind) {
    case SCIM_KIND_USER:
        row = add_user(STORE_USER_UPDATE, keys, id, tx);
        update_folded(keys, changes, id, tx);
        break;
    case SCIM_KIND_GROUP:
        row = add_group(STORE_GROUP_UPDATE, keys, id, tx);
        break;
    default:
        row = add_other(STORE_RESOURCE_UPDATE, keys, id, type, tx);
    }
    if (changes->claims && changes->released != NULL) {
        release = store_add(STORE_VALUES_RELEASE, tx);
        store_step_text(release, id);
        store_step_text(release, changes->released);
    }
    if (changes->claims) {
        add_claims(keys, id, type, tx);
    }
    return row;
}
