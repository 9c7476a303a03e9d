/* Undo: a deleted resource comes back, or a living one as it was. Each is a
 * write like any other of the resource's app. */
#include <string.h>

#include <apr_strings.h>

#include "core/foreign.h"
#include "store/admin_journal.h"
#include "store/keys.h"
#include "store/record.h"

typedef struct restoration {
    const scim_resource_type *type;
    const char *id;
    int memberships; /* bring them back, too */
    json_t *present; /* of store_history_present() */
    int groups;      /* out: that took the resource in again */
    store_admin *a;
    apr_pool_t *pool;
} restoration;

static json_int_t version_of(const restoration *r)
{
    return json_integer_value(json_object_get(r->present, "version"));
}

static scim_error *writer(const store_caller **out, const restoration *r)
{
    json_t *app = json_object_get(r->present, "app");

    return store_admin_writer(out, (int)json_integer_value(app), r->a,
                              r->pool);
}

/* "{a,b}": ids alone are in it. */
static apr_array_header_t *ids_of(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *out = apr_array_make(pool, 16, sizeof(const char *));
    char *last, *id;

    if (text != NULL) {
        for (id = apr_strtok(apr_pstrdup(pool, text), "{,}", &last);
             id != NULL; id = apr_strtok(NULL, "{,}", &last)) {
            APR_ARRAY_PUSH(out, const char *) = id;
        }
    }
    return out;
}

/* A group's members at a version; NULL: they stay as they are. */
static scim_error *old_members(scim_membership **out, const char *version,
                               const restoration *r)
{
    scim_membership *members;
    const char *ids;
    scim_error *err;

    *out = NULL;
    if (!r->memberships || r->type->kind != SCIM_KIND_GROUP) {
        return NULL;
    }
    err = store_history_members(&ids, r->id, version, r->a, r->pool);
    if (err != NULL) {
        return err;
    }
    members = apr_pcalloc(r->pool, sizeof(*members));
    members->replace = 1;
    members->add = ids_of(ids, r->pool);
    members->remove = apr_array_make(r->pool, 1, sizeof(const char *));
    *out = members;
    return NULL;
}

/* ------------------------------------------------------ what was deleted */

/* The groups that lost the resource by its deletion, as far as they live:
 * their rows are of the same transaction. */
static scim_error *lost_by(apr_array_header_t **out, const restoration *r)
{
    const char *values[] = { r->id, apr_psprintf(r->pool, "%d",
                                                 (int)version_of(r)) };
    PGresult *rows;
    scim_error *err = store_admin_ask(
        &rows, r->a,
        "select array_agg(distinct g.id)::text from scim.journal d"
        " join scim.journal j on j.org_id = $1 and j.xid = d.xid"
        "  and j.resource_type = 'Group' and j.removed @> array[$2::uuid]"
        "  and j.resource <> $2::uuid"
        " join scim.groups g on g.org_id = $1 and g.id = j.resource"
        " where d.org_id = $1 and d.resource = $2::uuid"
        " and d.version = $3::bigint and d.part = 0",
        2, values, r->pool);

    if (err == NULL) {
        *out = ids_of(store_admin_text(rows, 0, 0, r->pool), r->pool);
    }
    return err;
}

static scim_error *join_again(restoration *r)
{
    scim_membership delta = { .add = apr_array_make(r->pool, 1,
                                                    sizeof(const char *)),
                              .remove = apr_array_make(r->pool, 1,
                                                       sizeof(const char *)) };
    store_wants wants = { .status = 200 };
    apr_array_header_t *groups = NULL;
    const store_caller *caller;
    store_record *record;
    scim_error *err = lost_by(&groups, r);
    int i;

    APR_ARRAY_PUSH((apr_array_header_t *)delta.add, const char *) = r->id;
    for (i = 0; err == NULL && i < groups->nelts; i++) {
        err = writer(&caller, r);
        if (err == NULL) {
            err = store_admin_written(
                store_membership(&record, APR_ARRAY_IDX(groups, i,
                                                        const char *),
                                 &delta, NULL, &wants, caller, NULL, r->pool),
                r->a);
        }
    }
    if (err == NULL) {
        r->groups = groups->nelts;
    }
    return err;
}

static scim_error *revive(store_record **out, restoration *r)
{
    json_t *body = json_object_get(r->present, "body"), *foreign = NULL;
    const char *last = apr_psprintf(r->pool, "%d", (int)version_of(r) - 1);
    store_revival revival = { .version = version_of(r) + 1 };
    store_wants wants = { .id = r->id, .status = 200, .revival = &revival };
    scim_membership *members = NULL;
    const store_caller *caller;
    scim_error *err = NULL;

    if (scim_foreign_is_in(body, r->type)) {
        err = store_history_extensions(&foreign, r->id, last, r->a, r->pool);
        revival.foreign = foreign;
    }
    if (err == NULL) {
        err = old_members(&members, last, r);
    }
    if (err == NULL) {
        err = writer(&caller, r);
    }
    if (err == NULL) {
        err = store_admin_written(store_create(out, r->type, body, members,
                                               &wants, caller, NULL, r->pool),
                                  r->a);
    }
    return err == NULL && r->memberships ? join_again(r) : err;
}

/* ------------------------------------------------------------ what lives */

typedef struct return_to {
    const json_t *attributes; /* of store_history_back() */
    scim_membership *members;
    const scim_resource_type *type;
} return_to;

/* Extensions of files stay as they are: only the sections of httpd that read
 * those files know what is in them. */
static json_t *schemas_of(const json_t *then, const json_t *now,
                          const scim_resource_type *type)
{
    json_t *out = json_array(), *urn;
    size_t i;

    json_array_foreach((json_t *)then, i, urn) {
        const char *text = json_string_value(urn);

        if (text != NULL
            && scim_resource_type_schema(type, text, strlen(text)) != NULL) {
            json_array_append(out, urn);
        }
    }
    scim_foreign_name(out, now, type);
    return out;
}

static scim_error *compute(json_t **after, scim_membership **members,
                           const store_record *before,
                           const store_grant *grant, void *baton,
                           apr_pool_t *pool)
{
    const return_to *to = baton;
    json_t *made = scim_json_adopt(scim_json_copy(before->json), pool);
    const json_t *schemas = json_object_get(to->attributes, "schemas");

    (void)grant;
    store_history_apply(made, to->attributes, to->type);
    if (schemas != NULL) {
        json_object_set_new(made, "schemas",
                            schemas_of(schemas, before->json, to->type));
    }
    *after = json_equal(made, before->json) ? NULL : made;
    *members = to->members;
    return NULL;
}

static scim_error *turn_back(store_record **out, const char *version,
                             restoration *r)
{
    return_to to = { .type = r->type };
    store_edit edit = { .compute = compute,
                        .baton = &to,
                        .action = "restore" };
    store_wants wants = { .status = 200 };
    const store_caller *caller;
    json_t *back = NULL;
    scim_error *err = store_history_back(&back, r->present, r->id, version,
                                         r->a, r->pool);

    if (err == NULL) {
        to.attributes = json_object_get(back, "attributes");
        err = old_members(&to.members, version, r);
    }
    if (err == NULL) {
        err = writer(&caller, r);
    }
    return err != NULL
               ? err
               : store_admin_written(store_modify(out, r->type, r->id, &edit,
                                                  &wants, caller, NULL,
                                                  r->pool),
                                     r->a);
}

/* ------------------------------------------------------------------- both */

static scim_error *check(const restoration *r, const char *version,
                         const char *match)
{
    int lives = json_is_true(json_object_get(r->present, "lives"));

    if (json_is_true(json_object_get(r->present, "erased"))) {
        return store_history_erased(r->type->name, r->id, r->pool);
    }
    if (lives && version == NULL) {
        return scim_error_make(SCIM_INVALID_VALUE, r->pool,
                               "%s %s is there: say which version it shall "
                               "be again.",
                               r->type->name, r->id);
    }
    if (!lives && version != NULL) {
        return scim_error_make(SCIM_INVALID_VALUE, r->pool,
                               "%s %s is deleted: restore it first, as it was "
                               "last, then an earlier version.",
                               r->type->name, r->id);
    }
    return store_admin_match(r->present, match, r->pool);
}

/* Held until the transaction ends, so that the journal and the row stay what
 * they are. */
static scim_error *lock(const restoration *r)
{
    static const char *const rows[] = {
        [SCIM_KIND_USER] = "select from scim.users where org_id = $1"
                           " and id = $2::uuid for no key update",
        [SCIM_KIND_GROUP] = "select from scim.groups where org_id = $1"
                            " and id = $2::uuid for no key update",
    };
    scim_error *err = store_admin_ask(NULL, r->a, rows[r->type->kind], 1,
                                      &r->id, r->pool);

    return err != NULL
               ? err
               : store_admin_ask(NULL, r->a,
                                 "select from scim.tombstones where org_id ="
                                 " $1 and id = $2::uuid for update",
                                 1, &r->id, r->pool);
}

/* A group's members may have gained or lost, a user stands alone. */
static scim_error *tell_permissions(store_record *record, const restoration *r)
{
    int is_user = r->type->kind == SCIM_KIND_USER;
    scim_error *err = store_record_parse(record, r->pool);

    return err != NULL ? err
                       : store_permissions_refresh_of(
                             is_user ? r->id : NULL,
                             is_user ? "user" : "group",
                             scim_json_adopt(json_string(r->id), r->pool),
                             store_name_of(record->json, r->type), r->a,
                             r->pool);
}

scim_error *store_history_restore(json_t **out, const scim_resource_type *type,
                                  const char *id, const char *version,
                                  int memberships, const char *match,
                                  store_admin *a, apr_pool_t *pool)
{
    restoration r = { .type = type,
                      .id = store_id_normal(id, pool),
                      .memberships = memberships,
                      .a = a,
                      .pool = pool };
    store_record *record = NULL;
    scim_error *err;

    if (r.id == NULL) {
        return store_not_found(type, id, pool);
    }
    err = store_permissions_lock(a, pool);
    if (err == NULL) {
        err = lock(&r);
    }
    if (err == NULL) {
        err = store_history_present(&r.present, type->name, r.id, a, pool);
    }
    if (err == NULL) {
        err = check(&r, version, match);
    }
    if (err == NULL) {
        err = version == NULL ? revive(&record, &r)
                              : turn_back(&record, version, &r);
    }
    if (err == NULL) {
        err = tell_permissions(record, &r);
    }
    if (err == NULL) {
        *out = scim_json_adopt(
            json_pack("{s:s, s:s, s:I, s:i}", "id", r.id, "type", type->name,
                      "version", (json_int_t)record->version, "groups",
                      r.groups),
            pool);
    }
    return err;
}
