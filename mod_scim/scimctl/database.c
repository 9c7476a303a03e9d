#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "scimctl/command.h"
#include "scimctl/migration.h"
#include "scimctl/print.h"
#include "scimctl/types.h"

#define PASSWORD_MAX 1024

/* The first line, so that an editor's line end is no part of it. */
static scim_error *read_password(const char **out, const char *path,
                                 apr_pool_t *pool)
{
    const char *text;
    apr_size_t len;
    scim_error *err = scimctl_read_file(&text, path, pool);

    if (err != NULL) {
        return err;
    }
    len = strcspn(text, "\r\n");
    if (len == 0 || len > PASSWORD_MAX) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "The first line of %s is no password: it takes "
                               "1 to %d bytes.",
                               path, PASSWORD_MAX);
    }
    *out = apr_pstrmemdup(pool, text, len);
    return NULL;
}

/* Another node may run the same migrations right now: what it has done shows
 * as not run here. */
static scim_error *run_all(json_t *ran, const apr_array_header_t *migrations,
                           scimctl_call *call)
{
    const scimctl_migration *migration;
    const char *sql;
    scim_error *err = NULL;
    int i, did;

    for (i = 0; err == NULL && i < migrations->nelts; i++) {
        migration = &APR_ARRAY_IDX(migrations, i, scimctl_migration);
        err = scimctl_read_file(&sql, migration->path, call->pool);
        if (err == NULL) {
            err = store_schema_migrate(&did, migration->version, sql, call->db,
                                       call->pool);
        }
        if (err == NULL && did) {
            json_array_append_new(ran, json_integer(migration->version));
            if (!call->json) {
                printf("Ran %s\n", migration->path);
            }
        }
        else if (err != NULL) {
            err->detail = apr_psprintf(call->pool, "%s: %s", migration->path,
                                       err->detail);
        }
    }
    return err;
}

static scim_error *refuse_newer(scimctl_call *call)
{
    store_schema_state state;
    scim_error *err = store_schema_state_get(&state, call->db, call->pool);

    if (err == NULL && state.version > STORE_SCHEMA_VERSION) {
        err = scim_error_make(SCIM_UNAVAILABLE, call->pool,
                              "The database has version %d, which is newer "
                              "than this scimctl (%d): use the scimctl of the "
                              "release that migrated it.",
                              state.version, STORE_SCHEMA_VERSION);
    }
    return err;
}

static scim_error *prepare(apr_array_header_t **migrations,
                           const char **password, scimctl_call *call)
{
    const char *path = scimctl_text(call, "httpd-password-file");
    scim_error *err = scimctl_migrations(migrations, call->pool);

    *password = NULL;
    if (err == NULL && path != NULL) {
        err = read_password(password, path, call->pool);
    }
    return err != NULL ? err : refuse_newer(call);
}

static scim_error *migrate(scimctl_call *call)
{
    apr_array_header_t *migrations;
    const char *password;
    json_t *ran;
    scim_error *err = prepare(&migrations, &password, call);

    if (err != NULL) {
        return err;
    }
    ran = json_array();
    err = run_all(ran, migrations, call);
    if (err == NULL && password != NULL) {
        err = store_schema_set_password(password, call->db, call->pool);
    }
    if (err != NULL) {
        json_decref(ran);
        return err;
    }
    if (call->json) {
        scimctl_print_json(json_pack("{s:i, s:o}", "version",
                                     STORE_SCHEMA_VERSION, "ran", ran));
        return NULL;
    }
    json_decref(ran);
    printf("The database has version %d%s.\n", STORE_SCHEMA_VERSION,
           password != NULL ? "; the password of scim_httpd is set" : "");
    return NULL;
}

static scim_error *check(scimctl_call *call)
{
    apr_array_header_t *findings;
    scim_error *err = store_schema_check(&findings, call->db, call->pool);

    return err != NULL ? err : scimctl_print_findings(findings, call);
}

static void print_conflicts(const apr_array_header_t *conflicts,
                            apr_pool_t *pool)
{
    size_t n;
    json_t *one;
    int i;

    for (i = 0; i < conflicts->nelts; i++) {
        const store_refold_conflict *c
            = &APR_ARRAY_IDX(conflicts, i, store_refold_conflict);

        printf("Conflict: %s, %s %s \"%s\":\n", c->organization,
               c->resource_type, c->attribute, scimctl_escape(c->key, pool));
        json_array_foreach(c->resources, n, one) {
            printf("    %s  %s\n",
                   json_string_value(json_object_get(one, "id")),
                   scimctl_escape(
                       json_string_value(json_object_get(one, "name")), pool));
        }
    }
}

static json_t *refold_as_json(const store_refold *r)
{
    json_t *conflicts = json_array();
    int i;

    for (i = 0; i < r->conflicts->nelts; i++) {
        const store_refold_conflict *c
            = &APR_ARRAY_IDX(r->conflicts, i, store_refold_conflict);

        json_array_append_new(
            conflicts,
            json_pack("{s:s, s:s, s:s, s:s, s:O}", "organization",
                      c->organization, "resource_type", c->resource_type,
                      "attribute", c->attribute, "key", c->key, "resources",
                      c->resources));
    }
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:o}", "from",
                     r->from, "to", r->to, "users", r->users, "groups",
                     r->groups, "resources", r->resources, "unclaimed",
                     r->unclaimed, "applied", r->applied, "conflicts",
                     conflicts);
}

static scim_error *refold(scimctl_call *call)
{
    int apply = scimctl_is_set(call, "apply");
    scim_type_set *set;
    store_refold r;
    scim_error *err = scimctl_types(&set, call);

    if (err == NULL) {
        err = store_refold_run(&r, apply, scim_type_set_types(set), call->db,
                               call->pool);
    }
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(refold_as_json(&r));
    }
    else {
        print_conflicts(r.conflicts, call->pool);
        printf("%d users, %d groups and %d others %s folded anew (version %d "
               "to %d); unique values of %d %s claimed.\n",
               r.users, r.groups, r.resources, r.applied ? "were" : "are to be",
               r.from, r.to, r.unclaimed, r.applied ? "were" : "are not");
    }
    return r.conflicts->nelts == 0
               ? NULL
               : scim_error_make(SCIM_UNIQUENESS, call->pool,
                                 "%d values would belong to more than one "
                                 "resource, and nothing was changed: rename "
                                 "or delete one of each.",
                                 r.conflicts->nelts);
}

/* clang-format off */
static const scimctl_option refold_options[] = {
    { "apply", NULL, "changes what the report says; httpd must not write now",
      0 },
    SCIMCTL_SCHEMA_OPTION,
    SCIMCTL_TYPE_OPTION,
    { NULL, NULL, NULL, 0 },
};

static const scimctl_option migrate_options[] = {
    { "httpd-password-file", "FILE",
      "sets the password of scim_httpd to the file's first line", 0 },
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_database[] = {
    { "database", "migrate", NULL,
      "Brings the database to the version of this scimctl; harmless twice.",
      migrate_options, migrate },
    { "database", "check", NULL,
      "Looks at versions, roles, row-level security and the journal.",
      NULL, check },
    { "database", "refold", NULL,
      "Reports which names a new release compares in another way, and unique"
      " values that nobody has claimed.",
      refold_options, refold },
    { NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */
