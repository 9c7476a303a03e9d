/* Filters in memory: core/match.c. */
#include "core/match.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "core/resource.h"
#include "tap.h"

#define ENT SCIM_URN_ENTERPRISE_USER

static apr_pool_t *pool;
static const json_t *user;

/* An extension with every type that the core schemas lack. */
static const scim_attr gadget_attrs[] = {
    { .name = "count", .type = SCIM_INTEGER },
    { .name = "weight", .type = SCIM_DECIMAL },
    { .name = "tags", .multi = 1 },
    { .name = NULL }
};
static const scim_schema gadget = { "urn:example:Gadget", "Gadget", "",
                                    gadget_attrs };
static const scim_extension gadget_extensions[] = { { &gadget, 0 },
                                                    { NULL, 0 } };

static json_t *folded(const char *text, const scim_resource_type *type)
{
    json_t *json = NULL;
    scim_error *err = scim_json_parse(&json, text, strlen(text), 32, pool);

    if (err != NULL) {
        printf("# %s\n", err->detail);
    }
    return scim_resource_fold(json, type, pool);
}

static int matches_type(const char *text, const json_t *resource,
                        const scim_resource_type *type)
{
    const scim_filter *filter;
    scim_error *err = scim_filter_parse(&filter, text, type,
                                        &scim_filter_default_limits, pool);

    if (err != NULL) {
        printf("# %s\n", err->detail);
        return -1;
    }
    return scim_filter_matches(filter, resource, type);
}

static void yes(const char *text)
{
    is_int(matches_type(text, user, &scim_type_user), 1,
           apr_psprintf(pool, "%s matches", text));
}

static void no(const char *text)
{
    is_int(matches_type(text, user, &scim_type_user), 0,
           apr_psprintf(pool, "%s does not match", text));
}

static void test_text(void)
{
    yes("userName eq \"BJENSEN@example.com\"");
    no("userName eq \"bjensen\"");
    yes("userName sw \"BJ\"");
    yes("userName ew \".COM\"");
    yes("userName co \"@\"");
    yes("userName co \"\"");
    no("userName co \"%\"");
    yes("userName gt \"a\"");
    no("userName gt \"C\"");
    yes("userName ge \"bjensen@example.com\"");
    yes("userName le \"bjensen@example.com\"");
    no("userName lt \"bjensen@example.com\"");
    yes("externalId eq \"ABC\"");
    no("externalId eq \"abc\"");
    yes("userName ne \"x\"");
    no("userName ne \"BJensen@example.com\"");
}

static void test_presence(void)
{
    yes("displayName pr");
    no("title pr");
    yes("name pr");
    yes("nickName pr");
    yes("emails pr");
    yes("emails.display pr");
    no("phoneNumbers pr");
    yes("title eq null");
    no("displayName eq null");
    yes("displayName ne null");
    yes("title ne \"x\"");
    no("title eq \"x\"");
    no("title gt \"a\"");
    yes("not (title eq \"x\")");
    yes(ENT ":department pr");
    no(ENT ":division pr");
}

static void test_lists(void)
{
    yes("emails.value eq \"b@home.example\"");
    yes("emails co \"work.example\"");
    yes("emails.type eq \"work\" and emails.value eq \"b@home.example\"");
    no("emails[type eq \"work\" and value eq \"b@home.example\"]");
    yes("emails[type eq \"work\" and value eq \"b@work.example\"]");
    yes("emails[type eq \"WORK\"].value eq \"B@WORK.example\"");
    yes("emails[type eq \"home\" or type eq \"x\"]");
    yes("emails[not (type eq \"work\")]");
    no("emails[type eq \"other\"]");
    yes("not (emails[type eq \"other\"])");
    yes("emails.value ne \"b@home.example\"");
    yes("emails.display ne \"nobody\"");
    no("emails.display ne \"B\"");
    yes("phoneNumbers.value ne \"1\"");
    no("phoneNumbers[value ne \"1\"]");
    yes("emails[display ne \"B\"]");
    yes("emails.primary eq true");
    yes("emails.primary ne true");
    yes("emails.primary eq false");
    yes("emails[primary eq false and display eq \"b\"]");
    yes("phoneNumbers.primary ne false");
    no("phoneNumbers.primary eq false");
    yes("schemas eq \"" ENT "\"");
    no("schemas eq \"urn:example:other\"");
}

static void test_other_types(void)
{
    yes("active eq true");
    yes("active eq \"True\"");
    no("active eq false");
    yes("active ne false");
    yes("meta.created ge \"2011-05-13T06:42:34+02:00\"");
    yes("meta.created eq \"2011-05-13T04:42:34Z\"");
    no("meta.created gt \"2011-05-13T04:42:34Z\"");
    no("meta.created eq \"yesterday\"");
    yes("meta.created ne \"yesterday\"");
    yes("manager eq \"m-1\"");
    no("manager eq \"M-1\"");
    yes("name[familyName eq \"jensen\"]");
    no("title pr and active eq true or title pr");
    yes("active eq true or title pr and title pr");
}

static void numbers(const char *text, int want)
{
    const scim_resource_type type = { .name = "Gadget",
                                      .endpoint = "/Gadgets",
                                      .schema = &scim_schema_group,
                                      .extensions = gadget_extensions };
    const json_t *thing = folded("{\"urn:example:Gadget\": {\"count\": 10,"
                                 " \"weight\": 0.1, \"tags\": [\"A\", \"b\"]}}",
                                 &type);

    is_int(
        matches_type(text, thing, &type), want,
        apr_psprintf(pool, "%s %s", text, want ? "matches" : "does not match"));
}

static void test_numbers(void)
{
    numbers("count gt 9", 1);
    numbers("count gt 10", 0);
    numbers("count eq 10", 1);
    numbers("count eq 10.0", 1);
    numbers("count lt -5", 0);
    numbers("weight eq 0.1", 1);
    numbers("weight eq 0.10000000000000001", 1);
    numbers("weight lt 1e-1", 0);
    numbers("weight le 1e-1", 1);
    numbers("count ne 10", 0);
    numbers("count le 9007199254740993", 1);
    numbers("tags eq \"a\"", 1);
    numbers("tags ne \"a\"", 1);
    numbers("tags eq \"c\"", 0);
}

static void test_long_chain(void)
{
    char *text = "title pr";
    int i;

    for (i = 0; i < 63; i++) {
        text = apr_pstrcat(pool, text, " or title pr", NULL);
    }
    is_int(matches_type(text, user, &scim_type_user), 0,
           "64 conditions are looked at");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    user = folded("{\"schemas\": [\"" SCIM_URN_USER "\", \"" ENT "\"],"
                  "\"userName\": \"BJensen@example.com\","
                  "\"externalId\": \"ABC\", \"displayName\": \"Babs\","
                  "\"nickName\": \"\", \"active\": true,"
                  "\"name\": {\"familyName\": \"Jensen\"},"
                  "\"emails\": [{\"type\": \"work\", \"primary\": true,"
                  " \"value\": \"b@work.example\"}, {\"type\": \"home\","
                  " \"value\": \"b@home.example\", \"primary\": false,"
                  " \"display\": \"B\"}],"
                  "\"meta\": {\"created\": \"2011-05-13T04:42:34Z\"},"
                  "\"" ENT "\": {\"department\": \"D\","
                  " \"manager\": {\"value\": \"m-1\"}}}",
                  &scim_type_user);
    test_text();
    test_presence();
    test_lists();
    test_other_types();
    test_numbers();
    test_long_chain();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
