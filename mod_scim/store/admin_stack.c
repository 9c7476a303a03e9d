#include "core/casefold.h"
#include "store/admin_mapping.h"

#define STACK                                                        \
    "jsonb_build_object('id', s.stack_id, 'name', s.name,"           \
    " 'description', s.description, 'created', "                     \
    STORE_ADMIN_TIME("s.created") ", 'version', s.version)"

scim_error *store_stack_list(json_t **out, store_slice *slice, store_admin *a,
                             apr_pool_t *pool)
{
    return store_admin_slice(
        out, slice, a,
        "select " STACK ", s.key from scim.stacks s where s.org_id = $1"
        " and ($2::text is null or s.key > $2) order by s.key limit $3::int",
        0, NULL, pool);
}

scim_error *store_stack_get(json_t **out, const char *id, store_admin *a,
                            apr_pool_t *pool)
{
    scim_error *err = store_admin_json(
        out, a,
        "select " STACK " from scim.stacks s"
        " where s.org_id = $1 and s.stack_id = $2::int",
        1, &id, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no stack %s.", id);
    }
    return err;
}

static scim_error *taken(const char *name, apr_pool_t *pool)
{
    return scim_error_make(SCIM_UNIQUENESS, pool,
                           "There is a stack \"%s\" already (upper and lower "
                           "case are not told apart).",
                           scim_excerpt(name, pool));
}

scim_error *store_stack_create(json_t **out, const json_t *given,
                               store_admin *a, apr_pool_t *pool)
{
    const char *name = store_admin_member(given, "name", pool);
    const char *values[] = { NULL, scim_casefold(name, pool), name,
                             store_admin_member(given, "description", pool) };
    scim_error *err = store_admin_number_new(&values[0], a, pool);

    if (err == NULL) {
        err = store_admin_json(
            out, a,
            "insert into scim.stacks as s"
            " (org_id, stack_id, key, name, description)"
            " values ($1, $2, $3, $4, coalesce($5, ''))"
            " on conflict (org_id, key) do nothing returning " STACK,
            4, values, pool);
    }
    if (err == NULL && *out == NULL) {
        err = taken(name, pool);
    }
    return err != NULL
               ? err
               : store_admin_note("stack.create", name, NULL, *out, a, pool);
}

scim_error *store_stack_change(json_t **out, const char *id,
                               const json_t *given, const char *version,
                               store_admin *a, apr_pool_t *pool)
{
    const char *name = store_admin_member(given, "name", pool);
    const char *values[] = { id,
                             name != NULL ? scim_casefold(name, pool) : NULL,
                             name,
                             store_admin_member(given, "description", pool) };
    json_t *before;
    scim_error *err = store_stack_get(&before, id, a, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err == NULL) {
        err = store_admin_json(
            out, a,
            "update scim.stacks s set key = coalesce($3, s.key),"
            " name = coalesce($4, s.name),"
            " description = coalesce($5, s.description),"
            " version = s.version + 1"
            " where s.org_id = $1 and s.stack_id = $2::int and not exists"
            "  (select from scim.stacks t where t.org_id = $1 and t.key = $3"
            "   and t.stack_id <> s.stack_id) returning " STACK,
            4, values, pool);
    }
    if (err == NULL && *out == NULL) {
        err = taken(name, pool);
    }
    return err != NULL ? err
                       : store_admin_note(
                             "stack.change",
                             store_admin_member(*out, "name", pool), before,
                             *out, a, pool);
}

scim_error *store_stack_delete(json_t **out, const char *id,
                               const json_t *given, const char *version,
                               store_admin *a, apr_pool_t *pool)
{
    json_t *before;
    scim_error *err = store_stack_get(&before, id, a, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err == NULL) {
        err = store_mapping_without(
            out, STORE_WITHOUT_STACK, id,
            store_permissions_cause("stack", json_object_get(before, "id"),
                                    store_admin_member(before, "name", pool),
                                    pool),
            given, a, pool);
    }
    if (err == NULL) {
        err = store_admin_ask(NULL, a,
                              "delete from scim.stacks"
                              " where org_id = $1 and stack_id = $2::int",
                              1, &id, pool);
    }
    return err != NULL ? err
                       : store_admin_note(
                             "stack.delete",
                             store_admin_member(before, "name", pool), before,
                             NULL, a, pool);
}
