#include "protocol/operation.h"

#include <string.h>

#include <apr_strings.h>

#include "core/foreign.h"
#include "protocol/spool.h"

/* What all resources of one answer share. */
typedef struct answer {
    serve_spool text;
    const char *base; /* the tenant URL, escaped as JSON wants it */
    const serve_call *call;
    const serve_call *view; /* whose parts these are; NULL: none yet */
    int value, ref, type, display; /* which parts of a reference are wanted */
    apr_int64_t members_left;      /* that the answer may still carry */
    apr_int64_t version;           /* of the last resource */
} answer;

/* Ids, names of attributes and links never need escaping; names of people and
 * groups, and a base URL that an administrator wrote, do. */
static const char *escaped_base(const serve_call *call)
{
    json_t *json = scim_json_adopt(scim_json_text(call->request->base_url),
                                   call->pool);
    apr_size_t len;
    const char *quoted = scim_json_dump(json, &len, call->pool);

    return apr_pstrmemdup(call->pool, quoted + 1, len - 2);
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

    if (call->part != NULL) {
        wants.id = call->part->id;
        wants.later = 1;
        return wants;
    }
    if (attr == NULL) {
        return wants;
    }
    display = scim_attr_find(attr->sub, "display", 7);
    wants.refs = scim_projection_wants(call->projection, attr, NULL);
    wants.display = scim_projection_wants(call->projection, attr, display);
    return wants;
}

static int wants_part(const serve_call *call, const char *name)
{
    const scim_attr *attr = refs_attr(call);

    return attr != NULL
           && scim_projection_wants(call->projection, attr,
                                    scim_attr_find(attr->sub, name,
                                                   strlen(name)));
}

/* The next resource is of this call's type. */
static void look_through(answer *a, const serve_call *call)
{
    if (a->view == call) {
        return;
    }
    a->view = a->call = call;
    a->value = wants_part(call, "value");
    a->ref = wants_part(call, "$ref");
    a->type = wants_part(call, "type");
    a->display = wants_part(call, "display");
}

static int asks_for_members(const serve_call *call)
{
    return is_group(call)
           && scim_projection_asks(call->projection, refs_attr(call), NULL);
}

static void open_answer(answer *a, const serve_call *call)
{
    memset(a, 0, sizeof(*a));
    serve_spool_open(&a->text, call->pool);
    a->base = escaped_base(call);
    a->call = call;
    a->members_left = call->context->limits->max_members;
}

/* ------------------------------------------------------- members and groups */

static const char *kind_of(const store_reference *ref, const serve_call *call)
{
    return is_group(call) ? ref->type->name
           : ref->direct  ? "direct"
                          : "indirect";
}

static void add_reference(answer *a, const store_reference *ref)
{
    serve_spool *t = &a->text;
    const char *comma = "";

    serve_spool_add(t, "{");
    if (a->value) {
        serve_spool_add(t, "\"value\":\"");
        serve_spool_add(t, ref->id);
        serve_spool_add(t, "\"");
        comma = ",";
    }
    if (a->ref) {
        serve_spool_add(t, comma);
        serve_spool_add(t, "\"$ref\":\"");
        serve_spool_add(t, a->base);
        serve_spool_add(t, ref->type->endpoint);
        serve_spool_add(t, "/");
        serve_spool_add(t, ref->id);
        serve_spool_add(t, "\"");
        comma = ",";
    }
    if (a->type) {
        serve_spool_add(t, comma);
        serve_spool_add(t, "\"type\":\"");
        serve_spool_add(t, kind_of(ref, a->call));
        serve_spool_add(t, "\"");
        comma = ",";
    }
    if (a->display && ref->display != NULL) {
        serve_spool_add(t, comma);
        serve_spool_add(t, "\"display\":");
        serve_spool_add_string(t, ref->display);
    }
    serve_spool_add(t, "}");
}

/* The next of the references, after what begins their list. */
static void add_next(answer *a, const store_reference *ref, int is_first)
{
    if (is_first) {
        serve_spool_add(&a->text, ",\"");
        serve_spool_add(&a->text, refs_attr(a->call)->name);
        serve_spool_add(&a->text, "\":[");
    }
    else {
        serve_spool_add(&a->text, ",");
    }
    add_reference(a, ref);
}

/* Unassigned attributes are left out (RFC 7643, 2.5), and so are those of whose
 * parts none is wanted. */
static void add_references(answer *a, const store_record *record)
{
    int i, any = a->value || a->ref || a->type || a->display;

    if (record->refs == NULL || record->refs->nelts == 0 || !any) {
        return;
    }
    for (i = 0; i < record->refs->nelts; i++) {
        add_next(a, &APR_ARRAY_IDX(record->refs, i, store_reference), i == 0);
    }
    serve_spool_add(&a->text, "]");
}

/* ------------------------------------------------------------ the resource */

/* The stored text is an object; what the store does not keep in it goes before
 * its closing brace. */
static const char *id_and_meta(const store_record *record, const answer *a)
{
    const scim_resource_type *type = a->call->type;

    return apr_pstrcat(
        a->call->pool, record->body_len > 2 ? "," : "", "\"id\":\"",
        record->id, "\",\"meta\":{\"resourceType\":\"", type->name,
        "\",\"created\":\"", record->created, "\",\"lastModified\":\"",
        record->last_modified, "\",\"version\":\"W/\\\"",
        apr_ltoa(a->call->pool, record->version),
        "\\\"\",\"location\":\"", a->base, type->endpoint, "/", record->id,
        "\"}", (char *)NULL);
}

static scim_error *load(json_t **out, const char *data, apr_size_t len,
                        const store_record *record, const serve_call *call)
{
    json_t *json = scim_json_load(data, len);

    if (json == NULL) {
        return scim_error_because(
            scim_error_make(SCIM_INTERNAL, call->pool,
                            "The stored resource cannot be read."),
            call->pool, "body of %s %s is no JSON", call->type->name,
            record->id);
    }
    *out = scim_json_adopt(json, call->pool);
    return NULL;
}

static void add_projected(answer *a, const store_record *record)
{
    const serve_call *call = a->call;
    const char *text = apr_pstrcat(
        call->pool,
        apr_pstrmemdup(call->pool, record->body, record->body_len - 1),
        id_and_meta(record, a), "}", (char *)NULL);
    json_t *json = NULL;
    apr_size_t len;

    if (a->text.err != NULL) {
        return;
    }
    a->text.err = load(&json, text, strlen(text), record, call);
    if (a->text.err == NULL) {
        scim_foreign_drop(json, call->type);
        scim_project(json,
                     call->given != NULL
                         ? scim_projection_give(call->projection, call->given,
                                                call->pool)
                         : call->projection,
                     call->type);
        text = scim_json_dump(json, &len, call->pool);
        serve_spool_add_n(&a->text, text, len - 1);
    }
}

/* Everything but members and groups, and but the closing brace. */
static void open_resource(answer *a, const store_record *record)
{
    a->version = record->version;
    if (a->call->projection == NULL && !a->call->type->hides
        && !scim_foreign_is_in_text(record->body, record->body_len,
                                    a->call->type)) {
        serve_spool_add_n(&a->text, record->body, record->body_len - 1);
        serve_spool_add(&a->text, id_and_meta(record, a));
    }
    else {
        add_projected(a, record);
    }
}

/* ------------------------------------------------------------- large groups */

typedef struct large {
    answer *a;
    apr_off_t begin, refs; /* of the group, of its members, in the text */
    apr_int64_t count;
    int over; /* there are more than the answer may carry */
} large;

static void start_large(const store_record *group, void *baton)
{
    large *l = baton;

    serve_spool_cut(&l->a->text, l->begin);
    open_resource(l->a, group);
    l->refs = serve_spool_end(&l->a->text);
    l->count = 0;
    l->over = 0;
}

static void add_member(const store_reference *member, void *baton)
{
    large *l = baton;

    if (l->count == l->a->members_left && !l->over) {
        l->over = 1;
        serve_spool_cut(&l->a->text, l->refs);
    }
    if (!l->over) {
        add_next(l->a, member, l->count == 0);
        l->count++;
    }
}

static scim_error *too_many_members(const serve_call *call)
{
    return scim_error_make(
        SCIM_TOO_MANY, call->pool,
        "members: there are more than the %d that one answer carries "
        "(ScimMaxMembers); ask with excludedAttributes=members, or for the "
        "users by filter=groups.value eq \"...\".",
        call->context->limits->max_members);
}

/* A group that does not exist any more is shown as it was read, unless a GET
 * is about it. */
static scim_error *add_large(answer *a, const store_record *record, int insist)
{
    const serve_call *call = a->call;
    store_wants wants = serve_wants(call);
    large l = { .a = a, .begin = serve_spool_end(&a->text) };
    const store_member_reader reader = { .start = start_large,
                                         .member = add_member,
                                         .baton = &l,
                                         .limit = a->members_left };
    scim_error *err = store_members_read(record->id, &wants, &reader,
                                         call->context->caller,
                                         call->context->store, call->pool);

    if (err != NULL && err->fault == SCIM_NOT_FOUND
        && (!insist || call->id == NULL)) {
        start_large(record, &l);
        err = NULL;
    }
    if (err == NULL && l.over && insist) {
        err = too_many_members(call);
    }
    if (err == NULL && l.count > 0 && !l.over) {
        serve_spool_add(&a->text, "]");
        a->members_left -= l.count;
    }
    serve_spool_add(&a->text, "}");
    return err;
}

/* `insist`: rather an error than an answer without the members. */
static scim_error *add_resource(answer *a, const store_record *record,
                                int insist)
{
    int members = is_group(a->call) && record->refs != NULL
                      ? record->refs->nelts
                      : 0;

    if (record->is_large && a->members_left > 0
        && (a->value || a->ref || a->type || a->display)) {
        return add_large(a, record, insist);
    }
    if (members > a->members_left && insist) {
        return too_many_members(a->call);
    }
    open_resource(a, record);
    if (members <= a->members_left) {
        add_references(a, record);
        a->members_left -= members;
    }
    serve_spool_add(&a->text, "}");
    return NULL;
}

/* ------------------------------------------------------------------ answers */

/* Cursors never need escaping. */
static void add_cursor(serve_spool *t, const char *name, const char *cursor)
{
    if (cursor != NULL) {
        serve_spool_add(t, ",\"");
        serve_spool_add(t, name);
        serve_spool_add(t, "\":\"");
        serve_spool_add(t, cursor);
        serve_spool_add(t, "\"");
    }
}

/* What comes before the resources: of a page by index or by cursor. */
static void add_paging(answer *a, const store_result *result)
{
    const serve_call *call = a->call;

    serve_spool_add(&a->text,
                    apr_psprintf(call->pool,
                                 "{\"schemas\":[\"" SCIM_URN_LIST_RESPONSE
                                 "\"],\"totalResults\":%" APR_INT64_T_FMT
                                 ",\"itemsPerPage\":%d",
                                 result->total, result->records->nelts));
    if (call->page.cursor == NULL) {
        serve_spool_add(&a->text,
                        apr_psprintf(call->pool,
                                     ",\"startIndex\":%" APR_INT64_T_FMT,
                                     call->page.start));
    }
    add_cursor(&a->text, "previousCursor", result->previous);
    add_cursor(&a->text, "nextCursor", result->next);
}

scim_error *serve_represent_list(const store_result *result,
                                 const serve_call *views,
                                 const serve_call *call)
{
    int i, count = result->records->nelts;
    scim_error *err = NULL;
    answer a;

    open_answer(&a, call);
    add_paging(&a, result);
    serve_spool_add(&a.text, ",\"Resources\":[");
    for (i = 0; i < count && err == NULL; i++) {
        const store_record *record
            = APR_ARRAY_IDX(result->records, i, store_record *);
        const serve_call *view = views;

        while (view->type != record->type) {
            view++;
        }
        if (i > 0) {
            serve_spool_add(&a.text, ",");
        }
        look_through(&a, view);
        err = add_resource(&a, record, asks_for_members(view));
    }
    if (err == NULL) {
        serve_spool_add(&a.text, "]}");
        err = serve_spool_write(call->response, &a.text);
    }
    if (err == NULL) {
        call->response->status = 200;
    }
    return err;
}

const char *serve_etag(apr_int64_t version, apr_pool_t *pool)
{
    return apr_psprintf(pool, "W/\"%" APR_INT64_T_FMT "\"", version);
}

/* What was done is done, and a client that is told 503 does it again: it gets
 * the group without what cannot be read now. */
static scim_error *leave_members_out(answer *a, const store_record *record,
                                     const scim_error *why, serve_call *call)
{
    call->response->lacks = why->cause != NULL ? why->cause : why->detail;
    open_answer(a, call);
    look_through(a, call);
    a->version = record->version;
    a->members_left = 0;
    add_resource(a, record, 0);
    return serve_spool_write(call->response, &a->text);
}

scim_error *serve_answer(const store_record *record, int status,
                         serve_call *call)
{
    serve_response *response = call->response;
    int is_read = call->request->method == SERVE_GET
                  || call->request->method == SERVE_HEAD;
    scim_error *err = NULL;
    answer a;

    open_answer(&a, call);
    look_through(&a, call);
    a.version = record->version;
    if (status != 204 && call->part == NULL) {
        err = add_resource(&a, record, is_read);
        if (err == NULL) {
            err = serve_spool_write(response, &a.text);
        }
        if (err != NULL && !is_read) {
            err = leave_members_out(&a, record, err, call);
        }
    }
    if (err != NULL) {
        return err;
    }
    response->status = status;
    response->etag = serve_etag(a.version, call->pool);
    response->location
        = apr_pstrcat(call->pool, call->request->base_url,
                      call->type->endpoint, "/", record->id, (char *)NULL);
    return NULL;
}

void serve_add_members(json_t *group, const store_record *record,
                       const serve_call *call)
{
    const char *base = call->request->base_url;
    json_t *members = json_array();
    int i;

    for (i = 0; i < record->refs->nelts; i++) {
        const store_reference *ref
            = &APR_ARRAY_IDX(record->refs, i, store_reference);
        json_t *member = json_pack("{ss, ss}", "value", ref->id, "type",
                                   ref->type->name);

        json_object_set_new(member, "$ref",
                            scim_json_text(apr_pstrcat(
                                call->pool, base, ref->type->endpoint, "/",
                                ref->id, (char *)NULL)));
        if (ref->display != NULL) {
            json_object_set_new(member, "display",
                                scim_json_text(ref->display));
        }
        json_array_append_new(members, member);
    }
    if (json_array_size(members) > 0) {
        json_object_set(group, "members", members);
    }
    json_decref(members);
}

void serve_write_piece(serve_response *response, const serve_piece *piece,
                       apr_pool_t *pool)
{
    if (response->body == NULL) {
        response->body = apr_array_make(pool, 1, sizeof(serve_piece));
    }
    APR_ARRAY_PUSH(response->body, serve_piece) = *piece;
}

void serve_write(serve_response *response, const char *data, apr_size_t len,
                 apr_pool_t *pool)
{
    const serve_piece piece = { .text = data, .len = len };

    serve_write_piece(response, &piece, pool);
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
