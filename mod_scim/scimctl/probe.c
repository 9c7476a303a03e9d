#include "scimctl/probe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "core/casefold.h"

#define LARGEST_ANSWER (1024 * 1024)
#define LONGEST_TOKEN  512

static const char *const arguments[] = {
    "curl", "-q", "--silent", "--show-error", "--max-time", "15", "--include",
    "--suppress-connect-headers", "--proto", "=http,https", "--write-out",
    "\n%{http_code}", "--config", "-", NULL,
};

/* As curl's configuration quotes: what would end the text is refused. */
static int is_plain(const char *text)
{
    return strpbrk(text, "\"\\\r\n") == NULL;
}

/* A body of ours, which has quotes. */
static const char *escaped(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(text) + 1), *p = out;

    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            *p++ = '\\';
        }
        *p++ = *text;
    }
    *p = '\0';
    return out;
}

static const char *authorization(const admin_trial_step *step,
                                 const char *token, apr_pool_t *pool)
{
    return step->auth == ADMIN_TRIAL_ANONYMOUS
               ? ""
               : apr_pstrcat(pool, "header = \"Authorization: ",
                             step->auth == ADMIN_TRIAL_BARE ? "" : "Bearer ",
                             token, "\"\n", NULL);
}

static const char *configuration(const admin_trial_step *step,
                                 const char *url, const char *token,
                                 apr_pool_t *pool)
{
    apr_size_t len = strlen(url);

    while (len > 0 && url[len - 1] == '/') {
        len--;
    }
    return apr_pstrcat(
        pool, "url = \"", apr_pstrmemdup(pool, url, len), step->path,
        "\"\nrequest = \"", step->method,
        "\"\nheader = \"Accept: application/scim+json\"\n",
        authorization(step, token, pool),
        step->body != NULL
            ? apr_pstrcat(pool, "data = \"", escaped(step->body, pool),
                          "\"\nheader = \"Content-Type: "
                          "application/scim+json\"\n",
                          NULL)
            : "",
        NULL);
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

/* The header's value; cut out of the text. */
static const char *header_of(char *headers, const char *name)
{
    apr_size_t len = strlen(name);
    char *line = headers, *last;

    for (line = apr_strtok(headers, "\r\n", &last); line != NULL;
         line = apr_strtok(NULL, "\r\n", &last)) {
        if (scim_name_equals_n(line, strcspn(line, ":"), name)
            && line[len] == ':') {
            return line + len + 1 + strspn(line + len + 1, " ");
        }
    }
    return NULL;
}

/* Behind the headers of what came before ("100 Continue") and of the answer,
 * *headers. */
static char *skip_headers(char **headers, char *text)
{
    char *end;

    *headers = text;
    while (strncmp(text, "HTTP/", 5) == 0
           && (end = strstr(text, "\r\n\r\n")) != NULL) {
        *end = '\0';
        *headers = text;
        text = end + 4;
    }
    return text;
}

/* "HEADERS\r\n\r\nBODY\nSTATUS" */
static void take_answer(admin_trial_answer *out, char *text,
                        const char *complaint)
{
    char *last = strrchr(text, '\n'), *headers;

    out->status = last != NULL ? atoi(last + 1) : 0;
    out->challenge = NULL;
    out->body = complaint;
    if (last != NULL && out->status > 0) {
        *last = '\0';
        out->body = skip_headers(&headers, text);
        out->challenge = out->body != headers
                             ? header_of(headers, "WWW-Authenticate")
                             : NULL;
    }
}

scim_error *scimctl_probe(admin_trial_answer *out, const admin_trial_step *step,
                          const char *url, const char *token, apr_pool_t *pool)
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
    apr_file_puts(configuration(step, url, token, pool), curl.in);
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
