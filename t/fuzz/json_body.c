/* A request body as a user and as a group: what was read once reads the same
 * again, survives its text, and its fold is final. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check(const json_t *body, const scim_resource_type *type,
                  int strict, apr_pool_t *pool)
{
    scim_reading reading = { strict, NULL };
    json_t *once, *again, *copy, *folded;
    const char *text;
    apr_size_t len;

    reading.warnings = scim_warnings_make(pool);
    if (scim_resource_read(&once, body, type, &reading, pool) != NULL) {
        return;
    }
    expect(scim_resource_read(&again, once, type, &reading, pool) == NULL);
    expect(json_equal(once, again));
    text = scim_json_dump(once, &len, pool);
    expect(scim_json_parse(&copy, text, len, 8, pool) == NULL);
    expect(json_equal(once, copy));
    expect(scim_resource_keep(copy, once, type, &reading, pool) == NULL);
    expect(json_equal(once, copy));
    folded = scim_resource_fold(once, type, pool);
    expect(json_equal(folded, scim_resource_fold(folded, type, pool)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    json_t *body;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (scim_json_parse(&body, (const char *)data, size, 32, pool) == NULL) {
        check(body, &scim_type_user, 0, pool);
        check(body, &scim_type_user, 1, pool);
        check(body, &scim_type_group, 0, pool);
        check(body, &scim_type_group, 1, pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
