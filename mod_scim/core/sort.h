/* sortBy and sortOrder (RFC 7644, 3.4.2.3). */
#ifndef SCIM_CORE_SORT_H
#define SCIM_CORE_SORT_H

#include "core/path.h"

/* What a list of `type` can be sorted by: a path that ends at a simple value; a
 * multi-valued complex attribute alone means its "value". invalidPath for one
 * that is unknown, complex, secret, or a link, which the database does not
 * know. */
scim_error *scim_sort_parse(scim_path *out, const char *text,
                            const scim_resource_type *type, apr_pool_t *pool);

/* "ascending" or NULL, "descending"; else invalidValue. */
scim_error *scim_sort_order(int *descending, const char *text,
                            apr_pool_t *pool);

#endif
