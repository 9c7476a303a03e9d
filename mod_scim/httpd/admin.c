#include "httpd/admin.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_request.h>

#include "admin/check.h"
#include "admin/organization.h"
#include "httpd/authn.h"
#include "httpd/body.h"
#include "httpd/request.h"
#include "httpd/secure.h"

APLOG_USE_MODULE(scim);

/* In err_headers_out: they hold for refusals of other modules, too. */
void mod_scim_admin_headers(request_rec *r)
{
    static const char *const headers[][2] = {
        { "Content-Security-Policy",
          "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
          "form-action 'self'" },
        { "Cross-Origin-Resource-Policy", "same-origin" },
        { "Referrer-Policy", "no-referrer" },
        { "X-Content-Type-Options", "nosniff" },
        { "Cache-Control", "no-store" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        apr_table_setn(r->err_headers_out, headers[i][0], headers[i][1]);
    }
}

/* ---------------------------------------------------------------- who asks */

/* A section that authenticates nobody is not open, but out of order. */
static scim_error *nobody(request_rec *r)
{
    if (ap_auth_type(r) == NULL) {
        return scim_error_because(
            scim_error_make(SCIM_INTERNAL, r->pool,
                            "The service is not configured."),
            r->pool,
            "ScimService admin needs AuthType (Basic, openid-connect, ...) "
            "and Require valid-user in its section, as httpd has to say who "
            "asks");
    }
    if (!ap_some_authn_required(r)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      "SCIM0109: nobody is asked for their name at %s: the "
                      "section of ScimService admin needs Require valid-user",
                      r->uri);
    }
    ap_note_auth_failure(r);
    return scim_error_make(SCIM_UNAUTHORIZED, r->pool,
                           "You are not signed in.");
}

/* Whom the passwords of an identity provider let in has the name that the
 * identity provider says, which may be anybody's. */
static scim_error *provisioned(request_rec *r)
{
    return scim_error_because(
        scim_error_make(SCIM_FORBIDDEN, r->pool,
                        "A provisioned user's password is not for looking "
                        "after an organization."),
        r->pool, "AuthBasicProvider scim in a section of ScimService admin");
}

static scim_error *find_realm(mod_scim_call *call)
{
    const scim_dir_config *conf = call->conf;
    request_rec *r = call->r;
    const char *wrong = NULL;

    call->realm = conf->realm != NULL ? conf->realm : ADMIN_REALM_DEFAULT;
    if (conf->realm_expr != NULL) {
        call->realm = ap_expr_str_exec(r, conf->realm_expr, &wrong);
    }
    if (wrong == NULL && call->realm != NULL
        && admin_check_name("The realm", call->realm, r->pool) == NULL) {
        return NULL;
    }
    return scim_error_because(
        scim_error_make(SCIM_INTERNAL, r->pool,
                        "The service cannot tell whose name \"%s\" is.",
                        scim_excerpt(r->user, r->pool)),
        r->pool, "the expression of ScimRealm says %s",
        wrong != NULL ? wrong : "nothing");
}

scim_error *mod_scim_admin_admit(mod_scim_call *call)
{
    request_rec *r = call->r;
    scim_error *err;

    mod_scim_request_describe(call);
    err = mod_scim_secure_check(call);
    if (err != NULL) {
        return err;
    }
    if (mod_scim_person(r) == NULL) {
        return nobody(r);
    }
    if (mod_scim_is_provisioned(r)) {
        return provisioned(r);
    }
    if (admin_check_name("The name", r->user, r->pool) != NULL) {
        return scim_error_make(SCIM_FORBIDDEN, r->pool,
                               "No account can have your name.");
    }
    return find_realm(call);
}

/* ------------------------------------------------------------- the request */

static int ends_with(const char *text, const char *end)
{
    apr_size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* "https://id.example.com/admin" as the origin of what is there, as browsers
 * write it (RFC 6454, 6.2): in lower case, without path and default port. */
static const char *origin_of(const char *url, apr_pool_t *pool)
{
    const char *host = strstr(url, "://"), *port;
    char *origin;

    host = host != NULL ? host + 3 : url;
    origin = apr_pstrmemdup(pool, url,
                            (apr_size_t)(host - url) + strcspn(host, "/"));
    ap_str_tolower(origin);
    port = strncmp(origin, "https:", 6) == 0 ? ":443" : ":80";
    if (ends_with(origin, port)) {
        origin[strlen(origin) - strlen(port)] = '\0';
    }
    return origin;
}

/* The URL of the SCIM section of this host that serves the organization; the
 * first one, where there are more. */
static const char *tenant_url(const char *slug, void *baton)
{
    const mod_scim_call *call = baton;
    const apr_array_header_t *sections
        = mod_scim_server_config(call->r->server)->tenants;
    int i;

    for (i = 0; i < sections->nelts; i++) {
        const scim_dir_config *conf
            = APR_ARRAY_IDX(sections, i, const scim_dir_config *);

        if (conf->organization == NULL) {
            return apr_pstrcat(call->r->pool,
                               mod_scim_section_url(conf, call), "/", slug,
                               NULL);
        }
        if (strcmp(conf->organization, slug) == 0) {
            return mod_scim_section_url(conf, call);
        }
    }
    return NULL;
}

scim_error *mod_scim_admin_serve(admin_response *out, mod_scim_call *call)
{
    request_rec *r = call->r;
    store *opened = mod_scim_server_config(r->server)->store;
    const char *base_url = mod_scim_section_url(call->conf, call);
    const admin_request request = {
        .method = r->header_only ? "HEAD" : r->method,
        .path = call->path,
        .query = r->args,
        .base_url = base_url,
        .own_origin = origin_of(base_url, r->pool),
        .origin = apr_table_get(r->headers_in, "Origin"),
        .fetch_site = apr_table_get(r->headers_in, "Sec-Fetch-Site"),
        .marker = apr_table_get(r->headers_in, ADMIN_MARKER),
        .content_type = apr_table_get(r->headers_in, "Content-Type"),
        .if_match = apr_table_get(r->headers_in, "If-Match"),
        .if_none_match = apr_table_get(r->headers_in, "If-None-Match"),
        .read_body = mod_scim_body_read,
        .tenant_url = tenant_url,
        .baton = call,
    };
    const store_actor actor = { .name = r->user,
                                .realm = call->realm,
                                .account = r->user,
                                .request_id = call->caller.request_id,
                                .address = r->useragent_ip,
                                .received = r->request_time };
    const admin_context context = { .store = opened,
                                    .actor = &actor,
                                    .deadline = &call->caller.deadline,
                                    .max_depth = call->limits.max_depth,
                                    .pool = r->pool };

    if (opened == NULL) {
        return scim_error_because(
            scim_error_make(SCIM_UNAVAILABLE, r->pool,
                            "The service has no database."),
            r->pool,
            "this child could not make its pool of connections when it "
            "started");
    }
    return admin_serve(out, &request, &context);
}
