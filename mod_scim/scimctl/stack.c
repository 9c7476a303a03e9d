#include "admin/stack.h"

#include "scimctl/command.h"

/* clang-format off */
#define COLUMNS "id:ID name:NAME description:DESCRIPTION"

static const scimctl_named by_name[] = {
    { NULL, &admin_stack_list },
    { NULL, NULL },
};

const scimctl_command scimctl_stack[] = {
    { .family = "stack", .name = "list", .operation = &admin_stack_list,
      .columns = COLUMNS },
    { .family = "stack", .name = "show", .argument = "STACK",
      .operation = &admin_stack_get, .named = by_name },
    { .family = "stack", .name = "create", .operation = &admin_stack_create,
      .columns = COLUMNS },
    { .family = "stack", .name = "change", .argument = "STACK",
      .operation = &admin_stack_change, .named = by_name,
      .columns = COLUMNS },
    { .family = "stack", .name = "preview", .argument = "STACK",
      .operation = &admin_stack_preview, .named = by_name,
      .print = scimctl_print_effect },
    { .family = "stack", .name = "delete", .argument = "STACK",
      .operation = &admin_stack_delete, .named = by_name,
      .print = scimctl_print_effect },
    { .name = NULL },
};
/* clang-format on */
