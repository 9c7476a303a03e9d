/* SHA-256 (FIPS 180-4); neither APR nor libpq offers one. */
#ifndef SCIM_CORE_SHA256_H
#define SCIM_CORE_SHA256_H

#include <apr_pools.h>

#define SCIM_SHA256_SIZE 32

void scim_sha256(unsigned char out[SCIM_SHA256_SIZE], const void *data,
                 apr_size_t len);

/* HMAC-SHA-256 (RFC 2104). */
void scim_hmac_sha256(unsigned char out[SCIM_SHA256_SIZE], const void *key,
                      apr_size_t key_len, const void *data, apr_size_t len,
                      apr_pool_t *pool);

/* Compares in a time that does not depend on the content. */
int scim_bytes_equal(const void *a, const void *b, apr_size_t len);

#endif
