#include "store/where.h"

#include <string.h>

#include <apr_strings.h>

#include "store/uuid.h"

/* scim.attributes of the first migration. */
#define ATTR_EMAILS_VALUE "1"
#define MAX_KIND 256 /* bytes of user_values.kind */

typedef struct writer {
    const scim_resource_type *type;
    apr_pool_t *pool;
    apr_array_header_t *params;
    int first;
    int comparisons;
    int joins_folded; /* of the select that is being written */
    int in_element;   /* within the brackets of a value path */
    scim_error *err;
} writer;

typedef enum { KEY_TEXT, KEY_BOOLEAN, KEY_TIME, KEY_UUID } key_kind;

/* What has a column of its own. An expression is no index. */
typedef struct key {
    const scim_resource_type *type; /* NULL: any */
    const char *path;
    const char *column;
    key_kind kind;
    int indexed;
} key;

/* clang-format off */
static const key keys[] = {
    { NULL,             "id",                "r.id",            KEY_UUID, 1 },
    { NULL,             "externalId",        "r.external_id",   KEY_TEXT, 1 },
    { NULL,             "meta.created",      "r.created",       KEY_TIME, 0 },
    { &scim_type_user,  "meta.lastModified", "r.last_modified", KEY_TIME, 1 },
    { NULL,             "meta.lastModified", "r.last_modified", KEY_TIME, 0 },
    { NULL,             "meta.version",
      "('W/\"' || r.version || '\"')",                          KEY_TEXT, 0 },
    { &scim_type_user,  "meta.resourceType", "'User'::text",    KEY_TEXT, 0 },
    { &scim_type_group, "meta.resourceType", "'Group'::text",   KEY_TEXT, 0 },
    { &scim_type_user,  "userName",          "r.user_name",     KEY_TEXT, 1 },
    { NULL,             "displayName",       "r.display_name",  KEY_TEXT, 1 },
    { &scim_type_user,  "name.familyName",   "r.family_name",   KEY_TEXT, 1 },
    { &scim_type_user,  "active",            "r.active",     KEY_BOOLEAN, 1 },
};

static const char *const operators[] = {
    [SCIM_EQ] = "=",  [SCIM_NE] = "<>", [SCIM_GT] = ">",
    [SCIM_GE] = ">=", [SCIM_LT] = "<",  [SCIM_LE] = "<=",
};

/* The elements of what is kept as rows, in the folded form that match.c
 * sees. */
static const char user_groups[] =
    "(WITH RECURSIVE up(id) AS (SELECT m.group_id FROM scim.group_users m"
    " WHERE m.org_id = $1 AND m.user_id = r.id"
    " UNION SELECT e.group_id FROM up JOIN scim.group_groups e"
    " ON e.org_id = $1 AND e.child_id = up.id)"
    " SELECT jsonb_build_object('value', g.id::text,"
    " 'display', g.display_name, 'type',"
    " CASE WHEN EXISTS (SELECT FROM scim.group_users m WHERE m.org_id = $1"
    " AND m.group_id = g.id AND m.user_id = r.id)"
    " THEN 'direct' ELSE 'indirect' END)"
    " FROM up JOIN scim.groups g ON g.org_id = $1 AND g.id = up.id) e(v)";

static const char group_members[] =
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
    "r.id IN (WITH RECURSIVE down(id) AS (SELECT %s::uuid"
    " UNION SELECT e.child_id FROM down JOIN scim.group_groups e"
    " ON e.org_id = $1 AND e.group_id = down.id)"
    " SELECT m.user_id FROM down JOIN scim.group_users m"
    " ON m.org_id = $1 AND m.group_id = down.id)";

static const char has_member[] =
    "r.id IN (SELECT m.group_id FROM scim.group_users m"
    " WHERE m.org_id = $1 AND m.user_id = %s::uuid"
    " UNION ALL SELECT m.group_id FROM scim.group_groups m"
    " WHERE m.org_id = $1 AND m.child_id = %s::uuid)";
/* clang-format on */

static const char *node_sql(const scim_filter *node, int negated, writer *w);

/* ------------------------------------------------------------- small parts */

static const char *param(const char *text, writer *w)
{
    APR_ARRAY_PUSH(w->params, const char *) = text;
    return apr_psprintf(w->pool, "$%d", w->first + w->params->nelts - 1);
}

/* A name of a schema as an SQL literal. */
static const char *literal(const char *name, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(name) + 3), *to = out;

    for (*to++ = '\''; *name != '\0'; name++) {
        if (*name == '\'') {
            *to++ = '\'';
        }
        *to++ = *name;
    }
    *to++ = '\'';
    *to = '\0';
    return out;
}

static scim_error *no_links(const scim_filter *node, writer *w)
{
    return scim_error_make(
        SCIM_INVALID_FILTER, w->pool,
        "The filter cannot compare \"%s\", which holds a link; compare an id "
        "instead.",
        scim_path_text(&node->path, w->type, w->pool));
}

/* ------------------------------------------------------------ comparisons */

/* The smallest text above all that begin with `text`: the last code point
 * raised by one. NULL: there is none. */
static const char *after_prefix(const char *text, apr_pool_t *pool)
{
    unsigned char *out = (unsigned char *)apr_pstrdup(pool, text);
    apr_size_t len = strlen(text);

    while (len > 0) {
        apr_size_t start = len - 1;

        while (start > 0 && (out[start] & 0xc0) == 0x80) {
            start--;
        }
        /* Raising continuation bytes stays within a length; what is the last
         * of its length, or before the surrogates, gives way to the one
         * before it, which only widens the range: sw is checked again. */
        for (len = len - 1; len > start && out[len] == 0xbf; len--) {
            out[len] = 0x80;
        }
        if (len > start && !(out[start] == 0xed && len == start + 1
                             && out[len] == 0x9f)) {
            out[len]++;
            return (const char *)out;
        }
        if (len == start && out[start] < 0x7f) {
            out[start]++;
            out[start + 1] = '\0';
            return (const char *)out;
        }
        len = start;
    }
    return NULL;
}

/* `indexed` text gets a range for sw, which is rechecked where the range is
 * wider than the prefix. */
static const char *text_sql(const scim_filter *node, const char *value,
                            int indexed, writer *w)
{
    const char *p = param(node->text, w);
    const char *after;

    switch (node->op) {
    case SCIM_CO:
        return apr_psprintf(w->pool, "strpos(%s, %s) > 0", value, p);
    case SCIM_EW:
        return apr_psprintf(w->pool, "right(%s, length(%s)) = %s", value, p,
                            p);
    case SCIM_SW:
        after = indexed ? after_prefix(node->text, w->pool) : NULL;
        if (after == NULL) {
            return apr_psprintf(w->pool, "starts_with(%s, %s)", value, p);
        }
        return apr_psprintf(w->pool,
                            "(%s >= %s AND %s < %s AND starts_with(%s, %s))",
                            value, p, value, param(after, w), value, p);
    case SCIM_NE:
        return apr_psprintf(w->pool, "%s IS DISTINCT FROM %s", value, p);
    default:
        return apr_psprintf(w->pool, "%s %s %s", value, operators[node->op],
                            p);
    }
}

/* Stored times have milliseconds. A literal with more digits lies between two
 * of them, where PostgreSQL would round. */
static const char *time_sql(const scim_filter *node, const char *column,
                            writer *w)
{
    const char *fraction = node->text + strlen("2026-02-01T09:30:00.000");
    const char *cut = apr_pstrmemdup(w->pool, node->text,
                                     (apr_size_t)(fraction - node->text));
    int between = strncmp(fraction, "000000", 6) != 0;
    scim_compare_op op = node->op;

    if (between && (op == SCIM_EQ || op == SCIM_NE)) {
        return op == SCIM_NE ? "true" : "false";
    }
    if (between) {
        op = op == SCIM_GT || op == SCIM_GE ? SCIM_GT : SCIM_LE;
    }
    cut = strncmp(cut, "0000", 4) == 0 ? "-infinity"
                                       : apr_pstrcat(w->pool, cut, "Z", NULL);
    return apr_psprintf(w->pool, "%s %s %s::timestamptz", column,
                        operators[op], param(cut, w));
}

static const char *key_sql(const scim_filter *node, const key *k, writer *w)
{
    if (node->kind == SCIM_FILTER_PRESENT) {
        return apr_psprintf(w->pool, "%s IS NOT NULL", k->column);
    }
    if (node->value_kind == SCIM_VALUE_NEVER) {
        return node->op == SCIM_NE ? "true" : "false";
    }
    switch (k->kind) {
    case KEY_BOOLEAN:
        return apr_psprintf(w->pool, "%s %s %s", k->column,
                            operators[node->op],
                            node->boolean ? "true" : "false");
    case KEY_TIME:
        return time_sql(node, k->column, w);
    case KEY_UUID:
        if (node->op == SCIM_EQ) {
            return store_uuid_is(node->text)
                       ? apr_psprintf(w->pool, "%s = %s::uuid", k->column,
                                      param(node->text, w))
                       : "false";
        }
        return text_sql(node,
                        apr_psprintf(w->pool, "(%s::text COLLATE \"C\")",
                                     k->column),
                        0, w);
    default:
        return text_sql(node,
                        k->indexed ? k->column
                                   : apr_psprintf(w->pool,
                                                  "(%s COLLATE \"C\")",
                                                  k->column),
                        k->indexed, w);
    }
}

/* One jsonb value: `object` -> 'name'; name NULL: the value itself. */
static const char *value_sql(const scim_filter *node, const char *object,
                             const char *name, writer *w)
{
    const char *quoted = name != NULL ? literal(name, w->pool) : NULL;
    const char *json = name != NULL ? apr_psprintf(w->pool, "(%s -> %s)",
                                                   object, quoted)
                                    : object;
    const char *text;

    if (node->kind == SCIM_FILTER_PRESENT) {
        return apr_psprintf(w->pool, "%s IS NOT NULL", json);
    }
    switch (node->value_kind) {
    case SCIM_VALUE_BOOLEAN:
        return apr_psprintf(
            w->pool, "%s IS %s FROM '%s'::jsonb", json,
            node->op == SCIM_EQ ? "NOT DISTINCT" : "DISTINCT",
            node->boolean ? "true" : "false");
    case SCIM_VALUE_NUMBER:
        return apr_psprintf(
            w->pool, "%s %s to_jsonb(%s::numeric)", json,
            node->op == SCIM_NE ? "IS DISTINCT FROM" : operators[node->op],
            param(node->text, w));
    case SCIM_VALUE_NEVER:
        return node->op == SCIM_NE ? "true" : "false";
    default:
        text = name != NULL
                   ? apr_psprintf(w->pool, "(%s ->> %s) COLLATE \"C\"", object,
                                  quoted)
                   : apr_psprintf(w->pool, "(%s #>> '{}') COLLATE \"C\"",
                                  object);
        return text_sql(node, apr_psprintf(w->pool, "(%s)", text), 0, w);
    }
}

/* --------------------------------------------------------------- documents */

static const char *document(writer *w)
{
    if (w->type == &scim_type_group) {
        return "r.folded";
    }
    w->joins_folded = 1;
    return "f.folded";
}

/* The object that holds path.attr: the document, or an extension in it. */
static const char *holder(const scim_path *path, writer *w)
{
    const char *doc = document(w);

    return scim_path_is_extension(path, w->type)
               ? apr_psprintf(w->pool, "(%s -> %s)", doc,
                              literal(path->schema->id, w->pool))
               : doc;
}

static int is_rows(const scim_path *path, const writer *w)
{
    return path->schema == w->type->schema && path->attr != NULL
           && strcmp(path->attr->name,
                     w->type == &scim_type_group ? "members" : "groups")
                  == 0;
}

/* "... e(v)": the elements of a multi-valued attribute. */
static const char *elements(const scim_path *path, writer *w)
{
    if (is_rows(path, w)) {
        return w->type == &scim_type_group ? group_members : user_groups;
    }
    return apr_psprintf(w->pool, "jsonb_array_elements(%s -> %s) e(v)",
                        holder(path, w), literal(path->attr->name, w->pool));
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
                                             literal(name, w->pool))
                              : "true";
    const char *any;

    any = exists(&node->path,
                 apr_psprintf(w->pool, "%s AND %s", present,
                              node->kind == SCIM_FILTER_PRESENT
                                  ? "true"
                                  : value_sql(node, "e.v", name, w)),
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
                              literal(path->attr->name, w->pool));
    }
    return value_sql(node, object,
                     path->sub != NULL ? path->sub->name : path->attr->name,
                     w);
}

/* ------------------------------------------------------------ indexed forms */

static const key *find_key(const scim_path *path, const writer *w)
{
    const char *text = scim_path_text(path, w->type, w->pool);
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if ((keys[i].type == NULL || keys[i].type == w->type)
            && strcmp(keys[i].path, text) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

static int is_sub(const scim_filter *node, const char *name)
{
    return node->kind == SCIM_FILTER_COMPARE && node->path.sub != NULL
           && strcmp(node->path.sub->name, name) == 0
           && node->value_kind == SCIM_VALUE_TEXT;
}

static int is_emails(const scim_path *path, const writer *w)
{
    return w->type == &scim_type_user && path->schema == w->type->schema
           && path->attr != NULL && strcmp(path->attr->name, "emails") == 0;
}

/* emails[type eq "work" and value eq "x"], in either order: *kind, *value. */
static int is_email_of_kind(const scim_filter **kind,
                            const scim_filter **value,
                            const scim_filter *node, const writer *w)
{
    const scim_filter *inner = node->left;

    if (node->kind != SCIM_FILTER_ELEMENT || !is_emails(&node->path, w)
        || inner->kind != SCIM_FILTER_AND) {
        return 0;
    }
    *kind = is_sub(inner->left, "type") ? inner->left : inner->right;
    *value = *kind == inner->left ? inner->right : inner->left;
    return is_sub(*kind, "type") && (*kind)->op == SCIM_EQ
           && strlen((*kind)->text) <= MAX_KIND && is_sub(*value, "value")
           && (*value)->op != SCIM_NE;
}

static int is_email_value(const scim_filter *node, const writer *w)
{
    return is_emails(&node->path, w) && is_sub(node, "value")
           && node->op != SCIM_NE;
}

static int is_row_value(const scim_filter *node, const writer *w)
{
    return is_rows(&node->path, w) && is_sub(node, "value")
           && node->op == SCIM_EQ;
}

static const char *email_sql(const scim_filter *value, const scim_filter *kind,
                             writer *w)
{
    const char *condition = text_sql(value, "v.value", 1, w);

    if (kind != NULL) {
        condition = apr_psprintf(w->pool, "%s AND v.kind = %s", condition,
                                 param(kind->text, w));
    }
    return apr_psprintf(w->pool,
                        "r.id IN (SELECT v.user_id FROM scim.user_values v"
                        " WHERE v.org_id = $1 AND v.attr = " ATTR_EMAILS_VALUE
                        " AND %s)",
                        condition);
}

static const char *row_value_sql(const scim_filter *node, writer *w)
{
    const char *p;

    if (!store_uuid_is(node->text)) {
        return "false";
    }
    p = param(node->text, w);
    return w->type == &scim_type_group
               ? apr_psprintf(w->pool, has_member, p, p)
               : apr_psprintf(w->pool, in_group, p);
}

/* Whether an index narrows the node down to few rows. */
static int is_indexed(const scim_filter *node, const writer *w)
{
    const scim_filter *kind, *value;
    const key *k;

    switch (node->kind) {
    case SCIM_FILTER_AND:
        return is_indexed(node->left, w) || is_indexed(node->right, w);
    case SCIM_FILTER_OR:
        return is_indexed(node->left, w) && is_indexed(node->right, w);
    case SCIM_FILTER_ELEMENT:
        return is_email_of_kind(&kind, &value, node, w)
               && value->op != SCIM_CO && value->op != SCIM_EW;
    case SCIM_FILTER_COMPARE:
        if (node->op == SCIM_NE || node->op == SCIM_CO
            || node->op == SCIM_EW) {
            return 0;
        }
        k = find_key(&node->path, w);
        return (k != NULL && k->indexed) || is_email_value(node, w)
               || is_row_value(node, w);
    default:
        return 0;
    }
}

/* -------------------------------------------------------------------- tree */

static const char *element_sql(const scim_filter *node, writer *w)
{
    const char *condition;

    w->in_element = 1;
    condition = node_sql(node->left, 0, w);
    w->in_element = 0;
    return exists(&node->path, condition, w);
}

static const char *leaf_sql(const scim_filter *node, writer *w)
{
    const scim_attr *last = node->path.sub != NULL ? node->path.sub
                                                   : node->path.attr;
    const scim_filter *kind, *value;
    const key *k = find_key(&node->path, w);

    w->comparisons++;
    if (last != NULL
        && ((is_rows(&node->path, w) && strcmp(last->name, "$ref") == 0)
            || (node->path.schema == NULL
                && strcmp(last->name, "location") == 0))) {
        w->err = no_links(node, w);
        return "false";
    }
    if (node->kind == SCIM_FILTER_ELEMENT) {
        if (is_email_of_kind(&kind, &value, node, w)) {
            return email_sql(value, kind, w);
        }
        return element_sql(node, w);
    }
    if (k != NULL) {
        return key_sql(node, k, w);
    }
    if (node->path.schema == NULL && strcmp(node->path.attr->name, "meta") == 0
        && node->kind == SCIM_FILTER_PRESENT) {
        return "true"; /* every resource has it */
    }
    if (is_email_value(node, w) && node->kind == SCIM_FILTER_COMPARE) {
        return email_sql(node, NULL, w);
    }
    if (node->kind == SCIM_FILTER_COMPARE && is_row_value(node, w)) {
        return row_value_sql(node, w);
    }
    return node->path.attr != NULL && node->path.attr->multi
               ? multi_sql(node, w)
               : single_sql(node, w);
}

/* A comparison within the brackets of a value path: of one element, e.v. */
static const char *inner_sql(const scim_filter *node, writer *w)
{
    w->comparisons++;
    if (strcmp(node->path.sub->name, "$ref") == 0
        && is_rows(&node->path, w)) {
        w->err = no_links(node, w);
        return "false";
    }
    return value_sql(node, "e.v", node->path.sub->name, w);
}

/* One branch of an `or` as a set of ids, so that each uses its own index. */
static const char *branch_sql(const scim_filter *node, writer *w)
{
    int outer = w->joins_folded;
    const char *condition, *sql;

    w->joins_folded = 0;
    condition = node_sql(node, 0, w);
    sql = apr_psprintf(
        w->pool, "SELECT r.id FROM scim.%s r%s WHERE r.org_id = $1 AND %s",
        w->type == &scim_type_group ? "groups" : "users",
        w->joins_folded ? " JOIN scim.user_folded f ON f.org_id = $1"
                          " AND f.user_id = r.id"
                        : "",
        condition);
    w->joins_folded = outer;
    return sql;
}

static const char *or_sql(const scim_filter *node, int negated, writer *w)
{
    const char *left, *right;

    if (!negated && !w->in_element && is_indexed(node, w)) {
        left = branch_sql(node->left, w);
        right = branch_sql(node->right, w);
        return apr_psprintf(w->pool, "r.id IN (%s UNION %s)", left, right);
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
    default:
        left = w->in_element ? inner_sql(node, w) : leaf_sql(node, w);
        return negated ? apr_psprintf(w->pool, "(%s) IS NOT TRUE", left)
                       : left;
    }
}

scim_error *store_where_compile(store_where *out, const scim_filter *filter,
                                const scim_resource_type *type, int first,
                                apr_pool_t *pool)
{
    writer w = { .type = type,
                 .pool = pool,
                 .params = apr_array_make(pool, 4, sizeof(const char *)),
                 .first = first };

    out->condition = node_sql(filter, 0, &w);
    out->params = w.params;
    out->joins_folded = w.joins_folded;
    out->indexed = is_indexed(filter, &w);
    out->comparisons = w.comparisons;
    return w.err;
}
