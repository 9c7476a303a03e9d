/* The directives that make a section one of ours. */
#ifndef SCIM_HTTPD_SERVICE_H
#define SCIM_HTTPD_SERVICE_H

#include <httpd.h> /* before http_config.h, which needs it */
#include <http_config.h>

/* ScimService scim|admin|off */
const char *mod_scim_set_service(cmd_parms *cmd, void *dir, const char *arg);

/* ScimRealm TEXT|expr=EXPRESSION */
const char *mod_scim_set_realm(cmd_parms *cmd, void *dir, const char *arg);

#endif
