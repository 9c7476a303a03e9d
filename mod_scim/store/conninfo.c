#include <string.h>

#include <apr_strings.h>
#include <libpq-fe.h>

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
