/* Whom an organization wants told of its hints, and what they were told. */
#include "core/json.h"
#include "store/admin_connection.h"

/* clang-format off */
/* Of an organization that has never set one, too. */
#define SETTINGS \
    "select jsonb_build_object('addresses'," \
    "  coalesce(to_jsonb(s.addresses), '[]')," \
    " 'silent_hours', coalesce(s.silent_hours, 48)," \
    " 'inactive_days', coalesce(s.inactive_days, 90)," \
    " 'version', coalesce(s.version, 0)) from scim.organizations o" \
    " left join scim.alert_settings s on s.org_id = o.org_id" \
    " where o.org_id = $1"

/* Only what somebody has to do something about. One row for each that is to be
 * told; the first of several that tell the same. */
#define WANTED \
    "with wanted as materialized (" \
    "  select distinct on (h.v ->> 'code', coalesce(h.v ->> 'subject', '')," \
    "         h.v ->> 'severity') h.n, h.v, h.v ->> 'code' as code," \
    "         coalesce(h.v ->> 'subject', '') as subject," \
    "         h.v ->> 'severity' as severity" \
    "    from jsonb_array_elements($2::jsonb) with ordinality h(v, n)" \
    "   where h.v ->> 'severity' in ('error', 'warning')" \
    "   order by 3, 4, 5, h.n)"

#define SAME \
    "a.org_id = $1 and a.code = w.code and a.subject = w.subject" \
    " and a.severity = w.severity"
/* clang-format on */

scim_error *store_alert_get(json_t **out, store_admin *a, apr_pool_t *pool)
{
    return store_admin_json(out, a, SETTINGS, 0, NULL, pool);
}

/* All of them, as they are to be. */
static scim_error *write_settings(const json_t *settings, store_admin *a,
                                  apr_pool_t *pool)
{
    const char *values[] = {
        store_admin_member(settings, "addresses", pool),
        store_admin_member(settings, "silent_hours", pool),
        store_admin_member(settings, "inactive_days", pool),
    };

    return store_admin_ask(
        NULL, a,
        "insert into scim.alert_settings as s"
        "  (org_id, addresses, silent_hours, inactive_days)"
        " select $1, array(select jsonb_array_elements_text($2::jsonb)),"
        "  $3::int, $4::int"
        " on conflict (org_id) do update set addresses = excluded.addresses,"
        "  silent_hours = excluded.silent_hours,"
        "  inactive_days = excluded.inactive_days, version = s.version + 1",
        3, values, pool);
}

scim_error *store_alert_change(json_t **out, const json_t *given,
                               const char *version, store_admin *a,
                               apr_pool_t *pool)
{
    json_t *before, *settings;
    scim_error *err = store_alert_get(&before, a, pool);

    if (err == NULL) {
        err = store_admin_match(before, version, pool);
    }
    if (err != NULL) {
        return err;
    }
    settings = scim_json_adopt(json_copy(before), pool);
    json_object_update(settings, (json_t *)given);
    if (json_equal(settings, before)) {
        *out = before;
        return NULL;
    }
    err = write_settings(settings, a, pool);
    if (err == NULL) {
        err = store_alert_get(out, a, pool);
    }
    return err != NULL ? err
                       : store_admin_note("alert.change", NULL, before, *out,
                                          a, pool);
}

scim_error *store_alert_list(json_t **out, store_slice *slice, store_admin *a,
                             apr_pool_t *pool)
{
    return store_admin_slice(
        out, slice, a,
        "select jsonb_build_object('code', x.code, 'severity', x.severity,"
        " 'subject', nullif(x.subject, ''),"
        " 'began', " STORE_ADMIN_TIME("x.began") ","
        " 'mailed', " STORE_ADMIN_TIME("x.mailed") ","
        " 'handed', " STORE_ADMIN_TIME("x.handed") "), x.key"
        " from (select a.*, a.code || ' ' || a.severity || ' ' || a.subject"
        "    as key from scim.alerts a where a.org_id = $1) x"
        " where $2::text is null or x.key > $2 order by x.key limit $3::int",
        0, NULL, pool);
}

/* 546386 is a number of our own, for advisory locks. */
scim_error *store_alert_begin(int *ours, store_admin *a, apr_pool_t *pool)
{
    PGresult *row;
    scim_error *err = store_admin_ask(
        &row, a, "select pg_try_advisory_xact_lock(546386, $1)", 0, NULL,
        pool);

    if (err == NULL) {
        *ours = store_admin_is_true(row, 0, 0);
        err = store_admin_ask(NULL, a, "select scim.brake_settle($1)", 0, NULL,
                              pool);
    }
    return err;
}

scim_error *store_alert_sync(json_t **out, const json_t *hints, store_admin *a,
                             apr_pool_t *pool)
{
    const char *text = scim_json_dump(hints, NULL, pool);
    scim_error *err = store_admin_ask(
        NULL, a,
        WANTED ", ended as (delete from scim.alerts a where a.org_id = $1"
        "   and not exists (select from wanted w where " SAME "))"
        " insert into scim.alerts as a (org_id, code, subject, severity)"
        " select $1, w.code, w.subject, w.severity from wanted w"
        " on conflict do nothing",
        1, &text, pool);

    return err != NULL
               ? err
               : store_admin_json(
                     out, a,
                     WANTED " select coalesce(jsonb_agg(w.v"
                     " || jsonb_build_object("
                     "  'began', " STORE_ADMIN_TIME("a.began") ","
                     "  'mailed', a.mailed is not null,"
                     "  'handed', a.handed is not null) order by w.n), '[]')"
                     " from wanted w join scim.alerts a on " SAME,
                     1, &text, pool);
}

scim_error *store_alert_mailed(const json_t *told, store_admin *a,
                               apr_pool_t *pool)
{
    scim_error *err = store_admin_ask(
        NULL, a,
        "update scim.alerts set mailed = now()"
        " where org_id = $1 and mailed is null",
        0, NULL, pool);

    return err != NULL ? err
                       : store_admin_note("alert.mail", NULL, NULL, told, a,
                                          pool);
}

scim_error *store_alert_handed(const json_t *told, store_admin *a,
                               apr_pool_t *pool)
{
    scim_error *err = store_admin_ask(
        NULL, a,
        "update scim.alerts set handed = now()"
        " where org_id = $1 and handed is null",
        0, NULL, pool);

    return err != NULL ? err
                       : store_admin_note("alert.program", NULL, NULL, told, a,
                                          pool);
}
