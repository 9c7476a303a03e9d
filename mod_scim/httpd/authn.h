/* AuthBasicProvider scim: people sign in with the passwords that an identity
 * provider sent. */
#ifndef SCIM_HTTPD_AUTHN_H
#define SCIM_HTTPD_AUTHN_H

#include <httpd.h>

void mod_scim_register_authn(apr_pool_t *pool);

/* Whether it was this that let the request's user in. */
int mod_scim_is_provisioned(const request_rec *r);

#endif
