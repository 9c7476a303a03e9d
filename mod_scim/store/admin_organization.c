#include <apr_strings.h>

#include "store/admin_connection.h"

/* What the journal says of an organization's row. */
#define AS_JSON                                                \
    "jsonb_build_object('slug', o.slug, 'name', o.name,"       \
    " 'scim', o.scim_on, 'suspended', o.suspended)"

#define SELECT_ORGANIZATIONS                                              \
    "select o.org_id, o.slug, o.name, c.name, c.realm, o.scim_on,"        \
    " o.suspended, " STORE_ADMIN_TIME("o.created") ","                    \
    " (select count(*) from scim.users u where u.org_id = o.org_id),"     \
    " (select count(*) from scim.groups g where g.org_id = o.org_id),"    \
    " (select count(*) from scim.apps p where p.org_id = o.org_id"        \
    "   and p.uninstalled is null)"                                       \
    " from scim.organizations o join scim.accounts c"                     \
    "   on c.org_id = o.org_id and c.account_id = o.owner"

static void read_organization(store_organization *out, const PGresult *rows,
                              int row, apr_pool_t *pool)
{
    out->org_id = store_admin_number(rows, row, 0);
    out->slug = store_admin_text(rows, row, 1, pool);
    out->name = store_admin_text(rows, row, 2, pool);
    out->owner = store_admin_text(rows, row, 3, pool);
    out->realm = store_admin_text(rows, row, 4, pool);
    out->scim_on = store_admin_is_true(rows, row, 5);
    out->suspended = store_admin_is_true(rows, row, 6);
    out->created = store_admin_text(rows, row, 7, pool);
    out->users = store_admin_number(rows, row, 8);
    out->groups = store_admin_number(rows, row, 9);
    out->apps = store_admin_number(rows, row, 10);
}

/* Both rows at once: each refers to the other, until the commit. `on conflict`
 * finds a taken slug also where another transaction is just taking it. */
static scim_error *insert_organization(PGresult **made,
                                       const store_organization *wanted,
                                       store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { wanted->slug, wanted->name, wanted->owner,
                             wanted->realm, wanted->scim_on ? "t" : "f" };
    scim_error *err = store_admin_run(
        made, a,
        "with o as (insert into scim.organizations"
        "  (slug, name, owner, scim_on) values ($1, $2, 1, $5)"
        "  on conflict (slug) do nothing returning *),"
        " c as (insert into scim.accounts"
        "  (org_id, account_id, realm, name, role)"
        "  select org_id, 1, $4, $3, 'owner' from o returning *)"
        " select o.org_id, " AS_JSON " || jsonb_build_object("
        "   'owner', c.name, 'realm', c.realm),"
        " " STORE_ADMIN_TIME("o.created") " from o, c",
        5, values, pool);

    if (err == NULL && PQntuples(*made) == 0) {
        err = scim_error_make(SCIM_UNIQUENESS, pool,
                              "The slug \"%s\" is taken; a slug is never given "
                              "away again. Choose another one.",
                              wanted->slug);
    }
    return err;
}

static scim_error *create(store_organization *out,
                          const store_organization *wanted,
                          const store_actor *actor, store_admin *a,
                          apr_pool_t *pool)
{
    store_act act = { .action = "organization.create", .name = wanted->slug };
    const char *id;
    PGresult *made;
    scim_error *err = insert_organization(&made, wanted, a, pool);

    if (err != NULL) {
        return err;
    }
    *out = *wanted;
    out->org_id = act.org_id = store_admin_number(made, 0, 0);
    out->created = store_admin_text(made, 0, 2, pool);
    out->suspended = 0;
    out->users = out->groups = out->apps = 0;
    act.after = PQgetvalue(made, 0, 1);
    id = store_admin_text(made, 0, 0, pool);
    err = store_admin_run(NULL, a, "select scim.seed_roles($1)", 1, &id, pool);
    return err != NULL ? err : store_admin_journal(&act, actor, a, pool);
}

scim_error *store_organization_create(store_organization *out,
                                      const store_organization *wanted,
                                      const store_actor *actor, store_admin *a,
                                      apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = create(out, wanted, actor, a, pool);
    }
    return store_admin_end(err, a, pool);
}

static scim_error *list(apr_array_header_t **out, const char *slug,
                        store_admin *a, apr_pool_t *pool)
{
    PGresult *rows;
    apr_int64_t org_id;
    int i;
    scim_error *err = NULL;

    if (slug != NULL) {
        err = store_admin_organization_id(&org_id, slug, a, pool);
    }
    if (err == NULL) {
        err = store_admin_run(&rows, a,
                              SELECT_ORGANIZATIONS
                              " where o.slug = $1 or $1::text is null"
                              " order by o.slug",
                              1, &slug, pool);
    }
    if (err != NULL) {
        return err;
    }
    *out = apr_array_make(pool, PQntuples(rows), sizeof(store_organization *));
    for (i = 0; i < PQntuples(rows); i++) {
        store_organization *one = apr_pcalloc(pool, sizeof(*one));

        read_organization(one, rows, i, pool);
        APR_ARRAY_PUSH(*out, store_organization *) = one;
    }
    return NULL;
}

scim_error *store_organization_list(apr_array_header_t **out, const char *slug,
                                    store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = list(out, slug, a, pool);
    }
    return store_admin_end(err, a, pool);
}

/* clang-format off */
static const struct {
    const char *action;
    const char *sql; /* no row: it was so already */
} switches[] = {
    [STORE_SWITCH_SCIM_ON] = { "organization.enable",
        "update scim.organizations o set scim_on = true"
        " where o.org_id = $1 and not o.scim_on" },
    [STORE_SWITCH_SCIM_OFF] = { "organization.disable",
        "update scim.organizations o set scim_on = false"
        " where o.org_id = $1 and o.scim_on" },
    [STORE_SWITCH_SUSPEND] = { "organization.suspend",
        "update scim.organizations o set suspended = true"
        " where o.org_id = $1 and not o.suspended" },
    [STORE_SWITCH_RESUME] = { "organization.resume",
        "update scim.organizations o set suspended = false"
        " where o.org_id = $1 and o.suspended" },
};
/* clang-format on */

static scim_error *turn(const char *slug, store_switch to,
                        const store_actor *actor, store_admin *a,
                        apr_pool_t *pool)
{
    store_act act = { .action = switches[to].action, .name = slug };
    const char *id;
    PGresult *before, *after;
    scim_error *err = store_admin_organization_id(&act.org_id, slug, a, pool);

    if (err != NULL) {
        return err;
    }
    id = apr_psprintf(pool, "%" APR_INT64_T_FMT, act.org_id);
    err = store_admin_run(&before, a,
                          "select " AS_JSON
                          " from scim.organizations o where o.org_id = $1",
                          1, &id, pool);
    if (err == NULL) {
        err = store_admin_run(&after, a,
                              apr_pstrcat(pool, switches[to].sql,
                                          " returning " AS_JSON, NULL),
                              1, &id, pool);
    }
    if (err != NULL || PQntuples(after) == 0) {
        return err;
    }
    act.before = PQgetvalue(before, 0, 0);
    act.after = PQgetvalue(after, 0, 0);
    return store_admin_journal(&act, actor, a, pool);
}

scim_error *store_organization_switch(const char *slug, store_switch to,
                                      const store_actor *actor, store_admin *a,
                                      apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = turn(slug, to, actor, a, pool);
    }
    return store_admin_end(err, a, pool);
}
