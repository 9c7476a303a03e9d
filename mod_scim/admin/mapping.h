/* Group mappings: what the members of a group hold. */
#ifndef SCIM_ADMIN_MAPPING_H
#define SCIM_ADMIN_MAPPING_H

#include "admin/operation.h"

extern const admin_operation admin_mapping_list, admin_mapping_get,
    admin_mapping_save, admin_mapping_preview, admin_mapping_delete,
    admin_mapping_delete_preview, admin_mapping_unmapped,
    admin_mapping_dormant, admin_mapping_reconnect;

#endif
