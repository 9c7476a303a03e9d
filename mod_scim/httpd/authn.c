#include "httpd/authn.h"

#include <string.h>

#include <apr_strings.h>

#include <httpd.h> /* before the others, which need it */
#include <http_config.h>
#include <ap_provider.h>
#include <http_log.h>
#include <http_request.h>
#include <mod_auth.h>

#include "core/sha256.h"
#include "httpd/directives.h"
#include "httpd/limit.h"

APLOG_USE_MODULE(scim);

static void describe(store_caller *out, request_rec *r)
{
    int seconds = mod_scim_request_s(mod_scim_server_config(r->server));

    memset(out, 0, sizeof(*out));
    out->address = r->useragent_ip;
    out->received = r->request_time;
    out->deadline = apr_time_now() + apr_time_from_sec(seconds);
}

static authn_status fail(request_rec *r, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                  "SCIM0107: AuthBasicProvider scim cannot tell who this is: "
                  "%s",
                  why);
    return AUTH_GENERAL_ERROR;
}

/* Of whoever guesses passwords: a good one of a moment ago still passes. */
static void hash_of_both(unsigned char hash[SCIM_SHA256_SIZE],
                         const char *user, const char *password,
                         apr_pool_t *pool)
{
    const char *both = apr_pstrcat(pool, user, ":", password, (char *)NULL);

    scim_sha256(hash, both, strlen(both));
}

static void remember(serve_sign_in found, request_rec *r,
                     const unsigned char hash[SCIM_SHA256_SIZE])
{
    if (found == SERVE_KNOWN) {
        mod_scim_limit_good(hash);
    }
    else if (found == SERVE_WRONG
             && mod_scim_limit_failed(r->useragent_addr)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "SCIM0108: too many wrong passwords from %s, the next "
                      "are refused unseen for a while",
                      r->useragent_ip);
    }
}

static authn_status check_password(request_rec *r, const char *user,
                                   const char *password)
{
    static const authn_status answers[] = {
        [SERVE_KNOWN] = AUTH_GRANTED,
        [SERVE_UNKNOWN] = AUTH_USER_NOT_FOUND, /* the next provider's turn */
        [SERVE_WRONG] = AUTH_DENIED,
    };
    const scim_dir_config *conf = mod_scim_dir_config(r);
    store *opened = mod_scim_server_config(r->server)->store;
    store_caller caller;
    unsigned char hash[SCIM_SHA256_SIZE];
    serve_sign_in found;
    scim_error *err;

    if (conf->organization == NULL || opened == NULL) {
        return fail(r, conf->organization == NULL
                           ? "the section has no ScimOrganization"
                           : "there is no ScimDatabase");
    }
    hash_of_both(hash, user, password, r->pool);
    if (mod_scim_limit_blocked(r->useragent_addr, hash) > 0) {
        return AUTH_DENIED;
    }
    describe(&caller, r);
    err = serve_password_check(&found, conf->organization, user, password,
                               &caller, opened, r->pool);
    if (err != NULL) {
        return fail(r, err->cause != NULL ? err->cause : err->detail);
    }
    remember(found, r, hash);
    return answers[found];
}

static const authn_provider provider = { check_password, NULL };

void mod_scim_register_authn(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHN_PROVIDER_GROUP, "scim",
                              AUTHN_PROVIDER_VERSION, &provider,
                              AP_AUTH_INTERNAL_PER_CONF);
}
