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
    const char *folded;  /* the folded document; of a change, what is other
                            than before in it */
    const char *removed; /* text[]: and the names that are gone; NULL: new */
    const char *claims; /* JSON rows of scim.unique_values; NULL: none */
} store_keys;

/* By what people know a resource: for the journal and for messages. */
const char *store_name_of(const json_t *resource,
                          const scim_resource_type *type);

/* What changed that has rows of its own. */
typedef struct store_key_changes {
    int values; /* maybe */
    int last;   /* if they did not: of what is known to have rows */
    int claims;
    const char *released; /* the claims before; NULL: none */
} store_key_changes;

/* Of a canonical resource without members that is new. Texts are in `pool` or
 * in the resource. */
void store_keys_make(store_keys *out, const json_t *resource,
                     const scim_resource_type *type, apr_pool_t *pool);

/* Of one that was `before`. Members of the folded document that only other
 * sections of the server can fold are in neither, and stay. */
void store_keys_change(store_keys *out, store_key_changes *changes,
                       const json_t *before, const json_t *after,
                       const scim_resource_type *type,
                       const store_transaction *tx);

/* Steps that store a new resource, or new contents of one. Gives the one that
 * answers with the row. */
store_step *store_add_insert(const store_keys *keys, const char *id,
                             const scim_resource_type *type,
                             store_transaction *tx);
store_step *store_add_update(const store_keys *keys,
                             const store_key_changes *changes, const char *id,
                             const scim_resource_type *type,
                             store_transaction *tx);

#endif
