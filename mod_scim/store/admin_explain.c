/* Why a user holds what it holds, and why not. */
#include <apr_strings.h>

#include "core/json.h"
#include "store/admin_person.h"
#include "store/uuid.h"

/* path: the ways up from the user's own groups, short ones first; 1,000 of them
 * are looked at, as there may be very many. What is held does not depend on
 * that: up has each group once for each of the user's own.
 *
 * $2 the user, $3 a stack or NULL, $4 a group that is left, or NULL. */
#define BASIS                                                                \
    "with recursive me as materialized ("                                    \
    "  select u.active and not o.suspended as held, u.active, o.suspended,"  \
    "         o.members_by_default as plain"                                 \
    "    from scim.users u join scim.organizations o on o.org_id = $1"       \
    "   where u.org_id = $1 and u.id = $2::uuid),"                           \
    " path(id, ids) as ("                                                    \
    "  select d.group_id, array[d.group_id] from scim.group_users d"         \
    "   where d.org_id = $1 and d.user_id = $2::uuid"                        \
    "  union all"                                                            \
    "  select e.group_id, p.ids || e.group_id from path p"                   \
    "    join scim.group_groups e on e.org_id = $1 and e.child_id = p.id"    \
    "   where e.group_id <> all(p.ids)),"                                    \
    " ways as materialized (select id, ids from path limit 1000),"           \
    " up(start, id) as ("                                                    \
    "  select d.group_id, d.group_id from scim.group_users d"                \
    "   where d.org_id = $1 and d.user_id = $2::uuid"                        \
    "  union"                                                                \
    "  select up.start, e.group_id from up"                                  \
    "    join scim.group_groups e on e.org_id = $1 and e.child_id = up.id)," \
    " given as materialized ("                                               \
    "  select m.group_id, m.mapping_id, m.organization_role, p.rehearsing,"  \
    "         p.name as app"                                                 \
    "    from (select distinct up.id from up) w"                             \
    "    join scim.group_mappings m on m.org_id = $1 and m.group_id = w.id"  \
    "    join scim.groups g on g.org_id = $1 and g.id = w.id"                \
    "    join scim.apps p on p.org_id = $1 and p.app_id = g.app_id),"        \
    " item as materialized ("                                                \
    "  select v.group_id, v.mapping_id, v.rehearsing, v.organization_role,"  \
    "         null::int as role_id, null::int as stack_id"                   \
    "    from given v where v.organization_role is not null"                 \
    "  union all"                                                            \
    "  select v.group_id, v.mapping_id, v.rehearsing, null, r.role_id,"      \
    "         r.stack_id"                                                    \
    "    from given v join scim.mapping_roles r"                             \
    "      on r.org_id = $1 and r.mapping_id = v.mapping_id"                 \
    "   where $3::int is null or r.stack_id is null or r.stack_id = $3),"    \
    " named as materialized ("                                               \
    "  select i.*, l.key as role_key, s.key as stack_key,"                   \
    "         case when i.role_id is null"                                   \
    "              then jsonb_build_object('organization_role',"             \
    "                                      i.organization_role)"             \
    "              else jsonb_build_object('role', l.name, 'role_id',"       \
    "                     i.role_id, 'every_stack', i.stack_id is null,"     \
    "                     'stack', s.name, 'stack_id', i.stack_id) end"      \
    "         as what"                                                       \
    "    from item i"                                                        \
    "    left join scim.stack_roles l"                                       \
    "      on l.org_id = $1 and l.role_id = i.role_id"                       \
    "    left join scim.stacks s"                                            \
    "      on s.org_id = $1 and s.stack_id = i.stack_id),"

#define CHAINS                                                               \
    " chain as materialized ("                                               \
    "  select s.id, s.ids[1] as start, cardinality(s.ids) as steps,"         \
    "         (select jsonb_agg(jsonb_build_object('id', g.id,"              \
    "                                              'name', g.name)"          \
    "                           order by n.n)"                               \
    "             from unnest(s.ids) with ordinality n(id, n)"               \
    "             join scim.groups g on g.org_id = $1 and g.id = n.id)"      \
    "         as groups"                                                     \
    "    from ways s where s.id in (select v.group_id from given v)),"       \
    " reason as ("                                                           \
    "  select n.what, n.role_key, n.stack_key, n.rehearsing,"                \
    "         case when c.id is not null then jsonb_build_object("           \
    "           'mapping', n.mapping_id, 'rehearsing', n.rehearsing,"        \
    "           'chain', c.groups) end as line, c.steps"                     \
    "    from named n left join chain c on c.id = n.group_id),"              \
    " permission as ("                                                       \
    "  select r.what || jsonb_build_object("                                 \
    "           'held', not bool_and(r.rehearsing) and bool_and(me.held),"   \
    "           'reasons', coalesce(jsonb_agg(r.line order by r.steps,"      \
    "             r.line) filter (where r.line is not null), '[]')) as line," \
    "         r.what ->> 'organization_role' as organization_role,"          \
    "         min(r.role_key) as role_key, min(r.stack_key) as stack_key"    \
    "    from reason r cross join me group by r.what"                        \
    "  union all"                                                            \
    "  select jsonb_build_object('organization_role', 'member',"             \
    "           'held', me.held, 'by_default', true, 'reasons',"             \
    "           jsonb_build_array()), 'member', null, null"                  \
    "    from me where me.plain and not exists (select from named n"         \
    "      where n.organization_role = 'member')),"

/* Whether one grant holds all that another one does: an admin is a member, a
 * role in every stack is one in each. */
#define COVERS(one, other)                                                  \
    "(" one ".role_id = " other ".role_id and (" one ".stack_id is null"    \
    "  or " one ".stack_id = " other ".stack_id)"                           \
    " or " other ".organization_role is not null and " one                  \
    ".organization_role in (" other ".organization_role, 'admin'))"

/* What nobody else among the user's own groups gives. */
#define IF_LEFT                                                              \
    " counts as materialized ("                                              \
    "  select distinct up.start, n.group_id, n.mapping_id,"                  \
    "         n.organization_role, n.role_id, n.stack_id, n.role_key,"       \
    "         n.stack_key, n.what"                                           \
    "    from up join named n on n.group_id = up.id where not n.rehearsing)," \
    " has as materialized ("                                                 \
    "  select distinct c.start, c.organization_role, c.role_id, c.stack_id," \
    "         c.what from counts c cross join me where me.held),"            \
    " lost as ("                                                             \
    "  select h.start, jsonb_agg(h.what order by h.what) as what from has h" \
    "   cross join me where not exists (select from has o"                   \
    "      where o.start <> h.start and " COVERS("o", "h") ")"               \
    "     and not (me.plain and h.organization_role is not distinct from"    \
    "                           'member')"                                   \
    "   group by h.start),"

/* The same for one group, whole: what goes, and what stays and why. Whether the
 * user is active does not matter here. What stays is what the group gives as
 * well, or the part of it that something smaller gives. */
#define WITHOUT                                                              \
    " gone as materialized (select c.* from counts c where c.start = $4),"   \
    " rest as materialized (select c.* from counts c where c.start <> $4),"  \
    " loses as ("                                                            \
    "  select distinct g.what, g.organization_role, g.role_key, g.stack_key" \
    "    from gone g cross join me"                                          \
    "   where not exists (select from rest o where " COVERS("o", "g") ")"    \
    "     and not (me.plain and g.organization_role is not distinct from"    \
    "                           'member')),"                                 \
    " stays as ("                                                            \
    "  select g.what, g.organization_role, g.role_id, g.stack_id,"           \
    "         g.role_key, g.stack_key from gone g cross join me"             \
    "   where exists (select from rest o where " COVERS("o", "g") ")"        \
    "      or me.plain and g.organization_role = 'member'"                   \
    "  union"                                                                \
    "  select r.what, r.organization_role, r.role_id, r.stack_id,"           \
    "         r.role_key, r.stack_key from rest r"                           \
    "   where exists (select from gone g where " COVERS("g", "r") ")"        \
    "  union"                                                                \
    "  select jsonb_build_object('organization_role', 'member'), 'member',"  \
    "         null, null, null, null from me"                                \
    "   where me.plain"                                                      \
    "     and exists (select from gone g"                                    \
    "       where g.organization_role = 'admin')),"                          \
    " keeps as ("                                                            \
    "  select s.organization_role, s.role_key, s.stack_key, s.what"          \
    "         || case when me.plain and s.organization_role = 'member'"      \
    "                 then jsonb_build_object('by_default', true)"           \
    "                 else '{}' end"                                         \
    "         || jsonb_build_object('reasons', (select coalesce(jsonb_agg("  \
    "              jsonb_build_object('mapping', o.mapping_id, 'chain',"     \
    "                c.groups) order by c.steps, c.groups), '[]')"           \
    "              from (select distinct r.group_id, r.mapping_id"           \
    "                      from rest r where " COVERS("r", "s") ") o"        \
    "              join chain c on c.id = o.group_id and c.start <> $4))"    \
    "         as line"                                                       \
    "    from stays s cross join me),"                                       \
    " without as ("                                                          \
    "  select jsonb_build_object("                                           \
    "   'group', (select jsonb_build_object('id', g.id, 'name', g.name)"     \
    "      from scim.groups g where g.org_id = $1 and g.id = $4),"           \
    "   'is_member', exists (select from scim.group_users d"                 \
    "      where d.org_id = $1 and d.group_id = $4 and d.user_id = $2::uuid)," \
    "   'through', (select coalesce(jsonb_agg(jsonb_build_object('id', g.id," \
    "        'name', g.name) order by g.display_name, g.id), '[]')"          \
    "      from up join scim.groups g on g.org_id = $1 and g.id = up.start"  \
    "      where up.id = $4 and up.start <> $4),"                            \
    "   'held', me.held,"                                                    \
    "   'organization_role', case when not me.held then null"                \
    "      when exists (select from rest r"                                  \
    "        where r.organization_role = 'admin') then 'admin'"              \
    "      when me.plain or exists (select from rest r"                      \
    "        where r.organization_role = 'member') then 'member' end,"       \
    "   'loses', (select coalesce(jsonb_agg(l.what order by"                 \
    "      l.organization_role, l.role_key, l.stack_key nulls first), '[]')" \
    "      from loses l),"                                                   \
    "   'keeps', (select coalesce(jsonb_agg(k.line order by"                 \
    "      k.organization_role, k.role_key, k.stack_key nulls first), '[]')" \
    "      from keeps k)) as line"                                           \
    "    from me where $4::uuid is not null),"

/* A mapping that waits for its group, in which the user was to the end. */
#define ASLEEP                                                               \
    " asleep as materialized ("                                              \
    "  select m.mapping_id, m.group_id, t.name, t.deleted"                   \
    "    from scim.group_mappings m"                                         \
    "    join scim.tombstones t on t.org_id = $1 and t.id = m.group_id"      \
    "   where m.org_id = $1 and not exists (select from scim.groups g"       \
    "           where g.org_id = $1 and g.id = m.group_id)"                  \
    "     and exists (select from scim.journal j where j.org_id = $1"        \
    "           and j.resource = m.group_id and j.action = 'delete'"         \
    "           and j.removed @> array[$2::uuid])),"                         \
    " why(n, code, detail) as ("                                             \
    "  select 1, 'inactive', 'The user is inactive: everything is withheld"  \
    " until it is active again.' from me where not me.active"                \
    "  union all"                                                            \
    "  select 2, 'suspended', 'The organization is suspended: nobody holds"  \
    " anything.' from me where me.suspended"                                 \
    "  union all"                                                            \
    "  select 3, 'rehearsing', 'The app ' || q.app || ' is rehearsing: what" \
    " its groups are mapped to has no effect yet.'"                          \
    "    from (select distinct v.app from given v where v.rehearsing) q"     \
    "  union all"                                                            \
    "  select 4, 'dormant', 'The group ' || s.name || ' was deleted at '"    \
    "    || " STORE_ADMIN_TIME("s.deleted") " || ' while the user was in it;" \
    " its mapping waits to be reconnected.' from asleep s"                   \
    "  union all"                                                            \
    "  select 5, 'no_groups', 'The user is in no group.' from me"            \
    "   where not exists (select from up)"                                   \
    "  union all"                                                            \
    "  select 6, 'no_mapping', 'No group of the user, nor one above it, is"  \
    " mapped to anything' || case when $3::int is not null"                  \
    "    then ' in this stack.' else '.' end from me"                        \
    "   where exists (select from up) and not exists (select from item))"

#define EXPLAIN                                                              \
    BASIS CHAINS IF_LEFT WITHOUT ASLEEP                                      \
    " select jsonb_build_object("                                            \
    "  'organization_role', (select case"                                    \
    "     when not me.held then null"                                        \
    "     when exists (select from has h where h.organization_role = 'admin')" \
    "     then 'admin'"                                                      \
    "     when me.plain or exists (select from has h"                        \
    "       where h.organization_role = 'member') then 'member' end from me)," \
    "  'permissions', (select coalesce(jsonb_agg(p.line order by"            \
    "     p.organization_role, p.role_key, p.stack_key nulls first), '[]')"  \
    "     from permission p),"                                               \
    "  'complete', (select count(*) < 1000 from ways),"                      \
    "  'why_not', (select coalesce(jsonb_agg(jsonb_build_object('code',"     \
    "     w.code, 'detail', w.detail) order by w.n, w.detail), '[]')"        \
    "     from why w),"                                                      \
    "  'dormant', (select coalesce(jsonb_agg(jsonb_build_object('mapping',"  \
    "     s.mapping_id, 'group', s.group_id, 'name', s.name, 'since', "      \
    STORE_ADMIN_TIME("s.deleted") ") order by s.deleted), '[]')"             \
    "     from asleep s),"                                                   \
    "  'if_left', (select coalesce(jsonb_agg(jsonb_build_object('group',"    \
    "     jsonb_build_object('id', g.id, 'name', g.name), 'loses', k.what)"  \
    "     order by g.display_name, g.id), '[]') from lost k"                 \
    "     join scim.groups g on g.org_id = $1 and g.id = k.start))"          \
    " || coalesce((select jsonb_build_object('without', w.line)"             \
    "     from without w), '{}')"

/* Roles in a stack, but those of $3, and the groups that give them: 20 of each
 * at most, by name. */
#define WOULD_GIVE                                                           \
    "select coalesce(jsonb_agg(jsonb_build_object('role', l.name,"           \
    "  'role_id', l.role_id, 'groups', x.groups) order by l.key), '[]')"     \
    " from scim.stack_roles l"                                               \
    " cross join lateral ("                                                  \
    "  select jsonb_agg(w.line) as groups from ("                            \
    "   select jsonb_build_object('id', g.id, 'name', g.name, 'app', p.name," \
    "     'mapping', m.mapping_id, 'every_stack', r.stack_id is null,"       \
    "     'rehearsing', p.rehearsing) as line"                               \
    "    from scim.mapping_roles r"                                          \
    "    join scim.group_mappings m"                                         \
    "      on m.org_id = $1 and m.mapping_id = r.mapping_id"                 \
    "    join scim.groups g on g.org_id = $1 and g.id = m.group_id"          \
    "    join scim.apps p on p.org_id = $1 and p.app_id = g.app_id"          \
    "   where r.org_id = $1 and r.role_id = l.role_id"                       \
    "     and (r.stack_id is null or r.stack_id = $2::int)"                  \
    "   order by g.display_name, g.id limit 20) w) x"                        \
    " where l.org_id = $1 and l.role_id <> all($3::int[])"                   \
    "  and x.groups is not null"

/* A stack that is not there grants nothing, which is no answer. */
static scim_error *check_stack(const char *stack, store_admin *a,
                               apr_pool_t *pool)
{
    json_t *found;
    scim_error *err = NULL;

    if (stack != NULL) {
        err = store_stack_get(&found, stack, a, pool);
    }
    if (err != NULL && err->fault == SCIM_NOT_FOUND) {
        err->fault = SCIM_INVALID_VALUE;
        err->field = "stack";
    }
    return err;
}

static scim_error *no_member(const char *detail, apr_pool_t *pool)
{
    scim_error *err = scim_error_make(SCIM_INVALID_VALUE, pool, "%s", detail);

    err->field = "without";
    return err;
}

/* Only a group that the user is itself in can be left. */
static scim_error *check_without(const json_t *found, apr_pool_t *pool)
{
    const json_t *without = json_object_get(found, "without"),
                 *group = json_object_get(without, "group"),
                 *through = json_object_get(without, "through");
    const char *name;

    if (without == NULL || json_is_true(json_object_get(without,
                                                        "is_member"))) {
        json_object_del(json_object_get(found, "without"), "is_member");
        return NULL;
    }
    if (!json_is_object(group)) {
        return no_member("The organization has no such group.", pool);
    }
    name = scim_excerpt(store_admin_member(group, "name", pool), pool);
    if (json_array_size(through) == 0) {
        return no_member(apr_psprintf(pool, "The user is not in the group "
                                      "\"%s\".", name), pool);
    }
    return no_member(
        apr_psprintf(pool, "The user is in the group \"%s\" only through "
                     "\"%s\", which is what can be left.", name,
                     scim_excerpt(store_admin_member(json_array_get(through,
                                                                    0),
                                                     "name", pool), pool)),
        pool);
}

scim_error *store_permission_explain(json_t **out, const char *id,
                                     const json_t *given, store_admin *a,
                                     apr_pool_t *pool)
{
    const char *values[] = { id, store_admin_member(given, "stack", pool),
                             store_admin_member(given, "without", pool) };
    json_t *user;
    scim_error *err = store_user_found(&user, id, a, pool);

    if (err == NULL && values[2] != NULL && !store_uuid_is(values[2])) {
        err = no_member("A group is named by its id.", pool);
    }
    if (err == NULL) {
        err = check_stack(values[1], a, pool);
    }
    if (err == NULL) {
        err = store_admin_json(out, a, EXPLAIN, 3, values, pool);
    }
    if (err == NULL) {
        json_object_set(*out, "user", user);
        err = check_without(*out, pool);
    }
    return err;
}

/* "{2,3}": what the groups of the user give, withheld or not. */
static const char *given_roles(const json_t *explained, apr_pool_t *pool)
{
    const char *text = "{", *id;
    json_t *permission;
    size_t i;

    json_array_foreach(json_object_get(explained, "permissions"), i,
                       permission) {
        id = store_admin_member(permission, "role_id", pool);
        if (id != NULL) {
            text = apr_pstrcat(pool, text, text[1] != '\0' ? "," : "", id,
                               NULL);
        }
    }
    return apr_pstrcat(pool, text, "}", NULL);
}

scim_error *store_permission_lacking(json_t *explained, const json_t *given,
                                     store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { store_admin_member(given, "stack", pool),
                             given_roles(explained, pool) };
    json_t *would_give;
    scim_error *err = NULL;

    if (values[0] != NULL) {
        err = store_admin_json(&would_give, a, WOULD_GIVE, 2, values, pool);
    }
    if (values[0] != NULL && err == NULL) {
        json_object_set(explained, "would_give", would_give);
    }
    return err;
}

/* Whoever is nobody among the users holds nothing, which is no error. */
static json_t *nobody(apr_pool_t *pool)
{
    return scim_json_adopt(
        json_pack("{s:n, s:n, s:[], s:b, s:[{s:s, s:s}], s:[], s:[]}", "user",
                  "organization_role", "permissions", "complete", 1, "why_not",
                  "code", "not_linked", "detail",
                  "Your account is linked to no user; an owner can do that.",
                  "dormant", "if_left"),
        pool);
}

scim_error *store_permission_mine(json_t **out, const json_t *given,
                                  store_admin *a, apr_pool_t *pool)
{
    json_t *account;
    const char *id;
    scim_error *err = store_account_me(&account, a, pool);

    if (err != NULL) {
        return err;
    }
    id = store_admin_member(account, "user_id", pool);
    if (id != NULL) {
        return store_permission_explain(out, id, given, a, pool);
    }
    *out = nobody(pool);
    return NULL;
}
