/* One request on its way through protocol/: private to this directory. */
#ifndef SCIM_PROTOCOL_OPERATION_H
#define SCIM_PROTOCOL_OPERATION_H

#include <apr_hash.h>

#include "core/message.h"
#include "core/project.h"
#include "protocol/serve.h"

typedef struct serve_call serve_call;

/* What an endpoint does for one method. */
typedef scim_error *(*serve_operation)(serve_call *call);

/* Query parameters that we know; all others are ignored (DESIGN 5.1). */
typedef struct serve_query {
    const char *filter;
    const char *sort_by;
    const char *sort_order;
    const char *start_index;
    const char *count;
    const char *cursor;
    const char *attributes;
    const char *excluded_attributes;
    const char *atomic; /* of a Bulk */
} serve_query;

/* What becomes of a user's password. */
typedef struct serve_secret {
    int is_known;     /* 0: nobody has looked */
    const char *hash; /* as store_wants has it */
} serve_secret;

/* An operation of a Bulk. */
typedef struct serve_part {
    json_t *data;             /* in place of a body */
    const store_grant *grant;
    const char *id;           /* of a new resource */
    const serve_secret *secret; /* seen to before the transaction */
    apr_hash_t *later;        /* ids of what is made after it; or NULL */
    apr_array_header_t *links; /* out: const char *, members among those */
} serve_part;

struct serve_call {
    const serve_request *request;
    const serve_context *context;
    serve_response *response;
    apr_pool_t *pool;
    const scim_resource_type *type; /* of the endpoint; or NULL */
    const char *id;                 /* below the endpoint; or NULL */
    const char *action;             /* of a write, for the journal; or NULL */
    serve_query query;
    scim_projection *projection;    /* NULL: nothing asked for */
    const apr_array_header_t *given; /* of a write, where it matters; or NULL */
    scim_page page;                 /* of a list */
    scim_reading reading;
    const json_t *body; /* as it was sent; NULL: nobody has read it */
    int token_checked; /* a trip has verified the token, or had to refuse it */
    int body_lost;     /* the body did not arrive: nobody waits for an answer */
    serve_part *part; /* of a Bulk: the answer is status, location, version;
                         or NULL */
};

/* create.c, retrieve.c, list.c, search.c, me.c, replace.c, modify.c, delete.c.
 * A list without a type is one of all types. */
scim_error *serve_create(serve_call *call);
scim_error *serve_retrieve(serve_call *call);
scim_error *serve_list(serve_call *call);
scim_error *serve_search(serve_call *call);
scim_error *serve_me(serve_call *call);
scim_error *serve_replace(serve_call *call);
scim_error *serve_modify(serve_call *call);
scim_error *serve_delete(serve_call *call);

/* bulk.c */
scim_error *serve_bulk(serve_call *call);

/* bulk_part.c: members that can be added now; those of part->later are left to
 * part->links. */
scim_membership *serve_known_members(scim_membership *members,
                                     const serve_call *call);

/* discovery.c */
scim_error *serve_provider_config(serve_call *call);
scim_error *serve_schemas(serve_call *call);
scim_error *serve_schema(serve_call *call);
scim_error *serve_resource_types(serve_call *call);
scim_error *serve_resource_type(serve_call *call);

/* The operation for the request's path and method. Fills type, id and action.
 * NOT_FOUND, METHOD_NOT_ALLOWED (with Allow), NOT_IMPLEMENTED; for OPTIONS
 * *out is NULL and response->allow is set. */
scim_error *serve_route(serve_operation *out, serve_call *call);

/* query.c: form-decoding of the query component. invalidSyntax for broken
 * escapes, bytes that are no UTF-8, and a known parameter given twice. */
scim_error *serve_query_parse(serve_query *out, const char *query,
                              apr_pool_t *pool);

/* query.c: by its name without regard to case; NULL: not one of ours. */
const char **serve_query_field(serve_query *query, const char *name);

/* route.c: how the journal calls a write by this method; NULL: it is none. */
const char *serve_action(serve_method method);

/* route.c: "PATCH"; of what is no method of SCIM's "other". */
const char *serve_method_name(serve_method method);

/* asked.c: what was asked, as far as the journal may keep it: {method, path,
 * content_type, if_match, if_none_match, body, left_out, bulk}. */
json_t *serve_asked(const serve_call *call);
/* What people would call the resource that was sent; or NULL. */
const char *serve_asked_name(const serve_call *call);

/* serve.c: what of call->type the query asks for. */
void serve_project(serve_call *call);

/* serve.c: a trip for the token alone. */
scim_error *serve_token_check(store_grant *out, serve_call *call);

/* serve.c: the journal's row of a refused write, unless the error is about
 * access: then there is nobody to whom a row could belong. */
void serve_journal_refusal(serve_call *call, const scim_error *err);
int serve_is_about_access(const scim_error *err);

/* reading.c: a body as a resource or a patch. What only a strict app refuses
 * is refused where the write enters (store_caller). */
scim_error *serve_read_resource(json_t **out, const json_t *body,
                                serve_call *call);
scim_error *serve_read_patch(scim_patch **out, const json_t *body,
                             serve_call *call);

/* body.c: media type, token (before a body that is large or of unknown length
 * is read), bytes, JSON. *out belongs to the pool. */
scim_error *serve_body_read(json_t **out, serve_call *call);

/* The same without the parsing. */
scim_error *serve_body_text(const char **out, apr_size_t *len,
                            serve_call *call);

/* precondition.c (RFC 7644, 3.14; RFC 9110, 13.1). *out is NULL without the
 * header. Tags are compared weakly; "-gzip" and the like at their end is what
 * who packed the body made of ours. */
void serve_match_parse(store_match **out, const char *header,
                       apr_pool_t *pool);

/* Of a write: If-Match and If-None-Match. */
void serve_match_of_write(store_match **out, const serve_request *request,
                          apr_pool_t *pool);

/* represent.c */

/* What an answer about call->type has to read besides the row. */
store_wants serve_wants(const serve_call *call);

/* Adds "members" from record->refs to a group's body, for a PATCH that looks at
 * them. */
void serve_add_members(json_t *group, const store_record *record,
                       const serve_call *call);

/* The whole body of a ListResponse (RFC 7644, 3.4.2; RFC 9865, 2), and status
 * 200. Groups whose members would be too many for it come without, or are
 * SCIM_TOO_MANY where `attributes` names the members. `views` are calls that
 * have the type and the projection of each resource type of the list. */
scim_error *serve_represent_list(const store_result *result,
                                 const serve_call *views,
                                 const serve_call *call);

/* Status, ETag, Location and, unless the status is 204, the resource: the
 * stored text with id, meta, groups or members spliced in; parsed only where a
 * projection asks for parts. A group with more members than one answer carries
 * (ScimMaxMembers) is SCIM_TOO_MANY for a GET; the answer to a write leaves
 * them out, also where they cannot be read any more. */
scim_error *serve_answer(const store_record *record, int status,
                         serve_call *call);

/* The version as clients see it: W/"n". */
const char *serve_etag(apr_int64_t version, apr_pool_t *pool);

/* A JSON value as the whole body; takes the reference. */
scim_error *serve_answer_json(json_t *body, int status, serve_call *call);

/* Appends to the body of the response. */
void serve_write(serve_response *response, const char *text, apr_size_t len,
                 apr_pool_t *pool);
void serve_write_piece(serve_response *response, const serve_piece *piece,
                       apr_pool_t *pool);

/* password.c: nothing that stores, returns or journals a resource ever sees a
 * password. */
void serve_drop_password(json_t *resource, const scim_resource_type *type);

/* Of a resource (`body`: as it was sent), or of a patch that was read: *hash is
 * what to keep, STORE_PASSWORD_ENDS, or NULL: there is nothing to do, or the
 * app drops passwords. To be called before a transaction begins; within that
 * of a Bulk it only hands over part->secret. SCIM_INVALID_VALUE. */
scim_error *serve_hash_password(const char **hash, const json_t *resource,
                                const json_t *body, serve_call *call);
scim_error *serve_hash_patched(const char **hash, const scim_patch *patch,
                               serve_call *call);

/* Reads an operation of a Bulk for the sake of its password. What is wrong with
 * it comes up again when it is carried out. */
scim_error *serve_part_password(const char **hash, serve_call *call);

#endif
