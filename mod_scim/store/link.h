/* Links to resources in filters: members.$ref, groups.$ref, meta.location. */
#ifndef SCIM_STORE_LINK_H
#define SCIM_STORE_LINK_H

#include "core/filter.h"

/* Whether the path holds a link that we make when we answer. */
int store_is_link(const scim_path *path);

/* The same condition on what is stored: a link leads to the resource that its
 * last two segments name, whatever stands before them (RFC 7643, 2.4: another
 * version in the path, or none, is the same resource). NULL: only pr and eq
 * can be said so. `within` is true inside of the brackets of a value path. */
const scim_filter *store_link_filter(const scim_filter *node, int within,
                                     const scim_resource_type *type,
                                     apr_pool_t *pool);

#endif
