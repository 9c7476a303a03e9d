#include <string.h>

#include <apr_strings.h>

#include "protocol/operation.h"

#define METHODS (SERVE_DELETE + 1)

/* What can be done at one kind of place (RFC 7644, Table 2). */
typedef struct place {
    serve_operation by_method[METHODS];
    const char *not_offered; /* 501 with this sentence, whatever the method */
} place;

/* clang-format off */
static const place collection = { .by_method = {
    [SERVE_GET] = serve_list,         [SERVE_HEAD] = serve_list,
    [SERVE_POST] = serve_create } };
static const place item = { .by_method = {
    [SERVE_GET] = serve_retrieve,     [SERVE_HEAD] = serve_retrieve,
    [SERVE_PUT] = serve_replace,      [SERVE_PATCH] = serve_modify,
    [SERVE_DELETE] = serve_delete } };
static const place provider_config = { .by_method = {
    [SERVE_GET] = serve_provider_config,
    [SERVE_HEAD] = serve_provider_config } };
static const place schemas = { .by_method = {
    [SERVE_GET] = serve_schemas,      [SERVE_HEAD] = serve_schemas } };
static const place schema = { .by_method = {
    [SERVE_GET] = serve_schema,       [SERVE_HEAD] = serve_schema } };
static const place resource_types = { .by_method = {
    [SERVE_GET] = serve_resource_types, [SERVE_HEAD] = serve_resource_types } };
static const place resource_type = { .by_method = {
    [SERVE_GET] = serve_resource_type, [SERVE_HEAD] = serve_resource_type } };
static const place root = { .by_method = {
    [SERVE_GET] = serve_list,         [SERVE_HEAD] = serve_list } };
static const place bulk = { .by_method = {
    [SERVE_POST] = serve_bulk } };
static const place me = { .by_method = {
    [SERVE_GET] = serve_me,           [SERVE_HEAD] = serve_me,
    [SERVE_POST] = serve_me,          [SERVE_PUT] = serve_me,
    [SERVE_PATCH] = serve_me,         [SERVE_DELETE] = serve_me } };
static const place search = { .by_method = {
    [SERVE_POST] = serve_search } };

static const struct {
    const char *segment;
    const place *whole; /* /Segment */
    const place *part;  /* /Segment/id; NULL: there is none */
} fixed[] = {
    { "",                      &root,            NULL },
    { "ServiceProviderConfig", &provider_config, NULL },
    { "Schemas",               &schemas,         &schema },
    { "ResourceTypes",         &resource_types,  &resource_type },
    { "Bulk",                  &bulk,            NULL },
    { "Me",                    &me,              NULL },
    { ".search",               &search,          NULL },
};

static const char *const method_names[METHODS] = {
    [SERVE_GET] = "GET",     [SERVE_HEAD] = "HEAD", [SERVE_POST] = "POST",
    [SERVE_PUT] = "PUT",     [SERVE_PATCH] = "PATCH",
    [SERVE_DELETE] = "DELETE",
};

/* How the journal calls a write. */
static const char *const actions[METHODS] = {
    [SERVE_POST] = "create",  [SERVE_PUT] = "replace",
    [SERVE_PATCH] = "modify", [SERVE_DELETE] = "delete",
};
/* clang-format on */

static const char *allowed(const place *at, apr_pool_t *pool)
{
    const char *list = "OPTIONS";
    int method;

    for (method = METHODS - 1; method >= 0; method--) {
        if (at->by_method[method] != NULL) {
            list = apr_pstrcat(pool, method_names[method], ", ", list,
                               (char *)NULL);
        }
    }
    return list;
}

static const place *find_fixed(const char *segment, apr_size_t len,
                               int has_part)
{
    apr_size_t i;

    for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
        if (strlen(fixed[i].segment) == len
            && memcmp(fixed[i].segment, segment, len) == 0) {
            return has_part ? fixed[i].part : fixed[i].whole;
        }
    }
    return NULL;
}

/* Cuts "/Users/2819c223/" into its segments; one slash at the end means
 * nothing, a third segment leads nowhere. */
static const place *find(serve_call *call)
{
    const char *path = call->request->path;
    const char *segment = path[0] == '/' ? path + 1 : path;
    const char *slash = strchr(segment, '/');
    apr_size_t len = slash != NULL ? (apr_size_t)(slash - segment)
                                   : strlen(segment);
    const char *part = slash != NULL && slash[1] != '\0' ? slash + 1 : NULL;
    apr_size_t part_len = part != NULL ? strlen(part) : 0;

    if (part_len > 1 && part[part_len - 1] == '/') {
        part = apr_pstrmemdup(call->pool, part, part_len - 1);
    }
    if (part != NULL && strchr(part, '/') != NULL) {
        return NULL;
    }
    call->id = part;
    call->type = scim_resource_type_at(call->context->types, segment, len);
    if (call->type == NULL) {
        return find_fixed(segment, len, part != NULL);
    }
    if (part != NULL && strcmp(part, ".search") == 0) {
        call->id = NULL;
        return &search;
    }
    return part != NULL ? &item : &collection;
}

const char *serve_method_name(serve_method method)
{
    return method < METHODS ? method_names[method] : "other";
}

const char *serve_action(serve_method method)
{
    return actions[method];
}

scim_error *serve_route(serve_operation *out, serve_call *call)
{
    serve_method method = call->request->method;
    const place *at = find(call);
    scim_error *err;

    *out = NULL;
    if (at == NULL) {
        return scim_error_make(SCIM_NOT_FOUND, call->pool,
                               "There is no endpoint of this name; the tenant "
                               "URL is followed by /Users, /Groups, /Bulk, "
                               "/Schemas, /ResourceTypes or "
                               "/ServiceProviderConfig.");
    }
    if (at->not_offered != NULL) {
        return scim_error_make(SCIM_NOT_IMPLEMENTED, call->pool, "%s",
                               at->not_offered);
    }
    if (method == SERVE_OPTIONS) {
        call->response->allow = allowed(at, call->pool);
        return NULL;
    }
    if (method == SERVE_OTHER) { /* RFC 9110, 9.1 */
        err = scim_error_make(SCIM_NOT_IMPLEMENTED, call->pool,
                              "This service knows no such method; here it "
                              "takes %s.",
                              allowed(at, call->pool));
        err->allow = allowed(at, call->pool);
        return err;
    }
    if (at->by_method[method] == NULL) {
        err = scim_error_make(SCIM_METHOD_NOT_ALLOWED, call->pool,
                              "This method is not allowed here; allowed are "
                              "%s.",
                              allowed(at, call->pool));
        err->allow = allowed(at, call->pool);
        return err;
    }
    call->action = call->type != NULL && at != &search ? actions[method]
                                                       : NULL;
    *out = at->by_method[method];
    return NULL;
}
