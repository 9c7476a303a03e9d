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

scim_error *scimctl_settings_of(scimctl_settings *out, scimctl_call *call)
{
    scimctl_settings read;
    scim_error *err = NULL;

    if (call->settings == NULL) {
        err = scimctl_settings_read(&read, scimctl_text(call, "config"),
                                    call->pool);
        if (err != NULL) {
            return err;
        }
        call->settings = apr_pmemdup(call->pool, &read, sizeof(read));
    }
    *out = *call->settings;
    return NULL;
}

static scim_error *configured(const char **out, scimctl_call *call)
{
    scimctl_settings settings;
    scim_error *err = scimctl_settings_of(&settings, call);

    if (err != NULL) {
        return err;
    }
    *out = settings.database != NULL
               ? store_conninfo_place(settings.database, call->pool)
               : NULL;
    return *out != NULL ? NULL
                        : scim_error_make(SCIM_INVALID_VALUE, call->pool,
                                          "%s has no ScimDatabase (an Include "
                                          "is not followed).",
                                          scimctl_text(call, "config"));
}

scim_error *scimctl_connect(scimctl_call *call)
{
    const char *conninfo = scimctl_text(call, "database");
    scim_error *err = NULL;

    if (conninfo == NULL && scimctl_is_set(call, "config")) {
        err = configured(&conninfo, call);
    }
    else if (conninfo == NULL) {
        conninfo = getenv("SCIM_DATABASE");
    }
    return err != NULL ? err
                       : store_admin_open(&call->db, conninfo, &call->actor,
                                          call->pool);
}

static scim_error *run(scimctl_call *call)
{
    scim_error *err = call->command->is_offline ? NULL : scimctl_connect(call);

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
    if (scimctl_is_set(&call, "csv")) {
        scimctl_tables_as_csv();
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

/* For the build: what is installed beside the program is made by it. */
static int print_special(const char *word, apr_pool_t *pool)
{
    if (strcmp(word, "--version") == 0) {
        printf("scimctl %s\n", SCIM_VERSION);
    }
    else if (strcmp(word, "--man") == 0) {
        scimctl_manual(pool);
    }
    else if (strcmp(word, "--bash-completion") == 0) {
        scimctl_completion(pool);
    }
    else {
        return 0;
    }
    return 1;
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
    if (print_special(argv[1], pool)) {
        return check_output(pool);
    }
    family = find_family(argv[1]);
    if (family == NULL) {
        return unknown("", argv[1], pool);
    }
    if (*family->name == '\0') {
        return start(family, argc, argv, pool);
    }
    if (argc < 3) {
        return scim_error_make(SCIM_BAD_REQUEST, pool,
                               "What shall be done? scimctl %s --help shows "
                               "the commands.",
                               argv[1]);
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
