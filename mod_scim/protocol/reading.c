#include "core/given.h"
#include "protocol/operation.h"

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

/* Asked for by who enters with the token of a strict app. */
static scim_error *refuse_strictly(void *baton)
{
    serve_call *call = baton;
    scim_patch *patch;
    json_t *resource;
    scim_error *err;

    call->reading.strict = 1;
    err = call->request->method == SERVE_PATCH
              ? read_patch(&patch, call->body, call)
              : read_resource(&resource, call->body, call);
    call->reading.strict = 0;
    apr_array_clear(call->reading.warnings);
    return err;
}

/* Whether a strict app's token has sent it, the write itself will see: bodies
 * are read as tolerantly as identity providers need it. A Bulk knows. */
static void begin_reading(serve_call *call)
{
    call->reading.strict = call->part != NULL && call->part->grant->strict;
    call->reading.tolerated = 0;
}

static void end_reading(serve_call *call)
{
    if (call->reading.tolerated && call->part == NULL) {
        call->context->caller->refuse_strictly = refuse_strictly;
        call->context->caller->baton = call;
    }
}

scim_error *serve_read_resource(json_t **out, const json_t *body,
                                serve_call *call)
{
    scim_error *err;

    begin_reading(call);
    err = read_resource(out, body, call);
    end_reading(call);
    if (err == NULL && call->type->hides) {
        call->given = scim_given_in_resource(*out, call->type, call->pool);
    }
    return err;
}

scim_error *serve_read_patch(scim_patch **out, const json_t *body,
                             serve_call *call)
{
    scim_error *err;

    begin_reading(call);
    err = read_patch(out, body, call);
    end_reading(call);
    if (err == NULL && call->type->hides) {
        call->given = scim_given_in_patch(*out, call->pool);
    }
    return err;
}
