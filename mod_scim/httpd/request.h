/* request_rec to plain values. */
#ifndef SCIM_HTTPD_REQUEST_H
#define SCIM_HTTPD_REQUEST_H

#include "httpd/call.h"

/* Everything that refuses a request before PostgreSQL is asked: transport,
 * token, address, organization, rate. Fills call->caller. */
scim_error *mod_scim_request_admit(mod_scim_call *call);

/* Hands the admitted request to protocol/. */
scim_error *mod_scim_request_serve(serve_response *out, mod_scim_call *call);

#endif
