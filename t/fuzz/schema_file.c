/* A file with a schema, or with a resource type: whatever is accepted shows
 * itself in discovery, reads as the same again, and serves a body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/resource.h"
#include "core/schema_file.h"
#include "core/type_file.h"
#include "core/type_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_type(const scim_schema *schema, scim_type_set *set,
                       apr_pool_t *pool)
{
    scim_reading reading = { 0 };
    const scim_resource_type *type;
    json_t *body, *read;

    expect(scim_type_set_unused(set) == schema);
    expect(scim_type_set_extend(set, SCIM_KIND_USER, schema, 0) == NULL);
    expect(scim_type_set_extend(set, SCIM_KIND_USER, schema, 0) != NULL);
    expect(scim_type_set_unused(set) == NULL);
    type = scim_type_set_types(set)[0];
    expect(scim_resource_type_schema(type, schema->id, strlen(schema->id))
           == schema);
    body = scim_json_adopt(json_pack("{ss, s{s[s]}}", "userName", "a",
                                     schema->id, schema->attrs->name, "true"),
                           pool);
    if (scim_resource_read(&read, body, type, &reading, pool) == NULL) {
        scim_resource_fold(read, type, pool);
    }
}

static void check_schema(const char *text, size_t size, apr_pool_t *pool)
{
    scim_type_set *set = scim_type_set_make(pool);
    const scim_schema *schema;
    scim_schema *again;
    json_t *shown;
    apr_size_t len;
    scim_error *err = scim_type_set_add_schema(&schema, set, text, size);

    if (err != NULL) {
        expect(err->detail[0] != '\0');
        return;
    }
    shown = scim_json_adopt(scim_schema_to_json(schema), pool);
    text = scim_json_dump(shown, &len, pool);
    expect(scim_schema_file_read(&again, text, len, pool) == NULL);
    expect(json_equal(shown,
                      scim_json_adopt(scim_schema_to_json(again), pool)));
    check_type(schema, set, pool);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    scim_type_file *file;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    check_schema(text, size, pool);
    if (scim_type_file_read(&file, text, size, pool) == NULL) {
        expect(file->name[0] != '\0' && file->endpoint[0] == '/');
    }
    scim_type_set_add_type(scim_type_set_make(pool), text, size);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
