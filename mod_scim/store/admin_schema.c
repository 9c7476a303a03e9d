#include <string.h>

#include <apr_strings.h>

#include "store/admin_connection.h"

/* "scim" in ASCII: whoever migrates this database waits for the others. */
#define TAKE_LOCK "select pg_advisory_xact_lock(1935894893)"

/* While a migration waits for a lock of a table, all who want to write it wait
 * behind it: rather give up, let them go, and try again. */
#define WAIT_BRIEFLY "set local lock_timeout = '2s'"
#define MAX_RETRIES 30
#define PAUSE apr_time_from_sec(1)

/* From the catalog, which everybody may read: to_regclass() would fail for a
 * role that may not use the schema, before it became scim_owner. */
static scim_error *look_for_schema(int *present, store_admin *a,
                                   apr_pool_t *pool)
{
    PGresult *found;
    scim_error *err = store_admin_run(
        &found, a,
        "select exists (select from pg_class c"
        "  join pg_namespace n on n.oid = c.relnamespace"
        " where n.nspname = 'scim' and c.relname = 'schema')",
        0, NULL, pool);

    if (err == NULL) {
        *present = store_admin_is_true(found, 0, 0);
    }
    return err;
}

scim_error *store_admin_read_state(store_schema_state *out, store_admin *a,
                                   apr_pool_t *pool)
{
    store_schema_state state = { 0 };
    PGresult *row = NULL;
    scim_error *err = look_for_schema(&state.present, a, pool);

    if (err == NULL && state.present) {
        err = store_admin_script(a, "set local role scim_owner", pool);
        if (err == NULL) {
            err = store_admin_run(&row, a,
                                  "select version, compatible_from,"
                                  " fold_version from scim.schema",
                                  0, NULL, pool);
        }
    }
    if (err != NULL) {
        return err;
    }
    if (row != NULL && PQntuples(row) == 1) {
        state.version = (int)store_admin_number(row, 0, 0);
        state.compatible_from = (int)store_admin_number(row, 0, 1);
        state.fold_version = (int)store_admin_number(row, 0, 2);
    }
    *out = state;
    return NULL;
}

scim_error *store_schema_state_get(store_schema_state *out, store_admin *a,
                                   apr_pool_t *pool)
{
    scim_error *err = store_admin_begin_as_login(a, pool);

    if (err == NULL) {
        err = store_admin_read_state(out, a, pool);
    }
    return store_admin_end(err, a, pool);
}

static scim_error *check_encoding(store_admin *a, apr_pool_t *pool)
{
    const char *encoding = PQparameterStatus(a->conn, "server_encoding");

    if (encoding != NULL && strcmp(encoding, "UTF8") == 0) {
        return NULL;
    }
    return scim_error_make(SCIM_INVALID_VALUE, pool,
                           "The database \"%s\" has the encoding %s: make one "
                           "with createdb -E UTF8 -T template0.",
                           PQdb(a->conn),
                           encoding != NULL ? encoding : "unknown");
}

static scim_error *wrong_migration(int from, int to, apr_pool_t *pool)
{
    return scim_error_make(SCIM_INVALID_VALUE, pool,
                           "Migration %d does not follow the database's "
                           "version, which is %d: the files in the SQL folder "
                           "are not those of one release.",
                           to, from);
}

/* The text, by who connected (it makes roles), and then its result. */
static scim_error *run_text(int version, const char *sql, store_admin *a,
                            apr_pool_t *pool)
{
    store_schema_state state;
    scim_error *err;

    err = store_admin_script(a, "set local role none;" WAIT_BRIEFLY, pool);
    if (err == NULL) {
        err = store_admin_script(a, sql, pool);
    }
    if (err == NULL) {
        err = store_admin_read_state(&state, a, pool);
    }
    if (err == NULL && state.version != version) {
        err = wrong_migration(state.version, version, pool);
    }
    /* A text that commits on its own would not be all or nothing. */
    if (err == NULL && PQtransactionStatus(a->conn) != PQTRANS_INTRANS) {
        err = scim_error_make(SCIM_INVALID_VALUE, pool,
                              "Migration %d ends its own transaction.",
                              version);
    }
    return err;
}

static scim_error *migrate_locked(int *ran, int version, const char *sql,
                                  store_admin *a, apr_pool_t *pool)
{
    store_schema_state state;
    scim_error *err = store_admin_script(a, TAKE_LOCK, pool);

    *ran = 0;
    if (err == NULL) {
        err = store_admin_read_state(&state, a, pool);
    }
    if (err != NULL || state.version >= version) {
        return err;
    }
    if (state.version != version - 1) {
        return wrong_migration(state.version, version, pool);
    }
    *ran = 1;
    return run_text(version, sql, a, pool);
}

static scim_error *attempt(int *ran, int version, const char *sql,
                           store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin_as_login(a, pool);

    if (err == NULL) {
        err = migrate_locked(ran, version, sql, a, pool);
    }
    return store_admin_end(err, a, pool);
}

scim_error *store_schema_migrate(int *ran, int version, const char *sql,
                                 store_admin *a, apr_pool_t *pool)
{
    scim_error *err = check_encoding(a, pool);
    int retries = 0;

    if (err != NULL) {
        return err;
    }
    do {
        if (retries > 0) {
            apr_sleep(PAUSE);
        }
        memset(&a->failed, 0, sizeof(a->failed));
        err = attempt(ran, version, sql, a, pool);
    } while (err != NULL && (a->failed.retry || a->failed.timeout)
             && retries++ < MAX_RETRIES);
    return err;
}

/* The verifier, made here: the server's log may hold statements. */
static scim_error *encrypt(const char **out, const char *password,
                           store_admin *a, apr_pool_t *pool)
{
    char *verifier, *literal;

    verifier = PQencryptPasswordConn(a->conn, password, "scim_httpd",
                                     "scram-sha-256");
    literal = verifier == NULL
                  ? NULL
                  : PQescapeLiteral(a->conn, verifier, strlen(verifier));
    if (literal != NULL) {
        *out = apr_pstrdup(pool, literal);
    }
    PQfreemem(verifier);
    PQfreemem(literal);
    return literal != NULL
               ? NULL
               : scim_error_make(SCIM_INVALID_VALUE, pool,
                                 "libpq cannot use this password.");
}

scim_error *store_schema_set_password(const char *password, store_admin *a,
                                      apr_pool_t *pool)
{
    const char *literal = "null";
    scim_error *err = NULL;

    if (password != NULL) {
        err = encrypt(&literal, password, a, pool);
    }
    if (err != NULL) {
        return err;
    }
    return store_admin_script(
        a,
        apr_pstrcat(pool, "alter role scim_httpd password ", literal, NULL),
        pool);
}
