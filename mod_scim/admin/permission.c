#include "admin/permission.h"

static scim_error *explain(admin_call *call)
{
    scim_error *err = store_permission_explain(&call->out, call->ids[0],
                                               call->given, call->db,
                                               call->pool);

    return err != NULL ? err
                       : store_permission_lacking(call->out, call->given,
                                                  call->db, call->pool);
}

static scim_error *mine(admin_call *call)
{
    return store_permission_mine(&call->out, call->given, call->db,
                                 call->pool);
}

/* clang-format off */
static const admin_field fields[] = {
    { .name = "stack", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .help = "only what is held in it, and which groups would give more" },
    { .name = "without", .type = ADMIN_TEXT, .most = 36,
      .help = "what would be lost, and what stays, if the user left this group"
      " of its own" },
    { .name = NULL },
};

const admin_operation admin_permission_explain = {
    .name = "permission.explain", .need = STORE_ADMIN_READS, .ids = "u",
    .fields = fields, .run = explain,
    .summary = "Says what a user holds, by which groups, why not, and what"
               " leaving a group would take away." };

const admin_operation admin_permission_mine = {
    .name = "permission.mine", .need = STORE_MEMBER_READS,
    .fields = fields, .run = mine,
    .summary = "Says the same of the user to whom the account is linked." };
/* clang-format on */
