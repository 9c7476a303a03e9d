/* The manual page and bash's completion, from the commands' tables: the build
 * runs the program to make them, so that they tell what it does. */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "scim_version.h"
#include "scimctl/command.h"

/* -------------------------------------------------------------- scimctl(1) */

/* Backslashes, and hyphens that shall stay what they are when copied; no line
 * begins with what roff takes for a request. */
static void put(const char *text)
{
    printf("\\&");
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '\\':
            printf("\\e");
            break;
        case '-':
            printf("\\-");
            break;
        default:
            putchar(*text);
        }
    }
}

static void put_line(const char *request, const char *text)
{
    printf("%s", request);
    put(text);
    printf("\n");
}

static void put_options(const scimctl_option *option)
{
    for (; option != NULL && option->name != NULL; option++) {
        printf(".TP\n\\fB\\-\\-");
        put(option->name);
        printf("\\fR");
        if (option->value != NULL) {
            printf(" \\fI");
            put(option->value);
            printf("\\fR");
        }
        printf("\n");
        put_line("", option->help);
        if (option->required) {
            printf("(required)\n");
        }
    }
}

static void put_command(const scimctl_command *command, apr_pool_t *pool)
{
    put_line(".SS ", scimctl_usage(command, pool));
    put_line("", scimctl_summary(command));
    put_options(scimctl_options_of(command, pool));
}

static const char head[] =
    ".SH NAME\nscimctl \\- look after the database of mod_scim\n"
    ".SH SYNOPSIS\n.B scimctl\n.I FAMILY COMMAND\n[\\fIARGUMENT\\fR] "
    "[\\fIOPTION\\fR]...\n"
    ".SH DESCRIPTION\n"
    "mod_scim makes httpd a SCIM 2.0 service provider, whose data is in "
    "PostgreSQL.\n.B scimctl\nmakes and migrates that database and does "
    "everything of the owner's side:\norganizations, accounts, apps, tokens, "
    "stacks, roles, group mappings.\nEach act leaves a row in the journal.\n"
    "Where a number is asked for, the name does, if only one has it.\n";

static const char tail[] =
    ".SH ENVIRONMENT\n"
    ".TP\n.B SCIM_DATABASE\nlibpq connection string, unless \\-\\-database "
    "or \\-\\-config is there\n"
    ".TP\n.B SCIM_SQL_DIR\nfolder of the migrations\n"
    ".TP\n.B SCIM_TOKEN\nsecret token for doctor \\-\\-url\n"
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\ndone\n"
    ".TP\n.B 1\nrefused: not found, taken, wrong value, a check that failed\n"
    ".TP\n.B 2\nusage\n"
    ".TP\n.B 3\nthe database cannot be reached or has another version\n"
    ".SH SEE ALSO\n.BR httpd (8),\n.BR psql (1)\n";

void scimctl_manual(apr_pool_t *pool)
{
    const scimctl_command *const *table;
    const scimctl_command *command;

    printf(".TH SCIMCTL 1 \"\" \"mod_scim %s\"\n%s.SH COMMANDS\n",
           SCIM_VERSION, head);
    for (table = scimctl_families; *table != NULL; table++) {
        for (command = *table; command->name != NULL; command++) {
            put_command(command, pool);
        }
    }
    printf(".SH OPTIONS\nEvery command takes:\n");
    put_options(scimctl_every);
    printf("%s", tail);
}

/* --------------------------------------------------------------- completion */

static void list_options(const scimctl_option *option)
{
    for (; option != NULL && option->name != NULL; option++) {
        printf(" --%s", option->name);
    }
}

/* "a|b|c" can be chosen from. */
static void list_choices(const scimctl_command *command,
                         const scimctl_option *option, apr_pool_t *pool)
{
    char *words, *p;

    for (; option != NULL && option->name != NULL; option++) {
        if (option->value == NULL || strchr(option->value, '|') == NULL) {
            continue;
        }
        words = apr_pstrdup(pool, option->value);
        for (p = words; *p != '\0'; p++) {
            *p = *p == '|' ? ' ' : *p;
        }
        printf("        '%s %s --%s') words='%s' ;;\n", command->family,
               command->name, option->name, words);
    }
}

static void complete_families(void)
{
    const scimctl_command *const *table;
    const scimctl_command *command;

    printf("    local families='");
    for (table = scimctl_families; *table != NULL; table++) {
        printf("%s ", (*table)->family);
    }
    printf("help --version'\n    local verbs=\n    case $family in\n");
    for (table = scimctl_families; *table != NULL; table++) {
        if (*(*table)->name == '\0') {
            continue;
        }
        printf("        %s) verbs='", (*table)->family);
        for (command = *table; command->name != NULL; command++) {
            printf("%s ", command->name);
        }
        printf("--help' ;;\n");
    }
    printf("    esac\n");
}

static void complete_options(apr_pool_t *pool)
{
    const scimctl_command *const *table;
    const scimctl_command *command;

    printf("    case \"$family $verb\" in\n");
    for (table = scimctl_families; *table != NULL; table++) {
        for (command = *table; command->name != NULL; command++) {
            printf("        '%s %s') words='", command->family,
                   command->name);
            list_options(scimctl_options_of(command, pool));
            list_options(scimctl_every);
            printf("' ;;\n");
        }
    }
    printf("    esac\n    case \"$family $verb $last\" in\n");
    for (table = scimctl_families; *table != NULL; table++) {
        for (command = *table; command->name != NULL; command++) {
            list_choices(command, scimctl_options_of(command, pool), pool);
        }
    }
    printf("        *-file|*--config) words=$(compgen -f -- \"$word\") ;;\n"
           "    esac\n");
}

void scimctl_completion(apr_pool_t *pool)
{
    printf("# bash completion of scimctl, made by scimctl --bash-completion\n"
           "_scimctl() {\n"
           "    local word=${COMP_WORDS[COMP_CWORD]} words=\n"
           "    local last=${COMP_WORDS[COMP_CWORD - 1]}\n"
           "    local family=${COMP_WORDS[1]} verb=${COMP_WORDS[2]}\n");
    complete_families();
    printf("    [ -n \"$verbs\" ] || verb=\n");
    complete_options(pool);
    printf("    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        words=$families\n"
           "    elif [ \"$COMP_CWORD\" -eq 2 ] && [ -n \"$verbs\" ]; then\n"
           "        words=$verbs\n"
           "    fi\n"
           "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$word\")\n"
           "}\n"
           "complete -F _scimctl scimctl\n");
}
