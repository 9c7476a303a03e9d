/* Attributes of users that ScimIndex marks and whose values have rows of their
 * own. Private to store/. */
#ifndef SCIM_STORE_MARKED_H
#define SCIM_STORE_MARKED_H

#include "core/filter.h"

typedef struct store_index {
    const char *path; /* NULL ends a list */
    int attr;         /* its number in scim.attributes */
} store_index;

/* The number of the rows that filters on the path may ask; 0: there are none.
 * `indexes`: those that are ready, or NULL. */
int store_marked(const scim_path *path, const scim_resource_type *type,
                 const store_index *indexes, apr_pool_t *pool);

/* The same comparison of values that are cut to what rows hold of them: true
 * for all that meet `node`, and for some that do not. */
scim_filter store_marked_bound(const scim_filter *node, apr_pool_t *pool);

#endif
