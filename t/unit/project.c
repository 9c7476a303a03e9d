/* attributes and excludedAttributes: core/project.c. */
#include "core/project.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "core/json.h"
#include "tap.h"

#define ENT SCIM_URN_ENTERPRISE_USER

static const char user[] =
    "{\"schemas\":[\"s\"],\"id\":\"1\",\"userName\":\"b\",\"password\":\"p\","
    "\"name\":{\"familyName\":\"J\",\"givenName\":\"B\"},"
    "\"emails\":[{\"value\":\"v\",\"type\":\"work\"},{\"type\":\"home\"}],"
    "\"meta\":{\"version\":\"1\"},"
    "\"" ENT "\":{\"department\":\"D\",\"manager\":{\"value\":\"m\"}}}";
static const char group[] =
    "{\"schemas\":[\"s\"],\"id\":\"1\",\"displayName\":\"G\","
    "\"members\":[{\"value\":\"m\",\"type\":\"User\",\"display\":\"M\"}]}";

static apr_pool_t *pool;

static const char *projected(const char *resource, const char *attributes,
                             const char *excluded,
                             const scim_resource_type *type)
{
    scim_projection *p;
    json_t *json = NULL;

    scim_json_parse(&json, resource, strlen(resource), 32, pool);
    scim_projection_parse(&p, attributes, excluded, type, pool);
    scim_project(json, p, type);
    return scim_json_dump(json, NULL, pool);
}

static void includes(const char *attributes, const char *want)
{
    want =
        apr_pstrcat(pool, "{\"schemas\":[\"s\"],\"id\":\"1\"", want, "}", NULL);
    is_str(projected(user, attributes, NULL, &scim_type_user), want,
           apr_psprintf(pool, "attributes=%s", attributes));
}

static void test_attributes(void)
{
    includes("userName", ",\"userName\":\"b\"");
    includes("USERNAME , id", ",\"userName\":\"b\"");
    includes("name.familyName", ",\"name\":{\"familyName\":\"J\"}");
    includes("emails.value", ",\"emails\":[{\"value\":\"v\"}]");
    includes("emails,emails.type",
             ",\"emails\":[{\"value\":\"v\",\"type\":\"work\"},"
             "{\"type\":\"home\"}]");
    includes("bogus", "");
    includes(",", "");
    includes("password", "");
    includes(ENT ":department", ",\"" ENT "\":{\"department\":\"D\"}");
    includes("manager.value", ",\"" ENT "\":{\"manager\":{\"value\":\"m\"}}");
    includes(ENT, ",\"" ENT "\":{\"department\":\"D\","
                  "\"manager\":{\"value\":\"m\"}}");
    includes(SCIM_URN_USER ":userName", ",\"userName\":\"b\"");
    includes("meta", ",\"meta\":{\"version\":\"1\"}");
}

static void test_excluded(void)
{
    is_str(projected(user, NULL, "name,emails.type,meta,id,schemas," ENT,
                     &scim_type_user),
           "{\"schemas\":[\"s\"],\"id\":\"1\",\"userName\":\"b\","
           "\"emails\":[{\"value\":\"v\"}]}",
           "excludedAttributes takes parts out, never id and schemas");
    is_str(projected(user, "userName", "userName", &scim_type_user),
           "{\"schemas\":[\"s\"],\"id\":\"1\",\"userName\":\"b\"}",
           "attributes wins over excludedAttributes");
    is_str(projected(group, NULL, "members", &scim_type_group),
           "{\"schemas\":[\"s\"],\"id\":\"1\",\"displayName\":\"G\"}",
           "members can be left out");
}

static void test_default(void)
{
    const scim_attr *members =
        scim_attr_find(scim_schema_group.attrs, "members", 7);
    const scim_attr *display = scim_attr_find(members->sub, "display", 7);
    const scim_attr *value = scim_attr_find(members->sub, "value", 5);
    scim_projection *p;

    is_str(projected(group, NULL, "", &scim_type_group),
           "{\"schemas\":[\"s\"],\"id\":\"1\",\"displayName\":\"G\","
           "\"members\":[{\"value\":\"m\",\"type\":\"User\"}]}",
           "members.display is left out unless asked for");
    is_str(projected(group, "members", NULL, &scim_type_group),
           "{\"schemas\":[\"s\"],\"id\":\"1\","
           "\"members\":[{\"value\":\"m\",\"type\":\"User\"}]}",
           "... by its own name");
    is_str(projected(group, "members.display", NULL, &scim_type_group),
           "{\"schemas\":[\"s\"],\"id\":\"1\","
           "\"members\":[{\"display\":\"M\"}]}",
           "members.display is returned when asked for");
    scim_projection_parse(&p, NULL, NULL, &scim_type_group, pool);
    ok(p == NULL, "no parameter, no projection");
    ok(scim_projection_wants(p, members, value), "... all that is default");
    ok(!scim_projection_asks(p, members, NULL), "... and asks for nothing");
    scim_projection_parse(&p, "members.display", NULL, &scim_type_group, pool);
    ok(scim_projection_asks(p, members, display), "it asks for what it names");
    ok(scim_projection_asks(p, members, NULL), "... and thereby for the whole");
    ok(!scim_projection_asks(p, members, value), "... and for nothing else");
    ok(!scim_projection_wants(p, members, value), "... nor wants it");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_attributes();
    test_excluded();
    test_default();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
