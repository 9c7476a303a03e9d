/* What the files of an administrator are read with: members of JSON objects,
 * and errors that say where. Of schema_file.c and type_file.c only. */
#ifndef SCIM_CORE_PLACE_H
#define SCIM_CORE_PLACE_H

#include "core/json.h"

/* A value in the file, up to its root, which is all NULL: put together only
 * for a message. */
typedef struct scim_place {
    const struct scim_place *up;
    const char *key; /* NULL: `index` */
    int index;
    apr_pool_t *pool;
} scim_place;

#define SCIM_FILE_NAME_MAX   64 /* bytes of a name */
#define SCIM_FILE_URN_MAX    200
#define SCIM_FILE_TEXT_MAX   4096 /* of a description */
#define SCIM_FILE_VALUES_MAX 1000 /* canonicalValues, referenceTypes */

/* "/attributes/2/type: must be ..."; `key` is a member of `at`, or NULL. */
scim_error *scim_place_wrong(const scim_place *at, const char *key,
                             const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A new reference, so that it does not stay as long as the pool. NULL where it
 * fails. */
scim_error *scim_place_parse(json_t **out, const char *text, apr_size_t len,
                             apr_pool_t *pool);

/* An object that has none but the known keys, and no null. */
scim_error *scim_place_keys(const json_t *object, const char *const *known,
                            const scim_place *at);

/* "schemas", where it is given, says what the file is. */
scim_error *scim_place_kind(const json_t *file, const char *urn,
                            const scim_place *at);

/* Members. *out stays as it is where the member is missing; texts are copied.
 */
scim_error *scim_place_text(const char **out, const json_t *object,
                            const char *key, apr_size_t max,
                            const scim_place *at);
scim_error *scim_place_flag(int *out, const json_t *object, const char *key,
                            const scim_place *at);
/* The number of one of `words`. */
scim_error *scim_place_word(int *out, const json_t *object, const char *key,
                            const char *const *words, const scim_place *at);
/* Different strings, NULL at the end. */
scim_error *scim_place_list(const char *const **out, const json_t *object,
                            const char *key, const scim_place *at);

/* Members that must be there. */
scim_error *scim_place_need_text(const char **out, const json_t *object,
                                 const char *key, apr_size_t max,
                                 const scim_place *at);
scim_error *scim_place_need_urn(const char **out, const json_t *object,
                                const char *key, const scim_place *at);

/* Letters, digits and `others` only. */
int scim_place_is_made_of(const char *text, const char *others);

#endif
