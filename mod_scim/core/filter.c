#include "core/filter.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <jansson.h>
#include <string.h>

#include "core/casefold.h"
#include "core/filter_literal.h"
#include "core/json.h"

const scim_filter_limits scim_filter_default_limits = { 8192, 32, 64 };

#define OPERATORS "eq, ne, co, sw, ew, gt, ge, lt, le, pr"

/* A word, a literal: a stretch of the text. */
typedef struct token {
    const char *text;
    apr_size_t len;
} token;

typedef struct cursor {
    const char *begin, *at, *end;
    const scim_resource_type *type;
    const scim_resource_type *const *others; /* of the same query; or NULL */
    int foreign; /* the path that was read last is one of the others' */
    const scim_path *element; /* within [...]: the attribute before it */
    const scim_filter_limits *limits;
    int depth, nodes;
    scim_fault fault;
    apr_pool_t *pool;
} cursor;

static scim_error *parse_or(const scim_filter **out, cursor *c);

/* --- characters ------------------------------------------------------- */

/* 1 based, in characters of UTF-8. */
static int position(const cursor *c, const char *at)
{
    const char *p;
    int n = 1;

    for (p = c->begin; p < at; p++) {
        n += ((unsigned char)*p & 0xC0) != 0x80;
    }
    return n;
}

static scim_error *fail(const cursor *c, const char *at, const char *format,
                        ...) __attribute__((format(printf, 3, 4)));

static scim_error *fail(const cursor *c, const char *at, const char *format,
                        ...)
{
    const char *what;
    va_list args;

    va_start(args, format);
    what = apr_pvsprintf(c->pool, format, args);
    va_end(args);
    return scim_error_make(c->fault, c->pool, "Filter, position %d: %s",
                           position(c, at), what);
}

/* What stands at `at`, for a message. */
static const char *shown(const cursor *c, const char *at, apr_size_t len)
{
    if (at == c->end) {
        return "the end of the filter";
    }
    if (len > SCIM_EXCERPT_MAX + 1) {
        len = SCIM_EXCERPT_MAX + 1;
    }
    return apr_pstrcat(c->pool, "\"",
                       scim_excerpt(apr_pstrmemdup(c->pool, at, len), c->pool),
                       "\"", NULL);
}

static int is_space(char ch)
{
    return ch == ' ' || ch == '\t';
}

static void skip_spaces(cursor *c)
{
    while (c->at < c->end && is_space(*c->at)) {
        c->at++;
    }
}

/* Everything up to what can end an attribute path, an operator or an operand
 * without quotes. */
static token take_word(cursor *c)
{
    token word;

    skip_spaces(c);
    word.text = c->at;
    while (c->at < c->end && !is_space(*c->at) &&
           strchr("()[]\"", *c->at) == NULL) {
        c->at++;
    }
    word.len = (apr_size_t)(c->at - word.text);
    return word;
}

static int is_word(token word, const char *name)
{
    return word.len == strlen(name) &&
           scim_name_equals_n(word.text, word.len, name);
}

static int take_keyword(cursor *c, const char *name)
{
    const char *before = c->at;

    if (is_word(take_word(c), name)) {
        return 1;
    }
    c->at = before;
    return 0;
}

static int take_char(cursor *c, char ch)
{
    skip_spaces(c);
    if (c->at < c->end && *c->at == ch) {
        c->at++;
        return 1;
    }
    return 0;
}

/* --- nodes ------------------------------------------------------------ */

static scim_filter *make(scim_filter_kind kind, const cursor *c)
{
    scim_filter *node = apr_pcalloc(c->pool, sizeof(*node));

    node->kind = kind;
    return node;
}

static const scim_filter *make_logical(scim_filter_kind kind,
                                       const scim_filter *left,
                                       const scim_filter *right,
                                       const cursor *c)
{
    scim_filter *node = make(kind, c);

    node->left = left;
    node->right = right;
    return node;
}

static const scim_filter *make_present(const scim_path *path, const cursor *c)
{
    scim_filter *node = make(SCIM_FILTER_PRESENT, c);

    node->path = *path;
    return node;
}

/* --- paths ------------------------------------------------------------ */

static scim_error *parse_sub(scim_path *out, token word, const cursor *c)
{
    *out = *c->element;
    out->sub = scim_attr_find(out->attr->sub, word.text, word.len);
    if (out->sub == NULL) {
        return fail(c, word.text, "\"%s\" has no sub-attribute %s.",
                    out->attr->name, shown(c, word.text, word.len));
    }
    return NULL;
}

static scim_error *parse_path(scim_path *out, token word, cursor *c)
{
    const scim_resource_type *const *other = c->others;
    scim_error *err = scim_path_parse(out, word.text, word.len, c->type,
                                      c->fault, c->pool);

    c->foreign = 0;
    if (err == NULL) {
        return NULL;
    }
    for (; other != NULL && *other != NULL; other++) {
        if (scim_path_parse(out, word.text, word.len, *other, c->fault,
                            c->pool)
            == NULL) {
            c->foreign = 1;
            return NULL;
        }
    }
    return fail(c, word.text, "%s", err->detail);
}

/* attrPath; inside of brackets the name of a sub-attribute */
static scim_error *resolve(scim_path *out, token word, cursor *c)
{
    scim_error *err;

    if (word.len == 0) {
        return fail(c, word.text, "an attribute name is expected, not %s.",
                    shown(c, word.text, 1));
    }
    if (c->element != NULL) {
        err = parse_sub(out, word, c);
    }
    else {
        err = parse_path(out, word, c);
    }
    if (err == NULL && out->attr == NULL) {
        return fail(c, word.text,
                    "an attribute is expected after the URN \"%s\".",
                    out->schema->id);
    }
    /* Whoever may search for a secret may find it out letter by letter. */
    if (err == NULL && (scim_attr_is_secret(out->attr)
                        || scim_attr_is_secret(out->sub))) {
        return fail(c, word.text, "%s cannot be searched for.",
                    shown(c, word.text, word.len));
    }
    return err;
}

/* "emails co" means emails.value (RFC 7644, Figure 2); Entra compares manager
 * and members in the same way. */
static const scim_attr *value_of(const scim_path *path)
{
    if (path->sub != NULL || path->attr->type != SCIM_COMPLEX) {
        return NULL;
    }
    return scim_attr_find(path->attr->sub, "value", 5);
}

/* --- comparisons ------------------------------------------------------ */

/* compValue = false / null / true / number / string */
static scim_error *parse_operand(json_t **out, cursor *c)
{
    const char *begin;
    token word;

    skip_spaces(c);
    begin = c->at;
    if (c->at < c->end && *c->at == '"') {
        word.text = begin;
        word.len = scim_filter_string_length(begin, c->end);
        if (word.len == 0) {
            return fail(c, begin, "the closing quote is missing.");
        }
        c->at += word.len;
    }
    else {
        word = take_word(c);
    }
    *out = scim_json_adopt(
        json_loadb(word.text, word.len, JSON_DECODE_ANY, NULL), c->pool);
    if (*out == NULL || json_is_object(*out) || json_is_array(*out)) {
        return fail(c, begin,
                    "a value is expected (a text in double quotes, a "
                    "number, true, false or null), not %s.",
                    shown(c, begin, word.len));
    }
    return NULL;
}

/* RFC 7643, 2.5: unassigned, null and [] are one state. */
static scim_error *compare_null(const scim_filter **out, const scim_path *path,
                                scim_compare_op op, token word, cursor *c)
{
    const scim_filter *present = make_present(path, c);

    if (op != SCIM_EQ && op != SCIM_NE) {
        return fail(c, word.text, "null can be compared by eq and ne only.");
    }
    *out = op == SCIM_NE ? present
                         : make_logical(SCIM_FILTER_NOT, present, NULL, c);
    return NULL;
}

static scim_error *parse_comparison(const scim_filter **out,
                                    const scim_path *path, scim_compare_op op,
                                    token word, cursor *c)
{
    scim_filter *node = make(SCIM_FILTER_COMPARE, c);
    const scim_attr *value = value_of(path);
    const char *problem;
    const char *at;
    json_t *operand = NULL;
    scim_error *err;

    skip_spaces(c);
    at = c->at;
    err = parse_operand(&operand, c);
    if (err != NULL) {
        return err;
    }
    if (json_is_null(operand)) {
        return compare_null(out, path, op, word, c);
    }
    node->op = op;
    node->path = *path;
    if (value != NULL) {
        node->path.sub = value;
    }
    problem = scim_filter_set_operand(node, operand, c->pool);
    if (problem != NULL) {
        return fail(c, at, "%s", problem);
    }
    *out = scim_filter_assume_primary(node, c->element != NULL, c->pool);
    return NULL;
}

/* attrExp = (attrPath SP "pr") / (attrPath SP compareOp SP compValue),
 * from the operator on */
static scim_error *parse_operator(const scim_filter **out,
                                  const scim_path *path, token name, cursor *c)
{
    scim_compare_op op;
    token word = take_word(c);

    if (++c->nodes > c->limits->nodes) {
        return fail(c, name.text, "more than %d conditions.", c->limits->nodes);
    }
    if (is_word(word, "pr")) {
        *out = make_present(path, c);
        return NULL;
    }
    if (word.len == 0) {
        return fail(c, word.text,
                    "an operator (" OPERATORS ") is expected after %s.",
                    shown(c, name.text, name.len));
    }
    if (!scim_filter_find_operator(&op, word.text, word.len)) {
        return fail(c, word.text,
                    "%s is no operator; the operators are " OPERATORS ".",
                    shown(c, word.text, word.len));
    }
    return parse_comparison(out, path, op, word, c);
}

/* --- value paths ------------------------------------------------------ */

static scim_error *check_bracket(const scim_path *path, token name,
                                 const cursor *c)
{
    if (c->element != NULL) {
        return fail(c, c->at, "brackets cannot stand inside of brackets.");
    }
    if (path->sub != NULL || path->attr->type != SCIM_COMPLEX) {
        return fail(c, c->at,
                    "%s has no sub-attributes that [...] could look at.",
                    shown(c, name.text, name.len));
    }
    return NULL;
}

/* Outside of the RFC's grammar, but Entra ID sends it with every look-up by
 * mail: emails[type eq "work"].value eq "x". */
static scim_error *parse_after_bracket(const scim_filter **out, cursor *c)
{
    const scim_filter *condition;
    scim_path path;
    scim_error *err;
    token name;

    if (c->at == c->end || *c->at != '.') {
        return NULL;
    }
    c->at++;
    name = take_word(c);
    err = resolve(&path, name, c);
    if (err == NULL) {
        err = parse_operator(&condition, &path, name, c);
    }
    if (err == NULL) {
        *out = make_logical(SCIM_FILTER_AND, *out, condition, c);
    }
    return err;
}

/* valuePath = attrPath "[" valFilter "]", from the bracket on. A complex
 * attribute of one value is its own only element. */
static scim_error *parse_element(const scim_filter **out, const scim_path *path,
                                 cursor *c)
{
    const scim_filter *inner;
    scim_filter *node;
    scim_error *err;

    c->element = path;
    err = parse_or(&inner, c);
    if (err == NULL && !take_char(c, ']')) {
        err = fail(c, c->at, "\"and\", \"or\" or \"]\" is expected, not %s.",
                   shown(c, c->at, 1));
    }
    if (err == NULL) {
        err = parse_after_bracket(&inner, c);
    }
    c->element = NULL;
    if (err != NULL) {
        return err;
    }
    if (!path->attr->multi) {
        *out = make_logical(SCIM_FILTER_AND, make_present(path, c), inner, c);
        return NULL;
    }
    node = make(SCIM_FILTER_ELEMENT, c);
    node->path = *path;
    node->left = inner;
    *out = node;
    return NULL;
}

/* --- logic ------------------------------------------------------------ */

static scim_error *parse_brackets(const scim_filter **out, cursor *c)
{
    const char *open = c->at - 1;
    scim_error *err;

    if (++c->depth > c->limits->depth) {
        return fail(c, open, "more than %d levels of brackets.",
                    c->limits->depth);
    }
    err = parse_or(out, c);
    c->depth--;
    if (err == NULL && !take_char(c, ')')) {
        err = fail(c, c->at, "\"and\", \"or\" or \")\" is expected, not %s.",
                   shown(c, c->at, 1));
    }
    return err;
}

/* *1"not" "(" FILTER ")"; errata 7319: with or without a space */
static scim_error *parse_not(const scim_filter **out, cursor *c)
{
    const scim_filter *inner;
    scim_error *err;

    if (!take_char(c, '(')) {
        return fail(c, c->at, "\"(\" is expected after \"not\".");
    }
    err = parse_brackets(&inner, c);
    if (err == NULL) {
        *out = make_logical(SCIM_FILTER_NOT, inner, NULL, c);
    }
    return err;
}

/* A condition on what this type does not have: only ne holds. */
static void replace_foreign(const scim_filter **node, const cursor *c)
{
    int holds = (*node)->kind == SCIM_FILTER_NOT  /* eq null */
                || (*node)->kind == SCIM_FILTER_OR /* primary ne */
                || ((*node)->kind == SCIM_FILTER_COMPARE
                    && (*node)->op == SCIM_NE);
    *node = make(SCIM_FILTER_NOTHING, c);
    if (holds) {
        *node = make_logical(SCIM_FILTER_NOT, *node, NULL, c);
    }
}

/* FILTER = attrExp / valuePath / *1"not" "(" FILTER ")" */
static scim_error *parse_term(const scim_filter **out, cursor *c)
{
    scim_path path;
    scim_error *err;
    token name;
    int foreign;

    if (take_char(c, '(')) {
        return parse_brackets(out, c);
    }
    name = take_word(c);
    if (is_word(name, "not")) {
        return parse_not(out, c);
    }
    err = resolve(&path, name, c);
    if (err != NULL) {
        return err;
    }
    foreign = c->foreign;
    if (c->at < c->end && *c->at == '[') {
        err = check_bracket(&path, name, c);
        if (err == NULL) {
            c->at++;
            err = parse_element(out, &path, c);
        }
    }
    else {
        err = parse_operator(out, &path, name, c);
    }
    if (err == NULL && foreign) {
        replace_foreign(out, c);
    }
    return err;
}

/* term *( "and" term ): before "or" */
static scim_error *parse_and(const scim_filter **out, cursor *c)
{
    const scim_filter *right;
    scim_error *err = parse_term(out, c);

    while (err == NULL && take_keyword(c, "and")) {
        err = parse_term(&right, c);
        if (err == NULL) {
            *out = make_logical(SCIM_FILTER_AND, *out, right, c);
        }
    }
    return err;
}

/* conjunction *( "or" conjunction ) */
static scim_error *parse_or(const scim_filter **out, cursor *c)
{
    const scim_filter *right;
    scim_error *err = parse_and(out, c);

    while (err == NULL && take_keyword(c, "or")) {
        err = parse_and(&right, c);
        if (err == NULL) {
            *out = make_logical(SCIM_FILTER_OR, *out, right, c);
        }
    }
    return err;
}

static scim_error *parse_all(const scim_filter **out, cursor *c)
{
    const scim_filter *filter = NULL;
    scim_error *err;

    if ((apr_size_t)(c->end - c->begin) > c->limits->length) {
        return scim_error_make(c->fault, c->pool,
                               "The filter is longer than %" APR_SIZE_T_FMT
                               " bytes.",
                               c->limits->length);
    }
    err = parse_or(&filter, c);
    if (err != NULL) {
        return err;
    }
    skip_spaces(c);
    if (c->at < c->end) {
        return fail(c, c->at,
                    "\"and\", \"or\" or the end is expected, not %s.",
                    shown(c, c->at, (apr_size_t)(c->end - c->at)));
    }
    *out = filter;
    return NULL;
}

scim_error *scim_filter_parse(const scim_filter **out, const char *text,
                              const scim_resource_type *type,
                              const scim_filter_limits *limits,
                              apr_pool_t *pool)
{
    return scim_filter_parse_among(out, text, type, NULL, limits, pool);
}

scim_error *scim_filter_parse_among(const scim_filter **out, const char *text,
                                    const scim_resource_type *type,
                                    const scim_resource_type *const *types,
                                    const scim_filter_limits *limits,
                                    apr_pool_t *pool)
{
    cursor c = { .begin = text,
                 .at = text,
                 .end = text + strlen(text),
                 .type = type,
                 .others = types,
                 .limits = limits,
                 .fault = SCIM_INVALID_FILTER,
                 .pool = pool };

    return parse_all(out, &c);
}

scim_error *scim_filter_parse_element(const scim_filter **out, const char *text,
                                      apr_size_t len, const scim_path *at,
                                      const scim_resource_type *type,
                                      const scim_filter_limits *limits,
                                      scim_fault fault, apr_pool_t *pool)
{
    cursor c = { .begin = text,
                 .at = text,
                 .end = text + len,
                 .type = type,
                 .element = at,
                 .limits = limits,
                 .fault = fault,
                 .pool = pool };

    return parse_all(out, &c);
}
