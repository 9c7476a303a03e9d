#include "admin/account.h"

#include "admin/organization.h"

static scim_error *list(admin_call *call)
{
    return store_account_list(&call->out, &call->slice, call->db, call->pool);
}

static scim_error *get(admin_call *call)
{
    return store_account_get(&call->out, call->ids[0], call->db, call->pool);
}

static scim_error *me(admin_call *call)
{
    return store_account_me(&call->out, call->db, call->pool);
}

static scim_error *create(admin_call *call)
{
    if (json_object_get(call->given, "realm") == NULL) {
        json_object_set_new(call->given, "realm",
                            json_string(ADMIN_REALM_DEFAULT));
    }
    return store_account_create(&call->out, call->given, call->db, call->pool);
}

static scim_error *change(admin_call *call)
{
    return store_account_change(&call->out, call->ids[0], call->given,
                                call->version, call->db, call->pool);
}

static scim_error *transfer(admin_call *call)
{
    return store_account_transfer(&call->out, call->ids[0], call->version,
                                  call->db, call->pool);
}

static scim_error *remove_account(admin_call *call)
{
    return store_account_remove(call->ids[0], call->version, call->db,
                                call->pool);
}

static scim_error *link_user(admin_call *call)
{
    return store_account_link(&call->out, call->ids[0], call->given,
                              call->version, call->db, call->pool);
}

static scim_error *unlink_user(admin_call *call)
{
    return store_account_unlink(&call->out, call->ids[0], call->version,
                                call->db, call->pool);
}

/* clang-format off */
#define ROLE "owner|admin|member"

static const admin_field create_fields[] = {
    { .name = "name", .type = ADMIN_NAME, .required = 1,
      .help = "as httpd says it (REMOTE_USER)" },
    { .name = "realm", .type = ADMIN_NAME,
      .help = "whose name that is (default: " ADMIN_REALM_DEFAULT ")" },
    { .name = "role", .type = ADMIN_WORD, .choices = ROLE, .required = 1,
      .help = "what the person may do" },
    { .name = NULL },
};

static const admin_field change_fields[] = {
    { .name = "role", .type = ADMIN_WORD, .choices = ROLE, .required = 1,
      .help = "what the person may do" },
    { .name = NULL },
};

static const admin_field link_fields[] = {
    { .name = "user", .type = ADMIN_TEXT, .most = 36, .required = 1,
      .help = "id of the user who this person is" },
    { .name = NULL },
};

const admin_operation admin_account_list = {
    .name = "account.list", .need = STORE_ADMIN_READS, .is_list = 1,
    .run = list, .summary = "Lists the people who look after an"
                            " organization." };

const admin_operation admin_account_get = {
    .name = "account.get", .need = STORE_ADMIN_READS, .ids = "n", .run = get,
    .summary = "Shows an account." };

const admin_operation admin_account_me = {
    .name = "account.me", .need = STORE_MEMBER_READS, .run = me,
    .summary = "Shows who asks, what they may do here and what they hold." };

const admin_operation admin_account_create = {
    .name = "account.create", .need = STORE_OWNER_WRITES,
    .fields = create_fields, .run = create,
    .summary = "Lets one more person look after an organization." };

const admin_operation admin_account_change = {
    .name = "account.change", .need = STORE_OWNER_WRITES, .ids = "n",
    .fields = change_fields, .run = change,
    .summary = "Changes an account's role; there is always an owner." };

const admin_operation admin_account_transfer = {
    .name = "account.transfer", .need = STORE_OWNER_WRITES, .ids = "n",
    .run = transfer,
    .summary = "Makes somebody the owner in the place of the first owner, who"
               " becomes an admin." };

const admin_operation admin_account_remove = {
    .name = "account.remove", .need = STORE_OWNER_WRITES, .ids = "n",
    .run = remove_account,
    .summary = "Removes an account; there is always an owner." };

const admin_operation admin_account_link = {
    .name = "account.link", .need = STORE_OWNER_WRITES, .ids = "n",
    .fields = link_fields, .run = link_user,
    .summary = "Says which provisioned user a person is: once inactive or"
               " deleted, the user does not get in any more." };

const admin_operation admin_account_unlink = {
    .name = "account.unlink", .need = STORE_OWNER_WRITES, .ids = "n",
    .run = unlink_user, .summary = "Ends the link to a user." };
/* clang-format on */
