#include "admin/overview.h"

#include <string.h>

/* What to do about a hint, and where in the pages of the provider or in ours.
 * Codes are stable: alerts and scripts go by them. */
/* clang-format off */
static const struct {
    const char *code;
    const char *remedy;
    const char *where;
} remedies[] = {
    { "token_expires", "Rotate the token and paste the new one.",
      "Entra: Provisioning > Admin Credentials > Secret Token" },
    { "no_token", "Make a token and paste it.",
      "Entra: Provisioning > Admin Credentials > Secret Token" },
    { "never_contacted", "Paste tenant URL and secret token, and test the "
      "connection.", "Entra: Provisioning > Admin Credentials" },
    { "quarantine", "Correct what fails, then restart provisioning.",
      "Entra: Provisioning > Overview > Restart provisioning" },
    { "no_contact", "See whether provisioning is on, and whether its network "
      "reaches this server.", "Entra: Provisioning > Overview" },
    { "external_id_changes", "Map externalId to objectId, and restart "
      "provisioning.", "Entra: Provisioning > Mappings > Users > externalId" },
    { "external_id_shared", "Map externalId to an attribute that no two people "
      "share, as objectId.",
      "Entra: Provisioning > Mappings > Users > externalId" },
    { "active_never_sent", "Map active to Switch([IsSoftDeleted], , \"False\", "
      "\"True\", \"True\", \"False\").",
      "Entra: Provisioning > Mappings > Users > active" },
    { "group_names", "Rename one of them, or map by the group's id.",
      "Entra: Groups > Properties" },
    { "unmapped_groups", "Map those that should give something.",
      "Group mapping" },
    { "dormant_mappings", "Reconnect them to the groups that took their place, "
      "or remove them.", "Group mapping > Dormant" },
    { "failures", "Open one in the journal: it says what to change.",
      "Journal > Failed" },
    { "inactive_users", "Nothing has to be done; they hold no permissions.",
      "Users > Inactive" },
};
/* clang-format on */

static void add_remedy(json_t *hint)
{
    const char *code = json_string_value(json_object_get(hint, "code"));
    apr_size_t i;

    for (i = 0; code != NULL && i < sizeof(remedies) / sizeof(*remedies);
         i++) {
        if (strcmp(remedies[i].code, code) == 0) {
            json_object_set_new(hint, "remedy",
                                json_string(remedies[i].remedy));
            json_object_set_new(hint, "where", json_string(remedies[i].where));
            return;
        }
    }
}

static scim_error *overview(admin_call *call)
{
    return store_overview_get(&call->out, call->db, call->pool);
}

static scim_error *hints(admin_call *call)
{
    json_t *hint;
    size_t i;
    scim_error *err = store_hint_list(&call->out, call->db, call->pool);

    if (err == NULL) {
        json_array_foreach(call->out, i, hint) {
            add_remedy(hint);
        }
    }
    return err;
}

/* clang-format off */
const admin_operation admin_overview_get = {
    .name = "overview.get", .need = STORE_ADMIN_READS, .run = overview,
    .summary = "Shows how far the set-up is, and how provisioning goes." };

const admin_operation admin_hint_list = {
    .name = "hint.list", .need = STORE_ADMIN_READS, .is_list = 1, .run = hints,
    .summary = "Lists what needs attention, each with what to do." };
/* clang-format on */
