/* Giving an app a secret token, and taking it away. */
#ifndef SCIM_ADMIN_ISSUE_H
#define SCIM_ADMIN_ISSUE_H

#include "admin/operation.h"

#define ADMIN_TOKEN_DAYS_DEFAULT 365
#define ADMIN_TOKEN_DAYS_MAX 36500

/* The results of create, test and rotate hold the token itself, "token": the
 * only time that anybody sees it. */
extern const admin_operation admin_token_list, admin_token_get,
    admin_token_create, admin_token_test, admin_token_rotate,
    admin_token_revoke;

#endif
