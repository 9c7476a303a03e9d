/* Mappings are changed several at a time: all or none, and what they change
 * together is told once. */
#include <string.h>

#include <apr_strings.h>

#include "core/json.h"
#include "store/admin_mapping.h"
#include "store/uuid.h"

/* One mapping of a save. */
typedef struct change {
    const json_t *given;
    const char *place; /* "mappings[2]" */
    const char *group;
    const char *organization_role; /* or NULL */
    const char *roles;             /* JSON */
    json_t *before;                /* or NULL */
    const char *id;
    json_t *after; /* NULL: it is gone */
} change;

static scim_error *wrong(const change *c, const char *member,
                         const char *problem, apr_pool_t *pool)
{
    const char *field = apr_pstrcat(pool, c->place, member, NULL);
    scim_error *err = scim_error_make(SCIM_INVALID_VALUE, pool, "\"%s\" %s.",
                                      field, problem);

    err->field = field;
    return err;
}

/* The first that is not there. */
static scim_error *check_roles(const change *c, store_admin *a,
                               apr_pool_t *pool)
{
    PGresult *missing;
    scim_error *err = store_admin_ask(
        &missing, a,
        "select '.roles[' || e.n - 1 || ']' || case when l.role_id is null"
        "  then '.role' else '.stack' end"
        " from jsonb_array_elements($2::jsonb) with ordinality e(v, n)"
        " left join scim.stack_roles l on l.org_id = $1"
        "  and l.role_id = (e.v ->> 'role')::int"
        " left join scim.stacks s on s.org_id = $1"
        "  and s.stack_id = (e.v ->> 'stack')::int"
        " where l.role_id is null"
        "  or (e.v ->> 'stack' is not null and s.stack_id is null)"
        " order by e.n limit 1",
        1, &c->roles, pool);

    return err == NULL && PQntuples(missing) > 0
               ? wrong(c, store_admin_text(missing, 0, 0, pool),
                       "is none of the organization's", pool)
               : err;
}

static int grants_nothing(const change *c)
{
    return c->organization_role == NULL && strcmp(c->roles, "[]") == 0;
}

/* Who makes administrators by a group makes them all the same. */
static scim_error *check_admin(const json_t *before, const char *role,
                               const store_admin *a, apr_pool_t *pool)
{
    const char *was = store_admin_member(before, "organization_role", pool);

    if (role == NULL || strcmp(role, "admin") != 0
        || (was != NULL && strcmp(was, "admin") == 0)) {
        return NULL;
    }
    return store_admin_owners_only("That a group makes administrators", a,
                                   pool);
}

static scim_error *match(const change *c, apr_pool_t *pool)
{
    const char *version = store_admin_member(c->given, "version", pool);

    /* 0: seen without one. */
    return version != NULL && strcmp(version, "0") == 0 && c->before == NULL
               ? NULL
               : store_admin_match(c->before, version, pool);
}

static scim_error *prepare(change *c, store_admin *a, apr_pool_t *pool)
{
    const json_t *roles = json_object_get(c->given, "roles");
    scim_error *err;

    c->group = store_admin_member(c->given, "group", pool);
    c->organization_role = store_admin_member(c->given, "organization_role",
                                              pool);
    c->roles = roles != NULL ? scim_json_dump(roles, NULL, pool) : "[]";
    if (!store_uuid_is(c->group)) {
        return wrong(c, ".group", "takes the id of a group, a UUID", pool);
    }
    err = store_mapping_of(&c->before, c->group, a, pool);
    if (err == NULL) {
        err = match(c, pool);
    }
    if (err == NULL && c->before == NULL) {
        err = store_group_check(c->group,
                                apr_pstrcat(pool, c->place, ".group", NULL), a,
                                pool);
    }
    if (err == NULL) {
        err = check_roles(c, a, pool);
    }
    return err != NULL ? err
                       : check_admin(c->before, c->organization_role, a, pool);
}

/* One that is only tried takes none of the organization's numbers, for which
 * others would wait. */
static scim_error *find_number(const char **out, store_admin *a,
                               apr_pool_t *pool)
{
    PGresult *row;
    scim_error *err;

    if (!a->is_tried) {
        return store_admin_number_new(out, a, pool);
    }
    err = store_admin_run(&row, a, "select -(random() * 2000000000)::int - 1",
                          0, NULL, pool);
    if (err == NULL) {
        *out = store_admin_text(row, 0, 0, pool);
    }
    return err;
}

static scim_error *insert(change *c, store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { NULL, c->group, a->actor->name };
    scim_error *err = find_number(&values[0], a, pool);

    c->id = values[0];
    return err != NULL
               ? err
               : store_admin_ask(NULL, a,
                                 "insert into scim.group_mappings"
                                 " (org_id, mapping_id, group_id, changed_by,"
                                 "  version)"
                                 " values ($1, $2, $3::uuid, $4, 0)",
                                 3, values, pool);
}

static scim_error *remove_it(const change *c, store_admin *a, apr_pool_t *pool)
{
    return store_admin_ask(NULL, a,
                           "delete from scim.group_mappings"
                           " where org_id = $1 and mapping_id = $2::int",
                           1, &c->id, pool);
}

/* The version is raised by what is new only. */
static scim_error *write_it(const change *c, store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { c->id, c->roles, c->organization_role, NULL };
    PGresult *count;
    scim_error *err = store_admin_ask(
        &count, a,
        "with given as (select distinct (e.v ->> 'stack')::int as stack_id,"
        "  (e.v ->> 'role')::int as role_id"
        "  from jsonb_array_elements($3::jsonb) e(v)),"
        " gone as (delete from scim.mapping_roles r where r.org_id = $1"
        "  and r.mapping_id = $2::int and not exists (select from given v"
        "   where v.role_id = r.role_id"
        "   and v.stack_id is not distinct from r.stack_id) returning 1),"
        " come as (insert into scim.mapping_roles"
        "  (org_id, mapping_id, stack_id, role_id)"
        "  select $1::int, $2::int, v.stack_id, v.role_id from given v"
        "  on conflict do nothing returning 1)"
        " select (select count(*) from gone) + (select count(*) from come)",
        2, values, pool);

    if (err != NULL) {
        return err;
    }
    values[1] = store_admin_text(count, 0, 0, pool);
    values[3] = a->actor->name;
    return store_admin_ask(
        NULL, a,
        "update scim.group_mappings m set organization_role = $4,"
        " changed = now(), changed_by = $5, version = m.version + 1"
        " where m.org_id = $1 and m.mapping_id = $2::int and ($3::int > 0"
        "  or m.version = 0 or m.organization_role is distinct from $4)",
        4, values, pool);
}

static const char *called(const json_t *mapping, apr_pool_t *pool)
{
    return store_admin_member(json_object_get(mapping, "group"), "name",
                              pool);
}

static scim_error *note(const change *c, store_admin *a, apr_pool_t *pool)
{
    const char *name = called(c->after != NULL ? c->after : c->before, pool);

    if (c->before != NULL && c->after != NULL
        && json_equal(json_object_get(c->before, "version"),
                      json_object_get(c->after, "version"))) {
        return NULL;
    }
    return store_admin_note(c->before == NULL  ? "mapping.create"
                            : c->after == NULL ? "mapping.delete"
                                               : "mapping.change",
                            name, c->before, c->after, a, pool);
}

static scim_error *apply(change *c, store_admin *a, apr_pool_t *pool)
{
    scim_error *err = NULL;

    if (c->before == NULL && grants_nothing(c)) {
        return NULL;
    }
    if (c->before != NULL) {
        c->id = store_admin_member(c->before, "id", pool);
    }
    else {
        err = insert(c, a, pool);
    }
    if (err == NULL) {
        err = grants_nothing(c) ? remove_it(c, a, pool) : write_it(c, a, pool);
    }
    if (err == NULL && !grants_nothing(c)) {
        err = store_mapping_get(&c->after, c->id, a, pool);
    }
    return err != NULL ? err : note(c, a, pool);
}

/* ----------------------------------------------------------------- together */

/* One by its number and its group's name; of several the list as well. */
static json_t *cause_of(const json_t *changed, apr_pool_t *pool)
{
    const json_t *first = json_array_get(changed, 0);
    json_t *cause;

    if (first == NULL) { /* and nobody to be told */
        return scim_json_adopt(json_object(), pool);
    }
    cause = store_permissions_cause("mapping", json_object_get(first, "id"),
                                    store_admin_member(first, "name", pool),
                                    pool);

    if (json_array_size(changed) > 1) {
        json_object_set(cause, "mappings", (json_t *)changed);
    }
    return cause;
}

static void collect(json_t *changed, json_t *mappings, const change *c,
                    const store_admin *a, apr_pool_t *pool)
{
    const json_t *one = c->after != NULL ? c->after : c->before;
    const char *name;

    if (one == NULL) {
        return;
    }
    name = called(one, pool);
    json_array_append_new(
        changed, json_pack("{s:O, s:s, s:s}", "id",
                           json_object_get(one, "id"), "group", c->group,
                           "name", name != NULL ? name : ""));
    if (c->after != NULL) {
        if (a->is_tried && c->before == NULL) {
            json_object_set_new(c->after, "id", json_null());
        }
        json_array_append(mappings, c->after);
    }
}

static void add_role(apr_array_header_t *roles, const char *role)
{
    int i;

    for (i = 0; i < roles->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(roles, i, const char *), role) == 0) {
            return;
        }
    }
    APR_ARRAY_PUSH(roles, const char *) = role;
}

/* All that a mapping has given or gives, as store_permissions_effect() takes
 * it. */
static void collect_roles(apr_array_header_t *roles, const json_t *mapping,
                          apr_pool_t *pool)
{
    json_t *role;
    size_t i;

    json_array_foreach(json_object_get(mapping, "roles"), i, role) {
        add_role(roles, store_admin_member(role, "role", pool));
    }
    if (store_admin_member(mapping, "organization_role", pool) != NULL) {
        add_role(roles, "-1");
        add_role(roles, "-2");
    }
}

static scim_error *tell(json_t **out, const json_t *changed,
                        const change *all, size_t count, const json_t *given,
                        store_admin *a, apr_pool_t *pool)
{
    apr_array_header_t *roles = apr_array_make(pool, 8, sizeof(char *));
    size_t i;

    for (i = 0; i < count; i++) {
        collect_roles(roles, all[i].before, pool);
        collect_roles(roles, all[i].after, pool);
    }
    return store_permissions_effect(out, store_mapping_groups(changed, pool),
                                    store_array_text(roles, pool),
                                    cause_of(changed, pool), given, a, pool);
}

static scim_error *check_twice(const change *all, size_t count,
                               apr_pool_t *pool)
{
    size_t i, j;

    for (i = 1; i < count; i++) {
        for (j = 0; j < i; j++) {
            if (apr_strnatcasecmp(all[i].group, all[j].group) == 0) {
                return wrong(&all[i], ".group", "is there twice", pool);
            }
        }
    }
    return NULL;
}

#define MAX_MAPPINGS 200

scim_error *store_mapping_save(json_t **out, const json_t *given,
                               store_admin *a, apr_pool_t *pool)
{
    const json_t *list = json_object_get(given, "mappings");
    size_t i, count = json_array_size(list);
    change *all = apr_pcalloc(pool, sizeof(*all) * (count + 1));
    json_t *changed = scim_json_adopt(json_array(), pool),
           *mappings = scim_json_adopt(json_array(), pool);
    scim_error *err = store_permissions_lock(a, pool);

    if (count == 0 || count > MAX_MAPPINGS) {
        all[0].place = "mappings";
        return wrong(&all[0], "", "takes 1 to " APR_STRINGIFY(MAX_MAPPINGS)
                     " mappings", pool);
    }
    for (i = 0; err == NULL && i < count; i++) {
        all[i].given = json_array_get(list, i);
        all[i].place = apr_psprintf(pool, "mappings[%d]", (int)i);
        err = prepare(&all[i], a, pool);
    }
    if (err == NULL) {
        err = check_twice(all, count, pool);
    }
    for (i = 0; err == NULL && i < count; i++) {
        err = apply(&all[i], a, pool);
        collect(changed, mappings, &all[i], a, pool);
    }
    if (err == NULL) {
        err = tell(out, changed, all, count, given, a, pool);
    }
    if (err == NULL) {
        json_object_set(*out, "mappings", mappings);
    }
    return err;
}

scim_error *store_mapping_delete(json_t **out, const char *id,
                                 const json_t *given, const char *version,
                                 store_admin *a, apr_pool_t *pool)
{
    change c = { .roles = "[]" };
    json_t *changed = scim_json_adopt(json_array(), pool);
    scim_error *err = store_permissions_lock(a, pool);

    if (err == NULL) {
        err = store_mapping_get(&c.before, id, a, pool);
    }
    if (err == NULL) {
        err = store_admin_match(c.before, version, pool);
    }
    if (err == NULL) {
        c.group = store_admin_member(json_object_get(c.before, "group"), "id",
                                     pool);
        err = apply(&c, a, pool);
    }
    if (err == NULL) {
        collect(changed, NULL, &c, a, pool);
        err = tell(out, changed, &c, 1, given, a, pool);
    }
    return err;
}

/* ------------------------------------------------------------ reconnecting */

static scim_error *check_reconnect(const json_t *before, const char *group,
                                   store_admin *a, apr_pool_t *pool)
{
    const char *role = store_admin_member(before, "organization_role", pool);
    json_t *other = NULL;
    scim_error *err;

    if (store_admin_member(before, "dormant_since", pool) == NULL) {
        return scim_error_make(SCIM_CONFLICT, pool,
                               "Mapping %s is not dormant: its group is there.",
                               store_admin_member(before, "id", pool));
    }
    err = store_group_check(group, "group", a, pool);
    if (err == NULL) {
        err = check_admin(NULL, role, a, pool);
    }
    if (err == NULL) {
        err = store_mapping_of(&other, group, a, pool);
    }
    return err == NULL && other != NULL
               ? scim_error_make(SCIM_CONFLICT, pool,
                                 "That group has mapping %s already.",
                                 store_admin_member(other, "id", pool))
               : err;
}

scim_error *store_mapping_reconnect(json_t **out, const char *id,
                                    const json_t *given, const char *version,
                                    store_admin *a, apr_pool_t *pool)
{
    change c = { .id = id, .group = store_admin_member(given, "group", pool) };
    const char *values[] = { id, c.group, a->actor->name };
    json_t *changed = scim_json_adopt(json_array(), pool),
           *mappings = scim_json_adopt(json_array(), pool);
    scim_error *err = store_permissions_lock(a, pool);

    if (err == NULL) {
        err = store_mapping_get(&c.before, id, a, pool);
    }
    if (err == NULL) {
        err = store_admin_match(c.before, version, pool);
    }
    if (err == NULL) {
        err = check_reconnect(c.before, c.group, a, pool);
    }
    if (err == NULL) {
        err = store_admin_ask(NULL, a,
                              "update scim.group_mappings m set group_id ="
                              " $3::uuid, changed = now(), changed_by = $4,"
                              " version = m.version + 1 where m.org_id = $1"
                              " and m.mapping_id = $2::int",
                              3, values, pool);
    }
    if (err == NULL) {
        err = store_mapping_get(&c.after, id, a, pool);
    }
    if (err == NULL) {
        err = store_admin_note("mapping.reconnect", called(c.after, pool),
                               c.before, c.after, a, pool);
    }
    if (err == NULL) {
        collect(changed, mappings, &c, a, pool);
        err = tell(out, changed, &c, 1, given, a, pool);
    }
    if (err == NULL) {
        json_object_set(*out, "mappings", mappings);
    }
    return err;
}
