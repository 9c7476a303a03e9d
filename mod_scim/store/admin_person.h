/* A user as owners see it. Private to store/. */
#ifndef SCIM_STORE_ADMIN_PERSON_H
#define SCIM_STORE_ADMIN_PERSON_H

#include "store/admin_connection.h"

/* Without resource, groups and permissions. SCIM_NOT_FOUND. */
scim_error *store_user_found(json_t **out, const char *id, store_admin *a,
                             apr_pool_t *pool);

#endif
