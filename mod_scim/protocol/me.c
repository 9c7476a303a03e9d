#include "core/casefold.h"
#include "protocol/operation.h"

/* What /Me does is what /Users/{id} does. */
/* clang-format off */
static const serve_operation operations[] = {
    [SERVE_GET] = serve_retrieve,  [SERVE_HEAD] = serve_retrieve,
    [SERVE_POST] = NULL,           [SERVE_PUT] = serve_replace,
    [SERVE_PATCH] = serve_modify,  [SERVE_DELETE] = serve_delete,
};
/* clang-format on */

/* No text of a name that is no UTF-8. */
static const char *folded_name(const char *user, apr_pool_t *pool)
{
    json_t *checked = scim_json_adopt(json_string(user), pool);

    return checked != NULL ? scim_casefold(json_string_value(checked), pool)
                           : NULL;
}

static scim_error *not_for(const char *whom, const serve_call *call)
{
    return scim_error_make(SCIM_NOT_IMPLEMENTED, call->pool, "%s", whom);
}

static scim_error *find_user(serve_call *call)
{
    const char *user = call->request->user, *name;
    scim_error *err;

    if (user == NULL) {
        return not_for("/Me is for requests of a person whom the web server "
                       "has authenticated beside the secret token; use /Users "
                       "with an id or a filter.",
                       call);
    }
    name = folded_name(user, call->pool);
    if (name == NULL) {
        return not_for("/Me is for a person whose name is UTF-8.", call);
    }
    call->token_checked = 1;
    err = store_user_named(&call->id, name, call->context->caller,
                           call->context->store, call->pool);
    if (err == NULL && call->id == NULL) {
        err = scim_error_make(SCIM_NOT_IMPLEMENTED, call->pool,
                              "/Me is for active users of this organization, "
                              "and \"%s\" is the userName of none.",
                              scim_excerpt(user, call->pool));
    }
    return err;
}

/* With the extensions that this section has. */
static const scim_resource_type *user_type(const serve_call *call)
{
    scim_resource_types type = call->context->types;

    while ((*type)->kind != SCIM_KIND_USER) {
        type++;
    }
    return *type;
}

/* RFC 7644, 3.11: the user whom REMOTE_USER names. The answer's Location is the
 * real one, as it is made of the resource. */
scim_error *serve_me(serve_call *call)
{
    serve_operation operation = operations[call->request->method];
    scim_error *err;

    if (operation == NULL) {
        return not_for("Nobody creates themselves here: POST to /Users.",
                       call);
    }
    err = find_user(call);
    if (err != NULL) {
        return err;
    }
    call->type = user_type(call);
    call->action = serve_action(call->request->method);
    serve_project(call);
    return operation(call);
}
