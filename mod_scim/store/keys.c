#include "store/keys.h"

#include <string.h>

#include "core/foreign.h"
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

void store_keys_compare(store_key_changes *out, const json_t *before,
                        const json_t *after, const store_keys *keys,
                        const scim_resource_type *type,
                        const store_transaction *tx)
{
    const store_index *indexes = tx->c->indexes;
    const char *claims = NULL;

    out->values = indexes == NULL
                  || store_marked_differ(before, after, indexes);
    out->last = indexes != NULL ? store_marked_last(indexes) : 0;
    if (type->claims) {
        claims = store_claims_of(scim_resource_fold(before, type, tx->pool),
                                 type, tx->pool);
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
    store_step_text(step, keys->kept);
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
