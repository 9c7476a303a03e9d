#include "httpd/body.h"

#include <apr_strings.h>
#include <http_protocol.h>
#include <util_filter.h>

#define FIRST_SIZE (16 * 1024)
#define READ_SIZE  (64 * 1024)

typedef struct growing_text {
    char *bytes;
    apr_size_t len, size;
} growing_text;

apr_int64_t mod_scim_body_length(const request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");

    /* What an input filter unpacks may be any length. */
    if (apr_table_get(r->headers_in, "Transfer-Encoding") != NULL
        || apr_table_get(r->headers_in, "Content-Encoding") != NULL) {
        return -1;
    }
    return length != NULL ? apr_atoi64(length) : 0;
}

static scim_error *too_large(const mod_scim_call *call)
{
    return scim_error_make(SCIM_TOO_LARGE, call->r->pool,
                           "The body is larger than the %" APR_SIZE_T_FMT
                           " bytes that this service accepts.",
                           call->limits.max_body);
}

/* What was copied from stays in the pool: all sizes together are less than
 * twice the last. */
static void append(growing_text *text, const char *data, apr_size_t len,
                   apr_size_t most, apr_pool_t *pool)
{
    if (text->len + len > text->size) {
        apr_size_t size = text->size * 2;
        char *bytes;

        while (size < text->len + len) {
            size *= 2;
        }
        size = size < most ? size : most;
        bytes = apr_palloc(pool, size);
        memcpy(bytes, text->bytes, text->len);
        text->bytes = bytes;
        text->size = size;
    }
    memcpy(text->bytes + text->len, data, len);
    text->len += len;
}

static scim_error *broken_off(mod_scim_call *call, apr_status_t rv)
{
    call->body_status = rv;
    return APR_STATUS_IS_TIMEUP(rv)
               ? scim_error_make(SCIM_REQUEST_TIMEOUT, call->r->pool,
                                 "The body of the request did not arrive in "
                                 "time.")
               : scim_error_make(SCIM_BAD_REQUEST, call->r->pool,
                                 "The body of the request broke off.");
}

static scim_error *take_bucket(growing_text *text, apr_bucket *bucket,
                               mod_scim_call *call, apr_pool_t *pool)
{
    const char *data;
    apr_size_t len;
    apr_status_t rv
        = apr_bucket_read(bucket, &data, &len, APR_BLOCK_READ);

    if (rv != APR_SUCCESS) {
        return broken_off(call, rv);
    }
    if (len > call->limits.max_body - text->len) {
        return too_large(call);
    }
    append(text, data, len, call->limits.max_body, pool);
    return NULL;
}

static scim_error *take_brigade(growing_text *text, int *at_end,
                                apr_bucket_brigade *brigade,
                                mod_scim_call *call, apr_pool_t *pool)
{
    apr_bucket *bucket;
    scim_error *err = NULL;

    for (bucket = APR_BRIGADE_FIRST(brigade);
         err == NULL && !*at_end && bucket != APR_BRIGADE_SENTINEL(brigade);
         bucket = APR_BUCKET_NEXT(bucket)) {
        if (APR_BUCKET_IS_EOS(bucket)) {
            *at_end = 1;
        }
        else if (!APR_BUCKET_IS_METADATA(bucket)) {
            err = take_bucket(text, bucket, call, pool);
        }
    }
    apr_brigade_cleanup(brigade);
    return err;
}

static scim_error *read_all(growing_text *text, mod_scim_call *call,
                            apr_pool_t *pool)
{
    request_rec *r = call->r;
    apr_bucket_brigade *brigade
        = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    scim_error *err = NULL;
    int at_end = 0;

    while (err == NULL && !at_end) {
        apr_status_t rv = ap_get_brigade(r->input_filters, brigade,
                                         AP_MODE_READBYTES, APR_BLOCK_READ,
                                         READ_SIZE);

        err = rv != APR_SUCCESS
                  ? broken_off(call, rv)
                  : take_brigade(text, &at_end, brigade, call, pool);
    }
    apr_brigade_destroy(brigade);
    return err;
}

/* What an input filter has unpacked is no longer said to be packed. */
static scim_error *check_coding(const mod_scim_call *call)
{
    const char *coding
        = apr_table_get(call->r->headers_in, "Content-Encoding");

    if (coding == NULL || *coding == '\0'
        || ap_cstr_casecmp(coding, "identity") == 0) {
        return NULL;
    }
    return scim_error_make(SCIM_UNSUPPORTED_MEDIA_TYPE, call->r->pool,
                           "The body has a Content-Encoding that is not "
                           "understood here; send it as it is.");
}

scim_error *mod_scim_body_read(const char **out, apr_size_t *len, void *baton,
                               apr_pool_t *pool)
{
    mod_scim_call *call = baton;
    apr_int64_t length = mod_scim_body_length(call->r);
    apr_time_t start = apr_time_now();
    growing_text text = { .size = FIRST_SIZE };
    scim_error *err;

    if (length > (apr_int64_t)call->limits.max_body) {
        return too_large(call);
    }
    if (length > FIRST_SIZE) {
        text.size = (apr_size_t)length;
    }
    text.bytes = apr_palloc(pool, text.size);
    err = read_all(&text, call, pool);
    /* A slow client takes its own time and not that of PostgreSQL. */
    call->caller.deadline += apr_time_now() - start;
    if (err == NULL) {
        err = check_coding(call);
    }
    if (err == NULL) {
        *out = text.bytes;
        *len = text.len;
    }
    return err;
}
