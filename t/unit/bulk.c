/* Bulk requests: core/bulk.c, core/bulk_reference.c, core/bulk_order.c. */
#include "core/bulk.h"

#include <apr_general.h>
#include <apr_strings.h>

#include "tap.h"

#define HEAD "{\"schemas\":[\"urn:ietf:params:scim:api:messages:2.0:" \
             "BulkRequest\"],\"Operations\":["
#define MAX_OPERATIONS 50
#define MAX_DEPTH      12

static apr_pool_t *pool;

/* Quotes are easier to read single. */
static char *quoted(const char *text)
{
    char *out = apr_pstrdup(pool, text), *c;

    for (c = out; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    return out;
}

static scim_error *read_text(scim_bulk **out, const char *text)
{
    return scim_bulk_read(out, text, strlen(text), MAX_OPERATIONS, MAX_DEPTH,
                          pool);
}

static scim_bulk *read_operations(const char *operations)
{
    scim_bulk *bulk = NULL;

    read_text(&bulk, apr_pstrcat(pool, HEAD, quoted(operations), "]}", NULL));
    return bulk;
}

static const char *refusal(const char *operation)
{
    scim_bulk *bulk = read_operations(operation);
    const scim_bulk_operation *op;

    if (bulk == NULL) {
        return "no Bulk";
    }
    op = scim_bulk_get(bulk, 0);
    return op->refused != NULL ? op->refused->detail : NULL;
}

/* --- the message ------------------------------------------------------ */

static void refuses(const char *text, const char *want)
{
    scim_bulk *bulk;
    scim_error *err = read_text(&bulk, quoted(text));

    is_str(err != NULL ? err->detail : NULL, want, text);
}

static void test_message(void)
{
    static const char broken[]
        = "The body is not valid JSON, or not one object.";
    scim_bulk *bulk;

    is_int(read_operations("")->operations->nelts, 0, "no operations");
    ok(read_text(&bulk, "\xEF\xBB\xBF \n{\"schemas\" : [\"urn:ietf:params:scim:"
                        "api:messages:2.0:BulkRequest\"] , \"x\":[{},\"]\\\"\"]"
                        ", \"FailOnErrors\": 3,\t\"operations\":[ {} , {}]\r\n"
                        "} ")
           == NULL,
       "blanks, a byte order mark and other names are understood");
    is_int(bulk->fail_on_errors, 3, "failOnErrors is read");
    is_int(bulk->operations->nelts, 2, "... and two operations");
    refuses("", broken);
    refuses("[]", broken);
    refuses("{", broken);
    refuses("{'schemas'", broken);
    refuses("{'a':1,}", broken);
    refuses("{'a':1}}", broken);
    refuses("{'Operations':[}", "Operations[0] must be an object.");
    refuses("{'Operations':[7]}", "Operations[0] must be an object.");
    refuses("{'Operations':[{},\xEF\xBB\xBF{}]}",
            "Operations[1] must be an object.");
    refuses("{'Operations':[{]}", "Operations[0]: The body is not valid JSON: "
                                  "line 1, column 2: string or '}' expected "
                                  "near ']'.");
    refuses("{'Operations':[{}{}]}", "Operations[0]: The body is not valid "
                                     "JSON: line 1, column 3: end of file "
                                     "expected near '{'.");
    refuses("{'Operations':[{} {}]", "Operations[0]: The body is not valid "
                                     "JSON: line 1, column 4: end of file "
                                     "expected near '{'.");
    refuses("{'Operations':[{'a':'x", "Operations[0]: The body is not valid "
                                      "JSON: line 1, column 7: premature end "
                                      "of input near '\"x'.");
    refuses("{'Operations':3}", "\"Operations\" must be one list.");
    refuses("{'Operations':[{'a':[[[[[[[[[[[]]]]]]]]]]]}]}",
            "Operations[0]: The body nests objects and arrays deeper than the "
            "10 levels that are allowed.");
    refuses("{'failOnErrors':1.5}",
            "\"failOnErrors\" must be an integer, 0 or more.");
    refuses("{'x':tru}", "\"x\" is not valid JSON: line 1, column 3: invalid "
                         "token near 'tru'.");
}

static void test_limit(void)
{
    const char *list = "{}";
    scim_bulk *bulk;
    scim_error *err;
    int i;

    for (i = 1; i < MAX_OPERATIONS; i++) {
        list = apr_pstrcat(pool, list, ",{}", NULL);
    }
    is_int(read_operations(list)->operations->nelts, MAX_OPERATIONS,
           "as many operations as may be");
    err = read_text(&bulk, apr_pstrcat(pool, HEAD, list, ",{}]}", NULL));
    is_str(err->detail, "The request has more operations than maxOperations, "
                        "which is 50.",
           "one more is refused");
    is_int(err->fault, SCIM_TOO_LARGE, "... as too large");
}

static void test_operations(void)
{
    is_str(refusal("{'method':'delete','path':'/Users/1'}"), NULL,
           "a method in any case");
    is_str(refusal("{'method':'POST','bulkId':'a','path':'/Users'}"),
           "\"data\" must be an object; POST, PUT and PATCH need it.",
           "a POST needs data");
    is_str(refusal("{'method':'POST','path':'/Users','data':{}}"),
           "A POST needs a \"bulkId\".", "... and a bulkId");
    is_str(refusal("{'method':'POST','bulkId':'','path':'/Users','data':{}}"),
           "A POST needs a \"bulkId\".", "... that is not empty");
    is_str(refusal("{'method':'PUT','data':{}}"),
           "\"path\" is missing; it is \"/Users\" of a POST, and \"/Users/\" "
           "with an id of all others.",
           "all need a path");
    is_str(refusal("{'method':'DELETE','path':'/x','version':1}"),
           "\"version\" must be a string, such as W/\"3\".",
           "a version is a string");
    is_str(refusal("{'path':'/Users'}"),
           "\"method\" must be POST, PUT, PATCH or DELETE.", "no method");
    is_str(refusal("{'method':'DELETE','path':'/Users/bulkId:x'}"),
           "No POST of the request has the bulkId \"x\".",
           "an unknown reference");
    is_str(refusal("{'method':'PUT','bulkId':'x','path':'/Users/bulkId:x',"
                   "'data':{}}"),
           "No POST of the request has the bulkId \"x\".",
           "only a POST makes something to refer to");
}

/* --- references ------------------------------------------------------- */

#define POST(id, data) \
    "{'method':'POST','bulkId':'" id "','path':'/Users','data':" data "}"

/* The last operation with "ID0", "ID1" ... as ids, as "path data". */
static const char *resolved(const char *operations)
{
    static const char *const ids[] = { "ID0", "ID1", "ID2" };
    scim_bulk *bulk = read_operations(operations);
    const char *path;
    json_t *data;

    if (bulk == NULL) {
        return "no Bulk";
    }
    scim_bulk_resolve(&path, &data, bulk, bulk->operations->nelts - 1, ids,
                      pool);
    return apr_pstrcat(pool, path, " ",
                       data != NULL ? scim_json_dump(data, NULL, pool) : "-",
                       NULL);
}

static void resolves(const char *operation, const char *want)
{
    is_str(resolved(apr_pstrcat(pool, POST("a", "{}"), ",", POST("b", "{}"),
                                ",", operation, NULL)),
           quoted(want), operation);
}

static void test_references(void)
{
    resolves("{'method':'DELETE','path':'/Users/bulkId:b'}", "/Users/ID1 -");
    resolves("{'method':'PUT','path':'/Users/1','data':{'m':[{'value':"
             "'bulkId:a','$ref':'../Users/bulkId:a'},'bulkId:b']}}",
             "/Users/1 {'m':[{'value':'ID0','$ref':'../Users/ID0'},'ID1']}");
    resolves("{'method':'PUT','path':'/Users/1','data':{'urn:x':{'manager':"
             "'bulkId:b'},'bulkId:a':'see bulkId:a'}}",
             "/Users/1 {'urn:x':{'manager':'ID1'},'bulkId:a':'see bulkId:a'}");
    resolves("{'method':'PATCH','path':'/Groups/1','data':{'Operations':"
             "[{'path':'members[value eq \\'bulkId:a\\' or value eq "
             "\\'bulkId:b\\']'}]}}",
             "/Groups/1 {'Operations':[{'path':'members[value eq \\'ID0\\' "
             "or value eq \\'ID1\\']'}]}");
}

static void test_filter(void)
{
    const char *text
        = HEAD "{\"method\":\"POST\",\"bulkId\":\"a\",\"path\":\"/Users\","
               "\"data\":{}},{\"method\":\"PATCH\",\"path\":\"/Groups/1\","
               "\"data\":{\"path\":\"members[value eq \\\"bulkId:a\\\" or "
               "value eq \\\"x\\\" or value eq \\\"bulkId:a\\\"]\"}}]}";
    static const char *const ids[] = { "LONG-ID", NULL };
    scim_bulk *bulk = NULL;
    const char *path;
    json_t *data;

    read_text(&bulk, text);
    is_int(scim_bulk_get(bulk, 1)->references->nelts, 1,
           "two references to one resource are one");
    scim_bulk_resolve(&path, &data, bulk, 1, ids, pool);
    is_str(json_string_value(json_object_get(data, "path")),
           "members[value eq \"LONG-ID\" or value eq \"x\" or value eq "
           "\"LONG-ID\"]",
           "both are replaced in a filter");
}

/* --- the order -------------------------------------------------------- */

static const char *order(const char *operations)
{
    scim_bulk *bulk = read_operations(operations);
    const apr_array_header_t *units;
    const char *text = "";
    int i, k;

    if (bulk == NULL) {
        return "no Bulk";
    }
    units = scim_bulk_order(bulk, pool);
    for (i = 0; i < units->nelts; i++) {
        const apr_array_header_t *unit
            = APR_ARRAY_IDX(units, i, scim_bulk_unit).operations;

        text = apr_pstrcat(pool, text, i > 0 ? " " : "", NULL);
        for (k = 0; k < unit->nelts; k++) {
            text = apr_psprintf(pool, "%s%s%d", text, k > 0 ? "+" : "",
                                APR_ARRAY_IDX(unit, k, int));
        }
    }
    return text;
}

#define TO(id)            POST(id, "{}") ","
#define OF(id, other)     POST(id, "['bulkId:" other "']") ","
#define REFER(id, other)  POST(id, "{'v':'bulkId:" other "'}") ","
#define BOTH(id, a, b)    POST(id, "{'v':['bulkId:" a "','bulkId:" b "']}") ","
#define TOUCH(path, data) \
    "{'method':'PUT','path':'" path "','data':" data "},"
#define LAST              TOUCH("/Users/last", "{}") "{}"

static void test_order(void)
{
    is_str(order(TO("a") TO("b") LAST), "0 1 2 3", "as they come");
    is_str(order(REFER("a", "b") TO("x") TO("b") LAST), "1 2 0 3 4",
           "who refers to a later one follows it");
    is_str(order(REFER("a", "b") REFER("b", "c") TO("c") LAST), "2 1 0 3 4",
           "... also in a chain");
    is_str(order(REFER("a", "b") REFER("b", "a") TO("c") LAST), "0+1 2 3 4",
           "a circle is one");
    is_str(order(REFER("a", "a") LAST), "0 1 2", "a circle of one is none");
    is_str(order(REFER("x", "a") REFER("a", "b") BOTH("b", "a", "y") TO("y")
                     LAST),
           "3 1+2 0 4 5", "before and behind a circle");
    is_str(order(REFER("a", "b") BOTH("b", "c", "a") REFER("c", "b") LAST),
           "0+1+2 3 4", "circles that share one are one");
    is_str(order(BOTH("a", "b", "c") REFER("b", "a") REFER("c", "d")
                     REFER("d", "c") LAST),
           "2+3 0+1 4 5", "two circles, one after the other");
    is_str(order(TOUCH("/Users/A", "{'v':'bulkId:z'}") TOUCH("/Users/b", "{}")
                     TOUCH("Users/a/", "{}") TO("z") LAST),
           "1 3 0 2 4 5", "operations on one path keep their order");
    is_str(order(OF("a", "b") TO("b") LAST), "0 1 2 3",
           "what is refused has no references");
}

/* A chain that a recursion would not survive. */
static void test_long_chain(void)
{
    enum { COUNT = 20000 };
    apr_array_header_t *parts
        = apr_array_make(pool, COUNT, sizeof(const char *));
    const apr_array_header_t *units;
    scim_bulk *bulk = NULL;
    const char *text;
    int i;

    for (i = 0; i < COUNT; i++) {
        APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(
            pool,
            "{\"method\":\"POST\",\"bulkId\":\"%d\",\"path\":\"/Users\","
            "\"data\":{\"v\":\"bulkId:%d\"}}",
            i, (i + 1) % COUNT);
    }
    text = apr_pstrcat(pool, HEAD, apr_array_pstrcat(pool, parts, ','), "]}",
                       NULL);
    scim_bulk_read(&bulk, text, strlen(text), COUNT, MAX_DEPTH, pool);
    units = scim_bulk_order(bulk, pool);
    is_int(units->nelts, 1, "a circle of 20,000 is one");
    is_int(APR_ARRAY_IDX(units, 0, scim_bulk_unit).operations->nelts, COUNT,
           "... of all of them");
}

int main(void)
{
    apr_initialize();
    apr_pool_create(&pool, NULL);
    test_message();
    test_limit();
    test_operations();
    test_references();
    test_filter();
    test_order();
    test_long_chain();
    apr_pool_destroy(pool);
    apr_terminate();
    return done();
}
