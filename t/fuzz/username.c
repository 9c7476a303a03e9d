/* Any UTF-8 as a userName and as a password: what a strict app takes any other
 * takes, a name is compared as the name that it folds to, and a prepared
 * password is its own preparation. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

#include "core/casefold.h"
#include "core/username.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_name(const char *text, apr_pool_t *pool)
{
    const char *tolerant = scim_username_fault(text, 0, pool);
    const char *strict = scim_username_fault(text, 1, pool);

    expect(tolerant == NULL || (tolerant[0] != '\0' && strict != NULL));
    if (tolerant == NULL) {
        expect(scim_casefold(text, pool)[0] != '\0');
    }
}

static void check_password(const char *text, apr_pool_t *pool)
{
    const char *once = scim_password_prepare(text, pool), *again;

    if (once != NULL) {
        again = scim_password_prepare(once, pool);
        expect(once[0] != '\0' && again != NULL);
        expect(scim_equal_secrets(once, again));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;
    json_t *json;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    json = json_string(text);
    if (json != NULL) {
        check_name(text, pool);
    }
    json_decref(json);
    check_password(text, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
