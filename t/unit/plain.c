#include "core/plain.h"

#include <stdlib.h>

#include "tap.h"

/* Reads it without jansson, and writes the same. */
static void is_plain(const char *text, const char *name)
{
    json_t *json = scim_plain_read(text, strlen(text));
    char out[256] = "";
    apr_size_t size = json != NULL ? scim_plain_write(json, out, sizeof(out))
                                   : 0;

    ok(json != NULL, name);
    out[size < sizeof(out) ? size : 0] = '\0';
    is_str(out, text, "... and is written so");
    json_decref(json);
}

static void is_left(const char *text, const char *name)
{
    json_t *json = scim_plain_read(text, strlen(text));

    ok(json == NULL, name);
    json_decref(json);
}

/* What would be slow again if it were not taken. */
static void test_plain(void)
{
    is_plain("{}", "an empty object");
    is_plain("{\"a\":\"\",\"b\":[],\"c\":{}}", "what is empty");
    is_plain("{\"userName\":\"J\xC3\xBCrgen\",\"active\":true,\"x\":false,"
             "\"y\":null}", "texts, letters of several bytes, words");
    is_plain("{\"emails\":[{\"value\":\"a@b\",\"primary\":true},{}],"
             "\"urn:a:2.0:B\":{\"c\":\"d\"}}", "lists, objects, URNs");
    is_plain("{\"n\":0,\"m\":123456789012345}", "whole numbers");
}

static void test_space(void)
{
    static const char text[] = " {\r\n\t\"a\" : [ true , 1 ] }\n";
    json_t *json = scim_plain_read(text, sizeof(text) - 1);

    ok(json_array_size(json_object_get(json, "a")) == 2, "white space");
    json_decref(json);
}

static void test_escapes(void)
{
    static const char text[] = "{\"a\":\"\\\"\\u00fc\\\\\","
                               "\"b\":[\"\\n\",\"c\"]}";
    json_t *json = scim_plain_read(text, sizeof(text) - 1);
    json_t *list = json_object_get(json, "b");

    is_str(json_string_value(json_object_get(json, "a")), "\"\xC3\xBC\\",
           "escapes");
    is_str(json_string_value(json_array_get(list, 0)), "\n", "... in a list");
    is_str(json_string_value(json_array_get(list, 1)), "c",
           "... and what comes after them");
    json_decref(json);
}

/* Lists in objects: `levels` is even. */
static const char *nested(char *text, int levels)
{
    int i;

    *text = '\0';
    for (i = 0; i < levels; i += 2) {
        strcat(text, "{\"a\":[");
    }
    for (i = 0; i < levels; i += 2) {
        strcat(text, "]}");
    }
    return text;
}

static void test_depth(void)
{
    char text[512], out[512];
    json_t *json = NULL;

    is_left(nested(text, 34), "what is nested deeper than 32 levels");
    json = json_loads(text, 0, NULL);
    ok(scim_plain_write(json, out, sizeof(out)) == 0, "... is not written");
    json_decref(json);
    nested(text, 32);
    json = scim_plain_read(text, strlen(text));
    ok(json != NULL
           && scim_plain_write(json, out, sizeof(out)) == strlen(text)
           && memcmp(out, text, strlen(text)) == 0,
       "32 levels are read and written");
    json_decref(json);
}

static void test_left(void)
{
    is_left("", "nothing");
    is_left("[]", "no object");
    is_left("{\"a\\u0062\":1}", "an escape in a name");
    is_left("{\"a\":\"\\x\"}", "one that is none");
    is_left("{\"a\":\"\\u0000\"}", "U+0000");
    is_left("{\"a\":\"\\ud800\"}", "half of an escaped pair");
    is_left("{\"a\":\"\\\"}", "an escape without an end");
    is_left("{\"a\":\"\x01\"}", "a control character");
    is_left("{\"a\":\"\xFF\"}", "no UTF-8");
    is_left("{\"a\":\"\xED\xA0\x80\"}", "half of a pair");
    is_left("{\"a\":1,\"a\":2}", "a name given twice");
    is_left("{\"a\":-1}", "a sign");
    is_left("{\"a\":01}", "a zero in front");
    is_left("{\"a\":1.5}", "a fraction");
    is_left("{\"a\":1e3}", "an exponent");
    is_left("{\"a\":1234567890123456}", "a large number");
    is_left("{\"a\":tru}", "half a word");
    is_left("{\"a\":truer}", "more than a word");
    is_left("{\"a\":1,}", "a comma too many");
    is_left("{\"a\":[1 2]}", "one too few");
    is_left("{\"a\":\"b", "no end of a text");
    is_left("{\"a\":[1", "no end of a list");
    is_left("{\"a\":1}x", "something behind it");
}

static void test_written(void)
{
    json_t *json = json_pack("{s:s, s:f, s:i}", "a", "\"\\\n", "b", 0.5, "c",
                             -7);
    json_t *odd = json_pack("{s:i}", "\n", 1);
    char out[64];
    apr_size_t size = scim_plain_write(json, out, sizeof(out));

    out[size] = '\0';
    is_str(out, "{\"a\":\"\\\"\\\\\\n\",\"b\":0.5,\"c\":-7}",
           "escapes and numbers are jansson's, one by one");
    ok(scim_plain_write(json, out, size - 1) == 0, "there is not room enough");
    ok(scim_plain_write(odd, out, sizeof(out)) == 0,
       "a name with an escape is left");
    json_decref(json);
    json_decref(odd);
}

int main(void)
{
    test_plain();
    test_space();
    test_escapes();
    test_depth();
    test_left();
    test_written();
    return done();
}
