#include "core/schema.h"

#include "core/casefold.h"
#include "core/message.h"

/* clang-format off */
static const char *const uri[] = { "uri", NULL };

static const scim_attr meta_attrs[] = {
    { .name = "resourceType", .mutability = SCIM_READ_ONLY, .case_exact = 1,
      .description = "The name of the resource type." },
    { .name = "created", .type = SCIM_DATETIME,
      .mutability = SCIM_READ_ONLY,
      .description = "When the resource was made." },
    { .name = "lastModified", .type = SCIM_DATETIME,
      .mutability = SCIM_READ_ONLY,
      .description = "When the resource was last changed." },
    { .name = "location", .type = SCIM_REFERENCE, .case_exact = 1,
      .mutability = SCIM_READ_ONLY, .references = uri,
      .description = "The URI of the resource." },
    { .name = "version", .mutability = SCIM_READ_ONLY, .case_exact = 1,
      .description = "The version of the resource, as in the ETag header." },
    { .name = NULL }
};

/* The RFC gives no characteristics of "schemas" and lists none of these in
 * its schemas (3.1); they are common practice. */
const scim_attr scim_common_attrs[] = {
    { .name = "schemas", .type = SCIM_REFERENCE, .multi = 1, .required = 1,
      .case_exact = 1, .returned = SCIM_RETURNED_ALWAYS, .references = uri,
      .hidden = 1,
      .description = "The URNs of the schemas that the resource follows." },
    { .name = "id", .required = 1, .case_exact = 1, .hidden = 1,
      .mutability = SCIM_READ_ONLY, .returned = SCIM_RETURNED_ALWAYS,
      .uniqueness = SCIM_UNIQUE_SERVER,
      .description = "The identifier that the service provider gave." },
    { .name = "externalId", .case_exact = 1, .hidden = 1, .indexed = 1,
      .description = "The identifier that the provisioning client gave." },
    { .name = "meta", .type = SCIM_COMPLEX, .mutability = SCIM_READ_ONLY,
      .hidden = 1, .sub = meta_attrs,
      .description = "What the service provider knows of the resource." },
    { .name = NULL }
};

const char *const scim_type_names[] = {
    [SCIM_STRING]    = "string",
    [SCIM_BOOLEAN]   = "boolean",
    [SCIM_DECIMAL]   = "decimal",
    [SCIM_INTEGER]   = "integer",
    [SCIM_DATETIME]  = "dateTime",
    [SCIM_REFERENCE] = "reference",
    [SCIM_BINARY]    = "binary",
    [SCIM_COMPLEX]   = "complex",
    NULL
};

const char *const scim_mutability_names[] = {
    [SCIM_READ_WRITE] = "readWrite",
    [SCIM_READ_ONLY]  = "readOnly",
    [SCIM_IMMUTABLE]  = "immutable",
    [SCIM_WRITE_ONLY] = "writeOnly",
    NULL
};

const char *const scim_returned_names[] = {
    [SCIM_RETURNED_DEFAULT] = "default",
    [SCIM_RETURNED_ALWAYS]  = "always",
    [SCIM_RETURNED_NEVER]   = "never",
    [SCIM_RETURNED_REQUEST] = "request",
    NULL
};

const char *const scim_uniqueness_names[] = {
    [SCIM_UNIQUE_NONE]   = "none",
    [SCIM_UNIQUE_SERVER] = "server",
    [SCIM_UNIQUE_GLOBAL] = "global",
    NULL
};
/* clang-format on */

const scim_attr *scim_attr_find(const scim_attr *attrs, const char *name,
                                apr_size_t len)
{
    for (; attrs != NULL && attrs->name != NULL; attrs++) {
        if (scim_name_equals_n(name, len, attrs->name)) {
            return attrs;
        }
    }
    return NULL;
}

int scim_attr_is_secret(const scim_attr *attr)
{
    return attr != NULL
           && (attr->returned == SCIM_RETURNED_NEVER
               || attr->mutability == SCIM_WRITE_ONLY);
}

int scim_attr_is_writable(const scim_attr *attr)
{
    return attr->mutability != SCIM_READ_ONLY;
}

static void put_list(json_t *json, const char *name, const char *const *values)
{
    json_t *list;

    if (values == NULL) {
        return;
    }
    list = json_array();
    for (; *values != NULL; values++) {
        json_array_append_new(list, json_string(*values));
    }
    json_object_set_new(json, name, list);
}

static json_t *list_attrs(const scim_attr *attrs);

/* RFC 7643, 7. Upper and lower case mean something for text only; a complex
 * or boolean value is never unique (erratum 6004). */
static json_t *describe_attr(const scim_attr *attr)
{
    int is_text = attr->type == SCIM_STRING || attr->type == SCIM_REFERENCE
                  || attr->type == SCIM_BINARY;
    json_t *json = json_pack(
        "{s:s, s:s, s:b, s:s, s:b}", "name", attr->name, "type",
        scim_type_names[attr->type], "multiValued", attr->multi, "description",
        attr->description != NULL ? attr->description : "", "required",
        attr->required);

    if (attr->sub != NULL) {
        json_object_set_new(json, "subAttributes", list_attrs(attr->sub));
    }
    put_list(json, "canonicalValues", attr->canonical);
    if (is_text) {
        json_object_set_new(json, "caseExact", json_boolean(attr->case_exact));
    }
    json_object_set_new(json, "mutability",
                        json_string(scim_mutability_names[attr->mutability]));
    json_object_set_new(json, "returned",
                        json_string(scim_returned_names[attr->returned]));
    if (attr->type != SCIM_COMPLEX && attr->type != SCIM_BOOLEAN) {
        json_object_set_new(
            json, "uniqueness",
            json_string(scim_uniqueness_names[attr->uniqueness]));
    }
    put_list(json, "referenceTypes", attr->references);
    return json;
}

static json_t *list_attrs(const scim_attr *attrs)
{
    json_t *list = json_array();

    for (; attrs->name != NULL; attrs++) {
        if (!attrs->hidden) {
            json_array_append_new(list, describe_attr(attrs));
        }
    }
    return list;
}

json_t *scim_schema_to_json(const scim_schema *schema)
{
    return json_pack("{s:[s], s:s, s:s, s:s, s:o}", "schemas",
                     SCIM_URN_SCHEMA, "id", schema->id, "name", schema->name,
                     "description", schema->description, "attributes",
                     list_attrs(schema->attrs));
}
