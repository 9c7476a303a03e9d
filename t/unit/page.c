/* Pages by index and by cursor: core/page.c. */
#include "core/page.h"

#include <apr_general.h>

#include "tap.h"

static apr_pool_t *pool;

static const char *cursor; /* of the next query */

static void page(const char *start, const char *count, long long want_start,
                 int want_count, const char *name)
{
    scim_page got = { -1, -1, NULL };
    scim_error *err = scim_page_parse(&got, start, count, cursor, 200, pool);

    ok(err == NULL && got.start == want_start && got.count == want_count
           && got.cursor == cursor,
       name);
}

static void refuses(const char *start, const char *count, const char *want,
                    scim_fault fault)
{
    scim_page got;
    scim_error *err = scim_page_parse(&got, start, count, cursor, 200, pool);

    is_str(err != NULL ? err->detail : NULL, want, want);
    is_int(err != NULL ? (int)err->fault : -1, (int)fault, "... by its type");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    page(NULL, NULL, 1, 200, "the default is the first and largest page");
    page("11", "10", 11, 10, "both are taken");
    page("0", "10", 1, 10, "startIndex 0 is 1");
    page("-5", "10", 1, 10, "a negative startIndex is 1");
    page("1", "0", 1, 0, "count 0 asks for the total only");
    page("1", "-1", 1, 0, "a negative count is 0");
    page("1", "201", 1, 200, "count is cut to the maximum");
    page("1", "99999999999999999999999999", 1, 200, "... however large");
    page("99999999999999999999999999", "1", 1000000000000, 1,
         "a startIndex beyond everything stays in bounds");
    refuses("one", NULL, "startIndex needs a whole number, not \"one\".",
            SCIM_INVALID_VALUE);
    refuses("1.5", NULL, "startIndex needs a whole number, not \"1.5\".",
            SCIM_INVALID_VALUE);
    refuses(NULL, "", "count needs a whole number, not \"\".",
            SCIM_INVALID_VALUE);
    refuses(NULL, "-", "count needs a whole number, not \"-\".",
            SCIM_INVALID_VALUE);
    refuses(NULL, "5x", "count needs a whole number, not \"5x\".",
            SCIM_INVALID_VALUE);

    cursor = "";
    page(NULL, "2", 1, 2, "an empty cursor asks for the first page");
    /* C-2-03 */
    page(NULL, "-1", 1, 0, "... where a negative count is 0 as well");
    refuses(NULL, "abc", "count needs a whole number, not \"abc\".",
            SCIM_INVALID_COUNT); /* C-2.1-04 */
    refuses("1", NULL, "Ask for startIndex or for cursor, not for both.",
            SCIM_INVALID_VALUE); /* C-2.4-03 */
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
