#include "core/sha256.h"

#include "tap.h"

static const char *hex_of(const void *data, apr_size_t len)
{
    static char hex[2 * SCIM_SHA256_SIZE + 1];
    unsigned char hash[SCIM_SHA256_SIZE];
    int i;

    scim_sha256(hash, data, len);
    for (i = 0; i < SCIM_SHA256_SIZE; i++) {
        sprintf(hex + 2 * i, "%02x", hash[i]);
    }
    return hex;
}

/* The examples of FIPS 180-2, B, and lengths around the padding's edges. */
static void test_hashes(void)
{
    static char text[1000000];

    is_str(hex_of("", 0),
           "e3b0c44298fc1c149afbf4c8996fb924"
           "27ae41e4649b934ca495991b7852b855",
           "the hash of nothing");
    is_str(hex_of("abc", 3),
           "ba7816bf8f01cfea414140de5dae2223"
           "b00361a396177a9cb410ff61f20015ad",
           "the hash of one block");
    is_str(hex_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  56),
           "248d6a61d20638b8e5c026930c3e6039"
           "a33ce45964ff2167f6ecedd419db06c1",
           "the hash of 56 bytes, where the length needs another block");
    memset(text, 'a', sizeof(text));
    is_str(hex_of(text, sizeof(text)),
           "cdc76e5c9914fb9281a1c7e284d73e67"
           "f1809a48a497200e046d39ccc7112cd0",
           "the hash of a million bytes");
    is_str(hex_of(text, 55),
           "9f4390f8d30c2dd92ec9f095b65e2b9a"
           "e9b0a925a5258e241c9f1e910f734318",
           "the hash of 55 bytes");
    is_str(hex_of(text, 64),
           "ffe054fe7ae0cb6dc65c3af9b61d5209"
           "f439851db43d0ba5997337df154668eb",
           "the hash of 64 bytes");
}

static const char *mac_of(const void *key, apr_size_t key_len,
                          const char *data, apr_pool_t *pool)
{
    unsigned char mac[SCIM_SHA256_SIZE];
    char *text = apr_palloc(pool, 2 * sizeof(mac) + 1);
    apr_size_t i;

    scim_hmac_sha256(mac, key, key_len, data, strlen(data), pool);
    for (i = 0; i < sizeof(mac); i++) {
        snprintf(text + 2 * i, 3, "%02x", mac[i]);
    }
    return text;
}

/* RFC 4231, 4.2, 4.3 and 4.7 */
static void test_macs(void)
{
    unsigned char key[131];
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    memset(key, 0x0b, sizeof(key));
    is_str(mac_of(key, 20, "Hi There", pool),
           "b0344c61d8db38535ca8afceaf0bf12b"
           "881dc200c9833da726e9376c2e32cff7",
           "the MAC of a short text");
    is_str(mac_of("Jefe", 4, "what do ya want for nothing?", pool),
           "5bdcc146bf60754e6a042426089575c7"
           "5a003f089d2739839dec58b964ec3843",
           "the MAC with a key that is a word");
    memset(key, 0xaa, sizeof(key));
    is_str(mac_of(key, sizeof(key),
                  "Test Using Larger Than Block-Size Key - Hash Key First",
                  pool),
           "60e431591ee0b67f0d8a26aacbf5b77f"
           "8e0bc6213728c5140546040f0ee37f54",
           "the MAC with a key that is longer than a block");
    apr_pool_destroy(pool);
    apr_terminate();
}

int main(void)
{
    test_hashes();
    test_macs();
    ok(scim_bytes_equal("secret", "secret", 6), "equal bytes are equal");
    ok(!scim_bytes_equal("secret", "secreT", 6), "the last byte counts");
    ok(!scim_bytes_equal("secret", "Secret", 6), "the first byte counts");
    ok(scim_bytes_equal("a", "b", 0), "no bytes are equal");
    return done();
}
