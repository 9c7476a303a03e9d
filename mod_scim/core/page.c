#include "core/page.h"

#include <apr_lib.h>

/* Beyond any number of resources, and far from overflow. */
#define LARGEST APR_INT64_C(1000000000000)

static scim_error *parse_number(apr_int64_t *out, const char *name,
                                const char *text, scim_fault fault,
                                apr_pool_t *pool)
{
    const char *p = text + (text[0] == '-' || text[0] == '+');
    apr_int64_t n = 0;

    if (*p == '\0') {
        p = "?";
    }
    for (; apr_isdigit(*p); p++) {
        n = 10 * n + (*p - '0');
        n = n < LARGEST ? n : LARGEST;
    }
    if (*p != '\0') {
        return scim_error_make(fault, pool,
                               "%s needs a whole number, not \"%s\".", name,
                               scim_excerpt(text, pool));
    }
    *out = text[0] == '-' ? -n : n;
    return NULL;
}

scim_error *scim_page_parse(scim_page *out, const char *start_index,
                            const char *count, const char *cursor, int max,
                            apr_pool_t *pool)
{
    scim_fault bad_count = cursor != NULL ? SCIM_INVALID_COUNT
                                          : SCIM_INVALID_VALUE;
    apr_int64_t start = 1, wanted = max;
    scim_error *err = NULL;

    if (start_index != NULL && cursor != NULL) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "Ask for startIndex or for cursor, not for "
                               "both.");
    }
    if (start_index != NULL) {
        err = parse_number(&start, "startIndex", start_index,
                           SCIM_INVALID_VALUE, pool);
    }
    if (err == NULL && count != NULL) {
        err = parse_number(&wanted, "count", count, bad_count, pool);
    }
    if (err == NULL) {
        out->cursor = cursor;
        out->start = start < 1 ? 1 : start;
        out->count = wanted < 0 ? 0 : wanted > max ? max : (int)wanted;
    }
    return err;
}
