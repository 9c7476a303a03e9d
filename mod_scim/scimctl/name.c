/* Names where the operations take numbers. */
#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "core/json.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

static int is_number(const char *text)
{
    return *text != '\0' && strspn(text, "0123456789") == strlen(text);
}

/* What users and groups have instead. */
static int is_uuid(const char *text)
{
    return strlen(text) == 36
           && strspn(text, "0123456789abcdefABCDEF-") == 36;
}

static int can_search(const admin_operation *list)
{
    const admin_field *field = list->fields;

    while (field != NULL && field->name != NULL
           && strcmp(field->name, "search") != 0) {
        field++;
    }
    return field != NULL && field->name != NULL;
}

static const char *noun_of(const admin_operation *list, apr_pool_t *pool)
{
    return apr_pstrndup(pool, list->name, strcspn(list->name, "."));
}

static void collect(apr_array_header_t *ids, const json_t *rows,
                    const char *folded, apr_pool_t *pool)
{
    const char *name;
    json_t *row;
    size_t i;

    json_array_foreach((json_t *)rows, i, row) {
        name = json_string_value(json_object_get(row, "user_name"));
        if (name == NULL) {
            name = json_string_value(json_object_get(row, "name"));
        }
        if (name != NULL && strcmp(scim_casefold(name, pool), folded) == 0) {
            APR_ARRAY_PUSH(ids, const char *) = scimctl_member(row, "id",
                                                               pool);
        }
    }
}

static scim_error *pick(const char **out, const apr_array_header_t *ids,
                        const char *noun, const char *name, const char *id,
                        const scimctl_call *call)
{
    if (ids->nelts == 1) {
        *out = APR_ARRAY_IDX(ids, 0, const char *);
        return NULL;
    }
    if (ids->nelts == 0) {
        return scim_error_make(SCIM_NOT_FOUND, call->pool,
                               "There is no %s \"%s\": scimctl %s list "
                               "--organization %s shows them.",
                               noun, scim_excerpt(name, call->pool), noun,
                               scimctl_text(call, "organization"));
    }
    return scim_error_make(SCIM_CONFLICT, call->pool,
                           "More than one %s is called \"%s\": say the %s "
                           "instead, which is one of %s.",
                           noun, scim_excerpt(name, call->pool), id,
                           apr_array_pstrcat(call->pool, ids, ','));
}

/* All that a list calls so. */
static scim_error *look_into(apr_array_header_t *ids,
                             const admin_operation *list, const char *name,
                             const scimctl_call *call)
{
    admin_call look = { .operation = list,
                        .slug = scimctl_text(call, "organization"),
                        .slice = { .limit = ADMIN_LIST_MAX },
                        .db = call->db,
                        .pool = call->pool };
    scim_error *err;

    if (can_search(list)) {
        look.given = scim_json_adopt(json_pack("{s:s}", "search", name),
                                     call->pool);
    }
    do {
        err = admin_perform(&look);
        if (err != NULL) {
            return err;
        }
        collect(ids, look.out, scim_casefold(name, call->pool), call->pool);
        look.slice.after = look.slice.next;
    } while (look.slice.next != NULL);
    return NULL;
}

static scim_error *find(const char **out, const admin_operation *list,
                        const admin_operation *also, const char *name,
                        const scimctl_call *call)
{
    int searches = can_search(list);
    apr_array_header_t *ids = apr_array_make(call->pool, 2,
                                             sizeof(const char *));
    scim_error *err;

    if (searches ? is_uuid(name) : is_number(name)) {
        *out = name;
        return NULL;
    }
    err = look_into(ids, list, name, call);
    if (err == NULL && also != NULL) {
        err = look_into(ids, also, name, call);
    }
    return err != NULL ? err
                       : pick(out, ids, noun_of(list, call->pool), name,
                              searches ? "id" : "number", call);
}

scim_error *scimctl_find(const char **out, const admin_operation *list,
                         const char *name, const scimctl_call *call)
{
    return find(out, list, NULL, name, call);
}

scim_error *scimctl_resolve(scimctl_call *call)
{
    const scimctl_named *named = call->command->named;
    const char *text, *id;
    scim_error *err = NULL;

    for (; err == NULL && named != NULL && named->list != NULL; named++) {
        text = named->option == NULL ? call->argument
                                     : scimctl_text(call, named->option);
        if (text == NULL) {
            continue;
        }
        err = find(&id, named->list,
                   named->option == NULL ? call->command->gone : NULL, text,
                   call);
        if (err == NULL && named->option == NULL) {
            call->argument = id;
        }
        else if (err == NULL) {
            apr_table_set(call->options, named->option, id);
        }
    }
    return err;
}
