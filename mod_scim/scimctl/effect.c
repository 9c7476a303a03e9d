/* What acts change of permissions, for people. */
#include <stdio.h>

#include <apr_strings.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

const char *scimctl_permission_text(const json_t *permission, apr_pool_t *pool)
{
    const char *role = scimctl_member(permission, "organization_role", pool),
               *stack = scimctl_member(permission, "stack", pool);

    if (role != NULL) {
        return apr_pstrcat(pool, role, " of the organization", NULL);
    }
    role = scimctl_member(permission, "role", pool);
    return stack != NULL ? apr_pstrcat(pool, role, " in ", stack, NULL)
                         : apr_pstrcat(pool, role, " in every stack", NULL);
}

static void add_people(scimctl_table *table, const json_t *lines,
                       const char *does, apr_pool_t *pool)
{
    json_t *line;
    size_t i;

    json_array_foreach((json_t *)lines, i, line) {
        scimctl_table_add(table, scimctl_member(line, "user_name", pool));
        scimctl_table_add(table, does);
        scimctl_table_add(table, scimctl_permission_text(line, pool));
    }
}

static void print_sums(const json_t *changes, apr_pool_t *pool)
{
    scimctl_table *table = scimctl_table_make(3, pool);
    json_t *change;
    size_t i;

    scimctl_table_add(table, "PEOPLE");
    scimctl_table_add(table, "CHANGE");
    scimctl_table_add(table, "WHAT");
    json_array_foreach((json_t *)changes, i, change) {
        scimctl_table_add(table, scimctl_member(change, "people", pool));
        scimctl_table_add(table, scimctl_member(change, "change", pool));
        scimctl_table_add(table, scimctl_permission_text(change, pool));
    }
    scimctl_table_print(table);
}

void scimctl_print_effect(const admin_call *done, const scimctl_call *call)
{
    apr_pool_t *pool = call->pool;
    const json_t *out = done->out;
    scimctl_table *table;
    int tried = done->operation->is_tried
                || json_is_true(json_object_get(done->given, "dry_run"));

    printf("%s%s people: %s permissions gained, %s lost.\n",
           tried ? "Nothing has been changed. This would concern "
                 : "Done. This concerns ",
           scimctl_member(out, "people", pool),
           scimctl_member(out, "gain_count", pool),
           scimctl_member(out, "loss_count", pool));
    if (json_array_size(json_object_get(out, "changes")) == 0) {
        return;
    }
    printf("\n");
    print_sums(json_object_get(out, "changes"), pool);
    printf("\n");
    table = scimctl_table_make(3, pool);
    scimctl_table_add(table, "USER");
    scimctl_table_add(table, "CHANGE");
    scimctl_table_add(table, "WHAT");
    add_people(table, json_object_get(out, "losses"), "loss", pool);
    add_people(table, json_object_get(out, "gains"), "gain", pool);
    scimctl_table_print(table);
    if (scimctl_member(out, "next", pool) != NULL) {
        printf("There is more: --after %s\n",
               scimctl_member(out, "next", pool));
    }
}
