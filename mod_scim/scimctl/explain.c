#include <stdio.h>

#include <apr_strings.h>

#include "admin/group.h"
#include "admin/permission.h"
#include "admin/stack.h"
#include "admin/user.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

static const char *chain_text(const json_t *reason, apr_pool_t *pool)
{
    const char *text = "";
    json_t *group;
    size_t i;

    json_array_foreach(json_object_get(reason, "chain"), i, group) {
        text = apr_pstrcat(pool, text, i > 0 ? ", which is in " : "",
                           scimctl_member(group, "name", pool), NULL);
    }
    return text;
}

static void print_permission(const json_t *permission, apr_pool_t *pool)
{
    json_t *reason;
    size_t i;

    printf("  %s%s%s\n", scimctl_permission_text(permission, pool),
           json_is_true(json_object_get(permission, "held")) ? ""
                                                             : " (withheld)",
           json_is_true(json_object_get(permission, "by_default"))
               ? ", as every active user" : "");
    json_array_foreach(json_object_get(permission, "reasons"), i, reason) {
        printf("    because of %s (mapping %s%s)\n", chain_text(reason, pool),
               scimctl_member(reason, "mapping", pool),
               json_is_true(json_object_get(reason, "rehearsing"))
                   ? ", rehearsing" : "");
    }
}

static void print_if_left(const json_t *left, apr_pool_t *pool)
{
    const json_t *group = json_object_get(left, "group");
    json_t *permission;
    size_t i;

    printf("  Without %s: no", scimctl_member(group, "name", pool));
    json_array_foreach(json_object_get(left, "loses"), i, permission) {
        printf("%s %s", i > 0 ? "," : "",
               scimctl_permission_text(permission, pool));
    }
    printf("\n");
}

static void print_kept(const json_t *kept, apr_pool_t *pool)
{
    json_t *reason;
    size_t i;

    printf("  keeps %s%s\n", scimctl_permission_text(kept, pool),
           json_is_true(json_object_get(kept, "by_default"))
               ? ", as every active user" : "");
    json_array_foreach(json_object_get(kept, "reasons"), i, reason) {
        printf("    because of %s (mapping %s)\n", chain_text(reason, pool),
               scimctl_member(reason, "mapping", pool));
    }
}

static void print_lost(const json_t *lost, apr_pool_t *pool)
{
    printf("  loses %s\n", scimctl_permission_text(lost, pool));
}

static void print_through(const json_t *group, apr_pool_t *pool)
{
    printf("  stays in the group through %s\n",
           scimctl_member(group, "name", pool));
}

static void print_each(const json_t *out, const char *member,
                       const char *head, const char *none,
                       void (*print)(const json_t *one, apr_pool_t *pool),
                       apr_pool_t *pool)
{
    json_t *one;
    size_t i;

    if (json_array_size(json_object_get(out, member)) == 0) {
        printf("%s", none);
        return;
    }
    if (*head != '\0') {
        printf("%s\n", head);
    }
    json_array_foreach(json_object_get(out, member), i, one) {
        print(one, pool);
    }
}

static void print_why_not(const json_t *why, apr_pool_t *pool)
{
    printf("  %s\n", scimctl_member(why, "detail", pool));
}

static void print_incomplete(const json_t *explained)
{
    if (!json_is_true(json_object_get(explained, "complete"))) {
        printf("There are more ways through groups than are shown.\n");
    }
}

void scimctl_print_permissions(const json_t *explained, apr_pool_t *pool)
{
    print_each(explained, "permissions", "Permissions:", "Holds nothing.\n",
               print_permission, pool);
    print_each(explained, "why_not", "What stands against more:", "",
               print_why_not, pool);
    print_each(explained, "if_left", "What each group alone gives:", "",
               print_if_left, pool);
    print_incomplete(explained);
}

static void print_would_give(const json_t *role, apr_pool_t *pool)
{
    json_t *group;
    size_t i;

    printf("  %s:", scimctl_member(role, "role", pool));
    json_array_foreach(json_object_get(role, "groups"), i, group) {
        printf("%s %s%s", i > 0 ? "," : "",
               scimctl_member(group, "name", pool),
               json_is_true(json_object_get(group, "rehearsing"))
                   ? " (rehearsing)" : "");
    }
    printf("\n");
}

static void print_without(const json_t *out, apr_pool_t *pool)
{
    const json_t *without = json_object_get(out, "without");

    printf("Without %s:\n",
           scimctl_member(json_object_get(without, "group"), "name", pool));
    print_each(without, "loses", "", "  loses nothing\n", print_lost, pool);
    print_each(without, "keeps", "", "", print_kept, pool);
    print_each(without, "through", "", "", print_through, pool);
}

static void print_explanation(const admin_call *done,
                              const scimctl_call *call)
{
    const json_t *out = done->out, *user = json_object_get(out, "user");
    int is_without = json_object_get(out, "without") != NULL;
    apr_pool_t *pool = call->pool;

    printf("%s, %s, from %s\n", scimctl_member(user, "user_name", pool),
           json_is_true(json_object_get(user, "active")) ? "active"
                                                         : "inactive",
           scimctl_member(user, "app", pool));
    if (is_without) {
        print_without(out, pool);
        print_each(out, "why_not", "What stands against more:", "",
                   print_why_not, pool);
        print_incomplete(out);
        return;
    }
    scimctl_print_permissions(out, pool);
    print_each(out, "would_give", "What would give more there:", "",
               print_would_give, pool);
}

/* clang-format off */
static const scimctl_named named[] = {
    { NULL, &admin_user_list },
    { "stack", &admin_stack_list },
    { "without", &admin_group_list },
    { NULL, NULL },
};

const scimctl_command scimctl_explain[] = {
    { .family = "explain", .name = "", .argument = "USER",
      .operation = &admin_permission_explain, .named = named,
      .print = print_explanation },
    { .name = NULL },
};
/* clang-format on */
