#include "admin/organization.h"

#include "admin/check.h"

scim_error *admin_organization_create(store_organization *out,
                                      const store_organization *wanted,
                                      const store_actor *actor, store_admin *a,
                                      apr_pool_t *pool)
{
    store_organization complete = *wanted;
    scim_error *err;

    if (complete.realm == NULL) {
        complete.realm = ADMIN_REALM_DEFAULT;
    }
    err = admin_check_slug(complete.slug, pool);
    if (err == NULL) {
        err = admin_check_name("The name", complete.name, pool);
    }
    if (err == NULL) {
        err = admin_check_name("The owner's name", complete.owner, pool);
    }
    if (err == NULL) {
        err = admin_check_name("The realm", complete.realm, pool);
    }
    if (err != NULL) {
        return err;
    }
    return store_organization_create(out, &complete, actor, a, pool);
}
