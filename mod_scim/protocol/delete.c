#include "protocol/operation.h"

/* DELETE (RFC 7644, 3.6). */
scim_error *serve_delete(serve_call *call)
{
    store_match *match;
    scim_error *err;

    serve_match_of_write(&match, call->request, call->pool);
    call->token_checked = 1;
    err = store_remove(call->type, call->id, match, call->context->caller,
                       call->context->store, call->pool);
    if (err == NULL) {
        call->response->status = 204;
    }
    return err;
}
