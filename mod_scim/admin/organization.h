/* What makes an organization. */
#ifndef SCIM_ADMIN_ORGANIZATION_H
#define SCIM_ADMIN_ORGANIZATION_H

#include "store/admin.h"

/* Whose names the owner's is where httpd has one source of names only. */
#define ADMIN_REALM_DEFAULT "default"

/* `wanted` says slug, name, owner and scim_on, and realm or NULL.
 * SCIM_INVALID_VALUE, SCIM_UNIQUENESS. */
scim_error *admin_organization_create(store_organization *out,
                                      const store_organization *wanted,
                                      const store_actor *actor, store_admin *a,
                                      apr_pool_t *pool);

#endif
