/* The directives that read schemas and resource types from files. */
#ifndef SCIM_HTTPD_EXTENSION_H
#define SCIM_HTTPD_EXTENSION_H

#include <httpd.h> /* before http_config.h, which needs it */
#include <http_config.h>

/* ScimSchema FILE [User] [Group] [required], or off */
const char *mod_scim_set_schema(cmd_parms *cmd, void *dir, int argc,
                                char *const argv[]);

/* ScimResourceType FILE */
const char *mod_scim_set_resource_type(cmd_parms *cmd, void *dir,
                                       const char *arg);

/* ScimIndex PATH */
const char *mod_scim_set_index(cmd_parms *cmd, void *dir, const char *arg);

/* What is wrong with the sections of a virtual host once all is read, or
 * NULL. */
const char *mod_scim_check_types(server_rec *server, apr_pool_t *pool);

#endif
