#include "scimctl/settings.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "scimctl/migration.h"

/* What httpd takes where nothing is said (mpm_common, event and worker). */
#define POOL_DEFAULT    8
#define PREFORK_DEFAULT 256
#define LIMIT_DEFAULT   16
#define THREADS_DEFAULT 25

/* The next word: httpd's ap_getword_conf(). NULL at the end of the line. */
static const char *next_word(char **line)
{
    char *p = *line + strspn(*line, " \t\r"), *word = p, *to = p;
    char quote = *p == '"' || *p == '\'' ? *p++ : '\0';

    if (*word == '\0') {
        return NULL;
    }
    while (*p != '\0'
           && (quote != '\0' ? *p != quote : strchr(" \t\r", *p) == NULL)) {
        if (quote != '\0' && *p == '\\' && (p[1] == quote || p[1] == '\\')) {
            p++;
        }
        *to++ = *p++;
    }
    *line = *p == '\0' ? p : p + 1;
    *to = '\0';
    return word;
}

static void take_text(scimctl_settings *s, const char *name, const char *value)
{
    if (strcasecmp(name, "ScimDatabase") == 0) {
        s->database = value;
    }
    else if (strcasecmp(name, "ScimDatabasePasswordFile") == 0) {
        s->password_file = value;
    }
    else if (strcasecmp(name, "LoadModule") == 0) {
        s->is_prefork |= strcmp(value, "mpm_prefork_module") == 0;
    }
    else if (strcasecmp(name, "ScimService") == 0) {
        s->serves += strcasecmp(value, "scim") == 0;
    }
}

static void take_number(scimctl_settings *s, const char *name,
                        const char *value)
{
    int n = atoi(value);

    if (strcasecmp(name, "ScimDatabasePool") == 0) {
        s->pool = n;
    }
    else if (strcasecmp(name, "ServerLimit") == 0) {
        s->server_limit = n;
    }
    else if (strcasecmp(name, "ThreadsPerChild") == 0) {
        s->threads_per_child = n;
    }
    else if (strcasecmp(name, "MaxRequestWorkers") == 0) {
        s->max_request_workers = n;
    }
}

static void take_line(scimctl_settings *s, char *line)
{
    const char *name = next_word(&line), *value;

    if (name == NULL || *name == '#' || *name == '<') {
        return;
    }
    value = next_word(&line);
    if (value != NULL) {
        take_text(s, name, value);
        take_number(s, name, value);
    }
}

/* A line goes on where it ends with a backslash. */
static void join_lines(char *text)
{
    char *p = text;

    while ((p = strstr(p, "\\\n")) != NULL) {
        p[0] = p[1] = ' ';
    }
}

scim_error *scimctl_settings_read(scimctl_settings *out, const char *path,
                                  apr_pool_t *pool)
{
    const char *read;
    char *text, *line, *last;
    scim_error *err = scimctl_read_file(
        &read, strcmp(path, "-") == 0 ? "/dev/stdin" : path, pool);

    if (err != NULL) {
        return err;
    }
    memset(out, 0, sizeof(*out));
    text = apr_pstrdup(pool, read);
    join_lines(text);
    for (line = apr_strtok(text, "\n", &last); line != NULL;
         line = apr_strtok(NULL, "\n", &last)) {
        take_line(out, line);
    }
    return NULL;
}

static int or_else(int given, int otherwise)
{
    return given > 0 ? given : otherwise;
}

int scimctl_settings_children(const scimctl_settings *s)
{
    int threads = or_else(s->threads_per_child, THREADS_DEFAULT);

    if (s->is_prefork) {
        return or_else(s->max_request_workers,
                       or_else(s->server_limit, PREFORK_DEFAULT));
    }
    return s->max_request_workers > 0
               ? (s->max_request_workers + threads - 1) / threads
               : or_else(s->server_limit, LIMIT_DEFAULT);
}

int scimctl_settings_connections(const scimctl_settings *s)
{
    int threads = s->is_prefork ? 1
                                : or_else(s->threads_per_child,
                                          THREADS_DEFAULT);
    int pool = or_else(s->pool, POOL_DEFAULT);

    return pool < threads ? pool : threads;
}
