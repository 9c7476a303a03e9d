#include "core/casefold.h"

#include "tap.h"

static apr_pool_t *pool, *scratch;

static void folds(const char *text, const char *want, const char *name)
{
    is_str(scim_casefold(text, pool), want, name);
}

static void test_examples(void)
{
    const char *lower = "bjensen@example.com";

    ok(scim_casefold(lower, pool) == lower,
       "lower-case ASCII is returned as it is");
    folds("BJensen@Example.COM", lower, "ASCII becomes lower case");
    folds("", "", "nothing folds to nothing");
    folds("[\\]^_`{|}~ @019", "[\\]^_`{|}~ @019",
          "signs beside the letters stay");
    folds("STRASSE", "strasse", "SS is ss");
    folds("Stra\xC3\x9F" "e", "stra\xC3\x9F" "e",
          "\xC3\x9F stays, so that it is another login than ss");
    folds("\xE1\xBA\x9E", "\xC3\x9F", "the capital \xC3\x9F becomes small");
    folds("A\xCC\x8A", "\xC3\xA5", "a letter and its ring are composed");
    folds("\xE2\x84\xAB", "\xC3\xA5", "the angstrom sign is that letter too");
    folds("\xEF\xBC\xA1\xEF\xBC\xA2", "ab", "fullwidth letters become ASCII");
    folds("\xE3\x80\x80", " ", "the ideographic space is a space");
    folds("\xEF\xBD\xB6\xEF\xBE\x9E", "\xE3\x82\xAC",
          "halfwidth katakana is composed");
    folds("\xCE\xA3\xCE\x8A\xCE\xA3\xCE\xA5\xCE\xA6\xCE\x9F\xCE\xA3",
          "\xCF\x83\xCE\xAF\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x82",
          "a sigma at the end of a word is final");
    folds("\xC4\xB0", "i\xCC\x87", "the dotted capital I keeps its dot");
    folds("\xF0\x90\x90\x80", "\xF0\x90\x90\xA8", "beyond 16 bits too");
    folds("a\xFF" "B", "a\xFF" "B", "bytes that are no UTF-8 do no harm");
}

static void test_names(void)
{
    ok(scim_name_equals("userName", "USERNAME"), "names ignore case");
    ok(!scim_name_equals("userName", "userNames"), "a longer name differs");
    ok(!scim_name_equals("userNames", "userName"), "a shorter name differs");
    ok(scim_name_equals("", ""), "empty names are equal");
    ok(scim_name_equals_n("emails[", 6, "Emails"), "a part of a text counts");
    ok(!scim_name_equals_n("emails", 5, "emails"), "... as far as it goes");
    ok(!scim_name_equals_n("emails", 6, "email"), "... and to its end");
    ok(!scim_name_equals("\xC3\x89", "\xC3\xA9"), "only ASCII has case here");
}

static char *put(char *to, unsigned c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
    }
    else {
        if (c < 0x10000) {
            *to++ = (char)(0xE0 | c >> 12);
        }
        else {
            *to++ = (char)(0xF0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (c & 0x3F));
    return to;
}

/* Whether folding the fold changes nothing. */
static int is_stable(unsigned first, unsigned second)
{
    char text[9], *end = put(text, first);
    const char *once, *twice;

    if (second != 0) {
        end = put(end, second);
    }
    *end = '\0';
    apr_pool_clear(scratch);
    once = scim_casefold(text, scratch);
    twice = scim_casefold(once, scratch);
    if (strcmp(once, twice) == 0) {
        return 1;
    }
    printf("# U+%04X U+%04X\n", first, second);
    return 0;
}

static int changes(unsigned c)
{
    char text[5];

    *put(text, c) = '\0';
    apr_pool_clear(scratch);
    return strcmp(scim_casefold(text, scratch), text) != 0;
}

/* Every code point alone, and each that folds or combines beside letters and
 * marks of every kind. */
static void test_idempotence(void)
{
    static const unsigned beside[] = {
        'a', 'A', 'I', ' ', 0x03A3, 0x03B1, 0x0391, 0x0130, 0x0301, 0x0307,
        0x0345, 0x0327, 0x3099, 0x309A, 0xFF9E, 0xFF9F, 0x1100, 0x1161, 0x11A8,
        0xAC00, 0x0F71, 0x05B0, 0x200D, 0x2126, 0xFF21, 0xFF76, 0x1E9E, 0x0041
    };
    unsigned c;
    size_t i;
    int alone = 1, pairs = 1;

    for (c = 1; c <= 0x10FFFF; c++) {
        if (c >= 0xD800 && c <= 0xDFFF) {
            continue;
        }
        alone &= is_stable(c, 0);
        if (!changes(c) && !(c >= 0x300 && c <= 0x36F)) {
            continue;
        }
        for (i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
            pairs &= is_stable(c, beside[i]);
            pairs &= is_stable(beside[i], c);
        }
    }
    ok(alone, "folding twice is folding once, for every code point");
    ok(pairs, "... and for pairs of those that change");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&scratch, pool);
    test_examples();
    test_names();
    test_idempotence();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
