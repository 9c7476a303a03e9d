/* Why a user holds what it holds, and why not. */
#include <apr_strings.h>

#include "core/json.h"
#include "store/admin_person.h"

/* path: the ways up from the user's own groups, short ones first; 1,000 of them
 * are looked at, as there may be very many. What is held does not depend on
 * that: up has each group once for each of the user's own.
 *
 * $2 the user, $3 a stack or NULL. */
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
    "  select s.id, cardinality(s.ids) as steps,"                            \
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

/* What nobody else among the user's own groups gives: an admin is a member, a
 * role in every stack is one in each. */
#define IF_LEFT                                                              \
    " has as materialized ("                                                 \
    "  select distinct up.start, n.organization_role, n.role_id, n.stack_id," \
    "         n.what from up join named n on n.group_id = up.id cross join me" \
    "   where me.held and not n.rehearsing),"                                \
    " lost as ("                                                             \
    "  select h.start, jsonb_agg(h.what order by h.what) as what from has h" \
    "   cross join me where not exists (select from has o"                   \
    "      where o.start <> h.start"                                         \
    "        and (o.role_id = h.role_id and (o.stack_id is null"             \
    "               or o.stack_id = h.stack_id)"                             \
    "             or o.organization_role in (h.organization_role, 'admin')"  \
    "               and h.organization_role is not null))"                   \
    "     and not (me.plain and h.organization_role is not distinct from"    \
    "                           'member')"                                   \
    "   group by h.start),"

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
    BASIS CHAINS IF_LEFT ASLEEP                                              \
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
    "     join scim.groups g on g.org_id = $1 and g.id = k.start))"

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

scim_error *store_permission_explain(json_t **out, const char *id,
                                     const json_t *given, store_admin *a,
                                     apr_pool_t *pool)
{
    const char *values[] = { id, store_admin_member(given, "stack", pool) };
    json_t *user;
    scim_error *err = store_user_found(&user, id, a, pool);

    if (err == NULL) {
        err = check_stack(values[1], a, pool);
    }
    if (err == NULL) {
        err = store_admin_json(out, a, EXPLAIN, 2, values, pool);
    }
    if (err == NULL) {
        json_object_set(*out, "user", user);
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
