#include "core/sha256.h"

#include <string.h>

#define BLOCK 64 /* bytes */

/* FIPS 180-4, 4.2.2 */
/* clang-format off */
static const apr_uint32_t constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5,
    0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3,
    0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
    0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13,
    0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5,
    0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
    0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};
/* clang-format on */

static apr_uint32_t rotate(apr_uint32_t x, int n)
{
    return (x >> n) | (x << (32 - n));
}

/* FIPS 180-4, 6.2.2, step 1 */
static void expand(apr_uint32_t w[64], const unsigned char *block)
{
    apr_uint32_t s0, s1;
    int t;

    for (t = 0; t < 16; t++) {
        w[t] = (apr_uint32_t)block[4 * t] << 24
               | (apr_uint32_t)block[4 * t + 1] << 16
               | (apr_uint32_t)block[4 * t + 2] << 8
               | (apr_uint32_t)block[4 * t + 3];
    }
    for (; t < 64; t++) {
        s0 = rotate(w[t - 15], 7) ^ rotate(w[t - 15], 18) ^ (w[t - 15] >> 3);
        s1 = rotate(w[t - 2], 17) ^ rotate(w[t - 2], 19) ^ (w[t - 2] >> 10);
        w[t] = w[t - 16] + s0 + w[t - 7] + s1;
    }
}

/* FIPS 180-4, 6.2.2, steps 2 to 4; v is a .. h */
static void compress(apr_uint32_t hash[8], const unsigned char *block)
{
    apr_uint32_t w[64], v[8], t1, t2;
    int t;

    expand(w, block);
    memcpy(v, hash, sizeof(v));
    for (t = 0; t < 64; t++) {
        t1 = v[7] + (rotate(v[4], 6) ^ rotate(v[4], 11) ^ rotate(v[4], 25))
             + ((v[4] & v[5]) ^ (~v[4] & v[6])) + constants[t] + w[t];
        t2 = (rotate(v[0], 2) ^ rotate(v[0], 13) ^ rotate(v[0], 22))
             + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof(v[0]));
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (t = 0; t < 8; t++) {
        hash[t] += v[t];
    }
}

void scim_sha256(unsigned char out[SCIM_SHA256_SIZE], const void *data,
                 apr_size_t len)
{
    apr_uint32_t hash[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                             0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
    apr_uint64_t bits = (apr_uint64_t)len * 8;
    const unsigned char *p = data;
    unsigned char tail[128] = { 0 };
    apr_size_t rest, size;
    int i;

    for (rest = len; rest >= 64; rest -= 64, p += 64) {
        compress(hash, p);
    }
    if (rest > 0) {
        memcpy(tail, p, rest);
    }
    tail[rest] = 0x80;
    size = rest < 56 ? 64 : 128; /* the length takes the last eight bytes */
    for (i = 0; i < 8; i++) {
        tail[size - 1 - (apr_size_t)i] = (unsigned char)(bits >> (8 * i));
    }
    compress(hash, tail);
    if (size == 128) {
        compress(hash, tail + 64);
    }
    for (i = 0; i < SCIM_SHA256_SIZE; i++) {
        out[i] = (unsigned char)(hash[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void scim_hmac_sha256(unsigned char out[SCIM_SHA256_SIZE], const void *key,
                      apr_size_t key_len, const void *data, apr_size_t len,
                      apr_pool_t *pool)
{
    unsigned char block[BLOCK] = { 0 }, outer[BLOCK + SCIM_SHA256_SIZE];
    unsigned char *inner = apr_palloc(pool, BLOCK + len);
    int i;

    if (key_len > BLOCK) {
        scim_sha256(block, key, key_len);
    }
    else {
        memcpy(block, key, key_len);
    }
    for (i = 0; i < BLOCK; i++) {
        inner[i] = block[i] ^ 0x36;
        outer[i] = block[i] ^ 0x5c;
    }
    memcpy(inner + BLOCK, data, len);
    scim_sha256(outer + BLOCK, inner, BLOCK + len);
    scim_sha256(out, outer, sizeof(outer));
}

int scim_bytes_equal(const void *a, const void *b, apr_size_t len)
{
    const volatile unsigned char *p = a, *q = b;
    unsigned char differs = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        differs |= (unsigned char)(p[i] ^ q[i]);
    }
    return differs == 0;
}
