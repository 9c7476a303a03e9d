/* The numbered files of the SQL folder. */
#ifndef SCIM_SCIMCTL_MIGRATION_H
#define SCIM_SCIMCTL_MIGRATION_H

#include <apr_tables.h>

#include "core/error.h"

typedef struct scimctl_migration {
    int version;
    const char *path;
} scimctl_migration;

/* scimctl_migration, 1 to STORE_SCHEMA_VERSION, from the folder in the
 * environment's SCIM_SQL_DIR or else the installed one. SCIM_INVALID_VALUE if
 * one is missing, twice there or too new. */
scim_error *scimctl_migrations(apr_array_header_t **out, apr_pool_t *pool);

/* A whole text file without NUL. SCIM_INVALID_VALUE. */
scim_error *scimctl_read_file(const char **out, const char *path,
                              apr_pool_t *pool);

#endif
