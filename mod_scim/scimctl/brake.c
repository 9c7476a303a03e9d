#include "admin/brake.h"

#include "scimctl/command.h"

/* clang-format off */
const scimctl_command scimctl_brake[] = {
    { .family = "brake", .name = "show", .operation = &admin_brake_get },
    { .family = "brake", .name = "change", .operation = &admin_brake_change },
    { .family = "brake", .name = "held", .operation = &admin_brake_held,
      .columns = "name:NAME type:TYPE action:ASKED app:APP since:SINCE"
      " times:TIMES id:ID" },
    { .family = "brake", .name = "let-through", .argument = "ID",
      .operation = &admin_brake_let_through },
    { .family = "brake", .name = "release", .operation = &admin_brake_release },
    { .name = NULL },
};
/* clang-format on */
