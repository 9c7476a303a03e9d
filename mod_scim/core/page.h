/* Index paging (RFC 7644, 3.4.2.4) and cursor paging (RFC 9865). */
#ifndef SCIM_CORE_PAGE_H
#define SCIM_CORE_PAGE_H

#include "core/error.h"

typedef struct scim_page {
    apr_int64_t start;  /* 1 based, at least 1 */
    int count;          /* 0 .. the largest page allowed */
    const char *cursor; /* "": the first page; NULL: paging by index */
} scim_page;

/* From the query parameters (NULL: not given). startIndex below 1 is 1, count
 * below 0 is 0, count above `max` is `max`. What is no number is invalidValue,
 * a count with a cursor invalidCount; startIndex and cursor exclude each other:
 * invalidValue. */
scim_error *scim_page_parse(scim_page *out, const char *start_index,
                            const char *count, const char *cursor, int max,
                            apr_pool_t *pool);

#endif
