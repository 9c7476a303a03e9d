/* What a request to the admin API gives: path, query and body as one object,
 * for admin_perform() to check. */
#ifndef SCIM_ADMIN_GIVEN_H
#define SCIM_ADMIN_GIVEN_H

#include "admin/route.h"
#include "admin/serve.h"

/* Fills slug, ids, given, version and slice of the call. SCIM_INVALID_VALUE,
 * SCIM_INVALID_SYNTAX, SCIM_UNSUPPORTED_MEDIA_TYPE, ... */
scim_error *admin_given_read(admin_call *call, const admin_route *route,
                             const apr_array_header_t *captures,
                             const admin_request *request, int max_depth);

/* The query with another `after`: for the link to the next page. */
const char *admin_given_next(const admin_call *call, apr_pool_t *pool);

/* `next` of a list, as clients get it. */
const char *admin_given_after(const char *key, apr_pool_t *pool);

#endif
