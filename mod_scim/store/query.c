#include <apr_strings.h>

#include "store/column.h"
#include "store/record.h"
#include "store/where.h"

/* A list: total and one page. */
typedef struct listing {
    const scim_resource_type *type;
    const store_query *query;
    store_shape shape;
    store_result *out;
    int again; /* groups nest: read once more in the shape for that */
} listing;

static void read_rows(store_result *out, const PGresult *result, int column,
                      store_shape shape, apr_pool_t *pool)
{
    int i, rows = PQntuples(result);
    apr_array_header_t *records
        = apr_array_make(pool, rows, sizeof(store_record *));

    for (i = 0; i < rows; i++) {
        if (!PQgetisnull(result, i, column)) {
            APR_ARRAY_PUSH(records, store_record *)
                = store_record_read(result, i, column, shape, pool);
        }
    }
    out->records = records;
}

static void add_page(store_step *step, const scim_page *page, apr_pool_t *pool)
{
    store_step_int(step, page->start - 1, pool);
    store_step_int(step, page->count, pool);
}

/* ------------------------------------------------------------ no filter */

static scim_error *list_all(store_transaction *tx, const listing *l)
{
    static const store_statement counts[] = {
        [SCIM_KIND_USER] = STORE_COUNT_USERS,
        [SCIM_KIND_GROUP] = STORE_COUNT_GROUPS,
        [SCIM_KIND_OTHER] = STORE_COUNT_RESOURCES,
    };
    store_step *count = store_add(counts[l->type->kind], tx);
    store_step *page = store_add(
        (store_statement)(STORE_PAGE_USER + (int)l->shape), tx);
    scim_error *err;

    add_page(page, &l->query->page, tx->pool);
    if (l->type->kind == SCIM_KIND_OTHER) {
        store_step_text(count, l->type->name);
        store_step_text(page, l->type->name);
    }
    err = store_go(tx);
    if (err == NULL) {
        l->out->total = store_number(count->result, 0, 0);
        read_rows(l->out, page->result, 0, l->shape, tx->pool);
    }
    return err;
}

/* --------------------------------------------------------------- filter */

/* The candidates once, by the best index; total and page come from them. The
 * left join keeps the total where the page is empty. */
static const char *filter_sql(const listing *l, const store_where *where,
                              apr_pool_t *pool)
{
    static const char *const tables[] = { [SCIM_KIND_USER] = "users",
                                          [SCIM_KIND_GROUP] = "groups",
                                          [SCIM_KIND_OTHER] = "resources" };

    return apr_pstrcat(
        pool, "WITH hit AS MATERIALIZED (SELECT r.id",
        store_rows_of(l->type, where->joins_folded, pool),
        " AND " STORE_VISIBLE("r") " AND ",
        where->condition,
        ") SELECT t.total, ", store_shape_columns[l->shape],
        " FROM (SELECT count(*) AS total FROM hit) t LEFT JOIN scim.",
        tables[l->type->kind],
        " r ON r.org_id = $1 AND r.id = ANY(ARRAY(SELECT id FROM hit"
        " ORDER BY id OFFSET $2::bigint LIMIT $3::int))",
        store_shape_joins[l->shape], " ORDER BY r.id", NULL);
}

static scim_error *too_many(const scim_error *err, apr_pool_t *pool)
{
    return scim_error_because(
        scim_error_make(SCIM_TOO_MANY, pool,
                        "The filter took too long, as no index helps it; add a "
                        "condition on userName, externalId, emails.value, "
                        "displayName or id."),
        pool, "%s", err->cause);
}

static scim_error *list_hits(store_transaction *tx, const listing *l)
{
    store_where where;
    store_step *step;
    scim_error *err = store_where_compile(&where, l->query->filter, l->type, 4,
                                          tx->pool);

    if (err != NULL) {
        scim_error *refused = store_go(tx); /* the token comes first */

        return refused != NULL ? refused : err;
    }
    step = store_add(STORE_AD_HOC, tx);
    step->sql = filter_sql(l, &where, tx->pool);
    step->keep = where.comparisons == 1;
    add_page(step, &l->query->page, tx->pool);
    step->more = where.params;
    err = store_go(tx);
    if (err != NULL) {
        return tx->failed.timeout && !where.indexed ? too_many(err, tx->pool)
                                                    : err;
    }
    l->out->total = store_number(step->result, 0, 0);
    read_rows(l->out, step->result, 1, l->shape, tx->pool);
    return NULL;
}

static scim_error *work(store_transaction *tx, void *baton)
{
    listing *l = baton;

    scim_error *err = l->query->filter != NULL ? list_hits(tx, l)
                                               : list_all(tx, l);

    l->again = err == NULL && store_shape_within(l->shape, tx) != l->shape;
    l->shape = store_shape_within(l->shape, tx);
    return err;
}

scim_error *store_query_run(store_result *out, const scim_resource_type *type,
                            const store_query *query,
                            const store_caller *caller, store *s,
                            apr_pool_t *pool)
{
    listing l = { .type = type,
                  .query = query,
                  .shape = store_shape_of(type, &query->wants),
                  .out = out };

    scim_error *err = store_transact(work, &l, STORE_READS, caller, s, pool);

    return err == NULL && l.again
               ? store_transact(work, &l, STORE_READS, caller, s, pool)
               : err;
}
