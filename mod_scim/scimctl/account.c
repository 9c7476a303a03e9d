#include "admin/account.h"

#include "scimctl/command.h"

/* clang-format off */
#define COLUMNS "id:ID realm:REALM name:NAME role:ROLE first:FIRST_OWNER" \
    " user_name:USER created:CREATED"
#define SHOWN "id:id realm:realm name:name role:role user_id:user" \
    " user_name:userName linked:linked created:created"

static const scimctl_named by_name[] = {
    { NULL, &admin_account_list },
    { NULL, NULL },
};

#define ABOUT_ONE(verb, does) \
    { .family = "account", .name = verb, .argument = "ACCOUNT", \
      .operation = &admin_account_##does, .named = by_name, .columns = SHOWN }

const scimctl_command scimctl_account[] = {
    { .family = "account", .name = "list", .operation = &admin_account_list,
      .columns = COLUMNS },
    { .family = "account", .name = "create",
      .operation = &admin_account_create, .columns = SHOWN },
    ABOUT_ONE("show", get),
    ABOUT_ONE("change", change),
    ABOUT_ONE("transfer", transfer),
    ABOUT_ONE("remove", remove),
    ABOUT_ONE("link", link),
    ABOUT_ONE("unlink", unlink),
    { .name = NULL },
};
/* clang-format on */
