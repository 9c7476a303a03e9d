#include "store/listing.h"

#include <apr_strings.h>

#include "store/column.h"
#include "store/comparison.h"
#include "store/where.h"

/* The text of one statement, being made. */
typedef struct writer {
    store_listing *l;
    const char **conditions; /* of each part: its filter */
    store_params params;
    const char *value, *id;  /* the cursor's, as parameters; or NULL */
    apr_pool_t *pool;
} writer;

/* " FROM scim.users r ... WHERE ...": what the caller may see of a part and its
 * filter lets through. */
static const char *source(const writer *w, int part, int joins_folded)
{
    return apr_pstrcat(w->pool,
                       store_rows_of(w->l->query->parts[part].type,
                                     joins_folded, w->pool),
                       " AND " STORE_VISIBLE("r") " AND ",
                       w->conditions[part], NULL);
}

/* -------------------------------------------------------------------- order */

static int is_single(const writer *w)
{
    return w->l->query->count == 1;
}

/* One type's column without doubles needs no id behind it. */
static int is_unique(const writer *w)
{
    return w->l->walks && is_single(w) && w->l->orders[0].unique;
}

/* Ascending has NULLs last and descending first, as RFC 7644, 3.4.2.3 wants
 * it, and as indexes have it in both directions. */
static const char *order_by(const writer *w, const char *key, const char *id)
{
    const char *direction = w->l->descending ? " DESC" : "";

    return key == NULL ? apr_pstrcat(w->pool, " ORDER BY ", id, direction,
                                     NULL)
           : is_unique(w)
               ? apr_pstrcat(w->pool, " ORDER BY ", key, direction, NULL)
               : apr_pstrcat(w->pool, " ORDER BY ", key, direction, ", ", id,
                             direction, NULL);
}

/* ------------------------------------------------------------------ cursors */

/* What comes behind the cursor's place: up to two conditions, in the order of
 * the list, so that each can be a range of an index. */
typedef struct beyond {
    const char *conditions[2];
    int count;
} beyond;

static void add_condition(beyond *b, const char *condition)
{
    b->conditions[b->count++] = condition;
}

/* Of resources that all lack what the list is sorted by. */
static void beyond_absent(beyond *b, const writer *w)
{
    if (w->value == NULL) {
        add_condition(b, apr_psprintf(w->pool, "r.id %s %s",
                                      w->l->descending ? "<" : ">", w->id));
    }
    else if (!w->l->descending) {
        add_condition(b, "true");
    }
}

static void beyond_key(beyond *b, const writer *w, const char *key,
                       const char *id, int nullable)
{
    const char *op = w->l->descending ? "<" : ">";

    if (w->value == NULL) {
        add_condition(b, apr_psprintf(w->pool, "(%s IS NULL AND %s %s %s)",
                                      key, id, op, w->id));
        if (w->l->descending) {
            add_condition(b, apr_pstrcat(w->pool, key, " IS NOT NULL", NULL));
        }
        return;
    }
    add_condition(b, is_unique(w)
                         ? apr_psprintf(w->pool, "%s %s %s", key, op, w->value)
                         : apr_psprintf(w->pool, "(%s, %s) %s (%s, %s)", key,
                                        id, op, w->value, w->id));
    if (nullable && !w->l->descending) {
        add_condition(b, apr_pstrcat(w->pool, key, " IS NULL", NULL));
    }
}

static beyond beyond_place(const writer *w, const char *key, const char *id,
                           int nullable)
{
    beyond b = { { NULL, NULL }, 0 };

    if (w->id == NULL && w->value == NULL) {
        add_condition(&b, "true");
    }
    else if (key == NULL) {
        beyond_absent(&b, w);
    }
    else {
        beyond_key(&b, w, key, id, nullable);
    }
    return b;
}

static void add_place(writer *w)
{
    const scim_cursor *at = w->l->at;

    if (at == NULL || at->id == NULL) {
        return;
    }
    if (at->value != NULL && w->l->kind != STORE_ORDER_ID) {
        w->value = apr_psprintf(w->pool, "%s::%s",
                                store_param(at->value, &w->params),
                                store_order_types[w->l->kind]);
    }
    if (w->value == NULL || !is_unique(w)) {
        w->id = apr_psprintf(w->pool, "%s::uuid",
                             store_param(at->id, &w->params));
    }
}

/* --------------------------------------------------------------------- page */

#define PAGE " OFFSET $2::bigint LIMIT $3::int"
#define AS_FAR_AS_PAGE " LIMIT $2::bigint + $3::int"

/* What the list is sorted by as a column, if it is sorted at all. */
static const char *key_column(const writer *w, int part)
{
    const store_listing *l = w->l;
    const char *key = l->orders[part].key;

    return l->kind == STORE_ORDER_ID ? ""
           : key != NULL
               ? apr_pstrcat(w->pool, ", ", key, " AS k", NULL)
               : apr_pstrcat(w->pool, ", NULL::", store_order_types[l->kind],
                             " AS k", NULL);
}

static const char *part_sql(const writer *w, int part, int joins_folded,
                            const char *condition)
{
    return apr_pstrcat(w->pool, "SELECT ", apr_itoa(w->pool, part),
                       " AS t, r.id", key_column(w, part),
                       source(w, part, joins_folded),
                       condition != NULL ? " AND " : "",
                       condition != NULL ? condition : "", NULL);
}

static const char *unite(const char *sql, const char *more, apr_pool_t *pool)
{
    return sql == NULL ? more
                       : apr_pstrcat(pool, sql, " UNION ALL ", more, NULL);
}

/* Everything that is listed, once: total and page come from it. */
static const char *hit_sql(const writer *w, const store_where *where)
{
    const char *key = w->l->kind == STORE_ORDER_ID ? NULL : "h.k";
    const char *hit = NULL, *condition;
    beyond b;
    int i;

    for (i = 0; i < w->l->query->count; i++) {
        hit = unite(hit,
                    part_sql(w, i,
                             where[i].joins_folded
                                 || w->l->orders[i].joins_folded,
                             NULL),
                    w->pool);
    }
    b = key == NULL && w->id != NULL
            ? (beyond){ { apr_psprintf(w->pool, "h.id %s %s",
                                       w->l->descending ? "<" : ">", w->id) },
                        1 }
            : beyond_place(w, key, "h.id", 1);
    condition = b.count == 2 ? apr_psprintf(w->pool, "(%s OR %s)",
                                            b.conditions[0], b.conditions[1])
                             : b.conditions[0];
    return apr_pstrcat(w->pool, "WITH hit AS MATERIALIZED (", hit,
                       "), page AS MATERIALIZED (SELECT h.* FROM hit h WHERE ",
                       condition, order_by(w, key, "h.id"), PAGE ")", NULL);
}

/* Ranges of indexes, each no further than the page needs. */
static const char *walk_sql(const writer *w)
{
    const store_listing *l = w->l;
    const char *ranges = NULL, *range = NULL;
    int i, j, count = 0;

    for (i = 0; i < l->query->count; i++) {
        const store_order *order = &l->orders[i];
        beyond b = beyond_place(w, order->key, "r.id", order->nullable);

        for (j = 0; j < b.count; j++, count++) {
            range = apr_pstrcat(w->pool, part_sql(w, i, 0, b.conditions[j]),
                                order_by(w, order->key, "r.id"), NULL);
            ranges = unite(ranges,
                           apr_pstrcat(w->pool, "(", range, AS_FAR_AS_PAGE ")",
                                       NULL),
                           w->pool);
        }
    }
    if (count > 1) {
        range = apr_pstrcat(w->pool, "SELECT h.* FROM (", ranges, ") h",
                            order_by(w, l->kind == STORE_ORDER_ID ? NULL
                                                                  : "h.k",
                                     "h.id"),
                            NULL);
    }
    return apr_pstrcat(w->pool, "WITH page AS MATERIALIZED (", range,
                       PAGE ")", NULL);
}

/* --------------------------------------------------------------------- rows */

static const char *total_sql(const writer *w)
{
    const char *sum = NULL, *count;
    int i;

    if (!w->l->walks) {
        return "(SELECT count(*) FROM hit)";
    }
    for (i = 0; i < w->l->query->count; i++) {
        count = apr_pstrcat(w->pool, "(SELECT count(*)",
                            source(w, i, 0), ")", NULL);
        sum = sum == NULL ? count
                          : apr_pstrcat(w->pool, sum, " + ", count, NULL);
    }
    return sum;
}

static const char *const value_columns[STORE_ORDER_COUNT] = {
    [STORE_ORDER_ID] = "NULL",
    [STORE_ORDER_TEXT] = "p.k",
    [STORE_ORDER_TIME] = "p.k",
    [STORE_ORDER_JSON] = "p.k::text",
};

/* The ids make the look-up one of few rows, whatever the planner thinks of the
 * page. */
static const char *rows_sql(const writer *w, int part)
{
    const store_listing *l = w->l;
    store_shape shape = l->shapes[part];
    const char *number = apr_itoa(w->pool, part);

    return apr_pstrcat(
        w->pool, "SELECT p.t, ", value_columns[l->kind], " AS v, ",
        store_shape_columns[shape],
        is_single(w) ? "" : store_shape_padding[shape],
        l->kind == STORE_ORDER_ID ? "" : ", p.k", " FROM page p JOIN scim.",
        store_table_of(l->query->parts[part].type),
        " r ON r.org_id = $1 AND r.id = p.id", store_shape_joins[shape],
        " WHERE p.t = ", number,
        " AND r.id = ANY(ARRAY(SELECT q.id FROM page q WHERE q.t = ", number,
        "))", NULL);
}

static const char *statement(const writer *w, const char *page)
{
    const char *rows = NULL;
    int i;

    for (i = 0; i < w->l->query->count; i++) {
        rows = unite(rows, rows_sql(w, i), w->pool);
    }
    return apr_pstrcat(w->pool, page, " SELECT n.total, y.* FROM (SELECT ",
                       total_sql(w), " AS total) n LEFT JOIN (", rows,
                       ") y ON true",
                       order_by(w, w->l->kind == STORE_ORDER_ID ? NULL : "y.k",
                                "y.id"),
                       NULL);
}

/* ------------------------------------------------------------------ compile */

/* A key of another kind than the first one's cannot stand in one column with
 * it: to be without any is what happens to attributes that a type lacks. */
static void find_orders(store_listing *l, apr_pool_t *pool)
{
    const store_query *query = l->query;
    store_order *orders = apr_pcalloc(pool, (apr_size_t)query->count
                                                * sizeof(*orders));
    int i;

    l->kind = STORE_ORDER_ID;
    l->walks = 1;
    for (i = 0; i < query->count; i++) {
        const store_part *part = &query->parts[i];

        if (part->sort != NULL) {
            store_order_of(&orders[i], part->sort, part->type, pool);
        }
        if (l->kind == STORE_ORDER_ID) {
            l->kind = orders[i].kind;
        }
        if (orders[i].kind != l->kind) {
            orders[i] = (store_order){ .kind = l->kind };
        }
        l->walks &= part->filter == NULL
                    && (orders[i].key == NULL || orders[i].indexed);
    }
    l->orders = orders;
    l->descending = query->descending ^ (l->at != NULL && l->at->backward);
}

static scim_error *compile_filters(store_where *where, writer *w)
{
    const store_query *query = w->l->query;
    scim_error *err = NULL;
    int i;

    w->l->indexed = 1;
    for (i = 0; i < query->count && err == NULL; i++) {
        w->conditions[i] = "true";
        if (query->parts[i].filter == NULL) {
            w->l->indexed = 0;
            continue;
        }
        err = store_where_compile(&where[i], query->parts[i].filter,
                                  query->parts[i].type, w->l->indexes,
                                  w->params.first + w->params.values->nelts,
                                  w->pool);
        if (err == NULL) {
            w->conditions[i] = where[i].condition;
            w->l->indexed &= where[i].indexed;
            w->l->comparisons = where[i].comparisons > w->l->comparisons
                                    ? where[i].comparisons
                                    : w->l->comparisons;
            apr_array_cat(w->params.values, where[i].params);
        }
    }
    return err;
}

scim_error *store_listing_compile(store_listing *l, apr_pool_t *pool)
{
    apr_size_t count = (apr_size_t)l->query->count;
    store_where *where = apr_pcalloc(pool, count * sizeof(*where));
    writer w = { .l = l,
                 .conditions = apr_pcalloc(pool, count * sizeof(char *)),
                 .params = { apr_array_make(pool, 4, sizeof(const char *)), 4,
                             pool },
                 .pool = pool };
    scim_error *err;

    find_orders(l, pool);
    add_place(&w);
    err = compile_filters(where, &w);
    if (err == NULL) {
        l->params = w.params.values;
        l->sql = statement(&w, l->walks ? walk_sql(&w) : hit_sql(&w, where));
    }
    return err;
}
