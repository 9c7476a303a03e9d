#include <stdio.h>

#include <apr_strings.h>

#include "scimctl/print.h"
#include "scimctl/types.h"

static scim_error *add(scimctl_call *call)
{
    scim_type_set *set;
    scim_path path;
    store_index_row row;
    scim_error *err = scimctl_types(&set, call);

    if (err == NULL) {
        err = scim_type_set_mark(&path, set, call->argument);
        if (err != NULL) {
            err->detail = apr_psprintf(call->pool, "%s: %s", call->argument,
                                       err->detail);
        }
    }
    if (err == NULL) {
        err = store_index_add(&row, &path, scim_type_set_types(set)[0],
                              call->db, call->pool);
    }
    if (err != NULL) {
        return err;
    }
    if (call->json) {
        scimctl_print_json(json_pack("{s:s, s:I}", "path", row.path, "users",
                                     (json_int_t)row.users));
        return NULL;
    }
    printf("%s has an index of %" APR_INT64_T_FMT " users; httpd's filters "
           "use it where ScimIndex names it, from its next reload on.\n",
           row.path, row.users);
    return NULL;
}

static scim_error *list(scimctl_call *call)
{
    scimctl_table *table = scimctl_table_make(2, call->pool);
    apr_array_header_t *rows;
    json_t *all;
    int i;
    scim_error *err = store_index_list(&rows, call->db, call->pool);

    if (err != NULL) {
        return err;
    }
    all = json_array();
    scimctl_table_add(table, "PATH");
    scimctl_table_add(table, "STATE");
    for (i = 0; i < rows->nelts; i++) {
        const store_index_row *row
            = &APR_ARRAY_IDX(rows, i, store_index_row);

        json_array_append_new(all, json_pack("{s:s, s:b}", "path", row->path,
                                             "ready", row->ready));
        scimctl_table_add(table, row->path);
        scimctl_table_add(table, row->ready ? "ready"
                                            : "not filled: add it again");
    }
    if (call->json) {
        scimctl_print_json(all);
        return NULL;
    }
    json_decref(all);
    scimctl_table_print(table);
    return NULL;
}

static scim_error *remove_one(scimctl_call *call)
{
    scim_error *err = store_index_remove(call->argument, call->db, call->pool);

    if (err == NULL && call->json) {
        scimctl_print_json(json_pack("{s:s}", "removed", call->argument));
    }
    else if (err == NULL) {
        printf("%s has no index any more.\n",
               scimctl_escape(call->argument, call->pool));
    }
    return err;
}

/* clang-format off */
static const scimctl_option add_options[] = {
    SCIMCTL_SCHEMA_OPTION,
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_index[] = {
    { .family = "index", .name = "add", .argument = "PATH",
      .summary = "Makes an index of an attribute of users (ScimIndex), while"
                 " httpd serves.",
      .options = add_options, .run = add },
    { .family = "index", .name = "list",
      .summary = "Shows which attributes have one.", .run = list },
    { .family = "index", .name = "remove", .argument = "PATH",
      .summary = "Filters do without it from now on.", .run = remove_one },
    { .name = NULL },
};
/* clang-format on */
