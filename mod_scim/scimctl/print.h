/* Output for people (aligned, controls escaped) and for programs (JSON). */
#ifndef SCIM_SCIMCTL_PRINT_H
#define SCIM_SCIMCTL_PRINT_H

#include <apr_pools.h>
#include <jansson.h>

/* Text that a terminal shows and does not obey: controls as \u{9b}, bytes that
 * are no UTF-8 as \x{ff}. */
const char *scimctl_escape(const char *text, apr_pool_t *pool);

typedef struct scimctl_table scimctl_table;

scimctl_table *scimctl_table_make(int columns, apr_pool_t *pool);
/* The next cell, row by row, copied; NULL shows as "-". The first row is the
 * head. */
void scimctl_table_add(scimctl_table *table, const char *text);
void scimctl_table_number(scimctl_table *table, apr_int64_t n);
void scimctl_table_print(scimctl_table *table);

/* From now on tables are CSV (RFC 4180) for spreadsheets: nothing that is null
 * is "-", and nothing in a cell is a formula. */
void scimctl_tables_as_csv(void);

/* Prints and releases it. */
void scimctl_print_json(json_t *json);

/* A member as people read it, escaped; NULL if it is null or not there. */
const char *scimctl_member(const json_t *object, const char *name,
                           apr_pool_t *pool);
/* "users 3, groups 1" */
const char *scimctl_member_text(const json_t *object, apr_pool_t *pool);

/* A text or null; a new reference. */
json_t *scimctl_json_text(const char *text);

#endif
