/* Who holds a role. */
#include "admin/holder.h"

#include <apr_strings.h>

#include "admin/role.h"
#include "admin/stack.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

/* "Developers, Team": those that have the mapping. */
static const char *groups_text(const json_t *permission, apr_pool_t *pool)
{
    const char *text = "";
    json_t *group;
    size_t i;

    if (json_is_true(json_object_get(permission, "by_default"))) {
        return "(every active user)";
    }
    json_array_foreach(json_object_get(permission, "groups"), i, group) {
        text = apr_pstrcat(pool, text, i > 0 ? ", " : "",
                           scimctl_member(group, "name", pool), NULL);
    }
    return text;
}

static void add_person(scimctl_table *table, const json_t *person,
                       apr_pool_t *pool)
{
    json_t *permission;
    size_t i;

    json_array_foreach(json_object_get(person, "permissions"), i, permission) {
        scimctl_table_add(table, scimctl_member(person, "user_name", pool));
        scimctl_table_add(table, scimctl_permission_text(permission, pool));
        scimctl_table_add(table, groups_text(permission, pool));
    }
}

static void print_holders(const admin_call *done, const scimctl_call *call)
{
    scimctl_table *table = scimctl_table_make(3, call->pool);
    json_t *person;
    size_t i;

    scimctl_table_add(table, "USER");
    scimctl_table_add(table, "HOLDS");
    scimctl_table_add(table, "BY GROUPS");
    json_array_foreach(done->out, i, person) {
        add_person(table, person, call->pool);
    }
    scimctl_table_print(table);
}

/* clang-format off */
static const scimctl_named named[] = {
    { "role", &admin_role_list },
    { "stack", &admin_stack_list },
    { NULL, NULL },
};

const scimctl_command scimctl_holder[] = {
    { .family = "holder", .name = "list", .operation = &admin_holder_list,
      .named = named, .print = print_holders },
    { .family = "holder", .name = "count", .operation = &admin_holder_count,
      .named = named },
    { .name = NULL },
};
/* clang-format on */
