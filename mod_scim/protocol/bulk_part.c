/* One operation of a Bulk: a request of its own, without HTTP. */
#include <string.h>

#include <apr_strings.h>

#include "protocol/bulk.h"

/* clang-format off */
static const struct {
    serve_method method;
    const char *name;
} methods[] = {
    [SCIM_BULK_POST]   = { SERVE_POST,   "POST" },
    [SCIM_BULK_PUT]    = { SERVE_PUT,    "PUT" },
    [SCIM_BULK_PATCH]  = { SERVE_PATCH,  "PATCH" },
    [SCIM_BULK_DELETE] = { SERVE_DELETE, "DELETE" },
};
/* clang-format on */

/* An operation as a request, routed. */
typedef struct opened {
    serve_request request;
    serve_response response;
    serve_part part;
    serve_call call;
    serve_operation operation;
} opened;

static int is_write(serve_operation operation)
{
    return operation == serve_create || operation == serve_replace
           || operation == serve_modify || operation == serve_delete;
}

static const char *location_of(const char *path, const serve_job *job,
                               apr_pool_t *pool)
{
    return apr_pstrcat(pool, job->call->request->base_url,
                       *path == '/' ? "" : "/", path, (char *)NULL);
}

/* RFC 7644, 3.7: the path leads to a type or a resource of it, not elsewhere.
 */
static scim_error *open_part(opened *out, const serve_job *job, int index,
                             apr_pool_t *pool)
{
    const scim_bulk_operation *op = scim_bulk_get(job->bulk, index);
    scim_error *err;

    memset(out, 0, sizeof(*out));
    scim_bulk_resolve(&out->request.path, &out->part.data, job->bulk, index,
                      job->ids, pool);
    out->request.method = methods[op->method].method;
    out->request.base_url = job->call->request->base_url;
    out->request.if_match = op->version;
    out->part.grant = &job->grant;
    out->part.id = job->ids[index];
    out->part.secret = &job->secrets[index];
    out->call.request = &out->request;
    out->call.context = job->call->context;
    out->call.response = &out->response;
    out->call.part = &out->part;
    out->call.pool = pool;
    out->call.token_checked = 1;
    out->call.reading.warnings = scim_warnings_make(pool);
    err = serve_route(&out->operation, &out->call);
    if (err == NULL ? !is_write(out->operation)
                    : err->fault == SCIM_NOT_IMPLEMENTED) {
        out->call.action = NULL;
        return scim_error_make(SCIM_NOT_FOUND, pool,
                               "A Bulk makes and changes resources only; "
                               "\"%s\" is none.",
                               scim_excerpt(op->path, pool));
    }
    return err;
}

/* --- references ------------------------------------------------------- */

/* RFC 7644, 3.7.1: what refers to a resource that was not made cannot be. */
static scim_error *check_references(const serve_job *job, int index,
                                    apr_hash_t *later, apr_pool_t *pool)
{
    const apr_array_header_t *references
        = scim_bulk_get(job->bulk, index)->references;
    int i;

    for (i = 0; i < references->nelts; i++) {
        int to = APR_ARRAY_IDX(references, i, int);

        if (to != index && job->outcomes[to].status != 201
            && (later == NULL
                || job->ids[to] == NULL
                || apr_hash_get(later, job->ids[to], APR_HASH_KEY_STRING)
                       == NULL)) {
            return scim_error_make(
                SCIM_CONFLICT, pool,
                "It refers to the bulkId \"%s\", which was not created.",
                scim_excerpt(scim_bulk_get(job->bulk, to)->bulk_id, pool));
        }
    }
    return NULL;
}

scim_membership *serve_known_members(scim_membership *members,
                                     const serve_call *call)
{
    const serve_part *part = call->part;
    apr_array_header_t *known;
    int i;

    if (members == NULL || part == NULL || part->later == NULL) {
        return members;
    }
    known = apr_array_make(call->pool, members->add->nelts + 1,
                           sizeof(const char *));
    for (i = 0; i < members->add->nelts; i++) {
        const char *id = APR_ARRAY_IDX(members->add, i, const char *);
        int is_later = apr_hash_get(part->later, id, APR_HASH_KEY_STRING)
                       != NULL;

        APR_ARRAY_PUSH(is_later ? part->links : known, const char *) = id;
    }
    members->add = known;
    return members;
}

scim_error *serve_bulk_link(serve_job *job, int index,
                            const apr_array_header_t *links)
{
    const serve_context *context = job->call->context;
    apr_pool_t *pool = job->call->pool;
    scim_membership delta = { .add = links };
    store_wants wants = { .status = 204 };
    store_record *record;
    scim_error *err;

    if (links->nelts == 0) {
        return NULL;
    }
    delta.remove = apr_array_make(job->scratch, 0, sizeof(const char *));
    store_batch_next(context->caller, index);
    err = store_membership(&record, job->ids[index], &delta, NULL, &wants,
                           context->caller, context->store, job->scratch);
    if (err == NULL) {
        job->outcomes[index].version = serve_etag(record->version, pool);
    }
    return err;
}

/* --- carrying out ----------------------------------------------------- */

static void keep_outcome(serve_job *job, int index, const opened *o)
{
    serve_outcome *out = &job->outcomes[index];
    apr_pool_t *pool = job->call->pool;

    memset(out, 0, sizeof(*out));
    out->status = o->response.status;
    out->version = apr_pstrdup(pool, o->response.etag);
    out->location = o->response.location != NULL
                        ? apr_pstrdup(pool, o->response.location)
                        : location_of(o->request.path, job, pool);
}

scim_error *serve_bulk_part(serve_job *job, int index, apr_hash_t *later,
                            apr_array_header_t *links)
{
    const scim_bulk_operation *op = scim_bulk_get(job->bulk, index);
    store_caller *caller = job->call->context->caller;
    apr_pool_t *pool = job->scratch;
    opened o;
    scim_error *err = op->refused != NULL
                          ? scim_error_copy(op->refused, pool)
                          : check_references(job, index, later, pool);

    if (err != NULL) {
        return err;
    }
    if (op->method == SCIM_BULK_POST && job->ids[index] == NULL) {
        err = store_new_id(&job->ids[index], job->call->pool);
    }
    if (err == NULL) {
        err = open_part(&o, job, index, pool);
    }
    if (err == NULL) {
        o.part.later = later;
        o.part.links = links;
        caller->reading = &o.call.reading;
        err = o.operation(&o.call);
        caller->reading = NULL;
    }
    if (err == NULL) {
        keep_outcome(job, index, &o);
    }
    return err;
}

void serve_bulk_hash(serve_job *job, int index)
{
    const scim_bulk_operation *op = scim_bulk_get(job->bulk, index);
    serve_secret *secret = &job->secrets[index];
    const char *hash = NULL;
    opened o;

    if (op->refused == NULL && op->method != SCIM_BULK_DELETE
        && open_part(&o, job, index, job->scratch) == NULL
        && serve_part_password(&hash, &o.call) == NULL) {
        secret->hash = apr_pstrdup(job->call->pool, hash);
        secret->is_known = 1;
    }
}

/* Answered each in its place, and logged with the whole. */
static void note_fault(const scim_error *err, serve_job *job)
{
    serve_response *response = job->call->response;

    if (err->fault != SCIM_UNAVAILABLE && err->fault != SCIM_INTERNAL) {
        return;
    }
    if (response->faults == NULL) {
        response->faults = apr_array_make(job->call->pool, 4, sizeof(err));
    }
    APR_ARRAY_PUSH(response->faults, const scim_error *) = err;
}

void serve_bulk_fail(serve_job *job, int index, const scim_error *err)
{
    const scim_bulk_operation *op = scim_bulk_get(job->bulk, index);
    serve_outcome *out = &job->outcomes[index];

    memset(out, 0, sizeof(*out));
    out->error = scim_error_copy(err, job->call->pool);
    note_fault(out->error, job);
    out->status = scim_fault_status(err->fault);
    if (op->path != NULL && op->method != SCIM_BULK_POST) {
        const char *path = op->path;
        json_t *data;

        if (op->refused == NULL
            && check_references(job, index, NULL, job->scratch) == NULL) {
            scim_bulk_resolve(&path, &data, job->bulk, index, job->ids,
                              job->scratch);
        }
        out->location = location_of(path, job, job->call->pool);
    }
}

void serve_bulk_journal(const serve_job *job, int index, const scim_error *err)
{
    opened o;

    if (scim_bulk_get(job->bulk, index)->refused != NULL
        || check_references(job, index, NULL, job->scratch) != NULL) {
        serve_journal_refusal(job->call, err);
        return;
    }
    open_part(&o, job, index, job->scratch);
    serve_journal_refusal(o.call.action != NULL ? &o.call : job->call, err);
}

/* --- the answer ------------------------------------------------------- */

static json_t *text_or_null(const char *text)
{
    return text != NULL ? scim_json_text(text) : NULL;
}

static json_t *result_json(const serve_job *job, int index, apr_pool_t *pool)
{
    const scim_bulk_operation *op = scim_bulk_get(job->bulk, index);
    const serve_outcome *out = &job->outcomes[index];
    const char *reference = job->call->context->caller->request_id;

    return json_pack(
        "{s:o*, s:s, s:o*, s:o*, s:s, s:o*}",
        "location", text_or_null(out->location),
        "method", methods[op->method].name,
        "bulkId", text_or_null(op->bulk_id),
        "version", text_or_null(out->version),
        "status", apr_itoa(pool, out->status),
        "response", out->error != NULL
                        ? scim_error_to_json(out->error, reference, pool)
                        : NULL);
}

scim_error *serve_bulk_answer(const serve_job *job)
{
    static const char head[] = "{\"schemas\":[\"" SCIM_URN_BULK_RESPONSE "\"],"
                               "\"Operations\":[";
    serve_response *response = job->call->response;
    apr_pool_t *pool = job->call->pool;
    int i, written = 0;

    serve_write(response, head, sizeof(head) - 1, pool);
    for (i = 0; i < job->bulk->operations->nelts; i++) {
        apr_size_t len;
        const char *text;
        json_t *result;

        if (job->outcomes[i].status == 0) {
            continue; /* failOnErrors came before it */
        }
        if (written++ > 0) {
            serve_write(response, ",", 1, pool);
        }
        result = result_json(job, i, pool);
        text = scim_json_dump(result, &len, pool);
        json_decref(result);
        serve_write(response, text, len, pool);
    }
    serve_write(response, "]}", 2, pool);
    response->status = 200;
    return NULL;
}
