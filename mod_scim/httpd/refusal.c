#include "httpd/refusal.h"

#include <string.h>

#include <apr_strings.h>

#include <httpd.h> /* before the others, which need it */
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mod_core.h>
#include <util_filter.h>

#include "core/json.h"
#include "core/message.h"
#include "httpd/accept.h"
#include "httpd/admin.h"
#include "httpd/claim.h"
#include "httpd/request.h"

static const char filter_name[] = "SCIM_REFUSAL";

/* clang-format off */
static const struct refusal {
    int status;
    scim_fault fault;
    const char *detail;
    const char *admin_detail; /* of the admin API, where it is another one */
} refusals[] = {
    { HTTP_BAD_REQUEST, SCIM_BAD_REQUEST,
      "This is no good HTTP request: its first line, its path or a header is "
      "malformed or too long.", NULL },
    { HTTP_UNAUTHORIZED, SCIM_UNAUTHORIZED,
      "The server wants to know who this is, beside the secret token.",
      "You are not signed in, or no longer." },
    { HTTP_FORBIDDEN, SCIM_FORBIDDEN,
      "The server's configuration does not let this through.", NULL },
    { HTTP_NOT_FOUND, SCIM_NOT_FOUND,
      "There is no endpoint here; no id holds a slash.", NULL },
    { HTTP_REQUEST_ENTITY_TOO_LARGE, SCIM_TOO_LARGE,
      "The body is larger than the server takes.", NULL },
    { HTTP_REQUEST_URI_TOO_LARGE, SCIM_BAD_REQUEST,
      "The URL is longer than the server takes; send a long filter to .search "
      "by POST.", "The URL is longer than the server takes." },
    { HTTP_TOO_MANY_REQUESTS, SCIM_TOO_MANY_REQUESTS,
      "The server refuses that many requests.", NULL },
    { HTTP_SERVICE_UNAVAILABLE, SCIM_UNAVAILABLE,
      "The server cannot answer now; send the request again later.", NULL },
};
/* clang-format on */

/* NULL: one of which nothing more is known than its status. */
static const struct refusal *find_refusal(int status)
{
    size_t i;

    for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        if (refusals[i].status == status) {
            return &refusals[i];
        }
    }
    return NULL;
}

static const char *any_detail(int status, apr_pool_t *pool)
{
    return apr_psprintf(pool, "The server refused the request: %s.",
                        ap_get_status_line_ex(pool, status));
}

/* ---------------------------------------------------------- whose URL it is */

/* "GET /scim/v2/acme/Users?filter=..." as far as it was read; or NULL. */
static const char *path_of_line(const char *line, apr_pool_t *pool)
{
    const char *path = line != NULL ? strchr(line, ' ') : NULL;

    return path != NULL && path[1] == '/'
               ? apr_pstrmemdup(pool, path + 1, strcspn(path + 1, "? "))
               : NULL;
}

/* Of a request that was refused before httpd looked for its section. */
static scim_service service_of_line(request_rec *r)
{
    ap_conf_vector_t *before = r->per_dir_config;
    char *uri = r->uri;
    const char *path = uri != NULL && *uri == '/'
                           ? uri
                           : path_of_line(r->the_request, r->pool);
    scim_service service = SCIM_SERVICE_OFF;

    if (path == NULL) {
        return service;
    }
    r->uri = apr_pstrdup(r->pool, path);
    if (ap_location_walk(r) == OK) {
        service = mod_scim_dir_config(r)->service;
    }
    r->per_dir_config = before;
    r->uri = uri;
    return service;
}

/* Who opens the console in a browser gets httpd's page, and its dialog. */
static scim_service service_of(request_rec *r)
{
    const mod_scim_call *call = mod_scim_claimed(r);

    if (call == NULL) {
        return service_of_line(r);
    }
    return call->console_type != NULL ? SCIM_SERVICE_OFF
           : call->is_admin           ? SCIM_SERVICE_ADMIN
                                      : SCIM_SERVICE_SCIM;
}

/* ------------------------------------------------------------- what is sent */

static json_t *scim_body(request_rec *r)
{
    const struct refusal *known = find_refusal(r->status);

    return scim_json_adopt(
        json_pack("{s:[s], s:o, s:s}", "schemas", SCIM_URN_ERROR, "status",
                  json_sprintf("%d", r->status), "detail",
                  known != NULL ? known->detail
                                : any_detail(r->status, r->pool)),
        r->pool);
}

/* RFC 9457, 4.2.1: what has no type of its own is about:blank, with the
 * status' own words as its title. */
static json_t *admin_body(request_rec *r)
{
    const struct refusal *known = find_refusal(r->status);
    const char *detail = known == NULL ? any_detail(r->status, r->pool)
                         : known->admin_detail != NULL ? known->admin_detail
                                                       : known->detail;
    scim_error *err = scim_error_make(
        known != NULL ? known->fault : SCIM_BAD_REQUEST, r->pool, "%s",
        detail);
    json_t *body = admin_problem(err, mod_scim_request_id(r), r->pool);

    json_object_set_new(body, "status", json_integer(r->status));
    if (known == NULL || scim_fault_status(known->fault) != r->status) {
        json_object_set_new(body, "type", json_string("about:blank"));
        json_object_set_new(
            body, "title",
            json_string(strchr(ap_get_status_line_ex(r->pool, r->status), ' ')
                        + 1));
    }
    return body;
}

static apr_bucket *body_of(request_rec *r, int is_admin)
{
    apr_size_t len;
    const char *text = scim_json_dump(
        is_admin ? admin_body(r) : scim_body(r), &len, r->pool);

    return apr_bucket_pool_create(text, len, r->pool,
                                  r->connection->bucket_alloc);
}

/* An admin's answers have their headers from mod_scim_admin_headers(), unless
 * the request was refused before it was known for one. */
static void set_headers(request_rec *r, int is_admin)
{
    if (is_admin) {
        if (mod_scim_claimed(r) == NULL) {
            mod_scim_admin_headers(r);
        }
        ap_set_content_type(r, "application/problem+json");
        return;
    }
    ap_set_content_type(
        r, mod_scim_media_type(apr_table_get(r->headers_in, "Accept")));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
}

/* The page comes in pieces; its end is where ours goes. */
static apr_status_t replace_page(ap_filter_t *f, apr_bucket_brigade *page)
{
    request_rec *r = f->r;
    int is_admin = f->ctx != NULL;
    apr_bucket *b = APR_BRIGADE_FIRST(page), *next;
    int is_end = 0;

    for (; !is_end && b != APR_BRIGADE_SENTINEL(page); b = next) {
        next = APR_BUCKET_NEXT(b);
        is_end = APR_BUCKET_IS_EOS(b);
        if (is_end) {
            APR_BUCKET_INSERT_BEFORE(b, body_of(r, is_admin));
        }
        else {
            apr_bucket_delete(b);
        }
    }
    if (!is_end) {
        return APR_SUCCESS;
    }
    set_headers(r, is_admin);
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, page);
}

static void insert_filter(request_rec *r)
{
    scim_service service;

    if (r->main != NULL || r->status < HTTP_BAD_REQUEST
        || ap_response_code_string(r, ap_index_of_response(r->status))
               != NULL) {
        return;
    }
    service = service_of(r);
    if (service > SCIM_SERVICE_OFF) {
        ap_add_output_filter(filter_name,
                             service == SCIM_SERVICE_ADMIN ? r : NULL, r,
                             r->connection);
    }
}

void mod_scim_register_refusals(apr_pool_t *pool)
{
    (void)pool;
    ap_register_output_filter(filter_name, replace_page, NULL,
                              AP_FTYPE_RESOURCE);
    ap_hook_insert_error_filter(insert_filter, NULL, NULL, APR_HOOK_MIDDLE);
}
