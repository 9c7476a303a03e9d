#include "admin/brake.h"

#include <stdio.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

static int is(const json_t *brake, const char *member)
{
    return json_is_true(json_object_get(brake, member));
}

static void print_settings(const json_t *brake, apr_pool_t *pool)
{
    const char *users = scimctl_member(brake, "users", pool),
               *percent = scimctl_member(brake, "percent", pool);

    printf("The brake is %s.\n", is(brake, "on") ? "on" : "off");
    printf("Users      ");
    if (users != NULL) {
        printf("no more than %s", users);
    }
    if (percent != NULL) {
        printf("%s%s %% of those who are active",
               users != NULL ? ", and " : "no more than ", percent);
    }
    printf("%s are deactivated or deleted within %s minutes\n",
           users == NULL && percent == NULL ? "any number" : "",
           scimctl_member(brake, "minutes", pool));
    printf("Groups     a mapped one that is emptied %s it\n",
           is(brake, "groups") ? "engages" : "does not engage");
    printf("Release    by itself after %s hours\n",
           scimctl_member(brake, "hours", pool));
}

static void print_state(const json_t *brake, apr_pool_t *pool)
{
    const char *limit = scimctl_member(brake, "limit", pool),
               *open = scimctl_member(brake, "open_until", pool);

    if (is(brake, "engaged")) {
        printf("Engaged    since %s, until %s: it holds %s\n",
               scimctl_member(brake, "engaged_at", pool),
               scimctl_member(brake, "until", pool),
               scimctl_member(brake, "held", pool));
    }
    else if (open != NULL) {
        printf("Released   nothing is counted until %s\n", open);
    }
    else if (is(brake, "on")) {
        printf("Counted    %s%s%s\n", scimctl_member(brake, "removed", pool),
               limit != NULL ? " of " : "", limit != NULL ? limit : "");
    }
}

static void print_brake(const admin_call *done, const scimctl_call *call)
{
    print_settings(done->out, call->pool);
    print_state(done->out, call->pool);
}

static void print_let_through(const admin_call *done, const scimctl_call *call)
{
    printf("%s may go: it is done when the identity provider asks again.\n",
           scimctl_member(done->out, "name", call->pool));
}

/* clang-format off */
const scimctl_command scimctl_brake[] = {
    { .family = "brake", .name = "show", .operation = &admin_brake_get,
      .print = print_brake },
    { .family = "brake", .name = "change", .operation = &admin_brake_change,
      .print = print_brake },
    { .family = "brake", .name = "held", .operation = &admin_brake_held,
      .columns = "name:NAME type:TYPE action:ASKED app:APP since:SINCE"
      " times:TIMES id:ID" },
    { .family = "brake", .name = "let-through", .argument = "ID",
      .operation = &admin_brake_let_through, .print = print_let_through },
    { .family = "brake", .name = "release", .operation = &admin_brake_release,
      .print = print_brake },
    { .name = NULL },
};
/* clang-format on */
