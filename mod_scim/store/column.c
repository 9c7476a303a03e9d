#include "store/column.h"

#include <string.h>

#include <apr_strings.h>

#include "store/comparison.h"

#define USER  (1u << SCIM_KIND_USER)
#define GROUP (1u << SCIM_KIND_GROUP)
#define OTHER (1u << SCIM_KIND_OTHER)
#define ANY   (USER | GROUP | OTHER)

#define ETAG "('W/\"' || r.version || '\"')"

#define TEXT    STORE_KEY_TEXT
#define TIME    STORE_KEY_TIME
#define UUID    STORE_KEY_UUID
#define BOOLEAN STORE_KEY_BOOLEAN

/* clang-format off */
static const store_column columns[] = {
    { ANY,           "id",                "r.id",            UUID,    1 },
    { ANY,           "externalId",        "r.external_id",   TEXT,    1 },
    { ANY,           "meta.created",      "r.created",       TIME,    0 },
    { USER,          "meta.lastModified", "r.last_modified", TIME,    1 },
    { GROUP | OTHER, "meta.lastModified", "r.last_modified", TIME,    0 },
    { ANY,           "meta.version",      ETAG,              TEXT,    0 },
    { USER,          "meta.resourceType", "'User'::text",    TEXT,    0 },
    { GROUP,         "meta.resourceType", "'Group'::text",   TEXT,    0 },
    { OTHER,         "meta.resourceType", "r.resource_type", TEXT,    0 },
    { USER,          "userName",          "r.user_name",     TEXT,    1 },
    { USER | GROUP,  "displayName",       "r.display_name",  TEXT,    1 },
    { USER,          "name.familyName",   "r.family_name",   TEXT,    1 },
    { USER,          "active",            "r.active",        BOOLEAN, 1 },
};
/* clang-format on */

const store_column *store_column_of(const scim_path *path,
                                    const scim_resource_type *type,
                                    apr_pool_t *pool)
{
    const char *text = scim_path_text(path, type, pool);
    size_t i;

    for (i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        if ((columns[i].kinds & 1u << type->kind) != 0
            && strcmp(columns[i].path, text) == 0) {
            return &columns[i];
        }
    }
    return NULL;
}

const char *store_table_of(const scim_resource_type *type)
{
    static const char *const tables[] = { [SCIM_KIND_USER] = "users",
                                          [SCIM_KIND_GROUP] = "groups",
                                          [SCIM_KIND_OTHER] = "resources" };

    return tables[type->kind];
}

const char *store_rows_of(const scim_resource_type *type, int joins_folded,
                          apr_pool_t *pool)
{
    if (type->kind == SCIM_KIND_OTHER) {
        return apr_pstrcat(pool,
                           " FROM scim.resources r WHERE r.org_id = $1::int"
                           " AND r.resource_type = ",
                           store_literal(type->name, pool), NULL);
    }
    return apr_pstrcat(pool, " FROM scim.", store_table_of(type), " r",
                       joins_folded ? " JOIN scim.user_folded f"
                                      " ON f.org_id = $1 AND f.user_id = r.id"
                                    : "",
                       " WHERE r.org_id = $1::int", NULL);
}
