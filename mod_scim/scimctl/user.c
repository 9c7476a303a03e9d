#include "admin/app.h"
#include "admin/group.h"
#include "admin/history.h"
#include "admin/user.h"
#include "scimctl/command.h"

/* clang-format off */
#define DELETED "deleted:DELETED name:NAME app:APP by:BY kept:RESTORABLE" \
    " id:ID"

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

/* What was deleted has a name, too. */
#define ANY_USER  .named = user, .gone = &admin_user_deleted
#define ANY_GROUP .named = group, .gone = &admin_group_deleted

const scimctl_command scimctl_user[] = {
    { .family = "user", .name = "list", .operation = &admin_user_list,
      .named = of_app, .columns = USERS },
    { .family = "user", .name = "show", .argument = "USER",
      .operation = &admin_user_get, .named = user,
      .print = scimctl_print_user },
    { .family = "user", .name = "history", .argument = "USER",
      .operation = &admin_user_history, ANY_USER,
      .print = scimctl_print_history },
    { .family = "user", .name = "version", .argument = "USER",
      .operation = &admin_user_version, ANY_USER,
      .print = scimctl_print_version },
    { .family = "user", .name = "memberships", .argument = "USER",
      .operation = &admin_user_memberships, ANY_USER,
      .print = scimctl_print_memberships },
    { .family = "user", .name = "deleted", .operation = &admin_user_deleted,
      .named = of_app, .columns = DELETED },
    { .family = "user", .name = "restore", .argument = "USER",
      .operation = &admin_user_restore, ANY_USER },
    { .family = "user", .name = "erase", .argument = "ID",
      .operation = &admin_user_erase },
    { .name = NULL },
};

const scimctl_command scimctl_group[] = {
    { .family = "group", .name = "list", .operation = &admin_group_list,
      .named = of_app, .columns = GROUPS },
    { .family = "group", .name = "show", .argument = "GROUP",
      .operation = &admin_group_get, .named = group,
      .print = scimctl_print_group },
    { .family = "group", .name = "members", .argument = "GROUP",
      .operation = &admin_group_members, .named = group,
      .columns = "type:TYPE id:ID user_name:USERNAME name:NAME" },
    { .family = "group", .name = "history", .argument = "GROUP",
      .operation = &admin_group_history, ANY_GROUP,
      .print = scimctl_print_history },
    { .family = "group", .name = "version", .argument = "GROUP",
      .operation = &admin_group_version, ANY_GROUP,
      .print = scimctl_print_version },
    { .family = "group", .name = "deleted", .operation = &admin_group_deleted,
      .named = of_app, .columns = DELETED },
    { .family = "group", .name = "restore", .argument = "GROUP",
      .operation = &admin_group_restore, ANY_GROUP },
    { .name = NULL },
};
/* clang-format on */
