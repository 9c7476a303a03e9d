/* A cursor of any bytes: none but ours is read, and what a cursor says comes
 * back out of its text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "core/cursor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static int same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The first byte says which parts there are, the others are their text. */
static void write_and_read(const char *text, size_t size,
                           const scim_cursor_seal *seal, apr_pool_t *pool)
{
    int first = size > 0 ? text[0] : 0;
    size_t half = size / 2;
    scim_cursor out, in = { .backward = first & 1 };
    char *sealed;

    if (size > 1 && (first & 2)) {
        in.id = apr_pstrmemdup(pool, text + 1, half);
        in.value = first & 4 ? apr_pstrmemdup(pool, text + half, size - half)
                             : NULL;
    }
    sealed = apr_pstrdup(pool, scim_cursor_write(&in, seal, pool));
    expect(scim_cursor_read(&out, sealed, seal, pool) == NULL);
    expect(out.backward == in.backward && same(out.id, in.id)
           && same(out.value, in.value) && out.issued == seal->now);
    sealed[size % strlen(sealed)] ^= 1;
    expect(scim_cursor_read(&out, sealed, seal, pool) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scim_cursor_seal seal = { .query = "1 ascending User", .now = 1000,
                              .timeout = 3600 };
    scim_cursor cursor;
    scim_error *err;
    apr_pool_t *pool;
    char *text;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    memset(seal.key, 7, sizeof(seal.key));
    text = apr_pstrmemdup(pool, (const char *)data, size);
    err = scim_cursor_read(&cursor, text, &seal, pool);
    /* A text of the corpus was sealed by this key; it may have expired. */
    expect(err == NULL || err->fault == SCIM_INVALID_CURSOR
           || err->fault == SCIM_EXPIRED_CURSOR);
    expect(err != NULL || cursor.id == NULL || strlen(cursor.id) < size);
    write_and_read(text, size, &seal, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
