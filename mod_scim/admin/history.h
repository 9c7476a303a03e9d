/* What users and groups were, and undo. */
#ifndef SCIM_ADMIN_HISTORY_H
#define SCIM_ADMIN_HISTORY_H

#include "admin/operation.h"

extern const admin_operation admin_user_history, admin_user_deleted,
    admin_user_version, admin_user_memberships, admin_user_restore,
    admin_user_erase, admin_group_history, admin_group_deleted,
    admin_group_version, admin_group_restore;

#endif
