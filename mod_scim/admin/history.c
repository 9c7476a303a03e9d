#include "admin/history.h"

#include <string.h>

#include <apr_strings.h>

/* "user.history" is about users. */
static const scim_resource_type *type_of(const admin_call *call)
{
    return strncmp(call->operation->name, "user.", 5) == 0 ? &scim_type_user
                                                           : &scim_type_group;
}

static scim_error *history(admin_call *call)
{
    return store_history_list(&call->out, &call->slice, type_of(call)->name,
                              call->ids[0], call->db, call->pool);
}

static scim_error *deleted(admin_call *call)
{
    return store_tombstone_list(&call->out, &call->slice, type_of(call)->name,
                                call->given, call->db, call->pool);
}

/* Or NULL. */
static const char *wanted_version(const admin_call *call)
{
    json_t *number = json_object_get(call->given, "version");

    return json_is_integer(number)
               ? apr_psprintf(call->pool, "%d",
                              (int)json_integer_value(number))
               : NULL;
}

static scim_error *version(admin_call *call)
{
    return store_history_version(&call->out, type_of(call), call->ids[0],
                                 wanted_version(call), call->db, call->pool);
}

static scim_error *memberships(admin_call *call)
{
    return store_history_memberships(&call->out, &call->slice, call->ids[0],
                                     call->db, call->pool);
}

static scim_error *restore(admin_call *call)
{
    return store_history_restore(
        &call->out, type_of(call), call->ids[0], wanted_version(call),
        json_is_true(json_object_get(call->given, "memberships")),
        call->version, call->db, call->pool);
}

static scim_error *erase(admin_call *call)
{
    return store_history_erase(
        &call->out, call->ids[0],
        json_is_true(json_object_get(call->given, "delete")), call->db,
        call->pool);
}

/* clang-format off */
#define VERSION \
    { .name = "version", .type = ADMIN_NUMBER, .least = 1, \
      .most = 999999999, \
      .help = "what a living one shall be again; without: a deleted one" }

static const admin_field deleted_fields[] = {
    { .name = "search", .type = ADMIN_TEXT, .most = 2000,
      .help = "how the name or the externalId begins" },
    { .name = "app", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .help = "only those of an app" },
    { .name = NULL },
};

static const admin_field version_fields[] = {
    { .name = "version", .type = ADMIN_NUMBER, .least = 1,
      .most = 999999999, .required = 1, .help = "as the history has it" },
    { .name = NULL },
};

static const admin_field user_fields[] = {
    VERSION,
    { .name = "memberships", .type = ADMIN_BOOLEAN,
      .help = "of a deleted one: also into its groups that are still there" },
    { .name = NULL },
};

static const admin_field group_fields[] = {
    VERSION,
    { .name = "memberships", .type = ADMIN_BOOLEAN,
      .help = "also its members of then that are still there" },
    { .name = NULL },
};

static const admin_field erase_fields[] = {
    { .name = "delete", .type = ADMIN_BOOLEAN,
      .help = "deletes the user first" },
    { .name = NULL },
};

const admin_operation admin_user_history = {
    .name = "user.history", .need = STORE_ADMIN_READS, .ids = "u",
    .is_list = 1, .run = history,
    .summary = "Lists the versions of a user, the newest first." };

const admin_operation admin_group_history = {
    .name = "group.history", .need = STORE_ADMIN_READS, .ids = "u",
    .is_list = 1, .run = history,
    .summary = "Lists the versions of a group, the newest first." };

const admin_operation admin_user_deleted = {
    .name = "user.deleted", .need = STORE_ADMIN_READS, .is_list = 1,
    .fields = deleted_fields, .run = deleted,
    .summary = "Lists deleted users, the last one first: who can be"
               " restored." };

const admin_operation admin_group_deleted = {
    .name = "group.deleted", .need = STORE_ADMIN_READS, .is_list = 1,
    .fields = deleted_fields, .run = deleted,
    .summary = "Lists deleted groups, the last one first: what can be"
               " restored." };

const admin_operation admin_user_version = {
    .name = "user.version", .need = STORE_ADMIN_READS, .ids = "u",
    .fields = version_fields, .run = version,
    .summary = "Shows a user as it was in a version." };

const admin_operation admin_group_version = {
    .name = "group.version", .need = STORE_ADMIN_READS, .ids = "u",
    .fields = version_fields, .run = version,
    .summary = "Shows a group and its members as they were in a version." };

const admin_operation admin_user_memberships = {
    .name = "user.memberships", .need = STORE_ADMIN_READS, .ids = "u",
    .is_list = 1, .run = memberships,
    .summary = "Lists which groups a user came into and left, and why." };

const admin_operation admin_user_restore = {
    .name = "user.restore", .need = STORE_ADMIN_WRITES, .ids = "u",
    .fields = user_fields, .run = restore,
    .summary = "Brings a deleted user back, or what a user was." };

const admin_operation admin_group_restore = {
    .name = "group.restore", .need = STORE_ADMIN_WRITES, .ids = "u",
    .fields = group_fields, .run = restore,
    .summary = "Brings a deleted group back, or what a group was." };

/* Not for the admin API: httpd may not change the journal. */
const admin_operation admin_user_erase = {
    .name = "user.erase", .need = STORE_OWNER_WRITES, .ids = "u",
    .fields = erase_fields, .run = erase,
    .summary = "Takes a person's data out of tombstones and journal." };
/* clang-format on */
