/* Commands that are operations of admin/: their options and their output. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
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

static const char *option_of(const admin_field *field, apr_pool_t *pool)
{
    return field->option != NULL ? field->option : dashed(field->name, pool);
}

/* "APP" where a name may stand as well. */
static const char *noun(const admin_field *field,
                        const scimctl_command *command, apr_pool_t *pool)
{
    const scimctl_named *named = command->named;
    const char *option = option_of(field, pool);
    char *text, *p;

    while (named != NULL && named->list != NULL
           && (named->option == NULL || strcmp(named->option, option) != 0)) {
        named++;
    }
    if (named == NULL || named->list == NULL) {
        return NULL;
    }
    text = apr_pstrndup(pool, named->list->name,
                        strcspn(named->list->name, "."));
    for (p = text; *p != '\0'; p++) {
        *p = (char)apr_toupper(*p);
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

    if (field->type == ADMIN_LIST && field->fields == NULL) {
        return "A,B";
    }
    return field->type == ADMIN_WORD ? field->choices : by_type[field->type];
}

static void push(apr_array_header_t *out, const char *name, const char *value,
                 const char *help, int required)
{
    scimctl_option option = { name, value, help, required };

    APR_ARRAY_PUSH(out, scimctl_option) = option;
}

/* "organization show acme": the word is the organization. */
static int is_about_organization(const scimctl_command *command)
{
    return command->argument != NULL && strcmp(command->argument, "SLUG") == 0;
}

/* "organization create acme": or what it will be called. */
static int is_argument(const admin_field *field,
                       const scimctl_command *command)
{
    return is_about_organization(command) && strcmp(field->name, "slug") == 0;
}

static const scimctl_option *derive(const scimctl_command *command,
                                    apr_pool_t *pool)
{
    apr_array_header_t *out = apr_array_make(pool, 8, sizeof(scimctl_option));
    const admin_operation *operation = command->operation;
    const admin_field *field = operation->fields;

    if (operation->need != STORE_ANYBODY && !is_about_organization(command)) {
        push(out, "organization", "SLUG", "which one", 1);
    }
    for (; field != NULL && field->name != NULL; field++) {
        if (!is_argument(field, command)) {
            const char *named = noun(field, command, pool);

            push(out, option_of(field, pool),
                 named != NULL ? named : placeholder(field), field->help,
                 field->required);
        }
    }
    if (operation->is_list) {
        push(out, "limit", "N", "how many at most (default: all)", 0);
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
               : derive(command, pool);
}

/* "a, b": a list of texts needs no JSON. A new reference. */
static json_t *words_of(const char *text)
{
    json_t *list = json_array();

    while (*(text += strspn(text, " ")) != '\0') {
        apr_size_t len = strcspn(text, ","), used = len;

        while (used > 0 && text[used - 1] == ' ') {
            used--;
        }
        json_array_append_new(list, json_stringn(text, used));
        text += len + (text[len] == ',');
    }
    return list;
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

        json = *text != '\0' && *end == '\0' ? json_integer(n)
               : field->nullable && strcmp(text, "none") == 0 ? json_null()
                                                              : NULL;
        break;
    }
    case ADMIN_BOOLEAN:
        json = strcmp(text, "on") == 0    ? json_true()
               : strcmp(text, "off") == 0 ? json_false()
                                          : NULL;
        break;
    case ADMIN_LIST:
        if (field->fields == NULL && *text != '[') {
            return words_of(text);
        }
        /* fall through */
    case ADMIN_OBJECT:
        json = json_loads(text, JSON_DECODE_ANY, NULL);
        break;
    default:
        break;
    }
    return json != NULL ? json : scim_json_text(text);
}

static scim_error *read_limit(admin_call *out, const scimctl_call *call)
{
    const char *limit = scimctl_text(call, "limit");
    apr_int64_t n = ADMIN_LIST_MAX;
    scim_error *err = NULL;

    if (limit != NULL) {
        err = scimctl_number(&n, "--limit", limit, 1, ADMIN_LIST_MAX,
                             call->pool);
    }
    out->slice.limit = (int)n;
    out->slice.after = scimctl_text(call, "after");
    return err;
}

static scim_error *read_options(admin_call *out, const scimctl_call *call)
{
    const admin_field *field = out->operation->fields;
    const char *text;

    out->given = scim_json_adopt(json_object(), call->pool);
    for (; field != NULL && field->name != NULL; field++) {
        text = is_argument(field, call->command)
                   ? call->argument
                   : scimctl_text(call, option_of(field, call->pool));
        if (text != NULL) {
            json_object_set_new(out->given, field->name,
                                value_of(field, text));
        }
    }
    return read_limit(out, call);
}

/* ------------------------------------------------------------------ tables */

static int count_columns(const char *columns)
{
    int n = 1;

    for (; *columns != '\0'; columns++) {
        n += *columns == ' ';
    }
    return n;
}

typedef struct column {
    const char *member;
    char *head;
    char *yes, *no; /* what stands for true and false; or NULL */
} column;

static void unfold(char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        *text = *text == '_' ? ' ' : *text;
    }
}

/* "scim:SCIM:on|off" */
static column read_column(char *text)
{
    column c = { .member = text };

    c.head = strchr(text, ':');
    *c.head++ = '\0';
    c.yes = strchr(c.head, ':');
    if (c.yes != NULL) {
        *c.yes++ = '\0';
        c.no = strchr(c.yes, '|');
        *c.no++ = '\0';
    }
    unfold(c.head);
    unfold(c.yes);
    unfold(c.no);
    return c;
}

static const char *cell(const json_t *row, const column *c, apr_pool_t *pool)
{
    const json_t *value = json_object_get(row, c->member);

    if (c->yes != NULL && json_is_boolean(value)) {
        return json_is_true(value) ? c->yes : c->no;
    }
    return scimctl_member(row, c->member, pool);
}

/* Calls for each column of "id:ID name:NAME". */
static void each_column(const char *columns, void (*see)(scimctl_table *table,
                        const column *c, const json_t *row, apr_pool_t *pool),
                        scimctl_table *table, const json_t *row,
                        apr_pool_t *pool)
{
    char *last, *text = apr_strtok(apr_pstrdup(pool, columns), " ", &last);

    for (; text != NULL; text = apr_strtok(NULL, " ", &last)) {
        column c = read_column(text);

        see(table, &c, row, pool);
    }
}

static void add_head(scimctl_table *table, const column *c, const json_t *row,
                     apr_pool_t *pool)
{
    (void)row;
    (void)pool;
    scimctl_table_add(table, c->head);
}

static void add_cell(scimctl_table *table, const column *c, const json_t *row,
                     apr_pool_t *pool)
{
    scimctl_table_add(table, cell(row, c, pool));
}

static void add_line(scimctl_table *table, const column *c, const json_t *row,
                     apr_pool_t *pool)
{
    scimctl_table_add(table, c->head);
    scimctl_table_add(table, cell(row, c, pool));
}

static void print_rows(const json_t *rows, const char *columns,
                       apr_pool_t *pool)
{
    scimctl_table *table = scimctl_table_make(count_columns(columns), pool);
    json_t *row;
    size_t i;

    each_column(columns, add_head, table, NULL, pool);
    json_array_foreach((json_t *)rows, i, row) {
        each_column(columns, add_cell, table, row, pool);
    }
    scimctl_table_print(table);
}

/* "slug:slug name:name" in this order, or all members in theirs. */
static void print_object(const json_t *object, const char *columns,
                         apr_pool_t *pool)
{
    scimctl_table *table = scimctl_table_make(2, pool);
    const char *name;
    json_t *value;

    if (columns != NULL) {
        each_column(columns, add_line, table, object, pool);
    }
    else {
        json_object_foreach((json_t *)object, name, value) {
            scimctl_table_add(table, name);
            scimctl_table_add(table, scimctl_member(object, name, pool));
        }
    }
    scimctl_table_print(table);
}

static void add_alias(json_t *object, const char *alias, apr_pool_t *pool)
{
    const char *colon = strchr(alias, ':');
    const char *name = apr_pstrmemdup(pool, alias,
                                      (apr_size_t)(colon - alias));

    json_object_set(object, colon + 1, json_object_get(object, name));
}

static void print_json(const admin_call *done, const scimctl_call *call)
{
    const char *alias = call->command->alias;
    json_t *row;
    size_t i;

    if (alias != NULL && json_is_object(done->out)) {
        add_alias(done->out, alias, call->pool);
    }
    json_array_foreach(done->out, i, row) {
        if (alias != NULL) {
            add_alias(row, alias, call->pool);
        }
    }
    scimctl_print_json(done->out != NULL ? json_incref(done->out)
                                         : json_pack("{s:b}", "done", 1));
}

static void print_result(const admin_call *done, const scimctl_call *call)
{
    if (call->json) {
        print_json(done, call);
    }
    else if (call->command->print != NULL) {
        call->command->print(done, call);
    }
    else if (json_is_array(done->out)) {
        print_rows(done->out, call->command->columns, call->pool);
    }
    else if (done->out != NULL) {
        print_object(done->out, call->command->columns, call->pool);
    }
    else {
        printf("Done.\n");
    }
    if (!call->json && done->slice.next != NULL) {
        fprintf(scimctl_is_set(call, "csv") ? stderr : stdout,
                "There is more: --after %s\n",
                scimctl_escape(done->slice.next, call->pool));
    }
}

/* All pages, or as many as the limit that was given takes: a page may be
 * short. */
static scim_error *perform(admin_call *todo, const scimctl_call *call)
{
    int limit = scimctl_text(call, "limit") != NULL ? todo->slice.limit : 0;
    json_t *all = NULL;
    scim_error *err;

    for (;;) {
        err = admin_perform(todo);
        if (err != NULL) {
            return err;
        }
        if (all != NULL) {
            json_array_extend(all, todo->out);
            todo->out = all;
        }
        all = todo->out;
        if (todo->slice.next == NULL
            || (limit > 0 && (int)json_array_size(all) >= limit)) {
            return NULL;
        }
        if (limit > 0) {
            todo->slice.limit = limit - (int)json_array_size(all);
        }
        todo->slice.after = todo->slice.next;
    }
}

/* "\"expires_days\" takes ..." is "--expires takes ..." here. */
static scim_error *in_our_words(scim_error *err, const admin_call *call)
{
    const admin_field *field = call->operation->fields;
    const char *quoted;

    for (; err != NULL && err->field != NULL && field != NULL
           && field->name != NULL;
         field++) {
        quoted = apr_pstrcat(call->pool, "\"", field->name, "\"", NULL);
        if (strcmp(field->name, err->field) == 0
            && strncmp(err->detail, quoted, strlen(quoted)) == 0) {
            err->detail = apr_pstrcat(
                call->pool, "--", option_of(field, call->pool),
                field->type == ADMIN_BOOLEAN ? " takes on or off."
                                             : err->detail + strlen(quoted),
                NULL);
        }
    }
    return err;
}

/* An act that changes nothing is a slip of who types. */
static scim_error *check_asked(const admin_call *todo,
                               const scimctl_call *call)
{
    const char *verb = strchr(todo->operation->name, '.');

    if (strcmp(verb, ".change") != 0 || json_object_size(todo->given) > 0) {
        return NULL;
    }
    return scim_error_make(SCIM_BAD_REQUEST, call->pool,
                           "What shall be changed? Usage: %s",
                           scimctl_usage(call->command, call->pool));
}

scim_error *scimctl_prepare(admin_call *out, scimctl_call *call)
{
    int about = is_about_organization(call->command);
    scim_error *err = scimctl_resolve(call);

    memset(out, 0, sizeof(*out));
    out->operation = call->command->operation;
    out->db = call->db;
    out->pool = call->pool;
    if (out->operation->need != STORE_ANYBODY) {
        out->slug = about ? call->argument
                          : scimctl_text(call, "organization");
    }
    out->ids[0] = about ? NULL : call->argument;
    if (err == NULL) {
        err = read_options(out, call);
    }
    return err != NULL ? err : check_asked(out, call);
}

scim_error *scimctl_perform(scimctl_call *call)
{
    admin_call todo;
    scim_error *err = scimctl_prepare(&todo, call);

    if (err == NULL) {
        err = in_our_words(perform(&todo, call), &todo);
    }
    if (err == NULL) {
        print_result(&todo, call);
    }
    return err;
}
