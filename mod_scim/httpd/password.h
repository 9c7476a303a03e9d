/* The file that holds the database password. */
#ifndef SCIM_HTTPD_PASSWORD_H
#define SCIM_HTTPD_PASSWORD_H

#include <apr_pools.h>

/* The first line of the file. NULL, or what is wrong with it; a refusal never
 * quotes the content. */
const char *mod_scim_password_read(const char **out, const char *path,
                                   apr_pool_t *pool);

#endif
