#include "core/json.h"

#include <stdlib.h>

#include <apr_strings.h>
#include <unistr.h>

#include "core/casefold.h"
#include "core/plain.h"

static apr_status_t release_json(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

json_t *scim_json_adopt(json_t *json, apr_pool_t *pool)
{
    if (json != NULL) {
        apr_pool_cleanup_register(pool, json, release_json,
                                  apr_pool_cleanup_null);
    }
    return json;
}

/* The deepest nesting of containers; brackets in strings do not count. Looked
 * at before parsing, because jansson recurses up to its own fixed limit. */
static int nesting(const char *text, apr_size_t len)
{
    int depth = 0, deepest = 0, in_string = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (in_string) {
            if (text[i] == '\\') {
                i++;
            }
            else if (text[i] == '"') {
                in_string = 0;
            }
        }
        else if (text[i] == '"') {
            in_string = 1;
        }
        else if (text[i] == '{' || text[i] == '[') {
            deepest = ++depth > deepest ? depth : deepest;
        }
        else if (text[i] == '}' || text[i] == ']') {
            depth--;
        }
    }
    return deepest;
}

scim_error *scim_json_parse(json_t **out, const char *text, apr_size_t len,
                            int max_depth, apr_pool_t *pool)
{
    json_t *json;
    json_error_t where;

    /* RFC 8259, 8.1: a parser may ignore a byte order mark; .NET sends it. */
    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    if (len == 0) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "The request needs a JSON object as its body.");
    }
    if (nesting(text, len) > max_depth) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "The body nests objects and arrays deeper than "
                               "the %d levels that are allowed.",
                               max_depth);
    }
    json = scim_plain_read(text, len);
    if (json == NULL) {
        json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
    }
    if (json == NULL && json_error_code(&where) == json_error_null_character) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "The body holds the character U+0000 (line %d, "
                               "column %d), which no attribute may have.",
                               where.line, where.column);
    }
    if (json == NULL) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "The body is not valid JSON: line %d, column "
                               "%d: %s.",
                               where.line, where.column,
                               scim_excerpt(where.text, pool));
    }
    scim_json_adopt(json, pool);
    if (!json_is_object(json)) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "The body must be a JSON object, not an array.");
    }
    *out = json;
    return NULL;
}

json_t *scim_json_load(const char *text, apr_size_t len)
{
    json_t *json = scim_plain_read(text, len);

    return json != NULL ? json : json_loadb(text, len, 0, NULL);
}

/* Copies `text` with each byte that is no UTF-8 as U+FFFD. */
static json_t *repaired(const char *text, apr_size_t len)
{
    char *copy = malloc(3 * len + 1), *end = copy;
    json_t *json;
    ucs4_t c;
    int n;

    if (copy == NULL) {
        return NULL;
    }
    while (len > 0) {
        n = u8_mbtoucr(&c, (const uint8_t *)text, len);
        if (n > 0) {
            memcpy(end, text, (apr_size_t)n);
            end += n;
        }
        else {
            memcpy(end, "\xEF\xBF\xBD", 3);
            end += 3;
            n = 1;
        }
        text += n;
        len -= (apr_size_t)n;
    }
    json = json_stringn(copy, (apr_size_t)(end - copy));
    free(copy);
    return json;
}

json_t *scim_json_text(const char *text)
{
    apr_size_t len = strlen(text);
    json_t *json = json_stringn(text, len);

    return json != NULL ? json : repaired(text, len);
}

const char *scim_json_dump(const json_t *json, apr_size_t *len,
                           apr_pool_t *pool)
{
    char most[4096], *text;
    size_t size;

    if (json == NULL) {
        return NULL;
    }
    size = scim_plain_write(json, most, sizeof(most));
    if (size == 0) {
        size = json_dumpb(json, most, sizeof(most), SCIM_JSON_FLAGS);
    }
    if (size == 0) {
        return NULL;
    }
    text = apr_palloc(pool, size + 1);
    if (size <= sizeof(most)) {
        memcpy(text, most, size);
    }
    else if (scim_plain_write(json, text, size) == 0) {
        json_dumpb(json, text, size, SCIM_JSON_FLAGS);
    }
    text[size] = '\0';
    if (len != NULL) {
        *len = size;
    }
    return text;
}

static json_t *copy_object(const json_t *object)
{
    json_t *copy = json_object(), *value;
    const char *name;

    json_object_foreach((json_t *)object, name, value) {
        json_object_set_new_nocheck(copy, name, scim_json_copy(value));
    }
    return copy;
}

static json_t *copy_array(const json_t *array)
{
    json_t *copy = json_array(), *value;
    size_t i;

    json_array_foreach(array, i, value) {
        json_array_append_new(copy, scim_json_copy(value));
    }
    return copy;
}

json_t *scim_json_copy(const json_t *json)
{
    return json_is_object(json)  ? copy_object(json)
           : json_is_array(json) ? copy_array(json)
                                 : json_incref((json_t *)json);
}

json_t *scim_json_member(const json_t *object, const char *name)
{
    json_t *value = json_object_get(object, name);
    void *at;

    if (value != NULL || !json_is_object(object)) {
        return value;
    }
    /* jansson's iterators take no const, though they change nothing. */
    for (at = json_object_iter((json_t *)object); at != NULL;
         at = json_object_iter_next((json_t *)object, at)) {
        if (scim_name_equals(json_object_iter_key(at), name)) {
            return json_object_iter_value(at);
        }
    }
    return NULL;
}

int scim_json_is_unassigned(const json_t *value)
{
    return value == NULL || json_is_null(value)
           || (json_is_array(value) && json_array_size(value) == 0);
}
