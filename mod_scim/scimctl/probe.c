#include "scimctl/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#define LARGEST_ANSWER (1024 * 1024)
#define LONGEST_TOKEN  512

static const char *const arguments[] = {
    "curl", "-q", "--silent", "--show-error", "--max-time", "15",
    "--proto", "=http,https", "--write-out", "\n%{http_code}",
    "--config", "-", NULL,
};

/* As curl's configuration quotes: what would end the text is refused. */
static int is_plain(const char *text)
{
    return strpbrk(text, "\"\\\r\n") == NULL;
}

static const char *configuration(const char *url, const char *path,
                                 const char *token, apr_pool_t *pool)
{
    apr_size_t len = strlen(url);

    while (len > 0 && url[len - 1] == '/') {
        len--;
    }
    return apr_psprintf(pool,
                        "url = \"%.*s%s\"\n"
                        "header = \"Authorization: Bearer %s\"\n"
                        "header = \"Accept: application/scim+json\"\n",
                        (int)len, url, path, token);
}

static const char *read_all(apr_file_t *file, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, LARGEST_ANSWER + 1);
    apr_size_t len = 0;

    apr_file_read_full(file, text, LARGEST_ANSWER, &len);
    text[len] = '\0';
    return text;
}

static scim_error *start(apr_proc_t *curl, apr_pool_t *pool)
{
    apr_procattr_t *attributes;
    apr_status_t status = apr_procattr_create(&attributes, pool);
    char reason[120];

    if (status == APR_SUCCESS) {
        status = apr_procattr_io_set(attributes, APR_FULL_BLOCK,
                                     APR_FULL_BLOCK, APR_FULL_BLOCK);
    }
    if (status == APR_SUCCESS) {
        apr_procattr_cmdtype_set(attributes, APR_PROGRAM_PATH);
        status = apr_proc_create(curl, "curl", arguments, NULL, attributes,
                                 pool);
    }
    return status == APR_SUCCESS
               ? NULL
               : scim_error_make(SCIM_UNAVAILABLE, pool,
                                 "curl cannot be run: %s",
                                 apr_strerror(status, reason, sizeof(reason)));
}

/* "BODY\nSTATUS" */
static void take_answer(scimctl_answer *out, char *text, const char *complaint)
{
    char *last = strrchr(text, '\n');

    out->status = last != NULL ? atoi(last + 1) : 0;
    out->body = complaint;
    if (last != NULL && out->status > 0) {
        *last = '\0';
        out->body = text;
    }
}

scim_error *scimctl_probe(scimctl_answer *out, const char *url,
                          const char *path, const char *token,
                          apr_pool_t *pool)
{
    apr_proc_t curl;
    const char *text, *complaint;
    int exit_code;
    apr_exit_why_e why;
    scim_error *err;

    if (!is_plain(url) || !is_plain(token)) {
        return scim_error_make(SCIM_INVALID_VALUE, pool,
                               "URL and token hold no quotes, backslashes and "
                               "line ends.");
    }
    err = start(&curl, pool);
    if (err != NULL) {
        return err;
    }
    apr_file_puts(configuration(url, path, token, pool), curl.in);
    apr_file_close(curl.in);
    text = read_all(curl.out, pool);
    complaint = read_all(curl.err, pool);
    apr_proc_wait(&curl, &exit_code, &why, APR_WAIT);
    take_answer(out, apr_pstrdup(pool, text), complaint);
    return NULL;
}

scim_error *scimctl_probe_token(const char **out, apr_pool_t *pool)
{
    const char *token = getenv("SCIM_TOKEN");
    char line[LONGEST_TOKEN];

    if (token == NULL || *token == '\0') {
        token = fgets(line, sizeof(line), stdin);
    }
    if (token != NULL) {
        *out = apr_pstrmemdup(pool, token, strcspn(token, "\r\n"));
    }
    return token != NULL && **out != '\0'
               ? NULL
               : scim_error_make(SCIM_INVALID_VALUE, pool,
                                 "--url takes the secret token from the "
                                 "environment's SCIM_TOKEN or from standard "
                                 "input, and there is none.");
}
