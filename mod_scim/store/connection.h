/* A child's connections (DESIGN 5.9). Private to store/. */
#ifndef SCIM_STORE_CONNECTION_H
#define SCIM_STORE_CONNECTION_H

#include <apr_hash.h>
#include <libpq-fe.h>

#include "store/marked.h"
#include "store/store.h"

typedef struct store_connection {
    PGconn *pg;
    apr_pool_t *pool; /* of this connection: ends with it */
    int used;         /* a trip succeeded on it since it was taken */
    int broken;       /* state not known clean: closed when given back */
    int gone;         /* the server went away: so it did for the idle ones */
    apr_hash_t *prepared; /* what is prepared on it (trip.c) */
    int filters;          /* how many of them are filters */
    const store_index *indexes; /* as they were at the connect; or NULL */
} store_connection;

/* Takes a connection, makes one where the pool has room. At most `wait_ms`,
 * and never beyond the caller's deadline: SCIM_UNAVAILABLE with Retry-After.
 * One organization leaves a quarter of the pool to others, and what becomes
 * free is given to whose organization holds the fewest. */
scim_error *store_connection_take(store_connection **out,
                                  const store_caller *caller, store *s,
                                  apr_pool_t *pool);

/* Gives it back. A broken one is closed; where the server is gone, so are the
 * others, which have met the same server: the idle ones at once, those in use
 * when they come back. */
void store_connection_give(store_connection *c, store *s);

/* The 503 that every outage gives; `cause` is for the log. */
scim_error *store_unavailable(apr_pool_t *pool, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

const store_settings *store_settings_of(const store *s);

#endif
