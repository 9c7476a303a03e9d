/* AuthType scim: a SCIM section whose secret token is checked where httpd wants
 * to know who asks, for Require (DESIGN 5.3). Without it the token is checked
 * within the request itself, which costs no trip. */
#ifndef SCIM_HTTPD_AUTH_TYPE_H
#define SCIM_HTTPD_AUTH_TYPE_H

#include <apr_pools.h>

void mod_scim_register_auth_type(apr_pool_t *pool);

#endif
