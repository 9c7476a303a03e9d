#include "admin/journal.h"

static scim_error *list(admin_call *call)
{
    return store_journal_list(&call->out, &call->slice, call->given, call->db,
                              call->pool);
}

static scim_error *follow(admin_call *call)
{
    return store_journal_follow(&call->out, &call->slice, call->given,
                                call->db, call->pool);
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
