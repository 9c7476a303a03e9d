/* The command line of mod_scim's database. */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_general.h>
#include <apr_strings.h>
#include <unistr.h>

#include "scim_version.h"
#include "scimctl/command.h"
#include "scimctl/print.h"

enum { EXIT_DONE = 0, EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_DATABASE = 3 };

static int exit_status(const scim_error *err)
{
    switch (err->fault) {
    case SCIM_BAD_REQUEST:
        return EXIT_USAGE;
    case SCIM_UNAVAILABLE:
        return EXIT_DATABASE;
    default:
        return EXIT_REFUSED;
    }
}

static int report(const scim_error *err, apr_pool_t *pool)
{
    fflush(stdout);
    fprintf(stderr, "scimctl: %s%s%s%s\n", scimctl_escape(err->detail, pool),
            err->cause != NULL ? " (" : "",
            err->cause != NULL ? scimctl_escape(err->cause, pool) : "",
            err->cause != NULL ? ")" : "");
    return exit_status(err);
}

/* Of the real user: $USER and $SUDO_USER are whatever somebody set. */
static const char *actor_name(apr_pool_t *pool)
{
    struct passwd *entry = getpwuid(getuid());

    return entry != NULL
               ? apr_pstrcat(pool, "scimctl:", entry->pw_name, NULL)
               : apr_psprintf(pool, "scimctl:%lu", (unsigned long)getuid());
}

static const scimctl_command *find_family(const char *name)
{
    const scimctl_command *const *table;

    for (table = scimctl_families; *table != NULL; table++) {
        if (strcmp((*table)->family, name) == 0) {
            return *table;
        }
    }
    return NULL;
}

static const scimctl_command *find_command(const scimctl_command *family,
                                           const char *name)
{
    for (; family->name != NULL; family++) {
        if (strcmp(family->name, name) == 0) {
            return family;
        }
    }
    return NULL;
}

static scim_error *run(scimctl_call *call)
{
    const char *conninfo = scimctl_text(call, "database");
    scim_error *err;

    if (conninfo == NULL) {
        conninfo = getenv("SCIM_DATABASE");
    }
    err = store_admin_open(&call->db, conninfo, &call->actor, call->pool);
    if (err != NULL) {
        return err;
    }
    return call->command->run != NULL ? call->command->run(call)
                                      : scimctl_perform(call);
}

/* A token that went to a full disk is lost: that is no success. */
static scim_error *check_output(apr_pool_t *pool)
{
    if (fflush(stdout) == 0 && !ferror(stdout)) {
        return NULL;
    }
    return scim_error_make(SCIM_INTERNAL, pool,
                           "What was done could not be written to standard "
                           "output.");
}

static scim_error *start(const scimctl_command *command, int argc,
                         const char *const *argv, apr_pool_t *pool)
{
    scimctl_call call = { .command = command, .pool = pool };
    scim_error *err;

    call.options = apr_table_make(pool, 8);
    call.actor.name = actor_name(pool);
    err = scimctl_parse(&call, argc, argv);
    if (err != NULL) {
        return err;
    }
    if (scimctl_is_set(&call, "help")) {
        scimctl_help_command(command, pool);
    }
    else {
        err = run(&call);
    }
    return err != NULL ? err : check_output(pool);
}

static int is_help(const char *word)
{
    return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0
           || strcmp(word, "help") == 0;
}

static scim_error *unknown(const char *family, const char *word,
                           apr_pool_t *pool)
{
    return scim_error_make(SCIM_BAD_REQUEST, pool,
                           "There is no command \"%s%s%s\": scimctl --help "
                           "shows them all.",
                           family, *family != '\0' ? " " : "",
                           scim_excerpt(word, pool));
}

static scim_error *dispatch(int argc, const char *const *argv,
                            apr_pool_t *pool)
{
    const scimctl_command *family, *command;

    if (argc < 2) {
        return scim_error_make(SCIM_BAD_REQUEST, pool,
                               "What shall be done? scimctl --help shows the "
                               "commands.");
    }
    if (is_help(argv[1])) {
        scimctl_help(NULL, pool);
        return check_output(pool);
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("scimctl %s\n", SCIM_VERSION);
        return check_output(pool);
    }
    family = find_family(argv[1]);
    if (family == NULL) {
        return unknown("", argv[1], pool);
    }
    if (argc < 3) {
        return unknown(argv[1], "", pool);
    }
    if (is_help(argv[2])) {
        scimctl_help(argv[1], pool);
        return check_output(pool);
    }
    command = find_command(family, argv[2]);
    return command == NULL ? unknown(argv[1], argv[2], pool)
                           : start(command, argc, argv, pool);
}

/* Below here every text is UTF-8, as the database wants it. */
static scim_error *check_arguments(int argc, const char *const *argv,
                                   apr_pool_t *pool)
{
    int i;

    for (i = 1; i < argc; i++) {
        if (u8_check((const uint8_t *)argv[i], strlen(argv[i])) != NULL) {
            return scim_error_make(SCIM_BAD_REQUEST, pool,
                                   "Argument %d is no valid UTF-8.", i);
        }
    }
    return NULL;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    scim_error *err;
    int status = EXIT_DONE;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    err = check_arguments(argc, argv, pool);
    if (err == NULL) {
        err = dispatch(argc, argv, pool);
    }
    if (err != NULL) {
        status = report(err, pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
