/* A PATCH taken apart. Of patch.c, patch_apply.c and membership.c only. */
#ifndef SCIM_CORE_PATCH_OPERATION_H
#define SCIM_CORE_PATCH_OPERATION_H

#include "core/patch.h"

typedef enum {
    SCIM_PATCH_ADD,
    SCIM_PATCH_REPLACE,
    SCIM_PATCH_REMOVE
} scim_verb;

/* One change of one attribute: a value without a path is several. */
typedef struct scim_operation {
    scim_verb verb;
    const char *label; /* "Operations[2], path \"emails\"": for messages */
    scim_path path;    /* attr NULL (remove only): the whole extension */
    const scim_filter *filter; /* of the brackets; or NULL */
    /* Canonical: an array for a multi-valued attribute, an object for one of
     * its elements (brackets without a sub-attribute). NULL: unassigned. Of a
     * remove: the elements to go; NULL: all of them. */
    const json_t *value;
    /* const scim_attr *: sub-attributes that a complex value names with null */
    apr_array_header_t *cleared;
} scim_operation;

struct scim_patch {
    apr_array_header_t *operations; /* scim_operation */
};

/* Whether the path is Group.members or below. */
int scim_path_is_members(const scim_path *path);

/* What the resource must be after all operations: required attributes are
 * there, one element is primary, immutable values are the same. Puts "schemas"
 * right. invalidValue, mutability. */
scim_error *scim_patch_check(json_t *after, const json_t *before,
                             const scim_resource_type *type, apr_pool_t *pool);

/* The error with the operation's label before its detail. */
scim_error *scim_operation_error(const char *label, const scim_error *err,
                                 apr_pool_t *pool);

#endif
