/* What httpd's configuration says, and the defaults where it says nothing. */
#ifndef SCIM_HTTPD_DIRECTIVES_H
#define SCIM_HTTPD_DIRECTIVES_H

#include <apr_network_io.h>
#include <httpd.h> /* before http_config.h, which needs it */
#include <http_config.h>
#include <ap_expr.h>

#include "core/type_set.h"
#include "protocol/serve.h"

typedef enum {
    SCIM_SERVICE_UNSET = -1,
    SCIM_SERVICE_OFF,
    SCIM_SERVICE_SCIM,
    SCIM_SERVICE_ADMIN
} scim_service;

typedef enum {
    SCIM_TLS_UNSET = -1,
    SCIM_TLS_OFF,
    SCIM_TLS_LOOPBACK,
    SCIM_TLS_ON
} scim_tls_rule;

/* One section. Negative numbers and NULL: not set here. */
typedef struct scim_dir_config {
    scim_service service;
    const char *base_path;    /* of the section; "" for <Location /> */
    const char *organization; /* slug, or NULL: the URL names it */
    const char *base_url;     /* of the section as clients know it; or NULL */
    scim_tls_rule require_tls;
    apr_array_header_t *trusted_proxies; /* apr_ipsubnet_t * */
    apr_int64_t max_body;
    int max_depth;
    int max_results;
    int max_members;
    int cursor_timeout_s;
    int filter_length, filter_nodes, filter_depth;
    int bulk_operations;
    apr_int64_t bulk_bytes;
    int rate, burst; /* requests a second; 0: no limit */
    scim_type_set *types; /* of ScimSchema and ScimResourceType; or NULL */
    const char *realm;    /* of ScimRealm; or NULL */
    const ap_expr_info_t *realm_expr; /* the same, for each request */
    const char *console;  /* folder of ScimConsole; "": off; NULL: unset */
} scim_dir_config;

/* One virtual host. */
typedef struct scim_server_config {
    const char *conninfo;
    const char *password; /* or NULL */
    int pool_size;
    int connect_s, wait_s, request_s;
    int prepare;
    const char *serves; /* what a section of this host does: "scim"; NULL:
                           none does anything */
    apr_array_header_t *tenants; /* scim_dir_config * of its SCIM sections */
    apr_array_header_t *type_sets; /* scim_type_set * of its sections */
    store *store; /* of this child; NULL: none could be opened */
} scim_server_config;

extern const command_rec mod_scim_directives[];

void *mod_scim_create_dir_config(apr_pool_t *pool, char *path);
void *mod_scim_merge_dir_config(apr_pool_t *pool, void *parent, void *child);
void *mod_scim_create_server_config(apr_pool_t *pool, server_rec *server);
void *mod_scim_merge_server_config(apr_pool_t *pool, void *parent,
                                   void *child);

const scim_dir_config *mod_scim_dir_config(const request_rec *r);
scim_server_config *mod_scim_server_config(const server_rec *server);

/* The only places that know the defaults. */
scim_tls_rule mod_scim_require_tls(const scim_dir_config *conf);
void mod_scim_limits(serve_limits *out, const scim_dir_config *conf);
scim_resource_types mod_scim_types(const scim_dir_config *conf);
int mod_scim_pool_size(const scim_server_config *conf);
int mod_scim_request_s(const scim_server_config *conf);

/* Everything but the log; the pool is not yet fitted to the threads. */
void mod_scim_store_settings(store_settings *out,
                             const scim_server_config *conf);

#endif
