#include "admin/overview.h"
#include "scimctl/command.h"

/* clang-format off */
const scimctl_command scimctl_overview[] = {
    { .family = "overview", .name = "show", .operation = &admin_overview_get },
    { .name = NULL },
};

const scimctl_command scimctl_hint[] = {
    { .family = "hint", .name = "list", .operation = &admin_hint_list,
      .columns = "severity:SEVERITY code:CODE title:TITLE remedy:REMEDY" },
    { .name = NULL },
};
/* clang-format on */
