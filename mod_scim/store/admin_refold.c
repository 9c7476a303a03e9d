/* All folded keys and documents once more, after a change of the fold. */
#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "store/admin_connection.h"
#include "store/keys.h"

/* What the two types differ in. `read` gives a batch behind $1, $2: org_id, id,
 * body, folded, key, display_name, family_name, values. */
typedef struct target {
    const scim_resource_type *type;
    const char *read, *conflicts, *apply;
} target;

/* clang-format off */
#define BATCH \
    " where (r.org_id, r.id) > ($1::int, $2::uuid)" \
    " order by r.org_id, r.id limit 1000"

/* New keys of what changes, old ones of what does not, where they meet. */
#define CONFLICTS(name, new_keys, old_keys) \
    "select o.slug, c.key, json_agg(json_build_object('id', c.id, 'name'," \
    "  c.body::json ->> '" name "') order by c.id)" \
    " from (" new_keys " union all " old_keys \
    "  and not exists (select from refold n where n.org_id = r.org_id" \
    "   and n.id = r.id)) c" \
    " join scim.organizations o on o.org_id = c.org_id" \
    " group by o.slug, c.scope, c.key having count(*) > 1 order by 1, 2"

#define CHANGED(table) \
    "from refold n join scim." table " r on r.org_id = n.org_id" \
    " and r.id = n.id"

static const target targets[] = {
    { &scim_type_user,
      "select r.org_id, r.id, r.body, f.folded, r.user_name, r.display_name,"
      " r.family_name, (select json_agg(json_strip_nulls(json_build_object("
      "   'attr', v.attr, 'elem', v.elem, 'value', v.value, 'kind', v.kind))"
      "  order by v.attr, v.elem) from scim.user_values v"
      "  where v.org_id = r.org_id and v.user_id = r.id)"
      " from scim.users r left join scim.user_folded f"
      "  on f.org_id = r.org_id and f.user_id = r.id" BATCH,
      CONFLICTS("userName",
          "select r.org_id, r.id, r.body, 0 as scope, n.key " CHANGED("users"),
          "select r.org_id, r.id, r.body, 0, r.user_name from scim.users r"
          " where r.user_name in (select key from refold)"),
      /* A key may be another one's until that one has its new one. */
      "update scim.users r set user_name = E'\\x01' || r.id"
      "  from refold n where r.org_id = n.org_id and r.id = n.id"
      "  and r.user_name <> n.key;"
      "update scim.users r set user_name = n.key,"
      "  display_name = n.display_name, family_name = n.family_name"
      "  from refold n where r.org_id = n.org_id and r.id = n.id;"
      "insert into scim.user_folded as f (org_id, user_id, folded)"
      "  select org_id, id, folded from refold"
      "  on conflict (org_id, user_id) do update"
      "  set folded = f.folded || excluded.folded;"
      "delete from scim.user_values v using refold n"
      "  where v.org_id = n.org_id and v.user_id = n.id;"
      "insert into scim.user_values(org_id, user_id, attr, elem, value, kind)"
      "  select n.org_id, n.id, v.* from refold n,"
      "  json_to_recordset(n.rows) as v(attr smallint, elem smallint,"
      "  value text, kind text)" },
    { &scim_type_group,
      "select r.org_id, r.id, r.body, r.folded, r.display_name, r.display_name,"
      " null, null from scim.groups r" BATCH,
      CONFLICTS("displayName",
          "select r.org_id, r.id, r.body, r.app_id as scope, n.key "
          CHANGED("groups") " where r.unique_name",
          "select r.org_id, r.id, r.body, r.app_id, r.display_name"
          " from scim.groups r where r.unique_name"
          " and r.display_name in (select key from refold)"),
      "update scim.groups r set display_name = E'\\x01' || r.id"
      "  from refold n where r.org_id = n.org_id and r.id = n.id"
      "  and r.display_name <> n.key;"
      "update scim.groups r set display_name = n.key,"
      "  folded = r.folded || n.folded"
      "  from refold n where r.org_id = n.org_id and r.id = n.id" },
};
/* clang-format on */

/* ------------------------------------------------------------- what changes */

static int is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whether two texts of JSON say the same; where only `part` is set, whether
 * the second has all that the first one has: what a schema file added to a
 * folded document is not known here, and stays. */
static int says_same(const char *a, const char *b, int part, apr_pool_t *pool)
{
    json_t *one, *other, *value;
    const char *name;

    if (a == NULL || b == NULL) {
        return a == b;
    }
    one = scim_json_adopt(json_loads(a, 0, NULL), pool);
    other = scim_json_adopt(json_loads(b, 0, NULL), pool);
    if (!part) {
        return json_equal(one, other);
    }
    json_object_foreach(one, name, value) {
        if (!json_equal(value, json_object_get(other, name))) {
            return 0;
        }
    }
    return 1;
}

/* The row's new keys, if they are not what is stored. */
static int has_changed(store_keys *keys, const PGresult *rows, int row,
                       const scim_resource_type *type, apr_pool_t *pool)
{
    json_t *body = scim_json_adopt(json_loads(PQgetvalue(rows, row, 2), 0,
                                              NULL),
                                   pool);

    if (!json_is_object(body)) {
        return 0;
    }
    store_keys_make(keys, body, type, pool);
    if (type->kind == SCIM_KIND_GROUP) {
        keys->user_name = keys->display_name;
    }
    return !says_same(keys->folded, store_admin_text(rows, row, 3, pool), 1,
                      pool)
           || !is_same(keys->user_name, store_admin_text(rows, row, 4, pool))
           || !is_same(keys->display_name,
                       store_admin_text(rows, row, 5, pool))
           || !is_same(keys->family_name, store_admin_text(rows, row, 6, pool))
           || !says_same(keys->values, store_admin_text(rows, row, 7, pool), 0,
                         pool);
}

static scim_error *note_change(const store_keys *keys, const PGresult *rows,
                               int row, store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { PQgetvalue(rows, row, 0),
                             PQgetvalue(rows, row, 1),
                             keys->user_name,
                             keys->display_name,
                             keys->family_name,
                             keys->folded,
                             keys->values };

    return store_admin_run(NULL, a,
                           "insert into refold values"
                           " ($1, $2, $3, $4, $5, $6, $7)",
                           7, values, pool);
}

/* One batch; *rows is where the next one begins, or has no row. */
static scim_error *look_at_batch(int *changed, PGresult **rows,
                                 const char *const after[2], const target *t,
                                 store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_run(rows, a, t->read, 2, after, pool);
    store_keys keys;
    int i;

    for (i = 0; err == NULL && i < PQntuples(*rows); i++) {
        if (has_changed(&keys, *rows, i, t->type, pool)) {
            err = note_change(&keys, *rows, i, a, pool);
            (*changed)++;
        }
    }
    return err;
}

static scim_error *look_at_all(int *changed, const target *t, store_admin *a,
                               apr_pool_t *pool)
{
    char org_id[16] = "0";
    char id[40] = "00000000-0000-0000-0000-000000000000";
    const char *const after[] = { org_id, id };
    PGresult *rows;
    apr_pool_t *batch;
    scim_error *err;
    int count;

    *changed = 0;
    apr_pool_create(&batch, pool);
    do {
        err = look_at_batch(changed, &rows, after, t, a, batch);
        count = err == NULL ? PQntuples(rows) : 0;
        if (count > 0) {
            apr_cpystrn(org_id, PQgetvalue(rows, count - 1, 0),
                        sizeof(org_id));
            apr_cpystrn(id, PQgetvalue(rows, count - 1, 1), sizeof(id));
        }
        if (err == NULL) {
            apr_pool_clear(batch);
        }
    } while (count > 0);
    return err;
}

static scim_error *add_conflicts(store_refold *out, const target *t,
                                 store_admin *a, apr_pool_t *pool)
{
    PGresult *rows;
    int i;
    scim_error *err = store_admin_run(&rows, a, t->conflicts, 0, NULL, pool);

    for (i = 0; err == NULL && i < PQntuples(rows); i++) {
        store_refold_conflict *c = apr_array_push(out->conflicts);

        c->organization = store_admin_text(rows, i, 0, pool);
        c->resource_type = t->type->name;
        c->key = store_admin_text(rows, i, 1, pool);
        c->resources = scim_json_adopt(
            json_loads(PQgetvalue(rows, i, 2), 0, NULL), pool);
    }
    return err;
}

static scim_error *refold_type(store_refold *out, int *changed, int apply,
                               const target *t, store_admin *a,
                               apr_pool_t *pool)
{
    scim_error *err = store_admin_script(
        a,
        "create temp table refold(org_id int, id uuid, key text collate \"C\","
        " display_name text, family_name text, folded jsonb, rows json,"
        " primary key (org_id, id)) on commit drop",
        pool);

    if (err == NULL) {
        err = look_at_all(changed, t, a, pool);
    }
    if (err == NULL) {
        err = add_conflicts(out, t, a, pool);
    }
    if (err == NULL && apply && out->conflicts->nelts == 0) {
        err = store_admin_script(a, t->apply, pool);
    }
    return err != NULL ? err : store_admin_script(a, "drop table refold", pool);
}

static scim_error *refuse_newer(int stored, apr_pool_t *pool)
{
    return stored <= SCIM_FOLD_VERSION
               ? NULL
               : scim_error_make(SCIM_UNAVAILABLE, pool,
                                 "The keys were folded by version %d, which is "
                                 "newer than this scimctl's (%d): use the "
                                 "scimctl of that release.",
                                 stored, SCIM_FOLD_VERSION);
}

/* The schema files, by which these values are folded, are httpd's: nothing says
 * here which of them are folded at all. */
static scim_error *refuse_files(int stored, store_admin *a, apr_pool_t *pool)
{
    PGresult *found;
    scim_error *err;

    if (stored == SCIM_FOLD_VERSION) {
        return NULL;
    }
    err = store_admin_run(
        &found, a,
        "select exists (select from scim.resources)"
        " or exists (select from scim.unique_values)"
        " or exists (select from scim.user_folded f,"
        "  jsonb_object_keys(f.folded) k where k like 'urn:%' and k <> $1)"
        " or exists (select from scim.groups g,"
        "  jsonb_object_keys(g.folded) k where k like 'urn:%')",
        1, (const char *const[]){ SCIM_URN_ENTERPRISE_USER }, pool);
    if (err == NULL && store_admin_is_true(found, 0, 0)) {
        err = scim_error_make(
            SCIM_UNAVAILABLE, pool,
            "There are resources of types from files, or values of extensions "
            "from files, which this scimctl cannot fold: nothing was changed.");
    }
    return err;
}

/* Writers wait until the end, and no key changes unless all can. */
static scim_error *refold(store_refold *out, int apply, store_admin *a,
                          apr_pool_t *pool)
{
    store_schema_state state;
    scim_error *err = store_admin_read_state(&state, a, pool);

    if (err == NULL) {
        out->from = state.fold_version;
        err = refuse_newer(state.fold_version, pool);
    }
    if (err == NULL && apply) {
        err = refuse_files(state.fold_version, a, pool);
    }
    if (err == NULL && apply) {
        err = store_admin_script(a,
                                 "lock table scim.groups, scim.users"
                                 " in share row exclusive mode",
                                 pool);
    }
    if (err == NULL) {
        err = refold_type(out, &out->users, apply, &targets[0], a, pool);
    }
    if (err == NULL) {
        err = refold_type(out, &out->groups, apply, &targets[1], a, pool);
    }
    if (err == NULL && apply && out->conflicts->nelts == 0) {
        err = store_admin_script(
            a,
            apr_psprintf(pool, "update scim.schema set fold_version = %d",
                         SCIM_FOLD_VERSION),
            pool);
        out->applied = err == NULL;
    }
    return err;
}

scim_error *store_refold_run(store_refold *out, int apply, store_admin *a,
                             apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    memset(out, 0, sizeof(*out));
    out->to = SCIM_FOLD_VERSION;
    out->conflicts = apr_array_make(pool, 4, sizeof(store_refold_conflict));
    if (err == NULL) {
        err = refold(out, apply, a, pool);
    }
    /* Users may have been done when a group met a conflict. */
    if (err == NULL && !out->applied) {
        return store_admin_script(a, "rollback", pool);
    }
    return store_admin_end(err, a, pool);
}
