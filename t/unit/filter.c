/* Reading filters: core/filter.c, core/filter_literal.c. */
#include "core/filter.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "tap.h"

#define ENT    SCIM_URN_ENTERPRISE_USER
#define ANY_ID "3f2504e0-4f89-41d3-9a0c-0305e82c3301"

static apr_pool_t *pool;

static const char *operand(const scim_filter *f)
{
    if (f->value_kind == SCIM_VALUE_BOOLEAN) {
        return f->boolean ? "true" : "false";
    }
    if (f->value_kind == SCIM_VALUE_NEVER) {
        return "never";
    }
    return f->value_kind == SCIM_VALUE_TEXT
               ? apr_psprintf(pool, "\"%s\"", f->text)
               : f->text;
}

/* The tree as text, every bracket drawn. */
static const char *drawn(const scim_filter *f, const scim_resource_type *type)
{
    static const char *const ops[] = { "eq", "ne", "co", "sw", "ew",
                                       "gt", "ge", "lt", "le" };
    const char *path;

    switch (f->kind) {
    case SCIM_FILTER_AND:
    case SCIM_FILTER_OR:
        return apr_psprintf(pool, "(%s %s %s)", drawn(f->left, type),
                            f->kind == SCIM_FILTER_AND ? "and" : "or",
                            drawn(f->right, type));
    case SCIM_FILTER_NOT:
        return apr_psprintf(pool, "not %s", drawn(f->left, type));
    case SCIM_FILTER_NOTHING:
        return "nothing";
    default:
        path = scim_path_text(&f->path, type, pool);
    }
    if (f->kind == SCIM_FILTER_ELEMENT) {
        return apr_psprintf(pool, "%s[%s]", path, drawn(f->left, type));
    }
    if (f->kind == SCIM_FILTER_PRESENT) {
        return apr_psprintf(pool, "%s pr", path);
    }
    return apr_psprintf(pool, "%s %s %s", path, ops[f->op], operand(f));
}

static const char *parsed(const char *text, const scim_resource_type *type)
{
    const scim_filter *filter = NULL;
    scim_error *err = scim_filter_parse(&filter, text, type,
                                        &scim_filter_default_limits, pool);

    if (err == NULL) {
        return drawn(filter, type);
    }
    return err->fault == SCIM_INVALID_FILTER && filter == NULL ? err->detail
                                                               : "wrong fault";
}

static void reads(const char *text, const char *want)
{
    is_str(parsed(text, &scim_type_user), want, text);
}

/* P-3.4.2.1-06: as the groups' part of a query of all types. */
static void reads_among(const char *text, const char *want)
{
    const scim_filter *filter = NULL;
    scim_error *err = scim_filter_parse_among(&filter, text, &scim_type_group,
                                              scim_default_types,
                                              &scim_filter_default_limits,
                                              pool);

    is_str(err != NULL ? err->detail : drawn(filter, &scim_type_group), want,
           text);
}

static void test_among(void)
{
    reads_among("displayName eq \"A\"", "displayName eq \"a\"");
    reads_among("userName eq \"a\"", "nothing");
    reads_among("userName pr", "nothing");
    reads_among("userName ne \"a\"", "not nothing");
    reads_among("userName eq null", "not nothing");
    reads_among("userName ne null", "nothing");
    reads_among("not (userName pr)", "not nothing");
    reads_among("emails[type eq \"a\" or not (value pr)]", "nothing");
    reads_among("name[familyName ne \"a\"]", "nothing");
    reads_among("emails[type eq \"a\"].value ne \"b\" or members pr",
                "(nothing or members pr)");
    reads_among("bogus eq \"a\"",
                "Filter, position 1: \"bogus\" is not an attribute of a "
                "Group.");
    reads_among("emails[bogus eq \"a\"]",
                "Filter, position 8: \"emails\" has no sub-attribute "
                "\"bogus\".");
    reads_among("password eq \"a\"",
                "Filter, position 1: \"password\" cannot be searched for.");
    reads_among("active gt true",
                "Filter, position 11: \"active\" has no order, so gt, ge, lt "
                "and le do not apply.");
}

static void refuses(const char *text, const char *want)
{
    const char *got = parsed(text, &scim_type_user);

    is_str(got, apr_psprintf(pool, "Filter, position %s", want),
           apr_psprintf(pool, "%s is refused", text));
}

static void test_comparisons(void)
{
    reads("userName eq \"bjensen\"", "userName eq \"bjensen\"");
    reads("USERNAME Eq \"BJensen\"", "userName eq \"bjensen\"");
    reads("externalId EQ \"ABC\"", "externalId eq \"ABC\"");
    reads("  userName\teq   \"a\"  ", "userName eq \"a\"");
    reads("userName eq\"a\"", "userName eq \"a\"");
    reads("title pr", "title pr");
    reads("title PR", "title pr");
    reads("name.familyName co \"O'Malley\"", "name.familyName co \"o'malley\"");
    reads("displayName ew \"%_\"", "displayName ew \"%_\"");
    reads("userName gt \"M\"", "userName gt \"m\"");
    reads("active eq true", "active eq true");
    reads("active ne false", "active ne false");
    reads(SCIM_URN_USER ":userName sw \"J\"", "userName sw \"j\"");
    reads(ENT ":employeeNumber eq \"E1\"", ENT ":employeeNumber eq \"e1\"");
    reads("profileUrl sw \"https:\"", "profileUrl sw \"https:\"");
    reads("schemas eq \"" ENT "\"", "schemas eq \"" ENT "\"");
}

static void test_precedence(void)
{
    reads("title pr and userType eq \"e\" or active eq true",
          "((title pr and userType eq \"e\") or active eq true)");
    reads("title pr or userType eq \"e\" and active eq true",
          "(title pr or (userType eq \"e\" and active eq true))");
    reads("title pr or title pr or title pr",
          "((title pr or title pr) or title pr)");
    reads("(title pr or userType pr) and active eq true",
          "((title pr or userType pr) and active eq true)");
    reads("not (title pr) and active eq true",
          "(not title pr and active eq true)");
    reads("NOT(title pr AND active eq true)",
          "not (title pr and active eq true)");
    reads("not (not (title pr))", "not not title pr");
    reads("((title pr))", "title pr");
}

static void test_value_paths(void)
{
    reads("emails[type eq \"work\" and value co \"@x\"]",
          "emails[(emails.type eq \"work\" and emails.value co \"@x\")]");
    reads("emails[type eq \"Work\"].value eq \"A@x\"",
          "emails[(emails.type eq \"work\" and emails.value eq \"a@x\")]");
    reads("emails[type eq \"work\" or primary eq true].value pr",
          "emails[((emails.type eq \"work\" or emails.primary eq true) and "
          "emails.value pr)]");
    reads("emails[(type eq \"a\") or not (value ew \"b\")] and title pr",
          "(emails[(emails.type eq \"a\" or not emails.value ew \"b\")] and "
          "title pr)");
    reads("not (emails[type eq \"work\"])",
          "not emails[emails.type eq \"work\"]");
    reads("name[familyName sw \"J\"]",
          "(name pr and name.familyName sw \"j\")");
    reads("roles[primary eq \"True\"]", "roles[roles.primary eq true]");
    reads("roles[primary eq false]", "roles[not roles.primary eq true]");
    reads("roles[primary ne false]", "roles[roles.primary eq true]");
    reads("roles.primary eq false", "roles[not roles.primary eq true]");
    reads("roles.primary ne true",
          "(roles[not roles.primary eq true] or not roles pr)");
    reads("roles.primary ne false", "(roles.primary eq true or not roles pr)");
}

static void test_complex(void)
{
    reads("emails co \"x\"", "emails.value co \"x\"");
    reads("emails pr", "emails pr");
    reads("emails.type eq \"work\"", "emails.type eq \"work\"");
    reads("name pr", "name pr");
    reads("manager eq \"M\"", ENT ":manager.value eq \"M\"");
    reads(ENT ":manager eq \"m\"", ENT ":manager.value eq \"m\"");
    reads("id eq \"3F2504E0-4F89-41D3-9A0C-0305E82C3301\" and " ENT
          ":manager eq \"m-1\"",
          "(id eq \"" ANY_ID "\" and " ENT ":manager.value eq \"m-1\")");
    refuses("name eq \"x\"", "9: \"name\" is complex; name one of its "
                             "sub-attributes, such as \"name.formatted\".");
    refuses("addresses co \"x\"",
            "14: \"addresses\" is complex; name one of its sub-attributes, "
            "such as \"addresses.formatted\".");
}

static void test_ids(void)
{
    is_str(parsed("members eq \"3F2504E0-4F89-41D3-9A0C-0305E82C3301\"",
                  &scim_type_group),
           "members.value eq \"" ANY_ID "\"",
           "members stands for members.value, its id is in lower case");
    is_str(parsed("members[value eq \"3F2504E0-4F89-41D3-9A0C-0305E82C3301\"]",
                  &scim_type_group),
           "members[members.value eq \"" ANY_ID "\"]",
           "... and within brackets");
    reads("groups.value eq \"3F2504E0-4F89-41D3-9A0C-0305E82C3301\"",
          "groups.value eq \"" ANY_ID "\"");
    reads("id sw \"3F25\"", "id sw \"3f25\"");
    is_str(parsed("members.$ref pr", &scim_type_group), "members.$ref pr",
           "$ref is a name");
}

static void test_literals(void)
{
    reads("userName eq \"a\\\"b\\u00e9\\/\\\\\"",
          "userName eq \"a\"b\xC3\xA9/\\\"");
    reads("nickName eq \"\\ud83d\\ude00\"", "nickName eq \"\xF0\x9F\x98\x80\"");
    reads("nickName eq \"\xC3\x89\"", "nickName eq \"\xC3\xA9\"");
    reads("userName eq \"\"", "userName eq \"\"");
    reads("active eq \"False\"", "active eq false");
    reads("active eq \"TRUE\"", "active eq true");
    reads("title eq null", "not title pr");
    reads("title ne null", "title pr");
    reads("emails eq null", "not emails pr");
    reads("name eq null", "not name pr");
    reads("meta.lastModified ge \"2011-05-13T06:42:34.5+02:00\"",
          "meta.lastModified ge \"2011-05-13T04:42:34.500000000Z\"");
    reads("meta.created eq \"yesterday\"", "meta.created eq never");
}

static void test_literals_refused(void)
{
    const char *value = "a value is expected (a text in double quotes, a "
                        "number, true, false or null), not ";
    const scim_filter *f = NULL;

    refuses("userName eq bjensen",
            apr_psprintf(pool, "13: %s\"bjensen\".", value));
    refuses("userName eq 'x'", apr_psprintf(pool, "13: %s\"'x'\".", value));
    refuses("userName eq",
            apr_psprintf(pool, "12: %sthe end of the filter.", value));
    refuses("userName eq \"a", "13: the closing quote is missing.");
    refuses("userName eq \"a\\", "13: the closing quote is missing.");
    refuses("userName eq \"\\ud83d\"",
            apr_psprintf(pool, "13: %s\"\"\\ud83d\"\".", value));
    refuses("userName eq \"\\u0000\"",
            apr_psprintf(pool, "13: %s\"\"\\u0000\"\".", value));
    refuses("userName eq 5", "13: \"userName\" needs a text in double quotes.");
    refuses("userName eq true",
            "13: \"userName\" needs a text in double quotes.");
    refuses("active eq \"yes\"",
            "11: \"active\" is a boolean and needs true or false.");
    refuses("active eq 1",
            "11: \"active\" is a boolean and needs true or false.");
    refuses("meta.created gt \"yesterday\"",
            "17: \"meta.created\" needs a time such as "
            "\"2026-02-01T09:30:00Z\".");
    refuses("title gt null", "7: null can be compared by eq and ne only.");
    ok(scim_filter_parse(&f, "userName eq \"\xC3(\"", &scim_type_user,
                         &scim_filter_default_limits, pool) != NULL,
       "broken UTF-8 in a text is refused");
    ok(scim_filter_parse(&f, "userName eq 99999999999999999999",
                         &scim_type_user, &scim_filter_default_limits,
                         pool) != NULL,
       "a number beyond all bounds is refused");
}

static void test_operators_refused(void)
{
    const char *ops = "eq, ne, co, sw, ew, gt, ge, lt, le, pr";

    refuses("userName", apr_psprintf(pool,
                                     "9: an operator (%s) is expected "
                                     "after \"userName\".",
                                     ops));
    refuses("userName regex \"a.*\"",
            apr_psprintf(pool,
                         "10: \"regex\" is no operator; the operators "
                         "are %s.",
                         ops));
    refuses("active gt true", "11: \"active\" has no order, so gt, ge, lt and "
                              "le do not apply.");
    refuses("x509Certificates.value lt \"aa\"",
            "27: \"x509Certificates.value\" has no order, so gt, ge, lt and "
            "le do not apply.");
    refuses("active co true", "11: \"active\" is no text, so co, sw and ew do "
                              "not apply.");
    refuses("meta.created sw \"2011\"",
            "17: \"meta.created\" is no text, so co, sw and ew do not apply.");
}

static void test_attributes_refused(void)
{
    refuses("", "1: an attribute name is expected, not the end of the filter.");
    refuses(" ", "2: an attribute name is expected, not the end of the "
                 "filter.");
    refuses("bogus eq \"x\"", "1: \"bogus\" is not an attribute of a User.");
    refuses("a.b.c pr", "1: \"a.b.c\" is not an attribute path.");
    refuses("eq \"x\"", "1: \"eq\" is not an attribute of a User.");
    refuses(ENT " pr",
            "1: an attribute is expected after the URN \"" ENT "\".");
    refuses("password eq \"x\"", "1: \"password\" cannot be searched for.");
    refuses("password pr", "1: \"password\" cannot be searched for.");
    refuses("emails[bogus eq \"x\"]",
            "8: \"emails\" has no sub-attribute \"bogus\".");
}

static void test_structure_refused(void)
{
    refuses("userName eq \"a\" and",
            "20: an attribute name is expected, not the end of the filter.");
    refuses("and userName pr", "1: \"and\" is not an attribute of a User.");
    refuses("title pr title pr",
            "10: \"and\", \"or\" or the end is expected, not \"title pr\".");
    refuses("userName pr \"x\"",
            "13: \"and\", \"or\" or the end is expected, not \"\"x\"\".");
    refuses("(title pr", "10: \"and\", \"or\" or \")\" is expected, not the "
                         "end of the filter.");
    refuses("title pr)", "9: \"and\", \"or\" or the end is expected, not "
                         "\")\".");
    refuses("not title pr", "5: \"(\" is expected after \"not\".");
    refuses("emails[]", "8: an attribute name is expected, not \"]\".");
    refuses("emails[type pr", "15: \"and\", \"or\" or \"]\" is expected, not "
                              "the end of the filter.");
    refuses("emails[type eq \"work\" and ims[type eq \"x\"]]",
            "27: \"emails\" has no sub-attribute \"ims\".");
    refuses("emails[type[value pr]]",
            "12: brackets cannot stand inside of brackets.");
    refuses("emails[type eq \"work\"] eq \"x\"",
            "24: \"and\", \"or\" or the end is expected, not \"eq \"x\"\".");
    refuses("userName[value eq \"x\"]",
            "9: \"userName\" has no sub-attributes that [...] could look at.");
    refuses("schemas[value eq \"x\"]",
            "8: \"schemas\" has no sub-attributes that [...] could look at.");
    refuses("nickName eq \"\xC3\xA9\xC3\xA9\" x",
            "18: \"and\", \"or\" or the end is expected, not \"x\".");
}

static const char *repeated(const char *text, int times)
{
    char *all = apr_pcalloc(pool, strlen(text) * (apr_size_t)times + 1);
    char *end = all;
    int i;

    for (i = 0; i < times; i++) {
        memcpy(end, text, strlen(text));
        end += strlen(text);
    }
    return all;
}

static void test_limits(void)
{
    const scim_filter_limits wide = { 1000000, 32, 1000000 };
    const scim_filter *f = NULL;
    scim_error *err;

    is_str(parsed(repeated("(", 5000), &scim_type_user),
           "Filter, position 33: more than 32 levels of brackets.",
           "5,000 brackets are refused");
    is_str(parsed(apr_pstrcat(pool, repeated("not (", 32), "title pr",
                              repeated(")", 32), NULL),
                  &scim_type_user),
           apr_pstrcat(pool, repeated("not ", 32), "title pr", NULL),
           "32 levels are read");
    is_str(parsed(apr_pstrcat(pool, repeated("title pr or ", 64), "title pr",
                              NULL),
                  &scim_type_user),
           "Filter, position 769: more than 64 conditions.",
           "65 conditions are refused");
    is_str(parsed(apr_pstrcat(pool, "title eq \"", repeated("x", 8192), "\"",
                              NULL),
                  &scim_type_user),
           "The filter is longer than 8192 bytes.", "a long filter is refused");
    err = scim_filter_parse(
        &f, apr_pstrcat(pool, repeated("title pr or ", 9999), "title pr", NULL),
        &scim_type_user, &wide, pool);
    ok(err == NULL, "10,000 conditions are read where the limits allow it");
}

static void test_element(void)
{
    const char *text = "type eq \"Work\"] and more";
    const scim_filter *f = NULL;
    scim_path at;
    scim_error *err;

    scim_path_parse(&at, "emails", 6, &scim_type_user, SCIM_INVALID_PATH, pool);
    err = scim_filter_parse_element(&f, text, 14, &at, &scim_type_user,
                                    &scim_filter_default_limits,
                                    SCIM_INVALID_PATH, pool);
    ok(err == NULL, "the inside of a bracket is read to its length");
    is_str(drawn(f, &scim_type_user), "emails.type eq \"work\"",
           "... with sub-attributes as its names");
    is_str(f->literal, "Work", "... and the literal keeps its spelling");
    err = scim_filter_parse_element(&f, text, 15, &at, &scim_type_user,
                                    &scim_filter_default_limits,
                                    SCIM_INVALID_PATH, pool);
    is_int(err->fault, SCIM_INVALID_PATH, "the caller chooses the fault");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_among();
    test_comparisons();
    test_precedence();
    test_value_paths();
    test_complex();
    test_ids();
    test_literals();
    test_literals_refused();
    test_operators_refused();
    test_attributes_refused();
    test_structure_refused();
    test_limits();
    test_element();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
