/* The pool of connections without a server: who gets one, in which order, and
 * that nobody is forgotten. */
#include <pthread.h>
#include <stdlib.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "store/connect.h"
#include "tap.h"

/* ------------------------------------------------------ the server's place */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* for all of these */
static int refuses, connects, open_now, slow_ms;

static int add_to(int *number, int n)
{
    int sum;

    pthread_mutex_lock(&lock);
    sum = *number += n;
    pthread_mutex_unlock(&lock);
    return sum;
}

static int value_of(int *number)
{
    return add_to(number, 0);
}

static apr_status_t close_one(void *data)
{
    (void)data;
    add_to(&open_now, -1);
    return APR_SUCCESS;
}

scim_error *store_connect(store_connection **out,
                          const store_settings *settings, apr_time_t deadline,
                          apr_pool_t *pool)
{
    apr_pool_t *own;

    (void)settings, (void)deadline;
    add_to(&connects, 1);
    apr_sleep(apr_time_from_msec(value_of(&slow_ms)));
    if (value_of(&refuses)) {
        return store_unavailable(pool, "no\n\tserver\n");
    }
    apr_pool_create(&own, NULL);
    *out = apr_pcalloc(own, sizeof(**out));
    (*out)->pool = own;
    add_to(&open_now, 1);
    apr_pool_cleanup_register(own, *out, close_one, apr_pool_cleanup_null);
    return NULL;
}

/* Tests write the number of holders into `filters`, and -1 for dead. */
int store_connection_is_dead(const store_connection *c)
{
    return c->filters < 0;
}

/* --------------------------------------------------------------- the client */

static apr_pool_t *pool;

static store *pool_of(int size)
{
    store_settings settings = { .conninfo = "",
                                .pool_size = size,
                                .wait_ms = 5000 };
    store *s;

    refuses = connects = slow_ms = 0;
    if (store_open(&s, &settings, pool) != APR_SUCCESS) {
        abort();
    }
    return s;
}

static scim_error *take(store_connection **out, int org_id, int patience_ms,
                        store *s, apr_pool_t *p)
{
    store_caller caller
        = { .org_id = org_id,
            .deadline = apr_time_now() + apr_time_from_msec(patience_ms) };

    return store_connection_take(out, &caller, s, p);
}

/* NULL: the pool had none within the time. */
static store_connection *taken(int org_id, int patience_ms, store *s)
{
    store_connection *c = NULL;

    take(&c, org_id, patience_ms, s, pool);
    return c;
}

static int busy(store *s)
{
    store_usage usage;

    store_usage_get(&usage, s);
    return usage.busy;
}

static int waiting(store *s)
{
    store_usage usage;

    store_usage_get(&usage, s);
    return usage.waiting;
}

/* A request in a thread of its own. */
typedef struct request {
    store *s;
    int org_id, patience_ms;
    apr_thread_t *thread;
    apr_pool_t *pool;
    store_connection *c;
    const char *cause; /* why there is none */
    int rank, took_ms;
} request;

static int ranks;

static void *APR_THREAD_FUNC ask(apr_thread_t *thread, void *data)
{
    request *r = data;
    apr_time_t start = apr_time_now();
    scim_error *err = take(&r->c, r->org_id, r->patience_ms, r->s, r->pool);

    r->took_ms = (int)apr_time_as_msec(apr_time_now() - start);
    r->rank = add_to(&ranks, 1);
    r->cause = err != NULL ? err->cause : NULL;
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* Comes back when the request waits, unless it need not. */
static request *asking(int org_id, int patience_ms, store *s)
{
    request *r = apr_pcalloc(pool, sizeof(*r));
    int before = waiting(s), i;

    *r = (request){ .s = s, .org_id = org_id, .patience_ms = patience_ms };
    apr_pool_create(&r->pool, NULL);
    apr_thread_create(&r->thread, NULL, ask, r, pool);
    for (i = 0; i < 100 && waiting(s) == before; i++) {
        apr_sleep(1000);
    }
    return r;
}

static request *answered(request *r)
{
    apr_status_t rv;

    apr_thread_join(&rv, r->thread);
    return r;
}

/* ---------------------------------------------------------------- the tests */

static void shares(void)
{
    store *s = pool_of(4);
    store_connection *a = taken(1, 1000, s), *b = taken(1, 1000, s), *c;
    apr_time_t start;

    ok(a != NULL && b != NULL && a != b, "an organization gets what is free");
    ok(taken(1, 1000, s) != NULL, "... but for a quarter of the pool");
    start = apr_time_now();
    ok(taken(1, 60, s) == NULL, "... and not one more");
    ok(apr_time_now() - start >= apr_time_from_msec(60),
       "... after it has waited for its own");
    c = taken(2, 1000, s);
    ok(c != NULL, "another organization does not feel it");
    store_connection_give(a, s);
    ok(taken(1, 1000, s) == a, "what came back last is taken first");

    s = pool_of(1);
    a = taken(1, 1000, s);
    ok(a != NULL, "a pool of one serves");
    store_connection_give(a, s);
    ok(taken(2, 1000, s) == a, "... one after the other");
}

static void order(void)
{
    store *s = pool_of(1);
    store_connection *held = taken(1, 1000, s);
    request *first = asking(1, 4000, s), *second = asking(2, 4000, s);
    request *third = asking(3, 4000, s), *late = asking(4, 30, s);

    is_int(waiting(s), 4, "who finds no connection waits");
    ok(answered(late)->c == NULL, "... no longer than it has time");
    is_str(late->cause, "no connection became free in time",
           "... and learns why");
    is_int(waiting(s), 3, "... and leaves the queue");
    store_connection_give(held, s);
    ok(answered(first)->c == held, "the one that came first is served");
    store_connection_give(first->c, s);
    ok(answered(second)->c == held, "then the second");
    second->c->broken = 1;
    store_connection_give(second->c, s);
    ok(answered(third)->c != NULL && value_of(&connects) == 2,
       "then the third, by a new connection in place of a broken one");
    ok(first->rank < second->rank && second->rank < third->rank,
       "... in this order");
}

static void share_of_waiters(void)
{
    store *s = pool_of(2);
    store_connection *a = taken(1, 1000, s), *b = taken(2, 1000, s), *c;
    request *greedy = asking(1, 4000, s);

    store_connection_give(b, s);
    c = taken(3, 1000, s);
    ok(c == b, "what is free is no use to a waiter whose share is used up");
    store_connection_give(a, s);
    ok(answered(greedy)->c == a, "... but its own is, when that comes back");
}

/* One that asks for much does not keep another waiting behind it. */
static void fewest_first(void)
{
    store *s = pool_of(4);
    store_connection *a = taken(1, 1000, s), *b = taken(2, 1000, s);
    store_connection *c = taken(1, 1000, s), *d = taken(1, 1000, s);
    request *greedy = asking(1, 4000, s), *other = asking(2, 4000, s);

    store_connection_give(a, s);
    ok(answered(other)->c == a, "who holds fewer is served first");
    store_connection_give(d, s);
    ok(answered(greedy)->c == d, "... then who has waited longer");
    store_connection_give(b, s);
    store_connection_give(c, s);
}

/* ... but neither does the connection that its organization has already. */
static void nobody_for_ever(void)
{
    store *s = pool_of(4);
    store_connection *slow = taken(1, 1000, s), *a = taken(2, 1000, s);
    store_connection *b = taken(3, 1000, s), *c = taken(4, 1000, s);
    request *patient = asking(1, 4000, s), *newcomer;

    apr_sleep(apr_time_from_msec(200)); /* more than a quarter of HANDICAP */
    newcomer = asking(5, 4000, s);
    store_connection_give(a, s);
    ok(answered(patient)->c == a, "who has waited long goes before who holds "
                                  "nothing");
    store_connection_give(b, s);
    ok(answered(newcomer)->c == b, "... which comes next");
    store_connection_give(c, s);
    store_connection_give(slow, s);
}

static void outage(void)
{
    store *s = pool_of(2);
    store_connection *a;
    apr_pool_t *p;
    scim_error *err;
    apr_time_t start;

    apr_pool_create(&p, pool);
    refuses = 1;
    err = take(&a, 1, 5000, s, p);
    is_str(err->cause, "no  server", "a failed connect says why, in one line");
    start = apr_time_now();
    err = take(&a, 1, 5000, s, p);
    is_str(err->cause, "not tried again yet: no  server",
           "... also to those who come right behind");
    ok(apr_time_now() - start < apr_time_from_msec(100) && connects == 1,
       "... who do not wait for another try");
    refuses = 0;
    apr_sleep(apr_time_from_msec(1050));
    ok(taken(1, 5000, s) != NULL, "after a second it is tried again");
}

static void outage_with_queue(void)
{
    store *s = pool_of(4);
    request *one, *two, *three;

    refuses = 1;
    slow_ms = 200;
    one = asking(1, 5000, s);
    two = asking(1, 5000, s);
    three = asking(2, 5000, s);
    answered(one), answered(two), answered(three);
    ok(one->c == NULL && two->c == NULL && three->c == NULL && connects == 1,
       "one connects at a time, and its failure answers all who wait");
    ok(three->took_ms < 1000, "... at once");
}

/* The pool holds one good connection, which is in use, when a second connect
 * fails: who waits must not sleep through the end of the pause. */
static void end_of_pause(void)
{
    store *s = pool_of(4);
    store_connection *held = taken(1, 5000, s);
    request *failing, *waiter;

    add_to(&refuses, 1);
    add_to(&slow_ms, 100);
    failing = asking(2, 5000, s);
    waiter = asking(3, 5000, s); /* since before the pause is known */
    ok(answered(failing)->c == NULL, "a connect fails beside a good one");
    add_to(&refuses, -1);
    add_to(&slow_ms, -100);
    ok(answered(waiter)->c != NULL && waiter->took_ms < 2000,
       "who waits connects as soon as the pause is over");
    store_connection_give(held, s);
}

static void no_time(void)
{
    store_settings settings = { .conninfo = "", .pool_size = 2,
                                .wait_ms = 5000, .connect_timeout_s = 2 };
    store *s;

    store_open(&s, &settings, pool);
    connects = 0;
    ok(taken(1, 1000, s) == NULL && connects == 0,
       "no connect is begun that may outlast the request");
    ok(taken(1, 5000, s) != NULL, "... which is no outage for the next one");
}

static void broken_and_dead(void)
{
    store *s = pool_of(4);
    store_connection *a = taken(1, 1000, s), *b = taken(2, 1000, s);
    int others = open_now - 2;

    store_connection_give(a, s);
    b->broken = b->gone = 1;
    store_connection_give(b, s);
    is_int(open_now, others,
           "one whose server is gone takes those along that are idle");

    a = taken(1, 1000, s);
    b = taken(2, 1000, s);
    a->filters = b->filters = -1;
    store_connection_give(a, s);
    store_connection_give(b, s);
    a = taken(1, 1000, s);
    ok(a != NULL && a->filters == 0, "what died while idle is not handed out");
    a->used = 1;
    store_connection_give(a, s);
    ok(!taken(1, 1000, s)->used,
       "a connection is unused when it is handed out");
}

/* ------------------------------------------------------------ all at once */

#define THREADS 16
#define ORGANIZATIONS 3
#define POOL 4
#define ROUNDS 1500

typedef struct player {
    store *s;
    apr_thread_t *thread;
    unsigned seed;
    int is_patient;
    int got, missed, longest_ms;
} player;

static int holders[ORGANIZATIONS + 1], unjust, shared;

static void hold(store_connection *c, int org_id, player *p)
{
    unsigned dice = (unsigned)rand_r(&p->seed);

    if (add_to(&c->filters, 1) != 1) {
        add_to(&shared, 1);
    }
    if (add_to(&holders[org_id], 1) > POOL - (POOL + 3) / 4) {
        add_to(&unjust, 1);
    }
    if (dice % 4 == 0) {
        apr_sleep(dice % 300);
    }
    add_to(&holders[org_id], -1);
    add_to(&c->filters, dice % 32 == 1 ? -2 : -1); /* died */
    c->broken = dice % 32 == 2;
}

static void *APR_THREAD_FUNC play(apr_thread_t *thread, void *data)
{
    player *p = data;
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, NULL);
    for (i = 0; i < ROUNDS; i++) {
        int org_id = 1 + rand_r(&p->seed) % ORGANIZATIONS, took_ms;
        int patience_ms = p->is_patient ? 5000 : rand_r(&p->seed) % 2;
        apr_time_t start = apr_time_now();
        store_connection *c = NULL;

        apr_pool_clear(scratch);
        take(&c, org_id, patience_ms, p->s, scratch);
        took_ms = (int)apr_time_as_msec(apr_time_now() - start);
        p->longest_ms = took_ms > p->longest_ms ? took_ms : p->longest_ms;
        p->got += c != NULL;
        p->missed += c == NULL;
        if (c != NULL) {
            hold(c, org_id, p);
            store_connection_give(c, p->s);
        }
    }
    apr_pool_destroy(scratch);
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* Every second thread gives up at once, so that a connection often comes in the
 * moment in which nobody wants it any more. */
static void crowd(void)
{
    store *s = pool_of(POOL);
    player players[THREADS] = { { 0 } };
    int i, missed = 0, longest_ms = 0, impatient = 0;
    apr_status_t rv;

    for (i = 0; i < THREADS; i++) {
        players[i].s = s;
        players[i].seed = (unsigned)i;
        players[i].is_patient = i % 2;
        apr_thread_create(&players[i].thread, NULL, play, &players[i], pool);
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, players[i].thread);
        if (players[i].is_patient) {
            missed += players[i].missed;
            longest_ms = players[i].longest_ms > longest_ms
                             ? players[i].longest_ms
                             : longest_ms;
        }
        else {
            impatient += players[i].missed;
        }
    }
    is_int(shared, 0, "no connection is with two threads");
    is_int(unjust, 0, "no organization ever holds all but a quarter and more");
    is_int(missed, 0, "whoever has time gets a connection");
    if (!ok(longest_ms < 2000, "... soon")) {
        printf("# %d ms\n", longest_ms);
    }
    ok(impatient > 0, "some gave up");
    is_int(waiting(s), 0, "nobody is left in the queue");
    is_int(busy(s), 0, "and no place in the pool is lost");
}

int main(void)
{
    apr_initialize();
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    shares();
    order();
    share_of_waiters();
    fewest_first();
    nobody_for_ever();
    outage();
    outage_with_queue();
    end_of_pause();
    no_time();
    broken_and_dead();
    crowd();
    apr_pool_destroy(pool);
    is_int(open_now, 0, "the end of the child closes every connection");
    return done();
}
