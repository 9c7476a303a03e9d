/* Reading a BulkRequest; bulk_order.c says what is done when. */
#include "core/bulk.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "core/bulk_reference.h"
#include "core/casefold.h"
#include "core/message.h"

/* The text is cut into operations before it is parsed: parsed as a whole it
 * would take ten times its size. What is cut wrongly does not parse. */
typedef struct cursor {
    const char *at, *end;
    apr_pool_t *pool;
} cursor;

typedef struct slice {
    const char *text;
    apr_size_t len;
} slice;

typedef struct reader {
    scim_bulk *bulk;
    apr_array_header_t *operations;
    apr_array_header_t *names; /* of each: the array of what it refers to */
    int has_operations;
    int has_schema;
    int max_operations;
    apr_hash_t *seen; /* names of the message's members */
    apr_pool_t *scratch; /* of one operation */
    apr_pool_t *pool;
} reader;

/* clang-format off */
static const struct {
    const char *name;
    scim_bulk_method method;
    int needs_data;
} methods[] = {
    { "POST",   SCIM_BULK_POST,   1 },
    { "PUT",    SCIM_BULK_PUT,    1 },
    { "PATCH",  SCIM_BULK_PATCH,  1 },
    { "DELETE", SCIM_BULK_DELETE, 0 },
};
/* clang-format on */

/* --- cutting ---------------------------------------------------------- */

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The next character that means something; 0 at the end. */
static char peek(cursor *c)
{
    while (c->at < c->end && is_blank(*c->at)) {
        c->at++;
    }
    return c->at < c->end ? *c->at : '\0';
}

static int take(cursor *c, char wanted)
{
    if (peek(c) != wanted || c->at == c->end) {
        return 0;
    }
    c->at++;
    return 1;
}

static void skip_string(cursor *c)
{
    for (c->at++; c->at < c->end && *c->at != '"'; c->at++) {
        c->at += *c->at == '\\' && c->end - c->at > 1;
    }
    c->at += c->at < c->end;
}

/* A value up to where it must end, whatever is in it. */
static slice cut(cursor *c)
{
    slice out;
    int depth = 0;

    peek(c);
    out.text = c->at;
    while (c->at < c->end) {
        char next = *c->at;

        if (depth == 0 && (next == ',' || next == '}' || next == ']')) {
            break;
        }
        if (next == '"') {
            skip_string(c);
            continue;
        }
        depth += next == '{' || next == '[';
        depth -= next == '}' || next == ']';
        c->at++;
    }
    out.len = (apr_size_t)(c->at - out.text);
    return out;
}

/* --- one operation ---------------------------------------------------- */

static scim_error *no_json(const char *what, const json_error_t *where,
                           apr_pool_t *pool)
{
    return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                           "%s is not valid JSON: line %d, column %d: %s.",
                           what, where->line, where->column,
                           scim_excerpt(where->text, pool));
}

static const char *member_text(const json_t *object, const char *name,
                               apr_pool_t *pool)
{
    const char *text = json_string_value(scim_json_member(object, name));

    return text != NULL && *text != '\0' ? apr_pstrdup(pool, text) : NULL;
}

static scim_error *refuse(const reader *r, const char *why)
{
    return scim_error_make(SCIM_INVALID_VALUE, r->pool, "%s", why);
}

static const scim_error *read_method(scim_bulk_operation *out,
                                     const json_t *json, const reader *r)
{
    const char *method = json_string_value(scim_json_member(json, "method"));
    size_t i;

    for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (method != NULL && scim_name_equals(method, methods[i].name)) {
            out->method = methods[i].method;
            return methods[i].needs_data
                           && !json_is_object(scim_json_member(json, "data"))
                       ? refuse(r, "\"data\" must be an object; POST, PUT and "
                                   "PATCH need it.")
                       : NULL;
        }
    }
    return refuse(r, "\"method\" must be POST, PUT, PATCH or DELETE.");
}

/* RFC 7644, 3.7: which attributes are required. */
static const scim_error *check(scim_bulk_operation *out, const json_t *json,
                               const reader *r)
{
    const json_t *version = scim_json_member(json, "version");
    const scim_error *refused = read_method(out, json, r);

    if (refused != NULL) {
        return refused;
    }
    if (out->method == SCIM_BULK_POST && out->bulk_id == NULL) {
        return refuse(r, "A POST needs a \"bulkId\".");
    }
    if (out->path == NULL) {
        return refuse(r, "\"path\" is missing; it is \"/Users\" of a POST, and "
                         "\"/Users/\" with an id of all others.");
    }
    if (version != NULL && !json_is_null(version)
        && !json_is_string(version)) {
        return refuse(r, "\"version\" must be a string, such as W/\"3\".");
    }
    return NULL;
}

static void read_operation(reader *r, const slice *text, const json_t *json)
{
    scim_bulk_operation *out = apr_array_push(r->operations);
    apr_array_header_t *names = apr_array_make(r->pool, 0,
                                               sizeof(const char *));

    memset(out, 0, sizeof(*out));
    out->text = text->text;
    out->len = text->len;
    out->bulk_id = member_text(json, "bulkId", r->pool);
    out->path = member_text(json, "path", r->pool);
    out->version = member_text(json, "version", r->pool);
    out->refused = check(out, json, r);
    if (out->refused == NULL) {
        scim_bulk_names_in_path(names, out->path, r->pool);
    }
    if (out->refused == NULL && out->method != SCIM_BULK_DELETE) {
        scim_bulk_names_in_data(names, scim_json_member(json, "data"),
                                r->pool);
    }
    APR_ARRAY_PUSH(r->names, apr_array_header_t *) = names;
}

static scim_error *read_element(reader *r, const slice *text)
{
    int index = r->operations->nelts;
    json_t *json;
    scim_error *err;

    if (index == r->max_operations) {
        return scim_error_make(SCIM_TOO_LARGE, r->pool,
                               "The request has more operations than "
                               "maxOperations, which is %d.",
                               r->max_operations);
    }
    if (text->len == 0 || *text->text != '{') {
        return scim_error_make(SCIM_INVALID_SYNTAX, r->pool,
                               "Operations[%d] must be an object.", index);
    }
    apr_pool_clear(r->scratch);
    err = scim_json_parse(&json, text->text, text->len,
                          r->bulk->max_depth - 2, r->scratch);
    if (err != NULL) {
        return scim_error_make(SCIM_INVALID_SYNTAX, r->pool,
                               "Operations[%d]: %s", index, err->detail);
    }
    read_operation(r, text, json);
    return NULL;
}

/* --- the message ------------------------------------------------------ */

static scim_error *bad_form(const reader *r)
{
    return scim_error_make(SCIM_INVALID_SYNTAX, r->pool,
                           "The body is not valid JSON, or not one object.");
}

static scim_error *read_operations(reader *r, cursor *c)
{
    scim_error *err = NULL;

    if (r->has_operations++ || !take(c, '[')) {
        return scim_error_make(SCIM_INVALID_SYNTAX, r->pool,
                               "\"Operations\" must be one list.");
    }
    if (take(c, ']')) {
        return NULL;
    }
    do {
        slice text = cut(c);

        err = read_element(r, &text);
    } while (err == NULL && take(c, ','));
    return err != NULL || take(c, ']') ? err : bad_form(r);
}

static scim_error *read_limit(reader *r, const json_t *value)
{
    json_int_t limit = json_integer_value(value);

    if (json_is_null(value)) {
        return NULL;
    }
    if (!json_is_integer(value) || limit < 0) {
        return scim_error_make(SCIM_INVALID_VALUE, r->pool,
                               "\"failOnErrors\" must be an integer, 0 or "
                               "more.");
    }
    r->bulk->fail_on_errors = limit > APR_INT32_MAX ? APR_INT32_MAX
                                                    : (int)limit;
    return NULL;
}

static int names_request(const json_t *schemas)
{
    const char *urn;
    size_t i;

    for (i = 0; i < json_array_size(schemas); i++) {
        urn = json_string_value(json_array_get(schemas, i));
        if (urn != NULL && scim_name_equals(urn, SCIM_URN_BULK_REQUEST)) {
            return 1;
        }
    }
    return 0;
}

/* A member of the message: its name has been taken. */
static scim_error *read_member(reader *r, const char *name, cursor *c)
{
    json_error_t where;
    json_t *value;
    slice text;

    if (scim_name_equals(name, "Operations")) {
        return read_operations(r, c); /* the name is not used after this */
    }
    text = cut(c);
    value = json_loadb(text.text, text.len,
                       JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);
    if (value == NULL) {
        return no_json(apr_psprintf(r->pool, "\"%s\"",
                                    scim_excerpt(name, r->pool)),
                       &where, r->pool);
    }
    scim_json_adopt(value, r->scratch);
    if (scim_name_equals(name, "schemas")) {
        r->has_schema = names_request(value);
    }
    return scim_name_equals(name, "failOnErrors") ? read_limit(r, value) : NULL;
}

static scim_error *check_name(reader *r, const char *name)
{
    if (apr_hash_get(r->seen, name, APR_HASH_KEY_STRING) != NULL) {
        return scim_error_make(SCIM_INVALID_SYNTAX, r->pool,
                               "\"%s\" is given twice.",
                               scim_excerpt(name, r->pool));
    }
    apr_hash_set(r->seen, apr_pstrdup(r->pool, name), APR_HASH_KEY_STRING, "");
    return NULL;
}

static scim_error *read_members(reader *r, cursor *c)
{
    scim_error *err = NULL;

    do {
        const char *start;
        json_t *name = NULL;

        apr_pool_clear(r->scratch);
        if (peek(c) == '"') {
            start = c->at;
            skip_string(c);
            name = scim_json_adopt(
                json_loadb(start, (apr_size_t)(c->at - start),
                           JSON_DECODE_ANY, NULL),
                r->scratch);
        }
        if (name == NULL || !take(c, ':')) {
            return bad_form(r);
        }
        err = check_name(r, json_string_value(name));
        if (err == NULL) {
            err = read_member(r, json_string_value(name), c);
        }
    } while (err == NULL && take(c, ','));
    return err;
}

static scim_error *read_message(reader *r, cursor *c)
{
    scim_error *err = NULL;

    if (!take(c, '{')) {
        return bad_form(r);
    }
    if (peek(c) != '}') {
        err = read_members(r, c);
    }
    if (err == NULL && (!take(c, '}') || peek(c) != '\0' || c->at != c->end)) {
        return bad_form(r);
    }
    if (err == NULL && !r->has_schema) {
        return scim_error_make(SCIM_INVALID_SYNTAX, r->pool,
                               "\"schemas\" of a Bulk must name \"%s\".",
                               SCIM_URN_BULK_REQUEST);
    }
    if (err == NULL && !r->has_operations) {
        return scim_error_make(SCIM_INVALID_SYNTAX, r->pool,
                               "A Bulk needs a list of \"Operations\".");
    }
    return err;
}

/* --- references ------------------------------------------------------- */

/* RFC 7644, 3.7: a bulkId is unique in the request. Where it is not, there is
 * no telling which one a reference means. */
static void collect_bulk_ids(reader *r)
{
    int i;

    for (i = 0; i < r->operations->nelts; i++) {
        scim_bulk_operation *op
            = &APR_ARRAY_IDX(r->operations, i, scim_bulk_operation);
        scim_bulk_operation *other;

        if (op->bulk_id == NULL) {
            continue;
        }
        other = apr_hash_get(r->bulk->by_bulk_id, op->bulk_id,
                             APR_HASH_KEY_STRING);
        if (other != NULL) {
            op->refused = other->refused = scim_error_make(
                SCIM_INVALID_VALUE, r->pool,
                "The bulkId \"%s\" is given to more than one operation.",
                scim_excerpt(op->bulk_id, r->pool));
        }
        apr_hash_set(r->bulk->by_bulk_id, op->bulk_id, APR_HASH_KEY_STRING, op);
    }
}

static const scim_error *find_references(scim_bulk_operation *op,
                                         const apr_array_header_t *names,
                                         const reader *r)
{
    apr_array_header_t *found = apr_array_make(r->pool, names->nelts,
                                               sizeof(int));
    apr_hash_t *seen = apr_hash_make(r->scratch);
    int i;

    op->references = found;
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const scim_bulk_operation *to
            = apr_hash_get(r->bulk->by_bulk_id, name, APR_HASH_KEY_STRING);

        if (to == NULL || to->method != SCIM_BULK_POST) {
            return scim_error_make(SCIM_INVALID_VALUE, r->pool,
                                   "No POST of the request has the bulkId "
                                   "\"%s\".",
                                   scim_excerpt(name, r->pool));
        }
        if (apr_hash_get(seen, &to, sizeof(to)) == NULL) {
            const scim_bulk_operation **key
                = apr_pmemdup(r->scratch, &to, sizeof(to));

            apr_hash_set(seen, key, sizeof(to), "");
            APR_ARRAY_PUSH(found, int)
                = (int)(to - (scim_bulk_operation *)r->operations->elts);
        }
    }
    return NULL;
}

static void resolve_all(reader *r)
{
    int i;

    collect_bulk_ids(r);
    for (i = 0; i < r->operations->nelts; i++) {
        scim_bulk_operation *op
            = &APR_ARRAY_IDX(r->operations, i, scim_bulk_operation);
        const scim_error *unknown;

        apr_pool_clear(r->scratch);
        unknown = find_references(
            op, APR_ARRAY_IDX(r->names, i, apr_array_header_t *), r);
        if (op->refused == NULL) {
            op->refused = unknown;
        }
    }
}

scim_error *scim_bulk_read(scim_bulk **out, const char *text, apr_size_t len,
                           int max_operations, int max_depth, apr_pool_t *pool)
{
    reader r = { .max_operations = max_operations, .pool = pool };
    cursor c = { text, text + len, pool };
    scim_error *err;

    /* RFC 8259, 8.1: a parser may ignore a byte order mark; .NET sends it. */
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        c.at += 3;
    }
    r.bulk = apr_pcalloc(pool, sizeof(*r.bulk));
    r.bulk->max_depth = max_depth;
    r.operations = apr_array_make(pool, 16, sizeof(scim_bulk_operation));
    r.seen = apr_hash_make(pool);
    r.names = apr_array_make(pool, 16, sizeof(apr_array_header_t *));
    r.bulk->by_bulk_id = apr_hash_make(pool);
    r.bulk->operations = r.operations;
    apr_pool_create(&r.scratch, pool);
    err = read_message(&r, &c);
    if (err == NULL) {
        resolve_all(&r);
        *out = r.bulk;
    }
    apr_pool_destroy(r.scratch);
    return err;
}

const scim_bulk_operation *scim_bulk_get(const scim_bulk *bulk, int index)
{
    return &APR_ARRAY_IDX(bulk->operations, index, scim_bulk_operation);
}

typedef struct found_ids {
    const scim_bulk *bulk;
    const char *const *ids;
} found_ids;

static const char *id_for(const char *name, void *baton)
{
    const found_ids *f = baton;
    const scim_bulk_operation *op
        = apr_hash_get(f->bulk->by_bulk_id, name, APR_HASH_KEY_STRING);

    return op != NULL ? f->ids[op - scim_bulk_get(f->bulk, 0)] : NULL;
}

void scim_bulk_resolve(const char **path, json_t **data, const scim_bulk *bulk,
                       int index, const char *const *ids, apr_pool_t *pool)
{
    const scim_bulk_operation *op = scim_bulk_get(bulk, index);
    found_ids f = { bulk, ids };
    json_t *json = scim_json_adopt(json_loadb(op->text, op->len, 0, NULL),
                                   pool);

    *path = scim_bulk_path_with_ids(op->path, id_for, &f, pool);
    *data = op->method == SCIM_BULK_DELETE ? NULL
                                           : scim_json_member(json, "data");
    scim_bulk_put_ids(*data, id_for, &f, pool);
}
