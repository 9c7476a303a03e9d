#include "admin/check.h"

#include <string.h>

#include <unistr.h>

#include "core/casefold.h"

#define SLUG_MIN 2
#define SLUG_MAX 63

/* What follows the base of a service whose organization is fixed: a slug of
 * the same spelling could not be told from it by people. */
static const char *const reserved[] = {
    "Users",   "Groups",        "Me",
    "Bulk",    "Schemas",       "ResourceTypes",
    "ServiceProviderConfig",
};

int admin_is_control(apr_uint32_t character)
{
    return character < 0x20 || (character >= 0x7F && character < 0xA0)
           || (character >= 0x200E && character <= 0x200F)
           || (character >= 0x2028 && character <= 0x202E)
           || (character >= 0x2066 && character <= 0x2069);
}

static int has_control(const char *text)
{
    const uint8_t *p = (const uint8_t *)text;
    ucs4_t c;

    while ((p = u8_next(&c, p)) != NULL) {
        if (admin_is_control(c)) {
            return 1;
        }
    }
    return 0;
}

scim_error *admin_check_name(const char *what, const char *text,
                             apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    const uint8_t *bytes = (const uint8_t *)text;

    if (u8_check(bytes, len) != NULL) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "%s is no valid UTF-8.", what);
    }
    if (len == 0 || u8_mbsnlen(bytes, len) > ADMIN_NAME_MAX) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "%s takes 1 to %d characters.", what,
                               ADMIN_NAME_MAX);
    }
    if (has_control(text)) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "%s holds a control character.", what);
    }
    return NULL;
}

scim_error *admin_check_slug(const char *slug, apr_pool_t *pool)
{
    apr_size_t len = strlen(slug), i;

    if (len < SLUG_MIN || len > SLUG_MAX || slug[0] == '-'
        || strspn(slug, "abcdefghijklmnopqrstuvwxyz0123456789-") != len) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "\"%s\" is no slug: it takes %d to %d of a-z, "
                               "0-9 and -, and does not begin with -.",
                               scim_excerpt(slug, pool), SLUG_MIN, SLUG_MAX);
    }
    for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (scim_name_equals(slug, reserved[i])) {
            return scim_error_make(SCIM_INVALID_VALUE, pool,
                                   "\"%s\" cannot be a slug: SCIM has a "
                                   "resource of that name.",
                                   slug);
        }
    }
    return NULL;
}
