/* The only place that answers a request and logs its error. */
#ifndef SCIM_HTTPD_RESPOND_H
#define SCIM_HTTPD_RESPOND_H

#include "admin/serve.h"
#include "httpd/call.h"

/* The answer: `response`, or `err` if it is not NULL. Returns what a handler
 * returns. */
int mod_scim_respond(mod_scim_call *call, const serve_response *response,
                     const scim_error *err);

/* The same for the admin API: errors are problem details. */
int mod_scim_respond_admin(mod_scim_call *call, const admin_response *response,
                           const scim_error *err);

/* 500 for a handler that was set without ScimService. */
int mod_scim_respond_unclaimed(request_rec *r);

#endif
