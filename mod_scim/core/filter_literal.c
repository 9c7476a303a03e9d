#include "core/filter_literal.h"

#include <apr_strings.h>
#include <string.h>

#include "core/casefold.h"
#include "core/datetime.h"
#include "core/json.h"
#include "core/resource.h"

static int is_ordering(scim_compare_op op)
{
    return op == SCIM_GT || op == SCIM_GE || op == SCIM_LT || op == SCIM_LE;
}

static int is_substring(scim_compare_op op)
{
    return op == SCIM_CO || op == SCIM_SW || op == SCIM_EW;
}

static const char *problem(const scim_path *path, const char *what,
                           apr_pool_t *pool)
{
    return apr_psprintf(pool, "\"%s%s%s\" %s.", path->attr->name,
                        path->sub != NULL ? "." : "",
                        path->sub != NULL ? path->sub->name : "", what);
}

/* RFC 7644, Table 3: ordering is refused for boolean and binary; co, sw, ew
 * are for texts. */
static const char *check_operator(const scim_path *path, scim_compare_op op,
                                  apr_pool_t *pool)
{
    const scim_attr *attr = path->sub != NULL ? path->sub : path->attr;
    int is_text = attr->type == SCIM_STRING || attr->type == SCIM_REFERENCE;

    if (attr->type == SCIM_COMPLEX) {
        return apr_psprintf(pool,
                            "\"%s\" is complex; name one of its "
                            "sub-attributes, such as \"%s.%s\".",
                            attr->name, attr->name, attr->sub[0].name);
    }
    if (is_substring(op) && !is_text) {
        return problem(path, "is no text, so co, sw and ew do not apply", pool);
    }
    if (is_ordering(op) &&
        (attr->type == SCIM_BOOLEAN || attr->type == SCIM_BINARY)) {
        return problem(path, "has no order, so gt, ge, lt and le do not apply",
                       pool);
    }
    return NULL;
}

/* Entra ID writes roles[primary eq "True"]. */
static const char *set_boolean(scim_filter *node, const json_t *operand,
                               apr_pool_t *pool)
{
    const char *text = json_string_value(operand);

    node->value_kind = SCIM_VALUE_BOOLEAN;
    if (json_is_boolean(operand)) {
        node->boolean = json_is_true(operand);
    }
    else if (text != NULL && scim_name_equals(text, "true")) {
        node->boolean = 1;
    }
    else if (text == NULL || !scim_name_equals(text, "false")) {
        return problem(&node->path, "is a boolean and needs true or false",
                       pool);
    }
    node->is_quoted = text != NULL;
    return NULL;
}

int scim_filter_quotes_boolean(const scim_filter *filter)
{
    return filter != NULL
           && (filter->is_quoted || scim_filter_quotes_boolean(filter->left)
               || scim_filter_quotes_boolean(filter->right));
}

/* Fifteen digits, as stored documents are written (scim_json_dump). */
static const char *set_number(scim_filter *node, const json_t *operand,
                              apr_pool_t *pool)
{
    node->value_kind = SCIM_VALUE_NUMBER;
    if (!json_is_number(operand)) {
        return problem(&node->path, "is a number and needs one, without quotes",
                       pool);
    }
    node->text = scim_json_dump(operand, NULL, pool);
    return NULL;
}

/* Ids that we made: answers show them in lower case, and a client that sends
 * them back in another one means the same. */
static int is_own_id(const scim_path *path)
{
    const char *name = path->attr->name;

    if (path->schema == NULL) {
        return strcmp(name, "id") == 0;
    }
    return path->sub != NULL && strcmp(path->sub->name, "value") == 0 &&
           ((path->schema == &scim_schema_group &&
             strcmp(name, "members") == 0) ||
            (path->schema == &scim_schema_user && strcmp(name, "groups") == 0));
}

static const char *set_text(scim_filter *node, const scim_attr *attr,
                            const json_t *operand, apr_pool_t *pool)
{
    const json_t *folded;

    if (!json_is_string(operand)) {
        return problem(&node->path, "needs a text in double quotes", pool);
    }
    node->value_kind = SCIM_VALUE_TEXT;
    node->literal = json_string_value(operand);
    folded = scim_json_adopt(scim_value_fold(operand, attr, pool), pool);
    node->text = json_string_value(folded);
    if (is_own_id(&node->path)) {
        node->text = scim_casefold(node->text, pool);
    }
    return NULL;
}

static const char *set_time(scim_filter *node, const json_t *operand,
                            apr_pool_t *pool)
{
    const char *text = json_string_value(operand);

    if (text == NULL) {
        return problem(&node->path, "needs a time in double quotes", pool);
    }
    node->value_kind = SCIM_VALUE_TEXT;
    node->literal = text;
    node->text = scim_datetime_normal(text, pool);
    if (node->text == NULL && is_ordering(node->op)) {
        return problem(&node->path,
                       "needs a time such as "
                       "\"2026-02-01T09:30:00Z\"",
                       pool);
    }
    if (node->text == NULL) {
        node->value_kind = SCIM_VALUE_NEVER;
    }
    return NULL;
}

const char *scim_filter_set_operand(scim_filter *node, const json_t *operand,
                                    apr_pool_t *pool)
{
    const scim_attr *attr =
        node->path.sub != NULL ? node->path.sub : node->path.attr;
    const char *wrong = check_operator(&node->path, node->op, pool);

    if (wrong != NULL) {
        return wrong;
    }
    switch (attr->type) {
    case SCIM_BOOLEAN:
        return set_boolean(node, operand, pool);
    case SCIM_DECIMAL:
    case SCIM_INTEGER:
        return set_number(node, operand, pool);
    case SCIM_DATETIME:
        return set_time(node, operand, pool);
    default:
        return set_text(node, attr, operand, pool);
    }
}

int scim_filter_find_operator(scim_compare_op *out, const char *text,
                              apr_size_t len)
{
    static const char *const names[] = {
        [SCIM_EQ] = "eq", [SCIM_NE] = "ne", [SCIM_CO] = "co",
        [SCIM_SW] = "sw", [SCIM_EW] = "ew", [SCIM_GT] = "gt",
        [SCIM_GE] = "ge", [SCIM_LT] = "lt", [SCIM_LE] = "le"
    };
    int i;

    for (i = SCIM_EQ; i <= SCIM_LE; i++) {
        if (scim_name_equals_n(text, len, names[i])) {
            *out = (scim_compare_op)i;
            return 1;
        }
    }
    return 0;
}

apr_size_t scim_filter_string_length(const char *begin, const char *end)
{
    const char *at;

    for (at = begin + 1; at < end; at++) {
        if (*at == '\\') {
            at++;
        }
        else if (*at == '"') {
            return (apr_size_t)(at + 1 - begin);
        }
    }
    return 0;
}

static scim_filter *node_of(scim_filter_kind kind, const scim_filter *left,
                            apr_pool_t *pool)
{
    scim_filter *node = apr_pcalloc(pool, sizeof(*node));

    node->kind = kind;
    node->left = left;
    return node;
}

static int is_primary(const scim_filter *node)
{
    return node->path.attr->multi && node->path.sub != NULL
           && node->path.sub->type == SCIM_BOOLEAN
           && strcmp(node->path.sub->name, "primary") == 0;
}

/* "primary eq true" and its opposite are enough: of an element, or of any of
 * them. As everywhere, ne also holds where there is none. */
const scim_filter *scim_filter_assume_primary(scim_filter *node,
                                              int in_brackets,
                                              apr_pool_t *pool)
{
    int is_ne = node->op == SCIM_NE, wants = is_ne != node->boolean;
    scim_filter *out = node, *either, *present;

    if (!is_primary(node)) {
        return node;
    }
    node->op = SCIM_EQ;
    node->boolean = 1;
    if (!wants) {
        out = node_of(SCIM_FILTER_NOT, node, pool);
    }
    if (in_brackets) {
        return out;
    }
    if (!wants) {
        out = node_of(SCIM_FILTER_ELEMENT, out, pool);
        out->path = node->path;
        out->path.sub = NULL;
    }
    if (is_ne) {
        present = node_of(SCIM_FILTER_PRESENT, NULL, pool);
        present->path = node->path;
        present->path.sub = NULL;
        either = node_of(SCIM_FILTER_OR, out, pool);
        either->right = node_of(SCIM_FILTER_NOT, present, pool);
        out = either;
    }
    return out;
}
