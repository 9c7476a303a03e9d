#include <string.h>

#include <apr_strings.h>

#include "protocol/operation.h"

/* What a filter or a proxy that packs the body makes of a tag: mod_deflate and
 * mod_brotli add "-gzip" and "-br", others ";gzip" or "--gzip". */
static apr_size_t coding_length(const char *text)
{
    static const char *const codings[] = { "gzip", "br", "deflate", "zstd" };
    apr_size_t separator = strspn(text, "-;"), len;
    size_t i;

    for (i = 0; separator > 0 && i < sizeof(codings) / sizeof(*codings); i++) {
        len = strlen(codings[i]);
        if (strncmp(text + separator, codings[i], len) == 0) {
            return separator + len;
        }
    }
    return 0;
}

/* The number in one entity tag, W/"3" or "3" or "3-gzip"; -1: not ours. */
static apr_int64_t version_of(const char *tag)
{
    char *end;
    apr_int64_t version;

    if (strncmp(tag, "W/", 2) == 0) {
        tag += 2;
    }
    tag += *tag == '"';
    if (*tag < '0' || *tag > '9') {
        return -1;
    }
    version = apr_strtoi64(tag, &end, 10);
    end += coding_length(end);
    end += *end == '"';
    return *end == '\0' ? version : -1;
}

void serve_match_parse(store_match **out, const char *header,
                       apr_pool_t *pool)
{
    apr_array_header_t *versions;
    char *tag, *last;

    *out = NULL;
    if (header == NULL) {
        return;
    }
    versions = apr_array_make(pool, 1, sizeof(apr_int64_t));
    *out = apr_pcalloc(pool, sizeof(**out));
    (*out)->versions = versions;
    tag = apr_strtok(apr_pstrdup(pool, header), ", \t", &last);
    for (; tag != NULL; tag = apr_strtok(NULL, ", \t", &last)) {
        apr_int64_t version = version_of(tag);

        if (strcmp(tag, "*") == 0) {
            (*out)->any = 1;
        }
        else if (version >= 0) {
            APR_ARRAY_PUSH(versions, apr_int64_t) = version;
        }
    }
}

/* RFC 9110, 13.2.2: first If-Match, then If-None-Match. */
void serve_match_of_write(store_match **out, const serve_request *request,
                          apr_pool_t *pool)
{
    store_match *none;

    serve_match_parse(out, request->if_match, pool);
    serve_match_parse(&none, request->if_none_match, pool);
    if (none != NULL) {
        none->inverse = 1;
        none->also = *out;
        *out = none;
    }
}
