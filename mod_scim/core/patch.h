/* PATCH (RFC 7644, 3.5.2), and what identity providers send in its name. */
#ifndef SCIM_CORE_PATCH_H
#define SCIM_CORE_PATCH_H

#include <apr_tables.h>

#include "core/filter.h"
#include "core/resource.h"

typedef struct scim_patch scim_patch; /* a list of operations, read */

/* Reads a PatchOp message: ops in any case, paths resolved, values read into
 * canonical form, path-less values taken apart (dotted and URN keys, nested
 * extensions). Errors: invalidSyntax (message, op), invalidPath, invalidValue,
 * mutability (readOnly target; outside strict mode readOnly members of a
 * path-less value are skipped), noTarget (remove without path). Every detail
 * names the operation ("Operations[2]") and the path.
 * An empty Operations list is a patch that changes nothing (strict: error). */
scim_error *scim_patch_read(scim_patch **out, const json_t *body,
                            const scim_resource_type *type,
                            scim_reading *reading, apr_pool_t *pool);

/* invalidSyntax where the message or an operation has a member twice
 * ({"value": 1, "Value": 2}), as there is no telling which one is meant. */
scim_error *scim_patch_check_names(const json_t *body, apr_pool_t *pool);

/* Applies all or nothing. *out is a new canonical resource of `pool` that
 * equals `before` (json_equal) when nothing changed, and shares with it what is
 * as it was: nobody changes either in depth. `before` is not changed;
 * for groups it holds "members" only if the patch needs them. */
scim_error *scim_patch_apply(json_t **out, const scim_patch *patch,
                             const json_t *before,
                             const scim_resource_type *type,
                             scim_reading *reading, apr_pool_t *pool);

/* Membership as a delta (DESIGN 5.7): ids of users or groups, lower case,
 * each once, in no list twice. */
typedef struct scim_membership {
    int replace; /* `add` is the whole new set; `remove` is empty */
    const apr_array_header_t *add;    /* const char * */
    const apr_array_header_t *remove; /* const char * */
} scim_membership;

/* Takes the operations on "members" out of a group's patch.
 * *rest: what remains, NULL if nothing does. *delta: what happens to the
 * members, NULL if nothing does. *conditional: an operation looks at the
 * present members (members[display sw "A"], ...): then *rest is the whole
 * patch, *delta NULL, and scim_patch_apply() wants "members" in `before`. */
void scim_patch_split(scim_patch **rest, scim_membership **delta,
                      int *conditional, const scim_patch *patch,
                      apr_pool_t *pool);

/* What the store says of members it says of all of them together
 * ("members: no user or group has the id ..."): the same error, with the
 * operation before it, or those of several that name one of err->ids. */
scim_error *scim_patch_label_members(scim_error *err, const scim_patch *patch,
                                     apr_pool_t *pool);

/* A value that another resource has: the same error, with the operation before
 * it that gave the value last. */
scim_error *scim_patch_label_taken(scim_error *err, const scim_patch *patch,
                                   const scim_resource_type *type,
                                   apr_pool_t *pool);

/* Takes "members" out of a canonical group: NULL if it has none, else a
 * replacement of the set. Changes `group`. */
scim_membership *scim_group_take_members(json_t *group, apr_pool_t *pool);

/* A replacement by the empty set. */
scim_membership *scim_group_no_members(apr_pool_t *pool);

#endif
