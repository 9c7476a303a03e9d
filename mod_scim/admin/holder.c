#include "admin/holder.h"

static scim_error *list(admin_call *call)
{
    return store_holder_list(&call->out, &call->slice, call->given, call->db,
                             call->pool);
}

static scim_error *count(admin_call *call)
{
    return store_holder_count(&call->out, call->given, call->db, call->pool);
}

/* clang-format off */
static const admin_field fields[] = {
    { .name = "role", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .help = "only who holds this one (any)" },
    { .name = "stack", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .help = "only who holds it there, or in every stack (any)" },
    { .name = "organization_role", .type = ADMIN_WORD,
      .choices = "admin|member", .help = "instead: who is that in the"
      " organization; an admin is a member, too" },
    { .name = NULL },
};

const admin_operation admin_holder_list = {
    .name = "holder.list", .need = STORE_ADMIN_READS, .is_list = 1,
    .fields = fields, .run = list,
    .summary = "Lists who holds a role, and by which groups." };

const admin_operation admin_holder_count = {
    .name = "holder.count", .need = STORE_ADMIN_READS, .fields = fields,
    .run = count, .summary = "Says how many people hold a role." };
/* clang-format on */
