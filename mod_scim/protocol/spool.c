#include "protocol/spool.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "protocol/operation.h"

void serve_spool_open(serve_spool *out, apr_pool_t *pool)
{
    memset(out, 0, sizeof(*out));
    out->pool = pool;
}

static void fail(serve_spool *t, const char *what, apr_status_t status)
{
    char reason[120];

    t->err = scim_error_because(
        scim_error_make(SCIM_UNAVAILABLE, t->pool,
                        "The service has no room for so large an answer right "
                        "now; ask for less of it, or try again later."),
        t->pool, "%s a temporary file (TMPDIR): %s", what,
        apr_strerror(status, reason, sizeof(reason)));
    t->err->retry_after_s = 30;
}

/* Nobody else sees it, and whatever becomes of this process, it is gone. */
static int open_file(serve_spool *t)
{
    const char *dir;
    char *name;
    apr_status_t rv = apr_temp_dir_get(&dir, t->pool);

    if (rv == APR_SUCCESS) {
        name = apr_pstrcat(t->pool, dir, "/mod_scim-XXXXXX", (char *)NULL);
        rv = apr_file_mktemp(&t->file, name,
                             APR_FOPEN_CREATE | APR_FOPEN_READ
                                 | APR_FOPEN_WRITE | APR_FOPEN_EXCL,
                             t->pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_remove(name, t->pool);
    }
    if (rv != APR_SUCCESS) {
        fail(t, "cannot make", rv);
    }
    return rv == APR_SUCCESS;
}

static void flush(serve_spool *t)
{
    apr_status_t rv;

    if (t->file == NULL && !open_file(t)) {
        return;
    }
    rv = apr_file_write_full(t->file, t->data, t->len, NULL);
    if (rv != APR_SUCCESS) {
        fail(t, "cannot write", rv);
        return;
    }
    t->filed += (apr_off_t)t->len;
    t->len = 0;
}

static void reserve(serve_spool *t, apr_size_t more)
{
    char *old = t->data;

    if (t->len + more <= t->size) {
        return;
    }
    t->size = 2 * (t->len + more);
    t->data = apr_palloc(t->pool, t->size);
    if (t->len > 0) {
        memcpy(t->data, old, t->len);
    }
}

void serve_spool_add_n(serve_spool *t, const char *data, apr_size_t len)
{
    if (t->err == NULL && t->len > 0 && t->len + len > SERVE_SPOOL_MEMORY) {
        flush(t);
    }
    if (t->err == NULL) {
        reserve(t, len);
        memcpy(t->data + t->len, data, len);
        t->len += len;
    }
}

void serve_spool_add(serve_spool *t, const char *text)
{
    serve_spool_add_n(t, text, strlen(text));
}

void serve_spool_add_string(serve_spool *t, const char *value)
{
    json_t *json = scim_json_text(value);
    char *dumped = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);

    serve_spool_add(t, dumped != NULL ? dumped : "null");
    free(dumped);
    json_decref(json);
}

apr_off_t serve_spool_end(const serve_spool *t)
{
    return t->filed + (apr_off_t)t->len;
}

void serve_spool_cut(serve_spool *t, apr_off_t end)
{
    apr_status_t rv;

    if (end >= t->filed) {
        t->len = (apr_size_t)(end - t->filed);
        return;
    }
    rv = apr_file_trunc(t->file, end);
    t->filed = end;
    t->len = 0;
    if (rv != APR_SUCCESS) {
        fail(t, "cannot cut", rv);
    }
}

scim_error *serve_spool_write(serve_response *response, serve_spool *t)
{
    serve_piece piece = { 0 };

    if (t->file != NULL && t->err == NULL) {
        flush(t);
        piece.file = t->file;
        piece.len = (apr_size_t)t->filed;
    }
    else {
        piece.text = t->data;
        piece.len = t->len;
    }
    if (t->err == NULL) {
        serve_write_piece(response, &piece, t->pool);
    }
    return t->err;
}
