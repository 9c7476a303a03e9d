#include "httpd/respond.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <http_log.h>
#include <http_protocol.h>
#include <util_filter.h>

#include "core/json.h"
#include "httpd/accept.h"

APLOG_USE_MODULE(scim);

/* For how long an outage is silent in one child after each line. */
#define OUTAGE_PAUSE_S 5

/* -------------------------------------------------------------------- log */

/* An outage fails every request: one line in a while says as much. -1: not
 * now; else how many were left out since the last line. */
static int outages_to_report(void)
{
    static apr_uint32_t last_s, suppressed;
    apr_uint32_t now_s = (apr_uint32_t)apr_time_sec(apr_time_now());
    apr_uint32_t last = apr_atomic_read32(&last_s);

    if (now_s - last < OUTAGE_PAUSE_S
        || apr_atomic_cas32(&last_s, now_s, last) != last) {
        apr_atomic_inc32(&suppressed);
        return -1;
    }
    return (int)apr_atomic_xchg32(&suppressed, 0);
}

static void log_outage(const scim_error *err, request_rec *r)
{
    int left_out = outages_to_report();
    const char *cause = err->cause != NULL ? err->cause : err->detail;

    if (left_out > 0) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "SCIM0104: 503 answered: %s (and %d more since the last "
                      "such line)",
                      cause, left_out);
    }
    else if (left_out == 0) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r, "SCIM0104: 503 answered: %s",
                      cause);
    }
}

/* No detail above debug: it may name a user. Never the query: it may hold a
 * filter. */
static const char *who(const mod_scim_call *call)
{
    const char *slug = call->caller.slug != NULL ? call->caller.slug : "-";

    return call->is_admin
               ? apr_psprintf(call->r->pool, "account %s of realm %s",
                              call->r->user != NULL ? call->r->user : "-",
                              call->realm != NULL ? call->realm : "-")
               : apr_psprintf(call->r->pool,
                              "organization %s, token %" APR_INT64_T_FMT, slug,
                              call->caller.key_id);
}

static void log_refusal(const scim_error *err, const mod_scim_call *call)
{
    const char *type = scim_fault_type(err->fault);
    request_rec *r = call->r;

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                  "SCIM0101: %d%s%s answered to %s %s (%s, request %s)",
                  scim_fault_status(err->fault), type != NULL ? " " : "",
                  type != NULL ? type : "", r->method, r->uri, who(call),
                  call->caller.request_id);
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "SCIM0102: %s%s%s",
                  err->detail, err->cause != NULL ? " Cause: " : "",
                  err->cause != NULL ? err->cause : "");
}

static void log_error(const scim_error *err, const mod_scim_call *call)
{
    request_rec *r = call->r;

    if (err->fault == SCIM_UNAVAILABLE) {
        log_outage(err, r);
    }
    else if (err->fault == SCIM_INTERNAL) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "SCIM0105: 500 answered to %s %s: %s (%s, request %s)",
                      r->method, r->uri,
                      err->cause != NULL ? err->cause : err->detail, who(call),
                      call->caller.request_id);
    }
    else {
        log_refusal(err, call);
    }
}

/* ---------------------------------------------------------------- headers */

/* RFC 6750, 3: no quote, no backslash, nothing beyond ASCII. */
static const char *description(const char *detail, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, detail), *p;

    for (p = text; *p != '\0'; p++) {
        if (*p == '"' || *p == '\\') {
            *p = '\'';
        }
        else if ((unsigned char)*p < 0x20 || (unsigned char)*p > 0x7E) {
            *p = '?';
        }
    }
    return text;
}

static void set_challenge(const mod_scim_call *call, const scim_error *err)
{
    const char *error = call->challenge;
    request_rec *r = call->r;

    if (err->fault == SCIM_READ_ONLY_TOKEN) {
        error = "insufficient_scope";
    }
    else if (err->fault != SCIM_UNAUTHORIZED && err->fault != SCIM_TOKEN_REFUSED
             && strcmp(error, CHALLENGE_INVALID_REQUEST) != 0) {
        return;
    }
    apr_table_setn(r->err_headers_out, "WWW-Authenticate",
                   *error == '\0'
                       ? "Bearer realm=\"SCIM\""
                       : apr_psprintf(r->pool,
                                      "Bearer realm=\"SCIM\", error=\"%s\", "
                                      "error_description=\"%s\"",
                                      error,
                                      description(err->detail, r->pool)));
}

static void set_header(request_rec *r, const char *name, const char *value)
{
    if (value != NULL) {
        apr_table_setn(r->headers_out, name, value);
    }
}

/* A part of a JSON text is of no use; httpd would cut one out. */
static void forget_range(request_rec *r)
{
    apr_table_unset(r->headers_in, "Range");
    apr_table_unset(r->headers_in, "Request-Range");
}

/* Answers hold personal data, and what they say is true now only. The admin
 * API's have their headers from mod_scim_admin_headers(). */
static void set_common_headers(request_rec *r)
{
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    forget_range(r);
}

/* ------------------------------------------------------------------- body */

/* What the answer is made of does not show its causes. */
static void log_faults(const serve_response *response,
                       const mod_scim_call *call)
{
    int i;

    for (i = 0; response->faults != NULL && i < response->faults->nelts; i++) {
        log_error(APR_ARRAY_IDX(response->faults, i, const scim_error *), call);
    }
}

static int send_brigade(request_rec *r, apr_bucket_brigade *brigade)
{
    APR_BRIGADE_INSERT_TAIL(
        brigade, apr_bucket_eos_create(r->connection->bucket_alloc));
    /* A client that has gone needs no answer; the core notes it. */
    ap_pass_brigade(r->output_filters, brigade);
    return OK;
}

static int send_pieces(request_rec *r, const char *type,
                       const apr_array_header_t *pieces)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *brigade = apr_brigade_create(r->pool, alloc);
    apr_off_t total = 0;
    int i;

    for (i = 0; pieces != NULL && i < pieces->nelts; i++) {
        const serve_piece *piece = &APR_ARRAY_IDX(pieces, i, serve_piece);

        total += (apr_off_t)piece->len;
        if (piece->file != NULL) {
            apr_brigade_insert_file(brigade, piece->file, 0,
                                    (apr_off_t)piece->len, r->pool);
            continue;
        }
        APR_BRIGADE_INSERT_TAIL(
            brigade,
            apr_bucket_pool_create(piece->text, piece->len, r->pool, alloc));
    }
    if (total > 0) {
        ap_set_content_type(r, type);
    }
    if (r->status != HTTP_NO_CONTENT && r->status != HTTP_NOT_MODIFIED) {
        ap_set_content_length(r, total);
    }
    return send_brigade(r, brigade);
}

static int send_text(request_rec *r, const char *type, const char *text,
                     apr_size_t len)
{
    apr_array_header_t *pieces = apr_array_make(r->pool, 1,
                                                sizeof(serve_piece));

    APR_ARRAY_PUSH(pieces, serve_piece)
        = (serve_piece){ .text = text, .len = len };
    return send_pieces(r, type, pieces);
}

static const char *media_type(const request_rec *r)
{
    return mod_scim_media_type(apr_table_get(r->headers_in, "Accept"));
}

static json_t *error_body(mod_scim_call *call, const scim_error *err)
{
    apr_pool_t *pool = call->r->pool;
    const char *reference = call->caller.request_id;

    return call->is_admin
               ? admin_problem(err, reference, pool)
               : scim_json_adopt(scim_error_to_json(err, reference, pool),
                                 pool);
}

/* An admin's 401 has the challenge of the module that authenticates. */
static int send_error(mod_scim_call *call, const scim_error *err)
{
    request_rec *r = call->r;
    const char *text;
    apr_size_t len;

    r->status = scim_fault_status(err->fault);
    if (err->retry_after_s > 0) {
        set_header(r, "Retry-After", apr_itoa(r->pool, err->retry_after_s));
    }
    set_header(r, "Allow", err->allow);
    if (!call->is_admin) {
        set_challenge(call, err);
    }
    text = scim_json_dump(error_body(call, err), &len, r->pool);
    if (text == NULL) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return send_text(r,
                     call->is_admin ? "application/problem+json"
                                    : media_type(r),
                     text, len);
}

int mod_scim_respond(mod_scim_call *call, const serve_response *response,
                     const scim_error *err)
{
    request_rec *r = call->r;

    if (call->body_status == AP_FILTER_ERROR) {
        return AP_FILTER_ERROR; /* the filter has answered */
    }
    set_common_headers(r);
    if (err != NULL) {
        log_error(err, call);
        return r->connection->aborted ? DONE : send_error(call, err);
    }
    log_faults(response, call);
    if (response->lacks != NULL) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "SCIM0110: %s %s was done, and is answered without the "
                      "members of the group: %s (request %s)",
                      r->method, r->uri, response->lacks,
                      call->caller.request_id);
    }
    r->status = response->status;
    set_header(r, "Location", response->location);
    set_header(r, "ETag", response->etag);
    set_header(r, "Allow", response->allow);
    return send_pieces(r, media_type(r), response->body);
}

int mod_scim_respond_admin(mod_scim_call *call, const admin_response *response,
                           const scim_error *err)
{
    request_rec *r = call->r;

    if (call->body_status == AP_FILTER_ERROR) {
        return AP_FILTER_ERROR;
    }
    forget_range(r);
    if (err != NULL) {
        log_error(err, call);
        return r->connection->aborted ? DONE : send_error(call, err);
    }
    r->status = response->status;
    set_header(r, "Location", response->location);
    set_header(r, "ETag", response->etag);
    set_header(r, "Link", response->link);
    set_header(r, "Allow", response->allow);
    return send_text(r, "application/json",
                     response->body != NULL ? response->body : "",
                     response->len);
}

int mod_scim_respond_unclaimed(request_rec *r)
{
    mod_scim_call call = { .r = r, .challenge = CHALLENGE_PLAIN };

    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "SCIM0106: SetHandler scim is not enough to serve %s: write "
                  "<Location /scim/v2> ScimService scim </Location> instead",
                  r->uri);
    set_common_headers(r);
    return send_error(&call,
                      scim_error_make(SCIM_INTERNAL, r->pool,
                                      "The service is not configured."));
}
