#include <string.h>

#include <apr_strings.h>

#include "store/admin_connection.h"

/* What the journal says of an organization's row. */
#define ROW                                                        \
    "jsonb_build_object('id', o.org_id, 'slug', o.slug,"           \
    " 'name', o.name, 'scim', o.scim_on, 'suspended', o.suspended," \
    " 'members_by_default', o.members_by_default,"                 \
    " 'mapped_admins', o.mapped_admins, 'version', o.version)"

/* What is shown of it. */
#define ORGANIZATION                                                      \
    ROW " || (select jsonb_build_object('owner', c.name, 'realm', c.realm)" \
    "  from scim.accounts c where c.org_id = o.org_id"                    \
    "   and c.account_id = o.owner) || jsonb_build_object("               \
    " 'created', " STORE_ADMIN_TIME("o.created") ","                      \
    " 'users', (select count(*) from scim.users u"                        \
    "  where u.org_id = o.org_id),"                                       \
    " 'groups', (select count(*) from scim.groups g"                      \
    "  where g.org_id = o.org_id),"                                       \
    " 'apps', (select count(*) from scim.apps p"                          \
    "  where p.org_id = o.org_id and p.uninstalled is null))"

/* scimctl's: all of them. $1 is nothing here, but takes a type. */
#define LIST_ALL                                                 \
    "select " ORGANIZATION ", o.slug from scim.organizations o"  \
    " where $1::int is null and o.deleted is null"               \
    " and ($2::text is null or o.slug > $2)"                     \
    " order by o.slug limit $3::int"

#define LIST_OF_ACCOUNT                                            \
    "select jsonb_build_object('slug', slug, 'name', name,"        \
    " 'role', role), slug from scim.admin_organizations($4, $5)"   \
    " where $1::int is null and ($2::text is null or slug > $2)"   \
    " order by slug limit $3::int"

scim_error *store_organization_list(json_t **out, store_slice *slice,
                                    store_admin *a, apr_pool_t *pool)
{
    const char *account[] = { a->actor->realm, a->actor->account };

    return a->conn != NULL
               ? store_admin_slice(out, slice, a, LIST_ALL, 0, NULL, pool)
               : store_admin_slice(out, slice, a, LIST_OF_ACCOUNT, 2, account,
                                   pool);
}

scim_error *store_organization_get(json_t **out, store_admin *a,
                                   apr_pool_t *pool)
{
    scim_error *err = store_admin_json(
        out, a,
        "select " ORGANIZATION
        " from scim.organizations o where o.org_id = $1",
        0, NULL, pool);

    /* What the account that asks is here. */
    if (err == NULL && a->role != NULL) {
        json_object_set_new(*out, "role", json_string(a->role));
    }
    return err;
}

/* Both rows at once: each refers to the other, until the commit. `on conflict`
 * finds a taken slug also where another transaction is just taking it. */
static scim_error *insert_organization(const json_t *given, store_admin *a,
                                       apr_pool_t *pool)
{
    const char *slug = store_admin_member(given, "slug", pool);
    const char *values[] = {
        slug,
        store_admin_member(given, "name", pool),
        store_admin_member(given, "owner", pool),
        store_admin_member(given, "realm", pool),
        store_admin_member(given, "scim", pool),
        store_admin_member(given, "members_by_default", pool),
        store_admin_member(given, "mapped_admins", pool),
    };
    PGresult *made;
    scim_error *err = store_admin_run(
        &made, a,
        "with o as (insert into scim.organizations"
        "  (slug, name, owner, scim_on, members_by_default, mapped_admins)"
        "  values ($1, $2, 1, coalesce($5::boolean, false),"
        "   coalesce($6::boolean, true), coalesce($7::boolean, false))"
        "  on conflict (slug) do nothing returning *),"
        " c as (insert into scim.accounts"
        "  (org_id, account_id, realm, name, role)"
        "  select org_id, 1, $4, $3, 'owner' from o)"
        " select o.org_id from o",
        7, values, pool);

    if (err == NULL && PQntuples(made) == 0) {
        err = scim_error_make(SCIM_UNIQUENESS, pool,
                              "The slug \"%s\" is taken; a slug is never given "
                              "away again. Choose another one.",
                              slug);
    }
    if (err == NULL) {
        a->org_id = store_admin_number(made, 0, 0);
        a->org = store_admin_text(made, 0, 0, pool);
    }
    return err;
}

scim_error *store_organization_create(json_t **out, const json_t *given,
                                      store_admin *a, apr_pool_t *pool)
{
    scim_error *err = insert_organization(given, a, pool);

    if (err == NULL) {
        err = store_admin_ask(NULL, a, "select scim.seed_roles($1)", 0, NULL,
                              pool);
    }
    if (err == NULL) {
        err = store_organization_get(out, a, pool);
    }
    return err != NULL
               ? err
               : store_admin_note("organization.create",
                                  store_admin_member(given, "slug", pool),
                                  NULL, *out, a, pool);
}

/* Journals what `sql` made of the row (before it: `before`), if anything, and
 * shows the organization. */
static scim_error *alter(json_t **out, const char *action, const char *version,
                         const char *sql, int count,
                         const char *const *values, store_admin *a,
                         apr_pool_t *pool)
{
    json_t *before, *after;
    scim_error *err = store_admin_json(
        &before, a,
        "select " ROW " from scim.organizations o where o.org_id = $1", 0,
        NULL, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err == NULL) {
        err = store_admin_json(&after, a,
                               apr_pstrcat(pool, sql, " returning " ROW, NULL),
                               count, values, pool);
    }
    if (err == NULL && after != NULL) {
        err = store_admin_note(action, store_admin_member(before, "slug", pool),
                               before, after, a, pool);
    }
    return err != NULL ? err : store_organization_get(out, a, pool);
}

/* Who is a member anyway holds nothing by the mapped role member: nothing else
 * changes, and for nobody else. */
static scim_error *refresh(const json_t *organization, store_admin *a,
                           apr_pool_t *pool)
{
    PGresult *groups;
    scim_error *err = store_admin_ask(
        &groups, a,
        "select coalesce(array_agg(group_id), '{}') from scim.group_mappings"
        " where org_id = $1 and organization_role is not null",
        0, NULL, pool);

    return err != NULL ? err
                       : store_permissions_refresh_groups(
                             store_admin_text(groups, 0, 0, pool), "{-1,-2}",
                             "organization",
                             json_object_get(organization, "id"),
                             store_admin_member(organization, "slug", pool), a,
                             pool);
}

scim_error *store_organization_change(json_t **out, const json_t *given,
                                      const char *version, store_admin *a,
                                      apr_pool_t *pool)
{
    scim_error *err;
    const char *values[] = {
        store_admin_member(given, "name", pool),
        store_admin_member(given, "members_by_default", pool),
        store_admin_member(given, "mapped_admins", pool),
    };

    err = alter(
        out, "organization.change", version,
        "update scim.organizations o set name = coalesce($2, o.name),"
        " members_by_default = coalesce($3::boolean, o.members_by_default),"
        " mapped_admins = coalesce($4::boolean, o.mapped_admins),"
        " version = o.version + 1"
        " where o.org_id = $1 and (o.name, o.members_by_default,"
        "  o.mapped_admins) is distinct from (coalesce($2, o.name),"
        "  coalesce($3::boolean, o.members_by_default),"
        "  coalesce($4::boolean, o.mapped_admins))",
        3, values, a, pool);
    return err != NULL || values[1] == NULL ? err : refresh(*out, a, pool);
}

/* clang-format off */
static const struct {
    const char *action;
    const char *sql; /* no row: it was so already */
} switches[] = {
    [STORE_SWITCH_SCIM_ON] = { "organization.enable",
        "update scim.organizations o set scim_on = true,"
        " version = o.version + 1 where o.org_id = $1 and not o.scim_on" },
    [STORE_SWITCH_SCIM_OFF] = { "organization.disable",
        "update scim.organizations o set scim_on = false,"
        " version = o.version + 1 where o.org_id = $1 and o.scim_on" },
    [STORE_SWITCH_SUSPEND] = { "organization.suspend",
        "update scim.organizations o set suspended = true,"
        " version = o.version + 1 where o.org_id = $1 and not o.suspended" },
    [STORE_SWITCH_RESUME] = { "organization.resume",
        "update scim.organizations o set suspended = false,"
        " version = o.version + 1 where o.org_id = $1 and o.suspended" },
};
/* clang-format on */

scim_error *store_organization_switch(json_t **out, store_switch to,
                                      store_admin *a, apr_pool_t *pool)
{
    return alter(out, switches[to].action, NULL, switches[to].sql, 0, NULL, a,
                 pool);
}

/* The journal goes with the next store_journal_maintain(). */
scim_error *store_organization_delete(json_t **out, const char *version,
                                      store_admin *a, apr_pool_t *pool)
{
    json_t *before;
    scim_error *err = store_organization_get(&before, a, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    /* Whoever writes for a token ends first. */
    if (err == NULL) {
        err = store_permissions_lock(a, pool);
    }
    if (err == NULL) {
        err = store_admin_json(out, a, "select scim.organization_erase($1)", 0,
                               NULL, pool);
    }
    return err != NULL
               ? err
               : store_admin_note("organization.delete",
                                  store_admin_member(before, "slug", pool),
                                  NULL, *out, a, pool);
}
