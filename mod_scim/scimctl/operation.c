/* Commands that are operations of admin/: their options and their output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "core/json.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

static const char *dashed(const char *name, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, name), *p;

    for (p = text; *p != '\0'; p++) {
        *p = *p == '_' ? '-' : *p;
    }
    return text;
}

static const char *placeholder(const admin_field *field)
{
    static const char *const by_type[] = {
        [ADMIN_NAME] = "NAME",      [ADMIN_TEXT] = "TEXT",
        [ADMIN_WORD] = "WORD",      [ADMIN_NUMBER] = "N",
        [ADMIN_BOOLEAN] = "on|off", [ADMIN_TIME] = "TIME",
        [ADMIN_LIST] = "JSON",      [ADMIN_OBJECT] = "JSON",
    };

    return field->type == ADMIN_WORD ? field->choices : by_type[field->type];
}

static void push(apr_array_header_t *out, const char *name, const char *value,
                 const char *help, int required)
{
    scimctl_option option = { name, value, help, required };

    APR_ARRAY_PUSH(out, scimctl_option) = option;
}

static const scimctl_option *derive(const admin_operation *operation,
                                    apr_pool_t *pool)
{
    apr_array_header_t *out = apr_array_make(pool, 8, sizeof(scimctl_option));
    const admin_field *field = operation->fields;

    if (operation->need != STORE_ANYBODY) {
        push(out, "organization", "SLUG", "which one", 1);
    }
    for (; field != NULL && field->name != NULL; field++) {
        push(out, dashed(field->name, pool), placeholder(field), field->help,
             field->required);
    }
    if (operation->is_list) {
        push(out, "limit", "N", "how many at most (default 50)", 0);
        push(out, "after", "KEY", "the next page, as the last one says", 0);
    }
    push(out, NULL, NULL, NULL, 0);
    return (const scimctl_option *)out->elts;
}

const scimctl_option *scimctl_options_of(const scimctl_command *command,
                                         apr_pool_t *pool)
{
    return command->operation == NULL || command->options != NULL
               ? command->options
               : derive(command->operation, pool);
}

/* A text of the command line as the member's type has it; what does not fit
 * stays a text, which admin_perform() refuses by name. A new reference. */
static json_t *value_of(const admin_field *field, const char *text)
{
    json_t *json = NULL;
    char *end;

    switch (field->type) {
    case ADMIN_NUMBER: {
        apr_int64_t n = strtoll(text, &end, 10);

        json = *text != '\0' && *end == '\0' ? json_integer(n) : NULL;
        break;
    }
    case ADMIN_BOOLEAN:
        json = strcmp(text, "on") == 0    ? json_true()
               : strcmp(text, "off") == 0 ? json_false()
                                          : NULL;
        break;
    case ADMIN_LIST:
    case ADMIN_OBJECT:
        json = json_loads(text, JSON_DECODE_ANY, NULL);
        break;
    default:
        break;
    }
    return json != NULL ? json : scim_json_text(text);
}

static scim_error *read_options(admin_call *out, const scimctl_call *call)
{
    const admin_field *field = out->operation->fields;
    const char *limit = scimctl_text(call, "limit");
    apr_int64_t n = ADMIN_LIST_DEFAULT;
    scim_error *err = NULL;

    out->given = scim_json_adopt(json_object(), call->pool);
    for (; field != NULL && field->name != NULL; field++) {
        const char *text = scimctl_text(call, dashed(field->name, call->pool));

        if (text != NULL) {
            json_object_set_new(out->given, field->name,
                                value_of(field, text));
        }
    }
    if (limit != NULL) {
        err = scimctl_number(&n, "--limit", limit, 1, ADMIN_LIST_MAX,
                             call->pool);
    }
    out->slice.limit = (int)n;
    out->slice.after = scimctl_text(call, "after");
    return err;
}

/* ------------------------------------------------------------------ tables */

static const char *cell(const json_t *row, const char *name, apr_pool_t *pool)
{
    const json_t *value = json_object_get(row, name);

    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    if (json_is_boolean(value)) {
        return json_is_true(value) ? "yes" : "no";
    }
    if (json_is_integer(value)) {
        return apr_psprintf(pool, "%" APR_INT64_T_FMT,
                            (apr_int64_t)json_integer_value(value));
    }
    return json_is_string(value) ? json_string_value(value)
                                 : scim_json_dump(value, NULL, pool);
}

/* "id:ID name:NAME": calls for each pair. */
static int count_columns(const char *columns)
{
    int n = 1;

    for (; *columns != '\0'; columns++) {
        n += *columns == ' ';
    }
    return n;
}

static void add_row(scimctl_table *table, const char *columns,
                    const json_t *row, apr_pool_t *pool)
{
    char *last, *pair = apr_strtok(apr_pstrdup(pool, columns), " ", &last);

    for (; pair != NULL; pair = apr_strtok(NULL, " ", &last)) {
        char *head = strchr(pair, ':');

        *head++ = '\0';
        scimctl_table_add(table, row == NULL ? head : cell(row, pair, pool));
    }
}

static void print_rows(const json_t *rows, const char *columns,
                       apr_pool_t *pool)
{
    scimctl_table *table = scimctl_table_make(count_columns(columns), pool);
    json_t *row;
    size_t i;

    add_row(table, columns, NULL, pool);
    json_array_foreach((json_t *)rows, i, row) {
        add_row(table, columns, row, pool);
    }
    scimctl_table_print(table);
}

static void print_object(const json_t *object, apr_pool_t *pool)
{
    scimctl_table *table = scimctl_table_make(2, pool);
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value) {
        scimctl_table_add(table, name);
        scimctl_table_add(table, cell(object, name, pool));
    }
    scimctl_table_print(table);
}

static void print_result(const admin_call *done, const scimctl_call *call)
{
    if (call->json) {
        scimctl_print_json(done->out != NULL ? json_incref(done->out)
                                             : json_pack("{s:b}", "done", 1));
    }
    else if (json_is_array(done->out)) {
        print_rows(done->out, call->command->columns, call->pool);
    }
    else if (done->out != NULL) {
        print_object(done->out, call->pool);
    }
    else {
        printf("Done.\n");
    }
    if (!call->json && done->slice.next != NULL) {
        printf("There is more: --after %s\n",
               scimctl_escape(done->slice.next, call->pool));
    }
}

scim_error *scimctl_perform(scimctl_call *call)
{
    admin_call todo = { .operation = call->command->operation,
                        .slug = scimctl_text(call, "organization"),
                        .ids = { call->argument },
                        .db = call->db,
                        .pool = call->pool };
    scim_error *err = read_options(&todo, call);

    if (err == NULL) {
        err = admin_perform(&todo);
    }
    if (err == NULL) {
        print_result(&todo, call);
    }
    return err;
}
