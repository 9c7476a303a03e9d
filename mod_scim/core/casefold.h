/* The one comparison of everything that is caseExact=false (DESIGN 5.12). */
#ifndef SCIM_CORE_CASEFOLD_H
#define SCIM_CORE_CASEFOLD_H

#include <apr_pools.h>

/* Raised whenever scim_casefold() answers differently for some text, a new
 * Unicode version of the library included; stored in scim.schema. */
#define SCIM_FOLD_VERSION 1

/* Width mapping, lower case (full, with final sigma), NFC: RFC 8265, 3.3
 * UsernameCaseMapped, without its repertoire check. `text` is valid UTF-8.
 * Idempotent. In `pool`; ASCII that is lower case already is returned as it
 * is. */
const char *scim_casefold(const char *text, apr_pool_t *pool);

/* Compares attribute names, URNs, keywords: ASCII only. */
int scim_name_equals(const char *a, const char *b);
int scim_name_equals_n(const char *a, apr_size_t len, const char *b);

#endif
