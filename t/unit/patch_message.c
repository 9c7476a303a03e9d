/* PATCH messages that are refused, and how strictly: core/patch.c. */
#include "core/patch.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "patch_cases.h"
#include "tap.h"

#define ENT SCIM_URN_ENTERPRISE_USER

static void refuses(const char *before, const char *operations,
                    const char *want)
{
    is_str(patched(before, operations, &scim_type_user), want, operations);
}

static void test_refused_targets(void)
{
    const char *user = "'userName':'b'";

    refuses(user, "{'op':'remove'}",
            "noTarget: Operations[0]: remove needs a path.");
    refuses(user, "{'op':'replace','path':'bogus','value':1}",
            "invalidPath: Operations[0], \"bogus\": \"bogus\" is not an "
            "attribute of a User.");
    refuses(user, "{'op':'replace','path':'','value':1}",
            "invalidPath: Operations[0], \"\": \"\" is not an attribute path.");
    refuses(user, "{'op':'replace','path':5,'value':1}",
            "invalidPath: Operations[0]: \"path\" must be a text.");
    refuses(user, "{'op':'add','path':'emails[type eq','value':1}",
            "invalidPath: Operations[0], \"emails[type eq\": \"]\" is "
            "missing.");
    refuses(user, "{'op':'add','path':'emails[type]','value':1}",
            "invalidPath: Operations[0], \"emails[type]\": Filter, position 5: "
            "an operator (eq, ne, co, sw, ew, gt, ge, lt, le, pr) is expected "
            "after \"type\".");
    refuses(user, "{'op':'add','path':'emails[type pr].x','value':1}",
            "invalidPath: Operations[0], \"emails[type pr].x\": \".x\" does "
            "not name a sub-attribute of \"emails\".");
    refuses(user, "{'op':'add','path':'name[givenName pr]','value':1}",
            "invalidPath: Operations[0], \"name[givenName pr]\": only the "
            "elements of a complex multi-valued attribute can be chosen by "
            "[...].");
    refuses(user,
            "{'op':'Add','path':'urn:example:contoso:2.0:User:tag',"
            "'value':'green'}",
            "invalidPath: Operations[0], \"urn:example:contoso:2.0:User:tag\": "
            "\"urn:example:contoso:2.0:User:tag\" is of no schema that a User "
            "has.");
    refuses(user, "{'op':'replace','value':{'emails[type':'x'}}",
            "invalidPath: Operations[0], \"emails[type\": \"]\" is missing.");
    refuses(user, "{'op':'replace','path':'id','value':'x'}",
            "mutability: Operations[0], \"id\": it is readOnly: the service "
            "sets it; take it out of what is sent.");
    refuses(user, "{'op':'replace','path':'meta.created','value':'x'}",
            "mutability: Operations[0], \"meta.created\": it is readOnly: the "
            "service sets it; take it out of what is sent.");
    refuses(user, "{'op':'add','path':'groups','value':[]}",
            "mutability: Operations[0], \"groups\": it is readOnly; change the "
            "members of the group.");
    refuses(user, "{'op':'remove','path':'userName'}",
            "mutability: Operations[0], \"userName\": it is required and "
            "cannot be removed.");
}

static void test_refused_values(void)
{
    const char *user = "'userName':'b'";

    refuses(user, "{'op':'add','path':'title'}",
            "invalidValue: Operations[0] needs a \"value\".");
    refuses(user, "{'op':'add','value':'text'}",
            "invalidValue: Operations[0]: without a path, it needs an object "
            "of attributes as its value.");
    refuses(user, "{'op':'add','path':'name','value':'x'}",
            "invalidValue: Operations[0], \"name\": The attribute \"name\" "
            "must be an object, not a string.");
    refuses(user, "{'op':'replace','path':'active','value':{'a':1}}",
            "invalidValue: Operations[0], \"active\": The attribute \"active\" "
            "must be true or false, not an object.");
    refuses(user,
            "{'op':'replace','path':'displayName','value':'H'},"
            "{'op':'replace','path':'userName','value':''}",
            "invalidValue: Operations[1], \"userName\": The attribute "
            "\"userName\" must not be empty.");
    refuses(user, "{'op':'replace','path':'userName','value':null}",
            "invalidValue: Operations[0], \"userName\": The attribute "
            "\"userName\" is required, and the request gives it no value.");
    refuses(user, "{'op':'replace','path':'" ENT "','value':'x'}",
            "invalidValue: Operations[0], \"" ENT "\": it needs an object of "
            "attributes as its value.");
    refuses("'userName':'b','emails':[{'value':'a'}]",
            "{'op':'replace','path':'emails[value pr]',"
            "'value':[{'value':'x'},{'value':'y'}]}",
            "invalidValue: Operations[0], \"emails[value pr]\": [...] takes "
            "one element as its value, not 2.");
    refuses(user, "{'op':'adds','path':'title','value':'x'}",
            "invalidSyntax: Operations[0]: \"op\" must be add, replace or "
            "remove.");
    refuses(user, "{'op':'merge','path':'title','value':'x'}",
            "invalidSyntax: Operations[0]: \"op\" must be add, replace or "
            "remove.");
    refuses(user, "{'path':'title','value':'x'}",
            "invalidSyntax: Operations[0]: \"op\" must be add, replace or "
            "remove.");
    refuses(user, "5", "invalidSyntax: Operations[0] must be an object.");
}

static const char *read_message(const char *text, int strict)
{
    scim_reading reading = { .strict = strict };
    scim_patch *patch;
    scim_error *err = scim_patch_read(&patch, parsed_json(text),
                                      &scim_type_user, &reading, pool);

    return err != NULL ? scim_fault_type(err->fault) : "read";
}

static void test_message(void)
{
    is_str(read_message("{'Operations':[]}", 0), "invalidSyntax",
           "a message without schemas is refused");
    is_str(read_message("{'schemas':['" SCIM_URN_USER "'],'Operations':[]}", 0),
           "invalidSyntax", "a message of another schema is refused");
    is_str(read_message(PATCH_SCHEMAS "}", 0), "invalidSyntax",
           "a message without Operations is refused");
    is_str(read_message(PATCH_SCHEMAS ",'Operations':{}}", 0), "invalidSyntax",
           "Operations must be a list");
    is_str(read_message(PATCH_SCHEMAS ",'operations':[]}", 0), "read",
           "an empty list changes nothing");
    is_str(read_message(PATCH_SCHEMAS ",'Operations':[]}", 1), "invalidSyntax",
           "... but is refused in strict mode");
    is_str(read_message(PATCH_SCHEMAS ",'Operations':[{'op':'replace',"
                                      "'value':{'unknown':1}}]}",
                        1),
           "invalidSyntax", "strict mode refuses unknown attributes");
    is_str(read_message(PATCH_SCHEMAS ",'Operations':[{'op':'replace',"
                                      "'value':{'id':'1'}}]}",
                        1),
           "mutability", "... and readOnly ones");
    is_str(read_message(PATCH_SCHEMAS ",'Operations':[{'op':'replace',"
                                      "'path':'title','value':{'value':'x'}}]}",
                        1),
           "invalidValue", "... and wrapped values");
}

static void test_warnings(void)
{
    scim_reading reading = { .warnings = scim_warnings_make(pool) };
    const scim_warning *warning;
    scim_patch *patch;

    scim_patch_read(&patch,
                    parsed_json(PATCH_SCHEMAS ",'Operations':[{'op':'add',"
                                              "'value':{'favorite':1}}]}"),
                    &scim_type_user, &reading, pool);
    is_int(reading.warnings->nelts, 1, "an unknown attribute is a warning");
    warning = &APR_ARRAY_IDX(reading.warnings, 0, scim_warning);
    is_str(warning->code, "attributeUnknown", "... by a code");
    is_str(warning->path, "favorite", "... that names it");
}

int main(void)
{
    start_cases();
    test_refused_targets();
    test_refused_values();
    test_message();
    test_warnings();
    end_cases();
    return done();
}
