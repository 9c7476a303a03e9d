#include "core/error.h"

#include <stdarg.h>

#include <apr_strings.h>

#include "core/json.h"
#include "core/message.h"

/* RFC 7644, Tables 8 and 9. Two readings of ours: uniqueness is 409 (3.3) and
 * not the 400 of Table 9, sensitive is 403 (7.5.2). */
/* clang-format off */
static const struct {
    int status;
    const char *scim_type;
} faults[SCIM_FAULT_COUNT] = {
    [SCIM_INVALID_FILTER]         = { 400, "invalidFilter" },
    [SCIM_TOO_MANY]               = { 400, "tooMany" },
    [SCIM_UNIQUENESS]             = { 409, "uniqueness" },
    [SCIM_MUTABILITY]             = { 400, "mutability" },
    [SCIM_INVALID_SYNTAX]         = { 400, "invalidSyntax" },
    [SCIM_INVALID_PATH]           = { 400, "invalidPath" },
    [SCIM_NO_TARGET]              = { 400, "noTarget" },
    [SCIM_INVALID_VALUE]          = { 400, "invalidValue" },
    [SCIM_INVALID_CURSOR]         = { 400, "invalidCursor" },
    [SCIM_EXPIRED_CURSOR]         = { 400, "expiredCursor" },
    [SCIM_INVALID_COUNT]          = { 400, "invalidCount" },
    [SCIM_SENSITIVE]              = { 403, "sensitive" },
    [SCIM_BAD_REQUEST]            = { 400, NULL },
    [SCIM_UNAUTHORIZED]           = { 401, NULL },
    [SCIM_TOKEN_REFUSED]          = { 401, NULL },
    [SCIM_FORBIDDEN]              = { 403, NULL },
    [SCIM_READ_ONLY_TOKEN]        = { 403, NULL },
    [SCIM_NOT_FOUND]              = { 404, NULL },
    [SCIM_METHOD_NOT_ALLOWED]     = { 405, NULL },
    [SCIM_REQUEST_TIMEOUT]        = { 408, NULL },
    [SCIM_CONFLICT]               = { 409, NULL },
    [SCIM_PRECONDITION_FAILED]    = { 412, NULL },
    [SCIM_TOO_LARGE]              = { 413, NULL },
    [SCIM_UNSUPPORTED_MEDIA_TYPE] = { 415, NULL },
    [SCIM_FAILED_DEPENDENCY]      = { 424, NULL },
    [SCIM_TOO_MANY_REQUESTS]      = { 429, NULL },
    [SCIM_INTERNAL]               = { 500, NULL },
    [SCIM_NOT_IMPLEMENTED]        = { 501, NULL },
    [SCIM_UNAVAILABLE]            = { 503, NULL },
};
/* clang-format on */

scim_error *scim_error_make(scim_fault fault, apr_pool_t *pool,
                            const char *format, ...)
{
    scim_error *err = apr_pcalloc(pool, sizeof(*err));
    va_list args;

    va_start(args, format);
    err->fault = fault;
    err->detail = apr_pvsprintf(pool, format, args);
    va_end(args);
    return err;
}

scim_error *scim_error_because(scim_error *err, apr_pool_t *pool,
                               const char *format, ...)
{
    va_list args;

    va_start(args, format);
    err->cause = apr_pvsprintf(pool, format, args);
    va_end(args);
    return err;
}

scim_error *scim_error_copy(const scim_error *err, apr_pool_t *pool)
{
    scim_error *copy = apr_pmemdup(pool, err, sizeof(*err));

    copy->detail = apr_pstrdup(pool, err->detail);
    copy->cause = apr_pstrdup(pool, err->cause);
    copy->allow = apr_pstrdup(pool, err->allow);
    copy->attribute = apr_pstrdup(pool, err->attribute);
    copy->ids = NULL; /* have done their work by then */
    return copy;
}

const char *scim_excerpt(const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text), i;
    char *shown;
    json_t *json;

    if (len <= SCIM_EXCERPT_MAX) {
        shown = apr_pstrmemdup(pool, text, len);
    }
    else {
        len = SCIM_EXCERPT_MAX;
        while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
            len--; /* the cut is between two characters of UTF-8 */
        }
        shown = apr_pstrcat(pool, apr_pstrmemdup(pool, text, len), "...",
                            NULL);
    }
    for (i = 0; i < len; i++) {
        if ((unsigned char)shown[i] < 0x20 || shown[i] == 0x7F) {
            shown[i] = '?';
        }
    }
    json = scim_json_text(shown);
    shown = apr_pstrdup(pool, json_string_value(json));
    json_decref(json);
    return shown;
}

int scim_fault_status(scim_fault fault)
{
    return faults[fault].status;
}

const char *scim_fault_type(scim_fault fault)
{
    return faults[fault].scim_type;
}

json_t *scim_error_to_json(const scim_error *err, const char *reference,
                           apr_pool_t *pool)
{
    const char *type = scim_fault_type(err->fault);
    const char *detail = err->detail;
    json_t *body = json_pack("{s:[s]}", "schemas", SCIM_URN_ERROR);

    /* A string, as the examples of RFC 7644, 3.12 have it and Okta wants. */
    json_object_set_new(
        body, "status",
        json_string(apr_itoa(pool, scim_fault_status(err->fault))));
    if (type != NULL) {
        json_object_set_new(body, "scimType", json_string(type));
    }
    if (reference != NULL) {
        detail = apr_psprintf(pool, "%s (request %s)", detail, reference);
    }
    json_object_set_new(body, "detail", scim_json_text(detail));
    return body;
}
