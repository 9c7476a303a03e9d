/* Errors as values (RFC 7644, 3.12). NULL is success everywhere. */
#ifndef SCIM_CORE_ERROR_H
#define SCIM_CORE_ERROR_H

#include <apr_pools.h>
#include <apr_tables.h>
#include <jansson.h>

/* What went wrong. One table in error.c pairs each with its HTTP status and
 * scimType, so that no caller can pair them wrongly. */
typedef enum {
    SCIM_INVALID_FILTER,
    SCIM_TOO_MANY,
    SCIM_UNIQUENESS,
    SCIM_MUTABILITY,
    SCIM_INVALID_SYNTAX,
    SCIM_INVALID_PATH,
    SCIM_NO_TARGET,
    SCIM_INVALID_VALUE,
    SCIM_INVALID_CURSOR,         /* RFC 9865, 2.1 */
    SCIM_EXPIRED_CURSOR,
    SCIM_INVALID_COUNT,
    SCIM_SENSITIVE,
    SCIM_BAD_REQUEST,            /* 400 without a scimType */
    SCIM_UNAUTHORIZED,           /* 401: no token, or one that is not known */
    SCIM_TOKEN_REFUSED,          /* 401: a known token, and why */
    SCIM_FORBIDDEN,              /* 403 */
    SCIM_READ_ONLY_TOKEN,        /* 403, insufficient_scope (RFC 6750, 3.1) */
    SCIM_NOT_FOUND,              /* 404 */
    SCIM_METHOD_NOT_ALLOWED,     /* 405 */
    SCIM_REQUEST_TIMEOUT,        /* 408 */
    SCIM_CONFLICT,               /* 409 without a scimType */
    SCIM_PRECONDITION_FAILED,    /* 412 */
    SCIM_TOO_LARGE,              /* 413 */
    SCIM_UNSUPPORTED_MEDIA_TYPE, /* 415 */
    SCIM_FAILED_DEPENDENCY,      /* 424, of an operation of a Bulk */
    SCIM_TOO_MANY_REQUESTS,      /* 429 with Retry-After */
    SCIM_INTERNAL,               /* 500 */
    SCIM_NOT_IMPLEMENTED,        /* 501 */
    SCIM_UNAVAILABLE,            /* 503 with Retry-After */
    SCIM_FAULT_COUNT
} scim_fault;

typedef struct scim_error {
    scim_fault fault;
    const char *detail; /* to the client: which attribute, which rule */
    const char *cause;  /* to the error log, never to the client; or NULL */
    int retry_after_s;  /* Retry-After in seconds; 0: none */
    const char *allow;  /* of METHOD_NOT_ALLOWED: the Allow header; or NULL */
    /* Of the admin API; or NULL: */
    const char *field;     /* the member at fault */
    json_t *current;       /* of PRECONDITION_FAILED: what is there now */
    const apr_array_header_t *ids; /* const char *: of those members of a group
                                      that are at fault; or NULL */
    const char *attribute; /* path whose value another resource has; or NULL */
    int held; /* by the brake on mass deprovisioning, which lists it */
} scim_error;

/* A new error; the detail is a full sentence for an administrator. */
scim_error *scim_error_make(scim_fault fault, apr_pool_t *pool,
                            const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same error with a cause for the log; returns `err`. */
scim_error *scim_error_because(scim_error *err, apr_pool_t *pool,
                               const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* In a pool that lives longer. */
scim_error *scim_error_copy(const scim_error *err, apr_pool_t *pool);

/* What a message shows of a client's text: its beginning, cut between two
 * characters, control characters as "?", what is no UTF-8 as U+FFFD. In
 * `pool`. */
#define SCIM_EXCERPT_MAX 80
const char *scim_excerpt(const char *text, apr_pool_t *pool);

int scim_fault_status(scim_fault fault);
const char *scim_fault_type(scim_fault fault); /* scimType, or NULL */

/* The body of RFC 7644, 3.12: schemas, status (a string), scimType, detail.
 * `reference` (the request id, or NULL) ends the detail, so that a line in an
 * identity provider's log leads to ours. Owned by the caller (json_decref or
 * scim_json_adopt). */
json_t *scim_error_to_json(const scim_error *err, const char *reference,
                           apr_pool_t *pool);

#endif
