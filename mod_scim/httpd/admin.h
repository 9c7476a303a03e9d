/* The admin API: request_rec to plain values. httpd says who asks; the account
 * of that name says what they may do. */
#ifndef SCIM_HTTPD_ADMIN_H
#define SCIM_HTTPD_ADMIN_H

#include "admin/serve.h"
#include "httpd/call.h"

/* What every answer below the section has, whoever gives it. */
void mod_scim_admin_headers(request_rec *r);

/* Everything that refuses a request before it is looked at: transport, and
 * that httpd let somebody in whom it does not know. */
scim_error *mod_scim_admin_admit(mod_scim_call *call);

/* Hands the admitted request to admin/. */
scim_error *mod_scim_admin_serve(admin_response *out, mod_scim_call *call);

#endif
