#include "protocol/serve.h"

#include "protocol/operation.h"

scim_error *serve_token_check(store_grant *out, serve_call *call)
{
    call->token_checked = 1;
    if (call->part != NULL) { /* of a Bulk, which has asked */
        *out = *call->part->grant;
        return NULL;
    }
    return store_token_check(out, call->context->caller, call->context->store,
                             call->pool);
}

/* A client without a good token learns nothing else: whatever went wrong
 * before the store was asked gives way to 401. */
static scim_error *token_first(serve_call *call, scim_error *err)
{
    store_grant grant;
    scim_error *refused;

    if (call->token_checked || call->body_lost) {
        return err;
    }
    refused = serve_token_check(&grant, call);
    return refused != NULL ? refused : err;
}

/* Whether the error is the store's word on the token or on itself. */
int serve_is_about_access(const scim_error *err)
{
    return err->fault == SCIM_UNAUTHORIZED || err->fault == SCIM_TOKEN_REFUSED
           || err->fault == SCIM_UNAVAILABLE || err->fault == SCIM_INTERNAL;
}

void serve_journal_refusal(serve_call *call, const scim_error *err)
{
    if (call->action != NULL && !serve_is_about_access(err)
        && !call->body_lost) {
        const store_refusal refusal = { .type = call->type,
                                        .id = call->id,
                                        .action = call->action,
                                        .name = serve_asked_name(call),
                                        .err = err,
                                        .request = serve_asked(call) };

        store_journal_refusal(&refusal, call->context->caller,
                              call->context->store, call->pool);
    }
}

void serve_project(serve_call *call)
{
    if (call->type != NULL) {
        scim_projection_parse(&call->projection, call->query.attributes,
                              call->query.excluded_attributes, call->type,
                              call->pool);
    }
}

static scim_error *run(serve_call *call)
{
    serve_operation operation;
    scim_error *err = serve_route(&operation, call);

    if (err == NULL && operation == NULL) { /* OPTIONS */
        store_grant grant;

        call->response->status = 204;
        return serve_token_check(&grant, call);
    }
    if (err == NULL) {
        err = serve_query_parse(&call->query, call->request->query,
                                call->pool);
    }
    if (err != NULL) {
        return err;
    }
    serve_project(call);
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

    call.reading.warnings = scim_warnings_make(context->pool);
    context->caller->reading = &call.reading;

    err = run(&call);
    if (err != NULL) {
        err = token_first(&call, err);
        serve_journal_refusal(&call, err);
    }
    return err;
}
