/* What must be true of a patch's result, whichever operation made it. */
#include "core/patch_operation.h"

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
