/* Where a resource type has its rows, and which attributes have a column of
 * their own. Private to store/. */
#ifndef SCIM_STORE_COLUMN_H
#define SCIM_STORE_COLUMN_H

#include "core/path.h"

typedef enum {
    STORE_KEY_TEXT,
    STORE_KEY_BOOLEAN,
    STORE_KEY_TIME,
    STORE_KEY_UUID
} store_column_kind;

typedef struct store_column {
    unsigned kinds; /* of resource types, a bit each */
    const char *path;
    const char *sql; /* on alias r; an expression is no index */
    store_column_kind kind;
    int indexed;
} store_column;

/* NULL: the attribute is in the folded document, or rows of its own. */
const store_column *store_column_of(const scim_path *path,
                                    const scim_resource_type *type,
                                    apr_pool_t *pool);

/* "users", ... */
const char *store_table_of(const scim_resource_type *type);

/* " FROM scim.users r ... WHERE r.org_id = $1::int": the rows of the type, to
 * be followed by " AND ". `joins_folded`: with user_folded as f. */
const char *store_rows_of(const scim_resource_type *type, int joins_folded,
                          apr_pool_t *pool);

#endif
