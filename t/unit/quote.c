/* What the journal quotes of a request: core/quote.c. */
#include "core/quote.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "core/json.h"
#include "tap.h"

static apr_pool_t *pool;
static int left_out;

static const char *quoted(const char *body, const scim_resource_type *type)
{
    json_t *json = scim_json_adopt(json_loads(body, 0, NULL), pool);

    return scim_json_dump(
        scim_json_adopt(scim_quote(&left_out, json, type, pool), pool), NULL,
        pool);
}

static void keeps(const char *body, const char *name)
{
    is_str(quoted(body, &scim_type_user), body, name);
    is_int(left_out, 0, "... and says so");
}

static void cuts(const char *body, const char *want, const char *name)
{
    is_str(quoted(body, &scim_type_user), want, name);
    is_int(left_out, 1, "... and says so");
}

static void test_resources(void)
{
    keeps("{\"schemas\":[\"s\"],\"userName\":\"b\",\"active\":false,"
          "\"emails\":[{\"value\":\"v\",\"primary\":true}],"
          "\"" SCIM_URN_ENTERPRISE_USER "\":{\"department\":\"D\"}}",
          "a resource is quoted as it is");
    keeps("{\"name.familyName\":\"J\",\"emails[type eq \\\"work\\\"].value\":"
          "\"v\",\"" SCIM_URN_ENTERPRISE_USER ":department\":\"D\"}",
          "paths as names lead to their attributes");
    cuts("{\"password\":\"p\",\"PASSWORD\":\"p\","
         "\"" SCIM_URN_USER ":password\":\"p\"}",
         "{\"password\":\"(not kept)\",\"PASSWORD\":\"(not kept)\","
         "\"" SCIM_URN_USER ":password\":\"(not kept)\"}",
         "a password is left out in every spelling");
    cuts("{\"secret\":\"p\",\"name\":{\"pin\":\"1\"},\"emails\":[[\"p\"]],"
         "\"urn:x\":{\"token\":\"t\"}}",
         "{\"secret\":\"(not kept)\",\"name\":{\"pin\":\"(not kept)\"},"
         "\"emails\":[\"(not kept)\"],\"urn:x\":\"(not kept)\"}",
         "... and whatever no schema has");
}

static void test_patches(void)
{
    keeps("{\"Operations\":[{\"op\":\"Add\",\"path\":\"title\",\"value\":"
          "\"T\"},{\"op\":\"remove\",\"path\":\"emails[value eq "
          "\\\"v\\\"]\"}]}",
          "a patch is quoted as it is");
    cuts("{\"Operations\":[{\"op\":\"add\",\"path\":\"password\",\"value\":"
         "\"p\"},{\"op\":\"add\",\"value\":{\"password\":\"p\"}},"
         "{\"op\":\"add\",\"path\":\"pasword\",\"value\":\"p\"},"
         "{\"op\":\"add\",\"value\":\"p\"},\"p\"]}",
         "{\"Operations\":[{\"op\":\"add\",\"path\":\"password\",\"value\":"
         "\"(not kept)\"},{\"op\":\"add\",\"value\":{\"password\":"
         "\"(not kept)\"}},{\"op\":\"add\",\"path\":\"pasword\",\"value\":"
         "\"(not kept)\"},{\"op\":\"add\",\"value\":\"(not kept)\"},"
         "\"(not kept)\"]}",
         "passwords of a patch, and what leads nowhere, are left out");
    is_str(quoted("{\"Operations\":[{\"path\":\"password[value eq "
                  "\\\"p\\\"]\"}]}",
                  &scim_type_user),
           "{\"Operations\":[{\"path\":\"password\"}]}",
           "... also out of a path's filter");
}

static void test_bounds(void)
{
    const char *text;
    char *body = apr_pstrdup(pool, "{\"title\":\""), *many = body;
    int i;

    for (i = 0; i < 150; i++) {
        body = apr_pstrcat(pool, body, "\xC3\xA4", NULL);
    }
    text = quoted(apr_pstrcat(pool, body, "x\"}", NULL), &scim_type_user);
    is_int((long long)strlen(text), 10 + 200 + 3 + 2, "a long text is cut");
    ok(left_out && strstr(text, "\xC3...") == NULL, "... between characters");
    many = apr_pstrdup(pool, "{");
    for (i = 0; i < 2000; i++) {
        many = apr_psprintf(pool, "%s%s\"a%d\":\"xxxxxxxxxxxxxxxxxxxxxxxx\"",
                            many, i > 0 ? "," : "", i);
    }
    text = quoted(apr_pstrcat(pool, many, "}", NULL), &scim_type_user);
    ok(strlen(text) < 3 * SCIM_QUOTE_ALL_MAX && left_out,
       "many members are not all quoted");
    many = apr_pstrdup(pool, "{\"Operations\":[");
    for (i = 0; i < 1000; i++) {
        many = apr_pstrcat(pool, many, i > 0 ? "," : "",
                           "{\"value\":{\"a\":1,\"b\":[],\"name\":{},"
                           "\"active\":true}}",
                           NULL);
    }
    text = quoted(apr_pstrcat(pool, many, "]}", NULL), &scim_type_user);
    ok(strlen(text) < 3 * SCIM_QUOTE_ALL_MAX && left_out,
       "... nor many small ones");
    ok(quoted("[]", &scim_type_user) == NULL && left_out,
       "what is no object is not quoted");
    ok(quoted("{}", NULL) == NULL && left_out, "nor what has no type");
    ok(scim_quote(&left_out, NULL, &scim_type_user, pool) == NULL
           && !left_out,
       "of no body there is nothing to leave out");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_resources();
    test_patches();
    test_bounds();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
