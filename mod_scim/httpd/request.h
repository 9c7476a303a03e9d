/* request_rec to plain values. */
#ifndef SCIM_HTTPD_REQUEST_H
#define SCIM_HTTPD_REQUEST_H

#include "httpd/call.h"

/* What the logs call the request: mod_unique_id's, or else httpd's own. */
const char *mod_scim_request_id(request_rec *r);

/* The call's section, limits, request id, address and deadline. */
void mod_scim_request_describe(mod_scim_call *call);

/* Whom another module authenticated; a token is nobody. NULL: nobody. */
const char *mod_scim_person(const request_rec *r);

/* A section's URL as the client knows it: what the administrator wrote, or
 * what the request and UseCanonicalName say. */
const char *mod_scim_section_url(const scim_dir_config *conf,
                                 const mod_scim_call *call);

/* Everything that refuses a request before PostgreSQL is asked: transport,
 * token, address, organization, rate. Fills call->caller. Asked again, it
 * counts nothing twice. */
scim_error *mod_scim_request_admit(mod_scim_call *call);

/* Whether the token of the admitted request is good, in a trip of its own: sets
 * r->user. */
scim_error *mod_scim_request_check(mod_scim_call *call);

/* Hands the admitted request to protocol/. */
scim_error *mod_scim_request_serve(serve_response *out, mod_scim_call *call);

#endif
