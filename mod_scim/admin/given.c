#include "admin/given.h"

#include <string.h>

#include <apr_encode.h>
#include <apr_escape.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "admin/check.h"
#include "core/casefold.h"
#include "core/json.h"

static scim_error *wrong(const char *name, apr_pool_t *pool,
                         const char *problem)
{
    scim_error *err = scim_error_make(SCIM_INVALID_VALUE, pool, "\"%s\" %s.",
                                      scim_excerpt(name, pool), problem);

    err->field = scim_excerpt(name, pool);
    return err;
}

static const admin_field *find(const admin_field *fields, const char *name)
{
    for (; fields != NULL && fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0) {
            return fields;
        }
    }
    return NULL;
}

/* ------------------------------------------- texts of a path and of a query */

/* One spelling of each number, and no more digits than an id has. */
static json_t *as_number(const char *text)
{
    apr_size_t len = strlen(text);

    return len > 0 && len < 16 && strspn(text, "0123456789") == len
               ? json_integer(apr_atoi64(text))
               : json_string(text);
}

/* What is of no such form stays a text, for admin_perform() to complain of. */
static json_t *as_value(const char *text, const admin_field *field)
{
    switch (field->type) {
    case ADMIN_NUMBER:
        return as_number(text);
    case ADMIN_BOOLEAN:
        return strcmp(text, "true") == 0    ? json_true()
               : strcmp(text, "false") == 0 ? json_false()
                                            : json_string(text);
    case ADMIN_LIST: {
        json_t *one = json_string(text);

        return one != NULL ? json_pack("[o]", one) : NULL;
    }
    default:
        return json_string(text);
    }
}

/* A list's parameter may come several times. */
static scim_error *give(json_t *given, const char *text,
                        const admin_field *field, apr_pool_t *pool)
{
    json_t *value = as_value(text, field),
           *before = json_object_get(given, field->name);

    if (value == NULL) {
        return wrong(field->name, pool, "is no UTF-8");
    }
    if (before == NULL) {
        json_object_set_new(given, field->name, value);
        return NULL;
    }
    if (field->type == ADMIN_LIST && json_is_array(before)) {
        json_array_extend(before, value);
        json_decref(value);
        return NULL;
    }
    if (!json_equal(before, value)) {
        json_decref(value);
        return wrong(field->name, pool, "is given twice");
    }
    json_decref(value);
    return NULL;
}

/* -------------------------------------------------------------------- query */

static scim_error *read_limit(int *out, const char *text, apr_pool_t *pool)
{
    apr_int64_t n = apr_isdigit(*text) && strlen(text) < 6 ? apr_atoi64(text)
                                                           : 0;

    if (strspn(text, "0123456789") != strlen(text) || n < 1
        || n > ADMIN_LIST_MAX) {
        return wrong("limit", pool,
                     "takes a number, 1 to " APR_STRINGIFY(ADMIN_LIST_MAX));
    }
    *out = (int)n;
    return NULL;
}

static scim_error *read_after(const char **out, const char *text,
                              apr_pool_t *pool)
{
    apr_size_t len;
    const char *key = apr_pdecode_base64(pool, text, APR_ENCODE_STRING,
                                         APR_ENCODE_BASE64URL, &len);
    scim_error *err;
    json_t *valid = key != NULL && strlen(key) == len
                        ? scim_json_adopt(json_string(key), pool)
                        : NULL;

    if (valid == NULL || len == 0) {
        err = scim_error_make(SCIM_INVALID_CURSOR, pool,
                              "\"after\" takes what a list gave as \"next\", "
                              "and nothing else.");
        err->field = "after";
        return err;
    }
    *out = key;
    return NULL;
}

const char *admin_given_after(const char *key, apr_pool_t *pool)
{
    return apr_pencode_base64(pool, key, APR_ENCODE_STRING,
                              APR_ENCODE_BASE64URL, NULL);
}

static scim_error *read_parameter(admin_call *call, const char *name,
                                  const char *value)
{
    const admin_operation *operation = call->operation;
    const admin_field *field = find(operation->fields, name);

    if (operation->is_list && strcmp(name, "limit") == 0) {
        return read_limit(&call->slice.limit, value, call->pool);
    }
    if (operation->is_list && strcmp(name, "after") == 0) {
        return read_after(&call->slice.after, value, call->pool);
    }
    /* A filter that is spelt wrongly must not be no filter. */
    return field != NULL ? give(call->given, value, field, call->pool)
                         : wrong(name, call->pool,
                                 "is nothing that can be asked for here");
}

/* RFC 3986 and forms: "a=b&c=d", "+" is a blank. */
static scim_error *read_query(admin_call *call, const char *query)
{
    char *rest = apr_pstrdup(call->pool, query != NULL ? query : ""), *pair,
         *state = NULL, *value;
    scim_error *err = NULL;

    for (pair = apr_strtok(rest, "&", &state); err == NULL && pair != NULL;
         pair = apr_strtok(NULL, "&", &state)) {
        const char *name, *text;

        value = strchr(pair, '=');
        if (value != NULL) {
            *value++ = '\0';
        }
        name = apr_punescape_url(call->pool, pair, NULL, NULL, 1);
        text = value == NULL || *value == '\0'
                   ? ""
                   : apr_punescape_url(call->pool, value, NULL, NULL, 1);
        err = name == NULL || text == NULL
                  ? wrong(pair, call->pool, "is not percent-encoded well")
                  : read_parameter(call, name, text);
    }
    return err;
}

static const char *as_parameter(const json_t *value, apr_pool_t *pool)
{
    return json_is_string(value)    ? json_string_value(value)
           : json_is_boolean(value) ? (json_is_true(value) ? "true" : "false")
                                    : scim_json_dump(value, NULL, pool);
}

static const char *add(const char *query, const char *name,
                       const json_t *value, apr_pool_t *pool)
{
    const char *text = as_parameter(value, pool);

    return apr_pstrcat(pool, query, *query == '\0' ? "?" : "&", name, "=",
                       apr_pescape_urlencoded(pool, text), NULL);
}

const char *admin_given_next(const admin_call *call, apr_pool_t *pool)
{
    const char *query = "", *name;
    json_t *value, *each;
    size_t i;

    json_object_foreach(call->given, name, value) {
        if (!json_is_array(value)) {
            query = add(query, name, value, pool);
            continue;
        }
        json_array_foreach(value, i, each) {
            query = add(query, name, each, pool);
        }
    }
    return apr_psprintf(pool, "%s%slimit=%d&after=%s", query,
                        *query == '\0' ? "?" : "&", call->slice.limit,
                        admin_given_after(call->slice.next, pool));
}

/* --------------------------------------------------------------------- path */

static scim_error *nobody_is_called(const char *slug, apr_pool_t *pool)
{
    return scim_error_make(SCIM_NOT_FOUND, pool,
                           "There is no organization \"%s\".",
                           scim_excerpt(slug, pool));
}

static scim_error *read_path(admin_call *call,
                             const apr_array_header_t *captures)
{
    scim_error *err = NULL;
    int i, ids = 0;

    for (i = 0; err == NULL && i < captures->nelts; i++) {
        const admin_capture *at = &APR_ARRAY_IDX(captures, i, admin_capture);
        const admin_field *field = find(call->operation->fields, at->name);

        if (strcmp(at->name, "organization") == 0) {
            call->slug = at->value;
            if (admin_check_slug(at->value, call->pool) != NULL) {
                err = nobody_is_called(at->value, call->pool);
            }
        }
        else if (field != NULL) {
            err = give(call->given, at->value, field, call->pool);
        }
        else {
            call->ids[ids++] = at->value;
        }
    }
    return err;
}

/* --------------------------------------------------------------------- body */

static scim_error *check_media_type(const char *type, apr_pool_t *pool)
{
    static const char name[] = "application/json";
    apr_size_t len = type != NULL ? strcspn(type, "; \t") : 0;

    return type != NULL && scim_name_equals_n(type, len, name)
               ? NULL
               : scim_error_make(SCIM_UNSUPPORTED_MEDIA_TYPE, pool,
                                 "The body must be application/json.");
}

static scim_error *read_body(admin_call *call, const admin_request *request,
                             int max_depth)
{
    const char *text;
    apr_size_t len;
    scim_error *err = request->read_body(&text, &len, request->baton,
                                         call->pool);

    if (err != NULL || len == 0) {
        return err;
    }
    err = check_media_type(request->content_type, call->pool);
    return err != NULL ? err
                       : scim_json_parse(&call->given, text, len, max_depth,
                                         call->pool);
}

/* ----------------------------------------------------------------- If-Match */

/* What stands behind the number is ours (admin_serve) or mod_deflate's. */
static scim_error *read_if_match(const char **out, const char *header,
                                 apr_pool_t *pool)
{
    const char *end;
    apr_size_t digits;

    if (header == NULL || strcmp(header, "*") == 0) {
        return NULL;
    }
    digits = *header == '"' ? strspn(header + 1, "0123456789") : 0;
    end = header + 1 + digits;
    if (digits == 0 || digits > 9 || (*end != '"' && *end != '-')
        || strchr(end, ',') != NULL || end[strlen(end) - 1] != '"') {
        return scim_error_make(SCIM_BAD_REQUEST, pool,
                               "If-Match takes one ETag as it was given, for "
                               "instance \"3\", or *.");
    }
    *out = apr_pstrmemdup(pool, header + 1, digits);
    return NULL;
}

scim_error *admin_given_read(admin_call *call, const admin_route *route,
                             const apr_array_header_t *captures,
                             const admin_request *request, int max_depth)
{
    int reads = strcmp(route->method, "GET") == 0;
    scim_error *err = NULL;

    call->given = scim_json_adopt(json_object(), call->pool);
    if (!reads) {
        err = read_body(call, request, max_depth);
    }
    if (err == NULL) {
        err = read_path(call, captures);
    }
    if (err == NULL && reads) {
        err = read_query(call, request->query);
    }
    else if (err == NULL && request->query != NULL
             && *request->query != '\0') {
        err = scim_error_make(SCIM_BAD_REQUEST, call->pool,
                              "What is given with %s stands in the body, not "
                              "in the query.",
                              route->method);
    }
    return err != NULL ? err
                       : read_if_match(&call->version, request->if_match,
                                       call->pool);
}
