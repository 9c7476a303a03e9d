#include <string.h>

#include "core/casefold.h"
#include "core/json.h"
#include "store/admin_mapping.h"

#define ROLE                                                            \
    "jsonb_build_object('id', l.role_id, 'name', l.name,"               \
    " 'description', l.description, 'administers', l.administers,"      \
    " 'seeded', l.seeded, 'created', " STORE_ADMIN_TIME("l.created") ","\
    " 'mappings', (select count(distinct r.mapping_id)"                 \
    "  from scim.mapping_roles r"                                       \
    "  where r.org_id = l.org_id and r.role_id = l.role_id),"           \
    " 'version', l.version)"

scim_error *store_role_list(json_t **out, store_slice *slice, store_admin *a,
                            apr_pool_t *pool)
{
    return store_admin_slice(
        out, slice, a,
        "select " ROLE ", l.key from scim.stack_roles l where l.org_id = $1"
        " and ($2::text is null or l.key > $2) order by l.key limit $3::int",
        0, NULL, pool);
}

scim_error *store_role_get(json_t **out, const char *id, store_admin *a,
                           apr_pool_t *pool)
{
    scim_error *err = store_admin_json(
        out, a,
        "select " ROLE " from scim.stack_roles l"
        " where l.org_id = $1 and l.role_id = $2::int",
        1, &id, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no role %s.", id);
    }
    return err;
}

static scim_error *taken(const char *name, apr_pool_t *pool)
{
    return scim_error_make(SCIM_UNIQUENESS, pool,
                           "There is a role \"%s\" already (upper and lower "
                           "case are not told apart).",
                           scim_excerpt(name, pool));
}

/* Ownership is the organization's to give, never a group's. */
static scim_error *check_name(const char *name, apr_pool_t *pool)
{
    scim_error *err;

    if (name == NULL || strcmp(scim_casefold(name, pool), "owner") != 0) {
        return NULL;
    }
    err = scim_error_make(SCIM_INVALID_VALUE, pool,
                          "\"name\" cannot be Owner: nobody is granted that "
                          "by a group.");
    err->field = "name";
    return err;
}

scim_error *store_role_create(json_t **out, const json_t *given,
                              store_admin *a, apr_pool_t *pool)
{
    const char *name = store_admin_member(given, "name", pool);
    const char *values[] = { NULL, scim_casefold(name, pool), name,
                             store_admin_member(given, "description", pool),
                             store_admin_member(given, "administers", pool) };
    scim_error *err = check_name(name, pool);

    if (err == NULL) {
        err = store_admin_number_new(&values[0], a, pool);
    }
    if (err == NULL) {
        err = store_admin_json(
            out, a,
            "insert into scim.stack_roles as l"
            " (org_id, role_id, key, name, description, administers)"
            " values ($1, $2, $3, $4, coalesce($5, ''),"
            "  coalesce($6::boolean, false))"
            " on conflict (org_id, key) do nothing returning " ROLE,
            5, values, pool);
    }
    if (err == NULL && *out == NULL) {
        err = taken(name, pool);
    }
    return err != NULL
               ? err
               : store_admin_note("role.create", name, NULL, *out, a, pool);
}

static scim_error *change(json_t **out, const char *id, const json_t *given,
                          store_admin *a, apr_pool_t *pool)
{
    const char *name = store_admin_member(given, "name", pool);
    const char *values[] = { id,
                             name != NULL ? scim_casefold(name, pool) : NULL,
                             name,
                             store_admin_member(given, "description", pool),
                             store_admin_member(given, "administers", pool) };
    scim_error *err = store_admin_json(
        out, a,
        "update scim.stack_roles l set key = coalesce($3, l.key),"
        " name = coalesce($4, l.name),"
        " description = coalesce($5, l.description),"
        " administers = coalesce($6::boolean, l.administers),"
        " version = l.version + 1"
        " where l.org_id = $1 and l.role_id = $2::int and not exists"
        "  (select from scim.stack_roles t where t.org_id = $1"
        "   and t.key = $3 and t.role_id <> l.role_id) returning " ROLE,
        5, values, pool);

    return err == NULL && *out == NULL ? taken(name, pool) : err;
}

/* Whether the object's members are as given. */
static int is_so(const json_t *object, const json_t *given)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)given, name, value) {
        if (!json_equal(json_object_get(object, name), value)) {
            return 0;
        }
    }
    return 1;
}

scim_error *store_role_change(json_t **out, const char *id,
                              const json_t *given, const char *version,
                              store_admin *a, apr_pool_t *pool)
{
    json_t *before;
    scim_error *err = check_name(store_admin_member(given, "name", pool),
                                 pool);

    if (err == NULL) {
        err = store_role_get(&before, id, a, pool);
    }
    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err != NULL || is_so(before, given)) {
        *out = err == NULL ? before : NULL;
        return err;
    }
    err = change(out, id, given, a, pool);
    return err != NULL ? err
                       : store_admin_note(
                             "role.change",
                             store_admin_member(*out, "name", pool), before,
                             *out, a, pool);
}

scim_error *store_role_delete(json_t **out, const char *id,
                              const json_t *given, const char *version,
                              store_admin *a, apr_pool_t *pool)
{
    json_t *before;
    scim_error *err = store_role_get(&before, id, a, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err == NULL) {
        err = store_mapping_without(
            out, STORE_WITHOUT_ROLE, id,
            store_permissions_cause("role", json_object_get(before, "id"),
                                    store_admin_member(before, "name", pool),
                                    pool),
            given, a, pool);
    }
    if (err == NULL) {
        err = store_admin_ask(NULL, a,
                              "delete from scim.stack_roles"
                              " where org_id = $1 and role_id = $2::int",
                              1, &id, pool);
    }
    return err != NULL ? err
                       : store_admin_note(
                             "role.delete",
                             store_admin_member(before, "name", pool), before,
                             NULL, a, pool);
}
