#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "scimctl/command.h"

static const char ends[] =
    "Exit status: 0 done; 1 refused (not found, taken, wrong value); 2 usage;\n"
    "3 the database cannot be reached or has another version.\n";

#define INDENT 25
#define WIDTH  79

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
    const char *text = apr_pstrcat(pool, "scimctl ", command->family,
                                   *command->name != '\0' ? " " : "",
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

const char *scimctl_summary(const scimctl_command *command)
{
    return command->summary != NULL ? command->summary
                                    : command->operation->summary;
}

/* In lines, word by word, each but the first one indented. */
static void print_folded(const char *text, int column)
{
    int len;

    while (*text != '\0') {
        len = (int)strcspn(text, " ");
        if (column > INDENT && column + 1 + len > WIDTH) {
            printf("\n%*s", INDENT, "");
            column = INDENT;
        }
        column += printf("%s%.*s", column > INDENT ? " " : "", len, text);
        text += len;
        text += strspn(text, " ");
    }
    printf("\n");
}

static void print_options(const scimctl_option *option, apr_pool_t *pool)
{
    for (; option != NULL && option->name != NULL; option++) {
        int column = printf("  %-*s", INDENT - 3, option_text(option, pool));

        if (column >= INDENT) {
            printf("\n");
            column = 0;
        }
        printf("%*s", INDENT - column, "");
        print_folded(option->help, INDENT);
    }
}

static void print_every(apr_pool_t *pool)
{
    printf("Every command takes:\n");
    print_options(scimctl_every, pool);
    printf("\n%s", ends);
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
                   scimctl_summary(command));
        }
    }
    printf("\n");
    print_every(pool);
}

void scimctl_help_command(const scimctl_command *command, apr_pool_t *pool)
{
    const scimctl_option *options = scimctl_options_of(command, pool);

    printf("%s\n\n%s\n\n", scimctl_usage(command, pool),
           scimctl_summary(command));
    print_options(options, pool);
    printf("%s", options != NULL ? "\n" : "");
    print_every(pool);
}
