#include "admin/journal.h"

#include <string.h>

#include <apr_strings.h>

#include "admin/remedy.h"
#include "core/json.h"

static scim_error *explain(scim_error *err, json_t **rows, apr_pool_t *pool)
{
    json_t *row;
    size_t i;

    if (err == NULL) {
        json_array_foreach(*rows, i, row) {
            admin_remedy_add(row, pool);
        }
    }
    return err;
}

static scim_error *list(admin_call *call)
{
    return explain(store_journal_list(&call->out, &call->slice, call->given,
                                      call->db, call->pool),
                   &call->out, call->pool);
}

static scim_error *follow(admin_call *call)
{
    return explain(store_journal_follow(&call->out, &call->slice, call->given,
                                        call->db, call->pool),
                   &call->out, call->pool);
}

/* -------------------------------------------------------------- a reference */

/* What mod_unique_id and httpd make ids of. */
#define LETTERS \
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@_+/=.:-"
#define SHORTEST 8
#define LONGEST  64

static const char *reference_at(const char *begin, apr_size_t len,
                                apr_pool_t *pool)
{
    return len >= SHORTEST && len <= LONGEST
                   && strspn(begin, LETTERS) >= len
               ? apr_pstrmemdup(pool, begin, len)
               : NULL;
}

/* The last "(request REFERENCE)" of a text, or all of it. */
static const char *reference_of(const char *text, apr_pool_t *pool)
{
    static const char mark[] = "(request ";
    const char *at = text, *found = NULL;

    while ((at = strstr(at, mark)) != NULL) {
        const char *one;

        at += sizeof(mark) - 1;
        one = reference_at(at, strcspn(at, ")"), pool);
        found = one != NULL ? one : found;
    }
    if (found != NULL) {
        return found;
    }
    text += strspn(text, " \t\r\n");
    return reference_at(text, strcspn(text, " \t\r\n"), pool);
}

#define NOT_FOUND \
    "No row of this organization's journal has this reference. The journal " \
    "has writes; reads (GET), requests without a valid token (401), " \
    "addresses that are none and outages (5xx) are in httpd's error log " \
    "alone (LogLevel scim:info): the server's operator finds them there as " \
    "\"request %s\". It may also be another organization's, or older than " \
    "what the journal keeps."

/* "show": the error's text, or its reference. */
static scim_error *show(admin_call *call)
{
    const char *text = json_string_value(
        json_object_get(call->given, "reference"));
    const char *reference = reference_of(text, call->pool);
    json_t *rows;
    scim_error *err;

    if (reference == NULL) {
        err = scim_error_make(SCIM_INVALID_VALUE, call->pool,
                              "\"reference\" takes what stands at the end of "
                              "an error, or the whole error: \"... (request "
                              "aSx3...)\".");
        err->field = "reference";
        return err;
    }
    err = explain(store_journal_find(&rows, reference, call->db, call->pool),
                  &rows, call->pool);
    if (err != NULL) {
        return err;
    }
    call->out = scim_json_adopt(
        json_pack("{s:s, s:b, s:o, s:O}", "reference", reference, "found",
                  json_array_size(rows) > 0, "says",
                  json_array_size(rows) > 0
                      ? json_null()
                      : scim_json_text(
                            apr_psprintf(call->pool, NOT_FOUND, reference)),
                  "rows", rows),
        call->pool);
    return NULL;
}

/* clang-format off */
static const admin_field filters[] = {
    { .name = "actor", .type = ADMIN_TEXT, .most = 200,
      .help = "who: \"token 3\", \"scimctl alice\", or the name alone" },
    { .name = "action", .type = ADMIN_TEXT, .most = 100,
      .help = "create, modify, delete, restore, app.install, or app for all" },
    { .name = "type", .type = ADMIN_TEXT, .most = 100,
      .help = "of the resource: User, Group, ..." },
    { .name = "resource", .type = ADMIN_TEXT, .most = 36, .help = "its id" },
    { .name = "outcome", .type = ADMIN_WORD,
      .choices = "ok|refused|warned|unexpected",
      .help = "warned: sent beside the standard; unexpected: nor is that a"
              " documented habit of the app's kind" },
    { .name = "app", .type = ADMIN_NUMBER, .least = 1, .most = 2147483647,
      .help = "number of the app whose token it was" },
    { .name = "text", .type = ADMIN_TEXT, .most = 200,
      .help = "anywhere in name, message, request, changes" },
    { .name = "since", .type = ADMIN_TIME, .help = "from this time on" },
    { .name = "until", .type = ADMIN_TIME, .help = "before this time" },
    { .name = NULL },
};

static const admin_field show_fields[] = {
    { .name = "reference", .type = ADMIN_TEXT, .most = 6000, .required = 1,
      .help = "what stands at the end of an error, or the whole error" },
    { .name = NULL },
};

const admin_operation admin_journal_show = {
    .name = "journal.show", .need = STORE_ADMIN_READS, .fields = show_fields,
    .run = show,
    .summary = "Shows what an error's reference leads to: what was asked, the"
               " rule that was broken, and what to do." };

const admin_operation admin_journal_list = {
    .name = "journal.list", .need = STORE_ADMIN_READS, .is_list = 1,
    .fields = filters, .run = list,
    .summary = "Shows who did what to an organization, the newest first." };

const admin_operation admin_journal_follow = {
    .name = "journal.follow", .need = STORE_ADMIN_READS, .is_list = 1,
    .fields = filters, .run = follow,
    .summary = "Shows what comes into the journal from now on; next says where"
               " to go on, and nothing is left out." };
/* clang-format on */
