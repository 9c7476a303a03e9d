/* The statement that changes a group's members, in parts. Private to
 * statements.c. */
#ifndef SCIM_STORE_DELTA_H
#define SCIM_STORE_DELTA_H

#include "store/statements.h"

/* clang-format off */

/* Five parameters of store_add_origin() and the app: of a journal's row. */
#define ORIGIN(kind, actor, ms, request, address) \
    "$1::int, " kind ", " actor ", " STORE_APP ", " ms "::int, " request ", " \
    address

/* The same for those who write several. */
#define BEHALF(kind, actor, ms, request, address) \
    "ROW(" kind "::text, " actor "::text, " STORE_APP ", " ms "::int," \
    " " request "::text, " address "::text)::scim.origin"

/* One decision and one change, in the snapshot behind the lock of the group.
 * $2 group, $3 to add, $4 to remove, $5 whether $3 is the whole set,
 * $6 versions of If-Match or NULL, $7 a JSON array of values that are no ids,
 * $8 to $12 the origin.
 * FOUND and ENDS look up one id at a time by the whole key, whatever the
 * planner thinks of the size of a group or an organization that it has not yet
 * met; OFFSET 0 keeps it from joining them in another way. Anti-joins, unlike
 * NOT IN, may spill. */
#define FOUND(table) \
    " FROM want w CROSS JOIN LATERAL (SELECT r.id FROM scim." table " r" \
    "   WHERE r.org_id = $1 AND r.id = w.id AND " STORE_VISIBLE_ROW("r") \
    "   OFFSET 0) r"

#define LOST(table, column) \
    " SELECT m." column " FROM scim." table " m" \
    "  LEFT JOIN want w ON w.id = m." column " WHERE $5::boolean" \
    "   AND m.org_id = $1 AND m.group_id = $2::uuid AND w.id IS NULL"

#define ENDS(table, column) \
    " (DELETE FROM scim." table " m USING verdict v, gone g" \
    "   CROSS JOIN LATERAL (SELECT l.ctid FROM scim." table " l" \
    "    WHERE l.org_id = $1 AND l.group_id = $2::uuid" \
    "    AND l." column " = g.id OFFSET 0) l" \
    "  WHERE v.word = 'go' AND m.ctid = l.ctid" \
    "  RETURNING m." column " AS id)"

/* A thousand ids to a row of the journal, however many there are. */
#define PARTS(ids) \
    "SELECT (n / 1000)::int AS part," \
    "  array_agg(id) FILTER (WHERE came) AS added," \
    "  array_agg(id) FILTER (WHERE NOT came) AS removed" \
    " FROM (SELECT id, came, row_number() OVER () - 1 AS n" \
    "  FROM (" ids ") each) numbered GROUP BY 1"

#define DELTA \
    "WITH target AS MATERIALIZED (" \
    "  SELECT r.version, r.name FROM scim.groups r" \
    "   WHERE r.org_id = $1 AND r.id = $2::uuid" \
    "    AND " STORE_VISIBLE_ROW("r") ")," \
    " want AS MATERIALIZED (SELECT unnest($3::uuid[]) AS id)," \
    " known AS MATERIALIZED (SELECT r.id, false AS is_group" FOUND("users") \
    "  UNION ALL SELECT r.id, true" FOUND("groups") ")," \
    " unknown AS MATERIALIZED (SELECT w.id::text FROM want w" \
    "   LEFT JOIN known k ON k.id = w.id WHERE k.id IS NULL" \
    "  UNION ALL SELECT json_array_elements_text($7::json))," \
    " verdict AS MATERIALIZED (SELECT CASE" \
    "   WHEN $6::bigint[] IS NOT NULL AND t.version <> ALL ($6)" \
    "    THEN 'version'" \
    "   WHEN EXISTS (SELECT FROM unknown) AND (NOT EXISTS (SELECT FROM known)" \
    "     OR (SELECT a.strict FROM scim.apps a WHERE a.org_id = $1" \
    "          AND a.app_id = " STORE_APP "))" \
    "    THEN 'unknown' ELSE 'go' END AS word FROM target t)," \
    " gone AS MATERIALIZED (SELECT unnest($4::uuid[]) AS id" \
    "  UNION ALL" LOST("group_users", "user_id") \
    "  UNION ALL" LOST("group_groups", "child_id") ")," \
    " out_users AS" ENDS("group_users", "user_id") "," \
    " out_groups AS" ENDS("group_groups", "child_id") "," \
    " in_users AS (INSERT INTO scim.group_users(org_id, group_id, user_id)" \
    "   SELECT $1, $2::uuid, k.id FROM known k, verdict v" \
    "    WHERE v.word = 'go' AND NOT k.is_group ORDER BY k.id" \
    "   ON CONFLICT DO NOTHING RETURNING user_id AS id)," \
    " in_groups AS (INSERT INTO scim.group_groups(org_id, group_id, child_id)" \
    "   SELECT $1, $2::uuid, k.id FROM known k, verdict v" \
    "    WHERE v.word = 'go' AND k.is_group ORDER BY k.id" \
    "   ON CONFLICT DO NOTHING RETURNING child_id AS id)," \
    " nesting AS MATERIALIZED (SELECT scim.groups_nest() AS noted" \
    "   WHERE EXISTS (SELECT FROM in_groups))," \
    " parts AS MATERIALIZED (" PARTS( \
    "   SELECT id, true AS came FROM in_users" \
    "   UNION ALL SELECT id, true FROM in_groups" \
    "   UNION ALL SELECT id, false FROM out_users" \
    "   UNION ALL SELECT id, false FROM out_groups") ")," \
    " changes AS MATERIALIZED (SELECT s.parts > 0 AS changed," \
    "   jsonb_strip_nulls(jsonb_build_object('added', s.added," \
    "    'removed', s.removed, 'unknown', (SELECT jsonb_agg(id)" \
    "      FROM (SELECT id FROM unknown LIMIT 1000) a))) AS json" \
    "  FROM (SELECT count(*) AS parts," \
    "    coalesce(sum(cardinality(added)), 0) AS added," \
    "    coalesce(sum(cardinality(removed)), 0) AS removed FROM parts) s)," \
    PERMISSIONS "," BRAKE

/* What members hold by the group: what this asks for is called with the rows
 * that have come and gone, which it then sees. */
#define MAPPED \
    "EXISTS (SELECT FROM scim.group_mappings x WHERE x.org_id = $1)"

#define PERMISSIONS \
    " permissions AS MATERIALIZED (SELECT scim.permissions_membership($1," \
    "   $2::uuid, ARRAY(SELECT id FROM in_users UNION ALL" \
    "    SELECT id FROM out_users), ARRAY(SELECT id FROM in_groups UNION ALL" \
    "    SELECT id FROM out_groups), " BEHALF("$8", "$9", "$10", "$11", "$12") \
    "   ) FROM changes c WHERE c.changed AND " MAPPED ")"

/* Comes last, as it waits for others who remove. Owners are not braked. */
#define BRAKED \
    "EXISTS (SELECT FROM scim.brakes x WHERE x.org_id = $1 AND x.enabled)"

#define BRAKE \
    " brake AS MATERIALIZED (SELECT scim.brake_group($1, $2::uuid," \
    "   (c.json ->> 'removed')::bigint, false) FROM changes c," \
    "   (SELECT count(*) FROM permissions) p WHERE c.changed" \
    "   AND (c.json ->> 'removed')::bigint > 0 AND $8 = 'token'" \
    "   AND " MAPPED " AND " BRAKED ")"

/* Nothing in a statement runs that its result does not need. */
#define DECISION(added, removed, parts) \
    " SELECT v.word, c.json::text, c.changed, " added ", " removed "," \
    " (SELECT count(*) FROM nesting), (SELECT count(*) FROM permissions)," \
    " (SELECT count(*) FROM brake) FROM verdict v, changes c" parts
/* clang-format on */

#endif
