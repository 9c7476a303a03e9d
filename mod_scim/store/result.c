#include "store/result.h"

#include <string.h>

#include <apr_strings.h>

#include "store/brake.h"

/* Microseconds between 1970 and PostgreSQL's 2000. */
#define EPOCH APR_TIME_C(946684800000000)

/* ------------------------------------------------------------------ columns */

const char *store_text(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL
                                            : PQgetvalue(result, row, column);
}

static apr_uint64_t big_endian(const void *data, int len)
{
    const unsigned char *bytes = data;
    apr_uint64_t out = 0;

    for (; len > 0; len--) {
        out = out << 8 | *bytes++;
    }
    return out;
}

apr_int64_t store_number(const PGresult *result, int row, int column)
{
    const char *data = PQgetvalue(result, row, column);
    int len = PQgetlength(result, row, column);

    return len == 4 ? (apr_int32_t)big_endian(data, 4)
                    : (apr_int64_t)big_endian(data, len);
}

int store_boolean(const PGresult *result, int row, int column)
{
    return store_number(result, row, column) != 0;
}

const char *store_id(const PGresult *result, int row, int column,
                     apr_pool_t *pool)
{
    return store_uuid_text(PQgetvalue(result, row, column), pool);
}

/* Over the zeros before `end`. */
static void write_digits(char *end, int number)
{
    for (; number > 0; number /= 10) {
        *--end = (char)('0' + number % 10);
    }
}

/* Every answer has two of them: by hand in a third of apr_psprintf's time. */
const char *store_time(const PGresult *result, int row, int column,
                       apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, "0000-00-00T00:00:00.000Z");
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, store_number(result, row, column) + EPOCH);
    write_digits(text + 4, t.tm_year + 1900);
    write_digits(text + 7, t.tm_mon + 1);
    write_digits(text + 10, t.tm_mday);
    write_digits(text + 13, t.tm_hour);
    write_digits(text + 16, t.tm_min);
    write_digits(text + 19, t.tm_sec);
    write_digits(text + 23, t.tm_usec / 1000);
    return text;
}

/* ------------------------------------------------------------------- arrays */

/* Dimensions, whether there are NULLs, the elements' type; then length and
 * lower bound of each dimension. An empty array has none. */
#define HEADER 12
#define DIMENSION 8

void store_array_open(store_array *out, const PGresult *result, int row,
                      int column)
{
    const unsigned char *data
        = (const unsigned char *)PQgetvalue(result, row, column);
    int len = PQgetlength(result, row, column);

    memset(out, 0, sizeof(*out));
    if (len >= HEADER + DIMENSION && big_endian(data, 4) == 1) {
        out->count = (int)big_endian(data + HEADER, 4);
        out->at = data + HEADER + DIMENSION;
        out->end = data + len;
    }
}

int store_array_next(const void **data, int *len, store_array *array)
{
    if (array->end - array->at < 4) {
        return 0;
    }
    *len = (apr_int32_t)big_endian(array->at, 4);
    array->at += 4;
    *data = *len < 0 ? NULL : array->at;
    array->at += *len < 0 ? 0 : *len;
    return array->at <= array->end;
}

const char *store_array_text(const apr_array_header_t *texts, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "{", apr_array_pstrcat(pool, texts, ','), "}",
                       NULL);
}

/* ------------------------------------------------------------------- errors */

/* clang-format off */
static const struct {
    const char *constraint;
    const char *attribute, *owner;
} unique[] = {
    { "users_user_name", "userName", "another user of the organization" },
    { "groups_display_name", "displayName", "another group of this app (an"
      " owner may allow it: unique_group_names of the app)" },
};

#define BUSY \
    "The service is busy with other changes of the same data; try again."
#define SLOW "The service did not finish this in its time; try again later."

/* By SQLSTATE, or by its class. */
static const struct {
    const char *state;
    store_failure failure;
    int retry_after_s; /* 0: as for an outage */
    const char *detail;
} known[] = {
    { "40001", { .retry = 1 }, 1, BUSY }, /* serialization failure */
    { "40P01", { .retry = 1 }, 1, BUSY }, /* deadlock */
    { "23503", { .retry = 1 }, 1, BUSY }, /* deleted or added meanwhile */
    { "55P03", { 0 }, 1, BUSY },          /* lock timeout */
    { "SC001", { .retry = 1, .alone = 1 }, 1, BUSY }, /* ours, for that */
    { "57014", { .timeout = 1 }, 30, SLOW },
    /* A migration while we run: the next connection looks at its version. */
    { "0A000", { .retry = 1, .renew = 1 }, 0, NULL },
    { "42P01", { .retry = 1, .renew = 1 }, 0, NULL },
    { "42703", { .retry = 1, .renew = 1 }, 0, NULL },
    /* What has an index: all other connections remember it, too. */
    { "SCIX1", { .retry = 1, .renew = 1, .gone = 1 }, 0, NULL },
    { "26000", { .retry = 1, .renew = 1 }, 0, NULL }, /* a pooler lost it */
    { "42P05", { .retry = 1, .renew = 1 }, 0, NULL }, /* a pooler had it */
    { "25006", { .renew = 1, .gone = 1 }, 0, NULL }, /* no primary any more */
    { "57P",   { .renew = 1, .gone = 1 }, 0, NULL }, /* shut down */
    { "08",    { .renew = 1, .gone = 1 }, 0, NULL },
    { "53",    { .renew = 1 }, 0, NULL }, /* out of disk, memory, ... */
    { "25",    { .renew = 1 }, 1, BUSY }, /* idle in transaction too long */
};
/* clang-format on */

/* scim.claim_values() gives the path as a column. */
static scim_error *claimed(const char *path, apr_pool_t *pool)
{
    scim_error *err = scim_error_make(SCIM_UNIQUENESS, pool,
                                      "The value of \"%s\" is taken by another "
                                      "resource of the organization.",
                                      path != NULL ? path : "");

    err->attribute = apr_pstrdup(pool, path);
    return err;
}

static scim_error *taken(const char *attribute, const char *name,
                         const char *owner, apr_pool_t *pool)
{
    scim_error *err = scim_error_make(
        SCIM_UNIQUENESS, pool, "%s \"%s\" is taken by %s.", attribute,
        scim_excerpt(name != NULL ? name : "", pool), owner);

    err->attribute = attribute;
    return err;
}

static scim_error *uniqueness(const PGresult *result, const char *name,
                              apr_pool_t *pool)
{
    const char *constraint
        = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    size_t i;

    if (constraint != NULL && strcmp(constraint, "unique_values") == 0) {
        return claimed(PQresultErrorField(result, PG_DIAG_COLUMN_NAME), pool);
    }
    for (i = 0; constraint != NULL && i < sizeof(unique) / sizeof(unique[0]);
         i++) {
        if (strcmp(constraint, unique[i].constraint) == 0) {
            return taken(unique[i].attribute, name, unique[i].owner, pool);
        }
    }
    return NULL;
}

/* The message without DETAIL and CONTEXT, which may quote user data. */
static const char *cause_of(const PGresult *result, const char *state,
                            const char *statement, apr_pool_t *pool)
{
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    return apr_psprintf(pool, "statement %s: SQLSTATE %s: %s", statement, state,
                        text != NULL ? text : "no message");
}

scim_error *store_result_error(store_failure *out, const PGresult *result,
                               const char *statement, const char *name,
                               apr_pool_t *pool)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    scim_error *err = NULL;
    size_t i;

    memset(out, 0, sizeof(*out));
    state = state != NULL ? state : "none";
    if (strcmp(state, "SC002") == 0) {
        return store_braked(result, pool);
    }
    if (strcmp(state, "23505") == 0) {
        err = uniqueness(result, name, pool);
    }
    for (i = 0; err == NULL && i < sizeof(known) / sizeof(known[0]); i++) {
        if (strncmp(state, known[i].state, strlen(known[i].state)) == 0) {
            *out = known[i].failure;
            err = store_unavailable(pool, "%s", cause_of(result, state,
                                                         statement, pool));
            if (known[i].detail != NULL) {
                err->retry_after_s = known[i].retry_after_s;
                err->detail = known[i].detail;
            }
        }
    }
    if (err == NULL) {
        err = scim_error_because(
            scim_error_make(SCIM_INTERNAL, pool,
                            "The service met an unexpected fault."),
            pool, "%s", cause_of(result, state, statement, pool));
    }
    return err;
}
