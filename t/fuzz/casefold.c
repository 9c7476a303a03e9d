/* Any UTF-8: its fold is UTF-8, is its own fold, and is not longer than the
 * reading of indexed attributes takes for granted. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "core/casefold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_utf8(const char *text)
{
    json_t *json = json_string(text);

    json_decref(json);
    return json != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text, *once;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    once = scim_casefold(text, pool);
    if (is_utf8(text)
        && (!is_utf8(once) || strcmp(scim_casefold(once, pool), once) != 0
            || strlen(once) > 5 * strlen(text))) {
        abort();
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
