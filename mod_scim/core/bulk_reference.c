#include "core/bulk_reference.h"

#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"

#define PREFIX     "bulkId:"
#define PREFIX_LEN (sizeof(PREFIX) - 1)

/* What is done with each reference: its name is noted, or an id put there. */
typedef struct visitor {
    apr_array_header_t *names; /* or NULL */
    scim_bulk_lookup lookup;
    void *baton;
    apr_pool_t *pool;
} visitor;

/* What stands in place of the reference; NULL: it stays. */
static const char *visit(const visitor *v, const char *name, apr_size_t len)
{
    name = apr_pstrmemdup(v->pool, name, len);
    if (v->names != NULL) {
        APR_ARRAY_PUSH(v->names, const char *) = name;
        return NULL;
    }
    return v->lookup(name, v->baton);
}

/* A text with the part [from, to) changed. */
static const char *spliced(const char *text, const char *from, const char *to,
                           const char *id, apr_pool_t *pool)
{
    return apr_pstrcat(pool,
                       apr_pstrmemdup(pool, text, (apr_size_t)(from - text)),
                       id, to, (char *)NULL);
}

/* "/Users/bulkId:x", ".../Users/bulkId:x": the last segment. */
static const char *in_link(const char *link, const visitor *v)
{
    const char *slash = strrchr(link, '/');
    const char *start = slash != NULL ? slash + 1 : link, *id;

    if (strncmp(start, PREFIX, PREFIX_LEN) != 0) {
        return NULL;
    }
    id = visit(v, start + PREFIX_LEN, strlen(start + PREFIX_LEN));
    return id != NULL ? spliced(link, start, start + strlen(start), id,
                                v->pool)
                      : NULL;
}

/* members[value eq "bulkId:x"]: each of them. NULL: there is none. */
static const char *in_filter(const char *path, const visitor *v)
{
    const char *at = path, *changed = NULL;

    while ((at = strstr(at, "\"" PREFIX)) != NULL) {
        const char *name = at + 1 + PREFIX_LEN, *end = strchr(name, '"');
        const char *id;
        apr_size_t offset;

        if (end == NULL) {
            break;
        }
        id = visit(v, name, (apr_size_t)(end - name));
        if (id == NULL) {
            at = end;
            continue;
        }
        offset = (apr_size_t)(at - path) + 1 + strlen(id);
        path = changed = spliced(path, at + 1, end, id, v->pool);
        at = path + offset;
    }
    return changed;
}

/* The text of a member of this name (NULL: an element of a list) as it is to
 * be; NULL: as it is. */
static const char *in_text(const char *name, const char *text, const visitor *v)
{
    if (strncmp(text, PREFIX, PREFIX_LEN) == 0) {
        return visit(v, text + PREFIX_LEN, strlen(text + PREFIX_LEN));
    }
    if (name != NULL && scim_name_equals(name, "$ref")) {
        return in_link(text, v);
    }
    return name != NULL && scim_name_equals(name, "path") ? in_filter(text, v)
                                                          : NULL;
}

static json_t *in_value(const char *name, const json_t *value,
                        const visitor *v);

static void in_object(json_t *object, const visitor *v)
{
    const char *name;
    json_t *member, *changed;

    json_object_foreach(object, name, member)
    {
        changed = in_value(name, member, v);
        if (changed != NULL) {
            json_object_set_new(object, name, changed);
        }
    }
}

static void in_array(json_t *array, const visitor *v)
{
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        json_t *changed = in_value(NULL, json_array_get(array, i), v);

        if (changed != NULL) {
            json_array_set_new(array, i, changed);
        }
    }
}

/* Recurses no deeper than the parser let it be. A new text, or NULL. */
static json_t *in_value(const char *name, const json_t *value, const visitor *v)
{
    const char *text;

    if (json_is_object(value)) {
        in_object((json_t *)value, v);
    }
    else if (json_is_array(value)) {
        in_array((json_t *)value, v);
    }
    if (!json_is_string(value)) {
        return NULL;
    }
    text = in_text(name, json_string_value(value), v);
    return text != NULL ? scim_json_text(text) : NULL;
}

void scim_bulk_names_in_path(apr_array_header_t *names, const char *path,
                             apr_pool_t *pool)
{
    visitor v = { .names = names, .pool = pool };

    in_link(path, &v);
}

/* Nothing is changed while names are noted. */
void scim_bulk_names_in_data(apr_array_header_t *names, const json_t *data,
                             apr_pool_t *pool)
{
    visitor v = { .names = names, .pool = pool };

    in_value(NULL, data, &v);
}

const char *scim_bulk_path_with_ids(const char *path, scim_bulk_lookup lookup,
                                    void *baton, apr_pool_t *pool)
{
    visitor v = { .lookup = lookup, .baton = baton, .pool = pool };
    const char *changed = in_link(path, &v);

    return changed != NULL ? changed : apr_pstrdup(pool, path);
}

void scim_bulk_put_ids(json_t *data, scim_bulk_lookup lookup, void *baton,
                       apr_pool_t *pool)
{
    visitor v = { .lookup = lookup, .baton = baton, .pool = pool };

    if (data != NULL) {
        in_value(NULL, data, &v);
    }
}
