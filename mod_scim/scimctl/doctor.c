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

/* *good: what follows may be tried. */
static scim_error *try_step(int *good, apr_array_header_t *findings,
                            const admin_trial_step *step, const char *url,
                            const char *token, apr_pool_t *pool)
{
    admin_trial_answer answer = { 0 };
    const char *says, *hint;
    scim_error *err = step->method != NULL
                          ? scimctl_probe(&answer, step, url, token, pool)
                          : NULL;

    if (err != NULL) {
        return err;
    }
    hint = admin_trial_judge(&says, step, url, &answer, pool);
    add(findings, apr_pstrcat(pool, "url: ", step->code, NULL), hint == NULL,
        apr_pstrcat(pool, step->title, ": ", says, NULL), hint);
    *good = hint == NULL || !step->decides;
    return NULL;
}

static scim_error *read_kind(admin_provider *out, const scimctl_call *call)
{
    const char *kind = scimctl_text(call, "kind");

    *out = admin_provider_of(kind);
    return kind == NULL || *out != ADMIN_GENERIC || strcmp(kind, "generic") == 0
               ? NULL
               : scim_error_make(SCIM_INVALID_VALUE, call->pool,
                                 "--kind is one of " ADMIN_KINDS ".");
}

static scim_error *check_url(apr_array_header_t *findings, scimctl_call *call)
{
    const char *url = scimctl_text(call, "url"), *token;
    admin_provider provider;
    apr_array_header_t *steps;
    int i, good = 1;
    scim_error *err = read_kind(&provider, call);

    if (err == NULL && url != NULL) {
        err = scimctl_probe_token(&token, call->pool);
    }
    if (err != NULL || url == NULL) {
        return err;
    }
    steps = admin_trial(provider, call->pool);
    for (i = 0; err == NULL && good && i < steps->nelts; i++) {
        err = try_step(&good, findings,
                       APR_ARRAY_IDX(steps, i, const admin_trial_step *), url,
                       token, call->pool);
    }
    if (err != NULL) {
        add_error(findings, "url", err,
                  "install curl, and take URL and token as they were shown");
    }
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
    { "url", "URL", "a tenant URL to be tried with a provider's own first"
      " requests; the secret token comes from the environment's SCIM_TOKEN or"
      " from standard input", 0 },
    { "kind", ADMIN_KINDS, "whose requests (default: generic)", 0 },
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
