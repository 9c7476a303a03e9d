/* PATCH of users: core/patch_apply.c on what core/patch.c read. */
#include "core/patch.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "patch_cases.h"
#include "tap.h"

#define ENT SCIM_URN_ENTERPRISE_USER

static void changes(const char *before, const char *operations,
                    const char *want)
{
    const char *got = patched(before, operations, &scim_type_user);

    is_str(got, dumped(want), operations);
}

static void keeps(const char *before, const char *operations)
{
    changes(before, operations, before);
}

static void refuses(const char *before, const char *operations,
                    const char *want)
{
    is_str(patched(before, operations, &scim_type_user), want, operations);
}

static void test_add(void)
{
    changes("'userName':'b'", "{'op':'add','path':'title','value':'T'}",
            "'userName':'b','title':'T'");
    changes("'userName':'b','title':'S'",
            "{'op':'Add','path':'title','value':'T'}",
            "'userName':'b','title':'T'");
    changes("'userName':'b','name':{'givenName':'G'}",
            "{'op':'add','path':'name','value':{'middleName':'J'}}",
            "'userName':'b','name':{'givenName':'G','middleName':'J'}");
    changes("'userName':'b','emails':[{'value':'a'}]",
            "{'op':'add','path':'emails','value':[{'value':'c'},"
            "{'value':'a'},{'value':'c'}]}",
            "'userName':'b','emails':[{'value':'a'},{'value':'c'}]");
    changes("'userName':'b','emails':[{'value':'a'}]",
            "{'op':'add','path':'emails','value':{'value':'c'}}",
            "'userName':'b','emails':[{'value':'a'},{'value':'c'}]");
    changes("'userName':'b'",
            "{'op':'add','value':{'emails':[{'value':'e','type':'home'}],"
            "'nickname':'Babs'}}",
            "'userName':'b','emails':[{'value':'e','type':'home'}],"
            "'nickName':'Babs'");
    keeps("'userName':'b','title':'T'",
          "{'op':'add','path':'title','value':null}");
    keeps("'userName':'b','emails':[{'value':'a'}]",
          "{'op':'add','path':'emails','value':[]}");
    changes("'userName':'b','active':true",
            "{'op':'Add','path':'active','value':'False'}",
            "'userName':'b','active':false");
}

static void test_replace(void)
{
    changes("'userName':'b','title':'S'",
            "{'op':'Replace','path':'title','value':'T'}",
            "'userName':'b','title':'T'");
    changes("'userName':'b'", "{'op':'replace','path':'title','value':'T'}",
            "'userName':'b','title':'T'");
    changes("'userName':'b','emails':[{'value':'a'},{'value':'c'}]",
            "{'op':'replace','path':'emails','value':[{'value':'d'}]}",
            "'userName':'b','emails':[{'value':'d'}]");
    changes("'userName':'b','emails':[{'value':'a'}]",
            "{'op':'replace','path':'emails','value':[]}", "'userName':'b'");
    changes("'userName':'b','emails':[{'value':'a'}]",
            "{'op':'replace','path':'emails',"
            "'value':{'value':'o','primary':true}}",
            "'userName':'b','emails':[{'value':'o','primary':true}]");
    changes("'userName':'b','name':{'givenName':'G','familyName':'F'}",
            "{'op':'replace','path':'name',"
            "'value':{'familyName':'X','givenName':null}}",
            "'userName':'b','name':{'familyName':'X'}");
    changes("'userName':'b','name':{'givenName':'G'}",
            "{'op':'replace','path':'name','value':null}", "'userName':'b'");
    changes("'userName':'b','name':{'givenName':'G'}",
            "{'op':'replace','path':'name.givenName','value':null}",
            "'userName':'b'");
    keeps("'userName':'b','name':{'givenName':'G'}",
          "{'op':'replace','path':'name','value':{}}");
    changes("'userName':'b','title':'T'",
            "{'op':'replace','path':'title','value':null}", "'userName':'b'");
    changes("'userName':'b','preferredLanguage':'sv'",
            "{'op':'Replace','path':'preferredLanguage','value':''}",
            "'userName':'b','preferredLanguage':''");
    changes("'userName':'b','displayName':'D'",
            "{'op':'replace','path':'displayName','value':{'value':'W'}}",
            "'userName':'b','displayName':'W'");
    changes("'userName':'b'",
            "{'op':'replace','path':'" SCIM_URN_USER ":name.givenName',"
            "'value':'G'}",
            "'userName':'b','name':{'givenName':'G'}");
}

static void test_remove(void)
{
    changes("'userName':'b','title':'T'", "{'op':'Remove','path':'title'}",
            "'userName':'b'");
    keeps("'userName':'b'", "{'op':'remove','path':'nickName'}");
    keeps("'userName':'b'", "{'op':'remove','path':'name.givenName'}");
    keeps("'userName':'b'", "{'op':'remove','path':'emails[type eq ~x~]'}");
    keeps("'userName':'b'", "{'op':'remove','path':'" ENT ":department'}");
    changes("'userName':'b','name':{'givenName':'G','familyName':'F'}",
            "{'op':'remove','path':'name.givenName'}",
            "'userName':'b','name':{'familyName':'F'}");
    changes("'userName':'b','emails':[{'value':'a'}]",
            "{'op':'remove','path':'emails'}", "'userName':'b'");
    changes("'userName':'b','emails':[{'value':'a','type':'work'},"
            "{'value':'c','type':'home'}]",
            "{'op':'remove','path':'emails[type eq ~work~ and value sw ~A~]'}",
            "'userName':'b','emails':[{'value':'c','type':'home'}]");
    changes("'userName':'b','emails':[{'value':'a','type':'work'}]",
            "{'op':'remove','path':'emails[type eq ~work~]'}",
            "'userName':'b'");
    changes("'userName':'b','emails':[{'value':'a','display':'D'}]",
            "{'op':'remove','path':'emails[value eq ~a~].display'}",
            "'userName':'b','emails':[{'value':'a'}]");
    changes("'userName':'b','emails':[{'value':'a','type':'work'},"
            "{'value':'c'},{'value':'d'}]",
            "{'op':'remove','path':'emails',"
            "'value':[{'value':'A'},{'value':'d','type':'home'}]}",
            "'userName':'b','emails':[{'value':'c'}]");
    changes("'userName':'b','emails':[{'value':'a','type':'work'},"
            "{'value':'c','type':'home'}]",
            "{'op':'remove','path':'emails','value':[{'type':'home'}]}",
            "'userName':'b','emails':[{'value':'a','type':'work'}]");
    keeps("'userName':'b','emails':[{'value':'a'}]",
          "{'op':'remove','path':'emails','value':[]}");
    keeps("'userName':'b','emails':[{'value':'a'}]",
          "{'op':'remove','path':'emails','value':[{}]}");
    changes("'userName':'b','emails':[{'value':'a'}]",
            "{'op':'remove','path':'emails','value':null}", "'userName':'b'");
    changes("'userName':'b','phoneNumbers':[{'value':'1','type':'mobile'}]",
            "{'op':'Remove','path':'phoneNumbers[type eq ~mobile~].value'}",
            "'userName':'b','phoneNumbers':[{'type':'mobile'}]");
}

static void test_value_paths(void)
{
    changes("'userName':'b','emails':[{'value':'a','type':'work'},"
            "{'value':'c','type':'home'}]",
            "{'op':'Replace','path':'emails[type eq ~work~].value',"
            "'value':'n'}",
            "'userName':'b','emails':[{'value':'n','type':'work'},"
            "{'value':'c','type':'home'}]");
    changes("'userName':'b','emails':[{'value':'a','type':'work'}]",
            "{'op':'replace','path':'emails[type eq ~work~]',"
            "'value':{'value':'n','type':'other'}}",
            "'userName':'b','emails':[{'value':'n','type':'other'}]");
    changes("'userName':'b','emails':[{'value':'a','type':'work'}]",
            "{'op':'add','path':'emails[type eq ~work~]',"
            "'value':{'display':'D'}}",
            "'userName':'b','emails':[{'value':'a','type':'work',"
            "'display':'D'}]");
    changes("'userName':'b','emails':[{'value':'a','type':'work'}]",
            "{'op':'replace','path':'emails[type eq ~work~]','value':null}",
            "'userName':'b'");
    changes("'userName':'b','emails':[{'value':'a'},{'value':'c'}]",
            "{'op':'replace','path':'emails.type','value':'work'}",
            "'userName':'b','emails':[{'value':'a','type':'work'},"
            "{'value':'c','type':'work'}]");
    changes("'userName':'b'", "{'op':'add','path':'emails.value','value':'a'}",
            "'userName':'b','emails':[{'value':'a'}]");
    changes("'userName':'b','roles':[{'value':'Admin','primary':true}]",
            "{'op':'Replace','path':'roles[primary eq ~True~].value',"
            "'value':'Reader'}",
            "'userName':'b','roles':[{'value':'Reader','primary':true}]");
    changes("'userName':'b','emails':[{'value':'a]','type':'work'}]",
            "{'op':'remove','path':'emails[value eq ~a]~].type'}",
            "'userName':'b','emails':[{'value':'a]'}]");
}

/* Erratum 8097, spec/README.md 10 and 11 */
static void test_missing_elements(void)
{
    changes("'userName':'b'",
            "{'op':'Add','path':'emails[type eq ~Work~].Value','value':'a'}",
            "'userName':'b','emails':[{'type':'Work','value':'a'}]");
    changes("'userName':'b'",
            "{'op':'Replace','path':'emails[type eq ~work~].value',"
            "'value':'a'}",
            "'userName':'b','emails':[{'type':'work','value':'a'}]");
    changes("'userName':'b'",
            "{'op':'Add','path':'addresses[type eq ~work~].locality',"
            "'value':'Lund'},"
            "{'op':'Add','path':'addresses[type eq ~work~].country',"
            "'value':'SE'}",
            "'userName':'b','addresses':[{'type':'work','locality':'Lund',"
            "'country':'SE'}]");
    changes("'userName':'b'",
            "{'op':'Add','path':'roles[primary eq ~True~].value',"
            "'value':'Auditor'},"
            "{'op':'Add','path':'roles[primary eq ~True~].display',"
            "'value':'A'}",
            "'userName':'b','roles':[{'primary':true,'value':'Auditor',"
            "'display':'A'}]");
    changes("'userName':'b'",
            "{'op':'add','path':'emails[type eq ~work~]',"
            "'value':{'value':'a'}}",
            "'userName':'b','emails':[{'type':'work','value':'a'}]");
    changes("'userName':'b','emails':[{'value':'a','primary':true}]",
            "{'op':'add','path':'emails[type eq ~work~ and primary eq true]"
            ".value','value':'w'}",
            "'userName':'b','emails':[{'value':'a','primary':false},"
            "{'type':'work','primary':true,'value':'w'}]");
    keeps("'userName':'b'",
          "{'op':'replace','path':'emails[type eq ~work~].value',"
          "'value':null}");
    keeps("'userName':'b'",
          "{'op':'replace','path':'emails[type eq ~work~].value',"
          "'value':''}");
    refuses("'userName':'b'",
            "{'op':'replace','path':'emails[type eq ~work~]',"
            "'value':{'value':'a'}}",
            "noTarget: Operations[0], \"emails[type eq \"work\"]\": no element "
            "of the resource is chosen by it; add the "
            "element, or name one that is there.");
    refuses("'userName':'b'",
            "{'op':'add','path':'emails[type sw ~w~].value','value':'a'}",
            "noTarget: Operations[0], \"emails[type sw \"w\"].value\": no "
            "element of the resource is chosen by it; add the "
            "element, or name one that is there.");
    refuses("'userName':'b'",
            "{'op':'add','path':'emails[type eq ~w~ or type eq ~x~].value',"
            "'value':'a'}",
            "noTarget: Operations[0], \"emails[type eq \"w\" or type eq \"x\"]"
            ".value\": no element of the resource is chosen by it; add the "
            "element, or name one that is there.");
    refuses("'userName':'b'",
            "{'op':'add','path':'emails[type eq ~w~ and type eq ~x~].value',"
            "'value':'a'}",
            "noTarget: Operations[0], \"emails[type eq \"w\" and type eq "
            "\"x\"].value\": no element of the resource is chosen by it; add "
            "the element, or name one that is there.");
}

static void test_primary(void)
{
    changes("'userName':'b'",
            "{'op':'add','path':'emails[primary eq false].value',"
            "'value':'a'}",
            "'userName':'b','emails':[{'primary':false,'value':'a'}]");
    changes("'userName':'b','emails':[{'value':'a','primary':true},"
            "{'value':'c'}]",
            "{'op':'replace','path':'emails[primary eq false].display',"
            "'value':'x'}",
            "'userName':'b','emails':[{'value':'a','primary':true},"
            "{'value':'c','display':'x'}]");
    changes("'userName':'b','emails':[{'value':'a','primary':true}]",
            "{'op':'add','path':'emails',"
            "'value':[{'value':'c','primary':true}]}",
            "'userName':'b','emails':[{'value':'a','primary':false},"
            "{'value':'c','primary':true}]");
    changes("'userName':'b','emails':[{'value':'a','type':'work'},"
            "{'value':'c','primary':true}]",
            "{'op':'Add','path':'emails[type eq ~work~].primary',"
            "'value':'True'}",
            "'userName':'b','emails':[{'value':'a','type':'work',"
            "'primary':true},{'value':'c','primary':false}]");
    changes("'userName':'b','emails':[{'value':'a','type':'work'},"
            "{'value':'c','primary':true}]",
            "{'op':'replace','path':'emails[type eq ~work~]',"
            "'value':{'value':'n','primary':true}}",
            "'userName':'b','emails':[{'value':'n','primary':true},"
            "{'value':'c','primary':false}]");
    keeps("'userName':'b','emails':[{'value':'a','primary':true}]",
          "{'op':'add','path':'emails',"
          "'value':[{'primary':true,'value':'a'}]}");
    refuses("'userName':'b','emails':[{'value':'a'},{'value':'c'}]",
            "{'op':'replace','path':'emails.primary','value':true}",
            "invalidValue: Operations[0], \"emails.primary\": The attribute "
            "\"emails\" has 2 primary values; only one can be primary.");
}

static void test_without_path(void)
{
    changes("'userName':'b','name':{'givenName':'G'},"
            "'emails':[{'value':'a','type':'work'}]",
            "{'op':'replace','value':{'displayName':'D','name.familyName':'F',"
            "'emails[type eq ~work~].value':'n',"
            "'" ENT ":department':'R','" ENT ":employeeNumber':'7'}}",
            "'userName':'b','name':{'givenName':'G','familyName':'F'},"
            "'emails':[{'value':'n','type':'work'}],'displayName':'D',"
            "'" ENT "':{'department':'R','employeeNumber':'7'}");
    changes("'userName':'b','name':{'givenName':'G'},"
            "'" ENT "':{'department':'R'}",
            "{'op':'replace','value':{'name':{'familyName':'F'}}},"
            "{'op':'replace','value':{'" ENT "':{'costCenter':'C'}}}",
            "'userName':'b','name':{'givenName':'G','familyName':'F'},"
            "'" ENT "':{'department':'R','costCenter':'C'}");
    changes("'userName':'b'",
            "{'op':'replace','value':{'schemas':['x'],'id':'5','title':'T',"
            "'meta':{},'groups':[],'unknown':1,"
            "'urn:example:contoso:2.0:User:tag':'red'}}",
            "'userName':'b','title':'T'");
    changes("'userName':'b'",
            "{'op':'add','value':{'" SCIM_URN_USER "':{'title':'T'}}}",
            "'userName':'b','title':'T'");
    keeps("'userName':'b'", "{'op':'replace','value':{}}");
    changes("'userName':'b','active':true",
            "{'op':'replace','value':{'active':false}}",
            "'userName':'b','active':false");
    changes("'userName':'b','title':'T','emails':[{'value':'a'}]",
            "{'op':'replace','value':{'title':null,'emails':[]}}",
            "'userName':'b'");
}

static void test_extension(void)
{
    changes("'userName':'b'",
            "{'op':'add','path':'" ENT "','value':{'department':'D'}}",
            "'userName':'b','" ENT "':{'department':'D'}");
    changes("'userName':'b','" ENT "':{'department':'D'}",
            "{'op':'remove','path':'" ENT "'}", "'userName':'b'");
    changes("'userName':'b','" ENT "':{'department':'D'}",
            "{'op':'replace','path':'" ENT "','value':null}", "'userName':'b'");
    changes("'userName':'b','" ENT "':{'department':'D'}",
            "{'op':'replace','value':{'" ENT "':{'department':null}}}",
            "'userName':'b'");
    changes("'userName':'b'",
            "{'op':'Add','path':'" ENT ".department','value':'D'}",
            "'userName':'b','" ENT "':{'department':'D'}");
    changes("'userName':'b','" ENT "':{'department':'D'}",
            "{'op':'Remove','path':'" ENT ":department'}", "'userName':'b'");
    changes("'userName':'b'",
            "{'op':'add','path':'schemas','value':['" ENT "']},"
            "{'op':'replace','path':'" ENT ":department','value':'D'}",
            "'userName':'b','" ENT "':{'department':'D'}");
}

static void test_manager(void)
{
    const char *none = "'userName':'b'";
    const char *boss = "'userName':'b','" ENT "':{'manager':{'value':'M'}}";
    const char *linked = "'userName':'b','" ENT "':{'manager':{'value':'L',"
                         "'$ref':'../Users/L'}}";

    changes(none, "{'op':'Add','path':'" ENT ":manager','value':'M'}", boss);
    changes(linked, "{'op':'Replace','path':'" ENT ":manager','value':'M'}",
            boss);
    changes(linked,
            "{'op':'replace','path':'" ENT ":manager',"
            "'value':{'value':'M'}}",
            boss);
    changes(linked,
            "{'op':'replace','path':'" ENT ":manager.value',"
            "'value':'M'}",
            boss);
    keeps(linked, "{'op':'replace','path':'" ENT ":manager','value':'L'}");
    changes(boss, "{'op':'Remove','path':'" ENT ":manager'}", none);
    changes(none,
            "{'op':'Add','path':'manager',"
            "'value':[{'$ref':'../Users/L','value':'L'}]}",
            linked);
    changes(none, "{'op':'add','value':{'" ENT ":manager':'M'}}", boss);
    changes(linked, "{'op':'replace','path':'" ENT ":manager','value':''}",
            none);
    changes(linked,
            "{'op':'replace','path':'" ENT ":manager',"
            "'value':{'value':''}}",
            none);
    changes(linked, "{'op':'replace','path':'" ENT ":manager','value':null}",
            none);
}

static void test_order(void)
{
    changes("'userName':'b'",
            "{'op':'add','path':'title','value':'A'},"
            "{'op':'replace','path':'title','value':'B'}",
            "'userName':'b','title':'B'");
    changes("'userName':'b','emails':[{'value':'a'}]",
            "{'op':'replace','path':'emails','value':[{'value':'c'}]},"
            "{'op':'replace','path':'emails[value eq ~c~].type',"
            "'value':'work'}",
            "'userName':'b','emails':[{'value':'c','type':'work'}]");
    keeps("'userName':'b'", "");
}

/* The store repeats a transaction, and with it the patch. */
static void test_repetition(void)
{
    json_t *before = resource_of("'userName':'b'", &scim_type_user);
    scim_reading reading = { 0 };
    json_t *first = NULL, *second = NULL;
    scim_patch *patch =
        read_patch("{'op':'replace','path':'emails','value':[{'value':'a'}]},"
                   "{'op':'replace','path':'emails.type','value':'work'},"
                   "{'op':'add','path':'name','value':{'givenName':'G'}},"
                   "{'op':'replace','path':'name.givenName','value':'H'}",
                   &scim_type_user);

    scim_patch_apply(&first, patch, before, &scim_type_user, &reading, pool);
    scim_patch_apply(&second, patch, before, &scim_type_user, &reading, pool);
    ok(json_equal(first, second), "a patch can be applied twice");
    is_str(dumped_json(before),
           dumped("'schemas':['" SCIM_URN_USER "'],'userName':'b'"),
           "... and leaves what it was applied to alone");
}

static void test_schemas(void)
{
    json_t *before = resource_of("'userName':'b'", &scim_type_user);
    scim_reading reading = { 0 };
    json_t *after = NULL;

    scim_patch_apply(&after,
                     read_patch("{'op':'add','path':'" ENT ":department',"
                                "'value':'D'}",
                                &scim_type_user),
                     before, &scim_type_user, &reading, pool);
    is_int((long long)json_array_size(json_object_get(after, "schemas")), 2,
           "an extension's first value brings its URN");
    scim_patch_apply(&after,
                     read_patch("{'op':'remove','path':'" ENT ":department'}",
                                &scim_type_user),
                     after, &scim_type_user, &reading, pool);
    ok(json_equal(after, before), "... and its last takes it away");
}

static void test_effort(void)
{
    const char *one = "{'op':'replace','path':'emails.type','value':'w'},";
    char *operations = apr_pcalloc(pool, 2000 * strlen(one) + 1);
    json_t *before, *emails, *after = NULL;
    scim_reading reading = { 0 };
    scim_error *err;
    int i;

    for (i = 0; i < 2000; i++) {
        memcpy(operations + strlen(one) * (apr_size_t)i, one, strlen(one));
    }
    operations[2000 * strlen(one) - 1] = '\0';
    before =
        resource_of("'userName':'b','emails':[{'value':'a'}]", &scim_type_user);
    emails = json_object_get(before, "emails");
    for (i = 0; i < 1000; i++) {
        json_array_append_new(emails, json_pack("{s:i}", "value", i));
    }
    err = scim_patch_apply(&after, read_patch(operations, &scim_type_user),
                           before, &scim_type_user, &reading, pool);
    ok(err != NULL && err->fault == SCIM_TOO_LARGE,
       "2,000 operations on 1,000 elements are too much");
}

/* A resource type with what the core schemas lack. */
static void test_immutable(void)
{
    static const scim_attr attrs[] = {
        { .name = "serial", .mutability = SCIM_IMMUTABLE }, { .name = NULL }
    };
    static const scim_schema schema = { "urn:example:Device", "Device", "",
                                        attrs };
    static const scim_extension extensions[] = { { &schema, 1 }, { NULL, 0 } };
    const scim_resource_type type = { .name = "User",
                                      .endpoint = "/Users",
                                      .schema = &scim_schema_user,
                                      .extensions = extensions };

    is_str(patched("'userName':'b'",
                   "{'op':'add','path':'urn:example:Device"
                   ":serial','value':'1'}",
                   &type),
           dumped("'userName':'b','urn:example:Device':{'serial':'1'}"),
           "an immutable attribute is set once");
    is_str(patched("'userName':'b','urn:example:Device':{'serial':'1'}",
                   "{'op':'add','path':'serial','value':'1'}", &type),
           dumped("'userName':'b','urn:example:Device':{'serial':'1'}"),
           "... or again to the same value");
    is_str(patched("'userName':'b','urn:example:Device':{'serial':'1'}",
                   "{'op':'add','path':'serial','value':'2'}", &type),
           "mutability: Operations[0], \"serial\": \"serial\" cannot be "
           "changed once it has a value.",
           "... and to no other");
    is_str(patched("'userName':'b','urn:example:Device':{'serial':'1'}",
                   "{'op':'remove','path':'urn:example:Device'}", &type),
           "mutability: Operations[0], \"urn:example:Device\": it is required "
           "and cannot be removed.",
           "a required extension stays");
}

int main(void)
{
    start_cases();
    test_add();
    test_replace();
    test_remove();
    test_value_paths();
    test_missing_elements();
    test_primary();
    test_without_path();
    test_extension();
    test_manager();
    test_order();
    test_repetition();
    test_schemas();
    test_effort();
    test_immutable();
    end_cases();
    return done();
}
