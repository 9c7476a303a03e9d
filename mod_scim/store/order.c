#include "store/order.h"

#include <string.h>

#include <apr_strings.h>

#include "store/comparison.h"
#include "store/where.h"

#define USER  (1u << SCIM_KIND_USER)
#define GROUP (1u << SCIM_KIND_GROUP)
#define OTHER (1u << SCIM_KIND_OTHER)
#define ANY   (USER | GROUP | OTHER)

#define ID   STORE_ORDER_ID
#define TEXT STORE_ORDER_TEXT
#define TIME STORE_ORDER_TIME

#define ETAG "(('W/\"' || r.version || '\"') COLLATE \"C\")"

/* What has a column of its own. An index that leaves out what is NULL has no
 * order of all rows. */
typedef struct key {
    unsigned kinds; /* of resource types, a bit each */
    const char *path;
    const char *column;
    store_order_kind kind;
    int indexed, nullable, unique;
} key;

/* clang-format off */
static const key keys[] = {
    { ANY,           "id",                NULL,              ID,   1, 0, 1 },
    { USER,          "userName",          "r.user_name",     TEXT, 1, 0, 1 },
    { USER,          "displayName",       "r.display_name",  TEXT, 1, 1, 0 },
    { GROUP,         "displayName",       "r.display_name",  TEXT, 1, 0, 0 },
    { USER,          "name.familyName",   "r.family_name",   TEXT, 1, 1, 0 },
    { ANY,           "externalId",        "r.external_id",   TEXT, 0, 1, 0 },
    { USER,          "meta.lastModified", "r.last_modified", TIME, 1, 0, 0 },
    { GROUP | OTHER, "meta.lastModified", "r.last_modified", TIME, 0, 0, 0 },
    { ANY,           "meta.created",      "r.created",       TIME, 0, 0, 0 },
    { ANY,           "meta.version",      ETAG,              TEXT, 0, 0, 0 },
};

const char *const store_order_types[STORE_ORDER_COUNT] = {
    [STORE_ORDER_ID]   = "uuid",
    [STORE_ORDER_TEXT] = "text COLLATE \"C\"",
    [STORE_ORDER_TIME] = "timestamptz",
    [STORE_ORDER_JSON] = "jsonb",
};
/* clang-format on */

static const key *find_key(const char *path, const scim_resource_type *type)
{
    size_t i;

    for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if ((keys[i].kinds & 1u << type->kind) != 0
            && strcmp(keys[i].path, path) == 0) {
            return &keys[i];
        }
    }
    return NULL;
}

/* Groups of a user and members of a group are rows. */
static const char *rows_of(const scim_path *path,
                           const scim_resource_type *type)
{
    if (path->schema != type->schema) {
        return NULL;
    }
    return type->kind == SCIM_KIND_USER
                   && strcmp(path->attr->name, "groups") == 0
               ? store_user_groups
           : type->kind == SCIM_KIND_GROUP
                   && strcmp(path->attr->name, "members") == 0
               ? store_group_members
               : NULL;
}

/* The text or the scalar at the end of a document's path. */
static const char *scalar(const char *json, store_order *out, apr_pool_t *pool)
{
    return out->kind == STORE_ORDER_TEXT
               ? apr_psprintf(pool,
                              "(left(%s #>> '{}', " STORE_ORDER_CHARACTERS
                              ") COLLATE \"C\")",
                              json)
               : apr_psprintf(pool,
                              "(CASE WHEN jsonb_typeof(%s) IN ('number',"
                              " 'boolean') THEN %s END)",
                              json, json);
}

static const char *member(const char *object, const char *name,
                          apr_pool_t *pool)
{
    return apr_psprintf(pool, "(%s -> %s)", object, store_literal(name, pool));
}

static const char *document_key(store_order *out, const scim_path *path,
                                const scim_resource_type *type,
                                apr_pool_t *pool)
{
    const char *json = "r.folded";

    if (type->kind == SCIM_KIND_USER) {
        json = "f.folded";
        out->joins_folded = 1;
    }
    if (scim_path_is_extension(path, type)) {
        json = member(json, path->schema->id, pool);
    }
    json = member(json, path->attr->name, pool);
    if (path->attr->multi) {
        json = apr_psprintf(pool,
                            "coalesce(jsonb_path_query_first(%s,"
                            " '$[*] ? (@.primary == true)'), %s -> 0)",
                            json, json);
    }
    if (path->sub != NULL) {
        json = member(json, path->sub->name, pool);
    }
    return scalar(json, out, pool);
}

void store_order_of(store_order *out, const scim_path *path,
                    const scim_resource_type *type, apr_pool_t *pool)
{
    const char *text = path != NULL ? scim_path_text(path, type, pool) : "id";
    const key *k = find_key(text, type);
    const scim_attr *attr;
    const char *rows;

    memset(out, 0, sizeof(*out));
    if (k != NULL) {
        out->kind = k->kind;
        out->key = k->column;
        out->indexed = k->indexed;
        out->nullable = k->nullable;
        out->unique = k->unique;
        return;
    }
    out->nullable = 1;
    attr = path->sub != NULL ? path->sub : path->attr;
    out->kind = attr->type == SCIM_BOOLEAN || attr->type == SCIM_INTEGER
                        || attr->type == SCIM_DECIMAL
                    ? STORE_ORDER_JSON
                    : STORE_ORDER_TEXT;
    rows = rows_of(path, type);
    if (strcmp(text, "meta.resourceType") == 0) {
        out->key = apr_psprintf(pool, "(%s::text COLLATE \"C\")",
                                store_literal(type->name, pool));
    }
    else if (rows != NULL) {
        out->key = apr_psprintf(
            pool,
            "(SELECT %s FROM %s ORDER BY (e.v ->> 'value') COLLATE \"C\""
            " LIMIT 1)",
            scalar(member("e.v", path->sub->name, pool), out, pool), rows);
    }
    else {
        out->key = document_key(out, path, type, pool);
    }
}
