/* Commands as tables: the parser, the help and the shell read the same rows. */
#ifndef SCIM_SCIMCTL_COMMAND_H
#define SCIM_SCIMCTL_COMMAND_H

#include <apr_tables.h>

#include "admin/operation.h"
#include "scimctl/settings.h"

typedef struct scimctl_option {
    const char *name;  /* "organization", typed as --organization */
    const char *value; /* placeholder, "SLUG"; NULL: a switch */
    const char *help;
    int required;
} scimctl_option;

typedef struct scimctl_command scimctl_command;

/* Where a name may stand for a number: it is looked for in a list. */
typedef struct scimctl_named {
    const char *option; /* NULL: the argument */
    const admin_operation *list;
} scimctl_named;

/* One run of a command. */
typedef struct scimctl_call {
    const scimctl_command *command;
    const char *argument; /* or NULL */
    apr_table_t *options; /* by name; a switch has the value "on" */
    int json;
    scimctl_settings *settings; /* NULL: not read yet */
    store_admin *db;
    store_actor actor;
    apr_pool_t *pool;
} scimctl_call;

struct scimctl_command {
    const char *family; /* "organization" */
    const char *name;   /* "create"; "": the family is one command */
    /* Placeholder; NULL: takes none. "SLUG" is an organization. */
    const char *argument;
    const char *summary;
    const scimctl_option *options; /* ends with a NULL name; or NULL */
    scim_error *(*run)(scimctl_call *call);
    /* Instead of options and run: what is run, its fields being the options,
     * and what a table shows of the result: "id:ID name:NAME on:ON:yes|no",
     * with "_" for a space. */
    const admin_operation *operation;
    const char *columns;
    const scimctl_named *named; /* ends with a NULL list; or NULL */
    const admin_operation *gone; /* a list for the argument, too; or NULL */
    const char *alias; /* "id:app_id": JSON has the member twice; or NULL */
    /* Instead of a table, what people are told; or NULL. */
    void (*print)(const admin_call *done, const scimctl_call *call);
    int is_offline; /* `run` connects by itself, if at all */
};

/* The command's own, or those of its operation. */
const scimctl_option *scimctl_options_of(const scimctl_command *command,
                                         apr_pool_t *pool);

/* What every command takes; ends with a NULL name. */
extern const scimctl_option scimctl_every[];

const char *scimctl_summary(const scimctl_command *command);

/* call->db, as --database, --config or the environment say. SCIM_UNAVAILABLE,
 * SCIM_INVALID_VALUE. */
scim_error *scimctl_connect(scimctl_call *call);

/* What --config names, read once. */
scim_error *scimctl_settings_of(scimctl_settings *out, scimctl_call *call);

/* Checks with what to do about each. SCIM_INVALID_VALUE: not all are good. */
scim_error *scimctl_print_findings(const apr_array_header_t *findings,
                                   const scimctl_call *call);

/* What the command line says of the command's operation. */
scim_error *scimctl_prepare(admin_call *out, scimctl_call *call);

/* Runs the command's operation and prints what comes of it. */
scim_error *scimctl_perform(scimctl_call *call);

/* The number of what a list calls so; a number is one already. SCIM_NOT_FOUND,
 * SCIM_CONFLICT: more than one has the name. */
scim_error *scimctl_find(const char **out, const admin_operation *list,
                         const char *name, const scimctl_call *call);

/* The same for all that the command's table names. */
scim_error *scimctl_resolve(scimctl_call *call);

/* Who gains and loses what. */
void scimctl_print_effect(const admin_call *done, const scimctl_call *call);

/* What a user holds and why, and why not more, as admin_permission_explain has
 * it. */
void scimctl_print_permissions(const json_t *explained, apr_pool_t *pool);

/* "member, Developer in Website": what a mapping gives. */
const char *scimctl_grants_text(const json_t *mapping, apr_pool_t *pool);

/* Users and groups, what they were, who is gone. */
void scimctl_print_user(const admin_call *done, const scimctl_call *call);
void scimctl_print_group(const admin_call *done, const scimctl_call *call);
void scimctl_print_history(const admin_call *done, const scimctl_call *call);
void scimctl_print_version(const admin_call *done, const scimctl_call *call);
void scimctl_print_memberships(const admin_call *done,
                               const scimctl_call *call);

/* "Developer in Website", "Admin in every stack", "member": a permission. */
const char *scimctl_permission_text(const json_t *permission,
                                    apr_pool_t *pool);

/* One table for each family, in its own file; ends with a NULL name. */
extern const scimctl_command scimctl_database[];
extern const scimctl_command scimctl_index[];
extern const scimctl_command scimctl_organization[];
extern const scimctl_command scimctl_account[];
extern const scimctl_command scimctl_app[];
extern const scimctl_command scimctl_token[];
extern const scimctl_command scimctl_doctor[];
extern const scimctl_command scimctl_export[];
extern const scimctl_command scimctl_import[];
extern const scimctl_command scimctl_journal[];
extern const scimctl_command scimctl_user[];
extern const scimctl_command scimctl_group[];
extern const scimctl_command scimctl_stack[];
extern const scimctl_command scimctl_overview[];
extern const scimctl_command scimctl_hint[];
extern const scimctl_command scimctl_brake[];
extern const scimctl_command scimctl_alerts[];
extern const scimctl_command scimctl_role[];
extern const scimctl_command scimctl_mapping[];
extern const scimctl_command scimctl_holder[];
extern const scimctl_command scimctl_explain[];

extern const scimctl_command *const scimctl_families[]; /* ends with NULL */

/* Takes the words of a command line to pieces: what stands in argv[3] and
 * after. SCIM_BAD_REQUEST: how it must be written. */
scim_error *scimctl_parse(scimctl_call *call, int argc,
                          const char *const *argv);

/* NULL if the option is not there. */
const char *scimctl_text(const scimctl_call *call, const char *option);
int scimctl_is_set(const scimctl_call *call, const char *option);

/* SCIM_INVALID_VALUE unless `text` is a number of the range. `what` begins the
 * sentence. */
scim_error *scimctl_number(apr_int64_t *out, const char *what,
                           const char *text, apr_int64_t least,
                           apr_int64_t most, apr_pool_t *pool);

/* "on" or "off"; -1 if the option is not there. SCIM_INVALID_VALUE. */
scim_error *scimctl_on_off(int *out, const scimctl_call *call,
                           const char *option);

/* Help on stdout: of everything, of a family, of one command. */
void scimctl_help(const char *family, apr_pool_t *pool);
void scimctl_help_command(const scimctl_command *command, apr_pool_t *pool);
const char *scimctl_usage(const scimctl_command *command, apr_pool_t *pool);

/* On stdout, from the same tables: scimctl(1), and bash's completion. */
void scimctl_manual(apr_pool_t *pool);
void scimctl_completion(apr_pool_t *pool);

#endif
