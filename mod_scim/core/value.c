#include "core/resource.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "core/casefold.h"
#include "core/datetime.h"
#include "core/username.h"

/* Where a value stands in the request, put together only for a message: a
 * group may have a million members. */
typedef struct place {
    const char *path; /* of the attribute */
    long index;       /* of its element, or -1 */
    const char *sub;  /* name of its sub-attribute, or NULL */
    scim_reading *reading;
    apr_pool_t *pool;
} place;

static const char *place_text(const place *at)
{
    const char *text = at->path;

    if (at->index >= 0) {
        text = apr_psprintf(at->pool, "%s[%ld]", text, at->index);
    }
    return at->sub == NULL ? text
                           : apr_pstrcat(at->pool, text, ".", at->sub, NULL);
}

static scim_error *bad_value(const place *at, const char *rule)
{
    return scim_error_make(SCIM_INVALID_VALUE, at->pool,
                           "The attribute \"%s\" %s.", place_text(at), rule);
}

/* The path is put together only where it is wanted: a group may have a million
 * members. */
static scim_error *meets(scim_dialect what, const place *at)
{
    return scim_reading_is_full(at->reading)
               ? NULL
               : scim_reading_meets(at->reading, what, place_text(at),
                                    at->pool);
}

static const char *json_type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "an array";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_NULL:
        return "null";
    default:
        return "a boolean";
    }
}

static scim_error *wrong_type(const place *at, const char *wanted,
                              const json_t *value)
{
    return scim_error_make(SCIM_INVALID_VALUE, at->pool,
                           "The attribute \"%s\" must be %s, not %s.",
                           place_text(at), wanted, json_type_name(value));
}

/* A reference to the same value: scalars are never changed in place. */
static json_t *shared(const json_t *value)
{
    return json_incref((json_t *)value);
}

static int is_empty_text(const json_t *value)
{
    return json_is_string(value) && json_string_length(value) == 0;
}

/* Strings. */

static scim_error *check_user_name(const char *name, const place *at)
{
    const char *fault = scim_username_fault(name, 1, at->pool);

    if (fault != NULL && !at->reading->strict) {
        fault = scim_username_fault(name, 0, at->pool);
        at->reading->tolerated = 1;
    }
    return fault != NULL ? bad_value(at, fault) : NULL;
}

/* The fold grows text to less than five times its bytes, so that most values
 * need not be folded to be found short enough. */
static int fits_index(const char *text, apr_size_t len, const scim_attr *attr,
                      apr_pool_t *pool)
{
    if (attr->case_exact) {
        return len <= SCIM_INDEXED_MAX;
    }
    return len <= SCIM_INDEXED_MAX / 5
           || strlen(scim_casefold(text, pool)) <= SCIM_INDEXED_MAX;
}

/* RFC 7643, 4.1.2; Entra ID's default mapping sends the name. */
static int is_country(const char *text, apr_size_t len)
{
    return len == 0
           || (len == 2 && text[0] >= 'A' && text[0] <= 'Z' && text[1] >= 'A'
               && text[1] <= 'Z');
}

static scim_error *check_text(const json_t *value, const scim_attr *attr,
                              const place *at)
{
    const char *text = json_string_value(value);
    apr_size_t len = json_string_length(value);

    if (memchr(text, '\0', len) != NULL) {
        return bad_value(at, "must not contain the character U+0000");
    }
    if (attr->required && len == 0) {
        return bad_value(at, "must not be empty");
    }
    if (attr->indexed && !fits_index(text, len, attr, at->pool)) {
        return scim_error_make(SCIM_INVALID_VALUE, at->pool,
                               "The attribute \"%s\" is longer than %d bytes.",
                               place_text(at), SCIM_INDEXED_MAX);
    }
    if (attr->country && !is_country(text, len)) {
        return meets(SCIM_DIALECT_COUNTRY_FORM, at);
    }
    if (attr->uniqueness != SCIM_UNIQUE_NONE
        && attr == scim_attr_find(scim_schema_user.attrs, "userName", 8)) {
        return check_user_name(text, at);
    }
    return NULL;
}

static scim_error *read_text(json_t **out, const json_t *value,
                             const scim_attr *attr, const place *at)
{
    json_t *text = NULL;
    scim_error *err;

    /* Directories hold employee numbers as numbers. */
    if (json_is_number(value)) {
        err = meets(SCIM_DIALECT_NUMBER_AS_TEXT, at);
        if (err != NULL) {
            return err;
        }
        text = json_string(scim_json_dump(value, NULL, at->pool));
    }
    else if (json_is_string(value)) {
        text = shared(value);
    }
    if (text == NULL) {
        return wrong_type(at, "a string", value);
    }
    err = check_text(text, attr, at);
    /* An empty identifier identifies nothing: clients clear so. */
    if (err != NULL || (attr->case_exact && is_empty_text(text))) {
        json_decref(text);
        text = NULL;
    }
    if (err == NULL) {
        *out = text;
    }
    return err;
}

/* RFC 3986, appendix A: the characters of a URI or a relative reference */
static int is_uri(const char *text)
{
    static const char hex[] = "0123456789abcdefABCDEF";

    for (; *text != '\0'; text++) {
        if ((unsigned char)*text <= ' ' || (unsigned char)*text >= 0x7F
            || strchr("<>\"{}|\\^`", *text) != NULL) {
            return 0;
        }
        if (*text == '%'
            && (text[1] == '\0' || strchr(hex, text[1]) == NULL
                || text[2] == '\0' || strchr(hex, text[2]) == NULL)) {
            return 0;
        }
    }
    return 1;
}

/* Microsoft's validator sends any string as profileUrl: only the strict mode
 * looks at the form. */
static scim_error *read_reference(json_t **out, const json_t *value,
                                  const scim_attr *attr, const place *at)
{
    scim_error *err = NULL;

    if (json_is_string(value) && !is_uri(json_string_value(value))) {
        err = meets(SCIM_DIALECT_REFERENCE_FORM, at);
    }
    return err != NULL ? err : read_text(out, value, attr, at);
}

/* RFC 4648, section 4; the padding may be left out (RFC 7643, 2.3.6) */
static int is_base64(const char *text, apr_size_t len)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   "abcdefghijklmnopqrstuvwxyz0123456789+/";
    apr_size_t digits = strspn(text, alphabet), padding = len - digits;

    return digits % 4 != 1 && strspn(text + digits, "=") == padding
           && (padding == 0 || digits + padding == (digits + 3) / 4 * 4);
}

/* Other scalars; "" is how some clients clear them. */

static scim_error *read_boolean(json_t **out, const json_t *value,
                                const place *at)
{
    const char *text = json_string_value(value);

    /* Entra ID, Keycloak and Microsoft's validator send "True", "false". */
    if (text != NULL
        && (scim_name_equals(text, "true")
            || scim_name_equals(text, "false"))) {
        *out = json_boolean(scim_name_equals(text, "true"));
        return meets(SCIM_DIALECT_BOOLEAN_TEXT, at);
    }
    if (text != NULL) {
        return bad_value(at, "must be true or false");
    }
    if (!json_is_boolean(value)) {
        return wrong_type(at, "true or false", value);
    }
    *out = shared(value);
    return NULL;
}

static scim_error *read_number(json_t **out, const json_t *value,
                               const scim_attr *attr, const place *at)
{
    if (attr->type == SCIM_INTEGER && !json_is_integer(value)) {
        return wrong_type(at, "an integer", value);
    }
    if (!json_is_number(value)) {
        return wrong_type(at, "a number", value);
    }
    *out = shared(value);
    return NULL;
}

static scim_error *read_formatted(json_t **out, const json_t *value,
                                  const scim_attr *attr, const place *at)
{
    const char *text = json_string_value(value);

    if (text == NULL) {
        return wrong_type(at, "a string", value);
    }
    if (attr->type == SCIM_DATETIME
        && (strlen(text) != json_string_length(value)
            || scim_datetime_normal(text, at->pool) == NULL)) {
        return bad_value(at, "must be a dateTime such as "
                             "\"2026-02-01T09:30:00Z\"");
    }
    if (attr->type == SCIM_BINARY
        && !is_base64(text, json_string_length(value))) {
        return bad_value(at, "must be base64 (RFC 4648, section 4)");
    }
    *out = shared(value);
    return NULL;
}

static scim_error *read_scalar(json_t **out, const json_t *value,
                               const scim_attr *attr, const place *at)
{
    if (attr->type == SCIM_STRING) {
        return read_text(out, value, attr, at);
    }
    if (is_empty_text(value)) {
        return meets(SCIM_DIALECT_EMPTY_TEXT, at);
    }
    switch (attr->type) {
    case SCIM_BOOLEAN:
        return read_boolean(out, value, at);
    case SCIM_DECIMAL:
    case SCIM_INTEGER:
        return read_number(out, value, attr, at);
    case SCIM_REFERENCE:
        return read_reference(out, value, attr, at);
    default:
        return read_formatted(out, value, attr, at);
    }
}

/* Complex values. */

static scim_error *meets_unknown(const char *name, place at)
{
    at.sub = name;
    return meets(SCIM_DIALECT_ATTRIBUTE_UNKNOWN, &at);
}

/* RFC 7643, 2.1: names differ by more than case, so {"type", "Type"} gives
 * one name twice, and there is no telling which one is meant. */
static scim_error *check_names(const json_t *value, const scim_attr *attr,
                               const place *at)
{
    const char *name;
    json_t *member;

    json_object_foreach((json_t *)value, name, member) {
        const scim_attr *sub = scim_attr_find(attr->sub, name, strlen(name));

        if (sub == NULL) {
            scim_error *err = meets_unknown(name, *at);

            if (err != NULL) {
                return err;
            }
        }
        else if (scim_json_member(value, sub->name) != member) {
            return scim_error_make(SCIM_INVALID_SYNTAX, at->pool,
                                   "The attribute \"%s.%s\" is given twice.",
                                   place_text(at), sub->name);
        }
    }
    return NULL;
}

static scim_error *read_object(json_t **out, const json_t *value,
                               const scim_attr *attr, place at)
{
    const scim_attr *sub;
    json_t *object = json_object();
    scim_error *err = check_names(value, attr, &at);

    for (sub = attr->sub; err == NULL && sub->name != NULL; sub++) {
        const json_t *given = scim_json_member(value, sub->name);
        json_t *read = NULL;

        if (!scim_attr_is_writable(sub) || scim_json_is_unassigned(given)) {
            continue;
        }
        at.sub = sub->name;
        err = read_scalar(&read, given, sub, &at);
        if (read != NULL) {
            json_object_set_new_nocheck(object, sub->name, read);
        }
    }
    if (err != NULL || json_object_size(object) == 0) {
        json_decref(object);
        return err;
    }
    *out = object;
    return NULL;
}

/* Whether the attribute refers to other resources, as manager does. */
static int is_link(const scim_attr *attr)
{
    return scim_attr_find(attr->sub, "$ref", 4) != NULL;
}

static scim_error *read_complex(json_t **out, const json_t *value,
                                const scim_attr *attr, const place *at)
{
    json_t *wrapped;
    scim_error *err;

    if (json_is_object(value)) {
        return read_object(out, value, attr, *at);
    }
    if (is_empty_text(value)) {
        return meets(SCIM_DIALECT_EMPTY_TEXT, at);
    }
    /* Entra ID sends a manager as its bare id. */
    if (json_is_string(value) && is_link(attr)) {
        err = meets(SCIM_DIALECT_BARE_REFERENCE, at);
        if (err != NULL) {
            return err;
        }
        wrapped = json_pack("{s:O}", "value", value);
        err = read_object(out, wrapped, attr, *at);
        json_decref(wrapped);
        return err;
    }
    return wrong_type(at, "an object", value);
}

/* Group members. */

/* Some clients send the link alone: its last segment is the id. NULL: there is
 * none. Belongs to the member. */
static json_t *id_in_link(json_t *member)
{
    const char *link = json_string_value(json_object_get(member, "$ref"));
    const char *slash = link != NULL ? strrchr(link, '/') : NULL;

    if (slash == NULL || slash[1] == '\0') {
        return NULL;
    }
    json_object_set_new(member, "value", json_string(slash + 1));
    return json_object_get(member, "value");
}

/* An id as it is compared, a type in the schema's spelling. What the client
 * says of display and $ref is not believed: the store knows better. *out
 * stays NULL if the element has no value. */
static scim_error *read_member(json_t **out, const json_t *value,
                               const scim_attr *attr, const place *at)
{
    json_t *member = NULL, *id, *type;
    scim_error *err;

    err = read_complex(&member, value, attr, at);
    if (err != NULL) {
        return err;
    }
    id = json_object_get(member, "value");
    if (id == NULL) {
        id = id_in_link(member);
        err = meets(id != NULL ? SCIM_DIALECT_MEMBER_LINK
                               : SCIM_DIALECT_MEMBER_NAMELESS,
                    at);
    }
    type = json_object_get(member, "type");
    if (id == NULL || err != NULL) {
        json_decref(member);
        return err;
    }
    *out = json_pack("{s:s}", "value",
                     scim_casefold(json_string_value(id), at->pool));
    if (type != NULL) {
        const char *const *known =
            scim_attr_find(attr->sub, "type", 4)->canonical;

        while (*known != NULL
               && !scim_name_equals(json_string_value(type), *known)) {
            known++;
        }
        if (*known != NULL) {
            json_object_set_new(*out, "type", json_string(*known));
        }
    }
    json_decref(member);
    return NULL;
}

static int is_members(const scim_attr *attr)
{
    return attr == scim_attr_find(scim_schema_group.attrs, "members", 7);
}

static scim_error *read_single(json_t **out, const json_t *value,
                               const scim_attr *attr, const place *at)
{
    if (is_members(attr)) {
        return read_member(out, value, attr, at);
    }
    if (attr->type == SCIM_COMPLEX) {
        return read_complex(out, value, attr, at);
    }
    return read_scalar(out, value, attr, at);
}

/* Multi-valued attributes. */

/* RFC 7643, 2.4: the same value is not there twice; a member is the same if
 * its id is. Steals `element`. */
static void append_once(json_t *list, apr_hash_t *seen, json_t *element,
                        const scim_attr *attr, apr_pool_t *pool)
{
    const char *key = is_members(attr)
                          ? json_string_value(json_object_get(element, "value"))
                          : scim_json_dump(element, NULL, pool);

    if (apr_hash_get(seen, key, APR_HASH_KEY_STRING) != NULL) {
        json_decref(element);
        return;
    }
    apr_hash_set(seen, key, APR_HASH_KEY_STRING, element);
    json_array_append_new(list, element);
}

static scim_error *read_elements(json_t **out, const json_t *value,
                                 const scim_attr *attr, place at)
{
    apr_hash_t *seen = apr_hash_make(at.pool);
    json_t *list = json_array();
    scim_error *err = NULL;
    apr_size_t i;

    if (!is_members(attr) && json_array_size(value) > SCIM_VALUES_MAX) {
        err = bad_value(&at, apr_psprintf(at.pool, "has more than %d values",
                                          SCIM_VALUES_MAX));
    }
    for (i = 0; err == NULL && i < json_array_size(value); i++) {
        const json_t *given = json_array_get(value, i);
        json_t *element = NULL;

        if (json_is_null(given)) {
            continue;
        }
        at.index = (long)i;
        err = read_single(&element, given, attr, &at);
        if (element != NULL) {
            append_once(list, seen, element, attr, at.pool);
        }
    }
    /* A list that names nobody must not pass for an empty one, which clears. */
    if (err == NULL && is_members(attr) && json_array_size(value) > 0
        && json_array_size(list) == 0) {
        at.index = -1;
        err = bad_value(&at, "names no member: each needs a value");
    }
    if (err != NULL || json_array_size(list) == 0) {
        json_decref(list);
        return err;
    }
    *out = list;
    return NULL;
}

static scim_error *read_multi(json_t **out, const json_t *value,
                              const scim_attr *attr, const place *at)
{
    json_t *wrapped;
    scim_error *err;

    if (json_is_array(value)) {
        return read_elements(out, value, attr, *at);
    }
    if (is_empty_text(value) && !is_members(attr)) {
        return meets(SCIM_DIALECT_EMPTY_TEXT, at);
    }
    wrapped = json_pack("[O]", value);
    err = read_elements(out, wrapped, attr, *at);
    json_decref(wrapped);
    return err;
}

scim_error *scim_value_read(json_t **out, const json_t *value,
                            const scim_attr *attr, const char *path,
                            scim_reading *reading, apr_pool_t *pool)
{
    place at = { path, -1, NULL, reading, pool };
    json_t *read = NULL;
    scim_error *err = NULL;

    if (!scim_json_is_unassigned(value)) {
        err = attr->multi ? read_multi(&read, value, attr, &at)
                          : read_single(&read, value, attr, &at);
    }
    if (err == NULL) {
        *out = scim_json_adopt(read, pool);
    }
    return err;
}
