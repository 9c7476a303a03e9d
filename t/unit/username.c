#include "core/casefold.h"
#include "core/username.h"

#include <apr_strings.h>

#include "tap.h"

/* P-5-01: RFC 7644, 5 and RFC 8265, 3.3. */

static apr_pool_t *pool;

static void refuses(const char *name, int strict, const char *word,
                    const char *what)
{
    const char *fault = scim_username_fault(name, strict, pool);

    ok(fault != NULL && strstr(fault, word) != NULL, what);
}

static void takes(const char *name, int strict, const char *what)
{
    const char *fault = scim_username_fault(name, strict, pool);

    ok(fault == NULL, what);
    if (fault != NULL) {
        printf("#   %s\n", fault);
    }
}

/* What only folds, whoever sends it. */
static void test_taken(void)
{
    static const struct {
        const char *name, *what;
    } cases[] = {
        { "bjensen", "a word" },
        { "BJensen@example.com", "an e-mail address" },
        { "CORP\\bjensen", "a domain's account" },
        { "Barbara Jensen", "two parts with a space" },
        { "m\xC3\xBCller", "an umlaut" },
        { "mu\xCC\x88ller", "... in its parts" },
        { "stra\xC3\x9F" "e", "a sharp s" },
        { "\xCF\x83\xCE\xAF\xCF\x83\xCF\x85\xCF\x86\xCE\xBF\xCF\x82",
          "a final sigma" },
        { "\xC4\xB1\xC5\x9F\xC4\xB1k", "dotless i" },
        { "\xEF\xBC\xA2\xEF\xBD\x8A", "fullwidth letters" },
        { "\xEF\xBD\xB6\xEF\xBE\x9E", "halfwidth katakana" },
        { "\xF0\x90\x90\x80\xF0\x90\x90\xA8", "letters of four bytes" },
        { "\xF0\xA0\x80\x80\xF0\xA0\x80\x81", "ideographs of four bytes" },
        { "\xD7\x93\xD7\x95\xD7\x93", "Hebrew" },
        { "\xD9\x85\xD8\xAD\xD9\x85\xD8\xAF" "42", "Arabic and digits" },
        { "\xE0\xA4\x95\xE0\xA5\x8D\xE2\x80\x8D\xE0\xA4\xB7",
          "a joiner behind a virama" },
        { "\xD9\x86\xE2\x80\x8C\xD8\xA7", "a non-joiner between letters" },
        { "cel\xC2\xB7la", "a middle dot between two l, else" },
        { "\xD7\x93\xD7\xB3", "a geresh behind Hebrew" },
        { "\xCD\xB5\xCE\xB1", "a keraia before Greek" },
        { "\xE3\x82\xAB\xE3\x83\xBB\xE3\x82\xAB", "a katakana dot" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        takes(cases[i].name, 0, cases[i].what);
        if (strcmp(cases[i].name, "cel\xC2\xB7la") != 0) {
            takes(cases[i].name, 1, "... of a strict app, too");
        }
    }
    takes("col\xC2\xB7la", 1, "a middle dot between two l");
}

static void test_refused(void)
{
    static const struct {
        const char *name, *word, *what;
    } cases[] = {
        { "a\tb", "control", "a tab" },
        { "a\x7F", "control", "DEL" },
        { "a\xC2\x85" "b", "control", "a control of eight bits" },
        { "a\xE2\x80\xA8" "b", "control", "a line separator" },
        { "a\xE2\x80\xA9" "b", "control", "a paragraph separator" },
        { "a\xE2\x80\x8B" "b", "nobody sees", "a space without width" },
        { "a\xC2\xAD" "b", "nobody sees", "a soft hyphen" },
        { "a\xEF\xBB\xBF", "nobody sees", "a byte order mark" },
        { "nesnejb\xE2\x80\xAE", "nobody sees", "an override of direction" },
        { "\xE2\x81\xA7" "a", "nobody sees", "an isolate" },
        { "a\xEF\xB8\x8F", "nobody sees", "a variation selector" },
        { "\xE3\x85\xA4", "nobody sees", "the Hangul filler" },
        { "a\xF3\xA0\x81\x81", "nobody sees", "a tag character" },
        { "a\xEF\xB7\x90", "nobody sees", "no character at all" },
        { "a\xF4\x8F\xBF\xBF", "nobody sees", "... of four bytes" },
        { "  ", "empty", "spaces alone" },
        { "\xE3\x80\x80", "empty", "an ideographic space alone" },
        { "SCIM-Token:7", "scim-token:", "what stands for a token" },
        { "\xEF\xBD\x93\xEF\xBD\x83\xEF\xBD\x89\xEF\xBD\x8D-token:7",
          "scim-token:", "... in fullwidth letters" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        refuses(cases[i].name, 0, cases[i].word, cases[i].what);
        refuses(cases[i].name, 1, cases[i].word, "... of a strict app, too");
    }
}

static void test_strict(void)
{
    static const struct {
        const char *name, *word, *what;
    } cases[] = {
        { " bjensen", "space", "a space at the beginning" },
        { "bjensen\xE3\x80\x80", "space", "a wide space at the end" },
        { "b\xC2\xA0j", "8265", "a space that does not break" },
        { "\xE2\x99\xA5", "8265", "a symbol" },
        { "\xF0\x9F\x98\x80", "8265", "a face" },
        { "a\xE2\x80\x93" "b", "8265", "a dash that is not ASCII" },
        { "\xEF\xAC\x81n", "8265", "a ligature" },
        { "x\xC2\xB2", "8265", "a superscript" },
        { "\xE2\x85\xA3", "8265", "a Roman numeral" },
        { "\xE1\x84\x80\xE1\x84\x80", "8265", "old Hangul" },
        { "\xEE\x80\x80", "8265", "private use" },
        { "a\xF0\xBF\xBF\xBD", "8265", "an unassigned code point" },
        { "\xD9\x80\xD8\xA7", "8265", "a tatweel" },
        { "a\xC2\xB7" "b", "8265", "a middle dot elsewhere" },
        { "a\xE2\x80\x8C" "b", "8265", "a non-joiner between Latin letters" },
        { "\xE2\x80\x8D" "a", "8265", "a joiner at the beginning" },
        { "a\xCD\xB5", "8265", "a keraia without Greek" },
        { "a\xD7\xB4", "8265", "a gershayim without Hebrew" },
        { "a\xE3\x83\xBB", "8265", "a katakana dot without kana" },
        { "\xD8\xA7\xD9\xA1\xDB\xB1", "8265", "digits of two Arabic kinds" },
        { "\xD7\x93" "abc", "from the right", "Hebrew, then Latin" },
        { "abc\xD7\x93", "from the right", "Latin, then Hebrew" },
        { "1\xD7\x93", "from the right", "a digit, then Hebrew" },
        { "\xD7\x93-", "from the right", "Hebrew that ends with a sign" },
        { "\xD8\xA7" "1\xD9\xA1", "from the right", "digits of two kinds" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        refuses(cases[i].name, 1, cases[i].word, cases[i].what);
        takes(cases[i].name, 0, "... folds where identity providers send it");
    }
}

static void test_comparison(void)
{
    static const struct {
        const char *one, *other;
        int same;
        const char *what;
    } cases[] = {
        { "m\xC3\xBCller", "MU\xCC\x88LLER", 1, "composed and not" },
        { "\xEF\xBC\xA2" "j", "bj", 1, "fullwidth and not" },
        { "\xEF\xBD\xB6\xEF\xBE\x9E", "\xE3\x82\xAC", 1, "halfwidth and not" },
        { "stra\xC3\x9F" "e", "strasse", 0, "sharp s and ss" },
        { "\xE1\xBA\x9E", "\xC3\x9F", 1, "sharp s and its capital" },
        { "\xCE\xA3\xCE\x91\xCE\xA3", "\xCF\x83\xCE\xB1\xCF\x82", 1,
          "sigma, final or not" },
        { "I", "\xC4\xB1", 0, "I and dotless i" },
        { "I", "i", 1, "I and i, whatever the language" },
        { "\xC4\xB0", "i", 0, "the dotted capital I and i" },
        { "\xF0\x90\x90\x80", "\xF0\x90\x90\xA8", 1, "cases of four bytes" },
        { "\xE2\x84\xAA", "k", 1, "the kelvin sign and k" },
        { "\xEF\xAC\x81", "fi", 0, "a ligature and its letters" },
        { "a\xCC\xA3\xCC\x82", "a\xCC\x82\xCC\xA3", 1,
          "marks in another order" },
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ok((strcmp(scim_casefold(cases[i].one, pool),
                   scim_casefold(cases[i].other, pool))
            == 0)
               == cases[i].same,
           apr_psprintf(pool, "%s: %s", cases[i].what,
                        cases[i].same ? "one name" : "two names"));
    }
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_taken();
    test_refused();
    test_strict();
    test_comparison();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
