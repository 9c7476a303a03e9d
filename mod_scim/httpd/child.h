/* From the configuration to the connections of a child. */
#ifndef SCIM_HTTPD_CHILD_H
#define SCIM_HTTPD_CHILD_H

#include "httpd/directives.h"

/* Hooks. The first two run in the parent and connect nowhere. */
int mod_scim_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *main_server);
int mod_scim_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                         apr_pool_t *ptemp, server_rec *main_server);
void mod_scim_child_init(apr_pool_t *pchild, server_rec *main_server);

#endif
