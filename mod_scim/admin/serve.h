/* Requests to the admin API as plain values: what httpd/ hands in and gets
 * back. No request_rec here. */
#ifndef SCIM_ADMIN_SERVE_H
#define SCIM_ADMIN_SERVE_H

#include "store/admin.h"

/* The header that no form and no other site's page can send unasked. */
#define ADMIN_MARKER "X-Scim-Admin"

typedef struct admin_request {
    const char *method;
    const char *path;  /* decoded, below the section: "/v1/organizations" */
    const char *query; /* raw, or NULL */
    const char *base_url; /* of the section as the client knows it, no "/" at
                             its end */
    const char *own_origin; /* "https://id.example.com", as browsers say it */
    const char *origin, *fetch_site, *marker; /* headers; or NULL */
    const char *content_type, *if_match, *if_none_match; /* or NULL */
    /* Reads the whole body, once, into `pool`. */
    scim_error *(*read_body)(const char **out, apr_size_t *len, void *baton,
                             apr_pool_t *pool);
    /* What an identity provider is told to send to; NULL: none is known. */
    const char *(*tenant_url)(const char *slug, void *baton);
    void *baton;
} admin_request;

typedef struct admin_response {
    int status;
    const char *location, *etag, *link, *allow; /* or NULL */
    const char *body; /* JSON; or NULL */
    apr_size_t len;
} admin_response;

typedef struct admin_context {
    store *store;
    const store_actor *actor;
    const apr_time_t *deadline; /* moved by read_body */
    int max_depth;              /* of JSON */
    apr_pool_t *pool; /* of the request; everything lives in it */
} admin_context;

/* An error is not yet logged nor answered: that is httpd/respond.c, with
 * admin_problem(). */
scim_error *admin_serve(admin_response *out, const admin_request *request,
                        const admin_context *context);

/* The error as RFC 9457 has it. In `pool`. */
json_t *admin_problem(const scim_error *err, const char *reference,
                      apr_pool_t *pool);

/* What /v1/openapi.json says; `base_url` as in admin_request. In `pool`. */
json_t *admin_openapi(const char *base_url, apr_pool_t *pool);

#endif
