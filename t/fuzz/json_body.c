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
    scim_reading reading = { .strict = strict };
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

/* As a PUT: of what a POST made of it, nothing is lost or changed; of anything
 * else a resource comes, or an error. */
static void check_put(const json_t *body, const scim_resource_type *type,
                      int strict, apr_pool_t *pool)
{
    scim_reading reading = { .strict = strict };
    json_t *once, *put;
    scim_error *err;

    reading.warnings = scim_warnings_make(pool);
    if (scim_resource_read(&once, body, type, &reading, pool) == NULL) {
        expect(scim_resource_read_put(&put, once, type, &reading, pool)
               == NULL);
        expect(scim_resource_keep(put, once, type, &reading, pool) == NULL);
        expect(json_equal(put, once));
    }
    if (scim_resource_read_put(&put, body, type, &reading, pool) == NULL) {
        once = scim_json_adopt(json_object(), pool);
        err = scim_resource_keep(put, once, type, &reading, pool);
        expect(err != NULL
               || (scim_resource_read(&once, put, type, &reading, pool) == NULL
                   && json_equal(put, once)));
    }
}

typedef scim_error *(*reader)(json_t **out, const json_t *body,
                              const scim_resource_type *type,
                              scim_reading *reading, apr_pool_t *pool);

/* What was tolerated is what a strict reading refuses. */
static void check_tolerance(reader read, const json_t *body,
                            const scim_resource_type *type, apr_pool_t *pool)
{
    scim_reading strict = { .strict = 1 }, tolerant = { 0 };
    json_t *once;
    int refuses = read(&once, body, type, &strict, pool) != NULL;
    int fails = read(&once, body, type, &tolerant, pool) != NULL;

    expect(refuses == (fails || tolerant.tolerated));
}

static void check_tolerances(const json_t *body, apr_pool_t *pool)
{
    check_tolerance(scim_resource_read, body, &scim_type_user, pool);
    check_tolerance(scim_resource_read, body, &scim_type_group, pool);
    check_tolerance(scim_resource_read_put, body, &scim_type_user, pool);
    check_tolerance(scim_resource_read_put, body, &scim_type_group, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    json_t *body;
    int strict;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (scim_json_parse(&body, (const char *)data, size, 32, pool) == NULL) {
        for (strict = 0; strict <= 1; strict++) {
            check(body, &scim_type_user, strict, pool);
            check(body, &scim_type_group, strict, pool);
            check_put(body, &scim_type_user, strict, pool);
            check_put(body, &scim_type_group, strict, pool);
        }
        check_tolerances(body, pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
