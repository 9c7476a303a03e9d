/* The columns that a resource is stored in. Private to store/. */
#ifndef SCIM_STORE_KEYS_H
#define SCIM_STORE_KEYS_H

#include "store/transaction.h"

typedef struct store_keys {
    const char *name;         /* userName or displayName as it was sent */
    const char *active;       /* of users: "true" or "false" */
    const char *user_name;    /* the keys are folded, but external_id */
    const char *external_id;
    const char *display_name;
    const char *family_name;
    const char *body;
    const char *folded;
    const char *values; /* JSON rows of scim.user_values; NULL: none */
} store_keys;

/* Of a canonical resource without members. Texts are in `pool` or in the
 * resource. */
void store_keys_make(store_keys *out, const json_t *resource,
                     const scim_resource_type *type, apr_pool_t *pool);

/* Steps that store a new resource, or new contents of one. */
void store_add_insert(const store_keys *keys, const char *id,
                      const scim_resource_type *type, store_transaction *tx);
void store_add_update(const store_keys *keys, int values_changed,
                      const char *id, const scim_resource_type *type,
                      store_transaction *tx);

#endif
