/* Attributes of users that ScimIndex marks and whose values have rows of their
 * own. Private to store/. */
#ifndef SCIM_STORE_MARKED_H
#define SCIM_STORE_MARKED_H

#include "core/filter.h"

typedef struct store_index {
    const char *path; /* NULL ends a list */
    int attr;         /* its number in scim.attributes */
    int ready;        /* filters may ask its rows by that number */
    const char *urn;  /* of the extension that the attribute is in; or NULL */
    const char *name; /* of the attribute */
} store_index;

/* The highest number that a list has: attributes that came later have higher
 * ones. */
int store_marked_last(const store_index *indexes);

/* Whether a user's rows may be others: of what is marked, one document has
 * something that the other one has not. */
int store_marked_differ(const json_t *before, const json_t *after,
                        const store_index *indexes);

/* The number of the rows that filters on the path may ask; 0: there are none.
 * `indexes` may be NULL. */
int store_marked(const scim_path *path, const scim_resource_type *type,
                 const store_index *indexes, apr_pool_t *pool);

/* The same comparison of values that are cut to what rows hold of them: true
 * for all that meet `node`, and for some that do not. */
scim_filter store_marked_bound(const scim_filter *node, apr_pool_t *pool);

#endif
