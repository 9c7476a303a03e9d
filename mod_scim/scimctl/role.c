#include "admin/role.h"

#include "scimctl/command.h"

/* clang-format off */
#define COLUMNS "id:ID name:NAME administers:ADMINISTERS mappings:MAPPINGS" \
    " description:DESCRIPTION"

static const scimctl_named by_name[] = {
    { NULL, &admin_role_list },
    { NULL, NULL },
};

const scimctl_command scimctl_role[] = {
    { .family = "role", .name = "list", .operation = &admin_role_list,
      .columns = COLUMNS },
    { .family = "role", .name = "show", .argument = "ROLE",
      .operation = &admin_role_get, .named = by_name },
    { .family = "role", .name = "create", .operation = &admin_role_create,
      .columns = COLUMNS },
    { .family = "role", .name = "change", .argument = "ROLE",
      .operation = &admin_role_change, .named = by_name, .columns = COLUMNS },
    { .family = "role", .name = "preview", .argument = "ROLE",
      .operation = &admin_role_preview, .named = by_name,
      .print = scimctl_print_effect },
    { .family = "role", .name = "delete", .argument = "ROLE",
      .operation = &admin_role_delete, .named = by_name,
      .print = scimctl_print_effect },
    { .name = NULL },
};
/* clang-format on */
