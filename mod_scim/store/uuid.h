/* Identifiers (DESIGN 5.11). Private to store/. */
#ifndef SCIM_STORE_UUID_H
#define SCIM_STORE_UUID_H

#include <apr_pools.h>

/* 36 characters of hexadecimal digits, in any case, and dashes. */
int store_uuid_is(const char *text);

/* A new one of version 7 (RFC 9562, 5.7): sorts by the time it was made. NULL
 * if the system gives no random bytes. */
const char *store_uuid_make(apr_pool_t *pool);

/* PostgreSQL's 16 bytes as lower-case text. */
const char *store_uuid_text(const void *bytes, apr_pool_t *pool);

#endif
