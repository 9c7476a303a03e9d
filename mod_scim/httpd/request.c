#include "httpd/request.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <http_ssl.h>

#include "admin/check.h"
#include "httpd/body.h"
#include "httpd/limit.h"
#include "httpd/secure.h"
#include "httpd/token.h"

APLOG_USE_MODULE(scim);

/* REMOTE_USER of a request that came with a token alone. */
#define TOKEN_USER "scim-token:"

const char *mod_scim_request_id(request_rec *r)
{
    const char *id = apr_table_get(r->subprocess_env, "UNIQUE_ID");

    if (id == NULL && r->log_id == NULL) {
        ap_run_generate_log_id(r->connection, r, &r->log_id);
    }
    return id != NULL ? id : r->log_id;
}

static void describe_caller(mod_scim_call *call)
{
    request_rec *r = call->r;
    store_caller *caller = &call->caller;
    int seconds = mod_scim_request_s(mod_scim_server_config(r->server));

    caller->verified = &call->verified;
    caller->address = r->useragent_ip;
    caller->request_id = mod_scim_request_id(r);
    caller->received = r->request_time;
    caller->deadline = r->request_time + apr_time_from_sec(seconds);
}

static scim_error *check_token(mod_scim_call *call)
{
    scim_error *err = mod_scim_token_read(call), *blocked;
    int wait;

    wait = mod_scim_limit_blocked(call->r->useragent_addr, call->caller.hash);
    if (wait > 0) {
        blocked = scim_error_make(SCIM_TOO_MANY_REQUESTS, call->r->pool,
                                  "Too many requests with a wrong secret "
                                  "token came from this address.");
        blocked->retry_after_s = wait;
        return blocked;
    }
    return err;
}

/* The first segment below the section, unless the section has a fixed
 * organization. Whether it exists is for the token to say. */
static scim_error *split_path(mod_scim_call *call)
{
    apr_pool_t *pool = call->r->pool;
    const char *slug = call->path, *end;

    if (call->path == NULL) {
        return scim_error_make(SCIM_NOT_FOUND, pool,
                               "There is no endpoint here; no id holds a "
                               "slash.");
    }
    if (call->conf->organization != NULL) {
        call->caller.slug = call->conf->organization;
        return NULL;
    }
    if (*slug == '/') {
        end = slug + 1 + strcspn(slug + 1, "/");
        slug = apr_pstrmemdup(pool, slug + 1, (apr_size_t)(end - slug - 1));
        if (admin_check_slug(slug, pool) == NULL) {
            call->caller.slug = slug;
            call->path = end;
            return NULL;
        }
    }
    return scim_error_make(SCIM_NOT_FOUND, pool,
                           "There is no endpoint here. The tenant URL ends "
                           "with the name of an organization, as in %s/acme.",
                           call->conf->base_path);
}

static scim_error *check_rate(mod_scim_call *call)
{
    const scim_dir_config *conf = call->conf;
    scim_error *err;
    int wait;

    if (conf->rate <= 0) {
        return NULL;
    }
    wait = mod_scim_limit_take(call->caller.hash, conf->rate, conf->burst);
    if (wait == 0) {
        return NULL;
    }
    err = scim_error_make(SCIM_TOO_MANY_REQUESTS, call->r->pool,
                          "This secret token may send %d requests a second.",
                          conf->rate);
    err->retry_after_s = wait;
    return err;
}

/* httpd's own limit (LimitRequestBody) would be answered in HTML. */
static void find_limits(mod_scim_call *call)
{
    apr_off_t limit = ap_get_limit_req_body(call->r);

    mod_scim_limits(&call->limits, call->conf);
    if (limit > 0 && (apr_uint64_t)limit < call->limits.max_body) {
        call->limits.max_body = (apr_size_t)limit;
    }
}

void mod_scim_request_describe(mod_scim_call *call)
{
    call->conf = mod_scim_dir_config(call->r);
    find_limits(call);
    describe_caller(call);
}

scim_error *mod_scim_request_admit(mod_scim_call *call)
{
    scim_error *err;

    if (call->admitted) {
        return NULL;
    }
    mod_scim_request_describe(call);
    err = mod_scim_secure_check(call);
    if (err == NULL) {
        err = check_token(call);
    }
    if (err == NULL) {
        err = split_path(call);
    }
    if (err == NULL) {
        err = check_rate(call);
    }
    call->admitted = err == NULL;
    return err;
}

const char *mod_scim_section_url(const scim_dir_config *conf,
                                 const mod_scim_call *call)
{
    request_rec *r = call->r;
    const char *path;

    if (conf->base_url != NULL) {
        return conf->base_url;
    }
    path = ap_os_escape_path(r->pool, conf->base_path, 1);
    if (!mod_scim_is_https(call) || ap_ssl_conn_is_ssl(r->connection)) {
        return ap_construct_url(r->pool, path, r);
    }
    /* Behind the proxy the port of our own socket means nothing. */
    return apr_pstrcat(r->pool, "https://", ap_get_server_name_for_url(r),
                       r->parsed_uri.port_str != NULL ? ":" : "",
                       r->parsed_uri.port_str != NULL
                           ? r->parsed_uri.port_str
                           : "",
                       path, (char *)NULL);
}

static const char *tenant_url(const mod_scim_call *call)
{
    const char *url = mod_scim_section_url(call->conf, call);

    return call->conf->organization != NULL
               ? url
               : apr_pstrcat(call->r->pool, url, "/", call->caller.slug,
                             (char *)NULL);
}

static serve_method method_of(const request_rec *r)
{
    switch (r->method_number) {
    case M_GET:
        return r->header_only ? SERVE_HEAD : SERVE_GET;
    case M_POST:
        return SERVE_POST;
    case M_PUT:
        return SERVE_PUT;
    case M_PATCH:
        return SERVE_PATCH;
    case M_DELETE:
        return SERVE_DELETE;
    case M_OPTIONS:
        return SERVE_OPTIONS;
    default:
        return SERVE_OTHER;
    }
}

const char *mod_scim_person(const request_rec *r)
{
    return r->user != NULL && *r->user != '\0'
                   && strncmp(r->user, TOKEN_USER, strlen(TOKEN_USER)) != 0
               ? r->user
               : NULL;
}

/* What the token's being good, or not, means for the next request. */
static void remember(const mod_scim_call *call, const scim_error *err)
{
    request_rec *r = call->r;
    const char *token;

    if (err != NULL && err->fault == SCIM_UNAUTHORIZED) {
        if (mod_scim_limit_failed(r->useragent_addr)) {
            ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                          "SCIM0103: too many wrong tokens from %s, its "
                          "requests get 429 for a while",
                          r->useragent_ip);
        }
    }
    else if (call->verified) {
        mod_scim_limit_good(call->caller.hash);
        token = apr_psprintf(r->pool, "%" APR_INT64_T_FMT,
                             call->caller.key_id);
        if (mod_scim_person(r) == NULL) {
            r->user = apr_pstrcat(r->pool, TOKEN_USER, token, (char *)NULL);
        }
        apr_table_setn(r->notes, "scim-organization", call->caller.slug);
        apr_table_setn(r->notes, "scim-token", token);
    }
}

static scim_error *no_database(const mod_scim_call *call)
{
    apr_pool_t *pool = call->r->pool;

    return scim_error_because(
        scim_error_make(SCIM_UNAVAILABLE, pool, "The service has no database."),
        pool,
        "this child could not make its pool of connections when it started");
}

scim_error *mod_scim_request_check(mod_scim_call *call)
{
    store *opened = mod_scim_server_config(call->r->server)->store;
    store_grant grant;
    scim_error *err;

    if (opened == NULL) {
        return no_database(call);
    }
    err = store_token_check(&grant, &call->caller, opened, call->r->pool);
    remember(call, err);
    return err;
}

scim_error *mod_scim_request_serve(serve_response *out, mod_scim_call *call)
{
    request_rec *r = call->r;
    scim_server_config *server = mod_scim_server_config(r->server);
    const serve_request request = {
        .method = method_of(r),
        .path = call->path,
        .query = r->args,
        .base_url = tenant_url(call),
        .user = mod_scim_person(r),
        .content_type = apr_table_get(r->headers_in, "Content-Type"),
        .if_match = apr_table_get(r->headers_in, "If-Match"),
        .if_none_match = apr_table_get(r->headers_in, "If-None-Match"),
        .content_length = mod_scim_body_length(r),
        .read_body = mod_scim_body_read,
        .baton = call,
    };
    const serve_context context = { .store = server->store,
                                    .caller = &call->caller,
                                    .limits = &call->limits,
                                    .types = mod_scim_types(call->conf),
                                    .pool = r->pool };
    scim_error *err;

    if (server->store == NULL) {
        return no_database(call);
    }
    err = serve(out, &request, &context);
    remember(call, err);
    return err;
}
