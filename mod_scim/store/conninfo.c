#include <string.h>

#include <apr_strings.h>
#include <libpq-fe.h>

#include "store/admin.h"
#include "store/store.h"

/* Configuration files are printed by mod_info and read by many; passfile= and
 * service= name a file instead. */
static const char *const secrets[] = { "password", "sslpassword", NULL };

static const char *find_secret(const PQconninfoOption *option)
{
    int i;

    for (; option->keyword != NULL; option++) {
        for (i = 0; secrets[i] != NULL; i++) {
            if (option->val != NULL
                && strcmp(option->keyword, secrets[i]) == 0) {
                return secrets[i];
            }
        }
    }
    return NULL;
}

const char *store_conninfo_check(const char *conninfo, apr_pool_t *pool)
{
    char *message = NULL;
    PQconninfoOption *options = PQconninfoParse(conninfo, &message);
    const char *secret;

    /* libpq's message would quote a word of the text. */
    PQfreemem(message);
    if (options == NULL) {
        return "this is no libpq connection string, such as \"host=db.example "
               "dbname=identity user=scim_httpd\"";
    }
    secret = find_secret(options);
    PQconninfoFree(options);
    return secret == NULL
               ? NULL
               : apr_psprintf(pool,
                              "%s= does not belong into the configuration; "
                              "keep it in a file",
                              secret);
}

/* What is httpd's own, and no part of where the database is. */
static const char *const own[] = { "user",     "password",         "passfile",
                                   "service",  "application_name", "options",
                                   "sslpassword", NULL };

static int is_own(const char *keyword)
{
    int i;

    for (i = 0; own[i] != NULL; i++) {
        if (strcmp(keyword, own[i]) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Quotes and backslashes are escaped by a backslash (libpq, 34.1.1.1). */
static const char *quoted(const char *value, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(value) + 3), *q = out;

    *q++ = '\'';
    for (; *value != '\0'; value++) {
        if (*value == '\'' || *value == '\\') {
            *q++ = '\\';
        }
        *q++ = *value;
    }
    *q++ = '\'';
    *q = '\0';
    return out;
}

const char *store_conninfo_place(const char *conninfo, apr_pool_t *pool)
{
    PQconninfoOption *options = PQconninfoParse(conninfo, NULL), *o;
    const char *text = "";

    if (options == NULL) {
        return NULL;
    }
    for (o = options; o->keyword != NULL; o++) {
        if (o->val != NULL && !is_own(o->keyword)) {
            text = apr_pstrcat(pool, text, *text != '\0' ? " " : "",
                               o->keyword, "=", quoted(o->val, pool), NULL);
        }
    }
    PQconninfoFree(options);
    return text;
}
