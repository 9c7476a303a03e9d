#include "httpd/directives.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_uri.h>
#include <http_core.h>

#include "admin/check.h"
#include "httpd/console.h"
#include "httpd/extension.h"
#include "httpd/password.h"
#include "httpd/service.h"

extern module AP_MODULE_DECLARE_DATA scim_module;

#define UNSET                       (-1)
#define PICK(child, parent, unset)  ((child) != (unset) ? (child) : (parent))
#define DEFAULT_TO(value, fallback) ((value) != UNSET ? (value) : (fallback))

/* What identity providers want to be able to send in one second. */
#define RATE_MIN 25

/* ----------------------------------------------------- create and inherit */

void *mod_scim_create_dir_config(apr_pool_t *pool, char *path)
{
    scim_dir_config *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)path;
    conf->service = SCIM_SERVICE_UNSET;
    conf->require_tls = SCIM_TLS_UNSET;
    conf->max_body = UNSET;
    conf->max_depth = UNSET;
    conf->max_results = UNSET;
    conf->max_members = UNSET;
    conf->cursor_timeout_s = UNSET;
    conf->filter_length = conf->filter_nodes = conf->filter_depth = UNSET;
    conf->bulk_operations = UNSET;
    conf->bulk_bytes = UNSET;
    conf->rate = conf->burst = UNSET;
    return conf;
}

void *mod_scim_merge_dir_config(apr_pool_t *pool, void *parent, void *child)
{
    const scim_dir_config *base = parent, *add = child;
    scim_dir_config *conf = apr_pcalloc(pool, sizeof(*conf));

    conf->service = PICK(add->service, base->service, SCIM_SERVICE_UNSET);
    conf->base_path = PICK(add->base_path, base->base_path, NULL);
    conf->organization = PICK(add->organization, base->organization, NULL);
    conf->base_url = PICK(add->base_url, base->base_url, NULL);
    conf->require_tls
        = PICK(add->require_tls, base->require_tls, SCIM_TLS_UNSET);
    conf->trusted_proxies
        = PICK(add->trusted_proxies, base->trusted_proxies, NULL);
    conf->max_body = PICK(add->max_body, base->max_body, UNSET);
    conf->max_depth = PICK(add->max_depth, base->max_depth, UNSET);
    conf->max_results = PICK(add->max_results, base->max_results, UNSET);
    conf->max_members = PICK(add->max_members, base->max_members, UNSET);
    conf->cursor_timeout_s = PICK(add->cursor_timeout_s,
                                  base->cursor_timeout_s, UNSET);
    conf->filter_length
        = PICK(add->filter_length, base->filter_length, UNSET);
    conf->filter_nodes = PICK(add->filter_nodes, base->filter_nodes, UNSET);
    conf->filter_depth = PICK(add->filter_depth, base->filter_depth, UNSET);
    conf->bulk_operations
        = PICK(add->bulk_operations, base->bulk_operations, UNSET);
    conf->bulk_bytes = PICK(add->bulk_bytes, base->bulk_bytes, UNSET);
    conf->rate = PICK(add->rate, base->rate, UNSET);
    conf->burst = PICK(add->burst, base->burst, UNSET);
    conf->types = PICK(add->types, base->types, NULL);
    conf->realm = PICK(add->realm, base->realm, NULL);
    conf->console = PICK(add->console, base->console, NULL);
    /* A constant nearer by is not overruled by an expression farther away. */
    conf->realm_expr = add->realm != NULL
                           ? NULL
                           : PICK(add->realm_expr, base->realm_expr, NULL);
    return conf;
}

void *mod_scim_create_server_config(apr_pool_t *pool, server_rec *server)
{
    scim_server_config *conf = apr_pcalloc(pool, sizeof(*conf));

    (void)server;
    conf->pool_size = UNSET;
    conf->connect_s = conf->wait_s = conf->request_s = UNSET;
    conf->prepare = UNSET;
    conf->type_sets = apr_array_make(pool, 1, sizeof(scim_type_set *));
    conf->tenants = apr_array_make(pool, 1, sizeof(scim_dir_config *));
    return conf;
}

void *mod_scim_merge_server_config(apr_pool_t *pool, void *parent, void *child)
{
    const scim_server_config *base = parent, *add = child;
    scim_server_config *conf = apr_pcalloc(pool, sizeof(*conf));

    conf->conninfo = PICK(add->conninfo, base->conninfo, NULL);
    conf->password = PICK(add->password, base->password, NULL);
    conf->pool_size = PICK(add->pool_size, base->pool_size, UNSET);
    conf->connect_s = PICK(add->connect_s, base->connect_s, UNSET);
    conf->wait_s = PICK(add->wait_s, base->wait_s, UNSET);
    conf->request_s = PICK(add->request_s, base->request_s, UNSET);
    conf->prepare = PICK(add->prepare, base->prepare, UNSET);
    conf->serves = add->serves;
    conf->tenants = add->tenants;
    conf->type_sets = add->type_sets;
    return conf;
}

/* ---------------------------------------------------------------- reading */

const scim_dir_config *mod_scim_dir_config(const request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &scim_module);
}

scim_server_config *mod_scim_server_config(const server_rec *server)
{
    return ap_get_module_config(server->module_config, &scim_module);
}

scim_tls_rule mod_scim_require_tls(const scim_dir_config *conf)
{
    return conf->require_tls != SCIM_TLS_UNSET ? conf->require_tls
                                               : SCIM_TLS_LOOPBACK;
}

void mod_scim_limits(serve_limits *out, const scim_dir_config *conf)
{
    out->max_body
        = (apr_size_t)DEFAULT_TO(conf->max_body, 16 * 1024 * 1024);
    out->bulk_operations = DEFAULT_TO(conf->bulk_operations, 1000);
    out->bulk_bytes = out->max_body;
    if (conf->bulk_bytes != UNSET
        && conf->bulk_bytes < (apr_int64_t)out->max_body) {
        out->bulk_bytes = (apr_size_t)conf->bulk_bytes;
    }
    out->max_depth = DEFAULT_TO(conf->max_depth, 32);
    out->max_results = DEFAULT_TO(conf->max_results, 200);
    out->max_members = DEFAULT_TO(conf->max_members, 1000000);
    out->cursor_timeout_s = DEFAULT_TO(conf->cursor_timeout_s, 3600);
    out->filter = scim_filter_default_limits;
    if (conf->filter_length != UNSET) {
        out->filter.length = (apr_size_t)conf->filter_length;
        out->filter.nodes = conf->filter_nodes;
        out->filter.depth = conf->filter_depth;
    }
}

scim_resource_types mod_scim_types(const scim_dir_config *conf)
{
    return conf->types != NULL ? scim_type_set_types(conf->types)
                               : scim_default_types;
}

int mod_scim_pool_size(const scim_server_config *conf)
{
    return DEFAULT_TO(conf->pool_size, 8);
}

int mod_scim_request_s(const scim_server_config *conf)
{
    return DEFAULT_TO(conf->request_s, 10);
}

void mod_scim_store_settings(store_settings *out,
                             const scim_server_config *conf)
{
    memset(out, 0, sizeof(*out));
    out->conninfo = conf->conninfo;
    out->password = conf->password;
    out->pool_size = mod_scim_pool_size(conf);
    out->connect_timeout_s = DEFAULT_TO(conf->connect_s, 2);
    if (out->connect_timeout_s > mod_scim_request_s(conf)) {
        out->connect_timeout_s = mod_scim_request_s(conf);
    }
    out->wait_ms = DEFAULT_TO(conf->wait_s, 2) * 1000;
    out->prepare = DEFAULT_TO(conf->prepare, 1);
}

/* ---------------------------------------------------------------- setters */

static const char *read_number(int *out, cmd_parms *cmd, const char *what,
                               const char *text, int min, int max)
{
    char *end;
    apr_int64_t n = apr_strtoi64(text, &end, 10);

    if (!apr_isdigit(*text) || *end != '\0' || n < min || n > max) {
        return apr_psprintf(cmd->pool, "%s takes %s%d to %d, not \"%s\"",
                            cmd->cmd->name, what, min, max, text);
    }
    *out = (int)n;
    return NULL;
}

static const char *set_organization(cmd_parms *cmd, void *dir,
                                    const char *arg)
{
    scim_dir_config *conf = dir;
    scim_error *err = admin_check_slug(arg, cmd->temp_pool);

    if (err != NULL) {
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, err->detail);
    }
    conf->organization = arg;
    return NULL;
}

static const char *set_base_url(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_dir_config *conf = dir;
    apr_uri_t uri;
    apr_size_t len = strlen(arg);

    if (apr_uri_parse(cmd->temp_pool, arg, &uri) != APR_SUCCESS
        || uri.scheme == NULL || uri.hostname == NULL
        || uri.hostname[0] == '\0' || uri.query != NULL
        || uri.fragment != NULL || uri.user != NULL
        || (ap_cstr_casecmp(uri.scheme, "https")
            && ap_cstr_casecmp(uri.scheme, "http"))
        || strpbrk(arg, " \t\"<>\\") != NULL) {
        return apr_psprintf(cmd->pool,
                            "%s takes a URL such as "
                            "https://id.example.com/scim/v2, not \"%s\"",
                            cmd->cmd->name, arg);
    }
    while (len > 0 && arg[len - 1] == '/') {
        len--;
    }
    conf->base_url = apr_pstrmemdup(cmd->pool, arg, len);
    return NULL;
}

static const char *set_require_tls(cmd_parms *cmd, void *dir, const char *arg)
{
    static const struct {
        const char *word;
        scim_tls_rule rule;
    } rules[] = { { "on", SCIM_TLS_ON },
                  { "loopback", SCIM_TLS_LOOPBACK },
                  { "off", SCIM_TLS_OFF } };
    scim_dir_config *conf = dir;
    apr_size_t i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (ap_cstr_casecmp(arg, rules[i].word) == 0) {
            conf->require_tls = rules[i].rule;
            return NULL;
        }
    }
    return apr_psprintf(cmd->pool, "%s takes On, Loopback or Off, not \"%s\"",
                        cmd->cmd->name, arg);
}

static int count_dots(const char *text)
{
    int dots = 0;

    for (; *text != '\0'; text++) {
        dots += *text == '.';
    }
    return dots;
}

static const char *set_trusted_proxy(cmd_parms *cmd, void *dir,
                                     const char *arg)
{
    scim_dir_config *conf = dir;
    char *address = apr_pstrdup(cmd->temp_pool, arg);
    char *mask = strchr(address, '/');
    apr_ipsubnet_t *subnet;

    if (mask != NULL) {
        *mask++ = '\0';
    }
    /* APR takes "10.1" as a network too: a slip that would trust a million. */
    if ((strchr(address, ':') == NULL && count_dots(address) != 3)
        || apr_ipsubnet_create(&subnet, address, mask, cmd->pool)
               != APR_SUCCESS) {
        return apr_psprintf(cmd->pool,
                            "%s takes IP addresses or networks such as "
                            "10.0.0.5 or 10.0.0.0/24, not \"%s\"",
                            cmd->cmd->name, arg);
    }
    if (conf->trusted_proxies == NULL) {
        conf->trusted_proxies
            = apr_array_make(cmd->pool, 2, sizeof(apr_ipsubnet_t *));
    }
    APR_ARRAY_PUSH(conf->trusted_proxies, apr_ipsubnet_t *) = subnet;
    return NULL;
}

/* 1K to 1024M, with K or M. */
static const char *read_bytes(apr_int64_t *out, cmd_parms *cmd,
                              const char *arg)
{
    char *end;
    apr_int64_t n = apr_strtoi64(arg, &end, 10);

    if (apr_isdigit(*arg) && n <= 1024 * 1024 * 1024) {
        if (*end == 'k' || *end == 'K') {
            n *= 1024;
            end++;
        }
        else if (*end == 'm' || *end == 'M') {
            n *= 1024 * 1024;
            end++;
        }
    }
    if (!apr_isdigit(*arg) || *end != '\0' || n < 1024
        || n > 1024 * 1024 * 1024) {
        return apr_psprintf(cmd->pool, "%s takes 1K to 1024M, not \"%s\"",
                            cmd->cmd->name, arg);
    }
    *out = n;
    return NULL;
}

static const char *set_max_body(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_dir_config *conf = dir;

    return read_bytes(&conf->max_body, cmd, arg);
}

static const char *set_bulk_limits(cmd_parms *cmd, void *dir,
                                   const char *operations, const char *bytes)
{
    scim_dir_config *conf = dir;
    const char *wrong = read_number(&conf->bulk_operations, cmd,
                                    "operations: ", operations, 0, 100000);

    return wrong != NULL || bytes == NULL
               ? wrong
               : read_bytes(&conf->bulk_bytes, cmd, bytes);
}

static const char *set_max_depth(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_dir_config *conf = dir;

    /* Below 8 a PATCH with a complex extension attribute does not fit. */
    return read_number(&conf->max_depth, cmd, "", arg, 8, 512);
}

static const char *set_max_results(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_dir_config *conf = dir;

    return read_number(&conf->max_results, cmd, "", arg, 1, 10000);
}

static const char *set_max_members(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_dir_config *conf = dir;

    return read_number(&conf->max_members, cmd, "", arg, 0, 100000000);
}

static const char *set_cursor_timeout(cmd_parms *cmd, void *dir,
                                      const char *arg)
{
    scim_dir_config *conf = dir;

    return read_number(&conf->cursor_timeout_s, cmd, "", arg, 1, 604800);
}

static const char *set_filter_limits(cmd_parms *cmd, void *dir,
                                     const char *length, const char *nodes,
                                     const char *depth)
{
    scim_dir_config *conf = dir;
    const char *wrong = read_number(&conf->filter_length, cmd, "a length of ",
                                    length, 256, 65536);

    if (wrong == NULL) {
        wrong = read_number(&conf->filter_nodes, cmd, "conditions: ", nodes, 1,
                            1024);
    }
    conf->filter_depth = scim_filter_default_limits.depth;
    if (wrong == NULL && depth != NULL) {
        wrong = read_number(&conf->filter_depth, cmd, "levels of brackets: ",
                            depth, 1, 128);
    }
    return wrong;
}

static const char *set_rate_limit(cmd_parms *cmd, void *dir, const char *rate,
                                  const char *burst)
{
    scim_dir_config *conf = dir;
    const char *wrong;

    if (ap_cstr_casecmp(rate, "off") == 0) {
        conf->rate = conf->burst = 0;
        return burst == NULL ? NULL
                             : apr_psprintf(cmd->pool,
                                            "%s off takes no burst",
                                            cmd->cmd->name);
    }
    wrong = read_number(&conf->rate, cmd,
                        "off or a number of requests a second: ", rate,
                        RATE_MIN, 100000);
    if (wrong == NULL && burst == NULL) {
        conf->burst = conf->rate;
        return NULL;
    }
    return wrong != NULL ? wrong
                         : read_number(&conf->burst, cmd, "a burst of ", burst,
                                       1, 1000000);
}

static const char *set_database(cmd_parms *cmd, void *dir, const char *arg)
{
    const char *wrong = store_conninfo_check(arg, cmd->pool);

    (void)dir;
    if (wrong != NULL) {
        /* The text is not quoted: a password may have been put into it. */
        return apr_psprintf(cmd->pool, "%s: %s", cmd->cmd->name, wrong);
    }
    mod_scim_server_config(cmd->server)->conninfo = arg;
    return NULL;
}

static const char *set_password_file(cmd_parms *cmd, void *dir,
                                     const char *arg)
{
    const char *path = ap_server_root_relative(cmd->pool, arg);
    const char *wrong;

    (void)dir;
    if (path == NULL) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is no path",
                            cmd->cmd->name, arg);
    }
    wrong = mod_scim_password_read(
        &mod_scim_server_config(cmd->server)->password, path, cmd->pool);
    return wrong == NULL ? NULL
                         : apr_psprintf(cmd->pool, "%s %s: %s",
                                        cmd->cmd->name, path, wrong);
}

static const char *set_pool(cmd_parms *cmd, void *dir, const char *arg)
{
    (void)dir;
    return read_number(&mod_scim_server_config(cmd->server)->pool_size, cmd,
                       "", arg, 1, 1000);
}

static const char *set_timeout(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_server_config *conf = mod_scim_server_config(cmd->server);
    struct {
        const char *name;
        int *seconds;
        int max;
    } times[] = { { "connect=", &conf->connect_s, 60 },
                  { "wait=", &conf->wait_s, 60 },
                  { "request=", &conf->request_s, 600 } };
    apr_size_t i;

    (void)dir;
    for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        apr_size_t len = strlen(times[i].name);

        if (ap_cstr_casecmpn(arg, times[i].name, len) == 0) {
            return read_number(times[i].seconds, cmd, times[i].name,
                               arg + len, 1, times[i].max);
        }
    }
    return apr_psprintf(cmd->pool,
                        "%s takes connect=SECONDS, wait=SECONDS and "
                        "request=SECONDS, not \"%s\"",
                        cmd->cmd->name, arg);
}

static const char *set_prepared(cmd_parms *cmd, void *dir, int on)
{
    (void)dir;
    mod_scim_server_config(cmd->server)->prepare = on;
    return NULL;
}

/* clang-format off */
#define SECTION (RSRC_CONF | ACCESS_CONF)

const command_rec mod_scim_directives[] = {
    AP_INIT_TAKE1("ScimService", mod_scim_set_service, NULL, ACCESS_CONF,
        "What this section serves: scim, admin or off"),
    AP_INIT_TAKE1("ScimOrganization", set_organization, NULL, SECTION,
        "The organization of this section; then the URL does not name it"),
    AP_INIT_TAKE1("ScimConsole", mod_scim_set_console, NULL, SECTION,
        "The folder of the console's files, or off"),
    AP_INIT_TAKE1("ScimRealm", mod_scim_set_realm, NULL, SECTION,
        "Whose names the users of the admin API are: a text or expr=..."),
    AP_INIT_TAKE1("ScimBaseURL", set_base_url, NULL, SECTION,
        "URL of the section as clients know it (default: from the request)"),
    AP_INIT_TAKE1("ScimRequireTLS", set_require_tls, NULL, SECTION,
        "On, Loopback (default: plain HTTP from this machine only) or Off"),
    AP_INIT_ITERATE("ScimTrustedProxy", set_trusted_proxy, NULL, SECTION,
        "Addresses or networks whose X-Forwarded-Proto is believed"),
    AP_INIT_TAKE1("ScimMaxBody", set_max_body, NULL, SECTION,
        "Largest body of a request, with K or M (default 16M)"),
    AP_INIT_TAKE1("ScimMaxDepth", set_max_depth, NULL, SECTION,
        "Deepest nesting of JSON in a request (default 32)"),
    AP_INIT_TAKE1("ScimCursorTimeout", set_cursor_timeout, NULL, SECTION,
                  "Seconds that a cursor stays good (default 3600)"),
    AP_INIT_TAKE1("ScimMaxResults", set_max_results, NULL, SECTION,
        "Largest page that a list request may ask for (default 200)"),
    AP_INIT_TAKE1("ScimMaxMembers", set_max_members, NULL, SECTION,
        "Most members of groups that one answer carries (default 1000000)"),
    AP_INIT_TAKE23("ScimFilterLimits", set_filter_limits, NULL, SECTION,
        "Bytes of a filter, conditions in it and levels of brackets (default"
        " 8192 64 32)"),
    AP_INIT_TAKE12("ScimBulkLimits", set_bulk_limits, NULL, SECTION,
        "Operations of a Bulk (default 1000; 0: none) and its bytes (default:"
        " ScimMaxBody)"),
    AP_INIT_TAKE12("ScimRateLimit", set_rate_limit, NULL, SECTION,
        "Requests a second for each token, and burst; or off (default)"),
    AP_INIT_TAKE_ARGV("ScimSchema", mod_scim_set_schema, NULL, SECTION,
        "A file with a schema, and what it extends: User, Group; required"),
    AP_INIT_TAKE1("ScimResourceType", mod_scim_set_resource_type, NULL, SECTION,
        "A file with a resource type, whose schemas were read before"),
    AP_INIT_ITERATE("ScimIndex", mod_scim_set_index, NULL, SECTION,
        "Attributes of users that filters find by an index of scimctl's"),
    AP_INIT_TAKE1("ScimDatabase", set_database, NULL, RSRC_CONF,
        "libpq connection string, without a password"),
    AP_INIT_TAKE1("ScimDatabasePasswordFile", set_password_file, NULL,
        RSRC_CONF, "File whose first line is the database password"),
    AP_INIT_TAKE1("ScimDatabasePool", set_pool, NULL, RSRC_CONF,
        "Connections of one child process at most (default 8)"),
    AP_INIT_ITERATE("ScimDatabaseTimeout", set_timeout, NULL, RSRC_CONF,
        "connect=, wait= and request= in seconds (default 2, 2 and 10)"),
    AP_INIT_FLAG("ScimPreparedStatements", set_prepared, NULL, RSRC_CONF,
        "Off for poolers that lose prepared statements (default On)"),
    { .name = NULL }
};
/* clang-format on */
