/* Who holds a role. */
#ifndef SCIM_ADMIN_HOLDER_H
#define SCIM_ADMIN_HOLDER_H

#include "admin/operation.h"

extern const admin_operation admin_holder_list, admin_holder_count;

#endif
