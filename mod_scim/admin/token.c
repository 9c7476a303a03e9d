#include "admin/token.h"

#include <string.h>

#include <apr_strings.h>

#define SECRET_DIGITS 43 /* 62^43 > 2^256 */
#define CHECK_DIGITS 6   /* 62^6 > 2^32 */

/* What the columns of scim.tokens hold: a token whose numbers PostgreSQL would
 * refuse is no token of ours. */
#define LARGEST_ORG_ID APR_INT32_MAX
#define LARGEST_KEY_ID APR_INT64_MAX

static const char digits[] = "0123456789"
                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz";

/* CRC-32 as in IEEE 802.3: secret scanners know it, and a typing error is
 * found without the database. It guards nothing: the secret does. */
static apr_uint32_t crc32(const char *text, apr_size_t len)
{
    apr_uint32_t crc = 0xFFFFFFFF;
    /* What four bits at the end turn into. */
    static const apr_uint32_t turned[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
        0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    apr_size_t i;

    for (i = 0; i < len; i++) {
        crc ^= (unsigned char)text[i];
        crc = (crc >> 4) ^ turned[crc & 15];
        crc = (crc >> 4) ^ turned[crc & 15];
    }
    return ~crc;
}

static void write_checksum(char out[CHECK_DIGITS], const char *text,
                           apr_size_t len)
{
    apr_uint32_t crc = crc32(text, len);
    int i;

    for (i = CHECK_DIGITS - 1; i >= 0; i--) {
        out[i] = digits[crc % 62];
        crc /= 62;
    }
}

/* The bytes as one number, divided by 62 until nothing is left of it. */
static void write_secret(char out[SECRET_DIGITS],
                         const unsigned char random[32])
{
    unsigned char number[32];
    unsigned int rest;
    int i, k;

    memcpy(number, random, sizeof(number));
    for (i = SECRET_DIGITS - 1; i >= 0; i--) {
        rest = 0;
        for (k = 0; k < 32; k++) {
            rest = rest * 256 + number[k];
            number[k] = (unsigned char)(rest / 62);
            rest %= 62;
        }
        out[i] = digits[rest];
    }
}

/* One spelling for each number: no sign, no leading zero. NULL: no number. */
static const char *read_number(apr_int64_t *out, const char *p,
                               apr_int64_t largest)
{
    apr_int64_t n = 0;
    int digit;

    if (*p < '1' || *p > '9') {
        return NULL;
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        digit = *p - '0';
        if (n > (largest - digit) / 10) {
            return NULL;
        }
        n = n * 10 + digit;
    }
    *out = n;
    return p;
}

int admin_token_parse(admin_token *out, const char *text)
{
    const char *p = text;
    char check[CHECK_DIGITS];
    admin_token token;

    if (strncmp(p, ADMIN_TOKEN_PREFIX, strlen(ADMIN_TOKEN_PREFIX)) != 0) {
        return 0;
    }
    p = read_number(&token.org_id, p + strlen(ADMIN_TOKEN_PREFIX),
                    LARGEST_ORG_ID);
    if (p == NULL || *p != '_') {
        return 0;
    }
    p = read_number(&token.key_id, p + 1, LARGEST_KEY_ID);
    if (p == NULL || *p != '_') {
        return 0;
    }
    p++;
    if (strspn(p, digits) != SECRET_DIGITS + CHECK_DIGITS
        || p[SECRET_DIGITS + CHECK_DIGITS] != '\0') {
        return 0;
    }
    p += SECRET_DIGITS;
    write_checksum(check, text, (apr_size_t)(p - text));
    if (memcmp(check, p, CHECK_DIGITS) != 0) {
        return 0;
    }
    scim_sha256(token.hash, text, strlen(text));
    *out = token;
    return 1;
}

const char *admin_token_make(admin_token *out, apr_int64_t org_id,
                             apr_int64_t key_id,
                             const unsigned char random[32], apr_pool_t *pool)
{
    char secret[SECRET_DIGITS + 1] = { 0 }, check[CHECK_DIGITS + 1] = { 0 };
    const char *text;

    write_secret(secret, random);
    text = apr_psprintf(pool,
                        ADMIN_TOKEN_PREFIX "%" APR_INT64_T_FMT
                                           "_%" APR_INT64_T_FMT "_%s",
                        org_id, key_id, secret);
    write_checksum(check, text, strlen(text));
    text = apr_pstrcat(pool, text, check, NULL);
    out->org_id = org_id;
    out->key_id = key_id;
    scim_sha256(out->hash, text, strlen(text));
    return text;
}
