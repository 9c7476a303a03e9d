#include "core/schema.h"

#include "core/message.h"

/* The schemas of what describes the service (RFC 7643, 8.7.2 with its verified
 * errata). "id" is not listed (8363), "etag" and the type of an authentication
 * scheme are (9018, 8011); pagination is RFC 9865's. */

/* clang-format off */
static const char *const external[] = { "external", NULL };
static const char *const scheme_types[] = {
    "oauth", "oauth2", "oauthbearertoken", "httpbasic", "httpdigest", NULL
};
static const char *const paging_methods[] = { "cursor", "index", NULL };
static const char *const uri[] = { "uri", NULL };
static const char *const attribute_types[] = {
    "string", "complex", "boolean", "decimal", "integer", "dateTime",
    "reference", "binary", NULL
};
static const char *const mutabilities[] = {
    "readOnly", "readWrite", "immutable", "writeOnly", NULL
};
static const char *const returned_when[] = {
    "always", "never", "default", "request", NULL
};
static const char *const uniquenesses[] = { "none", "server", "global", NULL };
static const char *const sub_types[] = {
    "string", "boolean", "decimal", "integer", "dateTime", "reference",
    "binary", NULL
};

static const scim_attr supported_attrs[] = {
    { .name = "supported", .type = SCIM_BOOLEAN, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value specifying whether or not the operation is "
          "supported." },
    { .name = NULL }
};

static const scim_attr bulk_attrs[] = {
    { .name = "supported", .type = SCIM_BOOLEAN, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value specifying whether or not the operation is "
          "supported." },
    { .name = "maxOperations", .type = SCIM_INTEGER, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "An integer value specifying the maximum number of operations." },
    { .name = "maxPayloadSize", .type = SCIM_INTEGER, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "An integer value specifying the maximum payload size in bytes." },
    { .name = NULL }
};

static const scim_attr filter_attrs[] = {
    { .name = "supported", .type = SCIM_BOOLEAN, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value specifying whether or not the operation is "
          "supported." },
    { .name = "maxResults", .type = SCIM_INTEGER, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "An integer value specifying the maximum number of resources "
          "returned in a response." },
    { .name = NULL }
};

static const scim_attr scheme_attrs[] = {
    { .name = "type", .required = 1, .mutability = SCIM_READ_ONLY,
      .canonical = scheme_types,
      .description =
          "The authentication scheme." },
    { .name = "name", .required = 1, .mutability = SCIM_READ_ONLY,
      .description =
          "The common authentication scheme name, e.g., HTTP Basic." },
    { .name = "description", .required = 1, .mutability = SCIM_READ_ONLY,
      .description =
          "A description of the authentication scheme." },
    { .name = "specUri", .type = SCIM_REFERENCE, .case_exact = 1,
      .mutability = SCIM_READ_ONLY, .references = external,
      .description =
          "An HTTP-addressable URL pointing to the authentication scheme's "
          "specification." },
    { .name = "documentationUri", .type = SCIM_REFERENCE, .case_exact = 1,
      .mutability = SCIM_READ_ONLY, .references = external,
      .description =
          "An HTTP-addressable URL pointing to the authentication scheme's "
          "usage documentation." },
    { .name = "primary", .type = SCIM_BOOLEAN, .mutability = SCIM_READ_ONLY,
      .description =
          "Whether this scheme is the preferred one." },
    { .name = NULL }
};

static const scim_attr pagination_attrs[] = {
    { .name = "cursor", .type = SCIM_BOOLEAN, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value specifying support of cursor-based pagination." },
    { .name = "index", .type = SCIM_BOOLEAN, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value specifying support of index-based pagination." },
    { .name = "defaultPaginationMethod", .mutability = SCIM_READ_ONLY,
      .canonical = paging_methods,
      .description =
          "The method that is used when a request names none." },
    { .name = "defaultPageSize", .type = SCIM_INTEGER,
      .mutability = SCIM_READ_ONLY,
      .description =
          "The number of results in a page when a request names none." },
    { .name = "maxPageSize", .type = SCIM_INTEGER,
      .mutability = SCIM_READ_ONLY,
      .description =
          "The largest number of results in a page." },
    { .name = "cursorTimeout", .type = SCIM_INTEGER,
      .mutability = SCIM_READ_ONLY,
      .description =
          "The least number of seconds that a cursor stays valid." },
    { .name = NULL }
};

static const scim_attr config_attrs[] = {
    { .name = "documentationUri", .type = SCIM_REFERENCE, .case_exact = 1,
      .mutability = SCIM_READ_ONLY, .references = external,
      .description =
          "An HTTP-addressable URL pointing to the service provider's "
          "human-consumable help documentation." },
    { .name = "patch", .type = SCIM_COMPLEX, .required = 1,
      .mutability = SCIM_READ_ONLY, .sub = supported_attrs,
      .description =
          "A complex type that specifies PATCH configuration options." },
    { .name = "bulk", .type = SCIM_COMPLEX, .required = 1,
      .mutability = SCIM_READ_ONLY, .sub = bulk_attrs,
      .description =
          "A complex type that specifies bulk configuration options." },
    { .name = "filter", .type = SCIM_COMPLEX, .required = 1,
      .mutability = SCIM_READ_ONLY, .sub = filter_attrs,
      .description =
          "A complex type that specifies FILTER options." },
    { .name = "changePassword", .type = SCIM_COMPLEX, .required = 1,
      .mutability = SCIM_READ_ONLY, .sub = supported_attrs,
      .description =
          "A complex type that specifies configuration options related to "
          "changing a password." },
    { .name = "sort", .type = SCIM_COMPLEX, .required = 1,
      .mutability = SCIM_READ_ONLY, .sub = supported_attrs,
      .description =
          "A complex type that specifies sort result options." },
    { .name = "etag", .type = SCIM_COMPLEX, .required = 1,
      .mutability = SCIM_READ_ONLY, .sub = supported_attrs,
      .description =
          "A complex type that specifies ETag configuration options." },
    { .name = "authenticationSchemes", .type = SCIM_COMPLEX, .multi = 1,
      .required = 1, .mutability = SCIM_READ_ONLY, .sub = scheme_attrs,
      .description =
          "A complex type that specifies supported authentication scheme "
          "properties." },
    { .name = "pagination", .type = SCIM_COMPLEX,
      .mutability = SCIM_READ_ONLY, .sub = pagination_attrs,
      .description =
          "A complex type that specifies pagination configuration options." },
    { .name = NULL }
};

static const scim_attr extension_attrs[] = {
    { .name = "schema", .type = SCIM_REFERENCE, .required = 1,
      .case_exact = 1, .mutability = SCIM_READ_ONLY, .references = uri,
      .description =
          "The URI of a schema extension." },
    { .name = "required", .type = SCIM_BOOLEAN, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value that specifies whether or not the schema "
          "extension is required for the resource type.  If true, a "
          "resource of this type MUST include this schema extension and "
          "also include any attributes declared as required in this schema "
          "extension. If false, a resource of this type MAY omit this "
          "schema extension." },
    { .name = NULL }
};

static const scim_attr resource_type_attrs[] = {
    { .name = "name", .required = 1, .case_exact = 1,
      .mutability = SCIM_READ_ONLY, .uniqueness = SCIM_UNIQUE_SERVER,
      .description =
          "The resource type name.  When applicable, service providers MUST"
          " specify the name, e.g., 'User'." },
    { .name = "description", .mutability = SCIM_READ_ONLY,
      .description =
          "The resource type's human-readable description.  When "
          "applicable, service providers MUST specify the description." },
    { .name = "endpoint", .type = SCIM_REFERENCE, .required = 1,
      .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .uniqueness = SCIM_UNIQUE_SERVER, .references = uri,
      .description =
          "The resource type's HTTP-addressable endpoint relative to the "
          "Base URL, e.g., '/Users'." },
    { .name = "schema", .type = SCIM_REFERENCE, .required = 1,
      .case_exact = 1, .mutability = SCIM_READ_ONLY, .references = uri,
      .description =
          "The resource type's primary/base schema URI." },
    { .name = "schemaExtensions", .type = SCIM_COMPLEX, .multi = 1,
      .required = 1, .mutability = SCIM_READ_ONLY, .sub = extension_attrs,
      .description =
          "A list of URIs of the resource type's schema extensions." },
    { .name = NULL }
};

static const scim_attr sub_attribute_attrs[] = {
    { .name = "name", .required = 1, .case_exact = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "The attribute's name." },
    { .name = "type", .required = 1, .mutability = SCIM_READ_ONLY,
      .canonical = sub_types,
      .description =
          "The attribute's data type. Valid values include 'string', "
          "'boolean', 'decimal', 'integer', 'dateTime', 'reference', "
          "'binary'." },
    { .name = "multiValued", .type = SCIM_BOOLEAN, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value indicating an attribute's plurality." },
    { .name = "description", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .description =
          "A human-readable description of the attribute." },
    { .name = "required", .type = SCIM_BOOLEAN, .mutability = SCIM_READ_ONLY,
      .description =
          "A boolean value indicating whether or not the attribute is "
          "required." },
    { .name = "canonicalValues", .multi = 1, .case_exact = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A collection of canonical values.  When applicable, service "
          "providers MUST specify the canonical types, e.g., 'work', "
          "'home'." },
    { .name = "caseExact", .type = SCIM_BOOLEAN, .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value indicating whether or not a string attribute is "
          "case sensitive." },
    { .name = "mutability", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .canonical = mutabilities,
      .description =
          "Indicates whether or not an attribute is modifiable." },
    { .name = "returned", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .canonical = returned_when,
      .description =
          "Indicates when an attribute is returned in a response (e.g., to "
          "a query)." },
    { .name = "uniqueness", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .canonical = uniquenesses,
      .description =
          "Indicates how unique a value must be." },
    { .name = "referenceTypes", .multi = 1, .case_exact = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "Used only with an attribute of type 'reference'.  Specifies a "
          "SCIM resourceType that a reference attribute MAY refer to, e.g.,"
          " 'User'." },
    { .name = NULL }
};

static const scim_attr attribute_attrs[] = {
    { .name = "name", .required = 1, .case_exact = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "The attribute's name." },
    { .name = "type", .required = 1, .mutability = SCIM_READ_ONLY,
      .canonical = attribute_types,
      .description =
          "The attribute's data type. Valid values include 'string', "
          "'complex', 'boolean', 'decimal', 'integer', 'dateTime', "
          "'reference', 'binary'." },
    { .name = "multiValued", .type = SCIM_BOOLEAN, .required = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value indicating an attribute's plurality." },
    { .name = "description", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .description =
          "A human-readable description of the attribute." },
    { .name = "required", .type = SCIM_BOOLEAN, .mutability = SCIM_READ_ONLY,
      .description =
          "A boolean value indicating whether or not the attribute is "
          "required." },
    { .name = "canonicalValues", .multi = 1, .case_exact = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "A collection of canonical values.  When applicable, service "
          "providers MUST specify the canonical types, e.g., 'work', "
          "'home'." },
    { .name = "caseExact", .type = SCIM_BOOLEAN, .mutability = SCIM_READ_ONLY,
      .description =
          "A Boolean value indicating whether or not a string attribute is "
          "case sensitive." },
    { .name = "mutability", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .canonical = mutabilities,
      .description =
          "Indicates whether or not an attribute is modifiable." },
    { .name = "returned", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .canonical = returned_when,
      .description =
          "Indicates when an attribute is returned in a response (e.g., to "
          "a query)." },
    { .name = "uniqueness", .case_exact = 1, .mutability = SCIM_READ_ONLY,
      .canonical = uniquenesses,
      .description =
          "Indicates how unique a value must be." },
    { .name = "referenceTypes", .multi = 1, .case_exact = 1,
      .mutability = SCIM_READ_ONLY,
      .description =
          "Used only with an attribute of type 'reference'.  Specifies a "
          "SCIM resourceType that a reference attribute MAY refer to, e.g.,"
          " 'User'." },
    { .name = "subAttributes", .type = SCIM_COMPLEX, .multi = 1,
      .mutability = SCIM_READ_ONLY, .sub = sub_attribute_attrs,
      .description =
          "Used to define the sub-attributes of a complex attribute." },
    { .name = NULL }
};

static const scim_attr schema_attrs[] = {
    { .name = "name", .required = 1, .mutability = SCIM_READ_ONLY,
      .description =
          "The schema's human-readable name.  When applicable, service "
          "providers MUST specify the name, e.g., 'User'." },
    { .name = "description", .mutability = SCIM_READ_ONLY,
      .description =
          "The schema's human-readable description. When applicable, "
          "service providers MUST specify the description." },
    { .name = "attributes", .type = SCIM_COMPLEX, .multi = 1, .required = 1,
      .mutability = SCIM_READ_ONLY, .sub = attribute_attrs,
      .description =
          "A complex attribute that includes the attributes of a schema." },
    { .name = NULL }
};
/* clang-format on */

const scim_schema scim_schema_provider_config = {
    .id = SCIM_URN_SERVICE_PROVIDER_CONFIG,
    .name = "Service Provider Configuration",
    .description = "Schema for representing the service provider's "
                   "configuration",
    .attrs = config_attrs,
};

const scim_schema scim_schema_resource_type = {
    .id = SCIM_URN_RESOURCE_TYPE,
    .name = "ResourceType",
    .description = "Specifies the schema that describes a SCIM resource type",
    .attrs = resource_type_attrs,
};

const scim_schema scim_schema_schema = {
    .id = SCIM_URN_SCHEMA,
    .name = "Schema",
    .description = "Specifies the schema that describes a SCIM schema",
    .attrs = schema_attrs,
};

const scim_schema *const scim_service_schemas[] = {
    &scim_schema_provider_config,
    &scim_schema_resource_type,
    &scim_schema_schema,
    NULL,
};
