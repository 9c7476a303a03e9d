#include "core/json.h"

#include <apr_strings.h>

#include "tap.h"

static apr_pool_t *pool;

static void parses(const char *text, const char *want, const char *name)
{
    json_t *json = NULL;
    scim_error *err = scim_json_parse(&json, text, strlen(text), 4, pool);

    if (err != NULL) {
        printf("# %s\n", err->detail);
    }
    is_str(scim_json_dump(json, NULL, pool), want, name);
}

static void refuses_bytes(const char *text, apr_size_t len, const char *part,
                          const char *name)
{
    json_t *json = NULL;
    scim_error *err = scim_json_parse(&json, text, len, 4, pool);

    if (!ok(err != NULL && json == NULL && err->fault == SCIM_INVALID_SYNTAX
                && strstr(err->detail, part) != NULL,
            name)) {
        printf("# got: %s\n", err != NULL ? err->detail : "success");
    }
}

static void refuses(const char *text, const char *part, const char *name)
{
    refuses_bytes(text, strlen(text), part, name);
}

static void test_parse(void)
{
    char deep[5000];

    parses(" {\"a\": [1, {\"b\": \"\\u00e9\"}]}\n",
           "{\"a\":[1,{\"b\":\"\xC3\xA9\"}]}", "an object is parsed");
    parses("\xEF\xBB\xBF{}", "{}", "a byte order mark is ignored");
    parses("{\"a\":\"[[[[[[\\\"{{{{\"}", "{\"a\":\"[[[[[[\\\"{{{{\"}",
           "brackets in a string are no nesting");
    parses("{\"a\":9007199254740993}", "{\"a\":9007199254740993}",
           "a large integer stays exact");
    refuses("", "needs a JSON object", "an empty body is refused");
    refuses("[]", "must be a JSON object", "an array is refused");
    refuses("\"a\"", "", "a string is refused");
    refuses("{\"a\":1", "line 1, column", "a truncated body is located");
    refuses("{\"a\":1}x", "line 1, column", "garbage after the end is refused");
    refuses("{\"a\":1,\"a\":2}", "duplicate", "a name given twice is refused");
    refuses("{\"a\":\"\xFF\"}", "line 1", "invalid UTF-8 is refused");
    refuses("{\"a\":\"\\ud800\"}", "line 1", "half a surrogate is refused");
    refuses("{\"a\":1e999}", "line 1", "a number beyond a double is refused");
    refuses("{\"a\":99999999999999999999}", "line 1",
            "an integer beyond 64 bits is refused");
    refuses_bytes("{}\0", 3, "line 1", "a NUL after the end is refused");
    parses("{\"a\":{\"b\":{\"c\":{}}}}", "{\"a\":{\"b\":{\"c\":{}}}}",
           "as many levels as are allowed");
    refuses("{\"a\":{\"b\":{\"c\":[[]]}}}", "deeper than the 4 levels",
            "one level more is refused");
    memset(deep, '[', sizeof(deep));
    refuses_bytes(deep, sizeof(deep), "deeper", "a flood of brackets is "
                                                "refused before parsing");
}

static void test_text(void)
{
    json_t *json = scim_json_adopt(scim_json_text("a\xC3(\xED\xA0\x80z"), pool);

    is_str(json_string_value(json),
           "a\xEF\xBF\xBD(\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDz",
           "each byte that is no UTF-8 becomes U+FFFD");
    json = scim_json_adopt(scim_json_text("gr\xC3\xBC\xC3\x9F"), pool);
    is_str(json_string_value(json), "gr\xC3\xBC\xC3\x9F",
           "valid text stays as it is");
}

static void test_members(void)
{
    json_t *json = scim_json_adopt(
        json_pack("{s:i, s:i}", "USERNAME", 1, "userName", 2), pool);
    apr_size_t len = 0;

    is_int(json_integer_value(scim_json_member(json, "userName")), 2,
           "the exact spelling wins");
    is_int(json_integer_value(scim_json_member(json, "UserName")), 1,
           "any other spelling is found");
    ok(scim_json_member(json, "user") == NULL, "a prefix is another name");
    ok(scim_json_member(json_null(), "a") == NULL, "null has no members");
    ok(scim_json_member(NULL, "a") == NULL, "nothing has no members");

    ok(scim_json_is_unassigned(NULL), "absent is unassigned");
    ok(scim_json_is_unassigned(json_null()), "null is unassigned");
    ok(!scim_json_is_unassigned(json_false()), "false is a value");
    json = scim_json_adopt(json_pack("{s:[], s:{}, s:s}", "list", "object",
                                     "text", ""),
                           pool);
    ok(scim_json_is_unassigned(json_object_get(json, "list")),
       "an empty array is unassigned");
    ok(!scim_json_is_unassigned(json_object_get(json, "text")),
       "an empty string is a value");

    ok(scim_json_dump(NULL, &len, pool) == NULL, "nothing has no text");
    is_str(scim_json_dump(json_true(), &len, pool), "true", "a scalar has");
    is_int((long long)len, 4, "... with its length");
    ok(scim_json_adopt(NULL, pool) == NULL, "adopting nothing is allowed");
}

static json_t *parsed(const char *text)
{
    return scim_json_adopt(json_loads(text, JSON_ALLOW_NUL, NULL), pool);
}

static void test_copy(void)
{
    const char *text = "{\"t\":\"x\",\"n\":null,\"o\":{\"a\":[1,{\"b\":2.5}]},"
                       "\"e\":{},\"l\":[]}";
    json_t *json = parsed(text), *inner;
    json_t *copy = scim_json_adopt(scim_json_copy(json), pool);

    is_str(scim_json_dump(copy, NULL, pool), text,
           "a copy has all, in the same order");
    inner = json_array_get(
        json_object_get(json_object_get(copy, "o"), "a"), 1);
    json_object_set_new(inner, "b", json_integer(3));
    json_object_del(json_object_get(copy, "o"), "none");
    json_array_append_new(json_object_get(copy, "l"), json_true());
    json_object_set_new(json_object_get(copy, "e"), "c", json_true());
    json_object_del(copy, "t");
    is_str(scim_json_dump(json, NULL, pool), text,
           "... and changes alone, at any depth");
    ok(scim_json_copy(NULL) == NULL, "a copy of nothing is nothing");
}

/* What a copy shares stays until the last one goes. */
static void test_copy_lives(void)
{
    json_t *json = json_pack("{s:[s], s:s}", "a", "inner", "b", "outer");
    json_t *copy = scim_json_copy(json);

    json_decref(json);
    is_str(scim_json_dump(copy, NULL, pool),
           "{\"a\":[\"inner\"],\"b\":\"outer\"}", "a copy outlives its origin");
    json_decref(copy);
    json = json_string("alone");
    copy = scim_json_copy(json);
    json_decref(json);
    is_str(json_string_value(copy), "alone", "... a text, too");
    json_decref(copy);
}

/* Texts of about the size that is written at once. */
static void test_long(void)
{
    size_t size;

    for (size = 4094; size <= 4098; size++) {
        char *want = apr_palloc(pool, size + 1);
        apr_size_t len = 0;
        const char *got;

        memset(want, 'x', size);
        want[0] = want[size - 1] = '"';
        want[size] = '\0';
        got = scim_json_dump(
            scim_json_adopt(json_stringn(want + 1, size - 2), pool), &len,
            pool);
        ok(len == size && strcmp(got, want) == 0,
           apr_psprintf(pool, "a text of %d bytes", (int)size));
    }
}

static void test_very_long(void)
{
    json_t *list = scim_json_adopt(json_array(), pool), *back;
    apr_size_t len = 0;
    const char *text;
    int i;

    for (i = 0; i < 3000; i++) {
        json_array_append_new(list, json_pack("{s:i, s:s}", "n", i, "text",
                                              "gr\xC3\xBC\xC3\x9F\n\"\x01"));
    }
    text = scim_json_dump(list, &len, pool);
    back = parsed(text);
    ok(len > 100000 && strlen(text) == len && json_equal(back, list),
       "a long text says the same");
    list = scim_json_adopt(json_stringn("a\0b", 3), pool);
    is_str(scim_json_dump(list, &len, pool), "\"a\\u0000b\"",
           "U+0000 is written out");
}

static void test_nul(void)
{
    const char *text = "{\"a\":\"\\u0000\"}";
    json_t *json = NULL;
    scim_error *err = scim_json_parse(&json, text, strlen(text), 32, pool);

    ok(err != NULL && err->fault == SCIM_INVALID_VALUE
           && strstr(err->detail, "line 1") != NULL,
       "U+0000 is no value");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_nul();
    test_parse();
    test_text();
    test_members();
    test_copy();
    test_copy_lives();
    test_long();
    test_very_long();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
