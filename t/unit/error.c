#include "core/error.h"
#include "core/json.h"

#include "tap.h"

static apr_pool_t *pool;

static const char *text_of(const scim_error *err, const char *reference)
{
    json_t *json = scim_json_adopt(scim_error_to_json(err, reference, pool),
                                   pool);

    return scim_json_dump(json, NULL, pool);
}

static void test_table(void)
{
    int fault, sound = 1;

    for (fault = 0; fault < SCIM_FAULT_COUNT; fault++) {
        int status = scim_fault_status((scim_fault)fault);

        sound &= status >= 400 && status <= 599;
        sound &= scim_fault_type((scim_fault)fault) == NULL || status < 410;
    }
    ok(sound, "every fault has a status, and a scimType only where RFC 7644 "
              "knows one");
    is_int(scim_fault_status(SCIM_UNIQUENESS), 409, "uniqueness is a conflict");
    is_str(scim_fault_type(SCIM_UNIQUENESS), "uniqueness", "... by its name");
    is_str(scim_fault_type(SCIM_NOT_FOUND), NULL, "404 has no scimType");
}

static void test_body(void)
{
    scim_error *err = scim_error_make(SCIM_INVALID_FILTER, pool,
                                      "The filter ends after %d bytes.", 7);

    is_str(text_of(err, NULL),
           "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],"
           "\"status\":\"400\",\"scimType\":\"invalidFilter\","
           "\"detail\":\"The filter ends after 7 bytes.\"}",
           "an error is a flat object with its status as a string");
    is_str(text_of(scim_error_make(SCIM_NOT_FOUND, pool, "Gone."), "Xy7"),
           "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:Error\"],"
           "\"status\":\"404\",\"detail\":\"Gone. (request Xy7)\"}",
           "the detail ends with the request id");
    ok(strstr(text_of(scim_error_make(SCIM_INTERNAL, pool, "a\xFF"), NULL),
              "\"a\xEF\xBF\xBD\"")
           != NULL,
       "bytes that are no UTF-8 do not break the answer");
    is_str(scim_error_because(err, pool, "errno %d", 5)->cause, "errno 5",
           "a cause is kept for the log");
    ok(strstr(text_of(err, NULL), "errno") == NULL,
       "... and never told to the client");
}

static void test_excerpt(void)
{
    char text[200];

    memset(text, 'a', sizeof(text));
    text[199] = '\0';
    memcpy(text + SCIM_EXCERPT_MAX - 1, "\xC3\xA9", 2);
    is_int((long long)strlen(scim_excerpt(text, pool)),
           SCIM_EXCERPT_MAX - 1 + 3, "a long text is cut between characters");
    is_str(scim_excerpt("a\nb\x7F", pool), "a?b?",
           "control characters do not reach a message");
    is_str(scim_excerpt("", pool), "", "an empty text stays empty");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_table();
    test_body();
    test_excerpt();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
