/* Stack roles: what can be held in a stack. */
#ifndef SCIM_ADMIN_ROLE_H
#define SCIM_ADMIN_ROLE_H

#include "admin/operation.h"

extern const admin_operation admin_role_list, admin_role_get,
    admin_role_create, admin_role_change, admin_role_delete,
    admin_role_preview;

#endif
