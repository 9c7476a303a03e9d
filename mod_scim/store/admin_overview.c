/* How an organization is: its set-up, its health, and what an owner should
 * know. Each question is bounded: by an index, a day, or a sample. */
#include "store/admin_connection.h"

/* clang-format off */
#define LIVE_TOKENS \
    " from scim.tokens t where t.org_id = $1 and t.revoked is null" \
    "  and (t.expires is null or t.expires > now()) and not t.test"

#define LIVE_APPS \
    " from scim.apps p where p.org_id = $1 and p.uninstalled is null"

#define STEP(code, title, done) \
    "jsonb_build_object('code', '" code "', 'title', '" title "'," \
    " 'done', " done ")"

#define IS_UNMAPPED \
    " not exists (select from scim.group_mappings m" \
    "  where m.org_id = $1 and m.group_id = g.id)"

/* What tokens did in the last days, by minute and cause, status 0 what was
 * done: as it was counted (0007-owners-reads.sql), and of the rows since then,
 * behind ($2, $3), those that are the newest. */
#define RECENT_MAX "20000"
#define COUNTS \
    "with recent as materialized (select * from (" \
    "   select j.at, j.app_id, j.status, j.action, j.scim_type," \
    "    j.actor_kind, j.part from scim.journal j where j.org_id = $1" \
    "     and j.at >= $2::timestamptz" \
    "     and (j.at, j.seq) > ($2::timestamptz, $3::bigint)" \
    "    order by j.at desc, j.seq desc limit " RECENT_MAX ") j" \
    "  where j.actor_kind = 'token' and j.part = 0" \
    "   and j.status is not null)," \
    " counts as materialized (" \
    "  select n.minute, n.app_id, n.status, n.action, n.scim_type, n.rows," \
    "    n.at from scim.journal_counts n where n.org_id = $1" \
    "     and n.minute > now() - interval '73 hours'" \
    "  union all select date_trunc('minute', r.at), coalesce(r.app_id, 0)," \
    "    case when r.status < 400 then 0 else r.status end," \
    "    case when r.status < 400 then '' else r.action end," \
    "    case when r.status < 400 then '' else coalesce(r.scim_type, '') end," \
    "    count(*), max(r.at) from recent r group by 1, 2, 3, 4, 5)"

/* The last day by hour, the oldest first, hours without a row as well. */
#define HOURS \
    "(select jsonb_agg(jsonb_build_object('hour', " STORE_ADMIN_TIME("h.hour") \
    ",  'done', coalesce(c.done, 0), 'failed', coalesce(c.failed, 0))" \
    "  order by h.hour)" \
    "  from generate_series(date_trunc('hour', now()) - interval '23 hours'," \
    "    date_trunc('hour', now()), interval '1 hour') h(hour)" \
    "  left join (select date_trunc('hour', n.minute) as hour," \
    "     sum(n.rows) filter (where n.status = 0) as done," \
    "     sum(n.rows) filter (where n.status > 0) as failed" \
    "    from counts n group by 1) c on c.hour = h.hour)"

/* By what was refused and why; the newest detail stands for them all. */
#define CAUSES(most) \
    "(select n.action, n.status, nullif(n.scim_type, '') as scim_type," \
    "   sum(n.rows) as count, (select j.detail from scim.journal j" \
    "     where j.org_id = $1 and j.at = max(n.at) and j.status = n.status" \
    "      and j.action = n.action" \
    "      and coalesce(j.scim_type, '') = n.scim_type limit 1) as detail" \
    "  from counts n where n.status > 0" \
    "   and n.minute > now() - interval '24 hours'" \
    "  group by n.action, n.status, n.scim_type" \
    "  order by sum(n.rows) desc, n.action, n.status limit " most ")"

#define FAILURES \
    "(select coalesce(jsonb_agg(to_jsonb(f) order by f.count desc), '[]')" \
    "  from " CAUSES("10") " f)"

/* Of a time that nobody has counted, too. */
#define LAST_WRITE \
    "coalesce((select max(n.at) from counts n where n.status = 0)," \
    "  (select k.last_write from scim.journal_counted k where k.org_id = $1))"

static const char overview[] =
    COUNTS " select jsonb_build_object("
    " 'steps', jsonb_build_array("
    STEP("enable", "Enable SCIM", "o.scim_on") ","
    STEP("install", "Install an app", "exists (select" LIVE_APPS ")") ","
    STEP("paste", "Paste tenant URL and secret token into the provider",
         "c.last_contact is not null") ","
    STEP("contact", "First contact: Test Connection",
         "c.last_contact is not null") ","
    STEP("user", "First user",
         "exists (select from scim.users u where u.org_id = $1)") ","
    STEP("map", "Map groups to roles",
         "exists (select from scim.group_mappings m where m.org_id = $1)") "),"
    " 'last_contact', " STORE_ADMIN_TIME("c.last_contact") ","
    " 'last_write', " STORE_ADMIN_TIME(LAST_WRITE) ","
    " 'users', (select jsonb_build_object('active', u.n - i.n, 'inactive', i.n)"
    "   from (select count(*) as n from scim.users u where u.org_id = $1) u,"
    "    (select count(*) as n from scim.users u"
    "      where u.org_id = $1 and not u.active) i),"
    " 'groups', (select count(*) from scim.groups g where g.org_id = $1),"
    " 'unmapped_groups', (select count(*) from scim.groups g"
    "   where g.org_id = $1 and" IS_UNMAPPED "),"
    " 'tokens_expiring', (select count(*)" LIVE_TOKENS
    "   and t.expires < now() + interval '60 days'),"
    " 'failures', " FAILURES ", 'operations', " HOURS ")"
    " from scim.organizations o, (select max(t.last_used) as last_contact"
    "   from scim.tokens t where t.org_id = $1) c"
    " where o.org_id = $1";

/* ------------------------------------------------------------------- hints */

/* The newest users stand for all. */
#define SAMPLE \
    COUNTS ", sample as materialized (" \
    "  select u.app_id, u.external_id, u.user_name, u.active, u.created" \
    "   from scim.users u" \
    "   where u.org_id = $1 order by u.id desc limit 2000)," \
    " apps as materialized (" \
    "  select p.app_id, p.name, p.kind, p.rehearsing," \
    "    (select max(t.last_used) from scim.tokens t where t.org_id = $1" \
    "      and t.app_id = p.app_id) as contact," \
    "    (select max(coalesce(t.expires, 'infinity')) from scim.tokens t" \
    "      where t.org_id = $1 and t.app_id = p.app_id" \
    "       and t.revoked is null and not t.test) as expires" LIVE_APPS ")"

/* Each gives code, severity, subject (an id or NULL), title and detail. */
#define HINT(code, severity, subject, title, detail) \
    " select '" code "', " severity ", " subject "::text, " title ", " detail

static const char hints[] =
    SAMPLE ", hints(code, severity, subject, title, detail) as ("
    HINT("brake_engaged", "'error'", "null",
         "'The brake on mass deprovisioning is on'",
         "'It holds ' || (select count(*) from scim.brake_held h"
         "  where h.org_id = $1 and h.let_through is null)"
         " || ' removals, and releases itself on ' || to_char("
         "b.until at time zone 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC.'")
    "  from scim.brakes b where b.org_id = $1 and b.until > now()"
    " union all"
    HINT("rehearsing", "'info'", "p.app_id", "p.name || ' is rehearsing'",
         "'What its groups are mapped to has no effect yet.'")
    "  from apps p where p.rehearsing"
    " union all"
    HINT("token_expires",
         "case when p.expires < now() + interval '7 days' then 'error'"
         " when p.expires < now() + interval '30 days' then 'warning'"
         " else 'info' end", "p.app_id",
         "'The last token of ' || p.name || case when p.expires < now()"
         " then ' has expired' else ' expires soon' end",
         "'On ' || to_char(p.expires at time zone 'UTC', 'YYYY-MM-DD HH24:MI')"
         " || ' UTC; then the identity provider is refused.'")
    "  from apps p where p.expires < now() + interval '60 days'"
    " union all"
    HINT("no_token", "'error'", "p.app_id",
         "p.name || ' has no token'",
         "'The identity provider cannot connect.'")
    "  from apps p where p.expires is null"
    " union all"
    HINT("token_unused", "'info'", "p.app_id",
         "p.name || ' has tokens that nobody uses'",
         "'Nobody has used those that end with ' || t.ends || ' for 90 days,"
         " and others are used: they may be with somebody who should not have"
         " them any more.'")
    "  from apps p cross join lateral (select string_agg(t.last_four, ', '"
    "     order by t.key_id) as ends" LIVE_TOKENS " and t.app_id = p.app_id"
    "    and coalesce(t.last_used, t.created) < now() - interval '90 days') t"
    "  where t.ends is not null and p.contact > now() - interval '90 days'"
    " union all"
    HINT("never_contacted", "'info'", "p.app_id",
         "p.name || ' has not been contacted yet'",
         "'No request with one of its tokens has come.'")
    "  from apps p where p.expires is not null and p.contact is null"
    " union all"
    HINT("quarantine", "'warning'", "p.app_id",
         "p.name || ' may have been slowed down to once a day'",
         "case when w.busy is not null then 'It came in every hour until '"
         " || to_char(w.busy at time zone 'UTC', 'YYYY-MM-DD HH24:MI')"
         " || ' UTC, and comes about once a day now.'"
         " else f.n || ' requests failed in the day before the last contact,"
         " and none has come for hours.' end")
    "  from apps p left join scim.slowed_apps($1) w on w.app_id = p.app_id"
    "  cross join lateral (select sum(n.rows) as n"
    "    from counts n where n.status > 0 and n.app_id = p.app_id"
    "     and n.minute > p.contact - interval '24 hours'"
    "     and n.minute <= p.contact + interval '1 minute'"
    "     and p.contact between now() - interval '48 hours'"
    "      and now() - interval '6 hours') f"
    "  where w.busy is not null or f.n >= 5"
    " union all"
    HINT("no_contact", "'warning'", "p.app_id",
         "p.name || ' is silent'",
         "'The last request came ' || to_char(p.contact at time zone 'UTC',"
         " 'YYYY-MM-DD HH24:MI') || ' UTC.'")
    "  from apps p where p.contact < now() - $4::int * interval '1 hour'"
    " union all"
    HINT("external_id_changes", "'warning'", "s.app_id",
         "'externalId looks like mailNickname'",
         "s.alike || ' of ' || s.n || ' users have the beginning of their"
         " userName as externalId, which changes when they are renamed.'")
    "  from (select s.app_id, count(*) as n, count(*) filter (where"
    "     split_part(s.user_name, '@', 1) = lower(s.external_id)) as alike"
    "    from sample s where s.external_id is not null group by s.app_id) s"
    "  where s.n >= 5 and s.alike * 2 > s.n"
    " union all"
    HINT("external_id_shared", "'warning'", "s.app_id",
         "'externalId is not unique'",
         "'\"' || s.external_id || '\" belongs to ' || s.n || ' users: the"
         " identity provider may match the wrong one.'")
    "  from (select s.app_id, s.external_id, count(*) as n from sample s"
    "     where s.external_id is not null group by 1, 2"
    "    having count(*) > 1 order by 3 desc limit 5) s"
    " union all"
    HINT("active_never_sent", "'info'", "s.app_id",
         "'active may not be mapped'",
         "'None of ' || s.n || ' users has ever been disabled. Without active,"
         " who is disabled in the identity provider stays active here.'")
    "  from (select s.app_id, count(*) as n, bool_and(s.active) as active,"
    "     min(s.created) as since from sample s group by 1) s"
    "  where s.n >= 10 and s.active and s.since < now() - interval '30 days'"
    " union all"
    HINT("group_names", "'warning'", "min(g.id::text)",
         "'Groups of one name'",
         "count(*) || ' groups are called \"' || min(g.name)"
         " || '\": mappings by name would be ambiguous.'")
    "  from scim.groups g where g.org_id = $1 group by g.display_name"
    "  having count(*) > 1"
    " union all"
    HINT("unmapped_groups", "'info'", "null",
         "case g.n when 1 then 'One group' else g.n || ' groups' end"
         " || ' without a mapping'",
         "'Their members hold nothing by them.'")
    "  from (select count(*) as n from scim.groups g where g.org_id = $1"
    "    and" IS_UNMAPPED ") g where g.n > 0"
    " union all"
    HINT("dormant_mappings", "'warning'", "null",
         "case m.n when 1 then 'A mapping whose group is gone'"
         " else m.n || ' mappings whose groups are gone' end",
         "'They are kept for 90 days, and give nothing.'")
    "  from (select count(*) as n from scim.group_mappings m"
    "    where m.org_id = $1 and not exists (select from scim.groups g"
    "     where g.org_id = $1 and g.id = m.group_id)) m where m.n > 0"
    " union all"
    HINT("failures", "'warning'",
         "concat_ws(' ', f.action, f.status, f.scim_type)",
         "f.count || ' requests failed with the same cause'", "f.detail")
    "  from " CAUSES("5") " f where f.count >= 10"
    " union all"
    HINT("inactive_users", "'info'", "null",
         "case u.n when 1 then 'One user has'"
         " when 10000 then u.n || ' users or more have'"
         " else u.n || ' users have' end"
         " || ' been inactive for ' || $5::int || ' days'",
         "'Delete them in the identity provider if they are not coming back.'")
    "  from (select count(*) as n from (select from scim.users u"
    "    where u.org_id = $1 and not u.active"
    "     and u.last_modified < now() - $5::int * interval '1 day'"
    "    limit 10000) u) u"
    "  where u.n > 0)"
    " select coalesce(jsonb_agg(to_jsonb(h) || jsonb_build_object('provider',"
    "  (select p.kind from apps p where p.app_id::text = h.subject)) order by"
    "  array_position(array['error', 'warning', 'info'], h.severity), h.code,"
    "  h.subject), '[]') from hints h";
/* clang-format on */

/* What a token's requests count once a minute (scim.token_used()) is counted
 * here, too, as others may have written much since the last one. */
static scim_error *count(const char **until, const char **seq, store_admin *a,
                         apr_pool_t *pool)
{
    PGresult *row;
    scim_error *err = store_admin_ask(
        &row, a,
        "select coalesce(c.until, now()), coalesce(c.seq, 0)"
        " from scim.journal_count_own($1) c",
        0, NULL, pool);

    if (err == NULL) {
        *until = store_admin_text(row, 0, 0, pool);
        *seq = store_admin_text(row, 0, 1, pool);
    }
    return err;
}

scim_error *store_overview_get(json_t **out, store_admin *a, apr_pool_t *pool)
{
    const char *values[2];
    json_t *brake;
    scim_error *err = count(&values[0], &values[1], a, pool);

    if (err == NULL) {
        err = store_admin_json(out, a, overview, 2, values, pool);
    }
    if (err == NULL) {
        err = store_brake_get(&brake, a, pool);
    }
    if (err == NULL) {
        json_object_set(*out, "brake", brake);
    }
    return err;
}

scim_error *store_hint_list(json_t **out, const json_t *given, store_admin *a,
                            apr_pool_t *pool)
{
    const char *values[4];
    json_t *settings;
    scim_error *err = store_alert_get(&settings, a, pool);

    if (err == NULL) {
        err = count(&values[0], &values[1], a, pool);
    }
    if (err != NULL) {
        return err;
    }
    json_object_update(settings, (json_t *)given);
    values[2] = store_admin_member(settings, "silent_hours", pool);
    values[3] = store_admin_member(settings, "inactive_days", pool);
    return store_admin_json(out, a, hints, 4, values, pool);
}
