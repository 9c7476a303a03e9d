/* Plain JSON, which nearly all of it is: no fraction, names without escapes.
 * What jansson takes apart byte by byte through callbacks, which was half of
 * what a PATCH cost httpd, is read and written here in a fourth of the time. A
 * text with escapes is jansson's, on its own; whatever is not plain, wrong JSON
 * included, is left to it as a whole. A fuzz target holds both to the same
 * result. For core/json.c. */
#ifndef SCIM_CORE_PLAIN_H
#define SCIM_CORE_PLAIN_H

#include <apr.h>
#include <jansson.h>

/* How all JSON is written. */
#define SCIM_JSON_FLAGS \
    (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15))

/* An object as json_loadb() reads it with JSON_REJECT_DUPLICATES: a new
 * reference; NULL where jansson has to say. */
json_t *scim_plain_read(const char *text, apr_size_t len);

/* Writes what json_dumpb() does with SCIM_JSON_FLAGS: the number of bytes, with
 * no NUL behind them; 0 where they are more than `size`, or jansson has to
 * write them. */
apr_size_t scim_plain_write(const json_t *json, char *out, apr_size_t size);

#endif
