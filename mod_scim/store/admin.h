/* The owner's side of the store: what scimctl and the admin API do. scimctl
 * connects as a role that may become scim_owner; the admin API borrows a
 * child's connection, and its transactions become scim_admin. */
#ifndef SCIM_STORE_ADMIN_H
#define SCIM_STORE_ADMIN_H

#include "store/store.h"

/* Who acts: for the journal, and for what may be done. */
typedef struct store_actor {
    const char *name;  /* as the journal has it: "scimctl:alice" */
    const char *realm; /* of an account, whose name is `account`; NULL: this is
                          scimctl, which may do everything */
    const char *account;
    const char *request_id; /* or NULL */
    const char *address;    /* or NULL */
    apr_time_t received;    /* start of the request; 0: not a request */
} store_actor;

/* The same place without httpd's name and secrets: for the connection string of
 * a ScimDatabase. NULL: it is none. */
const char *store_conninfo_place(const char *conninfo, apr_pool_t *pool);

/* Somebody at work: one transaction after the other. */
typedef struct store_admin store_admin;

/* One connection for a command's life; blocking, bounded by connect_timeout.
 * `conninfo` NULL: libpq's own defaults (PGHOST, PGDATABASE, ...). The
 * connection is closed with `pool`. Errors of every function below:
 * SCIM_UNAVAILABLE (no server, or a schema of another version),
 * SCIM_FORBIDDEN (a role that may not do this). */
scim_error *store_admin_open(store_admin **out, const char *conninfo,
                             const store_actor *actor, apr_pool_t *pool);

/* A connection of the child's pool for each transaction, none between them;
 * what is not done by `deadline` is SCIM_UNAVAILABLE. */
void store_admin_lend(store_admin **out, store *s, const store_actor *actor,
                      apr_time_t deadline, apr_pool_t *pool);

/* What an account must be to do something. The first three only read. */
typedef enum {
    STORE_ANYBODY,      /* no organization is entered */
    STORE_MEMBER_READS, /* any account of the organization */
    STORE_ADMIN_READS,
    STORE_ADMIN_WRITES, /* admins and owners; acts on an organization follow
                           one another */
    STORE_OWNER_WRITES
} store_need;

/* Runs `work` as one transaction within the organization (`slug`; NULL with
 * STORE_ANYBODY), again if it met another one: at most four times. The store_*
 * functions that take a store_work_admin's `a` are called within it.
 * SCIM_NOT_FOUND: no such organization, or one in which the actor has no part;
 * SCIM_FORBIDDEN: the account's role does not do. */
typedef scim_error *(*store_admin_work)(void *baton, store_admin *a,
                                        apr_pool_t *pool);
scim_error *store_admin_transact(store_admin_work work, void *baton,
                                 const char *slug, store_need need,
                                 store_admin *a, apr_pool_t *pool);

/* What the next transaction does is taken back at its end: for a preview. It
 * keeps nobody out, neither requests nor other owners. */
void store_admin_try(store_admin *a);

/* A list's page: at most `limit` rows behind `after`. */
typedef struct store_slice {
    int limit;
    const char *after; /* `next` of the page before; or NULL */
    const char *next;  /* out; NULL: there is no more */
} store_slice;

/* ------------------------------------------------------------- migrations */

#define STORE_SCHEMA_VERSION 14 /* the newest that this build knows */

typedef struct store_schema_state {
    int present;         /* 0: an empty database */
    int version;
    int compatible_from;
    int fold_version;
} store_schema_state;

scim_error *store_schema_state_get(store_schema_state *out, store_admin *a,
                                   apr_pool_t *pool);

/* Runs one migration file's text as one transaction under an advisory lock,
 * skipping it if `version` is there already (*ran = 0). SCIM_INVALID_VALUE if
 * the text does not lead from `version` - 1 to `version`. */
scim_error *store_schema_migrate(int *ran, int version, const char *sql,
                                 store_admin *a, apr_pool_t *pool);

/* Password of scim_httpd (NULL: none, for peer or certificate login). Only its
 * SCRAM verifier leaves this process. */
scim_error *store_schema_set_password(const char *password, store_admin *a,
                                      apr_pool_t *pool);

/* Two or more resources to which the fold of this build gives one key. */
typedef struct store_refold_conflict {
    const char *organization;  /* slug */
    const char *resource_type;
    const char *attribute; /* "userName", or what is unique by its schema */
    const char *key;
    json_t *resources; /* [{"id", "name"}] */
} store_refold_conflict;

typedef struct store_refold {
    int from, to;                  /* versions of the fold */
    int users, groups, resources;  /* whose keys or documents differ */
    int unclaimed;                 /* resources whose claims of values that are
                                      unique by their schema are missing, or
                                      are of another fold */
    int applied;                   /* all are as they should be now */
    apr_array_header_t *conflicts; /* store_refold_conflict */
} store_refold;

/* Folds every resource of these types anew, in one transaction that shuts out
 * writers; changes nothing unless `apply` is set and there is no conflict.
 * SCIM_UNAVAILABLE names what is stored and no file describes, when the fold
 * has changed. */
scim_error *store_refold_run(store_refold *out, int apply,
                             scim_resource_types types, store_admin *a,
                             apr_pool_t *pool);

/* An attribute of users whose values have rows of their own (ScimIndex). */
typedef struct store_index_row {
    const char *path;
    int ready;
    apr_int64_t users; /* of store_index_add(): looked at */
} store_index_row;

/* Writers keep rows of it from now on; those of what is stored are made in
 * many transactions, beside readers and writers; then filters may use them.
 * Once more after a failure: it goes on. */
scim_error *store_index_add(store_index_row *out, const scim_path *path,
                            const scim_resource_type *type, store_admin *a,
                            apr_pool_t *pool);

/* store_index_row: all, as filters of a new connection find them. */
scim_error *store_index_list(apr_array_header_t **out, store_admin *a,
                             apr_pool_t *pool);

/* SCIM_NOT_FOUND. emails.value stays. */
scim_error *store_index_remove(const char *path, store_admin *a,
                               apr_pool_t *pool);

/* What `scimctl database check` looks at. */
typedef struct store_finding {
    const char *subject; /* "row-level security" */
    int good;
    const char *says; /* what was found */
    const char *hint; /* what to do; NULL if it is good */
} store_finding;

/* store_finding * */
scim_error *store_schema_check(apr_array_header_t **out, store_admin *a,
                               apr_pool_t *pool);

/* What `scimctl doctor` looks at besides: connection, clock, tokens, names.
 * `connections`: how many httpd takes at most; 0: nobody knows. */
scim_error *store_admin_examine(apr_array_header_t **out, int connections,
                                store_admin *a, apr_pool_t *pool);

/* ---------------------------------------------- organizations, apps, tokens */

/* All of these run within store_admin_transact(). The objects are what the
 * admin API shows, and belong to the pool. `given` holds checked members;
 * `version` is If-Match's, or NULL. SCIM_NOT_FOUND, SCIM_UNIQUENESS,
 * SCIM_PRECONDITION_FAILED. What is so already stays as it is, without a row
 * in the journal. */

/* SCIM_FORBIDDEN for an account that is no owner's. `what` begins the
 * sentence. */
scim_error *store_admin_owners_only(const char *what, const store_admin *a,
                                    apr_pool_t *pool);

/* Of an account: those it has a part in, with its role. */
scim_error *store_organization_list(json_t **out, store_slice *slice,
                                    store_admin *a, apr_pool_t *pool);
scim_error *store_organization_get(json_t **out, store_admin *a,
                                   apr_pool_t *pool);
/* SCIM_UNIQUENESS if the slug was ever used. */
scim_error *store_organization_create(json_t **out, const json_t *given,
                                      store_admin *a, apr_pool_t *pool);
scim_error *store_organization_change(json_t **out, const json_t *given,
                                      const char *version, store_admin *a,
                                      apr_pool_t *pool);

typedef enum {
    STORE_SWITCH_SCIM_ON,
    STORE_SWITCH_SCIM_OFF,
    STORE_SWITCH_SUSPEND,
    STORE_SWITCH_RESUME
} store_switch;

scim_error *store_organization_switch(json_t **out, store_switch to,
                                      store_admin *a, apr_pool_t *pool);
/* *out: how many rows of what are gone. */
scim_error *store_organization_delete(json_t **out, const char *version,
                                      store_admin *a, apr_pool_t *pool);

scim_error *store_app_list(json_t **out, store_slice *slice, store_admin *a,
                           apr_pool_t *pool);
scim_error *store_app_get(json_t **out, const char *id, store_admin *a,
                          apr_pool_t *pool);
scim_error *store_app_install(json_t **out, const json_t *given,
                              store_admin *a, apr_pool_t *pool);
scim_error *store_app_change(json_t **out, const char *id,
                             const json_t *given, const char *version,
                             store_admin *a, apr_pool_t *pool);
/* Revokes its tokens, keeps its resources. */
scim_error *store_app_uninstall(json_t **out, const char *id,
                                const char *version, store_admin *a,
                                apr_pool_t *pool);
/* What comes of going live: {app, name, rehearsing, users, groups,
 * unmapped_groups, unmapped} and what store_mapping_save() says of people;
 * within a transaction that is taken back. */
scim_error *store_app_rehearsal(json_t **out, const char *id,
                                const json_t *given, store_admin *a,
                                apr_pool_t *pool);
/* The same, done. SCIM_CONFLICT: it is live, or the given gain_count is
 * another. */
scim_error *store_app_live(json_t **out, const char *id, const json_t *given,
                           const char *version, store_admin *a,
                           apr_pool_t *pool);
/* A live app's groups grant nothing any more until it goes live again.
 * SCIM_CONFLICT: it rehearses already. */
scim_error *store_app_rehearse(json_t **out, const char *id,
                               const json_t *given, const char *version,
                               store_admin *a, apr_pool_t *pool);
/* The resources of `from` become those of app `id`. */
scim_error *store_app_adopt(json_t **out, const char *id, const json_t *given,
                            store_admin *a, apr_pool_t *pool);

scim_error *store_account_list(json_t **out, store_slice *slice,
                               store_admin *a, apr_pool_t *pool);
scim_error *store_account_get(json_t **out, const char *id, store_admin *a,
                              apr_pool_t *pool);
/* The actor's own. */
scim_error *store_account_me(json_t **out, store_admin *a, apr_pool_t *pool);
scim_error *store_account_create(json_t **out, const json_t *given,
                                 store_admin *a, apr_pool_t *pool);
/* SCIM_CONFLICT: there would be no owner left. */
scim_error *store_account_change(json_t **out, const char *id,
                                 const json_t *given, const char *version,
                                 store_admin *a, apr_pool_t *pool);
scim_error *store_account_transfer(json_t **out, const char *id,
                                   const char *version, store_admin *a,
                                   apr_pool_t *pool);
/* SCIM_CONFLICT: there would be no owner left. */
scim_error *store_account_remove(const char *id, const char *version,
                                 store_admin *a, apr_pool_t *pool);
/* SCIM_UNIQUENESS: the user is linked to another account. */
scim_error *store_account_link(json_t **out, const char *id,
                               const json_t *given, const char *version,
                               store_admin *a, apr_pool_t *pool);
scim_error *store_account_unlink(json_t **out, const char *id,
                                 const char *version, store_admin *a,
                                 apr_pool_t *pool);

/* What is kept of a token's text. */
typedef struct store_secret {
    apr_int64_t key_id;
    unsigned char hash[SCIM_SHA256_SIZE];
    const char *last_four; /* for people */
} store_secret;

/* The organization's id and a free key id: needed before the token's text can
 * be made. */
scim_error *store_token_reserve(apr_int64_t *org_id, apr_int64_t *key_id,
                                store_admin *a, apr_pool_t *pool);
scim_error *store_token_list(json_t **out, store_slice *slice,
                             const json_t *given, store_admin *a,
                             apr_pool_t *pool);
scim_error *store_token_get(json_t **out, const char *id, store_admin *a,
                            apr_pool_t *pool);
scim_error *store_token_create(json_t **out, const store_secret *secret,
                               const json_t *given, store_admin *a,
                               apr_pool_t *pool);
/* For a connection test of the app: reads, for five minutes, and its use counts
 * as nobody's contact. */
scim_error *store_token_test(json_t **out, const store_secret *secret,
                             const json_t *given, store_admin *a,
                             apr_pool_t *pool);
scim_error *store_token_rotate(json_t **out, const char *id,
                               const store_secret *secret, const json_t *given,
                               store_admin *a, apr_pool_t *pool);
scim_error *store_token_revoke(json_t **out, const char *id, store_admin *a,
                               apr_pool_t *pool);

/* -------------------------------------------------- how an organization is */

/* Within store_admin_transact(), as all that follow. */
scim_error *store_overview_get(json_t **out, store_admin *a, apr_pool_t *pool);

/* A list of {code, severity, subject, provider, title, detail}, the gravest
 * first. `given`: silent_hours, inactive_days; else the organization's own. */
scim_error *store_hint_list(json_t **out, const json_t *given, store_admin *a,
                            apr_pool_t *pool);

/* Who gets e-mail when something needs attention, and when it does:
 * {addresses, silent_hours, inactive_days}. */
scim_error *store_alert_get(json_t **out, store_admin *a, apr_pool_t *pool);
scim_error *store_alert_change(json_t **out, const json_t *given,
                               const char *version, store_admin *a,
                               apr_pool_t *pool);
scim_error *store_alert_list(json_t **out, store_slice *slice, store_admin *a,
                             apr_pool_t *pool);

/* Telling, as scimctl; what is told is so with the commit. *ours: no other run
 * is at this organization. */
scim_error *store_alert_begin(int *ours, store_admin *a, apr_pool_t *pool);
/* Forgets what has ended. *out: those of the hints that are to be told, with
 * began, mailed and handed. */
scim_error *store_alert_sync(json_t **out, const json_t *hints, store_admin *a,
                             apr_pool_t *pool);
/* All of them have been; `told` is for the journal. */
scim_error *store_alert_mailed(const json_t *told, store_admin *a,
                               apr_pool_t *pool);
scim_error *store_alert_handed(const json_t *told, store_admin *a,
                               apr_pool_t *pool);

/* The brake on mass deprovisioning. */
scim_error *store_brake_get(json_t **out, store_admin *a, apr_pool_t *pool);
/* SCIM_INVALID_VALUE: on, and nothing to go by. */
scim_error *store_brake_change(json_t **out, const json_t *given,
                               const char *version, store_admin *a,
                               apr_pool_t *pool);
/* SCIM_CONFLICT: it is not engaged. */
scim_error *store_brake_release(json_t **out, store_admin *a, apr_pool_t *pool);
scim_error *store_brake_held_list(json_t **out, store_slice *slice,
                                  store_admin *a, apr_pool_t *pool);
scim_error *store_brake_let_through(json_t **out, const char *id,
                                    store_admin *a, apr_pool_t *pool);

/* ------------------------------------------------------- stacks and roles */

scim_error *store_stack_list(json_t **out, store_slice *slice, store_admin *a,
                             apr_pool_t *pool);
scim_error *store_stack_get(json_t **out, const char *id, store_admin *a,
                            apr_pool_t *pool);
scim_error *store_stack_create(json_t **out, const json_t *given,
                               store_admin *a, apr_pool_t *pool);
scim_error *store_stack_change(json_t **out, const char *id,
                               const json_t *given, const char *version,
                               store_admin *a, apr_pool_t *pool);
/* Out of all mappings as well. *out: of how many, and who loses what (as
 * store_mapping_save() has it). */
scim_error *store_stack_delete(json_t **out, const char *id,
                               const json_t *given, const char *version,
                               store_admin *a, apr_pool_t *pool);

scim_error *store_role_list(json_t **out, store_slice *slice, store_admin *a,
                            apr_pool_t *pool);
scim_error *store_role_get(json_t **out, const char *id, store_admin *a,
                           apr_pool_t *pool);
scim_error *store_role_create(json_t **out, const json_t *given,
                              store_admin *a, apr_pool_t *pool);
scim_error *store_role_change(json_t **out, const char *id,
                              const json_t *given, const char *version,
                              store_admin *a, apr_pool_t *pool);
scim_error *store_role_delete(json_t **out, const char *id,
                              const json_t *given, const char *version,
                              store_admin *a, apr_pool_t *pool);

/* -------------------------------------------------------- group mappings */

scim_error *store_mapping_list(json_t **out, store_slice *slice,
                               const json_t *given, store_admin *a,
                               apr_pool_t *pool);
scim_error *store_mapping_get(json_t **out, const char *id, store_admin *a,
                              apr_pool_t *pool);
/* Groups without one. */
scim_error *store_mapping_unmapped(json_t **out, store_slice *slice,
                                   store_admin *a, apr_pool_t *pool);
/* Those whose group is gone, with the groups that may be meant instead. */
scim_error *store_mapping_dormant(json_t **out, store_slice *slice,
                                  store_admin *a, apr_pool_t *pool);
/* All of `mappings` or none. *out: {mappings, people, gain_count, loss_count,
 * changes, gains, losses, next}. One that grants nothing is removed. */
scim_error *store_mapping_save(json_t **out, const json_t *given,
                               store_admin *a, apr_pool_t *pool);
scim_error *store_mapping_delete(json_t **out, const char *id,
                                 const json_t *given, const char *version,
                                 store_admin *a, apr_pool_t *pool);
/* SCIM_CONFLICT: it is not dormant, or the group has one. */
scim_error *store_mapping_reconnect(json_t **out, const char *id,
                                    const json_t *given, const char *version,
                                    store_admin *a, apr_pool_t *pool);

/* ------------------------------------------------------ users and groups */

scim_error *store_user_list(json_t **out, store_slice *slice,
                              const json_t *given, store_admin *a,
                              apr_pool_t *pool);
scim_error *store_user_get(json_t **out, const char *id, store_admin *a,
                             apr_pool_t *pool);
/* What the user holds, by which groups, and why not; `stack` of `given`. */
scim_error *store_permission_explain(json_t **out, const char *id,
                                     const json_t *given, store_admin *a,
                                     apr_pool_t *pool);
/* Where a stack was asked for, "would_give": the roles there that the user has
 * no group for, and the groups that give them. */
scim_error *store_permission_lacking(json_t *explained, const json_t *given,
                                     store_admin *a, apr_pool_t *pool);
/* The same of the user to whom the actor's account is linked. */
scim_error *store_permission_mine(json_t **out, const json_t *given,
                                  store_admin *a, apr_pool_t *pool);

/* Active users who hold a role, by id, each with its permissions of those that
 * are asked for and the groups that give them. `given`: role, stack, or
 * organization_role. SCIM_INVALID_VALUE: there is no such role or stack. */
scim_error *store_holder_list(json_t **out, store_slice *slice,
                              const json_t *given, store_admin *a,
                              apr_pool_t *pool);
/* {people} */
scim_error *store_holder_count(json_t **out, const json_t *given,
                               store_admin *a, apr_pool_t *pool);

scim_error *store_group_list(json_t **out, store_slice *slice,
                              const json_t *given, store_admin *a,
                              apr_pool_t *pool);
scim_error *store_group_get(json_t **out, const char *id, store_admin *a,
                             apr_pool_t *pool);
scim_error *store_group_member_list(json_t **out, store_slice *slice,
                                 const char *id, store_admin *a,
                                 apr_pool_t *pool);

/* ---------------------------------------------------------- configuration */

/* What people decided about the organization, as one object; members "id" are
 * for nobody else. */
scim_error *store_configuration_get(json_t **out, store_admin *a,
                                    apr_pool_t *pool);

/* The roles that are imported. */
scim_error *store_import_role_new(json_t **out, const json_t *given,
                                  store_admin *a, apr_pool_t *pool);
scim_error *store_import_role(json_t **out, const char *id,
                              const json_t *given, const char *version,
                              store_admin *a, apr_pool_t *pool);

typedef enum {
    STORE_IMPORT_MISSING, /* there is no such group, or not one only */
    STORE_IMPORT_SAME,
    STORE_IMPORT_MADE,
    STORE_IMPORT_CHANGED
} store_imported;

/* Brings the mapping of one group to what is wanted. SCIM_INVALID_VALUE:
 * a role or stack is not there. */
scim_error *store_import_mapping(store_imported *out, const json_t *wanted,
                                 store_admin *a, apr_pool_t *pool);

/* What comes after the first is undone by the second. */
scim_error *store_admin_rehearse(store_admin *a, apr_pool_t *pool);
scim_error *store_admin_undo(store_admin *a, apr_pool_t *pool);

/* -------------------------------------------------- the journal, history */

/* Within store_admin_transact(). Rows, the newest first; `given` has the
 * filters: actor, action, type, resource, outcome, app, text, since, until. */
scim_error *store_journal_list(json_t **out, store_slice *slice,
                               const json_t *given, store_admin *a,
                               apr_pool_t *pool);

/* The rows of one request, by the reference that its answer ended with, the
 * oldest first; [] where there is none. */
scim_error *store_journal_find(json_t **out, const char *reference,
                               store_admin *a, apr_pool_t *pool);

/* What was written behind slice->after, in an order in which nothing comes in
 * between later: slice->next is always there, and is where to go on. Without
 * `after`: from now on. */
scim_error *store_journal_follow(json_t **out, store_slice *slice,
                                 const json_t *given, store_admin *a,
                                 apr_pool_t *pool);

/* Versions of a user or group ("User", "Group"), living or deleted, the newest
 * first. SCIM_NOT_FOUND. */
scim_error *store_history_list(json_t **out, store_slice *slice,
                               const char *type, const char *id,
                               store_admin *a, apr_pool_t *pool);

/* What was deleted and is remembered, the last one first; `given`: search,
 * app. */
scim_error *store_tombstone_list(json_t **out, store_slice *slice,
                                 const char *type, const json_t *given,
                                 store_admin *a, apr_pool_t *pool);

/* All of it as it was. SCIM_NOT_FOUND, SCIM_CONFLICT where it was erased. */
scim_error *store_history_version(json_t **out, const scim_resource_type *type,
                                  const char *id, const char *version,
                                  store_admin *a, apr_pool_t *pool);

/* Which groups a user came into and left, the newest first. */
scim_error *store_history_memberships(json_t **out, store_slice *slice,
                                      const char *id, store_admin *a,
                                      apr_pool_t *pool);

/* Makes a deleted resource live again (`version` NULL) or gives a living one
 * what it was in a version: a write like any other. `memberships`: the members
 * of then, and, of what was deleted, its groups, as far as they are there.
 * SCIM_NOT_FOUND, SCIM_CONFLICT (erased), SCIM_UNIQUENESS (a name is taken),
 * SCIM_INVALID_VALUE, SCIM_PRECONDITION_FAILED (`match` is If-Match's). */
scim_error *store_history_restore(json_t **out, const scim_resource_type *type,
                                  const char *id, const char *version,
                                  int memberships, const char *match,
                                  store_admin *a, apr_pool_t *pool);

/* Takes a person's data out of tombstone and journal; scimctl only.
 * SCIM_CONFLICT while the user is there, unless it is to be deleted, too. */
scim_error *store_history_erase(json_t **out, const char *id, int delete_too,
                                store_admin *a, apr_pool_t *pool);

/* Removes the mappings of all organizations whose group was deleted more than
 * 90 days ago, and tells their journals; scimctl only. */
scim_error *store_mapping_expire(int *removed, store_admin *a,
                                 apr_pool_t *pool);

/* Makes journal partitions for this and the next three months, and for months
 * whose rows are in the default partition; drops those older than
 * `keep_months` whole months (0: keep all). *made, *dropped: counts. */
scim_error *store_journal_maintain(int *made, int *dropped, int keep_months,
                                   store_admin *a, apr_pool_t *pool);

#endif
