/* Filter tree -> SQL (DESIGN 5.6). Private to store/. */
#ifndef SCIM_STORE_WHERE_H
#define SCIM_STORE_WHERE_H

#include <apr_tables.h>

#include "store/marked.h"

/* A condition on alias r: scim.users, scim.groups or scim.resources. */
typedef struct store_where {
    const char *condition;
    const apr_array_header_t *params; /* const char *: text, $first and on */
    int joins_folded; /* users: needs scim.user_folded as f */
    int indexed;      /* an index narrows it down */
    int comparisons;  /* how many; a plan for more than one needs values */
} store_where;

/* Agrees with scim_filter_matches() on every resource. `first` numbers the
 * first parameter. No text of the client gets into the SQL. invalidFilter for
 * links, which the database does not know. `indexes`: what is ready, or
 * NULL. */
scim_error *store_where_compile(store_where *out, const scim_filter *filter,
                                const scim_resource_type *type,
                                const store_index *indexes, int first,
                                apr_pool_t *pool);

/* "... e(v)": the groups of user r, the members of group r, folded. */
extern const char store_user_groups[], store_group_members[];

#endif
