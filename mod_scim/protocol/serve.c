#include "protocol/serve.h"

#include "protocol/operation.h"

/* A client without a good token learns nothing else: whatever went wrong
 * before the store was asked gives way to 401. */
static scim_error *token_first(serve_call *call, scim_error *err)
{
    store_grant grant;
    scim_error *refused;

    if (call->token_checked) {
        return err;
    }
    refused = store_token_check(&grant, call->context->caller,
                                call->context->store, call->pool);
    return refused != NULL ? refused : err;
}

/* Whether the error is the store's word on the token or on itself, so that
 * there is nobody to whom a journal row could belong. */
static int is_about_access(const scim_error *err)
{
    return err->fault == SCIM_UNAUTHORIZED || err->fault == SCIM_TOKEN_REFUSED
           || err->fault == SCIM_UNAVAILABLE || err->fault == SCIM_INTERNAL;
}

static scim_error *run(serve_call *call)
{
    serve_operation operation;
    scim_error *err = serve_route(&operation, call);

    if (err == NULL && operation == NULL) { /* OPTIONS */
        call->response->status = 204;
        return NULL;
    }
    if (err == NULL) {
        err = serve_query_parse(&call->query, call->request->query,
                                call->pool);
    }
    if (err != NULL) {
        return err;
    }
    if (call->type != NULL) {
        scim_projection_parse(&call->projection, call->query.attributes,
                              call->query.excluded_attributes, call->type,
                              call->pool);
    }
    return operation(call);
}

scim_error *serve(serve_response *out, const serve_request *request,
                  const serve_context *context)
{
    serve_call call = { .request = request,
                        .context = context,
                        .response = out,
                        .pool = context->pool };
    scim_error *err;

    call.reading.warnings
        = apr_array_make(context->pool, 0, sizeof(const char *));
    context->caller->reading = &call.reading;

    err = run(&call);
    if (err != NULL) {
        err = token_first(&call, err);
        if (call.action != NULL && !is_about_access(err)) {
            store_journal_refusal(call.type, call.id, call.action, err,
                                  context->caller, context->store, call.pool);
        }
    }
    return err;
}
