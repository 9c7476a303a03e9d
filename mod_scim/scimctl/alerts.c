/* Who is told of what needs attention, and the telling. */
#include "admin/alert.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_time.h>

#include "admin/organization.h"
#include "admin/overview.h"
#include "core/json.h"
#include "scimctl/command.h"
#include "scimctl/deliver.h"
#include "scimctl/print.h"

#define SENDMAIL "/usr/sbin/sendmail"
#define PROGRAM  "/etc/mod_scim/alert-program"

/* RFC 5322, 2.1.1: no line has more than 998 bytes. */
#define VALUE_MAX 900

typedef struct telling {
    const char *sendmail, *program; /* NULL: none */
    const char *slug, *name;
    json_t *results;
    int failed;
    int is_test;
    int is_found; /* the one organization that was asked for */
} telling;

/* ------------------------------------------------------------------- mail */

/* In one line: no line end of a name or a detail makes a header or a text of
 * its own. Cut between two characters. */
static const char *value_of(const json_t *alert, const char *name,
                            apr_pool_t *pool)
{
    const char *text = scimctl_member(alert, name, pool);
    apr_size_t len = text != NULL ? strlen(text) : 0;

    if (len <= VALUE_MAX) {
        return text != NULL ? text : "-";
    }
    len = VALUE_MAX;
    while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80) {
        len--;
    }
    return apr_pstrmemdup(pool, text, len);
}

static const char *addresses_of(const json_t *addresses, apr_pool_t *pool)
{
    const char *out = "";
    json_t *address;
    size_t i;

    json_array_foreach((json_t *)addresses, i, address) {
        const char *text = json_string_value(address);

        if (text != NULL && admin_is_address(text)) {
            out = apr_pstrcat(pool, out, *out != '\0' ? ",\n\t" : "", text,
                              NULL);
        }
    }
    return out;
}

static const char *mail_of(const json_t *alerts, const char *to,
                           const telling *t, apr_pool_t *pool)
{
    const char *out = apr_psprintf(
        pool,
        "To: %s\nSubject: [mod_scim] %s: %d to look at\n"
        "MIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
        "Content-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n"
        "Provisioning of the organization \"%s\" (%s) needs attention.\n",
        to, t->slug, (int)json_array_size(alerts),
        scimctl_escape(t->name, pool), t->slug);
    json_t *alert;
    size_t i;

    json_array_foreach((json_t *)alerts, i, alert) {
        out = apr_psprintf(pool,
                           "%s\n* %s\n  %s\n  What to do: %s\n  Where: %s\n"
                           "  (%s, %s, since %s)\n",
                           out, value_of(alert, "title", pool),
                           value_of(alert, "detail", pool),
                           value_of(alert, "remedy", pool),
                           value_of(alert, "where", pool),
                           value_of(alert, "severity", pool),
                           value_of(alert, "code", pool),
                           value_of(alert, "began", pool));
    }
    return apr_pstrcat(pool, out,
                       "\nEach of these is told once, and again if it ends "
                       "and comes back.\n",
                       NULL);
}

static scim_error *send_mail(const json_t *alerts, const char *to,
                             const telling *t, apr_pool_t *pool)
{
    const char *argv[] = { t->sendmail, "-t", "-i", NULL };
    const char *mail = mail_of(alerts, to, t, pool);

    return scimctl_deliver(argv, mail, strlen(mail), pool);
}

static scim_error *hand_over(const json_t *alerts, const telling *t,
                             apr_pool_t *pool)
{
    const char *argv[] = { t->program, NULL };
    apr_size_t len;
    json_t *all = scim_json_adopt(
        json_pack("{s:s, s:s, s:O}", "organization", t->slug, "name", t->name,
                  "alerts", alerts),
        pool);
    const char *text = scim_json_dump(all, &len, pool);

    return scimctl_deliver(argv, text, len, pool);
}

/* --------------------------------------------------------- one organization */

/* Those that nobody was told in this way. */
static json_t *untold(const json_t *all, const char *way, apr_pool_t *pool)
{
    json_t *out = scim_json_adopt(json_array(), pool), *alert, *copy;
    size_t i;

    json_array_foreach((json_t *)all, i, alert) {
        if (json_is_true(json_object_get(alert, way))) {
            continue;
        }
        copy = json_copy(alert);
        json_object_del(copy, "mailed");
        json_object_del(copy, "handed");
        json_array_append_new(out, copy);
    }
    return out;
}

static json_t *codes_of(const json_t *alerts, apr_pool_t *pool)
{
    json_t *codes = json_array(), *alert;
    size_t i;

    json_array_foreach((json_t *)alerts, i, alert) {
        json_array_append(codes, json_object_get(alert, "code"));
    }
    return scim_json_adopt(json_pack("{s:o}", "codes", codes), pool);
}

static void note(telling *t, const char *way, const json_t *alerts,
                 const scim_error *err)
{
    json_array_append_new(
        t->results,
        json_pack("{s:s, s:s, s:i, s:b, s:s?}", "organization", t->slug, "by",
                  way, "alerts", (int)json_array_size(alerts), "done",
                  err == NULL, "problem", err != NULL ? err->detail : NULL));
    t->failed |= err != NULL;
}

/* What could not be told is told by the next run: that is no error here. */
static scim_error *tell_by_mail(telling *t, const json_t *all, store_admin *a,
                                apr_pool_t *pool)
{
    json_t *alerts = untold(all, "mailed", pool), *settings;
    const char *to;
    scim_error *err = store_alert_get(&settings, a, pool), *unsent;

    if (err != NULL) {
        return err;
    }
    to = addresses_of(json_object_get(settings, "addresses"), pool);
    if (*to == '\0' || json_array_size(alerts) == 0) {
        return NULL;
    }
    unsent = send_mail(alerts, to, t, pool);
    note(t, "mail", alerts, unsent);
    return unsent != NULL || t->is_test
               ? NULL
               : store_alert_mailed(codes_of(alerts, pool), a, pool);
}

static scim_error *tell_program(telling *t, const json_t *all, store_admin *a,
                                apr_pool_t *pool)
{
    json_t *alerts = untold(all, "handed", pool);
    scim_error *undone;

    if (t->program == NULL || json_array_size(alerts) == 0) {
        return NULL;
    }
    undone = hand_over(alerts, t, pool);
    note(t, "program", alerts, undone);
    return undone != NULL || t->is_test
               ? NULL
               : store_alert_handed(codes_of(alerts, pool), a, pool);
}

/* The way of an alert, with one that means nothing. */
static scim_error *try_out(void *baton, store_admin *a, apr_pool_t *pool)
{
    char now[APR_RFC822_DATE_LEN];
    json_t *alerts;
    scim_error *err;

    apr_rfc822_date(now, apr_time_now());
    alerts = scim_json_adopt(
        json_pack("[{s:s, s:s, s:s, s:s, s:s, s:s, s:s}]", "code", "test",
                  "severity", "info", "title", "This is a test", "detail",
                  "Nothing is wrong: somebody ran scimctl alerts test.",
                  "remedy", "Nothing: alerts arrive here.", "where",
                  "Settings > Alerts", "began", now),
        pool);
    err = tell_by_mail(baton, alerts, a, pool);
    return err != NULL ? err : tell_program(baton, alerts, a, pool);
}

static scim_error *work(void *baton, store_admin *a, apr_pool_t *pool)
{
    telling *t = baton;
    json_t *hints, *alerts = NULL;
    int ours = 0;
    scim_error *err = store_alert_begin(&ours, a, pool);

    if (err != NULL || !ours) { /* another run is at it */
        return err;
    }
    err = admin_hints(&hints, NULL, a, pool);
    if (err == NULL) {
        err = store_alert_sync(&alerts, hints, a, pool);
    }
    if (err == NULL) {
        err = tell_by_mail(t, alerts, a, pool);
    }
    return err != NULL ? err : tell_program(t, alerts, a, pool);
}

/* ------------------------------------------------------------ all of them */

static scim_error *tell(telling *t, const json_t *organization,
                        scimctl_call *call)
{
    const char *only = scimctl_text(call, "organization");

    t->slug = json_string_value(json_object_get(organization, "slug"));
    t->name = json_string_value(json_object_get(organization, "name"));
    if (only != NULL && strcmp(only, t->slug) != 0) {
        return NULL;
    }
    t->is_found = 1;
    if (!t->is_test
        && (!json_is_true(json_object_get(organization, "scim"))
            || json_is_true(json_object_get(organization, "suspended")))) {
        return NULL;
    }
    return store_admin_transact(t->is_test ? try_out : work, t, t->slug,
                                STORE_ADMIN_READS, call->db, call->pool);
}

static scim_error *tell_all(telling *t, scimctl_call *call)
{
    admin_call list = { .operation = &admin_organization_list,
                        .db = call->db,
                        .pool = call->pool };
    scim_error *err;
    json_t *organization;
    size_t i;

    do {
        list.slice.after = list.slice.next;
        list.slice.limit = ADMIN_LIST_MAX;
        err = admin_perform(&list);
        for (i = 0; err == NULL && i < json_array_size(list.out); i++) {
            organization = json_array_get(list.out, i);
            err = tell(t, organization, call);
        }
    } while (err == NULL && list.slice.next != NULL);
    return err;
}

static scim_error *check_found(const telling *t, const scimctl_call *call)
{
    const char *only = scimctl_text(call, "organization");

    return only == NULL || t->is_found
               ? NULL
               : scim_error_make(SCIM_NOT_FOUND, call->pool,
                                 "There is no organization \"%s\": scimctl "
                                 "organization list shows those that exist.",
                                 scim_excerpt(only, call->pool));
}

static void print(const json_t *results, const scimctl_call *call)
{
    const json_t *line;
    size_t i;

    json_array_foreach((json_t *)results, i, line) {
        int done = json_is_true(json_object_get(line, "done"));

        fprintf(done ? stdout : stderr, "%s: %s alerts by %s%s%s\n",
                scimctl_member(line, "organization", call->pool),
                scimctl_member(line, "alerts", call->pool),
                scimctl_member(line, "by", call->pool),
                done ? "" : " not delivered: ",
                done ? "" : scimctl_member(line, "problem", call->pool));
    }
}

static scim_error *deliver(scimctl_call *call, int is_test)
{
    const char *sendmail = scimctl_text(call, "sendmail");
    const char *file = scimctl_text(call, "program-file");
    telling t = { .sendmail = sendmail != NULL ? sendmail : SENDMAIL,
                  .is_test = is_test };
    scim_error *err = scimctl_program_named(
        &t.program, file != NULL ? file : PROGRAM, call->pool);

    if (err == NULL && t.sendmail[0] != '/') {
        err = scim_error_make(SCIM_INVALID_VALUE, call->pool,
                              "--sendmail takes an absolute path.");
    }
    t.results = scim_json_adopt(json_array(), call->pool);
    if (err == NULL) {
        err = tell_all(&t, call);
    }
    if (err == NULL) {
        err = check_found(&t, call);
    }
    if (call->json) {
        scimctl_print_json(json_incref(t.results));
    }
    else {
        print(t.results, call);
    }
    if (err == NULL && t.failed) {
        err = scim_error_make(SCIM_CONFLICT, call->pool,
                              "Not everything could be delivered%s.",
                              is_test ? "" : "; the next run tries again");
    }
    if (err == NULL && is_test && json_array_size(t.results) == 0) {
        err = scim_error_make(SCIM_CONFLICT, call->pool,
                              "There is nobody to be told: scimctl alerts "
                              "change --addresses says who.");
    }
    return err;
}

static scim_error *run_alerts(scimctl_call *call)
{
    return deliver(call, 0);
}

static scim_error *test_alerts(scimctl_call *call)
{
    return deliver(call, 1);
}

/* clang-format off */
#define WAYS \
    { "sendmail", "PATH", "run as PATH -t -i (" SENDMAIL ")", 0 }, \
    { "program-file", "FILE", "whose first line names a program that gets" \
      " all alerts as JSON on standard input; root's alone to write, and so" \
      " is the program (" PROGRAM ", if it is there)", 0 }

static const scimctl_option run_options[] = {
    { "organization", "SLUG", "only this one (all that are on)", 0 },
    WAYS,
    { NULL, NULL, NULL, 0 },
};

static const scimctl_option test_options[] = {
    { "organization", "SLUG", "which one", 1 },
    WAYS,
    { NULL, NULL, NULL, 0 },
};

const scimctl_command scimctl_alerts[] = {
    { .family = "alerts", .name = "show", .operation = &admin_alert_get },
    { .family = "alerts", .name = "change", .operation = &admin_alert_change },
    { .family = "alerts", .name = "list", .operation = &admin_alert_list,
      .columns = "severity:SEVERITY code:CODE began:SINCE mailed:MAILED"
      " handed:HANDED_OVER" },
    { .family = "alerts", .name = "run", .options = run_options,
      .run = run_alerts,
      .summary = "Tells what nobody was told yet: for a timer." },
    { .family = "alerts", .name = "test", .options = test_options,
      .run = test_alerts,
      .summary = "Sends one that means nothing, to see whether it arrives." },
    { .name = NULL },
};
/* clang-format on */
