#include <apr_escape.h>
#include <apr_strings.h>

#include "store/admin_connection.h"

#define AS_JSON                                                       \
    "jsonb_build_object('key', t.key_id, 'app', t.app_id,"            \
    " 'name', t.name, 'read_only', t.read_only, 'expires', t.expires," \
    " 'revoked', t.revoked)"

static const char *number_text(apr_int64_t n, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, n);
}

static scim_error *reserve(apr_int64_t *org_id, apr_int64_t *key_id,
                           const char *slug, int app_id, store_admin *a,
                           apr_pool_t *pool)
{
    store_act act = { 0 };
    PGresult *next;
    scim_error *err = store_admin_app(&act, slug, app_id, a, pool);

    if (err == NULL) {
        err = store_admin_run(&next, a, "select nextval('scim.token_key')", 0,
                              NULL, pool);
    }
    if (err == NULL) {
        *org_id = act.org_id;
        *key_id = store_admin_number(next, 0, 0);
    }
    return err;
}

scim_error *store_token_reserve(apr_int64_t *org_id, apr_int64_t *key_id,
                                const char *slug, int app_id, store_admin *a,
                                apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = reserve(org_id, key_id, slug, app_id, a, pool);
    }
    return store_admin_end(err, a, pool);
}

#define TOKEN_COLUMNS                                              \
    "t.key_id, t.app_id, p.name, t.name, t.last_four, t.read_only," \
    " t.creator, " STORE_ADMIN_TIME("t.created") ","               \
    " " STORE_ADMIN_TIME("t.expires") ","                          \
    " " STORE_ADMIN_TIME("t.revoked") ","                          \
    " " STORE_ADMIN_TIME("t.last_used") ", t.last_address"

static void read_token(store_token *out, const PGresult *rows, int row,
                       apr_pool_t *pool)
{
    out->key_id = store_admin_number(rows, row, 0);
    out->app_id = (int)store_admin_number(rows, row, 1);
    out->app = store_admin_text(rows, row, 2, pool);
    out->name = store_admin_text(rows, row, 3, pool);
    out->last_four = store_admin_text(rows, row, 4, pool);
    out->read_only = store_admin_is_true(rows, row, 5);
    out->creator = store_admin_text(rows, row, 6, pool);
    out->created = store_admin_text(rows, row, 7, pool);
    out->expires = store_admin_text(rows, row, 8, pool);
    out->revoked = store_admin_text(rows, row, 9, pool);
    out->last_used = store_admin_text(rows, row, 10, pool);
    out->last_address = store_admin_text(rows, row, 11, pool);
}

/* values: org_id, key_id, app_id, hash, last_four, name, days, read_only,
 * creator. The app may have been uninstalled since the key was reserved; its
 * row is locked here until the token's is there. */
static scim_error *insert(store_token *out, const char *const *values,
                          const store_actor *actor, store_admin *a,
                          apr_pool_t *pool)
{
    store_act act = { .action = "token.create" };
    PGresult *made;
    scim_error *err = store_admin_run(
        &made, a,
        "with p as (select a.org_id, a.app_id, a.name, a.live, a.strict,"
        "   a.whole_organization, a.passwords, o.slug, o.live as org_live,"
        "   o.nested"
        "  from scim.apps a join scim.organizations o on o.org_id = a.org_id"
        "  where a.org_id = $1 and a.app_id = $3 and a.uninstalled is null"
        "  for share),"
        " t as (insert into scim.tokens (org_id, key_id, app_id, app_live,"
        "  strict, whole_organization, passwords, slug, org_live, nested, hash,"
        "  last_four, name, expires, read_only, creator)"
        "  select org_id, $2, app_id, live, strict, whole_organization,"
        "   passwords, slug, org_live, nested, $4, $5, $6,"
        "   case when $7::int > 0 then now() + $7::int * interval '1 day' end,"
        "   $8, $9 from p returning *)"
        " select " TOKEN_COLUMNS ", t.org_id, " AS_JSON " from t, p",
        9, values, pool);

    if (err != NULL) {
        return err;
    }
    if (PQntuples(made) == 0) {
        return scim_error_make(SCIM_NOT_FOUND, pool,
                               "App %s is not installed any more.",
                               values[2]);
    }
    read_token(out, made, 0, pool);
    act.org_id = store_admin_number(made, 0, 12);
    act.name = out->name;
    act.after = PQgetvalue(made, 0, 13);
    return store_admin_journal(&act, actor, a, pool);
}

scim_error *store_token_insert(store_token *out, apr_int64_t org_id,
                               apr_int64_t key_id, int app_id,
                               const unsigned char hash[SCIM_SHA256_SIZE],
                               const char *last_four, const char *name,
                               int expires_days, int read_only,
                               const store_actor *actor, store_admin *a,
                               apr_pool_t *pool)
{
    const char *hex = apr_pescape_hex(pool, hash, SCIM_SHA256_SIZE, 0);
    const char *values[] = { number_text(org_id, pool),
                             number_text(key_id, pool),
                             number_text(app_id, pool),
                             apr_pstrcat(pool, "\\x", hex, NULL),
                             last_four,
                             name,
                             number_text(expires_days, pool),
                             read_only ? "t" : "f",
                             actor->name };
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = insert(out, values, actor, a, pool);
    }
    return store_admin_end(err, a, pool);
}

static scim_error *list(apr_array_header_t **out, const char *slug,
                        store_admin *a, apr_pool_t *pool)
{
    apr_int64_t org_id;
    const char *id;
    PGresult *rows;
    int i;
    scim_error *err = store_admin_organization_id(&org_id, slug, a, pool);

    if (err != NULL) {
        return err;
    }
    id = number_text(org_id, pool);
    err = store_admin_run(&rows, a,
                          "select " TOKEN_COLUMNS
                          " from scim.tokens t join scim.apps p"
                          "   on p.org_id = t.org_id and p.app_id = t.app_id"
                          " where t.org_id = $1 order by t.key_id",
                          1, &id, pool);
    if (err != NULL) {
        return err;
    }
    *out = apr_array_make(pool, PQntuples(rows), sizeof(store_token *));
    for (i = 0; i < PQntuples(rows); i++) {
        store_token *one = apr_pcalloc(pool, sizeof(*one));

        read_token(one, rows, i, pool);
        APR_ARRAY_PUSH(*out, store_token *) = one;
    }
    return NULL;
}

scim_error *store_token_list(apr_array_header_t **out, const char *slug,
                             store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = list(out, slug, a, pool);
    }
    return store_admin_end(err, a, pool);
}

static scim_error *find_token(PGresult **out, const char *const *values,
                              const char *slug, store_admin *a,
                              apr_pool_t *pool)
{
    scim_error *err = store_admin_run(
        out, a,
        "select t.name, " AS_JSON " from scim.tokens t"
        " where t.org_id = $1 and t.key_id = $2 for no key update",
        2, values, pool);

    if (err == NULL && PQntuples(*out) == 0) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization \"%s\" has no token with key "
                              "%s: scimctl token list --organization %s shows "
                              "them.",
                              slug, values[1], slug);
    }
    return err;
}

static scim_error *end_token(const char *slug, apr_int64_t key_id,
                             const store_actor *actor, store_admin *a,
                             apr_pool_t *pool)
{
    store_act act = { .action = "token.revoke" };
    const char *values[2];
    PGresult *before, *after;
    scim_error *err = store_admin_organization_id(&act.org_id, slug, a, pool);

    if (err != NULL) {
        return err;
    }
    values[0] = number_text(act.org_id, pool);
    values[1] = number_text(key_id, pool);
    err = find_token(&before, values, slug, a, pool);
    if (err == NULL) {
        err = store_admin_run(
            &after, a,
            "update scim.tokens t set revoked = now() where t.org_id = $1"
            " and t.key_id = $2 and t.revoked is null returning " AS_JSON,
            2, values, pool);
    }
    if (err != NULL || PQntuples(after) == 0) {
        return err; /* revoked already: it stays revoked since then */
    }
    act.name = PQgetvalue(before, 0, 0);
    act.before = PQgetvalue(before, 0, 1);
    act.after = PQgetvalue(after, 0, 0);
    return store_admin_journal(&act, actor, a, pool);
}

scim_error *store_token_revoke(const char *slug, apr_int64_t key_id,
                               const store_actor *actor, store_admin *a,
                               apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = end_token(slug, key_id, actor, a, pool);
    }
    return store_admin_end(err, a, pool);
}
