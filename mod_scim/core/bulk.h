/* Bulk requests (RFC 7644, 3.7): what is asked, which operation refers to
 * which, and in what order that can be done. */
#ifndef SCIM_CORE_BULK_H
#define SCIM_CORE_BULK_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "core/json.h"

typedef enum {
    SCIM_BULK_POST,
    SCIM_BULK_PUT,
    SCIM_BULK_PATCH,
    SCIM_BULK_DELETE
} scim_bulk_method;

/* What is kept of an operation; its data is read again when its turn comes, so
 * that memory follows the largest one and not the sum. */
typedef struct scim_bulk_operation {
    scim_bulk_method method;
    const char *bulk_id; /* or NULL */
    const char *path;    /* as it was sent; or NULL */
    const char *version; /* or NULL */
    const char *text;    /* the operation in the request */
    apr_size_t len;
    const apr_array_header_t *references; /* int: by path or data, each once */
    const scim_error *refused; /* why it can never be carried out; or NULL */
} scim_bulk_operation;

typedef struct scim_bulk {
    int fail_on_errors; /* 0: no limit */
    int max_depth;
    const apr_array_header_t *operations; /* scim_bulk_operation */
    apr_hash_t *by_bulk_id;               /* the same */
} scim_bulk;

/* Reads a BulkRequest. `text` must stay as long as the result. invalidSyntax
 * (no JSON, no BulkRequest, no list of operations), invalidValue
 * (failOnErrors), SCIM_TOO_LARGE for more than `max_operations`. What is wrong
 * with one operation alone is its `refused`. */
scim_error *scim_bulk_read(scim_bulk **out, const char *text, apr_size_t len,
                           int max_operations, int max_depth,
                           apr_pool_t *pool);

const scim_bulk_operation *scim_bulk_get(const scim_bulk *bulk, int index);

/* The path and the data (NULL of a DELETE) of an operation that is not refused,
 * with ids[n] in place of each reference to operation n; they must be there.
 * The data is of `pool` and may be changed. */
void scim_bulk_resolve(const char **path, json_t **data, const scim_bulk *bulk,
                       int index, const char *const *ids, apr_pool_t *pool);

/* What is carried out together: one operation, or several POSTs that refer to
 * each other in a circle (RFC 7644, 3.7.1). */
typedef struct scim_bulk_unit {
    const apr_array_header_t *operations; /* int, ascending */
} scim_bulk_unit;

/* scim_bulk_unit: the request's order, but that an operation which refers to a
 * later POST follows it. Operations on the same path keep their order. */
const apr_array_header_t *scim_bulk_order(const scim_bulk *bulk,
                                          apr_pool_t *pool);

#endif
