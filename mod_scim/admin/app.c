#include "admin/app.h"

#include "admin/effect.h"

static scim_error *list(admin_call *call)
{
    return store_app_list(&call->out, &call->slice, call->db, call->pool);
}

static scim_error *get(admin_call *call)
{
    return store_app_get(&call->out, call->ids[0], call->db, call->pool);
}

static scim_error *install(admin_call *call)
{
    return store_app_install(&call->out, call->given, call->db, call->pool);
}

static scim_error *change(admin_call *call)
{
    return store_app_change(&call->out, call->ids[0], call->given,
                            call->version, call->db, call->pool);
}

static scim_error *uninstall(admin_call *call)
{
    return store_app_uninstall(&call->out, call->ids[0], call->version,
                               call->db, call->pool);
}

static scim_error *adopt(admin_call *call)
{
    return store_app_adopt(&call->out, call->ids[0], call->given, call->db,
                           call->pool);
}

static scim_error *rehearsal(admin_call *call)
{
    return store_app_rehearsal(&call->out, call->ids[0], call->given, call->db,
                               call->pool);
}

static scim_error *live(admin_call *call)
{
    return store_app_live(&call->out, call->ids[0], call->given, call->version,
                          call->db, call->pool);
}

static scim_error *rehearse(admin_call *call)
{
    return store_app_rehearse(&call->out, call->ids[0], call->given,
                              call->version, call->db, call->pool);
}

/* clang-format off */
#define SETTINGS \
    { .name = "whole_organization", .type = ADMIN_BOOLEAN, \
      .help = "sees and writes what other apps made, too" }, \
    { .name = "strict", .type = ADMIN_BOOLEAN, \
      .help = "takes nothing but what RFC 7643 and 7644 say" }, \
    { .name = "passwords", .type = ADMIN_WORD, .choices = "store|drop", \
      .help = "keeps hashes of passwords, for AuthBasicProvider scim" \
      " (drop)" }, \
    { .name = "unique_group_names", .type = ADMIN_BOOLEAN, \
      .help = "refuses a second group of the same name (on)" }

static const admin_field install_fields[] = {
    { .name = "kind", .type = ADMIN_WORD, .required = 1,
      .choices = "entra|okta|onelogin|generic",
      .help = "the identity provider" },
    { .name = "name", .type = ADMIN_NAME, .required = 1,
      .help = "what people call it" },
    SETTINGS,
    { .name = "rehearsing", .type = ADMIN_BOOLEAN,
      .help = "what its groups grant has no effect before it goes live" },
    { .name = NULL },
};

static const admin_field live_fields[] = {
    { .name = "gain_count", .type = ADMIN_NUMBER, .least = 0,
      .most = 999999999,
      .help = "as the summary had it: goes live with nothing else" },
    ADMIN_EFFECT_FIELDS,
    { .name = NULL },
};

static const admin_field rehearse_fields[] = {
    { .name = "dry_run", .type = ADMIN_BOOLEAN,
      .help = "only says who would lose what" },
    ADMIN_EFFECT_FIELDS,
    { .name = NULL },
};

static const admin_field change_fields[] = {
    { .name = "name", .type = ADMIN_NAME, .help = "what people call it" },
    SETTINGS,
    { .name = NULL },
};

static const admin_field adopt_fields[] = {
    { .name = "from", .type = ADMIN_NUMBER, .least = 1, .most = 999999999,
      .required = 1, .help = "the app whose users, groups and other resources"
      " it takes over" },
    { .name = NULL },
};

const admin_operation admin_app_list = {
    .name = "app.list", .need = STORE_ADMIN_READS, .is_list = 1, .run = list,
    .summary = "Lists an organization's apps." };

const admin_operation admin_app_get = {
    .name = "app.get", .need = STORE_ADMIN_READS, .ids = "n", .run = get,
    .summary = "Shows an app." };

const admin_operation admin_app_install = {
    .name = "app.install", .need = STORE_ADMIN_WRITES,
    .fields = install_fields, .run = install,
    .summary = "Installs an app: one identity provider's connection." };

const admin_operation admin_app_change = {
    .name = "app.change", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = change_fields, .run = change,
    .summary = "Changes an app's name, what it sees or how strict it is." };

const admin_operation admin_app_uninstall = {
    .name = "app.uninstall", .need = STORE_ADMIN_WRITES, .ids = "n",
    .run = uninstall,
    .summary = "Revokes an app's tokens; its users and groups stay." };

const admin_operation admin_app_adopt = {
    .name = "app.adopt", .need = STORE_OWNER_WRITES, .ids = "n",
    .fields = adopt_fields, .run = adopt,
    .summary = "Hands everything that another app made, installed or not,"
               " over to this one." };

const admin_operation admin_app_rehearsal = {
    .name = "app.rehearsal", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = admin_effect_fields, .run = rehearsal, .is_tried = 1,
    .summary = "Says what would come of it if a rehearsing app went live." };

const admin_operation admin_app_live = {
    .name = "app.live", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = live_fields, .run = live,
    .summary = "Lets a rehearsing app's groups grant what they are mapped"
               " to." };

const admin_operation admin_app_rehearse = {
    .name = "app.rehearse", .need = STORE_ADMIN_WRITES, .ids = "n",
    .fields = rehearse_fields, .run = rehearse,
    .summary = "Puts a live app back into rehearsal: what its groups grant"
               " ends until it goes live again." };
/* clang-format on */
