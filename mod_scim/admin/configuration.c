#include "admin/configuration.h"

#include <string.h>

#include "admin/alert.h"
#include "admin/brake.h"
#include "core/casefold.h"
#include "core/json.h"

static const char *text_of(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

/* ------------------------------------------------------------------ export */

static scim_error *export(admin_call *call)
{
    static const char *const lists[] = { "accounts", "apps", "stacks", "roles",
                                         NULL };
    json_t *one;
    size_t n;
    int i;
    scim_error *err = store_configuration_get(&call->out, call->db,
                                              call->pool);

    for (i = 0; err == NULL && lists[i] != NULL; i++) {
        json_array_foreach(json_object_get(call->out, lists[i]), n, one) {
            json_object_del(one, "id");
        }
    }
    return err;
}

/* ------------------------------------------------------------------ import */

/* What is the same thing, whatever else is said of it. */
static int is_same_account(const json_t *a, const json_t *b, apr_pool_t *pool)
{
    (void)pool;
    return strcmp(text_of(a, "realm"), text_of(b, "realm")) == 0
           && strcmp(text_of(a, "name"), text_of(b, "name")) == 0;
}

static int is_same_app(const json_t *a, const json_t *b, apr_pool_t *pool)
{
    (void)pool;
    return strcmp(text_of(a, "kind"), text_of(b, "kind")) == 0
           && strcmp(text_of(a, "name"), text_of(b, "name")) == 0;
}

static int is_same_name(const json_t *a, const json_t *b, apr_pool_t *pool)
{
    return strcmp(scim_casefold(text_of(a, "name"), pool),
                  scim_casefold(text_of(b, "name"), pool)) == 0;
}

/* Of each list: what makes two the same, and what an owner could do one by
 * one. */
static const struct noun {
    const char *list, *create, *change;
    int (*is_same)(const json_t *a, const json_t *b, apr_pool_t *pool);
    scim_error *(*make)(json_t **out, const json_t *given, store_admin *a,
                        apr_pool_t *pool);
    scim_error *(*alter)(json_t **out, const char *id, const json_t *given,
                         const char *version, store_admin *a,
                         apr_pool_t *pool);
} nouns[] = {
    { "accounts", "account.create", "account.change", is_same_account,
      store_account_create, store_account_change },
    { "apps", "app.install", "app.change", is_same_app, store_app_install,
      store_app_change },
    { "stacks", "stack.create", "stack.change", is_same_name,
      store_stack_create, store_stack_change },
    { "roles", "role.create", "role.change", is_same_name,
      store_import_role_new, store_import_role },
};

typedef struct import {
    admin_call *call;
    const json_t *wanted;
    json_t *there; /* as it was before; what is matched is taken out */
} import;

static void tell(const char *action, const char *name, const import *in)
{
    json_array_append_new(
        json_object_get(in->call->out, "changes"),
        json_pack("{s:s, s:s}", "action", action, "name", name));
}

/* A member that is not said stays as it is. */
static int differs(const json_t *wanted, const json_t *there)
{
    const char *name;
    json_t *value;

    json_object_foreach((json_t *)wanted, name, value) {
        if (!json_equal(value, json_object_get(there, name))) {
            return 1;
        }
    }
    return 0;
}

/* The one that is there already, taken out of the list; NULL: none. Its
 * reference is the caller's. */
static json_t *take_same(json_t *list, const json_t *wanted,
                         const struct noun *noun, apr_pool_t *pool)
{
    json_t *one;
    size_t i;

    json_array_foreach(list, i, one) {
        if (noun->is_same(one, wanted, pool)) {
            json_incref(one);
            json_array_remove(list, i);
            return scim_json_adopt(one, pool);
        }
    }
    return NULL;
}

/* Whether an app that is there rehearses: an act of its own. */
static scim_error *bring_rehearsing(const json_t *wanted, const json_t *there,
                                    const char *id, const import *in)
{
    const json_t *to = json_object_get(wanted, "rehearsing");
    admin_call *call = in->call;
    json_t *made;

    if (to == NULL || json_equal(to, json_object_get(there, "rehearsing"))) {
        return NULL;
    }
    tell(json_is_true(to) ? "app.rehearse" : "app.live",
         text_of(there, "name"), in);
    return json_is_true(to) ? store_app_rehearse(&made, id, NULL, NULL,
                                                 call->db, call->pool)
                            : store_app_live(&made, id, NULL, NULL, call->db,
                                             call->pool);
}

static scim_error *change_one(const json_t *wanted, const json_t *there,
                              const struct noun *noun, const import *in)
{
    admin_call *call = in->call;
    const char *id = scim_json_dump(json_object_get(there, "id"), NULL,
                                    call->pool);
    json_t *rest = scim_json_adopt(json_copy((json_t *)wanted), call->pool),
           *made;
    scim_error *err = NULL;

    json_object_del(rest, "rehearsing");
    if (differs(rest, there)) {
        tell(noun->change, text_of(wanted, "name"), in);
        err = noun->alter(&made, id, rest, NULL, call->db, call->pool);
    }
    return err != NULL ? err : bring_rehearsing(wanted, there, id, in);
}

static scim_error *bring_one(const json_t *wanted, const struct noun *noun,
                             const import *in)
{
    admin_call *call = in->call;
    json_t *there = take_same(json_object_get(in->there, noun->list), wanted,
                              noun, call->pool);
    json_t *made;

    if (there != NULL) {
        return change_one(wanted, there, noun, in);
    }
    tell(noun->create, text_of(wanted, "name"), in);
    return noun->make(&made, wanted, call->db, call->pool);
}

static int is_owner(const json_t *wanted)
{
    const char *role = text_of(wanted, "role");

    return role != NULL && strcmp(role, "owner") == 0;
}

/* Owners first: there is one at each step, whoever else steps down. */
static scim_error *bring_list(const struct noun *noun, const import *in)
{
    const json_t *list = json_object_get(in->wanted, noun->list);
    scim_error *err = NULL;
    json_t *one;
    size_t i;
    int owners;

    for (owners = 1; err == NULL && owners >= 0; owners--) {
        json_array_foreach((json_t *)list, i, one) {
            if (err == NULL && is_owner(one) == owners) {
                err = bring_one(one, noun, in);
            }
        }
    }
    return err;
}

/* What an organization has once. */
static const struct part {
    const char *name, *change;
    scim_error *(*alter)(json_t **out, const json_t *given,
                         const char *version, store_admin *a,
                         apr_pool_t *pool);
} parts[] = {
    { "organization", "organization.change", store_organization_change },
    { "brake", "brake.change", store_brake_change },
    { "alerts", "alert.change", store_alert_change },
};

static scim_error *bring_part(const struct part *part, const import *in)
{
    admin_call *call = in->call;
    json_t *wanted = scim_json_adopt(
        json_copy(json_object_get(in->wanted, part->name)), call->pool);
    const json_t *organization = json_object_get(in->there, "organization");
    json_t *made;

    json_object_del(wanted, "slug");
    if (!differs(wanted, json_object_get(in->there, part->name))) {
        return NULL;
    }
    tell(part->change, text_of(organization, "slug"), in);
    return part->alter(&made, wanted, NULL, call->db, call->pool);
}

/* A mapping for a group that is not there is told of, and not made. */
static scim_error *bring_mappings(const import *in)
{
    admin_call *call = in->call;
    store_imported done;
    scim_error *err = NULL;
    json_t *one;
    size_t i;

    json_array_foreach(json_object_get(in->wanted, "mappings"), i, one) {
        err = store_import_mapping(&done, one, call->db, call->pool);
        if (err != NULL) {
            return err;
        }
        if (done == STORE_IMPORT_MISSING) {
            json_array_append(json_object_get(call->out, "missing"), one);
        }
        else if (done != STORE_IMPORT_SAME) {
            tell(done == STORE_IMPORT_MADE ? "mapping.create"
                                           : "mapping.change",
                 text_of(one, "group"), in);
        }
    }
    return NULL;
}

/* What the text does not have, which stays. */
static void tell_extra(const import *in)
{
    json_t *extra = json_object_get(in->call->out, "extra"), *one;
    size_t n, i;

    for (n = 0; n < sizeof(nouns) / sizeof(nouns[0]); n++) {
        if (json_object_get(in->wanted, nouns[n].list) == NULL) {
            continue;
        }
        json_array_foreach(json_object_get(in->there, nouns[n].list), i, one) {
            json_array_append_new(
                extra, json_pack("{s:s, s:s}", "in", nouns[n].list, "name",
                                 text_of(one, "name")));
        }
    }
}

static scim_error *bring_all(import *in)
{
    admin_call *call = in->call;
    scim_error *err = store_configuration_get(&in->there, call->db,
                                              call->pool);
    size_t n;

    for (n = 0; err == NULL && n < sizeof(parts) / sizeof(parts[0]); n++) {
        err = bring_part(&parts[n], in);
    }
    for (n = 0; err == NULL && n < sizeof(nouns) / sizeof(nouns[0]); n++) {
        err = bring_list(&nouns[n], in);
    }
    if (err == NULL) {
        err = bring_mappings(in);
    }
    if (err == NULL) {
        tell_extra(in);
    }
    return err;
}

static scim_error *check(admin_call *call)
{
    const json_t *wanted = json_object_get(call->given, "configuration");
    scim_error *err = admin_alert_check(json_object_get(wanted, "alerts"),
                                        call->pool);

    if (err != NULL) {
        err->field = "configuration.alerts";
    }
    return err;
}

static scim_error *import_all(admin_call *call)
{
    import in = { .call = call,
                  .wanted = json_object_get(call->given, "configuration") };
    int dry = json_is_true(json_object_get(call->given, "dry_run"));
    scim_error *err = NULL;

    call->out = scim_json_adopt(json_pack("{s:b, s:[], s:[], s:[]}",
                                          "dry_run", dry, "changes", "missing",
                                          "extra"),
                                call->pool);
    if (dry) {
        err = store_admin_rehearse(call->db, call->pool);
    }
    if (err == NULL) {
        err = bring_all(&in);
    }
    return err == NULL && dry ? store_admin_undo(call->db, call->pool) : err;
}

/* clang-format off */
#define NAME { .name = "name", .type = ADMIN_NAME, .required = 1, \
               .help = "what people call it" }
#define DESCRIPTION { .name = "description", .type = ADMIN_TEXT, \
                      .most = 2000, .help = "what it is, for people" }

static const admin_field organization_fields[] = {
    { .name = "slug", .type = ADMIN_TEXT,
      .help = "whose it was; it may be imported elsewhere" },
    { .name = "name", .type = ADMIN_NAME, .help = "what people call it" },
    { .name = "members_by_default", .type = ADMIN_BOOLEAN, .help = "setting" },
    { .name = "mapped_admins", .type = ADMIN_BOOLEAN, .help = "setting" },
    { .name = NULL },
};

static const admin_field account_fields[] = {
    { .name = "realm", .type = ADMIN_NAME, .required = 1,
      .help = "whose name" },
    NAME,
    { .name = "role", .type = ADMIN_WORD, .required = 1,
      .choices = "owner|admin|member", .help = "what the person may do" },
    { .name = NULL },
};

static const admin_field app_fields[] = {
    NAME,
    { .name = "kind", .type = ADMIN_WORD, .required = 1,
      .choices = "entra|okta|onelogin|generic",
      .help = "the identity provider" },
    { .name = "whole_organization", .type = ADMIN_BOOLEAN, .help = "setting" },
    { .name = "strict", .type = ADMIN_BOOLEAN, .help = "setting" },
    { .name = "passwords", .type = ADMIN_WORD, .choices = "store|drop",
      .help = "setting" },
    { .name = "unique_group_names", .type = ADMIN_BOOLEAN, .help = "setting" },
    { .name = "rehearsing", .type = ADMIN_BOOLEAN,
      .help = "what its groups are mapped to has no effect" },
    { .name = NULL },
};

static const admin_field stack_fields[] = {
    NAME, DESCRIPTION,
    { .name = NULL },
};

static const admin_field role_fields[] = {
    NAME, DESCRIPTION,
    { .name = "administers", .type = ADMIN_BOOLEAN,
      .help = "it does not come back by itself" },
    { .name = NULL },
};

static const admin_field mapped_role_fields[] = {
    { .name = "role", .type = ADMIN_NAME, .required = 1,
      .help = "its name" },
    { .name = "stack", .type = ADMIN_NAME, .nullable = 1,
      .help = "its name; null: every stack" },
    { .name = NULL },
};

static const admin_field mapping_fields[] = {
    { .name = "app", .type = ADMIN_NAME, .required = 1,
      .help = "name of the group's app" },
    { .name = "group", .type = ADMIN_TEXT, .required = 1,
      .help = "its displayName" },
    { .name = "external_id", .type = ADMIN_TEXT, .nullable = 1,
      .help = "its externalId, by which it is found if there is one" },
    { .name = "organization_role", .type = ADMIN_WORD, .nullable = 1,
      .choices = "admin|member", .help = "what its members are" },
    { .name = "roles", .type = ADMIN_LIST, .fields = mapped_role_fields,
      .help = "what its members hold" },
    { .name = NULL },
};

static const admin_field configuration_fields[] = {
    { .name = "format", .type = ADMIN_NUMBER, .least = 1, .most = 1,
      .required = 1, .help = "of this text" },
    { .name = "organization", .type = ADMIN_OBJECT,
      .fields = organization_fields, .help = "its name and settings" },
    { .name = "brake", .type = ADMIN_OBJECT, .fields = admin_brake_fields,
      .help = "settings of the brake" },
    { .name = "alerts", .type = ADMIN_OBJECT, .fields = admin_alert_fields,
      .help = "settings of alerts and hints" },
    { .name = "accounts", .type = ADMIN_LIST, .fields = account_fields,
      .help = "people, without links to users" },
    { .name = "apps", .type = ADMIN_LIST, .fields = app_fields,
      .help = "apps, without tokens" },
    { .name = "stacks", .type = ADMIN_LIST, .fields = stack_fields,
      .help = "stacks" },
    { .name = "roles", .type = ADMIN_LIST, .fields = role_fields,
      .help = "roles for any stack" },
    { .name = "mappings", .type = ADMIN_LIST, .fields = mapping_fields,
      .help = "what groups give" },
    { .name = NULL },
};

static const admin_field import_fields[] = {
    { .name = "configuration", .option = "file", .type = ADMIN_OBJECT,
      .fields = configuration_fields, .required = 1,
      .help = "what an export gave" },
    { .name = "dry_run", .type = ADMIN_BOOLEAN,
      .help = "says what would be changed, and changes nothing" },
    { .name = NULL },
};

const admin_operation admin_configuration_export = {
    .name = "configuration.export", .need = STORE_ADMIN_READS, .run = export,
    .summary = "Writes an organization's configuration as one text, without"
               " secrets." };

const admin_operation admin_configuration_import = {
    .name = "configuration.import", .need = STORE_OWNER_WRITES,
    .fields = import_fields, .run = import_all, .prepare = check,
    .summary = "Brings an organization to what a text says: adds and changes,"
               " removes nothing." };
/* clang-format on */
