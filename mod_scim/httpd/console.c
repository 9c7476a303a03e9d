#include "httpd/console.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#define INDEX "index.html"

/* With nosniff the type is what decides whether a browser takes a file. */
static const struct {
    const char *suffix;
    const char *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".svg", "image/svg+xml" },
};

static const char *type_of(const char *name)
{
    const char *suffix = strrchr(name, '.');
    apr_size_t i;

    for (i = 0; suffix != NULL && i < sizeof(types) / sizeof(*types); i++) {
        if (strcmp(types[i].suffix, suffix) == 0) {
            return types[i].type;
        }
    }
    return NULL;
}

const char *mod_scim_set_console(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_dir_config *conf = dir;
    const char *path = ap_server_root_relative(cmd->temp_pool, arg);
    apr_finfo_t found;

    if (ap_cstr_casecmp(arg, "off") == 0) {
        conf->console = "";
        return NULL;
    }
    if (path == NULL
        || apr_stat(&found,
                    apr_pstrcat(cmd->temp_pool, path, "/" INDEX, NULL),
                    APR_FINFO_TYPE, cmd->temp_pool) != APR_SUCCESS) {
        return apr_psprintf(cmd->pool,
                            "%s takes off or the folder of the console, and "
                            "there is no " INDEX " in \"%s\"",
                            cmd->cmd->name, path != NULL ? path : arg);
    }
    conf->console = apr_pstrdup(cmd->pool, path);
    return NULL;
}

/* The file's name: one segment of plain letters, so that nothing but the
 * console's own files can be named. */
static const char *name_of(const mod_scim_call *call)
{
    const char *name = call->path != NULL ? call->path : "-";

    if (name[0] == '\0' || strcmp(name, "/") == 0) {
        return INDEX;
    }
    name++;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz.") == strlen(name)
                   && name[0] != '.' && type_of(name) != NULL
               ? name
               : NULL;
}

int mod_scim_console_claim(mod_scim_call *call)
{
    const char *folder = call->conf->console != NULL ? call->conf->console
                                                     : SCIM_CONSOLE_DIR;
    request_rec *r = call->r;
    const char *name = name_of(call);

    if (*folder == '\0' || name == NULL || r->method_number != M_GET) {
        return 0;
    }
    call->console_type = type_of(name);
    r->filename = apr_pstrcat(r->pool, folder, "/", name, NULL);
    return 1;
}

/* httpd's own way to a file would ask for a <Directory> that grants it; who may
 * see the console is said where the section is. */
int mod_scim_console_find(mod_scim_call *call)
{
    request_rec *r = call->r;

    /* Relative links need the "/". So does a proxy that has another path. */
    if (call->path[0] == '\0') {
        apr_table_setn(r->headers_out, "Location",
                       apr_pstrcat(r->pool,
                                   strrchr(call->conf->base_path, '/') + 1,
                                   "/", NULL));
        return HTTP_MOVED_PERMANENTLY;
    }
    if (apr_stat(&r->finfo, r->filename, APR_FINFO_MIN, r->pool)
            != APR_SUCCESS
        || r->finfo.filetype != APR_REG) {
        return HTTP_NOT_FOUND;
    }
    return OK;
}

/* What mod_deflate puts at the end of an ETag, httpd's core does not know again
 * (httpd bug 45023). */
static void forget_suffix(request_rec *r)
{
    const char *known = apr_table_get(r->headers_in, "If-None-Match"), *at;

    while (known != NULL && (at = strstr(known, "-gzip\"")) != NULL) {
        known = apr_pstrcat(r->pool,
                            apr_pstrmemdup(r->pool, known,
                                           (apr_size_t)(at - known)),
                            at + 5, NULL);
        apr_table_setn(r->headers_in, "If-None-Match", known);
    }
}

void mod_scim_console_send(mod_scim_call *call)
{
    request_rec *r = call->r;

    ap_set_content_type(r, call->console_type);
    r->handler = "default-handler";
    /* Asked for anew each time, and mostly not sent again (ETag). */
    apr_table_setn(r->err_headers_out, "Cache-Control", "no-cache");
    /* They hold no secrets, so that their size may be seen. */
    if (ap_get_output_filter_handle("DEFLATE") != NULL) {
        ap_add_output_filter("DEFLATE", NULL, r, r->connection);
        forget_suffix(r);
    }
}
