/* Cursors: core/cursor.c. */
#include "core/cursor.h"

#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "tap.h"

static apr_pool_t *pool;

static scim_cursor_seal seal_of(const char *query, apr_int64_t now)
{
    scim_cursor_seal seal = { .query = query, .now = now, .timeout = 3600 };

    memset(seal.key, 7, sizeof(seal.key));
    return seal;
}

static scim_fault fault_of(const char *text, const scim_cursor_seal *seal)
{
    scim_cursor cursor;
    scim_error *err = scim_cursor_read(&cursor, text, seal, pool);

    return err != NULL ? err->fault : SCIM_FAULT_COUNT;
}

static void round_trip(const char *id, const char *value, int backward)
{
    scim_cursor_seal seal = seal_of("acme", 1000);
    scim_cursor in = { .backward = backward, .id = id, .value = value };
    scim_cursor out = { .backward = -1 };
    const char *text = scim_cursor_write(&in, &seal, pool);

    /* C-2-02 */
    ok(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                    "0123456789-._~")
           == strlen(text),
       "a cursor needs no escape in a URL");
    ok(scim_cursor_read(&out, text, &seal, pool) == NULL, "... is read again");
    is_str(out.id, id, "... with the id");
    is_str(out.value, value, "... the value");
    is_int(out.backward, backward, "... and the direction");
    is_int((int)out.issued, 1000, "... and when it was made");
    ok(value == NULL || strlen(value) < 4 || strstr(text, value) == NULL,
       "... and tells none of it"); /* C-5.2-04 */
}

/* C-2-11, C-5.2-04: whatever single character changes. */
static void every_character(void)
{
    scim_cursor_seal seal = seal_of("acme", 1000);
    scim_cursor cursor = { .id = "0190", .value = "jensen" };
    char *text = apr_pstrdup(pool, scim_cursor_write(&cursor, &seal, pool));
    apr_size_t i, len = strlen(text);
    int accepted = 0;

    for (i = 0; i < len; i++) {
        char right = text[i];

        text[i] = right == 'A' ? 'B' : 'A';
        accepted += fault_of(text, &seal) != SCIM_INVALID_CURSOR;
        text[i] = right;
    }
    is_int(accepted, 0, "one other character makes any cursor invalid");
    is_int((int)fault_of(text, &seal), SCIM_FAULT_COUNT, "... or else is good");
    text[len - 1] = '\0';
    is_int((int)fault_of(text, &seal), SCIM_INVALID_CURSOR, "a shorter one");
    is_int((int)fault_of(apr_pstrcat(pool, scim_cursor_write(&cursor, &seal,
                                                             pool),
                                     "A", NULL),
                         &seal),
           SCIM_INVALID_CURSOR, "a longer one");
}

static void foreign(void)
{
    scim_cursor_seal acme = seal_of("acme", 1000), other = acme;
    scim_cursor cursor = { .id = "0190" };
    const char *text = scim_cursor_write(&cursor, &acme, pool);
    scim_error *forged, *foreign;
    scim_cursor out;

    other.query = "acme ";
    is_int((int)fault_of(text, &other), SCIM_INVALID_CURSOR,
           "another query cannot use it"); /* C-2-12 */
    other.query = "acme";
    other.key[31] = 8;
    is_int((int)fault_of(text, &other), SCIM_INVALID_CURSOR,
           "another organization cannot use it"); /* C-5.2-01 */
    forged = scim_cursor_read(&out, "zzz", &acme, pool);
    foreign = scim_cursor_read(&out, text, &other, pool);
    is_str(forged->detail, foreign->detail,
           "a foreign one is refused as a forged one is"); /* C-5.2-05 */
}

static void expiry(void)
{
    scim_cursor_seal seal = seal_of("acme", 1000);
    scim_cursor cursor = { .id = "0190" };
    const char *text = scim_cursor_write(&cursor, &seal, pool);

    seal.now = 4600;
    is_int((int)fault_of(text, &seal), SCIM_FAULT_COUNT,
           "a cursor is good until its timeout"); /* C-4-06 */
    seal.now = 4601;
    is_int((int)fault_of(text, &seal), SCIM_EXPIRED_CURSOR,
           "... and then expired"); /* C-2.1-03 */
}

int main(void)
{
    scim_cursor_seal seal = seal_of("acme", 1000);
    char *large;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    large = apr_palloc(pool, 5001);
    memset(large, 'x', 5000);
    large[5000] = '\0';
    round_trip("01905a2c-3f6b-7d00-8000-000000000001", "jensen", 0);
    round_trip("01905a2c-3f6b-7d00-8000-000000000001", "", 1);
    round_trip("01905a2c-3f6b-7d00-8000-000000000001", NULL, 1);
    round_trip(NULL, NULL, 0);
    round_trip("id", large, 0);
    every_character();
    foreign();
    expiry();
    is_int((int)fault_of("zzz", &seal), SCIM_INVALID_CURSOR, "nonsense");
    is_int((int)fault_of("", &seal), SCIM_INVALID_CURSOR, "nothing");
    is_int((int)fault_of("a+b/c=", &seal), SCIM_INVALID_CURSOR,
           "other characters");
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
