#include <apr_escape.h>
#include <apr_strings.h>

#include "store/admin_connection.h"

/* The app's row is at hand as p. */
#define TOKEN                                                            \
    "jsonb_build_object('id', t.key_id, 'app_id', t.app_id,"             \
    " 'app', p.name, 'name', t.name, 'last_four', t.last_four,"          \
    " 'read_only', t.read_only, 'creator', t.creator,"                   \
    " 'created', " STORE_ADMIN_TIME("t.created") ","                     \
    " 'expires', " STORE_ADMIN_TIME("t.expires") ","                     \
    " 'revoked', " STORE_ADMIN_TIME("t.revoked") ","                     \
    " 'last_used', " STORE_ADMIN_TIME("t.last_used") ","                 \
    " 'last_address', t.last_address, 'replaced_by', t.replaced_by,"     \
    " 'test', t.test)"

#define FROM_TOKENS                                        \
    " from scim.tokens t join scim.apps p"                 \
    "   on p.org_id = t.org_id and p.app_id = t.app_id"    \
    " where t.org_id = $1"

static const char *number_text(apr_int64_t n, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, n);
}

scim_error *store_token_reserve(apr_int64_t *org_id, apr_int64_t *key_id,
                                store_admin *a, apr_pool_t *pool)
{
    PGresult *next;
    scim_error *err = store_admin_run(
        &next, a, "select nextval('scim.token_key')", 0, NULL, pool);

    if (err == NULL) {
        *org_id = a->org_id;
        *key_id = store_admin_number(next, 0, 0);
    }
    return err;
}

scim_error *store_token_list(json_t **out, store_slice *slice,
                             const json_t *given, store_admin *a,
                             apr_pool_t *pool)
{
    const char *app = store_admin_member(given, "app", pool);

    return store_admin_slice_numbered(
        out, slice, a,
        "select " TOKEN ", t.key_id" FROM_TOKENS
        " and ($4::int is null or t.app_id = $4::int) and not t.test"
        " and t.key_id > " STORE_ADMIN_AFTER " order by t.key_id"
        " limit $3::int",
        1, &app, pool);
}

scim_error *store_token_get(json_t **out, const char *id, store_admin *a,
                            apr_pool_t *pool)
{
    scim_error *err = store_admin_json(
        out, a,
        "select " TOKEN FROM_TOKENS " and t.key_id = $2::bigint", 1, &id,
        pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no token with key %s.",
                              id);
    }
    return err;
}

/* The row of a secret; what it copies from organization and app is what a check
 * asks. $6: days it lives; 0, for ever. */
#define INSERT                                                             \
    "insert into scim.tokens (org_id, key_id, app_id, app_live, strict,"   \
    "  whole_organization, passwords, slug, org_live, nested, hash,"       \
    "  last_four, name, expires, read_only, creator)"                      \
    " select p.org_id, $2::bigint, p.app_id, p.live, p.strict,"            \
    "  p.whole_organization, p.passwords, o.slug, o.live, o.nested,"       \
    "  $4::bytea, $5, coalesce($6, ''),"                                   \
    "  case when $7::float > 0 then now() + $7::float * interval '1 day'"  \
    "  end, coalesce($8::boolean, false), $9"                              \
    "  from scim.apps p join scim.organizations o on o.org_id = p.org_id"  \
    " where p.org_id = $1 and p.app_id = $3::int and p.uninstalled is null"

static scim_error *insert(json_t **out, const char *app, const char *name,
                          const char *days, const char *read_only,
                          const store_secret *secret, store_admin *a,
                          apr_pool_t *pool)
{
    const char *hex = apr_pescape_hex(pool, secret->hash, SCIM_SHA256_SIZE, 0);
    const char *values[] = { number_text(secret->key_id, pool),
                             app,
                             apr_pstrcat(pool, "\\x", hex, NULL),
                             secret->last_four,
                             name,
                             days,
                             read_only,
                             a->actor->name };
    scim_error *err = store_admin_ask(NULL, a, INSERT, 8, values, pool);

    return err != NULL ? err : store_token_get(out, values[0], a, pool);
}

scim_error *store_token_create(json_t **out, const store_secret *secret,
                               const json_t *given, store_admin *a,
                               apr_pool_t *pool)
{
    const char *app = store_admin_member(given, "app", pool);
    const char *name = store_admin_member(given, "name", pool);
    json_t *there;
    scim_error *err = store_app_get_installed(&there, app, a, pool);

    if (err == NULL) {
        err = insert(out, app, name,
                     store_admin_member(given, "expires_days", pool),
                     store_admin_member(given, "read_only", pool), secret, a,
                     pool);
    }
    if (err == NULL) {
        err = store_admin_note("token.create", name != NULL ? name : "", NULL,
                               *out, a, pool);
    }
    return err != NULL ? err : store_admin_add_tenant(*out, a, pool);
}

/* The same for minutes, to be used by whoever tests the connection: nobody's
 * contact (stale), and none that writes. */
#define INSERT_TEST                                                        \
    "insert into scim.tokens (org_id, key_id, app_id, app_live, strict,"   \
    "  whole_organization, passwords, slug, org_live, nested, hash,"       \
    "  last_four, name, expires, read_only, creator, test, stale)"         \
    " select p.org_id, $2::bigint, p.app_id, p.live, p.strict,"            \
    "  p.whole_organization, p.passwords, o.slug, o.live, o.nested,"       \
    "  $4::bytea, $5, 'Connection test', now() + interval '5 minutes',"    \
    "  true, $6, true, 'infinity'"                                         \
    "  from scim.apps p join scim.organizations o on o.org_id = p.org_id"  \
    " where p.org_id = $1 and p.app_id = $3::int and p.uninstalled is null"

#define FORGET_TESTS                                                       \
    "delete from scim.tokens t where t.org_id = $1 and t.test"             \
    " and t.expires < now()"

scim_error *store_token_test(json_t **out, const store_secret *secret,
                             const json_t *given, store_admin *a,
                             apr_pool_t *pool)
{
    const char *app = store_admin_member(given, "app", pool);
    const char *hex = apr_pescape_hex(pool, secret->hash, SCIM_SHA256_SIZE, 0);
    const char *values[] = { number_text(secret->key_id, pool), app,
                             apr_pstrcat(pool, "\\x", hex, NULL),
                             secret->last_four, a->actor->name };
    json_t *there;
    scim_error *err = store_app_get_installed(&there, app, a, pool);

    if (err == NULL) {
        err = store_admin_ask(NULL, a, FORGET_TESTS, 0, NULL, pool);
    }
    if (err == NULL) {
        err = store_admin_ask(NULL, a, INSERT_TEST, 5, values, pool);
    }
    if (err == NULL) {
        err = store_token_get(out, values[0], a, pool);
    }
    return err != NULL ? err
                       : store_admin_note("token.test",
                                          store_admin_member(there, "name",
                                                             pool),
                                          NULL, *out, a, pool);
}

/* A token that replaces others inherits their end: what waited for the old one
 * waits for the new one now. */
#define REPLACE                                                          \
    "update scim.tokens t set replaced_by = $3::bigint,"                 \
    " revoked = case when $4::boolean and t.key_id = $2::bigint"         \
    "  then now() end,"                                                  \
    " expires = least(t.expires, now() + interval '7 days')"             \
    " where t.org_id = $1 and t.revoked is null"                         \
    " and (t.key_id = $2::bigint or t.replaced_by = $2::bigint)"

/* The days that it was to live, in all. */
static scim_error *lifetime(const char **out, const char *id, store_admin *a,
                            apr_pool_t *pool)
{
    PGresult *row;
    scim_error *err = store_admin_ask(
        &row, a,
        "select coalesce(extract(epoch from t.expires - t.created) / 86400, 0)"
        " from scim.tokens t where t.org_id = $1 and t.key_id = $2::bigint",
        1, &id, pool);

    if (err == NULL) {
        *out = store_admin_text(row, 0, 0, pool);
    }
    return err;
}

static scim_error *check_rotatable(const json_t *token, apr_pool_t *pool)
{
    const char *next = store_admin_member(token, "replaced_by", pool);

    if (store_admin_member(token, "revoked", pool) != NULL) {
        return scim_error_make(SCIM_CONFLICT, pool,
                               "This token is revoked: make a new one.");
    }
    if (json_is_true(json_object_get(token, "test"))) {
        return scim_error_make(SCIM_CONFLICT, pool,
                               "This token is of a connection test, and ends "
                               "by itself.");
    }
    return next == NULL
               ? NULL
               : scim_error_make(SCIM_CONFLICT, pool,
                                 "This token has been replaced by the one with "
                                 "key %s: rotate that one.",
                                 next);
}

static scim_error *replace(json_t **out, const json_t *before,
                           const store_secret *secret, const json_t *given,
                           store_admin *a, apr_pool_t *pool)
{
    const char *id = store_admin_member(before, "id", pool);
    const char *app = store_admin_member(before, "app_id", pool);
    const char *values[]
        = { id, number_text(secret->key_id, pool),
            store_admin_member(given, "compromised", pool) };
    const char *days = store_admin_member(given, "expires_days", pool);
    json_t *there;
    scim_error *err = store_app_get_installed(&there, app, a, pool);

    if (err == NULL && days == NULL) {
        err = lifetime(&days, id, a, pool);
    }
    if (err == NULL) {
        err = insert(out, app, store_admin_member(before, "name", pool), days,
                     store_admin_member(before, "read_only", pool), secret, a,
                     pool);
    }
    return err != NULL ? err
                       : store_admin_ask(NULL, a, REPLACE, 3, values, pool);
}

/* The journal has the old token before and after; its `replaced_by` names the
 * new one. */
scim_error *store_token_rotate(json_t **out, const char *id,
                               const store_secret *secret, const json_t *given,
                               store_admin *a, apr_pool_t *pool)
{
    json_t *before, *after;
    scim_error *err = store_token_get(&before, id, a, pool);

    if (err == NULL) {
        err = check_rotatable(before, pool);
    }
    if (err == NULL) {
        err = replace(out, before, secret, given, a, pool);
    }
    if (err == NULL) {
        err = store_token_get(&after, id, a, pool);
    }
    if (err == NULL) {
        json_object_set(*out, "replaces", after);
        err = store_admin_note("token.rotate",
                               store_admin_member(before, "name", pool),
                               before, *out, a, pool);
    }
    return err != NULL ? err : store_admin_add_tenant(*out, a, pool);
}

scim_error *store_token_revoke(json_t **out, const char *id, store_admin *a,
                               apr_pool_t *pool)
{
    json_t *before;
    scim_error *err = store_token_get(&before, id, a, pool);

    *out = before;
    if (err != NULL || store_admin_member(before, "revoked", pool) != NULL) {
        return err; /* it stays revoked since then */
    }
    err = store_admin_ask(NULL, a,
                          "update scim.tokens set revoked = now()"
                          " where org_id = $1 and key_id = $2::bigint",
                          1, &id, pool);
    if (err == NULL) {
        err = store_token_get(out, id, a, pool);
    }
    return err != NULL ? err
                       : store_admin_note(
                             "token.revoke",
                             store_admin_member(before, "name", pool), before,
                             *out, a, pool);
}
