/* A person's data leaves tombstones and journal; that something happened, when,
 * by whom and to which id stays. For scimctl alone: nobody else may change the
 * journal. */
#include <apr_strings.h>

#include "store/admin_journal.h"

/* clang-format off */

/* Texts by which the person was known: what a message may have quoted. */
#define KNOWN_AS \
    "with known_as as materialized (" \
    " select distinct v.value from scim.journal j cross join lateral (" \
    "   values (j.changes -> 'before'), (j.changes -> 'after')) s(o)" \
    "  cross join lateral (select s.o ->> k from unnest(array['userName'," \
    "    'externalId', 'displayName']) k" \
    "   union all select e ->> 'value' from jsonb_array_elements(" \
    "     case jsonb_typeof(s.o -> 'emails') when 'array'" \
    "      then s.o -> 'emails' end) e) v(value)" \
    "  where j.org_id = $1 and j.resource = $2::uuid" \
    " union select t.name from scim.tombstones t" \
    "  where t.org_id = $1 and t.id = $2::uuid" \
    " union select t.external_id from scim.tombstones t" \
    "  where t.org_id = $1 and t.id = $2::uuid)"

#define OWN_ROWS \
    "update scim.journal set name = null, detail = null, request = null," \
    "  changes = nullif(" \
    "  changes - '{before,after,warnings}'::text[]" \
    "   #- case changes -> 'cause' ->> 'id' when $2::uuid::text" \
    "       then '{cause,name}' else '{}' end::text[], '{}')" \
    " where org_id = $1 and resource = $2::uuid"

/* Acts on the account that was linked to the person. */
#define LINKS \
    "update scim.journal set changes = changes #- '{before,user_name}'" \
    "   #- '{after,user_name}'" \
    " where org_id = $1 and resource is null and $2::uuid::text" \
    "  in (changes -> 'before' ->> 'user_id', changes -> 'after' ->> 'user_id')"

/* Refusals that named nobody, or somebody else, and quote the person; owner's
 * acts of the person's name. Two letters are no name. */
#define OTHER_ROWS \
    KNOWN_AS " update scim.journal j set detail = case when q.quoted" \
    "   then null else j.detail end," \
    "  request = case when q.asked then null else j.request end," \
    "  name = case when q.named then null else j.name end" \
    " from (select j.at, j.seq," \
    "    coalesce(bool_or(strpos(j.detail, k.value) > 0), false) as quoted," \
    "    coalesce(bool_or(strpos(j.request::text, k.value) > 0), false)" \
    "     as asked," \
    "    coalesce(bool_or(j.name = k.value), false) as named" \
    "   from scim.journal j join known_as k on length(k.value) > 2" \
    "    and (strpos(j.detail, k.value) > 0 or j.name = k.value" \
    "     or strpos(j.request::text, k.value) > 0)" \
    "   where j.org_id = $1 and j.resource is distinct from $2::uuid" \
    "   group by 1, 2) q" \
    " where j.org_id = $1 and j.at = q.at and j.seq = q.seq"

#define TOMBSTONE \
    "update scim.tombstones set name = null, external_id = null," \
    " body = null, folded = null, claims = null" \
    " where org_id = $1 and id = $2::uuid"
/* clang-format on */

static scim_error *lives(const char *id, apr_pool_t *pool)
{
    return scim_error_make(SCIM_CONFLICT, pool,
                           "User %s is there: delete it first, or say "
                           "--delete.",
                           id);
}

static scim_error *delete_first(const char *id, const json_t *present,
                                store_admin *a, apr_pool_t *pool)
{
    json_t *app = json_object_get(present, "app");
    const store_caller *caller;
    scim_error *err = store_admin_writer(
        &caller, (int)json_integer_value(app), a, pool);

    if (err == NULL) {
        err = store_admin_written(store_remove(&scim_type_user, id, NULL,
                                               caller, NULL, pool),
                                  a);
    }
    return err != NULL ? err
                       : store_permissions_refresh_of(
                             id, "user",
                             scim_json_adopt(json_string(id), pool), "", a,
                             pool);
}

static scim_error *note(const char *id, store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { id, a->actor->name };

    return store_admin_ask(
        NULL, a,
        "insert into scim.journal(org_id, actor_kind, actor, action,"
        " resource_type, resource) values ($1, 'scimctl', $3, 'user.erase',"
        " 'User', $2::uuid)",
        2, values, pool);
}

scim_error *store_history_erase(json_t **out, const char *id, int delete_too,
                                store_admin *a, apr_pool_t *pool)
{
    static const char *const statements[]
        = { OTHER_ROWS, OWN_ROWS, LINKS, TOMBSTONE };
    json_t *present;
    PGresult *done;
    int i, rows = 0, is_there;
    scim_error *err;

    if (a->conn == NULL) {
        return scim_error_make(SCIM_FORBIDDEN, pool,
                               "Nobody but scimctl may change the journal: "
                               "scimctl user erase %s.",
                               id);
    }
    err = store_permissions_lock(a, pool);

    if (err == NULL) {
        err = store_history_present(&present, "User", id, a, pool);
    }
    is_there = err == NULL && json_is_true(json_object_get(present, "lives"));
    if (is_there) {
        err = delete_too ? delete_first(id, present, a, pool)
                         : lives(id, pool);
    }
    for (i = 0; err == NULL && i < 4; i++) {
        err = store_admin_ask(&done, a, statements[i], 1, &id, pool);
        if (err == NULL && i < 3) { /* of the journal */
            rows += (int)apr_atoi64(PQcmdTuples(done));
        }
    }
    if (err == NULL) {
        err = note(id, a, pool);
    }
    if (err == NULL) {
        *out = scim_json_adopt(json_pack("{s:s, s:i, s:b}", "id", id, "rows",
                                         rows, "deleted", is_there),
                               pool);
    }
    return err;
}
