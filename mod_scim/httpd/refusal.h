/* What httpd refuses itself, below a SCIM section: as an error of SCIM, and not
 * as a page for people (RFC 7644, 3.12). An ErrorDocument of the
 * administrator's stays what it is. */
#ifndef SCIM_HTTPD_REFUSAL_H
#define SCIM_HTTPD_REFUSAL_H

#include <apr_pools.h>

void mod_scim_register_refusals(apr_pool_t *pool);

#endif
