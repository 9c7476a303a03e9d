/* Mappings within the owner's acts. Private to store/. */
#ifndef SCIM_STORE_ADMIN_MAPPING_H
#define SCIM_STORE_ADMIN_MAPPING_H

#include "store/admin_connection.h"

/* The group's; NULL: it has none. `group` is a UUID. */
scim_error *store_mapping_of(json_t **out, const char *group, store_admin *a,
                             apr_pool_t *pool);

/* SCIM_INVALID_VALUE: there is no such group. */
scim_error *store_group_check(const char *id, const char *field,
                              store_admin *a, apr_pool_t *pool);

typedef enum { STORE_WITHOUT_ROLE, STORE_WITHOUT_STACK } store_without;

/* Takes a role or a stack out of all mappings and tells the journal who loses
 * what by it; the row itself is the caller's to delete afterwards. */
scim_error *store_mapping_without(json_t **out, store_without what,
                                  const char *id, const json_t *cause,
                                  const json_t *given, store_admin *a,
                                  apr_pool_t *pool);

/* "{uuid,uuid}": the member "group" of each. */
const char *store_mapping_groups(const json_t *mappings, apr_pool_t *pool);

#endif
