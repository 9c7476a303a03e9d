/* Users and groups for people: what they are, what they were. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "core/json.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

/* Of a group's members that a version names. */
#define NAMES_MAX 10

/* ----------------------------------------------------------------- values */

/* Each simple value by its path, in order: "emails[0].value",
 * "urn:...:User:manager.value". `within`: what stands before a name. */
static void flatten(json_t *out, const char *path, const char *within,
                    const json_t *value, apr_pool_t *pool)
{
    const char *name;
    json_t *part;
    size_t i;

    json_object_foreach((json_t *)value, name, part) {
        flatten(out, apr_pstrcat(pool, path, within, name, NULL),
                *path == '\0' && strncmp(name, "urn:", 4) == 0 ? ":" : ".",
                part, pool);
    }
    json_array_foreach((json_t *)value, i, part) {
        flatten(out, apr_psprintf(pool, "%s[%d]", path, (int)i), ".", part,
                pool);
    }
    if (!json_is_object(value) && !json_is_array(value)) {
        json_object_set(out, path, (json_t *)value);
    }
}

static json_t *flat(const json_t *value, apr_pool_t *pool)
{
    json_t *out = scim_json_adopt(json_object(), pool);

    flatten(out, "", "", value, pool);
    return out;
}

static void print_values(const json_t *resource, apr_pool_t *pool)
{
    scimctl_table *table = scimctl_table_make(3, pool);
    const json_t *all = flat(resource, pool);
    const char *path;
    json_t *value;

    json_object_foreach((json_t *)all, path, value) {
        if (strncmp(path, "schemas", 7) != 0 && strcmp(path, "id") != 0) {
            scimctl_table_add(table, " ");
            scimctl_table_add(table, path);
            scimctl_table_add(table, scimctl_member(all, path, pool));
        }
    }
    printf("Attributes:\n");
    scimctl_table_print(table);
}

/* ------------------------------------------------------------------- users */

static void print_line(const char *head, const json_t *object,
                       const char *member, apr_pool_t *pool)
{
    const char *text = scimctl_member(object, member, pool);

    if (text != NULL) {
        printf("%-13s%s\n", head, text);
    }
}

static void print_groups(const json_t *groups, apr_pool_t *pool)
{
    json_t *group;
    size_t i;

    printf("Groups:\n");
    json_array_foreach((json_t *)groups, i, group) {
        const char *via = scimctl_member(json_object_get(group, "via"), "name",
                                         pool);

        printf("  %s%s%s\n", scimctl_member(group, "name", pool),
               via != NULL ? ", which contains " : "", via != NULL ? via : "");
    }
    if (json_array_size(groups) == 0) {
        printf("  none\n");
    }
}

void scimctl_print_user(const admin_call *done, const scimctl_call *call)
{
    const json_t *user = done->out;
    apr_pool_t *pool = call->pool;

    print_line("User", user, "user_name", pool);
    print_line("Name", user, "name", pool);
    print_line("Id", user, "id", pool);
    printf("%-13s%s\n", "State",
           json_is_true(json_object_get(user, "active")) ? "active"
                                                         : "inactive");
    print_line("App", user, "app", pool);
    print_line("Created", user, "created", pool);
    print_line("Changed", user, "last_modified", pool);
    print_line("Version", user, "version", pool);
    print_values(json_object_get(user, "resource"), pool);
    print_groups(json_object_get(user, "groups"), pool);
    scimctl_print_permissions(user, pool);
}

void scimctl_print_group(const admin_call *done, const scimctl_call *call)
{
    const json_t *group = done->out, *mapping = json_object_get(group,
                                                                "mapping");
    apr_pool_t *pool = call->pool;
    json_t *outer;
    size_t i;

    print_line("Group", group, "name", pool);
    print_line("Id", group, "id", pool);
    print_line("ExternalId", group, "external_id", pool);
    print_line("App", group, "app", pool);
    print_line("Users", group, "members", pool);
    print_line("Groups", group, "groups", pool);
    print_line("Created", group, "created", pool);
    print_line("Changed", group, "last_modified", pool);
    print_line("Version", group, "version", pool);
    json_array_foreach(json_object_get(group, "within"), i, outer) {
        print_line("Within", outer, "name", pool);
    }
    printf("%-13s%s\n", "Gives",
           json_is_object(mapping) ? scimctl_grants_text(mapping, pool)
                                   : "nothing: it is not mapped");
}

/* ----------------------------------------------------------------- history */

static const char *or_none(const json_t *values, const char *path,
                           apr_pool_t *pool)
{
    const char *text = scimctl_member(values, path, pool);

    return text != NULL ? text : "(none)";
}

/* What differs, of both; of a new one all. */
static void print_changes(const json_t *row, apr_pool_t *pool)
{
    const json_t *before = flat(json_object_get(row, "before"), pool),
                 *after = flat(json_object_get(row, "after"), pool);
    int is_new = json_object_size(before) == 0;
    json_t *paths = scim_json_adopt(json_copy((json_t *)before), pool), *value;
    const char *path;

    if (json_object_size(after) == 0) {
        return; /* deleted: what it was stands above */
    }
    json_object_update(paths, (json_t *)after);
    json_object_foreach(paths, path, value) {
        if (json_equal(json_object_get(before, path),
                       json_object_get(after, path))) {
            continue;
        }
        if (!is_new) {
            printf("    %s: %s -> %s\n", scimctl_escape(path, pool),
                   or_none(before, path, pool), or_none(after, path, pool));
        }
        else if (strncmp(path, "schemas", 7) != 0) {
            printf("    %s: %s\n", scimctl_escape(path, pool),
                   or_none(after, path, pool));
        }
    }
}

static void print_members(const json_t *row, const char *which,
                          apr_pool_t *pool)
{
    const json_t *list = json_object_get(row, which);
    const char *count = scimctl_member(json_object_get(row, "members"), which,
                                       pool),
               *names = "";
    json_t *member;
    size_t i;

    json_array_foreach((json_t *)list, i, member) {
        const char *name = scimctl_member(member, "name", pool);

        if (i == NAMES_MAX) {
            names = apr_pstrcat(pool, names, ", ...", NULL);
            break;
        }
        names = apr_pstrcat(pool, names, i > 0 ? ", " : "",
                            name != NULL ? name
                                         : scimctl_member(member, "id", pool),
                            NULL);
    }
    if (*names != '\0') {
        printf("    members %s (%s): %s\n", which,
               count != NULL ? count : "?", names);
    }
}

void scimctl_print_history(const admin_call *done, const scimctl_call *call)
{
    apr_pool_t *pool = call->pool;
    json_t *row;
    size_t i;

    json_array_foreach(done->out, i, row) {
        const char *app = scimctl_member(row, "app", pool);

        printf("Version %s  %s  %s by %s%s%s%s\n",
               scimctl_member(row, "version", pool),
               scimctl_member(row, "time", pool),
               scimctl_member(row, "action", pool),
               scimctl_member(row, "actor", pool), app != NULL ? " (" : "",
               app != NULL ? app : "", app != NULL ? ")" : "");
        print_changes(row, pool);
        print_members(row, "added", pool);
        print_members(row, "removed", pool);
    }
}

void scimctl_print_version(const admin_call *done, const scimctl_call *call)
{
    apr_pool_t *pool = call->pool;
    json_t *member;
    size_t i;

    print_line("Id", done->out, "id", pool);
    print_line("Version", done->out, "version", pool);
    print_line("Time", done->out, "time", pool);
    print_line("Action", done->out, "action", pool);
    print_values(json_object_get(done->out, "attributes"), pool);
    if (json_array_size(json_object_get(done->out, "members")) == 0) {
        return;
    }
    printf("Members:\n");
    json_array_foreach(json_object_get(done->out, "members"), i, member) {
        printf("  %s\n", or_none(member, "name", pool));
    }
}

/* "deleted", or what the act was. */
static const char *cause_of(const json_t *row, apr_pool_t *pool)
{
    const json_t *cause = json_object_get(row, "cause");

    return json_object_get(cause, "deleted") != NULL
               ? "was deleted"
               : scimctl_member(row, "action", pool);
}

void scimctl_print_memberships(const admin_call *done,
                               const scimctl_call *call)
{
    static const char *const heads[] = { "TIME", "CHANGE", "GROUP", "ACTOR",
                                         "CAUSE" };
    scimctl_table *table = scimctl_table_make(5, call->pool);
    apr_pool_t *pool = call->pool;
    json_t *row;
    size_t i;

    for (i = 0; i < 5; i++) {
        scimctl_table_add(table, heads[i]);
    }
    json_array_foreach(done->out, i, row) {
        scimctl_table_add(table, scimctl_member(row, "time", pool));
        scimctl_table_add(table, scimctl_member(row, "change", pool));
        scimctl_table_add(table, scimctl_member(json_object_get(row, "group"),
                                                "name", pool));
        scimctl_table_add(table, scimctl_member(row, "actor", pool));
        scimctl_table_add(table, cause_of(row, pool));
    }
    scimctl_table_print(table);
}
