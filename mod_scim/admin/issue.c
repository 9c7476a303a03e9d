#include "admin/issue.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "admin/check.h"
#include "admin/token.h"

static scim_error *check_order(const admin_token_order *order,
                               apr_pool_t *pool)
{
    if (order->expires_days < 0
        || order->expires_days > ADMIN_TOKEN_DAYS_MAX) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "A token expires after 1 to %d days, or never "
                               "(0).",
                               ADMIN_TOKEN_DAYS_MAX);
    }
    return order->name[0] == '\0'
               ? NULL
               : admin_check_name("The name", order->name, pool);
}

/* Up to 256 bytes come whole once the kernel has its entropy (getrandom(2)). */
static scim_error *draw(unsigned char random[32], apr_pool_t *pool)
{
    ssize_t got;

    do {
        got = getrandom(random, 32, 0);
    } while (got < 0 && errno == EINTR);
    return got == 32 ? NULL
                     : scim_error_make(SCIM_INTERNAL, pool,
                                       "The system has no random numbers: %s",
                                       strerror(errno));
}

scim_error *admin_token_issue(const char **text, store_token *out,
                              const admin_token_order *order,
                              const store_actor *actor, store_admin *a,
                              apr_pool_t *pool)
{
    unsigned char random[32];
    apr_int64_t org_id, key_id;
    admin_token token;
    const char *made;
    scim_error *err = check_order(order, pool);

    if (err == NULL) {
        err = draw(random, pool);
    }
    if (err == NULL) {
        err = store_token_reserve(&org_id, &key_id, order->slug, order->app_id,
                                  a, pool);
    }
    if (err != NULL) {
        return err;
    }
    made = admin_token_make(&token, org_id, key_id, random, pool);
    err = store_token_insert(out, org_id, key_id, order->app_id, token.hash,
                             made + strlen(made) - 4, order->name,
                             order->expires_days, order->read_only, actor, a,
                             pool);
    if (err == NULL) {
        *text = made;
    }
    return err;
}
