/* Filters in SQL and filters in memory, side by side (DESIGN 5.6).
 *
 *     filters CONNINFO ORGANIZATION APP SEED COUNT FOLDER
 *
 * with the extension and the type of the files in FOLDER (conf/)
 * fills the organization with random users and groups, as the store does it,
 * and asks COUNT random filters of both store/where.c and core/match.c, and
 * random lists of store/listing.c (orders.c). The database is left as it was.
 * Run by t/21-store-filters.t. */
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <libpq-fe.h>

#include "core/datetime.h"
#include "core/match.h"
#include "core/type_set.h"
#include "orders.h"
#include "store/column.h"
#include "store/keys.h"
#include "store/uuid.h"
#include "store/where.h"
#include "../unit/tap.h"

#define USERS 80
#define GROUPS 24
#define DEPARTMENTS 40
#define SHOWN 5 /* disagreements */

static thing users[USERS], groups[GROUPS], departments[DEPARTMENTS];
static const scim_resource_type *user_type, *department_type;
static int user_in[GROUPS][USERS], group_in[GROUPS][GROUPS]; /* [parent] */

static const store_index *indexes; /* of ScimIndex */
static PGconn *pg;
static const char *org_id;
static store_caller caller;
static chance c;
static apr_pool_t *pool;

static const scim_attr *attr_of(const scim_schema *schema, const char *name,
                                const char *sub)
{
    const scim_attr *attr = scim_attr_find(schema->attrs, name, strlen(name));

    return scim_attr_find(attr->sub, sub, strlen(sub));
}

static void stop(const char *what, const char *why)
{
    printf("Bail out! %s: %s\n", what, why);
    exit(2);
}

static PGresult *run(const char *sql, int count, const char *const *values)
{
    PGresult *result = PQexecParams(pg, sql, count, NULL, values, NULL, NULL,
                                    0);

    if (PQresultStatus(result) != PGRES_TUPLES_OK
        && PQresultStatus(result) != PGRES_COMMAND_OK) {
        stop(sql, PQerrorMessage(pg));
    }
    return result;
}

static void change(const char *sql, const char *a, const char *b,
                   const char *d, const char *e)
{
    const char *values[] = { org_id, a, b, d, e };
    int count = e != NULL ? 5 : d != NULL ? 4 : 3;

    PQclear(run(sql, count, values));
}

/* ------------------------------------------------------------------ loading */

/* By the very statements of the store. */
static void insert(const json_t *resource, const char *id,
                   const scim_resource_type *type)
{
    static store_connection connection; /* that knows of no index */
    store_transaction *tx = apr_pcalloc(pool, sizeof(*tx));
    store_keys keys;
    int i;

    tx->c = &connection;
    tx->caller = &caller;
    tx->pool = pool;
    tx->steps = apr_pcalloc(pool, STORE_MAX_STEPS * sizeof(*tx->steps));
    store_keys_make(&keys, resource, type, pool);
    store_add_insert(&keys, id, type, tx);
    for (i = 0; i < tx->count; i++) {
        const store_step *step = &tx->steps[i];

        PQclear(run(store_statements[step->statement].sql, step->count,
                    step->values));
    }
}

static json_t *link_to(const char *endpoint, const char *id)
{
    return json_sprintf("https://id.example/scim%s/%s", endpoint, id);
}

static const char *const tables[] = { [SCIM_KIND_USER] = "users",
                                      [SCIM_KIND_GROUP] = "groups",
                                      [SCIM_KIND_OTHER] = "resources" };

static json_t *meta_of(const char *id, const scim_resource_type *type)
{
    const char *created = chance_time(&c), *modified = chance_time(&c);
    const char *version = apr_psprintf(pool, "%u", 1 + chance_below(&c, 12));
    const char *etag = apr_pstrcat(pool, "W/\"", version, "\"", NULL);
    const scim_attr *meta = scim_attr_find(scim_common_attrs, "meta", 4);

    change(apr_pstrcat(pool, "UPDATE scim.", tables[type->kind],
                       " SET created = $3::timestamptz,"
                       " last_modified = $4::timestamptz, version = $5::int"
                       " WHERE org_id = $1::int AND id = $2::uuid", NULL),
           id, created, modified, version);
    chance_saw(&c, scim_attr_find(meta->sub, "version", 7), etag);
    chance_saw(&c, scim_attr_find(meta->sub, "resourceType", 12), type->name);
    return json_pack("{so, ss, ss, ss, ss}", "location",
                     link_to(type->endpoint, id), "resourceType", type->name,
                     "created", scim_datetime_normal(created, pool),
                     "lastModified", scim_datetime_normal(modified, pool),
                     "version", etag);
}

static void make(thing *out, const scim_resource_type *type, int number)
{
    scim_reading reading = { 0 };
    json_t *resource, *body = chance_body(&c, type, number);
    scim_error *err = scim_resource_read(&resource, body, type, &reading, pool);

    json_decref(body);
    if (err != NULL) {
        stop("a random resource", err->detail);
    }
    out->id = store_uuid_make(pool);
    insert(resource, out->id, type);
    out->seen = json_incref(scim_resource_fold(resource, type, pool));
    json_object_set_new(out->seen, "id", json_string(out->id));
    json_object_set_new(out->seen, "meta", meta_of(out->id, type));
    out->refs = json_array();
    chance_saw(&c, scim_attr_find(scim_common_attrs, "id", 2), out->id);
    if (type->kind != SCIM_KIND_OTHER) {
        chance_saw(&c, type->kind == SCIM_KIND_USER
                           ? attr_of(&scim_schema_group, "members", "value")
                           : attr_of(&scim_schema_user, "groups", "value"),
                   out->id);
    }
}

static const json_t *name_of(const thing *t)
{
    const json_t *name = json_object_get(t->seen, "displayName");

    return name != NULL ? name : json_object_get(t->seen, "userName");
}

static void refer(thing *from, const thing *to, const char *type)
{
    const json_t *name = name_of(to);
    int is_member = strcmp(type, "user") == 0 || strcmp(type, "group") == 0;

    json_array_append_new(from->refs,
                          json_pack("{ss, sO, ss, so}", "value", to->id,
                                    "display", name, "type", type, "$ref",
                                    link_to(strcmp(type, "user") == 0
                                                ? "/Users"
                                                : "/Groups",
                                            to->id)));
    chance_saw(&c, is_member
                       ? attr_of(&scim_schema_group, "members", "display")
                       : attr_of(&scim_schema_user, "groups", "display"),
               json_string_value(name));
}

static void join(int parent, int child, int child_is_user)
{
    thing *member = child_is_user ? &users[child] : &groups[child];

    change(child_is_user
               ? "INSERT INTO scim.group_users VALUES ($1::int, $2::uuid,"
                 " $3::uuid)"
               : "INSERT INTO scim.group_groups VALUES ($1::int, $2::uuid,"
                 " $3::uuid)",
           groups[parent].id, member->id, NULL, NULL);
    refer(&groups[parent], member, child_is_user ? "user" : "group");
    (child_is_user ? user_in[parent] : group_in[parent])[child] = 1;
}

/* Some users are in no group, some groups are empty, some hold each other. */
static void make_members(void)
{
    int g, n;

    for (g = 0; g < GROUPS; g++) {
        for (n = 0; n < USERS * 2 / 3; n++) {
            if (chance_percent(&c, g % 7 == 0 ? 0 : 6)) {
                join(g, n, 1);
            }
        }
        for (n = 0; n < GROUPS; n++) {
            if (n != g && chance_percent(&c, 3)) {
                join(g, n, 0);
            }
        }
    }
}

static void reach(int *reached, int group)
{
    int parent;

    if (!reached[group]) {
        reached[group] = 1;
        for (parent = 0; parent < GROUPS; parent++) {
            if (group_in[parent][group]) {
                reach(reached, parent);
            }
        }
    }
}

static void add_groups_of(int user)
{
    int reached[GROUPS] = { 0 }, g;

    for (g = 0; g < GROUPS; g++) {
        if (user_in[g][user]) {
            reach(reached, g);
        }
    }
    for (g = 0; g < GROUPS; g++) {
        if (reached[g]) {
            refer(&users[user], &groups[g],
                  user_in[g][user] ? "direct" : "indirect");
        }
    }
}

static void complete(thing *t, const char *name)
{
    if (json_array_size(t->refs) > 0) {
        json_object_set(t->seen, name, t->refs);
    }
}

static void load(void)
{
    int i;

    for (i = 0; i < USERS; i++) {
        make(&users[i], user_type, i);
    }
    for (i = 0; i < DEPARTMENTS; i++) {
        make(&departments[i], department_type, i);
    }
    for (i = 0; i < GROUPS; i++) {
        make(&groups[i], &scim_type_group, i);
    }
    make_members();
    for (i = 0; i < USERS; i++) {
        add_groups_of(i);
        complete(&users[i], "groups");
    }
    for (i = 0; i < GROUPS; i++) {
        complete(&groups[i], "members");
    }
}

/* ---------------------------------------------------------------- comparing */

typedef struct tally {
    int asked, refused, matched, disagreed;
} tally;

static const char *select_sql(const store_where *where,
                              const scim_resource_type *type, apr_pool_t *p)
{
    return apr_pstrcat(p, "SELECT r.id",
                       store_rows_of(type, where->joins_folded, p),
                       " AND ", where->condition, NULL);
}

static int holds(const PGresult *result, const char *id)
{
    int i;

    for (i = 0; i < PQntuples(result); i++) {
        if (strcmp(PQgetvalue(result, i, 0), id) == 0) {
            return 1;
        }
    }
    return 0;
}

static void show(const char *text, const char *sql, const thing *t, int in_sql)
{
    char *json = json_dumps(t->seen, JSON_COMPACT | JSON_ENSURE_ASCII);

    printf("# %s\n#   %s\n#   %s only: %s\n", text, sql,
           in_sql ? "SQL" : "memory", json);
    free(json);
}

static const thing *things_of(const scim_resource_type *type, int *count)
{
    static const struct {
        const thing *things;
        int count;
    } crowds[] = { [SCIM_KIND_USER] = { users, USERS },
                   [SCIM_KIND_GROUP] = { groups, GROUPS },
                   [SCIM_KIND_OTHER] = { departments, DEPARTMENTS } };

    *count = crowds[type->kind].count;
    return crowds[type->kind].things;
}

static void compare(tally *t, const scim_filter *filter, const char *text,
                    const scim_resource_type *type, const store_where *where,
                    apr_pool_t *p)
{
    int i, count, differ = 0;
    const thing *things = things_of(type, &count);
    apr_array_header_t *values = apr_array_make(p, 8, sizeof(const char *));
    const char *sql = select_sql(where, type, p);
    PGresult *result;

    APR_ARRAY_PUSH(values, const char *) = org_id;
    apr_array_cat(values, where->params);
    result = run(sql, values->nelts, (const char *const *)values->elts);
    for (i = 0; i < count; i++) {
        int in_sql = holds(result, things[i].id);

        t->matched += in_sql;
        if (in_sql != scim_filter_matches(filter, things[i].seen, type)
            && !differ++ && t->disagreed++ < SHOWN) {
            show(text, sql, &things[i], in_sql);
        }
    }
    PQclear(result);
}

static void ask(tally *t, const scim_resource_type *type, apr_pool_t *p)
{
    int depth = chance_percent(&c, 80) ? 3 : 5;
    const char *text = chance_filter(&c, type, depth, p);
    const scim_filter *filter;
    store_where where;
    scim_error *err = scim_filter_parse(&filter, text, type,
                                        &scim_filter_default_limits, p);

    t->asked++;
    if (err == NULL) {
        err = store_where_compile(&where, filter, type, indexes, 2, p);
    }
    if (err == NULL) {
        compare(t, filter, text, type, &where, p);
    }
    else if (err->fault != SCIM_INVALID_FILTER) {
        stop(text, err->detail);
    }
    else {
        t->refused++;
    }
}

static void ask_all(const scim_resource_type *type, int count)
{
    int things;
    apr_pool_t *scratch;
    tally t = { 0, 0, 0, 0 };

    things_of(type, &things);
    apr_pool_create(&scratch, pool);
    while (t.asked < count) {
        apr_pool_clear(scratch);
        ask(&t, type, scratch);
    }
    is_int(t.disagreed, 0,
           apr_psprintf(pool, "%d filters of a %s: SQL and memory agree",
                        t.asked, type->name));
    /* Else the filters are no good, and the agreement means little. */
    ok(t.refused < count / 4, "... most of them are good ones");
    ok(t.matched > count * things / 20 && t.matched < count * things * 3 / 4,
       "... and match neither everything nor nothing");
    printf("# %d refused, %d of %d matched\n", t.refused, t.matched,
           (count - t.refused) * things);
}

/* --------------------------------------------------------------- the types */

static const char *read_file(apr_size_t *len, const char *folder,
                             const char *name)
{
    const char *path = apr_pstrcat(pool, folder, "/", name, NULL);
    char *text = apr_palloc(pool, 65536);
    FILE *file = fopen(path, "rb");

    if (file == NULL) {
        stop(path, "cannot be read");
    }
    *len = fread(text, 1, 65536, file);
    fclose(file);
    return text;
}

static const scim_schema *add_schema(scim_type_set *set, const char *folder,
                                     const char *name)
{
    const scim_schema *schema = NULL;
    apr_size_t len;
    const char *text = read_file(&len, folder, name);
    scim_error *err = scim_type_set_add_schema(&schema, set, text, len);

    if (err != NULL) {
        stop(name, err->detail);
    }
    return schema;
}

/* What the database has. */
static void read_indexes(scim_type_set *set)
{
    PGresult *rows = PQexec(pg, "SELECT path, attr FROM scim.attributes"
                                " WHERE ready AND attr > 1");
    int i, count = PQntuples(rows);
    store_index *all = apr_pcalloc(pool, sizeof(*all) * (size_t)(count + 1));
    scim_path path;

    for (i = 0; i < count; i++) {
        all[i].path = apr_pstrdup(pool, PQgetvalue(rows, i, 0));
        all[i].attr = atoi(PQgetvalue(rows, i, 1));
        all[i].ready = 1;
        if (scim_type_set_mark(&path, set, all[i].path) != NULL) {
            stop(all[i].path, "cannot be marked");
        }
    }
    ok(count > 0, "some attributes have an index");
    PQclear(rows);
    indexes = all;
}

static void make_types(const char *folder)
{
    scim_type_set *set = scim_type_set_make(pool);
    const scim_schema *employment
        = add_schema(set, folder, "employment.schema.json");
    apr_size_t len;
    const char *text = read_file(&len, folder, "department.type.json");
    scim_error *err;

    add_schema(set, folder, "department.schema.json");
    err = scim_type_set_extend(set, SCIM_KIND_USER, employment, 0);
    if (err == NULL) {
        err = scim_type_set_add_type(set, text, len);
    }
    if (err != NULL) {
        stop("the types", err->detail);
    }
    read_indexes(set);
    user_type = scim_type_set_types(set)[0];
    department_type = scim_type_set_types(set)[2];
}

static void ask_orders(int times)
{
    const crowd crowds[] = { { user_type, users, USERS },
                             { &scim_type_group, groups, GROUPS },
                             { department_type, departments, DEPARTMENTS },
                             { NULL, NULL, 0 } };

    orders_tally t = orders_check(crowds, times, &c, pg, org_id, pool);

    is_int(t.wrong, 0,
           apr_psprintf(pool, "%d sorted lists and %d cursors in them: SQL and "
                              "memory agree",
                        t.asked, t.walked));
    /* Else the questions are no good, and the agreement means little. */
    ok(t.asked > times / 3, "... most of them can be asked");
    ok(t.matched > t.asked / 3, "... and have something to be sorted");
}

int main(int argc, char **argv)
{
    apr_uint64_t seed;

    if (argc != 7) {
        return 2;
    }
    apr_initialize();
    apr_pool_create(&pool, NULL);
    pg = PQconnectdb(argv[1]);
    if (PQstatus(pg) != CONNECTION_OK) {
        stop("connection", PQerrorMessage(pg));
    }
    org_id = argv[2];
    caller.org_id = apr_atoi64(org_id);
    seed = strtoull(argv[4], NULL, 10);
    printf("# SCIM_SEED=%s repeats this\n", argv[4]);
    chance_start(&c, seed, pool);
    make_types(argv[6]);
    PQclear(run("BEGIN", 0, NULL));
    change("SELECT set_config('scim.org', $1::int::text, true),"
           " set_config('scim.app', $2, true), $3::text", argv[3], "", NULL,
           NULL);
    load();
    ask_all(user_type, atoi(argv[5]));
    ask_all(&scim_type_group, atoi(argv[5]) / 3);
    ask_all(department_type, atoi(argv[5]) / 3);
    ask_orders(atoi(argv[5]) / 3);
    PQfinish(pg); /* which rolls back */
    return done();
}
