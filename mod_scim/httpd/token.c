#include "httpd/token.h"

#include <string.h>

#include "admin/token.h"

/* URLs end in logs and in histories (RFC 6750, 2.3). */
static int is_in_query(const char *args)
{
    static const char name[] = "access_token=";

    while (args != NULL && *args != '\0') {
        if (ap_cstr_casecmpn(args, name, sizeof(name) - 1) == 0) {
            return 1;
        }
        args = strchr(args, '&');
        args = args != NULL ? args + 1 : NULL;
    }
    return 0;
}

/* The credentials, or NULL where another scheme is meant. Okta's header
 * authentication sends the value as it was typed, without "Bearer". */
static const char *credentials(const char *header)
{
    static const char scheme[] = "Bearer";
    const apr_size_t len = sizeof(scheme) - 1;

    if (ap_cstr_casecmpn(header, scheme, len) == 0
        && (header[len] == ' ' || header[len] == '\0')) {
        return header + len + strspn(header + len, " ");
    }
    return strncmp(header, ADMIN_TOKEN_PREFIX, strlen(ADMIN_TOKEN_PREFIX)) == 0
               ? header
               : NULL;
}

static scim_error *refuse(mod_scim_call *call, const char *challenge,
                          const char *detail)
{
    call->challenge = challenge;
    return scim_error_make(SCIM_UNAUTHORIZED, call->r->pool, "%s", detail);
}

scim_error *mod_scim_token_read(mod_scim_call *call)
{
    const char *header = apr_table_get(call->r->headers_in, "Authorization");
    const char *text = header != NULL ? credentials(header) : NULL;
    admin_token token;

    if (is_in_query(call->r->args)) {
        call->challenge = CHALLENGE_INVALID_REQUEST;
        return scim_error_make(SCIM_BAD_REQUEST, call->r->pool,
                               "A token in the URL is not accepted; send it "
                               "in the Authorization header, and make a new "
                               "one: this one may be in logs.");
    }
    if (text == NULL) {
        return refuse(call, CHALLENGE_PLAIN,
                      "Send the secret token: \"Authorization: Bearer "
                      ADMIN_TOKEN_PREFIX "...\".");
    }
    if (!admin_token_parse(&token, text)) {
        return refuse(call, CHALLENGE_INVALID_TOKEN,
                      "This is no secret token of this service: a part is "
                      "missing or mistyped. Copy it again.");
    }
    call->caller.org_id = token.org_id;
    call->caller.key_id = token.key_id;
    memcpy(call->caller.hash, token.hash, sizeof(call->caller.hash));
    call->challenge = CHALLENGE_INVALID_TOKEN;
    return NULL;
}
