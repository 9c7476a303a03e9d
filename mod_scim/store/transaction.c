#include "store/transaction.h"

#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#define MAX_RETRIES 3
#define MAX_PAUSE_MS 20

/* Who has the organization alone may have very much to do: a group of a million
 * that gives permissions is deleted. An identity provider can ask for it in no
 * smaller parts, and would ask for ever. */
#define ALONE_FACTOR 12

/* What a batch sends in one trip: about a hundred new users. */
#define BATCH_STEPS 512
#define BATCH_BYTES (128 * 1024)

/* What enter says of a token. */
enum { IS_STRICT = 1, IS_READ_ONLY = 2, IS_NESTED = 4, IS_KEEPING = 8 };

void store_add_barred(store_step *step, const store_transaction *tx)
{
    store_step_int(step, tx->caller->refuse_strictly != NULL ? IS_STRICT : 0,
                   tx->pool);
}

/* What changes resources waits for locks, and needs a token that may. */
static int may_wait(const store_transaction *tx)
{
    return tx->intent == STORE_WRITES || tx->intent == STORE_EDITS
           || tx->intent == STORE_SIGNS_IN;
}

/* The server gives up before we do, so that its answer still arrives. */
static apr_int64_t server_ms(apr_time_t deadline, apr_time_t now)
{
    return deadline > now ? apr_time_as_msec(deadline - now) * 4 / 5 + 1 : 1;
}

static void add_limits(store_step *step, store_transaction *tx)
{
    apr_time_t now = apr_time_now();

    tx->limited = now;
    store_step_int(step, server_ms(tx->deadline, now), tx->pool);
    if (may_wait(tx)) { /* for a lock, and no longer */
        store_step_int(step, server_ms(tx->caller->deadline, now) / 2 + 1,
                       tx->pool);
    }
}

static int is_open(const store_transaction *tx)
{
    return PQtransactionStatus(tx->c->pg) != PQTRANS_IDLE;
}

/* Of the fifth that the server leaves us, half may go by before it is worth a
 * statement to tell it. */
static int are_limits_old(const store_transaction *tx)
{
    apr_time_t now = apr_time_now();

    return (now - tx->limited) * 10 > tx->deadline - now;
}

static store_step *push(store_statement statement, store_transaction *tx)
{
    store_step *step = &tx->steps[tx->count++];

    memset(step, 0, sizeof(*step));
    step->statement = statement;
    step->operation = tx->operation;
    step->name = tx->name;
    step->binary = 1;
    return step;
}

store_step *store_add(store_statement statement, store_transaction *tx)
{
    store_step *step;

    if (tx->sent) {
        tx->sent = 0;
        tx->count = 0;
        if (is_open(tx) && statement != STORE_ROLLBACK && are_limits_old(tx)) {
            add_limits(push(STORE_LIMIT, tx), tx);
        }
    }
    step = push(statement, tx);
    if (!store_statements[statement].is_bare) {
        store_step_int(step, tx->caller->org_id, tx->pool);
    }
    return step;
}

void store_add_token(store_step *step, const store_transaction *tx)
{
    store_step_int(step, tx->caller->key_id, tx->pool);
    store_step_bytes(step, tx->caller->hash, SCIM_SHA256_SIZE);
}

static void add_enter(store_transaction *tx)
{
    store_step *step = store_add(!may_wait(tx) ? STORE_ENTER
                                 : tx->alone   ? STORE_ENTER_ALONE
                                               : STORE_ENTER_TO_WRITE,
                                 tx);

    store_add_token(step, tx);
    store_step_text(step, tx->caller->slug);
    store_step_int(step, tx->caller->org_id, tx->pool);
    add_limits(step, tx);
    if (may_wait(tx)) {
        store_add_barred(step, tx);
    }
}

void store_verified(const store_transaction *tx)
{
    if (tx->caller->verified != NULL) {
        *tx->caller->verified = 1;
    }
}

/* The answer of enter. Without a row nothing behind it has run. */
static scim_error *read_grant(store_transaction *tx, const store_step *enter)
{
    apr_int64_t flags;

    if (PQntuples(enter->result) != 1) {
        return store_token_refusal(tx);
    }
    flags = store_number(enter->result, 0, 1);
    store_verified(tx);
    tx->grant.app_id = (int)store_number(enter->result, 0, 0);
    tx->grant.strict = (flags & IS_STRICT) != 0;
    tx->grant.read_only = (flags & IS_READ_ONLY) != 0;
    tx->grant.passwords = (flags & IS_KEEPING) != 0;
    tx->stale = store_boolean(enter->result, 0, 2);
    tx->nested = (flags & IS_NESTED) != 0;
    return NULL;
}

/* Enter answered before whatever failed, and its word comes first. */
static scim_error *check_enter(store_transaction *tx, int failed)
{
    int i;

    for (i = 0; i < tx->count; i++) {
        if (tx->steps[i].statement >= STORE_ENTER
            && tx->steps[i].statement <= STORE_ENTER_ALONE
            && (failed < 0 || i < failed)) {
            return read_grant(tx, &tx->steps[i]);
        }
    }
    return NULL;
}

static int is_late(const store_transaction *tx)
{
    return apr_time_now() >= tx->deadline;
}

/* A connection that was dead before its first use: nothing can have happened,
 * unless a COMMIT may have been on the way. */
static int is_safe_to_repeat(const store_transaction *tx)
{
    return !tx->c->used
           && (tx->intent == STORE_READS
               || (tx->intent == STORE_EDITS
                   && tx->steps[tx->count - 1].statement != STORE_COMMIT))
           && !is_late(tx);
}

static scim_error *failure_of(const store_step *step, store_transaction *tx)
{
    scim_error *err
        = store_result_error(&tx->failed, step->result,
                             step->statement == STORE_AD_HOC
                                 ? "filter"
                                 : store_statements[step->statement].name,
                             step->name, tx->pool);

    tx->failed_operation = step->operation;
    tx->c->broken |= tx->failed.renew;
    tx->c->gone |= tx->failed.gone;
    return err;
}

scim_error *store_go(store_transaction *tx)
{
    int failed;
    scim_error *err;

    if (tx->sent || tx->count == 0) {
        return NULL;
    }
    if (is_late(tx)) { /* a COMMIT must not outlive the 503 */
        tx->c->broken |= is_open(tx);
        return store_unavailable(tx->pool, "no time left to commit");
    }
    err = store_trip(&failed, tx->steps, tx->count, tx->c,
                     tx->deadline, tx->s, tx->pool);
    tx->sent = 1;
    tx->queued = 0;
    if (err != NULL) {
        tx->failed.retry = is_safe_to_repeat(tx);
        return err;
    }
    err = check_enter(tx, failed);
    return err != NULL || failed < 0 ? err
                                     : failure_of(&tx->steps[failed], tx);
}

scim_error *store_go_later(store_transaction *tx, apr_size_t bytes)
{
    tx->queued += bytes;
    return tx->queued < BATCH_BYTES && tx->count + STORE_MAX_STEPS < tx->size
               ? NULL
               : store_go(tx);
}

void store_add_commit(store_transaction *tx)
{
    if (tx->intent == STORE_EDITS && !tx->is_batch) {
        store_add(STORE_COMMIT, tx);
    }
}

void store_abandon(store_transaction *tx)
{
    store_failure failed = tx->failed;

    if (!tx->sent) {
        tx->count = 0; /* what was never sent need not be undone */
    }
    if (!tx->c->broken && is_open(tx)) {
        store_add(STORE_ROLLBACK, tx);
        store_go(tx);
        tx->c->broken |= is_open(tx);
    }
    tx->failed = failed;
}

/* Best effort, and after the answer is certain: its own failure repeats
 * nothing. */
static void note_use(store_transaction *tx)
{
    store_failure failed = tx->failed;
    store_step *step = store_add(STORE_TOKEN_USED, tx);

    store_add_token(step, tx);
    store_step_text(step, tx->caller->address);
    store_go(tx);
    tx->failed = failed;
}

static scim_error *attempt(store_transaction *tx, store_work work, void *baton)
{
    scim_error *err = store_connection_take(&tx->c, tx->caller, tx->s,
                                            tx->pool);

    if (err != NULL) {
        return err;
    }
    if (tx->intent == STORE_EDITS) {
        store_add(STORE_BEGIN, tx);
    }
    if (tx->intent == STORE_SIGNS_IN) {
        add_limits(store_add(STORE_LIMIT, tx), tx);
    }
    else {
        add_enter(tx);
    }
    err = work(tx, baton);
    store_abandon(tx);
    if (tx->stale && !tx->c->broken && !tx->failed.retry) {
        note_use(tx);
    }
    store_connection_give(tx->c, tx->s);
    return err;
}

/* A short, random time, so that two who met do not meet again. */
static void pause_before_retry(void)
{
    unsigned char byte = 0;

    apr_generate_random_bytes(&byte, 1);
    apr_sleep(apr_time_from_msec(1 + byte % MAX_PAUSE_MS));
}

/* What a batch does to one user after another is in no order; in an
 * organization that maps groups, where this takes locks, it is alone. */
static store_transaction *make(store_intent intent, int alone,
                               apr_time_t deadline,
                               const store_caller *caller, store *s,
                               apr_pool_t *pool)
{
    store_transaction *tx = apr_pcalloc(pool, sizeof(*tx));

    tx->caller = caller;
    tx->s = s;
    tx->pool = pool;
    tx->intent = intent == STORE_BATCHES ? STORE_EDITS : intent;
    tx->is_batch = intent == STORE_BATCHES;
    tx->alone = tx->is_batch || alone;
    tx->deadline = deadline;
    tx->operation = tx->failed_operation = -1;
    tx->size = tx->is_batch ? BATCH_STEPS : STORE_MAX_STEPS;
    tx->steps = apr_palloc(pool, sizeof(*tx->steps) * (apr_size_t)tx->size);
    return tx;
}

/* A part of a batch: its memory is its own. */
static scim_error *take_part(store_work work, void *baton,
                             store_transaction *tx, apr_pool_t *pool)
{
    tx->pool = pool;
    tx->name = NULL;
    return work(tx, baton);
}

scim_error *store_transact(store_work work, void *baton, store_intent intent,
                           const store_caller *caller, store *s,
                           apr_pool_t *pool)
{
    int retries = 0, alone = 0;
    apr_time_t deadline = caller->deadline;

    if (caller->within != NULL) {
        return take_part(work, baton, caller->within, pool);
    }
    for (;;) {
        store_transaction *tx = make(intent, alone, deadline, caller, s, pool);
        scim_error *err = attempt(tx, work, baton);

        if (err == NULL || !tx->failed.retry || retries++ == MAX_RETRIES
            || apr_time_now() >= caller->deadline) {
            return err;
        }
        if (tx->failed.alone && !alone) {
            alone = 1;
            deadline += (caller->deadline - apr_time_now())
                        * (ALONE_FACTOR - 1);
        }
        pause_before_retry();
    }
}
