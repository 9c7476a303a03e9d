#include "store/connection.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "store/connect.h"

/* After a failed connect nobody tries for so long: a queue of requests must
 * not become a queue of timeouts. */
#define PAUSE apr_time_from_sec(1)
#define RETRY_AFTER_S 5

/* By how much an answer may be later than the request's deadline. */
#define GRACE apr_time_from_msec(500)

/* So much longer would wait who had the whole pool than who has nothing of it.
 * Small beside the time that a request waits, or one connection that is slow
 * would keep the others of its organization waiting for ever. */
#define HANDICAP apr_time_from_msec(500)

typedef enum { SLOT_EMPTY, SLOT_IDLE, SLOT_BUSY } slot_state;

typedef struct slot {
    slot_state state;
    store_connection *connection; /* NULL while it is being made */
    apr_int64_t org_id;           /* of BUSY: who holds it */
    int stale;                    /* of BUSY: no good for the next one */
    apr_time_t since;             /* of IDLE: when it came back */
} slot;

/* A request that waits: each has a condition of its own, so that a connection
 * that comes back wakes one thread, and the one whose turn it is. They are kept
 * for the next ones that wait, so that a signal may come when its waiter has
 * gone already. */
typedef struct waiter {
    apr_thread_cond_t *given;
    apr_int64_t org_id;
    apr_time_t since;
    slot *slot;  /* out */
    int refused; /* out: there is nothing to wait for */
    struct waiter *next;
} waiter;

/* Who is to be signalled after the mutex: a thread that wakes up for it would
 * only fall asleep at the mutex again. */
#define WOKEN 16

typedef struct wake_up {
    waiter *who[WOKEN];
    int count;
} wake_up;

struct store {
    store_settings settings;
    apr_pool_t *pool;
    apr_thread_mutex_t *mutex; /* for all that follows */
    slot *slots;
    waiter *first, *last;
    waiter *spare; /* waiters of nobody */
    int waiting;
    int connecting;          /* one thread connects at a time */
    apr_time_t paused_until; /* after a failed connect */
    char trouble[256];       /* why that one failed */
    int logged_tls;
};

const store_settings *store_settings_of(const store *s)
{
    return &s->settings;
}

/* libpq's messages have several lines, and the log's have one. */
static char *as_one_line(char *text)
{
    size_t len = strlen(text);
    char *p;

    while (len > 0 && text[len - 1] == '\n') {
        text[--len] = '\0';
    }
    for (p = text; *p != '\0'; p++) {
        if (*p == '\n' || *p == '\t') {
            *p = ' ';
        }
    }
    return text;
}

scim_error *store_unavailable(apr_pool_t *pool, const char *format, ...)
{
    scim_error *err = scim_error_make(
        SCIM_UNAVAILABLE, pool,
        "The service cannot reach its database right now; try again later.");
    va_list args;

    va_start(args, format);
    err->cause = as_one_line(apr_pvsprintf(pool, format, args));
    va_end(args);
    err->retry_after_s = RETRY_AFTER_S;
    return err;
}

/* ----------------------------------------------------------------- opening */

static apr_status_t close_all(void *data)
{
    store *s = data;
    int i;

    for (i = 0; i < s->settings.pool_size; i++) {
        if (s->slots[i].connection != NULL) {
            apr_pool_destroy(s->slots[i].connection->pool);
            s->slots[i].connection = NULL;
        }
    }
    return APR_SUCCESS;
}

apr_status_t store_open(store **out, const store_settings *settings,
                        apr_pool_t *pool)
{
    store *s = apr_pcalloc(pool, sizeof(*s));
    apr_status_t rv;

    s->settings = *settings;
    s->settings.conninfo = apr_pstrdup(pool, settings->conninfo);
    s->settings.password = settings->password != NULL
                               ? apr_pstrdup(pool, settings->password)
                               : NULL;
    s->slots = apr_pcalloc(pool, sizeof(slot)
                                     * (apr_size_t)settings->pool_size);
    rv = apr_pool_create(&s->pool, pool);
    if (rv == APR_SUCCESS) {
        rv = apr_thread_mutex_create(&s->mutex, APR_THREAD_MUTEX_DEFAULT,
                                     s->pool);
    }
    if (rv == APR_SUCCESS) {
        apr_pool_cleanup_register(s->pool, s, close_all,
                                  apr_pool_cleanup_null);
        *out = s;
    }
    return rv;
}

void store_usage_get(store_usage *out, store *s)
{
    int i;

    memset(out, 0, sizeof(*out));
    apr_thread_mutex_lock(s->mutex);
    for (i = 0; i < s->settings.pool_size; i++) {
        out->open += s->slots[i].state != SLOT_EMPTY;
        out->busy += s->slots[i].state == SLOT_BUSY;
    }
    out->waiting = s->waiting;
    apr_thread_mutex_unlock(s->mutex);
}

/* ------------------------------------------------------------- the pool */

/* Whose share a request takes from: its organization's, of which the slug is
 * known first, in identity providers' requests as in the admin API's (FNV-1a).
 */
static apr_int64_t share_of(const store_caller *caller)
{
    apr_uint64_t hash = APR_UINT64_C(14695981039346656037);
    const char *p;

    if (caller->slug == NULL) {
        return caller->org_id;
    }
    for (p = caller->slug; *p != '\0'; p++) {
        hash = (hash ^ (unsigned char)*p) * APR_UINT64_C(1099511628211);
    }
    return (apr_int64_t)hash;
}

static int held_by(apr_int64_t org_id, const store *s)
{
    int i, held = 0;

    for (i = 0; i < s->settings.pool_size; i++) {
        held += s->slots[i].state == SLOT_BUSY
                && s->slots[i].org_id == org_id;
    }
    return held;
}

/* A quarter, at least one, is left to others, who come at any time. */
static int most_of_one(const store *s)
{
    int size = s->settings.pool_size;

    return size == 1 ? 1 : size - (size + 3) / 4;
}

/* The one that came back last, so that the others may grow cold; else an empty
 * place; NULL: neither, or somebody else is connecting. */
static slot *find_slot(store *s)
{
    slot *best = NULL, *empty = NULL;
    int i;

    for (i = 0; i < s->settings.pool_size; i++) {
        slot *at = &s->slots[i];

        if (at->state == SLOT_IDLE
            && (best == NULL || at->since > best->since)) {
            best = at;
        }
        if (at->state == SLOT_EMPTY && empty == NULL) {
            empty = at;
        }
    }
    return best != NULL ? best : s->connecting ? NULL : empty;
}

static int any_open(const store *s)
{
    int i;

    for (i = 0; i < s->settings.pool_size; i++) {
        if (s->slots[i].state != SLOT_EMPTY) {
            return 1;
        }
    }
    return 0;
}

typedef enum { RESERVED, WAIT, REFUSED } reservation;

/* With the mutex held: marks a slot busy, if there is one for the organization
 * now. REFUSED: PostgreSQL was away a moment ago, and no connection is open
 * that could come back. */
static reservation try_reserve(slot **out, apr_int64_t org_id, store *s)
{
    slot *found = held_by(org_id, s) < most_of_one(s) ? find_slot(s) : NULL;

    if (found != NULL && found->state == SLOT_EMPTY
        && apr_time_now() < s->paused_until) {
        return any_open(s) ? WAIT : REFUSED;
    }
    if (found == NULL) {
        return WAIT;
    }
    s->connecting |= found->state == SLOT_EMPTY;
    found->state = SLOT_BUSY;
    found->org_id = org_id;
    found->stale = 0;
    *out = found;
    return RESERVED;
}

/* With the mutex held. */
static void leave_queue(waiter *leaving, store *s)
{
    waiter **link = &s->first, *at, *last = NULL;

    while ((at = *link) != NULL) {
        if (at == leaving) {
            *link = at->next;
            continue;
        }
        last = at;
        link = &at->next;
    }
    s->last = last;
}

/* With the mutex held: of those whose organizations do not hold all that one
 * may, who waits longest, for each connection that they hold counted later; or
 * NULL. */
static waiter *next_waiter(const store *s)
{
    waiter *at, *next = NULL;
    apr_time_t first = 0;

    for (at = s->first; at != NULL; at = at->next) {
        int held = held_by(at->org_id, s);
        apr_time_t turn = at->since + HANDICAP * held / s->settings.pool_size;

        if (held < most_of_one(s) && (next == NULL || turn < first)) {
            first = turn;
            next = at;
        }
    }
    return next;
}

/* With the mutex held, after something became free. */
static void serve_waiters(wake_up *out, store *s)
{
    waiter *next;

    while (find_slot(s) != NULL && (next = next_waiter(s)) != NULL) {
        reservation got = try_reserve(&next->slot, next->org_id, s);

        if (got == WAIT) { /* for the end of a pause */
            break;
        }
        next->refused = got == REFUSED;
        leave_queue(next, s);
        if (out->count == WOKEN) {
            apr_thread_cond_signal(next->given);
        }
        else {
            out->who[out->count++] = next;
        }
    }
}

static void unlock_and_wake(const wake_up *woken, store *s)
{
    int i;

    apr_thread_mutex_unlock(s->mutex);
    for (i = 0; i < woken->count; i++) {
        apr_thread_cond_signal(woken->who[i]->given);
    }
}

/* With the mutex held: the end of a pause wakes nobody, so whoever waits for a
 * connection looks again by itself. */
static void wait_a_while(waiter *self, apr_time_t now, apr_time_t deadline,
                         store *s)
{
    int in_pause = now < s->paused_until && s->paused_until < deadline;
    apr_time_t until = in_pause ? s->paused_until : deadline;

    apr_thread_cond_timedwait(self->given, s->mutex, until - now);
    if (in_pause && apr_time_now() >= until) {
        wake_up woken = { .count = WOKEN }; /* the mutex stays ours */

        serve_waiters(&woken, s);
    }
}

/* With the mutex held; NULL: there is no memory for one more. */
static waiter *take_waiter(apr_int64_t org_id, store *s)
{
    waiter *self = s->spare;
    apr_thread_cond_t *given = NULL;

    if (self == NULL) {
        if (apr_thread_cond_create(&given, s->pool) != APR_SUCCESS) {
            return NULL;
        }
        self = apr_palloc(s->pool, sizeof(*self));
    }
    else {
        s->spare = self->next;
        given = self->given;
    }
    *self = (waiter){ .given = given,
                      .org_id = org_id,
                      .since = apr_time_now() };
    return self;
}

static scim_error *not_tried(const store *s, apr_pool_t *pool)
{
    return store_unavailable(pool, "not tried again yet: %s", s->trouble);
}

/* With the mutex held. */
static scim_error *outcome_of(slot **out, waiter *self, store *s,
                              apr_pool_t *pool)
{
    if (self->slot != NULL) {
        *out = self->slot;
        return NULL;
    }
    if (self->refused) {
        return not_tried(s, pool);
    }
    leave_queue(self, s);
    return store_unavailable(pool, "no connection became free in time");
}

/* With the mutex held: waits in the queue until the deadline. */
static scim_error *queue_up(slot **out, apr_int64_t org_id,
                            apr_time_t deadline, store *s, apr_pool_t *pool)
{
    waiter *self = take_waiter(org_id, s);
    scim_error *err;
    apr_time_t now;

    if (self == NULL) {
        return store_unavailable(pool, "no condition variable");
    }
    *(s->last != NULL ? &s->last->next : &s->first) = self;
    s->last = self;
    s->waiting++;
    while (self->slot == NULL && !self->refused
           && (now = apr_time_now()) < deadline) {
        wait_a_while(self, now, deadline, s);
    }
    s->waiting--;
    err = outcome_of(out, self, s, pool);
    self->next = s->spare;
    s->spare = self;
    return err;
}

/* Waits for a slot and marks it busy. */
static scim_error *reserve(slot **out, apr_int64_t org_id,
                           apr_time_t deadline, store *s, apr_pool_t *pool)
{
    scim_error *err = NULL;

    apr_thread_mutex_lock(s->mutex);
    switch (try_reserve(out, org_id, s)) {
    case RESERVED:
        break;
    case REFUSED:
        err = not_tried(s, pool);
        break;
    case WAIT:
        err = queue_up(out, org_id, deadline, s, pool);
        break;
    }
    apr_thread_mutex_unlock(s->mutex);
    return err;
}

static void log_tls_once(store *s, store_connection *c)
{
    if (!s->logged_tls && s->settings.log != NULL) {
        s->logged_tls = 1;
        s->settings.log(s->settings.log_context, STORE_LOG_INFO,
                        PQsslInUse(c->pg)
                            ? "connected to PostgreSQL with TLS"
                            : "connected to PostgreSQL without TLS");
    }
}

/* With the mutex held. Who waits must know when to look again. */
static void begin_pause(const char *trouble, store *s)
{
    waiter *at;

    s->paused_until = apr_time_now() + PAUSE;
    apr_cpystrn(s->trouble, trouble, sizeof(s->trouble));
    for (at = s->first; at != NULL; at = at->next) {
        apr_thread_cond_signal(at->given);
    }
}

/* libpq counts the time for a connect in seconds, and nothing stops it. */
static int has_time_to_connect(apr_time_t deadline, const store *s)
{
    return deadline - apr_time_now() + GRACE
           >= apr_time_from_sec(s->settings.connect_timeout_s);
}

/* Connects for a reserved, empty slot, outside the mutex. */
static scim_error *fill(slot *at, apr_time_t deadline, store *s,
                        apr_pool_t *pool)
{
    store_connection *made = NULL;
    wake_up woken = { .count = 0 };
    int tries = has_time_to_connect(deadline, s);
    scim_error *err = tries ? store_connect(&made, &s->settings, deadline, pool)
                            : store_unavailable(pool,
                                                "no time left to connect");

    apr_thread_mutex_lock(s->mutex);
    s->connecting = 0;
    at->connection = made;
    if (err != NULL) {
        at->state = SLOT_EMPTY;
    }
    if (err != NULL && tries) {
        begin_pause(err->cause, s);
    }
    if (err == NULL) {
        log_tls_once(s, made);
    }
    serve_waiters(&woken, s);
    unlock_and_wake(&woken, s);
    return err;
}

static void empty(slot *at, store *s)
{
    store_connection *c = at->connection;
    wake_up woken = { .count = 0 };

    apr_thread_mutex_lock(s->mutex);
    at->connection = NULL;
    at->state = SLOT_EMPTY;
    serve_waiters(&woken, s);
    unlock_and_wake(&woken, s);
    apr_pool_destroy(c->pool);
}

scim_error *store_connection_take(store_connection **out,
                                  const store_caller *caller, store *s,
                                  apr_pool_t *pool)
{
    apr_time_t deadline
        = apr_time_now() + apr_time_from_msec(s->settings.wait_ms);
    slot *at = NULL;
    scim_error *err;

    if (caller->deadline < deadline) {
        deadline = caller->deadline;
    }
    for (;;) {
        err = reserve(&at, share_of(caller), deadline, s, pool);
        if (err == NULL && at->connection == NULL) {
            err = fill(at, caller->deadline, s, pool);
        }
        else if (err == NULL && store_connection_is_dead(at->connection)) {
            empty(at, s);
            continue;
        }
        if (err == NULL) {
            *out = at->connection;
            (*out)->used = 0;
        }
        return err;
    }
}

/* With the mutex held: what is idle has met the server that broke a connection,
 * and what is in use has, too: whoever tries again must not be given one after
 * the other. */
static void collect_met(apr_array_header_t *dead, store *s)
{
    int i;

    for (i = 0; i < s->settings.pool_size; i++) {
        slot *at = &s->slots[i];

        if (at->state == SLOT_IDLE) {
            APR_ARRAY_PUSH(dead, store_connection *) = at->connection;
            at->connection = NULL;
            at->state = SLOT_EMPTY;
        }
        at->stale = at->state == SLOT_BUSY;
    }
}

void store_connection_give(store_connection *c, store *s)
{
    apr_array_header_t *dead = NULL;
    int i, broken = c->broken; /* a good one is another's after the unlock */
    wake_up woken = { .count = 0 };

    if (broken && c->gone) {
        dead = apr_array_make(c->pool, 4, sizeof(store_connection *));
    }
    apr_thread_mutex_lock(s->mutex);
    for (i = 0; s->slots[i].connection != c; i++) {
    }
    if (dead != NULL) {
        collect_met(dead, s);
    }
    broken |= s->slots[i].stale;
    if (broken) {
        s->slots[i].connection = NULL;
    }
    s->slots[i].state = broken ? SLOT_EMPTY : SLOT_IDLE;
    s->slots[i].since = apr_time_now();
    serve_waiters(&woken, s);
    unlock_and_wake(&woken, s);
    if (!broken) {
        return;
    }
    for (i = 0; dead != NULL && i < dead->nelts; i++) {
        apr_pool_destroy(APR_ARRAY_IDX(dead, i, store_connection *)->pool);
    }
    apr_pool_destroy(c->pool);
}
