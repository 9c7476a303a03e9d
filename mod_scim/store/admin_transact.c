#include <string.h>

#include <apr_strings.h>

#include "core/json.h"
#include "store/admin_connection.h"
#include "store/trip.h"

#define MAX_RETRIES 3

void store_admin_lend(store_admin **out, store *s, const store_actor *actor,
                      apr_time_t deadline, apr_pool_t *pool)
{
    store_admin *a = apr_pcalloc(pool, sizeof(*a));

    a->actor = actor;
    a->s = s;
    a->caller.deadline = deadline;
    a->caller.received = actor->received;
    *out = a;
}

static scim_error *not_there(const char *slug, const store_admin *a,
                             apr_pool_t *pool)
{
    return scim_error_make(SCIM_NOT_FOUND, pool,
                           "There is no organization \"%s\"%s.",
                           scim_excerpt(slug, pool),
                           a->conn != NULL ? ": scimctl organization list "
                                             "shows those that exist"
                                           : "");
}

/* Owners may do what admins may, and so on. */
static int rank(const char *role)
{
    return strcmp(role, "owner") == 0   ? STORE_OWNER_WRITES
           : strcmp(role, "admin") == 0 ? STORE_ADMIN_WRITES
                                        : STORE_MEMBER_READS;
}

static scim_error *check_role(store_need need, const store_admin *a,
                              apr_pool_t *pool)
{
    if (a->role == NULL || rank(a->role) >= (int)need) {
        return NULL;
    }
    return scim_error_make(SCIM_FORBIDDEN, pool,
                           "Your account is \"%s\" in this organization; this "
                           "takes %s.",
                           a->role, need == STORE_OWNER_WRITES
                                        ? "an owner"
                                        : "an admin or an owner");
}

scim_error *store_admin_owners_only(const char *what, const store_admin *a,
                                    apr_pool_t *pool)
{
    return a->role == NULL || strcmp(a->role, "owner") == 0
               ? NULL
               : scim_error_make(SCIM_FORBIDDEN, pool,
                                 "%s is for an owner to say.", what);
}

#define LOCK                                                            \
    "select from scim.organizations"                                    \
    " where org_id = current_setting('scim.org')::int for no key update"

/* Owners' acts come one after the other; what is only tried is none. */
static int is_locking(store_need need, const store_admin *a)
{
    return need >= STORE_ADMIN_WRITES && !a->is_tried;
}

/* ------------------------------------------------ scimctl, as scim_owner */

static scim_error *enter_as_owner(const char *slug, store_need need,
                                  store_admin *a, apr_pool_t *pool)
{
    PGresult *found;
    scim_error *err = store_admin_run(
        &found, a,
        "select org_id, set_config('scim.org', org_id::text, true)"
        " || set_config('scim.app', '-1', true)"
        " from scim.organizations where slug = $1 and deleted is null",
        1, &slug, pool);

    if (err != NULL) {
        return err;
    }
    if (PQntuples(found) == 0) {
        return not_there(slug, a, pool);
    }
    a->org_id = store_admin_number(found, 0, 0);
    a->org = store_admin_text(found, 0, 0, pool);
    return is_locking(need, a) ? store_admin_script(a, LOCK, pool) : NULL;
}

static scim_error *begin_owned(const char *slug, store_need need,
                               store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    return err != NULL || slug == NULL ? err
                                       : enter_as_owner(slug, need, a, pool);
}

/* ---------------------------------------------- the admin API, in a child */

/* The server gives up before we do, so that its answer still arrives. */
static apr_int64_t time_left_ms(const store_admin *a)
{
    apr_interval_time_t left = a->caller.deadline - apr_time_now();

    return left > 0 ? apr_time_as_msec(left) * 4 / 5 + 1 : 1;
}

static scim_error *read_entry(const store_step *enter, const char *slug,
                              store_need need, store_admin *a,
                              apr_pool_t *pool)
{
    if (PQntuples(enter->result) == 0) {
        return not_there(slug, a, pool);
    }
    a->org_id = store_admin_number(enter->result, 0, 0);
    a->org = store_admin_text(enter->result, 0, 0, pool);
    a->role = store_admin_text(enter->result, 0, 2, pool);
    return check_role(need, a, pool);
}

/* BEGIN, enter, the role, the lock: one trip. Enter's answer comes first: where
 * it has no row, what follows it fails. */
static scim_error *begin_borrowed(const char *slug, store_need need,
                                  store_admin *a, apr_pool_t *pool)
{
    store_step steps[4] = {
        { .statement = STORE_BEGIN },
        { .statement = STORE_AD_HOC,
          .sql = "select * from scim.admin_enter($1, $2, $3, $4::int)" },
        { .statement = STORE_AD_HOC, .sql = "set local role scim_admin" },
        { .statement = STORE_AD_HOC, .sql = LOCK },
    };
    int failed, count = is_locking(need, a) ? 4 : 3;
    scim_error *err;

    a->caller.slug = slug; /* whose share it is */
    err = store_connection_take(&a->c, &a->caller, a->s, pool);
    if (err != NULL) {
        return err;
    }
    store_step_text(&steps[1], slug);
    store_step_text(&steps[1], a->actor->realm);
    store_step_text(&steps[1], a->actor->account);
    store_step_int(&steps[1], time_left_ms(a), pool);
    err = store_trip(&failed, steps, slug != NULL ? count : 1, a->c,
                     a->caller.deadline, a->s, pool);
    if (err == NULL && slug != NULL && (failed < 0 || failed > 1)) {
        err = read_entry(&steps[1], slug, need, a, pool);
    }
    if (err != NULL || failed < 0) {
        return err;
    }
    err = store_result_error(&a->failed, steps[failed].result, "admin_enter",
                             NULL, pool);
    a->c->broken |= a->failed.renew;
    a->c->gone |= a->failed.gone;
    return err;
}

/* A connection whose transaction did not end is closed. */
static scim_error *end_borrowed(scim_error *err, store_admin *a,
                                apr_pool_t *pool)
{
    store_failure failed = a->failed;
    scim_error *last = NULL;

    if (a->c == NULL) {
        return err;
    }
    if (!a->c->broken && PQtransactionStatus(a->c->pg) != PQTRANS_IDLE) {
        last = store_admin_run(
            NULL, a, err == NULL && !a->is_tried ? "commit" : "rollback", 0,
            NULL, pool);
        a->c->broken |= PQtransactionStatus(a->c->pg) != PQTRANS_IDLE;
    }
    if (err != NULL) {
        a->failed = failed;
    }
    store_connection_give(a->c, a->s);
    a->c = NULL;
    return err != NULL ? err : last;
}

/* ------------------------------------------------------------------- both */

static scim_error *attempt(store_admin_work work, void *baton,
                           const char *slug, store_need need, store_admin *a,
                           apr_pool_t *pool)
{
    scim_error *err;

    memset(&a->failed, 0, sizeof(a->failed));
    err = a->conn != NULL ? begin_owned(slug, need, a, pool)
                          : begin_borrowed(slug, need, a, pool);
    if (err == NULL) {
        err = work(baton, a, pool);
    }
    return a->conn != NULL ? store_admin_end(err, a, pool)
                           : end_borrowed(err, a, pool);
}

scim_error *store_admin_transact(store_admin_work work, void *baton,
                                 const char *slug, store_need need,
                                 store_admin *a, apr_pool_t *pool)
{
    scim_error *err;
    int retries = 0;

    do {
        err = attempt(work, baton, slug, need, a, pool);
    } while (err != NULL && a->failed.retry && retries++ < MAX_RETRIES);
    a->is_tried = 0;
    return err;
}

/* ------------------------------------------------------------- statements */

scim_error *store_admin_ask(PGresult **out, store_admin *a, const char *sql,
                            int count, const char *const *values,
                            apr_pool_t *pool)
{
    const char **all = apr_palloc(pool, sizeof(*all) * (apr_size_t)(count + 1));

    all[0] = a->org;
    if (count > 0) {
        memcpy(&all[1], values, sizeof(*all) * (apr_size_t)count);
    }
    return store_admin_run(out, a, sql, count + 1, all, pool);
}

json_t *store_admin_row(const PGresult *rows, int row, apr_pool_t *pool)
{
    json_t *json = json_loads(PQgetvalue(rows, row, 0), JSON_DECODE_ANY, NULL);

    return json == NULL ? NULL : scim_json_adopt(json, pool);
}

scim_error *store_admin_json(json_t **out, store_admin *a, const char *sql,
                             int count, const char *const *values,
                             apr_pool_t *pool)
{
    PGresult *rows;
    scim_error *err = store_admin_ask(&rows, a, sql, count, values, pool);

    if (err == NULL) {
        *out = PQntuples(rows) > 0 && !PQgetisnull(rows, 0, 0)
                   ? store_admin_row(rows, 0, pool)
                   : NULL;
    }
    return err;
}

scim_error *store_admin_slice(json_t **out, store_slice *slice, store_admin *a,
                              const char *sql, int count,
                              const char *const *values, apr_pool_t *pool)
{
    const char **all = apr_palloc(pool, sizeof(*all) * (apr_size_t)(count + 2));
    PGresult *rows;
    scim_error *err;
    int i;

    all[0] = slice->after;
    all[1] = apr_itoa(pool, slice->limit + 1);
    if (count > 0) {
        memcpy(&all[2], values, sizeof(*all) * (apr_size_t)count);
    }
    err = store_admin_ask(&rows, a, sql, count + 2, all, pool);
    if (err != NULL) {
        return err;
    }
    *out = scim_json_adopt(json_array(), pool);
    for (i = 0; i < PQntuples(rows) && i < slice->limit; i++) {
        json_array_append(*out, store_admin_row(rows, i, pool));
    }
    slice->next = PQntuples(rows) > slice->limit
                      ? store_admin_text(rows, slice->limit - 1, 1, pool)
                      : NULL;
    return NULL;
}

scim_error *store_admin_slice_numbered(json_t **out, store_slice *slice,
                                       store_admin *a, const char *sql,
                                       int count, const char *const *values,
                                       apr_pool_t *pool)
{
    apr_size_t len = slice->after != NULL ? strlen(slice->after) : 1;
    scim_error *err;

    if (slice->after == NULL
        || (len > 0 && len <= 18
            && strspn(slice->after, "0123456789") == len)) {
        return store_admin_slice(out, slice, a, sql, count, values, pool);
    }
    err = scim_error_make(SCIM_INVALID_VALUE, pool,
                          "\"after\" takes what a list gave as \"next\", and "
                          "nothing else.");
    err->field = "after";
    return err;
}

scim_error *store_admin_number_new(const char **out, store_admin *a,
                                   apr_pool_t *pool)
{
    PGresult *row;
    scim_error *err = store_admin_ask(
        &row, a,
        "update scim.organizations set last_number = last_number + 1"
        " where org_id = $1 returning last_number",
        0, NULL, pool);

    if (err == NULL) {
        *out = store_admin_text(row, 0, 0, pool);
    }
    return err;
}

static const char *number_text(apr_int64_t n, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_INT64_T_FMT, n);
}

const char *store_admin_member(const json_t *object, const char *name,
                               apr_pool_t *pool)
{
    const json_t *value = json_object_get(object, name);

    if (value == NULL || json_is_null(value)) {
        return NULL;
    }
    if (json_is_boolean(value)) {
        return json_is_true(value) ? "true" : "false";
    }
    return json_is_string(value)    ? json_string_value(value)
           : json_is_integer(value) ? number_text(json_integer_value(value),
                                                  pool)
                                    : scim_json_dump(value, NULL, pool);
}

scim_error *store_admin_match(const json_t *object, const char *version,
                              apr_pool_t *pool)
{
    const char *stored = store_admin_member(object, "version", pool);
    scim_error *err;

    if (version == NULL || (stored != NULL && strcmp(stored, version) == 0)) {
        return NULL;
    }
    err = scim_error_make(SCIM_PRECONDITION_FAILED, pool,
                          "Somebody else has changed this meanwhile; it is at "
                          "version %s now.",
                          stored != NULL ? stored : "0");
    err->current = (json_t *)object; /* only shown */
    return err;
}

int store_admin_is_taken(const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

    return state != NULL && strcmp(state, "23505") == 0;
}

static const char *as_text(const json_t *object, apr_pool_t *pool)
{
    return object != NULL ? scim_json_dump(object, NULL, pool) : NULL;
}

scim_error *store_admin_note(const char *action, const char *name,
                             const json_t *before, const json_t *after,
                             store_admin *a, apr_pool_t *pool)
{
    store_act act = { .org_id = a->org_id,
                      .action = action,
                      .name = name,
                      .before = as_text(before, pool),
                      .after = as_text(after, pool) };

    return store_admin_journal(&act, a->actor, a, pool);
}
