#include "store/claims.h"

#include "core/path.h"

typedef struct collector {
    json_t *rows;
    const scim_resource_type *type;
    apr_pool_t *pool;
} collector;

static void collect(collector *c, const json_t *value, const scim_path *path)
{
    const char *text;
    json_t *element;
    size_t i;

    if (json_is_array(value)) {
        json_array_foreach(value, i, element) {
            collect(c, element, path);
        }
        return;
    }
    text = json_is_string(value) ? json_string_value(value)
                                 : scim_json_dump(value, NULL, c->pool);
    if (text != NULL) {
        json_array_append_new(
            c->rows, json_pack("{ss, ss}", "attr",
                               scim_path_text(path, c->type, c->pool), "value",
                               text));
    }
}

/* The sub-attributes of each element. */
static void collect_subs(collector *c, const json_t *value, scim_path path)
{
    const scim_attr *sub;
    json_t *element;
    size_t i;

    json_array_foreach(value, i, element) {
        collect_subs(c, element, path);
    }
    for (sub = path.attr->sub; sub->name != NULL; sub++) {
        if (sub->uniqueness == SCIM_UNIQUE_SERVER) {
            path.sub = sub;
            collect(c, json_object_get(value, sub->name), &path);
        }
    }
}

static void collect_all(collector *c, const json_t *values,
                        const scim_schema *schema)
{
    scim_path path = { schema, schema->attrs, NULL };

    for (; path.attr->name != NULL; path.attr++) {
        const json_t *value = json_object_get(values, path.attr->name);

        if (path.attr->sub != NULL) {
            collect_subs(c, value, path);
        }
        else if (path.attr->uniqueness == SCIM_UNIQUE_SERVER) {
            collect(c, value, &path);
        }
    }
}

const char *store_claims_of(const json_t *folded,
                            const scim_resource_type *type, apr_pool_t *pool)
{
    collector c = { scim_json_adopt(json_array(), pool), type, pool };
    const scim_extension *ext;

    if (type->kind == SCIM_KIND_OTHER) {
        collect_all(&c, folded, type->schema);
    }
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        collect_all(&c, json_object_get(folded, ext->schema->id), ext->schema);
    }
    return json_array_size(c.rows) > 0 ? scim_json_dump(c.rows, NULL, pool)
                                       : NULL;
}

static void add_path(json_t *paths, scim_path path,
                     const scim_resource_type *type, apr_pool_t *pool)
{
    const scim_attr *leaf = path.sub != NULL ? path.sub : path.attr;

    if (leaf->uniqueness == SCIM_UNIQUE_SERVER) {
        json_array_append_new(paths,
                              json_string(scim_path_text(&path, type, pool)));
    }
}

static void add_paths(json_t *paths, const scim_schema *schema,
                      const scim_resource_type *type, apr_pool_t *pool)
{
    scim_path path = { schema, schema->attrs, NULL };

    for (; path.attr->name != NULL; path.attr++) {
        path.sub = path.attr->sub;
        do {
            add_path(paths, path, type, pool);
        } while (path.sub != NULL && (++path.sub)->name != NULL);
    }
}

const char *store_claims_paths(const scim_resource_type *type,
                               apr_pool_t *pool)
{
    json_t *paths = scim_json_adopt(json_array(), pool);
    const scim_extension *ext;

    if (type->kind == SCIM_KIND_OTHER) {
        add_paths(paths, type->schema, type, pool);
    }
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        add_paths(paths, ext->schema, type, pool);
    }
    return scim_json_dump(paths, NULL, pool);
}
