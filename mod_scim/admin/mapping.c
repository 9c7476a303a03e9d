#include "admin/mapping.h"

#include "admin/effect.h"

static scim_error *list(admin_call *call)
{
    return store_mapping_list(&call->out, &call->slice, call->given, call->db,
                              call->pool);
}

static scim_error *get(admin_call *call)
{
    return store_mapping_get(&call->out, call->ids[0], call->db, call->pool);
}

static scim_error *unmapped(admin_call *call)
{
    return store_mapping_unmapped(&call->out, &call->slice, call->db,
                                  call->pool);
}

static scim_error *dormant(admin_call *call)
{
    return store_mapping_dormant(&call->out, &call->slice, call->db,
                                 call->pool);
}

static scim_error *save(admin_call *call)
{
    return store_mapping_save(&call->out, call->given, call->db, call->pool);
}

static scim_error *remove_mapping(admin_call *call)
{
    return store_mapping_delete(&call->out, call->ids[0], call->given,
                                call->version, call->db, call->pool);
}

static scim_error *reconnect(admin_call *call)
{
    return store_mapping_reconnect(&call->out, call->ids[0], call->given,
                                   call->version, call->db, call->pool);
}

/* clang-format off */
static const admin_field list_fields[] = {
    { .name = "stack", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .help = "only those that grant something in it" },
    { .name = "role", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .help = "only those that grant it" },
    { .name = NULL },
};

static const admin_field role_fields[] = {
    /* Nobody means every stack by having forgotten the one. */
    { .name = "stack", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .required = 1, .nullable = 1,
      .help = "null: every stack, those to come as well" },
    { .name = "role", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .required = 1, .help = "one of the organization's roles" },
    { .name = NULL },
};

static const admin_field mapping_fields[] = {
    { .name = "group", .type = ADMIN_TEXT, .most = 36, .required = 1,
      .help = "the group's id" },
    { .name = "organization_role", .type = ADMIN_WORD, .nullable = 1,
      .choices = "admin|member", .help = "what members are in the"
      " organization; admin takes an owner" },
    { .name = "roles", .type = ADMIN_LIST, .fields = role_fields,
      .help = "what they hold in stacks; all of it" },
    { .name = "version", .type = ADMIN_NUMBER, .most = 999999999,
      .nullable = 1,
      .help = "as it was seen, 0: none was; without it, whatever is there is"
      " replaced" },
    { .name = NULL },
};

static const admin_field save_fields[] = {
    { .name = "mappings", .type = ADMIN_LIST, .required = 1,
      .fields = mapping_fields,
      .help = "each in place of what its group has; all or none" },
    ADMIN_EFFECT_FIELDS,
    { .name = NULL },
};

static const admin_field reconnect_fields[] = {
    { .name = "group", .type = ADMIN_TEXT, .most = 36, .required = 1,
      .help = "the group that takes it over" },
    { .name = "dry_run", .type = ADMIN_BOOLEAN,
      .help = "only says who would gain what" },
    ADMIN_EFFECT_FIELDS,
    { .name = NULL },
};

const admin_operation admin_mapping_list = {
    .name = "mapping.list", .need = STORE_ADMIN_READS, .is_list = 1,
    .fields = list_fields, .run = list,
    .summary = "Lists what the members of which group hold." };

const admin_operation admin_mapping_get = {
    .name = "mapping.get", .need = STORE_ADMIN_READS, .ids = "n", .run = get,
    .summary = "Shows a mapping." };

const admin_operation admin_mapping_unmapped = {
    .name = "mapping.unmapped", .need = STORE_ADMIN_READS, .is_list = 1,
    .run = unmapped, .summary = "Lists the groups without a mapping." };

const admin_operation admin_mapping_dormant = {
    .name = "mapping.dormant", .need = STORE_ADMIN_READS, .is_list = 1,
    .run = dormant,
    .summary = "Lists mappings whose group is gone, and which groups may have"
               " been made in its place." };

const admin_operation admin_mapping_save = {
    .name = "mapping.save", .need = STORE_ADMIN_WRITES,
    .fields = save_fields, .run = save,
    .summary = "Says what the members of groups hold, of several groups in one"
               " transaction." };

const admin_operation admin_mapping_preview = {
    .name = "mapping.preview", .need = STORE_ADMIN_WRITES,
    .fields = save_fields, .run = save, .is_tried = 1,
    .summary = "Says who would gain and lose what if these were saved." };

const admin_operation admin_mapping_delete = {
    .name = "mapping.delete", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = admin_effect_fields, .run = remove_mapping,
    .summary = "Removes a mapping, and says who loses what." };

const admin_operation admin_mapping_delete_preview = {
    .name = "mapping.delete-preview", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = admin_effect_fields, .run = remove_mapping, .is_tried = 1,
    .summary = "Says who would lose what if a mapping were removed." };

const admin_operation admin_mapping_reconnect = {
    .name = "mapping.reconnect", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = reconnect_fields, .run = reconnect,
    .summary = "Hands a dormant mapping to another group." };
/* clang-format on */
