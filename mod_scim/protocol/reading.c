#include "core/given.h"
#include "protocol/operation.h"

/* Bodies are read strictly first: what passes needs no second look, and what
 * does not is read as tolerantly as identity providers need it. Which of both
 * counts is known once the token is. */
static int is_refused_strictly(scim_error *err, serve_call *call)
{
    call->strict_refusal = err;
    call->reading.strict = 0;
    if (err != NULL) {
        apr_array_clear(call->reading.warnings);
    }
    return err != NULL;
}

/* A body without a type can only be meant as SCIM. */
static scim_error *check_media_type(serve_call *call)
{
    return call->part != NULL || call->request->content_type != NULL
               ? NULL
               : scim_reading_meets(&call->reading, SCIM_DIALECT_NO_MEDIA_TYPE,
                                    "Content-Type", call->pool);
}

static scim_error *read_resource(json_t **out, const json_t *body,
                                 serve_call *call)
{
    scim_error *err = check_media_type(call);

    if (err != NULL) {
        return err;
    }
    return call->request->method == SERVE_PUT
               ? scim_resource_read_put(out, body, call->type, &call->reading,
                                        call->pool)
               : scim_resource_read(out, body, call->type, &call->reading,
                                    call->pool);
}

static scim_error *read_patch(scim_patch **out, const json_t *body,
                              serve_call *call)
{
    scim_error *err = check_media_type(call);

    return err != NULL ? err
                       : scim_patch_read(out, body, call->type, &call->reading,
                                         call->pool);
}

scim_error *serve_read_resource(json_t **out, const json_t *body,
                                serve_call *call)
{
    scim_error *err = NULL;

    call->reading.strict = 1;
    if (is_refused_strictly(read_resource(out, body, call), call)) {
        err = read_resource(out, body, call);
    }
    if (err == NULL && call->type->hides) {
        call->given = scim_given_in_resource(*out, call->type, call->pool);
    }
    return err;
}

scim_error *serve_read_patch(scim_patch **out, const json_t *body,
                             serve_call *call)
{
    scim_error *err = NULL;

    call->reading.strict = 1;
    if (is_refused_strictly(read_patch(out, body, call), call)) {
        err = read_patch(out, body, call);
    }
    if (err == NULL && call->type->hides) {
        call->given = scim_given_in_patch(*out, call->pool);
    }
    return err;
}

scim_error *serve_refuse_strictly(serve_call *call)
{
    store_grant grant;
    scim_error *err;

    if (call->strict_refusal == NULL) {
        return NULL;
    }
    err = serve_token_check(&grant, call);
    return err == NULL && grant.strict ? call->strict_refusal : err;
}
