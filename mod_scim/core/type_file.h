/* A resource type that an administrator wrote as JSON, in the form in which
 * /ResourceTypes shows it (RFC 7643, 6). */
#ifndef SCIM_CORE_TYPE_FILE_H
#define SCIM_CORE_TYPE_FILE_H

#include <apr_tables.h>

#include "core/error.h"

/* Its schemas are still names. */
typedef struct scim_type_file {
    const char *name;
    const char *endpoint;
    const char *description;
    const char *schema;             /* URN */
    apr_array_header_t *extensions; /* scim_type_file_extension */
} scim_type_file;

typedef struct scim_type_file_extension {
    const char *schema; /* URN */
    int required;
} scim_type_file_extension;

/* As scim_schema_file_read(). */
scim_error *scim_type_file_read(scim_type_file **out, const char *text,
                                apr_size_t len, apr_pool_t *pool);

#endif
