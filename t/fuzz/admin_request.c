/* A request to the admin API of any bytes, "METHOD PATH?QUERY" and a body
 * behind a line end: answered before its transaction, with the member that is
 * at fault, or of the form that the operation relies on. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "admin/given.h"
#include "core/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct text {
    const char *begin;
    apr_size_t len;
} text;

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static scim_error *read_body(const char **out, apr_size_t *len, void *baton,
                             apr_pool_t *pool)
{
    const text *body = baton;

    (void)pool;
    *out = body->begin;
    *len = body->len;
    return NULL;
}

/* In place of the transaction: there is no database here. */
static scim_error *stop(admin_call *call)
{
    return scim_error_make(SCIM_NOT_IMPLEMENTED, call->pool, "as it should be");
}

static int is_choice(const char *word, const char *choices, apr_pool_t *pool)
{
    char *choice, *state = NULL;

    for (choice = apr_strtok(apr_pstrdup(pool, choices), "|", &state);
         choice != NULL; choice = apr_strtok(NULL, "|", &state)) {
        if (strcmp(choice, word) == 0) {
            return 1;
        }
    }
    return 0;
}

/* What statements and columns take for granted. */
static void check_given(const json_t *given, const admin_field *field,
                        apr_pool_t *pool)
{
    for (; field != NULL && field->name != NULL; field++) {
        json_t *value = json_object_get(given, field->name);
        apr_int64_t n = json_integer_value(value);

        if (value == NULL || (json_is_null(value) && field->nullable)) {
            expect(value != NULL || !field->required);
        }
        else if (field->type == ADMIN_WORD) {
            expect(is_choice(json_string_value(value), field->choices, pool));
        }
        else if (field->type == ADMIN_NUMBER) {
            expect(n >= field->least && n <= field->most);
        }
        else if (field->type == ADMIN_BOOLEAN) {
            expect(json_is_boolean(value));
        }
        else if (field->type != ADMIN_LIST && field->type != ADMIN_OBJECT) {
            expect(json_is_string(value));
        }
    }
}

static void check_ids(const admin_call *call)
{
    const char *kinds = call->operation->ids;
    int i;

    for (i = 0; kinds != NULL && kinds[i] != '\0'; i++) {
        expect(strspn(call->ids[i], "0123456789abcdefABCDEF-")
               == strlen(call->ids[i]));
    }
}

static void check(const admin_route *route, const apr_array_header_t *captures,
                  const admin_request *request, apr_pool_t *pool)
{
    admin_operation operation = *route->operation;
    admin_call call = { .operation = &operation, .pool = pool };
    scim_error *err;

    operation.prepare = stop;
    if (admin_given_read(&call, route, captures, request, 32) != NULL) {
        return;
    }
    err = admin_perform(&call);
    expect(err != NULL && err->detail[0] != '\0');
    if (err->fault == SCIM_NOT_IMPLEMENTED) {
        check_given(call.given, operation.fields, pool);
        check_ids(&call);
        expect(call.slice.limit >= 1 && call.slice.limit <= ADMIN_LIST_MAX);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const admin_route *route;
    apr_array_header_t *captures;
    const char *allow;
    char *line, *rest;
    text body = { "", 0 };
    admin_request request = { .content_type = "application/json",
                              .read_body = read_body, .baton = &body };

    apr_initialize();
    apr_pool_create(&pool, NULL);
    line = apr_pstrmemdup(pool, (const char *)data, size);
    body.begin = strchr(line, '\n') != NULL ? strchr(line, '\n') + 1 : "";
    body.len = strlen(body.begin);
    line = apr_strtok(line, "\n", &rest);
    if (line != NULL) {
        request.method = apr_strtok(line, " ", &rest);
        request.path = apr_strtok(NULL, "?", &rest);
        request.query = apr_strtok(NULL, "", &rest);
    }
    if (request.path != NULL && request.method != NULL
        && admin_route_find(&route, &allow, &captures, request.method,
                            request.path, pool)
               == NULL
        && route != NULL && route->operation != NULL) {
        check(route, captures, &request, pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
