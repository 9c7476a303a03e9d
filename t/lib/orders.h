/* Random lists of random resources, sorted in SQL and in memory. */
#ifndef T_LIB_ORDERS_H
#define T_LIB_ORDERS_H

#include <libpq-fe.h>

#include "chance.h"

typedef struct thing {
    const char *id;
    json_t *seen; /* as core/match.h wants it */
    json_t *refs; /* groups or members, to become a part of it */
} thing;

/* All resources of one type. */
typedef struct crowd {
    const scim_resource_type *type;
    const thing *things;
    int count;
} crowd;

typedef struct orders_tally {
    int asked;
    int walked;  /* cursors that were followed */
    int matched; /* lists with something to be sorted */
    int wrong;
} orders_tally;

/* Asks `times` lists of one type or of all (`crowds` ends with a NULL type):
 * with and without a filter, sorted or not, from the beginning and from cursors
 * in both directions. Each has to be what core/match.c and the rules of RFC
 * 7644, 3.4.2.3 make of the resources. */
orders_tally orders_check(const crowd *crowds, int times, chance *c,
                          PGconn *pg, const char *org_id, apr_pool_t *pool);

#endif
