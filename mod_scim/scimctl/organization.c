#include "admin/organization.h"

#include <stdio.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

static json_t *as_json(const store_organization *o)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:b, s:b, s:o, s:I, s:I, s:I}",
                     "id", (json_int_t)o->org_id,
                     "slug", scimctl_json_text(o->slug),
                     "name", scimctl_json_text(o->name),
                     "owner", scimctl_json_text(o->owner),
                     "realm", scimctl_json_text(o->realm),
                     "scim", o->scim_on, "suspended", o->suspended,
                     "created", scimctl_json_text(o->created),
                     "users", (json_int_t)o->users,
                     "groups", (json_int_t)o->groups,
                     "apps", (json_int_t)o->apps);
}

static const char *scim_text(const store_organization *o)
{
    return o->suspended ? "suspended" : o->scim_on ? "on" : "off";
}

static scim_error *create(scimctl_call *call)
{
    store_organization wanted = { .slug = call->argument };
    store_organization made;
    const char *slug;
    int scim_on;
    scim_error *err = scimctl_on_off(&scim_on, call, "scim");

    if (err != NULL) {
        return err;
    }
    wanted.name = scimctl_text(call, "name");
    wanted.owner = scimctl_text(call, "owner");
    wanted.realm = scimctl_text(call, "realm");
    wanted.scim_on = scim_on == 1;
    err = admin_organization_create(&made, &wanted, &call->actor, call->db,
                                    call->pool);
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(as_json(&made));
        return NULL;
    }
    slug = made.slug;
    printf("Made the organization \"%s\" with the owner %s; SCIM is %s.\n",
           slug, scimctl_escape(made.owner, call->pool), scim_text(&made));
    printf("Next: scimctl app install --organization %s --kind KIND --name "
           "NAME\n",
           slug);
    return NULL;
}

static void print_all(const apr_array_header_t *all, apr_pool_t *pool)
{
    static const char *const head[] = { "SLUG",   "NAME",  "SCIM", "APPS",
                                        "USERS",  "GROUPS", "OWNER",
                                        "CREATED" };
    scimctl_table *table = scimctl_table_make(8, pool);
    int i;

    for (i = 0; i < 8; i++) {
        scimctl_table_add(table, head[i]);
    }
    for (i = 0; i < all->nelts; i++) {
        const store_organization *o = APR_ARRAY_IDX(all, i,
                                                    store_organization *);

        scimctl_table_add(table, o->slug);
        scimctl_table_add(table, o->name);
        scimctl_table_add(table, scim_text(o));
        scimctl_table_number(table, o->apps);
        scimctl_table_number(table, o->users);
        scimctl_table_number(table, o->groups);
        scimctl_table_add(table, o->owner);
        scimctl_table_add(table, o->created);
    }
    scimctl_table_print(table);
}

static scim_error *list(scimctl_call *call)
{
    apr_array_header_t *all;
    json_t *json;
    int i;
    scim_error *err = store_organization_list(&all, NULL, call->db,
                                              call->pool);

    if (err != NULL) {
        return err;
    }
    if (!call->json) {
        print_all(all, call->pool);
        return NULL;
    }
    json = json_array();
    for (i = 0; i < all->nelts; i++) {
        json_array_append_new(
            json, as_json(APR_ARRAY_IDX(all, i, store_organization *)));
    }
    scimctl_print_json(json);
    return NULL;
}

static void print_one(const store_organization *o, apr_pool_t *pool)
{
    scimctl_table *table = scimctl_table_make(2, pool);

    scimctl_table_add(table, "slug");
    scimctl_table_add(table, o->slug);
    scimctl_table_add(table, "name");
    scimctl_table_add(table, o->name);
    scimctl_table_add(table, "owner");
    scimctl_table_add(table, o->owner);
    scimctl_table_add(table, "realm");
    scimctl_table_add(table, o->realm);
    scimctl_table_add(table, "SCIM");
    scimctl_table_add(table, o->scim_on ? "on" : "off");
    scimctl_table_add(table, "suspended");
    scimctl_table_add(table, o->suspended ? "yes" : "no");
    scimctl_table_add(table, "created");
    scimctl_table_add(table, o->created);
    scimctl_table_add(table, "apps");
    scimctl_table_number(table, o->apps);
    scimctl_table_add(table, "users");
    scimctl_table_number(table, o->users);
    scimctl_table_add(table, "groups");
    scimctl_table_number(table, o->groups);
    scimctl_table_print(table);
}

static scim_error *show(scimctl_call *call)
{
    apr_array_header_t *found;
    const store_organization *o;
    scim_error *err = store_organization_list(&found, call->argument, call->db,
                                              call->pool);

    if (err != NULL) {
        return err;
    }
    o = APR_ARRAY_IDX(found, 0, store_organization *);
    if (call->json) {
        scimctl_print_json(as_json(o));
    }
    else {
        print_one(o, call->pool);
    }
    return NULL;
}

/* What it is afterwards is what a program wants to know. */
static scim_error *turn(scimctl_call *call, store_switch to, const char *says)
{
    scim_error *err = store_organization_switch(call->argument, to,
                                                &call->actor, call->db,
                                                call->pool);

    if (err != NULL) {
        return err;
    }
    if (call->json) {
        return show(call);
    }
    printf("Organization \"%s\": %s\n", call->argument, says);
    return NULL;
}

static scim_error *enable(scimctl_call *call)
{
    return turn(call, STORE_SWITCH_SCIM_ON,
                "SCIM is on; tokens made before work again.");
}

static scim_error *disable(scimctl_call *call)
{
    return turn(call, STORE_SWITCH_SCIM_OFF,
                "SCIM is off; identity providers get 401, users and "
                "permissions stay.");
}

static scim_error *suspend(scimctl_call *call)
{
    return turn(call, STORE_SWITCH_SUSPEND,
                "suspended; nobody and nothing gets in.");
}

static scim_error *resume(scimctl_call *call)
{
    return turn(call, STORE_SWITCH_RESUME, "not suspended.");
}

/* clang-format off */
static const scimctl_option create_options[] = {
    { "name", "NAME", "what people call it", 1 },
    { "owner", "NAME", "name of the owner's account, as httpd says it", 1 },
    { "realm", "REALM", "whose name that is (default: "
      ADMIN_REALM_DEFAULT ")", 0 },
    { "scim", "on|off", "whether identity providers get in (default: off)",
      0 },
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_organization[] = {
    { "organization", "create", "SLUG",
      "Makes an organization; SLUG stands in its tenant URL for ever.",
      create_options, create },
    { "organization", "list", NULL, "Lists the organizations.", NULL, list },
    { "organization", "show", "SLUG", "Shows one organization.", NULL, show },
    { "organization", "enable", "SLUG",
      "Switches SCIM on: identity providers get in.", NULL, enable },
    { "organization", "disable", "SLUG",
      "Switches SCIM off: identity providers get 401.", NULL, disable },
    { "organization", "suspend", "SLUG",
      "Suspends everything of the organization.", NULL, suspend },
    { "organization", "resume", "SLUG", "Ends a suspension.", NULL, resume },
    { NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */
