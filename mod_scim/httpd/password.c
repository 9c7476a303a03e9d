#include "httpd/password.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#define PASSWORD_MAX 1024

static const char *in_words(apr_status_t rv, apr_pool_t *pool)
{
    char text[120];

    return apr_pstrdup(pool, apr_strerror(rv, text, sizeof(text)));
}

/* The open file and not its name: nobody can exchange it in between. */
static const char *check_mode(apr_file_t *file, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_status_t rv
        = apr_file_info_get(&info, APR_FINFO_PROT | APR_FINFO_TYPE, file);

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return in_words(rv, pool);
    }
    if (info.filetype != APR_REG) {
        return "this is no regular file";
    }
    if (info.protection & (APR_FPROT_GWRITE | APR_FPROT_WREAD
                           | APR_FPROT_WWRITE)) {
        return "others than its owner and group may read it, or others than "
               "its owner may write it: chmod 600";
    }
    return NULL;
}

const char *mod_scim_password_read(const char **out, const char *path,
                                   apr_pool_t *pool)
{
    char line[PASSWORD_MAX + 2];
    apr_file_t *file;
    const char *wrong;
    apr_status_t rv
        = apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, pool);

    if (rv != APR_SUCCESS) {
        return in_words(rv, pool);
    }
    line[0] = '\0';
    wrong = check_mode(file, pool);
    if (wrong == NULL) {
        rv = apr_file_gets(line, sizeof(line), file);
    }
    apr_file_close(file);
    line[strcspn(line, "\r\n")] = '\0';
    if (wrong == NULL && (rv != APR_SUCCESS || line[0] == '\0')) {
        wrong = "its first line holds no password";
    }
    if (wrong == NULL && strlen(line) > PASSWORD_MAX) {
        wrong = "its first line is too long for a password";
    }
    if (wrong == NULL) {
        *out = apr_pstrdup(pool, line);
    }
    return wrong;
}
