/* Cursors of RFC 9865: where a page ends, sealed, so that clients can neither
 * read nor make one. */
#ifndef SCIM_CORE_CURSOR_H
#define SCIM_CORE_CURSOR_H

#include "core/error.h"
#include "core/sha256.h"

/* Between two resources of an ordered list, beside the one it names; that one
 * need not be there any more. */
typedef struct scim_cursor {
    int backward;       /* the page is before it */
    const char *id;     /* NULL: before the first resource */
    const char *value;  /* what the list is sorted by; NULL: the resource has
                           none, or the order is that of ids */
    apr_int64_t issued; /* seconds */
} scim_cursor;

/* What a cursor is good for. */
typedef struct scim_cursor_seal {
    unsigned char key[SCIM_SHA256_SIZE]; /* the organization's secret */
    const char *query; /* whose list it is: another one cannot open it */
    apr_int64_t now;   /* seconds */
    apr_int64_t timeout;
} scim_cursor_seal;

/* Characters of RFC 3986's "unreserved". */
const char *scim_cursor_write(const scim_cursor *cursor,
                              const scim_cursor_seal *seal, apr_pool_t *pool);

/* Errors: invalidCursor, the same one whatever is wrong with it, and
 * expiredCursor for one of ours that is too old. */
scim_error *scim_cursor_read(scim_cursor *out, const char *text,
                             const scim_cursor_seal *seal, apr_pool_t *pool);

#endif
