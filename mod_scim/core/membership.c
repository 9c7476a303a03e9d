/* A group's members as a set that a patch changes, apart from the rest. */
#include <apr_hash.h>
#include <apr_strings.h>
#include <string.h>

#include "core/match.h"
#include "core/patch_operation.h"

#define LABELS_MAX 5 /* operations that an error names */

/* What the operations so far make of one id. */
typedef struct fate {
    const char *id;
    int stays; /* added, or else removed */
} fate;

typedef struct balance {
    int replace;
    apr_array_header_t *order; /* fate *, by first mention */
    apr_hash_t *by_id;
    apr_pool_t *pool;
} balance;

static balance *make_balance(apr_pool_t *pool)
{
    balance *b = apr_pcalloc(pool, sizeof(*b));

    b->order = apr_array_make(pool, 8, sizeof(fate *));
    b->by_id = apr_hash_make(pool);
    b->pool = pool;
    return b;
}

/* `id` is in lower case: canonical members and literals of filters are. */
static void decide(balance *b, const char *id, int stays)
{
    fate *f = apr_hash_get(b->by_id, id, APR_HASH_KEY_STRING);

    if (f == NULL) {
        f = apr_pcalloc(b->pool, sizeof(*f));
        f->id = apr_pstrdup(b->pool, id);
        apr_hash_set(b->by_id, f->id, APR_HASH_KEY_STRING, f);
        APR_ARRAY_PUSH(b->order, fate *) = f;
    }
    f->stays = stays;
}

static void start_anew(balance *b)
{
    b->replace = 1;
    apr_array_clear(b->order);
    apr_hash_clear(b->by_id);
}

static void decide_list(balance *b, const json_t *members, int stay)
{
    size_t i;

    for (i = 0; i < json_array_size(members); i++) {
        decide(b,
               json_string_value(
                   json_object_get(json_array_get(members, i), "value")),
               stay);
    }
}

static const apr_array_header_t *ids_of(const balance *b, int stays)
{
    apr_array_header_t *ids =
        apr_array_make(b->pool, b->order->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < b->order->nelts; i++) {
        const fate *f = APR_ARRAY_IDX(b->order, i, fate *);

        if (f->stays == stays) {
            APR_ARRAY_PUSH(ids, const char *) = f->id;
        }
    }
    return ids;
}

/* NULL if nothing happens. */
static scim_membership *settle(const balance *b)
{
    scim_membership *m = apr_pcalloc(b->pool, sizeof(*m));

    if (!b->replace && b->order->nelts == 0) {
        return NULL;
    }
    m->replace = b->replace;
    m->add = ids_of(b, 1);
    m->remove = b->replace ? apr_array_make(b->pool, 0, sizeof(const char *))
                           : ids_of(b, 0);
    return m;
}

/* --- operations ------------------------------------------------------- */

/* value eq "a" or value eq "b": the ids themselves */
static int lists_ids(const scim_filter *filter)
{
    if (filter->kind == SCIM_FILTER_OR) {
        return lists_ids(filter->left) && lists_ids(filter->right);
    }
    return filter->kind == SCIM_FILTER_COMPARE && filter->op == SCIM_EQ &&
           strcmp(filter->path.sub->name, "value") == 0;
}

static void remove_ids(balance *b, const scim_filter *filter)
{
    if (filter->kind == SCIM_FILTER_OR) {
        remove_ids(b, filter->left);
        remove_ids(b, filter->right);
    }
    else {
        decide(b, filter->text, 0);
    }
}

/* members[value eq "a"] with {"value": "a"} */
static int adds_itself(const scim_operation *op)
{
    return op->verb == SCIM_PATCH_ADD &&
           op->filter->kind == SCIM_FILTER_COMPARE &&
           scim_filter_matches_element(op->filter, op->value);
}

/* Whether the operation means the same whoever the members are. */
static int is_blind(const scim_operation *op)
{
    if (op->path.sub != NULL) {
        return 0;
    }
    return op->filter == NULL ||
           (lists_ids(op->filter) &&
            (op->verb == SCIM_PATCH_REMOVE || adds_itself(op)));
}

static void compose(balance *b, const scim_operation *op)
{
    if (op->filter != NULL && op->verb == SCIM_PATCH_ADD) {
        decide(b, op->filter->text, 1);
        return;
    }
    if (op->filter != NULL) {
        remove_ids(b, op->filter);
        return;
    }
    if (op->verb == SCIM_PATCH_REPLACE ||
        (op->verb == SCIM_PATCH_REMOVE && op->value == NULL)) {
        start_anew(b);
    }
    decide_list(b, op->value, op->verb != SCIM_PATCH_REMOVE);
}

void scim_patch_split(scim_patch **rest, scim_membership **delta,
                      int *conditional, const scim_patch *patch,
                      apr_pool_t *pool)
{
    balance *b = make_balance(pool);
    scim_patch *others = apr_pcalloc(pool, sizeof(*others));
    int i;

    others->operations = apr_array_make(pool, 4, sizeof(scim_operation));
    *conditional = 0;
    for (i = 0; i < patch->operations->nelts; i++) {
        const scim_operation *op =
            &APR_ARRAY_IDX(patch->operations, i, scim_operation);

        if (!scim_path_is_members(&op->path)) {
            APR_ARRAY_PUSH(others->operations, scim_operation) = *op;
        }
        else if (is_blind(op)) {
            compose(b, op);
        }
        else {
            *conditional = 1;
        }
    }
    if (*conditional) {
        *rest = (scim_patch *)patch;
        *delta = NULL;
        return;
    }
    *rest = others->operations->nelts > 0 ? others : NULL;
    *delta = settle(b);
}

scim_membership *scim_group_take_members(json_t *group, apr_pool_t *pool)
{
    const json_t *members = json_object_get(group, "members");
    balance *b = make_balance(pool);

    if (members == NULL) {
        return NULL;
    }
    start_anew(b);
    decide_list(b, members, 1);
    json_object_del(group, "members");
    return settle(b);
}

scim_membership *scim_group_no_members(apr_pool_t *pool)
{
    balance *b = make_balance(pool);

    start_anew(b);
    return settle(b);
}

/* --- errors ----------------------------------------------------------- */

static int is_among(const char *id, const apr_array_header_t *ids)
{
    int i;

    for (i = 0; id != NULL && i < ids->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(ids, i, const char *), id) == 0) {
            return 1;
        }
    }
    return 0;
}

static int adds_one_of(const scim_operation *op, const apr_array_header_t *ids)
{
    const json_t *member;
    size_t i;

    if (op->verb == SCIM_PATCH_REMOVE) {
        return 0;
    }
    if (json_is_object(op->value)) {
        return is_among(json_string_value(json_object_get(op->value, "value")),
                        ids);
    }
    json_array_foreach((json_t *)op->value, i, member)
    {
        if (is_among(json_string_value(json_object_get(member, "value")),
                     ids)) {
            return 1;
        }
    }
    return 0;
}

/* Labels (const char *) of the operations on members; `ids` NULL: of all. */
static apr_array_header_t *labels_of(const scim_patch *patch,
                                     const apr_array_header_t *ids,
                                     apr_pool_t *pool)
{
    apr_array_header_t *labels = apr_array_make(pool, 2, sizeof(char *));
    int i;

    for (i = 0; i < patch->operations->nelts; i++) {
        const scim_operation *op
            = &APR_ARRAY_IDX(patch->operations, i, scim_operation);

        if (scim_path_is_members(&op->path)
            && (ids == NULL || adds_one_of(op, ids))) {
            APR_ARRAY_PUSH(labels, const char *) = op->label;
        }
    }
    return labels;
}

/* "Operations[1], \"members\"; Operations[4], \"members\"" */
static const char *in_one(apr_array_header_t *labels, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = 0; i < labels->nelts && i < LABELS_MAX; i++) {
        text = apr_pstrcat(pool, text, i > 0 ? "; " : "",
                           APR_ARRAY_IDX(labels, i, const char *),
                           (char *)NULL);
    }
    return labels->nelts > LABELS_MAX ? apr_pstrcat(pool, text, "; ...", NULL)
                                      : text;
}

scim_error *scim_patch_label_members(scim_error *err, const scim_patch *patch,
                                     apr_pool_t *pool)
{
    static const char prefix[] = "members: ";
    apr_array_header_t *labels;
    scim_error plain;

    if (err == NULL
        || strncmp(err->detail, prefix, sizeof(prefix) - 1) != 0) {
        return err;
    }
    labels = labels_of(patch, NULL, pool);
    if (labels->nelts > 1) {
        labels = labels_of(patch, err->ids, pool);
    }
    if (labels->nelts == 0 || (labels->nelts > 1 && err->ids == NULL)) {
        return err;
    }
    plain = *err;
    plain.detail += sizeof(prefix) - 1;
    return scim_operation_error(in_one(labels, pool), &plain, pool);
}
