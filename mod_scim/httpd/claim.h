/* The module owns what lies below a SCIM section: before mod_proxy,
 * mod_rewrite, mod_alias and the file system. */
#ifndef SCIM_HTTPD_CLAIM_H
#define SCIM_HTTPD_CLAIM_H

#include "httpd/call.h"

#define SCIM_HANDLER       "scim"
#define SCIM_ADMIN_HANDLER "scim-admin"

/* Hooks: translate_name, map_to_storage, fixups. */
int mod_scim_claim_url(request_rec *r);
int mod_scim_claim_storage(request_rec *r);
int mod_scim_claim_handler(request_rec *r);

/* NULL: the URL was not claimed, only a SetHandler led here. */
mod_scim_call *mod_scim_claimed(const request_rec *r);

#endif
