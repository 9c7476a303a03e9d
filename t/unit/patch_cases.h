/* PATCH cases in few characters: ' stands for ", ~ for \". */
#ifndef T_UNIT_PATCH_CASES_H
#define T_UNIT_PATCH_CASES_H

#include <apr_general.h>
#include <apr_strings.h>
#include <stdlib.h>

#include "core/patch.h"

#define CASES_USED __attribute__((unused))
#define PATCH_SCHEMAS                                                          \
    "{'schemas':['urn:ietf:params:scim:api:messages:2.0:PatchOp']"

static apr_pool_t *pool;

CASES_USED static void start_cases(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
}

CASES_USED static void end_cases(void)
{
    apr_pool_destroy(pool);
    apr_terminate();
}

CASES_USED static json_t *parsed_json(const char *text)
{
    char *json = apr_pcalloc(pool, 2 * strlen(text) + 1), *end = json;
    json_t *value = NULL;
    scim_error *err;

    for (; *text != '\0'; text++) {
        if (*text == '~') {
            *end++ = '\\';
        }
        *end++ = *text == '\'' || *text == '~' ? '"' : *text;
    }
    err = scim_json_parse(&value, json, strlen(json), 32, pool);
    if (err != NULL) {
        printf("# %s in %s\n", err->detail, json);
    }
    return value;
}

/* Members in the order of their names, so that texts can be compared. */
CASES_USED static const char *dumped_json(const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS);
    const char *copy = apr_pstrdup(pool, text);

    free(text);
    return copy;
}

CASES_USED static const char *dumped(const char *members)
{
    return dumped_json(parsed_json(apr_pstrcat(pool, "{", members, "}", NULL)));
}

CASES_USED static json_t *resource_of(const char *members,
                                      const scim_resource_type *type)
{
    json_t *json = parsed_json(apr_pstrcat(pool, "{", members, "}", NULL));
    scim_error *err = scim_resource_finish(json, type, pool);

    if (err != NULL) {
        printf("# %s\n", err->detail);
    }
    return json;
}

CASES_USED static const json_t *message_of(const char *operations)
{
    return parsed_json(apr_pstrcat(pool, PATCH_SCHEMAS ",'Operations':[",
                                   operations, "]}", NULL));
}

CASES_USED static scim_patch *read_patch(const char *operations,
                                         const scim_resource_type *type)
{
    scim_reading reading = { 0 };
    scim_patch *patch = NULL;
    scim_error *err =
        scim_patch_read(&patch, message_of(operations), type, &reading, pool);

    if (err != NULL) {
        printf("# %s\n", err->detail);
    }
    return patch;
}

/* What becomes of the resource, without "schemas"; or scimType and detail. */
CASES_USED static const char *patched(const char *before,
                                      const char *operations,
                                      const scim_resource_type *type)
{
    scim_reading reading = { 0 };
    scim_patch *patch;
    json_t *after = NULL;
    scim_error *err =
        scim_patch_read(&patch, message_of(operations), type, &reading, pool);

    if (err == NULL) {
        err = scim_patch_apply(&after, patch, resource_of(before, type), type,
                               &reading, pool);
    }
    if (err != NULL) {
        return apr_pstrcat(pool, scim_fault_type(err->fault), ": ", err->detail,
                           NULL);
    }
    json_object_del(after, "schemas");
    return dumped_json(after);
}

#endif
