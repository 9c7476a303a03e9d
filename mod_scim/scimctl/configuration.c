/* export and import. */
#include "admin/configuration.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "core/json.h"
#include "scimctl/command.h"
#include "scimctl/migration.h"
#include "scimctl/print.h"

/* The text is JSON for people and programs alike. */
static void print_export(const admin_call *done, const scimctl_call *call)
{
    (void)call;
    scimctl_print_json(json_incref(done->out));
}

static void print_list(const char *head, const json_t *list, const char *first,
                       const char *second, apr_pool_t *pool)
{
    json_t *one;
    size_t i;

    json_array_foreach((json_t *)list, i, one) {
        const char *more = scimctl_member(one, second, pool);

        printf("%s %s %s\n", head, scimctl_member(one, first, pool),
               more != NULL ? more : "");
    }
}

static void print_import(const admin_call *done, const scimctl_call *call)
{
    const json_t *changes = json_object_get(done->out, "changes");
    int is_dry = json_is_true(json_object_get(done->out, "dry_run"));

    print_list(is_dry ? "To do:" : "Done:", changes, "action", "name",
               call->pool);
    print_list("Not in the text, and left alone:",
               json_object_get(done->out, "extra"), "in", "name", call->pool);
    print_list("Not mapped, as there is no such group:",
               json_object_get(done->out, "missing"), "app", "group",
               call->pool);
    printf("%d %s.\n", (int)json_array_size(changes),
           is_dry ? "things would be changed" : "things changed");
}

static scim_error *no_json(const char *path, const json_error_t *e,
                           apr_pool_t *pool)
{
    return scim_error_make(SCIM_INVALID_VALUE, pool,
                           "%s is no JSON: %s (line %d).", path,
                           scim_excerpt(e->text, pool), e->line);
}

/* The file's text stands in the place of its name. */
static scim_error *import_file(scimctl_call *call)
{
    const char *path = scimctl_text(call, "file"), *text;
    json_error_t e;
    json_t *json;
    scim_error *err = scimctl_read_file(
        &text, strcmp(path, "-") == 0 ? "/dev/stdin" : path, call->pool);

    if (err != NULL) {
        return err;
    }
    json = json_loads(text, JSON_REJECT_DUPLICATES, &e);
    if (json == NULL) {
        return no_json(path, &e, call->pool);
    }
    json_decref(json);
    apr_table_set(call->options, "file", text);
    return scimctl_perform(call);
}

/* clang-format off */
static const scimctl_option import_options[] = {
    { "file", "FILE", "what an export wrote; -: standard input", 1 },
    { "dry-run", NULL, "says what would be changed, and changes nothing", 0 },
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_export[] = {
    { .family = "export", .name = "", .argument = "SLUG",
      .operation = &admin_configuration_export, .print = print_export },
    { .name = NULL },
};

const scimctl_command scimctl_import[] = {
    { .family = "import", .name = "", .argument = "SLUG",
      .operation = &admin_configuration_import, .run = import_file,
      .options = import_options,
      .print = print_import },
    { .name = NULL },
};
/* clang-format on */
