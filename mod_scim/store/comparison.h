/* One comparison of a filter as SQL. Private to store/where.c. */
#ifndef SCIM_STORE_COMPARISON_H
#define SCIM_STORE_COMPARISON_H

#include <apr_tables.h>

#include "core/filter.h"

typedef struct store_params {
    apr_array_header_t *values; /* const char *: $first and on */
    int first;
    apr_pool_t *pool;
} store_params;

/* "$n", whose value is `text`. */
const char *store_param(const char *text, store_params *params);

/* A name of a schema as an SQL literal. */
const char *store_literal(const char *name, apr_pool_t *pool);

/* A text above all that begin with this one; NULL: there is none. */
const char *store_prefix_end(const char *text, apr_pool_t *pool);

/* `value` is an SQL expression of type text COLLATE "C". With an index on it
 * sw gets a range as well. */
const char *store_compare_text(const scim_filter *node, const char *value,
                               int indexed, store_params *params);

/* A column of type timestamptz(3). */
const char *store_compare_time(const scim_filter *node, const char *column,
                               store_params *params);

/* A member of an object, both jsonb; name NULL: `object` itself. Also pr. */
const char *store_compare_json(const scim_filter *node, const char *object,
                               const char *name, store_params *params);

#endif
