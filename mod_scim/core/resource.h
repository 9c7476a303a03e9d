/* A resource as a value: canonical JSON.
 *
 * Canonical means: attribute names and URNs in the schema's spelling, only
 * known and assigned attributes, values of the schema's type, arrays where the
 * schema says multi-valued, extensions below their URN, "schemas" complete.
 * Strings keep the client's spelling. Everything behind scim_resource_read()
 * relies on this form. */
#ifndef SCIM_CORE_RESOURCE_H
#define SCIM_CORE_RESOURCE_H

#include <apr_tables.h>

#include "core/dialect.h"
#include "core/json.h"
#include "core/resource_type.h"

/* Reads the body of a POST or PUT (RFC 7644, 3.3 and 3.5.1): readOnly and
 * unknown attributes are dropped, null and [] are absent, "True" and "False"
 * are booleans where the schema says boolean. Errors: invalidSyntax (no
 * object), those of core/dialect.c in strict mode, invalidValue (wrong
 * type, two primaries, required attribute missing; names the path).
 * The result is a new value that belongs to `pool`; `body` is not changed. */
scim_error *scim_resource_read(json_t **out, const json_t *body,
                               const scim_resource_type *type,
                               scim_reading *reading, apr_pool_t *pool);

/* The same for a PUT, where it may leave out what nobody can read, also what is
 * required of it, and has null for what the client wants gone of it:
 * scim_resource_keep() makes a resource of it. */
scim_error *scim_resource_read_put(json_t **out, const json_t *body,
                                   const scim_resource_type *type,
                                   scim_reading *reading, apr_pool_t *pool);

/* Reads one value of one attribute (PATCH, sub-attributes) into canonical
 * form: `attr` multi-valued gives an array (a single value is wrapped), complex
 * an object. *out is NULL for null, [] and "" of a non-string. New value of
 * `pool`. `path` names the attribute in errors. */
scim_error *scim_value_read(json_t **out, const json_t *value,
                            const scim_attr *attr, const char *path,
                            scim_reading *reading, apr_pool_t *pool);

/* What no single value can show: required attributes, sub-attributes and
 * extensions are there, at most one primary per attribute; also makes "schemas"
 * complete: the core URN and the URN of each extension that is present. For
 * PATCH results. */
scim_error *scim_resource_finish(json_t *resource,
                                 const scim_resource_type *type,
                                 apr_pool_t *pool);

/* A sub-attribute of one complex value that has changed and must not (RFC 7643,
 * 7: immutable); or NULL. Elements of a list are new ones instead. */
const scim_attr *scim_immutable_sub(const scim_attr *attr, const json_t *old,
                                    const json_t *changed);

/* PUT: what a replacement keeps of the stored resource when it was left out:
 * secrets (scim_attr_is_secret), immutable attributes (a different value is
 * `mutability`), and outside strict mode `active` (spec/README.md, 15) and what
 * is required of an extension that was left out and holds any of these.
 * Changes `after`. */
scim_error *scim_resource_keep(json_t *after, const json_t *before,
                               const scim_resource_type *type,
                               scim_reading *reading, apr_pool_t *pool);

/* The same resource as filters see it: strings of caseExact=false through
 * scim_casefold(), dateTimes normal, all else as it is. New value of `pool`. */
json_t *scim_resource_fold(const json_t *resource,
                           const scim_resource_type *type, apr_pool_t *pool);

/* The same for one value of one attribute. A new reference. */
json_t *scim_value_fold(const json_t *value, const scim_attr *attr,
                        apr_pool_t *pool);

#endif
