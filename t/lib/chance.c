#include "chance.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "core/username.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PICK(c, array) ((array)[chance_below(c, COUNT(array))])

/* What folds, what folds oddly, what SQL or LIKE could take for its own, and
 * the edges of UTF-8's lengths. */
static const char *const pieces[] = {
    "a", "A", "b", "B", "z", "Z", "x", "1", "0", "-", ".", " ", "%", "_", "\\",
    "'", "\"", "$1", "/", "\t", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80",
    "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
    "\xf4\x8f\xbf\xbf", "\xf3\xbf\xbf\xbf", "\xf0\x9f\x98\x80", "\xc3\xa4",
    "\xc3\x84", "\xc3\x9f", "\xe1\xba\x9e", "ss", "SS", "\xc4\xb0", "\xc4\xb1",
    "i", "I", "\xcf\x83", "\xcf\x82", "\xce\xa3", "\xe2\x84\xaa", "k",
    "\xe2\x84\xab", "\xc3\xa5", "e\xcc\x81", "\xc3\xa9", "\xc3\x89",
    "\xef\xbc\xa1", "\xef\xbd\xb1", "\xe3\x82\xa2", "\xd0\x96", "\xd0\xb6"
};

static const char *const words[] = {
    "", "Anna", "ANNA", "anna", "An", "work", "Work", "home", "other", "User",
    "Group", "direct", "Stra\xc3\x9f" "e", "STRASSE", "M\xc3\x9cLLER",
    "m\xc3\xbcller", "100%", "a_b", "axb", "true", "null", "{}", "[]",
    "a@example.com", "A@Example.COM", "b@example.com", "\xf4\x8f\xbf\xbf",
    "a\xf4\x8f\xbf\xbf", "a\xf4\x8f\xbf\xbf\xf4\x8f\xbf\xbf" "b", "\xed\x9f\xbf"
};

static const char *const times[] = {
    "1970-01-01T00:00:00.000Z", "2026-02-01T09:30:00.000Z",
    "2026-02-01T09:30:00.001Z", "2026-02-01T09:30:00.123Z",
    "2026-02-28T23:59:59.999Z", "2026-03-01T00:00:00.000Z"
};

/* The same moments, or close to them, or far off, or none. */
static const char *const odd_times[] = {
    "2026-02-01T10:30:00+01:00", "2026-02-01T09:30:00.0005Z",
    "2026-02-01T09:30:00.0010000Z", "2026-02-01T09:30:00.1230001Z",
    "2026-02-28T23:59:59.9995Z", "2026-02-28T24:00:00Z",
    "0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z", "2026-02-01T09:30:00", "2026-02-30",
    "yesterday", ""
};

static const char *const odd_numbers[] = {
    "0.5", "-2.50", "25e-1", "1E1", "-0", "0.1", "1e300", "-1e300",
    "9007199254740993", "4.4999999999999999", "9007199254740992",
    "9223372036854775807", "9223372036854775808", "-9223372036854775808",
    "-2147483649", "1e-7", "0.00000010", "0.10000000000000000555",
    "123456789.0123450", "123456789.012345001", "1e15", "5e-324", "-0.0",
    "0.1000000000000000055511151231257827", "1e400", "-1e400", "1e-400"
};

/* What is stored of them and of others: 15 digits of a decimal, and all of an
 * integer. */
static const double odd_decimals[] = {
    0.1, -2.5, 1e-7, 123456789.012345, 1e300, -1e300, 1e15, 4.5, 1.0 / 3, -0.0,
    5e-324, 9007199254740993.0
};
static const apr_int64_t odd_integers[] = {
    APR_INT64_C(9007199254740993), APR_INT64_C(9007199254740992), APR_INT64_MAX,
    APR_INT64_MIN, -2147483649, 1000000000000000
};

void chance_start(chance *c, apr_uint64_t seed, apr_pool_t *pool)
{
    memset(c, 0, sizeof(*c));
    c->state = seed;
    c->seen = apr_hash_make(pool);
    c->pool = pool;
}

/* splitmix64 */
unsigned chance_below(chance *c, unsigned limit)
{
    apr_uint64_t z = c->state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (unsigned)((z ^ (z >> 31)) >> 32) % limit;
}

int chance_percent(chance *c, unsigned percent)
{
    return chance_below(c, 100) < percent;
}

const char *chance_time(chance *c)
{
    return PICK(c, times);
}

void chance_saw(chance *c, const scim_attr *attr, const char *text)
{
    apr_array_header_t *texts = apr_hash_get(c->seen, &attr, sizeof(attr));

    if (texts == NULL) {
        const scim_attr **key = apr_pmemdup(c->pool, &attr, sizeof(attr));

        texts = apr_array_make(c->pool, 16, sizeof(const char *));
        apr_hash_set(c->seen, key, sizeof(attr), texts);
    }
    APR_ARRAY_PUSH(texts, const char *) = apr_pstrdup(c->pool, text);
}

/* -------------------------------------------------------------- resources */

static const char *some_text(chance *c, apr_pool_t *pool)
{
    const char *text = "";
    unsigned n;

    if (chance_percent(c, 60)) {
        return PICK(c, words);
    }
    /* Of more than 256 characters, equal up to there. */
    if (chance_percent(c, 5)) {
        return apr_psprintf(pool, "%s%0*d%s", "\u00e4", (int)chance_below(c, 3)
                            + 254, 0, PICK(c, words));
    }
    for (n = chance_below(c, 5); n > 0; n--) {
        text = apr_pstrcat(pool, text, PICK(c, pieces), NULL);
    }
    return text;
}

/* A userName that is taken. */
static const char *some_name(chance *c, int number)
{
    const char *name;

    do {
        name = apr_psprintf(c->pool, "%s%d", some_text(c, c->pool), number);
    } while (scim_username_fault(name, 0, c->pool) != NULL);
    return name;
}

static const char *one_of(chance *c, const char *const *list)
{
    unsigned n = 0;

    while (list[n] != NULL) {
        n++;
    }
    return list[chance_below(c, n)];
}

/* Few, so that some are equal; halves are exact in binary. */
static json_t *some_number(chance *c, const scim_attr *attr)
{
    int n = (int)chance_below(c, 21) - 10;

    if (chance_percent(c, 30)) {
        return attr->type == SCIM_DECIMAL && chance_percent(c, 70)
                   ? json_real(PICK(c, odd_decimals))
                   : json_integer(PICK(c, odd_integers));
    }
    return attr->type == SCIM_DECIMAL && chance_percent(c, 70)
               ? json_real(n / 2.0)
               : json_integer(n);
}

static json_t *some_value(chance *c, const scim_attr *attr)
{
    const char *text;

    switch (attr->type) {
    case SCIM_BOOLEAN:
        return json_boolean(chance_percent(c, 50));
    case SCIM_DECIMAL:
    case SCIM_INTEGER:
        return some_number(c, attr);
    case SCIM_DATETIME:
        text = chance_percent(c, 80) ? PICK(c, times)
                                     : "2026-02-01T10:30:00.001+01:00";
        break;
    case SCIM_BINARY:
        text = chance_percent(c, 50) ? "U25vdw==" : "u25VDW==";
        break;
    case SCIM_REFERENCE:
        text = chance_percent(c, 50) ? "https://e.example/a"
                                     : "https://E.example/A%20";
        break;
    default:
        text = attr->canonical != NULL && chance_percent(c, 80)
                   ? one_of(c, attr->canonical)
                   : some_text(c, c->pool);
        if (attr->required || attr->uniqueness == SCIM_UNIQUE_SERVER) {
            text = some_name(c, c->unique++);
        }
    }
    chance_saw(c, attr, text);
    return json_string(text);
}

static json_t *some_object(chance *c, const scim_attr *attrs, int primary);

static json_t *some_elements(chance *c, const scim_attr *attr)
{
    json_t *list = json_array();
    unsigned i, n = 1 + chance_below(c, 3);

    for (i = 0; i < n; i++) {
        json_array_append_new(list, attr->sub != NULL
                                        ? some_object(c, attr->sub, i == 0)
                                        : some_value(c, attr));
    }
    return list;
}

static void add_value(json_t *object, chance *c, const scim_attr *attr)
{
    json_t *value;

    if (attr->multi) {
        value = some_elements(c, attr);
    }
    else {
        value = attr->sub != NULL ? some_object(c, attr->sub, 0)
                                  : some_value(c, attr);
    }
    json_object_set_new(object, attr->name, value);
}

/* At most one element of an attribute may be primary. */
static json_t *some_object(chance *c, const scim_attr *attrs, int primary)
{
    json_t *object = json_object();

    for (; attrs->name != NULL; attrs++) {
        if (attrs->required
            || ((attrs->mutability == SCIM_READ_WRITE
                 || attrs->mutability == SCIM_IMMUTABLE)
                && chance_percent(c, 60))) {
            if (strcmp(attrs->name, "primary") == 0) {
                json_object_set_new(object, "primary",
                                    json_boolean(primary
                                                 && chance_percent(c, 50)));
            }
            else {
                add_value(object, c, attrs);
            }
        }
    }
    return object;
}

json_t *chance_body(chance *c, const scim_resource_type *type, int number)
{
    json_t *body = some_object(c, type->schema->attrs, 0);
    const char *name
        = type->kind == SCIM_KIND_USER ? "userName" : "displayName";
    const char *unique = some_name(c, number);
    const scim_extension *ext;

    if (type->kind == SCIM_KIND_GROUP) {
        json_object_del(body, "members");
    }
    json_object_set_new(body, name, json_string(unique));
    chance_saw(c, scim_attr_find(type->schema->attrs, name, strlen(name)),
               unique);
    if (chance_percent(c, 60)) {
        add_value(body, c, scim_attr_find(scim_common_attrs, "externalId", 10));
    }
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        if (chance_percent(c, 60)) {
            json_object_set_new(body, ext->schema->id,
                                some_object(c, ext->schema->attrs, 0));
        }
    }
    json_object_set_new(body, "schemas",
                        json_pack("[s]", type->schema->id));
    return body;
}

/* ---------------------------------------------------------------- filters */

/* Names and operators have no case. */
static const char *any_case(chance *c, const char *name, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, name), *at;

    if (chance_percent(c, 30)) {
        for (at = out; *at != '\0'; at++) {
            *at = chance_percent(c, 50) ? (char)apr_toupper(*at)
                                        : (char)apr_tolower(*at);
        }
    }
    return out;
}

/* From one character to another one. */
static const char *part(chance *c, const char *text, const char *op,
                        apr_pool_t *pool)
{
    unsigned len = (unsigned)strlen(text);
    unsigned from = strcmp(op, "sw") == 0 ? 0 : chance_below(c, len + 1);
    unsigned to = strcmp(op, "ew") == 0
                      ? len
                      : from + chance_below(c, len - from + 1);

    while (from > 0 && ((unsigned char)text[from] & 0xc0) == 0x80) {
        from--;
    }
    while (to < len && ((unsigned char)text[to] & 0xc0) == 0x80) {
        to++;
    }
    return apr_pstrmemdup(pool, text + from, to - from);
}

static const char *quoted(chance *c, const char *text, apr_pool_t *pool)
{
    json_t *json = json_string(text);
    char *dump = json_dumps(json, JSON_ENCODE_ANY
                                      | (chance_percent(c, 20)
                                             ? JSON_ENSURE_ASCII : 0));
    const char *out = apr_pstrdup(pool, dump);

    free(dump);
    json_decref(json);
    return out;
}

static const char *text_operand(chance *c, const scim_attr *attr,
                                const char *op, apr_pool_t *pool)
{
    const apr_array_header_t *seen = apr_hash_get(c->seen, &attr, sizeof(attr));
    const char *text;

    if (c->marker != NULL) {
        return quoted(c, apr_pstrcat(pool, some_text(c, pool), c->marker,
                                     some_text(c, pool), NULL), pool);
    }
    if (seen == NULL || chance_percent(c, 15)) {
        return quoted(c, some_text(c, pool), pool);
    }
    text = APR_ARRAY_IDX(seen, chance_below(c, (unsigned)seen->nelts),
                         const char *);
    if (strcmp(op, "sw") == 0 || strcmp(op, "ew") == 0
        || strcmp(op, "co") == 0) {
        text = part(c, text, op, pool);
    }
    return quoted(c, any_case(c, text, pool), pool);
}

static const char *operand(chance *c, const scim_attr *attr, const char *op,
                           apr_pool_t *pool)
{
    if (chance_percent(c, 2)) {
        return chance_percent(c, 50) ? "17" : "false"; /* of any type */
    }
    if ((strcmp(op, "eq") == 0 || strcmp(op, "ne") == 0)
        && chance_percent(c, 8)) {
        return "null";
    }
    switch (attr->type) {
    case SCIM_DECIMAL:
    case SCIM_INTEGER:
        return chance_percent(c, 80)
                   ? apr_psprintf(pool, "%d", (int)chance_below(c, 21) - 10)
                   : PICK(c, odd_numbers);
    case SCIM_BOOLEAN:
        return chance_percent(c, 10) ? "\"True\""
               : chance_percent(c, 50) ? "true" : "false";
    case SCIM_DATETIME:
        return quoted(c, chance_percent(c, 60) ? PICK(c, times)
                                               : PICK(c, odd_times), pool);
    default:
        return text_operand(c, attr, op, pool);
    }
}

/* `attr` is what is compared, whatever the path says. */
static const char *condition(chance *c, const char *path,
                             const scim_attr *attr, apr_pool_t *pool)
{
    static const char *const all[] = { "eq", "eq", "ne", "co", "sw", "ew",
                                       "gt", "ge", "lt", "le" };
    static const char *const ordered[] = { "eq", "ne", "gt", "ge", "lt", "le" };
    static const char *const of_others[] = { "eq", "ne" };
    const char *op;

    if (chance_percent(c, 12)) {
        return apr_pstrcat(pool, path, any_case(c, " pr", pool), NULL);
    }
    switch (chance_percent(c, 98) ? attr->type : SCIM_STRING) {
    case SCIM_BOOLEAN:
    case SCIM_BINARY:
        op = PICK(c, of_others);
        break;
    case SCIM_DATETIME:
    case SCIM_DECIMAL:
    case SCIM_INTEGER:
        op = PICK(c, ordered);
        break;
    default:
        op = PICK(c, all);
    }
    return apr_pstrcat(pool, path, " ", any_case(c, op, pool),
                       chance_percent(c, 10) ? "  " : " ",
                       operand(c, attr, op, pool), NULL);
}

static const scim_attr *some_attr(chance *c, const scim_attr *attrs)
{
    unsigned n = 0;

    while (attrs[n].name != NULL) {
        n++;
    }
    return &attrs[chance_below(c, n)];
}

static const char *joined(chance *c, const char *left, const char *right,
                          apr_pool_t *pool)
{
    return apr_pstrcat(pool, left,
                       chance_percent(c, 50) ? " and " : any_case(c, " or ",
                                                                  pool),
                       right, NULL);
}

/* Within brackets. */
static const char *inner(chance *c, const scim_attr *attr, int depth,
                         apr_pool_t *pool)
{
    const scim_attr *sub = some_attr(c, attr->sub);
    const char *first = condition(c, any_case(c, sub->name, pool), sub, pool);

    if (depth == 0 || chance_percent(c, 40)) {
        return first;
    }
    if (chance_percent(c, 20)) {
        return apr_pstrcat(pool, "not (", inner(c, attr, depth - 1, pool), ")",
                           NULL);
    }
    return joined(c, first, inner(c, attr, depth - 1, pool), pool);
}

/* Entra's look-up, which has an index. */
static const char *of_type(chance *c, const char *path, const scim_attr *attr,
                           apr_pool_t *pool)
{
    const scim_attr *type = scim_attr_find(attr->sub, "type", 4);
    const scim_attr *value = scim_attr_find(attr->sub, "value", 5);

    return type == NULL || value == NULL
               ? NULL
               : apr_pstrcat(pool, path, "[type eq ",
                             text_operand(c, type, "eq", pool), "].",
                             condition(c, "value", value, pool), NULL);
}

static const char *element(chance *c, const char *path, const scim_attr *attr,
                           apr_pool_t *pool)
{
    const char *out = chance_percent(c, 40) ? of_type(c, path, attr, pool)
                                            : NULL;

    if (out == NULL) {
        const scim_attr *sub = some_attr(c, attr->sub);

        out = apr_pstrcat(pool, path, "[", inner(c, attr, 2, pool), "]", NULL);
        if (chance_percent(c, 20)) {
            out = apr_pstrcat(pool, out, ".",
                              condition(c, sub->name, sub, pool), NULL);
        }
    }
    return out;
}

static const scim_extension *some_extension(chance *c,
                                            const scim_resource_type *type)
{
    unsigned n = 0;

    while (type->extensions[n].schema != NULL) {
        n++;
    }
    return &type->extensions[chance_below(c, n)];
}

/* NULL: there is none. */
static const scim_attr *one_number(chance *c, const scim_schema *schema)
{
    const scim_attr *found = NULL, *attr;
    unsigned n = 0;

    for (attr = schema->attrs; attr->name != NULL; attr++) {
        if ((attr->type == SCIM_INTEGER || attr->type == SCIM_DECIMAL)
            && chance_below(c, ++n) == 0) {
            found = attr;
        }
    }
    return found;
}

static const char *leaf(chance *c, const scim_resource_type *type,
                        apr_pool_t *pool)
{
    const scim_schema *schema = type->schema;
    const scim_attr *attr, *sub;
    const char *path = "";

    if (type->extensions->schema != NULL && chance_percent(c, 15)) {
        schema = some_extension(c, type)->schema;
    }
    attr = some_attr(c, chance_percent(c, 25) && schema == type->schema
                            ? scim_common_attrs : schema->attrs);
    /* No schema of the RFCs has numbers. */
    if (schema != type->schema && chance_percent(c, 20)) {
        const scim_attr *number = one_number(c, schema);

        attr = number != NULL ? number : attr;
    }
    /* What most filters are about, more often than the rest. */
    if (type->kind == SCIM_KIND_USER && schema == type->schema
        && chance_percent(c, 25)) {
        attr = scim_attr_find(schema->attrs, chance_percent(c, 70) ? "emails"
                                                                   : "groups",
                              6);
    }
    if (schema != type->schema || chance_percent(c, 10)) {
        path = apr_pstrcat(pool, any_case(c, schema->id, pool), ":", NULL);
    }
    path = apr_pstrcat(pool, path, any_case(c, attr->name, pool), NULL);
    if (attr->sub == NULL) {
        return condition(c, path, attr, pool);
    }
    if (chance_percent(c, 35)) {
        return element(c, path, attr, pool);
    }
    sub = scim_attr_find(attr->sub, "value", 5);
    if (sub != NULL && chance_percent(c, 20)) {
        return condition(c, path, sub, pool);
    }
    sub = some_attr(c, attr->sub);
    return condition(c, apr_pstrcat(pool, path, ".",
                                    any_case(c, sub->name, pool), NULL),
                     sub, pool);
}

const char *chance_filter(chance *c, const scim_resource_type *type, int depth,
                          apr_pool_t *pool)
{
    if (depth == 0 || chance_percent(c, 45)) {
        return leaf(c, type, pool);
    }
    switch (chance_below(c, 4)) {
    case 0:
        return apr_pstrcat(pool, any_case(c, "not ", pool), "(",
                           chance_filter(c, type, depth - 1, pool), ")", NULL);
    case 1:
        return apr_pstrcat(pool, "(", chance_filter(c, type, depth - 1, pool),
                           ")", NULL);
    default:
        return joined(c, chance_filter(c, type, depth - 1, pool),
                      chance_filter(c, type, depth - 1, pool), pool);
    }
}
