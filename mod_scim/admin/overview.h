/* Whether an organization is set up and well, and what its owner should do. */
#ifndef SCIM_ADMIN_OVERVIEW_H
#define SCIM_ADMIN_OVERVIEW_H

#include "admin/operation.h"

extern const admin_operation admin_overview_get, admin_hint_list;

/* The hints, with what to do about each and where; `given` as that operation
 * takes it. Within a transaction. */
scim_error *admin_hints(json_t **out, const json_t *given, store_admin *db,
                        apr_pool_t *pool);

#endif
