#include "protocol/operation.h"

#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"

/* A text that grows in a pool. */
typedef struct text {
    char *data;
    apr_size_t len, size;
    apr_pool_t *pool;
} text;

static void reserve(text *t, apr_size_t more)
{
    if (t->len + more > t->size) {
        char *old = t->data;

        t->size = 2 * (t->len + more);
        t->data = apr_palloc(t->pool, t->size);
        if (t->len > 0) {
            memcpy(t->data, old, t->len);
        }
    }
}

static void add_n(text *t, const char *data, apr_size_t len)
{
    reserve(t, len);
    memcpy(t->data + t->len, data, len);
    t->len += len;
}

static void add(text *t, const char *data)
{
    add_n(t, data, strlen(data));
}

/* A JSON string, quotes and escapes included. */
static void add_string(text *t, const char *value)
{
    json_t *json = scim_json_text(value);
    apr_size_t len;
    const char *dumped = scim_json_dump(json, &len, t->pool);

    json_decref(json);
    add_n(t, dumped, len);
}

/* {ids, names of attributes, links} never need escaping; names of people and
 * groups, and a base URL that an administrator wrote, do. */
static const char *escaped_base(const serve_call *call)
{
    text t = { .pool = call->pool };

    add_string(&t, call->request->base_url);
    return apr_pstrmemdup(call->pool, t.data + 1, t.len - 2);
}

static int is_group(const serve_call *call)
{
    return call->type->kind == SCIM_KIND_GROUP;
}

/* The attribute that the store keeps as rows and not in the body; or NULL. */
static const scim_attr *refs_attr(const serve_call *call)
{
    const char *name = is_group(call) ? "members" : "groups";

    return call->type->kind == SCIM_KIND_OTHER
               ? NULL
               : scim_attr_find(call->type->schema->attrs, name, strlen(name));
}

store_wants serve_wants(const serve_call *call)
{
    const scim_attr *attr = refs_attr(call), *display;
    store_wants wants = { .status = 200 };

    if (attr == NULL) {
        return wants;
    }
    display = scim_attr_find(attr->sub, "display", 7);
    wants.refs = scim_projection_wants(call->projection, attr, NULL);
    wants.display = scim_projection_wants(call->projection, attr, display);
    return wants;
}

static void add_reference(text *t, const store_reference *ref,
                          const char *base, const serve_call *call)
{
    add(t, "{\"value\":\"");
    add(t, ref->id);
    add(t, "\",\"$ref\":\"");
    add(t, base);
    add(t, ref->type->endpoint);
    add(t, "/");
    add(t, ref->id);
    add(t, "\",\"type\":\"");
    add(t, is_group(call) ? ref->type->name
           : ref->direct  ? "direct"
                          : "indirect");
    add(t, "\"");
    if (ref->display != NULL) {
        add(t, ",\"display\":");
        add_string(t, ref->display);
    }
    add(t, "}");
}

static void add_references(text *t, const store_record *record,
                           const char *base, const serve_call *call)
{
    int i;

    if (record->refs == NULL || record->refs->nelts == 0) {
        return; /* unassigned attributes are left out (RFC 7643, 2.5) */
    }
    add(t, ",\"");
    add(t, refs_attr(call)->name);
    add(t, "\":[");
    for (i = 0; i < record->refs->nelts; i++) {
        if (i > 0) {
            add(t, ",");
        }
        add_reference(t, &APR_ARRAY_IDX(record->refs, i, store_reference),
                      base, call);
    }
    add(t, "]");
}

static void add_meta(text *t, const store_record *record, const char *base,
                     const serve_call *call)
{
    add(t, ",\"meta\":{\"resourceType\":\"");
    add(t, call->type->name);
    add(t, "\",\"created\":\"");
    add(t, record->created);
    add(t, "\",\"lastModified\":\"");
    add(t, record->last_modified);
    add(t, "\",\"version\":\"W/\\\"");
    add(t, apr_psprintf(t->pool, "%" APR_INT64_T_FMT, record->version));
    add(t, "\\\"\",\"location\":\"");
    add(t, base);
    add(t, call->type->endpoint);
    add(t, "/");
    add(t, record->id);
    add(t, "\"}");
}

/* The stored text is an object; what the store does not keep in it goes before
 * its closing brace. Rows of group members dominate: about 150 bytes each. */
static void splice(text *t, const store_record *record, const char *base,
                   const serve_call *call)
{
    apr_size_t refs = record->refs != NULL ? (apr_size_t)record->refs->nelts
                                           : 0;

    reserve(t, record->body_len + 512
                   + refs * (strlen(base) + 128));
    add_n(t, record->body, record->body_len - 1);
    add(t, record->body_len > 2 ? ",\"id\":\"" : "\"id\":\"");
    add(t, record->id);
    add(t, "\"");
    add_references(t, record, base, call);
    add_meta(t, record, base, call);
    add(t, "}");
}

static scim_error *load(json_t **out, const char *data, apr_size_t len,
                        const store_record *record, const serve_call *call)
{
    json_error_t where;
    json_t *json = json_loadb(data, len, 0, &where);

    if (json == NULL) {
        return scim_error_because(
            scim_error_make(SCIM_INTERNAL, call->pool,
                            "The stored resource cannot be read."),
            call->pool, "body of %s %s is no JSON: %s", call->type->name,
            record->id, where.text);
    }
    *out = scim_json_adopt(json, call->pool);
    return NULL;
}

void serve_add_members(json_t *group, const store_record *record,
                       const serve_call *call)
{
    text t = { .pool = call->pool };
    json_t *refs;

    add(&t, "{\"\":0");
    add_references(&t, record, escaped_base(call), call);
    add(&t, "}");
    refs = json_loadb(t.data, t.len, 0, NULL);
    json_object_del(refs, "");
    json_object_update(group, refs);
    json_decref(refs);
}

static scim_error *append(text *t, const store_record *record,
                          const char *base, const serve_call *call)
{
    text whole = { .pool = call->pool };
    json_t *json = NULL;
    const char *dumped;
    apr_size_t len;
    scim_error *err;

    if (call->projection == NULL && !call->type->hides) {
        splice(t, record, base, call);
        return NULL;
    }
    splice(&whole, record, base, call);
    err = load(&json, whole.data, whole.len, record, call);
    if (err == NULL) {
        scim_project(json, call->projection, call->type);
        dumped = scim_json_dump(json, &len, call->pool);
        add_n(t, dumped, len);
    }
    return err;
}

scim_error *serve_represent(const char **out, apr_size_t *len,
                            const store_record *record,
                            const serve_call *call)
{
    text t = { .pool = call->pool };
    scim_error *err = append(&t, record, escaped_base(call), call);

    if (err == NULL) {
        *out = t.data;
        *len = t.len;
    }
    return err;
}

scim_error *serve_represent_list(const store_result *result,
                                 const serve_call *call)
{
    text t = { .pool = call->pool };
    const char *base = escaped_base(call);
    int i, count = result->records->nelts;
    scim_error *err = NULL;

    add(&t, apr_psprintf(call->pool,
                         "{\"schemas\":[\"" SCIM_URN_LIST_RESPONSE "\"],"
                         "\"totalResults\":%" APR_INT64_T_FMT
                         ",\"startIndex\":%" APR_INT64_T_FMT
                         ",\"itemsPerPage\":%d,\"Resources\":[",
                         result->total, call->page.start, count));
    for (i = 0; i < count && err == NULL; i++) {
        if (i > 0) {
            add(&t, ",");
        }
        err = append(&t, APR_ARRAY_IDX(result->records, i, store_record *),
                     base, call);
    }
    if (err == NULL) {
        add(&t, "]}");
        serve_write(call->response, t.data, t.len, call->pool);
        call->response->status = 200;
    }
    return err;
}

void serve_write(serve_response *response, const char *data, apr_size_t len,
                 apr_pool_t *pool)
{
    serve_piece *piece;

    if (response->body == NULL) {
        response->body = apr_array_make(pool, 1, sizeof(serve_piece));
    }
    piece = apr_array_push(response->body);
    piece->text = data;
    piece->len = len;
}

scim_error *serve_answer(const store_record *record, int status,
                         serve_call *call)
{
    serve_response *response = call->response;
    const char *data;
    apr_size_t len;
    scim_error *err = NULL;

    if (status != 204) {
        err = serve_represent(&data, &len, record, call);
        if (err != NULL) {
            return err;
        }
        serve_write(response, data, len, call->pool);
    }
    response->status = status;
    response->etag = apr_psprintf(call->pool, "W/\"%" APR_INT64_T_FMT "\"",
                                  record->version);
    response->location
        = apr_pstrcat(call->pool, call->request->base_url,
                      call->type->endpoint, "/", record->id, (char *)NULL);
    return NULL;
}

scim_error *serve_answer_json(json_t *body, int status, serve_call *call)
{
    apr_size_t len;
    const char *dumped
        = scim_json_dump(scim_json_adopt(body, call->pool), &len, call->pool);

    if (dumped == NULL) {
        return scim_error_because(
            scim_error_make(SCIM_INTERNAL, call->pool,
                            "The answer could not be written."),
            call->pool, "no memory, or text that is no UTF-8");
    }
    serve_write(call->response, dumped, len, call->pool);
    call->response->status = status;
    return NULL;
}

void serve_drop_password(json_t *resource, const scim_resource_type *type)
{
    if (type->kind == SCIM_KIND_USER) {
        json_object_del(resource, "password");
    }
}
