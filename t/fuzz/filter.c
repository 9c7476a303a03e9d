/* A filter of any bytes: read or refused with a position, and what was read
 * can be asked of a resource, where NOT is the opposite. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "core/match.h"
#include "core/resource.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char user[] =
    "{\"schemas\":[],\"userName\":\"BJensen\",\"externalId\":\"A\","
    "\"active\":true,\"name\":{\"familyName\":\"J\"},\"title\":\"\","
    "\"emails\":[{\"value\":\"b@work\",\"type\":\"work\",\"primary\":true},"
    "{\"value\":\"b@home\"},{\"display\":\"x\"}],"
    "\"meta\":{\"created\":\"2026-02-01T09:30:00Z\"},"
    "\"" SCIM_URN_ENTERPRISE_USER "\":{\"manager\":{\"value\":\"m\"}}}";

static void expect(int holds)
{
    if (!holds) {
        abort();
    }
}

static void check_node(const scim_filter *f)
{
    switch (f->kind) {
    case SCIM_FILTER_AND:
    case SCIM_FILTER_OR:
        check_node(f->right);
        check_node(f->left);
        break;
    case SCIM_FILTER_NOT:
    case SCIM_FILTER_ELEMENT:
        check_node(f->left);
        break;
    case SCIM_FILTER_COMPARE:
        expect(f->path.attr != NULL);
        expect(f->path.sub != NULL || f->path.attr->type != SCIM_COMPLEX);
        expect((f->text != NULL) == (f->value_kind == SCIM_VALUE_TEXT ||
                                     f->value_kind == SCIM_VALUE_NUMBER));
        break;
    default:
        expect(f->path.attr != NULL);
    }
}

static void check(const char *text, const scim_resource_type *type,
                  const json_t *folded, apr_pool_t *pool)
{
    const scim_filter *filter = NULL, *opposite = NULL;
    const char *negated = apr_pstrcat(pool, "not(", text, ")", NULL);
    scim_filter_limits wide = scim_filter_default_limits;
    scim_error *err = scim_filter_parse(&filter, text, type,
                                        &scim_filter_default_limits, pool);

    if (err != NULL) {
        expect(err->fault == SCIM_INVALID_FILTER && err->detail[0] != '\0');
        return;
    }
    check_node(filter);
    wide.depth++;
    wide.length += 5;
    expect(scim_filter_parse(&opposite, negated, type, &wide, pool) == NULL);
    expect(scim_filter_matches(filter, folded, type) ==
           !scim_filter_matches(opposite, folded, type));
}

/* What one type takes is good in a query of several, where it means the same
 * to that type. */
static void check_among(const char *text, const scim_resource_type *type,
                        const json_t *folded, apr_pool_t *pool)
{
    const scim_filter *alone, *among;
    scim_error *err = scim_filter_parse_among(&among, text, type,
                                              scim_default_types,
                                              &scim_filter_default_limits,
                                              pool);
    int matches = err == NULL && scim_filter_matches(among, folded, type);

    if (scim_filter_parse(&alone, text, type, &scim_filter_default_limits,
                          pool)
        == NULL) {
        expect(err == NULL
               && matches == scim_filter_matches(alone, folded, type));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;
    json_t *json = NULL;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    expect(scim_json_parse(&json, user, strlen(user), 8, pool) == NULL);
    json = scim_resource_fold(json, &scim_type_user, pool);
    check(text, &scim_type_user, json, pool);
    check(text, &scim_type_group, json, pool);
    check_among(text, &scim_type_user, json, pool);
    check_among(text, &scim_type_group, json, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
