#include "admin/serve.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/given.h"
#include "core/json.h"
#include "core/sha256.h"

/* --------------------------------------------------------------- cross-site */

static int is_read(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0
           || strcmp(method, "OPTIONS") == 0;
}

/* A browser adds its user's login to whatever another site's page has it send:
 * what changes something must come from a page of ours. Sec-Fetch-Site cannot
 * be written by a page and knows of no proxy; where it is missing (plain HTTP,
 * an old browser), Origin is compared. A program sends neither, but our header,
 * which a form cannot send, and a script of another site not without asking. */
static scim_error *check_site(const admin_request *request, apr_pool_t *pool)
{
    if (is_read(request->method)) {
        return NULL;
    }
    if (request->marker == NULL || strcmp(request->marker, "1") != 0) {
        return scim_error_make(SCIM_FORBIDDEN, pool,
                               "A request that changes something needs the "
                               "header " ADMIN_MARKER ": 1.");
    }
    if (request->fetch_site != NULL
            ? strcmp(request->fetch_site, "same-origin") != 0
            : request->origin != NULL
                  && strcmp(request->origin, request->own_origin) != 0) {
        return scim_error_make(
            SCIM_FORBIDDEN, pool,
            "This was sent by a page of another site; ours is %s. Behind a "
            "proxy that changes the name, ScimBaseURL says the right one.",
            request->own_origin);
    }
    return NULL;
}

/* --------------------------------------------------------------------- ETag */

/* The version, which If-Match looks at, and what the whole looks like, as some
 * members (a time of last contact) change without it. */
static const char *etag_of(const json_t *object, const char *text,
                           apr_size_t len, apr_pool_t *pool)
{
    const json_t *version = json_object_get(object, "version");
    unsigned char hash[SCIM_SHA256_SIZE];

    if (!json_is_integer(version)) {
        return NULL;
    }
    scim_sha256(hash, text, len);
    return apr_psprintf(pool, "\"%" APR_INT64_T_FMT "-%02x%02x%02x%02x\"",
                        (apr_int64_t)json_integer_value(version), hash[0],
                        hash[1], hash[2], hash[3]);
}

/* RFC 9110, 13.1.2: weak comparison. mod_deflate adds a word at the end of
 * ours. */
static int is_known(const char *etag, const char *if_none_match)
{
    const char *at;
    apr_size_t len = strlen(etag) - 1; /* without the quote at its end */

    if (if_none_match == NULL || strcmp(if_none_match, "*") == 0) {
        return if_none_match != NULL;
    }
    for (at = strchr(if_none_match, '"'); at != NULL;
         at = strchr(at + 1, '"')) {
        if (strncmp(at, etag, len) == 0
            && (at[len] == '"' || at[len] == '-')) {
            return 1;
        }
    }
    return 0;
}

/* ------------------------------------------------------------------- answer */

/* {"items": [...], "next": "..."}, and the same as a header (RFC 8288). */
static json_t *as_page(admin_response *out, const admin_call *call,
                       const admin_request *request)
{
    json_t *page = scim_json_adopt(json_object(), call->pool);

    json_object_set(page, "items", call->out);
    if (call->slice.next != NULL) {
        json_object_set_new(
            page, "next",
            json_string(admin_given_after(call->slice.next, call->pool)));
        out->link = apr_pstrcat(call->pool, "<", request->base_url,
                                request->path,
                                admin_given_next(call, call->pool),
                                ">; rel=\"next\"", NULL);
    }
    return page;
}

static void answer(admin_response *out, const json_t *body,
                   const admin_request *request, apr_pool_t *pool)
{
    out->body = scim_json_dump(body, &out->len, pool);
    out->etag = out->body != NULL ? etag_of(body, out->body, out->len, pool)
                                  : NULL;
    if (out->etag != NULL && is_read(request->method)
        && is_known(out->etag, request->if_none_match)) {
        out->status = 304;
        out->body = NULL;
        out->len = 0;
    }
}

static scim_error *perform(admin_response *out, const admin_route *route,
                           const apr_array_header_t *captures,
                           const admin_request *request,
                           const admin_context *context)
{
    apr_pool_t *pool = context->pool;
    admin_call call = { .operation = route->operation, .pool = pool };
    const char *location;
    scim_error *err = admin_given_read(&call, route, captures, request,
                                       context->max_depth);

    if (err != NULL) {
        return err;
    }
    if (call.slug != NULL) {
        call.tenant_url = request->tenant_url(call.slug, request->baton);
    }
    store_admin_lend(&call.db, context->store, context->actor,
                     *context->deadline, pool);
    err = admin_perform(&call);
    if (err != NULL) {
        return err;
    }
    out->status = route->status;
    if (route->status == 204) {
        return NULL;
    }
    location = route->location == NULL
                   ? NULL
                   : admin_route_fill(route->location, captures, call.out,
                                      pool);
    if (location != NULL) {
        out->location = apr_pstrcat(pool, request->base_url, location, NULL);
    }
    answer(out,
           route->operation->is_list ? as_page(out, &call, request) : call.out,
           request, pool);
    return NULL;
}

scim_error *admin_serve(admin_response *out, const admin_request *request,
                        const admin_context *context)
{
    const admin_route *route;
    apr_array_header_t *captures;
    const char *allow;
    scim_error *err = admin_route_find(&route, &allow, &captures,
                                       request->method, request->path,
                                       context->pool);

    if (err == NULL) {
        err = check_site(request, context->pool);
    }
    if (err != NULL) {
        return err;
    }
    if (route == NULL) { /* OPTIONS */
        out->status = 204;
        out->allow = allow;
        return NULL;
    }
    if (route->operation == NULL) {
        out->status = route->status;
        answer(out, admin_openapi(request->base_url, context->pool), request,
               context->pool);
        return NULL;
    }
    return perform(out, route, captures, request, context);
}
