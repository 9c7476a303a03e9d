#include "admin/alert.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define ADDRESSES_MAX 20
#define LOCAL_MAX     64 /* RFC 5321, 4.5.3.1 */
#define ADDRESS_MAX   254
#define LABEL_MAX     63

/* Words of letters, digits and `others`, with single dots between them. */
static int is_dotted(const char *text, apr_size_t len, const char *others)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        int is_dot = text[i] == '.';

        if (is_dot ? i == 0 || i + 1 == len || text[i - 1] == '.'
                   : !((text[i] & 0x80) == 0
                       && (apr_isalnum(text[i])
                           || strchr(others, text[i]) != NULL))) {
            return 0;
        }
    }
    return len > 0;
}

/* No label begins or ends with a hyphen; there are two at least, and the last
 * one is no number. */
static int is_host(const char *text)
{
    const char *label = text;
    apr_size_t len;

    if (!is_dotted(text, strlen(text), "-") || strchr(text, '.') == NULL) {
        return 0;
    }
    for (;;) {
        len = strcspn(label, ".");
        if (len > LABEL_MAX || label[0] == '-' || label[len - 1] == '-') {
            return 0;
        }
        if (label[len] == '\0') {
            return len > 1 && !apr_isdigit(label[0]);
        }
        label += len + 1;
    }
}

int admin_is_address(const char *text)
{
    const char *at = strchr(text, '@');
    apr_size_t len = at != NULL ? (apr_size_t)(at - text) : 0;

    return len > 0 && len <= LOCAL_MAX && strlen(text) <= ADDRESS_MAX
           && text[0] != '-' && is_dotted(text, len, "_+-") && is_host(at + 1);
}

static scim_error *refuse(const char *problem, const char *field,
                          apr_pool_t *pool)
{
    scim_error *err = scim_error_make(SCIM_INVALID_VALUE, pool, "\"%s\" %s.",
                                      field, problem);

    err->field = field;
    return err;
}

scim_error *admin_alert_check(const json_t *given, apr_pool_t *pool)
{
    const json_t *list = json_object_get(given, "addresses");
    json_t *address;
    size_t i;

    if (json_array_size(list) > ADDRESSES_MAX) {
        return refuse("takes no more than " APR_STRINGIFY(ADDRESSES_MAX),
                      "addresses", pool);
    }
    json_array_foreach((json_t *)list, i, address) {
        if (strlen(json_string_value(address)) != json_string_length(address)
            || !admin_is_address(json_string_value(address))) {
            return refuse("is no plain e-mail address (letters, digits, dots, "
                          "\"_\", \"+\" and \"-\", then a host's full name)",
                          apr_psprintf(pool, "addresses[%d]", (int)i), pool);
        }
    }
    return NULL;
}

static scim_error *check(admin_call *call)
{
    return admin_alert_check(call->given, call->pool);
}

static scim_error *get(admin_call *call)
{
    return store_alert_get(&call->out, call->db, call->pool);
}

static scim_error *change(admin_call *call)
{
    return store_alert_change(&call->out, call->given, call->version, call->db,
                              call->pool);
}

static scim_error *list(admin_call *call)
{
    return store_alert_list(&call->out, &call->slice, call->db, call->pool);
}

/* clang-format off */
const admin_field admin_alert_fields[] = {
    { .name = "addresses", .type = ADMIN_LIST,
      .help = "who gets e-mail when something needs attention; none: nobody" },
    { .name = "silent_hours", .type = ADMIN_NUMBER, .least = 1, .most = 8760,
      .help = "after which an app that nobody contacts is silent (48)" },
    { .name = "inactive_days", .type = ADMIN_NUMBER, .least = 1, .most = 3650,
      .help = "after which inactive users are mentioned (90)" },
    { .name = NULL },
};

const admin_operation admin_alert_get = {
    .name = "alert.get", .need = STORE_ADMIN_READS, .run = get,
    .summary = "Shows who gets e-mail when something needs attention, and when"
               " it does." };

const admin_operation admin_alert_change = {
    .name = "alert.change", .need = STORE_ADMIN_WRITES,
    .fields = admin_alert_fields, .run = change, .prepare = check,
    .summary = "Sets who gets e-mail when something needs attention, and when"
               " it does." };

const admin_operation admin_alert_list = {
    .name = "alert.list", .need = STORE_ADMIN_READS, .is_list = 1,
    .run = list,
    .summary = "Lists what was told, as long as it lasts." };
/* clang-format on */
