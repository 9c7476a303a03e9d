/* An organization's configuration as one object: what people decided, without
 * times and secrets; its numbers are for us only. In a fixed order, so that two
 * exports of the same are the same text. */
#include "store/admin_connection.h"

#define ACCOUNTS                                                            \
    "(select coalesce(json_agg(json_build_object('id', c.account_id,"       \
    "  'realm', c.realm, 'name', c.name, 'role', c.role)"                   \
    "  order by c.realm, c.name), '[]')"                                    \
    "  from scim.accounts c where c.org_id = o.org_id)"

#define APPS                                                                \
    "(select coalesce(json_agg(json_build_object('id', p.app_id,"           \
    "  'name', p.name, 'kind', p.kind,"                                     \
    "  'whole_organization', p.whole_organization, 'strict', p.strict,"     \
    "  'passwords', case when p.passwords then 'store' else 'drop' end,"    \
    "  'unique_group_names', p.unique_group_names,"                         \
    "  'rehearsing', p.rehearsing)"                                         \
    "  order by p.name, p.kind, p.app_id), '[]')"                           \
    "  from scim.apps p where p.org_id = o.org_id"                          \
    "   and p.uninstalled is null)"

/* Where nobody ever set them, as they are then. */
#define BRAKE                                                               \
    "(select json_build_object('on', coalesce(b.enabled, false),"           \
    "  'users', b.users, 'percent', b.percent,"                             \
    "  'minutes', coalesce(b.minutes, 60),"                                 \
    "  'groups', coalesce(b.groups, true), 'hours', coalesce(b.hours, 4))"  \
    "  from (select) d left join scim.brakes b on b.org_id = o.org_id)"

#define ALERTS                                                              \
    "(select json_build_object('addresses', coalesce(s.addresses, '{}'),"   \
    "  'silent_hours', coalesce(s.silent_hours, 48),"                       \
    "  'inactive_days', coalesce(s.inactive_days, 90))"                     \
    "  from (select) d"                                                     \
    "  left join scim.alert_settings s on s.org_id = o.org_id)"

#define STACKS                                                              \
    "(select coalesce(json_agg(json_build_object('id', s.stack_id,"         \
    "  'name', s.name, 'description', s.description)"                       \
    "  order by s.key), '[]')"                                              \
    "  from scim.stacks s where s.org_id = o.org_id)"

#define ROLES                                                               \
    "(select coalesce(json_agg(json_build_object('id', r.role_id,"          \
    "  'name', r.name, 'description', r.description,"                       \
    "  'administers', r.administers) order by r.key), '[]')"                \
    "  from scim.stack_roles r where r.org_id = o.org_id)"

/* Of groups that are there: a dormant mapping has none to name. */
#define MAPPINGS                                                            \
    "(select coalesce(json_agg(json_build_object('app', p.name,"            \
    "  'group', g.name, 'external_id', g.external_id,"                      \
    "  'organization_role', m.organization_role, 'roles',"                  \
    "  (select coalesce(json_agg(json_build_object('role', r.name,"         \
    "    'stack', s.name) order by r.key, s.key nulls first), '[]')"        \
    "    from scim.mapping_roles x"                                         \
    "    join scim.stack_roles r"                                           \
    "      on r.org_id = x.org_id and r.role_id = x.role_id"                \
    "    left join scim.stacks s"                                           \
    "      on s.org_id = x.org_id and s.stack_id = x.stack_id"              \
    "   where x.org_id = m.org_id and x.mapping_id = m.mapping_id))"        \
    "  order by p.name, g.display_name, g.id), '[]')"                       \
    "  from scim.group_mappings m"                                          \
    "  join scim.groups g on g.org_id = m.org_id and g.id = m.group_id"     \
    "  join scim.apps p on p.org_id = g.org_id and p.app_id = g.app_id"     \
    " where m.org_id = o.org_id)"

scim_error *store_configuration_get(json_t **out, store_admin *a,
                                    apr_pool_t *pool)
{
    return store_admin_json(
        out, a,
        "select json_build_object('format', 1, 'organization',"
        "  json_build_object('slug', o.slug, 'name', o.name,"
        "   'members_by_default', o.members_by_default,"
        "   'mapped_admins', o.mapped_admins),"
        " 'brake', " BRAKE ", 'alerts', " ALERTS ","
        " 'accounts', " ACCOUNTS ", 'apps', " APPS ", 'stacks', " STACKS ","
        " 'roles', " ROLES ", 'mappings', " MAPPINGS ")"
        " from scim.organizations o where o.org_id = $1",
        0, NULL, pool);
}

scim_error *store_admin_rehearse(store_admin *a, apr_pool_t *pool)
{
    return store_admin_run(NULL, a, "savepoint rehearsal", 0, NULL, pool);
}

scim_error *store_admin_undo(store_admin *a, apr_pool_t *pool)
{
    return store_admin_run(NULL, a, "rollback to savepoint rehearsal", 0, NULL,
                           pool);
}
