/* Schemas as tables (RFC 7643, 2 and 7). Validation, /Schemas, filters, PATCH
 * and projection all read these. */
#ifndef SCIM_CORE_SCHEMA_H
#define SCIM_CORE_SCHEMA_H

#include <apr_pools.h>
#include <jansson.h>

#include "core/error.h"

#define SCIM_URN_USER "urn:ietf:params:scim:schemas:core:2.0:User"
#define SCIM_URN_GROUP "urn:ietf:params:scim:schemas:core:2.0:Group"
#define SCIM_URN_ENTERPRISE_USER \
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

#define SCIM_INDEXED_MAX 1024

/* Values of one multi-valued attribute, members of a group apart. */
#define SCIM_VALUES_MAX 1000

/* Zero is the default of RFC 7643, 2.2, so a row says only what differs. */
typedef enum {
    SCIM_STRING,
    SCIM_BOOLEAN,
    SCIM_DECIMAL,
    SCIM_INTEGER,
    SCIM_DATETIME,
    SCIM_REFERENCE,
    SCIM_BINARY,
    SCIM_COMPLEX
} scim_type;

typedef enum {
    SCIM_READ_WRITE,
    SCIM_READ_ONLY,
    SCIM_IMMUTABLE,
    SCIM_WRITE_ONLY
} scim_mutability;

typedef enum {
    SCIM_RETURNED_DEFAULT,
    SCIM_RETURNED_ALWAYS,
    SCIM_RETURNED_NEVER,
    SCIM_RETURNED_REQUEST
} scim_returned;

typedef enum {
    SCIM_UNIQUE_NONE,
    SCIM_UNIQUE_SERVER,
    SCIM_UNIQUE_GLOBAL
} scim_uniqueness;

typedef struct scim_attr scim_attr;
struct scim_attr {
    const char *name;
    const char *description;
    scim_type type;
    scim_mutability mutability;
    scim_returned returned;
    scim_uniqueness uniqueness;
    const char *const *canonical;  /* canonicalValues, NULL at the end */
    const char *const *references; /* referenceTypes, NULL at the end */
    const scim_attr *sub;          /* sub-attributes, { .name = NULL } last */
    unsigned multi : 1;
    unsigned required : 1;
    unsigned case_exact : 1;
    unsigned country : 1;          /* ISO 3166-1, alpha-2 */
    unsigned hidden : 1;           /* not listed by /Schemas (id, meta, ...) */
    unsigned indexed : 1;          /* the store keeps an index of it: at most
                                      SCIM_INDEXED_MAX bytes once folded */
};

typedef struct scim_schema {
    const char *id; /* URN */
    const char *name;
    const char *description;
    const scim_attr *attrs; /* { .name = NULL } last */
} scim_schema;

/* schemas, id, externalId, meta (RFC 7643, 3.1): of every resource. */
extern const scim_attr scim_common_attrs[];

/* The words of RFC 7643, 7, by their numbers; NULL at the end. */
extern const char *const scim_type_names[];
extern const char *const scim_mutability_names[];
extern const char *const scim_returned_names[];
extern const char *const scim_uniqueness_names[];

extern const scim_schema scim_schema_user;
extern const scim_schema scim_schema_enterprise_user;
extern const scim_schema scim_schema_group;

/* ServiceProviderConfig, ResourceType and Schema, for /Schemas only. NULL at
 * the end. */
extern const scim_schema scim_schema_provider_config;
extern const scim_schema scim_schema_resource_type;
extern const scim_schema scim_schema_schema;
extern const scim_schema *const scim_service_schemas[];

/* By name without regard to case; NULL if there is none. */
const scim_attr *scim_attr_find(const scim_attr *attrs, const char *name,
                                apr_size_t len);

int scim_attr_is_writable(const scim_attr *attr);

/* What nobody may read, nor find out by a search or an order; NULL is no
 * secret. */
int scim_attr_is_secret(const scim_attr *attr);

/* One element of /Schemas (RFC 7643, 7), without meta. A new reference. */
json_t *scim_schema_to_json(const scim_schema *schema);

#endif
