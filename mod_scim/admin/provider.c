#include "admin/provider.h"

#include <string.h>

/* clang-format off */
static const struct {
    const char *kind; /* of an app */
    const char *pages[ADMIN_PAGES];
} providers[ADMIN_PROVIDERS] = {
    [ADMIN_ENTRA] = { "entra", {
      [ADMIN_PAGE_CREDENTIALS] = "Entra: Provisioning > Admin Credentials",
      [ADMIN_PAGE_MAPPINGS] = "Entra: Provisioning > Mappings > Users",
      [ADMIN_PAGE_GROUPS] = "Entra: Provisioning > Mappings > Groups",
      [ADMIN_PAGE_ASSIGNED] = "Entra: Users and groups",
      [ADMIN_PAGE_STATUS] = "Entra: Provisioning > Overview" } },
    [ADMIN_OKTA] = { "okta", {
      [ADMIN_PAGE_CREDENTIALS] = "Okta: the app > Provisioning > Integration",
      [ADMIN_PAGE_MAPPINGS]
          = "Okta: the app > Provisioning > To App > Attribute Mappings",
      [ADMIN_PAGE_GROUPS] = "Okta: the app > Push Groups",
      [ADMIN_PAGE_ASSIGNED] = "Okta: the app > Assignments",
      [ADMIN_PAGE_STATUS] = "Okta: Dashboard > Tasks" } },
    [ADMIN_ONELOGIN] = { "onelogin", {
      [ADMIN_PAGE_CREDENTIALS] = "OneLogin: the app > Configuration",
      [ADMIN_PAGE_MAPPINGS] = "OneLogin: the app > Parameters",
      [ADMIN_PAGE_GROUPS] = "OneLogin: the app > Rules",
      [ADMIN_PAGE_ASSIGNED] = "OneLogin: the app > Users",
      [ADMIN_PAGE_STATUS] = "OneLogin: the app > Provisioning" } },
    [ADMIN_GENERIC] = { "generic", {
      [ADMIN_PAGE_CREDENTIALS]
          = "The provider's page with tenant URL and token",
      [ADMIN_PAGE_MAPPINGS] = "The provider's page of attributes",
      [ADMIN_PAGE_GROUPS] = "The provider's page of groups",
      [ADMIN_PAGE_ASSIGNED] = "The provider's page of who is provisioned",
      [ADMIN_PAGE_STATUS] = "The provider's log of provisioning" } },
};
/* clang-format on */

admin_provider admin_provider_of(const char *kind)
{
    int i;

    for (i = 0; kind != NULL && i < ADMIN_GENERIC; i++) {
        if (strcmp(providers[i].kind, kind) == 0) {
            return (admin_provider)i;
        }
    }
    return ADMIN_GENERIC;
}

const char *admin_provider_page(admin_provider provider, admin_page page)
{
    return providers[provider].pages[page];
}
