/* Provisioned users, for reading. */
#ifndef SCIM_ADMIN_USER_H
#define SCIM_ADMIN_USER_H

#include "admin/operation.h"

extern const admin_operation admin_user_list, admin_user_get;

#endif
