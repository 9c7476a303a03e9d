#include "httpd/accept.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>

static const char scim_json[] = "application/scim+json";
static const char plain_json[] = "application/json";

/* How closely a media range of `len` bytes names the type: 0, not at all. */
static int closeness(const char *range, size_t len, const char *type)
{
    if (len == strlen(type) && apr_cstr_casecmpn(range, type, len) == 0) {
        return 3;
    }
    if (len == 13 && apr_cstr_casecmpn(range, "application/*", len) == 0) {
        return 2;
    }
    return len == 3 && memcmp(range, "*/*", len) == 0;
}

/* qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), in thousandths
 */
static int thousandths(const char *text)
{
    int unit = 100, sum = 0;

    if (*text != '0') {
        return 1000;
    }
    for (text++, text += *text == '.'; apr_isdigit(*text) && unit > 0; text++) {
        sum += unit * (*text - '0');
        unit /= 10;
    }
    return sum;
}

/* Behind a media range; without q it counts as 1. */
static int weight(const char *parameters, const char *end)
{
    const char *at = parameters;

    while (at < end) {
        at += strspn(at, "; \t");
        if ((*at == 'q' || *at == 'Q') && at[1] == '=') {
            return thousandths(at + 2);
        }
        at += strcspn(at, ";,");
    }
    return 1000;
}

/* RFC 9110, 12.5.1: the closest range decides. */
static int quality(const char *accept, const char *type)
{
    int closest = 0, q = 0;

    while (*accept != '\0') {
        const char *range = accept + strspn(accept, ", \t");
        const char *end = range + strcspn(range, ",");
        size_t len = strcspn(range, ";, \t");
        int close = closeness(range, len, type);

        if (close > closest) {
            closest = close;
            q = weight(range + len, end);
        }
        accept = end;
    }
    return q;
}

const char *mod_scim_media_type(const char *accept)
{
    return accept != NULL
                   && quality(accept, plain_json) > quality(accept, scim_json)
               ? plain_json
               : scim_json;
}
