/* Attribute paths: core/path.c. */
#include "core/path.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "tap.h"

#define ENT SCIM_URN_ENTERPRISE_USER

static apr_pool_t *pool;

/* The path in the schema's spelling, or the error's detail. */
static const char *parsed(const char *text, const scim_resource_type *type)
{
    scim_path path;
    scim_error *err = scim_path_parse(&path, text, strlen(text), type,
                                      SCIM_INVALID_PATH, pool);

    return err != NULL ? err->detail : scim_path_text(&path, type, pool);
}

static void reads(const char *text, const char *want)
{
    is_str(parsed(text, &scim_type_user), want,
           apr_psprintf(pool, "\"%s\" is understood", text));
}

static void refuses(const char *text, const char *want)
{
    is_str(parsed(text, &scim_type_user), want,
           apr_psprintf(pool, "\"%s\" is refused", text));
}

static void test_understood(void)
{
    reads("userName", "userName");
    reads("USERNAME", "userName");
    reads("name.familyName", "name.familyName");
    reads("NAME.FAMILYNAME", "name.familyName");
    reads("emails.Value", "emails.value");
    reads("id", "id");
    reads("externalId", "externalId");
    reads("meta.lastModified", "meta.lastModified");
    reads("groups.$ref", "groups.$ref");
    reads("schemas", "schemas");
    reads(SCIM_URN_USER ":userName", "userName");
    reads("urn:IETF:params:scim:schemas:core:2.0:user:name.givenName",
          "name.givenName");
    reads(SCIM_URN_USER ":externalId", "externalId");
    reads(ENT ":department", ENT ":department");
    reads(ENT ":manager.displayName", ENT ":manager.displayName");
    reads(ENT ".department", ENT ":department");
    reads(ENT, ENT);
    reads("manager", ENT ":manager");
    reads("manager.value", ENT ":manager.value");
}

static void test_refused(void)
{
    refuses("", "\"\" is not an attribute path.");
    refuses("a..b", "\"a..b\" is not an attribute path.");
    refuses("name.", "\"name.\" is not an attribute path.");
    refuses(".name", "\".name\" is not an attribute path.");
    refuses("1abc", "\"1abc\" is not an attribute path.");
    refuses("user name", "\"user name\" is not an attribute path.");
    refuses("emails[0].value", "\"emails[0].value\" is not an attribute path.");
    refuses("bogus", "\"bogus\" is not an attribute of a User.");
    refuses("members", "\"members\" is not an attribute of a User.");
    refuses("name.bogus", "\"name\" has no sub-attribute \"bogus\".");
    refuses("title.x", "\"title\" has no sub-attributes, so \"title.x\" names "
                       "nothing.");
    refuses("a.b.c", "\"a.b.c\" is not an attribute path.");
    refuses(SCIM_URN_USER, "\"" SCIM_URN_USER "\" is not an attribute of a "
                           "User.");
    refuses(SCIM_URN_USER ":department", "\"" SCIM_URN_USER ":department\" is "
                                         "not an attribute of a User.");
    refuses(ENT ":", "\"" ENT ":\" is not an attribute path.");
    refuses(ENT ":userName", "\"" ENT ":userName\" is not an attribute of a "
                             "User.");
    refuses("urn:example:other:1.0:User:tag",
            "\"urn:example:other:1.0:User:tag\" is of no schema that a User "
            "has.");
}

static void test_fault(void)
{
    scim_path path = { NULL, NULL, NULL };
    scim_error *err = scim_path_parse(&path, "bogus", 5, &scim_type_user,
                                      SCIM_INVALID_FILTER, pool);

    is_int(err->fault, SCIM_INVALID_FILTER, "the caller chooses the fault");
    ok(path.attr == NULL, "an error leaves the result alone");
    err = scim_path_parse(&path, "titlex", 5, &scim_type_user,
                          SCIM_INVALID_PATH, pool);
    ok(err == NULL && strcmp(path.attr->name, "title") == 0,
       "no byte behind the length is read");
}

static void test_long(void)
{
    char *text = apr_palloc(pool, 100001);

    memset(text, 'x', 100000);
    text[100000] = '\0';
    ok(strlen(parsed(text, &scim_type_user)) < 200,
       "a message shows the beginning of a long path");
    memset(text, (char)0xC3, 100000);
    ok(strlen(parsed(text, &scim_type_user)) < 400,
       "... also of broken UTF-8, each byte of which becomes U+FFFD");
}

static const char *value_at(const char *text, const json_t *resource)
{
    scim_path path;
    const json_t *value;

    scim_path_parse(&path, text, strlen(text), &scim_type_user,
                    SCIM_INVALID_PATH, pool);
    value = scim_path_get(&path, resource, &scim_type_user);
    return json_string_value(value);
}

static void test_get(void)
{
    json_t *user =
        json_pack("{s:s, s:{s:s}, s:[{s:s}], s:{s:s, s:{s:s}}}", "userName",
                  "b", "name", "familyName", "J", "emails", "value", "b@x", ENT,
                  "department", "D", "manager", "value", "m");

    is_str(value_at("userName", user), "b", "an attribute is found");
    is_str(value_at("name.familyName", user), "J", "a sub-attribute is found");
    is_str(value_at("department", user), "D", "an extension's is found");
    is_str(value_at("manager.value", user), "m", "... and its sub-attribute");
    is_str(value_at("title", user), NULL, "an absent one is NULL");
    is_str(value_at("name.givenName", user), NULL, "... a sub-attribute too");
    is_str(value_at("emails.value", user), NULL, "no path goes through a list");
    json_decref(user);
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_understood();
    test_refused();
    test_fault();
    test_long();
    test_get();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
