/* Tokens do not travel in the clear (RFC 6750, 5.3; DESIGN 5.4). */
#ifndef SCIM_HTTPD_SECURE_H
#define SCIM_HTTPD_SECURE_H

#include "httpd/call.h"

/* Whether the client's way to us is encrypted, as far as we or a trusted proxy
 * know. */
int mod_scim_is_https(const mod_scim_call *call);

/* SCIM_FORBIDDEN if the rule of ScimRequireTLS is not met. */
scim_error *mod_scim_secure_check(const mod_scim_call *call);

#endif
