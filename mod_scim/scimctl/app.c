#include "admin/app.h"

#include <stdio.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

static void print_installed(const admin_call *done, const scimctl_call *call)
{
    const char *slug = done->slug;
    apr_int64_t id = json_integer_value(json_object_get(done->out, "id"));

    printf("Installed app %" APR_INT64_T_FMT ", \"%s\", in the organization "
           "\"%s\".\n",
           id, scimctl_member(done->out, "name", call->pool), slug);
    printf("Next: scimctl token create --organization %s --app "
           "%" APR_INT64_T_FMT "\n",
           slug, id);
}

static void print_adopted(const admin_call *done, const scimctl_call *call)
{
    printf("App %s has taken over %s users, %s groups and %s other resources "
           "of app %s.\n",
           scimctl_member(done->out, "app", call->pool),
           scimctl_member(done->out, "users", call->pool),
           scimctl_member(done->out, "groups", call->pool),
           scimctl_member(done->out, "resources", call->pool),
           scimctl_member(done->out, "from", call->pool));
}

static void print_rehearsing(const admin_call *done, const scimctl_call *call)
{
    int is_dry = json_is_true(json_object_get(done->given, "dry_run"));

    printf("App \"%s\" %s: what its groups are mapped to %s no effect.\n",
           scimctl_member(done->out, "name", call->pool),
           is_dry ? "would rehearse" : "is rehearsing",
           is_dry ? "would have" : "has");
    scimctl_print_effect(done, call);
}

static void print_rehearsal(const admin_call *done, const scimctl_call *call)
{
    const json_t *users = json_object_get(done->out, "users"), *group;
    size_t i;

    printf("App \"%s\" has brought %s active and %s inactive users, and %s "
           "groups, %s of them without a mapping.\n",
           scimctl_member(done->out, "name", call->pool),
           scimctl_member(users, "active", call->pool),
           scimctl_member(users, "inactive", call->pool),
           scimctl_member(done->out, "groups", call->pool),
           scimctl_member(done->out, "unmapped_groups", call->pool));
    json_array_foreach(json_object_get(done->out, "unmapped"), i, group) {
        printf("  %s\n", scimctl_member(group, "name", call->pool));
    }
    scimctl_print_effect(done, call);
}

/* clang-format off */
#define COLUMNS "id:APP kind:KIND name:NAME" \
    " whole_organization:SEES:everything|its_own strict:STRICT" \
    " passwords:PASSWORDS rehearsing:REHEARSING tokens:TOKENS created:CREATED" \
    " uninstalled:UNINSTALLED"

static const scimctl_named by_name[] = {
    { NULL, &admin_app_list },
    { NULL, NULL },
};

static const scimctl_named both_by_name[] = {
    { NULL, &admin_app_list },
    { "from", &admin_app_list },
    { NULL, NULL },
};

const scimctl_command scimctl_app[] = {
    { .family = "app", .name = "install", .operation = &admin_app_install,
      .alias = "id:app_id", .print = print_installed },
    { .family = "app", .name = "list", .operation = &admin_app_list,
      .alias = "id:app_id", .columns = COLUMNS },
    { .family = "app", .name = "show", .argument = "APP",
      .operation = &admin_app_get, .named = by_name,
      .alias = "id:app_id" },
    { .family = "app", .name = "change", .argument = "APP",
      .operation = &admin_app_change, .named = by_name,
      .alias = "id:app_id" },
    { .family = "app", .name = "uninstall", .argument = "APP",
      .operation = &admin_app_uninstall, .named = by_name,
      .alias = "id:app_id" },
    { .family = "app", .name = "adopt", .argument = "APP",
      .operation = &admin_app_adopt, .named = both_by_name,
      .print = print_adopted },
    { .family = "app", .name = "rehearsal", .argument = "APP",
      .operation = &admin_app_rehearsal, .named = by_name,
      .print = print_rehearsal },
    { .family = "app", .name = "live", .argument = "APP",
      .operation = &admin_app_live, .named = by_name,
      .print = print_rehearsal },
    { .family = "app", .name = "rehearse", .argument = "APP",
      .operation = &admin_app_rehearse, .named = by_name,
      .print = print_rehearsing },
    { .name = NULL },
};
/* clang-format on */
