/* Any text as a dateTime: a normal one has 30 bytes and is its own normal. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "core/datetime.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *normal;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    normal = scim_datetime_normal(
        apr_pstrmemdup(pool, (const char *)data, size), pool);
    if (normal != NULL
        && (strlen(normal) != 30
            || strcmp(scim_datetime_normal(normal, pool), normal) != 0)) {
        abort();
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
