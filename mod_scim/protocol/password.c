#include <crypt.h>
#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "core/given.h"
#include "core/username.h"
#include "protocol/operation.h"

#define MIN_BYTES 1
#define MAX_BYTES 512 /* crypt's CRYPT_MAX_PASSPHRASE_SIZE */

/* The same cost as crypt_gensalt_rn() gives by default, for names that nobody
 * has: 4,096 blocks of 4 KB. */
static const char some_setting[] = "$y$j9T$Vw6Yq7nU1zRr3aXo5sJk70";

/* In `pool`; NULL: crypt refused. */
static const char *hash_with(const char *password, const char *setting,
                             apr_pool_t *pool)
{
    struct crypt_data *data = apr_pcalloc(pool, sizeof(*data));
    const char *hash = crypt_rn(password, setting, data, sizeof(*data));

    hash = hash != NULL ? apr_pstrdup(pool, hash) : NULL;
    explicit_bzero(data, sizeof(*data));
    return hash;
}

static scim_error *make_hash(const char **out, const char *password,
                             apr_pool_t *pool)
{
    char setting[CRYPT_GENSALT_OUTPUT_SIZE];

    *out = crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) != NULL
               ? hash_with(password, setting, pool)
               : NULL;
    return *out != NULL
               ? NULL
               : scim_error_because(
                   scim_error_make(SCIM_INTERNAL, pool,
                                   "The service met an unexpected fault."),
                   pool, "libcrypt refuses to make a hash of yescrypt");
}

static scim_error *hash_value(const char **out, const json_t *value,
                              serve_call *call)
{
    const char *prepared = NULL;
    apr_size_t len;
    store_grant grant;
    scim_error *err;

    *out = NULL;
    if (call->type->kind != SCIM_KIND_USER
        || (!json_is_string(value) && !json_is_null(value))) {
        return NULL;
    }
    err = serve_token_check(&grant, call);
    if (err != NULL || !grant.passwords) {
        return err;
    }
    if (json_is_null(value)) {
        *out = STORE_PASSWORD_ENDS;
        return NULL;
    }
    if (strlen(json_string_value(value)) == json_string_length(value)) {
        prepared = scim_password_prepare(json_string_value(value), call->pool);
    }
    len = prepared != NULL ? strlen(prepared) : 0;
    if (len < MIN_BYTES || len >= MAX_BYTES) {
        return scim_error_make(SCIM_INVALID_VALUE, call->pool,
                               "The attribute \"password\" must have %d to %d "
                               "bytes, and no control characters.",
                               MIN_BYTES, MAX_BYTES - 1);
    }
    return make_hash(out, prepared, call->pool);
}

void serve_drop_password(json_t *resource, const scim_resource_type *type)
{
    if (type->kind == SCIM_KIND_USER) {
        json_object_del(resource, "password");
    }
}

static const json_t *password_of(const json_t *object)
{
    return json_is_object(object) ? scim_json_member(object, "password") : NULL;
}

static int is_seen_to(const char **hash, const serve_call *call)
{
    if (call->part == NULL || !call->part->secret->is_known) {
        return 0;
    }
    *hash = call->part->secret->hash;
    return 1;
}

scim_error *serve_hash_password(const char **hash, const json_t *resource,
                                const json_t *body, serve_call *call)
{
    const json_t *value = password_of(resource);

    if (is_seen_to(hash, call)) {
        return NULL;
    }
    /* RFC 7643, 2.5: null unassigns; what is left out of a PUT may stay. */
    return hash_value(hash, value != NULL ? value : password_of(body), call);
}

scim_error *serve_hash_patched(const char **hash, const scim_patch *patch,
                               serve_call *call)
{
    if (is_seen_to(hash, call)) {
        return NULL;
    }
    return hash_value(hash,
                      scim_given_value(patch, call->type->schema, "password"),
                      call);
}

static scim_error *hash_of_resource(const char **hash, const json_t *body,
                                    serve_call *call)
{
    json_t *resource;
    scim_error *err = serve_read_resource(&resource, body, call);

    return err != NULL
               ? err
               : serve_hash_password(
                   hash, resource,
                   call->request->method == SERVE_PUT ? body : NULL, call);
}

static scim_error *hash_of_patch(const char **hash, const json_t *body,
                                 serve_call *call)
{
    scim_patch *patch;
    scim_error *err = serve_read_patch(&patch, body, call);

    return err != NULL ? err : serve_hash_patched(hash, patch, call);
}

scim_error *serve_part_password(const char **hash, serve_call *call)
{
    const json_t *body = call->part->data;

    *hash = NULL;
    if (call->type->kind != SCIM_KIND_USER) {
        return NULL;
    }
    return call->request->method == SERVE_PATCH
               ? hash_of_patch(hash, body, call)
               : hash_of_resource(hash, body, call);
}

scim_error *serve_password_check(serve_sign_in *out, const char *slug,
                                 const char *user_name, const char *password,
                                 const store_caller *caller, store *s,
                                 apr_pool_t *pool)
{
    const char *hash = NULL, *prepared, *made;
    int active = 0;
    scim_error *err = NULL;

    /* A name that is no UTF-8 is nobody's, and takes as long. */
    if (scim_json_adopt(json_string(user_name), pool) != NULL) {
        err = store_password_of(&hash, &active, slug, user_name, caller, s,
                                pool);
    }
    if (err != NULL) {
        return err;
    }
    prepared = scim_password_prepare(password, pool);
    made = hash_with(prepared != NULL ? prepared : "",
                     hash != NULL ? hash : some_setting, pool);
    *out = hash == NULL ? SERVE_UNKNOWN : SERVE_WRONG;
    if (hash != NULL && prepared != NULL && made != NULL && active
        && scim_equal_secrets(made, hash)) {
        *out = SERVE_KNOWN;
    }
    return NULL;
}
