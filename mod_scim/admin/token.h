/* Secret tokens (DESIGN 5.2): mscim1_<org>_<key>_<43 base62 digits><6 of
 * checksum>. The text is shown once; what is stored is its SHA-256. */
#ifndef SCIM_ADMIN_TOKEN_H
#define SCIM_ADMIN_TOKEN_H

#include <apr_pools.h>

#include "core/sha256.h"

#define ADMIN_TOKEN_PREFIX "mscim1_"

typedef struct admin_token {
    apr_int64_t org_id;
    apr_int64_t key_id;
    unsigned char hash[SCIM_SHA256_SIZE];
} admin_token;

/* Format and checksum only, no database. 0: this is no token of ours (typing
 * error, other issuer); 1: *out is filled. */
int admin_token_parse(admin_token *out, const char *text);

/* A new token from 32 random bytes; its parts in *out. */
const char *admin_token_make(admin_token *out, apr_int64_t org_id,
                             apr_int64_t key_id,
                             const unsigned char random[32], apr_pool_t *pool);

#endif
