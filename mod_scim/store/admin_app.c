#include <apr_strings.h>

#include "core/json.h"
#include "store/admin_connection.h"

#define APP                                                              \
    "jsonb_build_object('id', p.app_id, 'kind', p.kind, 'name', p.name," \
    " 'whole_organization', p.whole_organization, 'strict', p.strict,"   \
    " 'passwords', case when p.passwords then 'store' else 'drop' end,"  \
    " 'unique_group_names', p.unique_group_names,"                       \
    " 'rehearsing', p.rehearsing,"                                       \
    " 'created', " STORE_ADMIN_TIME("p.created") ","                     \
    " 'uninstalled', " STORE_ADMIN_TIME("p.uninstalled") ","             \
    " 'tokens', (select count(*) from scim.tokens t"                     \
    "  where t.org_id = p.org_id and t.app_id = p.app_id"                \
    "   and t.revoked is null and not t.test"                            \
    "   and (t.expires is null or t.expires > now())),"                  \
    " 'version', p.version)"

scim_error *store_app_list(json_t **out, store_slice *slice, store_admin *a,
                           apr_pool_t *pool)
{
    return store_admin_slice_numbered(
        out, slice, a,
        "select " APP ", p.app_id from scim.apps p where p.org_id = $1"
        " and p.app_id > " STORE_ADMIN_AFTER " order by p.app_id"
        " limit $3::int",
        0, NULL, pool);
}

scim_error *store_app_get(json_t **out, const char *id, store_admin *a,
                          apr_pool_t *pool)
{
    scim_error *err = store_admin_json(
        out, a,
        "select " APP " from scim.apps p"
        " where p.org_id = $1 and p.app_id = $2::int",
        1, &id, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no app %s.", id);
    }
    return err;
}

scim_error *store_app_get_installed(json_t **out, const char *id,
                                    store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_app_get(out, id, a, pool);

    if (err == NULL
        && store_admin_member(*out, "uninstalled", pool) != NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no app %s any more: it "
                              "is uninstalled.",
                              id);
    }
    return err;
}

/* What is to be typed at the identity provider, as far as the database knows
 * it: the last segment of the tenant URL, and whether anybody would answer. */
scim_error *store_admin_add_tenant(json_t *to, store_admin *a,
                                   apr_pool_t *pool)
{
    json_t *tenant;
    scim_error *err = store_admin_json(
        &tenant, a,
        "select jsonb_build_object('slug', o.slug, 'scim', o.scim_on,"
        " 'suspended', o.suspended)"
        " from scim.organizations o where o.org_id = $1",
        0, NULL, pool);

    if (err == NULL) {
        json_object_set(to, "tenant", tenant);
    }
    return err;
}

scim_error *store_app_install(json_t **out, const json_t *given,
                              store_admin *a, apr_pool_t *pool)
{
    const char *name = store_admin_member(given, "name", pool);
    const char *values[] = {
        store_admin_member(given, "kind", pool),
        name,
        store_admin_member(given, "whole_organization", pool),
        store_admin_member(given, "strict", pool),
        store_admin_member(given, "passwords", pool),
        store_admin_member(given, "rehearsing", pool),
        store_admin_member(given, "unique_group_names", pool),
    };
    scim_error *err = store_admin_json(
        out, a,
        "insert into scim.apps as p"
        " (org_id, app_id, kind, name, whole_organization, strict, passwords,"
        "  rehearsing, unique_group_names)"
        " select $1, 1 + coalesce(max(app_id), 0), $2, $3,"
        "  coalesce($4::boolean, false), coalesce($5::boolean, false),"
        "  coalesce($6, 'drop') = 'store', coalesce($7::boolean, false),"
        "  coalesce($8::boolean, true)"
        "   from scim.apps where org_id = $1"
        " returning " APP,
        7, values, pool);

    if (err == NULL) {
        err = store_admin_note("app.install", name, NULL, *out, a, pool);
    }
    return err != NULL ? err : store_admin_add_tenant(*out, a, pool);
}

/* Groups of one name that are there already. */
static scim_error *check_unique(const char *id, store_admin *a,
                                apr_pool_t *pool)
{
    PGresult *found;
    scim_error *err = store_admin_ask(
        &found, a,
        "select min(g.name) from scim.groups g"
        " where g.org_id = $1 and g.app_id = $2::int"
        " group by g.display_name having count(*) > 1 limit 1",
        1, &id, pool);

    if (err != NULL || PQntuples(found) == 0) {
        return err;
    }
    err = scim_error_make(SCIM_UNIQUENESS, pool,
                          "The app has groups of the same name (\"%s\"): "
                          "rename or delete all but one of each first.",
                          scim_excerpt(PQgetvalue(found, 0, 0), pool));
    err->field = "unique_group_names";
    return err;
}

/* Groups that are there follow their app, in the order in which SCIM locks;
 * nobody writes meanwhile. */
static scim_error *set_unique(const char *id, const json_t *unique,
                              store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { id, json_is_true(unique) ? "true" : "false" };
    scim_error *err = store_permissions_lock(a, pool);

    if (err == NULL && json_is_true(unique)) {
        err = check_unique(id, a, pool);
    }
    return err != NULL ? err
                       : store_admin_ask(
                             NULL, a,
                             "update scim.groups set unique_name = $3::boolean"
                             " where org_id = $1 and app_id = $2::int",
                             2, values, pool);
}

static scim_error *change(json_t **out, const char *id, const json_t *given,
                          store_admin *a, apr_pool_t *pool)
{
    const char *values[] = {
        id,
        store_admin_member(given, "name", pool),
        store_admin_member(given, "whole_organization", pool),
        store_admin_member(given, "strict", pool),
        store_admin_member(given, "passwords", pool),
        store_admin_member(given, "unique_group_names", pool),
    };

    return store_admin_json(
        out, a,
        "update scim.apps p set name = coalesce($3, p.name),"
        " whole_organization = coalesce($4::boolean,"
        "  p.whole_organization),"
        " strict = coalesce($5::boolean, p.strict),"
        " passwords = coalesce($6 = 'store', p.passwords),"
        " unique_group_names = coalesce($7::boolean, p.unique_group_names),"
        " version = p.version + 1"
        " where p.org_id = $1 and p.app_id = $2::int and (p.name,"
        "  p.whole_organization, p.strict, p.passwords, p.unique_group_names)"
        "  is distinct from (coalesce($3, p.name),"
        "   coalesce($4::boolean, p.whole_organization),"
        "   coalesce($5::boolean, p.strict),"
        "   coalesce($6 = 'store', p.passwords),"
        "   coalesce($7::boolean, p.unique_group_names))"
        " returning " APP,
        6, values, pool);
}

scim_error *store_app_change(json_t **out, const char *id,
                             const json_t *given, const char *version,
                             store_admin *a, apr_pool_t *pool)
{
    const json_t *unique = json_object_get(given, "unique_group_names");
    json_t *before;
    scim_error *err = store_app_get_installed(&before, id, a, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err == NULL && unique != NULL
        && !json_equal(unique,
                       json_object_get(before, "unique_group_names"))) {
        err = set_unique(id, unique, a, pool);
    }
    if (err == NULL) {
        err = change(out, id, given, a, pool);
    }
    if (err == NULL && *out == NULL) {
        *out = before;
        return NULL;
    }
    return err != NULL ? err
                       : store_admin_note(
                             "app.change",
                             store_admin_member(*out, "name", pool), before,
                             *out, a, pool);
}

scim_error *store_app_uninstall(json_t **out, const char *id,
                                const char *version, store_admin *a,
                                apr_pool_t *pool)
{
    json_t *before;
    scim_error *err = store_app_get_installed(&before, id, a, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err == NULL) {
        err = store_admin_ask(
            NULL, a,
            "update scim.tokens set revoked = now() where org_id = $1"
            " and app_id = $2::int and revoked is null",
            1, &id, pool);
    }
    if (err == NULL) {
        err = store_admin_json(
            out, a,
            "update scim.apps p set uninstalled = now(),"
            " version = p.version + 1"
            " where p.org_id = $1 and p.app_id = $2::int returning " APP,
            1, &id, pool);
    }
    return err != NULL ? err
                       : store_admin_note(
                             "app.uninstall",
                             store_admin_member(before, "name", pool), before,
                             *out, a, pool);
}

/* ----------------------------------------------------------------- adoption */

/* Names of groups are unique within an app. */
static scim_error *check_names(const char *const *values, store_admin *a,
                               apr_pool_t *pool)
{
    PGresult *found;
    scim_error *err = store_admin_ask(
        &found, a,
        "select count(*), min(g.name) from scim.groups g"
        " join scim.groups h on h.org_id = g.org_id"
        "  and h.app_id = $2::int and h.display_name = g.display_name"
        "  and h.unique_name"
        " where g.org_id = $1 and g.app_id = $3::int and g.unique_name",
        2, values, pool);

    if (err != NULL || store_admin_number(found, 0, 0) == 0) {
        return err;
    }
    return scim_error_make(SCIM_UNIQUENESS, pool,
                           "Both apps have groups of the same name, which an "
                           "app has once only (\"%s\"; %s in all): rename or "
                           "delete one of each.",
                           scim_excerpt(PQgetvalue(found, 0, 1), pool),
                           PQgetvalue(found, 0, 0));
}

/* In the order in which SCIM locks: groups by id, then users by id. A
 * representation says nothing of the app, so versions stay. Tombstones follow,
 * so that a group that is made again finds its mapping. */
static const char *const handing_over[] = {
    "select from scim.groups where org_id = $1 and app_id = $3::int"
    " and $2::int > 0 order by id for no key update",
    "select from scim.users where org_id = $1 and app_id = $3::int"
    " and $2::int > 0 order by id for no key update",
    "update scim.groups set app_id = $2::int"
    " where org_id = $1 and app_id = $3::int",
    "update scim.users set app_id = $2::int"
    " where org_id = $1 and app_id = $3::int",
    "update scim.resources set app_id = $2::int"
    " where org_id = $1 and app_id = $3::int",
    "update scim.tombstones set app_id = $2::int"
    " where org_id = $1 and app_id = $3::int",
};

enum { GROUPS = 2, USERS, RESOURCES };

static scim_error *hand_over(json_t **out, const char *const *values,
                             store_admin *a, apr_pool_t *pool)
{
    json_int_t moved[6];
    PGresult *done;
    scim_error *err = NULL;
    int i;

    for (i = 0; err == NULL && i < 6; i++) {
        err = store_admin_ask(&done, a, handing_over[i], 2, values, pool);
        if (err == NULL) {
            moved[i] = apr_atoi64(PQcmdTuples(done));
        }
    }
    if (err == NULL) {
        *out = scim_json_adopt(
            json_pack("{s:I, s:I, s:I, s:I, s:I}", "app",
                      (json_int_t)apr_atoi64(values[0]), "from",
                      (json_int_t)apr_atoi64(values[1]), "users",
                      moved[USERS], "groups", moved[GROUPS], "resources",
                      moved[RESOURCES]),
            pool);
    }
    return err;
}

static int is_nothing(const json_t *moved)
{
    return json_integer_value(json_object_get(moved, "users")) == 0
           && json_integer_value(json_object_get(moved, "groups")) == 0
           && json_integer_value(json_object_get(moved, "resources")) == 0;
}

scim_error *store_app_adopt(json_t **out, const char *id, const json_t *given,
                            store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { id, store_admin_member(given, "from", pool) };
    json_t *to, *from;
    scim_error *err = store_app_get_installed(&to, id, a, pool);

    if (err == NULL) {
        err = store_app_get(&from, values[1], a, pool);
    }
    if (err == NULL && json_equal(to, from)) {
        err = scim_error_make(SCIM_INVALID_VALUE, pool,
                              "An app has its own resources already.");
    }
    if (err == NULL) {
        err = store_permissions_lock(a, pool);
    }
    if (err == NULL) {
        err = check_names(values, a, pool);
    }
    if (err == NULL) {
        err = hand_over(out, values, a, pool);
    }
    if (err == NULL && !json_equal(json_object_get(to, "rehearsing"),
                                   json_object_get(from, "rehearsing"))) {
        err = store_permissions_refresh("app", json_object_get(to, "id"),
                                        store_admin_member(to, "name", pool),
                                        a, pool);
    }
    return err != NULL || is_nothing(*out)
               ? err
               : store_admin_note("app.adopt",
                                  store_admin_member(to, "name", pool), NULL,
                                  *out, a, pool);
}
