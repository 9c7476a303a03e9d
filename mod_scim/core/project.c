#include "core/project.h"

#include <apr_lib.h>
#include <apr_tables.h>
#include <string.h>

typedef struct named {
    const scim_attr *attr;
    const scim_attr *sub; /* NULL: the whole attribute */
} named;

struct scim_projection {
    int exclude;              /* the list names what is left out */
    apr_array_header_t *list; /* named */
    const apr_array_header_t *given; /* const scim_attr *; or NULL */
};

static void add(scim_projection *p, const scim_attr *attr, const scim_attr *sub)
{
    named *n = apr_array_push(p->list);

    n->attr = attr;
    n->sub = sub;
}

static void add_schema(scim_projection *p, const scim_schema *schema)
{
    const scim_attr *attr;

    for (attr = schema->attrs; attr->name != NULL; attr++) {
        add(p, attr, NULL);
    }
}

static void add_name(scim_projection *p, const char *text, apr_size_t len,
                     const scim_resource_type *type)
{
    const scim_schema *schema = scim_resource_type_schema(type, text, len);
    scim_path path;

    if (schema != NULL) {
        add_schema(p, schema);
        return;
    }
    if (scim_path_parse(&path, text, len, type, SCIM_INVALID_PATH,
                        p->list->pool) != NULL) {
        return;
    }
    add(p, path.attr, path.sub);
}

static void add_names(scim_projection *p, const char *text,
                      const scim_resource_type *type)
{
    const char *begin, *end;

    while (*text != '\0') {
        begin = text;
        text += strcspn(text, ",");
        end = text;
        text += *text == ',';
        while (begin < end && apr_isspace(*begin)) {
            begin++;
        }
        while (end > begin && apr_isspace(end[-1])) {
            end--;
        }
        if (begin < end) {
            add_name(p, begin, (apr_size_t)(end - begin), type);
        }
    }
}

void scim_projection_parse(scim_projection **out, const char *attributes,
                           const char *excluded, const scim_resource_type *type,
                           apr_pool_t *pool)
{
    int include = attributes != NULL && attributes[0] != '\0';
    scim_projection *p;

    *out = NULL;
    if (!include && (excluded == NULL || excluded[0] == '\0')) {
        return;
    }
    p = apr_pcalloc(pool, sizeof(*p));
    p->exclude = !include;
    p->list = apr_array_make(pool, 8, sizeof(named));
    add_names(p, include ? attributes : excluded, type);
    *out = p;
}

/* Whether the list holds the attribute itself, one of its sub-attributes,
 * or just that sub-attribute. */
static int lists(const scim_projection *p, const scim_attr *attr,
                 const scim_attr *sub, int any_sub)
{
    int i;

    for (i = 0; i < p->list->nelts; i++) {
        const named *n = &APR_ARRAY_IDX(p->list, i, named);

        if (n->attr == attr && (any_sub || n->sub == sub)) {
            return 1;
        }
    }
    return 0;
}

int scim_projection_asks(const scim_projection *projection,
                         const scim_attr *attr, const scim_attr *sub)
{
    return projection != NULL && !projection->exclude &&
           lists(projection, attr, sub, sub == NULL);
}

const scim_projection *scim_projection_give(const scim_projection *projection,
                                            const apr_array_header_t *given,
                                            apr_pool_t *pool)
{
    scim_projection *p = apr_pcalloc(pool, sizeof(*p));

    if (projection != NULL) {
        *p = *projection;
    }
    else {
        p->exclude = 1;
        p->list = apr_array_make(pool, 1, sizeof(named));
    }
    p->given = given;
    return p;
}

static int is_given(const scim_projection *p, const scim_attr *attr)
{
    int i;

    for (i = 0; p != NULL && p->exclude && p->given != NULL
                && i < p->given->nelts;
         i++) {
        if (APR_ARRAY_IDX(p->given, i, const scim_attr *) == attr) {
            return !lists(p, attr, NULL, 0);
        }
    }
    return 0;
}

static int wants_attr(const scim_projection *p, const scim_attr *attr)
{
    switch (attr->returned) {
    case SCIM_RETURNED_ALWAYS:
        return 1;
    case SCIM_RETURNED_NEVER:
        return 0;
    case SCIM_RETURNED_REQUEST:
        return scim_projection_asks(p, attr, NULL) || is_given(p, attr);
    default:
        break;
    }
    if (p == NULL) {
        return 1;
    }
    return p->exclude ? !lists(p, attr, NULL, 0) : lists(p, attr, NULL, 1);
}

int scim_projection_wants(const scim_projection *projection,
                          const scim_attr *attr, const scim_attr *sub)
{
    const scim_projection *p = projection;

    if (sub == NULL || !wants_attr(p, attr)) {
        return wants_attr(p, attr);
    }
    switch (sub->returned) {
    case SCIM_RETURNED_ALWAYS:
        return 1;
    case SCIM_RETURNED_NEVER:
        return 0;
    case SCIM_RETURNED_REQUEST:
        return scim_projection_asks(p, attr, sub) || is_given(p, attr);
    default:
        break;
    }
    if (p == NULL) {
        return 1;
    }
    if (p->exclude) {
        return !lists(p, attr, sub, 0);
    }
    /* An attribute that is always returned need not be in the list. */
    return lists(p, attr, sub, 0) || lists(p, attr, NULL, 0) ||
           !lists(p, attr, NULL, 1);
}

static void project_subs(json_t *value, const scim_projection *p,
                         const scim_attr *attr)
{
    const scim_attr *sub;

    for (sub = attr->sub; sub->name != NULL; sub++) {
        if (!scim_projection_wants(p, attr, sub)) {
            json_object_del(value, sub->name);
        }
    }
}

static void project_elements(json_t *array, const scim_projection *p,
                             const scim_attr *attr)
{
    size_t i;

    for (i = json_array_size(array); i > 0; i--) {
        project_subs(json_array_get(array, i - 1), p, attr);
        if (json_object_size(json_array_get(array, i - 1)) == 0) {
            json_array_remove(array, i - 1);
        }
    }
}

static void project_attrs(json_t *object, const scim_projection *p,
                          const scim_attr *attrs)
{
    const scim_attr *attr;

    for (attr = attrs; attr->name != NULL; attr++) {
        json_t *value = json_object_get(object, attr->name);

        if (value == NULL) {
            continue;
        }
        if (scim_projection_wants(p, attr, NULL)) {
            if (attr->type != SCIM_COMPLEX) {
                continue;
            }
            if (json_is_array(value)) {
                project_elements(value, p, attr);
            }
            else {
                project_subs(value, p, attr);
            }
            if (json_array_size(value) + json_object_size(value) > 0) {
                continue;
            }
        }
        json_object_del(object, attr->name);
    }
}

void scim_project(json_t *resource, const scim_projection *projection,
                  const scim_resource_type *type)
{
    const scim_extension *ext;

    project_attrs(resource, projection, scim_common_attrs);
    project_attrs(resource, projection, type->schema->attrs);
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        json_t *values = json_object_get(resource, ext->schema->id);

        project_attrs(values, projection, ext->schema->attrs);
        if (json_object_size(values) == 0) {
            json_object_del(resource, ext->schema->id);
        }
    }
}

static void drop_never(json_t *object, const scim_attr *attrs)
{
    const scim_attr *attr;
    json_t *element;
    size_t i;

    json_array_foreach(object, i, element) {
        drop_never(element, attrs);
    }
    for (attr = attrs; attr != NULL && attr->name != NULL; attr++) {
        if (attr->returned == SCIM_RETURNED_NEVER) {
            json_object_del(object, attr->name);
        }
        else {
            drop_never(json_object_get(object, attr->name), attr->sub);
        }
    }
}

void scim_drop_never_returned(json_t *resource,
                              const scim_resource_type *type)
{
    const scim_extension *ext;

    drop_never(resource, type->schema->attrs);
    for (ext = type->extensions; ext->schema != NULL; ext++) {
        drop_never(json_object_get(resource, ext->schema->id),
                   ext->schema->attrs);
    }
}
