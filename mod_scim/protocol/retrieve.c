#include "protocol/operation.h"

/* GET of one resource (RFC 7644, 3.4.1), with its preconditions (3.14). */
scim_error *serve_retrieve(serve_call *call)
{
    const serve_request *request = call->request;
    store_wants wants = serve_wants(call);
    store_match *match, *none_match;
    store_record *record;
    int unchanged;
    scim_error *err;

    serve_match_parse(&match, request->if_match, call->pool);
    serve_match_parse(&none_match, request->if_none_match, call->pool);
    call->token_checked = 1;
    err = store_retrieve(&record, call->type, call->id, &wants,
                         call->context->caller, call->context->store,
                         call->pool);
    if (err != NULL) {
        return err;
    }
    if (match != NULL && !store_match_has(match, record->version)) {
        return scim_error_make(SCIM_PRECONDITION_FAILED, call->pool,
                               "If-Match names another version; the resource "
                               "is at W/\"%" APR_INT64_T_FMT "\".",
                               record->version);
    }
    unchanged = none_match != NULL
                && store_match_has(none_match, record->version);
    err = serve_answer(record, unchanged ? 204 : 200, call);
    if (err == NULL && unchanged) {
        call->response->status = 304;
    }
    return err;
}
