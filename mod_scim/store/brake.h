/* The brake on mass deprovisioning: all that it does to requests of tokens is
 * here and in sql/0005-brake.sql. Owners are not braked. Private to store/. */
#ifndef SCIM_STORE_BRAKE_H
#define SCIM_STORE_BRAKE_H

#include "store/journal.h"

/* The statement by which it fails if a user was deactivated or deleted, as the
 * last one before COMMIT; or if a group is about to be deleted. Members who
 * leave a group are braked by the statement that lets them go. */
void store_add_brake(const char *id, const scim_resource_type *type,
                     store_transaction *tx);

/* What such a statement failed with: SCIM_TOO_MANY_REQUESTS, `held`. */
scim_error *store_braked(const PGresult *result, apr_pool_t *pool);

/* Whoever was refused so is listed, in the transaction of the refusal's row. */
void store_add_hold(const store_entry *entry, store_transaction *tx);

#endif
