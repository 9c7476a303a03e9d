#include "admin/organization.h"

#include <string.h>

#include "admin/check.h"

static scim_error *list(admin_call *call)
{
    return store_organization_list(&call->out, &call->slice, call->db,
                                   call->pool);
}

static scim_error *show(scim_error *err, admin_call *call)
{
    if (err == NULL && call->tenant_url != NULL) {
        json_object_set_new(call->out, "tenant_url",
                            json_string(call->tenant_url));
    }
    return err;
}

static scim_error *get(admin_call *call)
{
    return show(store_organization_get(&call->out, call->db, call->pool),
                call);
}

static scim_error *check_new(admin_call *call)
{
    const json_t *slug = json_object_get(call->given, "slug");
    scim_error *err = admin_check_slug(json_string_value(slug), call->pool);

    if (err != NULL) {
        err->field = "slug";
    }
    if (json_object_get(call->given, "realm") == NULL) {
        json_object_set_new(call->given, "realm",
                            json_string(ADMIN_REALM_DEFAULT));
    }
    return err;
}

static scim_error *create(admin_call *call)
{
    return store_organization_create(&call->out, call->given, call->db,
                                     call->pool);
}

static scim_error *change(admin_call *call)
{
    scim_error *err = NULL;

    if (json_object_get(call->given, "mapped_admins") != NULL) {
        err = store_admin_owners_only("Whether mappings make administrators",
                                      call->db, call->pool);
    }
    return err != NULL ? err
                       : show(store_organization_change(
                                  &call->out, call->given, call->version,
                                  call->db, call->pool),
                              call);
}

static scim_error *turn(store_switch to, admin_call *call)
{
    return show(store_organization_switch(&call->out, to, call->db,
                                          call->pool),
                call);
}

static scim_error *enable(admin_call *call)
{
    return turn(STORE_SWITCH_SCIM_ON, call);
}

static scim_error *disable(admin_call *call)
{
    return turn(STORE_SWITCH_SCIM_OFF, call);
}

static scim_error *suspend(admin_call *call)
{
    return turn(STORE_SWITCH_SUSPEND, call);
}

static scim_error *resume(admin_call *call)
{
    return turn(STORE_SWITCH_RESUME, call);
}

/* It cannot be undone: whoever asks for it says which one. */
static scim_error *check_confirmed(admin_call *call)
{
    const char *said = json_string_value(
        json_object_get(call->given, "confirm"));
    scim_error *err;

    if (strcmp(said, call->slug) == 0) {
        return NULL;
    }
    err = scim_error_make(SCIM_INVALID_VALUE, call->pool,
                          "\"confirm\" must be the organization's slug: what "
                          "is deleted does not come back.");
    err->field = "confirm";
    return err;
}

static scim_error *remove_organization(admin_call *call)
{
    return store_organization_delete(&call->out, call->version, call->db,
                                     call->pool);
}

/* clang-format off */
#define SETTINGS \
    { .name = "members_by_default", .type = ADMIN_BOOLEAN, \
      .help = "every active provisioned user holds the role member" }, \
    { .name = "mapped_admins", .type = ADMIN_BOOLEAN, \
      .help = "the mapped role admin makes an administrator of an account" \
              " that is linked to the user (owners only)" }

static const admin_field create_fields[] = {
    { .name = "slug", .type = ADMIN_TEXT, .required = 1,
      .help = "stands in its tenant URL, for ever" },
    { .name = "name", .type = ADMIN_NAME, .required = 1,
      .help = "what people call it" },
    { .name = "owner", .type = ADMIN_NAME, .required = 1,
      .help = "name of the owner's account, as httpd says it" },
    { .name = "realm", .type = ADMIN_NAME,
      .help = "whose name that is (default: " ADMIN_REALM_DEFAULT ")" },
    { .name = "scim", .type = ADMIN_BOOLEAN,
      .help = "whether identity providers get in (default: off)" },
    SETTINGS,
    { .name = NULL },
};

static const admin_field change_fields[] = {
    { .name = "name", .type = ADMIN_NAME, .help = "what people call it" },
    SETTINGS,
    { .name = NULL },
};

static const admin_field delete_fields[] = {
    { .name = "confirm", .type = ADMIN_TEXT, .required = 1,
      .help = "the organization's slug once more" },
    { .name = NULL },
};

const admin_operation admin_organization_create = {
    .name = "organization.create", .need = STORE_ANYBODY,
    .fields = create_fields, .prepare = check_new, .run = create,
    .summary = "Makes an organization; SLUG stands in its tenant URL for"
               " ever." };

const admin_operation admin_organization_list = {
    .name = "organization.list", .need = STORE_ANYBODY, .is_list = 1,
    .run = list, .summary = "Lists the organizations." };

const admin_operation admin_organization_get = {
    .name = "organization.get", .need = STORE_MEMBER_READS, .run = get,
    .summary = "Shows one organization." };

const admin_operation admin_organization_change = {
    .name = "organization.change", .need = STORE_ADMIN_WRITES,
    .fields = change_fields, .run = change,
    .summary = "Changes the name or the settings of an organization." };

const admin_operation admin_organization_enable = {
    .name = "organization.enable", .need = STORE_ADMIN_WRITES, .run = enable,
    .summary = "Switches SCIM on: identity providers get in." };

const admin_operation admin_organization_disable = {
    .name = "organization.disable", .need = STORE_ADMIN_WRITES,
    .run = disable,
    .summary = "Switches SCIM off: identity providers get 401." };

const admin_operation admin_organization_suspend = {
    .name = "organization.suspend", .need = STORE_OWNER_WRITES,
    .run = suspend, .summary = "Suspends everything of the organization." };

const admin_operation admin_organization_resume = {
    .name = "organization.resume", .need = STORE_OWNER_WRITES, .run = resume,
    .summary = "Ends a suspension." };

const admin_operation admin_organization_delete = {
    .name = "organization.delete", .need = STORE_OWNER_WRITES,
    .fields = delete_fields, .prepare = check_confirmed,
    .run = remove_organization,
    .summary = "Deletes an organization and everything in it, for good; the"
               " slug is never given away again." };
/* clang-format on */
