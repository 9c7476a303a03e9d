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

static scim_error *read_body(json_t **out, const json_t *body,
                             const scim_resource_type *type,
                             scim_reading *reading, apr_pool_t *pool)
{
    if (!json_is_object(body)) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "The resource must be a JSON object.");
    }
    *out = scim_json_adopt(json_pack("{s:[]}", "schemas"), pool);
    return read_all(*out, body, type, reading, pool);
}

scim_error *scim_resource_read(json_t **out, const json_t *body,
                               const scim_resource_type *type,
                               scim_reading *reading, apr_pool_t *pool)
{
    json_t *resource = NULL;
    scim_error *err = read_body(&resource, body, type, reading, pool);

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

/* Of a PUT as it is read (`reading`), what nobody can read may be there
 * already. */
static scim_error *miss(const scim_attr *attr, const char *path,
                        scim_reading *reading, apr_pool_t *pool)
{
    return reading != NULL && scim_attr_is_secret(attr)
               ? scim_reading_meets(reading, SCIM_DIALECT_REQUIRED_LEFT_OUT,
                                    path, pool)
               : scim_error_make(SCIM_INVALID_VALUE, pool,
                                 "The attribute \"%s\" is required, and the "
                                 "request gives it no value.",
                                 path);
}

/* A required sub-attribute that the value, or an element of it, lacks. */
static const scim_attr *missing_sub(const json_t *value, const scim_attr *attr,
                                    int secrets_too)
{
    const scim_attr *sub = NULL;
    apr_size_t i;

    for (i = 0; sub == NULL && i < json_array_size(value); i++) {
        sub = missing_sub(json_array_get(value, i), attr, secrets_too);
    }
    if (!json_is_object(value) || attr->sub == NULL) {
        return sub;
    }
    for (sub = attr->sub; sub->name != NULL; sub++) {
        if (sub->required && (secrets_too || !scim_attr_is_secret(sub))
            && json_object_get(value, sub->name) == NULL) {
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
                              const char *prefix, scim_reading *reading,
                              apr_pool_t *pool)
{
    const scim_attr *sub = NULL;

    if (has_required_sub(attr)) {
        sub = missing_sub(value, attr, 0);
        sub = sub != NULL ? sub : missing_sub(value, attr, 1);
    }
    return sub == NULL ? NULL
                       : miss(sub,
                              apr_pstrcat(pool, prefix, attr->name, ".",
                                          sub->name, NULL),
                              reading, pool);
}

static scim_error *finish_attr(const json_t *value, const scim_attr *attr,
                               const scim_schema *schema, const char *prefix,
                               scim_reading *reading, apr_pool_t *pool)
{
    const char *path = *prefix == '\0'
                           ? attr->name
                           : apr_pstrcat(pool, prefix, attr->name, NULL);
    scim_error *err = NULL;

    if (attr->required && scim_attr_is_writable(attr)
        && (value == NULL || json_is_null(value))) {
        err = miss(attr, path, value == NULL ? reading : NULL, pool);
    }
    else if (json_array_size(value) > SCIM_VALUES_MAX
             && schema != &scim_schema_group) {
        err = scim_error_make(SCIM_INVALID_VALUE, pool,
                              "The attribute \"%s\" would have more than %d "
                              "values.",
                              path, SCIM_VALUES_MAX);
    }
    else if (attr->multi && scim_attr_find(attr->sub, "primary", 7)) {
        err = check_primary(value, path, pool);
    }
    return err != NULL ? err : check_subs(value, attr, prefix, reading, pool);
}

static scim_error *finish_attrs(const json_t *values, const scim_schema *schema,
                                const char *prefix, scim_reading *reading,
                                apr_pool_t *pool)
{
    const scim_attr *attr;
    scim_error *err = NULL;

    for (attr = schema->attrs; err == NULL && attr->name != NULL; attr++) {
        err = finish_attr(json_object_get(values, attr->name), attr, schema,
                          prefix, reading, pool);
    }
    return err;
}

/* null is what a PUT wants gone. */
static int holds_nothing(const json_t *values)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)values, name, value) {
        if (!json_is_null(value)) {
            return 0;
        }
    }
    return 1;
}

static scim_error *miss_extension(const scim_schema *schema,
                                  scim_reading *reading, apr_pool_t *pool)
{
    const scim_attr *attr = schema->attrs;

    while (scim_attr_is_secret(attr) && attr->name != NULL) {
        attr++;
    }
    return reading != NULL && attr->name == NULL
               ? scim_reading_meets(reading, SCIM_DIALECT_REQUIRED_LEFT_OUT,
                                    schema->id, pool)
               : scim_error_make(SCIM_INVALID_VALUE, pool,
                                 "The extension \"%s\" is required, and the "
                                 "request gives it no value.",
                                 schema->id);
}

static scim_error *finish_extension(json_t *resource, json_t *schemas,
                                    const scim_extension *ext,
                                    scim_reading *reading, apr_pool_t *pool)
{
    const char *urn = ext->schema->id;
    const json_t *values = json_object_get(resource, urn);

    if (holds_nothing(values)) {
        if (json_object_size(values) == 0) {
            json_object_del(resource, urn);
        }
        return ext->required ? miss_extension(ext->schema, reading, pool)
                             : NULL;
    }
    json_array_append_new(schemas, json_string(urn));
    return finish_attrs(values, ext->schema, apr_pstrcat(pool, urn, ":", NULL),
                        reading, pool);
}

static scim_error *finish(json_t *resource, const scim_resource_type *type,
                          scim_reading *reading, apr_pool_t *pool)
{
    json_t *schemas = json_pack("[s]", type->schema->id);
    const scim_extension *ext;
    scim_error *err;

    err = finish_attrs(resource, type->schema, "", reading, pool);
    for (ext = type->extensions; err == NULL && ext->schema != NULL; ext++) {
        err = finish_extension(resource, schemas, ext, reading, pool);
    }
    scim_foreign_name(schemas, resource, type);
    json_object_set_new(resource, "schemas", schemas);
    return err;
}

scim_error *scim_resource_finish(json_t *resource,
                                 const scim_resource_type *type,
                                 apr_pool_t *pool)
{
    return finish(resource, type, NULL, pool);
}

/* Replacing. */

/* What nobody can read is kept where it is left out: null ends it (RFC 7644,
 * 3.5.1). */
static void take_nulls(json_t *out, const json_t *given, const scim_attr *attr)
{
    for (; attr->name != NULL; attr++) {
        const json_t *value = scim_json_member(given, attr->name);

        if (value != NULL && scim_attr_is_writable(attr)
            && scim_attr_is_secret(attr) && scim_json_is_unassigned(value)) {
            json_object_set_new(out, attr->name, json_null());
        }
    }
}

static void take_all_nulls(json_t *out, const json_t *body,
                           const scim_resource_type *type)
{
    const scim_extension *ext;

    take_nulls(out, body, type->schema->attrs);
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        json_t *values = json_object_get(out, ext->schema->id);
        json_t *nulls = json_object();

        take_nulls(nulls, scim_json_member(body, ext->schema->id),
                   ext->schema->attrs);
        if (json_object_size(nulls) > 0 && values == NULL) {
            json_object_set(out, ext->schema->id, nulls);
        }
        json_object_update(values, nulls);
        json_decref(nulls);
    }
}

scim_error *scim_resource_read_put(json_t **out, const json_t *body,
                                   const scim_resource_type *type,
                                   scim_reading *reading, apr_pool_t *pool)
{
    json_t *resource = NULL;
    scim_error *err = read_body(&resource, body, type, reading, pool);

    if (err == NULL) {
        take_all_nulls(resource, body, type);
        err = finish(resource, type, reading, pool);
    }
    if (err == NULL) {
        *out = resource;
    }
    return err;
}
