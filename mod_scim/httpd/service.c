#include "httpd/service.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_log.h>

#include "admin/check.h"
#include "httpd/directives.h"

APLOG_USE_MODULE(scim); /* for ap_expr_parse_cmd() */

/* <Location> around the directive, or NULL. Its pattern forms have no path
 * that could be the base of a URL. */
static const ap_directive_t *enclosing_location(const cmd_parms *cmd)
{
    const ap_directive_t *outer = cmd->directive->parent;

    while (outer != NULL && ap_cstr_casecmp(outer->directive, "<Location")) {
        outer = outer->parent;
    }
    return outer != NULL && outer->args[0] != '~' ? outer : NULL;
}

/* What a section may serve; -1: nothing that is known. */
static int read_service(const char *word)
{
    static const char *const words[] = { [SCIM_SERVICE_OFF] = "off",
                                         [SCIM_SERVICE_SCIM] = "scim",
                                         [SCIM_SERVICE_ADMIN] = "admin" };
    int i;

    for (i = 0; i <= SCIM_SERVICE_ADMIN; i++) {
        if (ap_cstr_casecmp(word, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static const char *refuse_service(const cmd_parms *cmd, const char *word)
{
    if (ap_cstr_casecmp(word, "status") == 0
        || ap_cstr_casecmp(word, "metrics") == 0) {
        return apr_psprintf(cmd->pool,
                            "%s %s is not part of this version of mod_scim; "
                            "it serves scim or admin, or is off",
                            cmd->cmd->name, word);
    }
    return apr_psprintf(cmd->pool, "%s takes scim, admin or off, not \"%s\"",
                        cmd->cmd->name, word);
}

static void note_service(cmd_parms *cmd, scim_dir_config *conf)
{
    scim_server_config *server = mod_scim_server_config(cmd->server);

    if (conf->service == SCIM_SERVICE_SCIM) {
        APR_ARRAY_PUSH(server->tenants, scim_dir_config *) = conf;
    }
    if (conf->service != SCIM_SERVICE_OFF) {
        server->serves
            = conf->service == SCIM_SERVICE_SCIM ? "scim" : "admin";
    }
}

const char *mod_scim_set_service(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_dir_config *conf = dir;
    int service = read_service(arg);
    apr_size_t len;

    if (service < 0) {
        return refuse_service(cmd, arg);
    }
    if (ap_check_cmd_context(cmd, NOT_IN_DIRECTORY | NOT_IN_FILES
                                      | NOT_IN_LIMIT)
            != NULL
        || enclosing_location(cmd) == NULL || cmd->path[0] != '/'
        || apr_fnmatch_test(cmd->path)) {
        return apr_psprintf(cmd->pool,
                            "%s belongs into a <Location /path> section "
                            "without a pattern",
                            cmd->cmd->name);
    }
    len = strlen(cmd->path);
    while (len > 0 && cmd->path[len - 1] == '/') {
        len--;
    }
    conf->base_path = apr_pstrmemdup(cmd->pool, cmd->path, len);
    conf->service = (scim_service)service;
    note_service(cmd, conf);
    return NULL;
}

const char *mod_scim_set_realm(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_dir_config *conf = dir;
    const char *wrong;
    scim_error *err;

    if (strncmp(arg, "expr=", 5) == 0) {
        conf->realm = NULL;
        conf->realm_expr = ap_expr_parse_cmd(
            cmd, arg + 5, AP_EXPR_FLAG_STRING_RESULT, &wrong, NULL);
        return wrong == NULL ? NULL
                             : apr_psprintf(cmd->pool, "%s: %s in \"%s\"",
                                            cmd->cmd->name, wrong, arg + 5);
    }
    err = admin_check_name(cmd->cmd->name, arg, cmd->pool);
    if (err != NULL) {
        return err->detail;
    }
    conf->realm = arg;
    conf->realm_expr = NULL;
    return NULL;
}
