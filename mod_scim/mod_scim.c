/* The door: what httpd knows of mod_scim. */
#include <httpd.h>
#include <http_config.h>
#include <http_request.h>

#include "httpd/admin.h"
#include "httpd/auth_type.h"
#include "httpd/authn.h"
#include "httpd/child.h"
#include "httpd/claim.h"
#include "httpd/directives.h"
#include "httpd/refusal.h"
#include "httpd/request.h"
#include "httpd/respond.h"

extern module AP_MODULE_DECLARE_DATA scim_module
    __attribute__((visibility("default")));

static int handle_scim(request_rec *r)
{
    serve_response response = { .status = HTTP_OK };
    mod_scim_call *call;
    scim_error *err;

    if (r->handler == NULL || strcmp(r->handler, SCIM_HANDLER) != 0) {
        return DECLINED;
    }
    call = mod_scim_claimed(r);
    if (call == NULL) {
        return mod_scim_respond_unclaimed(r);
    }
    err = mod_scim_request_admit(call);
    if (err == NULL) {
        err = mod_scim_request_serve(&response, call);
    }
    return mod_scim_respond(call, &response, err);
}

static int handle_admin(request_rec *r)
{
    admin_response response = { .status = HTTP_OK };
    mod_scim_call *call;
    scim_error *err;

    if (r->handler == NULL || strcmp(r->handler, SCIM_ADMIN_HANDLER) != 0) {
        return DECLINED;
    }
    call = mod_scim_claimed(r);
    if (call == NULL) {
        return mod_scim_respond_unclaimed(r);
    }
    err = mod_scim_admin_admit(call);
    if (err == NULL) {
        err = mod_scim_admin_serve(&response, call);
    }
    return mod_scim_respond_admin(call, &response, err);
}

static void register_hooks(apr_pool_t *pool)
{
    static const char *const after_us[]
        = { "mod_proxy.c", "mod_rewrite.c", "mod_alias.c", NULL };

    mod_scim_register_auth_type(pool);
    mod_scim_register_authn(pool);
    mod_scim_register_refusals(pool);
    ap_hook_check_config(mod_scim_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(mod_scim_post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(mod_scim_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_translate_name(mod_scim_claim_url, NULL, after_us,
                           APR_HOOK_FIRST);
    ap_hook_map_to_storage(mod_scim_claim_storage, NULL, NULL,
                           APR_HOOK_FIRST);
    ap_hook_fixups(mod_scim_claim_handler, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_handler(handle_scim, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handle_admin, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(scim) = {
    STANDARD20_MODULE_STUFF,
    mod_scim_create_dir_config,
    mod_scim_merge_dir_config,
    mod_scim_create_server_config,
    mod_scim_merge_server_config,
    mod_scim_directives,
    register_hooks,
#if defined(AP_MODULE_FLAG_NONE)
    AP_MODULE_FLAG_NONE
#endif
};
