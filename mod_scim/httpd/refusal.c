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
#include "httpd/claim.h"

static const char filter_name[] = "SCIM_REFUSAL";

/* clang-format off */
static const struct {
    int status;
    const char *detail;
} details[] = {
    { HTTP_BAD_REQUEST,
      "This is no good HTTP request: its first line, its path or a header is "
      "malformed or too long." },
    { HTTP_UNAUTHORIZED,
      "The server wants to know who this is, beside the secret token." },
    { HTTP_FORBIDDEN, "The server's configuration does not let this through." },
    { HTTP_NOT_FOUND, "There is no endpoint here; no id holds a slash." },
    { HTTP_REQUEST_URI_TOO_LARGE,
      "The URL is longer than the server takes; send a long filter to .search "
      "by POST." },
};
/* clang-format on */

static const char *detail_of(int status, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < sizeof(details) / sizeof(details[0]); i++) {
        if (details[i].status == status) {
            return details[i].detail;
        }
    }
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

/* A request that was refused before httpd looked for its section. */
static int is_below_section(request_rec *r)
{
    ap_conf_vector_t *before = r->per_dir_config;
    char *uri = r->uri;
    const char *path = uri != NULL && *uri == '/'
                           ? uri
                           : path_of_line(r->the_request, r->pool);
    int is_ours;

    if (path == NULL) {
        return 0;
    }
    r->uri = apr_pstrdup(r->pool, path);
    is_ours = ap_location_walk(r) == OK
              && mod_scim_dir_config(r)->service == SCIM_SERVICE_SCIM;
    r->per_dir_config = before;
    r->uri = uri;
    return is_ours;
}

static int is_ours(request_rec *r)
{
    const mod_scim_call *call = mod_scim_claimed(r);

    return r->main == NULL && r->status >= HTTP_BAD_REQUEST
           && ap_response_code_string(r, ap_index_of_response(r->status))
                  == NULL
           && (call != NULL ? !call->is_admin : is_below_section(r));
}

/* ------------------------------------------------------------- what is sent */

static apr_bucket *body_of(request_rec *r, apr_bucket_alloc_t *alloc)
{
    json_t *error = scim_json_adopt(
        json_pack("{s:[s], s:o, s:s}", "schemas", SCIM_URN_ERROR, "status",
                  json_sprintf("%d", r->status), "detail",
                  detail_of(r->status, r->pool)),
        r->pool);
    apr_size_t len;
    const char *text = scim_json_dump(error, &len, r->pool);

    return apr_bucket_pool_create(text, len, r->pool, alloc);
}

/* The page comes in pieces; its end is where ours goes. */
static apr_status_t replace_page(ap_filter_t *f, apr_bucket_brigade *page)
{
    request_rec *r = f->r;
    apr_bucket *b = APR_BRIGADE_FIRST(page), *next;
    int is_end = 0;

    for (; !is_end && b != APR_BRIGADE_SENTINEL(page); b = next) {
        next = APR_BUCKET_NEXT(b);
        is_end = APR_BUCKET_IS_EOS(b);
        if (is_end) {
            APR_BUCKET_INSERT_BEFORE(
                b, body_of(r, r->connection->bucket_alloc));
        }
        else {
            apr_bucket_delete(b);
        }
    }
    if (!is_end) {
        return APR_SUCCESS;
    }
    ap_set_content_type(
        r, mod_scim_media_type(apr_table_get(r->headers_in, "Accept")));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    ap_remove_output_filter(f);
    return ap_pass_brigade(f->next, page);
}

static void insert_filter(request_rec *r)
{
    if (is_ours(r)) {
        ap_add_output_filter(filter_name, NULL, r, r->connection);
    }
}

void mod_scim_register_refusals(apr_pool_t *pool)
{
    (void)pool;
    ap_register_output_filter(filter_name, replace_page, NULL,
                              AP_FTYPE_RESOURCE);
    ap_hook_insert_error_filter(insert_filter, NULL, NULL, APR_HOOK_MIDDLE);
}
