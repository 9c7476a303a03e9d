/* A text to import, any bytes: refused with the member that is at fault, or of
 * the form that the import relies on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "admin/configuration.h"
#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

/* In place of the transaction: there is no database here. */
static scim_error *stop(admin_call *call)
{
    return scim_error_make(SCIM_NOT_IMPLEMENTED, call->pool, "as it should be");
}

static void check_text(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    expect(text != NULL && text[0] != '\0');
}

static void check_form(const json_t *wanted)
{
    static const char *const lists[] = { "accounts", "apps", "stacks", "roles",
                                         NULL };
    json_t *one;
    size_t n;
    int i;

    expect(json_is_object(wanted));
    for (i = 0; lists[i] != NULL; i++) {
        json_array_foreach(json_object_get(wanted, lists[i]), n, one) {
            check_text(one, "name");
        }
    }
    json_array_foreach(json_object_get(wanted, "accounts"), n, one) {
        check_text(one, "realm");
        check_text(one, "role");
    }
    json_array_foreach(json_object_get(wanted, "apps"), n, one) {
        check_text(one, "kind");
    }
    json_array_foreach(json_object_get(wanted, "mappings"), n, one) {
        check_text(one, "app");
        expect(json_is_string(json_object_get(one, "group")));
    }
}

static void check(const char *text, apr_size_t size, apr_pool_t *pool)
{
    admin_operation import = admin_configuration_import;
    admin_call call = { .operation = &import, .pool = pool };
    json_t *file;
    scim_error *err;

    if (scim_json_parse(&file, text, size, 32, pool) != NULL) {
        return;
    }
    import.prepare = stop;
    call.given = scim_json_adopt(json_pack("{s:O}", "configuration", file),
                                 pool);
    err = admin_perform(&call);
    expect(err != NULL);
    if (err->fault == SCIM_INVALID_VALUE) {
        expect(err->field != NULL && err->detail[0] != '\0');
        return;
    }
    expect(err->fault == SCIM_NOT_IMPLEMENTED);
    check_form(file);
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
