/* Extensions that a resource was stored with and that this section of the
 * server does not have (any more): nobody here may see them, as what is never
 * returned cannot be told from the rest; but they are kept. */
#ifndef SCIM_CORE_FOREIGN_H
#define SCIM_CORE_FOREIGN_H

#include "core/json.h"
#include "core/resource_type.h"

/* Whether "schemas" names one. */
int scim_foreign_is_in(const json_t *resource, const scim_resource_type *type);

/* The same of a stored text, which begins with "schemas"; true if that cannot
 * be told. Costs no parsing. */
int scim_foreign_is_in_text(const char *text, apr_size_t len,
                            const scim_resource_type *type);

/* Takes them out, values and names. */
void scim_foreign_drop(json_t *resource, const scim_resource_type *type);

/* A replacement keeps those of the stored resource. */
void scim_foreign_keep(json_t *after, const json_t *before,
                       const scim_resource_type *type);

/* Those that "schemas" names and whose values are there, as new elements of
 * `schemas`. */
void scim_foreign_name(json_t *schemas, const json_t *resource,
                       const scim_resource_type *type);

#endif
