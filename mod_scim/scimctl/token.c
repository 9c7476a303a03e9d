#include <stdio.h>

#include <apr_strings.h>

#include "admin/issue.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

static scim_error *read_order(admin_token_order *out, scimctl_call *call)
{
    const char *days = scimctl_text(call, "expires");
    const char *name = scimctl_text(call, "name");
    apr_int64_t app_id, expires = ADMIN_TOKEN_DAYS_DEFAULT;
    scim_error *err = scimctl_number(&app_id, "--app",
                                     scimctl_text(call, "app"), 1,
                                     APR_INT32_MAX, call->pool);

    if (err == NULL && days != NULL) {
        err = scimctl_number(&expires, "--expires", days, 0,
                             ADMIN_TOKEN_DAYS_MAX, call->pool);
    }
    if (err != NULL) {
        return err;
    }
    out->slug = scimctl_text(call, "organization");
    out->app_id = (int)app_id;
    out->name = name != NULL ? name : "";
    out->expires_days = (int)expires;
    out->read_only = scimctl_is_set(call, "read-only");
    return NULL;
}

static void print_token(const char *text, const store_token *made,
                        const store_organization *o, apr_pool_t *pool)
{
    printf("Secret token, shown this once only:\n\n    %s\n\n", text);
    printf("Key %" APR_INT64_T_FMT " of app %d, \"%s\"%s, expires %s.\n",
           made->key_id, made->app_id, scimctl_escape(made->app, pool),
           made->read_only ? ", read-only" : "",
           made->expires != NULL ? made->expires : "never");
    printf("Tenant URL: https://HOST/BASE/%s, where BASE is the path of the "
           "section with\n\"ScimService scim\" in httpd's configuration, for "
           "instance\nhttps://scim.example.com/scim/v2/%s (where "
           "ScimOrganization names the organization,\nwithout its last "
           "segment).\n",
           o->slug, o->slug);
    if (!o->scim_on) {
        printf("SCIM is still off for this organization: scimctl organization "
               "enable %s\n",
               o->slug);
    }
    if (o->suspended) {
        printf("The organization is suspended: scimctl organization resume "
               "%s\n",
               o->slug);
    }
}

static void print_created(const char *text, const store_token *made,
                          const store_organization *o,
                          const scimctl_call *call)
{
    if (!call->json) {
        print_token(text, made, o, call->pool);
        return;
    }
    scimctl_print_json(json_pack("{s:s, s:I, s:i, s:o}", "token", text,
                                 "key_id", (json_int_t)made->key_id, "app_id",
                                 made->app_id, "expires",
                                 scimctl_json_text(made->expires)));
}

/* The organization is read first: after the token is there, nothing may fail
 * before it is shown. */
static scim_error *create(scimctl_call *call)
{
    admin_token_order order;
    apr_array_header_t *found;
    store_token made;
    const char *text;
    scim_error *err = read_order(&order, call);

    if (err == NULL) {
        err = store_organization_list(&found, order.slug, call->db,
                                      call->pool);
    }
    if (err == NULL) {
        err = admin_token_issue(&text, &made, &order, &call->actor, call->db,
                                call->pool);
    }
    if (err == NULL) {
        print_created(text, &made,
                      APR_ARRAY_IDX(found, 0, store_organization *), call);
    }
    return err;
}

static json_t *as_json(const store_token *token)
{
    return json_pack(
        "{s:I, s:i, s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:o, s:o, s:o}",
        "key_id", (json_int_t)token->key_id,
        "app_id", token->app_id,
        "app", scimctl_json_text(token->app),
        "name", scimctl_json_text(token->name),
        "last_four", scimctl_json_text(token->last_four),
        "read_only", token->read_only,
        "creator", scimctl_json_text(token->creator),
        "created", scimctl_json_text(token->created),
        "expires", scimctl_json_text(token->expires),
        "revoked", scimctl_json_text(token->revoked),
        "last_used", scimctl_json_text(token->last_used),
        "last_address", scimctl_json_text(token->last_address));
}

static void print_all(const apr_array_header_t *all, apr_pool_t *pool)
{
    static const char *const head[] = { "KEY",       "APP",     "NAME",
                                        "ENDS WITH", "RIGHTS",  "EXPIRES",
                                        "REVOKED",   "LAST USED" };
    scimctl_table *table = scimctl_table_make(8, pool);
    int i;

    for (i = 0; i < 8; i++) {
        scimctl_table_add(table, head[i]);
    }
    for (i = 0; i < all->nelts; i++) {
        const store_token *token = APR_ARRAY_IDX(all, i, store_token *);

        scimctl_table_number(table, token->key_id);
        scimctl_table_add(table, apr_psprintf(pool, "%d %s", token->app_id,
                                              token->app));
        scimctl_table_add(table, token->name);
        scimctl_table_add(table, token->last_four);
        scimctl_table_add(table, token->read_only ? "read" : "read, write");
        scimctl_table_add(table, token->expires != NULL ? token->expires
                                                        : "never");
        scimctl_table_add(table, token->revoked);
        scimctl_table_add(table, token->last_used);
    }
    scimctl_table_print(table);
}

static scim_error *list(scimctl_call *call)
{
    apr_array_header_t *all;
    json_t *json;
    int i;
    scim_error *err = store_token_list(&all,
                                       scimctl_text(call, "organization"),
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
                              as_json(APR_ARRAY_IDX(all, i, store_token *)));
    }
    scimctl_print_json(json);
    return NULL;
}

#define LARGEST_KEY APR_INT64_C(999999999999999999) /* 18 digits */

static scim_error *revoke_token(scimctl_call *call)
{
    apr_int64_t key_id;
    scim_error *err = scimctl_number(&key_id, "The token's key",
                                     call->argument, 1, LARGEST_KEY,
                                     call->pool);

    if (err == NULL) {
        err = store_token_revoke(scimctl_text(call, "organization"), key_id,
                                 &call->actor, call->db, call->pool);
    }
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(json_pack("{s:I, s:s}", "key_id",
                                     (json_int_t)key_id, "done", "revoked"));
    }
    else {
        printf("The token with key %" APR_INT64_T_FMT " is revoked.\n",
               key_id);
    }
    return NULL;
}

/* clang-format off */
#define ORGANIZATION { "organization", "SLUG", "whose token", 1 }

static const scimctl_option create_options[] = {
    ORGANIZATION,
    { "app", "ID", "for which app", 1 },
    { "name", "NAME", "to tell it from other tokens", 0 },
    { "expires", "DAYS", "default 365; 0: never", 0 },
    { "read-only", NULL, "writes nothing", 0 },
    { NULL, NULL, NULL, 0 },
};

static const scimctl_option organization_only[] = {
    ORGANIZATION,
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_token[] = {
    { "token", "create", NULL,
      "Makes a secret token for an app and shows it, this once only.",
      create_options, create },
    { "token", "list", NULL, "Lists an organization's tokens, without their "
      "text.", organization_only, list },
    { "token", "revoke", "KEY", "Ends a token, from the next request on.",
      organization_only, revoke_token },
    { NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */
