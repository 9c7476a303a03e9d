#include "admin/user.h"

static scim_error *list(admin_call *call)
{
    return store_user_list(&call->out, &call->slice, call->given, call->db,
                           call->pool);
}

static scim_error *get(admin_call *call)
{
    return store_user_get(&call->out, call->ids[0], call->db, call->pool);
}

/* clang-format off */
static const admin_field list_fields[] = {
    { .name = "search", .type = ADMIN_TEXT, .most = 2000,
      .help = "how the userName, the display name, the family name, an e-mail"
      " address or the externalId begins" },
    { .name = "active", .type = ADMIN_BOOLEAN,
      .help = "only active or only inactive ones" },
    { .name = "app", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .help = "only those of an app" },
    { .name = NULL },
};

const admin_operation admin_user_list = {
    .name = "user.list", .need = STORE_ADMIN_READS, .is_list = 1,
    .fields = list_fields, .run = list,
    .summary = "Lists users by userName." };

const admin_operation admin_user_get = {
    .name = "user.get", .need = STORE_ADMIN_READS, .ids = "u", .run = get,
    .summary = "Shows a user, its groups, and what it holds by which." };
/* clang-format on */
