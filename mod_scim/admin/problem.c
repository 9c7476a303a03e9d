#include "admin/serve.h"

#include <apr_strings.h>

#include "core/json.h"

/* RFC 9457, 3.1.1: a type is for good; the title says the same in words. */
#define TYPE "urn:mod-scim:problem:"

/* clang-format off */
static const struct {
    const char *type, *title;
} problems[SCIM_FAULT_COUNT] = {
    [SCIM_UNIQUENESS]             = { "taken", "Taken" },
    [SCIM_INVALID_SYNTAX]         = { "invalid-json", "No JSON" },
    [SCIM_INVALID_VALUE]          = { "invalid-value", "Not accepted" },
    [SCIM_INVALID_CURSOR]         = { "invalid-after", "No page begins there" },
    [SCIM_BAD_REQUEST]            = { "bad-request", "Not understood" },
    [SCIM_UNAUTHORIZED]           = { "signed-out", "Not signed in" },
    [SCIM_FORBIDDEN]              = { "forbidden", "Not allowed" },
    [SCIM_NOT_FOUND]              = { "not-found", "Not found" },
    [SCIM_METHOD_NOT_ALLOWED]     = { "method", "Method not allowed" },
    [SCIM_REQUEST_TIMEOUT]        = { "timeout", "Too slow" },
    [SCIM_CONFLICT]               = { "conflict", "Conflict" },
    [SCIM_PRECONDITION_FAILED]    = { "changed", "Changed meanwhile" },
    [SCIM_TOO_LARGE]              = { "too-large", "Too large" },
    [SCIM_UNSUPPORTED_MEDIA_TYPE] = { "media-type", "Not application/json" },
    [SCIM_TOO_MANY_REQUESTS]      = { "too-many", "Too many requests" },
    [SCIM_INTERNAL]               = { "fault", "Fault of the service" },
    [SCIM_UNAVAILABLE]            = { "unavailable", "Try again later" },
};
/* clang-format on */

json_t *admin_problem(const scim_error *err, const char *reference,
                      apr_pool_t *pool)
{
    const char *type = problems[err->fault].type,
               *title = problems[err->fault].title;
    json_t *body = scim_json_adopt(json_object(), pool);

    json_object_set_new(body, "type",
                        json_string(type != NULL
                                        ? apr_pstrcat(pool, TYPE, type, NULL)
                                        : "about:blank"));
    json_object_set_new(body, "title",
                        json_string(title != NULL ? title : "Failed"));
    json_object_set_new(body, "status",
                        json_integer(scim_fault_status(err->fault)));
    json_object_set_new(body, "detail", scim_json_text(err->detail));
    if (err->field != NULL) {
        json_object_set_new(body, "field", scim_json_text(err->field));
    }
    if (err->current != NULL) {
        json_object_set(body, "current", err->current);
    }
    if (reference != NULL) {
        json_object_set_new(body, "reference", scim_json_text(reference));
    }
    return body;
}
