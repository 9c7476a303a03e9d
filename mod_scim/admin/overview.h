/* Whether an organization is set up and well, and what its owner should do. */
#ifndef SCIM_ADMIN_OVERVIEW_H
#define SCIM_ADMIN_OVERVIEW_H

#include "admin/operation.h"

extern const admin_operation admin_overview_get, admin_hint_list;

#endif
