#include "admin/stack.h"

#include "admin/effect.h"

static scim_error *list(admin_call *call)
{
    return store_stack_list(&call->out, &call->slice, call->db, call->pool);
}

static scim_error *get(admin_call *call)
{
    return store_stack_get(&call->out, call->ids[0], call->db, call->pool);
}

static scim_error *create(admin_call *call)
{
    return store_stack_create(&call->out, call->given, call->db, call->pool);
}

static scim_error *change(admin_call *call)
{
    return store_stack_change(&call->out, call->ids[0], call->given,
                              call->version, call->db, call->pool);
}

static scim_error *remove_stack(admin_call *call)
{
    return store_stack_delete(&call->out, call->ids[0], call->given,
                              call->version, call->db, call->pool);
}

/* clang-format off */
#define DESCRIPTION { .name = "description", .type = ADMIN_TEXT, \
                      .most = 2000, .help = "what it is, for people" }

static const admin_field create_fields[] = {
    { .name = "name", .type = ADMIN_NAME, .required = 1,
      .help = "unique in the organization, without case" },
    DESCRIPTION,
    { .name = NULL },
};

static const admin_field change_fields[] = {
    { .name = "name", .type = ADMIN_NAME,
      .help = "unique in the organization, without case" },
    DESCRIPTION,
    { .name = NULL },
};

const admin_operation admin_stack_list = {
    .name = "stack.list", .need = STORE_ADMIN_READS, .is_list = 1, .run = list,
    .summary = "Lists the stacks of an organization." };

const admin_operation admin_stack_get = {
    .name = "stack.get", .need = STORE_ADMIN_READS, .ids = "n", .run = get,
    .summary = "Shows a stack." };

const admin_operation admin_stack_create = {
    .name = "stack.create", .need = STORE_ADMIN_WRITES,
    .fields = create_fields, .run = create,
    .summary = "Adds a stack: an application or environment." };

const admin_operation admin_stack_change = {
    .name = "stack.change", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = change_fields, .run = change,
    .summary = "Changes the name or the description of a stack." };

const admin_operation admin_stack_delete = {
    .name = "stack.delete", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = admin_effect_fields, .run = remove_stack,
    .summary = "Removes a stack, and every role that was mapped in it." };

const admin_operation admin_stack_preview = {
    .name = "stack.preview", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = admin_effect_fields, .run = remove_stack, .is_tried = 1,
    .summary = "Says who would lose what if a stack were removed." };
/* clang-format on */
