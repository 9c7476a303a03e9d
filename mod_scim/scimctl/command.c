#include "scimctl/command.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

/* clang-format off: one a line */
const scimctl_command *const scimctl_families[] = {
    scimctl_database,
    scimctl_index,
    scimctl_organization,
    scimctl_account,
    scimctl_app,
    scimctl_token,
    scimctl_overview,
    scimctl_hint,
    scimctl_brake,
    scimctl_alerts,
    scimctl_stack,
    scimctl_role,
    scimctl_mapping,
    scimctl_holder,
    scimctl_explain,
    scimctl_user,
    scimctl_group,
    scimctl_journal,
    scimctl_export,
    scimctl_import,
    scimctl_doctor,
    NULL,
};
/* clang-format on */

/* clang-format off */
const scimctl_option scimctl_every[] = {
    { "database", "CONNINFO", "libpq connection string; else the environment's"
      " SCIM_DATABASE, else libpq's PGHOST, PGDATABASE... The role must be a"
      " member of scim_owner or a superuser", 0 },
    { "config", "FILE", "or the ScimDatabase of httpd's configuration (-:"
      " standard input): where it is, but not whose name and password", 0 },
    { "json", NULL, "for programs", 0 },
    { "csv", NULL, "tables for spreadsheets", 0 },
    { "help", NULL, "what stands here", 0 },
    { NULL, NULL, NULL, 0 },
};
/* clang-format on */

static const scimctl_option *find_in(const scimctl_option *options,
                                     const char *name, apr_size_t len)
{
    for (; options != NULL && options->name != NULL; options++) {
        if (strlen(options->name) == len
            && strncmp(options->name, name, len) == 0) {
            return options;
        }
    }
    return NULL;
}

static const scimctl_option *find_option(const scimctl_call *call,
                                         const char *name, apr_size_t len)
{
    const scimctl_option *option = find_in(
        scimctl_options_of(call->command, call->pool), name, len);

    return option != NULL ? option : find_in(scimctl_every, name, len);
}

static scim_error *wrong(const scimctl_call *call, const char *problem,
                         const char *word)
{
    return scim_error_make(SCIM_BAD_REQUEST, call->pool,
                           "%s%s. Usage: %s (--help says more)", problem, word,
                           scimctl_usage(call->command, call->pool));
}

/* What is on or off is on where nothing follows. */
static int is_switch(const scimctl_option *option, const char *next)
{
    return strcmp(option->value, "on|off") == 0
           && (next == NULL || strncmp(next, "--", 2) == 0);
}

/* --name VALUE, --name=VALUE or --switch; *used is 1 if the next word belongs
 * to it. */
static scim_error *take_option(int *used, scimctl_call *call, const char *word,
                               const char *next)
{
    const char *equals = strchr(word, '=');
    apr_size_t len = equals != NULL ? (apr_size_t)(equals - word)
                                    : strlen(word);
    const scimctl_option *option = find_option(call, word, len);
    const char *value = "on";

    *used = 0;
    if (option == NULL) {
        return wrong(call, "There is no option --", word);
    }
    if (apr_table_get(call->options, option->name) != NULL) {
        return wrong(call, "An option is there twice: --", option->name);
    }
    if (option->value == NULL && equals != NULL) {
        return wrong(call, "This option takes no value: --", option->name);
    }
    if (option->value != NULL && !(equals == NULL && is_switch(option, next))) {
        *used = equals == NULL;
        value = equals != NULL ? equals + 1 : next;
        /* "--name --json": the value was forgotten. */
        if (value == NULL || (*used && strncmp(value, "--", 2) == 0)) {
            return wrong(call, "A value is missing after --", option->name);
        }
    }
    apr_table_set(call->options, option->name, value);
    return NULL;
}

static scim_error *check_complete(const scimctl_call *call)
{
    const scimctl_option *option;

    if (apr_table_get(call->options, "help") != NULL) {
        return NULL;
    }
    if (call->command->argument != NULL && call->argument == NULL) {
        return wrong(call, "Missing: ", call->command->argument);
    }
    for (option = scimctl_options_of(call->command, call->pool);
         option != NULL && option->name != NULL; option++) {
        if (option->required
            && apr_table_get(call->options, option->name) == NULL) {
            return wrong(call, "Missing: --", option->name);
        }
    }
    return NULL;
}

scim_error *scimctl_parse(scimctl_call *call, int argc,
                          const char *const *argv)
{
    scim_error *err = NULL;
    int i, used, words_only = 0;

    for (i = *call->command->name == '\0' ? 2 : 3; err == NULL && i < argc;
         i++) {
        if (!words_only && strcmp(argv[i], "--") == 0) {
            words_only = 1;
        }
        else if (!words_only && strncmp(argv[i], "--", 2) == 0) {
            err = take_option(&used, call, argv[i] + 2, argv[i + 1]);
            i += err == NULL ? used : 0;
        }
        else if (call->command->argument == NULL || call->argument != NULL) {
            err = wrong(call, "One word too many: ", argv[i]);
        }
        else {
            call->argument = argv[i];
        }
    }
    call->json = apr_table_get(call->options, "json") != NULL;
    return err != NULL ? err : check_complete(call);
}

const char *scimctl_text(const scimctl_call *call, const char *option)
{
    return apr_table_get(call->options, option);
}

int scimctl_is_set(const scimctl_call *call, const char *option)
{
    return apr_table_get(call->options, option) != NULL;
}

scim_error *scimctl_number(apr_int64_t *out, const char *what,
                           const char *text, apr_int64_t least,
                           apr_int64_t most, apr_pool_t *pool)
{
    apr_size_t len = strlen(text);
    apr_int64_t n;

    /* 18 digits cannot overflow. */
    n = len > 18 ? -1 : strtoll(text, NULL, 10);
    if (len == 0 || strspn(text, "0123456789") != len || n < least
        || n > most) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "%s takes %" APR_INT64_T_FMT
                               " to %" APR_INT64_T_FMT ", not \"%s\".",
                               what, least, most, scim_excerpt(text, pool));
    }
    *out = n;
    return NULL;
}

scim_error *scimctl_on_off(int *out, const scimctl_call *call,
                           const char *option)
{
    const char *text = scimctl_text(call, option);

    if (text != NULL && strcmp(text, "on") != 0 && strcmp(text, "off") != 0) {
        return scim_error_make(SCIM_INVALID_VALUE, call->pool,
                               "--%s takes on or off, not \"%s\".", option,
                               scim_excerpt(text, call->pool));
    }
    *out = text == NULL ? -1 : strcmp(text, "on") == 0;
    return NULL;
}
