#include "core/casefold.h"
#include "store/admin_mapping.h"

#define GROUP                                                              \
    "jsonb_build_object('id', g.id, 'name', g.name,"                       \
    " 'external_id', g.external_id, 'app_id', p.app_id, 'app', p.name,"    \
    " 'members', (select count(*) from scim.group_users d"                 \
    "   where d.org_id = $1 and d.group_id = g.id),"                       \
    " 'groups', (select count(*) from scim.group_groups e"                 \
    "   where e.org_id = $1 and e.group_id = g.id),"                       \
    " 'mapped', exists (select from scim.group_mappings m"                 \
    "   where m.org_id = $1 and m.group_id = g.id),"                       \
    " 'created', " STORE_ADMIN_TIME("g.created") ","                       \
    " 'last_modified', " STORE_ADMIN_TIME("g.last_modified") ","           \
    " 'version', g.version)"

#define APP " join scim.apps p on p.org_id = $1 and p.app_id = g.app_id"

/* By name, those of one name by id; the key of the next page holds both. */
#define UUID_AT_START "'^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'"
#define AFTER                                                               \
    "($2::text is null or (g.display_name, g.id) > (substr($2, 37),"        \
    " case when $2 ~ " UUID_AT_START " then left($2, 36)::uuid"             \
    "  else '00000000-0000-0000-0000-000000000000' end))"

#define PAGE                                                          \
    " where g.org_id = $1 and " AFTER                                 \
    " and ($6::int is null or g.app_id = $6)"                         \
    " order by g.display_name, g.id limit $3::int"

scim_error *store_group_list(json_t **out, store_slice *slice,
                             const json_t *given, store_admin *a,
                             apr_pool_t *pool)
{
    const char *search = store_admin_member(given, "search", pool);
    int all = search == NULL || *search == '\0';
    const char *values[] = { all ? NULL : scim_casefold(search, pool),
                             all ? NULL : search,
                             store_admin_member(given, "app", pool) };

    return store_admin_slice(
        out, slice, a,
        all ? "select " GROUP ", g.id || g.display_name from (select g.*"
              " from scim.groups g" PAGE ") g" APP
              " where $4::text is null and $5::text is null"
              " order by g.display_name, g.id"
            : "with hit as materialized (select id from scim.groups"
              "  where org_id = $1 and display_name ^@ $4"
              " union select id from scim.groups"
              "  where org_id = $1 and external_id ^@ $5)"
              " select " GROUP ", g.id || g.display_name from (select g.*"
              " from hit join scim.groups g on g.org_id = $1"
              " and g.id = hit.id" PAGE ") g" APP
              " order by g.display_name, g.id",
        3, values, pool);
}

static scim_error *add_above(json_t *group, const char *id, store_admin *a,
                             apr_pool_t *pool)
{
    json_t *above;
    scim_error *err = store_admin_json(
        &above, a,
        "select coalesce(jsonb_agg(jsonb_build_object('id', g.id,"
        " 'name', g.name) order by g.display_name, g.id), '[]')"
        " from scim.group_groups e"
        " join scim.groups g on g.org_id = $1 and g.id = e.group_id"
        " where e.org_id = $1 and e.child_id = $2::uuid",
        1, &id, pool);

    if (err == NULL) {
        json_object_set(group, "within", above);
    }
    return err;
}

scim_error *store_group_get(json_t **out, const char *id, store_admin *a,
                            apr_pool_t *pool)
{
    json_t *mapping;
    scim_error *err = store_admin_json(
        out, a,
        "select " GROUP " from scim.groups g" APP
        " where g.org_id = $1 and g.id = $2::uuid",
        1, &id, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no group %s.", id);
    }
    if (err == NULL) {
        err = add_above(*out, id, a, pool);
    }
    if (err == NULL) {
        err = store_mapping_of(&mapping, id, a, pool);
    }
    if (err == NULL) {
        json_object_set_new(*out, "mapping",
                            mapping != NULL ? json_incref(mapping)
                                            : json_null());
    }
    return err;
}

/* Groups first, then users, each by id: 'g' and 'u' begin the keys. */
#define MEMBERS                                                             \
    "select x.line, x.key from (("                                          \
    " select jsonb_build_object('type', 'Group', 'id', g.id,"               \
    "   'name', g.name) as line, 'g' || g.id as key"                        \
    "  from scim.group_groups e"                                            \
    "  join scim.groups g on g.org_id = $1 and g.id = e.child_id"           \
    "  where e.org_id = $1 and e.group_id = $4::uuid"                       \
    "   and ($2::text is null or 'g' || g.id > $2)"                         \
    "  order by e.child_id limit $3::int)"                                  \
    " union all ("                                                          \
    " select jsonb_build_object('type', 'User', 'id', u.id,"                \
    "   'user_name', u.body::jsonb ->> 'userName',"                         \
    "   'name', u.body::jsonb ->> 'displayName', 'active', u.active),"      \
    "   'u' || u.id from scim.group_users d"                                \
    "  join scim.users u on u.org_id = $1 and u.id = d.user_id"             \
    "  where d.org_id = $1 and d.group_id = $4::uuid"                       \
    "   and d.user_id > case when $2 ~ '^u[0-9a-f]{8}(-[0-9a-f]{4}){3}"     \
    "-[0-9a-f]{12}$' then substr($2, 2)::uuid"                              \
    "    else '00000000-0000-0000-0000-000000000000' end"                   \
    "  order by d.user_id limit $3::int)) x"                                \
    " order by x.key limit $3::int"

scim_error *store_group_member_list(json_t **out, store_slice *slice,
                                    const char *id, store_admin *a,
                                    apr_pool_t *pool)
{
    scim_error *err = store_admin_slice(out, slice, a, MEMBERS, 1, &id, pool);
    PGresult *found;

    if (err == NULL && json_array_size(*out) == 0) {
        err = store_admin_ask(&found, a,
                              "select from scim.groups"
                              " where org_id = $1 and id = $2::uuid",
                              1, &id, pool);
        if (err == NULL && PQntuples(found) == 0) {
            err = scim_error_make(SCIM_NOT_FOUND, pool,
                                  "The organization has no group %s.", id);
        }
    }
    return err;
}
