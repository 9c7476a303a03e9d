/* Provisioned groups, for reading. */
#ifndef SCIM_ADMIN_GROUP_H
#define SCIM_ADMIN_GROUP_H

#include "admin/operation.h"

extern const admin_operation admin_group_list, admin_group_get,
    admin_group_members;

#endif
