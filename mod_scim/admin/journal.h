/* The journal of an organization. */
#ifndef SCIM_ADMIN_JOURNAL_H
#define SCIM_ADMIN_JOURNAL_H

#include "admin/operation.h"

extern const admin_operation admin_journal_list, admin_journal_follow,
    admin_journal_show;

#endif
