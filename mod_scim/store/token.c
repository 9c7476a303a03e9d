#include <string.h>

#include <apr_strings.h>

#include "store/transaction.h"

/* What scim.token_refusal() says, as a sentence; %s is the time. */
/* clang-format off */
static const struct {
    const char *reason, *sentence;
} sentences[] = {
    { "elsewhere",   "This secret token belongs to another tenant URL; paste "
                     "the URL and the token that were shown together." },
    { "revoked",     "This secret token was revoked on %s; create a new one "
                     "and paste it into the identity provider." },
    { "expired",     "This secret token expired on %s; create a new one and "
                     "paste it into the identity provider." },
    { "uninstalled", "The provisioning app of this secret token was "
                     "uninstalled; install it again and create a new token." },
    { "suspended",   "The organization is suspended; ask its owner." },
    { "off",         "SCIM is switched off for this organization; its owner "
                     "or an admin can enable it." },
};
/* clang-format on */

static scim_error *unknown_token(apr_pool_t *pool)
{
    return scim_error_make(SCIM_UNAUTHORIZED, pool,
                           "The secret token is not valid here; check that it "
                           "was pasted completely and belongs to this tenant "
                           "URL.");
}

scim_error *store_read_only_token(apr_pool_t *pool)
{
    return scim_error_make(SCIM_READ_ONLY_TOKEN, pool,
                           "This secret token may only read; use one that may "
                           "write for provisioning.");
}

/* The sentence with the time in its place. */
static scim_error *refuse(const char *sentence, const char *since,
                          apr_pool_t *pool)
{
    const char *place = strstr(sentence, "%s");

    if (place != NULL) {
        sentence = apr_pstrcat(
            pool,
            apr_pstrmemdup(pool, sentence, (apr_size_t)(place - sentence)),
            since, place + 2, NULL);
    }
    return scim_error_make(SCIM_TOKEN_REFUSED, pool, "%s", sentence);
}

static scim_error *refusal_of(const PGresult *result,
                              store_transaction *tx)
{
    const char *reason = store_text(result, 0, 0);
    apr_pool_t *pool = tx->pool;
    scim_error *err = NULL;
    size_t i;

    for (i = 0; reason != NULL && i < sizeof(sentences) / sizeof(sentences[0]);
         i++) {
        if (strcmp(reason, sentences[i].reason) == 0) {
            return refuse(sentences[i].sentence, store_text(result, 0, 1),
                          pool);
        }
    }
    if (store_boolean(result, 0, 2)) {
        store_verified(tx);
        return store_read_only_token(pool);
    }
    if (store_boolean(result, 0, 3)) {
        store_verified(tx);
        err = tx->caller->refuse_strictly(tx->caller->baton);
    }
    if (err == NULL) { /* without a reason it became good again meanwhile */
        tx->failed.retry = 1;
        err = unknown_token(pool);
    }
    return err;
}

scim_error *store_token_refusal(store_transaction *tx)
{
    store_step *step;
    scim_error *err;

    store_abandon(tx);
    if (tx->c->broken) {
        return store_unavailable(tx->pool, "lost while a token was refused");
    }
    step = store_add(STORE_TOKEN_REFUSAL, tx);
    store_add_token(step, tx);
    store_step_text(step, tx->caller->slug);
    store_add_barred(step, tx);
    err = store_go(tx);
    if (err == NULL) {
        err = PQntuples(step->result) == 1 ? refusal_of(step->result, tx)
                                           : unknown_token(tx->pool);
    }
    return err;
}

static scim_error *check(store_transaction *tx, void *baton)
{
    scim_error *err = store_go(tx);

    if (err == NULL) {
        *(store_grant *)baton = tx->grant;
    }
    return err;
}

scim_error *store_token_check(store_grant *out, const store_caller *caller,
                              store *s, apr_pool_t *pool)
{
    return store_transact(check, out, STORE_READS, caller, s, pool);
}
