/* POST /Bulk (RFC 7644, 3.7): operations in an order in which they can be done,
 * new resources many at a time. */
#include "protocol/bulk.h"

#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"

/* New resources that share one transaction (DESIGN 6). */
#define WIDTH_MAX 100

/* Units [first, end) as one transaction. */
typedef struct lot {
    serve_job *job;
    int first, end;
} lot;

static const apr_array_header_t *unit(const serve_job *job, int index)
{
    return APR_ARRAY_IDX(job->units, index, scim_bulk_unit).operations;
}

static int operation_at(const apr_array_header_t *operations, int i)
{
    return APR_ARRAY_IDX(operations, i, int);
}

/* --- within a transaction --------------------------------------------- */

static scim_error *run_operation(serve_job *job, int index, apr_hash_t *later,
                                 apr_array_header_t *links)
{
    const store_caller *caller = job->call->context->caller;

    if (!store_batch_is_pending(caller) && later == NULL) {
        apr_pool_clear(job->scratch);
    }
    store_batch_next(caller, index);
    return serve_bulk_part(job, index, later, links);
}

/* RFC 7644, 3.7.1: all of a circle are made first, each with the members that
 * are there already; then the others are added. */
static scim_error *run_circle(serve_job *job,
                              const apr_array_header_t *operations)
{
    apr_pool_t *pool = job->batch;
    apr_hash_t *later = apr_hash_make(pool);
    int i, count = operations->nelts;
    apr_array_header_t **links
        = apr_palloc(pool, sizeof(*links) * (apr_size_t)count);
    scim_error *err = NULL;

    for (i = 0; err == NULL && i < count; i++) {
        const char **id = &job->ids[operation_at(operations, i)];

        err = *id != NULL ? NULL : store_new_id(id, job->call->pool);
        if (err == NULL) {
            apr_hash_set(later, *id, APR_HASH_KEY_STRING, "");
        }
    }
    for (i = 0; err == NULL && i < count; i++) {
        int index = operation_at(operations, i);

        links[i] = apr_array_make(pool, 1, sizeof(const char *));
        err = run_operation(job, index, later, links[i]);
        apr_hash_set(later, job->ids[index], APR_HASH_KEY_STRING, NULL);
    }
    for (i = 0; err == NULL && i < count; i++) {
        err = serve_bulk_link(job, operation_at(operations, i), links[i]);
    }
    return err;
}

static scim_error *run_unit(serve_job *job, int index)
{
    const apr_array_header_t *operations = unit(job, index);

    return operations->nelts > 1
               ? run_circle(job, operations)
               : run_operation(job, operation_at(operations, 0), NULL, NULL);
}

static scim_error *run_lot(store_caller *caller, void *baton)
{
    const lot *l = baton;
    scim_error *err = NULL;
    int i;

    (void)caller;
    for (i = l->first; err == NULL && i < l->end; i++) {
        err = run_unit(l->job, i);
    }
    return err;
}

static int is_late(const serve_job *job)
{
    return apr_time_now() >= job->call->context->caller->deadline;
}

static scim_error *hash_unit(serve_job *job, int first)
{
    const apr_array_header_t *operations = unit(job, first);
    int i;

    for (i = 0; i < operations->nelts; i++) {
        if (is_late(job)) {
            return scim_error_make(
                SCIM_UNAVAILABLE, job->call->pool,
                "The time of the request was over before all of its passwords "
                "were hashed; nothing of it was carried out. Send fewer of "
                "them at once.");
        }
        apr_pool_clear(job->scratch);
        serve_bulk_hash(job, operation_at(operations, i));
    }
    return NULL;
}

static scim_error *give_ids(serve_job *job, int first)
{
    const apr_array_header_t *operations = unit(job, first);
    scim_error *err = NULL;
    int i;

    for (i = 0; err == NULL && i < operations->nelts; i++) {
        int index = operation_at(operations, i);

        if (scim_bulk_get(job->bulk, index)->method == SCIM_BULK_POST
            && job->ids[index] == NULL) {
            err = store_new_id(&job->ids[index], job->call->pool);
        }
    }
    return err;
}

/* A hash takes milliseconds, on purpose: none is made while rows are locked.
 * Ids come first, as any text may refer to one, a password, too. */
static scim_error *hash_passwords(const lot *l)
{
    scim_error *err = NULL;
    int i;

    for (i = l->first; err == NULL && i < l->end; i++) {
        err = give_ids(l->job, i);
    }
    for (i = l->first; err == NULL && i < l->end; i++) {
        err = hash_unit(l->job, i);
    }
    return err;
}

static scim_error *transact(store_batch *batch, lot *l)
{
    const serve_context *context = l->job->call->context;
    scim_error *err = l->job->grant.passwords ? hash_passwords(l) : NULL;

    batch->failed = -1;
    if (err != NULL) {
        return err;
    }
    apr_pool_clear(l->job->scratch);
    apr_pool_clear(l->job->batch);
    batch->run = run_lot;
    batch->baton = l;
    return store_batch_run(batch, context->caller, context->store,
                           l->job->batch);
}

/* --- one by one, or many new ones ------------------------------------- */

/* Nothing of the lot was done. */
static void forget(const lot *l)
{
    int i, k;

    for (i = l->first; i < l->end; i++) {
        const apr_array_header_t *operations = unit(l->job, i);

        for (k = 0; k < operations->nelts; k++) {
            memset(&l->job->outcomes[operation_at(operations, k)], 0,
                   sizeof(serve_outcome));
        }
    }
}

/* The operation that failed gets `err`, all others `others`. */
static void fail_lot(const lot *l, int failed, const scim_error *err,
                     const scim_error *others)
{
    int i, k;

    for (i = l->first; i < l->end; i++) {
        const apr_array_header_t *operations = unit(l->job, i);

        for (k = 0; k < operations->nelts; k++) {
            int index = operation_at(operations, k);

            serve_bulk_fail(l->job, index, index == failed ? err : others);
            l->job->errors++;
        }
    }
}

static void fail_late(serve_job *job, int index)
{
    lot l = { job, index, index + 1 };
    scim_error *err = scim_error_make(
        SCIM_UNAVAILABLE, job->scratch,
        "The time of the request was over before this operation; it was not "
        "carried out.");

    fail_lot(&l, -1, err, err);
}

static void run_alone(serve_job *job, int first)
{
    int index = operation_at(unit(job, first), 0);
    scim_error *err;

    apr_pool_clear(job->scratch);
    err = serve_bulk_part(job, index, NULL, NULL);
    if (err != NULL) {
        serve_bulk_journal(job, index, err);
        serve_bulk_fail(job, index, err);
        job->errors++;
    }
}

/* A password that is kept is hashed first, which is slow on purpose: not while
 * others of one transaction wait. */
static int is_simple_creation(const serve_job *job, int index)
{
    const apr_array_header_t *operations = unit(job, index);
    const scim_bulk_operation *op
        = scim_bulk_get(job->bulk, operation_at(operations, 0));

    return operations->nelts == 1 && op->method == SCIM_BULK_POST
           && op->refused == NULL && index != job->alone
           && !job->grant.passwords;
}

/* How many of the units from this one on make new resources and may share a
 * transaction: whatever else they do, they lock nothing that is there. */
static int creations_from(const serve_job *job, int first)
{
    int end = first;

    while (end < job->units->nelts && end - first < job->width
           && is_simple_creation(job, end)) {
        end++;
    }
    return end - first;
}

static int unit_of(const lot *l, int operation)
{
    int i;

    for (i = l->first; i < l->end; i++) {
        if (operation_at(unit(l->job, i), 0) == operation) {
            return i;
        }
    }
    return -1;
}

/* How many units are settled: all, or none, and then the one that failed is
 * known, or all are tried alone. */
static int run_creations(serve_job *job, int first, int count)
{
    lot l = { job, first, first + count };
    store_batch batch = { 0 };
    scim_error *err = transact(&batch, &l);

    if (err == NULL) {
        job->width = job->width * 2 < WIDTH_MAX ? job->width * 2 : WIDTH_MAX;
        return count;
    }
    forget(&l);
    if (batch.unsure) {
        fail_lot(&l, -1, err, err);
        return count;
    }
    job->alone = unit_of(&l, batch.failed);
    job->width = job->alone >= 0 ? (job->width + 1) / 2 : 1;
    return 0;
}

static scim_error *with_others(const char *detail, scim_fault fault,
                               const serve_job *job, int failed)
{
    const char *bulk_id = scim_bulk_get(job->bulk, failed)->bulk_id;

    return scim_error_make(fault, job->call->pool, detail, failed,
                           bulk_id != NULL ? ", bulkId " : "",
                           bulk_id != NULL ? scim_excerpt(bulk_id,
                                                          job->call->pool)
                                           : "");
}

static void run_circle_alone(serve_job *job, int first)
{
    lot l = { job, first, first + 1 };
    store_batch batch = { 0 };
    scim_error *err = transact(&batch, &l), *others = err;

    if (err == NULL) {
        return;
    }
    forget(&l);
    if (batch.failed >= 0 && !batch.unsure) {
        serve_bulk_journal(job, batch.failed, err);
        others = with_others("It was not created, as Operations[%d]%s%s, "
                             "which it refers to in a circle, failed.",
                             SCIM_CONFLICT, job, batch.failed);
    }
    fail_lot(&l, batch.failed, err, others);
}

static int is_enough(const serve_job *job)
{
    return job->bulk->fail_on_errors > 0
           && job->errors >= job->bulk->fail_on_errors;
}

static void run_each(serve_job *job)
{
    int next = 0;

    while (next < job->units->nelts && !is_enough(job)) {
        int creations = creations_from(job, next);

        if (is_late(job)) {
            fail_late(job, next++);
        }
        else if (creations > 1) {
            next += run_creations(job, next, creations);
        }
        else if (unit(job, next)->nelts > 1) {
            run_circle_alone(job, next++);
        }
        else {
            run_alone(job, next++);
        }
    }
}

/* --- all or nothing --------------------------------------------------- */

/* The ids that paths name: what they are is for the store to see. */
static void find_targets(store_batch *batch, const serve_job *job)
{
    apr_pool_t *pool = job->call->pool;
    apr_array_header_t *changed = apr_array_make(pool, 8, sizeof(char *));
    apr_array_header_t *deleted = apr_array_make(pool, 8, sizeof(char *));
    int i;

    for (i = 0; i < job->bulk->operations->nelts; i++) {
        const scim_bulk_operation *op = scim_bulk_get(job->bulk, i);
        const char *slash = op->path != NULL ? strrchr(op->path, '/') : NULL;

        if (slash != NULL && op->method != SCIM_BULK_POST) {
            APR_ARRAY_PUSH(changed, const char *) = slash + 1;
        }
        if (slash != NULL && op->method == SCIM_BULK_DELETE) {
            APR_ARRAY_PUSH(deleted, const char *) = slash + 1;
        }
    }
    batch->changed = changed;
    batch->deleted = deleted;
}

static scim_error *run_atomic(serve_job *job)
{
    lot l = { job, 0, job->units->nelts };
    store_batch batch = { 0 };
    scim_error *err, *others;

    find_targets(&batch, job);
    err = transact(&batch, &l);
    if (err == NULL || batch.failed < 0 || serve_is_about_access(err)) {
        return err;
    }
    forget(&l);
    serve_bulk_journal(job, batch.failed, err);
    others = with_others("Nothing was changed, as Operations[%d]%s%s failed "
                         "and the request is atomic.",
                         SCIM_FAILED_DEPENDENCY, job, batch.failed);
    fail_lot(&l, batch.failed, err, others);
    return NULL;
}

/* --- the request ------------------------------------------------------ */

static scim_error *too_large(const serve_call *call)
{
    return scim_error_make(SCIM_TOO_LARGE, call->pool,
                           "The request is larger than maxPayloadSize, which "
                           "is %" APR_SIZE_T_FMT " bytes.",
                           call->context->limits->bulk_bytes);
}

static scim_error *read_text(const char **text, apr_size_t *len,
                             serve_call *call)
{
    apr_size_t most = call->context->limits->bulk_bytes;
    scim_error *err;

    if (call->request->content_length > (apr_int64_t)most) {
        return too_large(call);
    }
    err = serve_body_text(text, len, call);
    if (err != NULL) {
        return err->fault == SCIM_TOO_LARGE ? too_large(call) : err;
    }
    return *len > most ? too_large(call) : NULL;
}

/* Beyond the RFC: ?atomic=true. */
static scim_error *read_mode(int *is_atomic, const serve_call *call)
{
    const char *atomic = call->query.atomic;

    *is_atomic = atomic != NULL && scim_name_equals(atomic, "true");
    if (atomic == NULL || *is_atomic || scim_name_equals(atomic, "false")) {
        return NULL;
    }
    return scim_error_make(SCIM_INVALID_VALUE, call->pool,
                           "The query parameter \"atomic\" must be true or "
                           "false.");
}

static scim_error *read_job(serve_job *job)
{
    serve_call *call = job->call;
    const serve_limits *limits = call->context->limits;
    const char *text;
    apr_size_t len, count;
    scim_bulk *bulk;
    scim_error *err = read_mode(&job->is_atomic, call);

    if (err == NULL) {
        err = read_text(&text, &len, call);
    }
    if (err == NULL) {
        err = scim_bulk_read(&bulk, text, len, limits->bulk_operations,
                             limits->max_depth, call->pool);
    }
    if (err != NULL) {
        return err;
    }
    count = (apr_size_t)bulk->operations->nelts + 1;
    job->bulk = bulk;
    job->units = scim_bulk_order(bulk, call->pool);
    job->outcomes = apr_pcalloc(call->pool, count * sizeof(*job->outcomes));
    job->ids = apr_pcalloc(call->pool, count * sizeof(*job->ids));
    job->secrets = apr_pcalloc(call->pool, count * sizeof(*job->secrets));
    return NULL;
}

static scim_error *run(serve_job *job)
{
    scim_error *err = NULL;

    apr_pool_create(&job->batch, job->call->pool);
    apr_pool_create(&job->scratch, job->call->pool);
    if (job->is_atomic) {
        err = run_atomic(job);
        if (err != NULL) {
            err = scim_error_copy(err, job->call->pool);
        }
    }
    else {
        run_each(job);
    }
    apr_pool_destroy(job->scratch);
    apr_pool_destroy(job->batch);
    return err;
}

scim_error *serve_bulk(serve_call *call)
{
    serve_job job = { .call = call, .width = WIDTH_MAX, .alone = -1 };
    scim_error *err;

    if (call->context->limits->bulk_operations == 0) {
        return scim_error_make(SCIM_NOT_IMPLEMENTED, call->pool,
                               "Bulk operations are switched off here; see "
                               "/ServiceProviderConfig.");
    }
    err = serve_token_check(&job.grant, call);
    if (err == NULL && job.grant.read_only) {
        err = store_read_only_token(call->pool);
    }
    if (err == NULL) {
        call->action = "bulk";
        err = read_job(&job);
    }
    if (err == NULL) {
        err = run(&job);
        call->context->caller->reading = &call->reading;
    }
    return err != NULL ? err : serve_bulk_answer(&job);
}
