#include <string.h>

#include <apr_strings.h>

#include "admin/route.h"
#include "admin/serve.h"
#include "core/json.h"
#include "scim_version.h"

/* OpenAPI 3.1, made of the tables that requests are served by: it cannot say
 * anything else. */

static json_t *schema_of(const admin_field *field, apr_pool_t *pool);

static json_t *words(const char *choices, apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, choices), *state = NULL, *word;
    json_t *list = json_array();

    for (word = apr_strtok(rest, "|", &state); word != NULL;
         word = apr_strtok(NULL, "|", &state)) {
        json_array_append_new(list, json_string(word));
    }
    return list;
}

static json_t *object_of(const admin_field *fields, apr_pool_t *pool)
{
    json_t *properties = json_object(), *required = json_array(), *schema;

    for (; fields != NULL && fields->name != NULL; fields++) {
        json_object_set_new(properties, fields->name,
                            schema_of(fields, pool));
        if (fields->required) {
            json_array_append_new(required, json_string(fields->name));
        }
    }
    schema = json_pack("{s:s, s:o, s:b}", "type", "object", "properties",
                       properties, "additionalProperties", 0);
    if (json_array_size(required) > 0) {
        json_object_set(schema, "required", required);
    }
    json_decref(required);
    return schema;
}

static json_t *plain_schema(const admin_field *field, apr_pool_t *pool)
{
    switch (field->type) {
    case ADMIN_NUMBER:
        return json_pack("{s:s, s:I, s:I}", "type", "integer", "minimum",
                         (json_int_t)field->least, "maximum",
                         (json_int_t)field->most);
    case ADMIN_BOOLEAN:
        return json_pack("{s:s}", "type", "boolean");
    case ADMIN_TIME:
        return json_pack("{s:s, s:s}", "type", "string", "format",
                         "date-time");
    case ADMIN_WORD:
        return json_pack("{s:s, s:o}", "type", "string", "enum",
                         words(field->choices, pool));
    case ADMIN_LIST:
        return json_pack("{s:s, s:o}", "type", "array", "items",
                         field->fields != NULL
                             ? object_of(field->fields, pool)
                             : json_pack("{s:s}", "type", "string"));
    case ADMIN_OBJECT:
        return field->fields != NULL ? object_of(field->fields, pool)
                                     : json_pack("{s:s}", "type", "object");
    default:
        return field->most > 0
                   ? json_pack("{s:s, s:I}", "type", "string", "maxLength",
                               (json_int_t)field->most)
                   : json_pack("{s:s}", "type", "string");
    }
}

static json_t *schema_of(const admin_field *field, apr_pool_t *pool)
{
    json_t *schema = plain_schema(field, pool);

    if (field->nullable) {
        schema = json_pack("{s:[o, {s:s}]}", "anyOf", schema, "type", "null");
    }
    if (field->help != NULL) {
        json_object_set_new(schema, "description", json_string(field->help));
    }
    return schema;
}

/* --------------------------------------------------------------- parameters */

static void add_parameter(json_t *list, const char *name, const char *in,
                          json_t *schema)
{
    json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o}", "name", name,
                                          "in", in, "required",
                                          strcmp(in, "path") == 0, "schema",
                                          schema));
}

static const admin_field *find(const admin_field *fields, const char *name)
{
    for (; fields != NULL && fields->name != NULL; fields++) {
        if (strcmp(fields->name, name) == 0) {
            return fields;
        }
    }
    return NULL;
}

/* As admin/given.c takes it. */
static json_t *path_schema(const char *name, int *id,
                           const admin_operation *operation, apr_pool_t *pool)
{
    const admin_field *field = find(operation->fields, name);

    if (strcmp(name, "organization") == 0) {
        return json_pack("{s:s, s:s}", "type", "string", "description",
                         "slug of the organization");
    }
    if (field != NULL) {
        return schema_of(field, pool);
    }
    return operation->ids != NULL && operation->ids[(*id)++] == 'u'
               ? json_pack("{s:s, s:s}", "type", "string", "format", "uuid")
               : json_pack("{s:s}", "type", "integer");
}

static void add_of_path(json_t *list, const admin_route *route,
                        apr_pool_t *pool)
{
    const char *open = route->path;
    int id = 0;

    while ((open = strchr(open, '{')) != NULL) {
        const char *name
            = apr_pstrmemdup(pool, open + 1, strcspn(open + 1, "}"));

        add_parameter(list, name, "path",
                      path_schema(name, &id, route->operation, pool));
        open++;
    }
}

/* A field that the path gives is asked for nowhere else. */
static int is_in_path(const admin_field *field, const admin_route *route,
                      apr_pool_t *pool)
{
    return strstr(route->path,
                  apr_pstrcat(pool, "{", field->name, "}", NULL))
           != NULL;
}

static void add_of_query(json_t *list, const admin_route *route,
                         apr_pool_t *pool)
{
    const admin_field *field = route->operation->fields;

    for (; field != NULL && field->name != NULL; field++) {
        if (!is_in_path(field, route, pool)) {
            add_parameter(list, field->name, "query", schema_of(field, pool));
            if (field->required) {
                json_object_set_new(json_array_get(list, json_array_size(list)
                                                             - 1),
                                    "required", json_true());
            }
        }
    }
    if (route->operation->is_list) {
        add_parameter(list, "limit", "query",
                      json_pack("{s:s, s:i, s:i, s:i}", "type", "integer",
                                "minimum", 1, "maximum", ADMIN_LIST_MAX,
                                "default", ADMIN_LIST_DEFAULT));
        add_parameter(list, "after", "query",
                      json_pack("{s:s, s:s}", "type", "string", "description",
                                "\"next\" of the page before"));
    }
}

/* --------------------------------------------------------------- operations */

static json_t *content(const char *type, json_t *schema)
{
    return json_pack("{s:{s:{s:o}}}", "content", type, "schema", schema);
}

static json_t *success(const admin_route *route)
{
    json_t *answer = json_pack("{s:s}", "description", "Done.");
    json_t *schema;

    if (route->status == 204) {
        return answer;
    }
    schema = route->operation != NULL && route->operation->is_list
                 ? json_pack("{s:s, s:{s:{s:s, s:{s:s}}, s:{s:s}}, s:[s]}",
                             "type", "object", "properties", "items", "type",
                             "array", "items", "type", "object", "next",
                             "type", "string", "required", "items")
                 : json_pack("{s:s}", "type", "object");
    schema = content("application/json", schema);
    json_object_update(answer, schema);
    json_decref(schema);
    return answer;
}

static json_t *responses(const admin_route *route)
{
    json_t *problem = content("application/problem+json",
                              json_pack("{s:s}", "$ref",
                                        "#/components/schemas/problem"));
    char status[4] = { (char)('0' + route->status / 100),
                       (char)('0' + route->status / 10 % 10),
                       (char)('0' + route->status % 10), '\0' };

    json_object_set_new(problem, "description",
                        json_string("What went wrong (RFC 9457)."));
    return json_pack("{s:o, s:o}", status, success(route), "default", problem);
}

static const char *who(store_need need)
{
    static const char *const needs[] = {
        [STORE_ANYBODY] = "anybody",     [STORE_MEMBER_READS] = "member",
        [STORE_ADMIN_READS] = "admin",   [STORE_ADMIN_WRITES] = "admin",
        [STORE_OWNER_WRITES] = "owner",
    };

    return needs[need];
}

static void add_body(json_t *out, const admin_route *route, apr_pool_t *pool)
{
    json_t *schema = object_of(route->operation->fields, pool), *body;
    const admin_field *field = route->operation->fields;

    for (; field->name != NULL; field++) {
        size_t i;
        json_t *name, *required = json_object_get(schema, "required");

        if (!is_in_path(field, route, pool)) {
            continue;
        }
        json_object_del(json_object_get(schema, "properties"), field->name);
        json_array_foreach(required, i, name) {
            if (strcmp(json_string_value(name), field->name) == 0) {
                json_array_remove(required, i);
                break;
            }
        }
    }
    body = content("application/json", schema);
    json_object_set_new(body, "required",
                        json_boolean(json_array_size(json_object_get(
                                         schema, "required")) > 0));
    json_object_set_new(out, "requestBody", body);
}

static json_t *operation_of(const admin_route *route, apr_pool_t *pool)
{
    const admin_operation *operation = route->operation;
    json_t *parameters = json_array(), *out;

    if (operation == NULL) {
        json_decref(parameters);
        return json_pack("{s:s, s:s, s:o}", "operationId", "openapi",
                         "summary", "Says what you read.", "responses",
                         responses(route));
    }
    add_of_path(parameters, route, pool);
    if (strcmp(route->method, "GET") == 0) {
        add_of_query(parameters, route, pool);
    }
    else {
        add_parameter(parameters, ADMIN_MARKER, "header",
                      json_pack("{s:s}", "const", "1"));
        json_object_set_new(json_array_get(parameters,
                                           json_array_size(parameters) - 1),
                            "required", json_true());
    }
    out = json_pack("{s:s, s:s, s:s, s:o, s:o}", "operationId",
                    operation->name, "summary", operation->summary,
                    "x-role", who(operation->need), "parameters", parameters,
                    "responses", responses(route));
    if (strcmp(route->method, "GET") != 0 && operation->fields != NULL) {
        add_body(out, route, pool);
    }
    return out;
}

static const char *lower(const char *method, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, method), *p;

    for (p = text; *p != '\0'; p++) {
        *p = (char)(*p | 0x20);
    }
    return text;
}

static json_t *problem_schema(void)
{
    return json_pack(
        "{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:s},"
        " s:{s:s, s:s}, s:{s:s, s:s}}, s:[s, s, s, s]}",
        "type", "object", "properties", "type", "type", "string", "title",
        "type", "string", "status", "type", "integer", "detail", "type",
        "string", "field", "type", "string", "description",
        "the member at fault", "reference", "type", "string", "description",
        "id of the request, as in the logs", "current", "type", "object",
        "description", "with 412: what is there now", "required", "type",
        "title", "status", "detail");
}

json_t *admin_openapi(const char *base_url, apr_pool_t *pool)
{
    json_t *paths = json_object();
    const admin_route *route;

    for (route = admin_routes; route->method != NULL; route++) {
        json_t *place = json_object_get(paths, route->path);

        if (place == NULL) {
            place = json_object();
            json_object_set_new(paths, route->path, place);
        }
        json_object_set_new(place, lower(route->method, pool),
                            operation_of(route, pool));
    }
    return scim_json_adopt(
        json_pack("{s:s, s:{s:s, s:s, s:s}, s:[{s:s}], s:o, s:{s:{s:o}}}",
                  "openapi", "3.1.0", "info", "title", "mod_scim, admin API",
                  "version", SCIM_VERSION, "summary",
                  "The owner's side: apps, tokens, stacks, mappings,"
                  " permissions, journal.",
                  "servers", "url", base_url, "paths", paths, "components",
                  "schemas", "problem", problem_schema()),
        pool);
}
