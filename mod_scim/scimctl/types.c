#include "scimctl/types.h"

#include <string.h>

#include <apr_strings.h>

#include "scimctl/migration.h"

typedef scim_error *(*take)(scim_type_set *set, const char *text);

static scim_error *take_schema(scim_type_set *set, const char *text)
{
    const scim_schema *schema;
    scim_error *err
        = scim_type_set_add_schema(&schema, set, text, strlen(text));

    if (err == NULL) {
        err = scim_type_set_extend(set, SCIM_KIND_USER, schema, 0);
    }
    return err != NULL ? err
                       : scim_type_set_extend(set, SCIM_KIND_GROUP, schema, 0);
}

static scim_error *take_type(scim_type_set *set, const char *text)
{
    return scim_type_set_add_type(set, text, strlen(text));
}

static scim_error *take_files(scim_type_set *set, const char *option,
                              take reads, const scimctl_call *call)
{
    const char *list = scimctl_text(call, option), *text;
    char *path, *rest;
    scim_error *err = NULL;

    for (path = list == NULL ? NULL
                             : apr_strtok(apr_pstrdup(call->pool, list), ",",
                                          &rest);
         err == NULL && path != NULL; path = apr_strtok(NULL, ",", &rest)) {
        err = scimctl_read_file(&text, path, call->pool);
        if (err != NULL) {
            return err;
        }
        err = reads(set, text);
        if (err != NULL) {
            err->detail = apr_psprintf(call->pool, "%s: %s", path,
                                       err->detail);
        }
    }
    return err;
}

scim_error *scimctl_types(scim_type_set **out, const scimctl_call *call)
{
    scim_type_set *set = scim_type_set_make(call->pool);
    scim_error *err = take_files(set, "schema", take_schema, call);

    if (err == NULL) {
        err = take_files(set, "resource-type", take_type, call);
    }
    *out = set;
    return err;
}
