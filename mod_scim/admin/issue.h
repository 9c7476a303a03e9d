/* Giving an app a secret token. */
#ifndef SCIM_ADMIN_ISSUE_H
#define SCIM_ADMIN_ISSUE_H

#include "store/admin.h"

#define ADMIN_TOKEN_DAYS_DEFAULT 365
#define ADMIN_TOKEN_DAYS_MAX 36500

typedef struct admin_token_order {
    const char *slug; /* of the organization */
    int app_id;
    const char *name; /* what people call it; "": nothing */
    int expires_days; /* 0: never */
    int read_only;
} admin_token_order;

/* *text is the token itself, the only time that anybody sees it.
 * SCIM_INVALID_VALUE, SCIM_NOT_FOUND (the organization or the app). */
scim_error *admin_token_issue(const char **text, store_token *out,
                              const admin_token_order *order,
                              const store_actor *actor, store_admin *a,
                              apr_pool_t *pool);

#endif
