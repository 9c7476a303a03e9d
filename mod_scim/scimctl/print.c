#include "scimctl/print.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_tables.h>
#include <unistr.h>
#include <uniwidth.h>

#include "admin/check.h"
#include "core/json.h"

struct scimctl_table {
    int columns;
    apr_array_header_t *cells; /* const char *, row by row */
    apr_pool_t *pool;
};

#define LONGEST_ESCAPE 8 /* \u{2069} */

static int as_csv; /* of this run */

void scimctl_tables_as_csv(void)
{
    as_csv = 1;
}

const char *scimctl_escape(const char *text, apr_pool_t *pool)
{
    const uint8_t *p = (const uint8_t *)text;
    apr_size_t left = strlen(text);
    char *out = apr_palloc(pool, left * LONGEST_ESCAPE + 1), *q = out;
    ucs4_t c;
    int len;

    while (left > 0) {
        len = u8_mbtoucr(&c, p, left);
        if (len < 1) {
            q += sprintf(q, "\\x{%02x}", *p);
            len = 1;
        }
        else if (admin_is_control(c)) {
            q += sprintf(q, "\\u{%x}", (unsigned int)c);
        }
        else {
            memcpy(q, p, (size_t)len);
            q += len;
        }
        p += len;
        left -= (apr_size_t)len;
    }
    *q = '\0';
    return out;
}

scimctl_table *scimctl_table_make(int columns, apr_pool_t *pool)
{
    scimctl_table *table = apr_pcalloc(pool, sizeof(*table));

    table->columns = columns;
    table->cells = apr_array_make(pool, 4 * columns, sizeof(const char *));
    table->pool = pool;
    return table;
}

void scimctl_table_add(scimctl_table *table, const char *text)
{
    APR_ARRAY_PUSH(table->cells, const char *) =
        text == NULL || *text == '\0' ? (as_csv ? "" : "-")
                                      : scimctl_escape(text, table->pool);
}

void scimctl_table_number(scimctl_table *table, apr_int64_t n)
{
    scimctl_table_add(table,
                      apr_psprintf(table->pool, "%" APR_INT64_T_FMT, n));
}

static int width_of(const char *text)
{
    return u8_width((const uint8_t *)text, strlen(text), "UTF-8");
}

static int width_of_column(const scimctl_table *table, int column)
{
    int i, width, widest = 0;

    for (i = column; i < table->cells->nelts; i += table->columns) {
        width = width_of(APR_ARRAY_IDX(table->cells, i, const char *));
        widest = width > widest ? width : widest;
    }
    return widest;
}

/* A spreadsheet takes what begins so for a formula. */
static void print_csv_cell(const char *text)
{
    int quoted = strpbrk(text, "\",\r\n") != NULL;

    printf("%s%s", quoted ? "\"" : "",
           *text != '\0' && strchr("=+-@", *text) != NULL ? "'" : "");
    for (; *text != '\0'; text++) {
        printf("%s%c", *text == '"' ? "\"" : "", *text);
    }
    printf("%s", quoted ? "\"" : "");
}

static void print_csv(const scimctl_table *table)
{
    int i;

    for (i = 0; i < table->cells->nelts; i++) {
        print_csv_cell(APR_ARRAY_IDX(table->cells, i, const char *));
        printf("%s", (i + 1) % table->columns == 0 ? "\r\n" : ",");
    }
}

static void print_aligned(scimctl_table *table)
{
    int *widths = apr_pcalloc(table->pool,
                              sizeof(int) * (apr_size_t)table->columns);
    const char *text;
    int i, column;

    for (i = 0; i < table->columns; i++) {
        widths[i] = width_of_column(table, i);
    }
    for (i = 0; i < table->cells->nelts; i++) {
        text = APR_ARRAY_IDX(table->cells, i, const char *);
        column = i % table->columns;
        if (column == table->columns - 1) {
            printf("%s\n", text);
        }
        else {
            printf("%s%*s", text, widths[column] - width_of(text) + 2, "");
        }
    }
}

void scimctl_table_print(scimctl_table *table)
{
    if (as_csv) {
        print_csv(table);
    }
    else {
        print_aligned(table);
    }
}

void scimctl_print_json(json_t *json)
{
    json_dumpf(json, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(json);
}

/* "a, b"; NULL: not all of them are texts. */
static const char *joined(const json_t *list, apr_pool_t *pool)
{
    const char *text = "";
    json_t *one;
    size_t i;

    json_array_foreach((json_t *)list, i, one) {
        if (!json_is_string(one)) {
            return NULL;
        }
        text = apr_pstrcat(pool, text, i > 0 ? ", " : "",
                           json_string_value(one), NULL);
    }
    return json_is_array(list) ? text : NULL;
}

static const char *text_of(const json_t *value, apr_pool_t *pool)
{
    const char *list = joined(value, pool);

    return json_is_string(value) ? json_string_value(value)
           : list != NULL        ? list
                                 : scim_json_dump(value, NULL, pool);
}

const char *scimctl_member(const json_t *object, const char *name,
                           apr_pool_t *pool)
{
    const json_t *value = json_object_get(object, name);

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
    return scimctl_escape(text_of(value, pool), pool);
}

const char *scimctl_member_text(const json_t *object, apr_pool_t *pool)
{
    const char *text = "", *name;
    json_t *value;

    json_object_foreach((json_t *)object, name, value) {
        text = apr_pstrcat(pool, text, *text != '\0' ? ", " : "", name, " ",
                           scimctl_member(object, name, pool), NULL);
    }
    return *text != '\0' ? text : "nothing";
}

json_t *scimctl_json_text(const char *text)
{
    return text != NULL ? scim_json_text(text) : json_null();
}
