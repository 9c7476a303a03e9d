/* The attributes that a write gives: what is "returned on request" comes back
 * in its answer, too (RFC 7643, 7). */
#ifndef SCIM_CORE_GIVEN_H
#define SCIM_CORE_GIVEN_H

#include "core/patch.h"

/* const scim_attr * of a canonical resource, extensions included. */
const apr_array_header_t *scim_given_in_resource(
    const json_t *resource, const scim_resource_type *type, apr_pool_t *pool);

const apr_array_header_t *scim_given_in_patch(const scim_patch *patch,
                                              apr_pool_t *pool);

/* The value of a core attribute that the last operation of it gives, or
 * json_null() where it takes it away; NULL: none speaks of it. */
const json_t *scim_given_value(const scim_patch *patch,
                               const scim_schema *schema, const char *name);

#endif
