/* The configuration of an organization as one text, for version control. */
#ifndef SCIM_ADMIN_CONFIGURATION_H
#define SCIM_ADMIN_CONFIGURATION_H

#include "admin/operation.h"

extern const admin_operation admin_configuration_export,
    admin_configuration_import;

#endif
