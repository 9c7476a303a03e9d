/* The resource types that a section of the server has: the built-in ones with
 * the extensions that files give them, and types of files. Made when the
 * configuration is read, and not changed after that. */
#ifndef SCIM_CORE_TYPE_SET_H
#define SCIM_CORE_TYPE_SET_H

#include "core/path.h"

#define SCIM_FILE_SCHEMAS_MAX 64
#define SCIM_FILE_TYPES_MAX   32

typedef struct scim_type_set scim_type_set;

scim_type_set *scim_type_set_make(apr_pool_t *pool);

/* What it serves now; good as long as its pool. */
scim_resource_types scim_type_set_types(const scim_type_set *set);

/* Reads the text of a schema file. The URN must be new, also to the schemas of
 * the RFCs. */
scim_error *scim_type_set_add_schema(const scim_schema **out,
                                     scim_type_set *set, const char *text,
                                     apr_size_t len);

/* The schema becomes an extension of User or Group. */
scim_error *scim_type_set_extend(scim_type_set *set, scim_type_kind kind,
                                 const scim_schema *schema, int required);

/* Reads the text of a resource type's file, whose schemas have been added
 * before. */
scim_error *scim_type_set_add_type(scim_type_set *set, const char *text,
                                   apr_size_t len);

/* Filters are to find users by an index of this attribute, whose schema has
 * been added before; *out is what the path means. Refused: what has an index
 * anyway, what nobody may search for, what is no text. */
scim_error *scim_type_set_mark(scim_path *out, scim_type_set *set,
                               const char *text);

/* A schema that no type has, or NULL. */
const scim_schema *scim_type_set_unused(const scim_type_set *set);

#endif
