/* attributes and excludedAttributes (RFC 7644, 3.9). */
#ifndef SCIM_CORE_PROJECT_H
#define SCIM_CORE_PROJECT_H

#include <apr_tables.h>

#include "core/path.h"

typedef struct scim_projection scim_projection;

/* From the two query parameters, comma-separated; NULL or "": not given. Both
 * given: `attributes` wins. Unknown names are ignored. *out is NULL when
 * neither is given: everything that is returned by default. */
void scim_projection_parse(scim_projection **out, const char *attributes,
                           const char *excluded,
                           const scim_resource_type *type, apr_pool_t *pool);

/* Whether an attribute (sub NULL: or any part of it) is to be returned, by its
 * `returned` characteristic and the request; NULL projection: the default. */
int scim_projection_wants(const scim_projection *projection,
                          const scim_attr *attr, const scim_attr *sub);

/* Whether the request named the attribute in `attributes`. */
int scim_projection_asks(const scim_projection *projection,
                         const scim_attr *attr, const scim_attr *sub);

/* The same with what a write gave (core/given.h), unless the request names what
 * it wants. */
const scim_projection *scim_projection_give(const scim_projection *projection,
                                            const apr_array_header_t *given,
                                            apr_pool_t *pool);

/* Removes from a canonical resource what is not wanted; `schemas` and `id`
 * stay. */
void scim_project(json_t *resource, const scim_projection *projection,
                  const scim_resource_type *type);

/* Takes out what is never returned (RFC 7643, 7), whoever asks. */
void scim_drop_never_returned(json_t *resource,
                              const scim_resource_type *type);

#endif
