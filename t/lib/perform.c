/* An operation of admin/ as the admin API runs it: for an account, on a
 * connection of scim_httpd that is borrowed for the transaction. Prints what
 * comes of it as JSON; exit status 1 and the reason where it is refused. Run by
 * t/57-history.t.
 *
 *     perform CONNINFO PASSWORD REALM NAME SLUG OPERATION ID [JSON] */
#include <stdio.h>
#include <string.h>

#include <apr_general.h>

#include "admin/history.h"
#include "admin/journal.h"
#include "core/json.h"

static const admin_operation *const operations[] = {
    &admin_user_history,  &admin_user_version,  &admin_user_memberships,
    &admin_user_restore,  &admin_user_erase,    &admin_group_history,
    &admin_group_version, &admin_group_restore, &admin_journal_list,
    &admin_journal_follow,
};

static const admin_operation *find(const char *name)
{
    size_t i;

    for (i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (strcmp(operations[i]->name, name) == 0) {
            return operations[i];
        }
    }
    return NULL;
}

static void say(void *context, store_log_level level, const char *message)
{
    (void)context;
    fprintf(stderr, "%d %s\n", (int)level, message);
}

static int perform(char **argv, apr_pool_t *pool)
{
    store_settings settings = { .conninfo = argv[1],
                                .password = argv[2],
                                .pool_size = 1,
                                .connect_timeout_s = 5,
                                .wait_ms = 1000,
                                .prepare = 1,
                                .log = say };
    store_actor actor = { .name = argv[4],
                          .realm = argv[3],
                          .account = argv[4],
                          .request_id = "of-perform",
                          .address = "192.0.2.7",
                          .received = apr_time_now() };
    admin_call call = { .operation = find(argv[6]),
                        .slug = argv[5],
                        .ids = { argv[7] },
                        .pool = pool };
    scim_error *err;
    store *s;

    if (call.operation == NULL
        || store_open(&s, &settings, pool) != APR_SUCCESS) {
        return 2;
    }
    if (argv[8] != NULL) {
        call.given = scim_json_adopt(json_loads(argv[8], 0, NULL), pool);
    }
    store_admin_lend(&call.db, s, &actor,
                     apr_time_now() + apr_time_from_sec(30), pool);
    err = admin_perform(&call);
    if (err != NULL) {
        fprintf(stderr, "%s %s\n", err->detail,
                err->cause != NULL ? err->cause : "");
        return 1;
    }
    return json_dumpf(call.out, stdout, JSON_COMPACT) == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    apr_pool_t *pool;
    int status;

    if (argc < 8 || apr_initialize() != APR_SUCCESS) {
        return 2;
    }
    apr_pool_create(&pool, NULL);
    status = perform(argv, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
