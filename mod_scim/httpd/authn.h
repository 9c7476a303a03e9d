/* AuthBasicProvider scim: people sign in with the passwords that an identity
 * provider sent. */
#ifndef SCIM_HTTPD_AUTHN_H
#define SCIM_HTTPD_AUTHN_H

#include <apr_pools.h>

void mod_scim_register_authn(apr_pool_t *pool);

#endif
