#include "core/foreign.h"

#include <string.h>

static const char *foreign_urn(const json_t *urn,
                               const scim_resource_type *type)
{
    const char *text = json_string_value(urn);

    return text != NULL
                   && scim_resource_type_schema(type, text, strlen(text))
                          == NULL
               ? text
               : NULL;
}

int scim_foreign_is_in(const json_t *resource, const scim_resource_type *type)
{
    json_t *urn;
    size_t i;

    json_array_foreach(json_object_get(resource, "schemas"), i, urn) {
        if (foreign_urn(urn, type) != NULL) {
            return 1;
        }
    }
    return 0;
}

/* Moves behind `what`, if that is next. */
static int take(const char **at, const char *end, const char *what)
{
    apr_size_t len = strlen(what);

    if ((apr_size_t)(end - *at) < len || memcmp(*at, what, len) != 0) {
        return 0;
    }
    *at += len;
    return 1;
}

int scim_foreign_is_in_text(const char *text, apr_size_t len,
                            const scim_resource_type *type)
{
    const char *at = text, *end = text + len, *quote;

    if (!take(&at, end, "{\"schemas\":[")) {
        return 1;
    }
    while (take(&at, end, "\"")) {
        quote = memchr(at, '"', (apr_size_t)(end - at));
        if (quote == NULL
            || scim_resource_type_schema(type, at, (apr_size_t)(quote - at))
                   == NULL) {
            return 1;
        }
        at = quote + 1;
        take(&at, end, ",");
    }
    return !take(&at, end, "]");
}

void scim_foreign_drop(json_t *resource, const scim_resource_type *type)
{
    json_t *schemas = json_object_get(resource, "schemas");
    size_t i;

    for (i = json_array_size(schemas); i > 0; i--) {
        const char *urn = foreign_urn(json_array_get(schemas, i - 1), type);

        if (urn != NULL) {
            json_object_del(resource, urn);
            json_array_remove(schemas, i - 1);
        }
    }
}

void scim_foreign_keep(json_t *after, const json_t *before,
                       const scim_resource_type *type)
{
    json_t *urn;
    size_t i;

    json_array_foreach(json_object_get(before, "schemas"), i, urn) {
        const char *name = foreign_urn(urn, type);

        if (name != NULL) {
            json_object_set(after, name, json_object_get(before, name));
            json_array_append(json_object_get(after, "schemas"), urn);
        }
    }
}

void scim_foreign_name(json_t *schemas, const json_t *resource,
                       const scim_resource_type *type)
{
    json_t *urn;
    size_t i;

    json_array_foreach(json_object_get(resource, "schemas"), i, urn) {
        const char *name = foreign_urn(urn, type);

        if (name != NULL && json_object_get(resource, name) != NULL) {
            json_array_append(schemas, urn);
        }
    }
}
