#include "core/plain.h"

#include <string.h>

#define DEPTH_MAX  32
#define NAME_MAX_BYTES 255
#define DIGITS_MAX 15 /* fit into a json_int_t */

/* ---------------------------------------------------------------- reading */

typedef struct reader {
    const char *at, *end;
    int depth;
} reader;

static json_t *read_value(reader *r);

/* The next byte that is no white space, or NUL. */
static char peek(reader *r)
{
    while (r->at < r->end
           && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r'
               || *r->at == '\t')) {
        r->at++;
    }
    return r->at < r->end ? *r->at : '\0';
}

static int take(reader *r, char c)
{
    if (peek(r) != c) {
        return 0;
    }
    r->at++;
    return 1;
}

/* The bytes of a text behind its quote; NULL: not plain. *is_ascii: no byte of
 * them needs a look at its neighbours. */
static const char *read_bytes(apr_size_t *len, int *is_ascii, reader *r)
{
    const char *begin = r->at;
    unsigned char c, all = 0;

    for (; r->at < r->end; r->at++) {
        c = (unsigned char)*r->at;
        if (c == '"') {
            *len = (apr_size_t)(r->at++ - begin);
            *is_ascii = all < 0x80;
            return begin;
        }
        if (c < ' ' || c == '\\') {
            return NULL;
        }
        all |= c;
    }
    return NULL;
}

/* The reader is where a text that began at `begin` has something to unescape,
 * or that may not be there. */
static json_t *read_escaped(const char *begin, reader *r)
{
    while (r->at < r->end && *r->at != '"') {
        r->at += *r->at == '\\' && r->end - r->at > 1 ? 2 : 1;
    }
    if (r->at == r->end) {
        return NULL;
    }
    r->at++;
    return json_loadb(begin - 1, (size_t)(r->at - begin) + 1, JSON_DECODE_ANY,
                      NULL);
}

static json_t *read_text(reader *r)
{
    apr_size_t len;
    int is_ascii;
    const char *begin = r->at;
    const char *bytes = read_bytes(&len, &is_ascii, r);

    return bytes == NULL ? read_escaped(begin, r)
           : is_ascii    ? json_stringn_nocheck(bytes, len)
                         : json_stringn(bytes, len);
}

/* Sets a member; 0: not plain, or there already. */
static int read_member(json_t *object, reader *r)
{
    char name[NAME_MAX_BYTES + 1];
    size_t count = json_object_size(object);
    apr_size_t len;
    int is_ascii;
    const char *bytes;
    json_t *value;

    if (!take(r, '"')) {
        return 0;
    }
    bytes = read_bytes(&len, &is_ascii, r);
    if (bytes == NULL || !is_ascii || len > NAME_MAX_BYTES
        || !take(r, ':')) {
        return 0;
    }
    memcpy(name, bytes, len);
    name[len] = '\0';
    value = read_value(r);
    return value != NULL
           && json_object_set_new_nocheck(object, name, value) == 0
           && json_object_size(object) > count;
}

static int read_element(json_t *array, reader *r)
{
    json_t *value = read_value(r);

    return value != NULL && json_array_append_new(array, value) == 0;
}

/* What stands between brackets; takes the reference to `into`. */
static json_t *read_list(json_t *into, char close,
                         int (*read)(json_t *into, reader *r), reader *r)
{
    int good = 1;

    if (!take(r, close)) {
        do {
            good = read(into, r);
        } while (good && take(r, ','));
        good = good && take(r, close);
    }
    if (!good) {
        json_decref(into);
        into = NULL;
    }
    return into;
}

static json_t *read_container(reader *r)
{
    int is_object = *r->at++ == '{';
    json_t *json = NULL;

    if (r->depth++ < DEPTH_MAX) {
        json = is_object ? read_list(json_object(), '}', read_member, r)
                         : read_list(json_array(), ']', read_element, r);
    }
    r->depth--;
    return json;
}

static json_t *read_word(const char *word, json_t *json, reader *r)
{
    apr_size_t len = strlen(word);

    if ((apr_size_t)(r->end - r->at) < len || memcmp(r->at, word, len) != 0) {
        return NULL;
    }
    r->at += len;
    return json;
}

/* No sign, fraction, exponent, and no zero before other digits. */
static json_t *read_number(reader *r)
{
    const char *begin = r->at;
    json_int_t number = 0;

    while (r->at < r->end && r->at - begin < DIGITS_MAX && *r->at >= '0'
           && *r->at <= '9') {
        number = number * 10 + (*r->at++ - '0');
    }
    if (r->at == begin || r->at == r->end || strchr("0123456789.eE", *r->at)
        || (*begin == '0' && r->at - begin > 1)) {
        return NULL;
    }
    return json_integer(number);
}

static json_t *read_value(reader *r)
{
    switch (peek(r)) {
    case '"':
        r->at++;
        return read_text(r);
    case '{':
    case '[':
        return read_container(r);
    case 't':
        return read_word("true", json_true(), r);
    case 'f':
        return read_word("false", json_false(), r);
    case 'n':
        return read_word("null", json_null(), r);
    default:
        return read_number(r);
    }
}

json_t *scim_plain_read(const char *text, apr_size_t len)
{
    reader r = { text, text + len, 0 };
    json_t *json = peek(&r) == '{' ? read_container(&r) : NULL;

    if (json != NULL && (peek(&r), r.at < r.end)) {
        json_decref(json);
        json = NULL;
    }
    return json;
}

/* ---------------------------------------------------------------- writing */

typedef struct writer {
    char *at, *end;
    int depth;
} writer;

static int write_value(writer *w, const json_t *json);

static int put(writer *w, char c)
{
    if (w->at == w->end) {
        return 0;
    }
    *w->at++ = c;
    return 1;
}

static int put_word(writer *w, const char *word)
{
    apr_size_t len = strlen(word);

    if ((apr_size_t)(w->end - w->at) < len) {
        return 0;
    }
    memcpy(w->at, word, len);
    w->at += len;
    return 1;
}

/* A text in quotes; 0 where one of its bytes would have to be escaped. */
static int put_text(writer *w, const char *text, apr_size_t len)
{
    apr_size_t i;

    if ((apr_size_t)(w->end - w->at) < len + 2) {
        return 0;
    }
    w->at[0] = '"';
    for (i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c < ' ' || c == '"' || c == '\\') {
            return 0;
        }
        w->at[i + 1] = text[i];
    }
    w->at[len + 1] = '"';
    w->at += len + 2;
    return 1;
}

/* Escapes, numbers. */
static int put_other(writer *w, const json_t *json)
{
    apr_size_t left = (apr_size_t)(w->end - w->at);
    apr_size_t size = json_dumpb(json, w->at, left, SCIM_JSON_FLAGS);

    if (size == 0 || size > left) {
        return 0;
    }
    w->at += size;
    return 1;
}

static int write_object(writer *w, const json_t *object)
{
    const char *name, *comma = "{";
    json_t *value;

    json_object_foreach((json_t *)object, name, value) {
        if (!put_word(w, comma) || !put_text(w, name, strlen(name))
            || !put(w, ':') || !write_value(w, value)) {
            return 0;
        }
        comma = ",";
    }
    return (*comma == ',' || put(w, '{')) && put(w, '}');
}

static int write_array(writer *w, const json_t *array)
{
    const char *comma = "[";
    json_t *value;
    size_t i;

    json_array_foreach(array, i, value) {
        if (!put_word(w, comma) || !write_value(w, value)) {
            return 0;
        }
        comma = ",";
    }
    return (*comma == ',' || put(w, '[')) && put(w, ']');
}

static int write_container(writer *w, const json_t *json)
{
    int good = 0;

    if (w->depth++ < DEPTH_MAX) {
        good = json_is_object(json) ? write_object(w, json)
                                    : write_array(w, json);
    }
    w->depth--;
    return good;
}

static int write_value(writer *w, const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        return write_container(w, json);
    case JSON_STRING:
        return put_text(w, json_string_value(json), json_string_length(json))
               || put_other(w, json);
    case JSON_TRUE:
        return put_word(w, "true");
    case JSON_FALSE:
        return put_word(w, "false");
    case JSON_NULL:
        return put_word(w, "null");
    default:
        return put_other(w, json);
    }
}

apr_size_t scim_plain_write(const json_t *json, char *out, apr_size_t size)
{
    writer w = { out, out + size, 0 };

    return write_value(&w, json) ? (apr_size_t)(w.at - out) : 0;
}
