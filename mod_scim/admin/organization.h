/* Organizations. */
#ifndef SCIM_ADMIN_ORGANIZATION_H
#define SCIM_ADMIN_ORGANIZATION_H

#include "admin/operation.h"

/* Whose names the owner's is where httpd has one source of names only. */
#define ADMIN_REALM_DEFAULT "default"

/* Made by scimctl only: the API's role adds no organization. */
extern const admin_operation admin_organization_create;

extern const admin_operation admin_organization_list, admin_organization_get,
    admin_organization_change, admin_organization_enable,
    admin_organization_disable, admin_organization_suspend,
    admin_organization_resume, admin_organization_delete;

#endif
