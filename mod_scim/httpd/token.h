/* The secret token of a request: where it stands and how it looks. Whether it
 * is good is the store's first statement. */
#ifndef SCIM_HTTPD_TOKEN_H
#define SCIM_HTTPD_TOKEN_H

#include "httpd/call.h"

/* Fills org_id, key_id and hash of call->caller, or call->challenge.
 * SCIM_UNAUTHORIZED; SCIM_BAD_REQUEST for a token in the query. */
scim_error *mod_scim_token_read(mod_scim_call *call);

#endif
