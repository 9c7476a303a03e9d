/* Reading a PatchOp message; patch_apply.c carries it out. */
#include "core/patch.h"

#include <apr_strings.h>
#include <string.h>

#include "core/casefold.h"
#include "core/message.h"
#include "core/patch_operation.h"

/* A filter in a path removes members one by one, so it may be longer than one
 * that a query carries; the size of the body bounds their sum. */
static const scim_filter_limits path_limits = { 65536, 16, 1024 };

typedef struct reader {
    scim_patch *patch;
    const scim_resource_type *type;
    scim_reading *reading;
    int index;           /* of the operation */
    scim_verb verb;      /* its op */
    apr_pool_t *scratch; /* of one member of a value */
    apr_pool_t *pool;
} reader;

typedef struct target {
    const char *text; /* as the client wrote it */
    scim_path path;
    const scim_filter *filter;
} target;

static scim_error *read_members(reader *r, const json_t *value,
                                const char *urn);

int scim_path_is_members(const scim_path *path)
{
    return path->schema == &scim_schema_group && path->attr != NULL &&
           strcmp(path->attr->name, "members") == 0;
}

scim_error *scim_operation_error(const char *label, const scim_error *err,
                                 apr_pool_t *pool)
{
    scim_error *labelled = apr_pmemdup(pool, err, sizeof(*err));

    labelled->detail = apr_psprintf(pool, "%s: %s", label, err->detail);
    return labelled;
}

static const char *label_of(const reader *r, const char *path)
{
    return apr_psprintf(r->pool, "Operations[%d], \"%s\"", r->index,
                        scim_excerpt(path, r->pool));
}

/* --- paths ------------------------------------------------------------ */

/* The bracket that closes the one at `open`; those in strings do not count. */
static const char *closing_bracket(const char *open)
{
    const char *at;
    int in_string = 0;

    for (at = open + 1; *at != '\0'; at++) {
        if (in_string && *at == '\\' && at[1] != '\0') {
            at++;
        }
        else if (*at == '"') {
            in_string = !in_string;
        }
        else if (!in_string && *at == ']') {
            return at;
        }
    }
    return NULL;
}

/* subAttr after a value path: "" or ".name" */
static scim_error *read_sub(target *t, const char *text, const reader *r)
{
    const scim_attr *attr = t->path.attr;

    if (*text == '\0') {
        return NULL;
    }
    if (*text == '.') {
        t->path.sub = scim_attr_find(attr->sub, text + 1, strlen(text + 1));
    }
    if (t->path.sub == NULL) {
        return scim_error_make(SCIM_INVALID_PATH, r->pool,
                               "\"%s\" does not name a sub-attribute of "
                               "\"%s\".",
                               scim_excerpt(text, r->pool), attr->name);
    }
    return NULL;
}

/* valuePath [subAttr], from the bracket on */
static scim_error *read_brackets(target *t, const char *open, const reader *r)
{
    const scim_attr *attr = t->path.attr;
    const char *close = closing_bracket(open);
    scim_error *err;

    if (attr == NULL || t->path.sub != NULL || !attr->multi ||
        attr->type != SCIM_COMPLEX) {
        return scim_error_make(SCIM_INVALID_PATH, r->pool,
                               "only the elements of a complex multi-valued "
                               "attribute can be chosen by [...].");
    }
    if (close == NULL) {
        return scim_error_make(SCIM_INVALID_PATH, r->pool, "\"]\" is missing.");
    }
    err = scim_filter_parse_element(
        &t->filter, open + 1, (apr_size_t)(close - open - 1), &t->path, r->type,
        &path_limits, SCIM_INVALID_PATH, r->pool);
    if (err == NULL && scim_filter_quotes_boolean(t->filter)) {
        err = scim_reading_meets(r->reading, SCIM_DIALECT_BOOLEAN_TEXT, t->text,
                                 r->pool);
    }
    return err != NULL ? err : read_sub(t, close + 1, r);
}

static apr_size_t attr_length(const char *path)
{
    return strcspn(path, "[");
}

/* PATH = attrPath / valuePath [subAttr] */
static scim_error *read_target(target *out, const char *text, const reader *r)
{
    apr_size_t len = attr_length(text);
    scim_error *err;

    memset(out, 0, sizeof(*out));
    out->text = text;
    err = scim_path_parse(&out->path, text, len, r->type, SCIM_INVALID_PATH,
                          r->pool);
    return err != NULL || text[len] == '\0' ? err
                                            : read_brackets(out, text + len, r);
}

/* In the scratch pool: a value may have a million members that we ignore. */
static int is_unknown(const char *path, const reader *r)
{
    scim_path found;

    return scim_path_parse(&found, path, attr_length(path), r->type,
                           SCIM_INVALID_PATH, r->scratch) != NULL;
}

/* --- what may be changed ---------------------------------------------- */

static scim_error *refuse(const char *why, const reader *r)
{
    return scim_error_make(SCIM_MUTABILITY, r->pool, "%s", why);
}

static int is_read_only(const scim_path *path)
{
    return (path->attr != NULL && path->attr->mutability == SCIM_READ_ONLY) ||
           (path->sub != NULL && path->sub->mutability == SCIM_READ_ONLY);
}

static int is_required_extension(const scim_path *path, const reader *r)
{
    const scim_extension *ext;

    for (ext = r->type->extensions; ext->schema != NULL; ext++) {
        if (ext->schema == path->schema) {
            return ext->required;
        }
    }
    return 0;
}

/* RFC 7644, 3.5.2.2 */
static scim_error *check_removal(const target *t, const reader *r)
{
    const scim_path *path = &t->path;

    if (path->attr == NULL  ? is_required_extension(path, r)
        : path->sub != NULL ? path->sub->required
                            : path->attr->required && t->filter == NULL) {
        return refuse("it is required and cannot be removed.", r);
    }
    if (path->sub != NULL && path->attr->multi &&
        path->sub->mutability == SCIM_IMMUTABLE) {
        return refuse("it cannot be taken out of an element; remove the "
                      "element itself.",
                      r);
    }
    return NULL;
}

/* --- values ----------------------------------------------------------- */

/* Habits of clients: ConnId wraps simple values as {"value": x}; Entra's
 * documentation shows a manager in a list. */
static scim_error *unwrap(const json_t **value, const scim_attr *attr,
                          const char *path, const reader *r)
{
    const json_t *inner = scim_json_member(*value, "value");

    if (attr->multi) {
        return NULL;
    }
    if (attr->type == SCIM_COMPLEX && json_array_size(*value) > 0) {
        *value = json_array_get(*value, 0);
        return scim_reading_meets(r->reading, SCIM_DIALECT_LISTED_VALUE, path,
                                  r->pool);
    }
    if (attr->type != SCIM_COMPLEX && json_object_size(*value) == 1
        && inner != NULL) {
        *value = inner;
        return scim_reading_meets(r->reading, SCIM_DIALECT_WRAPPED_VALUE, path,
                                  r->pool);
    }
    return NULL;
}

/* An object without its text: {"value": ""} is how some say "no manager". */
static int is_empty_reference(const json_t *value)
{
    const json_t *inner = scim_json_member(value, "value");

    return json_is_string(inner) && json_string_length(inner) == 0;
}

static void find_cleared(scim_operation *op, const json_t *raw, const reader *r)
{
    const scim_attr *sub;
    const char *key;
    json_t *value;

    op->cleared = apr_array_make(r->pool, 2, sizeof(const scim_attr *));
    json_object_foreach((json_t *)raw, key, value)
    {
        sub = scim_attr_find(op->path.attr->sub, key, strlen(key));
        if (sub != NULL && scim_attr_is_writable(sub) &&
            json_object_get(op->value, sub->name) == NULL) {
            APR_ARRAY_PUSH(op->cleared, const scim_attr *) = sub;
        }
    }
}

/* One element; it may say less than a whole one must. */
static scim_error *read_element(scim_operation *op, json_t *elements,
                                const reader *r)
{
    if (json_array_size(elements) > 1) {
        return scim_error_make(SCIM_INVALID_VALUE, r->pool,
                               "[...] takes one element as its value, not "
                               "%d.",
                               (int)json_array_size(elements));
    }
    op->value = json_array_get(elements, 0);
    return NULL;
}

static scim_error *read_value(scim_operation *op, const json_t *raw,
                              const reader *r)
{
    const scim_attr *attr = op->path.sub != NULL ? op->path.sub : op->path.attr;
    const char *path = scim_path_text(&op->path, r->type, r->pool);
    json_t *value = NULL;
    scim_error *err = unwrap(&raw, attr, path, r);

    if (err != NULL) {
        return err;
    }
    if (attr->type == SCIM_COMPLEX && !attr->multi && is_empty_reference(raw)) {
        return NULL;
    }
    err = scim_value_read(&value, raw, attr, path, r->reading, r->pool);
    if (err != NULL) {
        return err;
    }
    if (op->filter != NULL && op->path.sub == NULL) {
        return read_element(op, value, r);
    }
    if (value == NULL && attr->type == SCIM_COMPLEX && !attr->multi &&
        json_is_object(raw)) {
        value = scim_json_adopt(json_object(), r->pool);
    }
    op->value = value;
    if (json_is_object(raw) && json_is_object(value)) {
        find_cleared(op, raw, r);
    }
    return NULL;
}

/* A remove with a list of elements takes out just these (older Entra ID);
 * to read it as "all" would empty a group. null is no list (Keycloak). */
static scim_error *read_listed(scim_operation *op, const json_t *raw,
                               const reader *r)
{
    scim_error *err;

    if (raw == NULL || json_is_null(raw) || op->path.attr == NULL ||
        op->path.sub != NULL || op->filter != NULL || !op->path.attr->multi) {
        return NULL;
    }
    err = scim_reading_meets(r->reading, SCIM_DIALECT_LISTED_REMOVAL,
                             scim_path_text(&op->path, r->type, r->pool),
                             r->pool);
    if (err == NULL) {
        err = read_value(op, raw, r);
    }
    if (err == NULL && op->value == NULL) {
        op->value = scim_json_adopt(json_array(), r->pool);
    }
    return err;
}

/* --- operations ------------------------------------------------------- */

static scim_error *add_operation(reader *r, const target *t, const json_t *raw)
{
    scim_operation op = { .verb = r->verb,
                          .path = t->path,
                          .filter = t->filter };
    scim_error *err;

    if (r->verb == SCIM_PATCH_REMOVE) {
        err = check_removal(t, r);
        if (err == NULL) {
            err = read_listed(&op, raw, r);
        }
    }
    else {
        err = read_value(&op, raw, r);
    }
    /* To add nothing changes nothing. */
    if (err == NULL && (op.verb != SCIM_PATCH_ADD || op.value != NULL)) {
        op.label = label_of(r, t->text);
        APR_ARRAY_PUSH(r->patch->operations, scim_operation) = op;
    }
    return err;
}

static scim_error *need_object(const json_t *value, const reader *r)
{
    if (json_is_object(value)) {
        return NULL;
    }
    return scim_error_make(SCIM_INVALID_VALUE, r->pool,
                           "it needs an object of attributes as its value.");
}

/* An extension's URN as the path: its attributes one by one. */
static scim_error *read_extension(reader *r, target *t, const json_t *value)
{
    scim_error *err;

    if (r->verb == SCIM_PATCH_REMOVE ||
        (r->verb == SCIM_PATCH_REPLACE && json_is_null(value))) {
        r->verb = SCIM_PATCH_REMOVE;
        return add_operation(r, t, NULL);
    }
    if (json_is_null(value)) {
        return NULL;
    }
    err = need_object(value, r);
    return err != NULL ? err : read_members(r, value, t->path.schema->id);
}

/* What any target asks for, named by a path or by a member of a value. */
static scim_error *read_change(reader *r, target *t, const json_t *value)
{
    /* "schemas" follows from what the resource has; nothing to do by hand. */
    if (t->path.schema == NULL && t->path.attr->mutability != SCIM_READ_ONLY &&
        strcmp(t->path.attr->name, "schemas") == 0 &&
        r->verb != SCIM_PATCH_REMOVE) {
        return NULL;
    }
    if (is_read_only(&t->path)) {
        return refuse(strcmp(t->path.attr->name, "groups") == 0
                          ? "it is readOnly; change the members of the group."
                          : "it is readOnly: the service sets it; take it out "
                            "of what is sent.", r);
    }
    return t->path.attr == NULL ? read_extension(r, t, value)
                                : add_operation(r, t, value);
}

static scim_error *key_meets(scim_dialect what, const char *key,
                             const reader *r)
{
    scim_error *err = scim_reading_meets(r->reading, what, key, r->pool);

    return err != NULL
               ? scim_operation_error(apr_psprintf(r->pool, "Operations[%d]",
                                                   r->index),
                                      err, r->pool)
               : NULL;
}

/* One member of a value without a path; its name may be any path (Entra ID
 * with aadOptscim062020). */
static scim_error *read_member(reader *r, const char *key, const char *name,
                               const json_t *value)
{
    scim_verb verb = r->verb;
    scim_error *err;
    target t;

    apr_pool_clear(r->scratch);
    if (is_unknown(key, r)) {
        return key_meets(SCIM_DIALECT_ATTRIBUTE_UNKNOWN, key, r);
    }
    err = read_target(&t, key, r);
    t.text = name;
    if (err == NULL && is_read_only(&t.path)) {
        return key_meets(SCIM_DIALECT_READ_ONLY_KEY, key, r);
    }
    if (err == NULL && t.path.attr != NULL && strpbrk(name, ".[:") != NULL) {
        err = key_meets(SCIM_DIALECT_PATH_AS_KEY, key, r);
        if (err != NULL) {
            return err;
        }
    }
    if (err == NULL) {
        err = read_change(r, &t, value);
    }
    r->verb = verb;
    return err != NULL ? scim_operation_error(label_of(r, name), err, r->pool)
                       : NULL;
}

/* The members of a value: attributes of `urn` (NULL: of the resource), or
 * paths. */
static scim_error *read_members(reader *r, const json_t *value, const char *urn)
{
    scim_error *err = NULL;
    const char *key, *path;
    json_t *member;

    json_object_foreach((json_t *)value, key, member)
    {
        if (urn == NULL && json_is_object(member) &&
            scim_name_equals(key, r->type->schema->id)) {
            err = read_members(r, member, key);
        }
        else {
            path =
                urn != NULL ? apr_pstrcat(r->pool, urn, ":", key, NULL) : key;
            err = read_member(r, path, key, member);
        }
        if (err != NULL) {
            return err;
        }
    }
    return NULL;
}

static scim_error *read_without_path(reader *r, const json_t *value)
{
    scim_error *err;

    if (r->verb == SCIM_PATCH_REMOVE) {
        return scim_error_make(SCIM_NO_TARGET, r->pool,
                               "Operations[%d]: remove needs a path.",
                               r->index);
    }
    err = need_object(value, r);
    if (err != NULL) {
        return scim_error_make(SCIM_INVALID_VALUE, r->pool,
                               "Operations[%d]: without a path, %s", r->index,
                               err->detail);
    }
    return read_members(r, value, NULL);
}

static scim_error *read_with_path(reader *r, const char *path,
                                  const json_t *value)
{
    scim_error *err;
    target t;

    err = read_target(&t, path, r);
    if (err == NULL) {
        err = read_change(r, &t, value);
    }
    return err != NULL ? scim_operation_error(label_of(r, path), err, r->pool)
                       : NULL;
}

/* --- the message ------------------------------------------------------ */

static const char *const verbs[] = {
    [SCIM_PATCH_ADD] = "add",
    [SCIM_PATCH_REPLACE] = "replace",
    [SCIM_PATCH_REMOVE] = "remove",
};

/* RFC 7644, 3.5.2; Entra ID writes Add, Replace, Remove. */
static scim_error *read_verb(reader *r, const json_t *operation)
{
    const char *op = json_string_value(scim_json_member(operation, "op"));
    size_t i;

    for (i = 0; op != NULL && i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (scim_name_equals(op, verbs[i])) {
            r->verb = (scim_verb)i;
            return strcmp(op, verbs[i]) == 0
                       ? NULL
                       : scim_reading_meets(
                           r->reading, SCIM_DIALECT_OP_CASE,
                           apr_psprintf(r->pool, "Operations[%d].op", r->index),
                           r->pool);
        }
    }
    return scim_error_make(SCIM_INVALID_SYNTAX, r->pool,
                           "Operations[%d]: \"op\" must be add, replace or "
                           "remove.",
                           r->index);
}

static scim_error *read_operation(reader *r, const json_t *operation)
{
    const json_t *path = scim_json_member(operation, "path");
    const json_t *value = scim_json_member(operation, "value");
    scim_error *err;

    if (!json_is_object(operation)) {
        return scim_error_make(SCIM_INVALID_SYNTAX, r->pool,
                               "Operations[%d] must be an object.", r->index);
    }
    err = read_verb(r, operation);
    if (err != NULL) {
        return err;
    }
    if (r->verb != SCIM_PATCH_REMOVE && value == NULL) {
        return scim_error_make(SCIM_INVALID_VALUE, r->pool,
                               "Operations[%d] needs a \"value\".", r->index);
    }
    if (path == NULL || json_is_null(path)) {
        return read_without_path(r, value);
    }
    if (!json_is_string(path)) {
        return scim_error_make(SCIM_INVALID_PATH, r->pool,
                               "Operations[%d]: \"path\" must be a text.",
                               r->index);
    }
    return read_with_path(r, json_string_value(path), value);
}

static int names_patch(const json_t *schemas)
{
    const char *urn;
    size_t i;

    for (i = 0; i < json_array_size(schemas); i++) {
        urn = json_string_value(json_array_get(schemas, i));
        if (urn != NULL && scim_name_equals(urn, SCIM_URN_PATCH_OP)) {
            return 1;
        }
    }
    return 0;
}

static scim_error *check_message(const json_t *body, const json_t *operations,
                                 scim_reading *reading, apr_pool_t *pool)
{
    if (!names_patch(scim_json_member(body, "schemas"))) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "\"schemas\" of a PATCH must name \"%s\".",
                               SCIM_URN_PATCH_OP);
    }
    if (!json_is_array(operations)) {
        return scim_error_make(SCIM_INVALID_SYNTAX, pool,
                               "A PATCH needs a list of \"Operations\".");
    }
    return json_array_size(operations) > 0
               ? NULL
               : scim_reading_meets(reading, SCIM_DIALECT_NO_OPERATIONS,
                                    "Operations", pool);
}

scim_error *scim_patch_read(scim_patch **out, const json_t *body,
                            const scim_resource_type *type,
                            scim_reading *reading, apr_pool_t *pool)
{
    const json_t *operations = scim_json_member(body, "Operations");
    reader r = { .type = type, .reading = reading, .pool = pool };
    scim_error *err = check_message(body, operations, reading, pool);

    apr_pool_create(&r.scratch, pool);
    r.patch = apr_pcalloc(pool, sizeof(*r.patch));
    r.patch->operations = apr_array_make(pool, 8, sizeof(scim_operation));
    for (; err == NULL && r.index < (int)json_array_size(operations);
         r.index++) {
        err = read_operation(&r, json_array_get(operations, (size_t)r.index));
    }
    apr_pool_destroy(r.scratch);
    if (err == NULL) {
        *out = r.patch;
    }
    return err;
}
