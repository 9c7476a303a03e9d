#include <apr_strings.h>

#include "core/json.h"
#include "store/admin_connection.h"

scim_error *store_permissions_lock(store_admin *a, apr_pool_t *pool)
{
    return store_admin_ask(NULL, a, "select scim.permissions_lock($1)", 0,
                           NULL, pool);
}

/* `part`: of the kind that the function takes; NULL: of all. */
static scim_error *refresh(const char *sql, const char *part,
                           const char *kind, const json_t *id,
                           const char *name, store_admin *a, apr_pool_t *pool)
{
    apr_time_t took = a->actor->received == 0
                          ? 0
                          : apr_time_now() - a->actor->received;
    json_t *cause = scim_json_adopt(json_pack("{s:s, s:O, s:s}", "kind", kind,
                                              "id", id, "name", name),
                                    pool);
    const char *values[] = { scim_json_dump(cause, NULL, pool),
                             a->actor->realm != NULL ? "account" : "scimctl",
                             a->actor->name,
                             apr_itoa(pool, (int)apr_time_as_msec(took)),
                             a->actor->request_id,
                             a->actor->address,
                             part };

    return store_admin_ask(NULL, a, sql, 7, values, pool);
}

#define BY                                                               \
    " $2::jsonb, row($3::text, $4::text, null, $5::int, $6::text,"       \
    " $7::text)::scim.origin)"

scim_error *store_permissions_refresh(const char *kind, const json_t *id,
                                      const char *name, store_admin *a,
                                      apr_pool_t *pool)
{
    return store_permissions_refresh_of(NULL, kind, id, name, a, pool);
}

scim_error *store_permissions_refresh_of(const char *user, const char *kind,
                                         const json_t *id, const char *name,
                                         store_admin *a, apr_pool_t *pool)
{
    return refresh("select scim.permissions_refresh($1::int,"
                   " case when $8::uuid is not null then array[$8::uuid] end,"
                   BY,
                   user, kind, id, name, a, pool);
}

scim_error *store_permissions_refresh_groups(const char *groups,
                                             const char *kind,
                                             const json_t *id,
                                             const char *name, store_admin *a,
                                             apr_pool_t *pool)
{
    return refresh("select scim.permissions_refresh_groups($1::int,"
                   " $8::uuid[]," BY,
                   groups, kind, id, name, a, pool);
}
