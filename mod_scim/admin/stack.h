/* Stacks: the applications and environments of an organization. */
#ifndef SCIM_ADMIN_STACK_H
#define SCIM_ADMIN_STACK_H

#include "admin/operation.h"

extern const admin_operation admin_stack_list, admin_stack_get,
    admin_stack_create, admin_stack_change, admin_stack_delete,
    admin_stack_preview;

#endif
