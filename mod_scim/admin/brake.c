#include "admin/brake.h"

static scim_error *get(admin_call *call)
{
    return store_brake_get(&call->out, call->db, call->pool);
}

static scim_error *change(admin_call *call)
{
    return store_brake_change(&call->out, call->given, call->version, call->db,
                              call->pool);
}

static scim_error *release(admin_call *call)
{
    return store_brake_release(&call->out, call->db, call->pool);
}

static scim_error *held(admin_call *call)
{
    return store_brake_held_list(&call->out, &call->slice, call->db,
                                 call->pool);
}

static scim_error *let_through(admin_call *call)
{
    return store_brake_let_through(&call->out, call->ids[0], call->db,
                                   call->pool);
}

/* clang-format off */
const admin_field admin_brake_fields[] = {
    { .name = "on", .type = ADMIN_BOOLEAN, .help = "uses the brake (off)" },
    { .name = "users", .type = ADMIN_NUMBER, .least = 1, .most = 1000000,
      .nullable = 1,
      .help = "how many may be deactivated or deleted in a window" },
    { .name = "percent", .type = ADMIN_NUMBER, .least = 1, .most = 100,
      .nullable = 1, .help = "the same, of those who are active when it begins"
      " (at least one); the smaller number counts" },
    { .name = "minutes", .type = ADMIN_NUMBER, .least = 1, .most = 10080,
      .help = "how long a window is (60)" },
    { .name = "groups", .type = ADMIN_BOOLEAN,
      .help = "engages when a mapped group is emptied, too (on)" },
    { .name = "hours", .type = ADMIN_NUMBER, .least = 1, .most = 168,
      .help = "after which it releases itself (4)" },
    { .name = NULL },
};

const admin_operation admin_brake_get = {
    .name = "brake.get", .need = STORE_ADMIN_READS, .run = get,
    .summary = "Shows the brake on mass deprovisioning: its settings, and"
               " whether it is engaged." };

const admin_operation admin_brake_change = {
    .name = "brake.change", .need = STORE_ADMIN_WRITES,
    .fields = admin_brake_fields, .run = change,
    .summary = "Sets when the brake engages. Switched off, it holds nobody." };

const admin_operation admin_brake_release = {
    .name = "brake.release", .need = STORE_ADMIN_WRITES, .run = release,
    .summary = "Releases the brake: removals are done when the identity"
               " provider asks again, and not counted for some hours." };

const admin_operation admin_brake_held = {
    .name = "brake.held", .need = STORE_ADMIN_READS, .is_list = 1,
    .run = held,
    .summary = "Lists whose removal is held, what was asked, by which app and"
               " since when." };

const admin_operation admin_brake_let_through = {
    .name = "brake.let-through", .need = STORE_ADMIN_WRITES, .ids = "u",
    .run = let_through,
    .summary = "Lets one removal through, when the identity provider asks"
               " again." };
/* clang-format on */
