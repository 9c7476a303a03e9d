/* The query component and preconditions, without httpd or a database. */
#include "protocol/operation.h"
#include "tap.h"

static apr_pool_t *pool;

static const char *fault_of(const char *query)
{
    serve_query q;
    scim_error *err = serve_query_parse(&q, query, pool);

    return err == NULL ? "none" : scim_fault_type(err->fault);
}

static void query(void)
{
    serve_query q;

    is_str(fault_of(NULL), "none", "no query component is no error");
    is_str(fault_of("aadOptscim062020&&=&x=%zz"), "none",
           "unknown parameters are ignored, whatever they hold");

    serve_query_parse(&q, "filter=userName+eq+%22a%2Bb%22&COUNT=5", pool);
    is_str(q.filter, "userName eq \"a+b\"",
           "\"+\" is a space, %2B is a plus sign");
    is_str(q.count, "5", "names of parameters have no case");
    ok(q.start_index == NULL, "what is not given is NULL");
    serve_query_parse(&q, "count=1&filter", pool);
    is_str(q.filter, "", "a parameter without \"=\" is given all the same");

    serve_query_parse(&q, "sortBy=id&sortorder=descending&cursor", pool);
    is_str(q.sort_by, "id", "sortBy");
    is_str(q.sort_order, "descending", "sortOrder");
    is_str(q.cursor, "", "C-2-01: cursor without \"=\" is the first page");
    serve_query_parse(&q, "cursor=&cursors=1", pool);
    is_str(q.cursor, "", "C-2-01: ... as the empty one is");
    serve_query_parse(&q, "cursor=a-_Z", pool);
    is_str(q.cursor, "a-_Z", "any other one is taken as it is");

    serve_query_parse(&q, "filter=a%26b%3D", pool);
    is_str(q.filter, "a&b=", "an escaped separator separates nothing");

    is_str(fault_of("filter=%"), "invalidSyntax", "half an escape");
    is_str(fault_of("filter=%4"), "invalidSyntax", "half an escape at the end");
    is_str(fault_of("filter=a%00b"), "invalidSyntax", "an escaped NUL");
    is_str(fault_of("filter=%E4"), "invalidSyntax", "bytes that are no UTF-8");
    is_str(fault_of("filter=a&filter=b"), "invalidSyntax",
           "one parameter twice: neither reading would be safe");
}

static int holds(const char *header, apr_int64_t version)
{
    store_match *match;

    serve_match_parse(&match, header, pool);
    return match != NULL && store_match_has(match, version);
}

static void preconditions(void)
{
    store_match *match;

    serve_match_parse(&match, NULL, pool);
    ok(match == NULL, "no header, no condition");
    ok(holds("W/\"3\"", 3), "the tag as we send it");
    ok(holds("\"3\"", 3), "a strong tag is compared weakly");
    ok(holds("3", 3), "a tag without quotes");
    ok(holds("W/\"1\", W/\"3\"", 3), "one of a list");
    ok(holds("\"1\",\"3\"", 3), "... without spaces");
    ok(holds("*", 3), "any");
    ok(holds("W/\"3-gzip\"", 3), "as mod_deflate changed it");
    ok(holds("W/\"3-br\"", 3), "as mod_brotli changed it");
    ok(holds("\"3;br\"", 3), "as others change it");
    ok(holds("W/\"3--gzip\"", 3), "... with two dashes");
    ok(!holds("W/\"3-gzipx\"", 3), "... but no other end");
    ok(!holds("W/\"3gzip\"", 3), "... nor one without a mark");
    ok(!holds("W/\"4\"", 3), "another version");
    ok(!holds("\"3x\"", 3), "a tag that begins like ours");
    ok(!holds("\"\"", 0), "an empty tag");
    ok(!holds("\"-3\"", -3), "a negative number");
    ok(!holds("\"99999999999999999999999\"", 3), "a number beyond all");
    ok(!holds("", 3), "an empty header matches nothing");
}

static int allows(const char *if_match, const char *if_none_match)
{
    const serve_request request = { .if_match = if_match,
                                    .if_none_match = if_none_match };
    store_match *match;

    serve_match_of_write(&match, &request, pool);
    return store_match_allows(match, 3);
}

static void both_preconditions(void)
{
    ok(allows(NULL, NULL), "without a condition");
    ok(allows("W/\"3\"", NULL), "If-Match that holds");
    ok(!allows("W/\"2\"", NULL), "If-Match that does not");
    ok(allows(NULL, "W/\"2\""), "If-None-Match that holds");
    ok(!allows(NULL, "*"), "If-None-Match that does not");
    ok(allows("W/\"3\"", "W/\"2\""), "both hold");
    ok(!allows("W/\"3\"", "W/\"3\""), "only If-Match holds");
    ok(!allows("W/\"2\"", "W/\"2\""), "only If-None-Match holds");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    query();
    preconditions();
    both_preconditions();
    apr_pool_destroy(pool);
    return done();
}
