/* The change of a group's members as parameters and as a verdict (DESIGN 5.7).
 * Private to store/. */
#ifndef SCIM_STORE_MEMBERS_H
#define SCIM_STORE_MEMBERS_H

#include "store/transaction.h"

/* Parameters 2 to 7 of STORE_GROUP_MEMBERSHIP and STORE_GROUP_DELTA. */
void store_add_members(store_step *step, const char *group_id,
                       const scim_membership *members,
                       const store_match *match, store_transaction *tx);

/* What the statement decided. *changed: somebody came or went. *json: how many
 * and who, for the journal, of the pool. SCIM_NOT_FOUND,
 * SCIM_PRECONDITION_FAILED, SCIM_INVALID_VALUE naming unknown members. */
scim_error *store_members_verdict(int *changed, json_t **json,
                                  const store_step *step, const char *group_id,
                                  apr_pool_t *pool);

/* A group in itself: SCIM_INVALID_VALUE. */
scim_error *store_members_check(const scim_membership *members,
                                const char *group_id, apr_pool_t *pool);

scim_error *store_precondition_failed(apr_pool_t *pool);

#endif
