/* A text that grows: in memory, and beyond SERVE_SPOOL_MEMORY in a temporary
 * file without a name (DESIGN 5.16). Private to this directory. */
#ifndef SCIM_PROTOCOL_SPOOL_H
#define SCIM_PROTOCOL_SPOOL_H

#include "protocol/serve.h"

#define SERVE_SPOOL_MEMORY (1024 * 1024)

typedef struct serve_spool {
    char *data;
    apr_size_t len, size; /* of what is in memory */
    apr_file_t *file;     /* NULL: all of it */
    apr_off_t filed;      /* how much went there before */
    scim_error *err;      /* the first failure: the text is good for nothing */
    apr_pool_t *pool;
} serve_spool;

void serve_spool_open(serve_spool *out, apr_pool_t *pool);

void serve_spool_add(serve_spool *t, const char *text);
void serve_spool_add_n(serve_spool *t, const char *data, apr_size_t len);

/* A JSON string, quotes and escapes included. */
void serve_spool_add_string(serve_spool *t, const char *value);

/* Where the text ends now, and back to such a place. */
apr_off_t serve_spool_end(const serve_spool *t);
void serve_spool_cut(serve_spool *t, apr_off_t end);

/* The text as the last pieces of the body; SCIM_UNAVAILABLE if the file could
 * not be written. */
scim_error *serve_spool_write(serve_response *response, serve_spool *t);

#endif
