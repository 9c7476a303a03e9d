#include "admin/trial.h"

#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "core/casefold.h"
#include "core/json.h"
#include "core/message.h"

/* Stands for an id that nobody has. */
#define NOBODY "{nobody}"

/* clang-format off */
static const admin_trial_step first[] = {
    { .code = "tls", .title = "The tenant URL is https",
      .meaning = "The token is not sent in the clear." },
    { .code = "reached",
      .title = "The server is reached, and asks for a token",
      .method = "GET", .path = "/ServiceProviderConfig",
      .status = 401, .schema = SCIM_URN_ERROR, .challenge = 1, .decides = 1,
      .meaning = "The tenant URL leads to mod_scim, and nobody gets in without"
                 " a token." },
    { .code = "token", .title = "The token is accepted",
      .method = "GET", .path = "/ServiceProviderConfig",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_SERVICE_PROVIDER_CONFIG, .decides = 1,
      .meaning = "Token and tenant URL belong together, and SCIM is on." },
    { .code = NULL },
};

static const admin_trial_step entra[] = {
    { .code = "lookup",
      .title = "Test Connection: a user who does not exist",
      .method = "GET",
      .path = "/Users?filter=userName+eq+%22" NOBODY "%22",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE, .empty = 1,
      .meaning = "An empty list, as Test Connection wants it." },
    { .code = "flag",
      .title = "The same with aadOptscim062020 in the tenant URL",
      .method = "GET",
      .path = "/Users?aadOptscim062020&filter=userName+eq+%22" NOBODY "%22",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE, .empty = 1,
      .meaning = "The flag may stay in the tenant URL." },
    { .code = "group", .title = "A group that does not exist",
      .method = "GET",
      .path = "/Groups?excludedAttributes=members&filter=displayName+eq+%22"
              NOBODY "%22",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE, .empty = 1,
      .meaning = "An empty list: groups are looked up like users." },
    { .code = "user", .title = "Any user",
      .method = "GET", .path = "/Users?count=1",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE,
      .meaning = "Users can be read." },
    { .code = NULL },
};

static const admin_trial_step okta[] = {
    { .code = "users",
      .title = "Test Connector Configuration: the first two users",
      .method = "GET", .path = "/Users?startIndex=1&count=2",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE,
      .meaning = "A list with integers for its counts, as Okta wants it." },
    { .code = "groups", .title = "The first two groups",
      .method = "GET", .path = "/Groups?startIndex=1&count=2",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE,
      .meaning = "Groups can be imported and pushed." },
    { .code = "bare", .title = "The token without the word Bearer",
      .method = "GET", .path = "/Users?startIndex=1&count=2",
      .auth = ADMIN_TRIAL_BARE,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE,
      .meaning = "Either way of pasting it into HTTP Header works." },
    { .code = "lookup",
      .title = "Before an assignment: a user who does not exist",
      .method = "GET",
      .path = "/Users?filter=userName%20eq%20%22" NOBODY
              "%22&startIndex=1&count=100",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE, .empty = 1,
      .meaning = "An empty list: Okta goes on to create the user." },
    { .code = NULL },
};

static const admin_trial_step onelogin[] = {
    { .code = "lookup", .title = "A user who does not exist",
      .method = "GET",
      .path = "/Users?filter=userName%20eq%20%22" NOBODY "%22",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE, .empty = 1,
      .meaning = "An empty list: OneLogin goes on to create the user." },
    { .code = "groups", .title = "Refresh of entitlements: the groups",
      .method = "GET", .path = "/Groups",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE,
      .meaning = "Groups can be chosen in OneLogin's rules." },
    { .code = NULL },
};

static const admin_trial_step generic[] = {
    { .code = "types", .title = "The resource types",
      .method = "GET", .path = "/ResourceTypes",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE,
      .meaning = "Clients that read what there is find it." },
    { .code = "schemas", .title = "The schemas",
      .method = "GET", .path = "/Schemas",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE,
      .meaning = "Clients that read the attributes find them." },
    { .code = "lookup", .title = "A user who does not exist",
      .method = "GET",
      .path = "/Users?filter=userName%20eq%20%22" NOBODY "%22",
      .auth = ADMIN_TRIAL_BEARER,
      .status = 200, .schema = SCIM_URN_LIST_RESPONSE, .empty = 1,
      .meaning = "An empty list, and no error." },
    { .code = NULL },
};

/* Nothing can be done to this address, so a method that comes through is told
 * so by us; where something in between keeps it, that answers. */
#define METHOD(code_, method_) \
    { .code = code_, .title = method_ " comes through", \
      .method = method_, .path = "/ServiceProviderConfig", \
      .auth = ADMIN_TRIAL_BEARER, .status = 405, .schema = SCIM_URN_ERROR, \
      .meaning = "The server knows the method and refuses it at this address" \
                 " only." }

static const admin_trial_step last[] = {
    METHOD("put", "PUT"),
    METHOD("patch", "PATCH"),
    METHOD("delete", "DELETE"),
    { .code = "write", .title = "The token may write (a Bulk of nothing)",
      .method = "POST", .path = "/Bulk",
      .body = "{\"schemas\":[\"" SCIM_URN_BULK_REQUEST "\"],"
              "\"Operations\":[]}",
      .auth = ADMIN_TRIAL_BEARER, .writes = 1,
      .status = 200, .schema = SCIM_URN_BULK_RESPONSE,
      .meaning = "Users and groups can be written; nothing was." },
    { .code = NULL },
};

static const admin_trial_step *const of_provider[ADMIN_PROVIDERS] = {
    [ADMIN_ENTRA] = entra, [ADMIN_OKTA] = okta, [ADMIN_ONELOGIN] = onelogin,
    [ADMIN_GENERIC] = generic,
};

/* What to do about an answer that is not the good one. */
#define SOMETHING_ELSE (-1) /* the status is right, the rest is not */
#define ANY_OTHER      (-2)
static const struct remedy {
    const char *code; /* of the step; NULL: any */
    int status;
    const char *text;
} remedies[] = {
    { "tls", ANY_OTHER,
      "Let httpd serve it by TLS (mod_ssl, or a proxy in front that"
      " ScimTrustedProxy names), and say https in ScimBaseURL." },
    { "reached", 200,
      "Something answers here without a token: another module or another"
      " server has this address. See which section of httpd serves it." },
    { "reached", SOMETHING_ELSE,
      "Something else asks for a login here. A section of ScimService scim"
      " needs neither AuthType nor Require; a proxy must pass Authorization"
      " and WWW-Authenticate on." },
    { "write", 403,
      "The token may only read: make one without \"Read only\", and paste it"
      " into the provider." },
    { "write", 501,
      "Bulk is switched off here (ScimBulkLimits 0), so that this cannot be"
      " tried. The provider does not need it." },
    { NULL, 0,
      "Is the URL right, is httpd running, does a firewall let it through,"
      " and is its certificate one that is trusted publicly?" },
    { NULL, 301, "Use the address that it leads to as the tenant URL." },
    { NULL, 302, "Something redirects to a login page: the tenant URL must not"
      " be behind a portal." },
    { NULL, 307, "Use the address that it leads to as the tenant URL." },
    { NULL, 308, "Use the address that it leads to as the tenant URL." },
    { NULL, 400, "Something in between changes the query: a firewall of web"
      " applications may cut out quotes or brackets." },
    { NULL, 401,
      "The detail says why the token is refused: make a new one, enable SCIM,"
      " or paste URL and token that were shown together." },
    { NULL, 403,
      "Use https in the URL (or ScimTrustedProxy, where a proxy ends TLS). If"
      " the page is no error of SCIM, a firewall refuses it." },
    { NULL, 404,
      "The URL is https://HOST/BASE/SLUG, BASE being the section with"
      " ScimService scim; where that section does not serve this host,"
      " something else answers." },
    { NULL, 405, "A proxy or firewall does not let the method through: allow"
      " GET, POST, PUT, PATCH and DELETE." },
    { NULL, 413, "Something in between limits the size of requests." },
    { NULL, 429, "Too many requests at once: wait a minute, and see"
      " ScimRateLimit." },
    { NULL, 501, "A proxy or firewall does not know the method: allow GET,"
      " POST, PUT, PATCH and DELETE." },
    { NULL, 502, "A proxy does not reach httpd." },
    { NULL, 503,
      "httpd does not reach its database; its error log says why. If the page"
      " is no error of SCIM, a proxy does not reach httpd." },
    { NULL, 504, "A proxy waits for httpd in vain." },
    { NULL, SOMETHING_ELSE,
      "This is not SCIM's answer: another application or a proxy's page has"
      " this address." },
    { NULL, ANY_OTHER, "httpd's error log says more." },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof(*(table)))

static const char *remedy_of(const char *code, int status)
{
    apr_size_t i;

    for (i = 0; i < COUNT(remedies); i++) {
        const struct remedy *r = &remedies[i];

        if ((r->code == NULL || strcmp(r->code, code) == 0)
            && (r->status == status || r->status == ANY_OTHER)) {
            return r->text;
        }
    }
    return NULL;
}

/* ------------------------------------------------------------------- steps */

static const char *nobody(apr_pool_t *pool)
{
    unsigned char b[16] = { 0 };

    apr_generate_random_bytes(b, sizeof(b));
    return apr_psprintf(pool,
                        "%02x%02x%02x%02x-%02x%02x-4%x%02x-a%x%02x-"
                        "%02x%02x%02x%02x%02x%02x",
                        b[0], b[1], b[2], b[3], b[4], b[5], b[6] & 15, b[7],
                        b[8] & 15, b[9], b[10], b[11], b[12], b[13], b[14],
                        b[15]);
}

static void add(apr_array_header_t *steps, const admin_trial_step *table,
                const char *id)
{
    for (; table->code != NULL; table++) {
        admin_trial_step *step = apr_pmemdup(steps->pool, table,
                                             sizeof(*step));
        const char *place = table->path != NULL
                                ? strstr(table->path, NOBODY)
                                : NULL;

        if (place != NULL) {
            step->path = apr_pstrcat(
                steps->pool,
                apr_pstrmemdup(steps->pool, table->path,
                               (apr_size_t)(place - table->path)),
                id, place + strlen(NOBODY), NULL);
        }
        APR_ARRAY_PUSH(steps, const admin_trial_step *) = step;
    }
}

apr_array_header_t *admin_trial(admin_provider provider, apr_pool_t *pool)
{
    apr_array_header_t *steps = apr_array_make(
        pool, 16, sizeof(const admin_trial_step *));
    const char *id = nobody(pool);

    add(steps, first, id);
    add(steps, of_provider[provider], id);
    add(steps, last, id);
    return steps;
}

/* ------------------------------------------------------------------ judging */

static int is_https(const char *url)
{
    return strncmp(url, "https://", 8) == 0;
}

/* As ScimRequireTLS Loopback has it. */
static int is_here(const char *url)
{
    static const char *const hosts[] = { "localhost", "127.", "[::1]" };
    const char *host = strstr(url, "://");
    apr_size_t i;

    for (i = 0; host != NULL && i < COUNT(hosts); i++) {
        if (strncmp(host + 3, hosts[i], strlen(hosts[i])) == 0) {
            return 1;
        }
    }
    return 0;
}

static int names(const json_t *body, const char *urn)
{
    json_t *schema;
    size_t i;

    json_array_foreach(json_object_get(body, "schemas"), i, schema) {
        if (json_is_string(schema)
            && strcmp(json_string_value(schema), urn) == 0) {
            return 1;
        }
    }
    return 0;
}

static int is_bearer(const char *challenge)
{
    return challenge != NULL && strlen(challenge) >= 6
           && scim_name_equals_n(challenge, 6, "Bearer");
}

static int is_good(const admin_trial_step *step,
                   const admin_trial_answer *answer, const json_t *body)
{
    json_t *total = json_object_get(body, "totalResults");

    return names(body, step->schema)
           && (strcmp(step->schema, SCIM_URN_LIST_RESPONSE) != 0
               || json_is_integer(total))
           && (!step->empty || json_integer_value(total) == 0)
           && (!step->challenge || is_bearer(answer->challenge));
}

static const char *says_of(const admin_trial_answer *answer,
                           const json_t *body, apr_pool_t *pool)
{
    const char *detail = json_string_value(json_object_get(body, "detail"));

    detail = detail != NULL ? detail : answer->body;
    return answer->status == 0
               ? apr_psprintf(pool, "no answer: %s",
                              scim_excerpt(detail, pool))
               : apr_psprintf(pool, "answers %d: %s", answer->status,
                              json_is_object(body)
                                  ? detail
                                  : scim_excerpt(detail, pool));
}

const char *admin_trial_judge(const char **says, const admin_trial_step *step,
                              const char *url,
                              const admin_trial_answer *answer,
                              apr_pool_t *pool)
{
    json_t *body;

    if (step->method == NULL) {
        *says = is_https(url)  ? "it is https"
                : is_here(url) ? "it is http, for this machine alone"
                               : "it is http";
        return is_https(url) || is_here(url) ? NULL
                                             : remedy_of(step->code, 0);
    }
    body = scim_json_adopt(json_loads(answer->body, 0, NULL), pool);
    *says = says_of(answer, body, pool);
    if (answer->status != step->status) {
        return remedy_of(step->code, answer->status);
    }
    if (is_good(step, answer, body)) {
        *says = step->meaning;
        return NULL;
    }
    return remedy_of(step->code, SOMETHING_ELSE);
}

/* ------------------------------------------------------------ the operation */

/* For a shell: 'it'\''s'. */
static const char *quoted(const char *text, apr_pool_t *pool)
{
    const char *out = "'", *quote;

    while ((quote = strchr(text, '\'')) != NULL) {
        out = apr_pstrcat(pool, out,
                          apr_pstrmemdup(pool, text,
                                         (apr_size_t)(quote - text)),
                          "'\\''", NULL);
        text = quote + 1;
    }
    return apr_pstrcat(pool, out, text, "'", NULL);
}

/* The token is no argument, which everybody on the machine could read. */
static const char *curl_line(const admin_trial_step *step, const char *url,
                             apr_pool_t *pool)
{
    const char *whole = apr_pstrcat(pool, url, step->path, NULL);

    return apr_pstrcat(
        pool,
        step->auth == ADMIN_TRIAL_ANONYMOUS
            ? "curl"
            : apr_pstrcat(pool, "printf 'Authorization: ",
                          step->auth == ADMIN_TRIAL_BARE ? "" : "Bearer ",
                          "%s' \"$SCIM_TOKEN\" | curl -H @-", NULL),
        " -sS -i -w '\\n\\n'",
        strcmp(step->method, "GET") != 0
            ? apr_pstrcat(pool, " -X ", step->method, NULL)
            : "",
        " -H 'Accept: application/scim+json'",
        step->body != NULL
            ? apr_pstrcat(pool, " -H 'Content-Type: application/scim+json' -d ",
                          quoted(step->body, pool), NULL)
            : "",
        " ", quoted(whole, pool), NULL);
}

static json_t *or_null(const char *text)
{
    return text != NULL ? scim_json_text(text) : json_null();
}

static const char *key_of(int status, apr_pool_t *pool)
{
    return status == SOMETHING_ELSE ? "something_else"
           : status == ANY_OTHER    ? "other"
                                    : apr_itoa(pool, status);
}

/* {"401": "...", "something_else": "...", "other": "..."} of the step alone;
 * `code` NULL: of all. A new reference. */
static json_t *remedies_of(const char *code, apr_pool_t *pool)
{
    json_t *out = json_object();
    apr_size_t i;

    for (i = 0; i < COUNT(remedies); i++) {
        const struct remedy *r = &remedies[i];

        if (code == NULL ? r->code == NULL
                         : r->code != NULL && strcmp(r->code, code) == 0) {
            json_object_set_new(out, key_of(r->status, pool),
                                json_string(r->text));
        }
    }
    return out;
}

static json_t *step_json(const admin_trial_step *step, const char *url,
                         apr_pool_t *pool)
{
    static const char *const auths[] = { [ADMIN_TRIAL_ANONYMOUS] = "none",
                                         [ADMIN_TRIAL_BEARER] = "bearer",
                                         [ADMIN_TRIAL_BARE] = "bare" };

    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:s, s:i, s:o, s:b, s:b, s:b, s:b, s:s,"
        " s:o, s:o}",
        "code", step->code, "title", step->title, "method",
        or_null(step->method), "path", or_null(step->path), "body",
        or_null(step->body), "auth", auths[step->auth], "status", step->status,
        "schema", or_null(step->schema), "empty", step->empty, "challenge",
        step->challenge, "writes", step->writes, "decides", step->decides,
        "meaning", step->meaning,
        "remedies", remedies_of(step->code, pool), "curl",
        step->method != NULL && url != NULL
            ? json_string(curl_line(step, url, pool))
            : json_null());
}

static scim_error *test(admin_call *call)
{
    apr_pool_t *pool = call->pool;
    const char *url = call->tenant_url, *kind;
    apr_array_header_t *steps;
    json_t *app, *list = json_array();
    int i;
    scim_error *err = store_app_get(&app, call->ids[0], call->db, pool);

    if (err != NULL) {
        json_decref(list);
        return err;
    }
    kind = json_string_value(json_object_get(app, "kind"));
    steps = admin_trial(admin_provider_of(kind), pool);
    for (i = 0; i < steps->nelts; i++) {
        json_array_append_new(
            list, step_json(APR_ARRAY_IDX(steps, i, const admin_trial_step *),
                            url, pool));
    }
    call->out = scim_json_adopt(
        json_pack("{s:s, s:o, s:o, s:o, s:o}", "kind", kind, "tenant_url",
                  or_null(url), "steps", list, "remedies",
                  remedies_of(NULL, pool), "doctor",
                  or_null(url == NULL ? NULL
                                      : apr_pstrcat(pool,
                                                    "scimctl doctor --url ",
                                                    quoted(url, pool),
                                                    " --kind ", kind, NULL))),
        pool);
    return NULL;
}

const admin_operation admin_app_test = {
    .name = "app.test", .need = STORE_ADMIN_READS, .ids = "n", .run = test,
    .summary = "Says what the app's provider asks first, and what has to be"
               " answered: the steps of a connection test." };
