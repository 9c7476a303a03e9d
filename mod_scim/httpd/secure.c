#include "httpd/secure.h"

#include <http_ssl.h>

/* The connection's own peer, whatever mod_remoteip made of the request. */
static int is_from_trusted_proxy(const mod_scim_call *call)
{
    const apr_array_header_t *proxies = call->conf->trusted_proxies;
    int i;

    for (i = 0; proxies != NULL && i < proxies->nelts; i++) {
        if (apr_ipsubnet_test(APR_ARRAY_IDX(proxies, i, apr_ipsubnet_t *),
                              call->r->connection->client_addr)) {
            return 1;
        }
    }
    return 0;
}

int mod_scim_is_https(const mod_scim_call *call)
{
    const char *proto;

    if (ap_ssl_conn_is_ssl(call->r->connection)) {
        return 1;
    }
    proto = apr_table_get(call->r->headers_in, "X-Forwarded-Proto");
    /* A list is what several proxies made of it; only one of them is known. */
    return proto != NULL && ap_cstr_casecmp(proto, "https") == 0
           && is_from_trusted_proxy(call);
}

static int find_forwarding(void *found, const char *name, const char *value)
{
    (void)value;
    if (ap_cstr_casecmp(name, "Via") == 0
        || ap_cstr_casecmp(name, "Forwarded") == 0
        || ap_cstr_casecmpn(name, "X-Forwarded-", 12) == 0) {
        *(int *)found = 1;
        return 0;
    }
    return 1;
}

/* A client on this machine, and no proxy on it for a client elsewhere.
 * mod_remoteip takes X-Forwarded-For away, and leaves the other address. */
static int is_local(const request_rec *r)
{
    const char *ip = r->connection->client_ip;
    int forwarded = 0;

    if ((strncmp(ip, "127.", 4) != 0 && strcmp(ip, "::1") != 0)
        || strcmp(ip, r->useragent_ip) != 0) {
        return 0;
    }
    apr_table_do(find_forwarding, &forwarded, r->headers_in, NULL);
    return !forwarded;
}

scim_error *mod_scim_secure_check(const mod_scim_call *call)
{
    scim_tls_rule rule = mod_scim_require_tls(call->conf);

    if (rule == SCIM_TLS_OFF || mod_scim_is_https(call)
        || (rule == SCIM_TLS_LOOPBACK && is_local(call->r))) {
        return NULL;
    }
    return scim_error_make(SCIM_FORBIDDEN, call->r->pool,
                           "SCIM is served over HTTPS only. Behind a proxy "
                           "that ends TLS, its address belongs into "
                           "ScimTrustedProxy.");
}
