/* SCIM requests as plain values (RFC 7644, 3): what httpd/ hands in and gets
 * back. No request_rec here. */
#ifndef SCIM_PROTOCOL_SERVE_H
#define SCIM_PROTOCOL_SERVE_H

#include <apr_file_io.h>
#include <apr_tables.h>

#include "store/store.h"

typedef enum {
    SERVE_GET,
    SERVE_HEAD,
    SERVE_POST,
    SERVE_PUT,
    SERVE_PATCH,
    SERVE_DELETE,
    SERVE_OPTIONS,
    SERVE_OTHER
} serve_method;

typedef struct serve_request {
    serve_method method;
    const char *path;  /* decoded, below the tenant URL: "/Users/2819c223" */
    const char *query; /* raw, or NULL */
    const char *base_url; /* the tenant URL, no "/" at its end */
    const char *user; /* whom httpd authenticated beside the token; or NULL */
    const char *content_type, *if_match, *if_none_match; /* or NULL */
    apr_int64_t content_length; /* -1: not known (chunked) */
    /* Reads the whole body, once, into `pool`. SCIM_TOO_LARGE, or
     * SCIM_BAD_REQUEST when the client broke off. */
    scim_error *(*read_body)(const char **out, apr_size_t *len, void *baton,
                             apr_pool_t *pool);
    void *baton;
} serve_request;

/* A piece of a body: text, or a file from its beginning. */
typedef struct serve_piece {
    const char *text;
    apr_file_t *file; /* or NULL; of the request's pool */
    apr_size_t len;
} serve_piece;

typedef struct serve_response {
    int status;
    const char *location;      /* or NULL */
    const char *etag;          /* W/"n", or NULL */
    const char *allow;         /* of OPTIONS; or NULL */
    apr_array_header_t *body;  /* serve_piece; NULL or empty: no body */
    apr_array_header_t *faults; /* const scim_error *: of operations of a Bulk
                                   where the service is at fault; or NULL */
    const char *lacks; /* for the log: why a good answer is not whole; or NULL
                          */
} serve_response;

typedef struct serve_limits {
    int max_depth;   /* ScimMaxDepth */
    int max_results; /* ScimMaxResults */
    int max_members; /* ScimMaxMembers, of one answer */
    int bulk_operations;   /* ScimBulkLimits; 0: no Bulk */
    apr_size_t bulk_bytes; /* of a Bulk */
    apr_size_t max_body;   /* ScimMaxBody */
    int cursor_timeout_s;  /* ScimCursorTimeout */
    scim_filter_limits filter;
} serve_limits;

typedef struct serve_context {
    store *store;
    store_caller *caller; /* serve() sets its `reading` */
    const serve_limits *limits;
    scim_resource_types types; /* that this section serves */
    apr_pool_t *pool; /* of the request; everything lives in it */
} serve_context;

/* Serves one request whose token is well formed. An error is not yet logged
 * nor answered: that is httpd/respond.c. */
scim_error *serve(serve_response *out, const serve_request *request,
                  const serve_context *context);

/* What becomes of somebody who signs in. Takes as long for a name that is not
 * known. */
typedef enum { SERVE_KNOWN, SERVE_UNKNOWN, SERVE_WRONG } serve_sign_in;

scim_error *serve_password_check(serve_sign_in *out, const char *slug,
                                 const char *user_name, const char *password,
                                 const store_caller *caller, store *s,
                                 apr_pool_t *pool);

#endif
