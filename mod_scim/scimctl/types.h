/* The schema and type files that a command names, as httpd reads them. */
#ifndef SCIM_SCIMCTL_TYPES_H
#define SCIM_SCIMCTL_TYPES_H

#include "core/type_set.h"
#include "scimctl/command.h"

/* clang-format off */
#define SCIMCTL_SCHEMA_OPTION \
    { "schema", "FILE,...", "schema files, as ScimSchema of httpd names them", \
      0 }
#define SCIMCTL_TYPE_OPTION \
    { "resource-type", "FILE,...", \
      "type files, as ScimResourceType names them", 0 }
/* clang-format on */

/* The files of --schema, then those of --resource-type. Each schema extends
 * users and groups alike: which of them httpd gives it to does not matter to
 * what is stored. SCIM_INVALID_VALUE names file, place and reason. */
scim_error *scimctl_types(scim_type_set **out, const scimctl_call *call);

#endif
