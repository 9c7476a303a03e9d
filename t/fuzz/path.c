/* An attribute path of any bytes: what was read has a text that reads to the
 * same place again. As a list of names it is a projection. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "core/path.h"
#include "core/project.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check(const char *text, apr_size_t len,
                  const scim_resource_type *type, apr_pool_t *pool)
{
    scim_path path, again;
    scim_projection *projection;
    json_t *resource = json_object();
    const char *name;

    if (scim_path_parse(&path, text, len, type, SCIM_INVALID_PATH, pool) ==
        NULL) {
        name = scim_path_text(&path, type, pool);
        expect(scim_path_parse(&again, name, strlen(name), type,
                               SCIM_INVALID_PATH, pool) == NULL);
        expect(again.schema == path.schema && again.attr == path.attr &&
               again.sub == path.sub);
        expect(scim_path_get(&path, resource, type) == NULL);
    }
    json_decref(resource);
    name = apr_pstrmemdup(pool, text, len);
    scim_projection_parse(&projection, name, NULL, type, pool);
    scim_projection_parse(&projection, NULL, name, type, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    check((const char *)data, size, &scim_type_user, pool);
    check((const char *)data, size, &scim_type_group, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
