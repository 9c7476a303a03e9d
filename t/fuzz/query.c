/* The query component of a list, any bytes: what is read of it is UTF-8, says
 * the same once it is encoded again, and is a page and an order or refused. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "core/sort.h"
#include "protocol/operation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {
    "filter", "sortBy", "sortOrder", "startIndex", "count", "cursor",
    "attributes", "excludedAttributes", "atomic", NULL
};

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static const char *encoded(serve_query *query, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = 0; names[i] != NULL; i++) {
        const char *value = *serve_query_field(query, names[i]);

        if (value != NULL) {
            text = apr_pstrcat(pool, text, *text == '\0' ? "" : "&", names[i],
                               "=", apr_pescape_urlencoded(pool, value), NULL);
        }
    }
    return text;
}

static int same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_again(serve_query *query, apr_pool_t *pool)
{
    serve_query again;
    int i;

    expect(serve_query_parse(&again, encoded(query, pool), pool) == NULL);
    for (i = 0; names[i] != NULL; i++) {
        const char *value = *serve_query_field(query, names[i]);

        expect(same(value, *serve_query_field(&again, names[i])));
        expect(value == NULL
               || scim_json_adopt(json_string(value), pool) != NULL);
    }
}

static void check_page(const serve_query *query, apr_pool_t *pool)
{
    scim_page page;
    scim_error *err = scim_page_parse(&page, query->start_index, query->count,
                                      query->cursor, 200, pool);

    expect(err != NULL
           || (page.start >= 1 && page.count >= 0 && page.count <= 200));
    expect(err == NULL || err->fault == SCIM_INVALID_VALUE
           || err->fault == SCIM_INVALID_COUNT);
}

static void check_order(const serve_query *query,
                        const scim_resource_type *type, apr_pool_t *pool)
{
    scim_path path;
    int descending;

    if (query->sort_by != NULL
        && scim_sort_parse(&path, query->sort_by, type, pool) == NULL) {
        const scim_attr *last = path.sub != NULL ? path.sub : path.attr;

        expect(last->type != SCIM_COMPLEX && !scim_attr_is_secret(last));
    }
    if (scim_sort_order(&descending, query->sort_order, pool) == NULL) {
        expect(descending == 0 || descending == 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    serve_query query;
    scim_error *err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    err = serve_query_parse(
        &query, apr_pstrmemdup(pool, (const char *)data, size), pool);
    expect(err == NULL || err->fault == SCIM_INVALID_SYNTAX);
    if (err == NULL) {
        check_again(&query, pool);
        check_page(&query, pool);
        check_order(&query, &scim_type_user, pool);
        check_order(&query, &scim_type_group, pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
