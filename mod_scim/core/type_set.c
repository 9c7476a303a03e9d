#include "core/type_set.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "core/schema_file.h"
#include "core/type_file.h"

#define BUILT_IN  2
#define MAX_TYPES (BUILT_IN + SCIM_FILE_TYPES_MAX)

struct scim_type_set {
    int schema_count;
    const scim_schema *schemas[SCIM_FILE_SCHEMAS_MAX]; /* of files */
    int count;
    scim_resource_type own[MAX_TYPES];
    const scim_resource_type *types[MAX_TYPES + 1]; /* for the others */
    apr_pool_t *pool;
};

static scim_error *refuse(const scim_type_set *set, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static scim_error *refuse(const scim_type_set *set, const char *format, ...)
{
    scim_error *err = scim_error_make(SCIM_INVALID_VALUE, set->pool, "%s", "");
    va_list args;

    va_start(args, format);
    err->detail = apr_pvsprintf(set->pool, format, args);
    va_end(args);
    return err;
}

static scim_resource_type *append_type(scim_type_set *set,
                                       const scim_resource_type *type)
{
    scim_resource_type *own = &set->own[set->count];

    *own = *type;
    set->types[set->count++] = own;
    return own;
}

scim_type_set *scim_type_set_make(apr_pool_t *pool)
{
    scim_type_set *set = apr_pcalloc(pool, sizeof(*set));
    int i;

    set->pool = pool;
    for (i = 0; i < BUILT_IN; i++) {
        append_type(set, scim_default_types[i]);
    }
    return set;
}

scim_resource_types scim_type_set_types(const scim_type_set *set)
{
    return set->types;
}

/* ----------------------------------------------------------------- schemas */

/* Names of messages and of the core's own. */
static const char *const reserved[] = {
    "urn:ietf:params:scim:api:",
    "urn:ietf:params:scim:schemas:core:",
};

/* Whether one is the other, or could be an attribute of it: only the known
 * URNs tell where in a path the attribute begins. */
static int collide(const char *urn, const char *other)
{
    apr_size_t len = strlen(urn), other_len = strlen(other);

    if (len > other_len) {
        return collide(other, urn);
    }
    return scim_name_equals_n(other, len, urn) &&
           (len == other_len || other[len] == ':' || other[len] == '.');
}

static scim_error *check_urn(const scim_type_set *set, const char *urn)
{
    const char *taken = NULL;
    size_t i;

    for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        if (scim_name_equals_n(urn,
                               strlen(urn) < strlen(reserved[i])
                                   ? strlen(urn)
                                   : strlen(reserved[i]),
                               reserved[i])) {
            return refuse(set,
                          "/id: names that begin with \"%s\" belong to "
                          "the RFCs",
                          reserved[i]);
        }
    }
    if (collide(urn, SCIM_URN_ENTERPRISE_USER)) {
        taken = SCIM_URN_ENTERPRISE_USER;
    }
    for (i = 0; taken == NULL && i < (size_t)set->schema_count; i++) {
        if (collide(urn, set->schemas[i]->id)) {
            taken = set->schemas[i]->id;
        }
    }
    return taken == NULL ? NULL
                         : refuse(set,
                                  "/id: \"%s\" collides with the schema "
                                  "\"%s\"",
                                  urn, taken);
}

scim_error *scim_type_set_add_schema(const scim_schema **out,
                                     scim_type_set *set, const char *text,
                                     apr_size_t len)
{
    scim_schema *schema;
    scim_error *err = scim_schema_file_read(&schema, text, len, set->pool);

    if (err == NULL) {
        err = check_urn(set, schema->id);
    }
    if (err == NULL && set->schema_count == SCIM_FILE_SCHEMAS_MAX) {
        err =
            refuse(set, "there are %d schemas already", SCIM_FILE_SCHEMAS_MAX);
    }
    if (err == NULL) {
        set->schemas[set->schema_count++] = schema;
        *out = schema;
    }
    return err;
}

static const scim_schema *find_schema(const scim_type_set *set, const char *urn)
{
    int i;

    for (i = 0; i < set->schema_count; i++) {
        if (scim_name_equals(set->schemas[i]->id, urn)) {
            return set->schemas[i];
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------- types */

/* What the type now has that no type of the RFCs has. */
static void note_attrs(scim_resource_type *type, const scim_attr *attrs)
{
    for (; attrs != NULL && attrs->name != NULL; attrs++) {
        type->hides |= attrs->returned == SCIM_RETURNED_NEVER ||
                       attrs->returned == SCIM_RETURNED_REQUEST;
        type->claims |= attrs->uniqueness == SCIM_UNIQUE_SERVER;
        note_attrs(type, attrs->sub);
    }
}

static scim_error *extend(scim_type_set *set, scim_resource_type *type,
                          const scim_schema *schema, int required)
{
    const scim_extension *old = type->extensions;
    scim_extension *all;
    int count = 0;

    for (; old[count].schema != NULL; count++) {
        if (old[count].schema == schema) {
            return refuse(set, "\"%s\" is an extension of %s already",
                          schema->id, type->name);
        }
    }
    if (type->schema == schema) {
        return refuse(set, "\"%s\" is the schema of %s itself", schema->id,
                      type->name);
    }
    all = apr_pcalloc(set->pool, (apr_size_t)(count + 2) * sizeof(*all));
    memcpy(all, old, (apr_size_t)count * sizeof(*all));
    all[count].schema = schema;
    all[count].required = required;
    type->extensions = all;
    note_attrs(type, schema->attrs);
    return NULL;
}

static scim_resource_type *type_of(scim_type_set *set, scim_type_kind kind)
{
    int i = 0;

    while (set->own[i].kind != kind) {
        i++;
    }
    return &set->own[i];
}

scim_error *scim_type_set_extend(scim_type_set *set, scim_type_kind kind,
                                 const scim_schema *schema, int required)
{
    return extend(set, type_of(set, kind), schema, required);
}

/* ------------------------------------------------------------------- marks */

/* Why no index can be made, or NULL. */
static const char *unfit(const scim_path *path, const scim_attr *leaf,
                         const scim_resource_type *type)
{
    return path->schema == NULL ? "every resource has that"
           : leaf->indexed && path->schema == type->schema
               ? "that has an index in any case"
           : path->schema == type->schema
                   && path->attr->mutability == SCIM_READ_ONLY
               ? "that is no value of the user's own"
           : scim_attr_is_secret(path->attr) || scim_attr_is_secret(path->sub)
               ? "nobody may search for that"
           : leaf->type != SCIM_STRING && leaf->type != SCIM_DATETIME
                   && leaf->type != SCIM_REFERENCE
               ? "only a string, a dateTime or a reference can have one"
           : path->sub != NULL && path->sub->multi
               ? "a list within a value cannot have one"
               : NULL;
}

static scim_error *append_mark(scim_type_set *set, scim_resource_type *type,
                               const scim_path *path)
{
    const scim_path *old = type->marked;
    scim_path *all;
    int count = 0;

    for (; old != NULL && old[count].attr != NULL; count++) {
        if (old[count].attr == path->attr && old[count].sub == path->sub) {
            return refuse(set, "it is there twice");
        }
    }
    all = apr_pcalloc(set->pool, (apr_size_t)(count + 2) * sizeof(*all));
    if (count > 0) {
        memcpy(all, old, (apr_size_t)count * sizeof(*all));
    }
    all[count] = *path;
    type->marked = all;
    return NULL;
}

scim_error *scim_type_set_mark(scim_path *out, scim_type_set *set,
                               const char *text)
{
    scim_resource_type *user = type_of(set, SCIM_KIND_USER);
    scim_path path;
    const char *why;
    scim_error *err = scim_path_parse(&path, text, strlen(text), user,
                                      SCIM_INVALID_PATH, set->pool);

    if (err != NULL) {
        return err;
    }
    if (path.attr == NULL) {
        return refuse(set, "a whole extension is no attribute");
    }
    /* As filters read it (RFC 7643, 2.4): emails is emails.value. */
    if (path.sub == NULL && path.attr->sub != NULL) {
        path.sub = scim_attr_find(path.attr->sub, "value", strlen("value"));
    }
    why = unfit(&path, path.sub != NULL ? path.sub : path.attr, user);
    err = why != NULL ? refuse(set, "%s", why) : append_mark(set, user, &path);
    if (err == NULL) {
        *out = path;
    }
    return err;
}

static scim_error *check_names(const scim_type_set *set,
                               const scim_type_file *file)
{
    static const char *const endpoints[] = {
        "/ServiceProviderConfig", "/Schemas", "/ResourceTypes", "/Bulk", "/Me",
    };
    size_t i;

    for (i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        if (scim_name_equals(file->endpoint, endpoints[i])) {
            return refuse(set, "/endpoint: \"%s\" belongs to the protocol",
                          endpoints[i]);
        }
    }
    for (i = 0; i < (size_t)set->count; i++) {
        if (scim_name_equals(file->endpoint, set->own[i].endpoint)) {
            return refuse(set, "/endpoint: \"%s\" is the endpoint of %s",
                          file->endpoint, set->own[i].name);
        }
        if (scim_name_equals(file->name, set->own[i].name)) {
            return refuse(set,
                          "/name: there is a resource type \"%s\" "
                          "already",
                          set->own[i].name);
        }
    }
    return NULL;
}

/* What every resource has by these names (RFC 7643, 3.1). */
static scim_error *check_attrs(const scim_type_set *set,
                               const scim_schema *schema)
{
    const scim_attr *common = scim_common_attrs;

    for (; common->name != NULL; common++) {
        if (scim_attr_find(schema->attrs, common->name, strlen(common->name)) !=
            NULL) {
            return refuse(set,
                          "/schema: \"%s\" has an attribute \"%s\", which "
                          "every resource has of its own",
                          schema->id, common->name);
        }
    }
    return NULL;
}

static scim_error *unknown_schema(const scim_type_set *set, const char *place,
                                  const char *urn)
{
    return refuse(set, "%s: no ScimSchema before this line has read \"%s\"",
                  place, urn);
}

static scim_error *extend_all(scim_type_set *set, scim_resource_type *type,
                              const scim_type_file *file)
{
    scim_error *err = NULL;
    int i;

    for (i = 0; err == NULL && i < file->extensions->nelts; i++) {
        const scim_type_file_extension *extension =
            &APR_ARRAY_IDX(file->extensions, i, scim_type_file_extension);
        const scim_schema *schema = find_schema(set, extension->schema);

        err = schema == NULL
                  ? unknown_schema(set, "/schemaExtensions", extension->schema)
                  : extend(set, type, schema, extension->required);
    }
    return err;
}

scim_error *scim_type_set_add_type(scim_type_set *set, const char *text,
                                   apr_size_t len)
{
    scim_resource_type type = { .kind = SCIM_KIND_OTHER,
                                .extensions = scim_type_group.extensions };
    scim_type_file *file;
    scim_error *err = scim_type_file_read(&file, text, len, set->pool);

    if (err == NULL) {
        err = check_names(set, file);
    }
    if (err != NULL) {
        return err;
    }
    type.name = file->name;
    type.endpoint = file->endpoint;
    type.description = file->description;
    type.schema = find_schema(set, file->schema);
    if (type.schema == NULL) {
        return unknown_schema(set, "/schema", file->schema);
    }
    err = check_attrs(set, type.schema);
    note_attrs(&type, type.schema->attrs);
    if (err == NULL) {
        err = extend_all(set, &type, file);
    }
    if (err == NULL && set->count == MAX_TYPES) {
        err = refuse(set, "there are %d resource types already", MAX_TYPES);
    }
    if (err == NULL) {
        append_type(set, &type);
    }
    return err;
}

static int has_schema(const scim_resource_type *type, const scim_schema *schema)
{
    const scim_extension *extension = type->extensions;

    while (extension->schema != NULL && extension->schema != schema) {
        extension++;
    }
    return type->schema == schema || extension->schema == schema;
}

const scim_schema *scim_type_set_unused(const scim_type_set *set)
{
    int i, k;

    for (i = 0; i < set->schema_count; i++) {
        for (k = 0;
             k < set->count && !has_schema(&set->own[k], set->schemas[i]);
             k++) {
        }
        if (k == set->count) {
            return set->schemas[i];
        }
    }
    return NULL;
}
