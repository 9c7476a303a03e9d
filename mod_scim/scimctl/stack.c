#include "admin/stack.h"
#include "scimctl/command.h"

/* clang-format off */
#define COLUMNS "id:ID name:NAME description:DESCRIPTION"

const scimctl_command scimctl_stack[] = {
    { .family = "stack", .name = "list", .operation = &admin_stack_list,
      .columns = COLUMNS },
    { .family = "stack", .name = "create", .operation = &admin_stack_create,
      .columns = COLUMNS },
    { .family = "stack", .name = "change", .argument = "ID",
      .operation = &admin_stack_change, .columns = COLUMNS },
    { .family = "stack", .name = "delete", .argument = "ID",
      .operation = &admin_stack_delete },
    { .name = NULL },
};
/* clang-format on */
