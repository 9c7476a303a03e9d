/* The connection test: what an identity provider asks first, and what has to
 * be answered. One table for the console, scimctl doctor and curl. */
#ifndef SCIM_ADMIN_TRIAL_H
#define SCIM_ADMIN_TRIAL_H

#include <apr_tables.h>

#include "admin/operation.h"
#include "admin/provider.h"

typedef enum {
    ADMIN_TRIAL_ANONYMOUS,
    ADMIN_TRIAL_BEARER,
    ADMIN_TRIAL_BARE /* the token without the word Bearer (Okta) */
} admin_trial_auth;

typedef struct admin_trial_step {
    const char *code;
    const char *title;
    const char *method; /* NULL: no request; looks whether the URL is https */
    const char *path;   /* with its query, below the tenant URL */
    const char *body;   /* or NULL */
    admin_trial_auth auth;
    int status;         /* that is good, with an answer that: */
    const char *schema; /* names it in "schemas" */
    int empty;          /* has totalResults 0 */
    int challenge;      /* asks for a bearer token */
    int writes;         /* a token that only reads gets 403 */
    int decides;        /* what follows needs it */
    const char *meaning; /* of the good answer */
} admin_trial_step;

/* Those of a provider, in order: const admin_trial_step *. Nothing that they
 * ask for is there, and nothing is changed. */
apr_array_header_t *admin_trial(admin_provider provider, apr_pool_t *pool);

/* What was answered; status 0: nothing, and `body` says why. */
typedef struct admin_trial_answer {
    int status;
    const char *challenge; /* WWW-Authenticate; or NULL */
    const char *body;
} admin_trial_answer;

/* NULL: it is good. Else what to do; *says: what is wrong with it. */
const char *admin_trial_judge(const char **says, const admin_trial_step *step,
                              const char *url,
                              const admin_trial_answer *answer,
                              apr_pool_t *pool);

/* The steps and remedies for whoever sends the requests. */
extern const admin_operation admin_app_test;

#endif
