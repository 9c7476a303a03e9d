/* Roles and mappings as the text of a configuration has them: by name. */
#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "core/json.h"
#include "store/admin_connection.h"

static const char *folded(const json_t *object, const char *member,
                          apr_pool_t *pool)
{
    const char *text = store_admin_member(object, member, pool);

    return text != NULL ? scim_casefold(text, pool) : NULL;
}

/* -------------------------------------------------------------------- roles */

#define ROLE                                                           \
    "jsonb_build_object('id', r.role_id, 'name', r.name, 'description'," \
    " r.description, 'administers', r.administers, 'version', r.version)"

scim_error *store_import_role_new(json_t **out, const json_t *given,
                                  store_admin *a, apr_pool_t *pool)
{
    const char *name = store_admin_member(given, "name", pool);
    const char *values[] = { NULL, scim_casefold(name, pool), name,
                             store_admin_member(given, "description", pool),
                             store_admin_member(given, "administers", pool) };
    scim_error *err = NULL;

    if (strcmp(values[1], "owner") == 0) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "Nobody is granted the role \"%s\".", name);
    }
    err = store_admin_number_new(&values[0], a, pool);
    if (err == NULL) {
        err = store_admin_json(
            out, a,
            "insert into scim.stack_roles as r"
            " (org_id, role_id, key, name, description, administers)"
            " values ($1, $2, $3, $4, coalesce($5, ''),"
            "  coalesce($6::boolean, false))"
            " on conflict (org_id, key) do nothing returning " ROLE,
            5, values, pool);
    }
    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_UNIQUENESS, pool,
                              "There is a role \"%s\" already.", name);
    }
    return err != NULL ? err
                       : store_admin_note("role.create", name, NULL, *out, a,
                                          pool);
}

scim_error *store_import_role(json_t **out, const char *id,
                              const json_t *given, const char *version,
                              store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { id, store_admin_member(given, "name", pool),
                             store_admin_member(given, "description", pool),
                             store_admin_member(given, "administers", pool) };
    json_t *before;
    scim_error *err = store_admin_json(
        &before, a,
        "select " ROLE " from scim.stack_roles r"
        " where r.org_id = $1 and r.role_id = $2::int",
        1, values, pool);

    (void)version;
    if (err == NULL) {
        err = store_admin_json(
            out, a,
            "update scim.stack_roles r set name = $3,"
            " description = coalesce($4, r.description),"
            " administers = coalesce($5::boolean, r.administers),"
            " version = r.version + 1"
            " where r.org_id = $1 and r.role_id = $2::int returning " ROLE,
            4, values, pool);
    }
    return err != NULL ? err
                       : store_admin_note("role.change", values[1], before,
                                          *out, a, pool);
}

/* ----------------------------------------------------------------- mappings */

/* In a fixed order, so that what is equal is the same text. */
#define MAPPING                                                             \
    "jsonb_build_object('id', m.mapping_id, 'group_id', m.group_id,"        \
    " 'organization_role', m.organization_role, 'roles',"                   \
    " (select coalesce(jsonb_agg(jsonb_build_object('role', r.name,"        \
    "   'role_id', r.role_id, 'stack', s.name, 'stack_id', s.stack_id)"     \
    "   order by r.role_id, s.stack_id nulls first), '[]')"                 \
    "   from scim.mapping_roles x"                                          \
    "   join scim.stack_roles r"                                            \
    "     on r.org_id = x.org_id and r.role_id = x.role_id"                 \
    "   left join scim.stacks s"                                            \
    "     on s.org_id = x.org_id and s.stack_id = x.stack_id"               \
    "  where x.org_id = m.org_id and x.mapping_id = m.mapping_id),"         \
    " 'version', m.version)"

/* The one group that is meant: by externalId where the text has one, and else
 * by name, within an app of that name. *out is NULL: none, or not one only. */
static scim_error *find_group(const char **out, const json_t *wanted,
                              store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { store_admin_member(wanted, "app", pool),
                             store_admin_member(wanted, "external_id", pool),
                             folded(wanted, "group", pool) };
    PGresult *rows;
    scim_error *err = store_admin_ask(
        &rows, a,
        "select g.id from scim.groups g join scim.apps p"
        "   on p.org_id = g.org_id and p.app_id = g.app_id"
        " where g.org_id = $1 and p.name = $2"
        " and case when $3::text is null then g.display_name = $4"
        "     else g.external_id = $3 end limit 2",
        3, values, pool);

    if (err == NULL) {
        *out = PQntuples(rows) == 1 ? store_admin_text(rows, 0, 0, pool)
                                    : NULL;
    }
    return err;
}

static scim_error *read_mapping(json_t **out, const char *group,
                                store_admin *a, apr_pool_t *pool)
{
    return store_admin_json(out, a,
                            "select " MAPPING " from scim.group_mappings m"
                            " where m.org_id = $1 and m.group_id = $2::uuid",
                            1, &group, pool);
}

/* The mapping's row, made if it is not there. */
static scim_error *write_row(const char *group, const json_t *wanted,
                             const json_t *before, store_admin *a,
                             apr_pool_t *pool)
{
    const char *values[] = { group, NULL,
                             store_admin_member(wanted, "organization_role",
                                                pool),
                             a->actor->name };
    scim_error *err = NULL;

    if (before == NULL) {
        err = store_admin_number_new(&values[1], a, pool);
    }
    return err != NULL
               ? err
               : store_admin_ask(
                     NULL, a,
                     "insert into scim.group_mappings as m (org_id,"
                     "  mapping_id, group_id, organization_role, changed_by)"
                     " values ($1, coalesce($3::int, 0), $2::uuid, $4, $5)"
                     " on conflict (org_id, group_id) do update"
                     " set organization_role = excluded.organization_role",
                     4, values, pool);
}

static json_t *role_keys(const json_t *wanted, apr_pool_t *pool)
{
    json_t *keys = scim_json_adopt(json_array(), pool), *one;
    size_t i;

    json_array_foreach(json_object_get(wanted, "roles"), i, one) {
        json_array_append_new(
            keys, json_pack("{s:s, s:s?}", "role", folded(one, "role", pool),
                            "stack", folded(one, "stack", pool)));
    }
    return keys;
}

static scim_error *write_roles(const char *group, const json_t *wanted,
                               store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { group, scim_json_dump(role_keys(wanted, pool),
                                                   NULL, pool) };
    PGresult *row;
    scim_error *err = store_admin_ask(
        NULL, a,
        "delete from scim.mapping_roles x using scim.group_mappings m"
        " where m.org_id = $1 and m.group_id = $2::uuid"
        "  and x.org_id = m.org_id and x.mapping_id = m.mapping_id",
        1, values, pool);

    if (err == NULL) {
        err = store_admin_ask(
            &row, a,
            "with w as (select distinct role, stack"
            "  from json_to_recordset($3::json) as w(role text, stack text)),"
            " made as (insert into scim.mapping_roles"
            "  (org_id, mapping_id, stack_id, role_id)"
            "  select m.org_id, m.mapping_id, s.stack_id, r.role_id"
            "   from w join scim.group_mappings m"
            "     on m.org_id = $1 and m.group_id = $2::uuid"
            "   join scim.stack_roles r"
            "     on r.org_id = m.org_id and r.key = w.role"
            "   left join scim.stacks s"
            "     on s.org_id = m.org_id and s.key = w.stack"
            "  where w.stack is null or s.stack_id is not null returning 1)"
            " select (select count(*) from w) - (select count(*) from made)",
            2, values, pool);
    }
    return err != NULL || store_admin_number(row, 0, 0) == 0
               ? err
               : scim_error_make(SCIM_INVALID_VALUE, pool,
                                 "The mapping of the group \"%s\" names a role "
                                 "or a stack that is not there.",
                                 store_admin_member(wanted, "group", pool));
}

/* Nobody was told yet: version, journal, permissions. */
static scim_error *tell(const char *group, const json_t *wanted,
                        const json_t *before, store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { group, a->actor->name };
    const char *name = store_admin_member(wanted, "group", pool);
    json_t *after;
    scim_error *err = NULL;

    if (before != NULL) {
        err = store_admin_ask(
            NULL, a,
            "update scim.group_mappings set version = version + 1,"
            " changed = now(), changed_by = $3"
            " where org_id = $1 and group_id = $2::uuid",
            2, values, pool);
    }
    if (err == NULL) {
        err = read_mapping(&after, group, a, pool);
    }
    if (err == NULL) {
        err = store_admin_note(before == NULL ? "mapping.create"
                                              : "mapping.change",
                               name, before, after, a, pool);
    }
    return err != NULL ? err
                       : store_permissions_refresh_groups(
                             apr_pstrcat(pool, "{", group, "}", NULL), NULL,
                             "mapping", json_object_get(after, "id"), name, a,
                             pool);
}

scim_error *store_import_mapping(store_imported *out, const json_t *wanted,
                                 store_admin *a, apr_pool_t *pool)
{
    const char *group;
    json_t *before, *after;
    scim_error *err = find_group(&group, wanted, a, pool);

    *out = STORE_IMPORT_MISSING;
    if (err != NULL || group == NULL) {
        return err;
    }
    err = read_mapping(&before, group, a, pool);
    if (err == NULL) {
        err = write_row(group, wanted, before, a, pool);
    }
    if (err == NULL) {
        err = write_roles(group, wanted, a, pool);
    }
    if (err == NULL) {
        err = read_mapping(&after, group, a, pool);
    }
    if (err != NULL || json_equal(before, after)) {
        *out = STORE_IMPORT_SAME;
        return err;
    }
    *out = before == NULL ? STORE_IMPORT_MADE : STORE_IMPORT_CHANGED;
    return tell(group, wanted, before, a, pool);
}
