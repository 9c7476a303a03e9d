#include "store/statements.h"

#include "store/delta.h"

/* clang-format off */

/* ------------------------------------------------------ reading resources */

#define ROW "r.id, r.version, r.created, r.last_modified, r.body"
#define RETURNING_ROW " RETURNING " ROW
#define REFS ROW ", x.ids, x.flags"
#define NAMED_REFS REFS ", x.names"
#define DIRECT_REFS ROW ", x.ids, NULL, x.names"

#define JOIN_GROUPS \
    " LEFT JOIN LATERAL (SELECT array_agg(d.id) AS ids," \
    "   array_agg(d.name) AS names FROM scim.direct_groups d" \
    "   WHERE d.org_id = $1 AND d.user_id = r.id) x ON true"

/* Directly (flag) or through other groups. */
#define JOIN_ALL_GROUPS \
    " LEFT JOIN LATERAL (SELECT array_agg(g.id) AS ids," \
    "   array_agg(g.direct) AS flags, array_agg(g.name) AS names" \
    "  FROM (WITH RECURSIVE up(id, direct) AS (" \
    "     SELECT m.group_id, true FROM scim.group_users m" \
    "      WHERE m.org_id = $1 AND m.user_id = r.id" \
    "     UNION SELECT e.group_id, false FROM up JOIN scim.group_groups e" \
    "      ON e.org_id = $1 AND e.child_id = up.id)" \
    "   SELECT g.id, bool_or(up.direct) AS direct," \
    "     min(g.name) AS name" \
    "    FROM up JOIN scim.groups g ON g.org_id = $1 AND g.id = up.id" \
    "     AND " STORE_VISIBLE_ROW("g") \
    "    GROUP BY g.id ORDER BY g.id) g) x ON true"

/* Members of a group: users, and groups (flag). */
#define JOIN_MEMBERS \
    " LEFT JOIN LATERAL (SELECT array_agg(m.id) AS ids," \
    "   array_agg(m.is_group) AS flags" \
    "  FROM (SELECT m.user_id AS id, false AS is_group" \
    "     FROM scim.group_users m" \
    "     WHERE m.org_id = $1 AND m.group_id = r.id" \
    "    UNION ALL SELECT m.child_id, true FROM scim.group_groups m" \
    "     WHERE m.org_id = $1 AND m.group_id = r.id" \
    "    LIMIT " STORE_MEMBERS_LIMIT ") m) x ON true"

#define USER_DISPLAY \
    "coalesce(u.body::json ->> 'displayName', u.body::json ->> 'userName')"

#define JOIN_MEMBER_NAMES_UP_TO(limit) \
    " LEFT JOIN LATERAL (SELECT array_agg(m.id) AS ids," \
    "   array_agg(m.is_group) AS flags, array_agg(m.name) AS names" \
    "  FROM (SELECT u.id, false AS is_group, " USER_DISPLAY " AS name" \
    "     FROM scim.group_users m" \
    "     JOIN scim.users u ON u.org_id = $1 AND u.id = m.user_id" \
    "     WHERE m.org_id = $1 AND m.group_id = r.id" \
    "    UNION ALL SELECT g.id, true, g.name" \
    "     FROM scim.group_groups m" \
    "     JOIN scim.groups g ON g.org_id = $1 AND g.id = m.child_id" \
    "     WHERE m.org_id = $1 AND m.group_id = r.id" limit ") m) x ON true"

#define JOIN_MEMBER_NAMES \
    JOIN_MEMBER_NAMES_UP_TO(" LIMIT " STORE_MEMBERS_LIMIT)

/* All of a group in one snapshot: its row first (a CTE is read by nobody but
 * the leader, so no parallel plan changes the order), then at most $3 users and
 * $3 groups, whose rows have no first column. */
#define STREAM(user, user_table, group, group_table) \
    "WITH g AS MATERIALIZED (" BY_ID(ROW, "groups", "") ")" \
    " SELECT g.*, NULL::uuid, NULL::boolean, NULL::text FROM g" \
    " UNION ALL (SELECT NULL::uuid, NULL::bigint, NULL::timestamptz(3)," \
    "   NULL::timestamptz(3), NULL::text, m.user_id, false, " user \
    "  FROM scim.group_users m" user_table \
    "  WHERE m.org_id = $1 AND m.group_id = $2::uuid" \
    "   AND EXISTS (SELECT FROM g) LIMIT $3::bigint)" \
    " UNION ALL (SELECT NULL::uuid, NULL::bigint, NULL::timestamptz(3)," \
    "   NULL::timestamptz(3), NULL::text, m.child_id, true, " group \
    "  FROM scim.group_groups m" group_table \
    "  WHERE m.org_id = $1 AND m.group_id = $2::uuid" \
    "   AND EXISTS (SELECT FROM g) LIMIT $3::bigint)"

const char *const store_shape_columns[STORE_SHAPE_COUNT] = {
    [STORE_SHAPE_USER]               = ROW,
    [STORE_SHAPE_USER_GROUPS]        = DIRECT_REFS,
    [STORE_SHAPE_USER_ALL_GROUPS]    = NAMED_REFS,
    [STORE_SHAPE_GROUP]              = ROW,
    [STORE_SHAPE_GROUP_MEMBERS]      = REFS,
    [STORE_SHAPE_GROUP_MEMBER_NAMES] = NAMED_REFS,
    [STORE_SHAPE_RESOURCE]           = ROW,
};

const char *const store_shape_joins[STORE_SHAPE_COUNT] = {
    [STORE_SHAPE_USER]               = "",
    [STORE_SHAPE_USER_GROUPS]        = JOIN_GROUPS,
    [STORE_SHAPE_USER_ALL_GROUPS]    = JOIN_ALL_GROUPS,
    [STORE_SHAPE_GROUP]              = "",
    [STORE_SHAPE_GROUP_MEMBERS]      = JOIN_MEMBERS,
    [STORE_SHAPE_GROUP_MEMBER_NAMES] = JOIN_MEMBER_NAMES,
    [STORE_SHAPE_RESOURCE]           = "",
};

const char *const store_shape_padding[STORE_SHAPE_COUNT] = {
    [STORE_SHAPE_USER]               = ", NULL::uuid[], NULL::boolean[],"
                                       " NULL::text[]",
    [STORE_SHAPE_USER_GROUPS]        = "",
    [STORE_SHAPE_USER_ALL_GROUPS]    = "",
    [STORE_SHAPE_GROUP]              = ", NULL::uuid[], NULL::boolean[],"
                                       " NULL::text[]",
    [STORE_SHAPE_GROUP_MEMBERS]      = ", NULL::text[]",
    [STORE_SHAPE_GROUP_MEMBER_NAMES] = "",
    [STORE_SHAPE_RESOURCE]           = ", NULL::uuid[], NULL::boolean[],"
                                       " NULL::text[]",
};

#define BY_ID(columns, table, join) \
    "SELECT " columns " FROM scim." table " r" join \
    " WHERE r.org_id = $1 AND r.id = $2::uuid AND " STORE_VISIBLE_ROW("r")

/* The ids first, by an index-only scan: deep pages do not read the rows before
 * them. */
#define PAGE(columns, table, join) \
    "SELECT " columns " FROM scim." table " r" join \
    " WHERE r.org_id = $1 AND r.id = ANY(ARRAY(" \
    "  SELECT p.id FROM scim." table " p" \
    "   WHERE p.org_id = $1 AND " STORE_VISIBLE("p") \
    "   ORDER BY p.id OFFSET $2::bigint LIMIT $3::int)) ORDER BY r.id"

#define COUNT(table) \
    "SELECT count(*) FROM scim." table " r" \
    " WHERE r.org_id = $1::int AND " STORE_VISIBLE("r")

/* The claims of a resource end with it; whether this server knows of any does
 * not matter, another one may. */
#define DELETE_FROM(table) \
    "WITH claims AS (DELETE FROM scim.unique_values" \
    "  WHERE org_id = $1 AND id = $2::uuid)" \
    " DELETE FROM scim." table " WHERE org_id = $1 AND id = $2::uuid"

/* Only what has changed travels. */
#define FOLDED(changed, removed) \
    "(r.folded - " removed "::text[]) || " changed "::jsonb"

#define VALUE_COLUMNS "org_id, user_id, attr, elem, value, kind"

#define UPDATE_FOLDED \
    "UPDATE scim.user_folded r SET folded = " FOLDED("$3", "$4") \
    " WHERE org_id = $1 AND user_id = $2::uuid"

/* What decides on rows beside the database must have known of all that has
 * some: of no number above `last`. There is no attribute 0. */
#define NO_INDEX_AFTER(last) \
    " CASE WHEN EXISTS (SELECT FROM scim.attributes a" \
    "   WHERE a.attr > " last "::smallint)" \
    "  THEN scim.index_is_ready(0::smallint) ELSE true END"

#define TOMBSTONE(table, type, name, folded) \
    "INSERT INTO scim.tombstones(org_id, id, app_id, resource_type, name," \
    " external_id, created, version, body, folded, claims)" \
    " SELECT r.org_id, r.id, r.app_id, " type ", " name ", r.external_id," \
    "  r.created, r.version + 1, r.body, " folded "," \
    "  (SELECT json_agg(json_build_object('attr', c.attr, 'value', c.value))" \
    "    FROM scim.unique_values c WHERE c.org_id = $1 AND c.id = r.id)" \
    " FROM scim." table " r" \
    " WHERE r.org_id = $1 AND r.id = $2::uuid"

/* The row was inserted just now. What it has in its folded document is newer
 * than what the tombstone has. */
#define REVIVE(table, type, other, folded) \
    "WITH t AS (DELETE FROM scim.tombstones" \
    "   WHERE org_id = $1 AND id = $2::uuid RETURNING *)," \
    " claimed AS MATERIALIZED (SELECT scim.claim_values($1, t.id, '" type "'," \
    "   t.claims) FROM t WHERE t.claims IS NOT NULL)" other \
    " UPDATE scim." table " r SET version = t.version + 1," \
    "  created = t.created" folded " FROM t, (SELECT count(*) FROM claimed) c" \
    " WHERE r.org_id = $1 AND r.id = $2::uuid"

#define JOURNAL_COLUMNS \
    "(org_id, actor_kind, actor, app_id, duration_ms, request_id, address," \
    " action, resource_type, resource, version, part, name, status," \
    " scim_type, detail, changes, added, removed)"


/* $3 to $7: the origin. */
#define LEAVE(table, column) \
    "WITH ended AS (DELETE FROM scim." table \
    "  WHERE org_id = $1 AND " column " = $2::uuid RETURNING group_id)," \
    " raised AS (UPDATE scim.groups SET version = version + 1," \
    "   last_modified = greatest(last_modified, now())" \
    "  WHERE org_id = $1 AND id = ANY(ARRAY(SELECT group_id FROM ended))" \
    "  RETURNING id, version, name)" \
    " INSERT INTO scim.journal" JOURNAL_COLUMNS \
    " SELECT " ORIGIN("$3", "$4", "$5", "$6", "$7") ", 'modify', 'Group'," \
    "  r.id, r.version, 0, r.name, 204, NULL, NULL," \
    "  jsonb_build_object('members', jsonb_build_object('added', 0," \
    "    'removed', 1), 'cause', jsonb_build_object('deleted', $2))," \
    "  NULL, ARRAY[$2::uuid] FROM raised r"

/* $5: org_id once more, as text. */
#define SET_TENANT \
    "set_config('scim.org', $5, true) || set_config('scim.app', scope, true)"

#define TOKEN_KEY \
    "org_id = $1::int AND key_id = $2::bigint AND hash = $3::bytea" \
    " AND slug = $4"

/* $7: ms for a lock. The organization's own comes last, within that time. $8:
 * flags that the token must not have. */
#define ENTER_TO_WRITE(lock) \
    "SELECT app_id, flags, stale < now(), " SET_TENANT \
    " || set_config('statement_timeout', $6, true)" \
    " || set_config('lock_timeout', $7, true)" \
    " || set_config('idle_in_transaction_session_timeout', $6, true)," \
    " " lock " FROM scim.token_check WHERE " TOKEN_KEY " AND NOT read_only" \
    " AND flags & $8::smallint = 0"

const store_statement_row store_statements[STORE_STATEMENT_COUNT] = {
    [STORE_BEGIN]    = { "begin", "BEGIN", 1 },
    [STORE_COMMIT]   = { "commit", "COMMIT", 1 },
    [STORE_ROLLBACK] = { "rollback", "ROLLBACK", 1 },

    /* First in every transaction (DESIGN 5.8). $6: ms for a statement. A single
     * trip never idles, and what reads waits for no lock. Few columns and
     * operators: each costs a look at the catalog. */
    [STORE_ENTER] = { "enter",
        "SELECT app_id, flags, stale < now(), " SET_TENANT
        " || set_config('statement_timeout', $6, true)"
        " FROM scim.token_check WHERE " TOKEN_KEY },
    [STORE_ENTER_TO_WRITE] = { "enter_to_write",
        ENTER_TO_WRITE("pg_advisory_xact_lock_shared(546385, $1::int)") },
    [STORE_ENTER_ALONE] = { "enter_alone",
        ENTER_TO_WRITE("scim.permissions_enter($1::int)") },
    [STORE_LIMIT] = { "time_limit",
        "SELECT concat(set_config('statement_timeout', $1, true),"
        " set_config('lock_timeout', $2, true))", 1 },
    [STORE_TOKEN_REFUSAL] = { "token_refusal",
        "SELECT reason, to_char(since AT TIME ZONE 'UTC',"
        " 'YYYY-MM-DD HH24:MI \"UTC\"'), read_only,"
        " EXISTS (SELECT FROM scim.token_check WHERE " TOKEN_KEY
        "  AND flags & $5::smallint <> 0)"
        " FROM scim.token_refusal($1::int, $2::bigint, $3::bytea, $4)" },
    [STORE_PASSWORD_SET] = { "password_set",
        "SELECT scim.password_set($1::int, $2::uuid, $3)" },
    [STORE_PASSWORD_OF] = { "password_of",
        "SELECT hash, active FROM scim.password_of($1, $2)", 1 },
    [STORE_TOKEN_USED] = { "token_used",
        "SELECT scim.contact_note($1::int, $2::bigint, $3::bytea, $4)" },

    [STORE_DIRECT_GROUPS] = { "direct_groups",
        "SELECT id, name FROM scim.direct_groups"
        " WHERE org_id = $1 AND user_id = $2::uuid" },
    [STORE_USER_NAMED] = { "user_named",
        "SELECT r.id FROM scim.users r WHERE r.org_id = $1"
        " AND r.user_name = $2 AND r.active AND " STORE_VISIBLE("r") },
    [STORE_CURSOR_KEY] = { "cursor_key",
        "SELECT k.cursor_key, extract(epoch FROM now())::bigint,"
        " current_setting('scim.app')::bigint"
        " FROM scim.cursor_key k WHERE k.org_id = $1" },

    [STORE_USER] = { "user", BY_ID(ROW, "users", "") },
    [STORE_USER_GROUPS] = { "user_groups",
        BY_ID(DIRECT_REFS, "users", JOIN_GROUPS) },
    [STORE_USER_ALL_GROUPS] = { "user_all_groups",
        BY_ID(NAMED_REFS, "users", JOIN_ALL_GROUPS) },
    [STORE_GROUP] = { "group", BY_ID(ROW, "groups", "") },
    [STORE_GROUP_MEMBERS] = { "group_members",
        BY_ID(REFS, "groups", JOIN_MEMBERS) },
    [STORE_GROUP_MEMBER_NAMES] = { "group_member_names",
        BY_ID(NAMED_REFS, "groups", JOIN_MEMBER_NAMES) },
    [STORE_RESOURCE] = { "resource",
        BY_ID(ROW, "resources", "") " AND r.resource_type = $3" },
    [STORE_GROUP_SOME_MEMBERS] = { "group_some_members",
        BY_ID(NAMED_REFS, "groups",
              JOIN_MEMBER_NAMES_UP_TO(" LIMIT $3::int")) },
    [STORE_GROUP_STREAM] = { "group_stream",
        STREAM("NULL::text", "", "NULL::text", "") },
    [STORE_GROUP_STREAM_NAMES] = { "group_stream_names",
        STREAM(USER_DISPLAY,
               " JOIN scim.users u ON u.org_id = $1 AND u.id = m.user_id",
               "h.name",
               " JOIN scim.groups h ON h.org_id = $1 AND h.id = m.child_id") },

    [STORE_PAGE_USER] = { "page_user", PAGE(ROW, "users", "") },
    [STORE_PAGE_USER_GROUPS] = { "page_user_groups",
        PAGE(DIRECT_REFS, "users", JOIN_GROUPS) },
    [STORE_PAGE_USER_ALL_GROUPS] = { "page_user_all_groups",
        PAGE(NAMED_REFS, "users", JOIN_ALL_GROUPS) },
    [STORE_PAGE_GROUP] = { "page_group", PAGE(ROW, "groups", "") },
    [STORE_PAGE_GROUP_MEMBERS] = { "page_group_members",
        PAGE(REFS, "groups", JOIN_MEMBERS) },
    [STORE_PAGE_GROUP_MEMBER_NAMES] = { "page_group_member_names",
        PAGE(NAMED_REFS, "groups", JOIN_MEMBER_NAMES) },
    [STORE_PAGE_RESOURCE] = { "page_resource",
        "SELECT " ROW " FROM scim.resources r"
        " WHERE r.org_id = $1 AND r.resource_type = $4 AND r.id = ANY(ARRAY("
        "  SELECT p.id FROM scim.resources p"
        "   WHERE p.org_id = $1 AND p.resource_type = $4"
        "   AND " STORE_VISIBLE("p")
        "   ORDER BY p.id OFFSET $2::bigint LIMIT $3::int)) ORDER BY r.id" },
    [STORE_COUNT_USERS] = { "count_users", COUNT("users") },
    [STORE_COUNT_GROUPS] = { "count_groups", COUNT("groups") },
    [STORE_COUNT_RESOURCES] = { "count_resources",
        COUNT("resources") " AND r.resource_type = $2" },

    [STORE_USER_LOCK] = { "user_lock",
        BY_ID(ROW, "users", "") " FOR NO KEY UPDATE OF r" },
    [STORE_USER_INSERT] = { "user_insert",
        "INSERT INTO scim.users AS r(org_id, app_id, id, active, user_name,"
        " external_id, display_name, family_name, body)"
        " VALUES ($1::int, " STORE_APP ", $2::uuid,"
        " $3::boolean, $4, $5, $6, $7, $8)" RETURNING_ROW },
    /* A transaction that waited for the lock began before the one that held it:
     * time does not go back. */
    [STORE_USER_UPDATE] = { "user_update",
        "UPDATE scim.users r SET active = $3::boolean, user_name = $4,"
        " external_id = $5, display_name = $6, family_name = $7, body = $8,"
        " version = version + 1,"
        " last_modified = greatest(last_modified, now())"
        " WHERE org_id = $1 AND id = $2::uuid" RETURNING_ROW },
    [STORE_USER_FOLDED_INSERT] = { "user_folded_insert",
        "WITH r AS (INSERT INTO scim.user_folded(org_id, user_id, folded)"
        "  VALUES ($1::int, $2::uuid, $3::jsonb) RETURNING folded)"
        " INSERT INTO scim.user_values(" VALUE_COLUMNS ")"
        " SELECT $1::int, $2::uuid, v.*"
        " FROM r CROSS JOIN LATERAL scim.value_rows(r.folded) v" },
    [STORE_USER_FOLDED_EMAILS] = { "user_folded_emails",
        "WITH r AS (INSERT INTO scim.user_folded(org_id, user_id, folded)"
        "  SELECT $1::int, $2::uuid, $3::jsonb WHERE" NO_INDEX_AFTER("1")
        "  RETURNING folded -> 'emails' AS emails)"
        " INSERT INTO scim.user_values(" VALUE_COLUMNS ")"
        " SELECT $1::int, $2::uuid, 1, n - 1, e ->> 'value',"
        "  CASE WHEN octet_length(e ->> 'type') <= 256 THEN e ->> 'type' END"
        " FROM r CROSS JOIN LATERAL"
        "  jsonb_array_elements(r.emails) WITH ORDINALITY x(e, n)"
        " WHERE e ->> 'value' IS NOT NULL" },
    /* What has rows is the database's word at this moment (scim.attributes):
     * neither this section's files nor what a child remembers decide. */
    [STORE_USER_FOLDED_UPDATE] = { "user_folded_update",
        "WITH r AS (" UPDATE_FOLDED " RETURNING r.folded),"
        " want AS MATERIALIZED (SELECT v.*"
        "  FROM r CROSS JOIN LATERAL scim.value_rows(r.folded) v),"
        " gone AS (DELETE FROM scim.user_values h"
        "  WHERE h.org_id = $1 AND h.user_id = $2::uuid"
        "  AND NOT EXISTS (SELECT FROM want w"
        "   WHERE w.attr = h.attr AND w.elem = h.elem))"
        " INSERT INTO scim.user_values AS h(" VALUE_COLUMNS ")"
        " SELECT $1::int, $2::uuid, w.* FROM want w"
        " ON CONFLICT (org_id, user_id, attr, elem) DO UPDATE"
        " SET value = excluded.value, kind = excluded.kind"
        " WHERE (h.value, h.kind)"
        "  IS DISTINCT FROM (excluded.value, excluded.kind)" },
    [STORE_USER_FOLDED_ALONE] = { "user_folded_alone",
        UPDATE_FOLDED " AND" NO_INDEX_AFTER("$5") },
    [STORE_USER_DELETE] = { "user_delete",
        DELETE_FROM("users") },

    [STORE_GROUP_LOCK] = { "group_lock",
        BY_ID(ROW, "groups", "") " FOR NO KEY UPDATE OF r" },
    [STORE_GROUP_INSERT] = { "group_insert",
        "INSERT INTO scim.groups AS r(org_id, app_id, id, name, display_name,"
        " external_id, unique_name, body, folded)"
        " SELECT $1::int, a.app_id, $2::uuid, $3, $4, $5,"
        " a.unique_group_names, $6, $7::jsonb FROM scim.apps a"
        " WHERE a.org_id = $1"
        " AND a.app_id = " STORE_APP RETURNING_ROW },
    [STORE_GROUP_UPDATE] = { "group_update",
        "UPDATE scim.groups r SET name = $3, display_name = $4,"
        " external_id = $5, body = $6, folded = " FOLDED("$7", "$8") ","
        " version = version + 1,"
        " last_modified = greatest(last_modified, now())"
        " WHERE org_id = $1 AND id = $2::uuid" RETURNING_ROW },
    [STORE_GROUP_MEMBERSHIP] = { "group_membership",
        DELTA ","
        " raise AS (UPDATE scim.groups r SET version = r.version + 1,"
        "   last_modified = greatest(r.last_modified, now())"
        "   FROM verdict v, changes c WHERE v.word = 'go' AND c.changed"
        "   AND r.org_id = $1 AND r.id = $2::uuid),"
        " journal AS (INSERT INTO scim.journal" JOURNAL_COLUMNS
        "  SELECT " ORIGIN("$8", "$9", "$10", "$11", "$12") ", 'modify',"
        "   'Group', $2::uuid, CASE WHEN c.changed THEN t.version + 1 END,"
        "   coalesce(p.part, 0), t.name, $14::smallint, NULL, NULL,"
        "   CASE WHEN p.part > 0 THEN NULL"
        "    ELSE jsonb_build_object('members', c.json) || CASE"
        "     WHEN EXISTS (SELECT FROM unknown) THEN jsonb_build_object("
        "      'warnings', coalesce($13::jsonb -> 'warnings', '[]')"
        "       || $15::jsonb)"
        "     ELSE $13::jsonb END END, p.added, p.removed"
        "   FROM target t CROSS JOIN verdict v CROSS JOIN changes c"
        "    LEFT JOIN parts p ON true WHERE v.word = 'go'"
        "   AND (c.changed OR EXISTS (SELECT FROM unknown)))"
        DECISION("NULL", "NULL", "") },
    /* $13 the action, $14 the version; the first part is the caller's. */
    [STORE_GROUP_DELTA] = { "group_delta",
        DELTA ","
        " journal AS (INSERT INTO scim.journal" JOURNAL_COLUMNS
        "  SELECT " ORIGIN("$8", "$9", "$10", "$11", "$12") ", $13, 'Group',"
        "   $2::uuid, $14::bigint, p.part, NULL, NULL, NULL, NULL, NULL,"
        "   p.added, p.removed FROM parts p WHERE p.part > 0)"
        DECISION("p.added::text", "p.removed::text",
                 " LEFT JOIN parts p ON p.part = 0") },
    /* $3 to $7 the origin, $8 the version. */
    [STORE_GROUP_DELETE] = { "group_delete",
        "WITH users AS (DELETE FROM scim.group_users"
        "   WHERE org_id = $1 AND group_id = $2::uuid RETURNING user_id),"
        " groups AS (DELETE FROM scim.group_groups"
        "   WHERE org_id = $1 AND group_id = $2::uuid RETURNING child_id),"
        " claims AS (DELETE FROM scim.unique_values"
        "   WHERE org_id = $1 AND id = $2::uuid),"
        " journal AS (INSERT INTO scim.journal" JOURNAL_COLUMNS
        "  SELECT " ORIGIN("$3", "$4", "$5", "$6", "$7") ", 'delete', 'Group',"
        "   $2::uuid, $8::bigint, p.part + 1, NULL, NULL, NULL, NULL, NULL,"
        "   p.added, p.removed FROM (" PARTS(
        "   SELECT user_id AS id, false AS came FROM users"
        "   UNION ALL SELECT child_id, false FROM groups") ") p)"
        " DELETE FROM scim.groups WHERE org_id = $1 AND id = $2::uuid" },

    [STORE_RESOURCE_LOCK] = { "resource_lock",
        BY_ID(ROW, "resources", "") " AND r.resource_type = $3"
        " FOR NO KEY UPDATE OF r" },
    [STORE_RESOURCE_INSERT] = { "resource_insert",
        "INSERT INTO scim.resources AS r(org_id, app_id, id, resource_type,"
        " external_id, body, folded)"
        " VALUES ($1::int, " STORE_APP ", $2::uuid, $3, $4, $5, $6::jsonb)"
        RETURNING_ROW },
    [STORE_RESOURCE_UPDATE] = { "resource_update",
        "UPDATE scim.resources r SET external_id = $4, body = $5,"
        " folded = " FOLDED("$6", "$7") ", version = version + 1,"
        " last_modified = greatest(last_modified, now())"
        " WHERE org_id = $1 AND id = $2::uuid AND resource_type = $3"
        RETURNING_ROW },
    [STORE_RESOURCE_DELETE] = { "resource_delete",
        DELETE_FROM("resources") },
    [STORE_VALUES_CLAIM] = { "values_claim",
        "SELECT scim.claim_values($1::int, $2::uuid, $3, $4::json)" },
    [STORE_VALUES_RELEASE] = { "values_release",
        "DELETE FROM scim.unique_values u USING (SELECT DISTINCT w.attr"
        "  FROM json_to_recordset($3::json) AS w(attr text)) w"
        " WHERE u.org_id = $1 AND u.id = $2::uuid AND u.attr = w.attr" },

    [STORE_GROUPS_LOCK] = { "groups_lock",
        "SELECT r.id FROM scim.groups r WHERE r.org_id = $1::int"
        " AND r.id = ANY(ARRAY(SELECT v.id FROM scim.groups v"
        "   WHERE v.org_id = $1 AND v.id = ANY($2::uuid[])"
        "   AND " STORE_VISIBLE("v")
        "  UNION SELECT m.group_id FROM scim.users v"
        "   JOIN scim.group_users m ON m.org_id = $1 AND m.user_id = v.id"
        "   WHERE v.org_id = $1 AND v.id = ANY($3::uuid[])"
        "   AND " STORE_VISIBLE("v")
        "  UNION SELECT m.group_id FROM scim.groups v"
        "   JOIN scim.group_groups m ON m.org_id = $1 AND m.child_id = v.id"
        "   WHERE v.org_id = $1 AND v.id = ANY($3::uuid[])"
        "   AND " STORE_VISIBLE("v") "))"
        " ORDER BY r.id FOR NO KEY UPDATE" },
    [STORE_USERS_LOCK] = { "users_lock",
        "SELECT r.id FROM scim.users r WHERE r.org_id = $1::int"
        " AND r.id = ANY($2::uuid[]) AND " STORE_VISIBLE("r")
        " ORDER BY r.id FOR NO KEY UPDATE" },
    [STORE_RESOURCES_LOCK] = { "resources_lock",
        "SELECT r.id FROM scim.resources r WHERE r.org_id = $1::int"
        " AND r.id = ANY($2::uuid[]) AND " STORE_VISIBLE("r")
        " ORDER BY r.id FOR NO KEY UPDATE" },
    /* Before the resource itself: groups by id, then users (DESIGN 5.10). */
    [STORE_HOLDERS_LOCK] = { "holders_lock",
        "SELECT r.id FROM scim.groups r WHERE r.org_id = $1::int"
        " AND r.id = ANY(ARRAY(SELECT m.group_id FROM scim.group_users m"
        "   WHERE m.org_id = $1 AND m.user_id = $2::uuid"
        "  UNION ALL SELECT m.group_id FROM scim.group_groups m"
        "   WHERE m.org_id = $1 AND m.child_id = $2::uuid"
        "  UNION ALL SELECT $2::uuid)) ORDER BY r.id FOR NO KEY UPDATE" },
    /* Whatever loses a member changes, also what was not locked in time. */
    [STORE_USER_LEAVE] = { "user_leave",
        LEAVE("group_users", "user_id") },
    [STORE_GROUP_LEAVE] = { "group_leave",
        LEAVE("group_groups", "child_id") },

    [STORE_USER_TOMBSTONE] = { "user_tombstone",
        TOMBSTONE("users", "'User'", "r.body::json ->> 'userName'",
                  "(SELECT f.folded FROM scim.user_folded f"
                  " WHERE f.org_id = $1 AND f.user_id = r.id)") },
    [STORE_GROUP_TOMBSTONE] = { "group_tombstone",
        TOMBSTONE("groups", "'Group'", "r.name", "r.folded") },
    [STORE_RESOURCE_TOMBSTONE] = { "resource_tombstone",
        TOMBSTONE("resources", "r.resource_type",
                  "r.body::json ->> 'displayName'", "r.folded") },
    [STORE_PERMISSIONS_USER] = { "permissions_user",
        "SELECT scim.permissions_user($1::int, $2::uuid, $8::boolean, "
        BEHALF("$3", "$4", "$5", "$6", "$7") ") WHERE " MAPPED },
    [STORE_PERMISSIONS_GROUP_END] = { "permissions_group_end",
        "SELECT scim.permissions_group_end($1::int, $2::uuid, "
        BEHALF("$3", "$4", "$5", "$6", "$7") ") WHERE " MAPPED },
    /* A statement of its own, the last before COMMIT. */
    [STORE_BRAKE_USER] = { "brake_user",
        "SELECT scim.brake_user($1::int, $2::uuid) WHERE " BRAKED },
    [STORE_BRAKE_GROUP_END] = { "brake_group_end",
        "SELECT scim.brake_group($1::int, $2::uuid, 0, true)"
        " WHERE " MAPPED " AND " BRAKED },
    /* $2 to $6 the origin. */
    [STORE_BRAKE_HOLD] = { "brake_hold",
        "SELECT scim.brake_hold($1::int, $7, $8::uuid, $9, "
        BEHALF("$2", "$3", "$4", "$5", "$6") ")" },
    [STORE_MAPPING_TAKE_UP] = { "mapping_take_up",
        "SELECT scim.mapping_take_up($1::int, $2::uuid, "
        BEHALF("$3", "$4", "$5", "$6", "$7") ") WHERE " MAPPED },
    [STORE_USER_REVIVE] = { "user_revive",
        REVIVE("users", "User",
               ", kept AS (UPDATE scim.user_folded f"
               "   SET folded = t.folded || f.folded FROM t"
               "   WHERE f.org_id = $1 AND f.user_id = $2::uuid"
               "   RETURNING f.folded),"
               " more AS (INSERT INTO scim.user_values(" VALUE_COLUMNS ")"
               "  SELECT $1::int, $2::uuid, v.*"
               "  FROM kept k CROSS JOIN LATERAL scim.value_rows(k.folded) v"
               "  ON CONFLICT DO NOTHING)", "") },
    [STORE_GROUP_REVIVE] = { "group_revive",
        REVIVE("groups", "Group", "", ", folded = t.folded || r.folded") },
    [STORE_JOURNAL] = { "journal",
        "INSERT INTO scim.journal" JOURNAL_COLUMNS
        " VALUES (" ORIGIN("$2", "$3", "$4", "$5", "$6") ", $7, $8, $9::uuid,"
        " $10::bigint, 0, $11, $12::smallint, $13, $14, $15::jsonb,"
        " $16::uuid[], $17::uuid[])" },
    [STORE_JOURNAL_REFUSAL] = { "journal_refusal",
        "INSERT INTO scim.journal(org_id, actor_kind, actor, app_id,"
        "  duration_ms, request_id, address, action, resource_type, resource,"
        "  name, status, scim_type, detail, changes, request)"
        " VALUES (" ORIGIN("$2", "$3", "$4", "$5", "$6") ", $7, $8, $9::uuid,"
        " $10, $11::smallint, $12, $13, $14::jsonb, $15::json)" },
};
/* clang-format on */
