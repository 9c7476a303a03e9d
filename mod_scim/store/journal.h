/* The journal row that travels with every write (DESIGN 5.15). Private to
 * store/. */
#ifndef SCIM_STORE_JOURNAL_H
#define SCIM_STORE_JOURNAL_H

#include "store/transaction.h"

typedef struct store_entry {
    const char *action; /* create, replace, modify, delete */
    const scim_resource_type *type;
    const char *id;   /* or NULL */
    apr_int64_t version; /* that the write made; 0: none */
    const char *name; /* of the resource; or NULL */
    int status;       /* HTTP */
    const scim_error *refused; /* or NULL */
    json_t *changes;  /* object, or NULL; gets "warnings" added */
    const char *added, *removed; /* members, as arrays of ids; or NULL */
} store_entry;

void store_add_journal(const store_entry *entry, store_transaction *tx);

/* {"before": {...}, "after": {...}} of the attributes that differ, all of them
 * where the other resource is NULL; without what is never returned. Belongs to
 * `pool`. */
json_t *store_changes(const json_t *before, const json_t *after,
                      const scim_resource_type *type, apr_pool_t *pool);

/* {"warnings": [...]} of the request, or {}: as text. */
const char *store_warnings(const store_transaction *tx);

/* The one that is added where members were skipped: as text. */
const char *store_warning_of_members(const store_transaction *tx);

/* A statement about what users hold (STORE_PERMISSIONS_USER, ...) of this
 * resource. */
store_step *store_add_permissions(store_statement statement, const char *id,
                                  store_transaction *tx);

/* The five parameters that say who, how long and from where. */
void store_add_origin(store_step *step, store_transaction *tx);

#endif
