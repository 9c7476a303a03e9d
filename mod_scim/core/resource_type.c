#include "core/resource_type.h"

#include <string.h>

#include "core/casefold.h"
#include "core/message.h"

static const scim_extension user_extensions[] = {
    { &scim_schema_enterprise_user, 0 },
    { NULL, 0 },
};

static const scim_extension no_extensions[] = {
    { NULL, 0 },
};

const scim_resource_type scim_type_user = {
    .kind = SCIM_KIND_USER,
    .name = "User",
    .endpoint = "/Users",
    .description = "User Account",
    .schema = &scim_schema_user,
    .extensions = user_extensions,
};

const scim_resource_type scim_type_group = {
    .kind = SCIM_KIND_GROUP,
    .name = "Group",
    .endpoint = "/Groups",
    .description = "Group",
    .schema = &scim_schema_group,
    .extensions = no_extensions,
};

const scim_resource_type *const scim_default_types[] = {
    &scim_type_user,
    &scim_type_group,
    NULL,
};

const scim_resource_type *scim_resource_type_at(scim_resource_types types,
                                                const char *segment,
                                                apr_size_t len)
{
    for (; *types != NULL; types++) {
        const char *name = (*types)->endpoint + 1;

        if (strlen(name) == len && memcmp(name, segment, len) == 0) {
            return *types;
        }
    }
    return NULL;
}

const scim_schema *scim_resource_type_schema(const scim_resource_type *type,
                                             const char *urn, apr_size_t len)
{
    const scim_extension *ext;

    if (scim_name_equals_n(urn, len, type->schema->id)) {
        return type->schema;
    }
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        if (scim_name_equals_n(urn, len, ext->schema->id)) {
            return ext->schema;
        }
    }
    return NULL;
}

json_t *scim_resource_type_to_json(const scim_resource_type *type)
{
    const scim_extension *ext;
    json_t *list = json_array();

    for (ext = type->extensions; ext->schema != NULL; ext++) {
        json_array_append_new(list,
                              json_pack("{s:s, s:b}", "schema", ext->schema->id,
                                        "required", ext->required));
    }
    return json_pack("{s:[s], s:s, s:s, s:s, s:s, s:s, s:o}", "schemas",
                     SCIM_URN_RESOURCE_TYPE, "id", type->name, "name",
                     type->name, "endpoint", type->endpoint, "description",
                     type->description, "schema", type->schema->id,
                     "schemaExtensions", list);
}
