/* The change of a group's members as parameters and as a verdict (DESIGN 5.7).
 * Private to store/. */
#ifndef SCIM_STORE_MEMBERS_H
#define SCIM_STORE_MEMBERS_H

#include "store/transaction.h"

/* Parameters 2 to 7 of STORE_GROUP_MEMBERSHIP and STORE_GROUP_DELTA. */
void store_add_members(store_step *step, const char *group_id,
                       const scim_membership *members,
                       const store_match *match, store_transaction *tx);

/* STORE_GROUP_DELTA for the write of `version` by this action. */
store_step *store_add_delta(const char *group_id,
                            const scim_membership *members, const char *action,
                            apr_int64_t version, store_transaction *tx);

typedef struct store_members_change {
    int is_change; /* somebody came or went */
    json_t *json;  /* how many, and who is unknown; for the journal */
    const char *added, *removed; /* of STORE_GROUP_DELTA: those that belong into
                                    the journal's first row; or NULL */
} store_members_change;

/* What the statement decided; texts are of the pool and of the result.
 * SCIM_NOT_FOUND, SCIM_PRECONDITION_FAILED, SCIM_INVALID_VALUE naming unknown
 * members. */
scim_error *store_members_verdict(store_members_change *out,
                                  const store_step *step, const char *group_id,
                                  const scim_membership *members,
                                  const store_transaction *tx);

/* A group in itself: SCIM_INVALID_VALUE. */
scim_error *store_members_check(const scim_membership *members,
                                const char *group_id, apr_pool_t *pool);

scim_error *store_precondition_failed(apr_pool_t *pool);

#endif
