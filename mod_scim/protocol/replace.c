#include "protocol/operation.h"

typedef struct replacement {
    serve_call *call;
    json_t *resource;         /* as the client wants it, without members */
    scim_membership *members; /* NULL: the client did not speak of them */
    int warnings;             /* of the reading; a retry warns anew */
} replacement;

static scim_error *compute(json_t **after, scim_membership **members,
                           const store_record *before,
                           const store_grant *grant, void *baton,
                           apr_pool_t *pool)
{
    const replacement *r = baton;
    scim_reading reading = r->call->reading;
    json_t *stored = before->json;
    json_t *wanted = scim_json_adopt(scim_json_copy(r->resource), pool);
    scim_error *err;

    reading.strict = grant->strict;
    reading.warnings->nelts = r->warnings;
    err = scim_resource_keep(wanted, stored, r->call->type, &reading, pool);
    if (err != NULL) {
        return err;
    }
    *after = json_equal(wanted, stored) ? NULL : wanted;
    *members = r->members;
    if (r->members == NULL && grant->strict
        && r->call->type->kind == SCIM_KIND_GROUP) {
        *members = scim_group_no_members(pool);
    }
    return NULL;
}

/* PUT (RFC 7644, 3.5.1). */
scim_error *serve_replace(serve_call *call)
{
    replacement r = { .call = call };
    store_edit edit = { .compute = compute,
                        .baton = &r,
                        .action = call->action };
    store_wants wants = serve_wants(call);
    store_match *match;
    store_record *record;
    json_t *body;
    scim_error *err = serve_body_read(&body, call);

    if (err == NULL) {
        err = serve_read_resource(&r.resource, body, call);
        r.warnings = call->reading.warnings->nelts;
    }
    if (err == NULL) {
        err = serve_hash_password(&wants.password, r.resource, body, call);
    }
    if (err != NULL) {
        return err;
    }
    serve_drop_password(r.resource, call->type);
    if (call->type->kind == SCIM_KIND_GROUP) {
        r.members = scim_group_take_members(r.resource, call->pool);
        if (r.members == NULL
            && scim_json_member(body, "members") != NULL) {
            r.members = scim_group_no_members(call->pool);
        }
    }
    serve_match_of_write(&match, call->request, call->pool);
    edit.match = match;
    call->token_checked = 1;
    err = store_modify(&record, call->type, call->id, &edit, &wants,
                       call->context->caller, call->context->store,
                       call->pool);
    return err != NULL ? err : serve_answer(record, 200, call);
}
