/* An app that rehearses provisions as any other does, and what its groups would
 * grant has no effect until it goes live; it may go back. */
#include "store/admin_connection.h"

#define UNMAPPED_MAX "50"

/* What the app has brought so far; groups that give nothing by themselves. */
#define BROUGHT                                                              \
    "with unmapped as materialized ("                                        \
    "  select g.id, g.name from scim.groups g"                               \
    "   where g.org_id = $1 and g.app_id = $2::int and not exists"           \
    "    (select from scim.group_mappings m"                                 \
    "      where m.org_id = $1 and m.group_id = g.id))"                      \
    " select jsonb_build_object("                                            \
    "  'users', (select jsonb_build_object("                                 \
    "     'active', count(*) filter (where u.active),"                       \
    "     'inactive', count(*) filter (where not u.active))"                 \
    "    from scim.users u where u.org_id = $1 and u.app_id = $2::int),"     \
    "  'groups', (select count(*) from scim.groups g"                        \
    "    where g.org_id = $1 and g.app_id = $2::int),"                       \
    "  'unmapped_groups', (select count(*) from unmapped),"                  \
    "  'unmapped', (select coalesce(jsonb_agg(jsonb_build_object('id', n.id," \
    "     'name', n.name) order by n.name, n.id), '[]')"                     \
    "    from (select * from unmapped order by name, id"                     \
    "     limit " UNMAPPED_MAX ") n))"

static scim_error *conflict(const char *what, const json_t *app,
                            apr_pool_t *pool)
{
    return scim_error_make(SCIM_CONFLICT, pool, what,
                           store_admin_member(app, "name", pool));
}

/* Of its groups those that give something, and what. */
#define GIVING                                                               \
    "with giving as (select m.group_id, m.mapping_id, m.organization_role"   \
    "  from scim.group_mappings m"                                           \
    "  join scim.groups g on g.org_id = $1 and g.id = m.group_id"            \
    "  where m.org_id = $1 and g.app_id = $2::int)"                          \
    " select jsonb_build_object('groups',"                                   \
    "  (select coalesce(array_agg(v.group_id), '{}')::text from giving v),"  \
    "  'roles', (select coalesce(array_agg(distinct r.role_id)::text, '{}')" \
    "   from (select r.role_id from giving v join scim.mapping_roles r"      \
    "      on r.org_id = $1 and r.mapping_id = v.mapping_id"                 \
    "     union all select w.role_id from (values (-1), (-2)) w(role_id)"    \
    "      where exists (select from giving v"                               \
    "       where v.organization_role is not null)) r))"

/* As it would be, in a transaction that may be taken back. */
static scim_error *turn(json_t **out, const json_t *app, const char *id,
                        int rehearsing, const json_t *given, store_admin *a,
                        apr_pool_t *pool)
{
    const char *values[] = { id, rehearsing ? "true" : "false" };
    json_t *effect, *giving;
    scim_error *err = store_permissions_lock(a, pool);

    if (err == NULL) {
        err = store_admin_ask(NULL, a,
                              "update scim.apps set rehearsing = $3::boolean,"
                              " version = version + 1"
                              " where org_id = $1 and app_id = $2::int",
                              2, values, pool);
    }
    if (err == NULL) {
        err = store_admin_json(&giving, a, GIVING, 1, &id, pool);
    }
    if (err == NULL) {
        err = store_permissions_effect(
            &effect, store_admin_member(giving, "groups", pool),
            store_admin_member(giving, "roles", pool),
            store_permissions_cause("app", json_object_get(app, "id"),
                                    store_admin_member(app, "name", pool),
                                    pool),
            given, a, pool);
    }
    if (err == NULL) {
        err = store_admin_json(out, a, BROUGHT, 1, &id, pool);
    }
    if (err == NULL) {
        json_object_update(*out, effect);
        json_object_set(*out, "app", json_object_get(app, "id"));
        json_object_set(*out, "name", json_object_get(app, "name"));
        json_object_set(*out, "rehearsing", json_object_get(app,
                                                            "rehearsing"));
    }
    return err;
}

scim_error *store_app_rehearsal(json_t **out, const char *id,
                                const json_t *given, store_admin *a,
                                apr_pool_t *pool)
{
    json_t *app;
    scim_error *err = store_app_get_installed(&app, id, a, pool);

    return err != NULL ? err : turn(out, app, id, 0, given, a, pool);
}

/* What was seen is what is granted. */
static scim_error *check_seen(const json_t *given, const json_t *summary,
                              const json_t *app, apr_pool_t *pool)
{
    const json_t *seen = json_object_get(given, "gain_count");

    return seen == NULL
                   || json_equal(seen, json_object_get(summary, "gain_count"))
               ? NULL
               : conflict("What the app \"%s\" would grant has changed since "
                          "its summary was read; read it again.",
                          app, pool);
}

scim_error *store_app_live(json_t **out, const char *id, const json_t *given,
                           const char *version, store_admin *a,
                           apr_pool_t *pool)
{
    json_t *before, *after;
    scim_error *err = store_app_get_installed(&before, id, a, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err == NULL && !json_is_true(json_object_get(before, "rehearsing"))) {
        err = conflict("The app \"%s\" is live already.", before, pool);
    }
    if (err == NULL) {
        err = turn(out, before, id, 0, given, a, pool);
    }
    if (err == NULL) {
        err = check_seen(given, *out, before, pool);
    }
    if (err == NULL) {
        err = store_app_get(&after, id, a, pool);
    }
    return err != NULL ? err
                       : store_admin_note(
                             "app.live",
                             store_admin_member(before, "name", pool), before,
                             after, a, pool);
}

scim_error *store_app_rehearse(json_t **out, const char *id,
                               const json_t *given, const char *version,
                               store_admin *a, apr_pool_t *pool)
{
    json_t *before, *after;
    scim_error *err = store_app_get_installed(&before, id, a, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err == NULL && json_is_true(json_object_get(before, "rehearsing"))) {
        err = conflict("The app \"%s\" is rehearsing already.", before, pool);
    }
    if (err == NULL) {
        err = turn(out, before, id, 1, given, a, pool);
    }
    if (err == NULL) {
        err = store_app_get(&after, id, a, pool);
    }
    return err != NULL ? err
                       : store_admin_note(
                             "app.rehearse",
                             store_admin_member(before, "name", pool), before,
                             after, a, pool);
}
