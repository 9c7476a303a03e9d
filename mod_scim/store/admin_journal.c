#include <apr_strings.h>

#include "core/dialect.h"
#include "store/admin_connection.h"

/* Months ahead, and those whose rows came when no partition was there. */
#define MAKE_PARTITIONS                                                   \
    "select count(*) filter (where scim.journal_partition(month))"        \
    " from (select (date_trunc('month', now() at time zone 'UTC')"        \
    "          + n * interval '1 month')::date as month"                  \
    "         from generate_series(0, 3) n"                               \
    "       union select date_trunc('month', at at time zone 'UTC')::date" \
    "         from scim.journal_default) m"

#define OLD_PARTITIONS                                                    \
    "select format('drop table scim.%I', c.relname)"                      \
    " from pg_inherits i join pg_class c on c.oid = i.inhrelid"           \
    " where i.inhparent = 'scim.journal'::regclass"                       \
    " and c.relname ~ '^journal_[0-9]{6}$' and c.relname < 'journal_' ||" \
    "  to_char((now() at time zone 'UTC') - $1::int * interval '1 month'," \
    "   'YYYYMM')"                                                        \
    " order by c.relname"

static scim_error *drop_old(int *dropped, int keep_months, store_admin *a,
                            apr_pool_t *pool)
{
    const char *keep = apr_itoa(pool, keep_months);
    PGresult *old;
    int i;
    scim_error *err = store_admin_run(&old, a, OLD_PARTITIONS, 1, &keep, pool);

    for (i = 0; err == NULL && i < PQntuples(old); i++) {
        err = store_admin_script(a, PQgetvalue(old, i, 0), pool);
    }
    if (err == NULL) {
        *dropped = PQntuples(old);
    }
    return err;
}

/* Partitions come and go under locks that stop every write: rather give up
 * than let the queue behind a long transaction grow. */
static scim_error *maintain(int *made, int *dropped, int keep_months,
                            store_admin *a, apr_pool_t *pool)
{
    PGresult *count;
    scim_error *err = store_admin_script(a, "set local lock_timeout = '3s'",
                                         pool);

    if (err == NULL) {
        err = store_admin_run(&count, a, MAKE_PARTITIONS, 0, NULL, pool);
    }
    if (err != NULL) {
        return err;
    }
    *made = (int)store_admin_number(count, 0, 0);
    *dropped = 0;
    return keep_months > 0 ? drop_old(dropped, keep_months, a, pool) : NULL;
}

scim_error *store_journal_maintain(int *made, int *dropped, int keep_months,
                                   store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = maintain(made, dropped, keep_months, a, pool);
    }
    return store_admin_end(err, a, pool);
}

static store_journal_row *read_row(const PGresult *rows, int i,
                                   apr_pool_t *pool)
{
    store_journal_row *row = apr_pcalloc(pool, sizeof(*row));
    const char *warnings = store_admin_text(rows, i, 8, pool);

    row->at = store_admin_text(rows, i, 0, pool);
    row->actor = store_admin_text(rows, i, 1, pool);
    row->action = store_admin_text(rows, i, 2, pool);
    row->type = store_admin_text(rows, i, 3, pool);
    row->id = store_admin_text(rows, i, 4, pool);
    row->name = store_admin_text(rows, i, 5, pool);
    row->status = store_admin_text(rows, i, 6, pool);
    row->detail = store_admin_text(rows, i, 7, pool);
    if (warnings != NULL) {
        row->warnings = scim_json_adopt(json_loads(warnings, 0, NULL), pool);
    }
    return row;
}

/* Each warning says whether it was to be expected of the app's kind: by the
 * habits that are known today ($4), not by those of when it was written. */
#define LIST                                                               \
    "select " STORE_ADMIN_TIME("j.at") ", j.actor_kind || ' ' || j.actor," \
    " j.action, j.resource_type, j.resource, j.name, j.status, j.detail,"  \
    " w.list from scim.journal j"                                          \
    " left join scim.apps p using (org_id, app_id)"                        \
    " cross join lateral ("                                                \
    "  select bool_and(known) as known, jsonb_agg("                        \
    "          w || jsonb_build_object('expected', known) order by n)"     \
    "         as list"                                                     \
    "    from jsonb_array_elements(j.changes -> 'warnings')"               \
    "         with ordinality as e(w, n)"                                  \
    "   cross join lateral (select coalesce("                              \
    "          $4::jsonb -> p.kind ? (w ->> 'code'), false) as known) k)"  \
    "  w"                                                                  \
    " where j.org_id = $1 and (j.changes ? 'warnings' or $3 = 'all')"      \
    " and ($3 <> 'unexpected' or not w.known)"                             \
    " order by j.at desc, j.seq desc limit $2::int"

static scim_error *list(apr_array_header_t **out, const char *slug, int last,
                        store_journal_part part, store_admin *a,
                        apr_pool_t *pool)
{
    static const char *const parts[] = {
        [STORE_JOURNAL_ALL] = "all",
        [STORE_JOURNAL_WARNINGS] = "warnings",
        [STORE_JOURNAL_UNEXPECTED] = "unexpected",
    };
    const char *values[4];
    apr_int64_t org_id;
    PGresult *rows;
    int i;
    scim_error *err = store_admin_organization_id(&org_id, slug, a, pool);

    if (err != NULL) {
        return err;
    }
    values[0] = apr_psprintf(pool, "%" APR_INT64_T_FMT, org_id);
    values[1] = apr_itoa(pool, last);
    values[2] = parts[part];
    values[3] = scim_json_dump(scim_json_adopt(scim_dialect_habits(), pool),
                               NULL, pool);
    err = store_admin_run(&rows, a, LIST, 4, values, pool);
    if (err != NULL) {
        return err;
    }
    *out = apr_array_make(pool, PQntuples(rows), sizeof(store_journal_row *));
    for (i = 0; i < PQntuples(rows); i++) {
        APR_ARRAY_PUSH(*out, store_journal_row *) = read_row(rows, i, pool);
    }
    return NULL;
}

scim_error *store_journal_list(apr_array_header_t **out, const char *slug,
                               int last, store_journal_part part,
                               store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = list(out, slug, last, part, a, pool);
    }
    return store_admin_end(err, a, pool);
}
