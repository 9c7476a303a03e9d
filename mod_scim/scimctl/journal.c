#include <stdio.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "admin/journal.h"
#include "core/json.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

#define MONTHS_MAX 1200
#define POLL_EVERY apr_time_from_sec(1)

static scim_error *maintain(scimctl_call *call)
{
    const char *months = scimctl_text(call, "keep");
    apr_int64_t keep = 0;
    int made, dropped, removed;
    scim_error *err = NULL;

    if (months != NULL) {
        err = scimctl_number(&keep, "--keep", months, 0, MONTHS_MAX,
                             call->pool);
    }
    if (err == NULL) {
        err = store_journal_maintain(&made, &dropped, (int)keep, call->db,
                                     call->pool);
    }
    if (err == NULL) {
        err = store_mapping_expire(&removed, call->db, call->pool);
    }
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(json_pack("{s:i, s:i, s:i}", "made", made,
                                     "dropped", dropped, "mappings_removed",
                                     removed));
        return NULL;
    }
    printf("Journal: %d partitions made, %d dropped.\n", made, dropped);
    if (removed > 0) {
        printf("%d mappings removed: their groups were deleted more than 90 "
               "days ago.\n",
               removed);
    }
    return NULL;
}

/* Nobody wants all of it. */
static scim_error *list(scimctl_call *call)
{
    if (scimctl_text(call, "limit") == NULL) {
        apr_table_setn(call->options, "limit", "20");
    }
    return scimctl_perform(call);
}

/* ----------------------------------------------------------------- follow */

static void print_line(const json_t *row, const scimctl_call *call,
                       apr_pool_t *pool)
{
    static const char *const members[]
        = { "time", "actor", "action", "type", "name", "status", "remark" };
    const char *text = call->json ? scim_json_dump(row, NULL, pool) : "";
    int i;

    for (i = 0; !call->json && i < 7; i++) {
        const char *cell = scimctl_member(row, members[i], pool);

        text = apr_pstrcat(pool, text, i > 0 ? "  " : "",
                           cell != NULL ? scimctl_escape(cell, pool) : "-",
                           NULL);
    }
    puts(text);
}

/* Until somebody interrupts it, or nobody reads it any more. */
static scim_error *watch(admin_call *todo, const scimctl_call *call)
{
    char place[64]; /* outlives the pool of a round */
    scim_error *err;
    json_t *row;
    size_t i;

    for (;;) {
        apr_pool_clear(todo->pool);
        err = admin_perform(todo);
        if (err != NULL) {
            return scim_error_copy(err, call->pool);
        }
        apr_cpystrn(place, todo->slice.next, sizeof(place));
        todo->slice.after = place;
        json_array_foreach(todo->out, i, row) {
            print_line(row, call, todo->pool);
        }
        if (fflush(stdout) != 0) {
            return NULL;
        }
        if (json_array_size(todo->out) < (size_t)todo->slice.limit) {
            apr_sleep(POLL_EVERY);
        }
    }
}

static scim_error *follow(scimctl_call *call)
{
    admin_call todo;
    scim_error *err = scimctl_prepare(&todo, call);

    if (err == NULL) {
        apr_pool_create(&todo.pool, call->pool);
        err = watch(&todo, call);
    }
    return err;
}

/* ------------------------------------------------------------ a reference */

static void add_line(scimctl_table *table, const char *head, const char *text)
{
    if (text != NULL) {
        scimctl_table_add(table, head);
        scimctl_table_add(table, text);
    }
}

/* "a" and "b", as far as they are there: "a, b"; or NULL. */
static const char *joined(const char *a, const char *between, const char *b,
                          apr_pool_t *pool)
{
    return a == NULL || b == NULL ? (a != NULL ? a : b)
                                  : apr_pstrcat(pool, a, between, b, NULL);
}

static void add_asked(scimctl_table *table, const json_t *request,
                      apr_pool_t *pool)
{
    add_line(table, "asked",
             joined(scimctl_member(request, "method", pool), " ",
                    scimctl_member(request, "path", pool), pool));
    add_line(table, "If-Match", scimctl_member(request, "if_match", pool));
    add_line(table, "body", scimctl_member(request, "body", pool));
}

static void add_help(scimctl_table *table, const json_t *help,
                     apr_pool_t *pool)
{
    const char *operation = scimctl_member(help, "operation", pool);

    add_line(table, "rule",
             joined(scimctl_member(help, "rule", pool), " ",
                    scimctl_member(help, "section", pool), pool));
    add_line(table, "attribute", scimctl_member(help, "attribute", pool));
    add_line(table, "operation",
             operation != NULL
                 ? apr_pstrcat(pool, "Operations[", operation, "]", NULL)
                 : NULL);
    add_line(table, "to do", scimctl_member(help, "remedy", pool));
    add_line(table, "where", scimctl_member(help, "where", pool));
}

static void print_row(const json_t *row, apr_pool_t *pool)
{
    scimctl_table *table = scimctl_table_make(2, pool);
    const char *status = scimctl_member(row, "status", pool);

    add_line(table, "when", scimctl_member(row, "time", pool));
    add_line(table, "who", joined(scimctl_member(row, "actor", pool), ", ",
                                  scimctl_member(row, "app", pool), pool));
    add_line(table, "what",
             joined(joined(scimctl_member(row, "action", pool), " ",
                           scimctl_member(row, "type", pool), pool),
                    " ",
                    joined(scimctl_member(row, "name", pool), " ",
                           scimctl_member(row, "id", pool), pool),
                    pool));
    add_asked(table, json_object_get(row, "request"), pool);
    add_line(table, "answered",
             joined(joined(status, " ", scimctl_member(row, "scim_type", pool),
                           pool),
                    ": ", scimctl_member(row, "detail", pool), pool));
    add_help(table, json_object_get(row, "help"), pool);
    scimctl_table_print(table);
}

static scim_error *show(scimctl_call *call)
{
    admin_call todo;
    json_t *row;
    size_t i;
    scim_error *err = scimctl_prepare(&todo, call);

    if (err == NULL) {
        json_object_set_new(todo.given, "reference",
                            scim_json_text(call->argument));
        todo.ids[0] = NULL;
        err = admin_perform(&todo);
    }
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(json_incref(todo.out));
        return NULL;
    }
    json_array_foreach(json_object_get(todo.out, "rows"), i, row) {
        printf("%s", i > 0 ? "\n" : "");
        print_row(row, call->pool);
    }
    return i > 0 ? NULL
                 : scim_error_make(SCIM_NOT_FOUND, call->pool, "%s",
                                   scimctl_member(todo.out, "says",
                                                  call->pool));
}

/* clang-format off */
static const scimctl_option show_options[] = {
    { "organization", "SLUG", "which one", 1 },
    { NULL, NULL, NULL, 0 },
};

static const scimctl_option maintain_options[] = {
    { "keep", "MONTHS",
      "drops what is older than so many whole months (default 0: nothing)",
      0 },
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_journal[] = {
    { .family = "journal", .name = "list", .argument = "SLUG",
      .operation = &admin_journal_list, .run = list,
      .columns = "time:TIME actor:ACTOR action:ACTION type:TYPE name:NAME"
                 " status:STATUS remark:REMARK" },
    { .family = "journal", .name = "follow", .argument = "SLUG",
      .operation = &admin_journal_follow, .run = follow },
    { .family = "journal", .name = "show", .argument = "REFERENCE",
      .operation = &admin_journal_show, .options = show_options,
      .run = show },
    { .family = "journal", .name = "maintain",
      .summary = "Makes the journal's partitions three months ahead, and"
                 " removes mappings whose group was deleted 90 days ago; for"
                 " cron, monthly.",
      .options = maintain_options, .run = maintain },
    { .name = NULL },
};
/* clang-format on */
