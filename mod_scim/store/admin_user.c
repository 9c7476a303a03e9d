#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "core/json.h"
#include "store/admin_person.h"
#include "store/comparison.h"

/* What people call somebody, and where to write to them. */
#define NAME                                                               \
    "coalesce(b.v ->> 'displayName', b.v -> 'name' ->> 'formatted',"       \
    " nullif(concat_ws(' ', b.v -> 'name' ->> 'givenName',"                \
    "  b.v -> 'name' ->> 'familyName'), ''))"
#define EMAIL                                                              \
    "coalesce(jsonb_path_query_first(b.v,"                                 \
    "  '$.emails[*] ? (@.primary == true).value') #>> '{}',"               \
    " jsonb_path_query_first(b.v, '$.emails[*].value') #>> '{}')"

#define USER                                                               \
    "jsonb_build_object('id', u.id, 'user_name', b.v ->> 'userName',"      \
    " 'name', " NAME ", 'email', " EMAIL ","                               \
    " 'external_id', u.external_id, 'active', u.active,"                   \
    " 'app_id', p.app_id, 'app', p.name,"                                  \
    " 'created', " STORE_ADMIN_TIME("u.created") ","                       \
    " 'last_modified', " STORE_ADMIN_TIME("u.last_modified") ","           \
    " 'version', u.version)"

#define WITH_BODY                                             \
    " join scim.apps p on p.org_id = $1 and p.app_id = u.app_id" \
    " cross join lateral (select u.body::jsonb as v) b"

/* A walk along an index, in whose order users come: at most $4 entries behind
 * the key $2, of which those count that are `kept`, $5 active or not, and the
 * app's $6; $3 of them. Its last column says where it ended before the end:
 * what reads so many entries and finds nothing goes on with the next page, and
 * none takes long, whatever is asked for. $7 and $8 are a text and what comes
 * behind all that begin with it, $9 and $10 the same with its case. */
#define BEHIND(key, id)                                                  \
    " and ($2::text is null or (" key ", " id ") >"                      \
    " (substr($2, 37), left($2, 36)::uuid))"
#define WALK(key, id, more, from, kept)                                  \
    "with c as materialized ("                                           \
    "  select " key " as k, " id " as id" more " from " from             \
    "   and v.org_id = $1" BEHIND(key, id)                               \
    "   order by " key ", " id " limit $4::int),"                        \
    " page as materialized (select v.*, c.k from c"                      \
    "   join scim.users v on v.org_id = $1 and v.id = c.id"              \
    "   where ($5::boolean is null or v.active = $5)"                    \
    "    and ($6::int is null or v.app_id = $6)" kept                    \
    "   order by c.k, c.id limit $3::int)"                               \
    " select l.line, l.place, (select c.id || c.k from c"                \
    "   order by c.k, c.id offset $4::int - 1 limit 1)"                  \
    " from (select) one left join (select " USER " as line,"             \
    "   u.id || u.k as place, u.k, u.id from page u" WITH_BODY           \
    "  ) l on true order by l.k, l.id"

#define BEGINS(key)          key " >= $7 and ($8::text is null or " key " < $8)"
#define BEGINS_AS_GIVEN(key) \
    key " >= $9 and ($10::text is null or " key " < $10)"
#define OTHER(column) " and (" BEGINS("v." column) ") is not true"
#define OTHER_NAMES \
    OTHER("user_name") OTHER("display_name") OTHER("family_name")

typedef struct walk {
    const char *sql;
    int values; /* behind $2 */
} walk;

/* Who is called so comes first. A user comes once: in the first of the walks
 * that finds it, and there by the first of its values. */
static const walk searches[] = {
    { WALK("v.user_name", "v.id", "",
           "scim.users v where " BEGINS("v.user_name"), ""), 7 },
    { WALK("v.display_name", "v.id", "",
           "scim.users v where " BEGINS("v.display_name"),
           OTHER("user_name")), 7 },
    { WALK("v.family_name", "v.id", "",
           "scim.users v where " BEGINS("v.family_name"),
           OTHER("user_name") OTHER("display_name")), 7 },
    { WALK("v.external_id", "v.id", "",
           "scim.users v where " BEGINS_AS_GIVEN("v.external_id"),
           OTHER_NAMES), 9 },
    { WALK("v.value", "v.user_id", ", v.elem",
           "scim.user_values v where v.attr = 1 and " BEGINS("v.value"),
           OTHER_NAMES
           " and (" BEGINS_AS_GIVEN("v.external_id") ") is not true"
           " and not exists (select from scim.user_values e"
           "  where e.org_id = $1 and e.user_id = c.id and e.attr = 1"
           "   and " BEGINS("e.value")
           "   and (e.value, e.elem) < (c.k, c.elem))"), 9 },
};
static const walk everybody[] = {
    { WALK("v.user_name", "v.id", "", "scim.users v where true", ""), 5 },
};
/* Few are, as a rule, and there is an index of them. */
static const walk inactive[] = {
    { WALK("v.user_name", "v.id", "", "scim.users v where not v.active", ""),
      5 },
};

#define ENTRIES_MAX 5000

typedef struct search {
    const walk *walks;
    int count;
    int filtered; /* not every entry counts, not even of the first */
    const char *values[9]; /* from $2 on */
} search;

static void read_search(search *out, const json_t *given, apr_pool_t *pool)
{
    const char *text = store_admin_member(given, "search", pool);
    const char *active = store_admin_member(given, "active", pool);
    int is_inactive = active != NULL && strcmp(active, "false") == 0;

    memset(out, 0, sizeof(*out));
    out->values[3] = active;
    out->values[4] = store_admin_member(given, "app", pool);
    out->filtered = active != NULL || out->values[4] != NULL;
    if (text == NULL || *text == '\0') {
        out->walks = is_inactive ? inactive : everybody;
        out->count = 1;
        out->filtered &= !is_inactive || out->values[4] != NULL;
        return;
    }
    out->walks = searches;
    out->count = (int)(sizeof(searches) / sizeof(searches[0]));
    out->values[5] = scim_casefold(text, pool);
    out->values[6] = store_prefix_end(out->values[5], pool);
    out->values[7] = text;
    out->values[8] = store_prefix_end(text, pool);
}

/* Which walk goes on, and behind which of its entries: "2", UUID, key; "2" is
 * its beginning. */
static scim_error *read_place(int *walk, const char **key, const char *after,
                              int count, apr_pool_t *pool)
{
    scim_error *err;

    *walk = 0;
    *key = NULL;
    if (after == NULL) {
        return NULL;
    }
    *walk = after[0] - '0';
    if (*walk >= 0 && *walk < count
        && (after[1] == '\0' || strlen(after) > 36)) {
        *key = after[1] == '\0' ? NULL : after + 1;
        return NULL;
    }
    err = scim_error_make(SCIM_INVALID_VALUE, pool,
                          "\"after\" takes what a list gave as \"next\", and "
                          "nothing else.");
    err->field = "after";
    return err;
}

static const char *place(int walk, const char *key, apr_pool_t *pool)
{
    return key == NULL ? NULL : apr_psprintf(pool, "%d%s", walk, key);
}

/* Adds to the page what a walk finds behind a key; gives the place where the
 * next page goes on, NULL at its end. */
static scim_error *go(json_t *page, const char **next, const char *key,
                      int n, search *s, int limit, store_admin *a,
                      apr_pool_t *pool)
{
    PGresult *rows;
    scim_error *err;
    int i;

    s->values[0] = key;
    s->values[1] = apr_itoa(pool, limit + 1);
    s->values[2] = s->filtered || n > 0 ? APR_STRINGIFY(ENTRIES_MAX)
                                        : s->values[1];
    err = store_admin_ask(&rows, a, s->walks[n].sql, s->walks[n].values,
                          s->values, pool);
    if (err != NULL) {
        return err;
    }
    for (i = 0; i < PQntuples(rows) && i < limit; i++) {
        if (!PQgetisnull(rows, i, 0)) {
            json_array_append(page, store_admin_row(rows, i, pool));
        }
    }
    *next = place(n, PQntuples(rows) > limit
                         ? PQgetvalue(rows, limit - 1, 1)
                         : store_admin_text(rows, 0, 2, pool), pool);
    return NULL;
}

scim_error *store_user_list(json_t **out, store_slice *slice,
                            const json_t *given, store_admin *a,
                            apr_pool_t *pool)
{
    search s;
    const char *key;
    int n, left = slice->limit;
    scim_error *err;

    read_search(&s, given, pool);
    err = read_place(&n, &key, slice->after, s.count, pool);
    *out = scim_json_adopt(json_array(), pool);
    slice->next = NULL;
    for (; err == NULL && slice->next == NULL && n < s.count; n++) {
        if (left == 0) {
            slice->next = apr_itoa(pool, n);
            break;
        }
        err = go(*out, &slice->next, key, n, &s, left, a, pool);
        left = slice->limit - (int)json_array_size(*out);
        key = NULL;
    }
    return err;
}

scim_error *store_user_found(json_t **out, const char *id, store_admin *a,
                             apr_pool_t *pool)
{
    scim_error *err = store_admin_json(
        out, a,
        "select " USER " from scim.users u" WITH_BODY
        " where u.org_id = $1 and u.id = $2::uuid",
        1, &id, pool);

    if (err == NULL && *out == NULL) {
        err = scim_error_make(SCIM_NOT_FOUND, pool,
                              "The organization has no user %s.", id);
    }
    return err;
}

/* As an identity provider gets it, but for meta and groups. */
static scim_error *add_resource(json_t *user, const char *id, store_admin *a,
                                apr_pool_t *pool)
{
    json_t *resource;
    scim_error *err = store_admin_json(
        &resource, a,
        "select u.body::json from scim.users u"
        " where u.org_id = $1 and u.id = $2::uuid",
        1, &id, pool);

    if (err == NULL) {
        json_object_set_new(resource, "id", json_string(id));
        json_object_set(user, "resource", resource);
    }
    return err;
}

/* A group that contains one of the user's, with the one it contains. */
static scim_error *add_groups(json_t *user, const char *id, store_admin *a,
                              apr_pool_t *pool)
{
    json_t *groups;
    scim_error *err = store_admin_json(
        &groups, a,
        "with recursive up(id, via) as ("
        "  select d.group_id, null::uuid from scim.group_users d"
        "   where d.org_id = $1 and d.user_id = $2::uuid"
        "  union"
        "  select e.group_id, up.id from up join scim.group_groups e"
        "   on e.org_id = $1 and e.child_id = up.id),"
        " one as (select distinct on (up.id) up.id, up.via from up"
        "  order by up.id, up.via nulls first)"
        " select coalesce(jsonb_agg(jsonb_build_object('id', g.id,"
        "  'name', g.name, 'direct', one.via is null, 'via',"
        "  case when v.id is not null then jsonb_build_object('id', v.id,"
        "   'name', v.name) end) order by one.via is not null, g.display_name,"
        "  g.id), '[]')"
        " from one join scim.groups g on g.org_id = $1 and g.id = one.id"
        " left join scim.groups v on v.org_id = $1 and v.id = one.via",
        1, &id, pool);

    if (err == NULL) {
        json_object_set(user, "groups", groups);
    }
    return err;
}

scim_error *store_user_get(json_t **out, const char *id, store_admin *a,
                           apr_pool_t *pool)
{
    json_t *explained;
    scim_error *err = store_user_found(out, id, a, pool);

    if (err == NULL) {
        err = add_resource(*out, id, a, pool);
    }
    if (err == NULL) {
        err = add_groups(*out, id, a, pool);
    }
    if (err == NULL) {
        err = store_permission_explain(&explained, id, NULL, a, pool);
    }
    if (err == NULL) {
        json_object_del(explained, "user");
        json_object_update(*out, explained);
    }
    return err;
}
