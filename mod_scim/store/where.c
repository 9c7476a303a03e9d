#include "store/where.h"

#include <string.h>

#include <apr_strings.h>

#include "store/column.h"
#include "store/comparison.h"
#include "store/link.h"
#include "store/statements.h"
#include "store/uuid.h"

/* scim.attributes of the first migration. */
#define ATTR_EMAILS_VALUE "1"
#define MAX_KIND 256 /* bytes of user_values.kind */

/* Each IN is one more table to join, and the planner tries the orders: 64 of
 * them took it seconds. Sets that are made beforehand join nothing. */
#define MAX_JOINED 8

typedef struct writer {
    const scim_resource_type *type;
    const store_index *indexes;
    apr_pool_t *pool;
    store_params params;
    int comparisons;
    int joins_folded; /* of the select that is being written */
    int in_element;   /* within the brackets of a value path */
    int many;         /* too many conditions to be joined */
    scim_error *err;
} writer;

/* clang-format off */
/* The elements of what is kept as rows, in the folded form that match.c
 * sees. */
const char store_user_groups[] =
    "(WITH RECURSIVE up(id) AS (SELECT m.group_id FROM scim.group_users m"
    " WHERE m.org_id = $1 AND m.user_id = r.id"
    " UNION SELECT e.group_id FROM up JOIN scim.group_groups e"
    " ON e.org_id = $1 AND e.child_id = up.id)"
    " SELECT jsonb_build_object('value', g.id::text,"
    " 'display', g.display_name, 'type',"
    " CASE WHEN EXISTS (SELECT FROM scim.group_users m WHERE m.org_id = $1"
    " AND m.group_id = g.id AND m.user_id = r.id)"
    " THEN 'direct' ELSE 'indirect' END)"
    " FROM up JOIN scim.groups g ON g.org_id = $1 AND g.id = up.id"
    " AND " STORE_VISIBLE_ROW("g") ") e(v)";

const char store_group_members[] =
    "(SELECT jsonb_build_object('value', u.id::text, 'type', 'user',"
    " 'display', coalesce(u.display_name, u.user_name))"
    " FROM scim.group_users m JOIN scim.users u"
    " ON u.org_id = $1 AND u.id = m.user_id"
    " WHERE m.org_id = $1 AND m.group_id = r.id"
    " UNION ALL SELECT jsonb_build_object('value', g.id::text,"
    " 'type', 'group', 'display', g.display_name)"
    " FROM scim.group_groups m JOIN scim.groups g"
    " ON g.org_id = $1 AND g.id = m.child_id"
    " WHERE m.org_id = $1 AND m.group_id = r.id) e(v)";

/* Who is in a group, or in a group that is in it; %s is the group. */
static const char in_group[] =
    "WITH RECURSIVE down(id) AS (SELECT g.id FROM scim.groups g"
    " WHERE g.org_id = $1 AND g.id = %s::uuid AND " STORE_VISIBLE_ROW("g")
    " UNION SELECT e.child_id FROM down JOIN scim.group_groups e"
    " ON e.org_id = $1 AND e.group_id = down.id)"
    " SELECT m.user_id FROM down JOIN scim.group_users m"
    " ON m.org_id = $1 AND m.group_id = down.id";

static const char has_member[] =
    "SELECT m.group_id FROM scim.group_users m"
    " WHERE m.org_id = $1 AND m.user_id = %s::uuid"
    " UNION ALL SELECT m.group_id FROM scim.group_groups m"
    " WHERE m.org_id = $1 AND m.child_id = %s::uuid";
/* clang-format on */

static const char *node_sql(const scim_filter *node, int negated, writer *w);

static scim_error *no_links(const scim_filter *node, writer *w)
{
    return scim_error_make(
        SCIM_INVALID_FILTER, w->pool,
        "The filter can only look for a whole link in \"%s\", by eq; compare "
        "an id instead.",
        scim_path_text(&node->path, w->type, w->pool));
}

/* --------------------------------------------------------------- documents */

static const char *document(writer *w)
{
    if (w->type->kind == SCIM_KIND_USER) {
        w->joins_folded = 1;
        return "f.folded";
    }
    return "r.folded";
}

/* The object that holds path.attr: the document, or an extension in it. */
static const char *holder(const scim_path *path, writer *w)
{
    const char *doc = document(w);

    return scim_path_is_extension(path, w->type)
               ? apr_psprintf(w->pool, "(%s -> %s)", doc,
                              store_literal(path->schema->id, w->pool))
               : doc;
}

static int is_rows(const scim_path *path, const writer *w)
{
    static const char *const names[] = { [SCIM_KIND_USER] = "groups",
                                         [SCIM_KIND_GROUP] = "members",
                                         [SCIM_KIND_OTHER] = NULL };
    const char *name = names[w->type->kind];

    return path->schema == w->type->schema && path->attr != NULL
           && name != NULL && strcmp(path->attr->name, name) == 0;
}

/* "... e(v)": the elements of a multi-valued attribute. */
static const char *elements(const scim_path *path, writer *w)
{
    if (is_rows(path, w)) {
        return w->type->kind == SCIM_KIND_GROUP ? store_group_members
                                                : store_user_groups;
    }
    return apr_psprintf(w->pool, "jsonb_array_elements(%s -> %s) e(v)",
                        holder(path, w),
                        store_literal(path->attr->name, w->pool));
}

static const char *exists(const scim_path *path, const char *condition,
                          writer *w)
{
    return apr_psprintf(w->pool, "EXISTS (SELECT FROM %s WHERE %s)",
                        elements(path, w), condition);
}

/* Any value decides; `ne` also holds where there is none (spec, point 3). */
static const char *multi_sql(const scim_filter *node, writer *w)
{
    const scim_attr *sub = node->path.sub;
    const char *name = sub != NULL ? sub->name : NULL;
    const char *present = name != NULL
                              ? apr_psprintf(w->pool, "e.v -> %s IS NOT NULL",
                                             store_literal(name, w->pool))
                              : "true";
    const char *any;

    any = exists(&node->path,
                 apr_psprintf(w->pool, "%s AND %s", present,
                              node->kind == SCIM_FILTER_PRESENT
                                  ? "true"
                                  : store_compare_json(node, "e.v", name,
                                                       &w->params)),
                 w);
    if (node->kind == SCIM_FILTER_COMPARE && node->op == SCIM_NE) {
        return apr_psprintf(w->pool, "(%s OR NOT %s)", any,
                            exists(&node->path, present, w));
    }
    return any;
}

static const char *single_sql(const scim_filter *node, writer *w)
{
    const scim_path *path = &node->path;
    const char *object = holder(path, w);

    if (path->attr == NULL) { /* a whole extension, present or not */
        return apr_psprintf(w->pool, "%s IS NOT NULL", object);
    }
    if (path->sub != NULL) {
        object = apr_psprintf(w->pool, "(%s -> %s)", object,
                              store_literal(path->attr->name, w->pool));
    }
    return store_compare_json(node, object,
                              path->sub != NULL ? path->sub->name
                                                : path->attr->name,
                              &w->params);
}

/* -------------------------------------------------------------------- keys */

static const store_column *find_key(const scim_path *path, const writer *w)
{
    return store_column_of(path, w->type, w->pool);
}

/* The column is false also for a user who has no "active". */
static const char *active_sql(const scim_filter *node, const store_column *k,
                              writer *w)
{
    const char *present = apr_psprintf(
        w->pool, "(%s -> 'active') IS NOT NULL", document(w));

    if (node->kind == SCIM_FILTER_PRESENT) {
        return present;
    }
    if (node->boolean) {
        return apr_pstrcat(w->pool, node->op == SCIM_EQ ? "" : "NOT ",
                           k->sql, NULL);
    }
    return apr_psprintf(w->pool,
                        node->op == SCIM_EQ ? "(NOT %s AND %s)"
                                            : "(%s OR NOT %s)",
                        k->sql, present);
}

/* Ids are in the same order as their texts. */
static const char *id_sql(const scim_filter *node, const store_column *k,
                          writer *w)
{
    int of_part = node->op == SCIM_CO || node->op == SCIM_SW
                  || node->op == SCIM_EW;
    const char *text = apr_psprintf(w->pool, "(%s::text COLLATE \"C\")",
                                    k->sql);

    if (store_uuid_is(node->text) && !of_part) {
        return store_compare_text(node, k->sql, 0, &w->params);
    }
    return node->op == SCIM_EQ ? "false"
                               : store_compare_text(node, text, 0, &w->params);
}

static const char *key_sql(const scim_filter *node, const store_column *k,
                           writer *w)
{
    if (k->kind == STORE_KEY_BOOLEAN) {
        return active_sql(node, k, w);
    }
    if (node->kind == SCIM_FILTER_PRESENT) {
        return apr_psprintf(w->pool, "%s IS NOT NULL", k->sql);
    }
    if (node->value_kind == SCIM_VALUE_NEVER) {
        return node->op == SCIM_NE ? "true" : "false";
    }
    if (k->kind == STORE_KEY_TIME) {
        return store_compare_time(node, k->sql, &w->params);
    }
    if (k->kind == STORE_KEY_UUID) {
        return id_sql(node, k, w);
    }
    return store_compare_text(node,
                              k->indexed ? k->sql
                                         : apr_psprintf(w->pool,
                                                        "(%s COLLATE \"C\")",
                                                        k->sql),
                              k->indexed, &w->params);
}

/* ---------------------------------------------------- values kept as rows */

static int is_emails(const scim_path *path, const writer *w)
{
    return w->type->kind == SCIM_KIND_USER && path->schema == w->type->schema
           && path->attr != NULL && strcmp(path->attr->name, "emails") == 0;
}

static int compares(const scim_filter *node, const char *sub)
{
    return node->kind == SCIM_FILTER_COMPARE && node->path.sub != NULL
           && strcmp(node->path.sub->name, sub) == 0
           && node->value_kind == SCIM_VALUE_TEXT;
}

/* What a b-tree can be asked for. */
static int is_ordered(const scim_filter *node)
{
    return node->op != SCIM_NE && node->op != SCIM_CO && node->op != SCIM_EW;
}

/* The number of the rows that narrow a comparison down, or 0. */
static int marked(const scim_filter *node, const writer *w)
{
    return node->kind == SCIM_FILTER_COMPARE
                   && node->value_kind == SCIM_VALUE_TEXT && is_ordered(node)
               ? store_marked(&node->path, w->type, w->indexes, w->pool)
               : 0;
}

/* A comparison that one look into the rows answers, or narrows down. */
static int is_row_value(const scim_filter *node, const writer *w)
{
    if (marked(node, w)) {
        return 1;
    }
    if (!compares(node, "value")) {
        return 0;
    }
    return (is_emails(&node->path, w) && node->op != SCIM_NE)
           || (is_rows(&node->path, w) && node->op == SCIM_EQ);
}

/* Within the brackets: what every element that is meant must fulfil; or NULL.
 */
static const scim_filter *row_value_of(const scim_filter *inner,
                                       const writer *w)
{
    const scim_filter *found;

    if (inner->kind == SCIM_FILTER_AND) {
        found = row_value_of(inner->left, w);
        return found != NULL ? found : row_value_of(inner->right, w);
    }
    return is_row_value(inner, w) ? inner : NULL;
}

/* emails[type eq "work" and value eq "x"]: the row has the type as well. */
static const scim_filter *kind_of(const scim_filter *inner,
                                  const scim_filter *value, const writer *w)
{
    const scim_filter *kind;

    if (inner->kind != SCIM_FILTER_AND || !is_emails(&value->path, w)
        || (inner->left != value && inner->right != value)) {
        return NULL;
    }
    kind = inner->left == value ? inner->right : inner->left;
    return compares(kind, "type") && kind->op == SCIM_EQ
                   && strlen(kind->text) <= MAX_KIND
               ? kind
               : NULL;
}

/* Whether the resource is in the set that `select` gives. */
static const char *among(const char *select, const writer *w)
{
    return apr_psprintf(w->pool, w->many ? "r.id = ANY(ARRAY(%s))"
                                         : "r.id IN (%s)",
                        select);
}

static const char *email_sql(const scim_filter *value, const scim_filter *kind,
                             writer *w)
{
    const char *condition = store_compare_text(value, "v.value", 1, &w->params);

    if (kind != NULL) {
        condition = apr_psprintf(w->pool, "%s AND v.kind = %s", condition,
                                 store_param(kind->text, &w->params));
    }
    return among(apr_pstrcat(w->pool,
                             "SELECT v.user_id FROM scim.user_values v"
                             " WHERE v.org_id = $1"
                             " AND v.attr = " ATTR_EMAILS_VALUE " AND ",
                             condition, NULL),
                 w);
}

/* All who can be meant, and maybe more: rows hold the beginning of a value. The
 * statement fails if the rows are not kept any more. */
static const char *marked_sql(const scim_filter *value, int attr, writer *w)
{
    scim_filter bound = store_marked_bound(value, w->pool);

    return among(apr_psprintf(w->pool,
                              "SELECT v.user_id FROM scim.user_values v"
                              " WHERE v.org_id = $1 AND v.attr = %d"
                              " AND (SELECT scim.index_is_ready(%d::smallint))"
                              " AND %s",
                              attr, attr,
                              store_compare_text(&bound, "v.value", 1,
                                                 &w->params)),
                 w);
}

static const char *row_value_sql(const scim_filter *value,
                                 const scim_filter *kind, writer *w)
{
    int attr = marked(value, w);
    const char *p;

    if (attr != 0) {
        return marked_sql(value, attr, w);
    }
    if (is_emails(&value->path, w)) {
        return email_sql(value, kind, w);
    }
    if (!store_uuid_is(value->text)) {
        return "false";
    }
    p = store_param(value->text, &w->params);
    return among(w->type->kind == SCIM_KIND_GROUP
                     ? apr_psprintf(w->pool, has_member, p, p)
                     : apr_psprintf(w->pool, in_group, p),
                 w);
}

/* ----------------------------------------------------------------- indexes */

static int key_is_indexed(const scim_filter *node, const store_column *k)
{
    switch (k->kind) {
    case STORE_KEY_BOOLEAN: /* most are true */
        return node->op == SCIM_EQ && !node->boolean;
    case STORE_KEY_UUID:
        return node->op != SCIM_SW;
    default:
        return k->indexed;
    }
}

/* Whether an index narrows the node down to few rows. */
static int is_indexed(const scim_filter *node, const writer *w)
{
    const scim_filter *value;
    const store_column *k;

    switch (node->kind) {
    case SCIM_FILTER_AND:
        return is_indexed(node->left, w) || is_indexed(node->right, w);
    case SCIM_FILTER_OR:
        return is_indexed(node->left, w) && is_indexed(node->right, w);
    case SCIM_FILTER_ELEMENT:
        value = row_value_of(node->left, w);
        return value != NULL && is_ordered(value);
    case SCIM_FILTER_NOTHING:
        return 1;
    case SCIM_FILTER_COMPARE:
        k = find_key(&node->path, w);
        return is_ordered(node)
               && (k != NULL ? key_is_indexed(node, k) : is_row_value(node, w));
    default:
        return 0;
    }
}

/* -------------------------------------------------------------------- tree */

/* What the rows know of the value goes first, as it has an index. */
static const char *element_sql(const scim_filter *node, writer *w)
{
    const scim_filter *inner = node->left, *kind = NULL;
    const scim_filter *value = row_value_of(inner, w);
    const char *rows = NULL, *condition;

    if (value != NULL) {
        kind = kind_of(inner, value, w);
        rows = row_value_sql(value, kind, w);
    }
    if (value != NULL && !marked(value, w)
        && (kind != NULL || value == inner)) {
        return rows;
    }
    w->in_element = 1;
    condition = node_sql(inner, 0, w);
    w->in_element = 0;
    condition = exists(&node->path, condition, w);
    return rows == NULL
               ? condition
               : apr_psprintf(w->pool, "(%s AND %s)", rows, condition);
}

static const char *link_sql(const scim_filter *node, writer *w)
{
    const scim_filter *stored
        = store_link_filter(node, w->in_element, w->type, w->pool);

    if (stored == NULL) {
        w->err = no_links(node, w);
        return "false";
    }
    return node_sql(stored, 0, w);
}

static const char *leaf_sql(const scim_filter *node, writer *w)
{
    const scim_path *path = &node->path;
    const store_column *k = find_key(path, w);
    const char *rows = NULL, *sql;

    w->comparisons++;
    if (store_is_link(path)) {
        return link_sql(node, w);
    }
    if (node->kind == SCIM_FILTER_ELEMENT) {
        return element_sql(node, w);
    }
    if (k != NULL) {
        return key_sql(node, k, w);
    }
    if (path->schema == NULL && strcmp(path->attr->name, "meta") == 0) {
        return "true"; /* meta pr: every resource has it */
    }
    if (is_row_value(node, w)) {
        rows = row_value_sql(node, NULL, w);
        if (!marked(node, w)) {
            return rows;
        }
    }
    sql = path->attr != NULL && path->attr->multi ? multi_sql(node, w)
                                                  : single_sql(node, w);
    return rows == NULL ? sql
                        : apr_psprintf(w->pool, "(%s AND %s)", rows, sql);
}

/* A comparison within the brackets of a value path: of one element, e.v. */
static const char *inner_sql(const scim_filter *node, writer *w)
{
    w->comparisons++;
    if (store_is_link(&node->path)) {
        return link_sql(node, w);
    }
    return store_compare_json(node, "e.v", node->path.sub->name, &w->params);
}

/* The branches of an `or` as one set of ids, so that each uses its own index.
 */
static const char *branches_sql(const scim_filter *node, writer *w)
{
    int outer = w->joins_folded;
    const char *condition, *sql;

    if (node->kind == SCIM_FILTER_OR) {
        sql = branches_sql(node->left, w);
        return apr_pstrcat(w->pool, sql, " UNION ",
                           branches_sql(node->right, w), NULL);
    }
    w->joins_folded = 0;
    condition = node_sql(node, 0, w);
    sql = apr_pstrcat(w->pool, "SELECT r.id",
                      store_rows_of(w->type, w->joins_folded, w->pool),
                      " AND ", condition, NULL);
    w->joins_folded = outer;
    return sql;
}

static const char *or_sql(const scim_filter *node, int negated, writer *w)
{
    const char *left, *right;

    if (!negated && !w->in_element && is_indexed(node, w)) {
        return among(branches_sql(node, w), w);
    }
    left = node_sql(node->left, negated, w);
    right = node_sql(node->right, negated, w);
    return apr_psprintf(w->pool, "(%s %s %s)", left, negated ? "AND" : "OR",
                        right);
}

/* NOT goes down to the leaves: there NULL counts as false, and everywhere else
 * nothing stands between a comparison and its index. */
static const char *node_sql(const scim_filter *node, int negated, writer *w)
{
    const char *left, *right;

    switch (node->kind) {
    case SCIM_FILTER_NOT:
        return node_sql(node->left, !negated, w);
    case SCIM_FILTER_AND:
        left = node_sql(node->left, negated, w);
        right = node_sql(node->right, negated, w);
        return apr_psprintf(w->pool, "(%s %s %s)", left,
                            negated ? "OR" : "AND", right);
    case SCIM_FILTER_OR:
        return or_sql(node, negated, w);
    case SCIM_FILTER_NOTHING:
        return negated ? "true" : "false";
    default:
        left = w->in_element ? inner_sql(node, w) : leaf_sql(node, w);
        return negated ? apr_psprintf(w->pool, "(%s) IS NOT TRUE", left)
                       : left;
    }
}

static int count_leaves(const scim_filter *node)
{
    switch (node->kind) {
    case SCIM_FILTER_AND:
    case SCIM_FILTER_OR:
        return count_leaves(node->left) + count_leaves(node->right);
    case SCIM_FILTER_NOT:
        return count_leaves(node->left);
    default:
        return 1;
    }
}

scim_error *store_where_compile(store_where *out, const scim_filter *filter,
                                const scim_resource_type *type,
                                const store_index *indexes, int first,
                                apr_pool_t *pool)
{
    writer w = { .type = type,
                 .indexes = indexes,
                 .pool = pool,
                 .params = { apr_array_make(pool, 4, sizeof(const char *)),
                             first, pool },
                 .many = count_leaves(filter) > MAX_JOINED };

    out->condition = node_sql(filter, 0, &w);
    out->params = w.params.values;
    out->joins_folded = w.joins_folded;
    out->indexed = is_indexed(filter, &w);
    out->comparisons = w.comparisons;
    return w.err;
}
