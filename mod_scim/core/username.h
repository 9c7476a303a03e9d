/* What a userName may be made of (RFC 7644, 5; RFC 8265, 3.3). How two of them
 * compare is core/casefold.h. */
#ifndef SCIM_CORE_USERNAME_H
#define SCIM_CORE_USERNAME_H

#include <apr_pools.h>

/* NULL, or the rule that valid UTF-8 breaks, to follow "The attribute ...".
 * Always: something visible in it, and nothing that nobody sees or that turns
 * the direction of text. Strictly: UsernameCaseMapped with its repertoire
 * (IdentifierClass of RFC 8264), its rules of context and the Bidi rule
 * (RFC 5893). */
const char *scim_username_fault(const char *name, int strict,
                                apr_pool_t *pool);

/* A password as it is hashed and compared: OpaqueString (RFC 8265, 4.2), any
 * space as the one of ASCII, NFC. NULL: no UTF-8, empty, or with control
 * characters. */
const char *scim_password_prepare(const char *password, apr_pool_t *pool);

/* In a time that depends on the lengths alone. */
int scim_equal_secrets(const char *a, const char *b);

#endif
