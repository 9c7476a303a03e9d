#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "protocol/operation.h"

/* Of one parameter: what a URL could carry. Filters and cursors have limits of
 * their own. */
#define MAX_TEXT 8192

static scim_error *wrong_type(const char *name, const char *what,
                              apr_pool_t *pool)
{
    return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                           "\"%s\" has to be %s in a SearchRequest.", name,
                           what);
}

/* "attributes" as a list with commas, which a URL has. */
static scim_error *read_names(const char **out, const char *name,
                              const json_t *value, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 8, sizeof(const char *));
    const char *text;
    size_t i;

    for (i = 0; i < json_array_size(value); i++) {
        text = json_string_value(json_array_get(value, i));
        if (text == NULL) {
            return wrong_type(name, "an array of texts", pool);
        }
        APR_ARRAY_PUSH(names, const char *) = text;
    }
    *out = apr_array_pstrcat(pool, names, ',');
    return NULL;
}

/* Numbers become the text that a URL would have; what takes none refuses it by
 * its own rules. */
static scim_error *read_member(serve_query *out, const char *name,
                               const json_t *value, apr_pool_t *pool)
{
    const char **field = serve_query_field(out, name);
    int takes_number = field == &out->count || field == &out->start_index;
    int takes_list = field == &out->attributes
                     || field == &out->excluded_attributes;

    if (field == NULL || json_is_null(value)) {
        return NULL;
    }
    if (*field != NULL) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "\"%s\" is given twice.", name);
    }
    if (takes_list && json_is_array(value)) {
        return read_names(field, name, value, pool);
    }
    if (takes_number && json_is_integer(value)) {
        *field = apr_psprintf(pool, "%" APR_INT64_T_FMT,
                              (apr_int64_t)json_integer_value(value));
        return NULL;
    }
    if (!json_is_string(value)) {
        return wrong_type(name,
                          takes_list     ? "an array of texts"
                          : takes_number ? "a whole number"
                                         : "a text",
                          pool);
    }
    *field = json_string_value(value);
    return NULL;
}

static scim_error *check_length(serve_query *query, const char *name,
                                apr_pool_t *pool)
{
    const char **field = serve_query_field(query, name);

    if (field == NULL || *field == NULL || field == &query->filter
        || field == &query->cursor || strlen(*field) <= MAX_TEXT) {
        return NULL;
    }
    return scim_error_make(SCIM_INVALID_VALUE, pool,
                           "\"%s\" has more than %d bytes.",
                           scim_excerpt(name, pool), MAX_TEXT);
}

static int is_search_request(const json_t *body)
{
    const json_t *schemas = scim_json_member(body, "schemas");
    size_t i;

    for (i = 0; i < json_array_size(schemas); i++) {
        const char *urn = json_string_value(json_array_get(schemas, i));

        if (urn != NULL && scim_name_equals(urn, SCIM_URN_SEARCH_REQUEST)) {
            return 1;
        }
    }
    return 0;
}

/* POST of a SearchRequest (RFC 7644, 3.4.3): the body is the query, and what
 * the URL asks for besides does not count. */
scim_error *serve_search(serve_call *call)
{
    const char *name;
    json_t *body, *value;
    scim_error *err = serve_body_read(&body, call);

    if (err == NULL && !is_search_request(body)) {
        err = scim_error_make(SCIM_INVALID_SYNTAX, call->pool,
                              "The body has to be a SearchRequest: \"schemas\" "
                              "lacks \"" SCIM_URN_SEARCH_REQUEST "\".");
    }
    if (err != NULL) {
        return err;
    }
    memset(&call->query, 0, sizeof(call->query));
    call->projection = NULL;
    json_object_foreach(body, name, value) {
        err = read_member(&call->query, name, value, call->pool);
        if (err == NULL) {
            err = check_length(&call->query, name, call->pool);
        }
        if (err != NULL) {
            return err;
        }
    }
    serve_project(call);
    return serve_list(call);
}
