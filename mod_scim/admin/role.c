#include "admin/role.h"

#include "admin/effect.h"

static scim_error *list(admin_call *call)
{
    return store_role_list(&call->out, &call->slice, call->db, call->pool);
}

static scim_error *get(admin_call *call)
{
    return store_role_get(&call->out, call->ids[0], call->db, call->pool);
}

static scim_error *create(admin_call *call)
{
    return store_role_create(&call->out, call->given, call->db, call->pool);
}

static scim_error *change(admin_call *call)
{
    return store_role_change(&call->out, call->ids[0], call->given,
                             call->version, call->db, call->pool);
}

static scim_error *remove_role(admin_call *call)
{
    return store_role_delete(&call->out, call->ids[0], call->given,
                             call->version, call->db, call->pool);
}

/* clang-format off */
#define NAME_HELP "unique in the organization, without case; not Owner"
#define OTHERS \
    { .name = "description", .type = ADMIN_TEXT, .most = 2000, \
      .help = "what it is, for people" }, \
    { .name = "administers", .type = ADMIN_BOOLEAN, \
      .help = "a group that is made again does not give it by itself" }

static const admin_field create_fields[] = {
    { .name = "name", .type = ADMIN_NAME, .required = 1, .help = NAME_HELP },
    OTHERS,
    { .name = NULL },
};

static const admin_field change_fields[] = {
    { .name = "name", .type = ADMIN_NAME, .help = NAME_HELP },
    OTHERS,
    { .name = NULL },
};

const admin_operation admin_role_list = {
    .name = "role.list", .need = STORE_ADMIN_READS, .is_list = 1, .run = list,
    .summary = "Lists the roles that can be held in stacks." };

const admin_operation admin_role_get = {
    .name = "role.get", .need = STORE_ADMIN_READS, .ids = "n", .run = get,
    .summary = "Shows a role." };

const admin_operation admin_role_create = {
    .name = "role.create", .need = STORE_ADMIN_WRITES,
    .fields = create_fields, .run = create,
    .summary = "Adds a role, for any stack." };

const admin_operation admin_role_change = {
    .name = "role.change", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = change_fields, .run = change,
    .summary = "Changes a role's name, description or whether it"
               " administers." };

const admin_operation admin_role_delete = {
    .name = "role.delete", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = admin_effect_fields, .run = remove_role,
    .summary = "Removes a role from all mappings, and says who loses it." };

const admin_operation admin_role_preview = {
    .name = "role.preview", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = admin_effect_fields, .run = remove_role, .is_tried = 1,
    .summary = "Says who would lose what if a role were removed." };
/* clang-format on */
