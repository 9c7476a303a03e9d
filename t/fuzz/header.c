/* A header of any bytes, as Accept, If-Match and Authorization have it: a
 * preference is one of our two types, a tag of ours beside anything is found,
 * and no text passes for a secret token but one that was made. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "admin/token.h"
#include "httpd/accept.h"
#include "protocol/operation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_accept(const char *text, apr_pool_t *pool)
{
    static const char plain[] = "application/json";
    const char *type = mod_scim_media_type(text);

    expect(strcmp(type, plain) == 0
           || strcmp(type, "application/scim+json") == 0);
    /* Nobody gets plain JSON who has not named it, or a range around it. */
    expect(strcmp(type, plain) != 0 || strchr(text, '/') != NULL);
    /* A parameter of the last range counts for nobody else. */
    type = mod_scim_media_type(
        apr_pstrcat(pool, "application/scim+json, ", text, NULL));
    expect(strcmp(type, "application/scim+json") == 0);
}

static void check_match(const char *text, apr_pool_t *pool)
{
    const serve_request request = { .if_match = text, .if_none_match = text };
    store_match *match;

    serve_match_parse(&match, text, pool);
    expect(match != NULL);
    expect(match->any || !store_match_has(match, -1));
    serve_match_parse(&match, apr_pstrcat(pool, text, ", W/\"7\"", NULL), pool);
    expect(store_match_has(match, 7));
    serve_match_of_write(&match, &request, pool);
    /* Nothing is a tag and its opposite. */
    expect(!store_match_allows(match, 7));
}

/* A text of our own, and each of its neighbours. */
static void check_made(const uint8_t *data, size_t size, apr_pool_t *pool)
{
    unsigned char random[32] = { 0 };
    admin_token made, read;
    char *text;

    memcpy(random, data, size < sizeof(random) ? size : sizeof(random));
    text = apr_pstrdup(pool, admin_token_make(&made, 1 + random[0],
                                              1 + random[1] * 65536L, random,
                                              pool));
    expect(admin_token_parse(&read, text));
    expect(memcmp(read.hash, made.hash, sizeof(made.hash)) == 0
           && read.org_id == made.org_id && read.key_id == made.key_id);
    text[size % strlen(text)] ^= 1;
    expect(!admin_token_parse(&read, text));
}

static void check_token(const char *text)
{
    admin_token token;

    if (admin_token_parse(&token, text)) {
        expect(token.org_id > 0 && token.key_id > 0);
        expect(strncmp(text, ADMIN_TOKEN_PREFIX, strlen(ADMIN_TOKEN_PREFIX))
               == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    check_accept(text, pool);
    check_match(text, pool);
    check_token(text);
    check_made(data, size, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
