#include "orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "core/match.h"
#include "core/sort.h"
#include "store/listing.h"

#define MOST_TYPES 4
#define CHARACTERS 256 /* of a value without a column, which count */
#define SHOWN 5

/* A resource of the list with what it is sorted by. */
typedef struct item {
    const char *id;
    const json_t *value; /* NULL: none */
    int whole;           /* all characters of it count */
} item;

typedef struct question {
    const char *filter_text, *sort_text;
    store_query query;
    store_part parts[MOST_TYPES];
    scim_path sorts[MOST_TYPES];
    const crowd *crowds[MOST_TYPES];
    apr_array_header_t *items; /* item: what is expected, sorted */
} question;

static int descending; /* of the list that qsort() sorts */

/* --------------------------------------------------------------- in memory */

static int is_reference(const scim_path *path, const scim_resource_type *type)
{
    return path->schema == type->schema && path->attr != NULL
           && ((type->kind == SCIM_KIND_USER
                && strcmp(path->attr->name, "groups") == 0)
               || (type->kind == SCIM_KIND_GROUP
                   && strcmp(path->attr->name, "members") == 0));
}

static const char *id_of(const json_t *element)
{
    return json_string_value(json_object_get(element, "value"));
}

/* RFC 7644, 3.4.2.3: the primary one, or the first; of what has no order the
 * one with the lowest id. */
static const json_t *chosen(const json_t *elements, int by_id)
{
    const json_t *found = json_array_get(elements, 0);
    size_t i;

    for (i = 0; i < json_array_size(elements); i++) {
        const json_t *element = json_array_get(elements, i);

        if (by_id ? strcmp(id_of(element), id_of(found)) < 0
                  : json_is_true(json_object_get(element, "primary"))) {
            found = element;
            if (!by_id) {
                break;
            }
        }
    }
    return found;
}

static const json_t *value_at(const scim_path *path, const json_t *seen,
                              const scim_resource_type *type)
{
    scim_path at = *path;
    const json_t *value;

    at.sub = NULL;
    value = scim_path_get(&at, seen, type);
    if (path->attr->multi) {
        value = chosen(value, is_reference(path, type));
    }
    return path->sub != NULL ? json_object_get(value, path->sub->name) : value;
}

static apr_size_t length(const item *i)
{
    const char *text = json_string_value(i->value);
    apr_size_t n, characters = 0;

    for (n = 0; text[n] != '\0'; n++) {
        characters += ((unsigned char)text[n] & 0xC0) != 0x80;
        if (characters > CHARACTERS && !i->whole) {
            break;
        }
    }
    return n;
}

static int compare_texts(const item *a, const item *b)
{
    apr_size_t a_len = length(a), b_len = length(b);
    int order = memcmp(json_string_value(a->value),
                       json_string_value(b->value),
                       a_len < b_len ? a_len : b_len);

    return order != 0 ? order : (a_len > b_len) - (a_len < b_len);
}

/* Integers are exact; of a decimal 15 digits are stored. */
static long double number_of(const json_t *value)
{
    char text[40];

    if (!json_is_real(value)) {
        return json_is_boolean(value) ? json_is_true(value)
                                      : (long double)json_integer_value(value);
    }
    snprintf(text, sizeof(text), "%.15g", json_real_value(value));
    return strtold(text, NULL);
}

static int compare_values(const item *a, const item *b)
{
    long double x, y;

    if (a->value == NULL || b->value == NULL) {
        return (a->value == NULL) - (b->value == NULL); /* absent: last */
    }
    if (json_is_string(a->value)) {
        return compare_texts(a, b);
    }
    x = number_of(a->value);
    y = number_of(b->value);
    return (x > y) - (x < y);
}

static int compare_items(const void *left, const void *right)
{
    const item *a = left, *b = right;
    int order = compare_values(a, b);

    order = order != 0 ? order : strcmp(a->id, b->id);
    return descending ? -order : order;
}

static int is_scalar(const scim_path *path)
{
    scim_type type = path->sub != NULL ? path->sub->type : path->attr->type;

    return type == SCIM_BOOLEAN || type == SCIM_INTEGER
           || type == SCIM_DECIMAL;
}

static int has_column(const char *path, const scim_resource_type *type)
{
    static const char *const names[] = { "userName", "displayName",
                                         "externalId", "name.familyName" };
    size_t i;

    if (type->kind == SCIM_KIND_OTHER) {
        return strcmp(path, "externalId") == 0;
    }
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], path) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What is sorted by another kind of value than the first type has, has none. */
static const scim_path *sort_of(const question *q, int part)
{
    int first = 0;

    while (q->parts[first].sort == NULL && first < part) {
        first++;
    }
    return q->parts[part].sort != NULL
                   && is_scalar(q->parts[first].sort)
                          == is_scalar(q->parts[part].sort)
               ? q->parts[part].sort
               : NULL;
}

static void expect(question *q, apr_pool_t *p)
{
    int i, n;

    q->items = apr_array_make(p, 100, sizeof(item));
    for (i = 0; i < q->query.count; i++) {
        const store_part *part = &q->parts[i];
        const scim_path *sort = sort_of(q, i);

        for (n = 0; n < q->crowds[i]->count; n++) {
            const thing *t = &q->crowds[i]->things[n];
            item *add;

            if (part->filter != NULL
                && !scim_filter_matches(part->filter, t->seen, part->type)) {
                continue;
            }
            add = apr_array_push(q->items);
            add->id = t->id;
            add->value = sort != NULL ? value_at(sort, t->seen, part->type)
                                      : NULL;
            add->whole = sort != NULL
                         && has_column(scim_path_text(sort, part->type, p),
                                       part->type);
        }
    }
    descending = q->query.descending;
    qsort(q->items->elts, (size_t)q->items->nelts, sizeof(item),
          compare_items);
}

/* ------------------------------------------------------------------ in SQL */

static PGresult *run(store_listing *l, const question *q, int limit,
                     const char *org_id, PGconn *pg, apr_pool_t *p)
{
    apr_array_header_t *values = apr_array_make(p, 8, sizeof(const char *));
    scim_error *err = store_listing_compile(l, p);
    PGresult *result;

    if (err != NULL) {
        return NULL; /* a filter that SQL cannot answer */
    }
    APR_ARRAY_PUSH(values, const char *) = org_id;
    APR_ARRAY_PUSH(values, const char *)
        = apr_itoa(p, (int)q->query.page.start - 1);
    APR_ARRAY_PUSH(values, const char *) = apr_itoa(p, limit);
    apr_array_cat(values, l->params);
    result = PQexecParams(pg, l->sql, values->nelts, NULL,
                          (const char *const *)values->elts, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) {
        printf("Bail out! %s: %s\n", l->sql, PQerrorMessage(pg));
        exit(2);
    }
    return result;
}

static int rows_of(const PGresult *result)
{
    return PQgetisnull(result, 0, STORE_LISTING_PART) ? 0 : PQntuples(result);
}

/* Whether the rows are the items from `first` on, `step` by `step`. */
static int agrees(const PGresult *result, const question *q, int first,
                  int step, int limit)
{
    int i, left = step > 0 ? q->items->nelts - first : first + 1;
    int want = left < 0 ? 0 : left < limit ? left : limit;

    if (rows_of(result) != want
        || atoi(PQgetvalue(result, 0, STORE_LISTING_TOTAL))
               != q->items->nelts) {
        return 0;
    }
    for (i = 0; i < want; i++) {
        if (strcmp(PQgetvalue(result, i, STORE_LISTING_RECORD),
                   APR_ARRAY_IDX(q->items, first + i * step, item).id)
            != 0) {
            return 0;
        }
    }
    return 1;
}

/* A cursor at a row that was read, and what lies behind it. */
static int continues(const PGresult *whole, int first, const question *q,
                     store_listing l, int backward, const char *org_id,
                     chance *c, PGconn *pg, apr_pool_t *p)
{
    int row = (int)chance_below(c, (unsigned)rows_of(whole));
    int limit = 1 + (int)chance_below(c, 20), holds;
    scim_cursor at = { .backward = backward };
    question from = *q;
    PGresult *result;

    at.id = PQgetvalue(whole, row, STORE_LISTING_RECORD);
    if (!PQgetisnull(whole, row, STORE_LISTING_VALUE)) {
        at.value = PQgetvalue(whole, row, STORE_LISTING_VALUE);
    }
    from.query.page.start = 1;
    l.query = &from.query;
    l.at = &at;
    result = run(&l, &from, limit, org_id, pg, p);
    holds = agrees(result, q, first + row + (backward ? -1 : 1),
                   backward ? -1 : 1, limit);
    PQclear(result);
    return holds;
}

/* --------------------------------------------------------------- questions */

static void add_texts(apr_array_header_t *to, const char *urn,
                      const scim_attr *attr, apr_pool_t *p)
{
    for (; attr->name != NULL; attr++) {
        const scim_attr *sub = attr->sub;
        const char *text = apr_pstrcat(p, urn, attr->name, NULL);

        APR_ARRAY_PUSH(to, const char *) = text;
        for (; sub != NULL && sub->name != NULL; sub++) {
            APR_ARRAY_PUSH(to, const char *) = apr_pstrcat(p, text, ".",
                                                           sub->name, NULL);
        }
    }
}

/* Any path of the type; those that have no order are refused. */
static const char *any_path(const scim_resource_type *type, chance *c,
                            apr_pool_t *p)
{
    apr_array_header_t *texts = apr_array_make(p, 100, sizeof(const char *));
    const scim_extension *ext = type->extensions;

    add_texts(texts, "", scim_common_attrs, p);
    add_texts(texts, "", type->schema->attrs, p);
    for (; ext->schema != NULL; ext++) {
        add_texts(texts, apr_pstrcat(p, ext->schema->id, ":", NULL),
                  ext->schema->attrs, p);
    }
    return APR_ARRAY_IDX(texts, chance_below(c, (unsigned)texts->nelts),
                         const char *);
}

/* 0: not a list that can be asked for. */
static int fill(question *q, const scim_resource_type *const *types,
                apr_pool_t *p)
{
    int i, sorted = q->sort_text == NULL;

    for (i = 0; i < q->query.count; i++) {
        store_part *part = &q->parts[i];

        part->type = types[i];
        if (q->filter_text != NULL
            && scim_filter_parse_among(&part->filter, q->filter_text, types[i],
                                       types, &scim_filter_default_limits, p)
                   != NULL) {
            return 0;
        }
        if (q->sort_text != NULL
            && scim_sort_parse(&q->sorts[i], q->sort_text, types[i], p)
                   == NULL) {
            part->sort = &q->sorts[i];
            sorted = 1;
        }
    }
    q->query.parts = q->parts;
    return sorted;
}

static int make(question *q, const crowd *crowds, chance *c, apr_pool_t *p)
{
    const scim_resource_type *types[MOST_TYPES + 1] = { NULL };
    const scim_resource_type *one;
    int all = chance_percent(c, 40), count = 0, i;

    memset(q, 0, sizeof(*q));
    while (crowds[count].type != NULL) {
        count++;
    }
    one = crowds[chance_below(c, (unsigned)count)].type;
    for (i = 0; i < count; i++) {
        if (all || crowds[i].type == one) {
            q->crowds[q->query.count] = &crowds[i];
            types[q->query.count++] = crowds[i].type;
        }
    }
    if (chance_percent(c, 50)) {
        q->filter_text = chance_filter(c, one, 3, p);
    }
    if (chance_percent(c, 90)) {
        q->sort_text = any_path(one, c, p);
        q->query.descending = chance_percent(c, 50);
    }
    q->query.page.start = 1 + (int)(chance_percent(c, 70)
                                        ? 0
                                        : chance_below(c, 30));
    return fill(q, types, p);
}

/* ------------------------------------------------------------------- check */

static void ask(orders_tally *t, const crowd *crowds, const char *org_id,
                chance *c, PGconn *pg, apr_pool_t *p)
{
    static const store_shape rows[] = { [SCIM_KIND_USER] = STORE_SHAPE_USER,
                                        [SCIM_KIND_GROUP] = STORE_SHAPE_GROUP,
                                        [SCIM_KIND_OTHER]
                                        = STORE_SHAPE_RESOURCE };
    int limit = chance_percent(c, 50) ? 1000 : 1 + (int)chance_below(c, 40);
    store_shape shapes[MOST_TYPES];
    store_listing l = { .shapes = shapes };
    PGresult *result;
    question q;
    int i, holds, first;

    if (!make(&q, crowds, c, p)) {
        return;
    }
    for (i = 0; i < q.query.count; i++) {
        shapes[i] = rows[q.parts[i].type->kind];
    }
    l.query = &q.query;
    result = run(&l, &q, limit, org_id, pg, p);
    if (result == NULL) {
        return;
    }
    expect(&q, p);
    first = (int)q.query.page.start - 1;
    holds = agrees(result, &q, first, 1, limit);
    for (i = 0; i < 2 && holds && rows_of(result) > 0; i++) {
        holds = continues(result, first, &q, l, i, org_id, c, pg, p);
        t->walked++;
    }
    t->asked++;
    t->matched += q.items->nelts > 1;
    if (!holds && t->wrong++ < SHOWN) {
        printf("# %d types, filter %s, sortBy %s%s, from %d, %d rows\n#  %s\n",
               q.query.count, q.filter_text != NULL ? q.filter_text : "none",
               q.sort_text != NULL ? q.sort_text : "none",
               q.query.descending ? " descending" : "", first + 1, limit,
               l.sql);
    }
    PQclear(result);
}

orders_tally orders_check(const crowd *crowds, int times, chance *c,
                          PGconn *pg, const char *org_id, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    orders_tally t = { 0 };
    int i;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < times; i++) {
        apr_pool_clear(scratch);
        ask(&t, crowds, org_id, c, pg, scratch);
    }
    return t;
}
