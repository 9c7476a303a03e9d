#include "httpd/limit.h"

#include <string.h>

#include <apr_atomic.h>
#include <apr_general.h>
#include <apr_shm.h>
#include <apr_strings.h>
#include <apr_time.h>

/* Failures that an address or a name may have in one go, and the time in which
 * one of them is forgiven. */
#define FAILURES         60
#define FAILURE_INTERVAL apr_time_from_sec(1)

#define GOOD_FOR apr_time_from_sec(600)

#define SETS 512
#define WAYS 8

/* Each slot is one number, changed by compare-and-swap: there is no lock that
 * a killed child could leave behind. It is the "theoretical arrival time" of
 * the generic cell rate algorithm: a token bucket as a single time. */
typedef struct limit_slot {
    volatile apr_uint64_t key; /* 0: never used */
    volatile apr_uint64_t until;
} limit_slot;

typedef enum { REQUESTS, FAILED, NAMES, GOOD, TABLES } limit_table;

typedef struct limit_memory {
    apr_uint64_t seed; /* nobody can choose keys that share a set */
    limit_slot slots[TABLES][SETS][WAYS];
} limit_memory;

static limit_memory *memory; /* of this configuration; set before any fork */

apr_status_t mod_scim_limit_create(apr_pool_t *pconf)
{
    apr_shm_t *shm;
    apr_status_t rv = apr_shm_create(&shm, sizeof(*memory), NULL, pconf);

    if (rv == APR_SUCCESS) {
        memory = apr_shm_baseaddr_get(shm);
        memset(memory, 0, sizeof(*memory));
    }
    else {
        memory = apr_pcalloc(pconf, sizeof(*memory));
    }
    apr_generate_random_bytes((unsigned char *)&memory->seed,
                              sizeof(memory->seed));
    return rv;
}

/* FNV-1a */
static apr_uint64_t key_of(const void *bytes, apr_size_t len)
{
    const unsigned char *p = bytes;
    apr_uint64_t key = 0xcbf29ce484222325u ^ memory->seed;

    while (len-- > 0) {
        key = (key ^ *p++) * 0x100000001b3u;
    }
    key ^= key >> 32;
    return key != 0 ? key : 1;
}

/* Whoever has an IPv6 address has its /64. */
static apr_uint64_t address_key(const apr_sockaddr_t *address)
{
    const unsigned char *bytes = address->ipaddr_ptr;

    if (address->ipaddr_len != 16) {
        return key_of(bytes, (apr_size_t)address->ipaddr_len);
    }
    if (memcmp(bytes, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12) == 0) {
        return key_of(bytes + 12, 4);
    }
    return key_of(bytes, 8);
}

static limit_slot *find(limit_table table, apr_uint64_t key)
{
    limit_slot *set = memory->slots[table][key % SETS];
    int way;

    for (way = 0; way < WAYS; way++) {
        if (apr_atomic_read64(&set[way].key) == key) {
            return &set[way];
        }
    }
    return NULL;
}

/* The slot of the key; a new one takes the place of what ends first. */
static limit_slot *find_or_make(limit_table table, apr_uint64_t key)
{
    limit_slot *found = find(table, key);
    limit_slot *set = memory->slots[table][key % SETS];
    apr_uint64_t old;
    int way;

    if (found != NULL) {
        return found;
    }
    found = set;
    for (way = 1; way < WAYS; way++) {
        if (apr_atomic_read64(&set[way].until)
            < apr_atomic_read64(&found->until)) {
            found = &set[way];
        }
    }
    old = apr_atomic_read64(&found->key);
    if (apr_atomic_cas64(&found->key, key, old) == old) {
        apr_atomic_set64(&found->until, 0);
    }
    return found; /* or of whoever was faster: one request counted wrongly */
}

static int in_seconds(apr_uint64_t wait)
{
    return (int)((wait + APR_USEC_PER_SEC - 1) / APR_USEC_PER_SEC);
}

int mod_scim_limit_take(const unsigned char hash[SCIM_SHA256_SIZE], int rate,
                        int burst)
{
    const apr_uint64_t now = (apr_uint64_t)apr_time_now();
    const apr_uint64_t interval = APR_USEC_PER_SEC / (apr_uint64_t)rate;
    const apr_uint64_t ahead = interval * (apr_uint64_t)(burst - 1);
    limit_slot *slot
        = find_or_make(REQUESTS, key_of(hash, SCIM_SHA256_SIZE));
    apr_uint64_t old, from;

    do {
        old = apr_atomic_read64(&slot->until);
        from = old > now ? old : now;
        if (from - now > ahead) {
            return in_seconds(from - now - ahead);
        }
    } while (apr_atomic_cas64(&slot->until, from + interval, old) != old);
    return 0;
}

static int is_blocked(limit_table table, apr_uint64_t key,
                      const unsigned char hash[SCIM_SHA256_SIZE])
{
    const apr_uint64_t now = (apr_uint64_t)apr_time_now();
    const apr_uint64_t most = FAILURE_INTERVAL * (FAILURES - 1);
    limit_slot *slot = find(table, key);
    apr_uint64_t until = slot != NULL ? apr_atomic_read64(&slot->until) : 0;

    if (until <= now + most) {
        return 0;
    }
    slot = find(GOOD, key_of(hash, SCIM_SHA256_SIZE));
    if (slot != NULL && apr_atomic_read64(&slot->until) > now) {
        return 0;
    }
    return in_seconds(until - now - most);
}

static int has_failed(limit_table table, apr_uint64_t key)
{
    const apr_uint64_t now = (apr_uint64_t)apr_time_now();
    const apr_uint64_t most = FAILURE_INTERVAL * (FAILURES - 1);
    limit_slot *slot = find_or_make(table, key);
    apr_uint64_t old, from;

    do {
        old = apr_atomic_read64(&slot->until);
        from = old > now ? old : now;
        if (from > now + most) {
            return 0;
        }
    } while (apr_atomic_cas64(&slot->until, from + FAILURE_INTERVAL, old)
             != old);
    return from + FAILURE_INTERVAL > now + most;
}

int mod_scim_limit_blocked(const apr_sockaddr_t *address,
                           const unsigned char hash[SCIM_SHA256_SIZE])
{
    return is_blocked(FAILED, address_key(address), hash);
}

int mod_scim_limit_failed(const apr_sockaddr_t *address)
{
    return has_failed(FAILED, address_key(address));
}

int mod_scim_limit_name_blocked(const char *name,
                                const unsigned char hash[SCIM_SHA256_SIZE])
{
    return is_blocked(NAMES, key_of(name, strlen(name)), hash);
}

int mod_scim_limit_name_failed(const char *name)
{
    return has_failed(NAMES, key_of(name, strlen(name)));
}

void mod_scim_limit_good(const unsigned char hash[SCIM_SHA256_SIZE])
{
    limit_slot *slot = find_or_make(GOOD, key_of(hash, SCIM_SHA256_SIZE));
    const apr_uint64_t now = (apr_uint64_t)apr_time_now();

    /* Not each time: the children share the line of the cache. */
    if (apr_atomic_read64(&slot->until) < now + GOOD_FOR / 2) {
        apr_atomic_set64(&slot->until, now + GOOD_FOR);
    }
}
