#include "core/resource.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "tap.h"

#define CORE "\"schemas\":[\"" SCIM_URN_USER "\"]"
#define BOTH                                \
    "\"schemas\":[\"" SCIM_URN_USER "\",\"" \
    SCIM_URN_ENTERPRISE_USER "\"]"
#define GROUP "\"schemas\":[\"" SCIM_URN_GROUP "\"]"
#define ENT "\"" SCIM_URN_ENTERPRISE_USER "\""

enum { TOLERANT, STRICT };

static apr_pool_t *pool;
static scim_reading reading;

static json_t *parsed(const char *text)
{
    json_t *json = NULL;
    scim_error *err = scim_json_parse(&json, text, strlen(text), 32, pool);

    if (err != NULL) {
        printf("# broken test: %s: %s\n", text, err->detail);
        exit(1);
    }
    return json;
}

static scim_error *read_as(json_t **out, const scim_resource_type *type,
                           int strict, const char *body)
{
    reading.strict = strict;
    reading.warnings = scim_warnings_make(pool);
    return scim_resource_read(out, parsed(body), type, &reading, pool);
}

/* `want` is the canonical resource. */
static void reads(const scim_resource_type *type, int strict, const char *body,
                  const char *want, const char *name)
{
    json_t *got = NULL;
    scim_error *err = read_as(&got, type, strict, body);

    if (err != NULL) {
        printf("# %s\n", err->detail);
    }
    if (!ok(json_equal(got, parsed(want)), name)) {
        printf("#      got: %s\n#   wanted: %s\n",
               got != NULL ? scim_json_dump(got, NULL, pool) : "an error",
               want);
    }
}

static void user(int strict, const char *members, const char *want,
                 const char *name)
{
    reads(&scim_type_user, strict,
          apr_pstrcat(pool, "{" BOTH ",\"userName\":\"a\",", members, "}",
                      NULL),
          apr_pstrcat(pool, "{", strstr(want, ENT) ? BOTH : CORE,
                      ",\"userName\":\"a\"", *want != '\0' ? "," : "", want,
                      "}", NULL),
          name);
}

static void refuses(const scim_resource_type *type, int strict,
                    const char *body, scim_fault fault, const char *part,
                    const char *name)
{
    json_t *got = NULL;
    scim_error *err = read_as(&got, type, strict, body);

    if (!ok(err != NULL && err->fault == fault && got == NULL
                && strstr(err->detail, part) != NULL,
            name)) {
        printf("# got: %s\n",
               err != NULL ? err->detail : scim_json_dump(got, NULL, pool));
    }
}

static void refuses_user(int strict, const char *members, const char *part,
                         const char *name)
{
    refuses(&scim_type_user, strict,
            apr_pstrcat(pool, "{" BOTH ",\"userName\":\"a\",", members, "}",
                        NULL),
            SCIM_INVALID_VALUE, part, name);
}

static void refuses_name(const char *value, const char *part, const char *name)
{
    refuses(&scim_type_user, TOLERANT,
            apr_psprintf(pool, "{" CORE ",\"userName\":%s}", value),
            SCIM_INVALID_VALUE, part, name);
}

static void test_names(void)
{
    reads(&scim_type_user, STRICT,
          "{" CORE
          ",\"USERNAME\":\"BJensen\",\"Emails\":[{\"VALUE\":\"a@b\"}]}",
          "{" CORE
          ",\"userName\":\"BJensen\",\"emails\":[{\"value\":\"a@b\"}]}",
          "names become the schema's, values stay the client's");
    user(STRICT, "\"id\":\"x\",\"meta\":{\"version\":\"1\"},\"groups\":[{}]",
         "", "readOnly attributes are dropped");
    user(TOLERANT, "\"shoeSize\":{\"a\":[1]}", "",
         "unknown attributes are dropped");
    refuses(&scim_type_user, STRICT,
            "{" CORE ",\"userName\":\"a\",\"shoeSize\":{\"a\":[1]}}",
            SCIM_INVALID_SYNTAX, "\"shoeSize\" is no attribute",
            "strict: there are no unknown attributes");
    user(TOLERANT, "\"department\":\"Sales\"", "",
         "an attribute of the extension at the root is unknown");
    is_int(reading.warnings->nelts, 1, "... with a warning");
    is_str(APR_ARRAY_IDX(reading.warnings, 0, scim_warning).path, "department",
           "... that names it");
    refuses(&scim_type_user, TOLERANT,
            "{" CORE ",\"userName\":\"a\",\"USERNAME\":\"b\"}",
            SCIM_INVALID_SYNTAX, "\"userName\" is given twice",
            "one name in two spellings is refused");
    refuses(&scim_type_user, TOLERANT,
            "{" CORE ",\"userName\":\"a\",\"name\":{\"givenName\":\"x\","
            "\"givenname\":\"y\"}}",
            SCIM_INVALID_SYNTAX, "\"name.givenName\" is given twice",
            "... below an attribute too");
    user(TOLERANT, "\"title\":null,\"nickName\":null,\"roles\":[],"
                   "\"emails\":null,\"addresses\":[{\"locality\":null}]",
         "", "null, [] and what holds only them are absent");
    user(STRICT, "\"title\":\"\"", "\"title\":\"\"",
         "an empty string is a value");
    user(STRICT, "\"externalId\":\"701984\",\"active\":false",
         "\"externalId\":\"701984\",\"active\":false",
         "externalId is the client's to set");
}

static void test_schemas(void)
{
    reads(&scim_type_user, TOLERANT, "{\"userName\":\"a\"}",
          "{" CORE ",\"userName\":\"a\"}", "schemas are completed");
    is_int(reading.warnings->nelts, 1, "... with a warning");
    reads(&scim_type_user, TOLERANT,
          "{" CORE ",\"userName\":\"a\"," ENT ":{\"department\":\"Sales\"}}",
          "{" BOTH ",\"userName\":\"a\"," ENT ":{\"department\":\"Sales\"}}",
          "an extension that is there is named");
    reads(&scim_type_group, TOLERANT,
          "{\"schemas\":[\"" SCIM_URN_GROUP "\",\"http://schemas.microsoft.com/"
          "2006/11/ResourceManagement/ADSCIM/2.0/Group\"],"
          "\"displayName\":\"g\"}",
          "{" GROUP ",\"displayName\":\"g\"}", "a foreign schema is dropped");
    is_int(reading.warnings->nelts, 1, "... with a warning");
    refuses(&scim_type_user, STRICT, "{\"userName\":\"a\"}",
            SCIM_INVALID_SYNTAX, "schemas", "strict: schemas are required");
    refuses(&scim_type_user, STRICT,
            "{\"schemas\":\"" SCIM_URN_USER "\",\"userName\":\"a\"}",
            SCIM_INVALID_SYNTAX, "array", "strict: schemas are an array");
    refuses(&scim_type_user, STRICT,
            "{\"schemas\":[\"" SCIM_URN_USER
            "\",\"urn:x\"],\"userName\":\"a\"}",
            SCIM_INVALID_SYNTAX, "urn:x", "strict: no foreign schemas");
    refuses(&scim_type_user, TOLERANT,
            "{" BOTH ",\"userName\":\"a\"," ENT ":\"Sales\"}",
            SCIM_INVALID_VALUE, "must be an object",
            "an extension is an object");
}

static void test_types(void)
{
    user(TOLERANT, "\"active\":\"False\",\"roles\":[{\"value\":\"x\","
                   "\"primary\":\"TRUE\"}]",
         "\"active\":false,\"roles\":[{\"value\":\"x\",\"primary\":true}]",
         "booleans as strings in any case");
    refuses_user(STRICT, "\"active\":\"False\"", "\"active\" must be true",
                 "strict: booleans are no strings");
    refuses_user(TOLERANT, "\"active\":\"maybe\"", "\"active\" must be true",
                 "other strings are no booleans");
    refuses_user(TOLERANT, "\"active\":1", "not a number",
                 "numbers are no booleans");
    user(TOLERANT, ENT ":{\"employeeNumber\":701984}",
         ENT ":{\"employeeNumber\":\"701984\"}", "a number becomes text");
    refuses_user(STRICT, ENT ":{\"employeeNumber\":701984}",
                 ":User:employeeNumber\" must be a string",
                 "strict: a number is no text");
    refuses_user(TOLERANT, "\"title\":{\"value\":\"x\"}",
                 "must be a string, not an object", "an object is no text");
    refuses_user(TOLERANT, "\"title\":true", "not a boolean",
                 "a boolean is no text");
    refuses_user(TOLERANT, "\"name\":{\"givenName\":{\"a\":1}}",
                 "\"name.givenName\" must be a string", "no deeper nesting");
    refuses_user(TOLERANT, "\"emails\":\"a@b\"", "\"emails[0]\" must be an "
                                                 "object",
                 "an address alone is no value of emails");
    refuses_user(TOLERANT, "\"emails\":[{\"value\":\"x\"},{\"type\":[]},"
                           "{\"type\":[1]}]",
                 "\"emails[2].type\" must be a string",
                 "a message says which element");
    user(TOLERANT, "\"emails\":{\"value\":\"a@b\"}",
         "\"emails\":[{\"value\":\"a@b\"}]", "one object is wrapped");
    refuses_user(STRICT, "\"emails\":{\"value\":\"a@b\"}", "must be an array",
                 "strict: an array is needed");
    user(STRICT, "\"roles\":[{\"value\":\"{\\\"id\\\":1}\"}]",
         "\"roles\":[{\"value\":\"{\\\"id\\\":1}\"}]",
         "JSON text in a value is data");
    user(STRICT, "\"locale\":\"nowhere\",\"timezone\":\"?\"",
         "\"locale\":\"nowhere\",\"timezone\":\"?\"",
         "locales and time zones are not judged");
    user(TOLERANT, "\"profileUrl\":\"not a uri %%\"",
         "\"profileUrl\":\"not a uri %%\"", "nor are URLs");
    refuses_user(STRICT, "\"profileUrl\":\"not a uri %%\"", "must be a URI",
                 "strict: URLs are");
    user(STRICT, "\"profileUrl\":\"https://a/%20b?c#d\"",
         "\"profileUrl\":\"https://a/%20b?c#d\"", "... and pass");
}

static void test_base64(void)
{
    static const char *const good[] = { "", "TQ==", "TQ", "TWE=", "TWE", "TWFu",
                                        "TWFu+/==", "TWFuTQ==" };
    static const char *const bad[] = { "T", "!!", "TQ=", "TQ===", "T-_a",
                                       "TW\\nFu", "=", "TWFu====" };
    size_t i;

    for (i = 1; i < sizeof(good) / sizeof(good[0]); i++) {
        const char *text = apr_psprintf(
            pool, "\"x509Certificates\":[{\"value\":\"%s\"}]", good[i]);

        user(STRICT, text, text, apr_psprintf(pool, "%s is base64", good[i]));
    }
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        refuses_user(TOLERANT,
                     apr_psprintf(pool,
                                  "\"x509Certificates\":[{\"value\":\"%s\"}]",
                                  bad[i]),
                     "x509Certificates[0].value\" must be base64",
                     apr_psprintf(pool, "%s is not base64", bad[i]));
    }
}

static void test_manager(void)
{
    user(TOLERANT, ENT ":{\"manager\":\"26118915\"}",
         ENT ":{\"manager\":{\"value\":\"26118915\"}}",
         "a manager as a bare id");
    refuses_user(STRICT, ENT ":{\"manager\":\"26118915\"}",
                 "manager\" must be an object, not a string",
                 "strict: a manager is an object");
    user(TOLERANT, ENT ":{\"manager\":\"\",\"department\":\"\"}",
         ENT ":{\"department\":\"\"}", "\"\" is no manager");
    user(TOLERANT, ENT ":{\"manager\":{\"value\":\"\",\"displayName\":\"M\"}}",
         "", "... inside too, and the name is ours");
    user(TOLERANT, ENT ":{\"manager\":{\"Value\":\"m\",\"$ref\":\"../U/m\"}}",
         ENT ":{\"manager\":{\"value\":\"m\",\"$ref\":\"../U/m\"}}",
         "a capitalised sub-attribute");
}

static void test_required(void)
{
    char body[4000];

    refuses(&scim_type_user, TOLERANT, "{" CORE ",\"displayName\":\"a\"}",
            SCIM_INVALID_VALUE, "\"userName\" is required",
            "a user needs a userName");
    refuses(&scim_type_group, TOLERANT, "{" GROUP "}", SCIM_INVALID_VALUE,
            "\"displayName\" is required", "a group needs a displayName");
    refuses(&scim_type_group, TOLERANT, "{" GROUP ",\"displayName\":\"\"}",
            SCIM_INVALID_VALUE, "must not be empty", "... that is not empty");
    refuses_name("null", "is required", "null is no userName");
    refuses_name("\"\"", "must not be empty", "nor is an empty one");
    refuses_name("\"  \"", "must not be empty", "nor are spaces");
    refuses_name("\"\xE3\x80\x80\"", "must not be empty", "wide ones neither");
    refuses_name("\"a\\u0007\"", "control characters", "nor a bell");
    refuses_name("\"a\\u0085\"", "control characters", "nor a C1 control");
    refuses_name("\"a\\u007f\"", "control characters", "nor DEL");
    refuses_name("\"SCIM-Token:1\"", "scim-token:", "nor a token's name");
    reads(&scim_type_user, STRICT, "{" CORE ",\"userName\":\"\xC3\xA9 a\"}",
          "{" CORE ",\"userName\":\"\xC3\xA9 a\"}", "spaces within are fine");

    memset(body, 'A', 1025);
    body[1025] = '\0';
    refuses_name(apr_psprintf(pool, "\"%s\"", body), "longer than 1024 bytes",
                 "1025 bytes are too long for an index");
    body[1024] = '\0';
    user(STRICT, apr_psprintf(pool, "\"externalId\":\"%s\"", body),
         apr_psprintf(pool, "\"externalId\":\"%s\"", body),
         "1024 bytes are not");
    user(STRICT, apr_psprintf(pool, "\"title\":\"%s%s\"", body, body),
         apr_psprintf(pool, "\"title\":\"%s%s\"", body, body),
         "what has no index may be longer");
    refuses_user(TOLERANT,
                 apr_psprintf(pool, "\"emails\":[{\"value\":\"%sx\"}]", body),
                 "\"emails[0].value\" is longer", "emails have an index");
    for (body[0] = '\0'; strlen(body) < 1000;) {
        strcat(body, "\xC4\xB0"); /* folds from two bytes to three */
    }
    refuses_user(TOLERANT, apr_psprintf(pool, "\"displayName\":\"%s\"", body),
                 "longer than 1024 bytes", "the folded length counts");
}

static void test_multi(void)
{
    refuses_user(TOLERANT, "\"emails\":[{\"value\":\"a\",\"primary\":true},"
                           "{\"value\":\"b\",\"primary\":\"True\"}]",
                 "\"emails\" has 2 primary values", "two primaries");
    user(STRICT, "\"emails\":[{\"value\":\"a\",\"primary\":true},"
                 "{\"value\":\"b\",\"primary\":false}]",
         "\"emails\":[{\"value\":\"a\",\"primary\":true},"
         "{\"value\":\"b\",\"primary\":false}]",
         "one primary");
    user(STRICT, "\"emails\":[{\"value\":\"a\",\"type\":\"work\"},"
                 "{\"type\":\"work\",\"value\":\"a\"},"
                 "{\"value\":\"a\",\"type\":\"home\"}]",
         "\"emails\":[{\"value\":\"a\",\"type\":\"work\"},"
         "{\"value\":\"a\",\"type\":\"home\"}]",
         "the same value is there once, with another type twice");
    user(STRICT, "\"emails\":[null,{\"value\":\"a\",\"type\":\"mine\"},{}]",
         "\"emails\":[{\"value\":\"a\",\"type\":\"mine\"}]",
         "empty elements are dropped, other types kept");
    user(STRICT, "\"addresses\":[{\"formatted\":\"a\\nb\",\"primary\":true}]",
         "\"addresses\":[{\"formatted\":\"a\\nb\",\"primary\":true}]",
         "an address may be primary and have lines");
}

static void test_members(void)
{
    reads(&scim_type_group, STRICT,
          "{" GROUP ",\"displayName\":\"g\",\"members\":[{\"value\":\"AB-1\","
          "\"$ref\":\"x\",\"display\":\"Bob\",\"type\":\"user\"},"
          "{\"value\":\"ab-1\"},{\"value\":\"2\",\"type\":\"Robot\"}]}",
          "{" GROUP ",\"displayName\":\"g\",\"members\":[{\"value\":\"ab-1\","
          "\"type\":\"User\"},{\"value\":\"2\"}]}",
          "members are ids, once each; the rest is ours to say");
    reads(&scim_type_group, TOLERANT,
          "{" GROUP ",\"displayName\":\"g\",\"members\":[\"1\",{\"display\":"
          "\"x\"},{\"value\":\"\"},{\"value\":null,\"type\":\"User\"}]}",
          "{" GROUP ",\"displayName\":\"g\",\"members\":[{\"value\":\"1\"}]}",
          "bare ids are taken, members without one dropped");
    refuses(&scim_type_group, STRICT,
            "{" GROUP ",\"displayName\":\"g\",\"members\":[{\"type\":"
            "\"User\"}]}",
            SCIM_INVALID_VALUE, "\"members[0]\" needs a value",
            "strict: a member has a value");
    refuses(&scim_type_group, TOLERANT,
            "{" GROUP ",\"displayName\":\"g\",\"members\":[{\"value\":"
            "[\"1\"]}]}",
            SCIM_INVALID_VALUE, "\"members[0].value\" must be a string",
            "a member's value is a string");
}

static void test_values(void)
{
    const scim_attr *emails = scim_attr_find(scim_schema_user.attrs, "emails",
                                             6);
    json_t *out = json_true();
    scim_error *err;

    reading.strict = 1;
    err = scim_value_read(&out, parsed("{\"value\":\"a\"}"), emails, "emails",
                          &reading, pool);
    ok(err == NULL, "a single value of a multi-valued attribute is read");
    is_str(scim_json_dump(out, NULL, pool), "[{\"value\":\"a\"}]",
           "... as an array");
    err = scim_value_read(&out, json_null(), emails, "emails", &reading, pool);
    ok(err == NULL && out == NULL, "null is no value");
    refuses(&scim_type_user, TOLERANT, "{}", SCIM_INVALID_VALUE, "required",
            "an empty object is no user");
    err = scim_resource_read(&out, json_null(), &scim_type_user, &reading,
                             pool);
    ok(err != NULL && err->fault == SCIM_INVALID_SYNTAX, "null is no resource");
    err = scim_resource_read(
        &out,
        scim_json_adopt(json_pack("{s:[s], s:s#}", "schemas", SCIM_URN_USER,
                                  "userName", "a\0b", 3),
                        pool),
        &scim_type_user, &reading, pool);
    ok(err != NULL && err->fault == SCIM_INVALID_VALUE,
       "U+0000 is refused, not cut off");
}

static void test_warnings(void)
{
    json_t *body = scim_json_adopt(json_object(), pool), *out = NULL;
    int i;

    json_object_set_new(body, "userName", json_string("a"));
    for (i = 0; i < 50; i++) {
        json_object_set_new(body, apr_psprintf(pool, "x%d", i), json_true());
    }
    reading.strict = 0;
    reading.warnings = scim_warnings_make(pool);
    scim_resource_read(&out, body, &scim_type_user, &reading, pool);
    is_int(reading.warnings->nelts, 20, "a flood of warnings is cut");
    reading.warnings = NULL;
    ok(scim_resource_read(&out, body, &scim_type_user, &reading, pool) == NULL,
       "warnings need not be wanted");
}

static void keeps(int strict, const char *after, const char *before,
                  const char *want, const char *name)
{
    json_t *kept = parsed(after);
    scim_error *err;

    reading.strict = strict;
    err = scim_resource_keep(kept, parsed(before), &scim_type_user, &reading,
                             pool);
    if (!ok(err == NULL && json_equal(kept, parsed(want)), name)) {
        printf("# got: %s\n", scim_json_dump(kept, NULL, pool));
    }
}

static void test_keep(void)
{
    keeps(TOLERANT, "{" CORE ",\"userName\":\"a\"}",
          "{" BOTH ",\"userName\":\"b\",\"active\":false,\"title\":\"x\","
          "\"password\":\"s\"," ENT ":{\"department\":\"d\"}}",
          "{" CORE ",\"userName\":\"a\",\"active\":false,\"password\":\"s\"}",
          "a PUT without active and password keeps just these");
    keeps(STRICT, "{" CORE ",\"userName\":\"a\"}",
          "{" CORE ",\"userName\":\"b\",\"active\":false,\"password\":\"s\"}",
          "{" CORE ",\"userName\":\"a\",\"password\":\"s\"}",
          "strict: only the password");
    keeps(TOLERANT, "{" CORE ",\"userName\":\"a\",\"active\":true}",
          "{" CORE ",\"userName\":\"a\",\"active\":false}",
          "{" CORE ",\"userName\":\"a\",\"active\":true}",
          "what is sent is taken");
}

/* No schema of ours has an immutable attribute at the top; one from a file
 * may. */
static void test_immutable(void)
{
    static const scim_attr attrs[] = {
        { .name = "serial", .mutability = SCIM_IMMUTABLE },
        { .name = NULL }
    };
    static const scim_schema schema = { "urn:x:Device", "Device", "", attrs };
    static const scim_extension none[] = { { NULL, 0 } };
    static const scim_resource_type type = { .name = "Device",
        .endpoint = "/Devices", .schema = &schema, .extensions = none };
    json_t *after = parsed("{}");
    scim_error *err;

    err = scim_resource_keep(after, parsed("{\"serial\":\"1\"}"), &type,
                             &reading, pool);
    ok(err == NULL, "an immutable attribute may be left out");
    is_str(json_string_value(json_object_get(after, "serial")), "1",
           "... and is kept");
    err = scim_resource_keep(parsed("{\"serial\":\"2\"}"),
                             parsed("{\"serial\":\"1\"}"), &type, &reading,
                             pool);
    ok(err != NULL && err->fault == SCIM_MUTABILITY, "... not changed");
    err = scim_resource_keep(parsed("{\"serial\":\"2\"}"), parsed("{}"), &type,
                             &reading, pool);
    ok(err == NULL, "... but set once");
}

/* A type with a secret that is required, and one that is not. */
static void replaces(int strict, const char *body, const char *want,
                     const char *name)
{
    static const scim_attr attrs[] = {
        { .name = "name" },
        { .name = "pin", .required = 1, .mutability = SCIM_WRITE_ONLY,
          .returned = SCIM_RETURNED_NEVER },
        { .name = "hint", .returned = SCIM_RETURNED_NEVER },
        { .name = NULL }
    };
    static const scim_schema schema = { "urn:x:Safe", "Safe", "", attrs };
    static const scim_extension none[] = { { NULL, 0 } };
    static const scim_resource_type type = { .name = "Safe",
        .endpoint = "/Safes", .schema = &schema, .extensions = none };
    json_t *got = NULL;
    scim_error *err;

    reading.strict = strict;
    reading.warnings = scim_warnings_make(pool);
    err = scim_resource_read_put(&got, parsed(body), &type, &reading, pool);
    if (err == NULL) {
        err = scim_resource_keep(got,
                                 parsed("{\"schemas\":[\"urn:x:Safe\"],"
                                        "\"name\":\"n\",\"pin\":\"1\","
                                        "\"hint\":\"h\"}"),
                                 &type, &reading, pool);
    }
    if (want == NULL) {
        ok(err != NULL && strstr(err->detail, "\"pin\" is required") != NULL,
           name);
        return;
    }
    ok(err == NULL && json_equal(got, parsed(want)), name);
}

static void test_secrets(void)
{
    static const char schemas[] = "{\"schemas\":[\"urn:x:Safe\"]";
    const char *bare = apr_pstrcat(pool, schemas, "}", NULL);

    replaces(TOLERANT, bare,
             apr_pstrcat(pool, schemas, ",\"pin\":\"1\",\"hint\":\"h\"}",
                         NULL),
             "a PUT keeps what nobody can read, required or not");
    is_int(reading.warnings->nelts, 1, "... with a warning");
    replaces(TOLERANT,
             apr_pstrcat(pool, schemas, ",\"pin\":\"2\",\"HINT\":null}",
                         NULL),
             apr_pstrcat(pool, schemas, ",\"pin\":\"2\"}", NULL),
             "... unless it says another one, or null");
    is_int(reading.warnings->nelts, 0, "... without one");
    replaces(TOLERANT, apr_pstrcat(pool, schemas, ",\"pin\":null}", NULL),
             NULL, "what is required cannot go");
    replaces(STRICT, bare, NULL, "strict: it has to be said");
}

static void test_fold(void)
{
    json_t *folded = scim_resource_fold(
        parsed("{" BOTH ",\"id\":\"u1\",\"userName\":\"BJensen\","
               "\"externalId\":\"X\",\"active\":true,\"emails\":[{\"value\":"
               "\"A@B\",\"type\":\"WORK\",\"primary\":true}],\"name\":"
               "{\"familyName\":\"\xC3\x89" "clair\"},\"profileUrl\":"
               "\"HTTP://X\"," ENT ":{\"department\":\"Sales\",\"manager\":"
               "{\"value\":\"M\"}},\"meta\":{\"resourceType\":\"User\","
               "\"created\":\"2026-02-01T10:30:00.25+01:00\"}}"),
        &scim_type_user, pool);

    if (!ok(json_equal(
                folded,
                parsed("{" BOTH ",\"id\":\"u1\",\"userName\":\"bjensen\","
                       "\"externalId\":\"X\",\"active\":true,\"emails\":"
                       "[{\"value\":\"a@b\",\"type\":\"work\",\"primary\":"
                       "true}],\"name\":{\"familyName\":\"\xC3\xA9" "clair\"},"
                       "\"profileUrl\":\"HTTP://X\"," ENT ":{\"department\":"
                       "\"sales\",\"manager\":{\"value\":\"M\"}},\"meta\":"
                       "{\"resourceType\":\"User\",\"created\":"
                       "\"2026-02-01T09:30:00.250000000Z\"}}")),
            "a fold lowers what has no case and leaves what has")) {
        printf("# got: %s\n", scim_json_dump(folded, NULL, pool));
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_names();
    test_schemas();
    test_types();
    test_base64();
    test_manager();
    test_required();
    test_multi();
    test_members();
    test_values();
    test_warnings();
    test_keep();
    test_secrets();
    test_immutable();
    test_fold();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
