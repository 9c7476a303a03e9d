/* Which attributes have rows in scim.user_values (ScimIndex). */
#include <string.h>

#include <apr_strings.h>

#include "store/admin_connection.h"

/* Writers that do not know of the change yet end before it is taken as done:
 * each holds this table from the first row that it writes. */
#define WAIT_FOR_WRITERS                                \
    "set local lock_timeout = '30s';"                   \
    "lock table scim.user_folded in share row exclusive mode"

/* The number of the path, which writers keep rows of from now on. */
static scim_error *note_path(const char **attr, const char *path,
                             const scim_path *of, int is_extension,
                             store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { path, is_extension ? of->schema->id : NULL,
                             of->attr->name,
                             of->sub != NULL ? of->sub->name : NULL };
    PGresult *found;
    scim_error *err = store_admin_script(a, WAIT_FOR_WRITERS, pool);

    if (err == NULL) {
        err = store_admin_run(NULL, a,
                              "insert into scim.attributes"
                              " (path, urn, name, sub)"
                              " values ($1, $2, $3, $4)"
                              " on conflict (path) do nothing",
                              4, values, pool);
    }
    if (err == NULL) {
        err = store_admin_run(
            &found, a, "select attr from scim.attributes where path = $1", 1,
            values, pool);
    }
    if (err == NULL) {
        *attr = store_admin_text(found, 0, 0, pool);
    }
    return err;
}

/* One batch and one transaction; *users counts, and is 0 at the end. */
static scim_error *fill_batch(int *users, const char *values[3],
                              store_admin *a, apr_pool_t *pool,
                              apr_pool_t *scratch)
{
    PGresult *last;
    scim_error *err = store_admin_begin(a, scratch);

    if (err == NULL) {
        err = store_admin_run(&last, a,
                              "select users, p_org, p_id"
                              " from scim.fill_values($1, $2, $3)",
                              3, values, scratch);
    }
    if (err == NULL) {
        *users = (int)store_admin_number(last, 0, 0);
        values[1] = store_admin_text(last, 0, 1, pool);
        values[2] = store_admin_text(last, 0, 2, pool);
    }
    return store_admin_end(err, a, scratch);
}

static scim_error *fill(apr_int64_t *out, const char *attr, store_admin *a,
                        apr_pool_t *pool)
{
    const char *values[] = { attr, "0",
                             "00000000-0000-0000-0000-000000000000" };
    apr_pool_t *scratch;
    scim_error *err;
    int users = 0;

    *out = 0;
    apr_pool_create(&scratch, pool);
    do {
        err = fill_batch(&users, values, a, pool, scratch);
        *out += users;
        if (err == NULL) {
            apr_pool_clear(scratch);
        }
    } while (err == NULL && users > 0);
    return err;
}

static scim_error *declare_ready(const char *attr, store_admin *a,
                                 apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = store_admin_run(NULL, a,
                              "update scim.attributes set ready = true"
                              " where attr = $1",
                              1, &attr, pool);
    }
    if (err == NULL) {
        err = store_admin_script(a, "analyze scim.user_values", pool);
    }
    return store_admin_end(err, a, pool);
}

scim_error *store_index_add(store_index_row *out, const scim_path *path,
                            const scim_resource_type *type, store_admin *a,
                            apr_pool_t *pool)
{
    const char *text = scim_path_text(path, type, pool), *attr = NULL;
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = note_path(&attr, text, path, scim_path_is_extension(path, type),
                        a, pool);
    }
    err = store_admin_end(err, a, pool);
    if (err == NULL) {
        err = fill(&out->users, attr, a, pool);
    }
    if (err == NULL) {
        out->path = text;
        out->ready = 1;
        err = declare_ready(attr, a, pool);
    }
    return err;
}

scim_error *store_index_list(apr_array_header_t **out, store_admin *a,
                             apr_pool_t *pool)
{
    PGresult *rows;
    int i;
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = store_admin_run(&rows, a,
                              "select path, ready from scim.attributes"
                              " order by path",
                              0, NULL, pool);
    }
    if (err == NULL) {
        *out = apr_array_make(pool, 4, sizeof(store_index_row));
        for (i = 0; i < PQntuples(rows); i++) {
            store_index_row *row = apr_array_push(*out);

            row->path = store_admin_text(rows, i, 0, pool);
            row->ready = store_admin_is_true(rows, i, 1);
        }
    }
    return store_admin_end(err, a, pool);
}

/* A filter that is running sees the rows as they were. */
static scim_error *forget(const char *path, store_admin *a, apr_pool_t *pool)
{
    PGresult *gone;
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = store_admin_run(&gone, a,
                              "delete from scim.attributes where path = $1"
                              " and attr > 1 returning attr",
                              1, &path, pool);
    }
    if (err == NULL && PQntuples(gone) == 0) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "\"%s\" has no index that could be removed: "
                              "scimctl index list shows what there is.",
                              scim_excerpt(path, pool));
    }
    return store_admin_end(err, a, pool);
}

scim_error *store_index_remove(const char *path, store_admin *a,
                               apr_pool_t *pool)
{
    scim_error *err = forget(path, a, pool);

    if (err != NULL) {
        return err;
    }
    err = store_admin_begin(a, pool);
    if (err == NULL) {
        err = store_admin_script(a, WAIT_FOR_WRITERS, pool);
    }
    err = store_admin_end(err, a, pool);
    if (err != NULL) {
        return err;
    }
    err = store_admin_begin(a, pool);
    if (err == NULL) {
        err = store_admin_script(a,
                                 "delete from scim.user_values v where not"
                                 " exists (select from scim.attributes a"
                                 " where a.attr = v.attr)",
                                 pool);
    }
    return store_admin_end(err, a, pool);
}
