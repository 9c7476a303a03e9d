/* Apps: each is one identity provider's connection. */
#ifndef SCIM_ADMIN_APP_H
#define SCIM_ADMIN_APP_H

#include "admin/operation.h"

extern const admin_operation admin_app_list, admin_app_get, admin_app_install,
    admin_app_change, admin_app_uninstall, admin_app_adopt,
    admin_app_rehearsal, admin_app_live, admin_app_rehearse;

#endif
