/* What was deleted and can come back. */
#include <string.h>

#include "store/admin_journal.h"
#include "store/uuid.h"

/* The place in the order of deletion: "1764000000000.0190...". */
#define KEY "(extract(epoch from t.deleted) * 1000)::bigint || '.' || t.id"

#define BEFORE                                                              \
    "($2::text is null or (t.deleted, t.id) <"                              \
    " (to_timestamp(split_part($2, '.', 1)::bigint / 1000.0)"               \
    "   ::timestamptz(3), split_part($2, '.', 2)::uuid))"

/* Who did it stands in the row of the version that the deletion made. */
#define DELETED                                                             \
    "select jsonb_build_object('id', t.id, 'name', t.name,"                 \
    "  'external_id', t.external_id, 'app_id', p.app_id, 'app', p.name,"    \
    "  'created', " STORE_ADMIN_TIME("t.created") ","                       \
    "  'deleted', " STORE_ADMIN_TIME("t.deleted") ","                       \
    "  'by', j.by, 'version', t.version, 'kept', t.body is not null),"      \
    " " KEY                                                                 \
    " from scim.tombstones t"                                               \
    " left join scim.apps p on p.org_id = $1 and p.app_id = t.app_id"       \
    " left join lateral (select j.actor_kind || ' ' || j.actor as by"       \
    "   from scim.journal j where j.org_id = $1 and j.resource = t.id"      \
    "    and j.version = t.version and j.part = 0 limit 1) j on true"       \
    " where t.org_id = $1 and t.resource_type = $4 and " BEFORE             \
    " and ($5::text is null or starts_with(lower(t.name), lower($5))"       \
    "  or starts_with(t.external_id, $5))"                                  \
    " and ($6::int is null or t.app_id = $6)"                               \
    " order by t.deleted desc, t.id desc limit $3::int"

static scim_error *check_after(const char *after, apr_pool_t *pool)
{
    apr_size_t digits = after != NULL ? strspn(after, "0123456789") : 1;
    scim_error *err;

    if (after == NULL
        || (digits > 0 && digits < 16 && after[digits] == '.'
            && store_uuid_is(after + digits + 1))) {
        return NULL;
    }
    err = scim_error_make(SCIM_INVALID_VALUE, pool,
                          "\"after\" takes what a list gave as \"next\", and "
                          "nothing else.");
    err->field = "after";
    return err;
}

scim_error *store_tombstone_list(json_t **out, store_slice *slice,
                                 const char *type, const json_t *given,
                                 store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { type, store_admin_member(given, "search", pool),
                             store_admin_member(given, "app", pool) };
    scim_error *err = check_after(slice->after, pool);

    return err != NULL
               ? err
               : store_admin_slice(out, slice, a, DELETED, 3, values, pool);
}
