/* Rules for what an owner types. */
#ifndef SCIM_ADMIN_CHECK_H
#define SCIM_ADMIN_CHECK_H

#include "core/error.h"

/* C0, DEL and C1, line and paragraph separators, and what turns the direction
 * of writing: on a terminal they would write elsewhere than they seem to. */
int admin_is_control(apr_uint32_t character);

#define ADMIN_NAME_MAX 200 /* characters */

/* A text for people: 1 to ADMIN_NAME_MAX characters of UTF-8, none of them a
 * control character. `what` begins the sentence: "The name". Else
 * SCIM_INVALID_VALUE. */
scim_error *admin_check_name(const char *what, const char *text,
                             apr_pool_t *pool);

/* Lower-case letters, digits and hyphens, 2 to 63 of them, and no word
 * that stands where a slug stands in a URL. Else SCIM_INVALID_VALUE. */
scim_error *admin_check_slug(const char *slug, apr_pool_t *pool);

#endif
