#include "store/admin_mapping.h"

#include <apr_strings.h>

#include "core/json.h"
#include "store/uuid.h"

#define MEMBERS(org, group)                                \
    "(select count(*) from scim.group_users d"             \
    " where d.org_id = " org " and d.group_id = " group ")"

#define ROLES                                                               \
    "(select coalesce(jsonb_agg(jsonb_build_object("                        \
    "  'every_stack', r.stack_id is null, 'stack', r.stack_id,"             \
    "  'stack_name', s.name, 'role', r.role_id, 'role_name', l.name)"       \
    "  order by l.key, s.key nulls first), '[]')"                           \
    "  from scim.mapping_roles r"                                           \
    "  join scim.stack_roles l on l.org_id = $1 and l.role_id = r.role_id"  \
    "  left join scim.stacks s on s.org_id = $1 and s.stack_id = r.stack_id" \
    " where r.org_id = $1 and r.mapping_id = m.mapping_id)"

#define MAPPING                                                            \
    "jsonb_build_object('id', m.mapping_id, 'group', jsonb_build_object("  \
    "  'id', m.group_id, 'name', coalesce(g.name, t.name),"                \
    "  'external_id', coalesce(g.external_id, t.external_id),"             \
    "  'app_id', p.app_id, 'app', p.name, 'rehearsing', p.rehearsing,"     \
    "  'members', case when g.id is not null then "                        \
    MEMBERS("$1", "m.group_id") " end),"                                   \
    " 'organization_role', m.organization_role, 'roles', " ROLES ","       \
    " 'created', " STORE_ADMIN_TIME("m.created") ","                       \
    " 'changed', " STORE_ADMIN_TIME("m.changed") ","                       \
    " 'changed_by', m.changed_by, 'version', m.version,"                   \
    " 'dormant_since', case when g.id is null then "                       \
    STORE_ADMIN_TIME("coalesce(t.deleted, m.changed)") " end)"

#define FROM                                                             \
    " from scim.group_mappings m"                                        \
    " left join scim.groups g on g.org_id = $1 and g.id = m.group_id"    \
    " left join scim.tombstones t on t.org_id = $1 and t.id = m.group_id" \
    "  and g.id is null"                                                 \
    " left join scim.apps p"                                             \
    "  on p.org_id = $1 and p.app_id = coalesce(g.app_id, t.app_id)"

scim_error *store_mapping_list(json_t **out, store_slice *slice,
                               const json_t *given, store_admin *a,
                               apr_pool_t *pool)
{
    const char *values[] = { store_admin_member(given, "stack", pool),
                             store_admin_member(given, "role", pool) };

    return store_admin_slice(
        out, slice, a,
        "select " MAPPING ", m.mapping_id" FROM " where m.org_id = $1"
        " and m.mapping_id > " STORE_ADMIN_AFTER
        " and ($4::int is null and $5::int is null or exists"
        "  (select from scim.mapping_roles f where f.org_id = $1"
        "   and f.mapping_id = m.mapping_id"
        "   and ($4::int is null or f.stack_id is null or f.stack_id = $4)"
        "   and ($5::int is null or f.role_id = $5)))"
        " order by m.mapping_id limit $3::int",
        2, values, pool);
}

scim_error *store_mapping_get(json_t **out, const char *id, store_admin *a,
                              apr_pool_t *pool)
{
    scim_error *err = store_admin_json(
        out, a,
        "select " MAPPING FROM
        " where m.org_id = $1 and m.mapping_id = $2::int",
        1, &id, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no mapping %s.", id);
    }
    return err;
}

scim_error *store_mapping_of(json_t **out, const char *group, store_admin *a,
                             apr_pool_t *pool)
{
    return store_admin_json(out, a,
                            "select " MAPPING FROM
                            " where m.org_id = $1 and m.group_id = $2::uuid",
                            1, &group, pool);
}

/* Groups come by name; two of one name by id. A key of both begins the next
 * page; what is none is the beginning. */
#define AFTER                                                               \
    "($2::text is null or (g.display_name, g.id) > (substr($2, 37),"        \
    " case when $2 ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' then"     \
    "  left($2, 36)::uuid else '00000000-0000-0000-0000-000000000000' end))"

scim_error *store_mapping_unmapped(json_t **out, store_slice *slice,
                                   store_admin *a, apr_pool_t *pool)
{
    return store_admin_slice(
        out, slice, a,
        "select jsonb_build_object('id', g.id, 'name', g.name,"
        " 'external_id', g.external_id, 'app_id', p.app_id, 'app', p.name,"
        " 'members', " MEMBERS("$1", "g.id") "), g.id || g.display_name"
        " from scim.groups g"
        " join scim.apps p on p.org_id = $1 and p.app_id = g.app_id"
        " where g.org_id = $1 and " AFTER
        " and not exists (select from scim.group_mappings m"
        "  where m.org_id = $1 and m.group_id = g.id)"
        " order by g.display_name, g.id limit $3::int",
        0, NULL, pool);
}

/* Of the same app: the group that was made again, or one of the same name. */
#define CANDIDATES                                                          \
    "(select coalesce(jsonb_agg(jsonb_build_object('id', c.id,"             \
    "  'name', c.name, 'external_id', c.external_id,"                       \
    "  'members', " MEMBERS("$1", "c.id") ","                               \
    "  'same', case when c.name is distinct from t.name"                    \
    "    then jsonb_build_array('external_id')"                             \
    "    when c.external_id = t.external_id"                                \
    "    then jsonb_build_array('external_id', 'name')"                     \
    "    else jsonb_build_array('name') end) order by c.name, c.id), '[]')" \
    "  from scim.groups c where c.org_id = $1 and c.app_id = t.app_id"      \
    "   and (c.name = t.name or c.external_id = t.external_id)"             \
    "   and not exists (select from scim.group_mappings o"                  \
    "     where o.org_id = $1 and o.group_id = c.id))"

scim_error *store_mapping_dormant(json_t **out, store_slice *slice,
                                  store_admin *a, apr_pool_t *pool)
{
    return store_admin_slice(
        out, slice, a,
        "select " MAPPING " || jsonb_build_object('candidates', " CANDIDATES
        ", 'kept_until', " STORE_ADMIN_TIME("(t.deleted + interval '90 days')")
        "), m.mapping_id" FROM " where m.org_id = $1 and g.id is null"
        " and m.mapping_id > " STORE_ADMIN_AFTER
        " order by m.mapping_id limit $3::int",
        0, NULL, pool);
}

/* ------------------------------------------------------- what has expired */

#define IS_EXPIRED                                                        \
    " not exists (select from scim.groups l"                              \
    "  where l.org_id = m.org_id and l.id = m.group_id)"                  \
    " and coalesce((select d.deleted from scim.tombstones d"              \
    "   where d.org_id = m.org_id and d.id = m.group_id), m.changed)"     \
    "  < now() - interval '90 days'"

/* Nobody holds anything by them: there is no more to tell. */
static scim_error *expire(int *removed, store_admin *a, apr_pool_t *pool)
{
    json_t *mappings, *mapping;
    size_t i;
    scim_error *err = store_admin_json(
        &mappings, a,
        "select coalesce(jsonb_agg(" MAPPING " order by m.mapping_id), '[]')"
        FROM " where m.org_id = $1 and" IS_EXPIRED,
        0, NULL, pool);

    if (err == NULL) {
        err = store_admin_ask(NULL, a,
                              "delete from scim.group_mappings m"
                              " where m.org_id = $1 and" IS_EXPIRED,
                              0, NULL, pool);
    }
    for (i = 0; err == NULL && i < json_array_size(mappings); i++) {
        mapping = json_array_get(mappings, i);
        err = store_admin_note("mapping.expire",
                               store_admin_member(json_object_get(mapping,
                                                                  "group"),
                                                  "name", pool),
                               mapping, NULL, a, pool);
        ++*removed;
    }
    return err;
}

/* One organization after the other, each with its owners kept waiting. */
static scim_error *expire_next(int *removed, int *more, store_admin *a,
                               apr_pool_t *pool)
{
    PGresult *found;
    scim_error *err = store_admin_run(
        &found, a,
        "select o.org_id from scim.organizations o where exists"
        " (select from scim.group_mappings m where m.org_id = o.org_id"
        "   and" IS_EXPIRED ") order by o.org_id limit 1 for no key update",
        0, NULL, pool);

    *more = err == NULL && PQntuples(found) > 0;
    if (!*more) {
        return err;
    }
    a->org_id = store_admin_number(found, 0, 0);
    a->org = store_admin_text(found, 0, 0, pool);
    return expire(removed, a, pool);
}

scim_error *store_mapping_expire(int *removed, store_admin *a,
                                 apr_pool_t *pool)
{
    int more;
    scim_error *err;

    *removed = 0;
    do {
        err = store_admin_begin(a, pool);
        if (err == NULL) {
            err = expire_next(removed, &more, a, pool);
        }
        err = store_admin_end(err, a, pool);
    } while (err == NULL && more);
    return err;
}

scim_error *store_group_check(const char *id, const char *field,
                              store_admin *a, apr_pool_t *pool)
{
    PGresult *found = NULL;
    scim_error *err = store_uuid_is(id)
                          ? store_admin_ask(&found, a,
                                            "select from scim.groups where"
                                            " org_id = $1 and id = $2::uuid",
                                            1, &id, pool)
                          : NULL;

    if (err == NULL && (found == NULL || PQntuples(found) == 0)) {
        err = scim_error_make(SCIM_INVALID_VALUE, pool,
                              "\"%s\": the organization has no group %s.",
                              field, scim_excerpt(id, pool));
        err->field = field;
    }
    return err;
}

/* -------------------------------------------- what goes with role and stack */

/* Which mappings lost something, and roles of what kind. */
#define TAKE_OUT(column)                                                   \
    "with gone as (delete from scim.mapping_roles"                         \
    "  where org_id = $1 and " column " = $2::int"                         \
    "  returning mapping_id, role_id),"                                    \
    " hit as (update scim.group_mappings m set version = m.version + 1,"   \
    "   changed = now(), changed_by = $3 where m.org_id = $1"              \
    "   and m.mapping_id in (select mapping_id from gone)"                 \
    "   returning m.mapping_id, m.group_id)"                               \
    " select jsonb_build_object("                                          \
    "  'mappings', (select count(*) from hit),"                            \
    "  'groups', (select coalesce(array_agg(group_id), '{}')::text from hit)," \
    "  'roles', (select coalesce(array_agg(distinct role_id), '{}')::text" \
    "    from gone))"

static scim_error *take_out(json_t **done, store_without what,
                            const char *id, store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { id, a->actor->name };

    return store_admin_json(done, a,
                            what == STORE_WITHOUT_ROLE ? TAKE_OUT("role_id")
                                                       : TAKE_OUT("stack_id"),
                            2, values, pool);
}

/* A mapping that grants nothing is none. */
static scim_error *drop_empty(json_t **ids, store_admin *a, apr_pool_t *pool)
{
    return store_admin_json(
        ids, a,
        "with gone as (delete from scim.group_mappings m where m.org_id = $1"
        "  and m.organization_role is null and not exists"
        "   (select from scim.mapping_roles r"
        "     where r.org_id = $1 and r.mapping_id = m.mapping_id)"
        "  returning m.mapping_id)"
        " select coalesce(jsonb_agg(mapping_id order by mapping_id), '[]')"
        " from gone",
        0, NULL, pool);
}

const char *store_mapping_groups(const json_t *mappings, apr_pool_t *pool)
{
    const char *list = "";
    json_t *mapping;
    size_t i;

    json_array_foreach((json_t *)mappings, i, mapping) {
        list = apr_pstrcat(pool, list, *list != '\0' ? "," : "",
                           store_admin_member(mapping, "group", pool), NULL);
    }
    return apr_pstrcat(pool, "{", list, "}", NULL);
}

scim_error *store_mapping_without(json_t **out, store_without what,
                                  const char *id, const json_t *cause,
                                  const json_t *given, store_admin *a,
                                  apr_pool_t *pool)
{
    json_t *done, *removed;
    scim_error *err = store_permissions_lock(a, pool);

    if (err == NULL) {
        err = take_out(&done, what, id, a, pool);
    }
    if (err == NULL) {
        err = drop_empty(&removed, a, pool);
    }
    if (err == NULL) {
        err = store_permissions_effect(
            out, store_admin_member(done, "groups", pool),
            store_admin_member(done, "roles", pool), cause, given, a, pool);
    }
    if (err != NULL) {
        return err;
    }
    json_object_set(*out, "mappings", json_object_get(done, "mappings"));
    json_object_set_new(*out, "mappings_removed",
                        json_integer((json_int_t)json_array_size(removed)));
    return NULL;
}
