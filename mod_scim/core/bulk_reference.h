/* "bulkId:x" in paths and data (RFC 7644, 3.7.2). Of bulk.c only. */
#ifndef SCIM_CORE_BULK_REFERENCE_H
#define SCIM_CORE_BULK_REFERENCE_H

#include <apr_tables.h>

#include "core/json.h"

/* Appends the bulkIds that are referred to: const char * of `pool`. */
void scim_bulk_names_in_path(apr_array_header_t *names, const char *path,
                             apr_pool_t *pool);
void scim_bulk_names_in_data(apr_array_header_t *names, const json_t *data,
                             apr_pool_t *pool);

/* The id of what has this bulkId. */
typedef const char *(*scim_bulk_lookup)(const char *name, void *baton);

const char *scim_bulk_path_with_ids(const char *path, scim_bulk_lookup lookup,
                                    void *baton, apr_pool_t *pool);

/* Changes `data`; NULL is left alone. */
void scim_bulk_put_ids(json_t *data, scim_bulk_lookup lookup, void *baton,
                       apr_pool_t *pool);

#endif
