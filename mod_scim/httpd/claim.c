#include "httpd/claim.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_request.h>

#include "httpd/admin.h"
#include "httpd/console.h"

extern module AP_MODULE_DECLARE_DATA scim_module;

/* A name without "/" and ".", so that nothing that looks for files, types or
 * languages sees one. */
#define PSEUDO_NAME "scim:"

mod_scim_call *mod_scim_claimed(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &scim_module);
}

/* ProxyPass with mapping=encoded has its way before translate_name, and leaves
 * the path as it came. */
static int take_back_from_proxy(request_rec *r)
{
    r->proxyreq = PROXYREQ_NONE;
    r->handler = NULL;
    return ap_unescape_url_keep2f(r->uri, 0);
}

/* %2F would be a part of an id, or the end of one: no id of ours holds it. */
static int has_encoded_slash(const request_rec *r)
{
    const char *p = r->unparsed_uri != NULL ? r->unparsed_uri : "";

    for (; *p != '\0' && *p != '?'; p++) {
        if (p[0] == '%' && p[1] == '2' && (p[2] == 'F' || p[2] == 'f')) {
            return 1;
        }
    }
    return 0;
}

static const char *path_below(const request_rec *r, const char *base)
{
    apr_size_t len = strlen(base);

    if (strncmp(r->uri, base, len) != 0 || has_encoded_slash(r)) {
        return NULL;
    }
    return r->uri + len;
}

int mod_scim_claim_url(request_rec *r)
{
    const scim_dir_config *conf = mod_scim_dir_config(r);
    mod_scim_call *call;
    int status;

    if (conf->service <= SCIM_SERVICE_OFF || r->proxyreq == PROXYREQ_PROXY) {
        return DECLINED;
    }
    if (r->proxyreq == PROXYREQ_REVERSE) {
        status = take_back_from_proxy(r);
        if (status != OK) {
            return status;
        }
    }
    call = apr_pcalloc(r->pool, sizeof(*call));
    call->r = r;
    call->challenge = CHALLENGE_PLAIN;
    call->path = path_below(r, conf->base_path);
    call->is_admin = conf->service == SCIM_SERVICE_ADMIN;
    if (call->is_admin) {
        mod_scim_admin_headers(r);
    }
    call->conf = conf;
    ap_set_module_config(r->request_config, &scim_module, call);
    r->path_info = apr_pstrdup(r->pool, "");
    if (call->is_admin && mod_scim_console_claim(call)) {
        return OK;
    }
    r->filename = apr_pstrdup(r->pool, PSEUDO_NAME);
    return OK;
}

int mod_scim_claim_storage(request_rec *r)
{
    mod_scim_call *call = mod_scim_claimed(r);

    if (call == NULL) {
        return DECLINED;
    }
    return call->console_type != NULL ? mod_scim_console_find(call) : OK;
}

int mod_scim_claim_handler(request_rec *r)
{
    mod_scim_call *call = mod_scim_claimed(r);

    if (call != NULL && call->console_type != NULL) {
        mod_scim_console_send(call);
    }
    else if (call != NULL) {
        r->handler = call->is_admin ? SCIM_ADMIN_HANDLER : SCIM_HANDLER;
    }
    return DECLINED;
}
