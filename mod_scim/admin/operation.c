#include "admin/operation.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "admin/check.h"
#include "core/datetime.h"
#include "core/json.h"

static scim_error *wrong(const char *path, const char *problem,
                         apr_pool_t *pool)
{
    scim_error *err = scim_error_make(SCIM_INVALID_VALUE, pool, "\"%s\" %s.",
                                      scim_excerpt(path, pool), problem);

    err->field = path;
    return err;
}

static scim_error *check_object(const json_t *given, const admin_field *fields,
                                const char *path, apr_pool_t *pool);

static scim_error *check_name(const char *text, const char *path,
                              apr_pool_t *pool)
{
    scim_error *err = admin_check_name(
        apr_pstrcat(pool, "\"", path, "\"", NULL), text, pool);

    if (err != NULL) {
        err->field = path;
    }
    return err;
}

static int is_choice(const char *text, const char *choices)
{
    apr_size_t len = strlen(text), choice;

    for (;; choices += choice + 1) {
        choice = strcspn(choices, "|");
        if (choice == len && memcmp(choices, text, len) == 0) {
            return 1;
        }
        if (choices[choice] == '\0') {
            return 0;
        }
    }
}

static scim_error *check_text(const json_t *value, const admin_field *field,
                              const char *path, apr_pool_t *pool)
{
    const char *text = json_string_value(value);

    if (text == NULL) {
        return wrong(path, "takes a text", pool);
    }
    switch (field->type) {
    case ADMIN_NAME:
        return check_name(text, path, pool);
    case ADMIN_WORD:
        return is_choice(text, field->choices)
                   ? NULL
                   : wrong(path, apr_pstrcat(pool, "is one of ",
                                             field->choices, NULL), pool);
    case ADMIN_TIME:
        return scim_datetime_normal(text, pool) != NULL
                   ? NULL
                   : wrong(path, "takes a time: 2026-02-01T09:30:00Z", pool);
    default:
        return field->most > 0 && strlen(text) > (apr_size_t)field->most
                   ? wrong(path, "is too long", pool)
                   : NULL;
    }
}

static scim_error *check_list(const json_t *value, const admin_field *field,
                              const char *path, apr_pool_t *pool)
{
    scim_error *err = NULL;
    json_t *element;
    size_t i;

    if (!json_is_array(value)) {
        return wrong(path, "takes a list", pool);
    }
    json_array_foreach((json_t *)value, i, element) {
        const char *place = apr_psprintf(pool, "%s[%d]", path, (int)i);

        err = field->fields != NULL
                  ? check_object(element, field->fields, place, pool)
              : json_is_string(element) ? NULL
                                        : wrong(place, "is no text", pool);
        if (err != NULL) {
            return err;
        }
    }
    return NULL;
}

static scim_error *check_number(const json_t *value, const admin_field *field,
                                const char *path, apr_pool_t *pool)
{
    json_int_t n = json_integer_value(value);

    if (json_is_integer(value) && n >= field->least && n <= field->most) {
        return NULL;
    }
    return wrong(path,
                 apr_psprintf(pool,
                              "takes a number, %" APR_INT64_T_FMT
                              " to %" APR_INT64_T_FMT,
                              field->least, field->most),
                 pool);
}

static scim_error *check_value(const json_t *value, const admin_field *field,
                               const char *path, apr_pool_t *pool)
{
    switch (field->type) {
    case ADMIN_NUMBER:
        return check_number(value, field, path, pool);
    case ADMIN_BOOLEAN:
        return json_is_boolean(value)
                   ? NULL
                   : wrong(path, "takes true or false", pool);
    case ADMIN_LIST:
        return check_list(value, field, path, pool);
    case ADMIN_OBJECT:
        return check_object(value, field->fields, path, pool);
    default:
        return check_text(value, field, path, pool);
    }
}

static const admin_field *find(const admin_field *fields, const char *name)
{
    for (; fields != NULL && fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0) {
            return fields;
        }
    }
    return NULL;
}

static scim_error *check_members(const json_t *given,
                                 const admin_field *fields, const char *prefix,
                                 apr_pool_t *pool)
{
    scim_error *err = NULL;
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)given, name, value) {
        const admin_field *field = find(fields, name);
        const char *path = apr_pstrcat(pool, prefix, name, NULL);

        if (field == NULL) {
            return wrong(path, "is nothing that is known here", pool);
        }
        if (json_is_null(value) && field->nullable) {
            continue;
        }
        err = check_value(value, field, path, pool);
        if (err != NULL) {
            return err;
        }
    }
    return NULL;
}

static scim_error *check_object(const json_t *given, const admin_field *fields,
                                const char *path, apr_pool_t *pool)
{
    const char *prefix = *path == '\0' ? "" : apr_pstrcat(pool, path, ".",
                                                          NULL);
    const admin_field *field;

    if (given != NULL && !json_is_object(given)) {
        return wrong(path, "takes an object", pool);
    }
    if (fields == NULL && *path != '\0') {
        return NULL;
    }
    for (field = fields; field != NULL && field->name != NULL; field++) {
        if (field->required && json_object_get(given, field->name) == NULL) {
            return wrong(apr_pstrcat(pool, prefix, field->name, NULL),
                         "is missing", pool);
        }
    }
    return given != NULL ? check_members(given, fields, prefix, pool) : NULL;
}

static int is_uuid(const char *text)
{
    static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
    apr_size_t i;

    for (i = 0; form[i] != '\0'; i++) {
        if (form[i] == '-' ? text[i] != '-' : !apr_isxdigit(text[i])) {
            return 0;
        }
    }
    return text[i] == '\0';
}

/* Numbers or UUIDs, as the operation has them; nothing else names anything. */
static int is_id(const char *text, char kind)
{
    apr_size_t len = strlen(text);

    return kind == 'u' ? is_uuid(text)
                       : len > 0 && len < 10
                             && strspn(text, "0123456789") == len;
}

static scim_error *check_ids(const admin_call *call)
{
    const char *kinds = call->operation->ids;
    int i;

    for (i = 0; kinds != NULL && kinds[i] != '\0'; i++) {
        if (call->ids[i] == NULL || !is_id(call->ids[i], kinds[i])) {
            return scim_error_make(
                SCIM_NOT_FOUND, call->pool, "There is nothing of the id "
                "\"%s\"; it is %s.",
                scim_excerpt(call->ids[i] != NULL ? call->ids[i] : "",
                             call->pool),
                kinds[i] == 'u' ? "a UUID" : "a number");
        }
    }
    return NULL;
}

static scim_error *work(void *baton, store_admin *a, apr_pool_t *pool)
{
    admin_call *call = baton;

    (void)pool;
    if (call->operation->is_tried
        || json_is_true(json_object_get(call->given, "dry_run"))) {
        store_admin_roll_back(a);
    }
    return call->operation->run(call);
}

scim_error *admin_perform(admin_call *call)
{
    const admin_operation *operation = call->operation;
    scim_error *err = check_object(call->given, operation->fields, "",
                                   call->pool);

    if (err == NULL) {
        err = check_ids(call);
    }
    if (call->slice.limit == 0) {
        call->slice.limit = ADMIN_LIST_DEFAULT;
    }
    if (err == NULL && operation->prepare != NULL) {
        err = operation->prepare(call);
    }
    return err != NULL ? err
                       : store_admin_transact(work, call, call->slug,
                                              operation->need, call->db,
                                              call->pool);
}
