/* What users hold, and why. */
#ifndef SCIM_ADMIN_PERMISSION_H
#define SCIM_ADMIN_PERMISSION_H

#include "admin/operation.h"

extern const admin_operation admin_permission_explain, admin_permission_mine;

#endif
