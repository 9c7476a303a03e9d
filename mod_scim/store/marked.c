#include "store/marked.h"

#include <string.h>

#include <apr_strings.h>
#include <unistr.h>

/* Characters that a row holds of a value (scim.value_rows). */
#define KEPT 256

static int is_marked(const scim_path *path, const scim_resource_type *type)
{
    const scim_path *m = type->marked;

    while (m != NULL && m->attr != NULL
           && (m->attr != path->attr || m->sub != path->sub
               || m->schema != path->schema)) {
        m++;
    }
    return m != NULL && m->attr != NULL;
}

int store_marked(const scim_path *path, const scim_resource_type *type,
                 const store_index *indexes, apr_pool_t *pool)
{
    const char *text;

    if (indexes == NULL || !is_marked(path, type)) {
        return 0;
    }
    text = scim_path_text(path, type, pool);
    while (indexes->path != NULL
           && (!indexes->ready || strcmp(indexes->path, text) != 0)) {
        indexes++;
    }
    return indexes->path != NULL ? indexes->attr : 0;
}

int store_marked_last(const store_index *indexes)
{
    int last = 0;

    for (; indexes->path != NULL; indexes++) {
        last = indexes->attr > last ? indexes->attr : last;
    }
    return last;
}

static const json_t *marked_value(const json_t *user, const store_index *index)
{
    return json_object_get(index->urn != NULL
                               ? json_object_get(user, index->urn)
                               : user,
                           index->name);
}

int store_marked_differ(const json_t *before, const json_t *after,
                        const store_index *indexes)
{
    for (; indexes->path != NULL; indexes++) {
        const json_t *old = marked_value(before, indexes);
        const json_t *new = marked_value(after, indexes);

        if (old != new && !json_equal(old, new)) {
            return 1;
        }
    }
    return 0;
}

/* Bytes of the first characters, if there are more; else 0. */
static apr_size_t cut_at(const char *text)
{
    apr_size_t len = strlen(text), at = 0;
    int n;

    for (n = 0; n < KEPT && at < len; n++) {
        at += (apr_size_t)u8_mblen((const uint8_t *)text + at, len - at);
    }
    return at < len ? at : 0;
}

/* Cutting keeps the order, but makes equal what differs behind. */
scim_filter store_marked_bound(const scim_filter *node, apr_pool_t *pool)
{
    static const scim_compare_op bounds[] = {
        [SCIM_EQ] = SCIM_EQ, [SCIM_SW] = SCIM_SW, [SCIM_GT] = SCIM_GE,
        [SCIM_GE] = SCIM_GE, [SCIM_LT] = SCIM_LE, [SCIM_LE] = SCIM_LE,
    };
    scim_filter bound = *node;
    apr_size_t cut = cut_at(node->text);

    bound.op = bounds[node->op];
    if (cut > 0) {
        bound.text = apr_pstrmemdup(pool, node->text, cut);
        bound.op = bound.op == SCIM_SW ? SCIM_EQ : bound.op;
    }
    return bound;
}
