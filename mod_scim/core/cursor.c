#include "core/cursor.h"

#include <string.h>

#include <apr_strings.h>

/* The text is base64url of: tag, then format, flags, time (8 bytes), id and
 * value, each ended by a zero byte, enciphered. The tag is a MAC of them and of
 * the query, and serves as the initial vector of the key stream (the
 * construction of RFC 5297): nothing random has to be made. */
#define TAG 16
#define FORMAT 1
#define HEAD 10 /* format, flags, time */

enum { IS_BACKWARD = 1, HAS_ID = 2, HAS_VALUE = 4 };

/* Of a MAC, so that none can be taken for another. */
enum { FOR_TAG = 1, FOR_STREAM = 2 };

typedef struct bytes {
    unsigned char *data;
    apr_size_t len;
} bytes;

/* ------------------------------------------------------------------- base64 */

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                             "abcdefghijklmnopqrstuvwxyz0123456789-_";

static const char *encode(const bytes *in, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, in->len * 4 / 3 + 3), *to = text;
    unsigned int window = 0;
    int bits = 0;
    apr_size_t i;

    for (i = 0; i < in->len; i++) {
        window = window << 8 | in->data[i];
        for (bits += 8; bits >= 6; bits -= 6) {
            *to++ = digits[window >> (bits - 6) & 63];
        }
    }
    if (bits > 0) {
        *to++ = digits[window << (6 - bits) & 63];
    }
    *to = '\0';
    return text;
}

/* 0 unless it is what encode() gives: each list of bytes has one text. */
static int decode(bytes *out, const char *text, apr_pool_t *pool)
{
    unsigned int window = 0;
    int bits = 0;

    out->len = 0;
    out->data = apr_palloc(pool, strlen(text) + 1);
    for (; *text != '\0'; text++) {
        const char *digit = strchr(digits, *text);

        if (digit == NULL) {
            return 0;
        }
        window = window << 6 | (unsigned int)(digit - digits);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out->data[out->len++] = (unsigned char)(window >> bits & 255);
        }
    }
    return bits < 6 && (window & ((1U << bits) - 1)) == 0;
}

/* --------------------------------------------------------------------- seal */

static void make_tag(unsigned char tag[TAG], const bytes *plain,
                     const scim_cursor_seal *seal, apr_pool_t *pool)
{
    unsigned char mac[SCIM_SHA256_SIZE];
    apr_size_t query_len = strlen(seal->query) + 1;
    apr_size_t len = 1 + query_len + plain->len;
    unsigned char *data = apr_palloc(pool, len);

    data[0] = FOR_TAG;
    memcpy(data + 1, seal->query, query_len);
    memcpy(data + 1 + query_len, plain->data, plain->len);
    scim_hmac_sha256(mac, seal->key, sizeof(seal->key), data, len, pool);
    memcpy(tag, mac, TAG);
}

/* Enciphers, and deciphers. */
static void apply_stream(bytes *text, const unsigned char tag[TAG],
                         const scim_cursor_seal *seal, apr_pool_t *pool)
{
    unsigned char mac[SCIM_SHA256_SIZE], data[1 + TAG + 2];
    apr_size_t i;

    data[0] = FOR_STREAM;
    memcpy(data + 1, tag, TAG);
    for (i = 0; i < text->len; i++) {
        if (i % sizeof(mac) == 0) {
            data[1 + TAG] = (unsigned char)(i / sizeof(mac) >> 8);
            data[2 + TAG] = (unsigned char)(i / sizeof(mac));
            scim_hmac_sha256(mac, seal->key, sizeof(seal->key), data,
                             sizeof(data), pool);
        }
        text->data[i] ^= mac[i % sizeof(mac)];
    }
}

/* ------------------------------------------------------------------ content */

static apr_size_t size_of(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

static void put(bytes *to, const char *text)
{
    if (text != NULL) {
        memcpy(to->data + to->len, text, strlen(text) + 1);
        to->len += strlen(text) + 1;
    }
}

const char *scim_cursor_write(const scim_cursor *cursor,
                              const scim_cursor_seal *seal, apr_pool_t *pool)
{
    apr_size_t size = TAG + HEAD + size_of(cursor->id)
                      + size_of(cursor->value);
    bytes whole = { apr_palloc(pool, size), size };
    bytes plain = { whole.data + TAG, HEAD };
    int i;

    plain.data[0] = FORMAT;
    plain.data[1] = (unsigned char)((cursor->backward ? IS_BACKWARD : 0)
                                    | (cursor->id != NULL ? HAS_ID : 0)
                                    | (cursor->value != NULL ? HAS_VALUE : 0));
    for (i = 0; i < 8; i++) {
        plain.data[2 + i]
            = (unsigned char)((apr_uint64_t)seal->now >> (56 - 8 * i));
    }
    put(&plain, cursor->id);
    put(&plain, cursor->value);
    make_tag(whole.data, &plain, seal, pool);
    apply_stream(&plain, whole.data, seal, pool);
    return encode(&whole, pool);
}

/* Of plain text whose tag is right, so it is ours. */
static void take_apart(scim_cursor *out, const bytes *plain)
{
    const char *next = (const char *)plain->data + HEAD;
    int flags = plain->data[1], i;
    apr_uint64_t issued = 0;

    for (i = 0; i < 8; i++) {
        issued = issued << 8 | plain->data[2 + i];
    }
    out->issued = (apr_int64_t)issued;
    out->backward = (flags & IS_BACKWARD) != 0;
    out->id = flags & HAS_ID ? next : NULL;
    if (out->id != NULL) {
        next += strlen(next) + 1;
    }
    out->value = flags & HAS_VALUE ? next : NULL;
}

static scim_error *invalid(apr_pool_t *pool)
{
    return scim_error_make(SCIM_INVALID_CURSOR, pool,
                           "The cursor is none of this query; begin with an "
                           "empty one, and change nothing but the cursor from "
                           "page to page.");
}

/* Ours hold an id and a value of at most a kilobyte. */
#define TEXT_MAX 8192

scim_error *scim_cursor_read(scim_cursor *out, const char *text,
                             const scim_cursor_seal *seal, apr_pool_t *pool)
{
    unsigned char tag[TAG];
    bytes whole, plain;

    if (strlen(text) > TEXT_MAX || !decode(&whole, text, pool)
        || whole.len < TAG + HEAD) {
        return invalid(pool);
    }
    plain.data = whole.data + TAG;
    plain.len = whole.len - TAG;
    apply_stream(&plain, whole.data, seal, pool);
    make_tag(tag, &plain, seal, pool);
    if (!scim_bytes_equal(tag, whole.data, TAG) || plain.data[0] != FORMAT) {
        return invalid(pool);
    }
    take_apart(out, &plain);
    if (seal->now - out->issued > seal->timeout) {
        return scim_error_make(SCIM_EXPIRED_CURSOR, pool,
                               "The cursor is older than %" APR_INT64_T_FMT
                               " seconds; begin with an empty one.",
                               seal->timeout);
    }
    return NULL;
}
