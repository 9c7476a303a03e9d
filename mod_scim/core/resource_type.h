/* Resource types (RFC 7643, 6). */
#ifndef SCIM_CORE_RESOURCE_TYPE_H
#define SCIM_CORE_RESOURCE_TYPE_H

#include "core/schema.h"

typedef struct scim_extension {
    const scim_schema *schema; /* NULL ends a list */
    int required;
} scim_extension;

/* What the store knows of a type beyond its schema. */
typedef enum {
    SCIM_KIND_USER,
    SCIM_KIND_GROUP,
    SCIM_KIND_OTHER /* of a file */
} scim_type_kind;

struct scim_path;

typedef struct scim_resource_type {
    scim_type_kind kind;
    const char *name;     /* "User"; also its id and meta.resourceType */
    const char *endpoint; /* "/Users" */
    const char *description;
    const scim_schema *schema;
    const scim_extension *extensions; /* { NULL } last; never NULL */
    /* Of types with schemas from files: */
    int hides;  /* holds what an answer leaves out unless it is asked for */
    int claims; /* has attributes whose values belong to one resource */
    const struct scim_path *marked; /* of ScimIndex: attributes that filters
                                       find by an index; attr NULL last; or
                                       NULL */
} scim_resource_type;

/* Without extensions of files. Compare kinds, not addresses: a server whose
 * users have more has a User of its own. */
extern const scim_resource_type scim_type_user;
extern const scim_resource_type scim_type_group;

/* What a server serves that reads no files, NULL at the end. */
typedef const scim_resource_type *const *scim_resource_types;
extern const scim_resource_type *const scim_default_types[];

/* By endpoint segment ("Users", exact case), or NULL. */
const scim_resource_type *scim_resource_type_at(scim_resource_types types,
                                                const char *segment,
                                                apr_size_t len);

/* One of the type's schemas by URN without regard to case, or NULL. */
const scim_schema *scim_resource_type_schema(const scim_resource_type *type,
                                             const char *urn, apr_size_t len);

/* One element of /ResourceTypes, without meta. A new reference. */
json_t *scim_resource_type_to_json(const scim_resource_type *type);

#endif
