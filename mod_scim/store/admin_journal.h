/* Rows of the journal as the owner's side shows them. Private to store/. */
#ifndef SCIM_STORE_ADMIN_JOURNAL_H
#define SCIM_STORE_ADMIN_JOURNAL_H

#include "store/admin_connection.h"

/* clang-format off */

/* {"id", "name"} of a user or group, also of one that is gone. */
#define STORE_NAMED_REFERENCE(id) \
    "json_build_object('id', " id ", 'name', coalesce(" \
    "(select n.body::json ->> 'userName' from scim.users n" \
    "  where n.org_id = $1 and n.id = " id ")," \
    "(select n.name from scim.groups n" \
    "  where n.org_id = $1 and n.id = " id ")," \
    "(select n.name from scim.tombstones n" \
    "  where n.org_id = $1 and n.id = " id ")))"

/* Members of the object of a row `j`; needs STORE_JOURNAL_APP behind it. */
#define STORE_JOURNAL_ORIGIN \
    " 'time', " STORE_ADMIN_TIME("j.at") "," \
    " 'actor', j.actor_kind || ' ' || j.actor, 'app_id', j.app_id," \
    " 'app', x.name, 'action', j.action, 'duration_ms', j.duration_ms," \
    " 'request_id', j.request_id, 'address', j.address"
#define STORE_JOURNAL_APP \
    " left join scim.apps x on x.org_id = $1 and x.app_id = j.app_id"

/* The place of a row in the order of time: "1764000000000.17". */
#define STORE_JOURNAL_KEY(j) \
    "(extract(epoch from " j ".at) * 1000)::bigint || '.' || " j ".seq"
/* Rows before the place $2. */
#define STORE_JOURNAL_BEFORE \
    "($2::text is null or (j.at, j.seq) <" \
    " (to_timestamp(split_part($2, '.', 1)::bigint / 1000.0)" \
    "   ::timestamptz(3), split_part($2, '.', 2)::bigint))"
/* What fits may be rare: so many rows before $2, from $3 on and before $4, are
 * looked at for a page, and this is the place of the last one, if there are
 * more. */
#define STORE_JOURNAL_BOUND(only, rows) \
    "select " STORE_JOURNAL_KEY("j") " from scim.journal j" \
    " where j.org_id = $1" only " and " STORE_JOURNAL_BEFORE \
    " and ($3::timestamptz is null or j.at >= $3::timestamptz)" \
    " and ($4::timestamptz is null or j.at < $4::timestamptz)" \
    " order by j.at desc, j.seq desc offset " rows " limit 1"

/* The rows of such a page, `bound` being a parameter with that place. The limit
 * is above what these can be: with it they are read in their order, whatever
 * the planner thinks of how many there are. */
#define STORE_JOURNAL_ROWS(only, bound) \
    "(select * from scim.journal j where j.org_id = $1" only \
    "  and " STORE_JOURNAL_BEFORE " and (" bound "::text is null" \
    "   or (j.at, j.seq) >=" \
    "    (to_timestamp(split_part(" bound ", '.', 1)::bigint / 1000.0)" \
    "      ::timestamptz(3), split_part(" bound ", '.', 2)::bigint))" \
    "  order by j.at desc, j.seq desc" \
    "  limit case when " bound " is not null then 20000 end) j"
/* clang-format on */

/* A page of `sql`, whose last parameter, behind `count` of `values`, is where
 * it ends: at the place that `bound` gives; NULL: at none. A page may be short,
 * or empty, and have a next one. `values` has room for one more. */
scim_error *store_journal_page(json_t **out, store_slice *slice,
                               const char *sql, const char *bound,
                               const char *since, const char *until, int count,
                               const char **values, store_admin *a,
                               apr_pool_t *pool);

/* Whether it is as many numbers, with dots between them, as the keys of a list
 * have; or NULL. SCIM_INVALID_VALUE. */
scim_error *store_admin_check_key(const char *key, int numbers,
                                  apr_pool_t *pool);

/* {"version", "body", "lives", "erased", "app"} of what has or had the id.
 * SCIM_NOT_FOUND. */
scim_error *store_history_present(json_t **out, const char *type,
                                  const char *id, store_admin *a,
                                  apr_pool_t *pool);

/* {"time", "action", "attributes": {name: value or null}}: how what changed
 * after the version was at it. SCIM_NOT_FOUND. */
scim_error *store_history_back(json_t **out, const json_t *present,
                               const char *id, const char *version,
                               store_admin *a, apr_pool_t *pool);

/* Those onto a resource, as far as the type has them. */
void store_history_apply(json_t *resource, const json_t *attributes,
                         const scim_resource_type *type);

/* What the journal shows of extensions at a version; *out may be NULL. */
scim_error *store_history_extensions(json_t **out, const char *id,
                                     const char *version, store_admin *a,
                                     apr_pool_t *pool);

/* An array's text: members at a version that are there today; or NULL. */
scim_error *store_history_members(const char **out, const char *id,
                                  const char *version, store_admin *a,
                                  apr_pool_t *pool);

scim_error *store_history_erased(const char *type, const char *id,
                                 apr_pool_t *pool);

#endif
