#include "admin/app.h"
#include "admin/group.h"
#include "admin/history.h"
#include "admin/user.h"
#include "scimctl/command.h"

/* clang-format off */
#define VERSIONS "version:VERSION time:TIME actor:ACTOR app:APP" \
    " action:ACTION before:BEFORE after:AFTER members:MEMBERS"

#define USERS "id:ID user_name:USERNAME name:NAME email:E-MAIL" \
    " active:ACTIVE app:APP last_modified:CHANGED"
#define GROUPS "id:ID name:NAME app:APP members:MEMBERS mapped:MAPPED"

static const scimctl_named of_app[] = {
    { "app", &admin_app_list },
    { NULL, NULL },
};

static const scimctl_named user[] = {
    { NULL, &admin_user_list },
    { NULL, NULL },
};

static const scimctl_named group[] = {
    { NULL, &admin_group_list },
    { NULL, NULL },
};

const scimctl_command scimctl_user[] = {
    { .family = "user", .name = "list", .operation = &admin_user_list,
      .named = of_app, .columns = USERS },
    { .family = "user", .name = "show", .argument = "USER",
      .operation = &admin_user_get, .named = user },
    { .family = "user", .name = "history", .argument = "ID",
      .operation = &admin_user_history, .columns = VERSIONS },
    { .family = "user", .name = "version", .argument = "ID",
      .operation = &admin_user_version },
    { .family = "user", .name = "memberships", .argument = "ID",
      .operation = &admin_user_memberships,
      .columns = "time:TIME change:CHANGE group:GROUP actor:ACTOR"
                 " cause:CAUSE" },
    { .family = "user", .name = "restore", .argument = "ID",
      .operation = &admin_user_restore },
    { .family = "user", .name = "erase", .argument = "ID",
      .operation = &admin_user_erase },
    { .name = NULL },
};

const scimctl_command scimctl_group[] = {
    { .family = "group", .name = "list", .operation = &admin_group_list,
      .named = of_app, .columns = GROUPS },
    { .family = "group", .name = "show", .argument = "GROUP",
      .operation = &admin_group_get, .named = group },
    { .family = "group", .name = "members", .argument = "GROUP",
      .operation = &admin_group_members, .named = group,
      .columns = "type:TYPE id:ID user_name:USERNAME name:NAME" },
    { .family = "group", .name = "history", .argument = "ID",
      .operation = &admin_group_history, .columns = VERSIONS },
    { .family = "group", .name = "version", .argument = "ID",
      .operation = &admin_group_version },
    { .family = "group", .name = "restore", .argument = "ID",
      .operation = &admin_group_restore },
    { .name = NULL },
};
/* clang-format on */
