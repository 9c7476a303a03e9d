#include "admin/issue.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "admin/token.h"

/* Up to 256 bytes come whole once the kernel has its entropy (getrandom(2)). */
static scim_error *draw(unsigned char random[32], apr_pool_t *pool)
{
    ssize_t got;

    do {
        got = getrandom(random, 32, 0);
    } while (got < 0 && errno == EINTR);
    return got == 32 ? NULL
                     : scim_error_make(SCIM_INTERNAL, pool,
                                       "The system has no random numbers: %s",
                                       strerror(errno));
}

/* A key of its own, the secret, and what is stored of it. */
static scim_error *make(const char **text, store_secret *out, admin_call *call)
{
    unsigned char random[32];
    apr_int64_t org_id;
    admin_token token;
    scim_error *err = draw(random, call->pool);

    if (err == NULL) {
        err = store_token_reserve(&org_id, &out->key_id, call->db, call->pool);
    }
    if (err != NULL) {
        return err;
    }
    *text = admin_token_make(&token, org_id, out->key_id, random, call->pool);
    memcpy(out->hash, token.hash, sizeof(out->hash));
    out->last_four = *text + strlen(*text) - 4;
    return NULL;
}

/* Only now: what the journal was told does not hold it. */
static void show(const char *text, admin_call *call)
{
    json_object_set_new(call->out, "token", json_string(text));
    if (call->tenant_url != NULL) {
        json_object_set_new(call->out, "tenant_url",
                            json_string(call->tenant_url));
    }
}

static scim_error *create(admin_call *call)
{
    store_secret secret;
    const char *text;
    scim_error *err = make(&text, &secret, call);

    if (json_object_get(call->given, "expires_days") == NULL) {
        json_object_set_new(call->given, "expires_days",
                            json_integer(ADMIN_TOKEN_DAYS_DEFAULT));
    }
    if (err == NULL) {
        err = store_token_create(&call->out, &secret, call->given, call->db,
                                 call->pool);
    }
    if (err == NULL) {
        show(text, call);
    }
    return err;
}

static scim_error *test(admin_call *call)
{
    store_secret secret;
    const char *text;
    scim_error *err = make(&text, &secret, call);

    if (err == NULL) {
        err = store_token_test(&call->out, &secret, call->given, call->db,
                               call->pool);
    }
    if (err == NULL) {
        show(text, call);
    }
    return err;
}

static scim_error *rotate(admin_call *call)
{
    store_secret secret;
    const char *text;
    scim_error *err = make(&text, &secret, call);

    if (err == NULL) {
        err = store_token_rotate(&call->out, call->ids[0], &secret,
                                 call->given, call->db, call->pool);
    }
    if (err == NULL) {
        show(text, call);
    }
    return err;
}

static scim_error *list(admin_call *call)
{
    return store_token_list(&call->out, &call->slice, call->given, call->db,
                            call->pool);
}

static scim_error *get(admin_call *call)
{
    return store_token_get(&call->out, call->ids[0], call->db, call->pool);
}

static scim_error *revoke_token(admin_call *call)
{
    return store_token_revoke(&call->out, call->ids[0], call->db, call->pool);
}

/* clang-format off */
#define EXPIRES(otherwise) \
    { .name = "expires_days", .option = "expires", .type = ADMIN_NUMBER, \
      .least = 0, .most = ADMIN_TOKEN_DAYS_MAX, \
      .help = "after so many days (default: " otherwise "); 0: never" }

static const admin_field list_fields[] = {
    { .name = "app", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .help = "only those of one app" },
    { .name = NULL },
};

static const admin_field create_fields[] = {
    { .name = "app", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .required = 1, .help = "for which app" },
    { .name = "name", .type = ADMIN_NAME,
      .help = "to tell it from other tokens" },
    EXPIRES("365"),
    { .name = "read_only", .type = ADMIN_BOOLEAN, .help = "writes nothing" },
    { .name = NULL },
};

static const admin_field test_fields[] = {
    { .name = "app", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .required = 1, .help = "for which app" },
    { .name = NULL },
};

static const admin_field rotate_fields[] = {
    EXPIRES("as many as the old one had"),
    { .name = "compromised", .type = ADMIN_BOOLEAN,
      .help = "ends the old token at once" },
    { .name = NULL },
};

const admin_operation admin_token_list = {
    .name = "token.list", .need = STORE_ADMIN_READS, .is_list = 1,
    .fields = list_fields, .run = list,
    .summary = "Lists an organization's tokens, without their text." };

const admin_operation admin_token_get = {
    .name = "token.get", .need = STORE_ADMIN_READS, .ids = "n", .run = get,
    .summary = "Shows a token, without its text." };

const admin_operation admin_token_create = {
    .name = "token.create", .need = STORE_ADMIN_WRITES,
    .fields = create_fields, .run = create,
    .summary = "Makes a secret token for an app and shows it, this once"
               " only." };

const admin_operation admin_token_test = {
    .name = "token.test", .need = STORE_ADMIN_WRITES, .fields = test_fields,
    .run = test,
    .summary = "Makes a token for a connection test: it reads, for five"
               " minutes, and counts as no contact of the provider's." };

const admin_operation admin_token_rotate = {
    .name = "token.rotate", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = rotate_fields, .run = rotate,
    .summary = "Makes a token in the place of another one, which lives until"
               " an hour after the new one's first use, at most 7 days." };

const admin_operation admin_token_revoke = {
    .name = "token.revoke", .need = STORE_ADMIN_WRITES, .ids = "n",
    .run = revoke_token,
    .summary = "Ends a token, from the next request on." };
/* clang-format on */
