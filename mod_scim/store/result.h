/* Results in PostgreSQL's binary form, and its errors as ours. Private to
 * store/. */
#ifndef SCIM_STORE_RESULT_H
#define SCIM_STORE_RESULT_H

#include "store/connection.h"
#include "store/uuid.h"

/* A column of a row; NULL and 0 for SQL's NULL. Texts live as long as the
 * result, which is as long as its pool. */
const char *store_text(const PGresult *result, int row, int column);
apr_int64_t store_number(const PGresult *result, int row, int column);
int store_boolean(const PGresult *result, int row, int column);
const char *store_id(const PGresult *result, int row, int column,
                     apr_pool_t *pool);

/* "2026-02-01T09:30:00.000Z" */
const char *store_time(const PGresult *result, int row, int column,
                       apr_pool_t *pool);

/* One-dimensional arrays: how many elements, and the next one. *data is NULL
 * for an element that is NULL. */
typedef struct store_array {
    const unsigned char *at, *end;
    int count;
} store_array;

void store_array_open(store_array *out, const PGresult *result, int row,
                      int column);
int store_array_next(const void **data, int *len, store_array *array);

/* PostgreSQL's text form of an array of ids, numbers, ... that need no quotes:
 * "{a,b}". */
const char *store_array_text(const apr_array_header_t *texts, apr_pool_t *pool);

/* What to do about a failed statement, beside the error itself. */
typedef struct store_failure {
    int retry;   /* the same transaction may succeed now */
    int alone;   /* if no other write of the organization goes on */
    int renew;   /* this connection should not be used again */
    int gone;    /* nor any other that is open */
    int timeout; /* the statement ran out of its time */
} store_failure;

/* `name` is what the resource is called, for messages; or NULL. */
scim_error *store_result_error(store_failure *out, const PGresult *result,
                               const char *statement, const char *name,
                               apr_pool_t *pool);

#endif
