#include <apr_strings.h>

#include "store/admin_connection.h"

/* Months ahead, and those whose rows came when no partition was there. */
#define MAKE_PARTITIONS                                                   \
    "select count(*) filter (where scim.journal_partition(month))"        \
    " from (select (date_trunc('month', now() at time zone 'UTC')"        \
    "          + n * interval '1 month')::date as month"                  \
    "         from generate_series(0, 3) n"                               \
    "       union select date_trunc('month', at at time zone 'UTC')::date" \
    "         from scim.journal_default) m"

#define OLD_PARTITIONS                                                    \
    "select format('drop table scim.%I', c.relname)"                      \
    " from pg_inherits i join pg_class c on c.oid = i.inhrelid"           \
    " where i.inhparent = 'scim.journal'::regclass"                       \
    " and c.relname ~ '^journal_[0-9]{6}$' and c.relname < 'journal_' ||" \
    "  to_char((now() at time zone 'UTC') - $1::int * interval '1 month'," \
    "   'YYYYMM')"                                                        \
    " order by c.relname"

static scim_error *drop_old(int *dropped, int keep_months, store_admin *a,
                            apr_pool_t *pool)
{
    const char *keep = apr_itoa(pool, keep_months);
    PGresult *old;
    int i;
    scim_error *err = store_admin_run(&old, a, OLD_PARTITIONS, 1, &keep, pool);

    for (i = 0; err == NULL && i < PQntuples(old); i++) {
        err = store_admin_script(a, PQgetvalue(old, i, 0), pool);
    }
    if (err == NULL) {
        *dropped = PQntuples(old);
    }
    return err;
}

/* Partitions come and go under locks that stop every write: rather give up
 * than let the queue behind a long transaction grow. */
static scim_error *maintain(int *made, int *dropped, int keep_months,
                            store_admin *a, apr_pool_t *pool)
{
    PGresult *count;
    scim_error *err = store_admin_script(a, "set local lock_timeout = '3s'",
                                         pool);

    if (err == NULL) {
        err = store_admin_run(&count, a, MAKE_PARTITIONS, 0, NULL, pool);
    }
    if (err != NULL) {
        return err;
    }
    *made = (int)store_admin_number(count, 0, 0);
    *dropped = 0;
    return keep_months > 0 ? drop_old(dropped, keep_months, a, pool) : NULL;
}

scim_error *store_journal_maintain(int *made, int *dropped, int keep_months,
                                   store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_begin(a, pool);

    if (err == NULL) {
        err = maintain(made, dropped, keep_months, a, pool);
    }
    return store_admin_end(err, a, pool);
}
