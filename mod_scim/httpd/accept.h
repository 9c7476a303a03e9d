/* Which of our media types a client prefers (RFC 7644, 3.8). */
#ifndef SCIM_HTTPD_ACCEPT_H
#define SCIM_HTTPD_ACCEPT_H

/* By the request's header Accept, or NULL. Never NULL: who accepts neither of
 * both gets application/scim+json all the same (RFC 9110, 12.4.1). */
const char *mod_scim_media_type(const char *accept);

#endif
