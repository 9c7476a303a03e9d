/* A schema that an administrator wrote as JSON, in the form in which /Schemas
 * shows it (RFC 7643, 7). What is not understood is refused, and so is what
 * contradicts itself. */
#ifndef SCIM_CORE_SCHEMA_FILE_H
#define SCIM_CORE_SCHEMA_FILE_H

#include "core/schema.h"

#define SCIM_FILE_ATTRS_MAX 256 /* of a schema, or below one attribute */

/* Everything is copied into `pool`. The detail of an error begins with the
 * place: "line 3, column 7: ...", or a JSON pointer (RFC 6901),
 * "/attributes/2/type: ...". */
scim_error *scim_schema_file_read(scim_schema **out, const char *text,
                                  apr_size_t len, apr_pool_t *pool);

#endif
