#include "store/uuid.h"

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_time.h>

int store_uuid_is(const char *text)
{
    int i;

    for (i = 0; i < 36; i++) {
        int dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text[i] != '-' : !apr_isxdigit(text[i])) {
            return 0;
        }
    }
    return text[36] == '\0';
}

const char *store_uuid_text(const void *bytes, apr_pool_t *pool)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *from = bytes;
    char *out = apr_palloc(pool, 37), *to = out;
    int i;

    for (i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *to++ = '-';
        }
        *to++ = digits[from[i] >> 4];
        *to++ = digits[from[i] & 0x0f];
    }
    *to = '\0';
    return out;
}

/* Twelve bits behind the milliseconds hold their fraction (RFC 9562, 6.2,
 * method 3): requests that follow each other make ids that do so too. */
const char *store_uuid_make(apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    apr_int64_t ms = apr_time_as_msec(now);
    unsigned fraction = (unsigned)(now % 1000 * 4096 / 1000);
    unsigned char bytes[16];
    int i;

    if (apr_generate_random_bytes(bytes, sizeof(bytes)) != APR_SUCCESS) {
        return NULL;
    }
    for (i = 5; i >= 0; i--, ms >>= 8) {
        bytes[i] = (unsigned char)(ms & 0xff);
    }
    bytes[6] = (unsigned char)(0x70 | fraction >> 8);
    bytes[7] = (unsigned char)(fraction & 0xff);
    bytes[8] = (unsigned char)(0x80 | (bytes[8] & 0x3f));
    return store_uuid_text(bytes, pool);
}
