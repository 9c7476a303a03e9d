/* Resource types (RFC 7643, 6). */
#ifndef SCIM_CORE_RESOURCE_TYPE_H
#define SCIM_CORE_RESOURCE_TYPE_H

#include "core/schema.h"

typedef struct scim_extension {
    const scim_schema *schema; /* NULL ends a list */
    int required;
} scim_extension;

typedef struct scim_resource_type {
    const char *name;     /* "User"; also its id and meta.resourceType */
    const char *endpoint; /* "/Users" */
    const char *description;
    const scim_schema *schema;
    const scim_extension *extensions; /* { NULL } last; never NULL */
} scim_resource_type;

extern const scim_resource_type scim_type_user;
extern const scim_resource_type scim_type_group;

/* All types, NULL at the end. */
extern const scim_resource_type *const scim_resource_types[];

/* By endpoint segment ("Users", exact case), or NULL. */
const scim_resource_type *scim_resource_type_at(const char *segment,
                                                apr_size_t len);

/* One of the type's schemas by URN without regard to case, or NULL. */
const scim_schema *scim_resource_type_schema(const scim_resource_type *type,
                                             const char *urn, apr_size_t len);

/* One element of /ResourceTypes, without meta. A new reference. */
json_t *scim_resource_type_to_json(const scim_resource_type *type);

#endif
