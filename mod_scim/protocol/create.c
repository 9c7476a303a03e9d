#include "protocol/operation.h"

/* POST (RFC 7644, 3.3). */
scim_error *serve_create(serve_call *call)
{
    store_wants wants = serve_wants(call);
    scim_membership *members = NULL;
    store_record *record;
    json_t *body, *resource;
    scim_error *err = serve_body_read(&body, call);

    if (err == NULL) {
        err = serve_read_resource(&resource, body, call);
    }
    if (err == NULL) {
        err = serve_hash_password(&wants.password, resource, NULL, call);
    }
    if (err != NULL) {
        return err;
    }
    serve_drop_password(resource, call->type);
    if (call->type->kind == SCIM_KIND_GROUP) {
        members = serve_known_members(
            scim_group_take_members(resource, call->pool), call);
    }
    else if (call->type->kind == SCIM_KIND_USER
             && json_object_get(resource, "active") == NULL) {
        /* An identity provider that never speaks of it means a user who may
         * log in; permissions depend on it, so it is always there. */
        json_object_set_new(resource, "active", json_true());
    }
    call->token_checked = 1;
    err = store_create(&record, call->type, resource, members, &wants,
                       call->context->caller, call->context->store,
                       call->pool);
    return err != NULL ? err : serve_answer(record, 201, call);
}
