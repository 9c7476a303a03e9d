/* A Bulk on its way (RFC 7644, 3.7): private to bulk.c and bulk_part.c. */
#ifndef SCIM_PROTOCOL_BULK_H
#define SCIM_PROTOCOL_BULK_H

#include "core/bulk.h"
#include "protocol/operation.h"

typedef struct serve_outcome {
    int status;              /* HTTP; 0: not carried out */
    const char *location;    /* or NULL */
    const char *version;     /* of the resource now; or NULL */
    const scim_error *error; /* or NULL */
} serve_outcome;

typedef struct serve_job {
    serve_call *call;
    const scim_bulk *bulk;
    const apr_array_header_t *units; /* scim_bulk_unit */
    store_grant grant;
    int is_atomic;
    serve_outcome *outcomes; /* of each operation */
    const char **ids;        /* of the resource that it makes; or NULL */
    serve_secret *secrets;   /* of what shares a transaction */
    int errors;
    int width;           /* units that the next batch tries */
    int alone;           /* the unit that took a batch down; or -1 */
    apr_pool_t *batch;   /* of one transaction */
    apr_pool_t *scratch; /* of operations whose writes wait to be sent */
} serve_job;

/* Carries an operation out, within the caller's batch if there is one. What it
 * came to is in job->outcomes. `later`: ids of resources that are made after
 * this one; members among them go to `links` (const char *). Both NULL: none.
 */
scim_error *serve_bulk_part(serve_job *job, int index, apr_hash_t *later,
                            apr_array_header_t *links);

/* Hashes the operation's password, if it has one, before a transaction that it
 * shares: a hash is slow on purpose. */
void serve_bulk_hash(serve_job *job, int index);

/* Adds to a new group those members that are there only now. */
scim_error *serve_bulk_link(serve_job *job, int index,
                            const apr_array_header_t *links);

/* What became of an operation that failed, or that another one took down. */
void serve_bulk_fail(serve_job *job, int index, const scim_error *err);

/* The journal's row of an operation that failed, in a transaction of its own.
 */
void serve_bulk_journal(const serve_job *job, int index,
                        const scim_error *err);

/* The whole answer. */
scim_error *serve_bulk_answer(const serve_job *job);

#endif
