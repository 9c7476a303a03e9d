#include "store/keys.h"

#include <string.h>

#include "core/foreign.h"
#include "store/claims.h"

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

/* URNs need no quotes in an array. */
static const char *kept_names(const json_t *resource,
                              const scim_resource_type *type, apr_pool_t *pool)
{
    json_t *urns = scim_json_adopt(json_array(), pool), *urn;
    apr_array_header_t *names = apr_array_make(pool, 1, sizeof(const char *));
    size_t i;

    scim_foreign_name(urns, resource, type);
    json_array_foreach(urns, i, urn) {
        APR_ARRAY_PUSH(names, const char *) = json_string_value(urn);
    }
    return names->nelts > 0 ? store_array_text(names, pool) : NULL;
}

void store_keys_make(store_keys *out, const json_t *resource,
                     const scim_resource_type *type, apr_pool_t *pool)
{
    json_t *folded = scim_resource_fold(resource, type, pool);

    out->name = store_name_of(resource, type);
    out->active = json_is_true(json_object_get(resource, "active")) ? "true"
                                                                    : "false";
    out->user_name = text_at(folded, "userName");
    out->external_id = text_at(resource, "externalId");
    out->display_name = text_at(folded, "displayName");
    out->family_name = text_at(json_object_get(folded, "name"), "familyName");
    out->body = scim_json_dump(resource, NULL, pool);
    out->folded = scim_json_dump(folded, NULL, pool);
    out->kept = kept_names(resource, type, pool);
    out->claims = type->claims ? store_claims_of(folded, type, pool) : NULL;
}

/* Whether one has what the other has not, and what could have rows of its own:
 * booleans have none, and `active` is what changes most. */
static int differs(const json_t *one, const json_t *other)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)one, name, value) {
        if (!json_is_boolean(value)
            && !json_equal(value, json_object_get(other, name))) {
            return 1;
        }
    }
    return 0;
}

void store_keys_compare(store_key_changes *out, const json_t *before,
                        const json_t *after, const store_keys *keys,
                        const scim_resource_type *type, apr_pool_t *pool)
{
    const char *claims = NULL;

    out->values = differs(before, after) || differs(after, before);
    if (type->claims) {
        claims = store_claims_of(scim_resource_fold(before, type, pool), type,
                                 pool);
    }
    out->claims = keys->claims == NULL || claims == NULL
                      ? keys->claims != claims
                      : strcmp(keys->claims, claims) != 0;
    out->released = claims;
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

static store_step *add_user(store_statement row, store_statement folded,
                            const store_keys *keys, const char *id,
                            store_transaction *tx)
{
    store_step *step = store_add(row, tx), *second;

    store_step_text(step, id);
    store_step_text(step, keys->active);
    store_step_text(step, keys->user_name);
    store_step_text(step, keys->external_id);
    store_step_text(step, keys->display_name);
    store_step_text(step, keys->family_name);
    store_step_text(step, keys->body);

    second = store_add(folded, tx);
    store_step_text(second, id);
    store_step_text(second, keys->folded);
    if (folded != STORE_USER_FOLDED_INSERT) {
        store_step_text(second, keys->kept);
    }
    return step;
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
        store_step_text(step, keys->kept);
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
        store_step_text(step, keys->kept);
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
        row = add_user(STORE_USER_INSERT, STORE_USER_FOLDED_INSERT, keys, id,
                       tx);
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
        row = add_user(STORE_USER_UPDATE,
                       changes->values ? STORE_USER_FOLDED_UPDATE
                                       : STORE_USER_FOLDED_ALONE,
                       keys, id, tx);
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
