#include "core/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls for each assigned value at the path, arrays taken apart. */
typedef struct search {
    const scim_filter *node;
    int found;  /* a value that satisfies the comparison */
    int values; /* how many there are */
} search;

static int compare_order(scim_compare_op op, int order)
{
    switch (op) {
    case SCIM_EQ:
        return order == 0;
    case SCIM_NE:
        return order != 0;
    case SCIM_GT:
        return order > 0;
    case SCIM_GE:
        return order >= 0;
    case SCIM_LT:
        return order < 0;
    default:
        return order <= 0;
    }
}

static int ends_with(const char *text, const char *end)
{
    apr_size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static int compare_text(const scim_filter *node, const char *value)
{
    switch (node->op) {
    case SCIM_CO:
        return strstr(value, node->text) != NULL;
    case SCIM_SW:
        return strncmp(value, node->text, strlen(node->text)) == 0;
    case SCIM_EW:
        return ends_with(value, node->text);
    default:
        return compare_order(node->op, strcmp(value, node->text));
    }
}

/* Fifteen digits of a real number, because a stored document holds no more
 * (scim_json_dump); integers are exact. */
static int compare_number(const scim_filter *node, const json_t *value)
{
    long double want = strtold(node->text, NULL), have;
    char text[40];

    if (json_is_integer(value)) {
        have = (long double)json_integer_value(value);
    }
    else {
        snprintf(text, sizeof(text), "%.15g", json_real_value(value));
        have = strtold(text, NULL);
    }
    return compare_order(node->op, (have > want) - (have < want));
}

static int compare(const scim_filter *node, const json_t *value)
{
    switch (node->value_kind) {
    case SCIM_VALUE_TEXT:
        return json_is_string(value)
                   ? compare_text(node, json_string_value(value))
                   : node->op == SCIM_NE;
    case SCIM_VALUE_NUMBER:
        return json_is_number(value) ? compare_number(node, value)
                                     : node->op == SCIM_NE;
    case SCIM_VALUE_BOOLEAN:
        return (json_is_boolean(value) &&
                json_is_true(value) == node->boolean) == (node->op == SCIM_EQ);
    default:
        return node->op == SCIM_NE;
    }
}

static void look_at(search *s, const json_t *value, const scim_attr *sub)
{
    size_t i;

    if (json_is_array(value)) {
        for (i = 0; i < json_array_size(value) && !s->found; i++) {
            look_at(s, json_array_get(value, i), sub);
        }
        return;
    }
    if (sub != NULL) {
        value = json_object_get(value, sub->name);
        if (json_is_array(value)) {
            look_at(s, value, NULL);
            return;
        }
    }
    if (value == NULL) {
        return;
    }
    s->values++;
    s->found = s->node->kind == SCIM_FILTER_PRESENT || compare(s->node, value);
}

/* spec/README.md, 3: any value decides; `ne` holds where there is none. */
static int decide(const scim_filter *node, const json_t *value,
                  const scim_attr *sub)
{
    search s = { node, 0, 0 };

    look_at(&s, value, sub);
    return s.found || (node->kind == SCIM_FILTER_COMPARE &&
                       node->op == SCIM_NE && s.values == 0);
}

static int match_any_element(const scim_filter *inner, const json_t *elements)
{
    size_t i;

    for (i = 0; i < json_array_size(elements); i++) {
        if (scim_filter_matches_element(inner, json_array_get(elements, i))) {
            return 1;
        }
    }
    return 0;
}

static int match_leaf(const scim_filter *node, const json_t *folded,
                      const scim_resource_type *type)
{
    scim_path at = node->path;
    const json_t *value;

    at.sub = NULL;
    value = scim_path_get(&at, folded, type);
    if (node->kind == SCIM_FILTER_ELEMENT) {
        return match_any_element(node->left, value);
    }
    return decide(node, value, node->path.sub);
}

int scim_filter_matches(const scim_filter *filter, const json_t *folded,
                        const scim_resource_type *type)
{
    switch (filter->kind) {
    case SCIM_FILTER_AND:
        return scim_filter_matches(filter->left, folded, type) &&
               scim_filter_matches(filter->right, folded, type);
    case SCIM_FILTER_OR:
        return scim_filter_matches(filter->left, folded, type) ||
               scim_filter_matches(filter->right, folded, type);
    case SCIM_FILTER_NOT:
        return !scim_filter_matches(filter->left, folded, type);
    case SCIM_FILTER_NOTHING:
        return 0;
    default:
        return match_leaf(filter, folded, type);
    }
}

int scim_filter_matches_element(const scim_filter *inner,
                                const json_t *folded_element)
{
    switch (inner->kind) {
    case SCIM_FILTER_AND:
        return scim_filter_matches_element(inner->left, folded_element) &&
               scim_filter_matches_element(inner->right, folded_element);
    case SCIM_FILTER_OR:
        return scim_filter_matches_element(inner->left, folded_element) ||
               scim_filter_matches_element(inner->right, folded_element);
    case SCIM_FILTER_NOT:
        return !scim_filter_matches_element(inner->left, folded_element);
    default:
        return decide(inner, folded_element, inner->path.sub);
    }
}

static json_t *literal_of(const scim_filter *condition)
{
    switch (condition->value_kind) {
    case SCIM_VALUE_BOOLEAN:
        return json_boolean(condition->boolean);
    case SCIM_VALUE_NUMBER:
        return json_loads(condition->text, JSON_DECODE_ANY, NULL);
    case SCIM_VALUE_TEXT:
        return json_string(condition->literal);
    default:
        return NULL;
    }
}

int scim_filter_meet(json_t *element, const scim_filter *filter)
{
    const char *name;
    json_t *value;
    int is_not = filter->kind == SCIM_FILTER_NOT; /* primary eq false */

    if (filter->kind == SCIM_FILTER_AND) {
        return scim_filter_meet(element, filter->left) &&
               scim_filter_meet(element, filter->right);
    }
    if (is_not && filter->left->value_kind == SCIM_VALUE_BOOLEAN) {
        filter = filter->left;
    }
    if (filter->kind != SCIM_FILTER_COMPARE || filter->op != SCIM_EQ) {
        return 0;
    }
    name = filter->path.sub->name;
    value = is_not ? json_boolean(!filter->boolean) : literal_of(filter);
    if (value == NULL || json_object_get(element, name) != NULL) {
        json_decref(value);
        return 0;
    }
    json_object_set_new(element, name, value);
    return 1;
}
