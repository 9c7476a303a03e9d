#include <string.h>

#include <apr_strings.h>

#include "core/sort.h"
#include "protocol/operation.h"

/* A list of one resource type, or of all (RFC 7644, 3.4.2.1). */
typedef struct listing {
    serve_call *call;
    const scim_resource_type *const *types; /* NULL at the end */
    int count;
    store_part *parts;
    serve_call *views; /* the call as if it were for each type */
} listing;

/* Sees the list's type, or each of them, as serve_wants() and the projection
 * need it. */
static void make_parts(listing *l)
{
    apr_size_t count = 0;
    int i;

    while (l->types[count] != NULL) {
        count++;
    }
    l->count = (int)count;
    l->parts = apr_pcalloc(l->call->pool, count * sizeof(*l->parts));
    l->views = apr_palloc(l->call->pool, count * sizeof(*l->views));
    for (i = 0; i < l->count; i++) {
        l->views[i] = *l->call;
        l->views[i].type = l->types[i];
        serve_project(&l->views[i]);
        l->parts[i].type = l->types[i];
        l->parts[i].wants = serve_wants(&l->views[i]);
    }
}

static scim_error *add_filters(const listing *l)
{
    const serve_call *call = l->call;
    scim_error *err = NULL;
    int i;

    for (i = 0; call->query.filter != NULL && i < l->count && err == NULL;
         i++) {
        err = scim_filter_parse_among(&l->parts[i].filter, call->query.filter,
                                      l->types[i], l->types,
                                      &call->context->limits->filter,
                                      call->pool);
    }
    return err;
}

/* Types that lack the attribute have no value to be sorted by; an error where
 * all lack it. */
static scim_error *add_sort(const listing *l)
{
    apr_pool_t *pool = l->call->pool;
    const char *text = l->call->query.sort_by;
    scim_error *err = NULL, *first = NULL;
    int i, found = 0;

    if (text == NULL || *text == '\0') {
        return NULL;
    }
    for (i = 0; i < l->count; i++) {
        scim_path *path = apr_palloc(pool, sizeof(*path));

        err = scim_sort_parse(path, text, l->types[i], pool);
        if (err == NULL) {
            l->parts[i].sort = path;
            found = 1;
        }
        first = first != NULL ? first : err;
    }
    return found ? NULL : first;
}

/* All that makes the query, each with its length, so that no two have the same
 * text. */
static const char *identity(const listing *l, int descending)
{
    const serve_query *query = &l->call->query;
    const char *const texts[] = { query->filter, query->sort_by,
                                  query->attributes,
                                  query->excluded_attributes };
    apr_pool_t *pool = l->call->pool;
    const char *out = descending ? "descending" : "ascending";
    apr_size_t i;

    for (i = 0; i < (apr_size_t)l->count; i++) {
        out = apr_pstrcat(pool, out, " ", l->types[i]->name, NULL);
    }
    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const char *text = texts[i] != NULL ? texts[i] : "";

        out = apr_psprintf(pool, "%s %" APR_SIZE_T_FMT ":%s", out,
                           strlen(text), text);
    }
    return out;
}

static scim_error *read_query(store_query *out, listing *l)
{
    serve_call *call = l->call;
    const serve_limits *limits = call->context->limits;
    scim_error *err = scim_page_parse(&call->page, call->query.start_index,
                                      call->query.count, call->query.cursor,
                                      limits->max_results, call->pool);

    if (err == NULL) {
        err = scim_sort_order(&out->descending, call->query.sort_order,
                              call->pool);
    }
    if (err != NULL) {
        return err;
    }
    make_parts(l);
    err = add_filters(l);
    if (err == NULL) {
        err = add_sort(l);
    }
    if (call->query.sort_by == NULL || *call->query.sort_by == '\0') {
        out->descending = 0; /* without sortBy there is nothing to turn */
    }
    out->parts = l->parts;
    out->count = l->count;
    out->page = call->page;
    out->identity = identity(l, out->descending);
    out->cursor_timeout_s = limits->cursor_timeout_s;
    return err;
}

/* GET of a collection or of everything (RFC 7644, 3.4.2). */
scim_error *serve_list(serve_call *call)
{
    const scim_resource_type *const one[] = { call->type, NULL };
    listing l = { .call = call,
                  .types = call->type != NULL ? one
                                            : call->context->types };
    store_query query = { 0 };
    store_result result;
    scim_error *err = read_query(&query, &l);

    if (err != NULL) {
        return err;
    }
    call->token_checked = 1;
    err = store_query_run(&result, &query, call->context->caller,
                          call->context->store, call->pool);
    return err != NULL ? err : serve_represent_list(&result, l.views, call);
}
