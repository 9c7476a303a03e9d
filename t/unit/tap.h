/* The Test Anything Protocol for unit tests, read by prove. */
#ifndef T_UNIT_TAP_H
#define T_UNIT_TAP_H

#include <stdio.h>
#include <string.h>

/* A test includes this once and need not use all of it. */
#define TAP_USED __attribute__((unused))

static int tap_run, tap_failed;

TAP_USED static int ok(int passed, const char *name)
{
    printf("%sok %d - %s\n", passed ? "" : "not ", ++tap_run, name);
    tap_failed += !passed;
    return passed;
}

TAP_USED static int is_str(const char *got, const char *want, const char *name)
{
    int same = got == want
               || (got != NULL && want != NULL && strcmp(got, want) == 0);

    ok(same, name);
    if (!same) {
        printf("#      got: %s\n#   wanted: %s\n",
               got != NULL ? got : "(null)", want != NULL ? want : "(null)");
    }
    return same;
}

TAP_USED static int is_int(long long got, long long want, const char *name)
{
    ok(got == want, name);
    if (got != want) {
        printf("#      got: %lld\n#   wanted: %lld\n", got, want);
    }
    return got == want;
}

/* What main() returns: prints the plan, so that a program that ended early
 * is seen as failed. */
TAP_USED static int done(void)
{
    printf("1..%d\n", tap_run);
    fflush(stdout);
    return tap_failed != 0;
}

#endif
