#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>
#include <jansson.h>

#include "scimctl/command.h"
#include "scimctl/print.h"
#include "scimctl/probe.h"
#include "scimctl/settings.h"

static void add(apr_array_header_t *findings, const char *subject, int good,
                const char *says, const char *hint)
{
    store_finding *finding = apr_pcalloc(findings->pool, sizeof(*finding));

    finding->subject = subject;
    finding->good = good;
    finding->says = says;
    finding->hint = good ? NULL : hint;
    APR_ARRAY_PUSH(findings, store_finding *) = finding;
}

/* What could not be looked at, and what the look says. */
static void add_error(apr_array_header_t *findings, const char *subject,
                      const scim_error *err, const char *hint)
{
    add(findings, subject, 0, err->detail, hint);
}

/* --------------------------------------------------------------- directives */

static void check_password_file(apr_array_header_t *findings,
                                const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_status_t status = apr_stat(&info, path, APR_FINFO_PROT, pool);
    int open;

    if (status != APR_SUCCESS) {
        add(findings, "password file", 0,
            apr_pstrcat(pool, path, " cannot be looked at", NULL),
            "make it, or correct ScimDatabasePasswordFile");
        return;
    }
    open = (info.protection & (APR_FPROT_GREAD | APR_FPROT_WREAD)) != 0;
    add(findings, "password file", !open,
        apr_pstrcat(pool, path, open ? " is open to others than its owner"
                                     : " is its owner's alone",
                    NULL),
        apr_pstrcat(pool, "chmod 600 ", path, NULL));
}

static void check_directives(apr_array_header_t *findings,
                             const scimctl_settings *s, apr_pool_t *pool)
{
    int children = scimctl_settings_children(s);
    int each = scimctl_settings_connections(s);

    add(findings, "directives", s->database != NULL && s->serves > 0,
        apr_psprintf(pool, "%s, %d sections with ScimService scim, up to %d "
                     "children with %d connections each",
                     s->database != NULL ? "ScimDatabase is there"
                                         : "ScimDatabase is missing",
                     s->serves, children, each),
        "--config takes the file that has the directives; it follows no "
        "Include: apachectl -t -D DUMP_CONFIG | scimctl doctor --config -");
    if (s->password_file != NULL) {
        check_password_file(findings, s->password_file, pool);
    }
}

/* ----------------------------------------------------------------- database */

static scim_error *check_database(apr_array_header_t *findings,
                                  int connections, scimctl_call *call)
{
    apr_array_header_t *more;
    scim_error *err = scimctl_connect(call);

    if (err != NULL) {
        add_error(findings, "database", err,
                  "--database, --config or the environment's SCIM_DATABASE "
                  "say where it is; is the server running, and does "
                  "pg_hba.conf let us in?");
        return NULL;
    }
    err = store_schema_check(&more, call->db, call->pool);
    if (err == NULL) {
        apr_array_cat(findings, more);
        err = store_admin_examine(&more, connections, call->db, call->pool);
    }
    if (err == NULL) {
        apr_array_cat(findings, more);
    }
    else {
        add_error(findings, "database", err, "scimctl database migrate");
    }
    return NULL;
}

/* --------------------------------------------------------------- tenant URL */

static const char *detail_of(const char *body, apr_pool_t *pool)
{
    json_t *json = json_loads(body, 0, NULL);
    const char *detail = json_string_value(json_object_get(json, "detail"));

    detail = apr_pstrdup(pool, detail != NULL ? detail : scim_excerpt(body,
                                                                      pool));
    json_decref(json);
    return detail;
}

/* What to do about an answer, by its status. */
static const char *advice(int status)
{
    switch (status) {
    case 0:
        return "is the URL right, does httpd run, is its certificate one that "
               "this machine trusts?";
    case 401:
        return "scimctl token list and scimctl organization show tell whether "
               "the token lives and SCIM is on";
    case 403:
        return "https:// in the URL; or ScimTrustedProxy, where a proxy ends "
               "TLS";
    case 404:
        return "the URL is https://HOST/BASE/SLUG, BASE being the section with "
               "ScimService scim";
    case 503:
        return "httpd's error log says why it cannot reach the database";
    default:
        return "httpd's error log says more";
    }
}

static void check_answer(apr_array_header_t *findings, const char *subject,
                         const char *url, const char *path, const char *token,
                         apr_pool_t *pool)
{
    scimctl_answer answer;
    scim_error *err = scimctl_probe(&answer, url, path, token, pool);

    if (err != NULL) {
        add_error(findings, subject, err, "install curl");
        return;
    }
    add(findings, subject, answer.status == 200,
        answer.status == 200
            ? apr_pstrcat(pool, url, " answers", NULL)
            : apr_psprintf(pool, "%s answers %d: %s", url, answer.status,
                           detail_of(answer.body, pool)),
        advice(answer.status));
}

static scim_error *check_url(apr_array_header_t *findings, scimctl_call *call)
{
    const char *url = scimctl_text(call, "url"), *token;
    scim_error *err;

    if (url == NULL) {
        return NULL;
    }
    err = scimctl_probe_token(&token, call->pool);
    if (err != NULL) {
        return err;
    }
    check_answer(findings, "tenant URL", url, "/ServiceProviderConfig", token,
                 call->pool);
    check_answer(findings, "token", url, "/Users?count=1", token, call->pool);
    return NULL;
}

/* ----------------------------------------------------------------- together */

static scim_error *examine(scimctl_call *call)
{
    apr_array_header_t *findings = apr_array_make(call->pool, 24,
                                                  sizeof(store_finding *));
    const char *path = scimctl_text(call, "config");
    scimctl_settings settings;
    int connections = 0;
    scim_error *err = NULL;

    if (path != NULL) {
        err = scimctl_settings_of(&settings, call);
    }
    if (err == NULL && path != NULL) {
        connections = scimctl_settings_children(&settings)
                      * scimctl_settings_connections(&settings);
        check_directives(findings, &settings, call->pool);
    }
    if (err == NULL) {
        err = check_database(findings, connections, call);
    }
    if (err == NULL) {
        err = check_url(findings, call);
    }
    return err != NULL ? err : scimctl_print_findings(findings, call);
}

/* clang-format off */
static const scimctl_option options[] = {
    { "url", "URL", "a tenant URL to be tried; the secret token comes from the"
      " environment's SCIM_TOKEN or from standard input", 0 },
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_doctor[] = {
    { .family = "doctor", .name = "",
      .summary = "Looks at everything that goes wrong: database, roles, clock,"
                 " connections, tokens, directives, tenant URL; says what to"
                 " do.",
      .options = options, .run = examine, .is_offline = 1 },
    { .name = NULL },
};
/* clang-format on */
