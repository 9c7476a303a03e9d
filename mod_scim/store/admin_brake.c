/* The owner's side of the brake on mass deprovisioning. */
#include "store/admin_connection.h"

/* clang-format off */
#define IS_ENGAGED "coalesce(b.until > now(), false)"

/* Of an organization that has never set one, too. */
#define BRAKE \
    "select jsonb_build_object('on', coalesce(b.enabled, false)," \
    " 'users', b.users, 'percent', b.percent," \
    " 'minutes', coalesce(b.minutes, 60)," \
    " 'groups', coalesce(b.groups, true), 'hours', coalesce(b.hours, 4)," \
    " 'engaged', " IS_ENGAGED "," \
    " 'engaged_at', case when " IS_ENGAGED " then " \
      STORE_ADMIN_TIME("b.engaged") " end," \
    " 'reason', case when " IS_ENGAGED " then b.reason end," \
    " 'until', case when " IS_ENGAGED " then " \
      STORE_ADMIN_TIME("b.until") " end," \
    " 'open_until', case when not " IS_ENGAGED " and e.open > now() then " \
      STORE_ADMIN_TIME("e.open") " end," \
    " 'removed', case when b.enabled then (select coalesce(sum(c.users), 0)" \
    "   from scim.brake_counts c where c.org_id = $1" \
    "    and c.slot >= scim.brake_slot(b, now()) - 60) else 0 end," \
    " 'limit', case when b.based is not null or b.percent is null" \
    "   then scim.brake_limit(b) end," \
    " 'held', case when " IS_ENGAGED " then (select count(*)" \
    "   from scim.brake_held h where h.org_id = $1" \
    "    and h.let_through is null) else 0 end," \
    " 'version', coalesce(b.version, 0))" \
    " from scim.organizations o" \
    " left join scim.brakes b on b.org_id = o.org_id" \
    " cross join lateral (select coalesce(b.until" \
    "   + b.hours * interval '1 hour', b.open_until) as open) e" \
    " where o.org_id = $1"

#define HELD \
    "jsonb_build_object('id', h.id, 'type', h.resource_type," \
    " 'name', coalesce(u.body::jsonb ->> 'userName', g.name)," \
    " 'active', u.active, 'action', h.asked," \
    " 'app_id', h.app_id, 'app', p.name," \
    " 'since', " STORE_ADMIN_TIME("h.since") "," \
    " 'last', " STORE_ADMIN_TIME("h.last") ", 'times', h.times)"

/* Those of an engaged brake: when it is released, nothing is held. */
#define HELD_ROWS \
    " join scim.brakes b on b.org_id = h.org_id and b.until > now()" \
    " left join scim.users u on u.org_id = h.org_id and u.id = h.id" \
    " left join scim.groups g on g.org_id = h.org_id and g.id = h.id" \
    " left join scim.apps p on p.org_id = h.org_id and p.app_id = h.app_id" \
    " where h.org_id = $1 and h.let_through is null"
/* clang-format on */

scim_error *store_brake_get(json_t **out, store_admin *a, apr_pool_t *pool)
{
    return store_admin_json(out, a, BRAKE, 0, NULL, pool);
}

/* One that should have released itself, has. */
static scim_error *settle(store_admin *a, apr_pool_t *pool)
{
    return store_admin_ask(NULL, a, "select scim.brake_settle($1)", 0, NULL,
                           pool);
}

/* Gives how many were held; NULL: it was not engaged. */
static scim_error *release(const char **held, store_admin *a, apr_pool_t *pool)
{
    const char *values[] = { a->actor->realm != NULL ? "account" : "scimctl",
                             a->actor->name, a->actor->request_id,
                             a->actor->address };
    PGresult *row;
    scim_error *err = store_admin_ask(
        &row, a,
        "select scim.brake_release($1, row($2::text, $3::text, null, null,"
        " $4::text, $5::text)::scim.origin)",
        4, values, pool);

    if (err == NULL) {
        *held = store_admin_text(row, 0, 0, pool);
    }
    return err;
}

static int is_given(const json_t *given, const char *name)
{
    return json_object_get(given, name) != NULL;
}

/* A member that is null takes a limit away, one that is not there leaves it. */
static scim_error *update(const json_t *given, store_admin *a,
                          apr_pool_t *pool)
{
    const char *values[] = {
        store_admin_member(given, "on", pool),
        store_admin_member(given, "users", pool),
        store_admin_member(given, "percent", pool),
        store_admin_member(given, "minutes", pool),
        store_admin_member(given, "groups", pool),
        store_admin_member(given, "hours", pool),
        is_given(given, "users") ? "true" : "false",
        is_given(given, "percent") ? "true" : "false",
    };

    return store_admin_ask(
        NULL, a,
        "update scim.brakes b set enabled = coalesce($2::boolean, b.enabled),"
        " users = case when $8::boolean then $3::int else b.users end,"
        " percent = case when $9::boolean then $4::int else b.percent end,"
        " minutes = coalesce($5::int, b.minutes),"
        " groups = coalesce($6::boolean, b.groups),"
        " hours = coalesce($7::int, b.hours),"
        " base = case when b.until is not null then b.base end,"
        " based = case when b.until is not null then b.based end,"
        " version = b.version + 1"
        " where b.org_id = $1",
        8, values, pool);
}

/* Slots of another length are not those that were counted. */
static scim_error *forget_counts(store_admin *a, apr_pool_t *pool)
{
    scim_error *err = store_admin_ask(
        NULL, a, "delete from scim.brake_removals where org_id = $1", 0, NULL,
        pool);

    return err != NULL ? err
                       : store_admin_ask(
                             NULL, a,
                             "delete from scim.brake_counts where org_id = $1",
                             0, NULL, pool);
}

static int differs(const json_t *a, const json_t *b, const char *name)
{
    return !json_equal(json_object_get(a, name), json_object_get(b, name));
}

static int is_on(const json_t *brake)
{
    return json_is_true(json_object_get(brake, "on"));
}

static scim_error *check(const json_t *brake, apr_pool_t *pool)
{
    scim_error *err;

    if (!is_on(brake) || json_is_integer(json_object_get(brake, "users"))
        || json_is_integer(json_object_get(brake, "percent"))
        || json_is_true(json_object_get(brake, "groups"))) {
        return NULL;
    }
    err = scim_error_make(SCIM_INVALID_VALUE, pool,
                          "The brake needs something to go by: \"users\", "
                          "\"percent\" or \"groups\".");
    err->field = "users";
    return err;
}

/* After the settings were written; one that is off holds nobody. */
static scim_error *finish(json_t **out, const json_t *before, store_admin *a,
                          apr_pool_t *pool)
{
    const char *held;
    scim_error *err = store_brake_get(out, a, pool);

    if (err == NULL) {
        err = check(*out, pool);
    }
    if (err == NULL && is_on(before) && !is_on(*out)) {
        err = release(&held, a, pool);
    }
    if (err == NULL
        && (differs(before, *out, "minutes") || differs(before, *out, "on"))) {
        err = forget_counts(a, pool);
    }
    if (err == NULL) {
        err = store_brake_get(out, a, pool);
    }
    return err;
}

static int is_change(const json_t *given, const json_t *before)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)given, name, value) {
        if (!json_equal(value, json_object_get(before, name))) {
            return 1;
        }
    }
    return 0;
}

scim_error *store_brake_change(json_t **out, const json_t *given,
                               const char *version, store_admin *a,
                               apr_pool_t *pool)
{
    json_t *before;
    scim_error *err = store_admin_ask(
        NULL, a,
        "insert into scim.brakes(org_id, version) values ($1, 0)"
        " on conflict do nothing",
        0, NULL, pool);

    if (err == NULL) {
        err = settle(a, pool);
    }
    if (err == NULL) {
        err = store_brake_get(&before, a, pool);
    }
    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err == NULL && !is_change(given, before)) {
        *out = before;
        return NULL;
    }
    if (err == NULL) {
        err = update(given, a, pool);
    }
    if (err == NULL) {
        err = finish(out, before, a, pool);
    }
    return err != NULL ? err
                       : store_admin_note("brake.change", NULL, before, *out,
                                          a, pool);
}

scim_error *store_brake_release(json_t **out, store_admin *a, apr_pool_t *pool)
{
    const char *held = NULL;
    scim_error *err = settle(a, pool);

    if (err == NULL) {
        err = release(&held, a, pool);
    }
    if (err == NULL && held == NULL) {
        err = scim_error_make(SCIM_CONFLICT, pool,
                              "The brake is not engaged: nothing is held.");
    }
    return err != NULL ? err : store_brake_get(out, a, pool);
}

scim_error *store_brake_held_list(json_t **out, store_slice *slice,
                                  store_admin *a, apr_pool_t *pool)
{
    return store_admin_slice(
        out, slice, a,
        "select " HELD ", h.id from scim.brake_held h" HELD_ROWS
        " and ($2::text is null or h.id::text > $2)"
        " order by h.id limit $3::int",
        0, NULL, pool);
}

scim_error *store_brake_let_through(json_t **out, const char *id,
                                    store_admin *a, apr_pool_t *pool)
{
    scim_error *err = settle(a, pool);

    if (err == NULL) {
        err = store_admin_json(out, a,
                               "select " HELD " from scim.brake_held h"
                               HELD_ROWS " and h.id = $2::uuid",
                               1, &id, pool);
    }
    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The brake does not hold %s.", id);
    }
    if (err == NULL) {
        err = store_admin_ask(NULL, a,
                              "update scim.brake_held set let_through = now()"
                              " where org_id = $1 and id = $2::uuid",
                              1, &id, pool);
    }
    return err != NULL ? err
                       : store_admin_note("brake.let-through",
                                          store_admin_member(*out, "name",
                                                             pool),
                                          NULL, *out, a, pool);
}
