/* A Bulk request of any bytes. What is taken holds together: what jansson makes
 * of the whole has the same operations, each is carried out once and after what
 * it refers to, and no reference is left. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "core/bulk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_OPERATIONS 100
#define MAX_DEPTH      16

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static int unit_position(const apr_array_header_t *units, int operation)
{
    int i, k;

    for (i = 0; i < units->nelts; i++) {
        const apr_array_header_t *unit
            = APR_ARRAY_IDX(units, i, scim_bulk_unit).operations;

        for (k = 0; k < unit->nelts; k++) {
            if (APR_ARRAY_IDX(unit, k, int) == operation) {
                return i;
            }
        }
    }
    return -1;
}

static void check_order(const scim_bulk *bulk, apr_pool_t *pool)
{
    const apr_array_header_t *units = scim_bulk_order(bulk, pool);
    int i, k, count = 0;

    for (i = 0; i < units->nelts; i++) {
        count += APR_ARRAY_IDX(units, i, scim_bulk_unit).operations->nelts;
    }
    expect(count == bulk->operations->nelts);
    for (i = 0; i < bulk->operations->nelts; i++) {
        const apr_array_header_t *to = scim_bulk_get(bulk, i)->references;
        int own = unit_position(units, i);

        expect(own >= 0);
        for (k = 0; k < to->nelts; k++) {
            expect(unit_position(units, APR_ARRAY_IDX(to, k, int)) <= own);
        }
    }
}

static void check_references(const scim_bulk *bulk, apr_pool_t *pool)
{
    const char *ids[MAX_OPERATIONS], *path;
    json_t *data;
    int i;

    for (i = 0; i < bulk->operations->nelts; i++) {
        ids[i] = apr_psprintf(pool, "id-%d", i);
    }
    for (i = 0; i < bulk->operations->nelts; i++) {
        const scim_bulk_operation *op = scim_bulk_get(bulk, i);

        if (op->refused != NULL) {
            continue;
        }
        scim_bulk_resolve(&path, &data, bulk, i, ids, pool);
        expect(strstr(path, "/bulkId:") == NULL || op->references->nelts == 0
               || strrchr(path, '/') != strstr(path, "/bulkId:"));
        expect((data == NULL) == (op->method == SCIM_BULK_DELETE));
    }
}

static void check(const char *text, apr_size_t len, apr_pool_t *pool)
{
    scim_bulk *bulk;
    json_t *whole;

    if (scim_bulk_read(&bulk, text, len, MAX_OPERATIONS, MAX_DEPTH, pool)
        != NULL) {
        return;
    }
    expect(scim_json_parse(&whole, text, len, 2048, pool) == NULL);
    expect(json_array_size(scim_json_member(whole, "Operations"))
           == (size_t)bulk->operations->nelts);
    check_order(bulk, pool);
    check_references(bulk, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    check((const char *)data, size, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
