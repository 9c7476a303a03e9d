/* What the journal quotes of a request that was refused: enough to see what was
 * asked for, and nothing that nobody may read. */
#ifndef SCIM_CORE_QUOTE_H
#define SCIM_CORE_QUOTE_H

#include "core/resource_type.h"

/* In place of what is left out. */
#define SCIM_QUOTE_SECRET "(not kept)"

/* Bounds: bytes of one text, of all together, elements of a list, members of an
 * object. */
#define SCIM_QUOTE_TEXT_MAX    200
#define SCIM_QUOTE_ALL_MAX     4096
#define SCIM_QUOTE_LIST_MAX    20
#define SCIM_QUOTE_MEMBERS_MAX 60

/* A resource, or a patch with its Operations. Values stay where the type's
 * schemas have the attribute and it is no secret; of anything else, which may
 * be a password under another name, the name stays. *left_out: something is not
 * as it was sent. `body` and `type` may be NULL. A new reference, or NULL. */
json_t *scim_quote(int *left_out, const json_t *body,
                   const scim_resource_type *type, apr_pool_t *pool);

#endif
