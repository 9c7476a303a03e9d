/* Carrying a PATCH out (RFC 7644, 3.5.2.1 to 3.5.2.3). */
#include <apr_hash.h>
#include <apr_strings.h>
#include <stdlib.h>
#include <string.h>

#include "core/match.h"
#include "core/patch_operation.h"

/* Elements that all operations of one patch may look at together. A thousand
 * times what an identity provider sends, and far below a second. */
#define ELEMENTS_MAX 1000000

typedef struct applier {
    const json_t *before; /* with which `resource` shares what none touched */
    json_t *resource;
    const scim_resource_type *type;
    scim_reading *reading;
    apr_size_t looked_at;
    apr_pool_t *scratch; /* of one operation */
    apr_pool_t *pool;
} applier;

static scim_error *look_at(applier *a, apr_size_t elements)
{
    a->looked_at += elements;
    if (a->looked_at <= ELEMENTS_MAX) {
        return NULL;
    }
    return scim_error_make(SCIM_TOO_LARGE, a->pool,
                           "the patch looks at too many elements; send fewer "
                           "operations at once.");
}

/* --- objects ---------------------------------------------------------- */

static int is_true(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}

/* A copy, because the patch may be applied again and its values with it. */
static void set(json_t *object, const char *name, const json_t *value)
{
    json_object_set_new(object, name, scim_json_copy(value));
}

/* A $ref that came with another value would point elsewhere. */
static void drop_stale_ref(json_t *object, const json_t *value)
{
    if (!json_equal(json_object_get(object, "value"), value)) {
        json_object_del(object, "$ref");
    }
}

static void merge(json_t *object, const json_t *values)
{
    const json_t *value = json_object_get(values, "value"), *member;
    const char *name;

    if (value != NULL) {
        drop_stale_ref(object, value);
    }
    json_object_foreach((json_t *)values, name, member)
    {
        set(object, name, member);
    }
}

/* A copy of what is there. Most of a resource is never touched: to copy it, and
 * to compare it afterwards, would be most of the work. */
static void begin(applier *a, const json_t *before)
{
    a->before = before;
    a->resource = scim_json_adopt(json_copy((json_t *)before), a->pool);
    a->looked_at = 0;
}

/* The member is about to be changed. */
static void own(const applier *a, const char *name)
{
    json_t *value = json_object_get(a->resource, name);

    if (value != NULL && value == json_object_get(a->before, name)) {
        set(a->resource, name, value);
    }
}

/* The list goes as a whole; none of its elements is looked at. */
static int ends_list(const scim_operation *op)
{
    return op->path.attr->multi && op->path.sub == NULL && op->filter == NULL
           && (op->verb == SCIM_PATCH_REPLACE
               || (op->verb == SCIM_PATCH_REMOVE && op->value == NULL));
}

/* The object that holds the attribute: the resource, or its extension. */
static json_t *holder_of(const scim_operation *op, const applier *a)
{
    json_t *holder;

    if (!scim_path_is_extension(&op->path, a->type)) {
        if (!ends_list(op)) {
            own(a, op->path.attr->name);
        }
        return a->resource;
    }
    own(a, op->path.schema->id);
    holder = json_object_get(a->resource, op->path.schema->id);
    if (holder == NULL && op->value != NULL && op->verb != SCIM_PATCH_REMOVE) {
        holder = json_object();
        json_object_set_new(a->resource, op->path.schema->id, holder);
    }
    return holder;
}

static json_t *container(json_t *holder, const char *name, json_t *fresh)
{
    json_t *present = json_object_get(holder, name);

    if (present != NULL) {
        json_decref(fresh);
        return present;
    }
    json_object_set_new(holder, name, fresh);
    return fresh;
}

/* --- sub-attributes --------------------------------------------------- */

static scim_error *set_sub(json_t *object, const scim_operation *op,
                           const applier *a)
{
    const char *name = op->path.sub->name;
    const json_t *present = json_object_get(object, name);

    if (present != NULL && op->path.sub->mutability == SCIM_IMMUTABLE &&
        !json_equal(present, op->value)) {
        return scim_error_make(SCIM_MUTABILITY, a->pool,
                               "\"%s\" cannot be changed once it has a "
                               "value.",
                               name);
    }
    if (op->verb == SCIM_PATCH_REMOVE || op->value == NULL) {
        json_object_del(object, name);
        return NULL;
    }
    if (strcmp(name, "value") == 0) {
        drop_stale_ref(object, op->value);
    }
    set(object, name, op->value);
    return NULL;
}

static scim_error *apply_to_complex(json_t *holder, const scim_operation *op,
                                    const applier *a)
{
    const char *name = op->path.attr->name;
    json_t *object = json_object_get(holder, name);
    int i;

    if (op->verb == SCIM_PATCH_REMOVE || op->value == NULL) {
        if (op->path.sub != NULL) {
            return object != NULL ? set_sub(object, op, a) : NULL;
        }
        json_object_del(holder, name);
        return NULL;
    }
    object = container(holder, name, json_object());
    if (op->path.sub != NULL) {
        return set_sub(object, op, a);
    }
    for (i = 0; op->verb == SCIM_PATCH_REPLACE && op->cleared != NULL &&
                i < op->cleared->nelts;
         i++) {
        json_object_del(object,
                        APR_ARRAY_IDX(op->cleared, i, const scim_attr *)->name);
    }
    merge(object, op->value);
    return NULL;
}

/* --- elements of a multi-valued attribute ----------------------------- */

/* RFC 7644, 3.5.2: setting one primary takes it from the others. `touched`
 * has a byte for each element. */
static void reset_primary(json_t *elements, const char *touched)
{
    int given = 0;
    size_t i;

    for (i = 0; i < json_array_size(elements); i++) {
        given |= touched[i] && is_true(json_array_get(elements, i), "primary");
    }
    for (i = 0; given && i < json_array_size(elements); i++) {
        json_t *element = json_array_get(elements, i);

        if (!touched[i] && is_true(element, "primary")) {
            json_object_set_new(element, "primary", json_false());
        }
    }
}

/* A text that is the same for elements that count as the same. */
static const char *identity(const json_t *element, const scim_operation *op,
                            apr_pool_t *pool)
{
    const char *key;
    char *text;

    if (scim_path_is_members(&op->path)) {
        return json_string_value(json_object_get(element, "value"));
    }
    text = json_dumps(element, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    key = apr_pstrdup(pool, text);
    free(text);
    return key;
}

/* RFC 7644, 3.5.2.1: what is there already is not added again. */
static scim_error *add_elements(json_t *elements, const json_t *values,
                                const scim_operation *op, applier *a)
{
    size_t before = json_array_size(elements), i;
    apr_hash_t *present = apr_hash_make(a->scratch);
    char *touched =
        apr_pcalloc(a->scratch, before + json_array_size(values) + 1);
    scim_error *err = look_at(a, before + json_array_size(values));

    for (i = 0; err == NULL && i < before; i++) {
        apr_hash_set(present,
                     identity(json_array_get(elements, i), op, a->scratch),
                     APR_HASH_KEY_STRING, "");
    }
    for (i = 0; err == NULL && i < json_array_size(values); i++) {
        const json_t *value = json_array_get(values, i);
        const char *key = identity(value, op, a->scratch);

        if (apr_hash_get(present, key, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(present, key, APR_HASH_KEY_STRING, "");
            touched[json_array_size(elements)] = 1;
            json_array_append_new(elements, scim_json_copy(value));
        }
    }
    if (err == NULL) {
        reset_primary(elements, touched);
    }
    return err;
}

/* By its value, or, if it was given without one, by all that was given. */
static int is_listed(const json_t *element, const json_t *listed)
{
    const json_t *value = json_object_get(listed, "value"), *member;
    const char *name;

    if (!json_is_object(listed)) {
        return json_equal(element, listed);
    }
    if (value != NULL) {
        return json_equal(json_object_get(element, "value"), value);
    }
    json_object_foreach((json_t *)listed, name, member)
    {
        if (!json_equal(json_object_get(element, name), member)) {
            return 0;
        }
    }
    return 1;
}

static scim_error *remove_listed(json_t *elements, const scim_operation *op,
                                 applier *a)
{
    json_t *folded = scim_json_adopt(
        scim_value_fold(elements, op->path.attr, a->scratch), a->scratch);
    json_t *listed = scim_json_adopt(
        scim_value_fold(op->value, op->path.attr, a->scratch), a->scratch);
    scim_error *err = look_at(a, (json_array_size(elements) + 1) *
                                     (json_array_size(listed) + 1));
    size_t i, k;

    for (i = json_array_size(elements); err == NULL && i > 0; i--) {
        for (k = 0; k < json_array_size(listed); k++) {
            if (is_listed(json_array_get(folded, i - 1),
                          json_array_get(listed, k))) {
                json_array_remove(elements, i - 1);
                break;
            }
        }
    }
    return err;
}

/* No brackets and no sub-attribute: the list itself. */
static scim_error *apply_to_list(json_t *holder, const scim_operation *op,
                                 applier *a)
{
    const char *name = op->path.attr->name;

    if (op->verb == SCIM_PATCH_ADD) {
        return add_elements(container(holder, name, json_array()), op->value,
                            op, a);
    }
    if (op->verb == SCIM_PATCH_REMOVE && op->value != NULL) {
        return remove_listed(json_object_get(holder, name), op, a);
    }
    if (op->value == NULL) {
        json_object_del(holder, name);
    }
    else {
        set(holder, name, op->value);
    }
    return NULL;
}

/* --- chosen elements -------------------------------------------------- */

/* touched[i]: the filter chooses element i; without one, each is chosen. */
static apr_size_t choose(char *touched, const json_t *elements,
                         const scim_operation *op, const applier *a)
{
    json_t *folded = scim_json_adopt(
        scim_value_fold(elements, op->path.attr, a->scratch), a->scratch);
    apr_size_t chosen = 0;
    size_t i;

    for (i = 0; i < json_array_size(elements); i++) {
        touched[i] =
            op->filter == NULL ||
            scim_filter_matches_element(op->filter, json_array_get(folded, i));
        chosen += touched[i] != 0;
    }
    return chosen;
}

static scim_error *change_element(json_t *elements, size_t i,
                                  const scim_operation *op, const applier *a)
{
    json_t *element = json_array_get(elements, i);
    scim_error *err = NULL;

    if (op->path.sub != NULL) {
        err = set_sub(element, op, a);
    }
    else if (op->verb == SCIM_PATCH_REMOVE || op->value == NULL) {
        json_object_clear(element);
    }
    else if (op->verb == SCIM_PATCH_ADD) {
        merge(element, op->value);
    }
    else {
        json_array_set_new(elements, i, scim_json_copy(op->value));
    }
    return err;
}

static void drop_empty(json_t *elements)
{
    size_t i;

    for (i = json_array_size(elements); i > 0; i--) {
        if (json_object_size(json_array_get(elements, i - 1)) == 0) {
            json_array_remove(elements, i - 1);
        }
    }
}

static scim_error *no_target(const applier *a)
{
    return scim_error_make(SCIM_NO_TARGET, a->pool,
                           "no element of the resource is chosen by it; add "
                           "the element, or name one that is there.");
}

/* Erratum 8097: Entra ID adds and replaces emails[type eq "work"].value where
 * there is no such element, and expects it to be made. */
static scim_error *make_element(json_t *holder, const scim_operation *op,
                                applier *a)
{
    const scim_attr *attr = op->path.attr;
    json_t *element = scim_json_adopt(json_object(), a->scratch), *made = NULL;
    scim_error *err;

    if (!scim_filter_meet(element, op->filter)) {
        return no_target(a);
    }
    err = scim_reading_meets(a->reading, SCIM_DIALECT_FILTER_CREATES,
                             scim_path_text(&op->path, a->type, a->pool),
                             a->pool);
    if (err != NULL) {
        return err;
    }
    if (op->path.sub != NULL) {
        set(element, op->path.sub->name, op->value);
    }
    else {
        merge(element, op->value);
    }
    err = scim_value_read(&made, element, attr,
                          scim_path_text(&op->path, a->type, a->pool),
                          a->reading, a->pool);
    if (err != NULL) {
        return err;
    }
    if (made == NULL) {
        return no_target(a);
    }
    return add_elements(container(holder, attr->name, json_array()), made, op,
                        a);
}

static int clears(const scim_operation *op)
{
    return op->verb == SCIM_PATCH_REMOVE || op->value == NULL ||
           (json_is_string(op->value) && json_string_length(op->value) == 0);
}

static scim_error *apply_to_none(json_t *holder, const scim_operation *op,
                                 applier *a)
{
    json_t *element;

    if (clears(op)) {
        return NULL;
    }
    if (op->filter == NULL) {
        element = json_object();
        set(element, op->path.sub->name, op->value);
        json_array_append_new(
            container(holder, op->path.attr->name, json_array()), element);
        return NULL;
    }
    if (op->verb == SCIM_PATCH_REPLACE && op->path.sub == NULL) {
        return no_target(a);
    }
    return make_element(holder, op, a);
}

/* Brackets, a sub-attribute of each element, or both. */
static scim_error *apply_to_elements(json_t *holder, const scim_operation *op,
                                     applier *a)
{
    json_t *elements = json_object_get(holder, op->path.attr->name);
    size_t count = json_array_size(elements), i;
    char *touched = apr_pcalloc(a->scratch, count + 1);
    scim_error *err = look_at(a, count + 1);

    if (err != NULL) {
        return err;
    }
    if (count == 0 || choose(touched, elements, op, a) == 0) {
        return apply_to_none(holder, op, a);
    }
    for (i = 0; err == NULL && i < count; i++) {
        if (touched[i]) {
            err = change_element(elements, i, op, a);
        }
    }
    if (err == NULL) {
        reset_primary(elements, touched);
        drop_empty(elements);
    }
    return err;
}

/* --- the whole -------------------------------------------------------- */

/* RFC 7643, 2.5: what is empty is unassigned. */
static void prune(json_t *holder, const scim_operation *op, applier *a)
{
    const json_t *value = json_object_get(holder, op->path.attr->name);

    if ((json_is_array(value) && json_array_size(value) == 0) ||
        (json_is_object(value) && json_object_size(value) == 0)) {
        json_object_del(holder, op->path.attr->name);
    }
    if (holder != a->resource && json_object_size(holder) == 0) {
        json_object_del(a->resource, op->path.schema->id);
    }
}

static scim_error *apply_to_holder(json_t *holder, const scim_operation *op,
                                   applier *a)
{
    const scim_attr *attr = op->path.attr;

    if (attr->multi && (op->filter != NULL || op->path.sub != NULL)) {
        return apply_to_elements(holder, op, a);
    }
    if (attr->multi) {
        return apply_to_list(holder, op, a);
    }
    if (attr->type == SCIM_COMPLEX) {
        return apply_to_complex(holder, op, a);
    }
    if (op->verb == SCIM_PATCH_REMOVE || op->value == NULL) {
        json_object_del(holder, attr->name);
    }
    else {
        set(holder, attr->name, op->value);
    }
    return NULL;
}

static scim_error *apply_operation(const scim_operation *op, applier *a)
{
    json_t *holder;
    scim_error *err;

    if (op->path.attr == NULL) {
        json_object_del(a->resource, op->path.schema->id);
        return NULL;
    }
    holder = holder_of(op, a);
    if (holder == NULL) {
        return NULL;
    }
    err = apply_to_holder(holder, op, a);
    if (err != NULL) {
        return scim_operation_error(op->label, err, a->pool);
    }
    prune(holder, op, a);
    return NULL;
}

/* Which operation broke what the result of all of them breaks: the last one
 * after which it was not right any more. Each is tried again, which a good
 * message is worth only for so many. */
#define BLAMED_MAX 1000

static scim_error *blame(scim_error *err, const scim_patch *patch,
                         const json_t *before, applier *a)
{
    const scim_operation *guilty = NULL;
    int i, is_bad, was_bad = 0;

    if (patch->operations->nelts > BLAMED_MAX) {
        return err;
    }
    begin(a, before);
    for (i = 0; i < patch->operations->nelts; i++) {
        const scim_operation *op
            = &APR_ARRAY_IDX(patch->operations, i, scim_operation);

        apr_pool_clear(a->scratch);
        if (apply_operation(op, a) != NULL) {
            break;
        }
        is_bad = scim_patch_check(a->resource, before, a->type, a->scratch)
                 != NULL;
        guilty = is_bad && !was_bad ? op : guilty;
        was_bad = is_bad;
    }
    return guilty == NULL ? err
                          : scim_operation_error(guilty->label, err, a->pool);
}

scim_error *scim_patch_apply(json_t **out, const scim_patch *patch,
                             const json_t *before,
                             const scim_resource_type *type,
                             scim_reading *reading, apr_pool_t *pool)
{
    applier a = { .type = type, .reading = reading, .pool = pool };
    scim_error *err = NULL;
    int i;

    begin(&a, before);
    apr_pool_create(&a.scratch, pool);
    for (i = 0; err == NULL && i < patch->operations->nelts; i++) {
        apr_pool_clear(a.scratch);
        err = apply_operation(
            &APR_ARRAY_IDX(patch->operations, i, scim_operation), &a);
    }
    if (err == NULL) {
        err = scim_patch_check(a.resource, before, type, pool);
        if (err == NULL) {
            *out = a.resource;
        }
        else {
            err = blame(err, patch, before, &a);
        }
    }
    apr_pool_destroy(a.scratch);
    return err;
}
