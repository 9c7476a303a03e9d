/* The admin API's places: one table, which openapi.json is made of. */
#ifndef SCIM_ADMIN_ROUTE_H
#define SCIM_ADMIN_ROUTE_H

#include "admin/operation.h"

typedef struct admin_route {
    const char *method; /* "GET"; HEAD and OPTIONS follow by themselves */
    /* "{organization}" is the slug; another name is a member of what is given,
     * where the operation has such a field, and else the next of its ids. */
    const char *path;
    const admin_operation *operation; /* NULL: openapi.json itself */
    int status; /* of success: 200, 201 or 204 */
    const char *location; /* of 201: names in braces are the result's members,
                             if they are not the path's; or NULL */
} admin_route;

/* Ends with a NULL method. */
extern const admin_route admin_routes[];

/* A name in braces of a route's path, and what stands there. */
typedef struct admin_capture {
    const char *name, *value;
} admin_capture;

/* SCIM_NOT_FOUND, or SCIM_METHOD_NOT_ALLOWED with `allow`. *out is NULL for
 * OPTIONS; *allow is set. *captures: admin_capture. */
scim_error *admin_route_find(const admin_route **out, const char **allow,
                             apr_array_header_t **captures, const char *method,
                             const char *path, apr_pool_t *pool);

/* The template with a value in the place of each name; NULL: one has none. */
const char *admin_route_fill(const char *path,
                             const apr_array_header_t *captures,
                             const json_t *members, apr_pool_t *pool);

#endif
