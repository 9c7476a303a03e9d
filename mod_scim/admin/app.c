#include "admin/app.h"

#include <string.h>

#include "admin/check.h"

static const char *const kinds[] = { "entra", "okta", "onelogin", "generic" };

static scim_error *check_kind(const char *kind, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (strcmp(kind, kinds[i]) == 0) {
            return NULL;
        }
    }
    return scim_error_make(SCIM_INVALID_VALUE, pool,
                           "\"%s\" is no kind of app: it is one of entra, "
                           "okta, onelogin, generic.",
                           scim_excerpt(kind, pool));
}

scim_error *admin_app_install(store_app *out, const char *slug,
                              const store_app *wanted,
                              const store_actor *actor, store_admin *a,
                              apr_pool_t *pool)
{
    scim_error *err = check_kind(wanted->kind, pool);

    if (err == NULL) {
        err = admin_check_name("The name", wanted->name, pool);
    }
    if (err != NULL) {
        return err;
    }
    return store_app_install(out, slug, wanted->kind, wanted->name,
                             wanted->whole_organization, wanted->strict,
                             wanted->passwords, actor, a, pool);
}
