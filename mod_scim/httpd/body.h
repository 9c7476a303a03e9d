/* The body of a request, in one piece and within the limit. */
#ifndef SCIM_HTTPD_BODY_H
#define SCIM_HTTPD_BODY_H

#include "httpd/call.h"

/* -1: not known before it is read. */
apr_int64_t mod_scim_body_length(const request_rec *r);

/* read_body of serve_request; the baton is the mod_scim_call. */
scim_error *mod_scim_body_read(const char **out, apr_size_t *len, void *baton,
                               apr_pool_t *pool);

#endif
