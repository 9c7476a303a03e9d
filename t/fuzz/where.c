/* A filter of any bytes as SQL: its text is of our own characters, strings end,
 * and each parameter is there and is UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "core/json.h"
#include "store/where.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FIRST 4

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

/* Outside of string literals SQL consists of few characters. */
static void check_text(const store_where *where)
{
    const char *at;
    int quoted = 0, n;

    for (at = where->condition; *at != '\0'; at++) {
        expect((unsigned char)*at < 0x80);
        if (*at == '\'') {
            quoted = !quoted;
        }
        else if (!quoted) {
            expect(apr_isalnum(*at)
                   || strchr(" ().,_=<>$:*|-#'\"[]", *at) != NULL);
            expect(*at != '-' || at[1] != '-');
        }
        if (!quoted && *at == '$') {
            n = atoi(at + 1);
            expect(n == 1 || (n >= FIRST && n < FIRST + where->params->nelts));
        }
    }
    expect(!quoted);
}

static void check_params(const store_where *where, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < where->params->nelts; i++) {
        const char *param = APR_ARRAY_IDX(where->params, i, const char *);

        expect(param != NULL
               && scim_json_adopt(json_string(param), pool) != NULL);
    }
    expect(where->comparisons >= 0);
}

static void check(const char *text, const scim_resource_type *type,
                  apr_pool_t *pool)
{
    const scim_filter *filter;
    store_where where;
    scim_error *err;

    if (scim_filter_parse_among(&filter, text, type, scim_default_types,
                                &scim_filter_default_limits, pool)
        != NULL) {
        return;
    }
    err = store_where_compile(&where, filter, type, NULL, FIRST, pool);
    if (err != NULL) {
        expect(err->fault == SCIM_INVALID_FILTER);
        return;
    }
    check_text(&where);
    check_params(&where, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    check(text, &scim_type_user, pool);
    check(text, &scim_type_group, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
