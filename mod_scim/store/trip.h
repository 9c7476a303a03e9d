/* One round trip: statements in a pipeline, one Sync at the end. Private to
 * store/. */
#ifndef SCIM_STORE_TRIP_H
#define SCIM_STORE_TRIP_H

#include "store/connection.h"
#include "store/statements.h"

#define STORE_MAX_PARAMS 17

/* One statement with its values. */
typedef struct store_step {
    store_statement statement; /* STORE_AD_HOC: `sql` */
    const char *sql;
    int keep; /* of AD_HOC: prepare it, as the same text will come again */
    int count;
    const char *values[STORE_MAX_PARAMS]; /* text, or binary where length > 0 */
    int lengths[STORE_MAX_PARAMS];
    const apr_array_header_t *more; /* const char *: text values after these */
    int binary;                     /* the result's format */
    /* Gets each row as it arrives, so that memory never holds two; the result
     * is then one without rows. NULL: the result holds them all. */
    void (*row)(const PGresult *one, void *baton);
    void *baton;
    int operation;                  /* of a batch, that it belongs to; or -1 */
    const char *name;               /* of the resource, for messages; or NULL */
    PGresult *result;               /* out; belongs to the pool */
    const char *prepared;           /* private to trip.c: name, or NULL */
    int preparing;
} store_step;

void store_step_text(store_step *step, const char *value);
void store_step_int(store_step *step, apr_int64_t value, apr_pool_t *pool);
void store_step_bytes(store_step *step, const void *value, int length);

/* Sends all steps and a Sync, reads all results until the deadline. NULL also
 * when a step failed: *failed is then its index (else -1) and its result holds
 * the reason; the steps after it were not run. SCIM_UNAVAILABLE when the
 * connection is lost or too slow: c->broken is set, and whether the server has
 * committed is not known. */
scim_error *store_trip(int *failed, store_step *steps, int count,
                       store_connection *c, apr_time_t deadline, store *s,
                       apr_pool_t *pool);

#endif
