/* What mod_scim keeps in PostgreSQL, as the layers above see it. Each function
 * is one whole transaction: token check, statements and journal row. Only
 * store/ includes libpq. */
#ifndef SCIM_STORE_STORE_H
#define SCIM_STORE_STORE_H

#include <apr_tables.h>
#include <apr_time.h>

#include "core/filter.h"
#include "core/page.h"
#include "core/patch.h"
#include "core/resource.h"
#include "core/sha256.h"

/* ------------------------------------------------------------ the service */

typedef struct store store; /* a child's pool of connections; thread-safe */

typedef enum {
    STORE_LOG_ERROR,
    STORE_LOG_WARN,
    STORE_LOG_INFO,
    STORE_LOG_DEBUG
} store_log_level;

typedef struct store_settings {
    const char *conninfo; /* libpq connection string, no password in it */
    const char *password; /* or NULL */
    int pool_size;        /* connections, at least 1 */
    int connect_timeout_s;
    int wait_ms;          /* for a connection of the pool to be free */
    int prepare;          /* 0: unnamed statements (ScimPreparedStatements) */
    /* Called from any thread; messages hold no secret and no user data. */
    void (*log)(void *log_context, store_log_level level, const char *message);
    void *log_context;
} store_settings;

/* NULL, or why `conninfo` is refused: it cannot be parsed, or holds a password.
 * The answer never quotes it. */
const char *store_conninfo_check(const char *conninfo, apr_pool_t *pool);

/* Makes an empty pool in `pool`; connects nowhere yet. The cleanup of `pool`
 * closes every connection. `settings` is copied. */
apr_status_t store_open(store **out, const store_settings *settings,
                        apr_pool_t *pool);

typedef struct store_usage {
    int open, busy, waiting;
} store_usage;

void store_usage_get(store_usage *out, store *s);

/* ------------------------------------------------------------- the caller */

typedef struct store_transaction store_transaction; /* of store/ alone */

/* Who asks, as far as the request itself tells: the token's parts and where it
 * came from. Whether the token is good is the first statement's matter. */
typedef struct store_caller {
    apr_int64_t org_id;
    apr_int64_t key_id;
    unsigned char hash[SCIM_SHA256_SIZE];
    const char *slug;       /* organization of the URL */
    const char *address;    /* of the client, for last use and the journal */
    const char *request_id;
    apr_time_t received;    /* start of the request: the journal's duration */
    apr_time_t deadline;    /* after which everything is SCIM_UNAVAILABLE */
    const scim_reading *reading; /* warnings for the journal row; or NULL */
    int *verified; /* out, or NULL: set once the token was found good */
    const char *actor_kind, *actor; /* who it is in the journal; NULL: the
                                       token */
    store_transaction *within; /* a batch, whose part each call is; or NULL */
    /* What a write has to hear where its token is that of a strict app; NULL: a
     * strict app, too, takes it. */
    scim_error *(*refuse_strictly)(void *baton);
    void *baton;
} store_caller;

/* What a good token may do. */
typedef struct store_grant {
    int app_id;
    int strict;    /* profile of the app */
    int passwords; /* the app keeps them */
    int read_only;
} store_grant;

/* A trip of its own, for what reads no resource (discovery, a large body to
 * come). Errors: SCIM_UNAUTHORIZED, SCIM_TOKEN_REFUSED (a known token, with the
 * reason), SCIM_UNAVAILABLE. Every function below has these too, and
 * SCIM_READ_ONLY_TOKEN where it writes. */
scim_error *store_token_check(store_grant *out, const store_caller *caller,
                              store *s, apr_pool_t *pool);

/* ------------------------------------------------------------- resources */

typedef struct store_reference {
    const char *id;                 /* lower-case UUID */
    const scim_resource_type *type; /* of what is referred to */
    const char *display;            /* or NULL: not asked for */
    int direct; /* groups of a user: 0 through nested groups */
} store_reference;

typedef struct store_record {
    const scim_resource_type *type; /* of a record in a list */
    const char *id;            /* lower-case UUID */
    apr_int64_t version;       /* counts the writes; ETag W/"n" */
    const char *created;       /* "2026-02-01T09:30:00.000Z" */
    const char *last_modified;
    const char *body;          /* canonical JSON object without id, meta, groups
                                  and members; at least "{}" */
    apr_size_t body_len;
    json_t *json;              /* the body parsed, where it is about to be
                                  changed (store_edit); not to be modified */
    const apr_array_header_t *refs; /* store_reference: groups of a user,
                                       members of a group; NULL: not read */
    int is_large; /* a group with more members than are read at once: refs are
                     some of them, store_members_read() gives all */
} store_record;

#define STORE_PASSWORD_ENDS "" /* in place of a hash: none is kept any more */

/* A deleted resource comes back: its tombstone is there, and goes. */
typedef struct store_revival {
    apr_int64_t version;   /* that this write makes */
    const json_t *foreign; /* what the journal shows of extensions that the type
                              does not have; or NULL */
} store_revival;

/* What an answer needs besides the row. */
typedef struct store_wants {
    int refs;    /* groups or members */
    int display; /* of members (of groups it is always read) */
    int status;  /* HTTP, of a write that succeeds: for the journal */
    const char *id; /* of a new resource: from store_new_id(); or NULL */
    const store_revival *revival; /* of a resource that was deleted; or NULL */
    const char *password; /* hash of a new one, to be kept;
                             STORE_PASSWORD_ENDS; or NULL: as it is */
    int later;      /* of a new resource in a batch: the record holds id and
                       version alone, and the write may wait to be sent */
} store_wants;

/* If-Match as versions: the write goes ahead only if the stored one is among
 * them. NULL: no condition; `any`: "*". */
typedef struct store_match store_match;
struct store_match {
    int any;
    int inverse; /* If-None-Match: only if it is not among them */
    const apr_array_header_t *versions; /* apr_int64_t */
    const store_match *also; /* to be met as well, or NULL */
};

/* Whether the header names this version; "*" names all. */
int store_match_has(const store_match *match, apr_int64_t version);

/* Whether all conditions are met; without one (NULL) they are. */
int store_match_allows(const store_match *match, apr_int64_t version);

/* The 403 for a write by a token that may only read. */
scim_error *store_read_only_token(apr_pool_t *pool);

/* GET. SCIM_NOT_FOUND also for another app's resource and for an id that is no
 * UUID. */
scim_error *store_retrieve(store_record **out, const scim_resource_type *type,
                           const char *id, const store_wants *wants,
                           const store_caller *caller, store *s,
                           apr_pool_t *pool);

/* Gets a group and its members, one by one, as their rows arrive. `start` comes
 * first, and once more when all is read again: what came before is void. What
 * either needs is copied; none of them waits for a client. */
typedef struct store_member_reader {
    void (*start)(const store_record *group, void *baton);
    void (*member)(const store_reference *member, void *baton);
    void *baton;
    apr_int64_t limit; /* no more than that many and one more are read */
} store_member_reader;

/* All of a group in one snapshot, in memory that does not depend on its size.
 * SCIM_NOT_FOUND. */
scim_error *store_members_read(const char *id, const store_wants *wants,
                               const store_member_reader *reader,
                               const store_caller *caller, store *s,
                               apr_pool_t *pool);

/* What a list asks of one resource type. */
typedef struct store_part {
    const scim_resource_type *type;
    const scim_filter *filter; /* or NULL */
    const scim_path *sort;     /* of scim_sort_parse(); NULL: by id, or, where
                                  other parts have one, without a value */
    store_wants wants;
} store_part;

typedef struct store_query {
    const store_part *parts; /* several of them: one list of all */
    int count;
    int descending;
    scim_page page;
    const char *identity; /* with a cursor: all that has to stay the same from
                             page to page, but organization and app */
    int cursor_timeout_s;
} store_query;

typedef struct store_result {
    apr_int64_t total;                 /* totalResults */
    const apr_array_header_t *records; /* store_record * */
    const char *next, *previous;       /* cursors; or NULL */
} store_result;

/* A list, in order of creation unless it is sorted, and in that order among
 * equals. SCIM_INVALID_FILTER for what SQL cannot answer, SCIM_TOO_MANY if what
 * no index helps ran out of its time, SCIM_INVALID_CURSOR,
 * SCIM_EXPIRED_CURSOR. */
scim_error *store_query_run(store_result *out, const store_query *query,
                            const store_caller *caller, store *s,
                            apr_pool_t *pool);

/* The id of the active user of this name, folded; *id is NULL if the caller
 * sees none. */
scim_error *store_user_named(const char **id, const char *user_name,
                             const store_caller *caller, store *s,
                             apr_pool_t *pool);

/* POST. `resource` is canonical, without members. Unknown members are skipped
 * with a warning in the journal, unless all are unknown or the app is strict:
 * SCIM_INVALID_VALUE. SCIM_UNIQUENESS names the attribute. */
scim_error *store_create(store_record **out, const scim_resource_type *type,
                         const json_t *resource,
                         const scim_membership *members,
                         const store_wants *wants, const store_caller *caller,
                         store *s, apr_pool_t *pool);

/* What becomes of a resource: computed between reading and writing it, in the
 * same transaction, with the row locked. May be called again when the
 * transaction is retried. */
typedef struct store_edit {
    /* *after: the new canonical resource without members, or NULL: as it was.
     * *members: what happens to the members, or NULL: nothing. */
    scim_error *(*compute)(json_t **after, scim_membership **members,
                           const store_record *before, const store_grant *grant,
                           void *baton, apr_pool_t *pool);
    void *baton;
    int needs_members;        /* before->refs holds a group's members (with
                                 display) */
    const char *action;       /* journal: "replace" or "modify" */
    const store_match *match; /* or NULL */
} store_edit;

/* PUT and PATCH: two trips. A result that equals what is stored keeps version
 * and lastModified and writes nothing. SCIM_NOT_FOUND,
 * SCIM_PRECONDITION_FAILED, SCIM_UNIQUENESS, and what compute() returns. */
scim_error *store_modify(store_record **out, const scim_resource_type *type,
                         const char *id, const store_edit *edit,
                         const store_wants *wants, const store_caller *caller,
                         store *s, apr_pool_t *pool);

/* A PATCH that touches nothing but members: one trip, the same cost for any
 * size of the group (DESIGN 5.7). out->refs is read only if wanted. */
scim_error *store_membership(store_record **out, const char *group_id,
                             const scim_membership *delta,
                             const store_match *match, const store_wants *wants,
                             const store_caller *caller, store *s,
                             apr_pool_t *pool);

/* The hash of a user's password, by organization and userName; *hash is NULL
 * where there is no such user, or none with a password. *active: the user, and
 * the organization, may sign in. Of the caller only address, times and request
 * id count. */
scim_error *store_password_of(const char **hash, int *active, const char *slug,
                              const char *user_name,
                              const store_caller *caller, store *s,
                              apr_pool_t *pool);

/* DELETE: gone, names free at once, memberships ended, a tombstone kept. */
scim_error *store_remove(const scim_resource_type *type, const char *id,
                         const store_match *match, const store_caller *caller,
                         store *s, apr_pool_t *pool);

/* An id that nothing has. SCIM_UNAVAILABLE without random bytes. */
scim_error *store_new_id(const char **out, apr_pool_t *pool);

/* Many operations as one transaction (RFC 7644, 3.7). */
typedef struct store_batch {
    /* Calls the functions above with this caller; all of them are parts of the
     * transaction. It is committed after NULL and rolled back after an error.
     * May be called again when the transaction is retried. */
    scim_error *(*run)(store_caller *caller, void *baton);
    void *baton;
    /* const char *: ids that will be changed, locked first and in order. The
     * groups that hold what is deleted are locked, too. */
    const apr_array_header_t *changed, *deleted;
    int failed; /* out: the operation that failed; -1: no one alone */
    int unsure; /* out: COMMIT was sent, and no answer came */
} store_batch;

scim_error *store_batch_run(store_batch *batch, store_caller *caller, store *s,
                            apr_pool_t *pool);

/* Within run(): the operation, by number, that what follows belongs to. */
void store_batch_next(const store_caller *caller, int operation);

/* Whether an earlier operation's memory is still needed. */
int store_batch_is_pending(const store_caller *caller);

/* A refused write of a valid token. */
typedef struct store_refusal {
    const scim_resource_type *type; /* or NULL */
    const char *id;        /* or NULL */
    const char *action;    /* create, replace, modify, delete, bulk */
    const char *name;      /* what people would call it; or NULL */
    const scim_error *err;
    const json_t *request; /* what was asked, as far as it may be kept */
} store_refusal;

/* A journal row of its own, best effort. */
void store_journal_refusal(const store_refusal *refusal,
                           const store_caller *caller, store *s,
                           apr_pool_t *pool);

#endif
