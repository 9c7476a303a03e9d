/* Schemas and resource types from files: what is accepted, and where and why
 * the rest is refused. */
#include "core/schema_file.h"

#include <apr_strings.h>

#include "core/foreign.h"
#include "core/type_set.h"
#include "tap.h"

#define ATTRS(list) "{\"id\":\"urn:example:X\",\"attributes\":[" list "]}"
#define CORE "urn:ietf:params:scim:schemas:core:2.0:"

static apr_pool_t *pool;
static scim_type_set *set;

static const char *refusal(const char *text)
{
    const scim_schema *schema;
    scim_error *err
        = scim_type_set_add_schema(&schema, set, text, strlen(text));

    return err != NULL ? err->detail : "accepted";
}

static void refuses(const char *text, const char *why)
{
    const char *got = refusal(text);

    if (!ok(strncmp(got, why, strlen(why)) == 0,
            apr_psprintf(pool, "%.70s: %s", text, why))) {
        printf("# got: %s\n", got);
    }
}

/* The members of the one attribute. */
static void refuses_attr(const char *members, const char *why)
{
    refuses(apr_pstrcat(pool, "{\"id\":\"urn:example:X\",\"attributes\":[{",
                        members, "}]}", NULL),
            apr_pstrcat(pool, "/attributes/0", why, NULL));
}

static void test_form(void)
{
    refuses("", "line 1, column 0: this is no JSON");
    refuses("{\n \"id\": \"urn:x:y\",\n \"id\": 1}", "line 3, column 5: ");
    refuses("[]", "the file: must be an object");
    refuses("{\"id\":\"urn:x:y\",\"attribute\":[]}",
            "/attribute: this key is not known here");
    refuses("{\"id\":\"urn:x:y\",\"name\":null}", "/name: null says nothing");
    refuses("{\"schemas\":[\"" CORE "User\"],\"id\":\"urn:x:y\"}",
            "/schemas: must be [\"" CORE "Schema\"]");
    refuses("{}", "the file: \"id\" is missing");
    refuses("{\"id\":\"urn:x:y\"}", "/attributes: must be an array of 1 to");
    refuses(ATTRS(""), "/attributes: must be an array of 1 to");
    refuses("{\"id\":\"urn:x:y\",\"name\":7,\"attributes\":[]}",
            "/name: must be a string");
    refuses(ATTRS("7"), "/attributes/0: must be an object");
    refuses(apr_psprintf(pool,
                         "{\"id\":\"urn:x:y\",\"description\":\"%05000d\"}",
                         0),
            "/description: has more than 4096 bytes");
}

static void test_urns(void)
{
    static const char *const none[] = { "x",       "urn:",      "urn:x",
                                        "urn:x:",  "urn::y",    "urn:x:y:",
                                        "urn:x:'", "urn:x:a b", "http://x/y",
                                        "URN:x:y" };
    size_t i;

    for (i = 0; i < sizeof(none) / sizeof(none[0]); i++) {
        refuses(apr_pstrcat(pool, "{\"id\":\"", none[i], "\"}", NULL), "/id: ");
    }
    refuses("{\"id\":\"" CORE "User\",\"attributes\":[{\"name\":\"a\"}]}",
            "/id: names that begin with");
    refuses("{\"id\":\"urn:ietf:params:scim:API:x\",\"attributes\":"
            "[{\"name\":\"a\"}]}", "/id: names that begin with");
    refuses("{\"id\":\"urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:"
            "User\",\"attributes\":[{\"name\":\"a\"}]}",
            "/id: \"urn:ietf:params:scim:schemas:extension:ENTERPRISE:2.0:User"
            "\" collides with the schema \"" SCIM_URN_ENTERPRISE_USER "\"");
    refuses("{\"id\":\"urn:ietf:params:scim:schemas:extension:enterprise:2.0:"
            "User:more\",\"attributes\":[{\"name\":\"a\"}]}",
            "/id: \"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:"
            "more\" collides");
    is_str(refusal("{\"id\":\"urn:example:once\",\"attributes\":"
                   "[{\"name\":\"a\"}]}"), "accepted", "a URN of one's own");
    refuses("{\"id\":\"urn:example:ONCE\",\"attributes\":[{\"name\":\"a\"}]}",
            "/id: \"urn:example:ONCE\" collides");
    refuses("{\"id\":\"urn:example:once.2\",\"attributes\":[{\"name\":\"a\"}]}",
            "/id: \"urn:example:once.2\" collides");
    is_str(refusal("{\"id\":\"urn:ietf:params:scim:schemas:extension:Custom:"
                   "2.0:User\",\"attributes\":[{\"name\":\"a\"}]}"),
           "accepted", "what Entra's documentation calls a custom extension");
}

static void test_attrs(void)
{
    refuses_attr("", ": \"name\" is missing");
    refuses_attr("\"name\":\"2nd\"", "/name: \"2nd\" is no name");
    refuses_attr("\"name\":\"a.b\"", "/name: \"a.b\" is no name");
    refuses_attr("\"name\":\"\"", "/name: \"\" is no name");
    refuses_attr("\"name\":\"a\",\"Type\":\"string\"", "/Type: this key is");
    refuses_attr("\"name\":\"a\",\"type\":\"text\"",
                 "/type: \"text\" is none of string, boolean, decimal");
    refuses_attr("\"name\":\"a\",\"required\":\"true\"",
                 "/required: must be true or false");
    refuses_attr("\"name\":\"a\",\"mutability\":\"const\"",
                 "/mutability: \"const\" is none of readWrite, readOnly");
    refuses_attr("\"name\":\"a\",\"canonicalValues\":[]",
                 "/canonicalValues: must be an array of 1 to");
    refuses_attr("\"name\":\"a\",\"canonicalValues\":[\"x\",\"x\"]",
                 "/canonicalValues: \"x\" is there twice");
    refuses_attr("\"name\":\"a\",\"canonicalValues\":[\"x\",7]",
                 "/canonicalValues: element 1 must be a string");
    refuses(ATTRS("{\"name\":\"a\"},{\"name\":\"A\"}"),
            "/attributes/1/name: \"A\" is the name of another one");
}

/* Each says one thing that another one makes impossible. */
static void test_contradictions(void)
{
    refuses_attr("\"name\":\"a\",\"subAttributes\":[{\"name\":\"b\"}]",
                 "/subAttributes: only a complex attribute has");
    refuses_attr("\"name\":\"a\",\"type\":\"complex\"",
                 "/type: a complex attribute needs subAttributes");
    refuses_attr("\"name\":\"a\",\"type\":\"complex\",\"subAttributes\":[]",
                 "/subAttributes: must be an array of 1 to");
    refuses_attr("\"name\":\"a\",\"type\":\"complex\",\"subAttributes\":"
                 "[{\"name\":\"b\"},{\"name\":\"c\",\"type\":\"complex\","
                 "\"subAttributes\":[{\"name\":\"d\"}]}]",
                 "/subAttributes/1/type: a sub-attribute cannot be complex");
    refuses_attr("\"name\":\"a\",\"type\":\"complex\",\"subAttributes\":"
                 "[{\"name\":\"b\",\"multiValued\":true}]",
                 "/subAttributes/0/multiValued: a sub-attribute has one");
    refuses_attr("\"name\":\"a\",\"type\":\"integer\",\"canonicalValues\":"
                 "[\"1\"]", "/canonicalValues: only a string has");
    refuses_attr("\"name\":\"a\",\"referenceTypes\":[\"User\"]",
                 "/referenceTypes: only a reference");
    refuses_attr("\"name\":\"a\",\"type\":\"boolean\",\"caseExact\":true",
                 "/caseExact: upper and lower case");
    refuses_attr("\"name\":\"a\",\"type\":\"binary\",\"caseExact\":false",
                 "/caseExact: references and binaries are case-exact");
    refuses_attr("\"name\":\"a\",\"required\":true,\"mutability\":\"readOnly\"",
                 "/required: nobody could give");
    refuses_attr("\"name\":\"a\",\"mutability\":\"writeOnly\"",
                 "/returned: a writeOnly attribute is returned \"never\"");
    refuses_attr("\"name\":\"a\",\"uniqueness\":\"global\"",
                 "/uniqueness: this server knows its own resources only");
    refuses_attr("\"name\":\"a\",\"type\":\"boolean\",\"uniqueness\":"
                 "\"server\"", "/uniqueness: booleans, dateTimes,");
    refuses_attr("\"name\":\"a\",\"type\":\"dateTime\",\"uniqueness\":"
                 "\"server\"", "/uniqueness: booleans, dateTimes,");
    refuses_attr("\"name\":\"a\",\"mutability\":\"readOnly\",\"uniqueness\":"
                 "\"server\"", "/uniqueness: nobody could give");
}

static const char *many(const char *open, int count, const char *close)
{
    const char *text = open;
    int i;

    for (i = 0; i < count; i++) {
        text = apr_psprintf(pool, "%s%s{\"name\":\"a%d\"}", text,
                            i > 0 ? "," : "", i);
    }
    return apr_pstrcat(pool, text, close, NULL);
}

static void test_limits(void)
{
    refuses(many("{\"id\":\"urn:x:many\",\"attributes\":[",
                 SCIM_FILE_ATTRS_MAX + 1, "]}"),
            "/attributes: must be an array of 1 to 256 attributes");
    refuses(many("{\"id\":\"urn:x:many\",\"attributes\":[{\"name\":\"c\","
                 "\"type\":\"complex\",\"subAttributes\":[",
                 SCIM_FILE_ATTRS_MAX + 1, "]}]}"),
            "/attributes/0/subAttributes: must be an array of 1 to 256");
    is_str(refusal(many("{\"id\":\"urn:x:many\",\"attributes\":[",
                        SCIM_FILE_ATTRS_MAX, "]}")),
           "accepted", "as many attributes as there may be");
}

/* What a table in C would be. */
static void test_defaults(void)
{
    static const char text[]
        = ATTRS("{\"name\":\"a\"},{\"name\":\"b\",\"type\":\"binary\"},"
                "{\"name\":\"c\",\"type\":\"complex\",\"multiValued\":true,"
                "\"subAttributes\":[{\"name\":\"$ref\",\"type\":\"reference\","
                "\"required\":true}]}");
    scim_schema *schema = NULL;
    const scim_attr *a;

    is_str(scim_schema_file_read(&schema, text, strlen(text), pool) == NULL
               ? schema->name : NULL,
           "X", "the name of a schema is the end of its URN");
    a = schema->attrs;
    ok(a->type == SCIM_STRING && !a->multi && !a->required && !a->case_exact
           && a->mutability == SCIM_READ_WRITE && a->canonical == NULL
           && a->returned == SCIM_RETURNED_DEFAULT && a->sub == NULL
           && a->uniqueness == SCIM_UNIQUE_NONE && !a->indexed,
       "an attribute has the defaults of RFC 7643, 2.2 (S-2.2-01)");
    ok(a[1].type == SCIM_BINARY && a[1].case_exact, "a binary is case-exact");
    ok(a[2].multi && a[2].sub->required && a[2].sub[1].name == NULL,
       "sub-attributes end");
    ok(a[3].name == NULL, "and so do attributes");
}

/* ------------------------------------------------------------------- types */

static void refuses_type(const char *text, const char *why)
{
    scim_error *err = scim_type_set_add_type(set, text, strlen(text));
    const char *got = err != NULL ? err->detail : "accepted";

    if (!ok(strncmp(got, why, strlen(why)) == 0,
            apr_psprintf(pool, "%.70s: %s", text, why))) {
        printf("# got: %s\n", got);
    }
}

#define TYPE(name, endpoint, schema, more) \
    "{\"name\":\"" name "\",\"endpoint\":\"" endpoint "\",\"schema\":\"" \
    schema "\"" more "}"

static void test_types(void)
{
    const scim_resource_type *thing;

    refusal("{\"id\":\"urn:x:thing\",\"attributes\":[{\"name\":\"n\","
            "\"uniqueness\":\"server\"}]}");
    refusal("{\"id\":\"urn:x:more\",\"attributes\":[{\"name\":\"m\","
            "\"type\":\"complex\",\"subAttributes\":[{\"name\":\"s\","
            "\"returned\":\"request\"}]}]}");
    refusal("{\"id\":\"urn:x:meta\",\"attributes\":[{\"name\":\"Meta\"}]}");

    refuses_type("{\"name\":\"T\",\"endpoints\":\"/T\"}", "/endpoints: this");
    refuses_type(TYPE("a b", "/T", "urn:x:thing", ""), "/name: must be a");
    refuses_type(TYPE("T", "T", "urn:x:thing", ""), "/endpoint: must be \"/\"");
    refuses_type(TYPE("T", "/T/U", "urn:x:thing", ""), "/endpoint: must be");
    refuses_type(TYPE("T", "/T", "urn:x:thing", ",\"id\":\"U\""),
                 "/id: must be the name");
    refuses_type(TYPE("T", "/bulk", "urn:x:thing", ""),
                 "/endpoint: \"/Bulk\" belongs to the protocol");
    refuses_type(TYPE("T", "/users", "urn:x:thing", ""),
                 "/endpoint: \"/users\" is the endpoint of User");
    refuses_type(TYPE("group", "/T", "urn:x:thing", ""),
                 "/name: there is a resource type \"Group\"");
    refuses_type(TYPE("T", "/T", "urn:x:nothing", ""),
                 "/schema: no ScimSchema before this line has read");
    refuses_type(TYPE("T", "/T", SCIM_URN_USER, ""), "/schema: no ScimSchema");
    refuses_type(TYPE("T", "/T", "urn:x:meta", ""),
                 "/schema: \"urn:x:meta\" has an attribute \"meta\"");
    refuses_type(TYPE("T", "/T", "urn:x:thing",
                      ",\"schemaExtensions\":[{\"schema\":\"urn:x:no\"}]"),
                 "/schemaExtensions: no ScimSchema before");
    refuses_type(TYPE("T", "/T", "urn:x:thing",
                      ",\"schemaExtensions\":[{\"schema\":\"urn:x:thing\"}]"),
                 "\"urn:x:thing\" is the schema of T itself");
    refuses_type(TYPE("T", "/T", "urn:x:thing",
                      ",\"schemaExtensions\":[{\"schema\":\"urn:x:more\"},"
                      "{\"schema\":\"urn:x:more\"}]"),
                 "\"urn:x:more\" is an extension of T already");
    refuses_type(TYPE("T", "/T", "urn:x:thing",
                      ",\"schemaExtensions\":[{\"schema\":\"urn:x:more\","
                      "\"required\":1}]"),
                 "/schemaExtensions/0/required: must be true or false");
    refuses_type(TYPE("T", "/Things", "urn:x:thing",
                      ",\"schemaExtensions\":[{\"schema\":\"urn:x:more\","
                      "\"required\":true}]"),
                 "accepted");
    refuses_type(TYPE("t", "/Others", "urn:x:thing", ""),
                 "/name: there is a resource type \"T\" already");
    thing = scim_resource_type_at(scim_type_set_types(set), "Things", 6);
    ok(thing != NULL && thing->kind == SCIM_KIND_OTHER && thing->hides
           && thing->claims && thing->extensions->required,
       "a type is what its files say");
    ok(scim_resource_type_at(scim_type_set_types(set), "T", 1) == NULL,
       "... and nothing of what was refused is left");
}

static void test_extending(void)
{
    scim_type_set *other = scim_type_set_make(pool);
    const scim_schema *schema = NULL;
    static const char text[]
        = ATTRS("{\"name\":\"a\",\"returned\":\"never\"}");
    scim_resource_types types = scim_type_set_types(other);

    scim_type_set_add_schema(&schema, other, text, strlen(text));
    ok(scim_type_set_unused(other) == schema, "a schema that nothing has");
    ok(scim_type_set_extend(other, SCIM_KIND_GROUP, schema, 1) == NULL,
       "becomes an extension");
    ok(scim_type_set_unused(other) == NULL, "... and is in use");
    ok(types[1]->extensions->schema == schema && types[1]->extensions->required
           && types[1]->hides && !types[1]->claims,
       "of the group of this set");
    ok(scim_type_group.extensions->schema == NULL && !scim_type_group.hides,
       "... and of no other");
    ok(types[0]->extensions->schema == &scim_schema_enterprise_user
           && !types[0]->hides, "users stay what they are");
}

/* Stored texts, which begin with their schemas. */
static void test_foreign(void)
{
    static const struct {
        const char *text;
        int foreign;
    } texts[] = {
        { "{\"schemas\":[\"" CORE "User\"],\"a\":1}", 0 },
        { "{\"schemas\":[\"" CORE "User\",\"" SCIM_URN_ENTERPRISE_USER
          "\"]}", 0 },
        { "{\"schemas\":[\"" CORE "User\",\"urn:x:thing\"]}", 1 },
        { "{\"schemas\":[\"urn:x:thing\",\"" CORE "User\"]}", 1 },
        { "{\"schemas\":[\"" CORE "User\"", 1 },
        { "{\"schemas\":[\"" CORE "User", 1 },
        { "{\"a\":1,\"schemas\":[]}", 1 },
        { "{}", 1 },
        { "", 1 },
    };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        is_int(scim_foreign_is_in_text(texts[i].text, strlen(texts[i].text),
                                       &scim_type_user),
               texts[i].foreign, texts[i].text);
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    set = scim_type_set_make(pool);
    test_form();
    test_urns();
    test_attrs();
    test_contradictions();
    test_limits();
    test_defaults();
    test_types();
    test_extending();
    test_foreign();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
