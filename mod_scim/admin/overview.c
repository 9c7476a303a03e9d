#include "admin/overview.h"

#include <string.h>

#include "admin/provider.h"

/* Short, for the table. */
#define OURS        ADMIN_PAGE_NONE
#define CREDENTIALS ADMIN_PAGE_CREDENTIALS
#define MAPPINGS    ADMIN_PAGE_MAPPINGS
#define STATUS      ADMIN_PAGE_STATUS

/* clang-format off */
/* What to do about a hint, and where in the pages of the provider or in ours.
 * Codes are stable: alerts and scripts go by them. */
static const struct remedy {
    const char *code;
    admin_page page;
    const char *where; /* of ours */
    const char *text;
} remedies[] = {
    { "brake_engaged", OURS, "Settings > Brake",
      "Look at who is held: let them through or release the brake, or correct "
      "the provider." },
    { "rehearsing", OURS, "SCIM > the app",
      "Read its summary, and let it go live." },
    { "token_expires", CREDENTIALS, NULL,
      "Rotate the token and paste the new one." },
    { "no_token", CREDENTIALS, NULL, "Make a token and paste it." },
    { "token_unused", OURS, "SCIM > the app > Tokens",
      "Revoke them; whoever needs one gets a new one." },
    { "never_contacted", CREDENTIALS, NULL,
      "Paste tenant URL and secret token, and test the connection." },
    { "quarantine", STATUS, NULL,
      "Correct what fails, then restart provisioning." },
    { "no_contact", STATUS, NULL,
      "See whether provisioning is on, and whether its network reaches this "
      "server." },
    { "external_id_changes", MAPPINGS, NULL,
      "Map externalId to what never changes (in Entra objectId), and restart "
      "provisioning." },
    { "external_id_shared", MAPPINGS, NULL,
      "Map externalId to an attribute that no two people share (in Entra "
      "objectId)." },
    { "active_never_sent", MAPPINGS, NULL,
      "Map active; in Entra to Switch([IsSoftDeleted], , \"False\", \"True\", "
      "\"True\", \"False\")." },
    { "group_names", OURS, "Groups",
      "Rename one of them in the provider, or map by the group's id." },
    { "unmapped_groups", OURS, "Group mapping",
      "Map those that should give something." },
    { "dormant_mappings", OURS, "Group mapping > Dormant",
      "Reconnect them to the groups that took their place, or remove them." },
    { "failures", OURS, "Journal > Failed",
      "Open one in the journal: it says what to change." },
    { "inactive_users", OURS, "Users > Inactive",
      "Nothing has to be done; they hold no permissions." },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static const char *place_of(const struct remedy *remedy, const char *kind)
{
    return kind == NULL || remedy->page == OURS
               ? remedy->where
               : admin_provider_page(admin_provider_of(kind), remedy->page);
}

static void add_remedy(json_t *hint)
{
    const char *code = json_string_value(json_object_get(hint, "code"));
    const char *kind = json_string_value(json_object_get(hint, "provider"));
    apr_size_t i;

    for (i = 0; i < COUNT(remedies); i++) {
        if (strcmp(remedies[i].code, code) == 0) {
            const char *place = place_of(&remedies[i], kind);

            json_object_set_new(hint, "remedy",
                                json_string(remedies[i].text));
            json_object_set_new(hint, "where", place != NULL
                                                   ? json_string(place)
                                                   : json_null());
            return;
        }
    }
}

static scim_error *overview(admin_call *call)
{
    return store_overview_get(&call->out, call->db, call->pool);
}

scim_error *admin_hints(json_t **out, const json_t *given, store_admin *db,
                        apr_pool_t *pool)
{
    json_t *hint;
    size_t i;
    scim_error *err = store_hint_list(out, given, db, pool);

    if (err == NULL) {
        json_array_foreach(*out, i, hint) {
            add_remedy(hint);
        }
    }
    return err;
}

static scim_error *hints(admin_call *call)
{
    return admin_hints(&call->out, call->given, call->db, call->pool);
}

/* clang-format off */
static const admin_field hint_fields[] = {
    { .name = "silent_hours", .type = ADMIN_NUMBER, .least = 1, .most = 8760,
      .help = "after which an app that nobody contacts is silent (as in"
      " alerts)" },
    { .name = "inactive_days", .type = ADMIN_NUMBER, .least = 1, .most = 3650,
      .help = "after which inactive users are mentioned (as in alerts)" },
    { .name = NULL },
};

const admin_operation admin_overview_get = {
    .name = "overview.get", .need = STORE_ADMIN_READS, .run = overview,
    .summary = "Shows how far the set-up is, and how provisioning goes." };

const admin_operation admin_hint_list = {
    .name = "hint.list",
    .need = STORE_ADMIN_READS, .is_list = 1, .fields = hint_fields,
    .run = hints,
    .summary = "Lists what needs attention, each with what to do." };
/* clang-format on */
