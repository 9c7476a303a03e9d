#include "core/given.h"

#include <string.h>

#include "core/patch_operation.h"

static void add_present(apr_array_header_t *given, const json_t *values,
                        const scim_schema *schema)
{
    const scim_attr *attr;

    for (attr = schema->attrs; attr->name != NULL; attr++) {
        if (json_object_get(values, attr->name) != NULL) {
            APR_ARRAY_PUSH(given, const scim_attr *) = attr;
        }
    }
}

const apr_array_header_t *scim_given_in_resource(const json_t *resource,
                                                 const scim_resource_type *type,
                                                 apr_pool_t *pool)
{
    apr_array_header_t *given
        = apr_array_make(pool, 8, sizeof(const scim_attr *));
    const scim_extension *ext;

    add_present(given, resource, type->schema);
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        add_present(given, json_object_get(resource, ext->schema->id),
                    ext->schema);
    }
    return given;
}

const apr_array_header_t *scim_given_in_patch(const scim_patch *patch,
                                              apr_pool_t *pool)
{
    apr_array_header_t *given
        = apr_array_make(pool, 8, sizeof(const scim_attr *));
    int i;

    for (i = 0; i < patch->operations->nelts; i++) {
        const scim_attr *attr
            = APR_ARRAY_IDX(patch->operations, i, scim_operation).path.attr;

        if (attr != NULL) {
            APR_ARRAY_PUSH(given, const scim_attr *) = attr;
        }
    }
    return given;
}

const json_t *scim_given_value(const scim_patch *patch,
                               const scim_schema *schema, const char *name)
{
    const json_t *last = NULL;
    int i;

    for (i = 0; i < patch->operations->nelts; i++) {
        const scim_operation *op
            = &APR_ARRAY_IDX(patch->operations, i, scim_operation);

        if (op->path.schema == schema && op->path.attr != NULL
            && strcmp(op->path.attr->name, name) == 0) {
            last = op->verb != SCIM_PATCH_REMOVE && op->value != NULL
                       ? op->value
                       : json_null();
        }
    }
    return last;
}
