#include "admin/group.h"

static scim_error *list(admin_call *call)
{
    return store_group_list(&call->out, &call->slice, call->given, call->db,
                            call->pool);
}

static scim_error *get(admin_call *call)
{
    return store_group_get(&call->out, call->ids[0], call->db, call->pool);
}

static scim_error *members(admin_call *call)
{
    return store_group_member_list(&call->out, &call->slice, call->ids[0],
                                   call->db, call->pool);
}

/* clang-format off */
static const admin_field list_fields[] = {
    { .name = "search", .type = ADMIN_TEXT, .most = 2000,
      .help = "how the name or the externalId begins" },
    { .name = "app", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .help = "only those of an app" },
    { .name = NULL },
};

const admin_operation admin_group_list = {
    .name = "group.list", .need = STORE_ADMIN_READS, .is_list = 1,
    .fields = list_fields, .run = list, .summary = "Lists groups by name." };

const admin_operation admin_group_get = {
    .name = "group.get", .need = STORE_ADMIN_READS, .ids = "u", .run = get,
    .summary = "Shows a group, what it is within and its mapping." };

const admin_operation admin_group_members = {
    .name = "group.members", .need = STORE_ADMIN_READS, .ids = "u",
    .is_list = 1, .run = members,
    .summary = "Lists the groups and users that are in a group." };
/* clang-format on */
