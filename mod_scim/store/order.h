/* sortBy -> SQL. Private to store/. */
#ifndef SCIM_STORE_ORDER_H
#define SCIM_STORE_ORDER_H

#include "core/path.h"

/* How the values of a key compare, and which SQL type they have. */
typedef enum {
    STORE_ORDER_ID,   /* no key: by id alone */
    STORE_ORDER_TEXT, /* COLLATE "C" */
    STORE_ORDER_TIME,
    STORE_ORDER_JSON, /* jsonb: numbers and booleans */
    STORE_ORDER_COUNT
} store_order_kind;

typedef struct store_order {
    store_order_kind kind;
    const char *key;   /* an expression on alias r (and f) */
    int joins_folded;  /* users: needs scim.user_folded as f */
    int indexed;       /* an index has this order, id last */
    int nullable;
    int unique;        /* id decides nothing */
} store_order;

/* What a long value is compared by; a cursor holds as much of it. Values with
 * a key of their own have at most SCIM_INDEXED_MAX bytes. */
#define STORE_ORDER_CHARACTERS "256"

/* `path` as scim_sort_parse() gives it; NULL: by id. Of a multi-valued
 * attribute its primary value counts, else the first; of groups and members,
 * which have no order, the one with the lowest id. */
void store_order_of(store_order *out, const scim_path *path,
                    const scim_resource_type *type, apr_pool_t *pool);

/* "timestamptz", ... */
extern const char *const store_order_types[STORE_ORDER_COUNT];

#endif
