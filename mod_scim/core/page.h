/* Index paging (RFC 7644, 3.4.2.4). */
#ifndef SCIM_CORE_PAGE_H
#define SCIM_CORE_PAGE_H

#include "core/error.h"

typedef struct scim_page {
    apr_int64_t start; /* 1 based, at least 1 */
    int count;         /* 0 .. the largest page allowed */
} scim_page;

/* From the query parameters (NULL: not given). startIndex below 1 is 1, count
 * below 0 is 0, count above `max` is `max`; no number is invalidValue. */
scim_error *scim_page_parse(scim_page *out, const char *start_index,
                            const char *count, int max, apr_pool_t *pool);

#endif
