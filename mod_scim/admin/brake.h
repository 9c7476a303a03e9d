/* The brake on mass deprovisioning: settings, what it holds, release. */
#ifndef SCIM_ADMIN_BRAKE_H
#define SCIM_ADMIN_BRAKE_H

#include "admin/operation.h"

extern const admin_operation admin_brake_get, admin_brake_change,
    admin_brake_release, admin_brake_held, admin_brake_let_through;

/* Its settings. */
extern const admin_field admin_brake_fields[];

#endif
