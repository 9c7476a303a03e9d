#include "core/sort.h"

#include <string.h>

#include "core/casefold.h"

/* Made of the URL that the client uses. */
static int is_link(const scim_path *path)
{
    const char *name = path->sub != NULL ? path->sub->name : path->attr->name;

    return (path->schema == NULL && strcmp(name, "location") == 0)
           || (path->attr->multi && strcmp(name, "$ref") == 0);
}

static scim_error *needs_part(const scim_path *path,
                              const scim_resource_type *type,
                              apr_pool_t *pool)
{
    const char *text = scim_path_text(path, type, pool);

    return scim_error_make(SCIM_INVALID_PATH, pool,
                           "sortBy: \"%s\" has several parts; name one of "
                           "them, as in \"%s%s%s\".",
                           text, text, path->attr != NULL ? "." : ":",
                           path->attr != NULL ? path->attr->sub[0].name
                                              : path->schema->attrs[0].name);
}

scim_error *scim_sort_parse(scim_path *out, const char *text,
                            const scim_resource_type *type, apr_pool_t *pool)
{
    scim_path path;
    scim_error *err = scim_path_parse(&path, text, strlen(text), type,
                                      SCIM_INVALID_PATH, pool);

    if (err != NULL) {
        return scim_error_make(err->fault, pool, "sortBy: %s", err->detail);
    }
    if (path.attr != NULL && path.attr->multi && path.sub == NULL
        && path.attr->type == SCIM_COMPLEX) {
        path.sub = scim_attr_find(path.attr->sub, "value", 5);
    }
    if (path.attr == NULL
        || (path.attr->type == SCIM_COMPLEX && path.sub == NULL)) {
        return needs_part(&path, type, pool);
    }
    if (scim_attr_is_secret(path.attr) || scim_attr_is_secret(path.sub)
        || is_link(&path)) {
        return scim_error_make(SCIM_INVALID_PATH, pool,
                               "sortBy: \"%s\" gives no order.",
                               scim_path_text(&path, type, pool));
    }
    *out = path;
    return NULL;
}

scim_error *scim_sort_order(int *descending, const char *text,
                            apr_pool_t *pool)
{
    if (text == NULL || scim_name_equals(text, "ascending")) {
        *descending = 0;
        return NULL;
    }
    if (scim_name_equals(text, "descending")) {
        *descending = 1;
        return NULL;
    }
    return scim_error_make(SCIM_INVALID_VALUE, pool,
                           "sortOrder is \"ascending\" or \"descending\", not "
                           "\"%s\".",
                           scim_excerpt(text, pool));
}
