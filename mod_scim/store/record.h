/* Resources as they are read from rows. Private to store/. */
#ifndef SCIM_STORE_RECORD_H
#define SCIM_STORE_RECORD_H

#include "store/transaction.h"

/* What to read for an answer about `type`. */
store_shape store_shape_of(const scim_resource_type *type,
                           const store_wants *wants);

/* The same where enter has told whether groups nest. Before that, a shape of
 * direct groups is tried, and the whole read is repeated where they do. */
store_shape store_shape_within(store_shape shape, const store_transaction *tx);

/* The statement that reads one resource by its id in this shape. */
store_step *store_add_select(store_shape shape, const char *id,
                             const scim_resource_type *type,
                             store_transaction *tx);

/* The row alone, locked. */
store_step *store_add_lock(const char *id, const scim_resource_type *type,
                           store_transaction *tx);
store_shape store_shape_of_row(const scim_resource_type *type);

/* Row `row` of a result whose columns from `column` on are those of `shape`.
 * Texts stay in the result. */
store_record *store_record_read(const PGresult *result, int row, int column,
                                store_shape shape, apr_pool_t *pool);

/* The record of a step of store_add_select(); SCIM_NOT_FOUND if it is not
 * there. */
scim_error *store_record_of(store_record **out, const store_step *step,
                            store_shape shape, const char *id,
                            const scim_resource_type *type, apr_pool_t *pool);

/* Fills record->json. */
scim_error *store_record_parse(store_record *record, apr_pool_t *pool);

/* What answers with a resource in a shape. The groups of a user come by a
 * statement of their own: two plain ones cost less than a join of them. */
typedef struct store_selection {
    store_shape shape;
    const store_step *row, *groups; /* groups: or NULL */
} store_selection;

/* Adds what is missing: `written`, or NULL, is a step of the same trip that
 * answers with the row as it is now. */
void store_add_selection(store_selection *out, const store_step *written,
                         store_shape shape, const char *id,
                         const scim_resource_type *type,
                         store_transaction *tx);

/* The record; SCIM_NOT_FOUND if it is not there. */
scim_error *store_selected(store_record **out, const store_selection *from,
                           const char *id, const scim_resource_type *type,
                           apr_pool_t *pool);

scim_error *store_not_found(const scim_resource_type *type, const char *id,
                            apr_pool_t *pool);

/* The id as keys have it; NULL: it is none. */
const char *store_id_normal(const char *id, apr_pool_t *pool);

#endif
