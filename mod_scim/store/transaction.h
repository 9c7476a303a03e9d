/* One transaction: a connection, enter, the statements of one operation, and
 * what is done when it fails (DESIGN 5.8-5.10). Private to store/. */
#ifndef SCIM_STORE_TRANSACTION_H
#define SCIM_STORE_TRANSACTION_H

#include "store/result.h"
#include "store/trip.h"

/* Of one operation in one trip. */
#define STORE_MAX_STEPS 14

typedef enum {
    STORE_READS,  /* one trip */
    STORE_NOTES,  /* one trip, of a token that may only read, too: journal */
    STORE_SIGNS_IN, /* one trip that has no token: of a person */
    STORE_WRITES, /* one trip */
    STORE_EDITS,  /* writes; BEGIN and COMMIT of its own, several trips */
    STORE_BATCHES /* the same, made of many operations (batch.c) */
} store_intent;

struct store_transaction {
    const store_caller *caller;
    store *s;
    apr_pool_t *pool;
    store_connection *c;
    store_intent intent;
    store_grant grant;    /* after the first store_go() */
    const char *name;     /* of the resource, for messages; or NULL */
    store_failure failed; /* what the last failure asks for */
    int alone;            /* no other write of the organization goes on */
    int stale;            /* the token's last use is more than a minute ago */
    int nested;           /* the organization has groups within groups */
    int is_batch;         /* several operations: batch.c commits */
    int operation;        /* of a batch: the one that adds steps; or -1 */
    int failed_operation; /* of a batch: whose step failed; or -1 */
    apr_size_t queued;    /* of a batch: bytes that wait to be sent */
    int sent;             /* the steps have been sent */
    apr_time_t deadline;  /* the caller's, or a later one */
    apr_time_t limited;   /* when the server was told how long it has */
    int count, size;
    store_step *steps;
};

/* What an operation does within one; called again when it is retried, with
 * nothing left of the attempt before. */
typedef scim_error *(*store_work)(store_transaction *tx, void *baton);

/* Runs `work` with enter as its first step, at most four times. */
scim_error *store_transact(store_work work, void *baton, store_intent intent,
                           const store_caller *caller, store *s,
                           apr_pool_t *pool);

/* The next statement of the trip. The organization is its first parameter
 * already. The step is good until the first store_add() after store_go(). */
store_step *store_add(store_statement statement, store_transaction *tx);

/* Sends what was added and reads all answers; success if there is nothing. */
scim_error *store_go(store_transaction *tx);

/* Of a batch: the same, but not before `bytes` of this operation and those that
 * wait already are worth a trip. */
scim_error *store_go_later(store_transaction *tx, apr_size_t bytes);

/* The end of STORE_EDITS; a batch ends by itself. */
void store_add_commit(store_transaction *tx);

/* For a transaction of several trips that turns out to change nothing. */
void store_abandon(store_transaction *tx);

/* Why Enter gave no row: SCIM_UNAUTHORIZED, SCIM_TOKEN_REFUSED,
 * SCIM_READ_ONLY_TOKEN, or what caller->refuse_strictly says. A trip of its own
 * (token.c). */
scim_error *store_token_refusal(store_transaction *tx);

/* The caller's token is good, whatever becomes of the request. */
void store_verified(const store_transaction *tx);

/* The caller's token as the next two parameters: key and hash. */
void store_add_token(store_step *step, const store_transaction *tx);

/* Flags that a token must not have for this call, as the next parameter. */
void store_add_barred(store_step *step, const store_transaction *tx);

#endif
