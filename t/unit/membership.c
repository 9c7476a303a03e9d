/* PATCH of groups, and members as a delta: core/membership.c. */
#include "core/patch.h"

#include "patch_cases.h"
#include "tap.h"

#define U1       "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
#define U1_UPPER "3F2504E0-4F89-41D3-9A0C-0305E82C3301"

static const char *list_of(const apr_array_header_t *ids)
{
    const char *text = "";
    int i;

    for (i = 0; i < ids->nelts; i++) {
        text = apr_pstrcat(pool, text, i > 0 ? " " : "",
                           APR_ARRAY_IDX(ids, i, const char *), NULL);
    }
    return text;
}

static const char *delta_text(const scim_membership *m)
{
    if (m == NULL) {
        return "nothing";
    }
    return apr_psprintf(pool, "%s[%s] -[%s]", m->replace ? "=" : "+",
                        list_of(m->add), list_of(m->remove));
}

/* "+[added] -[removed]", "=[the set] -[]", "nothing", "conditional"; "..." if
 * other operations are left. */
static const char *split(const char *operations)
{
    scim_patch *rest, *patch = read_patch(operations, &scim_type_group);
    scim_membership *delta;
    int conditional;

    scim_patch_split(&rest, &delta, &conditional, patch, pool);
    if (conditional) {
        return rest == patch && delta == NULL ? "conditional" : "wrong";
    }
    return apr_pstrcat(pool, delta_text(delta), rest != NULL ? " ..." : "",
                       NULL);
}

static void splits(const char *operations, const char *want)
{
    is_str(split(operations), want, operations);
}

static void test_add(void)
{
    splits("{'op':'Add','path':'members','value':[{'$ref':null,'value':'a'},"
           "{'value':'b','display':'B'}]}",
           "+[a b] -[]");
    splits("{'op':'Add','path':'members','value':{'value':'a'}}", "+[a] -[]");
    splits("{'op':'add','path':'members','value':'a'}", "+[a] -[]");
    splits("{'op':'add','path':'members','value':['a','b','a']}", "+[a b] -[]");
    splits("{'op':'add','path':'members','value':[{'value':'" U1_UPPER "'},"
           "{'value':'" U1 "'}]}",
           "+[" U1 "] -[]");
    splits("{'op':'add','value':{'members':[{'value':'a'}]}}", "+[a] -[]");
    splits("{'op':'add','path':'members','value':[]}", "nothing");
    splits("{'op':'add','path':'members','value':[{'display':'x'},'a']}",
           "+[a] -[]");
    splits("{'op':'add','path':'members','value':[{'value':'a'}]},"
           "{'op':'add','path':'members','value':[{'value':'b'}]}",
           "+[a b] -[]");
}

static void test_remove(void)
{
    splits("{'op':'Remove','path':'members','value':[{'$ref':null,"
           "'value':'a'},{'value':'b'}]}",
           "+[] -[a b]");
    splits("{'op':'remove','path':'members[value eq ~a~]'}", "+[] -[a]");
    splits("{'op':'remove','path':'members[value eq ~a~ or value eq ~b~ or "
           "(value eq ~c~)]'}",
           "+[] -[a b c]");
    splits("{'op':'remove','path':'members[value eq ~" U1_UPPER "~]'}",
           "+[] -[" U1 "]");
    splits("{'op':'remove','path':'members'}", "=[] -[]");
    splits("{'op':'remove','path':'members','value':null}", "=[] -[]");
    splits("{'op':'remove','path':'members','value':[]}", "nothing");
    splits("{'op':'remove','path':'members','value':[{'value':null},'a']}",
           "+[] -[a]");
    splits("{'op':'remove','path':'members','value':'a'}", "+[] -[a]");
}

static void test_replace(void)
{
    splits("{'op':'replace','path':'members','value':[{'value':'a',"
           "'$ref':'Users/a'}]}",
           "=[a] -[]");
    splits("{'op':'replace','path':'members','value':[]}", "=[] -[]");
    splits("{'op':'replace','path':'members','value':null}", "=[] -[]");
    splits("{'op':'replace','value':{'id':'x','displayName':'D',"
           "'members':[{'value':'a'}]}}",
           "=[a] -[] ...");
    splits("{'op':'replace','value':{'id':'x','displayName':'D'}}",
           "nothing ...");
    splits("{'op':'replace','value':{'id':'x'}}", "nothing");
}

static void test_composition(void)
{
    splits("{'op':'remove','path':'members','value':[{'value':'a'}]},"
           "{'op':'remove','path':'members','value':[{'value':'b'}]},"
           "{'op':'add','path':'members','value':[{'value':'a'}]}",
           "+[a] -[b]");
    splits("{'op':'add','path':'members','value':[{'value':'a'}]},"
           "{'op':'remove','path':'members[value eq ~a~]'}",
           "+[] -[a]");
    splits("{'op':'remove','path':'members'},"
           "{'op':'add','path':'members','value':[{'value':'a'},"
           "{'value':'b'}]},"
           "{'op':'remove','path':'members[value eq ~a~]'}",
           "=[b] -[]");
    splits("{'op':'add','path':'members','value':['x']},"
           "{'op':'replace','path':'members','value':['y']}",
           "=[y] -[]");
    splits("{'op':'remove','path':'members[value eq ~a~]'},"
           "{'op':'replace','path':'displayName','value':'N'},"
           "{'op':'add','path':'members','value':['c']}",
           "+[c] -[a] ...");
    splits("", "nothing");
}

static void test_conditional(void)
{
    splits("{'op':'remove','path':'members[display sw ~A~]'}", "conditional");
    splits("{'op':'remove','path':'members[value eq ~a~ and type eq ~User~]'}",
           "conditional");
    splits("{'op':'remove','path':'members[value ne ~a~]'},"
           "{'op':'add','path':'members','value':['c']}",
           "conditional");
    splits("{'op':'add','path':'members[value eq ~a~]',"
           "'value':{'value':'b'}}",
           "conditional");
    splits("{'op':'add','path':'members[value eq ~A~]',"
           "'value':{'value':'a'}}",
           "+[a] -[]");
    splits("{'op':'add','path':'members[value eq ~a~]',"
           "'value':{'value':'a'}}",
           "+[a] -[]");
}

static void changes(const char *before, const char *operations,
                    const char *want)
{
    is_str(patched(before, operations, &scim_type_group), want, operations);
}

static void test_apply(void)
{
    const char *group = "'displayName':'G','members':[{'value':'a',"
                        "'type':'User'},{'value':'b'}]";

    changes(group, "{'op':'add','path':'members','value':['a','c']}",
            dumped("'displayName':'G','members':[{'value':'a',"
                   "'type':'User'},{'value':'b'},{'value':'c'}]"));
    changes(group, "{'op':'remove','path':'members[value ne ~a~]'}",
            dumped("'displayName':'G','members':[{'value':'a',"
                   "'type':'User'}]"));
    changes(group, "{'op':'remove','path':'members[type eq ~User~]'}",
            dumped("'displayName':'G','members':[{'value':'b'}]"));
    changes(group,
            "{'op':'add','path':'members[value eq ~c~]',"
            "'value':{'type':'user'}}",
            "invalidValue: Operations[0], \"members[value eq \"c\"]\": The "
            "attribute \"members\" names no member: each needs a value.");
    changes(group,
            "{'op':'add','path':'members[type eq ~User~]',"
            "'value':{'value':'c'}}",
            dumped("'displayName':'G','members':[{'value':'c',"
                   "'type':'User'},{'value':'b'}]"));
    changes(group,
            "{'op':'add','path':'members[value eq ~c~]',"
            "'value':{'value':'c','type':'user'}},"
            "{'op':'remove','path':'members','value':['a','b']}",
            dumped("'displayName':'G','members':[{'value':'c',"
                   "'type':'User'}]"));
    changes(group,
            "{'op':'replace','path':'members[value eq ~x~]',"
            "'value':{'value':'y'}}",
            "noTarget: Operations[0], \"members[value eq \"x\"]\": no element "
            "of the resource is chosen by it; add the element, or name one "
            "that is there.");
    changes(group,
            "{'op':'replace','path':'members[value eq ~a~].value',"
            "'value':'z'}",
            "mutability: Operations[0], \"members[value eq \"a\"].value\": "
            "\"value\" cannot be changed once it has a value.");
    changes(group, "{'op':'remove','path':'members.value'}",
            "mutability: Operations[0], \"members.value\": it cannot be taken "
            "out of an element; remove the element itself.");
    changes(group,
            "{'op':'replace','path':'members[value eq ~a~].display',"
            "'value':'z'}",
            "mutability: Operations[0], \"members[value eq \"a\"].display\": "
            "it is readOnly: the service sets it; take it out of what is "
            "sent.");
    changes(group, "{'op':'remove','path':'displayName'}",
            "mutability: Operations[0], \"displayName\": it is required and "
            "cannot be removed.");
}

static void test_take(void)
{
    json_t *group = resource_of("'displayName':'G','members':[{'value':'a'},"
                                "{'value':'b'}]",
                                &scim_type_group);
    scim_membership *none;

    is_str(delta_text(scim_group_take_members(group, pool)), "=[a b] -[]",
           "a group's members are taken as the whole set");
    ok(json_object_get(group, "members") == NULL, "... and are gone from it");
    ok(scim_group_take_members(group, pool) == NULL,
       "a group without members has none to take");
    none = scim_group_no_members(pool);
    is_str(delta_text(none), "=[] -[]", "no members is a set too");
}

static void test_many(void)
{
    const int count = 1200;
    char *path = apr_pstrdup(pool, "{'op':'remove','path':'members[value eq "
                                   "~0~");
    int i;

    for (i = 1; i < 1000; i++) {
        path = apr_pstrcat(pool, path,
                           apr_psprintf(pool, " or value eq ~%d~", i), NULL);
    }
    ok(strlen(split(apr_pstrcat(pool, path, "]'}", NULL))) > 3000,
       "1,000 members are removed by one filter");
    for (; i < count; i++) {
        path = apr_pstrcat(pool, path,
                           apr_psprintf(pool, " or value eq ~%d~", i), NULL);
    }
    ok(read_patch(apr_pstrcat(pool, path, "]'}", NULL), &scim_type_group) ==
           NULL,
       "1,200 are refused");
}

int main(void)
{
    start_cases();
    test_add();
    test_remove();
    test_replace();
    test_composition();
    test_conditional();
    test_apply();
    test_take();
    test_many();
    end_cases();
    return done();
}
