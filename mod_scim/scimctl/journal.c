#include <stdio.h>

#include <apr_strings.h>

#include "scimctl/command.h"
#include "scimctl/print.h"

#define MONTHS_MAX   1200
#define LAST_DEFAULT 20
#define LAST_MAX     10000

static scim_error *maintain(scimctl_call *call)
{
    const char *months = scimctl_text(call, "keep");
    apr_int64_t keep = 0;
    int made, dropped;
    scim_error *err = NULL;

    if (months != NULL) {
        err = scimctl_number(&keep, "--keep", months, 0, MONTHS_MAX,
                             call->pool);
    }
    if (err == NULL) {
        err = store_journal_maintain(&made, &dropped, (int)keep, call->db,
                                     call->pool);
    }
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(
            json_pack("{s:i, s:i}", "made", made, "dropped", dropped));
    }
    else {
        printf("Journal: %d partitions made, %d dropped.\n", made, dropped);
    }
    return NULL;
}

static const char *marked(const json_t *warning)
{
    return json_is_false(json_object_get(warning, "expected")) ? "unexpected "
                                                               : "";
}

/* "booleanText active, unexpected attributeUnknown shoe", or why it was
 * refused. */
static const char *remark(const store_journal_row *row, apr_pool_t *pool)
{
    const char *text = row->detail;
    json_t *warning;
    size_t i;

    json_array_foreach(row->warnings, i, warning)
    {
        const char *code = json_string_value(json_object_get(warning, "code"));
        const char *path = json_string_value(json_object_get(warning, "path"));

        text = apr_pstrcat(pool, text != NULL ? text : "",
                           text != NULL ? ", " : "", marked(warning),
                           code != NULL ? code : "?",
                           " ", path != NULL ? path : "", (char *)NULL);
    }
    return text;
}

static void print_rows(const apr_array_header_t *rows, apr_pool_t *pool)
{
    static const char *const head[]
        = { "TIME", "ACTOR", "ACTION", "TYPE", "NAME", "STATUS", "REMARK" };
    scimctl_table *table = scimctl_table_make(7, pool);
    int i;

    for (i = 0; i < 7; i++) {
        scimctl_table_add(table, head[i]);
    }
    for (i = 0; i < rows->nelts; i++) {
        const store_journal_row *row
            = APR_ARRAY_IDX(rows, i, store_journal_row *);

        scimctl_table_add(table, row->at);
        scimctl_table_add(table, row->actor);
        scimctl_table_add(table, row->action);
        scimctl_table_add(table, row->type);
        scimctl_table_add(table, row->name != NULL ? row->name : row->id);
        scimctl_table_add(table, row->status);
        scimctl_table_add(table, remark(row, pool));
    }
    scimctl_table_print(table);
}

static json_t *rows_json(const apr_array_header_t *rows)
{
    json_t *all = json_array();
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const store_journal_row *row
            = APR_ARRAY_IDX(rows, i, store_journal_row *);

        json_array_append_new(
            all,
            json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:O?}",
                      "time", scimctl_json_text(row->at),
                      "actor", scimctl_json_text(row->actor),
                      "action", scimctl_json_text(row->action),
                      "type", scimctl_json_text(row->type),
                      "id", scimctl_json_text(row->id),
                      "name", scimctl_json_text(row->name),
                      "status", scimctl_json_text(row->status),
                      "detail", scimctl_json_text(row->detail),
                      "warnings", row->warnings));
    }
    return all;
}

static store_journal_part part_of(const scimctl_call *call)
{
    return scimctl_is_set(call, "unexpected") ? STORE_JOURNAL_UNEXPECTED
           : scimctl_is_set(call, "warnings") ? STORE_JOURNAL_WARNINGS
                                              : STORE_JOURNAL_ALL;
}

static scim_error *list(scimctl_call *call)
{
    const char *text = scimctl_text(call, "last");
    apr_int64_t last = LAST_DEFAULT;
    apr_array_header_t *rows;
    scim_error *err = NULL;

    if (text != NULL) {
        err = scimctl_number(&last, "--last", text, 1, LAST_MAX, call->pool);
    }
    if (err == NULL) {
        err = store_journal_list(&rows, call->argument, (int)last,
                                 part_of(call), call->db, call->pool);
    }
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(rows_json(rows));
    }
    else {
        print_rows(rows, call->pool);
    }
    return NULL;
}

/* clang-format off */
static const scimctl_option list_options[] = {
    { "last", "N", "shows so many rows, the newest first (default 20)", 0 },
    { "warnings", NULL, "shows only what was sent beside the standard", 0 },
    { "unexpected", NULL,
      "the same, without the documented habits of the app's kind", 0 },
    { NULL, NULL, NULL, 0 },
};

static const scimctl_option maintain_options[] = {
    { "keep", "MONTHS",
      "drops what is older than so many whole months (default 0: nothing)",
      0 },
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_journal[] = {
    { "journal", "list", "SLUG",
      "Shows who did what to an organization, the newest first.",
      list_options, list },
    { "journal", "maintain", NULL,
      "Makes the journal's partitions three months ahead; for cron, monthly.",
      maintain_options, maintain },
    { NULL, NULL, NULL, NULL, NULL, NULL },
};
/* clang-format on */
