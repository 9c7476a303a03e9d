#include "core/resource.h"

#include <string.h>

#include <apr_strings.h>

#include "core/foreign.h"

/* "schemas". */

static scim_error *check_urn(const json_t *urn, const scim_resource_type *type,
                             scim_reading *reading, apr_pool_t *pool)
{
    const char *text = json_string_value(urn);

    if (text != NULL
        && scim_resource_type_schema(type, text, strlen(text)) != NULL) {
        return NULL;
    }
    return scim_reading_meets(reading, SCIM_DIALECT_SCHEMA_UNKNOWN,
                              text != NULL ? text : "schemas", pool);
}

/* RFC 7643, 3: the core schema is named, others are the type's. Entra ID adds
 * a URN of its own to groups, and many clients forget the extension's. */
static scim_error *check_schemas(const json_t *body,
                                 const scim_resource_type *type,
                                 scim_reading *reading, apr_pool_t *pool)
{
    const json_t *schemas = scim_json_member(body, "schemas");
    scim_error *err = NULL;
    int has_core = 0;
    apr_size_t i;

    for (i = 0; err == NULL && i < json_array_size(schemas); i++) {
        const json_t *urn = json_array_get(schemas, i);
        const char *text = json_string_value(urn);

        err = check_urn(urn, type, reading, pool);
        has_core |= text != NULL
                    && scim_resource_type_schema(type, text, strlen(text))
                           == type->schema;
    }
    if (err == NULL && !has_core) {
        err = scim_reading_meets(reading, SCIM_DIALECT_SCHEMAS_MISSING,
                                 "schemas", pool);
    }
    return err;
}

/* Reading. */

static scim_error *given_twice(const char *path, apr_pool_t *pool)
{
    return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                           "The attribute \"%s\" is given twice.", path);
}

/* Names that nothing will be read from, and names that are there twice in
 * different case, where there is no telling which one is meant. */
static scim_error *check_names(const json_t *object, const scim_attr *attrs,
                               const scim_resource_type *top,
                               scim_reading *reading, apr_pool_t *pool)
{
    const char *name;
    json_t *value;
    scim_error *err = NULL;

    json_object_foreach((json_t *)object, name, value) {
        apr_size_t len = strlen(name);
        const scim_attr *attr = scim_attr_find(attrs, name, len);
        const scim_schema *schema = NULL;
        const char *known;

        if (attr == NULL && top != NULL) {
            attr = scim_attr_find(scim_common_attrs, name, len);
            schema = scim_resource_type_schema(top, name, len);
            if (schema == top->schema) {
                schema = NULL;
            }
        }
        known = attr != NULL ? attr->name : schema != NULL ? schema->id : NULL;
        if (known == NULL) {
            err = scim_reading_meets(reading, SCIM_DIALECT_ATTRIBUTE_UNKNOWN,
                                     name, pool);
        }
        else if (scim_json_member(object, known) != value) {
            err = given_twice(known, pool);
        }
        if (err != NULL) {
            return err;
        }
    }
    return NULL;
}

static scim_error *read_attr(json_t *out, const json_t *given,
                             const scim_attr *attr, const char *prefix,
                             scim_reading *reading, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, prefix, attr->name, NULL);
    json_t *value = NULL;
    scim_error *err = NULL;

    if (attr->multi && !json_is_array(given)) {
        err = scim_reading_meets(reading, SCIM_DIALECT_SINGLE_VALUE, path,
                                 pool);
    }
    if (err == NULL) {
        err = scim_value_read(&value, given, attr, path, reading, pool);
    }
    if (err == NULL && value != NULL) {
        json_object_set(out, attr->name, value);
    }
    return err;
}

/* What the client may set, in the order of the schema. */
static scim_error *read_attrs(json_t *out, const json_t *object,
                              const scim_attr *attrs, const char *prefix,
                              scim_reading *reading, apr_pool_t *pool)
{
    const scim_attr *attr;
    scim_error *err = NULL;

    for (attr = attrs; err == NULL && attr->name != NULL; attr++) {
        const json_t *given = scim_json_member(object, attr->name);

        if (scim_attr_is_writable(attr) && !scim_json_is_unassigned(given)) {
            err = read_attr(out, given, attr, prefix, reading, pool);
        }
    }
    return err;
}

static scim_error *read_extension(json_t *out, const json_t *body,
                                  const scim_schema *schema,
                                  scim_reading *reading, apr_pool_t *pool)
{
    const char *prefix = apr_pstrcat(pool, schema->id, ":", NULL);
    const json_t *given = scim_json_member(body, schema->id);
    json_t *values;
    scim_error *err;

    if (scim_json_is_unassigned(given)) {
        return NULL;
    }
    if (!json_is_object(given)) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "\"%s\" must be an object.", schema->id);
    }
    err = check_names(given, schema->attrs, NULL, reading, pool);
    if (err != NULL) {
        return err;
    }
    values = scim_json_adopt(json_object(), pool);
    err = read_attrs(values, given, schema->attrs, prefix, reading, pool);
    if (err == NULL && json_object_size(values) > 0) {
        json_object_set(out, schema->id, values);
    }
    return err;
}

/* externalId is the one common attribute that a client sets. */
static scim_error *read_external_id(json_t *out, const json_t *body,
                                    scim_reading *reading, apr_pool_t *pool)
{
    const scim_attr *attr = scim_attr_find(scim_common_attrs, "externalId", 10);
    const json_t *given = scim_json_member(body, attr->name);

    return scim_json_is_unassigned(given)
               ? NULL
               : read_attr(out, given, attr, "", reading, pool);
}

static scim_error *read_all(json_t *out, const json_t *body,
                            const scim_resource_type *type,
                            scim_reading *reading, apr_pool_t *pool)
{
    const scim_extension *ext;
    scim_error *err;

    err = check_names(body, type->schema->attrs, type, reading, pool);
    if (err == NULL) {
        err = check_schemas(body, type, reading, pool);
    }
    if (err == NULL) {
        err = read_external_id(out, body, reading, pool);
    }
    if (err == NULL) {
        err = read_attrs(out, body, type->schema->attrs, "", reading, pool);
    }
    for (ext = type->extensions; err == NULL && ext->schema != NULL; ext++) {
        err = read_extension(out, body, ext->schema, reading, pool);
    }
    return err;
}

scim_error *scim_resource_read(json_t **out, const json_t *body,
                               const scim_resource_type *type,
                               scim_reading *reading, apr_pool_t *pool)
{
    json_t *resource;
    scim_error *err;

    if (!json_is_object(body)) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "The resource must be a JSON object.");
    }
    resource = scim_json_adopt(json_pack("{s:[]}", "schemas"), pool);
    err = read_all(resource, body, type, reading, pool);
    if (err == NULL) {
        err = scim_resource_finish(resource, type, pool);
    }
    if (err == NULL) {
        *out = resource;
    }
    return err;
}

/* Finishing. */

static scim_error *check_primary(const json_t *list, const char *path,
                                 apr_pool_t *pool)
{
    int primaries = 0;
    apr_size_t i;

    for (i = 0; i < json_array_size(list); i++) {
        primaries += json_is_true(
            json_object_get(json_array_get(list, i), "primary"));
    }
    if (primaries < 2) {
        return NULL;
    }
    return scim_error_make(SCIM_INVALID_VALUE, pool,
                           "The attribute \"%s\" has %d primary values; only "
                           "one can be primary.",
                           path, primaries);
}

/* A required sub-attribute that the value, or an element of it, lacks. */
static const scim_attr *missing_sub(const json_t *value, const scim_attr *attr)
{
    const scim_attr *sub = NULL;
    apr_size_t i;

    for (i = 0; sub == NULL && i < json_array_size(value); i++) {
        sub = missing_sub(json_array_get(value, i), attr);
    }
    if (!json_is_object(value) || attr->sub == NULL) {
        return sub;
    }
    for (sub = attr->sub; sub->name != NULL; sub++) {
        if (sub->required && json_object_get(value, sub->name) == NULL) {
            return sub;
        }
    }
    return NULL;
}

static int has_required_sub(const scim_attr *attr)
{
    const scim_attr *sub = attr->sub;

    while (sub != NULL && sub->name != NULL && !sub->required) {
        sub++;
    }
    return sub != NULL && sub->name != NULL;
}

static scim_error *check_subs(const json_t *value, const scim_attr *attr,
                              const char *prefix, apr_pool_t *pool)
{
    const scim_attr *sub
        = has_required_sub(attr) ? missing_sub(value, attr) : NULL;

    return sub == NULL
               ? NULL
               : scim_error_make(SCIM_INVALID_VALUE, pool,
                                 "The attribute \"%s%s.%s\" is required.",
                                 prefix, attr->name, sub->name);
}

static scim_error *finish_attrs(const json_t *values, const scim_schema *schema,
                                const char *prefix, apr_pool_t *pool)
{
    const scim_attr *attr;
    scim_error *err = NULL;

    for (attr = schema->attrs; err == NULL && attr->name != NULL; attr++) {
        const json_t *value = json_object_get(values, attr->name);

        if (value == NULL && attr->required && scim_attr_is_writable(attr)) {
            err = scim_error_make(SCIM_INVALID_VALUE, pool,
                                  "The attribute \"%s%s\" is required.",
                                  prefix, attr->name);
        }
        else if (json_array_size(value) > SCIM_VALUES_MAX
                 && schema != &scim_schema_group) {
            err = scim_error_make(SCIM_INVALID_VALUE, pool,
                                  "The attribute \"%s%s\" would have more "
                                  "than %d values.",
                                  prefix, attr->name, SCIM_VALUES_MAX);
        }
        else if (attr->multi && scim_attr_find(attr->sub, "primary", 7)) {
            err = check_primary(
                value, apr_pstrcat(pool, prefix, attr->name, NULL), pool);
        }
        if (err == NULL) {
            err = check_subs(value, attr, prefix, pool);
        }
    }
    return err;
}

scim_error *scim_resource_finish(json_t *resource,
                                 const scim_resource_type *type,
                                 apr_pool_t *pool)
{
    json_t *schemas = json_pack("[s]", type->schema->id);
    const scim_extension *ext;
    scim_error *err;

    err = finish_attrs(resource, type->schema, "", pool);
    for (ext = type->extensions; err == NULL && ext->schema != NULL; ext++) {
        const char *urn = ext->schema->id;
        const json_t *values = json_object_get(resource, urn);

        if (json_object_size(values) == 0) {
            json_object_del(resource, urn);
            values = NULL;
        }
        else {
            json_array_append_new(schemas, json_string(urn));
        }
        if (values == NULL && ext->required) {
            err = scim_error_make(SCIM_INVALID_VALUE, pool,
                                  "The extension \"%s\" is required.", urn);
        }
        if (err == NULL && values != NULL) {
            err = finish_attrs(values, ext->schema,
                               apr_pstrcat(pool, urn, ":", NULL), pool);
        }
    }
    scim_foreign_name(schemas, resource, type);
    json_object_set_new(resource, "schemas", schemas);
    return err;
}

/* Replacing. */

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
                      const scim_attr *attr)
{
    const scim_attr *sub = attr->sub;

    for (; sub != NULL && sub->name != NULL; sub++) {
        json_t *old = json_object_get(before, sub->name);

        if (old != NULL && json_object_get(after, sub->name) == NULL
            && (sub->mutability == SCIM_IMMUTABLE
                || sub->mutability == SCIM_WRITE_ONLY)) {
            json_object_set(after, sub->name, old);
        }
    }
}

static scim_error *unchangeable(const char *name, const char *sub,
                                apr_pool_t *pool)
{
    return scim_error_make(SCIM_MUTABILITY, pool,
                           "The attribute \"%s%s%s\" cannot be changed once "
                           "it has a value.",
                           name, sub != NULL ? "." : "",
                           sub != NULL ? sub : "");
}

static scim_error *keep_attr(json_t *after, const json_t *before,
                             const scim_attr *attr,
                             const scim_reading *reading, apr_pool_t *pool)
{
    json_t *old = json_object_get(before, attr->name);
    json_t *new = json_object_get(after, attr->name);
    const scim_attr *sub;
    /* A client that forgot "active" must neither revive nor lock out. */
    int keeps = attr->mutability == SCIM_WRITE_ONLY
                || attr->mutability == SCIM_IMMUTABLE
                || (!reading->strict
                    && attr
                           == scim_attr_find(scim_schema_user.attrs, "active",
                                             6));

    if (old == NULL) {
        return NULL;
    }
    if (new == NULL && keeps) {
        json_object_set(after, attr->name, old);
    }
    if (new != NULL && attr->mutability == SCIM_IMMUTABLE
        && !json_equal(old, new)) {
        return unchangeable(attr->name, NULL, pool);
    }
    if (json_is_object(old) && json_is_object(new)) {
        keep_subs(new, old, attr);
    }
    sub = scim_immutable_sub(attr, old, new);
    return sub == NULL ? NULL : unchangeable(attr->name, sub->name, pool);
}

static scim_error *keep_attrs(json_t *after, const json_t *before,
                              const scim_attr *attrs,
                              const scim_reading *reading, apr_pool_t *pool)
{
    scim_error *err = NULL;

    for (; err == NULL && attrs->name != NULL; attrs++) {
        err = keep_attr(after, before, attrs, reading, pool);
    }
    return err;
}

scim_error *scim_resource_keep(json_t *after, const json_t *before,
                               const scim_resource_type *type,
                               const scim_reading *reading, apr_pool_t *pool)
{
    const scim_extension *ext;
    scim_error *err;

    scim_foreign_keep(after, before, type);
    err = keep_attrs(after, before, type->schema->attrs, reading, pool);
    for (ext = type->extensions; err == NULL && ext->schema != NULL; ext++) {
        const char *urn = ext->schema->id;
        const json_t *old = json_object_get(before, urn);
        json_t *values = json_object_get(after, urn);

        if (old == NULL) {
            continue;
        }
        if (values == NULL) {
            values = json_object();
            json_object_set_new(after, urn, values);
        }
        err = keep_attrs(values, old, ext->schema->attrs, reading, pool);
    }
    return err == NULL ? scim_resource_finish(after, type, pool) : err;
}
