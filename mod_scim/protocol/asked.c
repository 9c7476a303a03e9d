#include <string.h>

#include "core/quote.h"
#include "protocol/operation.h"

#define NAME_MAX_BYTES 200

static json_t *text(const char *value, apr_pool_t *pool)
{
    return value != NULL ? scim_json_text(scim_excerpt(value, pool)) : NULL;
}

json_t *serve_asked(const serve_call *call)
{
    const serve_request *request = call->request;
    const json_t *body = call->part != NULL ? call->part->data : call->body;
    apr_pool_t *pool = call->pool;
    int left_out = 0;
    json_t *quoted = scim_quote(&left_out, body, call->type, pool);

    return scim_json_adopt(
        json_pack("{s:s, s:o, s:o*, s:o*, s:o*, s:o*, s:o*, s:o*}",
                  "method", serve_method_name(request->method),
                  "path", text(request->path, pool),
                  "content_type", text(request->content_type, pool),
                  "if_match", text(request->if_match, pool),
                  "if_none_match", text(request->if_none_match, pool),
                  "body", quoted,
                  "left_out", left_out ? json_true() : NULL,
                  "bulk", call->part != NULL ? json_true() : NULL),
        pool);
}

const char *serve_asked_name(const serve_call *call)
{
    const json_t *body = call->part != NULL ? call->part->data : call->body;
    const char *name;

    if (call->type == NULL || call->type->kind == SCIM_KIND_OTHER) {
        return NULL;
    }
    name = json_string_value(scim_json_member(
        body, call->type->kind == SCIM_KIND_USER ? "userName"
                                                 : "displayName"));
    return name != NULL && strlen(name) <= NAME_MAX_BYTES ? name : NULL;
}
