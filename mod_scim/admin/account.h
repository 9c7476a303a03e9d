/* Accounts: the people who look after an organization. */
#ifndef SCIM_ADMIN_ACCOUNT_H
#define SCIM_ADMIN_ACCOUNT_H

#include "admin/operation.h"

extern const admin_operation admin_account_list, admin_account_get,
    admin_account_create, admin_account_change, admin_account_transfer,
    admin_account_remove, admin_account_link, admin_account_unlink;

/* The account that asks. Of the API only: scimctl has none. */
extern const admin_operation admin_account_me;

#endif
