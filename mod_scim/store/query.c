#include <string.h>

#include <apr_strings.h>

#include "store/column.h"
#include "store/listing.h"
#include "store/record.h"
#include "store/where.h"

/* A list: total and one page. */
typedef struct query_run {
    const store_query *query;
    store_shape *shapes;    /* of each part */
    const scim_cursor *at;  /* the opened cursor; or NULL */
    store_result *out;
    int again; /* groups nest: read once more in the shape for that */
} query_run;

static void read_rows(store_result *out, const PGresult *result, int column,
                      const scim_resource_type *type, store_shape shape,
                      apr_pool_t *pool)
{
    int i, rows = PQntuples(result);
    apr_array_header_t *records
        = apr_array_make(pool, rows, sizeof(store_record *));

    for (i = 0; i < rows; i++) {
        if (!PQgetisnull(result, i, column)) {
            store_record *record = store_record_read(result, i, column, shape,
                                                     pool);

            record->type = type;
            APR_ARRAY_PUSH(records, store_record *) = record;
        }
    }
    out->records = records;
}

static void add_page(store_step *step, const scim_page *page, apr_pool_t *pool)
{
    store_step_int(step, page->start - 1, pool);
    store_step_int(step, page->count, pool);
}

/* The token's word comes first, whatever is wrong with the query. */
static scim_error *refuse(store_transaction *tx, scim_error *err)
{
    scim_error *refused = store_go(tx);

    return refused != NULL ? refused : err;
}

static scim_error *too_many(const scim_error *err, int filtered,
                            apr_pool_t *pool)
{
    return scim_error_because(
        scim_error_make(SCIM_TOO_MANY, pool,
                        filtered
                            ? "The filter took too long, as no index helps it; "
                              "add a condition on userName, externalId, "
                              "emails.value, displayName or id."
                            : "The order took too long, as no index has it; "
                              "sort by userName, displayName or "
                              "meta.lastModified, or add a filter."),
        pool, "%s", err->cause);
}

/* ---------------------------------------------- one type, by index, by id */

static scim_error *list_all(store_transaction *tx, const query_run *q)
{
    const scim_resource_type *type = q->query->parts[0].type;
    static const store_statement counts[] = {
        [SCIM_KIND_USER] = STORE_COUNT_USERS,
        [SCIM_KIND_GROUP] = STORE_COUNT_GROUPS,
        [SCIM_KIND_OTHER] = STORE_COUNT_RESOURCES,
    };
    store_step *count = store_add(counts[type->kind], tx);
    store_step *page = store_add(
        (store_statement)(STORE_PAGE_USER + (int)q->shapes[0]), tx);
    scim_error *err;

    add_page(page, &q->query->page, tx->pool);
    if (type->kind == SCIM_KIND_OTHER) {
        store_step_text(count, type->name);
        store_step_text(page, type->name);
    }
    err = store_go(tx);
    if (err == NULL) {
        q->out->total = store_number(count->result, 0, 0);
        read_rows(q->out, page->result, 0, type, q->shapes[0], tx->pool);
    }
    return err;
}

/* The candidates once, by the best index; total and page come from them. The
 * left join keeps the total where the page is empty. */
static const char *filter_sql(const query_run *q, const store_where *where,
                              apr_pool_t *pool)
{
    const scim_resource_type *type = q->query->parts[0].type;

    return apr_pstrcat(
        pool, "WITH hit AS MATERIALIZED (SELECT r.id",
        store_rows_of(type, where->joins_folded, pool),
        " AND " STORE_VISIBLE("r") " AND ", where->condition,
        ") SELECT t.total, ", store_shape_columns[q->shapes[0]],
        " FROM (SELECT count(*) AS total FROM hit) t LEFT JOIN scim.",
        store_table_of(type),
        " r ON r.org_id = $1 AND r.id = ANY(ARRAY(SELECT id FROM hit"
        " ORDER BY id OFFSET $2::bigint LIMIT $3::int))",
        store_shape_joins[q->shapes[0]], " ORDER BY r.id", NULL);
}

static scim_error *list_hits(store_transaction *tx, const query_run *q)
{
    const store_part *part = &q->query->parts[0];
    store_where where;
    store_step *step;
    scim_error *err = store_where_compile(&where, part->filter, part->type,
                                          tx->c->indexes, 4, tx->pool);

    if (err != NULL) {
        return refuse(tx, err);
    }
    step = store_add(STORE_AD_HOC, tx);
    step->sql = filter_sql(q, &where, tx->pool);
    step->keep = where.comparisons == 1;
    add_page(step, &q->query->page, tx->pool);
    step->more = where.params;
    err = store_go(tx);
    if (err != NULL) {
        return tx->failed.timeout && !where.indexed
                   ? too_many(err, 1, tx->pool)
                   : err;
    }
    q->out->total = store_number(step->result, 0, 0);
    read_rows(q->out, step->result, 1, part->type, q->shapes[0], tx->pool);
    return NULL;
}

/* --------------------------------------------------------------- all others */

/* The rows in the list's order, and what a cursor needs of each. */
typedef struct rows {
    const PGresult *result;
    int count; /* on the page */
    int more;  /* a row beyond it, in the way that the statement goes */
    int backward;
    store_order_kind kind;
} rows;

static int row_at(const rows *r, int i)
{
    return r->backward ? r->count - 1 - i : i;
}

static void read_page(store_result *out, const rows *r, const query_run *q,
                      apr_pool_t *pool)
{
    apr_array_header_t *records
        = apr_array_make(pool, r->count, sizeof(store_record *));
    int i;

    for (i = 0; i < r->count; i++) {
        int row = row_at(r, i);
        int part = (int)store_number(r->result, row, STORE_LISTING_PART);
        store_record *record
            = store_record_read(r->result, row, STORE_LISTING_RECORD,
                                q->shapes[part], pool);

        record->type = q->query->parts[part].type;
        APR_ARRAY_PUSH(records, store_record *) = record;
    }
    out->total = store_number(r->result, 0, STORE_LISTING_TOTAL);
    out->records = records;
}

/* The place beside one row of the page. */
static const char *cursor_at(const rows *r, int i, int backward,
                             const scim_cursor_seal *seal, apr_pool_t *pool)
{
    int row = row_at(r, i);
    scim_cursor cursor = { .backward = backward };

    cursor.id = store_id(r->result, row, STORE_LISTING_RECORD, pool);
    if (!PQgetisnull(r->result, row, STORE_LISTING_VALUE)) {
        cursor.value
            = r->kind == STORE_ORDER_TIME
                  ? store_time(r->result, row, STORE_LISTING_VALUE, pool)
                  : store_text(r->result, row, STORE_LISTING_VALUE);
    }
    return scim_cursor_write(&cursor, seal, pool);
}

/* A page without rows (count 0) stays where it was. */
static void add_next(store_result *out, const rows *r, const query_run *q,
                     const scim_cursor_seal *seal, apr_pool_t *pool)
{
    scim_cursor begin = { 0 };

    if (r->count > 0 && (r->more || r->backward)) {
        out->next = cursor_at(r, r->count - 1, 0, seal, pool);
    }
    else if (r->backward) {
        out->next = scim_cursor_write(&begin, seal, pool);
    }
    else if (r->more) {
        out->next = scim_cursor_write(q->at != NULL ? q->at : &begin, seal,
                                      pool);
    }
}

/* Behind a cursor's place there is a page before, unless a walk backward has
 * just come to the first one. */
static void add_previous(store_result *out, const rows *r, const query_run *q,
                         const scim_cursor_seal *seal, apr_pool_t *pool)
{
    int is_first = r->backward ? !r->more
                               : q->at == NULL || q->at->id == NULL;

    if (!is_first && r->count > 0) {
        out->previous = cursor_at(r, 0, 1, seal, pool);
    }
}

static scim_error *make_seal(scim_cursor_seal *out, const PGresult *result,
                             const store_query *query, apr_pool_t *pool)
{
    if (PQntuples(result) != 1
        || PQgetlength(result, 0, 0) != (int)sizeof(out->key)) {
        return scim_error_because(
            scim_error_make(SCIM_INTERNAL, pool,
                            "The service met an unexpected fault."),
            pool, "the organization has no cursor key");
    }
    memcpy(out->key, PQgetvalue(result, 0, 0), sizeof(out->key));
    out->now = store_number(result, 0, 1);
    out->timeout = query->cursor_timeout_s;
    out->query = apr_psprintf(pool, "%" APR_INT64_T_FMT " %s",
                              store_number(result, 0, 2), query->identity);
    return NULL;
}

static scim_error *add_cursors(store_result *out, const rows *r,
                               const query_run *q, const store_step *key,
                               apr_pool_t *pool)
{
    scim_cursor_seal seal;
    scim_error *err = make_seal(&seal, key->result, q->query, pool);

    if (err == NULL) {
        add_next(out, r, q, &seal, pool);
        add_previous(out, r, q, &seal, pool);
    }
    return err;
}

static void count_rows(rows *r, const store_step *step, const query_run *q)
{
    r->result = step->result;
    r->backward = q->at != NULL && q->at->backward;
    if (!PQgetisnull(r->result, 0, STORE_LISTING_PART)) {
        r->count = PQntuples(r->result);
    }
    if (r->count > q->query->page.count) {
        r->more = 1;
        r->count = q->query->page.count;
    }
}

static scim_error *list_along(store_transaction *tx, const query_run *q)
{
    const scim_page *page = &q->query->page;
    int by_cursor = page->cursor != NULL;
    store_listing l = { .query = q->query,
                        .at = q->at,
                        .shapes = q->shapes,
                        .indexes = tx->c->indexes };
    store_step *key, *step;
    rows r = { 0 };
    scim_error *err = store_listing_compile(&l, tx->pool);

    if (err != NULL) {
        return refuse(tx, err);
    }
    key = by_cursor ? store_add(STORE_CURSOR_KEY, tx) : NULL;
    step = store_add(STORE_AD_HOC, tx);
    step->sql = l.sql;
    step->more = l.params;
    store_step_int(step, page->start - 1, tx->pool);
    store_step_int(step, page->count + by_cursor, tx->pool);
    err = store_go(tx);
    if (err != NULL) {
        return tx->failed.timeout && !l.indexed && !l.walks
                   ? too_many(err, l.comparisons > 0, tx->pool)
                   : err;
    }
    r.kind = l.kind;
    count_rows(&r, step, q);
    read_page(q->out, &r, q, tx->pool);
    return by_cursor ? add_cursors(q->out, &r, q, key, tx->pool) : NULL;
}

/* -------------------------------------------------------------------- run */

static scim_error *list(store_transaction *tx, const query_run *q)
{
    const store_query *query = q->query;

    return query->count > 1 || query->page.cursor != NULL
                   || query->parts[0].sort != NULL
               ? list_along(tx, q)
           : query->parts[0].filter != NULL ? list_hits(tx, q)
                                            : list_all(tx, q);
}

static scim_error *work(store_transaction *tx, void *baton)
{
    query_run *q = baton;
    scim_error *err = list(tx, q);
    int i;

    q->again = 0;
    for (i = 0; i < q->query->count; i++) {
        store_shape shape = store_shape_within(q->shapes[i], tx);

        q->again |= err == NULL && shape != q->shapes[i];
        q->shapes[i] = shape;
    }
    return err;
}

/* What a cursor says has to be known before the page can be asked for. */
typedef struct opening {
    const store_query *query;
    scim_cursor cursor;
} opening;

static scim_error *open_cursor(store_transaction *tx, void *baton)
{
    opening *o = baton;
    store_step *key = store_add(STORE_CURSOR_KEY, tx);
    scim_cursor_seal seal;
    scim_error *err = store_go(tx);

    if (err == NULL) {
        err = make_seal(&seal, key->result, o->query, tx->pool);
    }
    if (err == NULL) {
        err = scim_cursor_read(&o->cursor, o->query->page.cursor, &seal,
                               tx->pool);
    }
    return err;
}

scim_error *store_query_run(store_result *out, const store_query *query,
                            const store_caller *caller, store *s,
                            apr_pool_t *pool)
{
    query_run q = { .query = query, .out = out };
    opening o = { .query = query };
    scim_error *err = NULL;
    int i;

    memset(out, 0, sizeof(*out));
    q.shapes = apr_palloc(pool, (apr_size_t)query->count * sizeof(*q.shapes));
    for (i = 0; i < query->count; i++) {
        q.shapes[i] = store_shape_of(query->parts[i].type,
                                     &query->parts[i].wants);
    }
    if (query->page.cursor != NULL && *query->page.cursor != '\0') {
        err = store_transact(open_cursor, &o, STORE_READS, caller, s, pool);
        q.at = &o.cursor;
    }
    if (err == NULL) {
        err = store_transact(work, &q, STORE_READS, caller, s, pool);
    }
    return err == NULL && q.again
               ? store_transact(work, &q, STORE_READS, caller, s, pool)
               : err;
}
