#include "scimctl/deliver.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_signal.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#define LINE_MAX_LEN 4096

static const char *const environment[] = {
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    NULL,
};

static scim_error *failed(const char *program, const char *why,
                          apr_pool_t *pool)
{
    return scim_error_make(SCIM_UNAVAILABLE, pool, "%s %s.", program, why);
}

static scim_error *start(apr_proc_t *process, const char *const *argv,
                         apr_pool_t *pool)
{
    apr_procattr_t *attributes;
    apr_status_t status = apr_procattr_create(&attributes, pool);
    char reason[120];

    if (status == APR_SUCCESS) {
        status = apr_procattr_io_set(attributes, APR_FULL_BLOCK, APR_NO_PIPE,
                                     APR_NO_PIPE);
    }
    if (status == APR_SUCCESS) {
        apr_procattr_cmdtype_set(attributes, APR_PROGRAM);
        apr_procattr_error_check_set(attributes, 1);
        status = apr_proc_create(process, argv[0], argv, environment,
                                 attributes, pool);
    }
    return status == APR_SUCCESS
               ? NULL
               : failed(argv[0],
                        apr_pstrcat(pool, "cannot be run: ",
                                    apr_strerror(status, reason,
                                                 sizeof(reason)),
                                    NULL),
                        pool);
}

scim_error *scimctl_deliver(const char *const *argv, const char *text,
                            apr_size_t len, apr_pool_t *pool)
{
    apr_proc_t process;
    apr_status_t written;
    int code = 0;
    apr_exit_why_e why = APR_PROC_EXIT;
    scim_error *err;

    apr_signal(SIGPIPE, SIG_IGN); /* it may not read all of it */
    err = start(&process, argv, pool);
    if (err != NULL) {
        return err;
    }
    written = apr_file_write_full(process.in, text, len, NULL);
    apr_file_close(process.in);
    apr_proc_wait(&process, &code, &why, APR_WAIT);
    if (!APR_PROC_CHECK_EXIT(why) || code != 0) {
        return failed(argv[0],
                      apr_psprintf(pool, "ended with %s %d",
                                   APR_PROC_CHECK_EXIT(why) ? "status"
                                                            : "signal",
                                   code),
                      pool);
    }
    return written == APR_SUCCESS
               ? NULL
               : failed(argv[0], "did not read all of its input", pool);
}

/* ------------------------------------------------- the installation's own */

static scim_error *unsafe(const char *path, const char *why, apr_pool_t *pool)
{
    return scim_error_make(SCIM_FORBIDDEN, pool,
                           "%s is not used: %s. It must be a file of root's "
                           "that nobody else may write.",
                           path, why);
}

static scim_error *check(const apr_finfo_t *info, const char *path,
                         apr_pool_t *pool)
{
    if (info->filetype != APR_REG) {
        return unsafe(path, "it is no plain file", pool);
    }
    if (info->user != 0) {
        return unsafe(path, "it does not belong to root", pool);
    }
    return (info->protection & (APR_FPROT_GWRITE | APR_FPROT_WWRITE)) != 0
               ? unsafe(path, "others may write it", pool)
               : NULL;
}

#define WHAT (APR_FINFO_TYPE | APR_FINFO_OWNER | APR_FINFO_PROT)

static scim_error *check_program(const char *program, const char *path,
                                 apr_pool_t *pool)
{
    apr_finfo_t info;

    if (program[0] != '/') {
        return unsafe(path, "its first line is no absolute path", pool);
    }
    if (apr_stat(&info, program, WHAT, pool) != APR_SUCCESS) {
        return unsafe(program, "it cannot be looked at", pool);
    }
    return check(&info, program, pool);
}

/* What is looked at is what is read. */
static scim_error *read_line(const char **out, apr_file_t *file,
                             const char *path, apr_pool_t *pool)
{
    char line[LINE_MAX_LEN] = "";
    apr_finfo_t info;
    scim_error *err;

    if (apr_file_info_get(&info, WHAT, file) != APR_SUCCESS) {
        return unsafe(path, "it cannot be looked at", pool);
    }
    err = check(&info, path, pool);
    if (err == NULL) {
        apr_file_gets(line, sizeof(line), file);
        *out = apr_pstrmemdup(pool, line, strcspn(line, "\r\n"));
    }
    return err;
}

scim_error *scimctl_program_named(const char **out, const char *path,
                                  apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t status = apr_file_open(&file, path, APR_FOPEN_READ, 0, pool);
    const char *program;
    scim_error *err;

    *out = NULL;
    if (status != APR_SUCCESS) {
        return APR_STATUS_IS_ENOENT(status)
                   ? NULL
                   : unsafe(path, "it cannot be read", pool);
    }
    err = read_line(&program, file, path, pool);
    apr_file_close(file);
    if (err == NULL) {
        err = check_program(program, path, pool);
    }
    if (err == NULL) {
        *out = program;
    }
    return err;
}
