#include "core/username.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#include "core/casefold.h"

/* A name as code points. */
typedef struct points {
    ucs4_t *at;
    int count;
} points;

static void read_points(points *out, const char *name, apr_pool_t *pool)
{
    const uint8_t *p = (const uint8_t *)name;
    size_t left = strlen(name);

    out->at = apr_palloc(pool, (left + 1) * sizeof(ucs4_t));
    out->count = 0;
    while (left > 0) {
        int n = u8_mbtouc(&out->at[out->count++], p, left);

        p += n;
        left -= (size_t)n;
    }
}

static int is_joiner(ucs4_t c)
{
    return c == 0x200C || c == 0x200D;
}

/* Whoever reads the name must see what it is made of, and whoever signs in must
 * be able to type it. Joiners are a part of Persian and Indic spelling. */
static const char *hidden(const points *name)
{
    int i;

    for (i = 0; i < name->count; i++) {
        ucs4_t c = name->at[i];

        if (uc_is_general_category_withtable(
                c, UC_CATEGORY_MASK_Cc | UC_CATEGORY_MASK_Zl
                       | UC_CATEGORY_MASK_Zp)) {
            return "must not contain control characters";
        }
        if (uc_is_property_not_a_character(c)
            || (uc_is_property_default_ignorable_code_point(c)
                && !is_joiner(c))) {
            return "must not contain characters that nobody sees";
        }
    }
    return NULL;
}

/* ------------------------------------------- repertoire: RFC 8264, 8 and 9 */

enum { VALID = 1, DISALLOWED, IN_CONTEXT };

/* RFC 5892, 2.6, by RFC 8264, 9.6. */
static const struct {
    ucs4_t first, last;
    int property;
} exceptions[] = {
    { 0x00B7, 0x00B7, IN_CONTEXT }, { 0x00DF, 0x00DF, VALID },
    { 0x0375, 0x0375, IN_CONTEXT }, { 0x03C2, 0x03C2, VALID },
    { 0x05F3, 0x05F4, IN_CONTEXT }, { 0x0640, 0x0640, DISALLOWED },
    { 0x0660, 0x0669, IN_CONTEXT }, { 0x06F0, 0x06F9, IN_CONTEXT },
    { 0x06FD, 0x06FE, VALID },      { 0x07FA, 0x07FA, DISALLOWED },
    { 0x0F0B, 0x0F0B, VALID },      { 0x3007, 0x3007, VALID },
    { 0x302E, 0x302F, DISALLOWED }, { 0x3031, 0x3035, DISALLOWED },
    { 0x303B, 0x303B, DISALLOWED }, { 0x30FB, 0x30FB, IN_CONTEXT },
    { 0x200C, 0x200D, IN_CONTEXT },
    /* OldHangulJamo (RFC 8264, 9.9) */
    { 0x1100, 0x11FF, DISALLOWED }, { 0xA960, 0xA97C, DISALLOWED },
    { 0xD7B0, 0xD7FB, DISALLOWED },
};

static int has_compatibility(ucs4_t c)
{
    uint32_t buffer[32];
    size_t len = sizeof(buffer) / sizeof(buffer[0]);
    uint32_t *out = u32_normalize(UNINORM_NFKC, &c, 1, buffer, &len);

    return out != buffer || len != 1 || buffer[0] != c;
}

static int property_of(ucs4_t c)
{
    size_t i;

    for (i = 0; i < sizeof(exceptions) / sizeof(exceptions[0]); i++) {
        if (c >= exceptions[i].first && c <= exceptions[i].last) {
            return exceptions[i].property;
        }
    }
    if (c >= 0x20 && c <= 0x7E) { /* a space stands between two userparts */
        return VALID;
    }
    return has_compatibility(c)
                   || !uc_is_general_category_withtable(
                       c, UC_CATEGORY_MASK_Ll | UC_CATEGORY_MASK_Lu
                              | UC_CATEGORY_MASK_Lo | UC_CATEGORY_MASK_Lm
                              | UC_CATEGORY_MASK_Mn | UC_CATEGORY_MASK_Mc
                              | UC_CATEGORY_MASK_Nd)
               ? DISALLOWED
               : VALID;
}

/* ------------------------------------------------- context: RFC 5892, A.1-9 */

static ucs4_t neighbour(const points *name, int i)
{
    return i >= 0 && i < name->count ? name->at[i] : 0;
}

static int has_script(ucs4_t c, const char *script)
{
    const uc_script_t *found = c != 0 ? uc_script(c) : NULL;

    return found != NULL && strcmp(found->name, script) == 0;
}

/* Whether a letter that joins in this direction comes, transparent ones left
 * out (A.1). */
static int joins(const points *name, int i, int step, int joining_type)
{
    do {
        i += step;
    } while (i >= 0 && i < name->count
             && uc_joining_type(name->at[i]) == UC_JOINING_TYPE_T);
    return i >= 0 && i < name->count
           && (uc_joining_type(name->at[i]) == joining_type
               || uc_joining_type(name->at[i]) == UC_JOINING_TYPE_D);
}

static int holds_kana_or_han(const points *name)
{
    int i;

    for (i = 0; i < name->count; i++) {
        if (has_script(name->at[i], "Hiragana")
            || (has_script(name->at[i], "Katakana") && name->at[i] != 0x30FB)
            || has_script(name->at[i], "Han")) {
            return 1;
        }
    }
    return 0;
}

static int holds_between(const points *name, ucs4_t first, ucs4_t last)
{
    int i;

    for (i = 0; i < name->count; i++) {
        if (name->at[i] >= first && name->at[i] <= last) {
            return 1;
        }
    }
    return 0;
}

static int fits_context(const points *name, int i)
{
    ucs4_t c = name->at[i], before = neighbour(name, i - 1);

    switch (c) {
    case 0x200C:
    case 0x200D:
        return (before != 0
                && uc_combining_class(before) == UC_CCC_VR)
               || (c == 0x200C && joins(name, i, -1, UC_JOINING_TYPE_L)
                   && joins(name, i, 1, UC_JOINING_TYPE_R));
    case 0x00B7:
        return before == 'l' && neighbour(name, i + 1) == 'l';
    case 0x0375:
        return has_script(neighbour(name, i + 1), "Greek");
    case 0x05F3:
    case 0x05F4:
        return has_script(before, "Hebrew");
    case 0x30FB:
        return holds_kana_or_han(name);
    default:
        return c < 0x06F0 ? !holds_between(name, 0x06F0, 0x06F9)
                          : !holds_between(name, 0x0660, 0x0669);
    }
}

static const char *outside_repertoire(const points *name)
{
    int i;

    if (name->at[0] == ' ' || name->at[name->count - 1] == ' ') {
        return "must not begin or end with a space";
    }
    for (i = 0; i < name->count; i++) {
        int property = property_of(name->at[i]);

        if (property == DISALLOWED
            || (property == IN_CONTEXT && !fits_context(name, i))) {
            return "holds a character that a user name must not have "
                   "(RFC 8265, 3.3)";
        }
    }
    return NULL;
}

/* ------------------------------------------------------ direction: RFC 5893 */

/* clang-format off */
#define BIT(category) (1u << (category))
#define NEUTRAL (BIT(UC_BIDI_EN) | BIT(UC_BIDI_ES) | BIT(UC_BIDI_CS) \
                 | BIT(UC_BIDI_ET) | BIT(UC_BIDI_ON) | BIT(UC_BIDI_BN) \
                 | BIT(UC_BIDI_NSM) | BIT(UC_BIDI_WS))
#define RIGHT   (BIT(UC_BIDI_R) | BIT(UC_BIDI_AL))
/* clang-format on */

static int last_letter(const points *name)
{
    int i = name->count - 1;

    while (i > 0 && uc_bidi_category(name->at[i]) == UC_BIDI_NSM) {
        i--;
    }
    return uc_bidi_category(name->at[i]);
}

/* Rules 1 to 6 of its section 2, for names that have a letter of the right. A
 * space is neutral here: names have more than one part. */
static const char *mixed_directions(const points *name)
{
    unsigned seen = 0, first = BIT(uc_bidi_category(name->at[0]));
    unsigned last = BIT(last_letter(name));
    int i, good;

    for (i = 0; i < name->count; i++) {
        seen |= BIT(uc_bidi_category(name->at[i]));
    }
    if (!(seen & (RIGHT | BIT(UC_BIDI_AN)))) {
        return NULL;
    }
    if (first & RIGHT) {
        good = !(seen & ~(RIGHT | BIT(UC_BIDI_AN) | NEUTRAL))
               && (last & (RIGHT | BIT(UC_BIDI_EN) | BIT(UC_BIDI_AN)))
               && !((seen & BIT(UC_BIDI_EN)) && (seen & BIT(UC_BIDI_AN)));
    }
    else {
        good = 0; /* letters of the right in a name that begins at the left */
    }
    return good ? NULL
                : "mixes letters that are written from the right and from the "
                  "left (RFC 5893)";
}

const char *scim_username_fault(const char *name, int strict,
                                apr_pool_t *pool)
{
    const char *folded = scim_casefold(name, pool), *fault;
    points all;

    read_points(&all, folded, pool);
    fault = hidden(&all);
    if (fault == NULL && folded[strspn(folded, " ")] == '\0') {
        fault = "must not be empty";
    }
    /* httpd calls a token so where others are called by their userName. */
    if (fault == NULL && strncmp(folded, "scim-token:", 11) == 0) {
        fault = "must not begin with \"scim-token:\"";
    }
    if (fault == NULL && strict) {
        fault = outside_repertoire(&all);
    }
    if (fault == NULL && strict) {
        fault = mixed_directions(&all);
    }
    return fault;
}

/* ----------------------------------------------- passwords: RFC 8265, 4.2 */

const char *scim_password_prepare(const char *password, apr_pool_t *pool)
{
    apr_size_t i, len = strlen(password), out_len;
    uint8_t *text, *composed;
    const char *result = NULL;
    points all;
    int n = 0;

    if (len == 0 || u8_check((const uint8_t *)password, len) != NULL) {
        return NULL;
    }
    read_points(&all, password, pool);
    text = apr_palloc(pool, len + 1);
    for (i = 0; i < (apr_size_t)all.count; i++) {
        ucs4_t c = all.at[i];

        if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Cc)) {
            return NULL;
        }
        if (uc_is_general_category_withtable(c, UC_CATEGORY_MASK_Zs)) {
            c = ' ';
        }
        n += u8_uctomb(text + n, c, (int)len - n);
    }
    composed = u8_normalize(UNINORM_NFC, text, (size_t)n, NULL, &out_len);
    if (composed != NULL) {
        result = apr_pstrmemdup(pool, (const char *)composed, out_len);
        free(composed);
    }
    return result;
}

int scim_equal_secrets(const char *a, const char *b)
{
    apr_size_t i, len = strlen(a);
    unsigned char differs = len != strlen(b);

    for (i = 0; i < len && b[i] != '\0'; i++) {
        differs |= (unsigned char)(a[i] ^ b[i]);
    }
    return !differs;
}
