/* A request to a tenant URL, as an identity provider sends it. */
#ifndef SCIM_SCIMCTL_PROBE_H
#define SCIM_SCIMCTL_PROBE_H

#include "core/error.h"

typedef struct scimctl_answer {
    int status;       /* of HTTP; 0: there was none */
    const char *body; /* or why there was none */
} scimctl_answer;

/* GET url + path with the secret token, by curl(1), which knows proxies and
 * the system's certificates. The token goes through a pipe: arguments are
 * everybody's to read. SCIM_UNAVAILABLE: curl cannot be run. */
scim_error *scimctl_probe(scimctl_answer *out, const char *url,
                          const char *path, const char *token,
                          apr_pool_t *pool);

/* SCIM_TOKEN of the environment, or else the first line of standard input. */
scim_error *scimctl_probe_token(const char **out, apr_pool_t *pool);

#endif
