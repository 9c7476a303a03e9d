#include <apr_strings.h>

#include "core/casefold.h"
#include "store/admin_person.h"

/* What people call somebody, and where to write to them. */
#define NAME                                                               \
    "coalesce(b.v ->> 'displayName', b.v -> 'name' ->> 'formatted',"       \
    " nullif(concat_ws(' ', b.v -> 'name' ->> 'givenName',"                \
    "  b.v -> 'name' ->> 'familyName'), ''))"
#define EMAIL                                                              \
    "coalesce(jsonb_path_query_first(b.v,"                                 \
    "  '$.emails[*] ? (@.primary == true).value') #>> '{}',"               \
    " jsonb_path_query_first(b.v, '$.emails[*].value') #>> '{}')"

#define USER                                                               \
    "jsonb_build_object('id', u.id, 'user_name', b.v ->> 'userName',"      \
    " 'name', " NAME ", 'email', " EMAIL ","                               \
    " 'external_id', u.external_id, 'active', u.active,"                   \
    " 'app_id', p.app_id, 'app', p.name,"                                  \
    " 'created', " STORE_ADMIN_TIME("u.created") ","                       \
    " 'last_modified', " STORE_ADMIN_TIME("u.last_modified") ","           \
    " 'version', u.version)"

#define WITH_BODY                                             \
    " join scim.apps p on p.org_id = $1 and p.app_id = u.app_id" \
    " cross join lateral (select u.body::jsonb as v) b"

#define PAGE                                                             \
    " v.org_id = $1 and ($2::text is null or v.user_name > $2)"          \
    " and ($4::boolean is null or v.active = $4)"                        \
    " and ($5::int is null or v.app_id = $5)"

#define TOP " order by v.user_name limit $3::int"

/* Each condition has an index. Those who are called so come in their order; the
 * others are those of another key and of an e-mail address (attr 1). */
#define CALLED "v.user_name ^@ $6"
#define KEYED                                                             \
    "(v.display_name ^@ $6 or v.family_name ^@ $6 or v.external_id ^@ $7)"
#define PART(from, condition)                                             \
    "(select v.* from " from " where" PAGE " and " condition TOP ")"
#define FOUND                                                             \
    PART("scim.users v", CALLED) " union all "                            \
    PART("scim.users v", KEYED " and not " CALLED) " union all "          \
    PART("(select distinct e.user_id from scim.user_values e"             \
         "  where e.org_id = $1 and e.attr = 1 and e.value ^@ $6"         \
         "  offset 0) e"                                                  \
         " join scim.users v on v.id = e.user_id",                        \
         KEYED " is not true and not " CALLED)

#define SHOWN(found)                                                       \
    "select " USER ", u.user_name from (select v.* from (" found ") v" TOP \
    ") u" WITH_BODY " order by u.user_name"

scim_error *store_user_list(json_t **out, store_slice *slice,
                            const json_t *given, store_admin *a,
                            apr_pool_t *pool)
{
    const char *search = store_admin_member(given, "search", pool);
    int all = search == NULL || *search == '\0';
    const char *values[] = { store_admin_member(given, "active", pool),
                             store_admin_member(given, "app", pool),
                             all ? NULL : scim_casefold(search, pool), search };

    return store_admin_slice(
        out, slice, a,
        all ? SHOWN("select v.* from scim.users v where" PAGE)
            : SHOWN(FOUND),
        all ? 2 : 4, values, pool);
}

scim_error *store_user_found(json_t **out, const char *id, store_admin *a,
                             apr_pool_t *pool)
{
    scim_error *err = store_admin_json(
        out, a,
        "select " USER " from scim.users u" WITH_BODY
        " where u.org_id = $1 and u.id = $2::uuid",
        1, &id, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no user %s.", id);
    }
    return err;
}

/* As an identity provider gets it, but for meta and groups. */
static scim_error *add_resource(json_t *user, const char *id, store_admin *a,
                                apr_pool_t *pool)
{
    json_t *resource;
    scim_error *err = store_admin_json(
        &resource, a,
        "select u.body::json from scim.users u"
        " where u.org_id = $1 and u.id = $2::uuid",
        1, &id, pool);

    if (err == NULL) {
        json_object_set_new(resource, "id", json_string(id));
        json_object_set(user, "resource", resource);
    }
    return err;
}

/* A group that contains one of the user's, with the one it contains. */
static scim_error *add_groups(json_t *user, const char *id, store_admin *a,
                              apr_pool_t *pool)
{
    json_t *groups;
    scim_error *err = store_admin_json(
        &groups, a,
        "with recursive up(id, via) as ("
        "  select d.group_id, null::uuid from scim.group_users d"
        "   where d.org_id = $1 and d.user_id = $2::uuid"
        "  union"
        "  select e.group_id, up.id from up join scim.group_groups e"
        "   on e.org_id = $1 and e.child_id = up.id),"
        " one as (select distinct on (up.id) up.id, up.via from up"
        "  order by up.id, up.via nulls first)"
        " select coalesce(jsonb_agg(jsonb_build_object('id', g.id,"
        "  'name', g.name, 'direct', one.via is null, 'via',"
        "  case when v.id is not null then jsonb_build_object('id', v.id,"
        "   'name', v.name) end) order by one.via is not null, g.display_name,"
        "  g.id), '[]')"
        " from one join scim.groups g on g.org_id = $1 and g.id = one.id"
        " left join scim.groups v on v.org_id = $1 and v.id = one.via",
        1, &id, pool);

    if (err == NULL) {
        json_object_set(user, "groups", groups);
    }
    return err;
}

scim_error *store_user_get(json_t **out, const char *id, store_admin *a,
                           apr_pool_t *pool)
{
    json_t *explained;
    scim_error *err = store_user_found(out, id, a, pool);

    if (err == NULL) {
        err = add_resource(*out, id, a, pool);
    }
    if (err == NULL) {
        err = add_groups(*out, id, a, pool);
    }
    if (err == NULL) {
        err = store_permission_explain(&explained, id, NULL, a, pool);
    }
    if (err == NULL) {
        json_object_del(explained, "user");
        json_object_update(*out, explained);
    }
    return err;
}
