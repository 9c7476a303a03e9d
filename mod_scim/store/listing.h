/* Lists that are sorted, walked by cursors or of several types, as one
 * statement. Private to store/. */
#ifndef SCIM_STORE_LISTING_H
#define SCIM_STORE_LISTING_H

#include <apr_tables.h>

#include "core/cursor.h"
#include "store/marked.h"
#include "store/order.h"
#include "store/statements.h"
#include "store/store.h"

typedef struct store_listing {
    const store_query *query;
    const scim_cursor *at;     /* where the page begins, or, backward, ends;
                                  NULL: paging by index */
    const store_shape *shapes; /* of each part */
    const store_index *indexes; /* as the connection has them */

    /* Made by store_listing_compile(): */
    const store_order *orders; /* of each part */
    store_order_kind kind;     /* of all of them */
    int descending;            /* the way the statement goes */
    int walks;                 /* along an index; else all that is listed is
                                  looked at */
    int indexed;               /* an index narrows the filter down */
    int comparisons;           /* of the filter, at most for one type */
    const char *sql;           /* $1 organization, $2 offset, $3 limit */
    const apr_array_header_t *params; /* const char *: from $4 on */
} store_listing;

/* Columns of a row: total, the number of its part (NULL: there is no row), the
 * value that it is sorted by (in a text form that the next statement takes),
 * then those of its shape. */
enum {
    STORE_LISTING_TOTAL,
    STORE_LISTING_PART,
    STORE_LISTING_VALUE,
    STORE_LISTING_RECORD
};

/* invalidFilter for what SQL cannot answer. */
scim_error *store_listing_compile(store_listing *l, apr_pool_t *pool);

#endif
