/* Attribute paths (RFC 7644, 3.10 and Figure 7). */
#ifndef SCIM_CORE_PATH_H
#define SCIM_CORE_PATH_H

#include "core/resource_type.h"

/* Where a value is. `attr` NULL: the whole extension `schema`. */
typedef struct scim_path {
    const scim_schema *schema; /* NULL: a common attribute (id, meta, ...) */
    const scim_attr *attr;
    const scim_attr *sub; /* or NULL */
} scim_path;

/* [URN ":"] attr ["." sub], resolved against `type`, names without regard to
 * case; the URN is cut at the longest schema id of the type. "URN.attr" (an
 * old Entra habit) is understood too. Errors carry `fault` (invalidFilter,
 * invalidPath) and name the path. */
scim_error *scim_path_parse(scim_path *out, const char *text, apr_size_t len,
                            const scim_resource_type *type, scim_fault fault,
                            apr_pool_t *pool);

/* "name.familyName", "urn:...:User:department": for messages. */
const char *scim_path_text(const scim_path *path,
                           const scim_resource_type *type, apr_pool_t *pool);

/* True if the path's schema is an extension of `type`: its values are below
 * the URN in the resource. */
int scim_path_is_extension(const scim_path *path,
                           const scim_resource_type *type);

/* The value at the path in a canonical resource, borrowed; NULL if absent or
 * if the path goes through an array (sub of a multi-valued attribute). */
json_t *scim_path_get(const scim_path *path, const json_t *resource,
                      const scim_resource_type *type);

#endif
