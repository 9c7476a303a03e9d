#include <apr_strings.h>

#include "store/admin_connection.h"

#define AS_JSON                                                          \
    "jsonb_build_object('app', p.app_id, 'kind', p.kind, 'name', p.name," \
    " 'whole_organization', p.whole_organization, 'strict', p.strict,"      \
    " 'passwords', p.passwords)"

static const char *number_text(apr_int64_t n, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, n);
}

/* The organization's row is locked, so that no other app takes this number. */
static scim_error *install(store_app *out, const char *slug,
                           const store_app *wanted, const store_actor *actor,
                           store_admin *a, apr_pool_t *pool)
{
    store_act act = { .action = "app.install", .name = wanted->name };
    PGresult *made;
    const char *values[6] = { NULL, wanted->kind, wanted->name,
                              wanted->whole_organization ? "t" : "f",
                              wanted->strict ? "t" : "f",
                              wanted->passwords ? "t" : "f" };
    scim_error *err = store_admin_organization_id(&act.org_id, slug, a, pool);

    if (err != NULL) {
        return err;
    }
    values[0] = number_text(act.org_id, pool);
    err = store_admin_run(
        &made, a,
        "insert into scim.apps as p"
        " (org_id, app_id, kind, name, whole_organization, strict, passwords)"
        " select $1, 1 + coalesce(max(app_id), 0), $2, $3, $4, $5, $6"
        "   from scim.apps where org_id = $1"
        " returning p.app_id, " STORE_ADMIN_TIME("p.created") ", " AS_JSON,
        6, values, pool);
    if (err != NULL) {
        return err;
    }
    *out = *wanted;
    out->app_id = (int)store_admin_number(made, 0, 0);
    out->created = store_admin_text(made, 0, 1, pool);
    act.after = PQgetvalue(made, 0, 2);
    return store_admin_journal(&act, actor, a, pool);
}

scim_error *store_app_install(store_app *out, const char *slug,
                              const char *kind, const char *name,
                              int whole_organization, int strict,
                              int passwords, const store_actor *actor,
                              store_admin *a, apr_pool_t *pool)
{
    store_app wanted = { .kind = kind,
                         .name = name,
                         .whole_organization = whole_organization,
                         .strict = strict,
                         .passwords = passwords };
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = install(out, slug, &wanted, actor, a, pool);
    }
    return store_admin_end(err, a, pool);
}

static store_app *read_app(const PGresult *rows, int row, apr_pool_t *pool)
{
    store_app *app = apr_pcalloc(pool, sizeof(*app));

    app->app_id = (int)store_admin_number(rows, row, 0);
    app->kind = store_admin_text(rows, row, 1, pool);
    app->name = store_admin_text(rows, row, 2, pool);
    app->whole_organization = store_admin_is_true(rows, row, 3);
    app->strict = store_admin_is_true(rows, row, 4);
    app->created = store_admin_text(rows, row, 5, pool);
    app->uninstalled = store_admin_text(rows, row, 6, pool);
    app->tokens = store_admin_number(rows, row, 7);
    app->passwords = store_admin_is_true(rows, row, 8);
    return app;
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
    err = store_admin_run(
        &rows, a,
        "select p.app_id, p.kind, p.name, p.whole_organization, p.strict,"
        " " STORE_ADMIN_TIME("p.created") ","
        " " STORE_ADMIN_TIME("p.uninstalled") ","
        " (select count(*) from scim.tokens t where t.org_id = p.org_id"
        "   and t.app_id = p.app_id and t.revoked is null"
        "   and (t.expires is null or t.expires > now())), p.passwords"
        " from scim.apps p where p.org_id = $1 order by p.app_id",
        1, &id, pool);
    if (err != NULL) {
        return err;
    }
    *out = apr_array_make(pool, PQntuples(rows), sizeof(store_app *));
    for (i = 0; i < PQntuples(rows); i++) {
        APR_ARRAY_PUSH(*out, store_app *) = read_app(rows, i, pool);
    }
    return NULL;
}

scim_error *store_app_list(apr_array_header_t **out, const char *slug,
                           store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = list(out, slug, a, pool);
    }
    return store_admin_end(err, a, pool);
}

scim_error *store_admin_app(store_act *act, const char *slug, int app_id,
                            store_admin *a, apr_pool_t *pool)
{
    const char *values[2];
    PGresult *found;
    scim_error *err = store_admin_organization_id(&act->org_id, slug, a, pool);

    if (err != NULL) {
        return err;
    }
    values[0] = number_text(act->org_id, pool);
    values[1] = number_text(app_id, pool);
    err = store_admin_run(&found, a,
                          "select p.name, " AS_JSON " from scim.apps p"
                          " where p.org_id = $1 and p.app_id = $2"
                          " and p.uninstalled is null for no key update",
                          2, values, pool);
    if (err != NULL) {
        return err;
    }
    if (PQntuples(found) == 0) {
        return scim_error_make(SCIM_NOT_FOUND, pool,
                               "The organization \"%s\" has no app %d: "
                               "scimctl app list --organization %s shows those "
                               "that are installed.",
                               slug, app_id, slug);
    }
    act->name = store_admin_text(found, 0, 0, pool);
    act->before = store_admin_text(found, 0, 1, pool);
    return NULL;
}

static scim_error *uninstall(const char *slug, int app_id,
                             const store_actor *actor, store_admin *a,
                             apr_pool_t *pool)
{
    store_act act = { .action = "app.uninstall" };
    const char *values[2];
    PGresult *gone;
    scim_error *err = store_admin_app(&act, slug, app_id, a, pool);

    if (err != NULL) {
        return err;
    }
    values[0] = number_text(act.org_id, pool);
    values[1] = number_text(app_id, pool);
    err = store_admin_run(
        &gone, a,
        "with r as (update scim.tokens set revoked = now()"
        "  where org_id = $1 and app_id = $2 and revoked is null"
        "  returning key_id),"
        " u as (update scim.apps set uninstalled = now()"
        "  where org_id = $1 and app_id = $2)"
        " select jsonb_build_object('revoked_tokens',"
        "  coalesce((select jsonb_agg(key_id order by key_id) from r), '[]'))",
        2, values, pool);
    if (err != NULL) {
        return err;
    }
    act.after = PQgetvalue(gone, 0, 0);
    return store_admin_journal(&act, actor, a, pool);
}

scim_error *store_app_uninstall(const char *slug, int app_id,
                                const store_actor *actor, store_admin *a,
                                apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = uninstall(slug, app_id, actor, a, pool);
    }
    return store_admin_end(err, a, pool);
}

/* NULL leaves a column as it is. */
static const char *change_text(int property)
{
    return property < 0 ? NULL : property ? "t" : "f";
}

static scim_error *change(const char *slug, int app_id, int whole_organization,
                          int strict, int passwords, const store_actor *actor,
                          store_admin *a, apr_pool_t *pool)
{
    store_act act = { .action = "app.change" };
    const char *values[5];
    PGresult *after;
    scim_error *err = store_admin_app(&act, slug, app_id, a, pool);

    if (err != NULL) {
        return err;
    }
    values[0] = number_text(act.org_id, pool);
    values[1] = number_text(app_id, pool);
    values[2] = change_text(whole_organization);
    values[3] = change_text(strict);
    values[4] = change_text(passwords);
    err = store_admin_run(
        &after, a,
        "update scim.apps p set"
        " whole_organization = coalesce($3::boolean, whole_organization),"
        " strict = coalesce($4::boolean, strict),"
        " passwords = coalesce($5::boolean, passwords)"
        " where p.org_id = $1 and p.app_id = $2 and (whole_organization,"
        "  strict, passwords) is distinct from (coalesce($3::boolean,"
        "  whole_organization), coalesce($4::boolean, strict),"
        "  coalesce($5::boolean, passwords))"
        " returning " AS_JSON,
        5, values, pool);
    if (err != NULL || PQntuples(after) == 0) {
        return err;
    }
    act.after = PQgetvalue(after, 0, 0);
    return store_admin_journal(&act, actor, a, pool);
}

scim_error *store_app_change(const char *slug, int app_id,
                             int whole_organization, int strict, int passwords,
                             const store_actor *actor, store_admin *a,
                             apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = change(slug, app_id, whole_organization, strict, passwords,
                     actor, a, pool);
    }
    return store_admin_end(err, a, pool);
}
