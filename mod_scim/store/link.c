#include "store/link.h"

#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "store/store.h"
#include "store/uuid.h"

int store_is_link(const scim_path *path)
{
    const char *attr = path->attr != NULL ? path->attr->name : "";
    const char *sub = path->sub != NULL ? path->sub->name : "";

    if (path->schema == NULL) {
        return strcmp(attr, "meta") == 0 && strcmp(sub, "location") == 0;
    }
    return strcmp(sub, "$ref") == 0
           && ((path->schema == &scim_schema_group
                && strcmp(attr, "members") == 0)
               || (path->schema == &scim_schema_user
                   && strcmp(attr, "groups") == 0));
}

/* ".../Users/2819c223-...": the id, and where "Users" begins. NULL: the text is
 * no link to a resource. */
static const char *split(const char **segment, apr_size_t *len,
                         const char *link, apr_pool_t *pool)
{
    const char *slash = strrchr(link, '/'), *begin = slash;

    if (slash == NULL || !store_uuid_is(slash + 1)) {
        return NULL;
    }
    while (begin > link && begin[-1] != '/') {
        begin--;
    }
    *segment = begin;
    *len = (apr_size_t)(slash - begin);
    return scim_casefold(slash + 1, pool);
}

static int is_endpoint(const scim_resource_type *type, const char *segment,
                       apr_size_t len)
{
    return strlen(type->endpoint + 1) == len
           && memcmp(type->endpoint + 1, segment, len) == 0;
}

static scim_filter *like(const scim_filter *node, const char *name,
                         const char *text, apr_pool_t *pool)
{
    scim_filter *made = apr_pmemdup(pool, node, sizeof(*made));

    if (node->path.schema == NULL) {
        made->path.attr = scim_attr_find(scim_common_attrs, name, strlen(name));
        made->path.sub = NULL;
    }
    else {
        made->path.sub
            = scim_attr_find(node->path.attr->sub, name, strlen(name));
    }
    made->value_kind = text != NULL ? SCIM_VALUE_TEXT : SCIM_VALUE_NEVER;
    made->text = text;
    return made;
}

/* Members are of two types: one element has the id and the type. */
static const scim_filter *typed(const scim_filter *node,
                                const scim_filter *value,
                                const scim_resource_type *target, int within,
                                apr_pool_t *pool)
{
    scim_filter *both = apr_pcalloc(pool, sizeof(*both)), *element;

    both->kind = SCIM_FILTER_AND;
    both->left = value;
    both->right = like(node, "type", scim_casefold(target->name, pool), pool);
    if (within) {
        return both;
    }
    element = apr_pmemdup(pool, node, sizeof(*element));
    element->kind = SCIM_FILTER_ELEMENT;
    element->path.sub = NULL;
    element->left = both;
    return element;
}

const scim_filter *store_link_filter(const scim_filter *node, int within,
                                     const scim_resource_type *type,
                                     apr_pool_t *pool)
{
    int is_location = node->path.schema == NULL;
    const char *name = is_location ? "id" : "value";
    const scim_resource_type *target;
    const char *id, *segment = "";
    apr_size_t len = 0;

    if (is_location && within) {
        return NULL;
    }
    if (node->kind == SCIM_FILTER_PRESENT) {
        return like(node, name, NULL, pool);
    }
    if (node->op != SCIM_EQ) {
        return NULL;
    }
    id = split(&segment, &len, node->literal, pool);
    if (id != NULL && node->path.schema == &scim_schema_group) {
        target = scim_resource_type_at(scim_default_types, segment, len);
        return target != NULL
                   ? typed(node, like(node, name, id, pool), target, within,
                           pool)
                   : like(node, name, NULL, pool);
    }
    target = is_location ? type : &scim_type_group;
    return like(node, name, is_endpoint(target, segment, len) ? id : NULL,
                pool);
}
