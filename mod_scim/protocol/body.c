#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "protocol/operation.h"

/* Up to here a body is read before the token is verified: one trip less for
 * nearly every request, and nothing that an unknown client could fill memory
 * with. */
#define SMALL_BODY (64 * 1024)

static const char *const media_types[]
    = { "application/scim+json", "application/json", NULL };

/* A charset other than UTF-8 would be misread without a word. */
static int charset_is_utf8(const char *parameters)
{
    static const char name[] = "charset=";
    const char *charset = parameters;

    while (*charset != '\0'
           && !scim_name_equals_n(charset, sizeof(name) - 1, name)) {
        charset++;
    }
    if (*charset == '\0') {
        return 1;
    }
    charset += sizeof(name) - 1;
    charset += *charset == '"';
    return scim_name_equals_n(charset, strcspn(charset, "\"; \t"), "utf-8")
           || scim_name_equals_n(charset, strcspn(charset, "\"; \t"), "utf8");
}

static scim_error *check_media_type(const char *content_type,
                                    apr_pool_t *pool)
{
    apr_size_t len;
    int i;

    if (content_type == NULL) {
        return NULL; /* a body without a type can only be meant as SCIM */
    }
    len = strcspn(content_type, "; \t");
    for (i = 0; media_types[i] != NULL; i++) {
        if (scim_name_equals_n(content_type, len, media_types[i])
            && charset_is_utf8(content_type + len)) {
            return NULL;
        }
    }
    return scim_error_make(SCIM_UNSUPPORTED_MEDIA_TYPE, pool,
                           "The body must be application/scim+json (or "
                           "application/json) in UTF-8, not \"%s\".",
                           scim_excerpt(content_type, pool));
}

scim_error *serve_body_text(const char **out, apr_size_t *len,
                            serve_call *call)
{
    const serve_request *request = call->request;
    scim_error *err = check_media_type(request->content_type, call->pool);

    if (err == NULL && !call->token_checked
        && (request->content_length < 0
            || request->content_length > SMALL_BODY)) {
        store_grant grant;

        err = serve_token_check(&grant, call);
        if (err == NULL && grant.read_only && call->action != NULL) {
            err = store_read_only_token(call->pool);
        }
    }
    if (err == NULL) {
        err = request->read_body(out, len, request->baton, call->pool);
        call->body_lost = err != NULL
                          && (err->fault == SCIM_BAD_REQUEST
                              || err->fault == SCIM_REQUEST_TIMEOUT);
    }
    return err;
}

scim_error *serve_body_read(json_t **out, serve_call *call)
{
    const char *text;
    apr_size_t len;
    scim_error *err;

    if (call->part != NULL) {
        *out = call->part->data;
        return NULL;
    }
    err = serve_body_text(&text, &len, call);
    return err != NULL
               ? err
               : scim_json_parse(out, text, len,
                                 call->context->limits->max_depth, call->pool);
}
