/* All folded keys and documents once more, after a change of the fold, and the
 * claims of values that one resource alone may have. */
#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "store/admin_connection.h"
#include "store/claims.h"
#include "store/column.h"
#include "store/keys.h"

/* What the kinds of types differ in. `read` gives a batch behind $1, $2 of the
 * type $3: org_id, id, body, folded, key, display_name, family_name, whether
 * the rows of user_values are right, and claims of the attributes $4. */
typedef struct target {
    const char *read, *conflicts, *apply, *name, *rows;
} target;

/* One type, being looked at. */
typedef struct run {
    const scim_resource_type *type;
    const target *target;
    const char *paths; /* JSON: whose values are claimed */
    int changed, unclaimed;
    store_admin *a;
} run;

/* clang-format off */
#define BATCH \
    " where (r.org_id, r.id) > ($1::int, $2::uuid)"

#define IN_ORDER " order by r.org_id, r.id limit 1000"

#define CLAIMS \
    " (select json_agg(json_build_object('attr', c.attr, 'value', c.value))" \
    "   from scim.unique_values c where c.org_id = r.org_id and c.id = r.id" \
    "   and $4::jsonb ? c.attr and c.resource_type = $3)"

/* New keys of what changes, old ones of what does not, where they meet. */
#define CONFLICTS(name, new_keys, old_keys) \
    "select o.slug, '" name "', c.key, json_agg(json_build_object(" \
    "  'id', c.id, 'name', c.body::json ->> '" name "') order by c.id)" \
    " from (" new_keys " union all " old_keys \
    "  and not exists (select from refold n where n.org_id = r.org_id" \
    "   and n.id = r.id)) c" \
    " join scim.organizations o on o.org_id = c.org_id" \
    " group by o.slug, c.scope, c.key having count(*) > 1 order by 1, 3"

#define CHANGED(table) \
    "from refold n join scim." table " r on r.org_id = n.org_id" \
    " and r.id = n.id"

static const target targets[] = {
    [SCIM_KIND_USER] = {
      "select r.org_id, r.id, r.body, f.folded, r.user_name, r.display_name,"
      " r.family_name, not exists ("
      "  (select v.attr, v.elem, v.value, v.kind from scim.user_values v"
      "    join scim.attributes using (attr)"
      "    where v.org_id = r.org_id and v.user_id = r.id"
      "   except select * from scim.value_rows(f.folded))"
      "  union all (select * from scim.value_rows(f.folded)"
      "   except select v.attr, v.elem, v.value, v.kind"
      "    from scim.user_values v"
      "    where v.org_id = r.org_id and v.user_id = r.id)),"
      CLAIMS
      " from scim.users r left join scim.user_folded f"
      "  on f.org_id = r.org_id and f.user_id = r.id" BATCH IN_ORDER,
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
      "  select n.org_id, n.id, v.* from refold n"
      "  join scim.user_folded f on f.org_id = n.org_id and f.user_id = n.id"
      "  cross join lateral scim.value_rows(f.folded) v",
      "userName", "scim.users r join scim.user_folded f"
      " on f.org_id = r.org_id and f.user_id = r.id" },
    [SCIM_KIND_GROUP] = {
      "select r.org_id, r.id, r.body, r.folded, r.display_name, r.display_name,"
      " null, true," CLAIMS " from scim.groups r" BATCH IN_ORDER,
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
      "  from refold n where r.org_id = n.org_id and r.id = n.id",
      "displayName", "scim.groups r" },
    [SCIM_KIND_OTHER] = {
      "select r.org_id, r.id, r.body, r.folded, null, null, null, true," CLAIMS
      " from scim.resources r" BATCH " and r.resource_type = $3" IN_ORDER,
      NULL,
      "update scim.resources r set folded = r.folded || n.folded"
      "  from refold n where r.org_id = n.org_id and r.id = n.id",
      "displayName", "scim.resources r" },
};

/* The same of claims, of the type $1 and the attributes $2; %s: name, table. A
 * value that is too long for a claim may be stored, but not be written
 * again. */
static const char claim_conflicts[] =
    "with wanted as (select distinct n.org_id, n.id, w.attr, w.value"
    "  from refold n, json_to_recordset(n.claims) as w(attr text, value text)"
    "  where octet_length(w.value) <= 1024),"
    " c as (select * from wanted union"
    "  select u.org_id, u.id, u.attr, u.value from scim.unique_values u"
    "   join wanted w on w.org_id = u.org_id and w.attr = u.attr"
    "    and w.value = u.value where u.resource_type = $1"
    "    and not ($2::jsonb ? u.attr and exists (select from refold n"
    "     where n.org_id = u.org_id and n.id = u.id)))"
    " select o.slug, c.attr, c.value, json_agg(json_build_object("
    "   'id', c.id, 'name', coalesce(r.body::json ->> '%s',"
    "    r.external_id, '')) order by c.id)"
    " from c join scim.organizations o on o.org_id = c.org_id"
    " join scim.%s r on r.org_id = c.org_id and r.id = c.id"
    " group by o.slug, c.attr, c.value having count(*) > 1 order by 1, 2, 3";

static const char release_claims[] =
    "delete from scim.unique_values u using refold n"
    " where u.org_id = n.org_id and u.id = n.id and u.resource_type = $1"
    " and $2::jsonb ? u.attr";

static const char apply_claims[] =
    "insert into scim.unique_values(org_id, resource_type, attr, value, id)"
    " select distinct n.org_id, $1, w.attr, w.value, n.id from refold n,"
    "  json_to_recordset(n.claims) as w(attr text, value text)"
    " where octet_length(w.value) <= 1024 and $2::jsonb ? w.attr";
/* clang-format on */

/* ------------------------------------------------------------- what changes */

static int is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Whether the second text of JSON has all that the first one has: what other
 * schema files added to a folded document is not known here, and stays. */
static int says_same(const char *a, const char *b, apr_pool_t *pool)
{
    json_t *one, *other, *value;
    const char *name;

    if (a == NULL || b == NULL) {
        return a == b;
    }
    one = scim_json_adopt(json_loads(a, 0, NULL), pool);
    other = scim_json_adopt(json_loads(b, 0, NULL), pool);
    json_object_foreach(one, name, value) {
        if (!json_equal(value, json_object_get(other, name))) {
            return 0;
        }
    }
    return 1;
}

static int has_claim(const json_t *claims, const json_t *one)
{
    json_t *claim;
    size_t i;

    json_array_foreach(claims, i, claim) {
        if (json_equal(claim, one)) {
            return 1;
        }
    }
    return 0;
}

/* Whether all of `some` that can be claims are among `others`. */
static int are_among(const json_t *some, const json_t *others)
{
    json_t *claim;
    size_t i;

    json_array_foreach(some, i, claim) {
        if (json_string_length(json_object_get(claim, "value"))
                <= SCIM_INDEXED_MAX
            && !has_claim(others, claim)) {
            return 0;
        }
    }
    return 1;
}

static json_t *parsed(const char *text, apr_pool_t *pool)
{
    return text == NULL ? NULL
                        : scim_json_adopt(json_loads(text, 0, NULL), pool);
}

/* What of a row's new keys is not as it is stored. */
typedef struct change {
    store_keys keys;
    int folded, claims;
} change;

static void compare(change *out, const PGresult *rows, int row,
                    const json_t *body, const scim_resource_type *type,
                    apr_pool_t *pool)
{
    store_keys *keys = &out->keys;
    json_t *wanted, *stored;

    store_keys_make(keys, body, type, pool);
    if (type->kind == SCIM_KIND_GROUP) {
        keys->user_name = keys->display_name;
    }
    if (type->kind == SCIM_KIND_OTHER) {
        keys->display_name = keys->family_name = keys->user_name = NULL;
    }
    out->folded
        = !says_same(keys->folded, store_admin_text(rows, row, 3, pool), pool)
          || !is_same(keys->user_name, store_admin_text(rows, row, 4, pool))
          || !is_same(keys->display_name, store_admin_text(rows, row, 5, pool))
          || !is_same(keys->family_name, store_admin_text(rows, row, 6, pool))
          || !store_admin_is_true(rows, row, 7);
    wanted = parsed(keys->claims, pool);
    stored = parsed(store_admin_text(rows, row, 8, pool), pool);
    out->claims = !are_among(wanted, stored) || !are_among(stored, wanted);
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
                             keys->claims };

    return store_admin_run(NULL, a,
                           "insert into refold values"
                           " ($1, $2, $3, $4, $5, $6, $7)",
                           7, values, pool);
}

static scim_error *look_at(run *r, const PGresult *rows, int row,
                           apr_pool_t *pool)
{
    json_t *body = parsed(PQgetvalue(rows, row, 2), pool);
    change c;

    if (!json_is_object(body)) {
        return NULL;
    }
    compare(&c, rows, row, body, r->type, pool);
    r->changed += c.folded;
    r->unclaimed += c.claims;
    return c.folded || c.claims ? note_change(&c.keys, rows, row, r->a, pool)
                                : NULL;
}

/* One batch; *rows is where the next one begins, or has no row. */
static scim_error *look_at_batch(PGresult **rows, const char *const after[2],
                                 run *r, apr_pool_t *pool)
{
    const char *values[] = { after[0], after[1], r->type->name, r->paths };
    scim_error *err = store_admin_run(rows, r->a, r->target->read, 4, values,
                                      pool);
    int i;

    for (i = 0; err == NULL && i < PQntuples(*rows); i++) {
        err = look_at(r, *rows, i, pool);
    }
    return err;
}

static scim_error *look_at_all(run *r, apr_pool_t *pool)
{
    char org_id[16] = "0";
    char id[40] = "00000000-0000-0000-0000-000000000000";
    const char *const after[] = { org_id, id };
    PGresult *rows;
    apr_pool_t *batch;
    scim_error *err;
    int count;

    apr_pool_create(&batch, pool);
    do {
        err = look_at_batch(&rows, after, r, batch);
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

/* ---------------------------------------------------------------- conflicts */

static void add_conflicts(store_refold *out, const PGresult *rows,
                          const scim_resource_type *type, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < PQntuples(rows); i++) {
        store_refold_conflict *c = apr_array_push(out->conflicts);

        c->organization = store_admin_text(rows, i, 0, pool);
        c->resource_type = type->name;
        c->attribute = store_admin_text(rows, i, 1, pool);
        c->key = store_admin_text(rows, i, 2, pool);
        c->resources = parsed(PQgetvalue(rows, i, 3), pool);
    }
}

static scim_error *find_conflicts(store_refold *out, const run *r,
                                  apr_pool_t *pool)
{
    const char *values[] = { r->type->name, r->paths };
    PGresult *rows;
    scim_error *err = NULL;

    if (r->target->conflicts != NULL) {
        err = store_admin_run(&rows, r->a, r->target->conflicts, 0, NULL,
                              pool);
        if (err == NULL) {
            add_conflicts(out, rows, r->type, pool);
        }
    }
    if (err == NULL && r->type->claims) {
        err = store_admin_run(&rows, r->a,
                              apr_psprintf(pool, claim_conflicts,
                                           r->target->name,
                                           store_table_of(r->type)),
                              2, values, pool);
        if (err == NULL) {
            add_conflicts(out, rows, r->type, pool);
        }
    }
    return err;
}

static scim_error *apply_changes(const run *r, apr_pool_t *pool)
{
    const char *values[] = { r->type->name, r->paths };
    scim_error *err = store_admin_script(r->a, r->target->apply, pool);

    if (err == NULL) {
        err = store_admin_run(NULL, r->a, release_claims, 2, values, pool);
    }
    return err != NULL ? err
                       : store_admin_run(NULL, r->a, apply_claims, 2, values,
                                         pool);
}

static scim_error *refold_type(store_refold *out, int *changed, int apply,
                               const scim_resource_type *type, store_admin *a,
                               apr_pool_t *pool)
{
    run r = { .type = type,
              .target = &targets[type->kind],
              .paths = store_claims_paths(type, pool),
              .a = a };
    scim_error *err = store_admin_script(
        a,
        "create temp table refold(org_id int, id uuid, key text collate \"C\","
        " display_name text, family_name text, folded jsonb, claims json,"
        " primary key (org_id, id)) on commit drop",
        pool);

    if (err == NULL) {
        err = look_at_all(&r, pool);
        *changed += r.changed;
        out->unclaimed += r.unclaimed;
    }
    if (err == NULL) {
        err = find_conflicts(out, &r, pool);
    }
    if (err == NULL && apply && out->conflicts->nelts == 0) {
        err = apply_changes(&r, pool);
    }
    return err != NULL ? err
                       : store_admin_script(a, "drop table refold", pool);
}

/* ---------------------------------------------------------------- refusals */

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

/* A JSON array of the schemas that the type's documents may hold below their
 * names. */
static const char *extensions_of(const scim_resource_type *type,
                                 apr_pool_t *pool)
{
    json_t *urns = scim_json_adopt(json_array(), pool);
    const scim_extension *extension = type->extensions;

    for (; extension->schema != NULL; extension++) {
        json_array_append_new(urns, json_string(extension->schema->id));
    }
    return scim_json_dump(urns, NULL, pool);
}

static const char *names_of(scim_resource_types types, apr_pool_t *pool)
{
    json_t *names = scim_json_adopt(json_array(), pool);

    for (; *types != NULL; types++) {
        json_array_append_new(names, json_string((*types)->name));
    }
    return scim_json_dump(names, NULL, pool);
}

/* Values that no file describes cannot be folded. */
static scim_error *refuse_extensions(const scim_resource_type *type,
                                     store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { extensions_of(type, pool), type->name };
    PGresult *found;
    scim_error *err = store_admin_run(
        &found, a,
        apr_pstrcat(pool, "select k from ", targets[type->kind].rows,
                    " cross join jsonb_object_keys(folded) k"
                    " where k like 'urn:%' and not $1::jsonb ? k and ",
                    type->kind == SCIM_KIND_OTHER ? "r.resource_type = $2"
                                                  : "$2::text <> ''",
                    " limit 1", NULL),
        2, values, pool);

    return err != NULL || PQntuples(found) == 0
               ? err
               : scim_error_make(
                     SCIM_UNAVAILABLE, pool,
                     "There are values of \"%s\" in the database, which this "
                     "%s cannot fold: name the schema's file (--schema FILE); "
                     "nothing was changed.",
                     store_admin_text(found, 0, 0, pool), type->name);
}

static scim_error *refuse_types(scim_resource_types types, store_admin *a,
                                apr_pool_t *pool)
{
    const char *names = names_of(types, pool);
    PGresult *found;
    scim_error *err = store_admin_run(&found, a,
                                      "select resource_type from scim.resources"
                                      " where not $1::jsonb ? resource_type"
                                      " limit 1",
                                      1, &names, pool);

    if (err == NULL && PQntuples(found) > 0) {
        err = scim_error_make(
            SCIM_UNAVAILABLE, pool,
            "There are resources of the type \"%s\" in the database: name "
            "its files (--schema FILE --resource-type FILE); nothing was "
            "changed.",
            store_admin_text(found, 0, 0, pool));
    }
    for (; err == NULL && *types != NULL; types++) {
        err = refuse_extensions(*types, a, pool);
    }
    return err;
}

/* --------------------------------------------------------------------- run */

static int *count_of(store_refold *out, const scim_resource_type *type)
{
    return type->kind == SCIM_KIND_USER    ? &out->users
           : type->kind == SCIM_KIND_GROUP ? &out->groups
                                           : &out->resources;
}

static scim_error *prepare(store_refold *out, int apply,
                           scim_resource_types types, store_admin *a,
                           apr_pool_t *pool)
{
    store_schema_state state;
    scim_error *err = store_admin_read_state(&state, a, pool);

    if (err == NULL) {
        out->from = state.fold_version;
        err = refuse_newer(state.fold_version, pool);
    }
    if (err == NULL && apply && state.fold_version != SCIM_FOLD_VERSION) {
        err = refuse_types(types, a, pool);
    }
    return err != NULL || !apply
               ? err
               : store_admin_script(a,
                                    "lock table scim.groups, scim.users,"
                                    " scim.resources, scim.unique_values"
                                    " in share row exclusive mode",
                                    pool);
}

/* Writers wait until the end, and no key changes unless all can. */
static scim_error *refold(store_refold *out, int apply,
                          scim_resource_types types, store_admin *a,
                          apr_pool_t *pool)
{
    scim_error *err = prepare(out, apply, types, a, pool);

    for (; err == NULL && *types != NULL; types++) {
        err = refold_type(out, count_of(out, *types), apply, *types, a, pool);
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

scim_error *store_refold_run(store_refold *out, int apply,
                             scim_resource_types types, store_admin *a,
                             apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    memset(out, 0, sizeof(*out));
    out->to = SCIM_FOLD_VERSION;
    out->conflicts = apr_array_make(pool, 4, sizeof(store_refold_conflict));
    if (err == NULL) {
        err = refold(out, apply, types, a, pool);
    }
    /* Users may have been done when a group met a conflict. */
    if (err == NULL && !out->applied) {
        return store_admin_script(a, "rollback", pool);
    }
    return store_admin_end(err, a, pool);
}
