/* A request to a tenant URL, as an identity provider sends it. */
#ifndef SCIM_SCIMCTL_PROBE_H
#define SCIM_SCIMCTL_PROBE_H

#include "admin/trial.h"

/* Sends a step of the connection test by curl(1), which knows proxies and the
 * system's certificates. The token goes through a pipe: arguments are
 * everybody's to read. Of no answer, out->body says why. SCIM_UNAVAILABLE: curl
 * cannot be run. */
scim_error *scimctl_probe(admin_trial_answer *out, const admin_trial_step *step,
                          const char *url, const char *token,
                          apr_pool_t *pool);

/* SCIM_TOKEN of the environment, or else the first line of standard input. */
scim_error *scimctl_probe_token(const char **out, apr_pool_t *pool);

#endif
