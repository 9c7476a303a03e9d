/* A file with a resource type, whose schemas are there: whatever is accepted
 * shows itself in discovery, reads as the same again, and serves a body. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/resource.h"
#include "core/type_file.h"
#include "core/type_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const schemas[] = {
    "{\"id\": \"urn:x:T\", \"attributes\": [{\"name\": \"name\","
    " \"required\": true, \"uniqueness\": \"server\"}]}",
    "{\"id\": \"urn:x:E\", \"attributes\": [{\"name\": \"floor\","
    " \"type\": \"integer\", \"required\": true}]}",
};

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static scim_type_set *make_set(apr_pool_t *pool)
{
    scim_type_set *set = scim_type_set_make(pool);
    const scim_schema *schema;
    size_t i;

    for (i = 0; i < sizeof(schemas) / sizeof(schemas[0]); i++) {
        expect(scim_type_set_add_schema(&schema, set, schemas[i],
                                        strlen(schemas[i]))
               == NULL);
    }
    return set;
}

static const scim_resource_type *last_type(const scim_type_set *set)
{
    scim_resource_types types = scim_type_set_types(set);

    while (types[1] != NULL) {
        types++;
    }
    return *types;
}

static void check_body(const scim_resource_type *type, apr_pool_t *pool)
{
    scim_reading reading = { 0 };
    json_t *read, *body = scim_json_adopt(
        json_pack("{ss, s{si}}", "name", "a", "urn:x:E", "floor", 1), pool);

    if (scim_resource_read(&read, body, type, &reading, pool) == NULL) {
        scim_resource_fold(read, type, pool);
    }
}

static void check(const char *text, apr_size_t size, apr_pool_t *pool)
{
    scim_type_set *set = make_set(pool);
    const scim_resource_type *type;
    scim_type_file *file;
    apr_size_t len;
    json_t *shown;
    scim_error *err = scim_type_set_add_type(set, text, size);

    if (err != NULL) {
        expect(err->detail[0] != '\0');
        return;
    }
    expect(scim_type_file_read(&file, text, size, pool) == NULL);
    expect(scim_type_set_add_type(set, text, size) != NULL);
    type = last_type(set);
    expect(type->kind == SCIM_KIND_OTHER && type->endpoint[0] == '/');
    expect(scim_resource_type_at(scim_type_set_types(set), type->endpoint + 1,
                                 strlen(type->endpoint + 1))
           == type);
    shown = scim_json_adopt(scim_resource_type_to_json(type), pool);
    text = scim_json_dump(shown, &len, pool);
    set = make_set(pool);
    expect(scim_type_set_add_type(set, text, len) == NULL);
    expect(json_equal(shown, scim_json_adopt(scim_resource_type_to_json(
                                                 last_type(set)), pool)));
    check_body(type, pool);
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
