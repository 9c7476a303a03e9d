/* Random but reproducible resources and filters, made from the schemas. */
#ifndef T_LIB_CHANCE_H
#define T_LIB_CHANCE_H

#include <apr_hash.h>
#include <apr_tables.h>

#include "core/resource.h"

typedef struct chance {
    apr_uint64_t state; /* the seed, to begin with */
    apr_hash_t *seen;   /* scim_attr * -> array of texts that it had */
    const char *marker; /* part of every text of a filter; or NULL */
    int unique;         /* numbers of values that only one may have */
    apr_pool_t *pool;
} chance;

void chance_start(chance *c, apr_uint64_t seed, apr_pool_t *pool);

unsigned chance_below(chance *c, unsigned limit);
int chance_percent(chance *c, unsigned percent);

/* "2026-02-01T09:30:00.123Z", of few different ones. */
const char *chance_time(chance *c);

/* Filters compare an attribute with what was seen in it. */
void chance_saw(chance *c, const scim_attr *attr, const char *text);

/* The body of a POST. `number` makes the name unique. */
json_t *chance_body(chance *c, const scim_resource_type *type, int number);

/* The text of a filter; a few are refused, and must be. */
const char *chance_filter(chance *c, const scim_resource_type *type, int depth,
                          apr_pool_t *pool);

#endif
