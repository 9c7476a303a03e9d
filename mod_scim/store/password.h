/* What is kept of a password. Private to store/. */
#ifndef SCIM_STORE_PASSWORD_H
#define SCIM_STORE_PASSWORD_H

#include "store/transaction.h"

/* The step that keeps the hash for the user, and what the journal says of it;
 * nothing where `hash` is NULL. */
void store_add_password(const char *hash, const char *id, json_t *changes,
                        store_transaction *tx);

/* A trip that ends what is kept; *ended: there was something to end. */
scim_error *store_end_password(int *ended, const char *id,
                               store_transaction *tx);

#endif
