#include "store/members.h"

#include <string.h>

#include <apr_strings.h>

#include "store/journal.h"
#include "store/record.h"

#define MAX_NAMED 10 /* unknown members in an error */

/* Ids as an array; what is no id goes to `others`, if that is given. */
static const char *id_array(const apr_array_header_t *values, json_t *others,
                            apr_pool_t *pool)
{
    apr_array_header_t *ids
        = apr_array_make(pool, values->nelts + 1, sizeof(const char *));
    int i;

    for (i = 0; i < values->nelts; i++) {
        const char *value = APR_ARRAY_IDX(values, i, const char *);

        if (store_uuid_is(value)) {
            APR_ARRAY_PUSH(ids, const char *) = value;
        }
        else if (others != NULL) {
            json_array_append_new(others, scim_json_text(value));
        }
    }
    return store_array_text(ids, pool);
}

static const char *version_array(const store_match *match, apr_pool_t *pool)
{
    apr_array_header_t *texts;
    int i;

    if (match == NULL || match->any) {
        return NULL;
    }
    texts = apr_array_make(pool, 4, sizeof(const char *));
    for (i = 0; i < match->versions->nelts; i++) {
        APR_ARRAY_PUSH(texts, const char *)
            = apr_psprintf(pool, "%" APR_INT64_T_FMT,
                           APR_ARRAY_IDX(match->versions, i, apr_int64_t));
    }
    return store_array_text(texts, pool);
}

void store_add_members(store_step *step, const char *group_id,
                       const scim_membership *members,
                       const store_match *match, store_transaction *tx)
{
    json_t *others = scim_json_adopt(json_array(), tx->pool);

    store_step_text(step, group_id);
    store_step_text(step, id_array(members->add, others, tx->pool));
    store_step_text(step, id_array(members->remove, NULL, tx->pool));
    store_step_text(step, members->replace ? "true" : "false");
    store_step_text(step, version_array(match, tx->pool));
    store_step_text(step, scim_json_dump(others, NULL, tx->pool));
}

store_step *store_add_delta(const char *group_id,
                            const scim_membership *members, const char *action,
                            apr_int64_t version, store_transaction *tx)
{
    store_step *step = store_add(STORE_GROUP_DELTA, tx);

    store_add_members(step, group_id, members, NULL, tx);
    store_add_origin(step, tx);
    store_step_text(step, action);
    store_step_int(step, version, tx->pool);
    return step;
}

/* Where some are known, nobody but a strict app is refused. */
static const char *strict_code(const json_t *unknown,
                               const scim_membership *members,
                               const store_transaction *tx)
{
    if (!tx->grant.strict
        || json_array_size(unknown) == (size_t)members->add->nelts) {
        return "";
    }
    return apr_pstrcat(tx->pool, " (strict: ",
                       scim_dialect_code(SCIM_DIALECT_MEMBER_UNKNOWN), ")",
                       (char *)NULL);
}

static scim_error *unknown_members(const json_t *json,
                                   const scim_membership *members,
                                   const store_transaction *tx)
{
    const json_t *unknown = json_object_get(json, "unknown");
    apr_pool_t *pool = tx->pool;
    apr_array_header_t *names
        = apr_array_make(pool, MAX_NAMED, sizeof(const char *));
    apr_array_header_t *ids = apr_array_make(pool, MAX_NAMED, sizeof(char *));
    size_t i, count = json_array_size(unknown);
    scim_error *err;

    for (i = 0; i < count && i < MAX_NAMED; i++) {
        const char *id = json_string_value(json_array_get(unknown, i));

        APR_ARRAY_PUSH(ids, const char *) = id;
        APR_ARRAY_PUSH(names, const char *) = scim_excerpt(id, pool);
    }
    err = scim_error_make(
        SCIM_INVALID_VALUE, pool,
        "members: no user or group has the id %s%s; nothing was changed%s.",
        apr_array_pstrcat(pool, names, ','), count > MAX_NAMED ? ",..." : "",
        strict_code(unknown, members, tx));
    err->ids = ids;
    return err;
}

scim_error *store_members_verdict(store_members_change *out,
                                  const store_step *step, const char *group_id,
                                  const scim_membership *members,
                                  const store_transaction *tx)
{
    const PGresult *result = step->result;
    apr_pool_t *pool = tx->pool;
    const char *word, *text;

    if (PQntuples(result) != 1) {
        return store_not_found(&scim_type_group, group_id, pool);
    }
    word = store_text(result, 0, 0);
    text = store_text(result, 0, 1);
    out->json = scim_json_adopt(json_loads(text, 0, NULL), pool);
    out->is_change = store_boolean(result, 0, 2);
    out->added = store_text(result, 0, 3);
    out->removed = store_text(result, 0, 4);
    if (strcmp(word, "version") == 0) {
        return store_precondition_failed(pool);
    }
    return strcmp(word, "unknown") == 0 ? unknown_members(out->json, members,
                                                          tx)
                                        : NULL;
}

scim_error *store_members_check(const scim_membership *members,
                                const char *group_id, apr_pool_t *pool)
{
    apr_array_header_t *ids;
    scim_error *err;
    int i;

    for (i = 0; i < members->add->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(members->add, i, const char *), group_id)
            == 0) {
            err = scim_error_make(SCIM_INVALID_VALUE, pool,
                                  "members: the group \"%s\" cannot be a "
                                  "member of itself.",
                                  group_id);
            ids = apr_array_make(pool, 1, sizeof(char *));
            APR_ARRAY_PUSH(ids, const char *) = apr_pstrdup(pool, group_id);
            err->ids = ids;
            return err;
        }
    }
    return NULL;
}

int store_match_has(const store_match *match, apr_int64_t version)
{
    int i;

    if (match->any) {
        return 1;
    }
    for (i = 0; i < match->versions->nelts; i++) {
        if (APR_ARRAY_IDX(match->versions, i, apr_int64_t) == version) {
            return 1;
        }
    }
    return 0;
}

int store_match_allows(const store_match *match, apr_int64_t version)
{
    return match == NULL
           || (store_match_has(match, version) == !match->inverse
               && store_match_allows(match->also, version));
}

scim_error *store_precondition_failed(apr_pool_t *pool)
{
    return scim_error_make(SCIM_PRECONDITION_FAILED, pool,
                           "The resource is not in the version that If-Match "
                           "or If-None-Match asks for; read it again.");
}
