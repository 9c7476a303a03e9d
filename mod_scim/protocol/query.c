#include <stddef.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "core/casefold.h"
#include "protocol/operation.h"

/* clang-format off */
static const struct {
    const char *name;
    size_t offset;
} parameters[] = {
    { "filter",             offsetof(serve_query, filter) },
    { "sortBy",             offsetof(serve_query, sort_by) },
    { "sortOrder",          offsetof(serve_query, sort_order) },
    { "startIndex",         offsetof(serve_query, start_index) },
    { "count",              offsetof(serve_query, count) },
    { "cursor",             offsetof(serve_query, cursor) },
    { "attributes",         offsetof(serve_query, attributes) },
    { "excludedAttributes", offsetof(serve_query, excluded_attributes) },
    { "atomic",             offsetof(serve_query, atomic) },
};
/* clang-format on */

const char **serve_query_field(serve_query *query, const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
        if (scim_name_equals(parameters[i].name, name)) {
            return (const char **)((char *)query + parameters[i].offset);
        }
    }
    return NULL;
}

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Form decoding: "+" is a space, as most identity providers send it; a real
 * plus sign arrives as %2B. In place; 0 if an escape is broken or gives NUL. */
static int decode(char *text)
{
    char *to = text;

    for (; *text != '\0'; text++) {
        if (*text == '%') {
            int high = hex(text[1]);
            int low = high >= 0 ? hex(text[2]) : -1;

            if (low < 0 || (high == 0 && low == 0)) {
                return 0;
            }
            *to++ = (char)(high * 16 + low);
            text += 2;
        }
        else {
            *to++ = *text == '+' ? ' ' : *text;
        }
    }
    *to = '\0';
    return 1;
}

static scim_error *take(serve_query *query, char *pair, apr_pool_t *pool)
{
    char *value = strchr(pair, '=');
    const char **field;
    json_t *checked;

    if (value == NULL) {
        value = pair + strlen(pair); /* "filter" says as much as "filter=" */
    }
    else {
        *value++ = '\0';
    }
    field = decode(pair) ? serve_query_field(query, pair) : NULL;
    if (field == NULL) {
        return NULL;
    }
    if (*field != NULL) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "The query parameter \"%s\" is given twice.",
                               pair);
    }
    checked = decode(value) ? json_string(value) : NULL;
    if (checked == NULL) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "The query parameter \"%s\" is not percent-"
                               "encoded UTF-8.",
                               pair);
    }
    json_decref(checked);
    *field = value;
    return NULL;
}

scim_error *serve_query_parse(serve_query *out, const char *query,
                              apr_pool_t *pool)
{
    char *pair, *last;
    scim_error *err = NULL;

    memset(out, 0, sizeof(*out));
    if (query == NULL) {
        return NULL;
    }
    pair = apr_strtok(apr_pstrdup(pool, query), "&", &last);
    for (; pair != NULL && err == NULL; pair = apr_strtok(NULL, "&", &last)) {
        err = take(out, pair, pool);
    }
    return err;
}
