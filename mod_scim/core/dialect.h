/* What identity providers send beside the standard, and how it is read. One
 * table serves both kinds of apps: what is a warning in the journal of a
 * tolerant one is an error of a strict one (DESIGN 5.17). */
#ifndef SCIM_CORE_DIALECT_H
#define SCIM_CORE_DIALECT_H

#include <apr_tables.h>

#include "core/error.h"

typedef enum {
    SCIM_DIALECT_SCHEMAS_MISSING,
    SCIM_DIALECT_SCHEMA_UNKNOWN,
    SCIM_DIALECT_ATTRIBUTE_UNKNOWN,
    SCIM_DIALECT_SINGLE_VALUE,
    SCIM_DIALECT_BOOLEAN_TEXT,
    SCIM_DIALECT_NUMBER_AS_TEXT,
    SCIM_DIALECT_EMPTY_TEXT,
    SCIM_DIALECT_REFERENCE_FORM,
    SCIM_DIALECT_COUNTRY_FORM,
    SCIM_DIALECT_BARE_REFERENCE,
    SCIM_DIALECT_WRAPPED_VALUE,
    SCIM_DIALECT_LISTED_VALUE,
    SCIM_DIALECT_MEMBER_LINK,
    SCIM_DIALECT_MEMBER_NAMELESS,
    SCIM_DIALECT_MEMBER_UNKNOWN,
    SCIM_DIALECT_OP_CASE,
    SCIM_DIALECT_NO_OPERATIONS,
    SCIM_DIALECT_PATH_AS_KEY,
    SCIM_DIALECT_READ_ONLY_KEY,
    SCIM_DIALECT_FILTER_CREATES,
    SCIM_DIALECT_LISTED_REMOVAL,
    SCIM_DIALECT_REQUIRED_LEFT_OUT,
    SCIM_DIALECT_NO_MEDIA_TYPE,
    SCIM_DIALECT_COUNT
} scim_dialect;

typedef struct scim_warning {
    const char *code;   /* "booleanText" */
    const char *path;   /* where: "active", "Operations[1]" */
    const char *detail; /* a sentence: how it was read */
} scim_warning;

/* How strictly a request is read, and what was off-standard about it. */
typedef struct scim_reading {
    int strict;                   /* habits of identity providers are errors */
    apr_array_header_t *warnings; /* scim_warning: for the journal; or NULL */
    int tolerated; /* out: a strict reading would have ended with an error */
} scim_reading;

/* A place for warnings, of `pool`. */
apr_array_header_t *scim_warnings_make(apr_pool_t *pool);

/* Of a strict reading: the error. Else NULL, and a warning, unless there are 20
 * already or nobody wants them. `path` may be of a shorter life. */
scim_error *scim_reading_meets(scim_reading *reading, scim_dialect what,
                               const char *path, apr_pool_t *pool);

/* Whether scim_reading_meets() would do nothing, so that `path` need not be
 * put together. */
int scim_reading_is_full(const scim_reading *reading);

const char *scim_dialect_code(scim_dialect what);

/* The same as values, for what is found out elsewhere. */
scim_error *scim_dialect_error(scim_dialect what, const char *path,
                               apr_pool_t *pool);
void scim_dialect_warning(scim_warning *out, scim_dialect what,
                          const char *path);

/* The codes that are documented habits of each kind of app, {"entra": [...]}.
 * They are read whatever the kind; it tells an owner which of the warnings
 * were to be expected. A new reference. */
json_t *scim_dialect_habits(void);

/* {"code", "path", "detail"}: a new reference. */
json_t *scim_warning_to_json(const scim_warning *warning);

#endif
