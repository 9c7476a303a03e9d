/* One SCIM request on its way through httpd/: private to this directory and
 * the door. */
#ifndef SCIM_HTTPD_CALL_H
#define SCIM_HTTPD_CALL_H

#include "httpd/directives.h"

/* How the WWW-Authenticate of a refusal names it (RFC 6750, 3.1). */
#define CHALLENGE_PLAIN           ""
#define CHALLENGE_INVALID_REQUEST "invalid_request"
#define CHALLENGE_INVALID_TOKEN   "invalid_token"

typedef struct mod_scim_call {
    request_rec *r;
    const scim_dir_config *conf;
    const char *path;      /* below the tenant URL; NULL: there is none */
    const char *challenge; /* CHALLENGE_... of a SCIM_UNAUTHORIZED */
    store_caller caller;   /* key_id is 0 until a well-formed token was read */
    serve_limits limits;
    int admitted;          /* mod_scim_request_admit() found nothing */
    int verified;          /* the token was found good */
    int is_admin;          /* of the admin API */
    const char *realm;     /* of it: whose name r->user is */
    const char *console_type; /* of a file of the console; NULL: it is none */
    apr_status_t body_status; /* why the body could not be read */
} mod_scim_call;

#endif
