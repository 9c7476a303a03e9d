#include "admin/overview.h"

#include <stdio.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

static void print_steps(const json_t *steps, apr_pool_t *pool)
{
    json_t *step;
    size_t i;

    json_array_foreach((json_t *)steps, i, step) {
        printf("%-7s%s\n",
               json_is_true(json_object_get(step, "done")) ? "done" : "to do",
               scimctl_member(step, "title", pool));
    }
}

static void print_failures(const json_t *failures, apr_pool_t *pool)
{
    static const char *const members[] = { "count", "action", "status",
                                           "scim_type", "detail" };
    static const char *const heads[] = { "FAILED", "ACTION", "STATUS", "TYPE",
                                         "WITH" };
    scimctl_table *table = scimctl_table_make(5, pool);
    json_t *failure;
    size_t i, n;

    for (n = 0; n < 5; n++) {
        scimctl_table_add(table, heads[n]);
    }
    json_array_foreach((json_t *)failures, i, failure) {
        for (n = 0; n < 5; n++) {
            scimctl_table_add(table, scimctl_member(failure, members[n],
                                                    pool));
        }
    }
    if (json_array_size(failures) > 0) {
        printf("\n");
        scimctl_table_print(table);
    }
}

static apr_int64_t sum_of(const json_t *hours, const char *member)
{
    apr_int64_t sum = 0;
    json_t *hour;
    size_t i;

    json_array_foreach((json_t *)hours, i, hour) {
        sum += json_integer_value(json_object_get(hour, member));
    }
    return sum;
}

static const char *or_never(const json_t *object, const char *member,
                            apr_pool_t *pool)
{
    const char *text = scimctl_member(object, member, pool);

    return text != NULL ? text : "never";
}

static void print_overview(const admin_call *done, const scimctl_call *call)
{
    const json_t *out = done->out, *users = json_object_get(out, "users"),
                 *brake = json_object_get(out, "brake"),
                 *hours = json_object_get(out, "operations");
    apr_pool_t *pool = call->pool;

    print_steps(json_object_get(out, "steps"), pool);
    printf("\nLast contact   %s\nLast write     %s\n",
           or_never(out, "last_contact", pool),
           or_never(out, "last_write", pool));
    printf("Users          %s active, %s inactive\n",
           scimctl_member(users, "active", pool),
           scimctl_member(users, "inactive", pool));
    printf("Groups         %s, %s of them without a mapping\n",
           scimctl_member(out, "groups", pool),
           scimctl_member(out, "unmapped_groups", pool));
    printf("Tokens         %s expire within 60 days\n",
           scimctl_member(out, "tokens_expiring", pool));
    printf("Brake          %s%s\n",
           json_is_true(json_object_get(brake, "on")) ? "on" : "off",
           json_is_true(json_object_get(brake, "engaged"))
               ? ", and engaged: scimctl brake held shows whom it holds" : "");
    printf("Last 24 hours  %" APR_INT64_T_FMT " writes done, %" APR_INT64_T_FMT
           " failed\n",
           sum_of(hours, "done"), sum_of(hours, "failed"));
    print_failures(json_object_get(out, "failures"), pool);
}

static void print_hints(const admin_call *done, const scimctl_call *call)
{
    apr_pool_t *pool = call->pool;
    json_t *hint;
    size_t i;

    json_array_foreach(done->out, i, hint) {
        const char *where = scimctl_member(hint, "where", pool);

        printf("%s%-9s%s (%s)\n         %s\n         What to do: %s\n",
               i > 0 ? "\n" : "", scimctl_member(hint, "severity", pool),
               scimctl_member(hint, "title", pool),
               scimctl_member(hint, "code", pool),
               scimctl_member(hint, "detail", pool),
               scimctl_member(hint, "remedy", pool));
        if (where != NULL) {
            printf("         Where: %s\n", where);
        }
    }
    if (json_array_size(done->out) == 0) {
        printf("Nothing needs attention.\n");
    }
}

/* clang-format off */
const scimctl_command scimctl_overview[] = {
    { .family = "overview", .name = "show", .operation = &admin_overview_get,
      .print = print_overview },
    { .name = NULL },
};

const scimctl_command scimctl_hint[] = {
    { .family = "hint", .name = "list", .operation = &admin_hint_list,
      .print = print_hints },
    { .name = NULL },
};
/* clang-format on */
