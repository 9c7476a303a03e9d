#include "core/json.h"
#include "core/resource_type.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "tap.h"

static apr_pool_t *pool;
static int differences;

/* Where our tables differ from RFC 7643 with its verified errata, because our
 * truth is another one; the reasons stand above the tables. A path alone is
 * an attribute of ours. */
/* clang-format off */
static const char *const deviations[] = {
    "User.profileUrl.caseExact", "User.photos.value.caseExact",
    "User.groups.value.caseExact", "User.groups.$ref.caseExact",
    "User.x509Certificates.caseExact",
    "User.x509Certificates.value.caseExact",
    "User.emails.display.description",
    "User.phoneNumbers.display.description",
    "User.ims.display.description", "User.photos.display.description",
    "User.entitlements.display.description",
    "User.roles.display.description",
    "User.x509Certificates.display.description",
    "User.addresses.primary",
    "Group.members.value.caseExact", "Group.members.$ref.caseExact",
    "Group.members.display",
    "EnterpriseUser.manager.$ref.caseExact",
    "EnterpriseUser.manager.value.description",
    "EnterpriseUser.manager.$ref.description",
    "Service Provider Configuration.documentationUri.caseExact",
    "Service Provider Configuration.authenticationSchemes.specUri.caseExact",
    ("Service Provider Configuration.authenticationSchemes.documentationUri"
     ".caseExact"),
    "Service Provider Configuration.authenticationSchemes.type",
    "Service Provider Configuration.authenticationSchemes.primary",
    "Service Provider Configuration.etag",
    "Service Provider Configuration.pagination",
    "ResourceType.id", "Schema.id",
};
/* clang-format on */

static char used[sizeof(deviations) / sizeof(deviations[0])];

static void differs(const char *path)
{
    size_t i;

    for (i = 0; i < sizeof(used); i++) {
        if (strcmp(deviations[i], path) == 0) {
            used[i] = 1;
            return;
        }
    }
    printf("# %s differs from RFC 7643\n", path);
    differences++;
}

static json_t *by_name(const json_t *list, const char *name)
{
    size_t i;
    json_t *attr;

    json_array_foreach((json_t *)list, i, attr) {
        if (strcmp(json_string_value(json_object_get(attr, "name")), name)
            == 0) {
            return attr;
        }
    }
    return NULL;
}

static void compare_lists(const json_t *ours, const json_t *rfc,
                          const char *path);

static void compare_attr(json_t *ours, json_t *rfc, const char *path)
{
    const char *key;
    json_t *value;

    json_object_foreach(rfc, key, value) {
        const char *at = apr_pstrcat(pool, path, ".", key, NULL);

        if (strcmp(key, "subAttributes") == 0) {
            compare_lists(json_object_get(ours, key), value, path);
        }
        else if (!scim_json_is_unassigned(value)
                 && !json_equal(value, json_object_get(ours, key))) {
            differs(at);
        }
    }
    json_object_foreach(ours, key, value) {
        if (json_object_get(rfc, key) == NULL) {
            differs(apr_pstrcat(pool, path, ".", key, NULL));
        }
    }
}

static void compare_lists(const json_t *ours, const json_t *rfc,
                          const char *path)
{
    size_t i;
    json_t *attr, *other;

    json_array_foreach((json_t *)rfc, i, attr) {
        const char *name = json_string_value(json_object_get(attr, "name"));
        const char *at = apr_pstrcat(pool, path, ".", name, NULL);

        other = by_name(ours, name);
        if (other == NULL) {
            differs(at);
        }
        else {
            compare_attr(other, attr, at);
        }
    }
    json_array_foreach((json_t *)ours, i, attr) {
        const char *name = json_string_value(json_object_get(attr, "name"));

        if (by_name(rfc, name) == NULL) {
            differs(apr_pstrcat(pool, path, ".", name, NULL));
        }
    }
}

static json_t *by_id(const json_t *list, const char *id)
{
    size_t i;
    json_t *schema;

    json_array_foreach((json_t *)list, i, schema) {
        if (strcmp(json_string_value(json_object_get(schema, "id")), id) == 0) {
            return schema;
        }
    }
    return NULL;
}

static void compare_schema(const scim_schema *schema, const json_t *rfc)
{
    json_t *ours = scim_json_adopt(scim_schema_to_json(schema), pool);
    json_t *theirs = by_id(rfc, schema->id);
    static const char *const keys[] = { "schemas", "id", "name",
                                        "description" };
    size_t i;

    differences = 0;
    for (i = 0; i < 4; i++) {
        if (!json_equal(json_object_get(ours, keys[i]),
                        json_object_get(theirs, keys[i]))) {
            differs(apr_pstrcat(pool, schema->name, ".", keys[i], NULL));
        }
    }
    compare_lists(json_object_get(ours, "attributes"),
                  json_object_get(theirs, "attributes"), schema->name);
    is_int(differences, 0,
           apr_pstrcat(pool, schema->name, " is RFC 7643's schema, but for "
                                           "what we say above",
                       NULL));
}

static void test_rfc(void)
{
    const char *top = getenv("SCIM_SOURCE");
    const char *file = apr_pstrcat(pool, top != NULL ? top : ".",
                                   "/t/data/spec/schemas-rfc7643-errata.json",
                                   NULL);
    json_t *rfc = scim_json_adopt(json_load_file(file, 0, NULL), pool);
    size_t i, unused = 0;

    ok(rfc != NULL, "the schemas of RFC 7643 are at hand");
    compare_schema(&scim_schema_user, rfc);
    compare_schema(&scim_schema_group, rfc);
    compare_schema(&scim_schema_enterprise_user, rfc);
    compare_schema(&scim_schema_provider_config, rfc);
    compare_schema(&scim_schema_resource_type, rfc);
    compare_schema(&scim_schema_schema, rfc);
    for (i = 0; i < sizeof(used); i++) {
        if (!used[i]) {
            printf("# %s is as in RFC 7643\n", deviations[i]);
            unused++;
        }
    }
    is_int((long long)unused, 0, "every deviation that we name is one");
}

/* What the code takes for granted. */
static int is_sound(const scim_attr *attrs)
{
    int sound = 1;

    for (; attrs->name != NULL; attrs++) {
        sound &= (attrs->type == SCIM_COMPLEX) == (attrs->sub != NULL);
        sound &= attrs->type == SCIM_REFERENCE
                     ? attrs->references != NULL || attrs->hidden
                           || strcmp(attrs->name, "location") == 0
                     : attrs->references == NULL;
        if (attrs->type == SCIM_REFERENCE || attrs->type == SCIM_BINARY) {
            sound &= attrs->case_exact;
        }
        sound &= attrs->description != NULL;
        if (attrs->sub != NULL) {
            sound &= is_sound(attrs->sub);
        }
    }
    return sound;
}

static const scim_attr *find(const scim_attr *attrs, const char *name)
{
    return scim_attr_find(attrs, name, strlen(name));
}

static void test_tables(void)
{
    const scim_attr *attr;

    ok(is_sound(scim_common_attrs), "the common attributes are sound");
    ok(is_sound(scim_schema_user.attrs), "the user's attributes are sound");
    ok(is_sound(scim_schema_group.attrs), "the group's attributes are sound");
    ok(is_sound(scim_schema_enterprise_user.attrs),
       "the extension's attributes are sound");

    ok(is_sound(scim_schema_provider_config.attrs)
           && is_sound(scim_schema_resource_type.attrs)
           && is_sound(scim_schema_schema.attrs),
       "the attributes of the service's own resources are sound");

    attr = find(scim_schema_user.attrs, "USERNAME");
    is_str(attr->name, "userName", "an attribute is found in any case");
    ok(find(scim_schema_user.attrs, "user") == NULL, "a prefix is no name");
    ok(find(NULL, "value") == NULL, "no attributes, none found");
    attr = find(scim_common_attrs, "externalId");
    ok(attr->case_exact && scim_attr_is_writable(attr),
       "externalId is case-exact and the client's");
    ok(!scim_attr_is_writable(find(scim_common_attrs, "id")),
       "id is ours to give");
    attr = find(scim_schema_user.attrs, "password");
    ok(attr->returned == SCIM_RETURNED_NEVER && scim_attr_is_writable(attr),
       "a password is taken and never given");
    attr = find(find(scim_schema_group.attrs, "members")->sub, "display");
    ok(attr->returned == SCIM_RETURNED_REQUEST && !scim_attr_is_writable(attr),
       "a member's display is there when asked for");
}

static void test_types(void)
{
    json_t *json;

    scim_resource_types all = scim_default_types;

    ok(scim_resource_type_at(all, "Users", 5) == &scim_type_user,
       "/Users is the endpoint of users");
    ok(scim_resource_type_at(all, "Groups/1", 6) == &scim_type_group,
       "/Groups is the endpoint of groups");
    ok(scim_resource_type_at(all, "users", 5) == NULL, "endpoints have case");
    ok(scim_resource_type_at(all, "User", 4) == NULL, "a prefix is none");
    ok(scim_resource_type_schema(&scim_type_user,
                                 "URN:ietf:params:scim:schemas:core:2.0:user",
                                 42)
           == &scim_schema_user,
       "a URN is found in any case");
    ok(scim_resource_type_schema(&scim_type_group, SCIM_URN_ENTERPRISE_USER,
                                 strlen(SCIM_URN_ENTERPRISE_USER))
           == NULL,
       "a group has no enterprise extension");
    json = scim_json_adopt(scim_resource_type_to_json(&scim_type_user), pool);
    is_str(scim_json_dump(json, NULL, pool),
           "{\"schemas\":[\"urn:ietf:params:scim:schemas:core:2.0:ResourceType"
           "\"],\"id\":\"User\",\"name\":\"User\",\"endpoint\":\"/Users\","
           "\"description\":\"User Account\",\"schema\":\"" SCIM_URN_USER
           "\",\"schemaExtensions\":[{\"schema\":\"" SCIM_URN_ENTERPRISE_USER
           "\",\"required\":false}]}",
           "a resource type describes itself");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_rfc();
    test_tables();
    test_types();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
