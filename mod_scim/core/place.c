#include "core/place.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

static const char *pointer(const scim_place *at)
{
    if (at->up == NULL) {
        return "";
    }
    return at->key != NULL
               ? apr_pstrcat(at->pool, pointer(at->up), "/",
                             scim_excerpt(at->key, at->pool), NULL)
               : apr_psprintf(at->pool, "%s/%d", pointer(at->up), at->index);
}

scim_error *scim_place_wrong(const scim_place *at, const char *key,
                             const char *format, ...)
{
    scim_place member = { at, key, 0, at->pool };
    const char *where = pointer(key != NULL ? &member : at), *what;
    va_list args;

    va_start(args, format);
    what = apr_pvsprintf(at->pool, format, args);
    va_end(args);
    return scim_error_make(SCIM_INVALID_VALUE, at->pool, "%s: %s",
                           where[0] != '\0' ? where : "the file", what);
}

/* ----------------------------------------------------------------- members */

scim_error *scim_place_keys(const json_t *object, const char *const *known,
                            const scim_place *at)
{
    const char *key;
    json_t *value;

    if (!json_is_object(object)) {
        return scim_place_wrong(at, NULL, "must be an object");
    }
    json_object_foreach((json_t *)object, key, value)
    {
        const char *const *name = known;

        while (*name != NULL && strcmp(*name, key) != 0) {
            name++;
        }
        if (*name == NULL) {
            return scim_place_wrong(at, key, "this key is not known here");
        }
        if (json_is_null(value)) {
            return scim_place_wrong(at, key,
                                    "null says nothing; leave the key out");
        }
    }
    return NULL;
}

/* *out stays as it is where the member is missing. */
scim_error *scim_place_text(const char **out, const json_t *object,
                            const char *key, apr_size_t max,
                            const scim_place *at)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL) {
        return NULL;
    }
    if (!json_is_string(value)) {
        return scim_place_wrong(at, key, "must be a string");
    }
    if (json_string_length(value) > max) {
        return scim_place_wrong(at, key, "has more than %d bytes", (int)max);
    }
    *out = apr_pstrdup(at->pool, json_string_value(value));
    return NULL;
}

scim_error *scim_place_need_text(const char **out, const json_t *object,
                                 const char *key, apr_size_t max,
                                 const scim_place *at)
{
    *out = NULL;
    if (json_object_get(object, key) == NULL) {
        return scim_place_wrong(at, NULL, "\"%s\" is missing", key);
    }
    return scim_place_text(out, object, key, max, at);
}

scim_error *scim_place_flag(int *out, const json_t *object, const char *key,
                            const scim_place *at)
{
    const json_t *value = json_object_get(object, key);

    if (value != NULL && !json_is_boolean(value)) {
        return scim_place_wrong(at, key, "must be true or false");
    }
    if (value != NULL) {
        *out = json_is_true(value);
    }
    return NULL;
}

/* One of a list of words, as its number. */
scim_error *scim_place_word(int *out, const json_t *object, const char *key,
                            const char *const *words, const scim_place *at)
{
    const char *word = NULL, *list = "";
    scim_error *err =
        scim_place_text(&word, object, key, SCIM_FILE_NAME_MAX, at);
    int i;

    if (err != NULL || word == NULL) {
        return err;
    }
    for (i = 0; words[i] != NULL; i++) {
        if (strcmp(words[i], word) == 0) {
            *out = i;
            return NULL;
        }
        list = apr_pstrcat(at->pool, list, i > 0 ? ", " : "", words[i], NULL);
    }
    return scim_place_wrong(at, key, "\"%s\" is none of %s",
                            scim_excerpt(word, at->pool), list);
}

/* A list of different strings, NULL at its end. */
scim_error *scim_place_list(const char *const **out, const json_t *object,
                            const char *key, const scim_place *at)
{
    const json_t *list = json_object_get(object, key);
    size_t i, k, count = json_array_size(list);
    const char **texts;

    if (list == NULL) {
        return NULL;
    }
    if (!json_is_array(list) || count == 0 || count > SCIM_FILE_VALUES_MAX) {
        return scim_place_wrong(at, key, "must be an array of 1 to %d strings",
                                SCIM_FILE_VALUES_MAX);
    }
    texts = apr_pcalloc(at->pool, (count + 1) * sizeof(*texts));
    for (i = 0; i < count; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        if (text == NULL || text[0] == '\0' || strlen(text) > 1024) {
            return scim_place_wrong(at, key,
                                    "element %d must be a string of 1 to 1024 "
                                    "bytes",
                                    (int)i);
        }
        for (k = 0; k < i; k++) {
            if (strcmp(texts[k], text) == 0) {
                return scim_place_wrong(at, key, "\"%s\" is there twice",
                                        scim_excerpt(text, at->pool));
            }
        }
        texts[i] = apr_pstrdup(at->pool, text);
    }
    *out = texts;
    return NULL;
}

/* ------------------------------------------------------------------- names */

int scim_place_is_made_of(const char *text, const char *others)
{
    for (; *text != '\0'; text++) {
        if (!apr_isalnum(*text) && strchr(others, *text) == NULL) {
            return 0;
        }
    }
    return 1;
}

/* Only what can stand in a path, a filter and a URL without escapes. */
scim_error *scim_place_need_urn(const char **out, const json_t *object,
                                const char *key, const scim_place *at)
{
    scim_error *err =
        scim_place_need_text(out, object, key, SCIM_FILE_URN_MAX, at);
    const char *id;

    if (err != NULL) {
        return err;
    }
    id = strncmp(*out, "urn:", 4) == 0 ? strchr(*out + 4, ':') : NULL;
    if (id == NULL || id == *out + 4 || !apr_isalnum(id[1]) ||
        !apr_isalnum((*out)[strlen(*out) - 1]) ||
        !scim_place_is_made_of(*out, ":.-_")) {
        return scim_place_wrong(
            at, key,
            "\"%s\" is no URN such as \"urn:example:scim:Badge\", of "
            "letters, digits, \":\", \".\", \"-\" and \"_\"",
            scim_excerpt(*out, at->pool));
    }
    return NULL;
}

scim_error *scim_place_parse(json_t **out, const char *text, apr_size_t len,
                             apr_pool_t *pool)
{
    json_error_t where;

    if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0) {
        text += 3;
        len -= 3;
    }
    *out = json_loadb(text, len, JSON_REJECT_DUPLICATES, &where);
    return *out != NULL
               ? NULL
               : scim_error_make(SCIM_INVALID_SYNTAX, pool,
                                 "line %d, column %d: this is no JSON: %s",
                                 where.line, where.column,
                                 scim_excerpt(where.text, pool));
}

/* "schemas", where it is given, says what the file is. */
scim_error *scim_place_kind(const json_t *file, const char *urn,
                            const scim_place *at)
{
    const json_t *schemas = json_object_get(file, "schemas");
    const char *given = json_string_value(json_array_get(schemas, 0));

    if (schemas == NULL || (json_array_size(schemas) == 1 && given != NULL &&
                            strcmp(given, urn) == 0)) {
        return NULL;
    }
    return scim_place_wrong(at, "schemas", "must be [\"%s\"]", urn);
}
