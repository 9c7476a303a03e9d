#include "httpd/auth_type.h"

#include <http_core.h>
#include <http_log.h>
#include <http_request.h>

#include "httpd/claim.h"
#include "httpd/request.h"
#include "httpd/respond.h"

APLOG_USE_MODULE(scim);

static int is_ours(request_rec *r)
{
    const char *type = ap_auth_type(r);

    return type != NULL && ap_cstr_casecmp(type, "scim") == 0;
}

/* Sets r->user to scim-token:KEY; what refuses the token is answered here, as
 * httpd could say only that there was something. */
static int authenticate(request_rec *r)
{
    serve_response none = { .status = HTTP_OK };
    mod_scim_call *call = mod_scim_claimed(r);
    scim_error *err;
    int status;

    if (!is_ours(r)) {
        return DECLINED;
    }
    if (call == NULL || call->is_admin) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      "SCIM0111: AuthType scim belongs into a section with "
                      "ScimService scim");
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    err = mod_scim_request_admit(call);
    if (err == NULL) {
        err = mod_scim_request_check(call);
    }
    if (err == NULL) {
        r->ap_auth_type = "scim";
        return OK;
    }
    status = mod_scim_respond(call, &none, err);
    return status == OK ? DONE : status;
}

void mod_scim_register_auth_type(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_authn(authenticate, NULL, NULL, APR_HOOK_MIDDLE,
                        AP_AUTH_INTERNAL_PER_CONF);
}
