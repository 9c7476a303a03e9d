/* What makes an app: one identity provider's connection. */
#ifndef SCIM_ADMIN_APP_H
#define SCIM_ADMIN_APP_H

#include "store/admin.h"

/* `wanted` says kind, name, whole_organization and strict. SCIM_INVALID_VALUE,
 * SCIM_NOT_FOUND (the organization). */
scim_error *admin_app_install(store_app *out, const char *slug,
                              const store_app *wanted,
                              const store_actor *actor, store_admin *a,
                              apr_pool_t *pool);

#endif
