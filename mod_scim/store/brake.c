#include "store/brake.h"

#include <string.h>

#include <apr_strings.h>

#define SOON_S 60

void store_add_brake(const char *id, const scim_resource_type *type,
                     store_transaction *tx)
{
    static const store_statement statements[] = {
        [SCIM_KIND_USER] = STORE_BRAKE_USER,
        [SCIM_KIND_GROUP] = STORE_BRAKE_GROUP_END,
        [SCIM_KIND_OTHER] = STORE_AD_HOC, /* none */
    };
    store_statement statement = statements[type->kind];

    if (statement != STORE_AD_HOC && tx->caller->actor == NULL) {
        store_step_text(store_add(statement, tx), id);
    }
}

scim_error *store_braked(const PGresult *result, apr_pool_t *pool)
{
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *seconds = PQresultErrorField(result, PG_DIAG_COLUMN_NAME);
    scim_error *err = scim_error_make(SCIM_TOO_MANY_REQUESTS, pool, "%s",
                                      text != NULL ? text : "");

    err->retry_after_s = seconds != NULL ? (int)apr_atoi64(seconds) : SOON_S;
    err->held = 1;
    return err;
}

static const char *asked_for(const store_entry *entry)
{
    return strcmp(entry->action, "delete") == 0        ? "delete"
           : entry->type->kind == SCIM_KIND_GROUP ? "remove_members"
                                                  : "deactivate";
}

void store_add_hold(const store_entry *entry, store_transaction *tx)
{
    store_step *step;

    if (!entry->refused->held || entry->id == NULL) {
        return;
    }
    step = store_add(STORE_BRAKE_HOLD, tx);
    store_add_origin(step, tx);
    store_step_text(step, entry->type->name);
    store_step_text(step, entry->id);
    store_step_text(step, asked_for(entry));
}
