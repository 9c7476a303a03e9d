#include "core/dialect.h"

#include <apr_strings.h>

#include "core/json.h"

#define WARNINGS_MAX 20

enum { ENTRA = 1, OKTA = 2, ONELOGIN = 4 };

/* Of `generic` anything may be expected. */
static const struct {
    const char *name;
    unsigned bit; /* 0: all dialects */
} kinds[] = {
    { "entra", ENTRA }, { "okta", OKTA }, { "onelogin", ONELOGIN },
    { "generic", 0 },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* clang-format off */
static const struct {
    const char *code;
    scim_fault fault;
    const char *rule; /* to a strict app, behind `"path": ` */
    const char *read; /* into the journal */
    unsigned of;      /* kinds of apps whose documented habit it is; what is
                         lost, an attribute or a member, is nobody's */
} dialects[SCIM_DIALECT_COUNT] = {
    [SCIM_DIALECT_SCHEMAS_MISSING] = { "schemasMissing",
        SCIM_INVALID_SYNTAX,
        "must be an array that contains the resource's own schema",
        "The resource's own schema was not named; it was taken for granted." },
    [SCIM_DIALECT_SCHEMA_UNKNOWN] = { "schemaUnknown",
        SCIM_INVALID_SYNTAX,
        "is no schema of this resource type (schemas and keys of extensions "
        "name those that /ResourceTypes lists)",
        "A schema that is none of this resource type was ignored.",
        ENTRA | ONELOGIN },
    [SCIM_DIALECT_ATTRIBUTE_UNKNOWN] = { "attributeUnknown",
        SCIM_INVALID_SYNTAX,
        "is no attribute of this resource type",
        "An unknown attribute was ignored." },
    [SCIM_DIALECT_SINGLE_VALUE] = { "singleValue",
        SCIM_INVALID_VALUE,
        "must be an array",
        "A single value was read as a list of one.",
        ONELOGIN },
    [SCIM_DIALECT_BOOLEAN_TEXT] = { "booleanText",
        SCIM_INVALID_VALUE,
        "must be true or false, not a string",
        "A text was read as a boolean.",
        ENTRA },
    [SCIM_DIALECT_NUMBER_AS_TEXT] = { "numberAsText",
        SCIM_INVALID_VALUE,
        "must be a string, not a number",
        "A number was kept as text." },
    [SCIM_DIALECT_EMPTY_TEXT] = { "emptyText",
        SCIM_INVALID_VALUE,
        "must not be an empty string; null clears it",
        "An empty text was read as no value.",
        ENTRA },
    [SCIM_DIALECT_REFERENCE_FORM] = { "referenceForm",
        SCIM_INVALID_VALUE,
        "must be a URI",
        "A reference that is no URI was stored as it is.",
        ENTRA },
    [SCIM_DIALECT_COUNTRY_FORM] = { "countryForm",
        SCIM_INVALID_VALUE,
        "must be a code of two letters (ISO 3166-1), such as \"DE\"",
        "A country that is no code of two letters was stored as it is.",
        ENTRA },
    [SCIM_DIALECT_BARE_REFERENCE] = { "bareReference",
        SCIM_INVALID_VALUE,
        "must be an object, not a string",
        "A text was read as the value of the reference.",
        ENTRA },
    [SCIM_DIALECT_WRAPPED_VALUE] = { "wrappedValue",
        SCIM_INVALID_VALUE,
        "must be a simple value, not an object",
        "An object was read as the value within it." },
    [SCIM_DIALECT_LISTED_VALUE] = { "listedValue",
        SCIM_INVALID_VALUE,
        "must be an object, not an array",
        "A list was read as its first element.",
        ENTRA },
    [SCIM_DIALECT_MEMBER_LINK] = { "memberLink",
        SCIM_INVALID_VALUE,
        "needs a value",
        "A member without a value was read by its $ref." },
    [SCIM_DIALECT_MEMBER_NAMELESS] = { "memberNameless",
        SCIM_INVALID_VALUE,
        "needs a value",
        "A member without a value was ignored." },
    [SCIM_DIALECT_MEMBER_UNKNOWN] = { "memberUnknown",
        SCIM_INVALID_VALUE,
        "must be the id of a user or group",
        "Members that are not known here were skipped." },
    [SCIM_DIALECT_OP_CASE] = { "opCase",
        SCIM_INVALID_SYNTAX,
        "must be add, replace or remove, in lower case",
        "An op in another case was read as the one in lower case.",
        ENTRA },
    [SCIM_DIALECT_NO_OPERATIONS] = { "noOperations",
        SCIM_INVALID_SYNTAX,
        "must name one operation at least",
        "A PATCH without operations changed nothing.",
        ENTRA },
    [SCIM_DIALECT_PATH_AS_KEY] = { "pathAsKey",
        SCIM_INVALID_SYNTAX,
        "is a path where the name of an attribute must be",
        "A name within a value was read as a path.",
        ENTRA },
    [SCIM_DIALECT_READ_ONLY_KEY] = { "readOnlyKey",
        SCIM_MUTABILITY,
        "is readOnly",
        "A readOnly attribute within a value was left out.",
        OKTA },
    [SCIM_DIALECT_FILTER_CREATES] = { "filterCreates",
        SCIM_NO_TARGET,
        "chooses no element of the resource",
        "The element that the path asks for was made.",
        ENTRA },
    [SCIM_DIALECT_LISTED_REMOVAL] = { "listedRemoval",
        SCIM_INVALID_VALUE,
        "takes no value when it is removed; name the elements in the path",
        "Only the elements that the value lists were removed.",
        ENTRA },
    [SCIM_DIALECT_REQUIRED_LEFT_OUT] = { "requiredLeftOut",
        SCIM_INVALID_VALUE,
        "is required in each PUT",
        "A required value that a PUT left out was kept as it was." },
    [SCIM_DIALECT_NO_MEDIA_TYPE] = { "noMediaType",
        SCIM_INVALID_SYNTAX,
        "must be application/scim+json",
        "A body without a media type was read as SCIM." },
};
/* clang-format on */

apr_array_header_t *scim_warnings_make(apr_pool_t *pool)
{
    return apr_array_make(pool, 0, sizeof(scim_warning));
}

const char *scim_dialect_code(scim_dialect what)
{
    return dialects[what].code;
}

scim_error *scim_dialect_error(scim_dialect what, const char *path,
                               apr_pool_t *pool)
{
    return scim_error_make(dialects[what].fault, pool,
                           "\"%s\" %s (strict: %s).",
                           scim_excerpt(path, pool), dialects[what].rule,
                           dialects[what].code);
}

void scim_dialect_warning(scim_warning *out, scim_dialect what,
                          const char *path)
{
    out->code = dialects[what].code;
    out->path = path;
    out->detail = dialects[what].read;
}

int scim_reading_is_full(const scim_reading *reading)
{
    return !reading->strict && reading->tolerated
           && (reading->warnings == NULL
               || reading->warnings->nelts >= WARNINGS_MAX);
}

scim_error *scim_reading_meets(scim_reading *reading, scim_dialect what,
                               const char *path, apr_pool_t *pool)
{
    if (reading->strict) {
        return scim_dialect_error(what, path, pool);
    }
    reading->tolerated = 1;
    if (!scim_reading_is_full(reading)) {
        scim_dialect_warning(apr_array_push(reading->warnings), what,
                             scim_excerpt(path, pool));
    }
    return NULL;
}

json_t *scim_warning_to_json(const scim_warning *warning)
{
    return json_pack("{s:s, s:o, s:s}", "code", warning->code, "path",
                     scim_json_text(warning->path), "detail", warning->detail);
}

json_t *scim_dialect_habits(void)
{
    json_t *all = json_object();
    size_t i;
    int what;

    for (i = 0; i < KINDS; i++) {
        json_t *codes = json_array();

        for (what = 0; what < SCIM_DIALECT_COUNT; what++) {
            if (kinds[i].bit == 0 || (dialects[what].of & kinds[i].bit) != 0) {
                json_array_append_new(codes,
                                      json_string(dialects[what].code));
            }
        }
        json_object_set_new(all, kinds[i].name, codes);
    }
    return all;
}
