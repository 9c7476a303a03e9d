/* What the journal tells of one resource. */
#include <string.h>

#include <apr_strings.h>

#include "core/foreign.h"
#include "store/admin_journal.h"

#define MEMBERS_SHOWN "100"  /* of those that came or went in a version */
#define MEMBERS_OF_OLD "1000" /* of a group as it was */

/* clang-format off */
#define MEMBERS_OF_VERSION(column) \
    "(select json_agg(" STORE_NAMED_REFERENCE("m.id") ") from" \
    " (select unnest(p." column ") as id from scim.journal p" \
    "   where p.org_id = $1 and p.resource = j.resource" \
    "    and p.version = j.version limit " MEMBERS_SHOWN ") m)"

#define VERSIONS \
    "select json_strip_nulls(json_build_object('version', j.version," \
    STORE_JOURNAL_ORIGIN "," \
    " 'name', j.name, 'before', j.changes -> 'before'," \
    " 'after', j.changes -> 'after', 'members', j.changes -> 'members'," \
    " 'added', " MEMBERS_OF_VERSION("added") "," \
    " 'removed', " MEMBERS_OF_VERSION("removed") "," \
    " 'cause', j.changes -> 'cause', 'warnings', j.changes -> 'warnings'))," \
    " j.version" \
    " from scim.journal j" STORE_JOURNAL_APP \
    " where j.org_id = $1 and j.resource = $4::uuid" \
    " and j.version is not null and j.part = 0" \
    " and ($2::bigint is null or j.version < $2::bigint)" \
    " order by j.version desc limit $3::int"

/* A user's memberships are in the rows of groups, which nothing finds but a
 * look at all of them since the user came, $5. */
#define MEMBERSHIPS \
    "select json_strip_nulls(json_build_object(" \
    " 'change', case when j.added @> array[$4::uuid] then 'joined'" \
    "  else 'left' end," \
    " 'group', " STORE_NAMED_REFERENCE("j.resource") "," \
    STORE_JOURNAL_ORIGIN ", 'cause', j.changes -> 'cause'))," \
    STORE_JOURNAL_KEY("j") \
    " from " STORE_JOURNAL_ROWS(" and j.at >= $5::timestamptz", "$6") \
    STORE_JOURNAL_APP \
    " where (j.added @> array[$4::uuid] or j.removed @> array[$4::uuid])" \
    " order by j.at desc, j.seq desc limit $3::int"

/* What is known of an id: $2; $3 the type. */
#define PRESENT \
    "select json_build_object('version', r.version, 'body', r.body::json," \
    "  'lives', r.lives, 'erased', r.body is null, 'app', r.app_id)" \
    " from (select version, body, true as lives, app_id from scim.users" \
    "    where org_id = $1 and id = $2::uuid and $3 = 'User'" \
    "   union all select version, body, true, app_id from scim.groups" \
    "    where org_id = $1 and id = $2::uuid and $3 = 'Group'" \
    "   union all select version, body, false, app_id from scim.tombstones" \
    "    where org_id = $1 and id = $2::uuid and resource_type = $3) r"

/* Attributes that changed after version $3, as they were at it: for each what
 * the next row that names it says of the time before. */
#define BACK \
    "select json_build_object('rows', (select count(*) from scim.journal j" \
    "   where j.org_id = $1 and j.resource = $2::uuid and j.part = 0" \
    "    and j.version >= $3::bigint)," \
    "  'action', (select j.action from scim.journal j" \
    "   where j.org_id = $1 and j.resource = $2::uuid and j.part = 0" \
    "    and j.version = $3::bigint)," \
    "  'time', (select " STORE_ADMIN_TIME("j.at") " from scim.journal j" \
    "   where j.org_id = $1 and j.resource = $2::uuid and j.part = 0" \
    "    and j.version = $3::bigint)," \
    "  'attributes', (select json_object_agg(t.key, t.value) from (" \
    "   select distinct on (k.key) k.key, j.changes -> 'before' -> k.key" \
    "     as value" \
    "   from scim.journal j cross join lateral (" \
    "     select jsonb_object_keys(j.changes -> 'before')" \
    "     union select jsonb_object_keys(j.changes -> 'after')) k(key)" \
    "   where j.org_id = $1 and j.resource = $2::uuid and j.part = 0" \
    "    and j.version > $3::bigint" \
    "   order by k.key, j.version) t))"

/* What the journal last said, up to version $3, of extensions. */
#define EXTENSIONS \
    "select json_object_agg(t.key, t.value) from (" \
    "  select distinct on (k.key) k.key, j.action, case j.action" \
    "    when 'delete' then j.changes -> 'before' -> k.key" \
    "    else j.changes -> 'after' -> k.key end as value" \
    "  from scim.journal j cross join lateral (" \
    "    select jsonb_object_keys(j.changes -> 'before')" \
    "    union select jsonb_object_keys(j.changes -> 'after')) k(key)" \
    "  where j.org_id = $1 and j.resource = $2::uuid and j.part = 0" \
    "   and j.version <= $3::bigint and k.key like 'urn:%'" \
    "  order by k.key, j.version desc) t where t.value is not null"

/* Members at version $3: who the rows after it do not name and is in now, and
 * who the next row that names them takes away. */
#define MEMBERS_AT \
    "with moves as (select distinct on (m.id) m.id, m.came" \
    "   from scim.journal j cross join lateral (" \
    "    select unnest(j.added) as id, true as came" \
    "    union all select unnest(j.removed), false) m" \
    "   where j.org_id = $1 and j.resource = $2::uuid" \
    "    and j.version > $3::bigint order by m.id, j.version)," \
    " present as (select user_id as id from scim.group_users" \
    "   where org_id = $1 and group_id = $2::uuid" \
    "  union all select child_id from scim.group_groups" \
    "   where org_id = $1 and group_id = $2::uuid)," \
    " members as (select p.id from present p" \
    "   left join moves m on m.id = p.id where m.id is null" \
    "  union all select m.id from moves m where not m.came)"
/* clang-format on */

scim_error *store_history_present(json_t **out, const char *type,
                                  const char *id, store_admin *a,
                                  apr_pool_t *pool)
{
    const char *values[] = { id, type };
    scim_error *err = store_admin_json(out, a, PRESENT, 2, values, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "There is and was no %s \"%s\".", type,
                              scim_excerpt(id, pool));
    }
    return err;
}

scim_error *store_history_list(json_t **out, store_slice *slice,
                               const char *type, const char *id,
                               store_admin *a, apr_pool_t *pool)
{
    json_t *present;
    scim_error *err = store_history_present(&present, type, id, a, pool);

    if (err == NULL) {
        err = store_admin_check_key(slice->after, 1, pool);
    }
    return err != NULL ? err
                       : store_admin_slice(out, slice, a, VERSIONS, 1, &id,
                                           pool);
}

scim_error *store_history_memberships(json_t **out, store_slice *slice,
                                      const char *id, store_admin *a,
                                      apr_pool_t *pool)
{
    const char *values[] = { id, NULL, NULL };
    json_t *present;
    PGresult *first;
    scim_error *err = store_history_present(&present, "User", id, a, pool);

    if (err == NULL) {
        err = store_admin_check_key(slice->after, 2, pool);
    }
    if (err == NULL) {
        err = store_admin_ask(&first, a,
                              "select coalesce(min(at), now())"
                              " from scim.journal"
                              " where org_id = $1 and resource = $2::uuid",
                              1, &id, pool);
    }
    if (err == NULL) {
        values[1] = store_admin_text(first, 0, 0, pool);
    }
    return err != NULL ? err
                       : store_journal_page(
                             out, slice, MEMBERSHIPS,
                             STORE_JOURNAL_BOUND("", "5000"), values[1], NULL,
                             2, values, a, pool);
}

/* ------------------------------------------------------- as it was before */

static scim_error *not_kept(const char *version, apr_pool_t *pool)
{
    return scim_error_make(SCIM_NOT_FOUND, pool,
                           "Version %s is not in the journal, or what came "
                           "after it is not there any more.",
                           version);
}

/* Whether the journal leads from the present back to the version. */
static scim_error *check_back(const json_t *back, const json_t *present,
                              const char *version, apr_pool_t *pool)
{
    const char *action = json_string_value(json_object_get(back, "action"));
    json_int_t now = json_integer_value(json_object_get(present, "version"));
    json_int_t rows = json_integer_value(json_object_get(back, "rows"));

    if (action == NULL || rows != now - apr_atoi64(version) + 1) {
        return not_kept(version, pool);
    }
    if (strcmp(action, "delete") == 0) {
        return scim_error_make(SCIM_NOT_FOUND, pool,
                               "Version %s is the deletion: there is nothing "
                               "to be seen.",
                               version);
    }
    return NULL;
}

scim_error *store_history_back(json_t **out, const json_t *present,
                               const char *id, const char *version,
                               store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { id, version };
    scim_error *err = store_admin_json(out, a, BACK, 2, values, pool);

    return err != NULL ? err : check_back(*out, present, version, pool);
}

scim_error *store_history_extensions(json_t **out, const char *id,
                                     const char *version, store_admin *a,
                                     apr_pool_t *pool)
{
    const char *values[] = { id, version };

    return store_admin_json(out, a, EXTENSIONS, 2, values, pool);
}

scim_error *store_history_members(const char **out, const char *id,
                                  const char *version, store_admin *a,
                                  apr_pool_t *pool)
{
    const char *values[] = { id, version };
    PGresult *rows;
    scim_error *err = store_admin_ask(
        &rows, a,
        MEMBERS_AT " select array_agg(m.id order by m.id)::text from members m"
                   " where exists (select from scim.users u"
                   "   where u.org_id = $1 and u.id = m.id)"
                   " or exists (select from scim.groups g"
                   "   where g.org_id = $1 and g.id = m.id)",
        2, values, pool);

    if (err == NULL) {
        *out = store_admin_text(rows, 0, 0, pool);
    }
    return err;
}

void store_history_apply(json_t *resource, const json_t *attributes,
                         const scim_resource_type *type)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)attributes, name, value) {
        if (strncmp(name, "urn:", 4) == 0
            && scim_resource_type_schema(type, name, strlen(name)) == NULL) {
            continue;
        }
        if (json_is_null(value)) {
            json_object_del(resource, name);
        }
        else {
            json_object_set(resource, name, value);
        }
    }
}

/* The attributes of then, without what is never shown. */
static scim_error *make_old(json_t **out, const json_t *present,
                            const json_t *back, const char *id,
                            const char *version,
                            const scim_resource_type *type, store_admin *a,
                            apr_pool_t *pool)
{
    json_t *resource = scim_json_adopt(
        scim_json_copy(json_object_get(present, "body")), pool);
    json_t *schemas, *extensions = NULL;
    scim_error *err = store_history_extensions(&extensions, id, version, a,
                                               pool);

    if (err != NULL) {
        return err;
    }
    store_history_apply(resource, json_object_get(back, "attributes"), type);
    schemas = json_copy(json_object_get(resource, "schemas"));
    scim_foreign_drop(resource, type);
    if (schemas != NULL) {
        json_object_set_new(resource, "schemas", schemas);
    }
    if (extensions != NULL) {
        json_object_update(resource, extensions);
    }
    *out = resource;
    return NULL;
}

static scim_error *add_old_members(json_t *out, const char *id,
                                   const char *version, store_admin *a,
                                   apr_pool_t *pool)
{
    const char *values[] = { id, version };
    json_t *members;
    scim_error *err = store_admin_json(
        &members, a,
        MEMBERS_AT " select json_build_object('total',"
                   "  (select count(*) from members),"
                   " 'members', coalesce((select json_agg("
                   STORE_NAMED_REFERENCE("m.id") ") from (select id"
                   "   from members order by id limit " MEMBERS_OF_OLD ") m),"
                   " '[]'))",
        2, values, pool);

    if (err == NULL) {
        json_object_set(out, "member_count", json_object_get(members, "total"));
        json_object_set(out, "members", json_object_get(members, "members"));
    }
    return err;
}

scim_error *store_history_version(json_t **out, const scim_resource_type *type,
                                  const char *id, const char *version,
                                  store_admin *a, apr_pool_t *pool)
{
    json_t *present, *back = NULL, *resource = NULL;
    scim_error *err = store_history_present(&present, type->name, id, a, pool);

    if (err == NULL && json_is_true(json_object_get(present, "erased"))) {
        err = store_history_erased(type->name, id, pool);
    }
    if (err == NULL) {
        err = store_history_back(&back, present, id, version, a, pool);
    }
    if (err == NULL) {
        err = make_old(&resource, present, back, id, version, type, a, pool);
    }
    if (err != NULL) {
        return err;
    }
    *out = scim_json_adopt(
        json_pack("{s:s, s:s, s:I, s:O, s:O, s:O}", "id", id, "type",
                  type->name, "version", (json_int_t)apr_atoi64(version),
                  "time", json_object_get(back, "time"), "action",
                  json_object_get(back, "action"), "attributes", resource),
        pool);
    return type->kind == SCIM_KIND_GROUP
               ? add_old_members(*out, id, version, a, pool)
               : NULL;
}

scim_error *store_history_erased(const char *type, const char *id,
                                 apr_pool_t *pool)
{
    return scim_error_make(SCIM_CONFLICT, pool,
                           "What %s %s was has been erased; nobody can bring "
                           "it back.",
                           type, scim_excerpt(id, pool));
}
