#include <apr_strings.h>

#include "core/json.h"
#include "store/admin_connection.h"

/* What is taken back at the end need not keep anybody out. */
scim_error *store_permissions_lock(store_admin *a, apr_pool_t *pool)
{
    return a->is_tried ? NULL
                       : store_admin_ask(NULL, a,
                                         "select scim.permissions_lock($1)", 0,
                                         NULL, pool);
}

json_t *store_permissions_cause(const char *kind, const json_t *id,
                                const char *name, apr_pool_t *pool)
{
    return scim_json_adopt(json_pack("{s:s, s:O, s:s}", "kind", kind, "id", id,
                                     "name", name),
                           pool);
}

/* `part`: of the kind that the function takes; NULL: of all. What is only
 * tried is not told. */
static scim_error *refresh(const char *sql, const char *part,
                           const char *roles, const json_t *cause,
                           store_admin *a, apr_pool_t *pool)
{
    apr_time_t took = a->actor->received == 0
                          ? 0
                          : apr_time_now() - a->actor->received;
    const char *values[] = { scim_json_dump(cause, NULL, pool),
                             a->actor->realm != NULL ? "account" : "scimctl",
                             a->actor->name,
                             apr_itoa(pool, (int)apr_time_as_msec(took)),
                             a->actor->request_id,
                             a->actor->address,
                             part,
                             roles };

    return a->is_tried ? NULL : store_admin_ask(NULL, a, sql, 8, values, pool);
}

/* $9: the roles that may have changed; NULL: any. */
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
                   BY " where $9::text is null",
                   user, NULL, store_permissions_cause(kind, id, name, pool),
                   a, pool);
}

static scim_error *refresh_groups(const char *groups, const char *roles,
                                  const json_t *cause, store_admin *a,
                                  apr_pool_t *pool)
{
    return refresh("select scim.permissions_refresh_groups($1::int,"
                   " $8::uuid[], $9::int[]," BY,
                   groups, roles, cause, a, pool);
}

scim_error *store_permissions_refresh_groups(const char *groups,
                                             const char *roles,
                                             const char *kind,
                                             const json_t *id,
                                             const char *name, store_admin *a,
                                             apr_pool_t *pool)
{
    return refresh_groups(groups, roles,
                          store_permissions_cause(kind, id, name, pool), a,
                          pool);
}

/* clang-format off */
/* What the journal was told in this transaction. */
#define TOLD \
    "select j.resource as id, j.action = 'permission.gain' as gain," \
    "  coalesce((j.changes ->> 'role_id')::int," \
    "    case j.changes ->> 'organization_role' when 'admin' then -2" \
    "     else -1 end) as role_id," \
    "  coalesce((j.changes ->> 'stack_id')::int, 0) as stack_id" \
    " from scim.journal j where j.org_id = $1" \
    "  and j.at = now()::timestamptz(3) and j.xid = pg_current_xact_id()" \
    "  and j.action in ('permission.gain', 'permission.loss')"

/* What it would be told. */
#define UNTOLD \
    "select p.user_id as id, p.gain, p.role_id, p.stack_id" \
    " from scim.permissions_preview($1, $4::uuid[], $5::int[]) p"

/* People by name, but by age where there are so many that nobody reads on; and
 * the changes of those on the page. */
#define EFFECT(told) \
    "with told as materialized (" told ")," \
    " kinds as materialized (" \
    "  select t.gain, t.role_id, t.stack_id, count(*) as people" \
    "   from told t group by 1, 2, 3)," \
    " named as materialized (" \
    "  select k.*, l.key as role_key, s.key as stack_key," \
    "   case when k.role_id < 0 then jsonb_build_object('organization_role'," \
    "     case k.role_id when -2 then 'admin' else 'member' end)" \
    "    else jsonb_build_object('role', l.name, 'role_id', k.role_id)" \
    "     || case when k.stack_id = 0" \
    "      then jsonb_build_object('every_stack', true)" \
    "      else jsonb_build_object('stack', s.name, 'stack_id', k.stack_id)" \
    "     end end as what from kinds k" \
    "   left join scim.stack_roles l" \
    "    on l.org_id = $1 and l.role_id = k.role_id" \
    "   left join scim.stacks s" \
    "    on s.org_id = $1 and s.stack_id = k.stack_id)," \
    " people as materialized (select distinct t.id from told t)," \
    " total as materialized (select count(*) as people from people)," \
    " keyed as materialized (select p.id, coalesce(u.user_name, '') as key" \
    "   from people p left join lateral (select u.user_name from scim.users u" \
    "    where (select n.people from total n) <= 10000" \
    "     and u.org_id = $1 and u.id = p.id offset 0) u on true)," \
    " page as materialized (" \
    "  select p.id, row_number() over (order by p.key, p.id) as n" \
    "    from keyed p where $3::text is null" \
    "      or (p.key, p.id) > (select q.key, q.id from keyed q" \
    "                           where q.id::text = $3)" \
    "   order by p.key, p.id limit $2::int + 1)," \
    " shown as (select t.gain, p.n, k.role_key, k.stack_key," \
    "    jsonb_build_object('user', t.id, 'user_name', (" \
    "      select coalesce(u.body::json ->> 'userName', '') from scim.users u" \
    "       where u.org_id = $1 and u.id = t.id)) || k.what as line" \
    "    from page p join told t on t.id = p.id" \
    "    join named k on k.gain = t.gain and k.role_id = t.role_id" \
    "     and k.stack_id = t.stack_id where p.n <= $2::int)" \
    " select jsonb_build_object(" \
    "  'people', (select n.people from total n)," \
    "  'gain_count', (select coalesce(sum(k.people), 0) from kinds k" \
    "    where k.gain)," \
    "  'loss_count', (select coalesce(sum(k.people), 0) from kinds k" \
    "    where not k.gain)," \
    "  'changes', (select coalesce(jsonb_agg(c.line order by c.line), '[]')" \
    "    from (select jsonb_build_object('change'," \
    "            case when k.gain then 'gain' else 'loss' end," \
    "            'people', k.people) || k.what as line from named k) c)," \
    "  'gains', (select coalesce(jsonb_agg(s.line order by s.n, s.role_key," \
    "    s.stack_key), '[]') from shown s where s.gain)," \
    "  'losses', (select coalesce(jsonb_agg(s.line order by s.n, s.role_key," \
    "    s.stack_key), '[]') from shown s where not s.gain)," \
    "  'next', (select p.id from page p where p.n = $2::int and exists" \
    "    (select from page q where q.n > $2::int)))"
/* clang-format on */

scim_error *store_permissions_effect(json_t **out, const char *groups,
                                     const char *roles, const json_t *cause,
                                     const json_t *given, store_admin *a,
                                     apr_pool_t *pool)
{
    const char *limit = store_admin_member(given, "limit", pool);
    const char *values[] = { limit != NULL ? limit : "50",
                             store_admin_member(given, "after", pool), groups,
                             roles };
    scim_error *err = refresh_groups(groups, roles, cause, a, pool);

    if (err != NULL) {
        return err;
    }
    return a->is_tried
               ? store_admin_json(out, a, EFFECT(UNTOLD), 4, values, pool)
               : store_admin_json(out, a, EFFECT(TOLD), 2, values, pool);
}

void store_admin_try(store_admin *a)
{
    a->is_tried = 1;
}
