#include "core/schema_file.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "core/place.h"
#include "core/message.h"

/* ATTRNAME (RFC 7643, 2.1), and the $ref of references */
static scim_error *need_attr_name(const char **out, const json_t *object,
                                  const scim_place *at)
{
    scim_error *err =
        scim_place_need_text(out, object, "name", SCIM_FILE_NAME_MAX, at);

    if (err == NULL && strcmp(*out, "$ref") != 0 &&
        (!apr_isalpha((*out)[0]) || !scim_place_is_made_of(*out, "$-_"))) {
        err = scim_place_wrong(
            at, "name",
            "\"%s\" is no name of an attribute: a letter, then "
            "letters, digits, \"-\", \"_\" and \"$\"",
            scim_excerpt(*out, at->pool));
    }
    return err;
}

/* -------------------------------------------------------------- attributes */

/* clang-format off */
static const char *const attr_keys[] = {
    "name", "type", "multiValued", "description", "required",
    "canonicalValues", "caseExact", "mutability", "returned", "uniqueness",
    "referenceTypes", "subAttributes", NULL
};

#define IS(type) (1u << (type))
#define TEXTS (IS(SCIM_STRING) | IS(SCIM_REFERENCE) | IS(SCIM_BINARY))
#define EXACT (IS(SCIM_REFERENCE) | IS(SCIM_BINARY))
#define NEVER_UNIQUE \
    (IS(SCIM_BOOLEAN) | IS(SCIM_DATETIME) | IS(SCIM_BINARY) | IS(SCIM_COMPLEX))
/* clang-format on */

static int has(const scim_attr *attr, unsigned types)
{
    return (IS(attr->type) & types) != 0;
}

/* What contradicts itself: the key that is wrong, and why; or NULL. */
static const char *contradiction(const char **key, const scim_attr *a,
                                 int is_sub, int has_subs)
{
    const struct {
        int holds;
        const char *key, *why;
    } rules[] = {
        { is_sub && has(a, IS(SCIM_COMPLEX)), "type",
          "a sub-attribute cannot be complex (RFC 7643, 2.3.8)" },
        { is_sub && a->multi, "multiValued",
          "a sub-attribute has one value here" },
        { has_subs && !has(a, IS(SCIM_COMPLEX)), "subAttributes",
          "only a complex attribute has sub-attributes" },
        { !has_subs && has(a, IS(SCIM_COMPLEX)), "type",
          "a complex attribute needs subAttributes" },
        { a->canonical != NULL && !has(a, IS(SCIM_STRING)), "canonicalValues",
          "only a string has canonical values" },
        { a->references != NULL && !has(a, IS(SCIM_REFERENCE)),
          "referenceTypes", "only a reference refers to types" },
        { a->case_exact && !has(a, TEXTS), "caseExact",
          "upper and lower case mean something for texts only" },
        { !a->case_exact && has(a, EXACT), "caseExact",
          "references and binaries are case-exact (RFC 7643, 2.3.6, 2.3.7)" },
        { a->required && a->mutability == SCIM_READ_ONLY, "required",
          "nobody could give a readOnly attribute the value that it needs" },
        { a->mutability == SCIM_WRITE_ONLY &&
              a->returned != SCIM_RETURNED_NEVER,
          "returned",
          "a writeOnly attribute is returned \"never\", and has to say so" },
        { a->uniqueness == SCIM_UNIQUE_GLOBAL, "uniqueness",
          "this server knows its own resources only; it can promise "
          "\"server\"" },
        { a->uniqueness != SCIM_UNIQUE_NONE && has(a, NEVER_UNIQUE),
          "uniqueness", "booleans, dateTimes, binaries and complex "
                        "values are not unique (RFC 7643, 2.3)" },
        { a->uniqueness != SCIM_UNIQUE_NONE && a->mutability == SCIM_READ_ONLY,
          "uniqueness", "nobody could give a readOnly attribute a value" },
    };
    size_t i;

    for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (rules[i].holds) {
            *key = rules[i].key;
            return rules[i].why;
        }
    }
    return NULL;
}

static scim_error *read_words(scim_attr *out, const json_t *json,
                              const scim_place *at)
{
    int mutability = SCIM_READ_WRITE, returned = SCIM_RETURNED_DEFAULT;
    int uniqueness = SCIM_UNIQUE_NONE;
    scim_error *err = scim_place_word(&mutability, json, "mutability",
                                      scim_mutability_names, at);

    if (err == NULL) {
        err = scim_place_word(&returned, json, "returned", scim_returned_names,
                              at);
    }
    if (err == NULL) {
        err = scim_place_word(&uniqueness, json, "uniqueness",
                              scim_uniqueness_names, at);
    }
    out->mutability = (scim_mutability)mutability;
    out->returned = (scim_returned)returned;
    out->uniqueness = (scim_uniqueness)uniqueness;
    out->indexed = uniqueness == SCIM_UNIQUE_SERVER;
    return err;
}

static scim_error *read_type(scim_attr *out, const json_t *json,
                             const scim_place *at)
{
    int type = SCIM_STRING, multi = 0, required = 0, case_exact;
    scim_error *err = scim_place_word(&type, json, "type", scim_type_names, at);

    out->type = (scim_type)type;
    case_exact = has(out, EXACT);
    if (err == NULL) {
        err = scim_place_flag(&multi, json, "multiValued", at);
    }
    if (err == NULL) {
        err = scim_place_flag(&required, json, "required", at);
    }
    if (err == NULL) {
        err = scim_place_flag(&case_exact, json, "caseExact", at);
    }
    out->multi = multi != 0;
    out->required = required != 0;
    out->case_exact = case_exact != 0;
    return err;
}

static scim_error *read_attrs(const scim_attr **out, const json_t *object,
                              const char *key, int is_sub,
                              const scim_place *at);

static scim_error *read_attr(scim_attr *out, const json_t *json, int is_sub,
                             const scim_place *at)
{
    int has_subs = json_object_get(json, "subAttributes") != NULL;
    const char *key = NULL, *why;
    scim_error *err = scim_place_keys(json, attr_keys, at);

    if (err == NULL) {
        err = need_attr_name(&out->name, json, at);
    }
    if (err == NULL) {
        err = read_type(out, json, at);
    }
    if (err == NULL) {
        err = read_words(out, json, at);
    }
    if (err == NULL) {
        err = scim_place_text(&out->description, json, "description",
                              SCIM_FILE_TEXT_MAX, at);
    }
    if (err == NULL) {
        err = scim_place_list(&out->canonical, json, "canonicalValues", at);
    }
    if (err == NULL) {
        err = scim_place_list(&out->references, json, "referenceTypes", at);
    }
    why = err == NULL ? contradiction(&key, out, is_sub, has_subs) : NULL;
    if (why != NULL) {
        err = scim_place_wrong(at, key, "%s", why);
    }
    if (err == NULL && has_subs) {
        err = read_attrs(&out->sub, json, "subAttributes", 1, at);
    }
    return err;
}

/* RFC 7643, 2.1: names differ by more than case. */
static scim_error *check_name_is_new(const scim_attr *attrs,
                                     const scim_place *at)
{
    const scim_attr *last = attrs;
    const scim_attr *first;

    while (last[1].name != NULL) {
        last++;
    }
    first = scim_attr_find(attrs, last->name, strlen(last->name));
    return first == last ? NULL
                         : scim_place_wrong(at, "name",
                                            "\"%s\" is the name of another one",
                                            last->name);
}

static scim_error *read_attrs(const scim_attr **out, const json_t *object,
                              const char *key, int is_sub, const scim_place *at)
{
    const json_t *list = json_object_get(object, key);
    size_t i, count = json_array_size(list);
    scim_place in_list = { at, key, 0, at->pool };
    scim_attr *attrs;
    scim_error *err = NULL;

    if (!json_is_array(list) || count == 0 || count > SCIM_FILE_ATTRS_MAX) {
        return scim_place_wrong(at, key,
                                "must be an array of 1 to %d attributes",
                                SCIM_FILE_ATTRS_MAX);
    }
    attrs = apr_pcalloc(at->pool, (count + 1) * sizeof(*attrs));
    for (i = 0; err == NULL && i < count; i++) {
        scim_place element = { &in_list, NULL, (int)i, at->pool };

        err = read_attr(&attrs[i], json_array_get(list, i), is_sub, &element);
        if (err == NULL) {
            err = check_name_is_new(attrs, &element);
        }
    }
    if (err == NULL) {
        *out = attrs;
    }
    return err;
}

scim_error *scim_schema_file_read(scim_schema **out, const char *text,
                                  apr_size_t len, apr_pool_t *pool)
{
    static const char *const keys[] = { "schemas",     "id",         "name",
                                        "description", "attributes", "meta",
                                        NULL };
    const scim_place root = { NULL, NULL, 0, pool };
    scim_schema *schema = apr_pcalloc(pool, sizeof(*schema));
    json_t *file;
    scim_error *err = scim_place_parse(&file, text, len, pool);

    if (err == NULL) {
        err = scim_place_keys(file, keys, &root);
    }
    if (err == NULL) {
        err = scim_place_kind(file, SCIM_URN_SCHEMA, &root);
    }
    if (err == NULL) {
        err = scim_place_need_urn(&schema->id, file, "id", &root);
    }
    schema->description = "";
    if (err == NULL) {
        schema->name = strrchr(schema->id, ':') + 1;
        err = scim_place_text(&schema->name, file, "name", SCIM_FILE_URN_MAX,
                              &root);
    }
    if (err == NULL) {
        err = scim_place_text(&schema->description, file, "description",
                              SCIM_FILE_TEXT_MAX, &root);
    }
    if (err == NULL) {
        err = read_attrs(&schema->attrs, file, "attributes", 0, &root);
    }
    json_decref(file);
    if (err == NULL) {
        *out = schema;
    }
    return err;
}
