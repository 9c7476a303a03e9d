#include "admin/organization.h"

#include <stdio.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

static int is_on(const json_t *organization, const char *member)
{
    return json_is_true(json_object_get(organization, member));
}

static void print_created(const admin_call *done, const scimctl_call *call)
{
    const char *slug = scimctl_member(done->out, "slug", call->pool);

    printf("Made the organization \"%s\" with the owner %s; SCIM is %s.\n",
           slug, scimctl_member(done->out, "owner", call->pool),
           is_on(done->out, "scim") ? "on" : "off");
    printf("Next: scimctl app install --organization %s --kind KIND --name "
           "NAME\n",
           slug);
}

static void print_enabled(const admin_call *done, const scimctl_call *call)
{
    (void)call;
    printf("Organization \"%s\": SCIM is on; tokens made before work "
           "again.\n",
           done->slug);
}

static void print_disabled(const admin_call *done, const scimctl_call *call)
{
    (void)call;
    printf("Organization \"%s\": SCIM is off; identity providers get 401, "
           "users and permissions stay.\n",
           done->slug);
}

static void print_suspended(const admin_call *done, const scimctl_call *call)
{
    (void)call;
    printf("Organization \"%s\": suspended; nobody and nothing gets in.\n",
           done->slug);
}

static void print_resumed(const admin_call *done, const scimctl_call *call)
{
    (void)call;
    printf("Organization \"%s\": not suspended.\n", done->slug);
}

static void print_deleted(const admin_call *done, const scimctl_call *call)
{
    printf("The organization \"%s\" is gone: %s\n", done->slug,
           scimctl_member_text(done->out, call->pool));
}

/* clang-format off */
#define COLUMNS "slug:SLUG name:NAME scim:SCIM:on|off" \
    " suspended:SUSPENDED apps:APPS users:USERS groups:GROUPS owner:OWNER" \
    " created:CREATED"
#define SHOWN "slug:slug name:name owner:owner realm:realm scim:SCIM:on|off" \
    " suspended:suspended created:created apps:apps users:users" \
    " groups:groups members_by_default:members_by_default" \
    " mapped_admins:mapped_admins"

const scimctl_command scimctl_organization[] = {
    { .family = "organization", .name = "create", .argument = "SLUG",
      .operation = &admin_organization_create, .print = print_created },
    { .family = "organization", .name = "list",
      .operation = &admin_organization_list, .columns = COLUMNS },
    { .family = "organization", .name = "show", .argument = "SLUG",
      .operation = &admin_organization_get, .columns = SHOWN },
    { .family = "organization", .name = "change", .argument = "SLUG",
      .operation = &admin_organization_change, .columns = SHOWN },
    { .family = "organization", .name = "enable", .argument = "SLUG",
      .operation = &admin_organization_enable, .print = print_enabled },
    { .family = "organization", .name = "disable", .argument = "SLUG",
      .operation = &admin_organization_disable, .print = print_disabled },
    { .family = "organization", .name = "suspend", .argument = "SLUG",
      .operation = &admin_organization_suspend, .print = print_suspended },
    { .family = "organization", .name = "resume", .argument = "SLUG",
      .operation = &admin_organization_resume, .print = print_resumed },
    { .family = "organization", .name = "delete", .argument = "SLUG",
      .operation = &admin_organization_delete, .print = print_deleted },
    { .name = NULL },
};
/* clang-format on */
