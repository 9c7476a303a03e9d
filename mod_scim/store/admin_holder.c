/* Who holds a role: the other way round from admin_explain.c, and with the same
 * answer for each. */
#include <string.h>

#include <apr_strings.h>

#include "store/admin_connection.h"
#include "store/uuid.h"

/* clang-format off */
/* What is asked for, by which mapping it comes; below it, every group whose
 * members it reaches. A suspended organization grants nothing, nor does a
 * rehearsing app. */
#define GIVEN(columns, from)                                                 \
    "with recursive given as materialized ("                                 \
    "  select m.mapping_id, m.group_id, " columns " from " from              \
    "    join scim.groups g on g.org_id = $1 and g.id = m.group_id"          \
    "    join scim.apps p on p.org_id = $1 and p.app_id = g.app_id"          \
    "     and not p.rehearsing"                                              \
    "    join scim.organizations o on o.org_id = $1 and not o.suspended"

#define BELOW                                                                \
    "),"                                                                     \
    " down(id) as ("                                                         \
    "  select v.group_id from given v"                                       \
    "  union"                                                                \
    "  select e.child_id from down"                                          \
    "   cross join lateral ("                                                \
    "     select e.child_id from scim.group_groups e"                        \
    "      where e.org_id = $1 and e.group_id = down.id offset 0) e)"

/* $4 role, $5 stack: or NULL. A role in every stack is one in each, and needs
 * one. */
#define OF_STACKS                                                            \
    GIVEN("r.role_id, r.stack_id, null::text as organization_role",          \
          "scim.mapping_roles r"                                             \
          "   join scim.group_mappings m"                                    \
          "     on m.org_id = $1 and m.mapping_id = r.mapping_id")           \
    "   where r.org_id = $1 and ($4::int is null or r.role_id = $4)"         \
    "     and ($5::int is null or r.stack_id is null or r.stack_id = $5)"    \
    "     and exists (select from scim.stacks s where s.org_id = $1)" BELOW

/* $4 member or admin; an admin is a member. $5: whether every active user is a
 * member. */
#define OF_ORGANIZATION                                                      \
    GIVEN("null::int as role_id, null::int as stack_id, m.organization_role", \
          "scim.group_mappings m")                                           \
    "   where m.org_id = $1 and m.organization_role in ($4, 'admin')"        \
    "     and $5::boolean is not null" BELOW

/* Few, and read once. */
#define IS_ACTIVE(user)                                                      \
    user " not in (select i.id from scim.users i"                            \
    "   where i.org_id = $1 and not i.active)"

/* At most a page of each group, by its index, so that a large group costs what
 * a small one does. */
#define PAGE_OF_GROUPS                                                       \
    ", page as materialized ("                                               \
    "  select distinct x.user_id as id from down"                            \
    "   cross join lateral ("                                                \
    "     select d.user_id from scim.group_users d"                          \
    "      where d.org_id = $1 and d.group_id = down.id"                     \
    "        and d.user_id > $2::uuid and " IS_ACTIVE("d.user_id")           \
    "      order by d.user_id limit $3::int) x"                              \
    "   order by id limit $3::int)"

#define PAGE_OF_USERS                                                        \
    ", page as materialized ("                                               \
    "  select u.id from scim.users u where u.org_id = $1 and u.active"       \
    "     and u.id > $2::uuid and not (select o.suspended"                   \
    "       from scim.organizations o where o.org_id = $1)"                  \
    "   order by u.id limit $3::int)"

/* Of those on the page: by which groups. All that lie between a user and what
 * gives are below it. */
#define REASONS                                                              \
    ", up(user_id, id) as ("                                                 \
    "  select page.id, d.group_id from page"                                 \
    "   cross join lateral ("                                                \
    "     select d.group_id from scim.group_users d"                         \
    "      where d.org_id = $1 and d.user_id = page.id offset 0) d"          \
    "   where d.group_id in (select id from down)"                           \
    "  union"                                                                \
    "  select up.user_id, e.group_id from up"                                \
    "   cross join lateral ("                                                \
    "     select e.group_id from scim.group_groups e"                        \
    "      where e.org_id = $1 and e.child_id = up.id offset 0) e"           \
    "   where e.group_id in (select id from down)),"                         \
    " reason as ("                                                           \
    "  select up.user_id, v.role_id, v.stack_id, v.organization_role,"       \
    "         jsonb_agg(jsonb_build_object('id', g.id, 'name', g.name,"      \
    "           'mapping', v.mapping_id, 'direct', exists ("                 \
    "             select from scim.group_users d where d.org_id = $1"        \
    "              and d.user_id = up.user_id and d.group_id = g.id))"       \
    "           order by g.display_name, g.id) as groups"                    \
    "    from up join given v on v.group_id = up.id"                         \
    "    join scim.groups g on g.org_id = $1 and g.id = v.group_id"          \
    "   group by 1, 2, 3, 4)"

#define HOLDER(permissions)                                                  \
    " select jsonb_build_object('id', u.id,"                                 \
    "  'user_name', u.body::jsonb ->> 'userName',"                           \
    "  'name', u.body::jsonb ->> 'displayName',"                             \
    "  'app_id', p.app_id, 'app', p.name, 'permissions', " permissions "),"  \
    "  u.id"                                                                 \
    " from page join scim.users u on u.org_id = $1 and u.id = page.id"       \
    " join scim.apps p on p.org_id = $1 and p.app_id = u.app_id"             \
    " order by u.id"

#define IN_STACKS                                                            \
    "(select jsonb_agg(jsonb_build_object('role', l.name,"                   \
    "   'role_id', l.role_id, 'every_stack', q.stack_id is null,"            \
    "   'stack', s.name, 'stack_id', q.stack_id, 'groups', q.groups)"        \
    "   order by l.key, s.key nulls first)"                                  \
    "  from reason q"                                                        \
    "  join scim.stack_roles l on l.org_id = $1 and l.role_id = q.role_id"   \
    "  left join scim.stacks s on s.org_id = $1 and s.stack_id = q.stack_id" \
    "  where q.user_id = page.id)"

#define IN_ORGANIZATION                                                      \
    "(select coalesce(jsonb_agg(jsonb_build_object('organization_role',"     \
    "    q.organization_role, 'by_default', false, 'groups', q.groups)"      \
    "    order by q.organization_role), '[]')"                               \
    "   from reason q where q.user_id = page.id)"                            \
    "  || case when $5::boolean and not exists (select from reason q"        \
    "       where q.user_id = page.id and q.organization_role = 'member')"   \
    "     then jsonb_build_array(jsonb_build_object('organization_role',"    \
    "       'member', 'by_default', true, 'groups', jsonb_build_array()))"   \
    "     else '[]' end"

/* $2 and $3 are nothing here, but take a type. */
#define COUNT                                                                \
    " select jsonb_build_object('people', (select count(*) from ("           \
    "   select distinct d.user_id from down join scim.group_users d"         \
    "     on d.org_id = $1 and d.group_id = down.id"                         \
    "    where " IS_ACTIVE("d.user_id") ") x))"                              \
    " where $2::uuid is not null and $3::int is not null"

#define COUNT_USERS                                                          \
    "select jsonb_build_object('people', case when o.suspended then 0 else"  \
    "  (select count(*) from scim.users u where u.org_id = $1)"              \
    "  - (select count(*) from scim.users u"                                 \
    "      where u.org_id = $1 and not u.active) end)"                       \
    " from scim.organizations o"                                             \
    " where o.org_id = $1"                                                   \
    "  and $2::uuid is not null and $3::int is not null"                     \
    "  and $4::text is not null and $5::boolean is not null"
/* clang-format on */

#define FIRST "00000000-0000-0000-0000-000000000000"

typedef struct question {
    const char *values[2]; /* $4, $5 */
    int of_organization;
    int of_everybody; /* every active user is one */
} question;

/* What is not there is held by nobody, which is no answer. */
static scim_error *check_there(const json_t *given, store_admin *a,
                               apr_pool_t *pool)
{
    const char *role = store_admin_member(given, "role", pool);
    const char *stack = store_admin_member(given, "stack", pool);
    const char *field = "role";
    json_t *found;
    scim_error *err = NULL;

    if (role != NULL) {
        err = store_role_get(&found, role, a, pool);
    }
    if (err == NULL && stack != NULL) {
        field = "stack";
        err = store_stack_get(&found, stack, a, pool);
    }
    if (err != NULL && err->fault == SCIM_NOT_FOUND) {
        err->fault = SCIM_INVALID_VALUE;
        err->field = field;
    }
    return err;
}

static scim_error *ask_of_organization(question *q, const char *role,
                                       store_admin *a, apr_pool_t *pool)
{
    PGresult *row;
    scim_error *err = store_admin_ask(
        &row, a,
        "select o.members_by_default from scim.organizations o"
        " where o.org_id = $1",
        0, NULL, pool);

    if (err == NULL) {
        q->of_organization = 1;
        q->of_everybody = strcmp(role, "member") == 0
                          && store_admin_is_true(row, 0, 0);
        q->values[0] = role;
        q->values[1] = q->of_everybody ? "true" : "false";
    }
    return err;
}

static scim_error *understand(question *q, const json_t *given, store_admin *a,
                              apr_pool_t *pool)
{
    const char *role = store_admin_member(given, "organization_role", pool);
    scim_error *err;

    memset(q, 0, sizeof(*q));
    q->values[0] = store_admin_member(given, "role", pool);
    q->values[1] = store_admin_member(given, "stack", pool);
    if (role == NULL) {
        return check_there(given, a, pool);
    }
    if (q->values[0] == NULL && q->values[1] == NULL) {
        return ask_of_organization(q, role, a, pool);
    }
    err = scim_error_make(SCIM_INVALID_VALUE, pool,
                          "\"organization_role\" is held in no stack: ask for "
                          "it alone.");
    err->field = "organization_role";
    return err;
}

static scim_error *check_after(const char *after, apr_pool_t *pool)
{
    scim_error *err;

    if (after == NULL || store_uuid_is(after)) {
        return NULL;
    }
    err = scim_error_make(SCIM_INVALID_VALUE, pool,
                          "\"after\" takes what a list gave as \"next\", and "
                          "nothing else.");
    err->field = "after";
    return err;
}

scim_error *store_holder_list(json_t **out, store_slice *slice,
                              const json_t *given, store_admin *a,
                              apr_pool_t *pool)
{
    store_slice from = *slice;
    question q;
    scim_error *err = check_after(slice->after, pool);

    if (err == NULL) {
        err = understand(&q, given, a, pool);
    }
    if (err != NULL) {
        return err;
    }
    from.after = slice->after != NULL ? slice->after : FIRST;
    err = store_admin_slice(
        out, &from, a,
        !q.of_organization
            ? OF_STACKS PAGE_OF_GROUPS REASONS HOLDER(IN_STACKS)
        : q.of_everybody
            ? OF_ORGANIZATION PAGE_OF_USERS REASONS HOLDER(IN_ORGANIZATION)
            : OF_ORGANIZATION PAGE_OF_GROUPS REASONS HOLDER(IN_ORGANIZATION),
        2, q.values, pool);
    slice->next = from.next;
    return err;
}

scim_error *store_holder_count(json_t **out, const json_t *given,
                               store_admin *a, apr_pool_t *pool)
{
    const char *values[4] = { FIRST, "1" };
    question q;
    scim_error *err = understand(&q, given, a, pool);

    if (err != NULL) {
        return err;
    }
    values[2] = q.values[0];
    values[3] = q.values[1];
    return store_admin_json(out, a,
                            q.of_everybody      ? COUNT_USERS
                            : q.of_organization ? OF_ORGANIZATION COUNT
                                                : OF_STACKS COUNT,
                            4, values, pool);
}
