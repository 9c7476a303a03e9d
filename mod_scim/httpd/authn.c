#include "httpd/authn.h"

#include <string.h>

#include <apr_strings.h>

#include <httpd.h> /* before the others, which need it */
#include <http_config.h>
#include <ap_provider.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_auth.h>

#include "core/casefold.h"
#include "core/json.h"
#include "core/sha256.h"
#include "httpd/directives.h"
#include "httpd/limit.h"

APLOG_USE_MODULE(scim);

/* A note of the request. */
#define PROVISIONED "scim-provisioned"

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

/* Somebody who signs in. */
typedef struct attempt {
    const char *name; /* with its organization, in one spelling */
    unsigned char hash[SCIM_SHA256_SIZE]; /* of name and password: a good one
                                             of a moment ago still passes */
} attempt;

static const char *const UNKNOWN = "scim-unknown"; /* key of the attempt */

static attempt *make_attempt(const char *slug, const char *user,
                             const char *password, apr_pool_t *pool)
{
    attempt *a = apr_palloc(pool, sizeof(*a));
    const char *both;

    if (scim_json_adopt(json_string(user), pool) != NULL) { /* is it UTF-8? */
        user = scim_casefold(user, pool);
    }
    a->name = apr_pstrcat(pool, slug, ":", user, (char *)NULL);
    both = apr_pstrcat(pool, a->name, ":", password, (char *)NULL);
    scim_sha256(a->hash, both, strlen(both));
    return a;
}

static int is_blocked(const request_rec *r, const attempt *a)
{
    return mod_scim_limit_blocked(r->useragent_addr, a->hash) > 0
           || mod_scim_limit_name_blocked(a->name, a->hash) > 0;
}

static void count_failure(const request_rec *r, const attempt *a)
{
    if (mod_scim_limit_failed(r->useragent_addr)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "SCIM0108: too many wrong passwords from %s, the next "
                      "are refused unseen for a while",
                      r->useragent_ip);
    }
    if (mod_scim_limit_name_failed(a->name)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "SCIM0109: too many wrong passwords for one name, the "
                      "last from %s, the next are refused unseen for a while",
                      r->useragent_ip);
    }
}

static request_rec *first_of(request_rec *r)
{
    while (r->main != NULL || r->prev != NULL) {
        r = r->main != NULL ? r->main : r->prev;
    }
    return r;
}

/* A name that nobody here has may be known to the next provider: whether it was
 * a guess shows at the end of the request. */
static void remember(serve_sign_in found, request_rec *r, attempt *a)
{
    request_rec *first = first_of(r);

    if (found == SERVE_KNOWN) {
        mod_scim_limit_good(a->hash);
    }
    else if (found == SERVE_WRONG) {
        count_failure(r, a);
    }
    else {
        apr_pool_userdata_setn(a, UNKNOWN, NULL, first->pool);
    }
}

static attempt *unknown_of(const request_rec *first)
{
    void *found = NULL;

    apr_pool_userdata_get(&found, UNKNOWN, first->pool);
    return found;
}

/* Behind authentication: somebody else knew the name and the password. */
static int note_good(request_rec *r)
{
    request_rec *first = first_of(r);
    attempt *a = unknown_of(first);

    if (a != NULL) {
        mod_scim_limit_good(a->hash);
        apr_pool_userdata_setn(NULL, UNKNOWN, NULL, first->pool);
    }
    return DECLINED;
}

static int count_unknown(request_rec *r)
{
    const attempt *a = unknown_of(r);

    if (a != NULL && r->status == HTTP_UNAUTHORIZED) {
        count_failure(r, a);
    }
    return DECLINED;
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
    serve_sign_in found;
    attempt *a;
    scim_error *err;

    if (conf->organization == NULL || opened == NULL) {
        return fail(r, conf->organization == NULL
                           ? "the section has no ScimOrganization"
                           : "there is no ScimDatabase");
    }
    a = make_attempt(conf->organization, user, password, first_of(r)->pool);
    if (is_blocked(r, a)) {
        return AUTH_DENIED;
    }
    describe(&caller, r);
    err = serve_password_check(&found, conf->organization, user, password,
                               &caller, opened, r->pool);
    if (err != NULL) {
        return fail(r, err->cause != NULL ? err->cause : err->detail);
    }
    remember(found, r, a);
    if (found == SERVE_KNOWN) {
        apr_table_setn(r->notes, PROVISIONED, "1");
    }
    return answers[found];
}

int mod_scim_is_provisioned(const request_rec *r)
{
    /* httpd asks once, and lets subrequests and redirects keep the user. */
    for (; r != NULL; r = r->main != NULL ? r->main : r->prev) {
        if (apr_table_get(r->notes, PROVISIONED) != NULL) {
            return 1;
        }
    }
    return 0;
}

static const authn_provider provider = { check_password, NULL };

void mod_scim_register_authn(apr_pool_t *pool)
{
    ap_register_auth_provider(pool, AUTHN_PROVIDER_GROUP, "scim",
                              AUTHN_PROVIDER_VERSION, &provider,
                              AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_check_authz(note_good, NULL, NULL, APR_HOOK_REALLY_FIRST,
                        AP_AUTH_INTERNAL_PER_CONF);
    ap_hook_log_transaction(count_unknown, NULL, NULL, APR_HOOK_MIDDLE);
}
