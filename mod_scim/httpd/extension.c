#include "httpd/extension.h"

#include <apr_strings.h>

#include "httpd/directives.h"

#define FILE_MAX (1024 * 1024)

/* --------------------------------------------------------------- the file */

static const char *in_words(apr_status_t rv, apr_pool_t *pool)
{
    char text[120];

    return apr_pstrdup(pool, apr_strerror(rv, text, sizeof(text)));
}

static const char *read_open_file(const char **out, apr_size_t *len,
                                  apr_file_t *file, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, FILE_MAX + 1);
    apr_finfo_t info;
    apr_status_t rv = apr_file_info_get(&info, APR_FINFO_TYPE, file);

    if (rv == APR_SUCCESS && info.filetype != APR_REG) {
        return "this is no regular file";
    }
    rv = apr_file_read_full(file, text, FILE_MAX + 1, len);
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        return in_words(rv, pool);
    }
    if (*len > FILE_MAX) {
        return "this file has more than 1 MB";
    }
    *out = text;
    return NULL;
}

/* In the pool of this one directive. */
static const char *read_file(const char **out, apr_size_t *len,
                             const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    const char *wrong;
    apr_status_t rv
        = apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, pool);

    if (rv != APR_SUCCESS) {
        return in_words(rv, pool);
    }
    wrong = read_open_file(out, len, file, pool);
    apr_file_close(file);
    return wrong;
}

/* ----------------------------------------------------------- the directives */

/* A section that names any has these and no others. */
static scim_type_set *set_of(cmd_parms *cmd, scim_dir_config *conf)
{
    scim_server_config *server = mod_scim_server_config(cmd->server);

    if (conf->types == NULL) {
        conf->types = scim_type_set_make(cmd->pool);
        APR_ARRAY_PUSH(server->type_sets, scim_type_set *) = conf->types;
    }
    return conf->types;
}

typedef struct source {
    const char *path;
    const char *text;
    apr_size_t len;
} source;

static const char *open_source(source *out, cmd_parms *cmd, const char *arg)
{
    const char *wrong;

    out->path = ap_server_root_relative(cmd->pool, arg);
    if (out->path == NULL) {
        return apr_psprintf(cmd->pool, "%s: \"%s\" is no path",
                            cmd->cmd->name, arg);
    }
    wrong = read_file(&out->text, &out->len, out->path, cmd->temp_pool);
    return wrong == NULL ? NULL
                         : apr_psprintf(cmd->pool, "%s %s: %s",
                                        cmd->cmd->name, out->path, wrong);
}

static const char *refusal(const cmd_parms *cmd, const source *from,
                           const scim_error *err)
{
    return err == NULL ? NULL
                       : apr_psprintf(cmd->pool, "%s %s: %s", cmd->cmd->name,
                                      from->path, err->detail);
}

typedef struct purpose {
    int user, group, required;
} purpose;

static const char *read_purpose(purpose *out, cmd_parms *cmd, int argc,
                                char *const argv[])
{
    const struct {
        const char *word;
        int *flag;
    } words[] = { { "User", &out->user },
                  { "Group", &out->group },
                  { "required", &out->required } };
    size_t k;
    int i;

    for (i = 1; i < argc; i++) {
        for (k = 0; k < 3 && ap_cstr_casecmp(argv[i], words[k].word); k++) {
        }
        if (k == 3) {
            return apr_psprintf(cmd->pool,
                                "%s takes a file and User, Group or required, "
                                "not \"%s\"; a ScimResourceType names its "
                                "schemas itself",
                                cmd->cmd->name, argv[i]);
        }
        *words[k].flag = 1;
    }
    return out->required && !out->user && !out->group
               ? apr_psprintf(cmd->pool,
                              "%s: \"required\" of what? User, Group or both",
                              cmd->cmd->name)
               : NULL;
}

const char *mod_scim_set_schema(cmd_parms *cmd, void *dir, int argc,
                                char *const argv[])
{
    scim_dir_config *conf = dir;
    scim_type_set *set;
    const scim_schema *schema;
    purpose purpose = { 0, 0, 0 };
    const char *wrong;
    source from;
    scim_error *err;

    if (argc == 0) {
        return apr_psprintf(cmd->pool, "%s takes a file", cmd->cmd->name);
    }
    set = set_of(cmd, conf);
    if (argc == 1 && ap_cstr_casecmp(argv[0], "off") == 0) {
        return NULL;
    }
    wrong = read_purpose(&purpose, cmd, argc, argv);
    if (wrong == NULL) {
        wrong = open_source(&from, cmd, argv[0]);
    }
    if (wrong != NULL) {
        return wrong;
    }
    err = scim_type_set_add_schema(&schema, set, from.text, from.len);
    if (err == NULL && purpose.user) {
        err = scim_type_set_extend(set, SCIM_KIND_USER, schema,
                                   purpose.required);
    }
    if (err == NULL && purpose.group) {
        err = scim_type_set_extend(set, SCIM_KIND_GROUP, schema,
                                   purpose.required);
    }
    return refusal(cmd, &from, err);
}

const char *mod_scim_set_resource_type(cmd_parms *cmd, void *dir,
                                       const char *arg)
{
    scim_type_set *set = set_of(cmd, dir);
    source from;
    const char *wrong = open_source(&from, cmd, arg);

    return wrong != NULL
               ? wrong
               : refusal(cmd, &from,
                         scim_type_set_add_type(set, from.text, from.len));
}

const char *mod_scim_set_index(cmd_parms *cmd, void *dir, const char *arg)
{
    scim_path path;
    scim_error *err = scim_type_set_mark(&path, set_of(cmd, dir), arg);

    return err == NULL ? NULL
                       : apr_psprintf(cmd->pool, "%s %s: %s", cmd->cmd->name,
                                      arg, err->detail);
}

const char *mod_scim_check_types(server_rec *server, apr_pool_t *pool)
{
    const scim_server_config *conf = mod_scim_server_config(server);
    const scim_schema *unused = NULL;
    int i;

    for (i = 0; unused == NULL && i < conf->type_sets->nelts; i++) {
        unused = scim_type_set_unused(
            APR_ARRAY_IDX(conf->type_sets, i, scim_type_set *));
    }
    return unused == NULL
               ? NULL
               : apr_psprintf(pool,
                              "ScimSchema: nothing has the schema \"%s\"; name "
                              "User or Group behind its file, or let a "
                              "ScimResourceType name it",
                              unused->id);
}
