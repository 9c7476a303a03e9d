#include "httpd/child.h"

#include <apr_strings.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <http_log.h>

#include "httpd/extension.h"
#include "httpd/limit.h"
#include "scim_version.h"

APLOG_USE_MODULE(scim);

static int has_equal_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static int has_equal_store(const scim_server_config *a,
                           const scim_server_config *b)
{
    store_settings one, other;

    mod_scim_store_settings(&one, a);
    mod_scim_store_settings(&other, b);
    return has_equal_text(one.conninfo, other.conninfo)
           && has_equal_text(one.password, other.password)
           && one.pool_size == other.pool_size
           && one.connect_timeout_s == other.connect_timeout_s
           && one.wait_ms == other.wait_ms && one.prepare == other.prepare;
}

/* The first server before this one that has the same settings, or this one:
 * virtual hosts share their connections. */
static server_rec *first_alike(server_rec *server, server_rec *main_server)
{
    const scim_server_config *conf = mod_scim_server_config(server);
    server_rec *other = main_server;

    while (other != server
           && !has_equal_store(mod_scim_server_config(other), conf)) {
        other = other->next;
    }
    return other;
}

int mod_scim_check_config(apr_pool_t *pconf, apr_pool_t *plog,
                          apr_pool_t *ptemp, server_rec *main_server)
{
    server_rec *server;

    (void)pconf, (void)plog;
    for (server = main_server; server != NULL; server = server->next) {
        const scim_server_config *conf = mod_scim_server_config(server);
        const char *wrong = mod_scim_check_types(server, ptemp);

        if (wrong != NULL) {
            ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, server,
                         "SCIM0206: %s", wrong);
            return !OK;
        }
        if (conf->serves != NULL && conf->conninfo == NULL) {
            ap_log_error(APLOG_MARK, APLOG_ERR | APLOG_STARTUP, 0, server,
                         "SCIM0204: ScimService %s in the server defined at "
                         "%s:%u needs a ScimDatabase",
                         conf->serves,
                         server->defn_name != NULL ? server->defn_name
                                                   : "the main level",
                         server->defn_line_number);
            return !OK;
        }
    }
    return OK;
}

static int threads_of_child(void)
{
    int threads = 1;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    return threads > 1 ? threads : 1; /* prefork */
}

static int fit_to_threads(int pool_size)
{
    int threads = threads_of_child();

    return pool_size < threads ? pool_size : threads;
}

/* max_connections is the setting that operators forget; during a graceful
 * restart old and new children are connected side by side. */
static void tell_connections(server_rec *server)
{
    const scim_server_config *conf = mod_scim_server_config(server);
    int each = fit_to_threads(mod_scim_pool_size(conf)), children = 1;

    ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children);
    ap_log_error(APLOG_MARK, APLOG_NOTICE, 0, server,
                 "SCIM0202: mod_scim " SCIM_VERSION ": up to %d children with "
                 "%d connections each: max_connections of PostgreSQL must "
                 "leave room for %d, and for twice as many during a graceful "
                 "restart",
                 children, each, children * each);
}

int mod_scim_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                         apr_pool_t *ptemp, server_rec *main_server)
{
    server_rec *server;
    apr_status_t rv;

    (void)plog, (void)ptemp;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK; /* the first of two passes: forgotten at once */
    }
    rv = mod_scim_limit_create(pconf);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, main_server,
                     "SCIM0205: no shared memory: each child counts requests "
                     "for itself");
    }
    for (server = main_server; server != NULL; server = server->next) {
        if (mod_scim_server_config(server)->conninfo != NULL
            && first_alike(server, main_server) == server) {
            tell_connections(server);
        }
    }
    return OK;
}

static void log_store(void *server, store_log_level level, const char *message)
{
    static const int levels[] = {
        [STORE_LOG_ERROR] = APLOG_ERR,
        [STORE_LOG_WARN] = APLOG_WARNING,
        [STORE_LOG_INFO] = APLOG_INFO,
        [STORE_LOG_DEBUG] = APLOG_DEBUG,
    };

    ap_log_error(APLOG_MARK, levels[level], 0, (server_rec *)server,
                 "SCIM0201: %s", message);
}

static store *open_store(apr_pool_t *pchild, server_rec *server)
{
    store_settings settings;
    store *opened;
    apr_status_t rv;

    mod_scim_store_settings(&settings, mod_scim_server_config(server));
    settings.pool_size = fit_to_threads(settings.pool_size);
    settings.log = log_store;
    settings.log_context = server;
    rv = store_open(&opened, &settings, pchild);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, server,
                     "SCIM0203: this child cannot make its pool of "
                     "connections and answers 503");
        return NULL;
    }
    return opened;
}

/* The configuration lies in this child's copy of the parent's memory. */
void mod_scim_child_init(apr_pool_t *pchild, server_rec *main_server)
{
    server_rec *server, *alike;

    for (server = main_server; server != NULL; server = server->next) {
        scim_server_config *conf = mod_scim_server_config(server);

        if (conf->conninfo == NULL) {
            continue;
        }
        alike = first_alike(server, main_server);
        conf->store = alike == server ? open_store(pchild, server)
                                      : mod_scim_server_config(alike)->store;
    }
}
