/* A PATCH of any bytes. Its result is canonical (reading it changes nothing),
 * applying it twice gives the same, and for a group the membership delta and
 * the rest make the same resource as the patch itself. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>

#include "core/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char user[] =
    "{\"schemas\":[\"" SCIM_URN_USER "\"],\"userName\":\"BJensen\","
    "\"externalId\":\"A\",\"active\":true,\"title\":\"T\","
    "\"name\":{\"familyName\":\"J\",\"givenName\":\"B\"},"
    "\"emails\":[{\"value\":\"b@work\",\"type\":\"work\",\"primary\":true},"
    "{\"value\":\"b@home\",\"type\":\"home\"}],"
    "\"" SCIM_URN_ENTERPRISE_USER "\":{\"department\":\"D\","
    "\"manager\":{\"value\":\"m\",\"$ref\":\"../Users/m\"}}}";
static const char group[] =
    "{\"schemas\":[\"" SCIM_URN_GROUP "\"],\"displayName\":\"G\","
    "\"members\":[{\"value\":\"a\",\"type\":\"User\"},{\"value\":\"b\"}]}";

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static json_t *canonical(const char *text, const scim_resource_type *type,
                         apr_pool_t *pool)
{
    scim_reading reading = { 0 };
    json_t *json, *resource = NULL;

    expect(scim_json_parse(&json, text, strlen(text), 8, pool) == NULL);
    expect(scim_resource_read(&resource, json, type, &reading, pool) == NULL);
    return resource;
}

/* The ids of a canonical group, each with a value that is not NULL. */
static apr_hash_t *members_of(const json_t *resource, apr_pool_t *pool)
{
    const json_t *members = json_object_get(resource, "members");
    apr_hash_t *ids = apr_hash_make(pool);
    size_t i;

    for (i = 0; i < json_array_size(members); i++) {
        apr_hash_set(ids,
                     json_string_value(
                         json_object_get(json_array_get(members, i), "value")),
                     APR_HASH_KEY_STRING, "");
    }
    return ids;
}

static void change(apr_hash_t *ids, const apr_array_header_t *list,
                   const char *value)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        apr_hash_set(ids, APR_ARRAY_IDX(list, i, const char *),
                     APR_HASH_KEY_STRING, value);
    }
}

static void expect_same_ids(apr_hash_t *a, apr_hash_t *b, apr_pool_t *pool)
{
    apr_hash_index_t *i;

    expect(apr_hash_count(a) == apr_hash_count(b));
    for (i = apr_hash_first(pool, a); i != NULL; i = apr_hash_next(i)) {
        expect(apr_hash_get(b, apr_hash_this_key(i), APR_HASH_KEY_STRING) !=
               NULL);
    }
}

static void check_split(const scim_patch *patch, const json_t *before,
                        const json_t *after, scim_reading *reading,
                        apr_pool_t *pool)
{
    apr_hash_t *ids = members_of(before, pool);
    scim_membership *delta;
    json_t *others = (json_t *)before;
    scim_patch *rest;
    int conditional;

    scim_patch_split(&rest, &delta, &conditional, patch, pool);
    if (conditional) {
        return;
    }
    if (delta != NULL && delta->replace) {
        ids = apr_hash_make(pool);
    }
    if (delta != NULL) {
        change(ids, delta->remove, NULL);
        change(ids, delta->add, "");
    }
    expect_same_ids(ids, members_of(after, pool), pool);
    if (rest != NULL) {
        expect(scim_patch_apply(&others, rest, before, &scim_type_group,
                                reading, pool) == NULL);
    }
    expect(json_equal(json_object_get(others, "displayName"),
                      json_object_get(after, "displayName")));
}

static void check(const json_t *body, const char *text,
                  const scim_resource_type *type, int strict, apr_pool_t *pool)
{
    scim_reading reading = { .strict = strict };
    json_t *before = canonical(text, type, pool), *copy, *after, *again;
    scim_patch *patch;

    if (scim_patch_read(&patch, body, type, &reading, pool) != NULL) {
        return;
    }
    copy = scim_json_adopt(json_deep_copy(before), pool);
    if (scim_patch_apply(&after, patch, before, type, &reading, pool) != NULL) {
        expect(json_equal(before, copy));
        return;
    }
    expect(json_equal(before, copy));
    expect(scim_patch_apply(&again, patch, before, type, &reading, pool) ==
           NULL);
    expect(json_equal(after, again));
    expect(scim_resource_read(&again, after, type, &reading, pool) == NULL);
    expect(json_equal(after, again));
    if (type == &scim_type_group) {
        check_split(patch, before, after, &reading, pool);
    }
}

/* What was tolerated is what a strict reading refuses. */
static void check_tolerance(const json_t *body, const scim_resource_type *type,
                            apr_pool_t *pool)
{
    scim_reading strict = { .strict = 1 }, tolerant = { 0 };
    scim_patch *patch;
    int refuses = scim_patch_read(&patch, body, type, &strict, pool) != NULL;
    int fails = scim_patch_read(&patch, body, type, &tolerant, pool) != NULL;

    expect(refuses == (fails || tolerant.tolerated));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    json_t *body;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (scim_json_parse(&body, (const char *)data, size, 32, pool) == NULL) {
        check(body, user, &scim_type_user, 0, pool);
        check(body, user, &scim_type_user, 1, pool);
        check(body, group, &scim_type_group, 0, pool);
        check(body, group, &scim_type_group, 1, pool);
        check_tolerance(body, &scim_type_user, pool);
        check_tolerance(body, &scim_type_group, pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
