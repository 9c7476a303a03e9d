#include <stdio.h>

#include "admin/app.h"
#include "admin/issue.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

static void print_token(const json_t *made, apr_pool_t *pool)
{
    const json_t *tenant = json_object_get(made, "tenant");
    const char *slug = scimctl_member(tenant, "slug", pool);
    const char *expires = scimctl_member(made, "expires", pool);

    printf("Secret token, shown this once only:\n\n    %s\n\n",
           scimctl_member(made, "token", pool));
    printf("Key %s of app %s, \"%s\"%s, expires %s.\n",
           scimctl_member(made, "id", pool),
           scimctl_member(made, "app_id", pool),
           scimctl_member(made, "app", pool),
           json_is_true(json_object_get(made, "read_only")) ? ", read-only"
                                                            : "",
           expires != NULL ? expires : "never");
    printf("Tenant URL: https://HOST/BASE/%s, where BASE is the path of the "
           "section with\n\"ScimService scim\" in httpd's configuration, for "
           "instance\nhttps://scim.example.com/scim/v2/%s (where "
           "ScimOrganization names the organization,\nwithout its last "
           "segment).\n",
           slug, slug);
    if (!json_is_true(json_object_get(tenant, "scim"))) {
        printf("SCIM is still off for this organization: scimctl organization "
               "enable %s\n",
               slug);
    }
    if (json_is_true(json_object_get(tenant, "suspended"))) {
        printf("The organization is suspended: scimctl organization resume "
               "%s\n",
               slug);
    }
}

static void print_created(const admin_call *done, const scimctl_call *call)
{
    print_token(done->out, call->pool);
}

static void print_rotated(const admin_call *done, const scimctl_call *call)
{
    const json_t *old = json_object_get(done->out, "replaces");

    print_token(done->out, call->pool);
    if (json_is_null(json_object_get(old, "revoked"))) {
        printf("The token with key %s works until an hour after the first use "
               "of this one,\nat most until %s.\n",
               scimctl_member(old, "id", call->pool),
               scimctl_member(old, "expires", call->pool));
    }
    else {
        printf("The token with key %s is revoked.\n",
               scimctl_member(old, "id", call->pool));
    }
}

static void print_revoked(const admin_call *done, const scimctl_call *call)
{
    printf("The token with key %s is revoked.\n",
           scimctl_member(done->out, "id", call->pool));
}

/* clang-format off */
#define COLUMNS "id:KEY app:APP name:NAME last_four:ENDS_WITH" \
    " read_only:RIGHTS:read|read,_write expires:EXPIRES revoked:REVOKED" \
    " last_used:LAST_USED"

static const scimctl_named app_by_name[] = {
    { "app", &admin_app_list },
    { NULL, NULL },
};

const scimctl_command scimctl_token[] = {
    { .family = "token", .name = "create", .operation = &admin_token_create,
      .named = app_by_name, .alias = "id:key_id", .print = print_created },
    { .family = "token", .name = "list", .operation = &admin_token_list,
      .named = app_by_name, .alias = "id:key_id", .columns = COLUMNS },
    { .family = "token", .name = "show", .argument = "KEY",
      .operation = &admin_token_get, .alias = "id:key_id" },
    { .family = "token", .name = "rotate", .argument = "KEY",
      .operation = &admin_token_rotate, .alias = "id:key_id",
      .print = print_rotated },
    { .family = "token", .name = "revoke", .argument = "KEY",
      .operation = &admin_token_revoke, .alias = "id:key_id",
      .print = print_revoked },
    { .name = NULL },
};
/* clang-format on */
