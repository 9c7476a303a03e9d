/* The URNs of RFC 7644's messages and of the discovery resources. */
#ifndef SCIM_CORE_MESSAGE_H
#define SCIM_CORE_MESSAGE_H

/* clang-format off */
#define SCIM_URN_MESSAGES       "urn:ietf:params:scim:api:messages:2.0:"
#define SCIM_URN_ERROR          SCIM_URN_MESSAGES "Error"
#define SCIM_URN_LIST_RESPONSE  SCIM_URN_MESSAGES "ListResponse"
#define SCIM_URN_PATCH_OP       SCIM_URN_MESSAGES "PatchOp"
#define SCIM_URN_BULK_REQUEST   SCIM_URN_MESSAGES "BulkRequest"
#define SCIM_URN_BULK_RESPONSE  SCIM_URN_MESSAGES "BulkResponse"
#define SCIM_URN_SEARCH_REQUEST SCIM_URN_MESSAGES "SearchRequest"

#define SCIM_URN_SCHEMA \
    "urn:ietf:params:scim:schemas:core:2.0:Schema"
#define SCIM_URN_RESOURCE_TYPE \
    "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
#define SCIM_URN_SERVICE_PROVIDER_CONFIG \
    "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
/* clang-format on */

#endif
