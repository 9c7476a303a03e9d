/* The owner's side's transactions, and results in a pool. Private to store/. */
#ifndef SCIM_STORE_ADMIN_CONNECTION_H
#define SCIM_STORE_ADMIN_CONNECTION_H

#include <libpq-fe.h>

#include "store/admin.h"
#include "store/result.h"

struct store_admin {
    const store_actor *actor;
    PGconn *conn;        /* scimctl's own; or NULL */
    store *s;            /* else of these, while a transaction is open */
    store_connection *c;
    store_caller caller; /* its share and deadline */
    struct store_transaction *writes; /* of store_admin_writer() */
    store_failure failed; /* what the last failure asks for */
    /* The organization entered. */
    apr_int64_t org_id;
    const char *org;  /* the same as text */
    const char *role; /* of the actor's account; NULL: scimctl */
    int is_tried;     /* what is done is taken back at the end */
};

/* A transaction of an owner's act: the schema's version fits, the role is
 * scim_owner. Each begin is followed by one end. */
scim_error *store_admin_begin(store_admin *a, apr_pool_t *pool);

/* A transaction as the role that connected, for what is not scim_owner's:
 * roles and migrations. */
scim_error *store_admin_begin_as_login(store_admin *a, apr_pool_t *pool);

/* Commits if `err` is NULL, or else rolls back and returns `err`. */
scim_error *store_admin_end(scim_error *err, store_admin *a, apr_pool_t *pool);

/* Reads scim.schema as scim_owner, and stays it until the transaction's end;
 * in an empty database, where that role may not exist, as who connected. */
scim_error *store_admin_read_state(store_schema_state *out, store_admin *a,
                                   apr_pool_t *pool);

/* One statement; `values` are its parameters as text. The result belongs to
 * `pool`; `out` may be NULL. */
scim_error *store_admin_run(PGresult **out, store_admin *a, const char *sql,
                            int count, const char *const *values,
                            apr_pool_t *pool);

/* Several statements as one text without parameters. */
scim_error *store_admin_script(store_admin *a, const char *sql,
                               apr_pool_t *pool);

/* The same within an organization, which is $1; `values` follow. */
scim_error *store_admin_ask(PGresult **out, store_admin *a, const char *sql,
                            int count, const char *const *values,
                            apr_pool_t *pool);

/* The same, and the first column of the first row as JSON; NULL without a row.
 * It belongs to `pool`. */
scim_error *store_admin_json(json_t **out, store_admin *a, const char *sql,
                             int count, const char *const *values,
                             apr_pool_t *pool);

/* The first column of a row as JSON; it belongs to `pool`. */
json_t *store_admin_row(const PGresult *rows, int row, apr_pool_t *pool);

/* An array of the first columns as JSON. The second column is the key in whose
 * order rows come; $2 is the key to begin behind (or NULL), $3 the number of
 * rows to read, `values` follow. */
scim_error *store_admin_slice(json_t **out, store_slice *slice, store_admin *a,
                              const char *sql, int count,
                              const char *const *values, apr_pool_t *pool);

/* A number for something new in the organization, given once only. */
scim_error *store_admin_number_new(const char **out, store_admin *a,
                                   apr_pool_t *pool);

/* A caller whose calls of store_create(), store_modify(), ... are parts of this
 * transaction: writes as SCIM's are, of what the app owns, by the actor.
 * store_admin_written() follows each. */
scim_error *store_admin_writer(const store_caller **out, int app_id,
                               store_admin *a, apr_pool_t *pool);
scim_error *store_admin_written(scim_error *err, store_admin *a);

/* Text as libpq takes it: a member of an object, NULL if it is not there; what
 * is no string is JSON. */
const char *store_admin_member(const json_t *object, const char *name,
                               apr_pool_t *pool);

/* SCIM_PRECONDITION_FAILED unless `version` (If-Match) is NULL or the object's
 * member. */
scim_error *store_admin_match(const json_t *object, const char *version,
                              apr_pool_t *pool);

/* Whether the failure was a unique key that is taken. */
int store_admin_is_taken(const PGresult *result);

/* Fields of a result, copied: NULL for SQL's NULL. */
const char *store_admin_text(const PGresult *result, int row, int column,
                             apr_pool_t *pool);
apr_int64_t store_admin_number(const PGresult *result, int row, int column);
int store_admin_is_true(const PGresult *result, int row, int column);

/* A time for people and programs alike: RFC 3339 with three digits, UTC. */
#define STORE_ADMIN_TIME(column)      \
    "to_char(" column                 \
    " at time zone 'UTC',"            \
    " 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"')"

/* The same where the key is a number above 0, and $2 in the statement is
 * STORE_ADMIN_AFTER. SCIM_INVALID_VALUE: what to begin behind is none. */
#define STORE_ADMIN_AFTER "coalesce($2::bigint, 0)"
scim_error *store_admin_slice_numbered(json_t **out, store_slice *slice,
                                       store_admin *a, const char *sql,
                                       int count, const char *const *values,
                                       apr_pool_t *pool);

/* An owner's act, in the transaction of the act itself. `before` and `after`
 * are JSON or NULL. */
typedef struct store_act {
    apr_int64_t org_id;
    const char *action; /* "organization.create" */
    const char *name;   /* of what was acted upon */
    const char *before;
    const char *after;
} store_act;

/* The same within an organization; objects or NULL. */
scim_error *store_admin_note(const char *action, const char *name,
                             const json_t *before, const json_t *after,
                             store_admin *a, apr_pool_t *pool);

scim_error *store_admin_journal(const store_act *act, const store_actor *actor,
                                store_admin *a, apr_pool_t *pool);

/* Before rows of users or groups are changed: keeps out those who change what
 * is held in the organization, until the transaction's end; not where that
 * takes everything back. */
scim_error *store_permissions_lock(store_admin *a, apr_pool_t *pool);

/* After what has changed permissions: the journal is told of each, with what
 * was acted upon as its cause ("app", 3, "Okta"). */
scim_error *store_permissions_refresh(const char *kind, const json_t *id,
                                      const char *name, store_admin *a,
                                      apr_pool_t *pool);

/* The same of one user alone; NULL: of all. */
scim_error *store_permissions_refresh_of(const char *user, const char *kind,
                                         const json_t *id, const char *name,
                                         store_admin *a, apr_pool_t *pool);

/* The same, of the users in these groups ('{id,...}') and below them; `roles`
 * ('{1,-1,-2}'; -1 and -2 are the organization's, and go together): all that
 * may have changed; NULL: any. */
scim_error *store_permissions_refresh_groups(const char *groups,
                                             const char *roles,
                                             const char *kind,
                                             const json_t *id,
                                             const char *name, store_admin *a,
                                             apr_pool_t *pool);

json_t *store_permissions_cause(const char *kind, const json_t *id,
                                const char *name, apr_pool_t *pool);

/* The same, and what came of it: {people, gain_count, loss_count, changes,
 * gains, losses, next}; the last three of `limit` people of `given`, behind
 * `after`. Where the transaction is taken back at its end, nobody is told: it
 * is what would come of it at this moment, and nobody has waited. */
scim_error *store_permissions_effect(json_t **out, const char *groups,
                                     const char *roles, const json_t *cause,
                                     const json_t *given, store_admin *a,
                                     apr_pool_t *pool);

/* SCIM_NOT_FOUND also where it is uninstalled. */
scim_error *store_app_get_installed(json_t **out, const char *id,
                                    store_admin *a, apr_pool_t *pool);

/* Its member "tenant": what is known of the tenant URL. */
scim_error *store_admin_add_tenant(json_t *to, store_admin *a,
                                   apr_pool_t *pool);

#endif
