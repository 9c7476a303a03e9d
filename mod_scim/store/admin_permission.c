#include <apr_strings.h>

#include "core/json.h"
#include "store/admin_connection.h"

scim_error *store_permissions_lock(store_admin *a, apr_pool_t *pool)
{
    return store_admin_ask(NULL, a, "select scim.permissions_lock($1)", 0,
                           NULL, pool);
}

json_t *store_permissions_cause(const char *kind, const json_t *id,
                                const char *name, apr_pool_t *pool)
{
    return scim_json_adopt(json_pack("{s:s, s:O, s:s}", "kind", kind, "id", id,
                                     "name", name),
                           pool);
}

/* `part`: of the kind that the function takes; NULL: of all. */
static scim_error *refresh(const char *sql, const char *part,
                           const json_t *cause, store_admin *a,
                           apr_pool_t *pool)
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
                   user, store_permissions_cause(kind, id, name, pool), a,
                   pool);
}

scim_error *store_permissions_refresh_by(const char *groups,
                                         const json_t *cause, store_admin *a,
                                         apr_pool_t *pool)
{
    return refresh("select scim.permissions_refresh_groups($1::int,"
                   " $8::uuid[]," BY,
                   groups, cause, a, pool);
}

scim_error *store_permissions_refresh_groups(const char *groups,
                                             const char *kind,
                                             const json_t *id,
                                             const char *name, store_admin *a,
                                             apr_pool_t *pool)
{
    return store_permissions_refresh_by(
        groups, store_permissions_cause(kind, id, name, pool), a, pool);
}

/* The rows that the journal was told in this transaction; people by name, and
 * the changes of those on the page. */
#define EFFECT                                                              \
    "with told as materialized ("                                           \
    "  select j.seq, j.resource as id, coalesce(j.name, '') as name,"       \
    "         j.action = 'permission.gain' as gain,"                        \
    "         j.changes - 'cause' as what"                                  \
    "    from scim.journal j"                                               \
    "   where j.org_id = $1 and j.at = now()::timestamptz(3)"               \
    "     and j.xid = pg_current_xact_id()"                                 \
    "     and j.action in ('permission.gain', 'permission.loss')),"         \
    " people as materialized (select distinct t.id, t.name from told t),"   \
    " page as materialized ("                                               \
    "  select p.id, p.name, row_number() over (order by p.name, p.id) as n" \
    "    from people p where $3::text is null"                              \
    "      or (p.name, p.id) > (select q.name, q.id from people q"          \
    "                            where q.id::text = $3)"                    \
    "   order by p.name, p.id limit $2::int + 1),"                          \
    " shown as (select t.gain, p.n, t.seq,"                                 \
    "    jsonb_build_object('user', t.id, 'user_name', t.name) || t.what"   \
    "      as line"                                                         \
    "    from page p join told t on t.id = p.id where p.n <= $2::int)"      \
    " select jsonb_build_object("                                           \
    "  'people', (select count(*) from people),"                            \
    "  'gain_count', (select count(*) from told t where t.gain),"           \
    "  'loss_count', (select count(*) from told t where not t.gain),"       \
    "  'changes', (select coalesce(jsonb_agg(c.line order by c.line), '[]')" \
    "    from (select jsonb_build_object('change',"                         \
    "            case when t.gain then 'gain' else 'loss' end,"             \
    "            'people', count(*)) || t.what as line"                     \
    "            from told t group by t.gain, t.what) c),"                  \
    "  'gains', (select coalesce(jsonb_agg(s.line order by s.n, s.seq),"    \
    "    '[]') from shown s where s.gain),"                                 \
    "  'losses', (select coalesce(jsonb_agg(s.line order by s.n, s.seq),"   \
    "    '[]') from shown s where not s.gain),"                             \
    "  'next', (select p.id from page p where p.n = $2::int and exists"     \
    "    (select from page q where q.n > $2::int)))"

scim_error *store_permissions_effect(json_t **out, const json_t *given,
                                     store_admin *a, apr_pool_t *pool)
{
    const char *limit = store_admin_member(given, "limit", pool);
    const char *values[] = { limit != NULL ? limit : "50",
                             store_admin_member(given, "after", pool) };

    return store_admin_json(out, a, EFFECT, 2, values, pool);
}

void store_admin_roll_back(store_admin *a)
{
    a->is_tried = 1;
}
