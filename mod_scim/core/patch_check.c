/* What must be true of a message before it is read, and of a patch's result,
 * whichever operation made it. */
#include "core/casefold.h"
#include "core/patch_operation.h"

/* One of `names`, NULL at the end, that the object has twice; or NULL. */
static const char *twice(const json_t *object, const char *const *names)
{
    const char *key;
    json_t *value;

    for (; *names != NULL; names++) {
        const json_t *first = scim_json_member(object, *names);

        json_object_foreach((json_t *)object, key, value) {
            if (value != first && scim_name_equals(key, *names)) {
                return *names;
            }
        }
    }
    return NULL;
}

scim_error *scim_patch_check_names(const json_t *body, apr_pool_t *pool)
{
    static const char *const of_message[] = { "schemas", "Operations", NULL };
    static const char *const of_operation[] = { "op", "path", "value", NULL };
    const json_t *operations = scim_json_member(body, "Operations");
    const char *name = twice(body, of_message);
    size_t i;

    if (name != NULL) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "\"%s\" is given twice.", name);
    }
    for (i = 0; i < json_array_size(operations); i++) {
        name = twice(json_array_get(operations, i), of_operation);
        if (name != NULL) {
            return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                                   "Operations[%d]: \"%s\" is given twice.",
                                   (int)i, name);
        }
    }
    return NULL;
}

static scim_error *check_immutable(const json_t *after, const json_t *before,
                                   const scim_schema *schema, apr_pool_t *pool)
{
    const scim_attr *attr, *sub;

    for (attr = schema->attrs; attr->name != NULL; attr++) {
        const json_t *old = json_object_get(before, attr->name);
        const json_t *new = json_object_get(after, attr->name);

        if (attr->mutability == SCIM_IMMUTABLE && old != NULL &&
            !json_equal(old, new)) {
            return scim_error_make(SCIM_MUTABILITY, pool,
                                   "\"%s\" cannot be changed once it has a "
                                   "value.",
                                   attr->name);
        }
        sub = scim_immutable_sub(attr, old, new);
        if (sub != NULL) {
            return scim_error_make(SCIM_MUTABILITY, pool,
                                   "\"%s.%s\" cannot be changed once it has a "
                                   "value.",
                                   attr->name, sub->name);
        }
    }
    return NULL;
}

scim_error *scim_patch_check(json_t *after, const json_t *before,
                             const scim_resource_type *type, apr_pool_t *pool)
{
    const scim_extension *ext;
    scim_error *err = scim_resource_finish(after, type, pool);

    if (err == NULL) {
        err = check_immutable(after, before, type->schema, pool);
    }
    for (ext = type->extensions; err == NULL && ext->schema != NULL; ext++) {
        err = check_immutable(json_object_get(after, ext->schema->id),
                              json_object_get(before, ext->schema->id),
                              ext->schema, pool);
    }
    return err;
}

scim_error *scim_patch_label_taken(scim_error *err, const scim_patch *patch,
                                   const scim_resource_type *type,
                                   apr_pool_t *pool)
{
    int i = patch->operations->nelts;

    if (err == NULL || err->attribute == NULL) {
        return err;
    }
    while (i-- > 0) {
        const scim_operation *op
            = &APR_ARRAY_IDX(patch->operations, i, scim_operation);
        scim_path whole = op->path;

        whole.sub = NULL;
        if (scim_name_equals(scim_path_text(&whole, type, pool),
                             err->attribute)) {
            return scim_operation_error(op->label, err, pool);
        }
    }
    return err;
}
