/* What a PUT leaves as it was (RFC 7644, 3.5.1). */
#include <apr_strings.h>

#include "core/foreign.h"
#include "core/resource.h"

const scim_attr *scim_immutable_sub(const scim_attr *attr, const json_t *old,
                                    const json_t *changed)
{
    const scim_attr *sub = attr->sub;

    if (!json_is_object(old) || !json_is_object(changed)) {
        return NULL;
    }
    for (; sub != NULL && sub->name != NULL; sub++) {
        const json_t *value = json_object_get(old, sub->name);

        if (sub->mutability == SCIM_IMMUTABLE && value != NULL
            && !json_equal(value, json_object_get(changed, sub->name))) {
            return sub;
        }
    }
    return NULL;
}

static void keep_subs(json_t *after, const json_t *before,
                      const scim_attr *attr, int immutable_too)
{
    const scim_attr *sub = attr->sub;

    for (; sub != NULL && sub->name != NULL; sub++) {
        json_t *old = json_object_get(before, sub->name);

        if (old != NULL && json_object_get(after, sub->name) == NULL
            && (scim_attr_is_secret(sub)
                || (immutable_too && sub->mutability == SCIM_IMMUTABLE))) {
            json_object_set(after, sub->name, old);
        }
    }
}

static int has_secret_sub(const scim_attr *attr)
{
    const scim_attr *sub = attr->sub;

    while (sub != NULL && sub->name != NULL && !scim_attr_is_secret(sub)) {
        sub++;
    }
    return sub != NULL && sub->name != NULL;
}

/* A new reference. */
static json_t *readable(const json_t *element, const scim_attr *attr)
{
    json_t *copy = json_copy((json_t *)element);
    const scim_attr *sub;

    for (sub = attr->sub; sub->name != NULL; sub++) {
        if (scim_attr_is_secret(sub)) {
            json_object_del(copy, sub->name);
        }
    }
    return copy;
}

/* An element is the one that it was if all that can be read of it is. */
static void keep_in_elements(json_t *after, const json_t *before,
                             const scim_attr *attr)
{
    json_t *shown = json_array(), *old, *element;
    size_t i, k;

    json_array_foreach((json_t *)before, i, old) {
        json_array_append_new(shown, readable(old, attr));
    }
    json_array_foreach(after, i, element) {
        json_t *own = readable(element, attr);

        json_array_foreach(shown, k, old) {
            if (json_equal(own, old)) {
                keep_subs(element, json_array_get(before, k), attr, 0);
                break;
            }
        }
        json_decref(own);
    }
    json_decref(shown);
}

static scim_error *unchangeable(const char *prefix, const char *name,
                                const scim_attr *sub, apr_pool_t *pool)
{
    return scim_error_make(SCIM_MUTABILITY, pool,
                           "The attribute \"%s%s%s%s\" is immutable, set once: "
                           "leave it out, or send the value that it has.",
                           prefix, name, sub != NULL ? "." : "",
                           sub != NULL ? sub->name : "");
}

/* A client that forgot "active" must neither revive nor lock out. */
static int stays(const scim_attr *attr, const scim_reading *reading)
{
    return scim_attr_is_secret(attr) || attr->mutability == SCIM_IMMUTABLE
           || (!reading->strict
               && attr
                      == scim_attr_find(scim_schema_user.attrs, "active", 6));
}

static scim_error *keep_attr(json_t *after, const json_t *before,
                             const scim_attr *attr, const char *prefix,
                             const scim_reading *reading, apr_pool_t *pool)
{
    json_t *old = json_object_get(before, attr->name);
    json_t *new = json_object_get(after, attr->name);
    const scim_attr *sub;

    if (new != NULL && old != NULL && attr->mutability == SCIM_IMMUTABLE
        && !json_equal(old, new)) {
        return unchangeable(prefix, attr->name, NULL, pool);
    }
    if (json_is_null(new)) {
        json_object_del(after, attr->name);
        return NULL;
    }
    if (old != NULL && new == NULL && stays(attr, reading)) {
        json_object_set(after, attr->name, old);
    }
    if (json_is_object(old) && json_is_object(new)) {
        keep_subs(new, old, attr, 1);
    }
    if (json_is_array(old) && json_is_array(new) && has_secret_sub(attr)) {
        keep_in_elements(new, old, attr);
    }
    sub = scim_immutable_sub(attr, old, new);
    return sub == NULL ? NULL : unchangeable(prefix, attr->name, sub, pool);
}

static scim_error *keep_attrs(json_t *after, const json_t *before,
                              const scim_attr *attrs, const char *prefix,
                              const scim_reading *reading, apr_pool_t *pool)
{
    scim_error *err = NULL;

    for (; err == NULL && attrs->name != NULL; attrs++) {
        err = keep_attr(after, before, attrs, prefix, reading, pool);
    }
    return err;
}

/* An extension that was left out goes. Where it holds what stays, its required
 * values do, too: a client that does not know it could never write again. */
static scim_error *keep_left_out(json_t *values, const json_t *old,
                                 const scim_schema *schema,
                                 scim_reading *reading, apr_pool_t *pool)
{
    const scim_attr *attr;
    scim_error *err = keep_attrs(values, old, schema->attrs, "", reading, pool);
    int kept = 0;

    if (err != NULL || reading->strict || json_object_size(values) == 0) {
        return err;
    }
    for (attr = schema->attrs; attr->name != NULL; attr++) {
        if (attr->required && json_object_get(values, attr->name) == NULL) {
            kept |= json_object_set(values, attr->name,
                                    json_object_get(old, attr->name)) == 0;
        }
    }
    return kept ? scim_reading_meets(reading, SCIM_DIALECT_REQUIRED_LEFT_OUT,
                                     schema->id, pool)
                : NULL;
}

static scim_error *keep_extension(json_t *after, const json_t *old,
                                  const scim_schema *schema,
                                  scim_reading *reading, apr_pool_t *pool)
{
    json_t *values = json_object_get(after, schema->id);

    if (values != NULL) {
        return keep_attrs(values, old, schema->attrs,
                          apr_pstrcat(pool, schema->id, ":", NULL), reading,
                          pool);
    }
    if (old == NULL) {
        return NULL;
    }
    values = json_object();
    json_object_set_new(after, schema->id, values);
    return keep_left_out(values, old, schema, reading, pool);
}

scim_error *scim_resource_keep(json_t *after, const json_t *before,
                               const scim_resource_type *type,
                               scim_reading *reading, apr_pool_t *pool)
{
    const scim_extension *ext;
    scim_error *err;

    scim_foreign_keep(after, before, type);
    err = keep_attrs(after, before, type->schema->attrs, "", reading, pool);
    for (ext = type->extensions; err == NULL && ext->schema != NULL; ext++) {
        err = keep_extension(after, json_object_get(before, ext->schema->id),
                             ext->schema, reading, pool);
    }
    return err == NULL ? scim_resource_finish(after, type, pool) : err;
}
