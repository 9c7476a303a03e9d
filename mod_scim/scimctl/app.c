#include "admin/app.h"

#include <stdio.h>
#include <string.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

static json_t *as_json(const store_app *app)
{
    return json_pack("{s:i, s:o, s:o, s:b, s:b, s:s, s:o, s:o, s:I}",
                     "app_id", app->app_id,
                     "kind", scimctl_json_text(app->kind),
                     "name", scimctl_json_text(app->name),
                     "whole_organization", app->whole_organization,
                     "strict", app->strict,
                     "passwords", app->passwords ? "store" : "drop",
                     "created", scimctl_json_text(app->created),
                     "uninstalled", scimctl_json_text(app->uninstalled),
                     "tokens", (json_int_t)app->tokens);
}

/* -1: the option is not there. */
static scim_error *read_passwords(int *out, const scimctl_call *call)
{
    const char *word = scimctl_text(call, "passwords");

    *out = word == NULL                 ? -1
           : strcmp(word, "store") == 0 ? 1
           : strcmp(word, "drop") == 0  ? 0
                                        : -2;
    return *out >= -1 ? NULL
                      : scim_error_make(SCIM_INVALID_VALUE, call->pool,
                                        "--passwords takes store or drop, not "
                                        "\"%s\".",
                                        scim_excerpt(word, call->pool));
}

static scim_error *install(scimctl_call *call)
{
    const char *slug = scimctl_text(call, "organization");
    store_app wanted = { .kind = scimctl_text(call, "kind"),
                         .name = scimctl_text(call, "name") };
    store_app made;
    scim_error *err = read_passwords(&wanted.passwords, call);

    if (err != NULL) {
        return err;
    }
    wanted.passwords = wanted.passwords == 1;
    wanted.whole_organization = scimctl_is_set(call, "whole-organization");
    wanted.strict = scimctl_is_set(call, "strict");
    err = admin_app_install(&made, slug, &wanted, &call->actor, call->db,
                            call->pool);
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(as_json(&made));
        return NULL;
    }
    printf("Installed app %d, \"%s\", in the organization \"%s\".\n",
           made.app_id, scimctl_escape(made.name, call->pool), slug);
    printf("Next: scimctl token create --organization %s --app %d\n", slug,
           made.app_id);
    return NULL;
}

static void print_all(const apr_array_header_t *all, apr_pool_t *pool)
{
    static const char *const head[]
        = { "APP",       "KIND",   "NAME",    "SEES",       "STRICT",
            "PASSWORDS", "TOKENS", "CREATED", "UNINSTALLED" };
    scimctl_table *table = scimctl_table_make(9, pool);
    int i;

    for (i = 0; i < 9; i++) {
        scimctl_table_add(table, head[i]);
    }
    for (i = 0; i < all->nelts; i++) {
        const store_app *app = APR_ARRAY_IDX(all, i, store_app *);

        scimctl_table_number(table, app->app_id);
        scimctl_table_add(table, app->kind);
        scimctl_table_add(table, app->name);
        scimctl_table_add(table, app->whole_organization ? "everything"
                                                         : "its own");
        scimctl_table_add(table, app->strict ? "yes" : "no");
        scimctl_table_add(table, app->passwords ? "stored" : "dropped");
        scimctl_table_number(table, app->tokens);
        scimctl_table_add(table, app->created);
        scimctl_table_add(table, app->uninstalled);
    }
    scimctl_table_print(table);
}

static scim_error *list(scimctl_call *call)
{
    apr_array_header_t *all;
    json_t *json;
    int i;
    scim_error *err = store_app_list(&all, scimctl_text(call, "organization"),
                                     call->db, call->pool);

    if (err != NULL) {
        return err;
    }
    if (!call->json) {
        print_all(all, call->pool);
        return NULL;
    }
    json = json_array();
    for (i = 0; i < all->nelts; i++) {
        json_array_append_new(json,
                              as_json(APR_ARRAY_IDX(all, i, store_app *)));
    }
    scimctl_print_json(json);
    return NULL;
}

static scim_error *read_id(int *out, scimctl_call *call)
{
    apr_int64_t id;
    scim_error *err = scimctl_number(&id, "The app's number", call->argument,
                                     1, APR_INT32_MAX, call->pool);

    if (err == NULL) {
        *out = (int)id;
    }
    return err;
}

/* The same answer in both ways: which app, and what was done. */
static void say(const scimctl_call *call, int app_id, const char *done)
{
    if (call->json) {
        scimctl_print_json(json_pack("{s:i, s:s}", "app_id", app_id, "done",
                                     done));
    }
    else {
        printf("App %d %s.\n", app_id, done);
    }
}

static scim_error *change(scimctl_call *call)
{
    int app_id, whole, strict, passwords;
    scim_error *err = read_id(&app_id, call);

    if (err == NULL) {
        err = scimctl_on_off(&whole, call, "whole-organization");
    }
    if (err == NULL) {
        err = scimctl_on_off(&strict, call, "strict");
    }
    if (err == NULL) {
        err = read_passwords(&passwords, call);
    }
    if (err != NULL) {
        return err;
    }
    if (whole < 0 && strict < 0 && passwords < 0) {
        return scim_error_make(SCIM_BAD_REQUEST, call->pool,
                               "What shall be changed? Usage: %s",
                               scimctl_usage(call->command, call->pool));
    }
    err = store_app_change(scimctl_text(call, "organization"), app_id, whole,
                           strict, passwords, &call->actor, call->db,
                           call->pool);
    if (err == NULL) {
        say(call, app_id, "changed");
    }
    return err;
}

static scim_error *uninstall(scimctl_call *call)
{
    int app_id;
    scim_error *err = read_id(&app_id, call);

    if (err == NULL) {
        err = store_app_uninstall(scimctl_text(call, "organization"), app_id,
                                  &call->actor, call->db, call->pool);
    }
    if (err == NULL) {
        say(call, app_id, "uninstalled");
    }
    return err;
}

/* clang-format off */
#define PASSWORDS { "passwords", "store|drop", \
    "keeps hashes of passwords, for AuthBasicProvider scim (drop)", 0 }
#define ORGANIZATION { "organization", "SLUG", "whose app", 1 }

static const scimctl_option install_options[] = {
    ORGANIZATION,
    { "kind", "entra|okta|onelogin|generic", "the identity provider", 1 },
    { "name", "NAME", "what people call it", 1 },
    { "whole-organization", NULL,
      "sees and writes what other apps made, too", 0 },
    { "strict", NULL, "takes nothing but what RFC 7643 and 7644 say", 0 },
    PASSWORDS,
    { NULL, NULL, NULL, 0 },
};

static const scimctl_option change_options[] = {
    ORGANIZATION,
    { "whole-organization", "on|off",
      "sees and writes what other apps made, too", 0 },
    { "strict", "on|off", "takes nothing but what RFC 7643 and 7644 say", 0 },
    PASSWORDS,
    { NULL, NULL, NULL, 0 },
};

static const scimctl_option organization_only[] = {
    ORGANIZATION,
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_app[] = {
    { "app", "install", NULL,
      "Installs an app: one identity provider's connection.",
      install_options, install },
    { "app", "list", NULL, "Lists an organization's apps.",
      organization_only, list },
    { "app", "change", "ID", "Changes what an app sees or how strict it is.",
      change_options, change },
    { "app", "uninstall", "ID",
      "Revokes an app's tokens; its users and groups stay.",
      organization_only, uninstall },
    { NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */
