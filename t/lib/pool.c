/* Pools under which a sanitizer sees every allocation.
 *
 * APR hands out pieces of large blocks, so that AddressSanitizer notices
 * neither an overflow into the next piece nor a use after the pool is gone.
 * A program that links this file gets each piece from malloc instead; the
 * pieces are freed when their pool is cleared or destroyed. */
#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <apr_pools.h>
#include <apr_strings.h>

#undef apr_palloc
#undef apr_pcalloc

/* The real definitions of APR wear the same names. */
void *apr_palloc(apr_pool_t *pool, apr_size_t size);

typedef struct piece piece;
struct piece {
    piece *next;
    void *memory;
};

/* What a pool holds; lives in the pool itself, in APR's own memory. */
typedef struct pool_pieces pool_pieces;
struct pool_pieces {
    pool_pieces *next;
    apr_pool_t *pool;
    piece *first;
};

#define BUCKETS 1024

static pool_pieces *known[BUCKETS];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Registering a cleanup allocates: that one allocation is left to APR. */
static __thread int registering;

static pool_pieces **bucket_of(const apr_pool_t *pool)
{
    return &known[((apr_size_t)pool >> 6) % BUCKETS];
}

static apr_status_t free_pieces(void *data)
{
    pool_pieces *pieces = data, **link;
    piece *p, *next;

    pthread_mutex_lock(&lock);
    for (link = bucket_of(pieces->pool); *link != pieces;
         link = &(*link)->next) {
    }
    *link = pieces->next;
    pthread_mutex_unlock(&lock);
    for (p = pieces->first; p != NULL; p = next) {
        next = p->next;
        free(p->memory);
        free(p);
    }
    free(pieces);
    return APR_SUCCESS;
}

/* Cleanups run last in, first out, and this one is registered before the
 * pool's first allocation: every other cleanup still sees its memory. */
static pool_pieces *pieces_of(apr_pool_t *pool)
{
    pool_pieces *pieces;

    pthread_mutex_lock(&lock);
    for (pieces = *bucket_of(pool); pieces != NULL && pieces->pool != pool;
         pieces = pieces->next) {
    }
    pthread_mutex_unlock(&lock);
    if (pieces != NULL) {
        return pieces;
    }
    pieces = calloc(1, sizeof(*pieces));
    if (pieces == NULL) {
        abort();
    }
    pieces->pool = pool;
    pthread_mutex_lock(&lock);
    pieces->next = *bucket_of(pool);
    *bucket_of(pool) = pieces;
    pthread_mutex_unlock(&lock);
    registering = 1;
    apr_pool_cleanup_register(pool, pieces, free_pieces,
                              apr_pool_cleanup_null);
    registering = 0;
    return pieces;
}

void *apr_palloc(apr_pool_t *pool, apr_size_t size)
{
    static void *(*apr_own)(apr_pool_t *, apr_size_t);
    pool_pieces *pieces;
    piece *p;

    if (registering) {
        if (apr_own == NULL) {
            *(void **)&apr_own = dlsym(RTLD_NEXT, "apr_palloc");
        }
        return apr_own(pool, size);
    }
    pieces = pieces_of(pool);
    p = malloc(sizeof(*p));
    if (p == NULL || (p->memory = malloc(size)) == NULL) {
        abort();
    }
    p->next = pieces->first;
    pieces->first = p;
    return p->memory;
}

void *apr_pcalloc(apr_pool_t *pool, apr_size_t size)
{
    void *memory = apr_palloc(pool, size);

    return memory != NULL ? memset(memory, 0, size) : NULL;
}

void *apr_pmemdup(apr_pool_t *pool, const void *from, apr_size_t size)
{
    return from != NULL ? memcpy(apr_palloc(pool, size), from, size) : NULL;
}

char *apr_pstrmemdup(apr_pool_t *pool, const char *from, apr_size_t size)
{
    char *copy;

    if (from == NULL) {
        return NULL;
    }
    copy = apr_palloc(pool, size + 1);
    memcpy(copy, from, size);
    copy[size] = '\0';
    return copy;
}

char *apr_pstrdup(apr_pool_t *pool, const char *from)
{
    return from != NULL ? apr_pstrmemdup(pool, from, strlen(from)) : NULL;
}

char *apr_pstrndup(apr_pool_t *pool, const char *from, apr_size_t size)
{
    return from != NULL ? apr_pstrmemdup(pool, from, strnlen(from, size))
                        : NULL;
}

char *apr_pstrcat(apr_pool_t *pool, ...)
{
    apr_size_t size = 1;
    const char *part;
    char *all, *end;
    va_list args;

    va_start(args, pool);
    while ((part = va_arg(args, const char *)) != NULL) {
        size += strlen(part);
    }
    va_end(args);
    all = end = apr_palloc(pool, size);
    va_start(args, pool);
    while ((part = va_arg(args, const char *)) != NULL) {
        end = memcpy(end, part, strlen(part));
        end += strlen(part);
    }
    va_end(args);
    *end = '\0';
    return all;
}

/* APR's formats (%pI, %" APR_SIZE_T_FMT ") are its own, so its function does
 * the work in a pool of its own and the result moves to the caller's. */
char *apr_pvsprintf(apr_pool_t *pool, const char *format, va_list args)
{
    static char *(*apr_own)(apr_pool_t *, const char *, va_list);
    apr_pool_t *scratch;
    char *text;

    if (apr_own == NULL) {
        *(void **)&apr_own = dlsym(RTLD_NEXT, "apr_pvsprintf");
    }
    apr_pool_create(&scratch, NULL);
    text = apr_pstrdup(pool, apr_own(scratch, format, args));
    apr_pool_destroy(scratch);
    return text;
}

char *apr_psprintf(apr_pool_t *pool, const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = apr_pvsprintf(pool, format, args);
    va_end(args);
    return text;
}
