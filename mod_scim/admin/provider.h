/* The identity providers by the kinds of apps, and their pages by the names
 * that they have there. */
#ifndef SCIM_ADMIN_PROVIDER_H
#define SCIM_ADMIN_PROVIDER_H

/* As "choices" of a field has it. */
#define ADMIN_KINDS "entra|okta|onelogin|generic"

typedef enum {
    ADMIN_ENTRA,
    ADMIN_OKTA,
    ADMIN_ONELOGIN,
    ADMIN_GENERIC, /* any other, and the last one */
    ADMIN_PROVIDERS
} admin_provider;

typedef enum {
    ADMIN_PAGE_NONE, /* ours, or nobody's */
    ADMIN_PAGE_CREDENTIALS,
    ADMIN_PAGE_MAPPINGS, /* of users */
    ADMIN_PAGE_GROUPS,   /* their mappings, or what is pushed */
    ADMIN_PAGE_ASSIGNED, /* who is provisioned at all */
    ADMIN_PAGE_STATUS,   /* how it goes, and where to try again */
    ADMIN_PAGES
} admin_page;

/* Of a kind that nobody knows, or NULL: ADMIN_GENERIC. */
admin_provider admin_provider_of(const char *kind);

/* "Entra: Provisioning > Overview"; NULL: ADMIN_PAGE_NONE. */
const char *admin_provider_page(admin_provider provider, admin_page page);

#endif
