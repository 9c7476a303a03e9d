#include "core/casefold.h"

#include <stdlib.h>

#include <apr_strings.h>
#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* RFC 8265, 3.3, rule 1: fullwidth and halfwidth characters become the ones
 * that they are variants of. In `pool`; shorter than `text` or as long. */
static const uint8_t *map_width(apr_size_t *len, const uint8_t *text,
                                apr_pool_t *pool)
{
    uint8_t *mapped = apr_palloc(pool, *len + 1), *end = mapped;
    const uint8_t *stop = text + *len;
    ucs4_t c, parts[UC_DECOMPOSITION_MAX_LENGTH];
    int n, tag;

    while (text < stop) {
        n = u8_mbtouc(&c, text, (size_t)(stop - text));
        text += n;
        if (uc_decomposition(c, &tag, parts) == 1
            && (tag == UC_DECOMP_WIDE || tag == UC_DECOMP_NARROW)) {
            c = parts[0];
        }
        end += u8_uctomb(end, c, n + 1);
    }
    *end = '\0';
    *len = (apr_size_t)(end - mapped);
    return mapped;
}

static const char *fold_unicode(const char *text, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    const uint8_t *mapped;
    uint8_t *folded;
    char *result;

    if (u8_check((const uint8_t *)text, len) != NULL) {
        return text; /* the caller broke the promise of UTF-8 */
    }
    mapped = map_width(&len, (const uint8_t *)text, pool);
    folded = u8_tolower(mapped, len, NULL, UNINORM_NFC, NULL, &len);
    if (folded == NULL) {
        return text; /* out of memory */
    }
    result = apr_pstrmemdup(pool, (const char *)folded, len);
    free(folded);
    return result;
}

const char *scim_casefold(const char *text, apr_pool_t *pool)
{
    const char *p;
    char *folded, *q;
    int upper = 0;

    for (p = text; *p != '\0'; p++) {
        if ((unsigned char)*p >= 0x80) {
            return fold_unicode(text, pool);
        }
        upper |= *p >= 'A' && *p <= 'Z';
    }
    if (!upper) {
        return text;
    }
    folded = apr_pstrmemdup(pool, text, (apr_size_t)(p - text));
    for (q = folded; *q != '\0'; q++) {
        *q = lower(*q);
    }
    return folded;
}

int scim_name_equals(const char *a, const char *b)
{
    while (*a != '\0' && lower(*a) == lower(*b)) {
        a++;
        b++;
    }
    return lower(*a) == lower(*b);
}

int scim_name_equals_n(const char *a, apr_size_t len, const char *b)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (b[i] == '\0' || lower(a[i]) != lower(b[i])) {
            return 0;
        }
    }
    return b[len] == '\0';
}
