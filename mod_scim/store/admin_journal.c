#include "store/admin_journal.h"

#include <string.h>

#include <apr_strings.h>

#include "core/dialect.h"

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

/* What was deleted is kept no longer than what the journal says of it. */
#define FORGET                                                              \
    "update scim.tombstones set name = null, body = null, folded = null,"   \
    " claims = null where body is not null and deleted < (date_trunc("      \
    "  'month', now() at time zone 'UTC') - $1::int * interval '1 month')"  \
    "  at time zone 'UTC'"

/* Of an organization that was deleted one row stays: who did that. */
#define FORGET_DELETED                                             \
    "delete from scim.journal j using scim.organizations o"        \
    " where o.deleted is not null and j.org_id = o.org_id"         \
    " and j.action <> 'organization.delete'"

/* Partitions come and go under locks that stop every write: rather give up
 * than let the queue behind a long transaction grow. */
static scim_error *begin_briefly(store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    return err != NULL
               ? err
               : store_admin_script(a, "set local lock_timeout = '3s'", pool);
}

static scim_error *make_ahead(int *made, store_admin *a, apr_pool_t *pool)
{
    PGresult *count;
    scim_error *err = begin_briefly(a, pool);

    if (err == NULL) {
        err = store_admin_run(&count, a, MAKE_PARTITIONS, 0, NULL, pool);
    }
    if (err == NULL) {
        *made = (int)store_admin_number(count, 0, 0);
    }
    return store_admin_end(err, a, pool);
}

static scim_error *drop_old(int *dropped, const char *keep, store_admin *a,
                            apr_pool_t *pool)
{
    PGresult *old;
    int i;
    scim_error *err = begin_briefly(a, pool);

    if (err == NULL) {
        err = store_admin_run(&old, a, OLD_PARTITIONS, 1, &keep, pool);
    }
    for (i = 0; err == NULL && i < PQntuples(old); i++) {
        err = store_admin_script(a, PQgetvalue(old, i, 0), pool);
    }
    if (err == NULL) {
        *dropped = PQntuples(old);
    }
    return store_admin_end(err, a, pool);
}

/* What may take long, without any of those locks. */
static scim_error *forget(const char *keep, store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = store_admin_script(a, FORGET_DELETED, pool);
    }
    if (err == NULL && keep != NULL) {
        err = store_admin_run(NULL, a, FORGET, 1, &keep, pool);
    }
    return store_admin_end(err, a, pool);
}

scim_error *store_journal_maintain(int *made, int *dropped, int keep_months,
                                   store_admin *a, apr_pool_t *pool)
{
    const char *keep = keep_months > 0 ? apr_itoa(pool, keep_months) : NULL;
    scim_error *err;

    *dropped = 0;
    err = make_ahead(made, a, pool);
    if (err == NULL && keep != NULL) {
        err = drop_old(dropped, keep, a, pool);
    }
    return err != NULL ? err : forget(keep, a, pool);
}

/* ------------------------------------------------------------------ reading */

/* clang-format off */
#define IDS(column) \
    "(select json_agg(m.id) from (select unnest(j." column ") as id" \
    " limit 100) m)"

/* Each warning says whether it was to be expected of the app's kind: by the
 * habits that are known today ($13), not by those of when it was written. */
#define WARNINGS \
    " cross join lateral (select bool_and(known) as known," \
    "   jsonb_agg(w || jsonb_build_object('expected', known) order by n)" \
    "    as list, string_agg(case when known then '' else 'unexpected ' end" \
    "    || concat_ws(' ', w ->> 'code', w ->> 'path'), ', ' order by n)" \
    "    as remark" \
    "   from jsonb_array_elements(j.changes -> 'warnings')" \
    "    with ordinality as e(w, n) cross join lateral (select coalesce(" \
    "     $13::jsonb -> x.kind ? (w ->> 'code'), false) as known) k) w"

/* Of a permission, which and why; of the brake, what it holds. */
#define WHAT \
    "case when j.action in ('permission.gain', 'permission.loss') then" \
    "  coalesce(j.changes ->> 'organization_role' || ' of the organization'," \
    "   (j.changes ->> 'role') || ' in '" \
    "    || coalesce(j.changes ->> 'stack', 'every stack'))" \
    "  || coalesce(' by ' || (j.changes -> 'cause' ->> 'kind') || ' '" \
    "   || (j.changes -> 'cause' ->> 'name'), '')" \
    "  when j.action = 'brake.hold' then j.changes ->> 'asked' end"

#define ROW \
    "json_build_object('key', " STORE_JOURNAL_KEY("j") "," \
    STORE_JOURNAL_ORIGIN "," \
    " 'kind', x.kind, 'request', j.request," \
    " 'type', j.resource_type, 'id', j.resource, 'name', j.name," \
    " 'version', j.version, 'status', j.status, 'scim_type', j.scim_type," \
    " 'detail', j.detail," \
    " 'remark', nullif(concat_ws(', ', j.detail, w.remark, " WHAT "), '')," \
    " 'warnings', w.list, 'before', j.changes -> 'before'," \
    " 'after', j.changes -> 'after', 'members', j.changes -> 'members'," \
    " 'added', " IDS("added") ", 'removed', " IDS("removed") "," \
    " 'changes', j.changes - '{warnings,before,after,members}'::text[])"

/* $4 to $12, each NULL where it does not matter. */
#define FILTERS \
    " and ($4::text is null or j.actor = $4" \
    "  or j.actor_kind || ' ' || j.actor = $4)" \
    " and ($5::text is null or j.action = $5" \
    "  or starts_with(j.action, $5 || '.'))" \
    " and ($6::text is null or j.resource_type = $6)" \
    " and case $8::text when 'ok' then coalesce(j.status, 200) < 400" \
    "   when 'refused' then j.status >= 400" \
    "   when 'warned' then j.changes ? 'warnings'" \
    "   when 'unexpected' then not w.known else true end" \
    " and ($9::int is null or j.app_id = $9::int)" \
    " and ($10::text is null or strpos(lower(concat_ws(' ', j.name, j.detail," \
    "   j.request_id, j.address, j.resource, j.changes)), lower($10)) > 0)"

/* Those that have an index. */
#define PLACES \
    " and ($7::uuid is null or j.resource = $7::uuid)" \
    " and ($11::timestamptz is null or j.at >= $11::timestamptz)" \
    " and ($12::timestamptz is null or j.at < $12::timestamptz)"

/* $14: the place where the page ends, wherever it is full; or NULL. */
#define LIST(only) \
    "select " ROW ", " STORE_JOURNAL_KEY("j") \
    " from " STORE_JOURNAL_ROWS(only PLACES, "$14") \
    STORE_JOURNAL_APP WARNINGS " where j.part = 0" FILTERS \
    " order by j.at desc, j.seq desc limit $3::int"

/* There are indexes of what was refused. */
#define REFUSED " and j.status >= 400"
#define REFERENCE REFUSED " and j.request_id = $10"

/* All that has ended: behind $2, "xid.seq", and before the oldest transaction
 * that has not, $14. */
#define FOLLOW \
    "select " ROW ", j.xid || '.' || j.seq" \
    " from scim.journal j" STORE_JOURNAL_APP WARNINGS \
    " where j.org_id = $1 and j.part = 0" \
    " and j.xid >= split_part($2, '.', 1)::xid8 and j.xid < $14::xid8" \
    " and (j.xid > split_part($2, '.', 1)::xid8" \
    "  or j.seq > split_part($2, '.', 2)::bigint)" PLACES FILTERS \
    " order by j.xid, j.seq limit $3::int"
/* clang-format on */

/* As FILTERS has them; the habits follow. */
static const char *const filters[] = { "actor", "action", "type",
                                       "resource", "outcome", "app",
                                       "text", "since", "until" };
#define FILTER_COUNT ((int)(sizeof(filters) / sizeof(filters[0])))
enum { ACTOR, ACTION, TYPE, RESOURCE, OUTCOME, APP, TEXT, SINCE, UNTIL };

static scim_error *no_id(const char *text, apr_pool_t *pool)
{
    scim_error *err = scim_error_make(
        SCIM_INVALID_VALUE, pool, "\"resource\" takes a UUID, not \"%s\".",
        scim_excerpt(text, pool));

    err->field = "resource";
    return err;
}

static scim_error *read_filters(const char **out, const json_t *given,
                                apr_pool_t *pool)
{
    const char *id = store_admin_member(given, "resource", pool);
    int i;

    if (id != NULL && !store_uuid_is(id)) {
        return no_id(id, pool);
    }
    for (i = 0; i < FILTER_COUNT; i++) {
        out[i] = store_admin_member(given, filters[i], pool);
    }
    out[i] = scim_json_dump(scim_json_adopt(scim_dialect_habits(), pool),
                            NULL, pool);
    return NULL;
}

scim_error *store_admin_check_key(const char *key, int numbers,
                                  apr_pool_t *pool)
{
    const char *at = key;

    while (at != NULL && numbers-- > 0) {
        apr_size_t digits = strspn(at, "0123456789");

        if (digits == 0 || digits > 18 || at[digits] != (numbers > 0 ? '.'
                                                                     : '\0')) {
            return scim_error_make(SCIM_INVALID_VALUE, pool,
                                   "\"%s\" is no place in this list: take it "
                                   "from the page before.",
                                   scim_excerpt(key, pool));
        }
        at += digits + 1;
    }
    return NULL;
}

scim_error *store_journal_page(json_t **out, store_slice *slice,
                               const char *sql, const char *bound,
                               const char *since, const char *until, int count,
                               const char **values, store_admin *a,
                               apr_pool_t *pool)
{
    const char *from[] = { slice->after, since, until };
    PGresult *end;
    scim_error *err = NULL;

    values[count] = NULL;
    if (bound != NULL) {
        err = store_admin_ask(&end, a, bound, 3, from, pool);
        if (err == NULL && PQntuples(end) > 0) {
            values[count] = store_admin_text(end, 0, 0, pool);
        }
    }
    if (err == NULL) {
        err = store_admin_slice(out, slice, a, sql, count + 1, values, pool);
    }
    if (err == NULL && slice->next == NULL) {
        slice->next = values[count];
    }
    return err;
}

/* What makes rows rare. Those of one resource have an index, and times are
 * where a walk begins and ends. A text is looked for in all that a row says,
 * which takes longer. */
static const char *bound_of(const char *const *values, int refused)
{
    if (values[RESOURCE] != NULL) {
        return NULL;
    }
    if (values[TEXT] != NULL) {
        return refused ? STORE_JOURNAL_BOUND(REFUSED, "2000")
                       : STORE_JOURNAL_BOUND("", "2000");
    }
    if (values[ACTOR] == NULL && values[ACTION] == NULL && values[TYPE] == NULL
        && values[APP] == NULL && (refused || values[OUTCOME] == NULL)) {
        return NULL;
    }
    return refused ? STORE_JOURNAL_BOUND(REFUSED, "5000")
                   : STORE_JOURNAL_BOUND("", "5000");
}

/* Who has the reference of an error wants its row. */
static scim_error *find_reference(json_t **out, store_slice *slice,
                                  const char **values, store_admin *a,
                                  apr_pool_t *pool)
{
    *out = NULL;
    return values[TEXT] == NULL || slice->after != NULL
               ? NULL
               : store_journal_page(out, slice, LIST(REFERENCE), NULL, NULL,
                                    NULL, FILTER_COUNT + 1, values, a, pool);
}

scim_error *store_journal_list(json_t **out, store_slice *slice,
                               const json_t *given, store_admin *a,
                               apr_pool_t *pool)
{
    const char *values[FILTER_COUNT + 2];
    int refused;
    scim_error *err = store_admin_check_key(slice->after, 2, pool);

    if (err == NULL) {
        err = read_filters(values, given, pool);
    }
    if (err == NULL) {
        err = find_reference(out, slice, values, a, pool);
    }
    if (err != NULL || json_array_size(*out) > 0) {
        return err;
    }
    refused = values[OUTCOME] != NULL
              && strcmp(values[OUTCOME], "refused") == 0;
    return store_journal_page(out, slice, refused ? LIST(REFUSED) : LIST(""),
                              bound_of(values, refused), values[SINCE],
                              values[UNTIL], FILTER_COUNT + 1, values, a, pool);
}

scim_error *store_journal_follow(json_t **out, store_slice *slice,
                                 const json_t *given, store_admin *a,
                                 apr_pool_t *pool)
{
    const char *values[FILTER_COUNT + 2], *end;
    PGresult *now;
    scim_error *err = store_admin_check_key(slice->after, 2, pool);

    if (err == NULL) {
        err = read_filters(values, given, pool);
    }
    if (err == NULL) {
        err = store_admin_run(
            &now, a, "select pg_snapshot_xmin(pg_current_snapshot())::text", 0,
            NULL, pool);
    }
    if (err != NULL) {
        return err;
    }
    end = store_admin_text(now, 0, 0, pool);
    values[FILTER_COUNT + 1] = end;
    *out = scim_json_adopt(json_array(), pool);
    if (slice->after != NULL) {
        err = store_admin_slice(out, slice, a, FOLLOW, FILTER_COUNT + 2,
                                values, pool);
    }
    if (err == NULL && slice->next == NULL) {
        slice->next = apr_pstrcat(pool, end, ".0", NULL);
    }
    return err;
}

/* ----------------------------------------------------------- by a reference */

/* From the first to the last row of a request: found by the index of refusals,
 * as those are whose answers end with a reference; else among what is not too
 * old, as people paste any reference that they see. A Bulk has rows of both
 * kinds, in several transactions. */
#define WHEN(which) \
    "with found as materialized (select j.at from scim.journal j" \
    "  where j.org_id = $1 and j.request_id = $2 and " which ")," \
    " around as (select min(at) - interval '1 minute' as since," \
    "   max(at) + interval '1 minute' as until from found)," \
    " all_of_it as materialized (select j.at from around a" \
    "   join scim.journal j on j.org_id = $1 and j.at >= a.since" \
    "    and j.at <= a.until and j.request_id = $2)" \
    " select " STORE_ADMIN_TIME("min(at)") ", " \
    STORE_ADMIN_TIME("(max(at) + interval '1 millisecond')") " from all_of_it"

static scim_error *when(const char **since, const char **until,
                        const char *reference, store_admin *a,
                        apr_pool_t *pool)
{
    static const char *const statements[]
        = { WHEN("j.status >= 400"),
            WHEN("j.at > now() - interval '100 days'") };
    PGresult *row;
    int i;

    *since = *until = NULL;
    for (i = 0; *since == NULL && i < 2; i++) {
        scim_error *err = store_admin_ask(&row, a, statements[i], 1,
                                          &reference, pool);

        if (err != NULL) {
            return err;
        }
        *since = store_admin_text(row, 0, 0, pool);
        *until = store_admin_text(row, 0, 1, pool);
    }
    return NULL;
}

/* The oldest first; others write at the same time. */
static void take_own(json_t *out, const json_t *rows, const char *reference,
                     apr_pool_t *pool)
{
    json_t *row;
    size_t i;

    json_array_foreach((json_t *)rows, i, row) {
        const char *own = store_admin_member(row, "request_id", pool);

        if (own != NULL && strcmp(own, reference) == 0) {
            json_array_insert(out, 0, row);
        }
    }
}

#define PAGE  200
#define PAGES 5 /* a large Bulk has more */

scim_error *store_journal_find(json_t **out, const char *reference,
                               store_admin *a, apr_pool_t *pool)
{
    store_slice slice = { .limit = PAGE };
    const char *since, *until;
    json_t *given, *rows;
    int i;
    scim_error *err = when(&since, &until, reference, a, pool);

    *out = scim_json_adopt(json_array(), pool);
    if (err != NULL || since == NULL) {
        return err;
    }
    given = scim_json_adopt(
        json_pack("{s:s, s:s}", "since", since, "until", until), pool);
    for (i = 0; err == NULL && i < PAGES && (i == 0 || slice.after != NULL);
         i++) {
        slice.next = NULL;
        err = store_journal_list(&rows, &slice, given, a, pool);
        if (err == NULL) {
            take_own(*out, rows, reference, pool);
            slice.after = slice.next;
        }
    }
    return err;
}
