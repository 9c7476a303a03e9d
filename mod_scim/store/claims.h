/* Values that only one resource of a type may have (RFC 7643, 7: uniqueness
 * "server"), of attributes from files; userName has an index of its own.
 * Private to store/. */
#ifndef SCIM_STORE_CLAIMS_H
#define SCIM_STORE_CLAIMS_H

#include "core/resource.h"

/* A JSON array of {attr, value} for scim.claim_values(), always in the same
 * order, of a folded resource; NULL: it has no such value. */
const char *store_claims_of(const json_t *folded,
                            const scim_resource_type *type, apr_pool_t *pool);

/* A JSON array of the paths of these attributes. */
const char *store_claims_paths(const scim_resource_type *type,
                               apr_pool_t *pool);

#endif
