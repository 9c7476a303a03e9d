#include "core/quote.h"

#include <string.h>

#include <apr_strings.h>

#include "core/json.h"
#include "core/path.h"

typedef struct quote {
    const scim_resource_type *type;
    apr_size_t left; /* bytes */
    int left_out;
    apr_pool_t *pool;
} quote;

#define SMALL 5 /* bytes of a value that is no text */

static void spend(apr_size_t bytes, quote *q)
{
    q->left -= bytes < q->left ? bytes : q->left;
}

static json_t *secret(quote *q)
{
    q->left_out = 1;
    spend(sizeof(SCIM_QUOTE_SECRET), q);
    return json_string(SCIM_QUOTE_SECRET);
}

/* The beginning, cut between two characters of UTF-8. */
static json_t *text_of(const char *text, quote *q)
{
    apr_size_t len = strlen(text), most = SCIM_QUOTE_TEXT_MAX;

    most = q->left < most ? q->left : most;
    if (len <= most) {
        spend(len, q);
        return scim_json_text(text);
    }
    q->left_out = 1;
    while (most > 0 && ((unsigned char)text[most] & 0xC0) == 0x80) {
        most--;
    }
    spend(most, q);
    return scim_json_text(apr_pstrcat(
        q->pool, apr_pstrmemdup(q->pool, text, most), "...", NULL));
}

static json_t *list_of(const json_t *list, const scim_attr *attr, quote *q);
static json_t *object_of(const json_t *object, const scim_attr *subs,
                         quote *q);

static int holds_secret(const scim_attr *attr)
{
    const scim_attr *sub;

    for (sub = attr->sub; sub != NULL && sub->name != NULL; sub++) {
        if (scim_attr_is_secret(sub)) {
            return 1;
        }
    }
    return 0;
}

/* Of an attribute, or NULL: of none that is known. */
static json_t *value_of(const json_t *value, const scim_attr *attr, quote *q)
{
    if (attr == NULL || scim_attr_is_secret(attr)) {
        return secret(q);
    }
    switch (json_typeof(value)) {
    case JSON_ARRAY:
        return list_of(value, attr, q);
    case JSON_OBJECT:
        return object_of(value, attr->sub, q);
    case JSON_STRING:
        return holds_secret(attr) ? secret(q)
                                  : text_of(json_string_value(value), q);
    default:
        spend(SMALL, q);
        return json_copy((json_t *)value);
    }
}

static json_t *list_of(const json_t *list, const scim_attr *attr, quote *q)
{
    json_t *out = json_array(), *element;
    size_t i;

    spend(SMALL, q);
    json_array_foreach((json_t *)list, i, element) {
        if (i == SCIM_QUOTE_LIST_MAX || q->left == 0) {
            q->left_out = 1;
            json_array_append_new(
                out, json_string(apr_psprintf(
                         q->pool, "(%" APR_SIZE_T_FMT " more)",
                         json_array_size(list) - i)));
            break;
        }
        json_array_append_new(out, json_is_array(element)
                                       ? secret(q)
                                       : value_of(element, attr, q));
    }
    return out;
}

/* A name is text of the client's, too. */
static void put(json_t *out, const char *name, json_t *value, quote *q)
{
    json_t *text = text_of(name, q);

    json_object_set_new(out, json_string_value(text), value);
    json_decref(text);
}

static int is_full(const json_t *out, quote *q)
{
    int full = json_object_size(out) >= SCIM_QUOTE_MEMBERS_MAX || q->left == 0;

    q->left_out |= full;
    return full;
}

static json_t *object_of(const json_t *object, const scim_attr *subs, quote *q)
{
    json_t *out = json_object(), *value;
    const char *name;

    spend(SMALL, q);
    json_object_foreach((json_t *)object, name, value) {
        if (is_full(out, q)) {
            break;
        }
        put(out, name,
            value_of(value,
                     subs != NULL ? scim_attr_find(subs, name, strlen(name))
                                  : NULL,
                     q),
            q);
    }
    return out;
}

/* What a path leads to: "emails[type eq \"work\"].value" to emails.value. 0: to
 * nothing that is known. */
static int resolve(scim_path *out, const char *text, quote *q)
{
    const char *open = strchr(text, '['), *close = strrchr(text, ']');

    if (open != NULL && close != NULL && close > open) {
        text = apr_pstrcat(q->pool,
                           apr_pstrmemdup(q->pool, text,
                                          (apr_size_t)(open - text)),
                           close + 1, NULL);
    }
    return scim_path_parse(out, text, strlen(text), q->type, SCIM_INVALID_PATH,
                           q->pool)
           == NULL;
}

static json_t *at_path(const json_t *value, const char *text, quote *q)
{
    scim_path path;

    if (!resolve(&path, text, q)) {
        return secret(q);
    }
    if (path.attr == NULL) { /* an extension */
        return json_is_object(value)
                   ? object_of(value, path.schema->attrs, q)
                   : secret(q);
    }
    return scim_attr_is_secret(path.attr)
               ? secret(q)
               : value_of(value, path.sub != NULL ? path.sub : path.attr, q);
}

/* Members are attributes, or paths to them as some clients have it. */
static json_t *resource_of(const json_t *resource, quote *q)
{
    json_t *out = json_object(), *value;
    const char *name;

    json_object_foreach((json_t *)resource, name, value) {
        if (is_full(out, q)) {
            break;
        }
        put(out, name, at_path(value, name, q), q);
    }
    return out;
}

/* A path whose filter looks for a secret holds it. */
static json_t *path_of(const char *text, quote *q)
{
    scim_path path;

    if (resolve(&path, text, q) && path.attr != NULL
        && (scim_attr_is_secret(path.attr) || holds_secret(path.attr))) {
        q->left_out |= strchr(text, '[') != NULL;
        return scim_json_text(scim_path_text(&path, q->type, q->pool));
    }
    return text_of(text, q);
}

static json_t *operation_of(const json_t *operation, quote *q)
{
    const json_t *path = scim_json_member(operation, "path"),
                 *value = scim_json_member(operation, "value"),
                 *op = scim_json_member(operation, "op");
    json_t *out = json_object();

    if (json_is_string(op)) {
        json_object_set_new(out, "op", text_of(json_string_value(op), q));
    }
    if (json_is_string(path)) {
        json_object_set_new(out, "path",
                            path_of(json_string_value(path), q));
    }
    if (value != NULL) {
        json_object_set_new(
            out, "value",
            json_is_string(path) ? at_path(value, json_string_value(path), q)
            : json_is_object(value) ? resource_of(value, q)
                                    : secret(q));
    }
    return out;
}

static json_t *operations_of(const json_t *list, quote *q)
{
    json_t *out = json_array(), *operation;
    size_t i;

    json_array_foreach((json_t *)list, i, operation) {
        if (i == SCIM_QUOTE_LIST_MAX || q->left == 0) {
            q->left_out = 1;
            break;
        }
        json_array_append_new(out, json_is_object(operation)
                                       ? operation_of(operation, q)
                                       : secret(q));
    }
    return out;
}

json_t *scim_quote(int *left_out, const json_t *body,
                   const scim_resource_type *type, apr_pool_t *pool)
{
    quote q = { type, SCIM_QUOTE_ALL_MAX, 0, pool };
    const json_t *operations;
    json_t *out = NULL;

    if (json_is_object(body) && type != NULL) {
        operations = scim_json_member(body, "Operations");
        out = json_is_array(operations)
                  ? json_pack("{s:o}", "Operations",
                              operations_of(operations, &q))
                  : resource_of(body, &q);
    }
    *left_out = q.left_out || (out == NULL && body != NULL);
    return out;
}
