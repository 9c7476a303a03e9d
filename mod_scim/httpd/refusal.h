/* What httpd refuses itself, and not as a page for people: below a SCIM section
 * as an error of SCIM (RFC 7644, 3.12), for the admin API as a problem (RFC
 * 9457), with the challenge of the module that authenticates. An ErrorDocument
 * of the administrator's stays what it is. */
#ifndef SCIM_HTTPD_REFUSAL_H
#define SCIM_HTTPD_REFUSAL_H

#include <apr_pools.h>

void mod_scim_register_refusals(apr_pool_t *pool);

#endif
