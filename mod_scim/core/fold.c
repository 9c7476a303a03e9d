#include "core/resource.h"

#include <string.h>

#include "core/casefold.h"
#include "core/datetime.h"

static json_t *fold_text(const json_t *value, const scim_attr *attr,
                         apr_pool_t *pool)
{
    const char *text = json_string_value(value), *folded = text;

    if (attr->type == SCIM_DATETIME) {
        folded = scim_datetime_normal(text, pool);
    }
    else if (!attr->case_exact) {
        folded = scim_casefold(text, pool);
    }
    return folded == NULL || folded == text ? json_incref((json_t *)value)
                                            : json_string(folded);
}

/* Values below `attrs`, which are in the schema's spelling already. */
static json_t *fold_object(const json_t *object, const scim_attr *attrs,
                           apr_pool_t *pool)
{
    json_t *folded = json_object(), *value;
    const char *name;

    json_object_foreach((json_t *)object, name, value) {
        const scim_attr *attr = scim_attr_find(attrs, name, strlen(name));

        if (attr != NULL) {
            json_object_set_new_nocheck(folded, attr->name,
                                        scim_value_fold(value, attr, pool));
        }
    }
    return folded;
}

json_t *scim_value_fold(const json_t *value, const scim_attr *attr,
                        apr_pool_t *pool)
{
    json_t *folded;
    apr_size_t i;

    if (json_is_array(value)) {
        folded = json_array();
        for (i = 0; i < json_array_size(value); i++) {
            json_array_append_new(
                folded, scim_value_fold(json_array_get(value, i), attr, pool));
        }
        return folded;
    }
    if (json_is_object(value) && attr->sub != NULL) {
        return fold_object(value, attr->sub, pool);
    }
    if (json_is_string(value)) {
        return fold_text(value, attr, pool);
    }
    return json_incref((json_t *)value);
}

json_t *scim_resource_fold(const json_t *resource,
                           const scim_resource_type *type, apr_pool_t *pool)
{
    json_t *folded = fold_object(resource, type->schema->attrs, pool);
    json_t *common = fold_object(resource, scim_common_attrs, pool);
    const scim_extension *ext;

    json_object_update(folded, common);
    json_decref(common);
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        const json_t *values = json_object_get(resource, ext->schema->id);

        if (json_is_object(values)) {
            json_object_set_new(folded, ext->schema->id,
                                fold_object(values, ext->schema->attrs, pool));
        }
    }
    return scim_json_adopt(folded, pool);
}
