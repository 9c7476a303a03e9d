#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "scimctl/command.h"

static const char common_help[] =
    "Every command takes:\n"
    "  --database CONNINFO  libpq connection string; else the environment's\n"
    "                       SCIM_DATABASE, else libpq's PGHOST, PGDATABASE...\n"
    "                       The role must be a member of scim_owner or a\n"
    "                       superuser.\n"
    "  --json               for programs\n"
    "  --help\n"
    "\n"
    "Exit status: 0 done; 1 refused (not found, taken, wrong value); 2 usage;\n"
    "3 the database cannot be reached or has another version.\n";

static const char *option_text(const scimctl_option *option, apr_pool_t *pool)
{
    return option->value == NULL
               ? apr_pstrcat(pool, "--", option->name, NULL)
               : apr_pstrcat(pool, "--", option->name, " ", option->value,
                             NULL);
}

const char *scimctl_usage(const scimctl_command *command, apr_pool_t *pool)
{
    const scimctl_option *option = scimctl_options_of(command, pool);
    const char *text = apr_pstrcat(pool, "scimctl ", command->family, " ",
                                   command->name, NULL);

    if (command->argument != NULL) {
        text = apr_pstrcat(pool, text, " ", command->argument, NULL);
    }
    for (; option != NULL && option->name != NULL; option++) {
        text = apr_pstrcat(pool, text, option->required ? " " : " [",
                           option_text(option, pool),
                           option->required ? "" : "]", NULL);
    }
    return text;
}

static const char *summary_of(const scimctl_command *command)
{
    return command->summary != NULL ? command->summary
                                    : command->operation->summary;
}

void scimctl_help(const char *family, apr_pool_t *pool)
{
    const scimctl_command *const *table;
    const scimctl_command *command;

    printf("scimctl looks after the database of mod_scim.\n");
    for (table = scimctl_families; *table != NULL; table++) {
        if (family != NULL && strcmp((*table)->family, family) != 0) {
            continue;
        }
        printf("\n");
        for (command = *table; command->name != NULL; command++) {
            printf("%s\n    %s\n", scimctl_usage(command, pool),
                   summary_of(command));
        }
    }
    printf("\n%s", common_help);
}

void scimctl_help_command(const scimctl_command *command, apr_pool_t *pool)
{
    const scimctl_option *options = scimctl_options_of(command, pool);
    const scimctl_option *option = options;

    printf("%s\n\n%s\n\n", scimctl_usage(command, pool),
           summary_of(command));
    for (; option != NULL && option->name != NULL; option++) {
        printf("  %-22s %s\n", option_text(option, pool), option->help);
    }
    printf("%s%s", options != NULL ? "\n" : "", common_help);
}
