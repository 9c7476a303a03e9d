#include "core/path.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <string.h>

#include "core/casefold.h"

/* For messages. One byte more than is shown says that it was cut. */
static const char *shown(const char *text, apr_size_t len, apr_pool_t *pool)
{
    if (len > SCIM_EXCERPT_MAX + 1) {
        len = SCIM_EXCERPT_MAX + 1;
    }
    return scim_excerpt(apr_pstrmemdup(pool, text, len), pool);
}

typedef struct parts {
    const scim_schema *schema; /* NULL: no URN was given */
    const char *attr;
    apr_size_t attr_len;
    const char *sub; /* NULL: none */
    apr_size_t sub_len;
} parts;

static int starts_with_urn(const char *text, apr_size_t len, const char *urn)
{
    apr_size_t urn_len = strlen(urn);

    return len >= urn_len && scim_name_equals_n(text, urn_len, urn) &&
           (len == urn_len || text[urn_len] == ':' || text[urn_len] == '.');
}

/* The URN itself holds dots and colons, so only the known ones can tell where
 * it ends (RFC 7644, 3.10); the longest wins. */
static const scim_schema *leading_schema(const char *text, apr_size_t len,
                                         const scim_resource_type *type)
{
    const scim_schema *found = NULL;
    const scim_extension *ext;

    if (starts_with_urn(text, len, type->schema->id)) {
        found = type->schema;
    }
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        if (starts_with_urn(text, len, ext->schema->id) &&
            (found == NULL || strlen(ext->schema->id) > strlen(found->id))) {
            found = ext->schema;
        }
    }
    return found;
}

/* attrName = ALPHA *(nameChar), and $ref (RFC 7643, 2.1) */
static int is_name(const char *text, apr_size_t len)
{
    apr_size_t i;

    if (len == 0 || !(apr_isalpha(text[0]) || text[0] == '$')) {
        return 0;
    }
    for (i = 1; i < len; i++) {
        if (!apr_isalnum(text[i]) && text[i] != '-' && text[i] != '_' &&
            text[i] != '$') {
            return 0;
        }
    }
    return 1;
}

/* attrPath = [URI ":"] ATTRNAME *1subAttr */
static int split(parts *out, const char *text, apr_size_t len,
                 const scim_resource_type *type)
{
    const char *end = text + len;
    const char *dot;

    memset(out, 0, sizeof(*out));
    out->schema = leading_schema(text, len, type);
    if (out->schema != NULL) {
        text += strlen(out->schema->id);
        if (text == end) {
            return 1;
        }
        text++;
    }
    dot = memchr(text, '.', (apr_size_t)(end - text));
    out->attr = text;
    out->attr_len = (apr_size_t)((dot != NULL ? dot : end) - text);
    if (dot != NULL) {
        out->sub = dot + 1;
        out->sub_len = (apr_size_t)(end - out->sub);
    }
    return is_name(out->attr, out->attr_len) &&
           (dot == NULL || is_name(out->sub, out->sub_len));
}

/* Entra's documentation shows "manager" without its URN, so an attribute that
 * only an extension has is found there. */
static void find_anywhere(scim_path *out, const parts *in,
                          const scim_resource_type *type)
{
    const scim_extension *ext;

    out->schema = NULL;
    out->attr = scim_attr_find(scim_common_attrs, in->attr, in->attr_len);
    if (out->attr == NULL) {
        out->schema = type->schema;
        out->attr = scim_attr_find(type->schema->attrs, in->attr, in->attr_len);
    }
    for (ext = type->extensions; out->attr == NULL && ext->schema != NULL;
         ext++) {
        out->schema = ext->schema;
        out->attr = scim_attr_find(ext->schema->attrs, in->attr, in->attr_len);
    }
}

static void find_attr(scim_path *out, const parts *in,
                      const scim_resource_type *type)
{
    if (in->schema == NULL || in->schema == type->schema) {
        find_anywhere(out, in, type);
        if (in->schema != NULL && scim_path_is_extension(out, type)) {
            out->attr = NULL;
        }
        return;
    }
    out->schema = in->schema;
    out->attr = scim_attr_find(in->schema->attrs, in->attr, in->attr_len);
}

static scim_error *find_sub(scim_path *out, const parts *in, scim_fault fault,
                            apr_pool_t *pool)
{
    const char *sub = shown(in->sub, in->sub_len, pool);

    if (out->attr->type != SCIM_COMPLEX) {
        return scim_error_make(fault, pool,
                               "\"%s\" has no sub-attributes, so \"%s.%s\" "
                               "names nothing.",
                               out->attr->name, out->attr->name, sub);
    }
    out->sub = scim_attr_find(out->attr->sub, in->sub, in->sub_len);
    if (out->sub == NULL) {
        return scim_error_make(fault, pool,
                               "\"%s\" has no sub-attribute \"%s\".",
                               out->attr->name, sub);
    }
    return NULL;
}

static scim_error *malformed(const parts *in, const char *text, apr_size_t len,
                             const scim_resource_type *type, scim_fault fault,
                             apr_pool_t *pool)
{
    if (in->schema == NULL && memchr(text, ':', len) != NULL) {
        return scim_error_make(fault, pool,
                               "\"%s\" is of no schema that a %s has.",
                               shown(text, len, pool), type->name);
    }
    return scim_error_make(fault, pool, "\"%s\" is not an attribute path.",
                           shown(text, len, pool));
}

static scim_error *unknown(const char *text, apr_size_t len,
                           const scim_resource_type *type, scim_fault fault,
                           apr_pool_t *pool)
{
    return scim_error_make(fault, pool, "\"%s\" is not an attribute of a %s.",
                           shown(text, len, pool), type->name);
}

scim_error *scim_path_parse(scim_path *out, const char *text, apr_size_t len,
                            const scim_resource_type *type, scim_fault fault,
                            apr_pool_t *pool)
{
    scim_path path = { NULL, NULL, NULL };
    scim_error *err = NULL;
    parts in;

    if (!split(&in, text, len, type)) {
        return malformed(&in, text, len, type, fault, pool);
    }
    if (in.attr == NULL) {
        if (in.schema == type->schema) {
            return unknown(text, len, type, fault, pool);
        }
        path.schema = in.schema;
        *out = path;
        return NULL;
    }
    find_attr(&path, &in, type);
    if (path.attr == NULL) {
        return unknown(text, len, type, fault, pool);
    }
    if (in.sub != NULL) {
        err = find_sub(&path, &in, fault, pool);
    }
    if (err == NULL) {
        *out = path;
    }
    return err;
}

const char *scim_path_text(const scim_path *path,
                           const scim_resource_type *type, apr_pool_t *pool)
{
    const char *urn =
        scim_path_is_extension(path, type) ? path->schema->id : NULL;

    if (path->attr == NULL) {
        return urn != NULL ? urn : type->schema->id;
    }
    return apr_pstrcat(pool, urn != NULL ? urn : "", urn != NULL ? ":" : "",
                       path->attr->name, path->sub != NULL ? "." : "",
                       path->sub != NULL ? path->sub->name : "", NULL);
}

int scim_path_is_extension(const scim_path *path,
                           const scim_resource_type *type)
{
    return path->schema != NULL && path->schema != type->schema;
}

json_t *scim_path_get(const scim_path *path, const json_t *resource,
                      const scim_resource_type *type)
{
    const json_t *value = resource;

    if (scim_path_is_extension(path, type)) {
        value = json_object_get(value, path->schema->id);
    }
    if (path->attr != NULL) {
        value = json_object_get(value, path->attr->name);
    }
    if (path->sub != NULL) {
        value = json_object_get(value, path->sub->name);
    }
    return (json_t *)value;
}
