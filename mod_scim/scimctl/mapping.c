#include "admin/mapping.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "admin/group.h"
#include "admin/role.h"
#include "admin/stack.h"
#include "core/json.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

/* ------------------------------------------------------------------ tables */

const char *scimctl_grants_text(const json_t *mapping, apr_pool_t *pool)
{
    const char *text = scimctl_member(mapping, "organization_role", pool), *one;
    json_t *role;
    size_t i;

    json_array_foreach(json_object_get(mapping, "roles"), i, role) {
        one = scimctl_member(role, "stack_name", pool);
        one = apr_pstrcat(pool, scimctl_member(role, "role_name", pool), " in ",
                          one != NULL ? one : "every stack", NULL);
        text = text == NULL ? one : apr_pstrcat(pool, text, ", ", one, NULL);
    }
    return text;
}

static void add_mapping(scimctl_table *table, const json_t *mapping,
                        apr_pool_t *pool)
{
    const json_t *group = json_object_get(mapping, "group");

    scimctl_table_add(table, scimctl_member(mapping, "id", pool));
    scimctl_table_add(table, scimctl_member(group, "name", pool));
    scimctl_table_add(table, scimctl_member(group, "app", pool));
    scimctl_table_add(table, scimctl_member(group, "members", pool));
    scimctl_table_add(table, scimctl_member(mapping, "dormant_since", pool));
    scimctl_table_add(table, scimctl_grants_text(mapping, pool));
}

/* A list, or one. */
static void print_mappings(const admin_call *done, const scimctl_call *call)
{
    static const char *const heads[] = { "ID", "GROUP", "APP", "MEMBERS",
                                         "DORMANT SINCE", "GRANTS" };
    scimctl_table *table = scimctl_table_make(6, call->pool);
    json_t *mapping;
    size_t i;

    for (i = 0; i < 6; i++) {
        scimctl_table_add(table, heads[i]);
    }
    if (json_is_object(done->out)) {
        add_mapping(table, done->out, call->pool);
    }
    json_array_foreach(done->out, i, mapping) {
        add_mapping(table, mapping, call->pool);
    }
    scimctl_table_print(table);
}

static void print_dormant(const admin_call *done, const scimctl_call *call)
{
    json_t *mapping, *group;
    size_t i, j;

    print_mappings(done, call);
    json_array_foreach(done->out, i, mapping) {
        json_array_foreach(json_object_get(mapping, "candidates"), j, group) {
            printf("scimctl mapping reconnect %s --organization %s --group %s"
                   " --dry-run\n",
                   scimctl_member(mapping, "id", call->pool), done->slug,
                   scimctl_member(group, "id", call->pool));
        }
    }
}

/* --------------------------------------------------------------------- save */

static scim_error *find(json_t **out, const admin_operation *list,
                        const char *option, const scimctl_call *call)
{
    const char *id;
    scim_error *err = scimctl_find(&id, list, scimctl_text(call, option),
                                   call);

    if (err == NULL) {
        *out = scim_json_adopt(json_integer(apr_atoi64(id)), call->pool);
    }
    return err;
}

/* What the group is mapped to now, and its version. */
static scim_error *look(json_t **mapping, const char *group,
                        const scimctl_call *call)
{
    admin_call todo = { .operation = &admin_group_get,
                        .slug = scimctl_text(call, "organization"),
                        .ids = { group, NULL },
                        .db = call->db,
                        .pool = call->pool };
    scim_error *err = admin_perform(&todo);

    if (err == NULL) {
        *mapping = json_object_get(todo.out, "mapping");
    }
    return err;
}

static int is_same(const json_t *one, const json_t *other)
{
    return json_equal(json_object_get(one, "stack"),
                      json_object_get(other, "stack"))
           && json_equal(json_object_get(one, "role"),
                         json_object_get(other, "role"));
}

/* Those of the mapping without this one, and this one unless it is to go. */
static json_t *merge(const json_t *mapping, json_t *one, int take_away)
{
    json_t *all = json_array(), *role;
    size_t i;

    json_array_foreach(json_object_get(mapping, "roles"), i, role) {
        if (one == NULL || !is_same(role, one)) {
            json_array_append_new(
                all, json_pack("{s:O, s:O}", "stack",
                               json_object_get(role, "stack"), "role",
                               json_object_get(role, "role")));
        }
    }
    if (one != NULL && !take_away) {
        json_array_append(all, one);
    }
    return all;
}

/* "none" is null; what is not said stays as it is. */
static json_t *organization_role(const json_t *mapping,
                                 const scimctl_call *call)
{
    const char *role = scimctl_text(call, "organization-role");

    if (role != NULL) {
        return strcmp(role, "none") == 0 ? json_null() : json_string(role);
    }
    return mapping != NULL && !json_is_null(mapping)
               ? json_incref(json_object_get(mapping, "organization_role"))
               : json_null();
}

static scim_error *read_role(json_t **out, const scimctl_call *call)
{
    json_t *stack = json_null(), *role;
    scim_error *err = NULL;

    *out = NULL;
    if (scimctl_text(call, "role") == NULL) {
        return scimctl_text(call, "stack") == NULL
                   ? NULL
                   : scim_error_make(SCIM_BAD_REQUEST, call->pool,
                                     "--stack says where a --role is held, and "
                                     "is nothing without one.");
    }
    if (scimctl_text(call, "stack") != NULL) {
        err = find(&stack, &admin_stack_list, "stack", call);
    }
    if (err == NULL) {
        err = find(&role, &admin_role_list, "role", call);
    }
    if (err == NULL) {
        *out = scim_json_adopt(json_pack("{s:O, s:O}", "stack", stack, "role",
                                         role),
                               call->pool);
    }
    return err;
}

static scim_error *read_one(json_t **out, const scimctl_call *call)
{
    int take_away = scimctl_is_set(call, "take-away");
    json_t *mapping, *one;
    const char *group;
    scim_error *err = scimctl_text(call, "group") == NULL
                          ? scim_error_make(SCIM_BAD_REQUEST, call->pool,
                                            "Which --group? Or --mappings "
                                            "JSON.")
                          : scimctl_find(&group, &admin_group_list,
                                         scimctl_text(call, "group"), call);

    if (err == NULL) {
        err = read_role(&one, call);
    }
    if (err == NULL) {
        err = look(&mapping, group, call);
    }
    if (err != NULL) {
        return err;
    }
    *out = json_pack("[{s:s, s:o, s:o, s:o}]", "group", group,
                     "organization_role", organization_role(mapping, call),
                     "roles", merge(mapping, one, take_away), "version",
                     json_is_object(mapping)
                         ? json_incref(json_object_get(mapping, "version"))
                         : json_integer(0));
    return NULL;
}

static scim_error *read_mappings(json_t **out, const scimctl_call *call)
{
    const char *text = scimctl_text(call, "mappings");

    if (text == NULL) {
        return read_one(out, call);
    }
    *out = json_loads(text, 0, NULL);
    return *out != NULL ? NULL
                        : scim_error_make(SCIM_INVALID_VALUE, call->pool,
                                          "--mappings takes JSON.");
}

static scim_error *save(scimctl_call *call)
{
    admin_call todo = { .operation = call->command->operation,
                        .slug = scimctl_text(call, "organization"),
                        .db = call->db,
                        .pool = call->pool };
    const char *after = scimctl_text(call, "after");
    json_t *mappings;
    scim_error *err = read_mappings(&mappings, call);

    if (err != NULL) {
        return err;
    }
    todo.given = scim_json_adopt(json_pack("{s:o}", "mappings", mappings),
                                 call->pool);
    if (after != NULL) {
        json_object_set_new(todo.given, "after", json_string(after));
    }
    err = admin_perform(&todo);
    if (err == NULL && call->json) {
        scimctl_print_json(json_incref(todo.out));
    }
    else if (err == NULL) {
        scimctl_print_effect(&todo, call);
    }
    return err;
}

/* clang-format off */
static const scimctl_option save_options[] = {
    { "organization", "SLUG", "which one", 1 },
    { "group", "GROUP", "name or id; two of one name go by their ids", 0 },
    { "role", "ROLE", "what its members hold besides what they have, name or"
      " number", 0 },
    { "stack", "STACK", "where they hold it (default: in every stack)", 0 },
    { "take-away", NULL, "they hold that role no more", 0 },
    { "organization-role", "admin|member|none", "what they are in the"
      " organization", 0 },
    { "mappings", "JSON", "or several groups at once: [{\"group\": id,"
      " \"organization_role\": ..., \"roles\": [{\"stack\": 1001 or null,"
      " \"role\": 2}], \"version\": 3}]", 0 },
    { "after", "USER", "the next people, as the last answer says", 0 },
    { NULL, NULL, NULL, 0 },
};

static const scimctl_named where[] = {
    { "stack", &admin_stack_list },
    { "role", &admin_role_list },
    { NULL, NULL },
};

static const scimctl_named of_group[] = {
    { "group", &admin_group_list },
    { NULL, NULL },
};

const scimctl_command scimctl_mapping[] = {
    { .family = "mapping", .name = "list", .operation = &admin_mapping_list,
      .named = where, .print = print_mappings },
    { .family = "mapping", .name = "show", .argument = "ID",
      .operation = &admin_mapping_get, .print = print_mappings },
    { .family = "mapping", .name = "save", .operation = &admin_mapping_save,
      .options = save_options, .run = save },
    { .family = "mapping", .name = "preview",
      .operation = &admin_mapping_preview, .options = save_options,
      .run = save },
    { .family = "mapping", .name = "delete", .argument = "ID",
      .operation = &admin_mapping_delete, .print = scimctl_print_effect },
    { .family = "mapping", .name = "delete-preview", .argument = "ID",
      .operation = &admin_mapping_delete_preview,
      .print = scimctl_print_effect },
    { .family = "mapping", .name = "unmapped",
      .operation = &admin_mapping_unmapped,
      .columns = "id:ID name:GROUP app:APP members:MEMBERS" },
    { .family = "mapping", .name = "dormant",
      .operation = &admin_mapping_dormant, .print = print_dormant },
    { .family = "mapping", .name = "reconnect", .argument = "ID",
      .operation = &admin_mapping_reconnect, .named = of_group,
      .print = scimctl_print_effect },
    { .name = NULL },
};
/* clang-format on */
