#include "protocol/operation.h"

typedef struct modification {
    serve_call *call;
    const scim_patch *patch;  /* NULL: members only */
    scim_membership *members; /* NULL: none, or the patch sees to them */
    int conditional;          /* the patch looks at the members */
    const char *password;     /* hash of the new one; or NULL */
    int warnings;             /* of the reading; a retry warns anew */
} modification;

/* Neither revive nor lock out by a value that is missing: "active": "" means
 * nothing (DESIGN 5.17), and without one nobody could sign in. */
static void keep_active(json_t *changed, const json_t *stored,
                        const store_grant *grant, const serve_call *call)
{
    json_t *active = json_object_get(stored, "active");

    if (call->type->kind == SCIM_KIND_USER && !grant->strict && active != NULL
        && json_object_get(changed, "active") == NULL) {
        json_object_set(changed, "active", active);
    }
}

static scim_error *compute(json_t **after, scim_membership **members,
                           const store_record *before,
                           const store_grant *grant, void *baton,
                           apr_pool_t *pool)
{
    const modification *m = baton;
    serve_call *call = m->call;
    json_t *stored = before->json, *changed;
    scim_error *err;

    call->reading.warnings->nelts = m->warnings;
    *members = m->members;
    *after = NULL;
    if (m->patch == NULL) {
        return NULL;
    }
    if (m->conditional) {
        stored = scim_json_adopt(json_copy(stored), pool);
        serve_add_members(stored, before, call);
    }
    call->reading.strict = grant->strict;
    err = scim_patch_apply(&changed, m->patch, stored, call->type,
                           &call->reading, pool);
    if (err == NULL) {
        keep_active(changed, stored, grant, call);
    }
    if (err != NULL || json_equal(changed, stored)) {
        return err;
    }
    serve_drop_password(changed, call->type);
    if (m->conditional) {
        *members = scim_group_take_members(changed, pool);
        if (*members == NULL) {
            *members = scim_group_no_members(pool);
        }
        json_object_del(stored, "members");
    }
    *after = json_equal(changed, stored) ? NULL : changed;
    return NULL;
}

/* A large group must not travel back at every change: 204, unless the client
 * asked for parts of it (RFC 7644, 3.5.2). */
static int status_of(const serve_call *call)
{
    return call->type->kind == SCIM_KIND_GROUP && call->projection == NULL ? 204
                                                                       : 200;
}

static scim_error *run(store_record **out, const modification *m,
                       const store_match *match, serve_call *call)
{
    store_edit edit = { .compute = compute,
                        .baton = (void *)m,
                        .needs_members = m->conditional,
                        .action = call->action,
                        .match = match };
    store_wants wants = serve_wants(call);

    wants.status = status_of(call);
    wants.password = m->password;
    if (wants.status == 204) {
        wants.refs = wants.display = 0;
    }
    call->token_checked = 1;
    if (m->patch == NULL && m->members != NULL
        && (match == NULL || (!match->inverse && match->also == NULL))) {
        return store_membership(out, call->id, m->members, match, &wants,
                                call->context->caller, call->context->store,
                                call->pool);
    }
    return store_modify(out, call->type, call->id, &edit, &wants,
                        call->context->caller, call->context->store,
                        call->pool);
}

/* PATCH (RFC 7644, 3.5.2). */
scim_error *serve_modify(serve_call *call)
{
    modification m = { .call = call };
    store_match *match;
    store_record *record;
    scim_patch *patch, *rest;
    json_t *body;
    scim_error *err = serve_body_read(&body, call);

    if (err == NULL) {
        err = scim_patch_check_names(body, call->pool);
    }
    if (err == NULL) {
        err = serve_read_patch(&patch, body, call);
        m.warnings = call->reading.warnings->nelts;
    }
    if (err == NULL) {
        err = serve_hash_patched(&m.password, patch, call);
    }
    if (err != NULL) {
        return err;
    }
    m.patch = patch;
    if (call->type->kind == SCIM_KIND_GROUP) {
        scim_patch_split(&rest, &m.members, &m.conditional, patch, call->pool);
        m.patch = rest;
    }
    serve_match_of_write(&match, call->request, call->pool);
    err = run(&record, &m, match, call);
    err = scim_patch_label_members(err, patch, call->pool);
    err = scim_patch_label_taken(err, patch, call->type, call->pool);
    return err != NULL ? err : serve_answer(record, status_of(call), call);
}
