#include <string.h>

#include <apr_strings.h>

#include "store/admin_connection.h"
#include "store/uuid.h"

/* With the linked user, whose name is for people only: what links is the id. */
#define ACCOUNT                                                             \
    "jsonb_build_object('id', c.account_id, 'realm', c.realm,"              \
    " 'name', c.name, 'role', c.role, 'first', c.account_id = (select"      \
    "  o.owner from scim.organizations o where o.org_id = c.org_id),"       \
    " 'user_id', c.user_id, 'user_name', (select u.body::jsonb ->>"         \
    "  'userName' from scim.users u where u.org_id = c.org_id"              \
    "   and u.id = c.user_id), 'linked', " STORE_ADMIN_TIME("c.linked") "," \
    " 'created', " STORE_ADMIN_TIME("c.created") ", 'version', c.version)"

scim_error *store_account_list(json_t **out, store_slice *slice,
                               store_admin *a, apr_pool_t *pool)
{
    return store_admin_slice_numbered(
        out, slice, a,
        "select " ACCOUNT ", c.account_id from scim.accounts c"
        " where c.org_id = $1 and c.account_id > " STORE_ADMIN_AFTER
        " order by c.account_id limit $3::int",
        0, NULL, pool);
}

scim_error *store_account_get(json_t **out, const char *id, store_admin *a,
                              apr_pool_t *pool)
{
    scim_error *err = store_admin_json(
        out, a,
        "select " ACCOUNT " from scim.accounts c"
        " where c.org_id = $1 and c.account_id = $2::int",
        1, &id, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no account %s.", id);
    }
    return err;
}

/* `role` is what the entry gave, which may be more than the account's; and what
 * the linked user holds. */
scim_error *store_account_me(json_t **out, store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { a->actor->realm, a->actor->account, a->role };
    scim_error *err = store_admin_json(
        out, a,
        "select " ACCOUNT " || jsonb_build_object('role', $4::text,"
        " 'permissions', (select coalesce(jsonb_agg(jsonb_build_object("
        "   'organization_role', e.organization_role, 'stack', s.name,"
        "   'role', r.name) order by s.key, r.key), '[]')"
        "  from scim.user_permissions e"
        "  left join scim.stacks s"
        "    on s.org_id = e.org_id and s.stack_id = e.stack_id"
        "  left join scim.stack_roles r"
        "    on r.org_id = e.org_id and r.role_id = e.role_id"
        " where e.org_id = c.org_id and e.user_id = c.user_id))"
        " from scim.accounts c"
        " where c.org_id = $1 and c.realm = $2 and c.name = $3",
        3, values, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "Nobody with an account asks.");
    }
    return err;
}

/* "alice (default)" */
static const char *called(const json_t *account, apr_pool_t *pool)
{
    return apr_pstrcat(pool, store_admin_member(account, "name", pool), " (",
                       store_admin_member(account, "realm", pool), ")", NULL);
}

scim_error *store_account_create(json_t **out, const json_t *given,
                                 store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { NULL, store_admin_member(given, "realm", pool),
                             store_admin_member(given, "name", pool),
                             store_admin_member(given, "role", pool) };
    scim_error *err = store_admin_number_new(&values[0], a, pool);

    if (err == NULL) {
        err = store_admin_json(
            out, a,
            "insert into scim.accounts as c"
            " (org_id, account_id, realm, name, role)"
            " values ($1, $2, $3, $4, $5)"
            " on conflict (org_id, realm, name) do nothing returning " ACCOUNT,
            4, values, pool);
    }
    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_UNIQUENESS, pool,
                              "There is an account of \"%s\" already.",
                              scim_excerpt(values[2], pool));
    }
    return err != NULL ? err
                       : store_admin_note("account.create",
                                          called(*out, pool), NULL, *out, a,
                                          pool);
}

/* The constraint says the same at the commit; this one says it in words. */
static scim_error *leave_an_owner(const char *id, store_admin *a,
                                  apr_pool_t *pool)
{
    PGresult *row;
    scim_error *err = store_admin_ask(
        &row, a,
        "with other as (select min(account_id) as id from scim.accounts"
        "  where org_id = $1 and role = 'owner' and account_id <> $2::int),"
        " moved as (update scim.organizations o set owner = other.id"
        "  from other where o.org_id = $1 and o.owner = $2::int"
        "   and other.id is not null)"
        " select id from other",
        1, &id, pool);

    if (err != NULL || !PQgetisnull(row, 0, 0)) {
        return err;
    }
    return scim_error_make(SCIM_CONFLICT, pool,
                           "This is the last owner, and an organization "
                           "always has one: make somebody else an owner "
                           "first.");
}

static int is_owner(const json_t *account, apr_pool_t *pool)
{
    return strcmp(store_admin_member(account, "role", pool), "owner") == 0;
}

static scim_error *find(json_t **out, const char *id, const char *version,
                        store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_account_get(out, id, a, pool);

    return err != NULL ? err : store_admin_match(*out, version, pool);
}

/* Runs the statement and journals what it made of the account, if anything. */
static scim_error *alter(json_t **out, const char *action,
                         const json_t *before, const char *sql, int count,
                         const char *const *values, store_admin *a,
                         apr_pool_t *pool)
{
    scim_error *err = store_admin_ask(NULL, a, sql, count, values, pool);

    if (err == NULL) {
        err = store_account_get(out, values[0], a, pool);
    }
    return err != NULL || json_equal(before, *out)
               ? err
               : store_admin_note(action, called(*out, pool), before, *out, a,
                                  pool);
}

#define SET_ROLE                                                          \
    "update scim.accounts set role = $3, version = version + 1"           \
    " where org_id = $1 and account_id = $2::int and role <> $3"

scim_error *store_account_change(json_t **out, const char *id,
                                 const json_t *given, const char *version,
                                 store_admin *a, apr_pool_t *pool)
{
    const char *role = store_admin_member(given, "role", pool);
    const char *values[] = { id, role };
    json_t *before;
    scim_error *err = find(&before, id, version, a, pool);

    if (err == NULL && is_owner(before, pool) && strcmp(role, "owner") != 0) {
        err = leave_an_owner(id, a, pool);
    }
    return err != NULL ? err
                       : alter(out, "account.change", before, SET_ROLE, 2,
                               values, a, pool);
}

/* The first owner, who is to be an admin from now on. */
static scim_error *step_down(const char *id, store_admin *a, apr_pool_t *pool)
{
    PGresult *row;
    const char *values[] = { NULL, "admin" };
    json_t *before, *after;
    scim_error *err = store_admin_ask(
        &row, a,
        "update scim.organizations o set owner = $2::int from"
        " (select owner from scim.organizations where org_id = $1) was"
        " where o.org_id = $1 and o.owner <> $2::int returning was.owner",
        1, &id, pool);

    if (err != NULL || PQntuples(row) == 0) {
        return err;
    }
    values[0] = store_admin_text(row, 0, 0, pool);
    err = store_account_get(&before, values[0], a, pool);
    return err != NULL ? err
                       : alter(&after, "account.change", before, SET_ROLE, 2,
                               values, a, pool);
}

scim_error *store_account_transfer(json_t **out, const char *id,
                                   const char *version, store_admin *a,
                                   apr_pool_t *pool)
{
    const char *values[] = { id, "owner" };
    json_t *before, *made;
    scim_error *err = find(&before, id, version, a, pool);

    if (err == NULL) {
        err = store_admin_ask(NULL, a, SET_ROLE, 2, values, pool);
    }
    if (err == NULL) {
        err = step_down(id, a, pool);
    }
    if (err == NULL) {
        err = store_account_get(&made, id, a, pool);
    }
    if (err == NULL) {
        *out = made;
    }
    return err != NULL || json_equal(before, made)
               ? err
               : store_admin_note("account.transfer", called(made, pool),
                                  before, made, a, pool);
}

scim_error *store_account_remove(const char *id, const char *version,
                                 store_admin *a, apr_pool_t *pool)
{
    json_t *before;
    scim_error *err = find(&before, id, version, a, pool);

    if (err == NULL && is_owner(before, pool)) {
        err = leave_an_owner(id, a, pool);
    }
    if (err == NULL) {
        err = store_admin_ask(NULL, a,
                              "delete from scim.accounts"
                              " where org_id = $1 and account_id = $2::int",
                              1, &id, pool);
    }
    return err != NULL ? err
                       : store_admin_note("account.remove",
                                          called(before, pool), before, NULL,
                                          a, pool);
}

/* -------------------------------------------------------------------- links */

static scim_error *wrong_user(const char *user, apr_pool_t *pool)
{
    scim_error *err = scim_error_make(SCIM_INVALID_VALUE, pool,
                                      "\"user\" is no user of this "
                                      "organization: \"%s\".",
                                      scim_excerpt(user, pool));

    err->field = "user";
    return err;
}

/* A user is one person. */
static scim_error *check_user(const char *id, const char *user,
                              store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { id, user };
    PGresult *row;
    scim_error *err;

    if (!store_uuid_is(user)) {
        return wrong_user(user, pool);
    }
    err = store_admin_ask(
        &row, a,
        "select c.name from scim.users u left join scim.accounts c"
        "   on c.org_id = u.org_id and c.user_id = u.id"
        "  and c.account_id <> $2::int"
        " where u.org_id = $1 and u.id = $3::uuid for key share of u",
        2, values, pool);
    if (err != NULL) {
        return err;
    }
    if (PQntuples(row) == 0) {
        return wrong_user(user, pool);
    }
    return PQgetisnull(row, 0, 0)
               ? NULL
               : scim_error_make(SCIM_UNIQUENESS, pool,
                                 "This user is linked to the account of "
                                 "\"%s\" already.",
                                 scim_excerpt(PQgetvalue(row, 0, 0), pool));
}

scim_error *store_account_link(json_t **out, const char *id,
                               const json_t *given, const char *version,
                               store_admin *a, apr_pool_t *pool)
{
    const char *user = store_admin_member(given, "user", pool);
    const char *values[] = { id, user };
    json_t *before;
    scim_error *err = find(&before, id, version, a, pool);

    if (err == NULL) {
        err = check_user(id, user, a, pool);
    }
    return err != NULL
               ? err
               : alter(out, "account.link", before,
                       "update scim.accounts set user_id = $3::uuid,"
                       " linked = now(), version = version + 1"
                       " where org_id = $1 and account_id = $2::int"
                       " and user_id is distinct from $3::uuid",
                       2, values, a, pool);
}

scim_error *store_account_unlink(json_t **out, const char *id,
                                 const char *version, store_admin *a,
                                 apr_pool_t *pool)
{
    json_t *before;
    scim_error *err = find(&before, id, version, a, pool);

    return err != NULL
               ? err
               : alter(out, "account.unlink", before,
                       "update scim.accounts set user_id = null,"
                       " linked = null, version = version + 1"
                       " where org_id = $1 and account_id = $2::int"
                       " and user_id is not null",
                       1, &id, a, pool);
}
