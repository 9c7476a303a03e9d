#include <string.h>

#include <apr_strings.h>

#include "core/casefold.h"
#include "protocol/operation.h"

/* These answers hold nothing of an organization, but they are its client's: a
 * token that is no good gets 401 here as everywhere. */
static scim_error *enter(store_grant *grant, serve_call *call)
{
    call->token_checked = 1;
    return store_token_check(grant, call->context->caller,
                             call->context->store, call->pool);
}

/* RFC 7644, 4: a filter here is forbidden, so that clients see all of it. */
static scim_error *enter_list(store_grant *grant, serve_call *call)
{
    scim_error *err = enter(grant, call);

    if (err == NULL && call->query.filter != NULL) {
        err = scim_error_make(SCIM_FORBIDDEN, call->pool,
                              "Discovery endpoints take no filter.");
    }
    return err;
}

static void add_meta(json_t *json, const char *type, const char *path,
                     const serve_call *call)
{
    json_object_set_new(
        json, "meta",
        json_pack("{s:s, s:o}", "resourceType", type, "location",
                  scim_json_text(apr_pstrcat(call->pool,
                                             call->request->base_url, path,
                                             (char *)NULL))));
}

static json_t *schema_json(const scim_schema *schema, const serve_call *call)
{
    json_t *json = scim_schema_to_json(schema);

    add_meta(json, "Schema",
             apr_pstrcat(call->pool, "/Schemas/", schema->id, (char *)NULL),
             call);
    return json;
}

static json_t *type_json(const scim_resource_type *type,
                         const serve_call *call)
{
    json_t *json = scim_resource_type_to_json(type);

    add_meta(json, "ResourceType",
             apr_pstrcat(call->pool, "/ResourceTypes/", type->name,
                         (char *)NULL),
             call);
    return json;
}

static scim_error *answer_list(json_t *resources, serve_call *call)
{
    return serve_answer_json(
        json_pack("{s:[s], s:i, s:i, s:i, s:o}", "schemas",
                  SCIM_URN_LIST_RESPONSE, "totalResults",
                  (int)json_array_size(resources), "startIndex", 1,
                  "itemsPerPage", (int)json_array_size(resources),
                  "Resources", resources),
        200, call);
}

/* Two types may share an extension. */
static void add_schema(json_t *to, const scim_schema *schema,
                       const serve_call *call)
{
    json_t *other;
    size_t i;

    json_array_foreach(to, i, other) {
        if (strcmp(json_string_value(json_object_get(other, "id")), schema->id)
            == 0) {
            return;
        }
    }
    json_array_append_new(to, schema_json(schema, call));
}

/* A type's own schema, then its extensions. */
static void add_schemas(json_t *to, const scim_resource_type *type,
                        const serve_call *call)
{
    const scim_extension *extension = type->extensions;

    add_schema(to, type->schema, call);
    for (; extension->schema != NULL; extension++) {
        add_schema(to, extension->schema, call);
    }
}

scim_error *serve_schemas(serve_call *call)
{
    scim_resource_types type = call->context->types;
    const scim_schema *const *service;
    store_grant grant;
    scim_error *err = enter_list(&grant, call);
    json_t *resources;

    if (err != NULL) {
        return err;
    }
    resources = json_array();
    for (; *type != NULL; type++) {
        add_schemas(resources, *type, call);
    }
    for (service = scim_service_schemas; *service != NULL; service++) {
        json_array_append_new(resources, schema_json(*service, call));
    }
    return answer_list(resources, call);
}

static const scim_schema *find_schema(const char *urn, const serve_call *call)
{
    scim_resource_types type = call->context->types;
    const scim_schema *const *service = scim_service_schemas;
    const scim_schema *found = NULL;

    for (; found == NULL && *type != NULL; type++) {
        found = scim_resource_type_schema(*type, urn, strlen(urn));
    }
    for (; found == NULL && *service != NULL; service++) {
        found = scim_name_equals((*service)->id, urn) ? *service : NULL;
    }
    return found;
}

scim_error *serve_schema(serve_call *call)
{
    const scim_schema *schema;
    store_grant grant;
    scim_error *err = enter(&grant, call);

    if (err != NULL) {
        return err;
    }
    schema = find_schema(call->id, call);
    return schema != NULL
               ? serve_answer_json(schema_json(schema, call), 200, call)
               : scim_error_make(SCIM_NOT_FOUND, call->pool,
                                 "There is no schema of this name; /Schemas "
                                 "lists all.");
}

scim_error *serve_resource_types(serve_call *call)
{
    scim_resource_types type = call->context->types;
    store_grant grant;
    scim_error *err = enter_list(&grant, call);
    json_t *resources;

    if (err != NULL) {
        return err;
    }
    resources = json_array();
    for (; *type != NULL; type++) {
        json_array_append_new(resources, type_json(*type, call));
    }
    return answer_list(resources, call);
}

scim_error *serve_resource_type(serve_call *call)
{
    scim_resource_types type = call->context->types;
    store_grant grant;
    scim_error *err = enter(&grant, call);

    for (; err == NULL && *type != NULL; type++) {
        if (scim_name_equals((*type)->name, call->id)) {
            return serve_answer_json(type_json(*type, call), 200, call);
        }
    }
    return err != NULL
               ? err
               : scim_error_make(SCIM_NOT_FOUND, call->pool,
                                 "There is no resource type of this name; "
                                 "/ResourceTypes lists all.");
}

/* RFC 7643, 5; pagination as RFC 9865, 4. */
scim_error *serve_provider_config(serve_call *call)
{
    const serve_limits *limits = call->context->limits;
    store_grant grant;
    scim_error *err = enter_list(&grant, call);
    json_t *config;

    if (err != NULL) {
        return err;
    }
    config = json_pack(
        "{s:[s], s:{s:b}, s:{s:b, s:i, s:I}, s:{s:b, s:i}, s:{s:b}, s:{s:b},"
        " s:{s:b}, s:{s:b, s:b, s:s, s:i, s:i, s:i},"
        " s:[{s:s, s:s, s:s, s:s, s:b}]}",
        "schemas", SCIM_URN_SERVICE_PROVIDER_CONFIG,
        "patch", "supported", 1,
        "bulk", "supported", limits->bulk_operations > 0,
        "maxOperations", limits->bulk_operations,
        "maxPayloadSize", (json_int_t)limits->bulk_bytes,
        "filter", "supported", 1, "maxResults", limits->max_results,
        "changePassword", "supported", grant.passwords,
        "sort", "supported", 1,
        "etag", "supported", 1,
        "pagination", "cursor", 1, "index", 1,
        "defaultPaginationMethod", "index",
        "defaultPageSize", limits->max_results,
        "maxPageSize", limits->max_results,
        "cursorTimeout", limits->cursor_timeout_s,
        "authenticationSchemes",
        "type", "oauthbearertoken",
        "name", "OAuth Bearer Token",
        "description", "The secret token of an app, sent as Authorization: "
                       "Bearer TOKEN.",
        "specUri", "https://www.rfc-editor.org/info/rfc6750",
        "primary", 1);
    add_meta(config, "ServiceProviderConfig", "/ServiceProviderConfig", call);
    return serve_answer_json(config, 200, call);
}
