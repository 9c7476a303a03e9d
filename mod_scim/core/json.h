/* jansson on APR pools: one way in, one way out. */
#ifndef SCIM_CORE_JSON_H
#define SCIM_CORE_JSON_H

#include <apr_pools.h>
#include <jansson.h>

#include "core/error.h"

/* jansson counts references, not pools: from here on `pool` holds this
 * reference. Returns `json`. NULL is passed through. */
json_t *scim_json_adopt(json_t *json, apr_pool_t *pool);

/* Parses one JSON object of at most `max_depth` nested containers; duplicate
 * names, NUL and invalid UTF-8 are refused: invalidSyntax with line and
 * column. The result belongs to `pool`. */
scim_error *scim_json_parse(json_t **out, const char *text, apr_size_t len,
                            int max_depth, apr_pool_t *pool);

/* Reads what scim_json_dump() wrote. A new reference; NULL: it is no JSON. */
json_t *scim_json_load(const char *text, apr_size_t len);

/* A string of text that may hold any bytes: invalid UTF-8 becomes U+FFFD.
 * A new reference. */
json_t *scim_json_text(const char *text);

/* A deep copy whose texts, numbers and booleans are those of `json`: nobody
 * changes one. A new reference; NULL for NULL. */
json_t *scim_json_copy(const json_t *json);

/* Compact text in `pool` (JSON_REAL_PRECISION(15)); NULL if `json` is NULL. */
const char *scim_json_dump(const json_t *json, apr_size_t *len,
                           apr_pool_t *pool);

/* A member by its name without regard to case (RFC 7643, 2.1); borrowed, or
 * NULL. An exact spelling wins over others. */
json_t *scim_json_member(const json_t *object, const char *name);

/* RFC 7643, 2.5: null, [] and an absent value are one state. */
int scim_json_is_unassigned(const json_t *value);

#endif
