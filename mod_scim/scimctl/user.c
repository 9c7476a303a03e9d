#include "admin/history.h"
#include "scimctl/command.h"

/* clang-format off */
#define VERSIONS "version:VERSION time:TIME actor:ACTOR app:APP" \
    " action:ACTION before:BEFORE after:AFTER members:MEMBERS"

const scimctl_command scimctl_user[] = {
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
    { .family = "group", .name = "history", .argument = "ID",
      .operation = &admin_group_history, .columns = VERSIONS },
    { .family = "group", .name = "version", .argument = "ID",
      .operation = &admin_group_version },
    { .family = "group", .name = "restore", .argument = "ID",
      .operation = &admin_group_restore },
    { .name = NULL },
};
/* clang-format on */
