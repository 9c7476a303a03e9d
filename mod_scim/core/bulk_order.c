/* In what order a Bulk is carried out. Only POSTs are referred to, so circles
 * consist of POSTs (Tarjan's algorithm, without recursion). */
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "core/bulk.h"

typedef struct node {
    int number;  /* order of discovery; 0: not met yet */
    int low;     /* the earliest that it leads back to */
    int on_path; /* of those whose circle is not complete */
    int next_reference;
    int circle;    /* the smallest operation of its circle */
    int waits_for; /* how many that are not in its circle */
    apr_array_header_t *followers; /* int: who waits for it; or NULL */
} node;

typedef struct plan {
    const scim_bulk *bulk;
    node *nodes;
    int count;
    int met;
    apr_array_header_t *path, *calls; /* int */
    apr_array_header_t *ready;        /* int: circles, in the order of doing */
    apr_pool_t *pool;
} plan;

static void push(apr_array_header_t *stack, int value)
{
    APR_ARRAY_PUSH(stack, int) = value;
}

static int top(const apr_array_header_t *stack)
{
    return APR_ARRAY_IDX(stack, stack->nelts - 1, int);
}

static const apr_array_header_t *references(const plan *p, int op)
{
    return scim_bulk_get(p->bulk, op)->references;
}

/* --- circles ---------------------------------------------------------- */

static void meet(plan *p, int op)
{
    p->nodes[op].number = p->nodes[op].low = ++p->met;
    p->nodes[op].on_path = 1;
    push(p->path, op);
    push(p->calls, op);
}

/* Takes a complete circle from the path: all of it gets the smallest one. */
static void close_circle(plan *p, int root)
{
    int smallest = root, first = p->path->nelts, i;

    do {
        int op = APR_ARRAY_IDX(p->path, --first, int);

        smallest = op < smallest ? op : smallest;
    } while (APR_ARRAY_IDX(p->path, first, int) != root);
    for (i = first; i < p->path->nelts; i++) {
        node *n = &p->nodes[APR_ARRAY_IDX(p->path, i, int)];

        n->circle = smallest;
        n->on_path = 0;
    }
    p->path->nelts = first;
}

static void lower(node *n, int low)
{
    n->low = low < n->low ? low : n->low;
}

/* One step of the walk: to the next reference, or back. */
static void step(plan *p)
{
    int op = top(p->calls);
    node *n = &p->nodes[op];
    const apr_array_header_t *to = references(p, op);

    if (n->next_reference < to->nelts) {
        int next = APR_ARRAY_IDX(to, n->next_reference++, int);

        if (p->nodes[next].number == 0) {
            meet(p, next);
        }
        else if (p->nodes[next].on_path) {
            lower(n, p->nodes[next].number);
        }
        return;
    }
    p->calls->nelts--;
    if (p->calls->nelts > 0) {
        lower(&p->nodes[top(p->calls)], n->low);
    }
    if (n->low == n->number) {
        close_circle(p, op);
    }
}

static void find_circles(plan *p)
{
    int i;

    for (i = 0; i < p->count; i++) {
        if (p->nodes[i].number == 0) {
            meet(p, i);
        }
        while (p->calls->nelts > 0) {
            step(p);
        }
    }
}

/* --- who waits for whom ----------------------------------------------- */

static void wait_for(plan *p, int op, int other)
{
    node *before = &p->nodes[p->nodes[other].circle];

    if (p->nodes[op].circle == p->nodes[other].circle) {
        return;
    }
    if (before->followers == NULL) {
        before->followers = apr_array_make(p->pool, 2, sizeof(int));
    }
    push(before->followers, p->nodes[op].circle);
    p->nodes[p->nodes[op].circle].waits_for++;
}

/* Paths that may lead to the same resource: ids are compared in lower case. */
static const char *path_key(const char *path, apr_pool_t *pool)
{
    char *key = apr_pstrdup(pool, path + (*path == '/')), *c;
    apr_size_t len = strlen(key);

    if (len > 0 && key[len - 1] == '/') {
        key[len - 1] = '\0';
    }
    for (c = key; *c != '\0'; c++) {
        *c = (char)apr_tolower(*c);
    }
    return key;
}

static void find_waits(plan *p)
{
    apr_hash_t *last = apr_hash_make(p->pool);
    int i, k;

    for (i = 0; i < p->count; i++) {
        const scim_bulk_operation *op = scim_bulk_get(p->bulk, i);
        const char *key;
        const int *before;

        for (k = 0; k < op->references->nelts; k++) {
            wait_for(p, i, APR_ARRAY_IDX(op->references, k, int));
        }
        if (op->method == SCIM_BULK_POST || op->path == NULL) {
            continue;
        }
        key = path_key(op->path, p->pool);
        before = apr_hash_get(last, key, APR_HASH_KEY_STRING);
        if (before != NULL) {
            wait_for(p, i, *before);
        }
        apr_hash_set(last, key, APR_HASH_KEY_STRING,
                     apr_pmemdup(p->pool, &i, sizeof(i)));
    }
}

/* --- the order -------------------------------------------------------- */

/* What waited for an operation with a smaller number follows it at once, before
 * what comes next in the request. */
static void release(plan *p, int from, int reached)
{
    int done;

    for (done = from; done < p->ready->nelts; done++) {
        const apr_array_header_t *followers
            = p->nodes[APR_ARRAY_IDX(p->ready, done, int)].followers;
        int i;

        for (i = 0; followers != NULL && i < followers->nelts; i++) {
            int op = APR_ARRAY_IDX(followers, i, int);

            if (--p->nodes[op].waits_for == 0 && op <= reached) {
                push(p->ready, op);
            }
        }
    }
}

static void arrange(plan *p)
{
    int i;

    for (i = 0; i < p->count; i++) {
        if (p->nodes[i].circle == i && p->nodes[i].waits_for == 0) {
            push(p->ready, i);
            release(p, p->ready->nelts - 1, i);
        }
    }
}

/* The operations of each circle, by its smallest one. */
static apr_array_header_t **members_of_circles(const plan *p)
{
    apr_array_header_t **members
        = apr_pcalloc(p->pool, sizeof(*members) * (apr_size_t)p->count);
    int i;

    for (i = 0; i < p->count; i++) {
        int circle = p->nodes[i].circle;

        if (members[circle] == NULL) {
            members[circle] = apr_array_make(p->pool, 1, sizeof(int));
        }
        push(members[circle], i);
    }
    return members;
}

const apr_array_header_t *scim_bulk_order(const scim_bulk *bulk,
                                          apr_pool_t *pool)
{
    int i, count = bulk->operations->nelts;
    plan p = { .bulk = bulk, .count = count, .pool = pool };
    apr_array_header_t *units = apr_array_make(pool, count + 1,
                                               sizeof(scim_bulk_unit));
    apr_array_header_t **members;

    p.nodes = apr_pcalloc(pool, sizeof(node) * ((apr_size_t)count + 1));
    p.path = apr_array_make(pool, count + 1, sizeof(int));
    p.calls = apr_array_make(pool, count + 1, sizeof(int));
    p.ready = apr_array_make(pool, count + 1, sizeof(int));
    find_circles(&p);
    find_waits(&p);
    arrange(&p);
    members = members_of_circles(&p);
    for (i = 0; i < p.ready->nelts; i++) {
        scim_bulk_unit *unit = apr_array_push(units);

        unit->operations = members[APR_ARRAY_IDX(p.ready, i, int)];
    }
    return units;
}
