#include "protocol/operation.h"

/* GET of a collection (RFC 7644, 3.4.2). */
scim_error *serve_list(serve_call *call)
{
    const serve_limits *limits = call->context->limits;
    store_query query = { .wants = serve_wants(call) };
    store_result result;
    scim_error *err;

    err = scim_page_parse(&call->page, call->query.start_index,
                          call->query.count, limits->max_results, call->pool);
    if (err == NULL && call->query.filter != NULL) {
        err = scim_filter_parse(&query.filter, call->query.filter, call->type,
                                &limits->filter, call->pool);
    }
    if (err != NULL) {
        return err;
    }
    query.page = call->page;
    call->token_checked = 1;
    err = store_query_run(&result, call->type, &query, call->context->caller,
                          call->context->store, call->pool);
    return err != NULL ? err : serve_represent_list(&result, call);
}
